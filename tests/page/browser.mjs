// A real Chromium, told to talk to nobody, and an eye on what the page does.

import { chromium } from 'playwright-core';
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { violations } from './axe.mjs';

const FLAGS = [
  '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync',
];

export async function launch() {
  const path = process.env.CHROMIUM ?? '/usr/bin/chromium';
  assert.ok(existsSync(path), `no Chromium at ${path}: install it (apt-get install chromium) or name it in CHROMIUM`);
  return chromium.launch({ executablePath: path, args: FLAGS });
}

/** A page at a size, with everything that went wrong on it.
 * @param {import('playwright-core').Browser} browser @param {string} address
 * @param {import('playwright-core').BrowserContextOptions} options */
export async function open(browser, address, options) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  /** @type {string[]} */
  const wrong = [];
  page.on('console', (m) => {
    if (m.type() === 'error' || m.type() === 'warning') wrong.push(`console: ${m.text()}`);
  });
  page.on('pageerror', (error) => wrong.push(`error: ${error.stack}`));
  page.on('request', (request) => {
    if (new URL(request.url()).host !== new URL(address).host) wrong.push(`asked another computer: ${request.url()}`);
  });
  page.on('response', (response) => {
    if (!response.ok()) wrong.push(`${response.status()} for ${response.url()}`);
  });
  await page.goto(address);
  return { page, wrong, close: () => context.close() };
}

/** What axe finds and what it does not look for: nothing, on any page in any state.
 * @param {import('playwright-core').Page} page */
export async function faults(page) {
  return [...await shape(page), ...await violations(page)];
}

/** What assistive technology and thin screens need beside axe's rules, checked in the page itself.
 * @param {import('playwright-core').Page} page */
function shape(page) {
  return page.evaluate(() => {
    const found = [];
    const visible = (/** @type {Element} */ e) => e.getClientRects().length > 0 && !e.closest('.unseen');
    // A phone zooms out until a page that is too wide fits, and then says that its window is that wide.
    const [wide, room] = [document.documentElement.scrollWidth, Math.min(innerWidth, screen.width)];
    if (wide > room) found.push(`scrolls sideways: ${wide} in ${room}`);
    for (const e of document.querySelectorAll('button, a')) {
      if (!(e.getAttribute('aria-label') ?? e.textContent)?.trim()) found.push(`no name: ${e.outerHTML}`);
    }
    for (const e of document.querySelectorAll('svg')) {
      if (e.getAttribute('aria-hidden') !== 'true' && !(e.getAttribute('role') === 'img' && e.getAttribute('aria-label'))) {
        found.push(`drawing without a label: ${e.outerHTML.slice(0, 80)}`);
      }
    }
    for (const e of document.querySelectorAll('[aria-labelledby]')) {
      const id = e.getAttribute('aria-labelledby') ?? '';
      if (!document.getElementById(id)) found.push(`labelled by nothing: ${id}`);
    }
    // What does not fit must be reachable: by scrolling, never cut. In a field the caret scrolls.
    for (const e of document.querySelectorAll('body *')) {
      const style = getComputedStyle(e);
      const cut = ['hidden', 'clip'].includes(style.overflowX) && e.scrollWidth > e.clientWidth + 1;
      if (cut && visible(e) && !e.closest('.unseen, svg, stance-chart, input') && style.position !== 'absolute') found.push(`cut: ${e.outerHTML.slice(0, 120)}`);
    }
    const ids = [...document.querySelectorAll('[id]')].map((e) => e.id);
    for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) found.push(`id twice: ${id}`);
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const e = walker.currentNode.parentElement;
      if (!e || !walker.currentNode.textContent?.trim() || !visible(e)) continue;
      const size = parseFloat(getComputedStyle(e).fontSize);
      if (size < 0.85 * 16 - 0.01) found.push(`small text (${size} px): ${e.textContent}`);
    }
    if (/[{}]|undefined|NaN|\bnull\b/.test(document.body.innerText)) found.push(`raw text: ${document.body.innerText}`);
    // A key that has no words shows as the key itself.
    const key = /\b(side|sign|rule|rules|reason|bar|leg|number|strides|alerts|withheld|evidence|screening|notes|sensors|guide|link|explain|source|theme|cue|programme|exercise|setup|runners|nav|past)\.[a-z_]+/.exec(document.body.innerText);
    if (key) found.push(`words are missing for ${key[0]}`);
    return found;
  });
}

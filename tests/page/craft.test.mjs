// The page's craft: nothing for axe to complain of, nothing cut off at any size, still for whom it shall be, light.

import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { violations } from './axe.mjs';
import { faults, launch, open } from './browser.mjs';
import { FALLS_IN, LEARNS_SOON, start } from './daemon.mjs';

const LAPTOP = { viewport: { width: 1366, height: 768 } };
/** Each with what has to be there before it is looked at. */
const SIZES = {
  'the narrowest phone': { viewport: { width: 360, height: 740 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true },
  // Twice as large leaves half the room.
  'a laptop at 200 %': { viewport: { width: 683, height: 384 }, deviceScaleFactor: 2 },
  '4K': { viewport: { width: 3840, height: 2160 } },
};

/** All parts of the page in one language, set-up and board with them, as they are sent, bytes. */
const MOST_WEIGHT = 300_000;

/** For a machine that has other things to do. */
const PATIENCE = 300_000;

/** @type {import('playwright-core').Browser} */
let browser;
/** @type {Awaited<ReturnType<typeof start>>} */
let daemon;
/** @type {string[]} */
let routes;

before(async () => {
  browser = await launch();
  daemon = await start([...LEARNS_SOON, 'run', '--no-open', '--port', '0', '--speed', '20', ...FALLS_IN]);
  for (;;) {
    const alerts = await (await fetch(`${daemon.address}/api/v1/alerts`)).json();
    if (alerts.length) break;
    await wait(200);
  }
  const [{ id, runner }] = await (await fetch(`${daemon.address}/api/v1/sessions`)).json();
  routes = ['#', '#/projector', '#/setup', '#/screening', '#/rules', '#/sessions', `#/sessions/${id}`, `#/runners/${runner}`, `#/runners/${runner}/sessions`, `#/compare/${id}/${id}`];
});

after(async () => {
  await daemon?.stop();
  await browser?.close();
});

/** Goes to a part of the page and waits until it is there. @param {import('playwright-core').Page} page @param {string} route */
async function go(page, route) {
  await page.evaluate((hash) => { document.querySelector('#past')?.replaceChildren(); location.hash = hash; }, route);
  await page.waitForSelector(/^#(\/projector)?$/.test(route) ? '.leg[data-sign]' : route === '#/setup' ? '.setup .screen h3' : '.past h2');
  if (/sessions\/./.test(route)) await page.waitForSelector('.past stance-chart canvas');
}

for (const colorScheme of /** @type {const} */ (['light', 'dark'])) {
  test(`axe finds nothing on any page, ${colorScheme}`, { timeout: PATIENCE }, async () => {
    const { page, wrong, close } = await open(browser, daemon.address, { ...LAPTOP, colorScheme });
    for (const route of routes) {
      await go(page, route);
      assert.deepEqual(await violations(page), [], route);
    }
    await go(page, '#');
    await page.click('.leg .why >> nth=0');
    assert.deepEqual(await violations(page), [], 'an explanation');
    await page.keyboard.press('Escape');
    await page.click('button[data-act="evidence"] >> nth=0');
    await page.waitForSelector('dialog.evidence[open] .plot');
    assert.deepEqual(await violations(page), [], 'evidence');
    assert.deepEqual(wrong, []);
    await page.goto(`${daemon.address}/api/v1${routes.find((route) => /^#.sessions.\w/.test(route))?.slice(1)}/report`);
    assert.deepEqual(await violations(page), [], 'the report');
    await close();
  });
}

for (const [name, size] of Object.entries(SIZES)) {
  for (const locale of ['en', 'de']) {
    test(`nothing is cut or scrolls sideways on ${name}, ${locale}`, { timeout: PATIENCE }, async () => {
      const { page, wrong, close } = await open(browser, daemon.address, { ...size, locale });
      for (const route of routes) {
        await go(page, route);
        assert.deepEqual(await faults(page), [], route);
      }
      assert.equal(await page.getAttribute('html', 'lang'), locale);
      assert.deepEqual(wrong, []);
      await close();
    });
  }
}

test('who asked for less motion sees none but what is measured, stance by stance', { timeout: PATIENCE }, async () => {
  const { page, close } = await open(browser, daemon.address, { ...LAPTOP, reducedMotion: 'reduce' });
  await go(page, '#');
  const bone = '.leg.right .from-side .bone';
  const before = await page.getAttribute(bone, 'd');
  for (let i = 0; i < 10; i += 1) {
    await page.waitForTimeout(100);
    assert.equal(await page.getAttribute(bone, 'd'), before);
  }
  assert.equal(await page.evaluate(() => document.getAnimations().length), 0);
  await close();
});

test('the page is light, and the curves come as their authors made them', { timeout: PATIENCE }, async () => {
  const context = await browser.newContext({ ...LAPTOP, locale: 'en' });
  const page = await context.newPage();
  /** @type {Map<string, {sent: number, stored: number}>} */
  const sizes = new Map();
  page.on('requestfinished', async (request) => {
    const { pathname } = new URL(request.url());
    if (pathname.startsWith('/api/')) return;
    const [{ responseBodySize }, body] = [await request.sizes(), await (await request.response())?.body()];
    sizes.set(pathname, { sent: responseBodySize, stored: body?.length ?? 0 });
  });
  for (const start of ['/', '/board', '/join']) {
    await page.goto(`${daemon.address}${start}`);
    if (start === '/') for (const route of routes) await go(page, route);
    await wait(500);
  }
  const sum = (/** @type {'sent' | 'stored'} */ of) => [...sizes.values()].reduce((all, size) => all + size[of], 0);
  const [sent, stored] = [sum('sent'), sum('stored')];
  console.log(`page weight: ${(sent / 1e3).toFixed(0)} kB sent, ${(stored / 1e3).toFixed(0)} kB unpacked, ${sizes.size} files, every part opened`);
  assert.ok([...sizes.values()].every((size) => size.sent > 0) && sent < MOST_WEIGHT, [...sizes].map(([path, size]) => `${path} ${size.sent} of ${size.stored}`).join('\n'));
  for (const file of ['uPlot.iife.min.js', 'uPlot.min.css']) {
    const [ours, theirs] = [`../../src/web/vendor/${file}`, `node_modules/uplot/dist/${file}`].map((path) => readFileSync(new URL(path, import.meta.url)));
    assert.ok(theirs && ours?.equals(theirs), file);
  }
  await context.close();
});

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

/** The page's own files, whatever their language, less than this; bytes as they are stored. */
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
  routes = ['#', '#/projector', '#/screening', '#/rules', '#/sessions', `#/sessions/${id}`, `#/runners/${runner}`, `#/runners/${runner}/sessions`, `#/compare/${id}/${id}`];
});

after(async () => {
  await daemon?.stop();
  await browser?.close();
});

/** Goes to a part of the page and waits until it is there. @param {import('playwright-core').Page} page @param {string} route */
async function go(page, route) {
  await page.evaluate((hash) => { document.querySelector('#past')?.replaceChildren(); location.hash = hash; }, route);
  await page.waitForSelector(/^#(\/projector)?$/.test(route) ? '.leg[data-sign]' : '.past h2');
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
    await page.goto(`${daemon.address}/api/v1${routes[5]?.slice(1)}/report`);
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
  /** @type {Map<string, number>} */
  const sizes = new Map();
  page.on('response', async (response) => {
    const { pathname } = new URL(response.url());
    if (!pathname.startsWith('/api/')) sizes.set(pathname, (await response.body().catch(() => Buffer.alloc(0))).length);
  });
  await page.goto(daemon.address);
  for (const route of routes) await go(page, route);
  await wait(500);
  const sum = [...sizes.values()].reduce((a, b) => a + b, 0);
  console.log(`page weight: ${(sum / 1e3).toFixed(0)} kB in ${sizes.size} files, all parts of it opened`);
  assert.ok(sum < MOST_WEIGHT, [...sizes].sort((a, b) => b[1] - a[1]).map(([path, size]) => `${path} ${size}`).join('\n'));
  for (const file of ['uPlot.iife.min.js', 'uPlot.min.css']) {
    const [ours, theirs] = [`../../src/web/vendor/${file}`, `node_modules/uplot/dist/${file}`].map((path) => readFileSync(new URL(path, import.meta.url)));
    assert.ok(theirs && ours?.equals(theirs), file);
  }
  await context.close();
});

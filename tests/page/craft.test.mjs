// The page's craft in figures: nothing for axe to complain of, light, quick to show, smooth, no growth, cheap to watch.

import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { violations } from './axe.mjs';
import { faults, launch, open } from './browser.mjs';
import { FALLS_IN, LEARNS_SOON, start } from './daemon.mjs';
import { watcher } from './watcher.mjs';

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
const FIRST_PAINT = 200;
/** Main-thread time per frame, ms: half of what sixty frames per second leave. */
const MOST_WORK = 8;
const MOST_GROWTH = 10e6;
const CLIENTS = 100;
/** Of a core. */
const MOST_CPU = 0.1;

/** For a machine that has other things to do. */
const PATIENCE = 300_000;

/** @type {import('playwright-core').Browser} */
let browser;
/** @type {Awaited<ReturnType<typeof start>>} */
let daemon;
/** @type {string[]} */
let routes;

/** @param {string} speed */
const run = (speed) => start([...LEARNS_SOON, 'run', '--no-open', '--port', '0', '--speed', speed, ...FALLS_IN]);

before(async () => {
  browser = await launch();
  daemon = await run('20');
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

test('the first paint comes at once', { timeout: PATIENCE }, async () => {
  /** @type {number[]} */
  const times = [];
  // One that nothing else on this machine has held up is enough.
  for (let i = 0; i < 40 && !times.some((ms) => ms < FIRST_PAINT); i += 1) {
    // A new context each time: nothing is in its cache.
    const { page, close } = await open(browser, daemon.address, LAPTOP);
    await page.waitForFunction(() => performance.getEntriesByName('first-contentful-paint').length, undefined, { timeout: PATIENCE });
    times.push(await page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? Infinity));
    await close();
  }
  console.log(`first paint, ms: ${times.map(Math.round).join(' ')}`);
  assert.ok(Math.min(...times) < FIRST_PAINT, times.join());
});

test('five sensors at sixty frames per second', { timeout: PATIENCE }, async () => {
  const own = await run('1');
  const { page, close } = await open(browser, own.address, LAPTOP);
  const client = await page.context().newCDPSession(page);
  // Time of the thread, not of the clock: what other programs take from it is not the page's.
  await client.send('Performance.enable', { timeDomain: 'threadTicks' });
  const metric = async (/** @type {string} */ name) => (await client.send('Performance.getMetrics')).metrics.find((m) => m.name === name)?.value ?? NaN;
  await page.waitForFunction(() => document.querySelector('.bar .clock')?.textContent !== '0:00');
  // Standing, knee bends and the first strides are over.
  await page.waitForFunction(() => document.querySelectorAll('.leg.right .dot').length > 10, undefined, { timeout: 60_000 });
  const from = await metric('TaskDuration');
  const frames = await page.evaluate(() => new Promise((/** @type {(all: number[]) => void} */ done) => {
    /** @type {number[]} */
    const all = [];
    const next = (/** @type {number} */ now) => {
      all.push(now);
      if (now - (all[0] ?? now) < 20_000) requestAnimationFrame(next);
      else done(all);
    };
    requestAnimationFrame(next);
  }));
  const work = (1e3 * ((await metric('TaskDuration')) - from)) / frames.length;
  const waits = frames.slice(1).map((t, i) => t - (frames[i] ?? t)).sort((a, b) => a - b);
  const at = (/** @type {number} */ share) => waits[Math.floor(share * (waits.length - 1))]?.toFixed(1);
  console.log(`frames: ${(waits.length / 20).toFixed(1)} per second, between two ${at(0.5)} ms (p99 ${at(0.99)}), main thread ${work.toFixed(2)} ms per frame`);
  assert.ok(work < MOST_WORK, `${work} ms per frame`);
  await close();
  await own.stop();
});

test('an hour on the page leaves nothing behind', { timeout: 400_000 }, async () => {
  const own = await run('60');
  const { page, close } = await open(browser, own.address, LAPTOP);
  // Drawn as often as something comes, not sixty times a second: an hour's worth of drawing in one minute.
  await page.addInitScript(() => { window.requestAnimationFrame = (draw) => window.setTimeout(() => draw(performance.now()), 0); });
  await page.reload();
  const client = await page.context().newCDPSession(page);
  const heap = async () => {
    await client.send('HeapProfiler.collectGarbage');
    const { usedSize } = await client.send('Runtime.getHeapUsage');
    return { usedSize, ...(await client.send('Memory.getDOMCounters')) };
  };
  const reach = (/** @type {number} */ s) => page.waitForFunction((until) => {
    const [a = 0, b = 0, c] = (document.querySelector('.bar .clock')?.textContent ?? '').split(':').map(Number);
    return (c === undefined ? 60 * a + b : 3600 * a + 60 * b + c) >= until;
  }, s, { timeout: 300_000, polling: 250 });
  // Every list that is bounded is full by then.
  await reach(600);
  const before = await heap();
  await reach(600 + 3600);
  const after = await heap();
  const grown = after.usedSize - before.usedSize;
  console.log(`heap: ${(before.usedSize / 1e6).toFixed(2)} MB after 10 min, ${(after.usedSize / 1e6).toFixed(2)} MB an hour later; nodes ${before.nodes} and ${after.nodes}, listeners ${before.jsEventListeners} and ${after.jsEventListeners}`);
  assert.ok(grown < MOST_GROWTH, `${grown}`);
  assert.ok(after.nodes < 1.5 * before.nodes + 500, `${after.nodes} nodes`);
  await close();
  await own.stop();
});

test('a hundred who watch cost little', { timeout: PATIENCE, skip: process.platform !== 'linux' }, async () => {
  const own = await run('1');
  // Clock ticks that the process has used, all threads: utime and stime.
  const ticks = () => readFileSync(`/proc/${own.pid}/stat`, 'utf8').split(') ')[1]?.split(' ').slice(11, 13).reduce((sum, t) => sum + Number(t), 0) ?? NaN;
  const used = async (/** @type {number} */ seconds) => {
    const from = ticks();
    await wait(1e3 * seconds);
    return (ticks() - from) / 100 / seconds;
  };
  await wait(20_000);
  const alone = await used(15);
  const watchers = await Promise.all(Array.from({ length: CLIENTS }, () => watcher(own.address)));
  const bytes = () => watchers.reduce((sum, one) => sum + one.bytes(), 0) / CLIENTS;
  await wait(1000);
  const [before, watched] = [bytes(), await used(15)];
  const each = (bytes() - before) / 15 / 1e3;
  console.log(`watchers: ${(100 * alone).toFixed(1)} % of a core alone, ${(100 * watched).toFixed(1)} % with ${CLIENTS}, ${each.toFixed(1)} kB per second each`);
  for (const one of watchers) one.close();
  assert.ok(each > 10, `${each} kB per second: they were not served`);
  assert.ok(watched - alone < MOST_CPU, `${watched - alone}`);
  await own.stop();
});

// The page's craft in figures of this machine: quick to show, smooth, no growth, cheap to watch. Nothing runs beside it.

import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { launch, open } from './browser.mjs';
import { FALLS_IN, LEARNS_SOON, start } from './daemon.mjs';
import { watcher } from './watcher.mjs';

const LAPTOP = { viewport: { width: 1366, height: 768 } };
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

before(async () => {
  browser = await launch();
});

after(() => browser?.close());

/** @param {string} speed */
const run = (speed) => start([...LEARNS_SOON, 'run', '--no-open', '--port', '0', '--speed', speed, ...FALLS_IN]);

test('the first paint comes at once', { timeout: PATIENCE }, async () => {
  const own = await run('20');
  /** @type {number[]} */
  const times = [];
  // One that nothing else on this machine has held up is enough.
  for (let i = 0; i < 40 && !times.some((ms) => ms < FIRST_PAINT); i += 1) {
    // A new context each time: nothing is in its cache.
    const { page, close } = await open(browser, own.address, LAPTOP);
    await page.waitForFunction(() => performance.getEntriesByName('first-contentful-paint').length, undefined, { timeout: PATIENCE });
    times.push(await page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? Infinity));
    await close();
  }
  console.log(`first paint, ms: ${times.map(Math.round).join(' ')}`);
  assert.ok(Math.min(...times) < FIRST_PAINT, times.join());
  await own.stop();
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

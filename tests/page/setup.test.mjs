// The first visit and the second, in a real Chromium: from nothing to a runner who is judged.

import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { faults, launch, open } from './browser.mjs';
import { folder, start } from './daemon.mjs';

const PHONE = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true };
const LAPTOP = { viewport: { width: 1366, height: 768 } };
const SCRIPT = '<img src=x onerror="document.title=1">';
/** Somebody who does not stand still when told to, and then does. */
const RESTLESS = 'seed = 4\nrestless_s = 8\nstill_s = 12\nrunning_s = 400\n';
/** Known already: stands, walks a little, runs. */
const KNOWN = 'seed = 4\nstill_s = 12\nknee_bends = 0\nwalk_s = 12\nrunning_s = 120\n';
/** The second visit, from opening the page to lights that judge, ms. */
const SECOND_VISIT = 45_000;

/** @type {import('playwright-core').Browser} */
let browser;
/** Of a first visit and the second, and of somebody who has been here. @type {string} */
let data;
/** @type {string} */
let known;

before(async () => {
  browser = await launch();
  [data, known] = [folder(), folder()];
  writeFileSync(join(known, 'setup.json'), '{"finished": true}');
  writeFileSync(join(data, 'restless.toml'), RESTLESS);
  writeFileSync(join(data, 'known.toml'), KNOWN);
});

after(async () => {
  // A test that failed has left its own.
  for (const one of daemons) await one.stop();
  await browser?.close();
  for (const each of [data, known]) rmSync(each, { recursive: true, force: true });
});

/** @type {Awaited<ReturnType<typeof start>>[]} */
const daemons = [];

/** @param {string} config @param {string} speed @param {string} where @param {string} [port] */
async function daemon(config, speed, where, port = '0') {
  const one = await start(['run', '--runner-config', join(data, config), '--runner', 'Ana', '--no-open', '--port', port, '--speed', speed], where);
  daemons.push(one);
  return one;
}

/** @param {import('playwright-core').Page} page */
const step = (page) => page.getAttribute('.setup .screen', 'data-step');

/** @param {import('playwright-core').Page} page @param {string} name */
const at = (page, name) => page.waitForSelector(`.setup .screen[data-step="${name}"]`);

/** @param {import('playwright-core').Page} page @param {string} name */
async function on(page, name) {
  await page.click('.setup [data-act="on"]');
  await at(page, name);
}

test('the whole first visit, with somebody who moves when they should stand, and the second in time', { timeout: 300_000 }, async () => {
  const first = await daemon('restless.toml', '2', data);
  const { page, wrong, close } = await open(browser, `${first.address}/#/setup`, LAPTOP);
  page.setDefaultTimeout(60_000);
  await at(page, 'welcome');
  assert.match(await page.innerText('.setup'), /Everything stays on this computer/);
  assert.deepEqual(await faults(page), []);
  await page.click('[data-act="begin"]');
  await at(page, 'bluetooth');
  assert.match(await page.innerText('.screen'), /simulated or recorded/);

  await on(page, 'runner');
  await page.fill('.screen input[type="text"]', SCRIPT);
  await page.click('[data-act="add-runner"]');
  await page.waitForFunction((script) => [...document.querySelectorAll('.choice:has(input:checked) strong')].some((e) => e.textContent === script), SCRIPT);
  assert.notEqual(await page.title(), '1');
  assert.deepEqual(await faults(page), []);
  await page.click('.choice:has-text("Ana") input');
  await page.waitForFunction(() => document.querySelector('.choice:has(input:checked)')?.textContent?.includes('Ana'));

  await on(page, 'sensors');
  await page.waitForFunction(() => document.querySelectorAll('.tile:not(.offline)').length === 5);
  assert.match(await page.innerText('.place.left_thigh'), /Left thigh ✓/);
  // Somebody who does not stand still moves every bar.
  await page.waitForFunction(() => [...document.querySelectorAll('.tile meter')].every((bar) => /** @type {HTMLMeterElement} */ (bar).value > 0));
  // Nothing is lost on reload.
  await page.reload();
  await at(page, 'sensors');
  assert.deepEqual(await faults(page), []);

  await on(page, 'calibrate');
  // By key, after a countdown that is kept, that can be read from three metres, and that is heard.
  await page.selectOption('.setup select', '5');
  await page.waitForFunction(() => fetch('/api/v1/setup').then((r) => r.json()).then((s) => s.delay_s === 5));
  assert.match(await page.innerText('.screen'), /two taps on a worn sensor/);
  await page.focus('.setup .screen h3');
  await page.evaluate(() => {
    const begin = OscillatorNode.prototype.start;
    OscillatorNode.prototype.start = function (when) {
      document.body.dataset.ticks = String(Number(document.body.dataset.ticks ?? 0) + 1);
      return begin.call(this, when);
    };
  });
  await page.keyboard.press('Enter');
  const counted = await page.waitForFunction(() => {
    const count = /** @type {HTMLElement} */ (document.querySelector('.stage[data-guide="countdown"] .count'));
    return count && /^[1-4]$/.test(count.innerText) && Number(document.body.dataset.ticks) > 0 && parseFloat(getComputedStyle(count).fontSize);
  });
  assert.ok(Number(await counted.jsonValue()) >= 128, 'capitals of 15 mm');
  await page.waitForSelector('.stage[data-guide="still"]');
  await page.waitForFunction(() => /(Pelvis|Left thigh|Right thigh|Left shank|Right shank) moves\. The count begins/.test(/** @type {HTMLElement} */ (document.querySelector('.stage')).innerText));
  const steps = await page.evaluate(() => new Promise((/** @type {(seen: string) => void} */ resolve) => {
    const seen = new Set();
    const timer = setInterval(() => {
      const stage = /** @type {HTMLElement} */ (document.querySelector('.stage'));
      seen.add(`${stage.dataset.guide} ${stage.querySelector('.count')?.textContent}`);
      if (stage.dataset.guide !== 'done') return;
      clearInterval(timer);
      resolve([...seen].join(', '));
    }, 50);
  }));
  assert.match(steps, /still [1-5]/);
  assert.match(steps, /bends [2-4] \/ 5/);
  assert.match(steps, /gait/);
  assert.match(await page.innerText('.stage .huge'), /Calibration (good|usable)/);
  assert.equal(await page.locator('.checks li').count(), 5);
  await page.selectOption('.setup select', '3');
  assert.deepEqual(await faults(page), []);

  await on(page, 'baseline');
  await page.waitForFunction(() => /[1-9]\d* of 60 stances/.test(/** @type {HTMLElement} */ (document.querySelector('.screen')).innerText));
  await page.waitForFunction(() => /Your usual is known/.test(/** @type {HTMLElement} */ (document.querySelector('.screen')).innerText));
  assert.deepEqual(await faults(page), []);

  await on(page, 'cue');
  await page.check('.choice [data-channel="voice"]');
  await page.click('.choice [data-test="tone"]');
  await page.waitForFunction(() => fetch('/api/v1/cues').then((r) => r.json()).then((c) => c.settings.channels.voice));
  assert.deepEqual(await faults(page), []);
  await on(page, 'ready');
  await page.waitForFunction(() => document.querySelectorAll('.checks .fine').length === 4);
  assert.deepEqual(await faults(page), []);
  await page.click('[data-act="run"]');
  await page.waitForSelector('#page:not([hidden]) .leg[data-sign]');
  assert.deepEqual(wrong, []);
  await close();
  await first.stop();

  const begun = Date.now();
  const second = await daemon('known.toml', '1', data);
  const again = await open(browser, `${second.address}/#/setup`, LAPTOP);
  again.page.setDefaultTimeout(SECOND_VISIT);
  // Known runner, known sensors: what is left is to stand still.
  await at(again.page, 'calibrate');
  await again.page.click('[data-act="quick"]');
  await again.page.waitForSelector('.stage[data-guide="gait"]');
  await again.page.waitForSelector('#page:not([hidden]) .leg[data-sign]');
  await again.page.waitForFunction(() => [...document.querySelectorAll('.leg[data-sign]')].every((leg) => ['good', 'watch', 'too_far'].includes(leg.getAttribute('data-sign') ?? '')));
  const took = Date.now() - begun;
  console.log(`second visit: ${(took / 1000).toFixed(1)} s from start to lights that judge`);
  assert.ok(took < SECOND_VISIT, `${took} ms`);
  assert.deepEqual(again.wrong, []);
  await again.close();
  await second.stop();
});

test('of two tabs the slower one is told, and a daemon that restarts goes on where it was', { timeout: 120_000 }, async () => {
  let running = await daemon('known.toml', '1', known);
  const port = new URL(running.address).port;
  const [one, two] = [await open(browser, `${running.address}/#/setup`, LAPTOP), await open(browser, `${running.address}/#/setup`, PHONE)];
  for (const { page } of [one, two]) await at(page, 'calibrate');
  // What the second tab shows is old: it has not heard of the first one's choice.
  const old = await two.page.evaluate(() => fetch('/api/v1/setup').then((r) => r.text()));
  await two.page.route('**/api/v1/setup', (route) => (route.request().method() === 'GET' ? route.fulfill({ body: old, contentType: 'application/json' }) : route.continue()));
  await two.page.waitForTimeout(700);
  await one.page.click('[data-step="sensors"]');
  await at(one.page, 'sensors');
  await two.page.click('[data-step="cue"]');
  await two.page.waitForFunction(() => document.querySelector('.setup .wrong')?.textContent?.includes('another tab has gone on'));
  await two.page.unroute('**/api/v1/setup');
  await at(two.page, 'sensors');
  two.wrong.length = 0;

  await running.stop();
  await one.page.waitForSelector('.setup.stale');
  running = await daemon('known.toml', '1', known, port);
  await one.page.waitForSelector('.setup:not(.stale)');
  assert.equal(await step(one.page), 'calibrate', 'a visit of somebody known begins with standing');
  await one.page.click('[data-step="cue"]');
  await at(two.page, 'cue');
  for (const { close } of [one, two]) await close();
  await running.stop();
});

/** Sensors in reach as the daemon tells of them. */
const card = (/** @type {number} */ n, /** @type {object} */ more) => ({
  id: `S${n}`, name: `Sensor ${n}`, model: 'Open profile', serial: `S${n}`, firmware: '1.0', placement: null, link: 'streaming', reason: null,
  signal_dbm: -50 - 10 * n, battery_percent: 80, rate_hz: 100, can_identify: true, can_vibrate: false, samples: 100, lost: 0, bad: 0,
  reconnects: 0, last_reconnect_s: null, movement_dps: 3, moved: false, tapped_twice: false, suggestion: null, ...more,
});
const sensor = (/** @type {any} */ link, /** @type {string|null} */ placement) => ({
  name: link.name, placement, online: true, last_sample_time_s: 1, rate_hz: 99.8, nominal_rate_hz: 100, loss_percent: 0.2, jitter_ms: 3,
  clock_sigma_ms: 1, battery_percent: 80, link: { ...link, placement },
});

test('sensors are shown by signal, one that is tapped is placed with a tap, and swapped ones are exchanged', { timeout: 60_000 }, async () => {
  const running = await daemon('known.toml', '1', known);
  const { page, wrong, close } = await open(browser, running.address, PHONE);
  const setup = await page.evaluate(() => fetch('/api/v1/setup').then((r) => r.json()));
  /** @type {string[]} */
  const asked = [];
  const cards = [sensor(card(3, {}), null), sensor(card(1, {}), 'left_thigh'), sensor(card(2, { tapped_twice: true, movement_dps: 150, model: 'Movella DOT' }), null)];
  const swapped = {
    grade: 'redo', time_s: 20, reason: 'The left and right shank sensors seem swapped.',
    segments: [{ placement: 'left_shank', grade: 'redo', disagreement_deg: null, reason: 'The left and right shank sensors seem swapped.', exchange: ['shanks', 'thighs'] }],
  };
  const suggested = setup.sets.map((/** @type {any} */ one) => ({ ...one, suggested: one.set === 'right_leg' }));
  const told = { ...setup, sets: suggested, step: 'sensors', radio: { reason: null, down: false, capacity: null, in_reach: 3 }, source: 'sensors', calibration: null };
  const json = (/** @type {unknown} */ body) => ({ body: JSON.stringify(body), contentType: 'application/json' });
  await page.route('**/api/v1/setup', (route) => {
    if (route.request().method() === 'POST') asked.push(`setup ${route.request().postData()}`);
    return route.fulfill(json(told));
  });
  await page.route('**/api/v1/sensors', (route) => route.fulfill(json(cards)));
  await page.route('**/api/v1/sensors/**', (route) => {
    asked.push(`${new URL(route.request().url()).pathname.slice(7)} ${route.request().postData() ?? ''}`.trim());
    return route.fulfill({ status: 204 });
  });
  await page.evaluate(() => { location.hash = '#/setup'; });
  await at(page, 'sensors');
  await page.waitForFunction(() => document.querySelectorAll('.tile').length === 3);
  assert.deepEqual(await page.locator('.tile').evaluateAll((tiles) => tiles.map((t) => t.getAttribute('data-sensor'))), ['Sensor 1', 'Sensor 2', 'Sensor 3']);
  assert.equal(await page.getAttribute('.tile[data-sensor="Sensor 2"] .pick', 'aria-pressed'), 'true', 'the one that was tapped is chosen');
  assert.match(await page.innerText('.setup .lead'), /place of Sensor 2/);
  // What fits the sensors is said, and what it cannot see; what is not worn is not asked for.
  assert.match(await page.innerText('.worn-set [data-set="right_leg"]'), /fits your sensors[^]*Not: the left leg/);
  assert.equal(await page.locator('.worn-set .tag').count(), 1);
  await page.click('.worn-set [data-set="right_leg"] input');
  told.set = 'right_leg';
  await page.waitForFunction(() => /** @type {HTMLElement} */ (document.querySelector('.place.pelvis')).hidden);
  assert.deepEqual(await page.locator('.place:visible').evaluateAll((all) => all.map((e) => e.getAttribute('data-place'))), ['left_thigh', 'right_thigh', 'right_shank'], 'worn, or to be worn');
  assert.equal(await page.innerText('.worn-set summary'), 'You wear: Right leg only');
  await page.click('.place.right_shank');
  // Where and which way round, for the model that is meant.
  assert.match(await page.getAttribute('.wearing[data-limb="shank"][data-model="Movella DOT"]', 'aria-label') ?? '', /Right shank: where Movella DOT sits/);
  assert.match(await page.innerText('.strap-on'), /pocket of its strap[^]*Any way round is fine after calibration/);
  await page.click('.tile[data-sensor="Sensor 3"] [data-act="identify"]');
  assert.deepEqual(await faults(page), []);
  await page.click('.swaps summary');
  await page.click('.swaps [data-swap="legs"]');
  told.step = 'calibrate';
  told.calibration = swapped;
  await at(page, 'calibrate');
  await page.waitForSelector('.checks + .row [data-swap="shanks"]');
  assert.deepEqual(await faults(page), []);
  await page.click('[data-swap="shanks"]');
  await page.waitForFunction(() => true);
  await page.waitForTimeout(300);
  assert.deepEqual(asked, [
    'setup {"act":"wear","set":"right_leg"}', '/sensors/S2/placement {"placement":"right_shank"}', '/sensors/S3/identify', '/sensors/swap {"swap":"legs"}',
    '/sensors/swap {"swap":"shanks"}', 'setup {"act":"calibrate","still":true,"bends":true}',
  ]);
  assert.deepEqual(wrong, []);
  await close();
  await running.stop();
});

test('who wears one leg sees one leg, and shanks alone show steps and say what they cannot', { timeout: 60_000 }, async () => {
  const one = 'still_s = 6\nknee_bends = 0\nwalk_s = 6\nrunning_s = 120\n';
  writeFileSync(join(data, 'right_leg.toml'), `${one}without = ["pelvis", "left_thigh", "left_shank"]\n`);
  writeFileSync(join(data, 'shanks.toml'), `${one}without = ["pelvis", "left_thigh", "right_thigh"]\n`);
  const [leg, shanks] = await Promise.all([daemon('right_leg.toml', '8', folder()), daemon('shanks.toml', '8', folder())]);
  const [right, both] = [await open(browser, leg.address, PHONE), await open(browser, shanks.address, LAPTOP)];
  await right.page.waitForFunction(() => /\d/.test(/** @type {HTMLElement} */ (document.querySelector('[data-number="contact"]')).innerText));
  assert.equal(await right.page.locator('.leg.left:visible, .strides .left:visible, [data-number="contact"] .l').count(), 0);
  assert.match(await right.page.innerText('.bar'), /2\/2 online/);
  await both.page.waitForFunction(() => document.querySelectorAll('[data-number="contact"] .l, [data-number="contact"] .r').length === 2
    && !/–/.test(/** @type {HTMLElement} */ (document.querySelector('[data-number="contact"]')).innerText));
  assert.match(await both.page.innerText('.guide[data-phase]'), /needs a sensor on thigh and shank/);
  for (const side of ['left', 'right']) assert.match(await both.page.innerText(`.leg.${side} .verdict`), /No sensor on this thigh/);
  for (const { page, wrong, close } of [right, both]) {
    assert.deepEqual(await faults(page), []);
    if (process.env.SHOTS) await page.screenshot({ path: join(process.env.SHOTS, `worn-${page === right.page ? 'leg' : 'shanks'}.png`) });
    assert.deepEqual(wrong, []);
    await close();
  }
  for (const each of [leg, shanks]) await each.stop();
});

for (const [name, size] of Object.entries({ phone: PHONE, laptop: LAPTOP })) {
  for (const theme of ['light', 'dark']) {
    test(`every step fits a ${name}, ${theme}`, { timeout: 120_000 }, async () => {
      const running = await daemon('known.toml', '4', known);
      const { page, wrong, close } = await open(browser, `${running.address}/#/setup`, { ...size, colorScheme: /** @type {'light'|'dark'} */ (theme) });
      await at(page, 'calibrate');
      for (const each of ['welcome', 'bluetooth', 'runner', 'sensors', 'calibrate', 'baseline', 'cue', 'ready']) {
        await page.click(`[data-step="${each}"]`);
        await at(page, each);
        await page.waitForTimeout(400);
        assert.deepEqual(await faults(page), [], each);
        if (process.env.SHOTS) await page.screenshot({ path: join(process.env.SHOTS, `setup-${each}-${name}-${theme}.png`) });
      }
      assert.deepEqual(wrong, []);
      await close();
      await running.stop();
    });
  }
}

// Cues in a real Chromium at real time: soon after the foot has left the ground, on the right side, and never when muted.

import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { faults, launch, open } from './browser.mjs';
import { FALLS_IN, LEARNS_SOON, start } from './daemon.mjs';

const PHONE = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true };
const LAPTOP = { viewport: { width: 1366, height: 768 } };
/** Terminal contact to sound, ms. */
const SOON = 250;

/** @type {import('playwright-core').Browser} */
let browser;
/** @type {Awaited<ReturnType<typeof start>>} */
let daemon;

before(async () => {
  browser = await launch();
  daemon = await start([...LEARNS_SOON, 'run', '--no-open', '--no-recording', '--port', '0', ...FALLS_IN]);
});

after(async () => {
  await daemon?.stop();
  await browser?.close();
});

/** Notes what the page sounds and hears, and when. */
function listen() {
  const heard = { sounds: /** @type {any[]} */ ([]), messages: /** @type {any[]} */ ([]), pans: /** @type {number[]} */ ([]), shakes: /** @type {any[]} */ ([]) };
  Object.assign(window, { heard });
  const begin = OscillatorNode.prototype.start;
  OscillatorNode.prototype.start = function (when = 0) {
    heard.sounds.push({ now: performance.now(), ahead: when - this.context.currentTime });
    return begin.call(this, when);
  };
  const Panner = StereoPannerNode;
  window.StereoPannerNode = class extends Panner {
    constructor(/** @type {BaseAudioContext} */ context, /** @type {StereoPannerOptions} */ options) {
      super(context, options);
      heard.pans.push(options.pan ?? 0);
    }
  };
  navigator.vibrate = (pattern) => heard.shakes.push(pattern) > 0;
  const Socket = WebSocket;
  window.WebSocket = class extends Socket {
    constructor(/** @type {string} */ url) {
      super(url);
      this.addEventListener('message', (event) => {
        const { type, time_s, cue } = JSON.parse(event.data);
        heard.messages.push({ type, time_s, cue, now: performance.now() });
      });
    }
  };
}

/** @param {import('playwright-core').Page} page @returns {Promise<any>} */
const heardOn = (page) => page.evaluate(() => /** @type {any} */ (window).heard);

test('a cue sounds within a quarter of a second of terminal contact, and not at all when muted', { timeout: 180_000 }, async () => {
  const context = await browser.newContext(LAPTOP);
  const page = await context.newPage();
  page.setDefaultTimeout(90_000);
  await page.addInitScript(listen);
  await page.goto(daemon.address);

  // The first sound needs a tap, and the page says so.
  assert.equal(await page.innerText('button[data-act="sound"]'), 'Sound on');
  await page.click('button[data-act="sound"]');
  await page.waitForSelector('button[data-act="sound"]', { state: 'hidden' });
  await page.click('button[data-test="tone"]');
  await page.waitForFunction(() => /** @type {any} */ (window).heard.sounds.length === 2);

  await page.waitForFunction(() => /** @type {any} */ (window).heard.messages.filter((/** @type {any} */ m) => m.cue?.kind === 'gait').length >= 4);
  await page.waitForTimeout(200);
  const { sounds, messages, pans, shakes } = await heardOn(page);
  // Session time 0 on the page's clock: no message can come before its time.
  const zero = Math.min(...messages.filter((/** @type {any} */ m) => m.type === 'state' && m.time_s !== null).map((/** @type {any} */ m) => m.now - m.time_s * 1e3));
  const cues = messages.filter((/** @type {any} */ m) => m.cue?.kind === 'gait');
  const waits = cues.map((/** @type {any} */ m) => {
    const sound = sounds.find((/** @type {any} */ s) => s.now >= m.now);
    return sound.now + sound.ahead * 1e3 - zero - m.cue.tc_time_s * 1e3;
  });
  console.log(`terminal contact to sound, ms: ${waits.map(Math.round).join(' ')}`);
  assert.ok(waits.every((/** @type {number} */ ms) => ms > 0 && ms < SOON), waits.join());
  assert.ok(cues.every((/** @type {any} */ m) => m.cue.side === 'right'));
  assert.ok(pans.every((/** @type {number} */ pan) => pan > 0.5), pans.join());
  assert.equal(sounds.length, 2 + 2 * cues.length, 'two knocks each');
  assert.equal(shakes.length, cues.length);
  assert.match(await page.innerText('.cuebar .said'), /Right: (knees apart|quicker, lighter steps)/);

  await page.keyboard.press('m');
  await page.waitForSelector('button[data-act="mute"][aria-pressed="true"]');
  const before = (await heardOn(page)).sounds.length;
  await page.waitForTimeout(3500);
  const quiet = await heardOn(page);
  assert.equal(quiet.sounds.length, before);
  assert.match(await page.innerText('.cues .withheld'), /\d+ while muted/);
  await page.keyboard.press('m');
  await page.waitForFunction((n) => /** @type {any} */ (window).heard.sounds.length > n, before);
  await context.close();
});

test('settings, course and ticks stay over a reload', { timeout: 60_000 }, async () => {
  const { page, wrong, close } = await open(browser, daemon.address, LAPTOP);
  await page.check('[data-channel="voice"]');
  await page.waitForFunction(async () => (await (await fetch('/api/v1/cues')).json()).settings.channels.voice);
  await page.click('button[data-act="begin-session"]');
  await page.waitForSelector('.programme progress');
  await page.click('.programme summary >> text=Exercises');
  await page.check('[data-exercise="step_down"]');
  await page.waitForFunction(async () => (await (await fetch('/api/v1/programme')).json()).exercises[3].today);
  assert.match(await page.innerText('.programme'), /This is feedback, not a diagnosis\. Pain\? Stop\./);
  assert.deepEqual(await faults(page), []);
  await page.reload();
  await page.waitForSelector('[data-channel="voice"]:checked');
  await page.waitForSelector('[data-exercise="step_down"]:checked', { state: 'attached' });
  assert.match(await page.innerText('.programme .head'), /Session 1: \d+:\d\d of 15 min/);
  await page.click('button[data-act="stop-session"]');
  await page.waitForSelector('button[data-act="begin-session"]');
  assert.deepEqual(wrong, []);
  await close();
});

test('what makes no sense is said beside the field, and the bar fits a phone', { timeout: 60_000 }, async () => {
  const { page, close } = await open(browser, daemon.address, PHONE);
  await page.fill('[data-set="spacing"]', '1');
  await page.dispatchEvent('[data-set="spacing"]', 'change');
  await page.waitForSelector('.cues .wrong:not([hidden])');
  assert.match(await page.innerText('.cues .wrong'), /choose 2 to 20/);
  assert.deepEqual(await faults(page), []);
  await page.evaluate(() => scrollTo(0, 0));
  const [bar, sign] = [await page.locator('.cuebar').boundingBox(), await page.locator('.leg.right .sign').boundingBox()];
  assert.ok(bar && sign && sign.y + sign.height < bar.y, JSON.stringify({ bar, sign }));
  await close();
});

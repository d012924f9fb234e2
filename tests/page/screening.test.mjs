// The screening page leads through a test on a synthetic runner whose right thigh falls in: begun, counted, told apart.

import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { faults, launch, open } from './browser.mjs';
import { start } from './daemon.mjs';

const PHONE = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true };
const RUNNER = `
seed = 7
still_s = 6
knee_bends = 3
walk_s = 10
running_s = 30
end_still_s = 20
[screening]
repetitions = 5
[screening.fault.left]
[screening.fault.right]
adduction_deg = 10.0
`;

/** @type {string} */
let folder;
/** @type {import('playwright-core').Browser} */
let browser;
/** @type {Awaited<ReturnType<typeof start>>} */
let daemon;

before(async () => {
  browser = await launch();
  folder = mkdtempSync(join(tmpdir(), 'stancewatch-screening-'));
  writeFileSync(join(folder, 'runner.toml'), RUNNER);
  daemon = await start(['run', '--no-open', '--no-recording', '--port', '0', '--speed', '2', '--runner-config', join(folder, 'runner.toml')]);
});

after(async () => {
  await daemon?.stop();
  await browser?.close();
  rmSync(folder, { recursive: true, force: true });
});

test('a test is led through, leg by leg, and says which leg falls in', { timeout: 300_000 }, async () => {
  const { page, wrong, close } = await open(browser, `${daemon.address}/#/screening`, PHONE);
  page.setDefaultTimeout(240_000);
  // While somebody runs, the countdown waits.
  await page.waitForFunction(async () => (await (await fetch('/api/v1/health')).json()).phase === 'learning_usual');
  await page.waitForTimeout(3000);
  await page.click('button[data-test-name="step_down"]');
  await page.waitForSelector('.screening .lead:not([hidden])');
  assert.equal(await page.innerText('.screening .what'), 'Stand still on both feet.');
  assert.match(await page.innerText('.screening .count'), /keep still|[123]/);
  assert.deepEqual(await faults(page), []);
  await page.click('.screening button[data-act="end"]');
  await page.waitForSelector('.screening h3 >> text=/Step-down at/');
  assert.match(await page.innerText('.screening'), /no repetition was seen/);

  // The runner of the simulator begins by its own clock, and the page follows.
  const led = await page.waitForFunction(() => {
    const text = /** @type {HTMLElement|null} */ (document.querySelector('.screening .lead.right'))?.innerText;
    return /\d of 5/.test(text ?? '') && text;
  });
  assert.match(await led.jsonValue() || '', /right leg, lift the left foot/);
  await page.waitForSelector('.screening h3 >> text=/Single-leg squat at/');
  assert.equal(await page.locator('.screening tbody tr.left, .screening tbody tr.right').count(), 10);
  assert.match(await page.innerText('.screening'), /Repetitions that count: left 5, right 5, of 10\./);
  const difference = await page.innerText('.screening tr:has(th:text-is("Thigh falls in (from the start)")) td:nth-child(4)');
  assert.match(difference, /^−(9|1[01])\.\d°/, 'the right thigh falls in by ten degrees more');
  assert.match(difference, /beyond the noise/);
  assert.deepEqual(await faults(page), []);
  assert.deepEqual(wrong, []);
  await close();
});

// The screening page leads through a test on a synthetic runner whose right thigh falls in: begun, counted, told apart.

import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { faults, launch, open } from './browser.mjs';
import { folder as dataFolder, start } from './daemon.mjs';

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

test('a later session stands beside an earlier one, and what has changed is told from chance', { timeout: 120_000 }, async () => {
  const data = dataFolder();
  const quick = RUNNER.replace('running_s = 30', 'running_s = 12');
  writeFileSync(join(folder, 'earlier.toml'), quick);
  writeFileSync(join(folder, 'later.toml'), quick.replace('adduction_deg = 10.0', 'adduction_deg = 0.0'));
  const run = (/** @type {string} */ config, /** @type {string[]} */ more) => start(['run', '--no-open', '--no-recording', '--runner', 'Ana', '--port', '0', '--speed', 'max',
    '--runner-config', join(folder, config), ...more], data);
  const ended = async (/** @type {Awaited<ReturnType<typeof start>>} */ one) => {
    for (let i = 0; i < 900; i += 1) {
      const setup = await (await fetch(`${one.address}/api/v1/setup`)).json();
      if (setup.ended) return;
      await new Promise((done) => { setTimeout(done, 100); });
    }
    assert.fail('the session does not end');
  };
  const first = await run('earlier.toml', []);
  await ended(first);
  await first.stop();
  const second = await run('later.toml', []);
  await ended(second);
  const { page, wrong, close } = await open(browser, `${second.address}/#/screening`, PHONE);
  await page.waitForSelector('.before tbody tr');
  assert.equal(await page.locator('.before select option').count(), 2);
  const row = await page.locator('.before tr[data-quantity="adduction_excursion_deg"]').locator('td:last-child').allInnerTexts();
  assert.match(row[1] ?? '', /^−(9|1[01])\.\d°\s*more than \d\.\d°: it has changed/, 'the right thigh falls in no more');
  assert.match(row[0] ?? '', /less than \d\.\d°: may be chance/);
  assert.match(await page.innerText('.before'), /Single-leg squat: .*20\d\d.* against .*20\d\d/);
  assert.deepEqual(await faults(page), []);
  if (process.env.SHOTS) await page.locator('.before').screenshot({ path: join(process.env.SHOTS, 'before.png') });
  assert.deepEqual(wrong, []);
  await close();
  await second.stop();
  rmSync(data, { recursive: true, force: true });
});

// Runners and what is kept of them, in a real Chromium: names, undo, how long, copies, the end of it all.

import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { faults, launch, open } from './browser.mjs';
import { folder, start } from './daemon.mjs';

const PHONE = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true };
const LAPTOP = { viewport: { width: 1366, height: 768 } };
const SCRIPT = '<img src=x onerror="document.title=1">';

/** @type {import('playwright-core').Browser} */
let browser;
/** @type {Awaited<ReturnType<typeof start>>} */
let daemon;
/** @type {string} */
let data;

before(async () => {
  browser = await launch();
  data = folder();
  daemon = await start(['run', '--synthetic', '--minutes', '2.5', '--runner', 'Ana', '--no-open', '--speed', 'max', '--port', '0'], data);
  for (;;) {
    const usual = await fetch(`${daemon.address}/api/v1/runners/1/usual`).then((r) => r.json(), () => null);
    if (usual?.kept) break;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
});

after(async () => {
  await daemon?.stop();
  await browser?.close();
  rmSync(data, { recursive: true, force: true });
});

/** @param {object} [size] */
async function page(size = LAPTOP) {
  const shown = await open(browser, `${daemon.address}/#/runners`, size);
  await shown.page.waitForSelector('.runners .people');
  return shown;
}

/** @param {string} text */
const has = (text) => `.runners:has-text("${text}")`;

test('a runner is named, script in the name is text, and two tabs at once are told', { timeout: 60_000 }, async () => {
  const [one, two] = [await page(), await page(PHONE)];
  for (const { page: p } of [one, two]) {
    await p.click('[data-runner="1"] summary');
    await p.fill('[data-runner="1"] .tags label:first-child input', SCRIPT);
  }
  assert.match(await one.page.innerText('[data-runner="1"]'), /Usual of .*20\d\d.*, sessions in it: 1/);
  await one.page.click('[data-runner="1"] [data-act="save"]');
  await one.page.waitForFunction((script) => document.querySelector('[data-runner="1"] h3')?.textContent === script, SCRIPT);
  assert.equal(await one.page.locator('.runners img').count(), 0);
  assert.notEqual(await one.page.title(), '1');
  await two.page.click('[data-runner="1"] [data-act="save"]');
  await two.page.waitForSelector(has('changed elsewhere'));
  assert.deepEqual(await faults(one.page), []);
  assert.deepEqual(one.wrong, []);
  for (const { close } of [one, two]) await close();
});

test('a runner is added, chosen, deleted, and brought back', { timeout: 60_000 }, async () => {
  const { page: p, wrong, close } = await page();
  await p.fill('.runners > form input', 'Ben');
  await p.click('.runners > form [data-act="add"]');
  const ben = p.locator('[data-runner]', { hasText: 'Ben' });
  await ben.waitFor();
  await ben.locator('[data-act="use"]').click();
  await ben.locator('.tag').waitFor();
  await ben.locator('summary').click();
  await ben.locator('[data-act="delete"]').click();
  await p.waitForSelector(has('Bring them back below within 7 days'));
  assert.equal(await p.locator('[data-runner]', { hasText: 'Ben' }).count(), 0);
  await p.click('.gone summary');
  await p.locator('[data-gone]', { hasText: 'Ben' }).locator('[data-act="restore"]').click();
  await p.locator('[data-runner]', { hasText: 'Ben' }).waitFor();
  assert.deepEqual(await faults(p), []);
  assert.deepEqual(wrong, []);
  await close();
});

test('all of a runner\'s data is copied, sessions are kept as long as is said', { timeout: 60_000 }, async () => {
  const { page: p, wrong, close } = await page();
  await p.click('[data-runner="1"] summary');
  await p.fill('[data-runner="1"] input[type="number"]', '90');
  await p.click('[data-runner="1"] [data-act="save"]');
  await p.waitForFunction(() => fetch('/api/v1/runners/1').then((r) => r.json()).then((r) => r.retention_days === 90));
  await p.fill('.panel form.row input[type="number"]', '365');
  await p.click('[data-act="save-retention"]');
  await p.waitForFunction(() => fetch('/api/v1/data').then((r) => r.json()).then((d) => d.retention_days === 365));
  await p.click('[data-runner="1"] summary');
  await p.click('[data-runner="1"] [data-act="export"]');
  await p.waitForSelector(has('files are in'));
  const [copy] = readdirSync(join(data, 'exports'));
  assert.ok(existsSync(join(data, 'exports', copy ?? '', 'runner.json')));
  assert.equal(readdirSync(join(data, 'exports', copy ?? '', 'recordings')).length, 1);
  assert.deepEqual(wrong, []);
  await close();
});

for (const [name, size] of Object.entries({ phone: PHONE, laptop: LAPTOP })) {
  for (const theme of ['light', 'dark']) {
    test(`the page fits a ${name}, ${theme}`, { timeout: 60_000 }, async () => {
      const { page: p, wrong, close } = await page({ ...size, colorScheme: theme });
      await p.click('[data-runner="1"] summary');
      assert.deepEqual(await faults(p), []);
      if (process.env.SHOTS) await p.screenshot({ path: join(process.env.SHOTS, `runners-${name}-${theme}.png`), fullPage: true });
      assert.deepEqual(wrong, []);
      await close();
    });
  }
}

test('everything is deleted, really, and only when asked for twice', { timeout: 60_000 }, async () => {
  const { page: p, wrong, close } = await page();
  await p.click('[data-act="everything"]');
  assert.equal((await fetch(`${daemon.address}/api/v1/sessions`).then((r) => r.json())).length, 1, 'not yet');
  await p.click('[data-act="everything-sure"]');
  await p.waitForSelector(has('Everything is deleted'));
  assert.equal((await fetch(`${daemon.address}/api/v1/sessions`).then((r) => r.json())).length, 0);
  assert.deepEqual(readdirSync(join(data, 'recordings')), []);
  assert.ok(!existsSync(join(data, 'exports')));
  assert.deepEqual(wrong, []);
  await close();
});

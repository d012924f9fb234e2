// The pages about what was, in a real Chromium: a run lands in the history, is read, corrected, printed.

import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { faults, launch, open } from './browser.mjs';
import { start } from './daemon.mjs';

const PHONE = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true };
const LAPTOP = { viewport: { width: 1366, height: 768 } };
/** With an onset of hip adduction on the right. */
const RUNNER = fileURLToPath(new URL('runner.toml', import.meta.url));
const SCRIPT = '<img src=x onerror="document.title=1">';

/** @type {import('playwright-core').Browser} */
let browser;
/** @type {Awaited<ReturnType<typeof start>>} */
let daemon;

before(async () => {
  browser = await launch();
  daemon = await start(['run', '--synthetic', '--runner-config', RUNNER, '--minutes', '8', '--runner', 'Ana', '--no-open', '--speed', 'max', '--port', '0']);
  for (;;) {
    const sessions = await (await fetch(`${daemon.address}/api/v1/sessions`)).json();
    if (sessions[0]?.complete) break;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
});

after(async () => {
  await daemon?.stop();
  await browser?.close();
});

/** @param {object} [size] */
async function session(size = LAPTOP) {
  const shown = await open(browser, `${daemon.address}/#/sessions`, size);
  await shown.page.click('.past tbody th a');
  await shown.page.waitForSelector('.past .stances tbody tr');
  return shown;
}

test('a session is listed, read, sorted, filtered, and a stance taken out', { timeout: 60_000 }, async () => {
  const { page, wrong, close } = await session();
  assert.match(await page.innerText('.past h2'), /Ana/);
  assert.equal(await page.evaluate(() => document.activeElement?.tagName), 'H2', 'a page begins at its head');
  assert.match(await page.innerText('.past table'), /thigh falls in/);
  const first = async () => Number((await page.innerText('.stances tbody tr:first-child td:nth-child(3)')).trim());
  await page.click('.stances th:nth-child(3) button');
  const low = await first();
  await page.click('.stances th:nth-child(3) button');
  assert.ok((await first()) > low, 'sorted the other way round');
  assert.equal(await page.getAttribute('.stances th:nth-child(3)', 'aria-sort'), 'descending');
  // What is not known comes last, either way round.
  const known = () => page.evaluate(() => [...document.querySelectorAll('.stances tbody td:nth-child(5)')].slice(0, 5).map((e) => /\d/.test(e.textContent ?? '')));
  for (const way of ['ascending', 'descending']) {
    await page.click('.stances th:nth-child(5) button');
    assert.equal(await page.getAttribute('.stances th:nth-child(5)', 'aria-sort'), way);
    assert.deepEqual(await known(), [true, true, true, true, true], way);
  }
  assert.equal(await page.locator('.stances tbody tr').count(), 200);
  await page.click('button[data-act="more"]');
  assert.equal(await page.locator('.stances tbody tr').count(), 400);
  await page.selectOption('select[aria-label="State"]', 'flagged');
  assert.match(await page.innerText('.stances tbody tr:first-child td:nth-last-child(2)'), /^(watch|too far): (thigh falls in|hip drops|thigh turns in|knee dives in)/);
  await page.selectOption('select[aria-label="Side"]', 'left');
  assert.equal(await page.locator('.stances tbody tr.right').count(), 0);
  await page.selectOption('select[aria-label="State"]', 'judged');
  const counted = await page.innerText('.past > p:not(.wrong)');
  const seen = page.locator('.stances tbody tr.left button[aria-label^="Exclude"]').nth(60);
  const one = await seen.getAttribute('aria-label') ?? '';
  await seen.scrollIntoViewIfNeeded();
  const scrolled = await page.evaluate(() => document.querySelector('.tall')?.scrollTop ?? 0);
  assert.ok(scrolled > 500, `${scrolled}`);
  await seen.click();
  await page.waitForFunction((before) => /** @type {HTMLElement} */ (document.querySelector('.past > p:not(.wrong)')).innerText !== before && document.querySelector('.stances tr'), counted);
  // The table stays as it was: sorted, filtered, at the same rows, with the key still on the next one.
  await page.waitForFunction((at) => Math.abs((document.querySelector('.tall')?.scrollTop ?? 0) - at) < 100, scrolled);
  assert.equal(await page.getAttribute('.stances th:nth-child(5)', 'aria-sort'), 'descending');
  assert.equal(await page.locator('.stances tbody tr.right').count(), 0);
  assert.equal(await page.locator(`.stances button[aria-label="${one}"]`).count(), 0);
  assert.ok(await page.evaluate(() => document.querySelector('.stances')?.contains(document.activeElement)), 'the focus is in the table');
  assert.deepEqual(await faults(page), []);
  assert.deepEqual(wrong, []);
  await close();
});

test('other limits are tried on a session, which stays as it was judged', { timeout: 60_000 }, async () => {
  const { page, wrong, close } = await session();
  const alerts = async () => (await (await fetch(`${daemon.address}/api/v1/sessions/last`)).json()).alerts.length;
  const before = await alerts();
  await page.click('.try summary');
  const field = (/** @type {string} */ setting) => page.locator(`.try input[data-setting="${setting}"]`);
  await field('hip_adduction.red_deg').fill('40');
  await field('hip_adduction.amber_deg').fill('30');
  await field('hip_adduction_absolute.red_deg').fill('60');
  await field('hip_adduction_absolute.amber_deg').fill('50');
  await page.click('.try button[type="submit"]');
  await page.waitForSelector('.try tbody tr.right');
  const [, judged, tried] = /Alerts: (\d+) as judged, (\d+) with/.exec(await page.innerText('.try [role="status"]')) ?? [];
  assert.equal(Number(judged), before);
  assert.ok(Number(tried) < before, `${tried} of ${judged}`);
  assert.deepEqual(await faults(page), []);
  assert.deepEqual(wrong, []);
  assert.equal(await alerts(), before);
  // Less for too far than for watch is a contradiction, and is said.
  await field('hip_adduction.red_deg').fill('20');
  await page.click('.try button[type="submit"]');
  await page.waitForFunction(() => document.querySelector('.try .wrong')?.textContent?.includes('hip_adduction'));
  await close();
});

test('every stance is had as CSV, with units in the names', { timeout: 60_000 }, async () => {
  const { page, close } = await session();
  const [download] = await Promise.all([page.waitForEvent('download'), page.click('[data-act="csv"]')]);
  assert.match(download.suggestedFilename(), /\.csv$/);
  const rows = readFileSync(await download.path(), 'utf8').trimEnd().split('\n');
  const names = (rows[0] ?? '').split(',');
  for (const name of ['side', 'ic_time_s', 'contact_ms', 'peak_femur_adduction_deg', 'valid', 'reason']) assert.ok(names.includes(name), name);
  assert.ok(rows.length > 500, `${rows.length} rows`);
  assert.ok(rows.every((row) => row.split(',').length === names.length));
  await close();
});

test('on a German page the report is German', { timeout: 60_000 }, async () => {
  const { page, close } = await session({ ...LAPTOP, locale: 'de-DE' });
  const address = await page.getAttribute('.past a[target="_blank"]', 'href');
  const report = await open(browser, `${daemon.address}${address}`, { ...LAPTOP, locale: 'de-DE' });
  const text = await report.page.innerText('main');
  assert.match(text, /Standphasen zählen/);
  assert.doesNotMatch(text, /\b(the|and|stances|thigh|usual|sensor on)\b/);
  assert.deepEqual(report.wrong, []);
  for (const end of [close, report.close]) await end();
});

test('tags are kept, script in them is text, and the second of two tabs is told', { timeout: 60_000 }, async () => {
  const [one, two] = [await session(), await session()];
  await one.page.fill('.tags textarea', SCRIPT);
  await one.page.fill('.tags input[type="number"]', '3');
  await one.page.click('.tags button');
  await one.page.waitForFunction(() => fetch('/api/v1/sessions').then((r) => r.json()).then((s) => s[0].pain === 3));
  await one.page.waitForFunction(() => /** @type {HTMLElement|null} */ (document.querySelector('.tags [role="status"]'))?.innerText === 'Saved.');
  await two.page.click('.tags button');
  await two.page.waitForFunction(() => /** @type {HTMLElement} */ (document.querySelector('.past .wrong')).innerText.includes('changed elsewhere'));
  await two.page.reload();
  await two.page.waitForSelector('.tags textarea');
  assert.equal(await two.page.inputValue('.tags textarea'), SCRIPT);
  assert.notEqual(await two.page.title(), '1');
  const address = await two.page.getAttribute('.past a[target="_blank"]', 'href');
  const report = await open(browser, `${daemon.address}${address}`, LAPTOP);
  assert.ok((await report.page.innerText('main')).includes(SCRIPT));
  assert.equal(await report.page.locator('img').count(), 0);
  assert.deepEqual(report.wrong, []);
  const pages = (await report.page.pdf({ preferCSSPageSize: true })).toString('latin1').match(/\/Type \/Page\b/g);
  assert.equal(pages?.length, 1, 'one page');
  for (const { close } of [one, two, report]) await close();
});

for (const [name, size] of Object.entries({ phone: PHONE, laptop: LAPTOP })) {
  test(`every page about what was fits a ${name}`, { timeout: 60_000 }, async () => {
    const { page, wrong, close } = await session(size);
    const id = decodeURIComponent(page.url().split('/').at(-1) ?? '');
    const runner = (await (await fetch(`${daemon.address}/api/v1/sessions/${id}`)).json()).session.runner;
    for (const route of ['#/sessions', `#/sessions/${id}`, `#/runners/${runner}`, `#/runners/${runner}/sessions`, `#/compare/${id}/${id}`]) {
      await page.evaluate((hash) => { document.querySelector('#past')?.replaceChildren(); location.hash = hash; }, route);
      await page.waitForSelector('.past h2');
      assert.deepEqual(await faults(page), [], route);
    }
    await page.click('#nav a[href="#"]');
    await page.waitForSelector('.leg[data-sign]');
    assert.deepEqual(wrong, []);
    await close();
  });
}

test('steps are counted for both feet or for each, as the set-up is told, and the language and this stay', { timeout: 60_000 }, async () => {
  const { page, wrong, close } = await session();
  const row = async () => {
    await page.waitForSelector('.past .stances tbody tr');
    const all = await page.locator('.past tr', { hasText: /^steps per minute/ }).first().innerText();
    return { all, spm: Number(/\t(\d+) ±/.exec(all)?.[1]) };
  };
  const both = await row();
  assert.ok(both.spm > 120, both.all);
  const address = page.url();
  await page.goto(`${daemon.address}/#/setup`);
  await page.reload();
  await page.click('.setup .rail button >> nth=0');
  await Promise.all([page.waitForEvent('load'), page.selectOption('select[data-act="feet"]', 'one')]);
  await page.waitForFunction(() => /** @type {HTMLSelectElement|null} */ (document.querySelector('select[data-act="feet"]'))?.value === 'one');
  assert.deepEqual(await faults(page), []);
  await page.goto(address);
  await page.reload();
  const each = await row();
  assert.match(each.all, /^steps per minute, each foot/);
  assert.ok(Math.abs(2 * each.spm - both.spm) <= 1, `${both.all} ${each.all}`);
  assert.deepEqual(wrong, []);
  await close();
});

test('an address that leads nowhere says so and offers to try again', async () => {
  const { page, close } = await open(browser, `${daemon.address}/#/sessions/never`, LAPTOP);
  await page.waitForSelector('.past .wrong');
  assert.match(await page.innerText('.past .wrong'), /no session `never`/);
  assert.equal(await page.locator('.past button').count(), 1);
  await close();
});

test('the space bar says why a mark cannot be kept when nothing runs', async () => {
  const { page, close } = await open(browser, daemon.address, LAPTOP);
  await page.waitForSelector('.leg[data-sign]');
  await page.keyboard.press('Space');
  await page.waitForFunction(() => /** @type {HTMLElement} */ (document.querySelector('.marked')).innerText.length > 10);
  await close();
});

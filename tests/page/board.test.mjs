// The coach's board in a real Chromium: twelve synthetic runners, a daemon that goes and comes, phones that join.

import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { faults, launch, open } from './browser.mjs';
import { start } from './daemon.mjs';

const PHONE = { viewport: { width: 360, height: 740 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true };
const LAPTOP = { viewport: { width: 1366, height: 768 } };
const PROJECTOR = { viewport: { width: 1920, height: 1080 } };
/** Twelve runners share this computer; on a busy one the first alert takes a while. */
const PATIENCE = 240_000;
const TWELVE = ['run', '--synthetic', '--runners', '12', '--no-recording', '--no-open', '--port', '0', '--minutes', '30'];

/** @type {import('playwright-core').Browser} */
let browser;
/** @type {Awaited<ReturnType<typeof start>>} */
let daemon;

before(async () => {
  browser = await launch();
  daemon = await start([...TWELVE, '--speed', '4']);
});

after(async () => {
  await daemon?.stop();
  await browser?.close();
});

/** Standings in the order of the tiles. @param {import('playwright-core').Page} page */
const standings = (page) => page.locator('.tile').evaluateAll((all) => all.map((e) => /** @type {HTMLElement} */ (e).dataset.standing ?? ''));

test('twelve runners, worst first, and an alert acknowledged on one page is so on the other', { timeout: 2 * PATIENCE }, async () => {
  const { page, wrong, close } = await open(browser, `${daemon.address}/board`, LAPTOP);
  const other = await open(browser, `${daemon.address}/board`, PROJECTOR);
  page.setDefaultTimeout(PATIENCE);
  other.page.setDefaultTimeout(PATIENCE);
  await page.waitForFunction(() => document.querySelectorAll('.tile').length === 12);
  assert.match(await page.innerText('.bar .count'), /12 runners|of 12 runners need you/);

  await page.waitForSelector('.tile .open li:not(.acknowledged)');
  const tile = page.locator('.tile:has(.open li:not(.acknowledged))').first();
  const runner = await tile.getAttribute('data-runner');
  assert.match(await tile.innerText(), /(Left|Right) [a-z ]+ \d+°\s+over \d+° · since \d/i);
  await page.waitForFunction(() => {
    const rank = ['too_far', 'watch', 'trouble', 'acknowledged', 'calm'];
    const all = [...document.querySelectorAll('.tile')].map((e) => rank.indexOf(/** @type {HTMLElement} */ (e).dataset.standing ?? ''));
    return all.every((place, i) => place >= 0 && (i === 0 || place >= (all[i - 1] ?? 0)));
  });
  assert.equal((await standings(page)).length, 12);

  const here = page.locator(`.tile[data-runner="${runner}"]`);
  const row = here.locator('.open li:not(.acknowledged)').first();
  const which = `.tile[data-runner="${runner}"] .open li[data-side="${await row.getAttribute('data-side')}"][data-rule="${await row.getAttribute('data-rule')}"].acknowledged`;
  // By keyboard, which then stays in the tile.
  await row.locator('button[data-act="acknowledge"]').focus();
  await page.keyboard.press('Enter');
  await page.waitForSelector(which);
  assert.ok(await here.evaluate((e) => e.contains(document.activeElement)), 'the focus is on what comes next in the tile');
  await other.page.waitForSelector(which);
  for (const each of [page, other.page]) assert.deepEqual(await faults(each), []);
  assert.deepEqual([...wrong, ...other.wrong], []);
  await other.close();
  await close();
});

test('a cue from the board is heard on the page of its runner', { timeout: PATIENCE }, async () => {
  const board = await open(browser, `${daemon.address}/board`, LAPTOP);
  await board.page.waitForFunction(() => document.querySelectorAll('.tile').length === 12);
  const address = await board.page.locator('.tile[data-runner="otter"] a.who').getAttribute('href');
  assert.equal(address, '/r/otter/');
  const runner = await open(browser, `${daemon.address}${address}`, PHONE);
  await runner.page.waitForSelector('.leg[data-sign]');
  await runner.page.waitForFunction(() => !document.querySelector('.clock')?.textContent?.startsWith('0:00'));
  const heron = await open(browser, `${daemon.address}/r/heron/`, PHONE);
  await heron.page.waitForSelector('.leg[data-sign]');
  await board.page.click('.tile[data-runner="otter"] button[data-act="cue"]');
  await board.page.click('dialog[open] button[data-words="level_hips"]');
  await board.page.waitForFunction(() => document.querySelector('dialog[open] [role="status"]')?.textContent === 'Sent to Otter: level hips.');
  await runner.page.waitForSelector('.coach:not([hidden])');
  assert.match(await runner.page.innerText('.coach'), /^Coach.*: level hips$/);
  assert.equal(await heron.page.locator('.coach:not([hidden])').count(), 0, 'nobody else hears it');
  assert.deepEqual(await faults(board.page), []);
  assert.deepEqual([...board.wrong, ...runner.wrong], []);
  await heron.close();
  await runner.close();
  await board.close();
});

for (const [name, size] of Object.entries({ phone: PHONE, laptop: LAPTOP, projector: PROJECTOR })) {
  test(`the board fits a ${name} in all colours`, async () => {
    const { page, wrong, close } = await open(browser, `${daemon.address}/board`, size);
    await page.waitForFunction(() => document.querySelectorAll('.tile .leg-sign').length === 24);
    for (let i = 0; i < 4; i += 1) {
      assert.deepEqual(await faults(page), []);
      await page.click('button[data-act="theme"]');
    }
    const who = await page.locator('.tile .who').first().evaluate((e) => parseFloat(getComputedStyle(e).fontSize));
    assert.ok(who >= 25, `names are ${who} px`);
    for (const act of ['daemons', 'phones']) {
      await page.click(`button[data-act="${act}"]`);
      await page.waitForSelector('dialog[open]');
      await page.waitForTimeout(200);
      assert.deepEqual(await faults(page), []);
      await page.keyboard.press('Escape');
    }
    assert.deepEqual(wrong, []);
    await close();
  });
}

test('a daemon goes and comes back under a board by itself', { timeout: PATIENCE }, async () => {
  const data = mkdtempSync(join(tmpdir(), 'stancewatch-club-'));
  const port = await free();
  const club = () => start(['run', '--synthetic', '--runners', '2', '--no-recording', '--no-open', '--port', String(port), '--minutes', '30'], data);
  let own = await club();
  const coach = await start(['coach', '--no-open', '--port', '0', '--daemon', own.address]);
  const { page, close } = await open(browser, `${coach.address}/board`, LAPTOP);
  page.setDefaultTimeout(60_000);
  await page.waitForFunction(() => document.querySelectorAll('.tile:not(.silent)').length === 2);
  assert.equal(await page.locator('.tile a.who').first().getAttribute('href'), `${own.address}/r/heron/`);
  await own.stop();
  await page.waitForFunction(() => document.querySelectorAll('.tile.silent').length === 2);
  assert.match(await page.innerText('.tile.silent .trouble'), /Nothing heard since \d/);
  assert.deepEqual(await faults(page), []);
  own = await club();
  await page.waitForFunction(() => document.querySelectorAll('.tile').length === 2 && document.querySelectorAll('.tile.silent').length === 0);
  await close();
  await coach.stop();
  await own.stop();
  rmSync(data, { recursive: true, force: true });
});

test('a phone joins by a code, once, and sees its own runner only', { timeout: PATIENCE }, async () => {
  const own = await start(['run', '--synthetic', '--runners', '2', '--no-recording', '--no-open', '--port', '0', '--minutes', '30', '--lan']);
  while (!own.log().includes('and once:')) await new Promise((resolve) => { setTimeout(resolve, 50); });
  const invitation = /for ten minutes and once: (http:\/\/\S+)/.exec(own.log())?.[1];
  assert.ok(invitation, own.log());
  const coach = await open(browser, invitation, LAPTOP);
  await coach.page.waitForURL('**/board');
  await coach.page.waitForFunction(() => document.querySelectorAll('.tile').length === 2);
  await coach.page.click('button[data-act="phones"]');
  await coach.page.click('dialog[open] button[data-runner="otter"]');
  const url = await coach.page.innerText('dialog[open] .url').catch(() => '');
  assert.ok(url, await coach.page.innerText('dialog[open]'));
  assert.equal(await coach.page.locator('dialog[open] svg.qr').count(), 1);
  assert.deepEqual(await faults(coach.page), []);

  // The browser of these tests may not reach the network address: loopback is the same door.
  const link = url.replace(/\/\/[^:]+:/, '//127.0.0.1:');
  const phone = await open(browser, link, PHONE);
  await phone.page.waitForURL('**/r/otter/');
  await phone.page.waitForSelector('.leg[data-sign]');
  assert.deepEqual(phone.wrong, []);
  const status = await phone.page.evaluate(async () => (await fetch('/r/heron/api/v1/health')).status);
  assert.equal(status, 403);

  const replay = await open(browser, link, PHONE);
  await replay.page.waitForSelector('[role="alert"]');
  assert.match(await replay.page.innerText('[role="alert"]'), /used already/);
  assert.deepEqual(await faults(replay.page), []);
  await replay.close();

  await coach.page.keyboard.press('Escape');
  await coach.page.click('button[data-act="phones"]');
  await coach.page.click('dialog[open] li[data-role="runner"] button');
  await phone.page.waitForSelector('.link:not([hidden])');
  await phone.close();
  await coach.close();
  await own.stop();
});

async function free() {
  const { createServer } = await import('node:net');
  return /** @type {Promise<number>} */ (new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  }));
}

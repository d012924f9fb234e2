// A runner's phone, joined by a code: the own sessions to read and to tag, of nobody else's a word, and no button that would be refused.

import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { faults, launch, open } from './browser.mjs';
import { start } from './daemon.mjs';

const PHONE = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true };
const PATIENCE = 240_000;

/** @type {import('playwright-core').Browser} */
let browser;
/** @type {Awaited<ReturnType<typeof start>>} */
let daemon;
/** What a person at the coach's page has. @type {import('playwright-core').Page} */
let coach;
/** Of the two runners. @type {Record<string, string>} */
const session = {};

before(async () => {
  browser = await launch();
  daemon = await start(['run', '--synthetic', '--runners', '2', '--no-recording', '--no-open', '--port', '0', '--minutes', '3', '--speed', 'max', '--lan']);
  while (!daemon.log().includes('and once:')) await new Promise((resolve) => { setTimeout(resolve, 50); });
  const invitation = /for ten minutes and once: (http:\/\/\S+)/.exec(daemon.log())?.[1];
  assert.ok(invitation, daemon.log());
  coach = (await open(browser, invitation, {})).page;
  await coach.waitForURL('**/board');
  for (const runner of ['heron', 'otter']) {
    session[runner] = await coach.evaluate(async (id) => {
      for (;;) {
        const all = await (await fetch(`/r/${id}/api/v1/sessions`)).json();
        const own = all.find((/** @type {any} */ s) => s.runner_name.toLowerCase().includes(id));
        if (own?.complete) return own.id;
        await new Promise((resolve) => { setTimeout(resolve, 200); });
      }
    }, runner);
  }
});

after(async () => {
  await daemon?.stop();
  await browser?.close();
});

/** A phone that has joined for Otter. @param {string} locale */
async function joined(locale) {
  const url = await coach.evaluate(async () => (await (await fetch('/api/v1/invitations', {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ role: 'runner', runner: 'otter' }),
  })).json()).url);
  const phone = await open(browser, url.replace(/\/\/[^:]+:/, '//127.0.0.1:'), { ...PHONE, locale });
  await phone.page.waitForURL('**/r/otter/');
  await phone.page.waitForSelector('.leg[data-sign]');
  return phone;
}

/** Goes to a part of the page and waits for what is there. @param {import('playwright-core').Page} page @param {string} route @param {string} there */
async function go(page, route, there) {
  await page.evaluate((hash) => { document.querySelector('#past')?.replaceChildren(); location.hash = hash; }, route);
  await page.waitForSelector(there);
}

for (const locale of ['en', 'de']) {
  test(`the own sessions, and no button that would be refused, ${locale}`, { timeout: PATIENCE }, async () => {
    const { page, wrong, close } = await joined(locale);
    const clean = async (/** @type {string} */ where) => {
      assert.deepEqual(await faults(page), [], where);
    };
    await page.waitForSelector('nav .role');
    assert.equal(await page.locator('nav a[href="#/runners"], nav a[href="/board"]').count(), 0, 'what is the coach\'s is not led to');

    await page.click('nav a[href="#/sessions"]');
    await page.waitForSelector('.past tbody tr');
    assert.equal(await page.locator('.past tbody tr').count(), 1);
    assert.match(await page.innerText('.past tbody'), /Otter/);
    assert.equal(await page.locator('.past select').count(), 0, 'there is nobody to choose');
    await clean('the list');

    await page.click('.past tbody a');
    await page.waitForSelector('.past stance-chart canvas');
    const text = await page.innerText('.past');
    assert.match(text, locale === 'en' ? /is for the coach/ : /Sache des Trainers/);
    const buttons = await page.locator('.past button').allInnerTexts();
    for (const refused of [/delete|löschen/i, /crop|zuschneiden/i, /split|teilen/i, /exclude|ausschließen/i]) {
      assert.deepEqual(buttons.filter((name) => refused.test(name)), []);
    }
    assert.equal(await page.locator('.past details.try').count(), 0);
    await clean('the session');

    await page.fill('.past .tags input[type="number"]', '3');
    await page.fill('.past .tags textarea', 'tired calf');
    await page.click('.past .tags button[type="submit"]');
    await page.waitForFunction(() => !document.querySelector('.past .wrong')?.textContent);
    await page.reload();
    await page.waitForSelector('.past .tags');
    assert.equal(await page.inputValue('.past .tags input[type="number"]'), '3');
    assert.equal(await page.inputValue('.past .tags textarea'), 'tired calf');

    const report = await page.getAttribute('.past a[href*="/report"]', 'href');
    await page.click('.past a[href^="#/runners/"]');
    await page.waitForSelector('.past .trends stance-chart');
    await clean('the trend');
    await page.click('.past .row a');
    await page.waitForSelector('.past tbody tr');
    await go(page, `#/compare/${session.otter}/${session.otter}`, '.past table');
    assert.deepEqual(wrong, []);
    await page.goto(new URL(report ?? '', daemon.address).href);
    assert.match(await page.innerText('h1'), /Otter/);
    await close();
  });
}

test('another runner\'s session is not there, however it is asked for', { timeout: PATIENCE }, async () => {
  const { page, close } = await joined('en');
  for (const route of [`#/sessions/${session.heron}`, '#/sessions/last', `#/compare/${session.otter}/${session.heron}`]) {
    await go(page, route, '.past [role="alert"]');
    assert.match(await page.innerText('.past [role="alert"]'), /there is no session/);
    assert.equal(await page.locator('.past h2, .past table').count(), 0, route);
    assert.deepEqual(await faults(page), []);
  }
  await go(page, '#/runners', '.past [role="alert"]');
  assert.match(await page.innerText('.past [role="alert"]'), /for the coach to do: ask them/);
  const answers = await page.evaluate(async ([own, other]) => Promise.all([
    ['GET', `/r/otter/api/v1/sessions/${other}/report`], ['PATCH', `/r/otter/api/v1/sessions/${other}`], ['DELETE', `/r/otter/api/v1/sessions/${own}`],
    ['POST', `/r/otter/api/v1/sessions/${other}/restore`], ['GET', '/r/otter/api/v1/sessions?deleted=true'], ['GET', `/r/heron/api/v1/sessions/${other}`],
  ].map(async ([method, path]) => (await fetch(path ?? '', { method, headers: { 'content-type': 'application/json' }, ...(method === 'PATCH' ? { body: '{"pain":9}' } : {}) })).status)), [session.otter, session.heron]);
  assert.deepEqual(answers, [404, 404, 403, 403, 403, 403]);
  await close();
});

// What a glance must find on the live page, in the hand and on a stand; and what a thumb can do there: mark, end, begin again.

import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { faults, launch, open } from './browser.mjs';
import { FALLS_IN, LEARNS_SOON, start } from './daemon.mjs';

const TOUCH = { deviceScaleFactor: 2, hasTouch: true, isMobile: true };
const PATIENCE = 180_000;
/** Where both legs have to fit, and what they are read in. */
const HANDS = {
  'a large phone': { viewport: { width: 390, height: 844 }, locale: 'en' },
  'a small phone': { viewport: { width: 360, height: 740 }, locale: 'en' },
  'a large phone in German': { viewport: { width: 390, height: 844 }, locale: 'de' },
};

/** @type {import('playwright-core').Browser} */
let browser;
/** @type {Awaited<ReturnType<typeof start>>} */
let daemon;

before(async () => {
  browser = await launch();
  daemon = await start([...LEARNS_SOON, 'run', ...FALLS_IN, '--runner', 'Ana', '--no-open', '--port', '0', '--speed', '4']);
  const { page, close } = await open(browser, daemon.address, { viewport: { width: 1366, height: 768 } });
  await page.waitForSelector('.leg.right[data-sign="too_far"]', { timeout: PATIENCE });
  await close();
});

after(async () => {
  await daemon?.stop();
  await browser?.close();
});

for (const [name, size] of Object.entries(HANDS)) {
  test(`sign and number of both legs are in sight on ${name}, while a cue is large`, { timeout: PATIENCE }, async () => {
    const { page, wrong, close } = await open(browser, daemon.address, { ...TOUCH, ...size });
    const seen = await page.waitForFunction(() => {
      const box = (/** @type {string} */ of) => document.querySelector(of)?.getBoundingClientRect();
      const large = box('.cuebar.large');
      const top = box('.bar')?.bottom ?? 0;
      const parts = ['left', 'right'].flatMap((side) => [`.leg.${side} .sign`, `.leg.${side} .reading.first .value`]);
      return large && parts.every((part) => box(part)?.height) && parts.map((part) => ({
        part, hidden: (box(part)?.top ?? 0) < top || (box(part)?.bottom ?? 0) > large.top + 1,
      })).filter((x) => x.hidden).map((x) => x.part).concat('looked');
    }, undefined, { timeout: PATIENCE });
    assert.deepEqual(await seen.jsonValue(), ['looked']);
    assert.deepEqual(await faults(page), []);
    assert.deepEqual(wrong, []);
    await close();
  });
}

test('on a stand nothing lies over anything else', { timeout: PATIENCE }, async () => {
  for (const width of [768, 1024]) {
    const { page, close } = await open(browser, daemon.address, { viewport: { width, height: 1024 } });
    await page.waitForSelector('.leg.right[data-sign="too_far"]', { timeout: PATIENCE });
    const over = await page.evaluate(() => {
      const found = [];
      for (const e of document.querySelectorAll('.numbers dd, .cuebar .text, .reading .line')) {
        if (e.scrollWidth > e.clientWidth + 1) found.push(`${e.className}: ${e.textContent}`);
      }
      for (const e of document.querySelectorAll('.leg .verdict')) if (e.getBoundingClientRect().height > 60) found.push(`a column of words: ${e.textContent}`);
      return found;
    });
    assert.deepEqual(over, [], `${width}`);
    await close();
  }
});

test('a thumb marks a moment, ends the session only when it is meant, and begins the next', { timeout: PATIENCE }, async () => {
  const own = await start(['run', '--synthetic', '--runner', 'Ben', '--no-open', '--port', '0', '--speed', '4']);
  const { page, wrong, close } = await open(browser, own.address, { ...TOUCH, ...HANDS['a large phone'] });
  page.setDefaultTimeout(60_000);
  await page.waitForFunction(() => /^0:[2-5]\d/.test(document.querySelector('.clock')?.textContent ?? ''));
  await page.click('button[data-act="mark"]');
  await page.waitForFunction(() => /^Marked at \d:\d\d$/.test(/** @type {HTMLElement} */ (document.querySelector('.marked')).innerText));
  assert.deepEqual(await faults(page), []);

  const end = page.locator('button[data-act="end"]');
  const there = (await end.boundingBox())?.y;
  await end.click();
  assert.equal(await end.innerText(), 'Sure?');
  assert.equal((await end.boundingBox())?.y, there, 'it stays under the thumb');
  await page.waitForFunction(() => document.querySelector('button[data-act="end"]')?.textContent === 'End');
  assert.equal((await page.evaluate(() => fetch('/api/v1/setup').then((r) => r.json()))).ended, false, 'a slip ends nothing');
  await end.click();
  await end.click();
  await page.waitForSelector('.guide[data-phase="ended"]');
  assert.equal(await page.locator('.guide[data-phase="ended"] a[href="#/sessions"]').count(), 1);
  assert.ok(await end.isHidden());
  assert.deepEqual(await faults(page), []);
  const marks = await page.evaluate(async () => {
    const [newest] = await (await fetch('/api/v1/sessions')).json();
    return (await (await fetch(`/api/v1/sessions/${newest.id}`)).json()).marks.length;
  });
  assert.equal(marks, 1);
  await page.click('.guide button[data-act="again"]');
  await page.waitForFunction(() => document.querySelector('.guide[data-phase]')?.getAttribute('data-phase') !== 'ended' && /^0:0\d/.test(document.querySelector('.clock')?.textContent ?? ''));
  assert.deepEqual(wrong, []);
  await close();
  await own.stop();
});

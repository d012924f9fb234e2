// `stancewatch demo` in a real Chromium: what a person sees who starts it for the first time.

import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { faults, launch, open } from './browser.mjs';
import { folder, LEARNS_SOON, start } from './daemon.mjs';

const PHONE = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true };
const LAPTOP = { viewport: { width: 1366, height: 768 } };
/** The demo at eight times real time takes about a minute; on a busy machine more. */
const PATIENCE = 180_000;

/** @type {import('playwright-core').Browser} */
let browser;
/** @type {Awaited<ReturnType<typeof start>>} */
let daemon;

before(async () => {
  browser = await launch();
  daemon = await start(['demo', '--no-open', '--speed', '8', '--port', '0']);
});

after(async () => {
  await daemon?.stop();
  await browser?.close();
});

test('the real recording, then the synthetic runner, up to an alert on the right leg', { timeout: 2 * PATIENCE }, async () => {
  const { page, wrong, close } = await open(browser, daemon.address, LAPTOP);
  page.setDefaultTimeout(PATIENCE);

  await page.waitForSelector('.source.real', { timeout: 20_000 });
  assert.match(await page.innerText('.source'), /REAL RECORDING/);
  // The stream must hold: a page that finds a message missing starts over and says so for a moment.
  await page.evaluate(() => {
    const link = /** @type {HTMLElement} */ (document.querySelector('.link'));
    const note = () => link.hidden || document.body.setAttribute('data-broke', link.innerText);
    new MutationObserver(note).observe(link, { attributes: true });
    // Some of it lasts half a second at this speed: noted by the page itself, whoever else is busy here.
    const phases = new Set();
    const phase = () => {
      if (!document.querySelector('.source.synthetic')) return;
      if (!phases.size) document.body.setAttribute('data-alerts-at-first', `${document.querySelectorAll('.alerts li').length}`);
      phases.add(/** @type {HTMLElement | null} */ (document.querySelector('.guide[data-phase]'))?.dataset.phase ?? '');
      document.body.setAttribute('data-phases', [...phases].join(' '));
    };
    new MutationObserver(phase).observe(document.body, { subtree: true, childList: true, attributes: true, attributeFilter: ['class', 'data-phase'] });
  });
  for (const side of ['left', 'right']) {
    const sign = await page.getAttribute(`.leg.${side}`, 'data-sign');
    assert.ok(['good', 'watch', 'too_far', 'not_sure', 'lost'].includes(sign ?? ''), `${side}: ${sign}`);
    assert.ok((await page.innerText(`.leg.${side} .sign .word`)).length > 0);
  }

  await page.waitForSelector('.source.synthetic');
  assert.match(await page.innerText('.source'), /SYNTHETIC RUNNER/);
  // Nothing of the person before is shown as if it were the runner's.
  assert.equal(await page.getAttribute('body', 'data-alerts-at-first'), '0');
  await page.waitForSelector('.leg.good');
  const phases = (await page.getAttribute('body', 'data-phases')) ?? '';
  assert.match(phases, /stand_still|move/);
  assert.match(phases, /learning_usual/);

  await page.waitForSelector('.alerts li[data-side="right"][data-rule="femur_adduction"], .alerts li[data-side="right"][data-rule="hip_adduction"]');
  await page.waitForFunction(() => ['watch', 'too_far'].includes(/** @type {HTMLElement} */ (document.querySelector('.leg.right')).dataset.sign ?? ''));
  assert.match(await page.innerText('.leg.right .verdict'), /since \d+:\d\d/);
  const row = await page.innerText('.alerts li[data-side="right"]');
  assert.match(row, /\d+(\.\d)?° over \d+(\.\d)?° in \d+ stances/);
  assert.match(await page.innerText('.leg.right .reading.first .value'), /^\d+°$/);
  assert.ok((await page.locator('.leg.right .dot').count()) >= 20);
  const strides = /over the stride, (\d+) strides, from/.exec((await page.getAttribute('.strides .right stance-chart', 'aria-label')) ?? '');
  assert.ok(Number(strides?.[1]) >= 10);
  assert.ok(await page.locator('.strides .right canvas').count());
  assert.match(await page.innerText('.numbers'), /\d{3}\s*\n?cadence · running/);
  assert.match(await page.innerText('.bar'), /(\d)\/\1 online/);
  assert.equal(await page.getAttribute('body', 'data-broke'), null);
  assert.equal(await page.locator('.sensors tbody tr').count(), await page.locator('.sensors td.state', { hasText: 'online' }).count());
  // Nobody has to believe a lamp: the alert says what it stands on.
  await page.click('.alerts li[data-side="right"] button[data-act="evidence"]');
  await page.waitForSelector('dialog.evidence[open] .plot .dot');
  assert.match(await page.innerText('dialog.evidence'), /\d+ of \d+ stances .* beyond the limit: .* the limit/);
  assert.deepEqual(await faults(page), []);
  await page.keyboard.press('Escape');
  assert.deepEqual(await faults(page), []);
  assert.deepEqual(wrong, []);
  await close();
});

test('every number says what it means, by keyboard alone', async () => {
  const { page, wrong, close } = await open(browser, daemon.address, LAPTOP);
  await page.waitForSelector('.leg .why');
  const names = await page.locator('.why').evaluateAll((all) => all.map((e) => /** @type {HTMLElement} */ (e).dataset.why));
  assert.ok(new Set(names).size >= 6, names.join());
  for (const i of names.keys()) {
    await page.locator('.why').nth(i).focus();
    await page.keyboard.press('Enter');
    const text = await page.innerText('dialog[open]');
    for (const part of ['What it is', 'How it is measured', 'How far to trust it', 'Source', 'not a diagnosis']) assert.ok(text.includes(part), `${names[i]}: ${part}`);
    assert.deepEqual(await faults(page), []);
    await page.keyboard.press('Escape');
    assert.equal(await page.locator('dialog[open]').count(), 0);
  }
  assert.deepEqual(wrong, []);
  await close();
});

for (const [name, size] of Object.entries({ phone: PHONE, laptop: LAPTOP })) {
  test(`fits a ${name} in all colours`, async () => {
    const { page, wrong, close } = await open(browser, daemon.address, size);
    await page.waitForSelector('.leg[data-sign]');
    const seen = new Set();
    for (let i = 0; i < 4; i += 1) {
      assert.deepEqual(await faults(page), []);
      seen.add(await page.evaluate(() => getComputedStyle(document.body).backgroundColor + getComputedStyle(document.documentElement).getPropertyValue('--stroke')));
      await page.click('button[data-act="theme"]');
    }
    assert.ok(seen.size >= 3, [...seen].join());
    const height = size.viewport.height;
    for (const side of ['left', 'right']) {
      const box = await page.locator(`.leg.${side} .sign`).boundingBox();
      assert.ok(box && box.y + box.height < height, `the ${side} sign is below the fold`);
    }
    assert.deepEqual(wrong, []);
    await close();
  });
}

test('signs have seven to one on their ground and all text four and a half', async () => {
  const { page, close } = await open(browser, daemon.address, LAPTOP);
  await page.waitForSelector('.leg[data-sign]');
  for (const theme of ['light', 'dark', 'sun']) {
    const ratios = await page.evaluate((name) => {
      document.documentElement.dataset.theme = name;
      const probe = document.body.appendChild(document.createElement('i'));
      const rgb = (/** @type {string} */ variable) => {
        probe.style.color = `var(--${variable})`;
        return (getComputedStyle(probe).color.match(/[\d.]+/g) ?? []).slice(0, 3).map(Number);
      };
      const light = (/** @type {number[]} */ c) => {
        const [r, g, b] = c.map((v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
        return 0.2126 * (r ?? 0) + 0.7152 * (g ?? 0) + 0.0722 * (b ?? 0);
      };
      const ratio = (/** @type {string} */ a, /** @type {string} */ b) => {
        const [x, y] = [light(rgb(a)), light(rgb(b))].sort((p, q) => q - p);
        return ((x ?? 0) + 0.05) / ((y ?? 0) + 0.05);
      };
      const out = { signs: {}, texts: {} };
      for (const sign of ['good', 'watch', 'far']) Object.assign(out.signs, { [sign]: ratio(sign, 'panel') });
      for (const text of ['ink', 'quiet', 'left', 'right', 'grey']) {
        for (const ground of ['panel', 'ground']) Object.assign(out.texts, { [`${text} on ${ground}`]: ratio(text, ground) });
      }
      probe.remove();
      return out;
    }, theme);
    for (const [sign, ratio] of Object.entries(ratios.signs)) assert.ok(Number(ratio) >= 7, `${theme} ${sign}: ${ratio}`);
    for (const [text, ratio] of Object.entries(ratios.texts)) assert.ok(Number(ratio) >= 4.5, `${theme} ${text}: ${ratio}`);
  }
  await close();
});

test('when the daemon goes, the page says how old it is and greys the lights', { timeout: 60_000 }, async () => {
  const own = await start(['demo', '--no-open', '--speed', '8', '--port', '0']);
  const { page, close } = await open(browser, own.address, PHONE);
  await page.waitForSelector('.source.real');
  assert.equal(await own.stop(), 0, `an interrupt is a normal end:\n${own.log()}`);
  await page.waitForSelector('.link:not([hidden])');
  assert.match(await page.innerText('.link'), /lost\. What you see is \d+ s old/);
  for (const side of ['left', 'right']) assert.equal(await page.getAttribute(`.leg.${side}`, 'data-sign'), 'lost');
  assert.deepEqual(await faults(page), []);
  await close();
});

test('a sensor is lost and comes back: its leg rests in grey and says why, the other is judged on', { timeout: PATIENCE }, async () => {
  const data = folder();
  writeFileSync(join(data, 'shadow.toml'), `seed = 5
still_s = 6
knee_bends = 3
walk_s = 12
running_s = 2000
[[disturbances]]
kind = "sensor_lost"
placement = "left_thigh"
after_s = 90
duration_s = 30
`);
  const own = await start([...LEARNS_SOON, 'run', '--no-open', '--no-recording', '--port', '0', '--speed', '8', '--runner-config', join(data, 'shadow.toml')], data);
  const { page, wrong, close } = await open(browser, own.address, LAPTOP);
  page.setDefaultTimeout(PATIENCE);
  const signs = () => Promise.all(['left', 'right'].map((side) => page.getAttribute(`.leg.${side}`, 'data-sign')));
  const judged = ['good', 'watch', 'too_far'];
  const online = (/** @type {number} */ n) => page.waitForFunction((text) => document.querySelector('.bar a.fact')?.textContent === text, `${n}/5 online`);

  await online(5);
  await page.waitForFunction((known) => ['left', 'right'].every((side) => known.includes(document.querySelector(`.leg.${side}`)?.getAttribute('data-sign') ?? '')), judged);
  await online(4);
  assert.ok(await page.locator('.bar a.fact.warn').count(), 'the count itself warns');
  await page.waitForSelector('.leg.left[data-sign="not_sure"], .leg.left[data-sign="lost"]');
  assert.match(await page.innerText('.leg.left .verdict'), /sensor/i);
  assert.match(await page.innerText('#sensors tr.offline'), /Left thigh[^]*× lost/);
  assert.ok(judged.includes((await signs())[1] ?? ''), 'the other leg is judged on');
  assert.deepEqual(await faults(page), []);
  await online(5);
  await page.waitForFunction((known) => known.includes(document.querySelector('.leg.left')?.getAttribute('data-sign') ?? ''), judged);
  assert.equal(await page.locator('#sensors tr.offline').count(), 0);
  assert.deepEqual(wrong, []);
  await close();
  await own.stop();
  rmSync(data, { recursive: true, force: true });
});

test('walking rests what is for running, gives no cue, and each gait is named', { timeout: 60_000 }, async () => {
  const data = folder();
  // Beyond this limit is every step of anybody: what keeps it silent is the walking.
  writeFileSync(join(data, 'strict.toml'), '[pipeline.flags.hip_adduction_absolute]\nused = true\namber_deg = 1.0\nred_deg = 2.0\n');
  writeFileSync(join(data, 'walks.toml'), 'seed = 4\nstill_s = 6\nknee_bends = 3\nwalk_s = 30\nrunning_s = 600\n');
  const own = await start(['--config', join(data, 'strict.toml'), 'run', '--no-open', '--no-recording', '--port', '0', '--speed', '8', '--runner-config', join(data, 'walks.toml')], data);
  const { page, wrong, close } = await open(browser, own.address, LAPTOP);
  const seen = await page.evaluate(() => new Promise((/** @type {(seen: {gait: string, contact: string, balance: string, verdict: string, cues: number}[]) => void} */ done) => {
    /** @type {{gait: string, contact: string, balance: string, verdict: string, cues: number}[]} */
    const all = [];
    const text = (/** @type {string} */ of) => /** @type {HTMLElement|null} */ (document.querySelector(of))?.innerText.trim() ?? '';
    const timer = setInterval(async () => {
      const { given } = (await (await fetch('/api/v1/cues')).json());
      all.push({ gait: text('[data-number="cadence"] + .note').split(' · ')[1] ?? '', contact: text('[data-number="contact"]'), balance: text('[data-number="balance"]'), verdict: text('.leg.left .verdict'), cues: given });
      if (given > 0) { clearInterval(timer); done(all); }
    }, 50);
  }));
  const walking = seen.filter((s) => s.gait.startsWith('walking'));
  assert.ok(walking.length > 5, JSON.stringify(seen.map((s) => s.gait)));
  for (const s of walking) assert.deepEqual([s.cues, /\d/.test(s.contact), /\d/.test(s.balance)], [0, false, false], JSON.stringify(s));
  assert.ok(walking.some((s) => s.verdict === 'Walking is shown, not judged.'), JSON.stringify(walking.map((s) => s.verdict)));
  assert.ok(seen.some((s) => s.gait === 'standing: no steps now'));
  const last = seen.at(-1);
  assert.equal(last?.gait, 'running');
  await page.waitForFunction(() => /\d/.test(document.querySelector('[data-number="balance"]')?.textContent ?? ''));
  assert.deepEqual(wrong, []);
  await close();
  await own.stop();
  rmSync(data, { recursive: true, force: true });
});

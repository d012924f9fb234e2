// What the page makes of messages, without a browser.

import test from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, empty, shownLight, staleness } from '../../src/web/js/model.js';
import { middle, quantities, reading, summary } from '../../src/web/js/figures.js';
import { clock, degrees, signed } from '../../src/web/js/text.js';

const GOOD = { sign: 'good', reason: null, rule: null, since_s: null };

/** @param {Record<string, unknown>} [fields] */
function snapshot(fields = {}) {
  const { link: _link, heard_ms: _heard, moved_ms: _moved, ...known } = empty();
  return { ...known, type: 'snapshot', seq: 7, time_s: 10, started_s: 0, lights: { left: GOOD, right: GOOD }, ...fields };
}

/** @param {number} number @param {Record<string, unknown>} [fields] */
function stance(number, fields = {}) {
  const at = number * 0.7;
  return {
    side: 'right', stance: number, gait: 'run', ic_time_s: at, tc_time_s: at + 0.24, contact_ms: 240, stride_ms: 700,
    cadence_spm: 171.4, peak_hip_adduction_deg: null, hip_rotation_excursion_deg: null, peak_femur_adduction_deg: 11,
    femur_rotation_excursion_deg: 3, valid: true, reason: null, flags: [], ...fields,
  };
}

/** @param {any} model @param {any} message @param {number} [now] @returns {any} */
const then = (model, message, now = 0) => after(model, message, now);
const open = () => then(empty(), snapshot());

test('a missing message is noticed, a repeated one is not taken twice', () => {
  const model = open();
  assert.equal(then(model, { type: 'stance', seq: 9, stance: stance(1) }), null);
  assert.equal(then(model, { type: 'state', seq: 8 }), null);
  const one = then(model, { type: 'stance', seq: 8, stance: stance(1) });
  assert.equal(one.stances.right.length, 1);
  assert.equal(then(one, { type: 'stance', seq: 8, stance: stance(1) }).stances.right.length, 1);
});

test('lists are bounded and replaced, never changed in place', () => {
  let model = open();
  const first = model.stances.right;
  for (let n = 1; n <= 60; n += 1) model = then(model, { type: 'stance', seq: 7 + n, stance: stance(n) });
  assert.equal(model.stances.right.length, 40);
  assert.equal(model.stances.right.at(-1).stance, 60);
  assert.equal(first.length, 0);
});

test('an alert keeps its row as it rises and clears', () => {
  const alert = { number: 1, side: 'right', rule: 'femur_adduction', severity: 'amber', clear_time_s: null };
  let model = then(open(), { type: 'alert', seq: 8, alert });
  model = then(model, { type: 'alert', seq: 9, alert: { ...alert, severity: 'red' } });
  model = then(model, { type: 'alert', seq: 10, alert: { ...alert, severity: 'red', clear_time_s: 9 } });
  assert.deepEqual(model.alerts.map((/** @type {any} */ a) => [a.severity, a.clear_time_s]), [['red', 9]]);
});

test('a note that is over replaces the one that began it', () => {
  const note = { time_s: 1, code: 'sensor_silent', placement: 'left_shank', active: true, message: '' };
  let model = then(open(), { type: 'health', seq: 8, health: note });
  model = then(model, { type: 'health', seq: 9, health: { ...note, placement: 'right_shank' } });
  model = then(model, { type: 'health', seq: 10, health: { ...note, active: false } });
  assert.deepEqual(model.health.map((/** @type {any} */ h) => [h.placement, h.active]), [['right_shank', true], ['left_shank', false]]);
});

test('cues are kept in order, and a mute shows before the next state', () => {
  let model = open();
  for (let n = 1; n <= 60; n += 1) model = then(model, { type: 'cue', seq: 7 + n, cue: { number: n } });
  assert.deepEqual([model.cues.length, model.cues.at(-1).number], [50, 60]);
  model = then(model, { type: 'cue_settings', seq: 68, cue_settings: { ...model.cue_settings, muted: true } });
  assert.equal(model.cueing.muted, true);
});

test('no cue says more than six words', () => {
  const words = JSON.parse(readFileSync(new URL('../../src/web/strings/en.json', import.meta.url), 'utf8'));
  const said = Object.entries(words.cue).filter(([key]) => key.startsWith('say.'));
  assert.ok(said.length >= 15);
  for (const [key, text] of said) {
    // The longest place has two words, and a gait cue names its side.
    const whole = String(text).replace('{place}', 'left shank');
    const side = whole === text ? 1 : 0;
    assert.ok(whole.split(/\s+/).length + side <= 6, `${key}: ${text}`);
  }
});

test('a light from data that no longer come is grey', () => {
  const model = open();
  assert.equal(shownLight(model, 'left', 1000).sign, 'good');
  assert.equal(staleness(model, 3000)?.why, 'stale');
  assert.equal(shownLight(model, 'left', 3000).sign, 'lost');
  assert.equal(shownLight({ ...model, link: 'lost' }, 'left', 100).sign, 'lost');
  assert.equal(shownLight(empty(), 'left', 100).sign, 'not_sure');
  const quiet = then(model, { ...snapshot(), type: 'state', time_s: 10 }, 2900);
  assert.equal(staleness(quiet, 3000)?.why, 'stale', 'messages without a new time are no new data');
  const moving = then(model, { ...snapshot(), type: 'state', time_s: 10.1 }, 2900);
  assert.equal(staleness(moving, 3000), null);
  assert.equal(staleness({ ...model, ended: true }, 60_000), null);
});

test('the big number is the middle of the last five judged stances, and none when the last was withheld', () => {
  const peaks = [11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 14, 30, 14, 13, 15];
  const right = peaks.map((peak, i) => stance(i + 1, { peak_femur_adduction_deg: peak }));
  const model = then(empty(), snapshot({ stances: { left: [], right }, time_s: 11 }));
  const { adduction, rotation } = quantities(model, 'right');
  assert.deepEqual(reading(model, 'right', adduction), { value: 14, trend: 'up' });
  assert.deepEqual(reading(model, 'right', rotation), { value: 3, trend: 'flat' });
  const withheld = { ...model, stances: { left: [], right: [...right, stance(16, { valid: false, reason: 'turning' })] } };
  assert.equal(reading(withheld, 'right', adduction), null);
  assert.equal(reading({ ...model, time_s: 60 }, 'right', adduction), null, 'old news');
  assert.equal(reading(model, 'left', adduction), null);
});

test('with a sensor on the pelvis the hip is read', () => {
  const right = [stance(1, { peak_hip_adduction_deg: 12 })];
  const model = then(empty(), snapshot({ stances: { left: [], right } }));
  assert.equal(quantities(model, 'right').adduction.rule, 'hip_adduction');
  assert.equal(quantities(model, 'left').adduction.rule, 'femur_adduction');
});

test('run-only numbers rest while walking', () => {
  const run = { left: [stance(1, { side: 'left', contact_ms: 230 })], right: [stance(1, { contact_ms: 240 })] };
  const running = summary(then(empty(), snapshot({ stances: run, time_s: 1.2 })));
  assert.equal(running.gait, 'run');
  assert.ok(Math.abs(/** @type {number} */ (running.balance) - 48.936) < 0.001);
  const walk = { left: [stance(1, { side: 'left', gait: 'walk' })], right: [stance(1, { gait: 'walk' })] };
  const walking = summary(then(empty(), snapshot({ stances: walk, time_s: 1.2 })));
  assert.equal(walking.gait, 'walk');
  assert.equal(walking.balance, null);
  assert.equal(walking.contact.left, null);
  assert.equal(walking.cadence, 171.4);
});

test('numbers are written as people read them', () => {
  assert.equal(degrees(-0.4), '0°');
  assert.equal(degrees(-3.2), '\u22123°');
  assert.equal(signed(3.4), '+3°');
  assert.equal(signed(0.2), '0°');
  assert.equal(degrees(null), '–');
  assert.equal(clock(3725, 0), '1:02:05');
  assert.equal(clock(75, 10), '1:05');
  assert.equal(middle([3, 1, 2]), 2);
  assert.equal(middle([4, 1, 2, 3]), 2.5);
  assert.equal(middle([]), null);
});

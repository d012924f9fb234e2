// Numbers from stances: what a leg reads, and how that compares. Pure.

/** @import { Model, SideName, Stance } from './types.js' */

/** Stances that make the big number: single ones vary by about 1° (own computation, 26 runners of RBDS). */
const MIDDLE_OF = 5;
/** Below this a change of the middle of five is noise, degrees (its spread is about 0.6° on virtual running). */
const TREND = 1.5;
/** Older is not "now", s. */
const RECENT = 5;

/** @typedef {{rule: string, field: keyof Stance & string}} Quantity */

/** The quantities this leg is judged by: adduction of the hip with a sensor on the pelvis, else of the femur;
 *  rotation of the femur since contact either way.
 * @param {Model} model @param {SideName} side @returns {{adduction: Quantity, rotation: Quantity}} */
export function quantities(model, side) {
  const last = model.stances[side].findLast((s) => s.valid);
  const hip = last ? last.peak_hip_adduction_deg !== null : model.legs[side].reference === 'hip';
  return {
    adduction: hip ? { rule: 'hip_adduction', field: 'peak_hip_adduction_deg' } : { rule: 'femur_adduction', field: 'peak_femur_adduction_deg' },
    rotation: { rule: 'medial_rotation', field: 'femur_rotation_excursion_deg' },
  };
}

/** @param {Stance} stance @param {Quantity} quantity @returns {number|null} */
export function valueOf(stance, quantity) {
  const value = stance.valid ? stance[quantity.field] : null;
  return typeof value === 'number' ? value : null;
}

/** @param {number[]} values @returns {number|null} */
export function middle(values) {
  if (!values.length) return null;
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  const upper = /** @type {number} */ (sorted[half]);
  return sorted.length % 2 ? upper : (upper + /** @type {number} */ (sorted[half - 1])) / 2;
}

/** @param {(number|null)[]} list @returns {number[]} */
export const known = (list) => list.filter((v) => v !== null);

/** The middle of the last five stances and where it goes; `null` while there is no judged stance now.
 * @param {Model} model @param {SideName} side @param {Quantity} quantity
 * @returns {{value: number, trend: 'up'|'down'|'flat'|null}|null} */
export function reading(model, side, quantity) {
  const stances = model.stances[side];
  const last = stances.at(-1);
  if (!last || !last.valid || model.time_s === null || model.time_s - last.tc_time_s > RECENT) return null;
  const values = known(stances.map((s) => valueOf(s, quantity)));
  const value = middle(values.slice(-MIDDLE_OF));
  if (value === null) return null;
  const before = values.slice(0, -MIDDLE_OF).slice(-4 * MIDDLE_OF);
  const then = before.length >= 2 * MIDDLE_OF ? middle(before) : null;
  if (then === null) return { value, trend: null };
  return { value, trend: value - then > TREND ? 'up' : then - value > TREND ? 'down' : 'flat' };
}

/** @param {Model} model @param {SideName} side @param {string} rule */
export function usual(model, side, rule) {
  return model.baselines.find((b) => b.side === side)?.usual.find((u) => u.rule === rule) ?? null;
}

/** @param {Model} model @param {SideName} side @param {string} rule */
export function limit(model, side, rule) {
  return model.limits.find((l) => l.side === side && l.rule === rule) ?? null;
}

/** The five numbers under the legs; run-only ones rest while walking.
 * @param {Model} model */
export function summary(model) {
  const now = model.time_s ?? 0;
  /** @param {Stance[]} list */
  const recent = (list) => list.filter((s) => now - s.tc_time_s <= RECENT).slice(-MIDDLE_OF);
  const left = recent(model.stances.left);
  const right = recent(model.stances.right);
  const newest = [...left, ...right].sort((a, b) => a.tc_time_s - b.tc_time_s).at(-1);
  const gait = newest ? newest.gait : null;
  const contact = { left: middle(left.map((s) => s.contact_ms)), right: middle(right.map((s) => s.contact_ms)) };
  const both = contact.left !== null && contact.right !== null;
  return {
    gait,
    cadence: middle(known([...left, ...right].map((s) => s.cadence_spm))),
    contact: gait === 'run' ? contact : { left: null, right: null },
    balance: gait === 'run' && both
      ? (100 * /** @type {number} */ (contact.left)) / (/** @type {number} */ (contact.left) + /** @type {number} */ (contact.right))
      : null,
    knee: { left: kneeRange(model, 'left', now), right: kneeRange(model, 'right', now) },
    found: model.found, judged: model.judged,
  };
}

/** How far the knee bends and straightens within a stride, the middle of the last five.
 * @param {Model} model @param {SideName} side @param {number} now */
function kneeRange(model, side, now) {
  const recent = model.strides[side].slice(-MIDDLE_OF).filter((stride) => now - stride.ic_time_s <= 2 * RECENT);
  return middle(recent.flatMap((stride) => {
    const angles = known(stride.knee_flexion_deg);
    // Half a stride has no range.
    return angles.length === stride.knee_flexion_deg.length ? [Math.max(...angles) - Math.min(...angles)] : [];
  }));
}

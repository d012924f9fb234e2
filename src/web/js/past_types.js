// What is kept of sessions, as it comes over the API. Types only.

/** @import { PerSide, SideName } from './types.js' */

/** @typedef {{id: string, runner: number, runner_name: string, started: string, source: string, recording: string|null,
 *   begin_s: number, end_s: number|null, complete: boolean, shoes: string|null, surface: string|null, pain: number|null,
 *   notes: string|null, crop_from_s: number|null, crop_to_s: number|null, deleted: string|null, version: number,
 *   stances: number, alerts: number}} Session */
/** @typedef {{id: number, pseudonym: string, name: string|null, consent: string|null, current: boolean, sessions: number,
 *   version: number}} Runner */
/** @typedef {{mean: number, sd: number}} Band */
/** @typedef {{stances: number, mean: number|null, sd: number|null, usual: Band|null,
 *   trend: {per_10_min: number, low: number, high: number}|null}} Leg */
/** @typedef {{name: string, unit: 'deg'|'ms'|'spm', plain: string, term: string}} Quantity */
/** @typedef {Quantity & {left: Leg, right: Leg, difference: number|null}} Reviewed */
/** @typedef {{side: SideName, stance: number, gait: string, ic_time_s: number, contact_ms: number, cadence_spm: number|null,
 *   peak_hip_adduction_deg: number|null, peak_femur_adduction_deg: number|null,
 *   femur_rotation_excursion_deg: number|null, peak_pelvic_drop_deg: number|null, peak_knee_valgus_deg: number|null,
 *   valid: boolean, reason: string, flags: string, excluded: boolean}} PastStance */
/** @typedef {{number: number, rule: string, side: SideName, severity: 'amber'|'red', onset_time_s: number,
 *   clear_time_s: number|null, value_deg: number, threshold_deg: number}} PastAlert */
/** @typedef {{id: number, time_s: number, label: string}} Mark */
/** @typedef {{a: number|null, b: number|null, change: number|null, within_noise: boolean|null}} Change */
/** @typedef {{id: string, runner_name: string, started: string}} Brief */
/** @typedef {{a: Brief, b: Brief, quantities: (Quantity & {legs: PerSide<Change>})[], cautions: string[]}} Comparison */
/** @typedef {{session: Session, runner: Runner, running: boolean, grade: string|null, grade_reason: string|null,
 *   gait: string|null, quantities: Reviewed[], counts: PerSide<{stances: number, counted: number, excluded: number}>,
 *   withheld: Record<string, number>, alerts: PastAlert[], marks: Mark[], before: Comparison|null,
 *   stances: PastStance[]}} Review */
/** @typedef {{session: string, started: string, side: SideName, gait: string, stances: number,
 *   hip_adduction_deg: number|null, femur_adduction_deg: number|null, medial_rotation_deg: number|null,
 *   pelvic_drop_deg: number|null, knee_valgus_deg: number|null, contact_ms: number|null, cadence_spm: number|null,
 *   pain: number|null, alerts: number}} TrendPoint */
/** @typedef {{rule: string, group: string, level: boolean, amber_deg: number, red_deg: number}} TriableLimit */
/** @typedef {{decided_time_s: number, clear_time_s: number|null, severity: 'amber'|'red', value_deg: number, threshold_deg: number}} Fired */
/** @typedef {{stances: number, rows: {rule: string, side: SideName, recorded: Fired|null, changed: Fired|null}[]}} Tried */

export {};

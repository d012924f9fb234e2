// The first visit as the daemon tells of it. Types only.

/** @import { PerSide, Sensor } from './types.js' */

/** @typedef {'welcome'|'bluetooth'|'runner'|'sensors'|'calibrate'|'baseline'|'cue'|'ready'} StepName */
/** @typedef {{legs: PerSide<{stances: number, known: boolean}>, needed: number, warm_up_s: number, kept: boolean, marked: boolean}} Usual */
/** @typedef {{step: 'idle'|'countdown'|'still'|'bends'|'gait'|'done', left_s: number, motion: Record<string, number|null>, held_s: number, hold_s: number,
 *   bends: number, bends_wanted: number, moved: number, usual: Usual}} Guide */
/** @typedef {{grade: string, reason: string, segments: {placement: string, grade: string, reason: string, exchange: string[]}[]}} Graded */
/** @typedef {'right_leg'|'left_leg'|'shanks'|'legs'|'legs_and_pelvis'} WornSet */
/** @typedef {{step: StepName, finished: boolean, version: number, delay_s: number, set: WornSet|null,
 *   sets: {set: WornSet, places: string[], suggested: boolean}[], worn: string[],
 *   source: 'sensors'|'synthetic'|'real'|null, radio: {reason: string|null, down: boolean, capacity: string|null, in_reach: number}|null,
 *   runner: {id: number, name: string, version: number, usual: string|null, calibrated: {when: string, grade: string}|null}|null, not_kept: string|null,
 *   placed: number, online: number, phase: string, running: boolean, ended: boolean, guide: Guide|null,
 *   calibration: Graded|null, unsteady: string|null, slipped: string[]}} Setup */
/** @typedef {{id: string, name: string, model: string, link: string, reason: string|null, signal_dbm: number|null,
 *   battery_percent: number|null, last_used: string|null, rate_hz: number|null, can_identify: boolean, movement_dps: number, moved: boolean,
 *   tapped_twice: boolean, suggestion: string|null}} Card */
/** @typedef {Sensor & {link: Card|null}} Worn */

/** What a step can do: commands go through here, so that a refusal is shown in one place.
 * @typedef {{act: (body: object) => Promise<void>, send: (method: string, path: string, body?: unknown) => Promise<boolean>,
 *   again: () => void, chime: () => void, tick: () => void}} Hands */
/** One question: its element, and how it takes what is new.
 * @typedef {{node: HTMLElement, update: (setup: Setup, sensors: Worn[]) => void, next?: (setup: Setup) => StepName|null}} Screen */

export {};

// Messages in, model out. Pure, so that it can be tested without a browser.

/** @import { Model, SideName, Stance } from './types.js' */

const STANCES = 40;
const STRIDES = 20;
const ALERTS = 200;
const NOTES = 50;
const CUES = 50;
const REPETITIONS = 100;
const TESTS = 20;
/** Without a new time for this long, what is on screen is not now (ms). */
const STALE_AFTER = 1500;
/** @type {SideName[]} */
export const SIDES = ['left', 'right'];

/** @returns {Model} */
export function empty() {
  const light = { sign: /** @type {const} */ ('not_sure'), reason: 'connecting', rule: null, since_s: null };
  const leg = {
    reference: null, adduction_deg: null, femur_adduction_deg: null, femur_flexion_deg: null, shank_abduction_deg: null,
    knee_flexion_deg: null, reason: null,
  };
  const channels = { tone: true, voice: false, phone: true, sensor: true, screen: true };
  const cueing = {
    muted: false, snoozed_until_s: null, feedback: null, metronome_percent: null, metronome_spm: null, given: 0, withheld: {},
  };
  return {
    cueing, cues: [], programme: null,
    cue_settings: { muted: false, channels, spacing_strides: 3, refractory_s: 10, all_clear: true },
    seq: 0, link: 'connecting', heard_ms: null, moved_ms: null, found: 0, judged: 0,
    time_s: null, started_s: null, phase: 'waiting_for_sensors', ended: false,
    lights: { left: light, right: light }, withheld: { left: {}, right: {} }, legs: { left: leg, right: leg }, obliquity_deg: null, running: { left: null, right: null },
    sensors: [], worn: [], recording: null, source: null, stances: { left: [], right: [] },
    strides: { left: [], right: [] }, alerts: [], health: [], baselines: [], limits: [], calibration: null,
    screening: { running: null, repetitions: [], results: [] },
  };
}

/** Somebody has said where sensors are, and none is on this leg. @param {Model} model @param {SideName} side */
export const isUnworn = (model, side) => model.lights[side].reason === 'not_worn';

/** The model after one message; `null` when a message before it is missing, so that only a snapshot helps.
 * @param {Model} model @param {any} message @param {number} now_ms @returns {Model|null} */
export function after(model, message, now_ms) {
  const heard = { ...model, heard_ms: now_ms };
  switch (message.type) {
    case 'snapshot': return moved({ ...heard, ...message, link: 'open' }, model, now_ms, true);
    case 'state': {
      if (message.seq > model.seq) return null;
      const { type: _type, seq: _seq, ...now } = message;
      return moved({ ...heard, ...now }, model, now_ms, false);
    }
    default: {
      if (message.seq <= model.seq) return heard;
      if (message.seq !== model.seq + 1) return null;
      return { ...numbered(heard, message), seq: message.seq };
    }
  }
}

/** @param {Model} next @param {Model} before @param {number} now_ms @param {boolean} anyway */
function moved(next, before, now_ms, anyway) {
  return anyway || next.time_s !== before.time_s ? { ...next, moved_ms: now_ms } : next;
}

/** @param {Model} model @param {any} message @returns {Model} */
function numbered(model, message) {
  switch (message.type) {
    case 'stance': {
      /** @type {Stance} */
      const stance = message.stance;
      const list = pushed(model.stances[stance.side], stance, STANCES);
      const stances = { ...model.stances, [stance.side]: list };
      return { ...model, stances };
    }
    case 'stride': {
      /** @type {SideName} */
      const side = message.side;
      const strides = { ...model.strides, [side]: pushed(model.strides[side], message.stride, STRIDES) };
      return { ...model, strides };
    }
    case 'alert': {
      const rest = model.alerts.filter((a) => a.number !== message.alert.number);
      const alerts = pushed(rest, message.alert, ALERTS).sort((a, b) => a.number - b.number);
      return { ...model, alerts };
    }
    case 'health': {
      const { code, placement } = message.health;
      const rest = model.health.filter((h) => !(h.active && h.code === code && h.placement === placement));
      return { ...model, health: pushed(rest, message.health, NOTES) };
    }
    case 'baseline': {
      const rest = model.baselines.filter((b) => b.side !== message.baseline.side || Boolean(b.kept) !== Boolean(message.baseline.kept));
      return { ...model, baselines: [...rest, message.baseline] };
    }
    case 'screening_begins': return { ...model, screening: { ...model.screening, running: message.test, repetitions: [] } };
    case 'repetition': {
      const repetitions = pushed(model.screening.repetitions, message.repetition, REPETITIONS);
      return { ...model, screening: { ...model.screening, repetitions } };
    }
    case 'screening': {
      const results = pushed(model.screening.results, message.screening, TESTS);
      return { ...model, screening: { ...model.screening, running: null, results } };
    }
    case 'calibration': return { ...model, calibration: message.calibration };
    case 'cue': return { ...model, cues: pushed(model.cues, message.cue, CUES) };
    case 'cue_settings': {
      // Muted at once, before the next state says so, too.
      const cueing = { ...model.cueing, muted: message.cue_settings.muted };
      return { ...model, cue_settings: message.cue_settings, cueing };
    }
    case 'limits': return { ...model, limits: message.limits };
    default: return model;
  }
}

/** @template T @param {T[]} list @param {T} item @param {number} most */
function pushed(list, item, most) {
  return [...list.slice(list.length >= most ? list.length - most + 1 : 0), item];
}

/** How old what is on screen is, when it is not now; ms.
 * @param {Model} model @param {number} now_ms @returns {{why: 'lost'|'never'|'stale', age_ms: number}|null} */
export function staleness(model, now_ms) {
  if (model.link !== 'open') {
    if (model.heard_ms === null) return { why: 'never', age_ms: 0 };
    return { why: 'lost', age_ms: now_ms - model.heard_ms };
  }
  if (model.ended || model.time_s === null || model.moved_ms === null) return null;
  const age_ms = now_ms - model.moved_ms;
  return age_ms > STALE_AFTER ? { why: 'stale', age_ms } : null;
}

/** The leg's sign as the page may show it: nothing is known from data that no longer come.
 * @param {Model} model @param {SideName} side @param {number} now_ms */
export function shownLight(model, side, now_ms) {
  const stale = staleness(model, now_ms);
  if (!stale) return model.lights[side];
  const lost = /** @type {const} */ ('lost');
  return stale.why === 'never'
    ? { sign: /** @type {const} */ ('not_sure'), reason: 'connecting', rule: null, since_s: null }
    : { sign: lost, reason: 'no_data', rule: null, since_s: null };
}

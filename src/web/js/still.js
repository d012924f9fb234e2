// For how long somebody has stood still, by the knees: a countdown that waits for it.

import { SIDES } from './model.js';

/** @import { Model } from './types.js' */

/** A knee that bends by more than this has moved, degrees: above the sway of standing. */
const SWAY = 4;

/** Looks back as far as `longest`, s. @param {number} longest */
export function stillness(longest) {
  /** @type {{t: number, knees: (number|null)[]}[]} */
  let seen = [];
  let since = /** @type {number|null} */ (null);

  /** @param {Model} model */
  function look(model) {
    const t = model.time_s;
    if (t === null || t === seen.at(-1)?.t) return;
    since ??= t;
    const knees = SIDES.map((side) => model.legs[side].knee_flexion_deg);
    seen = [...seen.filter((one) => t - one.t < longest && one.t <= t), { t, knees }];
    const moved = knees.some((knee, i) => {
      const all = seen.map((one) => one.knees[i] ?? null).filter((v) => v !== null);
      return knee === null || Math.max(...all) - Math.min(...all) > SWAY;
    });
    if (moved) {
      since = t;
      seen = seen.slice(-1);
    }
  }

  return {
    /** What came before does not count. */
    restart() {
      seen = [];
      since = null;
    },
    /** Since when nothing has moved. @param {Model} model */
    seconds(model) {
      look(model);
      return since === null || model.time_s === null ? 0 : model.time_s - since;
    },
  };
}

// Which part of a session counts: typed as times, or chosen on the strip.

import { h } from './dom.js';
import { clock, t } from './text.js';

/** @import { Session } from './past_types.js' */

/** Seconds of what is written as h:mm:ss, m:ss or seconds; null where it is none of them. @param {string} text */
export function seconds(text) {
  if (!/^\d+(:[0-5]?\d){0,2}$/.test(text.trim())) return null;
  return text.trim().split(':').reduce((sum, part) => 60 * sum + Number(part), 0);
}

/** @param {Session} session
 * @param {{crop: (from: number|null, to: number|null) => void, split: (at: number) => void, wrong: (text: string) => void}} on in session time, s */
export function partForm(session, on) {
  const begin = session.begin_s;
  const input = (/** @type {number|null} */ value) => h('input', { type: 'text', inputmode: 'numeric', size: 8, value: value === null ? '' : clock(value, begin) });
  const [from, to, at] = [input(session.crop_from_s ?? begin), input(session.crop_to_s ?? session.end_s), input(null)];
  /** What they stand for to the last digit, while they are as they were set. @type {Map<HTMLInputElement, [string, number]>} */
  const exact = new Map();
  const set = (/** @type {HTMLInputElement} */ field, /** @type {number} */ value) => {
    field.value = clock(value, begin);
    exact.set(field, [field.value, value]);
  };
  set(from, session.crop_from_s ?? begin);
  if (session.crop_to_s ?? session.end_s) set(to, session.crop_to_s ?? session.end_s ?? 0);
  const read = (/** @type {HTMLInputElement} */ field) => {
    const [text, value] = exact.get(field) ?? ['', 0];
    if (field.value === text && text) return value;
    const typed = seconds(field.value);
    if (typed === null) on.wrong(t('past.time_wrong', { text: field.value }));
    return typed === null ? null : begin + typed;
  };
  const button = (/** @type {string} */ word, /** @type {() => void} */ press) => h('button', { type: 'button', onclick: press }, t(word));
  const node = h('div', { class: 'row' }, h('label', {}, t('past.from'), from), h('label', {}, t('past.to'), to),
    button('past.crop', () => { const [a, b] = [read(from), read(to)]; if (a !== null && b !== null) on.crop(a, b); }),
    button('past.uncrop', () => on.crop(null, null)),
    h('label', {}, t('past.at'), at), button('past.split', () => { const when = read(at); if (when !== null) on.split(when); }));
  return {
    node,
    /** @param {number} a @param {number} b */
    choose(a, b) {
      set(from, a);
      set(to, b);
      set(at, a);
    },
  };
}

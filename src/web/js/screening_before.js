// Before against after: an earlier screening test beside a later one, leg by leg, with what has to change to mean something.

import { h, say, table } from './dom.js';
import { ask } from './api.js';
import { day, t } from './text.js';
import { SIDES } from './model.js';
import { QUANTITIES, change, legFigure, measured } from './screening_table.js';

/** @import { Compared, KeptScreening, SideName } from './types.js' */

export function beforeView() {
  const earlier = h('select', { 'data-which': 'earlier', onchange: () => void compare() });
  const later = h('select', { 'data-which': 'later', onchange: () => void choose() });
  const wrong = h('p', { class: 'note', role: 'status' });
  const result = h('div');
  const node = h('section', { class: 'before', hidden: true, 'aria-labelledby': 'before-title' }, h('h3', { id: 'before-title' }, t('screening.before')),
    h('div', { class: 'row' }, h('label', {}, t('screening.before.earlier'), earlier), h('label', {}, t('screening.before.later'), later)), wrong, result);
  /** @type {KeptScreening[]} */
  let tests = [];

  const option = (/** @type {KeptScreening} */ test) => h('option', { value: test.id }, `${day(test.started)} · ${t(`screening.${test.test}`)}`);
  const find = (/** @type {HTMLSelectElement} */ select) => tests.find((test) => String(test.id) === select.value);

  /** The latest, against the last of its kind in another session, or in this one. */
  async function load() {
    const found = /** @type {KeptScreening[]} */ (await ask('/screening/kept').catch(() => []));
    if (JSON.stringify(found) === JSON.stringify(tests)) return;
    tests = found;
    later.replaceChildren(...[...tests].reverse().filter((test) => before(test).length > 0).map(option));
    node.hidden = later.options.length === 0;
    if (!node.hidden) await choose();
  }

  const before = (/** @type {KeptScreening} */ test) => tests.slice(0, tests.indexOf(test)).filter((other) => other.test === test.test).reverse();

  async function choose() {
    const after = find(later);
    if (!after) return;
    const others = before(after);
    earlier.replaceChildren(...others.map(option));
    earlier.value = String((others.find((other) => other.session !== after.session) ?? others[0])?.id ?? '');
    await compare();
  }

  async function compare() {
    try {
      const compared = /** @type {Compared} */ (await ask(`/screening/compare?earlier=${earlier.value}&later=${later.value}`));
      say(wrong, '');
      result.replaceChildren(comparison(compared));
    } catch (error) {
      result.replaceChildren();
      say(wrong, /** @type {Error} */ (error).message);
    }
  }
  return { node, load };
}

/** @param {Compared} compared */
function comparison({ earlier, later, change: changed }) {
  const known = QUANTITIES.filter((q) => SIDES.some((side) => earlier[side].figures[q] || later[side].figures[q]));
  // A table per leg: on a phone one stands below the other.
  const of = (/** @type {SideName} */ side) => table(t(`side.${side}`), [t(`side.${side}`), t('screening.before.was'), t('screening.before.is'), t('past.change')],
    known.map((q) => h('tr', { 'data-quantity': q }, h('th', { scope: 'row' }, t(`screening.${q}`)), h('td', {}, legFigure(earlier[side], q)),
      h('td', { class: side }, h('b', {}, legFigure(later[side], q))), changeCell(q, changed[side][q]))));
  const title = t('screening.before.title', { test: t(`screening.${later.test}`), earlier: day(earlier.started), later: day(later.started) });
  return h('div', {}, h('p', {}, title), h('div', { class: 'legs' }, ...SIDES.map(of)), h('p', { class: 'note' }, t('screening.before.note')));
}

/** @param {string} q @param {{value: number, smallest: number}|undefined} d */
function changeCell(q, d) {
  if (!d) return h('td', {}, '–');
  const means = Math.abs(d.value) >= d.smallest;
  return h('td', { 'data-means': means }, means ? h('b', {}, change(q, d.value)) : change(q, d.value),
    h('small', {}, t(means ? 'screening.before.means' : 'screening.before.less', { smallest: measured(q, d.smallest) })));
}

// What a screening test has found: each repetition, left against right, after against before.

import { h, table } from './dom.js';
import { clock, decimal, said, sentence, t } from './text.js';

/** @import { Differences, Repetition, Screened, ScreenedLeg } from './types.js' */

export const QUANTITIES = ['depth_deg', 'adduction_peak_deg', 'adduction_excursion_deg', 'rotation_excursion_deg', 'drop_excursion_deg', 'down_s', 'up_s'];

/** @param {string} quantity @param {number|null|undefined} value */
export const measured = (quantity, value) => (value === null || value === undefined ? '–' : `${decimal(value, 1)}${quantity.endsWith('_deg') ? '°' : ' s'}`);
/** @param {string} quantity @param {number} value */
export const change = (quantity, value) => `${value > 0 ? '+' : ''}${measured(quantity, value)}`;

/** @param {Repetition[]} repetitions */
export function repetitionTable(repetitions) {
  const known = QUANTITIES.filter((q) => repetitions.some((r) => typeof r[q] === 'number'));
  return table(t('screening.repetitions'), [t('past.side'), ...known.map((q) => t(`screening.${q}`)), t('past.state')],
    repetitions.map((r) => h('tr', { class: `${r.side} ${r.valid ? '' : 'aside'}` }, h('th', { scope: 'row' }, `${t(`side.${r.side}`)} ${r.repetition}`),
      ...known.map((q) => h('td', {}, measured(q, r[q]))), h('td', {}, r.valid ? t('screening.counts') : sentence(r.reason)))));
}

/** Mean and spread. @param {ScreenedLeg} of @param {string} q */
export function legFigure(of, q) {
  const f = of.figures[q];
  return f ? `${measured(q, f.mean)}${f.sd === null ? '' : ` ± ${decimal(f.sd, 1)}`}` : '–';
}

/** @param {Screened} result @param {number|null} started */
export function resultTable(result, started) {
  const title = t('screening.result', { test: t(`screening.${result.test}`), at: clock(result.begin_time_s, started) });
  const difference = (/** @type {Differences|null|undefined} */ of, /** @type {string} */ q) => {
    const d = of?.[q];
    if (!d) return h('td', {}, '–');
    return h('td', {}, change(q, d.value), h('small', {}, Math.abs(d.value) < d.smallest ? t('past.noise') : t('screening.noise', { noise: measured(q, d.smallest) })));
  };
  const rows = QUANTITIES.filter((q) => result.left.figures[q] || result.right.figures[q]).map((q) => h('tr', {},
    h('th', { scope: 'row' }, t(`screening.${q}`)), h('td', { class: 'left' }, h('b', {}, legFigure(result.left, q))), h('td', { class: 'right' }, h('b', {}, legFigure(result.right, q))),
    difference(result.left_less_right, q), difference(result.change?.left, q), difference(result.change?.right, q)));
  return h('section', {}, h('h3', {}, title),
    h('p', {}, t('screening.counted', { left: result.left.valid, right: result.right.valid, all: result.left.repetitions + result.right.repetitions })),
    result.reason ? h('p', { class: 'note' }, said(result.reason))
      : table(title, ['', t('side.left'), t('side.right'), t('past.difference'), t('screening.change', { side: t('side.left') }), t('screening.change', { side: t('side.right') })], rows));
}

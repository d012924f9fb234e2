// How a runner's figures go from session to session, and two sessions side by side.

import { h, plot, s } from './dom.js';
import { t } from './text.js';
import { ask } from './api.js';
import { day, difference, figure } from './past_words.js';

/** @import { Comparison, Runner, TrendPoint } from './past_types.js' */
/** @import { SideName } from './types.js' */

const SIDES = /** @type {SideName[]} */ (['left', 'right']);
/** @type {[keyof TrendPoint, string, string][]} */
const FIGURES = [
  ['hip_adduction_deg', 'past.hip_adduction', 'deg'], ['femur_adduction_deg', 'past.femur_adduction', 'deg'],
  ['medial_rotation_deg', 'past.rotation', 'deg'], ['pelvic_drop_deg', 'past.drop', 'deg'],
  ['knee_valgus_deg', 'past.valgus', 'deg'], ['contact_ms', 'past.contact', 'ms'], ['cadence_spm', 'past.cadence', 'spm'],
];

/** @param {number} id */
export async function trendsPage(id) {
  const [runner, points] = await Promise.all([
    /** @type {Promise<Runner>} */ (ask(`/runners/${id}`)), /** @type {Promise<TrendPoint[]>} */ (ask(`/runners/${id}/trends`))]);
  const shown = FIGURES.filter(([key]) => points.some((p) => p[key] !== null));
  return h('section', { class: 'past' },
    h('div', { class: 'row' }, h('h2', {}, t('past.trends_of', { runner: runner.name ?? runner.pseudonym })),
      h('a', { href: `#/runners/${id}/sessions` }, t('past.sessions'))),
    points.length ? null : h('p', { class: 'empty' }, t('past.none')),
    points.length ? h('p', { class: 'note' }, t('past.legend')) : null,
    h('div', { class: 'trends' }, ...shown.map(([key, word, unit]) => trend(points, key, t(word), unit))),
    h('p', { class: 'limits' }, h('strong', {}, t('limits.head')), ` ${t('limits.text')}`));
}

/** @param {TrendPoint[]} points @param {keyof TrendPoint} key @param {string} name @param {string} unit */
function trend(points, key, name, unit) {
  const days = [...new Set(points.map((p) => p.session))];
  const value = (/** @type {TrendPoint} */ p) => /** @type {number|null} */ (p[key]);
  const known = points.map(value).filter((v) => v !== null);
  const [low, high] = [Math.min(...known), Math.max(...known)];
  const room = Math.max(1, (high - low) * 0.15);
  const drawing = plot(() => 150, (svg, width, height) => {
    const x = (/** @type {string} */ session) => 48 + ((days.indexOf(session) + 0.5) / days.length) * (width - 60);
    const y = (/** @type {number} */ v) => 10 + ((high + room - v) / (high - low + 2 * room)) * (height - 36);
    const parts = SIDES.flatMap((side) => {
      const own = points.filter((p) => p.side === side && value(p) !== null);
      return [s('polyline', { class: `live ${side}`, points: own.map((p) => `${x(p.session)},${y(value(p) ?? 0)}`).join(' ') }),
        ...own.map((p) => s(side === 'left' ? 'circle' : 'rect', { class: `tip ${side}`,
          ...(side === 'left' ? { cx: x(p.session), cy: y(value(p) ?? 0), r: 4 } : { x: x(p.session) - 3.5, y: y(value(p) ?? 0) - 3.5, width: 7, height: 7 }) },
        s('title', {}, `${day(p.started)} ${t(`side.${side}`)} ${figure(value(p), unit)}`)))];
    });
    svg.replaceChildren(...parts, s('text', { x: 0, y: y(high) + 4 }, figure(high, unit)), s('text', { x: 0, y: y(low) + 4 }, figure(low, unit)),
      s('text', { x: 48, y: height - 4 }, points[0]?.started.slice(0, 10) ?? ''));
  });
  drawing.svg.setAttribute('aria-label', t('past.trend_drawing', { name, n: days.length, low: figure(low, unit), high: figure(high, unit) }));
  return h('figure', { class: 'panel' }, h('figcaption', {}, name), drawing.svg);
}

/** @param {string} a @param {string} b */
export async function comparePage(a, b) {
  const c = /** @type {Comparison} */ (await ask(`/compare?a=${encodeURIComponent(a)}&b=${encodeURIComponent(b)}`));
  const name = (/** @type {Comparison['a']} */ x) => `${x.runner_name}, ${day(x.started)}`;
  return h('section', { class: 'past' }, h('h2', {}, t('past.compare')),
    h('div', { class: 'wide', tabindex: 0, role: 'region', 'aria-label': t('past.compare') }, h('table', {},
      h('thead', {}, h('tr', {}, h('td'), h('td'), ...[name(c.a), name(c.b), t('past.change')].map((x) => h('th', { scope: 'col' }, x)))),
      h('tbody', {}, ...c.quantities.flatMap((q) => SIDES.map((side) => {
        const leg = q.legs[side];
        return h('tr', { class: side }, h('th', { scope: 'row' }, q.plain), h('td', {}, t(`side.${side}`)),
          h('td', {}, figure(leg.a, q.unit)), h('td', {}, figure(leg.b, q.unit)),
          h('td', {}, difference(leg.change, q.unit), leg.within_noise ? h('small', {}, ` ${t('past.noise')}`) : null));
      }))))),
    h('ul', { class: 'limits' }, ...c.cautions.map((x) => h('li', {}, x))));
}

// How a runner's figures go from session to session, and two sessions side by side.

import { h, table } from './dom.js';
import { SIDES } from './model.js';
import { axis, chart, colour, name } from './chart.js';
import { date, day, said, t } from './text.js';
import { ask } from './api.js';
import { difference, figure } from './past_words.js';

/** @import uPlot from 'uplot' */
/** @import { Comparison, Runner, TrendPoint } from './past_types.js' */
/** @import { SideName } from './types.js' */

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
    h('div', { class: 'row' }, h('h2', {}, t('past.trends_of', { runner: said(runner.name ?? runner.pseudonym) })),
      h('a', { href: `#/runners/${id}/sessions` }, t('past.sessions'))),
    points.length ? null : h('p', { class: 'empty' }, t('past.none')),
    points.length ? h('p', { class: 'note' }, t('past.legend')) : null,
    h('div', { class: 'trends' }, ...shown.map(([key, word, unit]) => trend(points, key, t(word), unit))),
    h('p', { class: 'limits' }, h('strong', {}, t('limits.head')), ` ${t('limits.text')}`));
}

/** @param {TrendPoint[]} points @param {keyof TrendPoint} key @param {string} title @param {string} unit */
function trend(points, key, title, unit) {
  const sessions = [...new Map(points.map((p) => [p.session, p.started]))];
  const value = (/** @type {SideName} */ side, /** @type {string} */ session) =>
    /** @type {number|null} */ (points.find((p) => p.side === side && p.session === session)?.[key] ?? null);
  const data = [sessions.map((_, i) => i), ...SIDES.map((side) => sessions.map(([session]) => value(side, session)))];
  const known = data.slice(1).flat().filter((v) => v !== null);
  const drawing = chart({
    height: () => 170,
    options: () => ({
      scales: { x: { time: false, range: [-0.5, sessions.length - 0.5] }, y: { range: (_, low, high) => [low - Math.max(1, (high - low) * 0.2), high + Math.max(1, (high - low) * 0.2)] } },
      axes: [axis({ splits: () => [0, ...(sessions.length > 1 ? [sessions.length - 1] : [])], values: (_, at) => at.map((i) => date(sessions[i]?.[1] ?? '')), size: 26, grid: { show: false } }),
        axis({ values: (_, at) => at.map((v) => figure(v, unit)), size: 60, space: 30 })],
      series: [{}, ...SIDES.map((side) => ({ stroke: () => colour(side), width: 2, spanGaps: true, points: { show: false } }))],
      padding: [8, 44, 0, 0], legend: { show: false }, cursor: { show: false }, hooks: { draw: [markers] },
    }),
  });
  name(drawing, t('past.trend_drawing', { name: title, n: sessions.length, low: figure(Math.min(...known), unit), high: figure(Math.max(...known), unit) }));
  drawing.show(/** @type {uPlot.AlignedData} */ (data));
  return h('figure', { class: 'panel' }, h('figcaption', {}, title), drawing);
}

/** Left round, right square: not by colour alone. @param {uPlot} u */
function markers(u) {
  SIDES.forEach((side, k) => u.data[k + 1]?.forEach((value, i) => {
    if (value === null || value === undefined) return;
    const [x, y, r] = [u.valToPos(i, 'x', true), u.valToPos(value, 'y', true), 4 * devicePixelRatio];
    u.ctx.fillStyle = colour(side);
    u.ctx.beginPath();
    if (side === 'left') u.ctx.arc(x, y, r, 0, 2 * Math.PI);
    else u.ctx.rect(x - r, y - r, 2 * r, 2 * r);
    u.ctx.fill();
  }));
}

/** @param {string} a @param {string} b */
export async function comparePage(a, b) {
  const c = /** @type {Comparison} */ (await ask(`/compare?a=${encodeURIComponent(a)}&b=${encodeURIComponent(b)}`));
  const title = (/** @type {Comparison['a']} */ x) => `${said(x.runner_name)}, ${day(x.started)}`;
  return h('section', { class: 'past' }, h('h2', {}, t('past.compare')),
    table(t('past.compare'), ['', '', title(c.a), title(c.b), t('past.change')], c.quantities.flatMap((q) => SIDES.map((side) => {
      const leg = q.legs[side];
      return h('tr', { class: side }, h('th', { scope: 'row' }, said(q.plain), h('small', {}, ` ${t(`past.term.${q.name}`)}`)), h('td', {}, t(`side.${side}`)),
        h('td', {}, figure(leg.a, q.unit)), h('td', {}, figure(leg.b, q.unit)),
        h('td', {}, difference(leg.change, q.unit), leg.within_noise ? h('small', {}, ` ${t('past.noise')}`) : null));
    }))),
    h('ul', { class: 'limits' }, ...c.cautions.map((x) => h('li', {}, said(x)))));
}

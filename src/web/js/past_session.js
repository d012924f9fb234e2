// One session: what it says, the run as a strip, what the runner says about it, and every stance.

import { h, plot, s } from './dom.js';
import { clock, t } from './text.js';
import { API, ask, change } from './api.js';
import { day, difference, figure } from './past_words.js';
import { stanceTable } from './past_stances.js';

/** @import { PastStance, Review, Reviewed, Session } from './past_types.js' */
/** @import { SideName } from './types.js' */

const SIDES = /** @type {SideName[]} */ (['left', 'right']);

/** @param {string} id @param {() => void} again */
export async function sessionPage(id, again) {
  const path = `/sessions/${encodeURIComponent(id)}`;
  const review = /** @type {Review} */ (await ask(path));
  const { session } = review;
  const wrong = h('p', { class: 'wrong', role: 'alert' });
  /** @param {() => Promise<unknown>} work @param {() => void} [then] */
  const act = async (work, then = again) => {
    try {
      await work();
      then();
    } catch (error) {
      wrong.textContent = /** @type {Error} */ (error).message;
    }
  };
  const exclude = (/** @type {PastStance} */ one, /** @type {boolean} */ out) => act(() =>
    change('POST', `${path}/exclusions`, { side: one.side, stance: one.stance, excluded: out }, session.version));
  const remove = () => act(() => change('DELETE', path, undefined, session.version), () => { location.hash = '#/sessions'; });
  return h('section', { class: 'past' },
    h('div', { class: 'row' }, h('h2', {}, `${review.session.runner_name}, ${day(session.started)}`),
      h('a', { href: `${API}${path}/report`, target: '_blank', rel: 'noopener' }, t('past.report')),
      h('a', { href: `#/runners/${session.runner}` }, t('past.trends'))),
    wrong,
    h('p', {}, t('past.counts', { counted: review.counts.left.counted + review.counts.right.counted,
      all: review.counts.left.stances + review.counts.right.stances }), ' ',
    review.grade ? `${t(`past.grade.${review.grade}`)} ${review.grade_reason ?? ''}` : t('past.grade.none')),
    session.complete ? null : h('p', { class: 'wrong' }, t(review.running ? 'past.still_running' : 'past.cut')),
    numbers(review), strip(review), alerts(review),
    h('h3', {}, t('past.tags')), tags(session, (fields) => act(() => change('PATCH', path, fields, session.version))),
    h('h3', {}, t('past.part')), part(session, (from, to) => act(() => change('PATCH', path, { crop: from === null ? null : [from, to] }, session.version)),
      (at) => act(() => change('POST', `${path}/split`, { time_s: at }, session.version))),
    h('h3', {}, t('past.stance_table')), stanceTable(session, review.stances, exclude),
    h('p', {}, h('button', { type: 'button', onclick: () => void remove() }, t('past.delete')), ' ', t('past.delete.more')),
    h('p', { class: 'limits' }, h('strong', {}, t('limits.head')), ` ${t('limits.text')}`));
}

/** @param {Review} review */
function numbers(review) {
  const cell = (/** @type {Reviewed} */ q, /** @type {SideName} */ side) => {
    const leg = q[side];
    const usual = leg.usual ? t('past.usual', { mean: figure(leg.usual.mean, q.unit), sd: leg.usual.sd.toFixed(1) }) : '';
    const trend = leg.trend ? t('past.trend', { rise: difference(leg.trend.per_10_min, q.unit), low: leg.trend.low.toFixed(1), high: leg.trend.high.toFixed(1) }) : '';
    return h('td', { class: side }, h('b', {}, figure(leg.mean, q.unit)), leg.sd === null ? '' : ` ± ${leg.sd.toFixed(1)}`,
      usual ? h('small', {}, usual) : null, trend ? h('small', {}, trend) : null);
  };
  const last = (/** @type {Reviewed} */ q) => {
    const found = review.before?.quantities.find((x) => x.name === q.name);
    return SIDES.map((side) => {
      const c = found?.legs[side];
      return c ? `${t(`side.${side}`)} ${difference(c.change, q.unit)}${c.within_noise ? ` (${t('past.noise')})` : ''}` : '–';
    }).join(', ');
  };
  return h('div', { class: 'wide', tabindex: 0, role: 'region', 'aria-label': t('past.numbers') }, h('table', {},
    h('thead', {}, h('tr', {}, h('td'), ...['side.left', 'side.right', 'past.difference', 'past.since'].map((k) => h('th', { scope: 'col' }, t(k))))),
    h('tbody', {}, ...review.quantities.map((q) => h('tr', {}, h('th', { scope: 'row' }, q.plain, h('small', {}, ` ${q.term}`)),
      cell(q, 'left'), cell(q, 'right'), h('td', {}, difference(q.difference, q.unit)), h('td', {}, last(q)))))));
}

/** Means over equal stretches: more points than these are closer than a line is wide.
 * @param {[number, number][]} points @param {number} from @param {number} to @returns {[number, number][]} */
function thinned(points, from, to) {
  const groups = Map.groupBy(points, ([time]) => Math.floor(((time - from) / (to - from)) * 240));
  const mean = (/** @type {number[]} */ all) => all.reduce((a, b) => a + b, 0) / all.length;
  return [...groups.values()].map((group) => [mean(group.map((p) => p[0])), mean(group.map((p) => p[1]))]);
}

/** Adduction of both legs over the session. @param {Review} review */
function strip(review) {
  const { session } = review;
  const from = session.crop_from_s ?? session.begin_s;
  const to = session.crop_to_s ?? session.end_s ?? review.stances.at(-1)?.ic_time_s ?? from + 1;
  const hip = review.quantities.some((q) => q.name === 'hip_adduction');
  const of = (/** @type {PastStance} */ x) => (hip ? x.peak_hip_adduction_deg : x.peak_femur_adduction_deg);
  const counted = review.stances.filter((x) => x.valid && !x.excluded && x.gait === review.gait && x.ic_time_s >= from && x.ic_time_s <= to);
  const values = counted.map(of).filter((v) => v !== null);
  if (!values.length) return h('p', { class: 'empty' }, t('past.nothing'));
  const low = Math.floor(values.reduce((a, b) => Math.min(a, b))) - 1;
  const high = Math.ceil(values.reduce((a, b) => Math.max(a, b))) + 1;
  const drawing = plot(() => 180, (svg, width, height) => {
    const x = (/** @type {number} */ time) => 36 + ((time - from) / (to - from)) * (width - 44);
    const y = (/** @type {number} */ v) => 6 + ((high - v) / (high - low)) * (height - 40);
    const name = hip ? 'hip_adduction' : 'femur_adduction';
    const parts = [];
    for (const side of SIDES) {
      const points = thinned(counted.filter((p) => p.side === side && of(p) !== null).map((p) => [p.ic_time_s, of(p) ?? 0]), from, to);
      parts.push(s('polyline', { class: `live ${side}`, points: points.map(([time, v]) => `${x(time).toFixed(1)},${y(v).toFixed(1)}`).join(' ') }));
      const usual = review.quantities.find((q) => q.name === name)?.[side].usual;
      if (usual) parts.push(s('line', { class: `usual ${side}`, x1: 36, x2: width - 8, y1: y(usual.mean), y2: y(usual.mean) }));
    }
    for (const a of review.alerts) {
      parts.push(s('rect', { class: `alert ${a.severity} ${a.side}`, x: x(a.onset_time_s), y: height - (a.side === 'left' ? 30 : 23),
        width: Math.max(3, x(Math.min(to, a.clear_time_s ?? to)) - x(a.onset_time_s)), height: 5 }));
    }
    for (const m of review.marks) parts.push(s('line', { class: 'mark', x1: x(m.time_s), x2: x(m.time_s), y1: 4, y2: height - 18 }, s('title', {}, m.label)));
    const label = (/** @type {number} */ at, /** @type {number} */ line, /** @type {string} */ text) => s('text', { x: at, y: line }, text);
    svg.replaceChildren(...parts, label(0, 14, `${high}°`), label(0, height - 36, `${low}°`), label(36, height - 4, clock(0, 0)), label(width - 48, height - 4, clock(to - from, 0)));
  });
  drawing.svg.setAttribute('aria-label', t('past.strip'));
  return h('figure', { class: 'strip' }, drawing.svg, h('figcaption', {}, t('past.strip.more')));
}

/** @param {Review} review */
function alerts(review) {
  if (!review.alerts.length) return h('p', {}, t('past.no_alerts'));
  const from = review.session.crop_from_s ?? review.session.begin_s;
  return h('ul', {}, ...review.alerts.map((a) => h('li', {}, t('past.alert', {
    at: clock(a.onset_time_s - from, 0), side: t(`side.${a.side}`), rule: t(`rule.${a.rule}`),
    level: t(a.severity === 'red' ? 'sign.too_far' : 'sign.watch'), value: figure(a.value_deg, 'deg'), limit: figure(a.threshold_deg, 'deg'),
  }))));
}

/** @param {Session} session @param {(fields: Record<string, unknown>) => void} save */
function tags(session, save) {
  const field = (/** @type {string} */ word, /** @type {HTMLElement} */ input) => h('label', {}, t(word), input);
  const pain = h('input', { type: 'number', min: 0, max: 10, value: session.pain ?? '' });
  const shoes = h('input', { type: 'text', maxlength: 200, value: session.shoes ?? '' });
  const surface = h('input', { type: 'text', maxlength: 200, value: session.surface ?? '' });
  const notes = h('textarea', { rows: 3, maxlength: 4000 }, session.notes ?? '');
  return h('form', { class: 'tags', onsubmit: (event) => {
    event.preventDefault();
    save({ pain: pain.value === '' ? null : Number(pain.value), shoes: shoes.value || null, surface: surface.value || null, notes: notes.value || null });
  } }, field('past.pain10', pain), field('past.shoes', shoes), field('past.surface', surface), field('past.notes', notes),
  h('button', { type: 'submit' }, t('past.save')));
}

/** @param {Session} session @param {(from: number|null, to: number|null) => void} crop @param {(at: number) => void} split */
function part(session, crop, split) {
  const input = (/** @type {number|null} */ value) => h('input', { type: 'number', step: 'any', value: value === null ? '' : value.toFixed(1) });
  const [from, to, at] = [input(session.crop_from_s ?? session.begin_s), input(session.crop_to_s ?? session.end_s), input(null)];
  const button = (/** @type {string} */ word, /** @type {() => void} */ press) => h('button', { type: 'button', onclick: press }, t(word));
  return h('div', { class: 'row' }, h('label', {}, t('past.from'), from), h('label', {}, t('past.to'), to),
    button('past.crop', () => crop(Number(from.value), Number(to.value))), button('past.uncrop', () => crop(null, null)),
    h('label', {}, t('past.at'), at), button('past.split', () => split(Number(at.value))));
}

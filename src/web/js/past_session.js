// One session: what it says, the run as a strip, what the runner says about it, and every stance.

import { h, table } from './dom.js';
import { clock, currentLanguage, day, said, sentence, t } from './text.js';
import { SIDES } from './model.js';
import { API, ask, change } from './api.js';
import { isRunner } from './role.js';
import { signShape } from './sign.js';
import { difference, figure, spread } from './past_words.js';
import { partForm } from './past_part.js';
import { stanceTable } from './past_stances.js';
import { strip } from './past_strip.js';
import { tryForm } from './past_try.js';

/** @import { PastStance, Review, Reviewed, Session } from './past_types.js' */
/** @import { SideName } from './types.js' */

/** What was saved last; said once the page is drawn anew. */
let news = '';

/** @param {string} id @param {() => void} again */
export async function sessionPage(id, again) {
  const path = `/sessions/${encodeURIComponent(id)}`;
  const [review, own] = await Promise.all([/** @type {Promise<Review>} */ (ask(path)), isRunner()]);
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
  const parts = partForm(session, {
    crop: (from, to) => act(() => change('PATCH', path, { crop: from === null ? null : [from, to] }, session.version)),
    split: (at) => act(() => change('POST', `${path}/split`, { time_s: at }, session.version)),
    wrong: (text) => { wrong.textContent = text; },
  });
  return h('section', { class: 'past' },
    h('div', { class: 'row' }, h('h2', {}, `${said(review.session.runner_name)}, ${day(session.started)}`),
      h('a', { href: `${API}${path}/report?language=${currentLanguage()}`, target: '_blank', rel: 'noopener' }, t('past.report')),
      h('a', { href: `#/runners/${session.runner}` }, t('past.trends'))),
    wrong,
    h('p', {}, length(session), t('past.counts', { counted: review.counts.left.counted + review.counts.right.counted,
      all: review.counts.left.stances + review.counts.right.stances }), ' ',
    graded(review)),
    session.complete ? null : h('p', { class: 'wrong' }, t(review.running ? 'past.still_running' : 'past.cut')),
    withheld(review), numbers(review), strip(review, own ? null : parts.choose), alerts(review), own || review.running ? null : tryForm(session),
    h('h3', {}, t('past.tags')), tags(session, (fields) => act(() => change('PATCH', path, fields, session.version), () => { news = t('past.saved'); again(); })),
    ...(own ? [] : [h('h3', {}, t('past.part')), parts.node]),
    h('h3', {}, t('past.stance_table')), stanceTable(session, review.stances, own ? null : exclude),
    h('p', own ? { class: 'note' } : {}, ...(own ? [t('past.coachs')] : [h('button', { type: 'button', onclick: () => void remove() }, t('past.delete')), ' ', t('past.delete.more')])),
    h('p', { class: 'limits' }, h('strong', {}, t('limits.head')), ` ${t('limits.text')}`));
}

/** How long of it counts. @param {Session} session */
const length = ({ crop_to_s, end_s, crop_from_s, begin_s }) => (end_s === null ? '' : `${t('past.length')} ${clock((crop_to_s ?? end_s) - (crop_from_s ?? begin_s), 0)}. `);

/** A good calibration needs no reason. @param {Review} review */
const graded = ({ grade, grade_reason }) => (!grade ? t('past.grade.none')
  : `${t(`past.grade.${grade}`)} ${grade === 'good' ? '' : said(grade_reason)}`.trim());

/** @param {Review} review */
function numbers(review) {
  const cell = (/** @type {Reviewed} */ q, /** @type {SideName} */ side) => {
    const leg = q[side];
    const usual = leg.usual ? t('past.usual', { mean: figure(leg.usual.mean, q.unit), sd: spread(leg.usual.sd, q.unit) }) : '';
    const trend = leg.trend ? t('past.trend', { rise: difference(leg.trend.per_10_min, q.unit), low: spread(leg.trend.low, q.unit), high: spread(leg.trend.high, q.unit) }) : '';
    return h('td', { class: side }, h('b', {}, figure(leg.mean, q.unit)), leg.sd === null ? '' : ` ± ${spread(leg.sd, q.unit)}`,
      usual ? h('small', {}, usual) : null, trend ? h('small', {}, trend) : null);
  };
  const last = (/** @type {Reviewed} */ q) => {
    const found = review.before?.quantities.find((x) => x.name === q.name);
    if (!found) return '–';
    return SIDES.map((side) => {
      const c = found.legs[side];
      return c ? `${t(`side.${side}`)} ${difference(c.change, q.unit)}${c.within_noise ? ` (${t('past.noise')})` : ''}` : '–';
    }).join(', ');
  };
  return table(t('past.numbers'), ['', t('side.left'), t('side.right'), t('past.difference'), t('past.since')],
    review.quantities.map((q) => h('tr', {}, h('th', { scope: 'row' }, said(q.plain), h('small', { class: 'long' }, ` ${said(q.term)}`), h('small', { class: 'short' }, ` ${t(`past.term.${q.name}`)}`)),
      cell(q, 'left'), cell(q, 'right'), h('td', {}, difference(q.difference, q.unit)), h('td', {}, last(q)))));
}

/** What was not judged, and why. @param {Review} review */
function withheld(review) {
  const reasons = Object.entries(review.withheld).sort((a, b) => b[1] - a[1]);
  if (!reasons.length) return null;
  return h('details', {}, h('summary', {}, t('past.withheld', { n: reasons.reduce((sum, [, n]) => sum + n, 0) })),
    h('ul', {}, ...reasons.map(([reason, n]) => h('li', {}, `${n}: ${sentence(reason)}`))));
}

/** @param {Review} review */
function alerts(review) {
  if (!review.alerts.length) return h('p', {}, t('past.no_alerts'));
  const from = review.session.crop_from_s ?? review.session.begin_s;
  return h('ul', { class: 'raised' }, ...review.alerts.map((a) => {
    const sign = a.severity === 'red' ? 'too_far' : 'watch';
    const until = a.clear_time_s === null ? t('past.try.end') : clock(a.clear_time_s - from, 0);
    return h('li', { class: sign }, signShape(sign), h('span', {}, t('past.alert', {
      at: t('alerts.span', { from: clock(a.onset_time_s - from, 0), to: until }), side: t(`side.${a.side}`), rule: t(`rule.${a.rule}`), term: t(`term.${a.rule}`),
      level: t(`sign.${sign}`), value: figure(a.value_deg, 'deg'), limit: figure(a.threshold_deg, 'deg'),
    })));
  }));
}

/** @param {Session} session @param {(fields: Record<string, unknown>) => void} save */
function tags(session, save) {
  const field = (/** @type {string} */ word, /** @type {HTMLElement} */ input) => h('label', {}, t(word), input);
  const pain = h('input', { type: 'number', min: 0, max: 10, value: session.pain ?? '' });
  const shoes = h('input', { type: 'text', maxlength: 200, value: session.shoes ?? '' });
  const surface = h('input', { type: 'text', maxlength: 200, value: session.surface ?? '' });
  const notes = h('textarea', { rows: 3, maxlength: 4000 }, session.notes ?? '');
  const told = h('p', { class: 'note', role: 'status' }, news);
  news = '';
  return h('form', { class: 'tags', onsubmit: (event) => {
    event.preventDefault();
    save({ pain: pain.value === '' ? null : Number(pain.value), shoes: shoes.value || null, surface: surface.value || null, notes: notes.value || null });
  } }, field('past.pain10', pain), field('past.shoes', shoes), field('past.surface', surface), field('past.notes', notes),
  h('div', { class: 'row' }, h('button', { type: 'submit' }, t('past.save')), told));
}

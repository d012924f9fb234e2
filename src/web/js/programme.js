// The retraining course: what is due, how the session that runs is going, what came of those before, and exercises to tick.

import { h, s, say } from './dom.js';
import { ask, change } from './api.js';
import { clock, decimal, said, t } from './text.js';
import { SIDES } from './model.js';

/** @import { CourseSession, Exercise, Model, Programme, SideName, View } from './types.js' */

const [WIDE, HIGH] = [300, 90];

/** @returns {View} */
export function programmeView() {
  const wrong = h('p', { class: 'wrong', role: 'alert', hidden: true });
  const now = h('div', { class: 'now' });
  const rows = h('tbody');
  const trend = h('figure', { hidden: true });
  const exercises = h('ul', { class: 'exercises' });
  const node = h('section', { class: 'panel programme', id: 'programme', 'aria-labelledby': 'programme-title' },
    h('h2', { id: 'programme-title' }, t('programme.title')),
    h('p', { class: 'stop' }, t('explain.stop')), wrong, now,
    h('details', {}, h('summary', {}, t('programme.sessions')),
      h('table', {}, h('thead', {}, h('tr', {}, ...['session', 'minutes', 'feedback', 'left', 'right'].map((k) => h('th', { scope: 'col' }, t(`programme.${k}`))))), rows),
      h('p', { class: 'note' }, t('programme.note')), trend),
    h('details', {}, h('summary', {}, t('programme.exercises')), h('p', { class: 'note' }, t('programme.exercises.note')), exercises));
  /** @type {Programme|null} */
  let course = null;
  let running = false;
  let linked = false;

  /** @param {unknown} [body] */
  function get(body) {
    /** @type {Promise<Programme>} */
    const answer = body === undefined ? ask('/programme') : change('POST', '/programme', body);
    answer.then(take, (/** @type {Error} */ error) => {
      say(wrong, error.message);
      wrong.hidden = false;
    });
  }

  /** @param {Programme} answer */
  function take(answer) {
    course = answer;
    say(wrong, said(answer.problem));
    wrong.hidden = answer.problem === null;
    rows.replaceChildren(...answer.sessions.map((session) => sessionRow(session, answer.next)));
    exercises.replaceChildren(...answer.exercises.map((e) => exerciseRow(e, () => get({ act: 'tick', exercise: e.exercise }))));
    const done = answer.sessions.filter((session) => session.done);
    trend.hidden = done.length < 2;
    trend.replaceChildren(...(done.length < 2 ? [] : [h('figcaption', {}, t('programme.trend')), trendPlot(done)]));
    drawn = '';
    draw(answer.running);
  }

  let drawn = '';
  /** @param {Model['programme']} run */
  function draw(run) {
    if (!course) return;
    const key = JSON.stringify(run);
    if (key === drawn) return;
    drawn = key;
    if (run) {
      const over = (/** @type {SideName} */ side) => percent(run.legs[side].over_percent);
      now.replaceChildren(
        h('p', { class: 'head' }, t('programme.running', { session: name(run.session), time: clock(run.run_s, 0), minutes: run.minutes })),
        h('progress', { max: run.minutes * 60, value: run.run_s, 'aria-label': t('programme.progress') }),
        h('p', {}, t(run.feedback ? 'programme.feedback_on' : 'programme.feedback_off'), ' ', t('programme.over', { left: over('left'), right: over('right') })),
        h('button', { type: 'button', 'data-act': 'stop-session', onclick: () => get({ act: 'stop' }) }, t('programme.stop')));
    } else if (course.next === null) {
      now.replaceChildren(h('p', { class: 'head' }, t('programme.complete')),
        h('button', { type: 'button', 'data-act': 'start-over', onclick: () => get({ act: 'start_over' }) }, t('programme.start_over')));
    } else {
      const due = course.sessions.find((session) => session.session === course?.next);
      now.replaceChildren(
        h('p', { class: 'head' }, t('programme.due', { session: name(course.next), minutes: due?.minutes ?? 0, percent: due?.feedback_percent ?? 0 })),
        h('button', { type: 'button', 'data-act': 'begin-session', onclick: () => get({ act: 'begin' }) }, t('programme.begin')));
    }
  }

  /** @param {number} session */
  const name = (session) => (course?.sessions.find((x) => x.session === session)?.check ? t('programme.check') : t('programme.number', { session }));

  /** @param {CourseSession} session @param {number|null} next */
  function sessionRow(session, next) {
    const cells = SIDES.map((side) => h('td', { class: side }, session.done ? percent(session.done.legs[side].over_percent) : ''));
    return h('tr', { class: session.session === next ? 'next' : '' },
      h('th', { scope: 'row' }, name(session.session), session.done ? h('small', {}, session.done.day) : null),
      h('td', {}, String(session.minutes)), h('td', {}, `${session.feedback_percent} %`), ...cells);
  }

  return {
    node,
    update(model) {
      const open = model.link === 'open';
      const ended = running && !model.programme;
      if ((open && !linked) || ended) get();
      linked = open;
      running = model.programme !== null;
      draw(model.programme);
    },
  };
}

/** @param {number|null} share */
const percent = (share) => (share === null ? '–' : `${decimal(share, share < 10 ? 1 : 0)} %`);

/** @param {Exercise} exercise @param {() => void} tick */
function exerciseRow(exercise, tick) {
  return h('li', {},
    h('label', {}, h('input', { type: 'checkbox', 'data-exercise': exercise.exercise, checked: exercise.today, onchange: tick }),
      h('span', {}, t(`exercise.${exercise.exercise}`), h('small', {}, t(`exercise.${exercise.exercise}.how`)))),
    h('p', { class: 'note' }, `${exercise.days.length ? `${t('programme.days', { n: exercise.days.length })} ` : ''}${said(exercise.source)}.`));
}

/** Share of stances over a limit, session by session. @param {CourseSession[]} done */
function trendPlot(done) {
  const values = done.flatMap((x) => SIDES.map((side) => x.done?.legs[side].over_percent ?? null)).filter((v) => v !== null);
  const top = Math.max(10, ...values);
  const x = (/** @type {number} */ session) => 20 + ((session - 1) / 8) * (WIDE - 40);
  const y = (/** @type {number} */ share) => 8 + (1 - share / top) * (HIGH - 24);
  const lines = SIDES.flatMap((side) => {
    const points = done.flatMap((session) => {
      const share = session.done?.legs[side].over_percent ?? null;
      return share === null ? [] : [{ x: x(session.session), y: y(share) }];
    });
    const path = s('path', { class: `past ${side}`, d: points.map((p, i) => `${i ? 'L' : 'M'}${p.x.toFixed(1)} ${p.y.toFixed(1)}`).join('') });
    return [path, ...points.map((p) => s('circle', { class: `dot ${side}`, cx: p.x, cy: p.y, r: 4 }))];
  });
  return s('svg', { class: 'plot', viewBox: `0 0 ${WIDE} ${HIGH}`, role: 'img', 'aria-label': t('programme.trend') },
    s('path', { class: 'zero', d: `M10 ${y(0)}H${WIDE - 10}` }), ...lines);
}

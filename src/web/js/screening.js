// Leads through a single-leg squat or step-down: stand still, one leg, the other, what was found. Readable from three metres.

import { h, say } from './dom.js';
import { change } from './api.js';
import { sentence, t } from './text.js';
import { SIDES } from './model.js';
import { watch } from './live.js';
import { stillness } from './still.js';
import { repetitionTable, resultTable } from './screening_table.js';
import { sounds } from './sound.js';
import { beforeView } from './screening_before.js';

/** @import { Model, SideName, TestName } from './types.js' */

/** Slow repetitions per leg, as in the rating of Crossley et al. 2011. */
const WANTED = 5;
/** Standing still before the first one, s: a second is what the daemon needs, the rest is for the runner. */
const STILL = 3;
/** A test that is over is kept within this, ms. */
const KEPT = 1000;
/** Less is no standing still, s. */
const MOVED = 0.3;
/** @type {TestName[]} */
const TESTS = ['single_leg_squat', 'step_down'];

/** @typedef {{test: TestName, first: SideName, step: 'still'|'first'|'second'|'ending', results: number}} Run */

export async function screeningPage() {
  const sound = sounds();
  /** @type {Run|null} */
  let run = null;
  /** @type {Model|null} */
  let model = null;
  const still = stillness(STILL);

  const wrong = h('p', { class: 'wrong', role: 'alert' });
  const first = h('select', { 'aria-label': t('screening.first') }, ...SIDES.map((side) => h('option', { value: side }, t(`side.${side}`))));
  const starts = TESTS.map((test) => h('section', { class: 'panel', 'aria-labelledby': `test-${test}` }, h('h3', { id: `test-${test}` }, t(`screening.${test}`)),
    h('p', {}, t(`screening.${test}.how`)),
    h('button', { type: 'button', class: 'strong', 'data-test-name': test, onclick: () => void begin(test) }, t('screening.begin'))));
  const choose = h('div', { class: 'choose' }, h('label', { class: 'row' }, h('span', {}, t('screening.first')), first), h('div', { class: 'cards' }, ...starts));
  const what = h('p', { class: 'what', role: 'status' });
  const count = h('p', { class: 'count', 'aria-live': 'polite' });
  const more = h('p', { class: 'more' });
  const guide = h('section', { class: 'panel lead', 'aria-label': t('screening.title') }, what, count, more,
    h('div', { class: 'row' }, h('button', { type: 'button', 'data-act': 'next', onclick: next }, t('screening.next')),
      h('button', { type: 'button', 'data-act': 'end', onclick: () => void end() }, t('screening.end'))));
  const none = h('p', { class: 'empty' }, t('screening.none'));
  const repetitions = h('div');
  const results = h('div');
  const earlier = beforeView();
  const node = h('section', { class: 'past screening' }, h('h2', {}, t('screening.title')), h('p', {}, t('screening.lead')), wrong, none, choose, guide,
    repetitions, results, earlier.node, h('p', { class: 'limits' }, h('strong', {}, t('limits.head')), ` ${t('screening.limits')}`));

  /** @param {TestName} test */
  async function begin(test) {
    void sound.unlock().catch(() => false);
    if (!(await want(test, true)) || !model) return;
    run = started(test, model, 'still');
    still.restart();
    draw(model);
  }

  /** @param {TestName} test @param {Model} now @param {Run['step']} step @returns {Run} */
  const started = (test, now, step) => ({ test, step, first: first.value === 'right' ? 'right' : 'left', results: now.screening.results.length });

  /** @param {TestName} test @param {boolean} running */
  async function want(test, running) {
    try {
      await change('POST', '/screening', { test, running });
      say(wrong, '');
      return true;
    } catch (error) {
      say(wrong, /** @type {Error} */ (error).message);
      return false;
    }
  }

  /** @param {Run['step']} step */
  function go(step) {
    if (!run) return;
    run.step = step;
    sound.pair();
    if (model) draw(model);
  }

  async function end() {
    if (!run) return;
    go('ending');
    if (!(await want(run.test, false))) run = null;
  }

  function next() {
    if (run?.step === 'first') go('second');
    else void end();
  }

  /** @param {Model} now */
  function follow(now) {
    model = now;
    const { running, repetitions: found } = now.screening;
    // Begun elsewhere, or before this page was loaded anew.
    if (!run && running) run = started(running, now, found.length ? 'first' : 'still');
    if (run) {
      const done = (/** @type {SideName} */ side) => found.filter((r) => r.side === side && r.valid).length;
      const other = run.first === 'left' ? 'right' : 'left';
      // Whoever begins before the count is over has begun.
      if (run.step === 'still' && (still.seconds(now) >= STILL || (running && found.length > 0))) go('first');
      else if (run.step === 'first' && done(run.first) >= WANTED) go('second');
      else if (run.step === 'second' && done(other) >= WANTED) void end();
      else if ((!running && now.screening.results.length > run.results) || now.ended) run = null;
    }
    draw(now);
  }

  let drawn = /** @type {unknown} */ (null);
  /** @param {Model} now */
  function draw(now) {
    const live = now.time_s !== null && !now.ended;
    none.hidden = live;
    choose.hidden = run !== null || !live;
    guide.hidden = run === null;
    if (run) tell(run, now);
    if (drawn === now.screening) return;
    drawn = now.screening;
    repetitions.replaceChildren(...(now.screening.repetitions.length ? [h('h3', {}, t('screening.repetitions')), repetitionTable(now.screening.repetitions)] : []));
    // What was found is kept a moment after it is told.
    setTimeout(() => void earlier.load(), KEPT);
    results.replaceChildren(...[...now.screening.results].reverse().map((result) => resultTable(result, now.started_s)));
  }

  /** One sentence, one number, and what stands in the way. @param {Run} of @param {Model} now */
  function tell(of, now) {
    const side = of.step === 'second' ? (of.first === 'left' ? 'right' : 'left') : of.first;
    const lifted = side === 'left' ? 'right' : 'left';
    guide.classList.remove('left', 'right');
    if (of.step !== 'still') guide.classList.add(side);
    const own = now.screening.repetitions.filter((r) => r.side === side);
    const good = own.filter((r) => r.valid).length;
    const bad = own.at(-1)?.valid === false ? (own.at(-1)?.reason ?? null) : null;
    const held = still.seconds(now);
    say(what, of.step === 'still' ? t('screening.stand') : of.step === 'ending' ? t('screening.ending')
      : t(`screening.do.${of.test}`, { side: t(`side.${side}`).toLowerCase(), lifted: t(`side.${lifted}`).toLowerCase() }));
    say(count, of.step === 'still' ? (held < MOVED ? t('screening.keep_still') : String(Math.max(1, Math.ceil(STILL - held)))) : of.step === 'ending' ? '' : t('screening.of', { n: good, all: WANTED }));
    // Forward is not known while standing still, and need not be; a knee has to be seen.
    const blind = now.legs[side].knee_flexion_deg === null ? now.legs[side].reason : null;
    say(more, blind ? sentence(blind) : of.step === 'still' ? t('screening.stand.more') : bad ? sentence(bad) : t('screening.slowly'));
  }

  watch(node, follow);
  return node;
}

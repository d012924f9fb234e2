// Standing, bending, walking, and the runner's usual: readable from three metres, led by the daemon.

import { h, say } from './dom.js';
import { date, day, said, t } from './text.js';
import { SIDES } from './model.js';

/** @import { Guide, Hands, Screen, Setup } from './setup_types.js' */

/** After a good standing on a later visit the live page comes by itself, ms: nobody is near the computer. */
const SOON = 1200;
/** Countdowns to choose from, s. */
const DELAYS = [0, 3, 5, 10, 20, 30];

/** @param {Hands} hands @returns {Screen} */
export function calibrateScreen(hands) {
  const head = h('p', { class: 'huge' });
  const count = h('p', { class: 'count', 'aria-hidden': 'true' });
  const bar = h('meter', { min: 0, max: 1, 'aria-label': t('setup.stillness') });
  const more = h('p', { class: 'lead', role: 'status' });
  const parts = h('ul', { class: 'checks' });
  const fixes = h('div', { class: 'row' });
  const part = (/** @type {string} */ name, /** @type {boolean} */ still, /** @type {boolean} */ bends) => h('button', {
    type: 'button', 'data-act': name, onclick: () => void hands.act({ act: 'calibrate', still, bends }) }, t(`setup.${name}`));
  const [all, quick, still, bends] = [part('all', true, true), part('quick', true, false), part('still', true, false), part('bend', false, true)];
  const enough = h('button', { type: 'button', 'data-act': 'next', onclick: () => void hands.act({ act: 'next' }) }, t('setup.enough'));
  const stop = h('button', { type: 'button', 'data-act': 'stop', onclick: () => void hands.act({ act: 'stop' }) }, t('setup.stop'));
  const delay = h('select', { onchange: () => void hands.act({ act: 'delay', delay_s: Number(delay.value) }) },
    ...DELAYS.map((s) => h('option', { value: s }, t('setup.delay.s', { s }))));
  const options = h('div', { class: 'row' }, h('label', {}, t('setup.delay'), delay), h('p', { class: 'note' }, t('setup.starts')));
  const last = h('p', { class: 'note' });
  const stage = h('div', { class: 'stage' }, head, count, bar, more);
  // By a key as well: nothing has to be aimed at.
  const onKey = (/** @type {KeyboardEvent} */ event) => {
    if (!stage.isConnected) return document.removeEventListener('keydown', onKey);
    const taken = event.target instanceof Element && event.target.closest('button, a, input, select, textarea, summary, dialog');
    if (event.key === 'Enter' && !event.repeat && !taken) [quick, all].find((button) => !button.hidden)?.click();
  };
  document.addEventListener('keydown', onKey);
  let before = '';
  let drawn = '';

  return {
    node: h('div', { class: 'stack' }, stage, h('div', { class: 'row' }, all, quick, still, bends, enough, stop), options, last, parts, fixes),
    update(setup) {
      const { guide, calibration } = setup;
      const step = guide?.step ?? 'idle';
      if (before !== '' && before !== step && (['bends', 'gait', 'done'].includes(step) || before === 'countdown')) hands.chime();
      if (step === 'done' && before === 'gait' && setup.finished && calibration?.grade !== 'redo') {
        setTimeout(() => { if (location.hash === '#/setup') location.hash = '#'; }, SOON);
      }
      before = step;
      const working = ['countdown', 'still', 'bends', 'gait'].includes(step);
      stage.dataset.guide = step;
      const moving = guide && step === 'still' ? worst(guide) : null;
      const grade = working ? null : calibration?.grade ?? null;
      say(head, grade ? t(`past.grade.${grade}`) : t(`setup.do.${step}`));
      const number = !guide ? '' : step === 'countdown' ? String(Math.max(1, Math.ceil(guide.left_s))) : step === 'still' ? (guide.held_s > 0 ? String(Math.max(1, Math.ceil(guide.hold_s - guide.held_s))) : '…')
        : step === 'bends' ? `${guide.bends} / ${guide.bends_wanted}` : '';
      // Heard by who looks ahead: each second of standing, each bend.
      if (number !== count.textContent && /^[1-9]/.test(number)) hands.tick();
      say(count, number);
      bar.hidden = step !== 'still';
      bar.value = Math.min(1, Math.max(0, moving?.motion ?? 0) / 4);
      say(more, advice(setup, step, moving?.place ?? null));
      for (const button of [still, bends]) button.hidden = working || !calibration;
      quick.hidden = working || Boolean(calibration) || !setup.finished;
      all.hidden = working;
      all.classList.toggle('loud', quick.hidden && !calibration);
      quick.classList.add('loud');
      enough.hidden = step !== 'bends' || (guide?.bends ?? 0) < 3;
      stop.hidden = !working;
      options.hidden = working || setup.phase === 'steps_only';
      if (document.activeElement !== delay) delay.value = String(setup.delay_s);
      const kept = setup.runner?.calibrated;
      last.hidden = working || Boolean(calibration) || !kept;
      if (kept) say(last, t('setup.last_calibration', { when: day(kept.when), grade: t(`grade.${kept.grade}`) }));
      const key = JSON.stringify([working, calibration, setup.slipped]);
      if (key === drawn) return;
      drawn = key;
      parts.replaceChildren(...(working || !calibration ? [] : calibration.segments.map((x) => h('li', { class: x.grade === 'redo' ? 'bad' : x.grade === 'good' ? 'fine' : 'wait' },
        h('strong', {}, `${t(`placement.${x.placement}`)}: ${t(`grade.${x.grade}`)}`), x.grade === 'good' ? '' : ` ${said(x.reason)}`))),
      ...setup.slipped.map((text) => h('li', { class: 'bad' }, said(text))));
      const offers = new Set(working ? [] : calibration?.segments.flatMap((x) => x.exchange) ?? []);
      fixes.replaceChildren(...[...offers].map((swap) => h('button', { type: 'button', class: 'loud', 'data-swap': swap,
        onclick: async () => {
          if (await hands.send('POST', '/sensors/swap', { swap })) await hands.act({ act: 'calibrate', still: true, bends: true });
        } }, t('setup.fix.swap', { what: t(`setup.swap.${swap}`) }))));
    },
  };
}

/** The sensor that moves most. @param {Guide} guide */
function worst(guide) {
  const moving = Object.entries(guide.motion).flatMap(([place, motion]) => (motion === null ? [] : [{ place, motion }]));
  return moving.sort((a, b) => b.motion - a.motion)[0] ?? null;
}

/** @param {Setup} setup @param {string} step @param {string|null} place */
function advice(setup, step, place) {
  const { guide, calibration } = setup;
  if (step === 'still' && !place) return t('setup.still.none');
  if (step === 'still' && guide?.held_s === 0) return t('setup.still.moves', { place: t(`placement.${place}`) });
  if (step === 'still') return guide?.moved ? t('setup.still.again', { n: guide.moved }) : t('setup.still.more');
  if (step === 'countdown') return t('setup.countdown.more');
  if (step === 'bends' || step === 'gait') return t(`setup.${step}.more`);
  if (calibration) return said(calibration.reason);
  if (setup.phase === 'steps_only') return t('setup.idle.steps_only');
  return setup.online ? t('setup.idle.more') : t('setup.idle.none');
}

/** @param {Hands} hands @returns {Screen} */
export function baselineScreen(hands) {
  const lead = h('p', { class: 'lead', role: 'status' });
  const legs = SIDES.map((side) => {
    const progress = h('progress', { max: 1, value: 0, 'aria-label': t('setup.usual.leg', { side: t(`side.${side}`) }) });
    const text = h('span');
    return { side, progress, text, node: h('div', { class: `leg-usual ${side}` }, h('strong', {}, t(`side.${side}`)), progress, text) };
  });
  const unsteady = h('p', { class: 'verdict wait' });
  const now = h('button', { type: 'button', 'data-act': 'mark-usual', onclick: () => void hands.send('POST', '/baseline', { running: true }) }, t('setup.usual.now'));
  return {
    node: h('div', { class: 'stack' }, lead, ...legs.map((leg) => leg.node), unsteady, h('div', { class: 'row' }, now), h('p', { class: 'note' }, t('setup.usual.note'))),
    update(setup) {
      const usual = setup.guide?.usual;
      const known = usual ? usual.legs.left.known && usual.legs.right.known : false;
      const kept = setup.runner?.usual;
      say(lead, known ? t('setup.usual.known') : usual?.marked ? t('setup.usual.marked')
        : usual?.kept && kept ? t('setup.usual.kept', { date: date(kept) })
          : !setup.calibration ? t('setup.usual.calibrate') : usual && usual.warm_up_s > 0 ? t('setup.usual.warm', { s: Math.ceil(usual.warm_up_s) }) : t('setup.usual.run'));
      for (const { side, progress, text } of legs) {
        const leg = usual?.legs[side];
        progress.max = usual?.needed ?? 1;
        progress.value = leg?.known ? progress.max : leg?.stances ?? 0;
        say(text, leg?.known ? t('setup.usual.done') : t('setup.usual.count', { n: leg?.stances ?? 0, of: usual?.needed ?? 0 }));
      }
      say(unsteady, said(setup.unsteady));
      unsteady.hidden = !setup.unsteady;
      now.disabled = !setup.running || !setup.calibration || Boolean(usual?.marked);
    },
  };
}

// What was said last, and the few things that a runner needs within reach of a thumb.

import { h, say } from './dom.js';
import { change } from './api.js';
import { clock, t } from './text.js';
import { mark } from './past_mark.js';
import { cueWords } from './player.js';

/** @import { ChannelName, Model, View } from './types.js' */
/** @import { player } from './player.js' */

const SNOOZE_MINUTES = 5;
/** The tap that turns sound on is over, and nothing moves under it, ms. */
const AFTER_A_TAP = 600;
/** So long a cue is large on the screen, ms. */
const LARGE = 2500;

/** @param {ReturnType<typeof player>} play @param {(problem: string) => void} problem @returns {View & {test: (channel: ChannelName) => void}} */
export function cueBarView(play, problem) {
  const said = h('p', { class: 'said', role: 'status' });
  const why = h('p', { class: 'state' });
  const unlock = h('button', { type: 'button', class: 'loud', 'data-act': 'sound', onclick: () => void play.sound.unlock().then(draw) }, t('cue.sound_on'));
  const mute = h('button', { type: 'button', 'data-act': 'mute', 'aria-keyshortcuts': 'm', onclick: toggle }, '');
  const snooze = h('button', { type: 'button', 'data-act': 'snooze', onclick: rest }, '');
  const moment = h('button', { type: 'button', 'data-act': 'mark', 'aria-keyshortcuts': 'Space', onclick: () => void mark() }, t('bar.mark'));
  const test = h('button', { type: 'button', 'data-act': 'test-cue', class: 'wide', onclick: () => send({ test: 'tone' }) }, t('cue.test'));
  const loud = h('input', { type: 'range', min: 0, max: 1, step: 0.05, value: play.sound.volume(), 'aria-label': t('cue.volume'), oninput: louder });
  const node = h('section', { class: 'cuebar', 'aria-label': t('cue.last') },
    h('div', { class: 'text' }, said, why), unlock, moment, mute, snooze, test,
    h('label', { class: 'volume wide' }, h('span', {}, t('cue.volume')), loud));
  /** @type {Model|null} */
  let model = null;
  let large = 0;
  let gone = 0;
  /** @type {Model['cues']|null} */
  let seen = null;

  function louder() { play.sound.setVolume(Number(loud.value)); }

  /** @param {unknown} body */
  function send(body) {
    change('POST', '/cues', body).then(() => problem(''), (/** @type {Error} */ error) => problem(error.message));
  }

  function toggle() {
    if (model) send({ mute: !model.cueing.muted });
  }

  function rest() {
    if (model) send({ snooze_minutes: model.cueing.snoozed_until_s === null ? SNOOZE_MINUTES : 0 });
  }

  addEventListener('keydown', (event) => {
    const typing = event.target instanceof HTMLElement && event.target.matches('input:not([type=checkbox]):not([type=range]), select, textarea');
    if (event.key.toLowerCase() === 'm' && !typing && !event.ctrlKey && !event.metaKey && !event.altKey && !event.repeat) toggle();
  });

  function draw() {
    if (!model) return;
    const { cueing } = model;
    if (play.sound.isOn()) gone ||= window.setTimeout(() => { unlock.hidden = true; }, AFTER_A_TAP);
    else {
      clearTimeout(gone);
      [gone, unlock.hidden] = [0, false];
    }
    moment.hidden = model.ended || model.time_s === null;
    say(mute, t(cueing.muted ? 'cue.unmute' : 'cue.mute'));
    mute.setAttribute('aria-pressed', String(cueing.muted));
    const snoozed = cueing.snoozed_until_s !== null;
    say(snooze, t(snoozed ? 'cue.snooze_end' : 'cue.snooze', { minutes: SNOOZE_MINUTES }));
    snooze.setAttribute('aria-pressed', String(snoozed));
    const last = model.cues.at(-1);
    // Nothing is cued before the first verdict: the bar then leaves a phone's screen to the guide.
    node.classList.toggle('idle', model.ended || (model.phase !== 'watching' && model.cues.length === 0));
    const fresh = performance.now() < large;
    node.classList.toggle('large', fresh);
    node.classList.toggle('data', fresh && last?.kind === 'data');
    node.classList.remove('left', 'right');
    if (fresh && last?.side) node.classList.add(last.side);
    say(said, last ? cueWords(last) : t('cue.none'));
    say(why, state(model));
  }

  return {
    node,
    test: (channel) => send({ test: channel }),
    update(next) {
      model = next;
      if (next.cues !== seen) {
        const cue = next.cues.at(-1);
        const news = seen !== null && cue !== undefined && cue.number > (seen.at(-1)?.number ?? 0);
        if (news && cue.channels.screen && !next.cueing.muted) large = performance.now() + LARGE;
        seen = next.cues;
      }
      draw();
    },
  };
}

/** Why it is quiet, or when the last cue was. @param {Model} model */
function state(model) {
  const { cueing } = model;
  if (cueing.muted) return t('cue.state.muted');
  if (cueing.snoozed_until_s !== null) return t('cue.state.snoozed', { clock: clock(cueing.snoozed_until_s, model.started_s) });
  if (cueing.feedback === false) return t('cue.state.faded');
  const last = model.cues.at(-1);
  return last ? t('cue.state.at', { clock: clock(last.time_s, model.started_s) }) : '';
}

// The first visit, one question a screen. The daemon knows the step: a reload, a second tab and a restart find it.

import { h, say } from './dom.js';
import { ask, change } from './api.js';
import { t } from './text.js';
import { sounds } from './sound.js';
import { bluetoothScreen, cueScreen, readyScreen, runnerScreen, welcomeScreen } from './setup_steps.js';
import { sensorsScreen } from './setup_sensors.js';
import { baselineScreen, calibrateScreen } from './setup_calibrate.js';

/** @import { Hands, Screen, Setup, StepName, Worn } from './setup_types.js' */

/** Between two looks, ms: a count of seconds must not stutter. */
const PACE = 300;

/** @type {[StepName, (hands: Hands) => Screen][]} */
const STEPS = [
  ['welcome', welcomeScreen], ['bluetooth', bluetoothScreen], ['runner', runnerScreen], ['sensors', sensorsScreen],
  ['calibrate', calibrateScreen], ['baseline', baselineScreen], ['cue', cueScreen], ['ready', readyScreen],
];
const names = STEPS.map(([name]) => name);

export async function setupPage() {
  const [first, worn] = await look();
  const sound = sounds();
  const wrong = h('p', { class: 'wrong', role: 'alert' });
  const rail = h('ol', { class: 'rail' });
  const screen = h('div', { class: 'screen' });
  const back = h('button', { type: 'button', 'data-act': 'back' }, t('setup.back'));
  const on = h('button', { type: 'button', class: 'loud', 'data-act': 'on' }, t('setup.on'));
  const node = h('section', { class: 'past setup' }, h('h2', {}, t('setup.title')),
    h('nav', { 'aria-label': t('setup.rail') }, rail), wrong, screen, h('div', { class: 'go' }, back, on));
  let setup = first;
  let sensors = worn;
  /** @type {Screen|null} */
  let shown = null;
  /** @type {StepName|null} */
  let step = null;

  /** @type {Hands} */
  const hands = {
    async act(body) {
      void sound.unlock().catch(() => false);
      try {
        setup = await change('POST', '/setup', body, setup.version);
        say(wrong, '');
      } catch (error) {
        // Most often another tab was faster: this one shows what it has chosen.
        [setup, sensors] = await look().catch(() => [setup, sensors]);
        say(wrong, /** @type {Error} */ (error).message);
      }
      draw();
    },
    async send(method, path, body) {
      try {
        await change(method, path, body);
        say(wrong, '');
        return true;
      } catch (error) {
        say(wrong, /** @type {Error} */ (error).message);
        return false;
      } finally {
        await follow();
      }
    },
    again: () => void follow(),
    chime: () => sound.pair(),
    tick: () => sound.tick(),
  };

  const go = (/** @type {number} */ by) => {
    const to = names[names.indexOf(setup.step) + by];
    if (to) void hands.act({ act: 'go', step: (by > 0 && shown?.next?.(setup)) || to });
  };
  back.addEventListener('click', () => go(-1));
  on.addEventListener('click', () => go(1));

  function draw() {
    if (step !== setup.step) {
      const make = STEPS.find(([name]) => name === setup.step)?.[1];
      shown = make?.(hands) ?? null;
      const title = h('h3', { tabindex: -1 }, t(`setup.${setup.step}`));
      screen.replaceChildren(title, ...(shown ? [shown.node] : []));
      // Whoever listens to the page hears the new question; the first one is where the page begins.
      if (step !== null) title.focus({ preventScroll: true });
      step = setup.step;
      screen.dataset.step = step;
      const at = names.indexOf(step);
      rail.replaceChildren(...names.map((name, i) => {
        const [mark, word] = [i < at ? '✓' : String(i + 1), t(`setup.rail.${name}`)];
        // A thin screen shows the mark alone; the name holds all that can be seen.
        return h('li', {}, h('button', {
          type: 'button', class: i < at ? 'done' : '', 'aria-current': i === at ? 'step' : false,
          'data-step': name, 'aria-label': `${mark} ${word}`, onclick: () => void hands.act({ act: 'go', step: name }),
        }, h('span', {}, mark), h('span', { class: 'name' }, ` ${word}`)));
      }));
      back.hidden = at === 0;
      on.hidden = at === 0 || at === names.length - 1;
    }
    shown?.update(setup, sensors);
  }

  async function follow() {
    try {
      [setup, sensors] = await look();
      node.classList.remove('stale');
    } catch {
      // The daemon is away; the live page says so, and here nothing pretends to be new.
      node.classList.add('stale');
      return;
    }
    draw();
  }

  let attached = false;
  const timer = setInterval(() => {
    attached ||= node.isConnected;
    if (attached && !node.isConnected) clearInterval(timer);
    else if (attached && document.visibilityState === 'visible') void follow();
  }, PACE);
  draw();
  return node;
}

/** @returns {Promise<[Setup, Worn[]]>} */
function look() {
  return Promise.all([/** @type {Promise<Setup>} */ (ask('/setup')), /** @type {Promise<Worn[]>} */ (ask('/sensors'))]);
}

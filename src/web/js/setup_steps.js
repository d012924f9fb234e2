// The short questions: language, Bluetooth, who runs, how to be told, and what is ready.

import { h, say } from './dom.js';
import { ask, change } from './api.js';
import { isRunner } from './role.js';
import * as words from './text.js';

/** @import { Hands, Screen, Setup } from './setup_types.js' */
/** @import { CueSettings, ChannelName } from './types.js' */
/** @import { Runner } from './past_types.js' */

const { said, t } = words;
/** @type {ChannelName[]} */
const CHANNELS = ['tone', 'voice', 'phone', 'sensor', 'screen'];

/** @param {Hands} hands @returns {Screen} */
export function welcomeScreen(hands) {
  const demo = h('button', { type: 'button', 'data-act': 'demo', onclick: async () => {
    if (await hands.send('POST', '/session', { running: true, demo: true })) location.hash = '#';
  } }, h('strong', {}, t('setup.demo')), h('small', {}, t('setup.demo.more')));
  const begin = h('button', { type: 'button', class: 'loud', 'data-act': 'begin', onclick: async () => {
    await hands.send('POST', '/session', { running: true });
    await hands.act({ act: 'go', step: 'bluetooth' });
  } }, h('strong', {}, t('setup.begin')), h('small', {}, t('setup.begin.more')));
  return {
    node: h('div', { class: 'stack' }, h('p', { class: 'lead' }, t('setup.welcome.more')), h('p', {}, t('setup.limits')),
      h('div', { class: 'row' }, language(), feet()), h('div', { class: 'cards two' }, begin, demo)),
    update() {},
  };
}

/** Only where there is a choice. */
function language() {
  const known = /** @type {{LANGUAGES?: Record<string, string>, chooseLanguage?: (code: string) => void}} */ (words);
  if (!known.LANGUAGES || !known.chooseLanguage) return null;
  const choose = known.chooseLanguage;
  const select = h('select', { onchange: () => choose(select.value) },
    ...Object.entries(known.LANGUAGES).map(([code, name]) => h('option', { value: code, lang: code, selected: code === document.documentElement.lang }, name)));
  return h('label', {}, t('setup.language'), select);
}

/** How steps are counted: by both feet, or by each. */
function feet() {
  const select = h('select', { 'data-act': 'feet', onchange: () => words.chooseFeet(select.value) },
    ...['two', 'one'].map((which) => h('option', { value: which, selected: words.perFoot() === (which === 'one') }, t(`setup.feet.${which}`))));
  return h('label', {}, t('setup.feet'), select);
}

/** @returns {Screen} */
export function bluetoothScreen() {
  const sign = h('p', { class: 'verdict', role: 'status' });
  const more = h('p', {});
  return {
    node: h('div', { class: 'stack' }, sign, more),
    update({ radio }) {
      const wrong = radio?.reason ?? null;
      sign.className = `verdict ${radio?.down ? 'bad' : wrong ? 'wait' : 'fine'}`;
      if (!radio) {
        say(sign, t('setup.bluetooth.none'));
        say(more, t('setup.bluetooth.none.more'));
      } else if (wrong) {
        say(sign, said(wrong));
        say(more, t('setup.bluetooth.again'));
      } else {
        say(sign, t('setup.bluetooth.fine', { n: radio.in_reach }));
        say(more, radio.capacity ? said(radio.capacity) : t('setup.bluetooth.capacity'));
      }
    },
  };
}

/** @param {Hands} hands @returns {Screen} */
export function runnerScreen(hands) {
  const list = h('div', { class: 'choices', role: 'radiogroup', 'aria-label': t('setup.runner') });
  const name = h('input', { type: 'text', maxlength: 200, autocomplete: 'off' });
  const note = h('p', { class: 'note' });
  const add = h('form', { class: 'row', onsubmit: async (event) => {
    event.preventDefault();
    const given = name.value.trim();
    try {
      /** @type {Runner} */
      const runner = await change('POST', '/runners', given ? { name: given } : {});
      name.value = '';
      await use(runner.id);
    } catch (error) {
      say(note, /** @type {Error} */ (error).message);
    }
  } }, h('label', {}, t('setup.runner.name'), name), h('button', { type: 'submit', 'data-act': 'add-runner' }, t('setup.runner.add')));
  /** @type {Runner[]} */
  let runners = [];
  let drawn = '';
  let current = 0;
  let own = false;
  const load = () => Promise.all([ask('/runners'), isRunner()]).then(([all, phone]) => {
    [runners, own] = [/** @type {any} */ (all), phone];
    add.hidden = own;
    draw();
  }, () => {});
  const use = async (/** @type {number} */ id) => {
    await hands.send('PATCH', `/runners/${id}`, { current: true });
    await load();
  };
  const draw = () => {
    const key = JSON.stringify([runners, current]);
    if (key === drawn) return;
    drawn = key;
    list.replaceChildren(...runners.map((r) => h('label', { class: 'choice' },
      h('input', { type: 'radio', name: 'runner', value: r.id, checked: r.current, disabled: own, onchange: () => void use(r.id) }),
      h('span', {}, h('strong', {}, said(r.name ?? r.pseudonym)), h('small', {}, t('setup.runner.sessions', { n: r.sessions }))))));
  };
  void load();
  return {
    node: h('div', { class: 'stack' }, h('p', {}, t('setup.runner.more')), list, add, note),
    update(setup) {
      if (current !== (setup.runner?.id ?? 0)) void load();
      current = setup.runner?.id ?? 0;
      say(note, setup.not_kept ? said(setup.not_kept) : setup.running ? t('setup.runner.played') : '');
      draw();
    },
  };
}

/** @param {Hands} hands @returns {Screen} */
export function cueScreen(hands) {
  /** @type {CueSettings|null} */
  let settings = null;
  const set = async (/** @type {Partial<CueSettings>} */ some) => {
    if (settings && await hands.send('POST', '/cues', { settings: { ...settings, ...some } })) await load();
  };
  const rows = CHANNELS.map((channel) => {
    const box = h('input', { type: 'checkbox', 'data-channel': channel, onchange: () => {
      if (settings) void set({ channels: { ...settings.channels, [channel]: box.checked } });
    } });
    const test = h('button', { type: 'button', 'data-test': channel, onclick: () => void hands.send('POST', '/cues', { test: channel }) },
      t('cue.test'), h('span', { class: 'unseen' }, ` ${t(`cue.channel.${channel}`)}`));
    return { channel, box, node: h('div', { class: 'choice' },
      h('label', {}, box, h('span', {}, h('strong', {}, t(`cue.channel.${channel}`)), h('small', {}, t(`cue.channel.${channel}.note`)))), test) };
  });
  const load = () => ask('/cues').then((/** @type {any} */ report) => {
    settings = report.settings;
    for (const { channel, box } of rows) box.checked = report.settings.channels[channel];
  }, () => {});
  void load();
  return {
    node: h('div', { class: 'stack' }, h('p', {}, t('setup.cue.more')), h('div', { class: 'choices' }, ...rows.map((r) => r.node)),
      h('p', { class: 'note' }, t('setup.cue.fading'))),
    update() {},
  };
}

/** @param {Hands} hands @returns {Screen} */
export function readyScreen(hands) {
  const list = h('ul', { class: 'checks' });
  const run = h('a', { class: 'button loud', href: '#', 'data-act': 'run' }, t('setup.ready.run'));
  let told = false;
  let drawn = '';
  return {
    node: h('div', { class: 'stack' }, list, h('p', {}, t('setup.ready.more')), h('div', { class: 'row' }, run,
      h('button', { type: 'button', 'data-act': 'again', onclick: () => void hands.act({ act: 'again' }) }, t('setup.ready.again')))),
    update(setup) {
      const key = JSON.stringify(checks(setup));
      if (key !== drawn) {
        drawn = key;
        list.replaceChildren(...checks(setup).map(([fine, text]) => h('li', { class: fine ? 'fine' : 'wait' },
          h('span', { 'aria-hidden': 'true' }, fine ? '✓' : '–'), ` ${text}`)));
      }
      if (!told && !setup.finished) {
        told = true;
        void hands.act({ act: 'finish' });
      }
    },
  };
}

/** What stands, and what does not yet. @param {Setup} setup @returns {[boolean, string][]} */
function checks(setup) {
  const grade = setup.calibration?.grade ?? null;
  const usual = setup.guide?.usual;
  const known = Boolean(usual && (usual.kept || usual.legs.left.known || usual.legs.right.known));
  return [
    [setup.runner !== null, setup.runner ? t('setup.check.runner', { name: said(setup.runner.name) }) : t('setup.check.nobody')],
    [setup.placed > 0 && setup.online === setup.placed, t('setup.check.sensors', { online: setup.online, placed: setup.placed })],
    [grade !== null && grade !== 'redo', grade ? t(`past.grade.${grade}`) : t('past.grade.none')],
    [known, t(known ? 'setup.check.usual' : 'setup.check.no_usual')],
  ];
}

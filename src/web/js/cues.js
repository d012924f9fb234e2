// How cues come out, what they leave alone, and what was not said.

import { h, say } from './dom.js';
import { change } from './api.js';
import { has, t } from './text.js';
import { canSpeak, canVibrate } from './player.js';

/** @import { ChannelName, CueSettings, Model, View } from './types.js' */

/** @type {ChannelName[]} */
const CHANNELS = ['tone', 'voice', 'phone', 'sensor', 'screen'];
const BEATS = [5, 7.5, 10];

/** @param {(channel: ChannelName) => void} test @returns {View & {problem: (text: string) => void}} */
export function cuesView(test) {
  const wrong = h('p', { class: 'wrong', role: 'alert', hidden: true });
  /** @type {Model|null} */
  let model = null;
  let drawn = '';
  /** What was asked for and is not confirmed yet, and what held then: a box must not jump back meanwhile.
   * @type {{settings: CueSettings, before: CueSettings}|null} */
  let asked = null;

  /** @param {string} text */
  function problem(text) {
    say(wrong, text);
    wrong.hidden = text === '';
  }

  /** @param {unknown} body */
  function send(body) {
    change('POST', '/cues', body).then(() => problem(''), (/** @type {Error} */ error) => {
      problem(error.message);
      asked = null;
      // What was refused must not stay in the field.
      drawn = '';
      if (model) draw(model);
    });
  }

  /** @param {Partial<CueSettings>} some */
  function set(some) {
    if (!model) return;
    asked = { settings: { ...(asked?.settings ?? model.cue_settings), ...some }, before: model.cue_settings };
    send({ settings: asked.settings });
  }

  const rows = CHANNELS.map((channel) => {
    const box = h('input', { type: 'checkbox', 'data-channel': channel, onchange: () => {
      if (model) set({ channels: { ...(asked?.settings ?? model.cue_settings).channels, [channel]: box.checked } });
    } });
    const missing = (channel === 'phone' && !canVibrate()) || (channel === 'voice' && !canSpeak());
    const note = t(`cue.channel.${channel}.${missing ? 'missing' : 'note'}`);
    const tested = h('button', { type: 'button', 'data-test': channel, onclick: () => test(channel) }, t('cue.test'),
      h('span', { class: 'unseen' }, ` ${t(`cue.channel.${channel}`)}`));
    const row = h('li', {}, h('label', {}, box, h('span', {}, t(`cue.channel.${channel}`), h('small', { class: missing ? 'missing' : '' }, note))),
      channel === 'screen' ? null : tested);
    return { channel, box, row };
  });
  const spacing = h('input', { type: 'number', min: 2, max: 20, value: 3, 'data-set': 'spacing', onchange: () => set({ spacing_strides: Number(spacing.value) }) });
  const clear = h('input', { type: 'checkbox', 'data-set': 'all_clear', onchange: () => set({ all_clear: clear.checked }) });
  const beats = h('select', { 'data-set': 'metronome', onchange: () => send({ metronome_percent: beats.value ? Number(beats.value) : null }) },
    h('option', { value: '' }, t('cue.metronome.off')), ...BEATS.map((p) => h('option', { value: p }, t('cue.metronome.percent', { percent: p }))));
  const beating = h('small');
  const withheld = h('p', { class: 'withheld' });
  const node = h('section', { class: 'panel cues', id: 'cues', 'aria-labelledby': 'cues-title' },
    h('h2', { id: 'cues-title' }, t('cue.title')), wrong,
    h('ul', {}, ...rows.map((r) => r.row)),
    h('div', { class: 'fields' },
      h('label', {}, h('span', {}, t('cue.spacing')), spacing),
      h('label', {}, h('span', {}, t('cue.metronome'), beating), beats),
      h('label', { class: 'check' }, clear, h('span', {}, t('cue.all_clear')))),
    withheld);

  /** @param {Model} of */
  function draw(of) {
    if (asked && of.cue_settings !== asked.before) asked = null;
    const { cueing } = of;
    const settings = asked?.settings ?? of.cue_settings;
    const key = JSON.stringify([settings, cueing]);
    if (key === drawn) return;
    drawn = key;
    for (const { channel, box } of rows) box.checked = settings.channels[channel];
    if (document.activeElement !== spacing) spacing.value = String(settings.spacing_strides);
    clear.checked = settings.all_clear;
    if (document.activeElement !== beats) beats.value = cueing.metronome_percent === null ? '' : String(cueing.metronome_percent);
    say(beating, cueing.metronome_spm !== null ? t('cue.metronome.beats', { spm: Math.round(cueing.metronome_spm) })
      : t(cueing.metronome_percent === null ? 'cue.metronome.note' : cueing.muted ? 'cue.metronome.muted' : 'cue.metronome.waits'));
    const reasons = Object.entries(cueing.withheld).map(([reason, n]) => `${n} ${has(`cue.withheld.${reason}`) ? t(`cue.withheld.${reason}`) : reason}`);
    say(withheld, `${t('cue.given', { n: cueing.given })} ${reasons.length ? t('cue.withheld', { reasons: reasons.join(', ') }) : ''}`.trim());
  }

  return {
    node,
    problem,
    update(next) {
      model = next;
      draw(next);
    },
  };
}

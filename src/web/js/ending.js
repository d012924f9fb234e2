// The end of a session: asked for twice, since a thumb slips; and what comes after it.

import { h, say } from './dom.js';
import { change } from './api.js';
import { decimal, t } from './text.js';

/** @import { Model, View } from './types.js' */

/** So long a first tap waits for the second, and a command for its effect, ms. */
const PATIENCE = 4000;

/** Ends the session that is being recorded. @returns {View} */
export function endButton() {
  /** @type {'end'|'end_sure'|'ending'} */
  let word = 'end';
  let timer = 0;
  const draw = () => {
    say(button, t(`bar.${word}`));
    button.classList.toggle('loud', word === 'end_sure');
  };
  const wrong = h('span', { role: 'alert' });
  const button = h('button', { type: 'button', 'data-act': 'end', onclick: async () => {
    clearTimeout(timer);
    timer = window.setTimeout(() => { word = 'end'; draw(); }, PATIENCE);
    const sure = word === 'end_sure';
    word = sure ? 'ending' : 'end_sure';
    draw();
    // What is next stands at the top.
    if (sure) await change('POST', '/session', { running: false }).then(() => scrollTo(0, 0), (/** @type {Error} */ error) => say(wrong, error.message));
  } }, '');
  const node = h('span', { hidden: true }, button, wrong);
  draw();
  return {
    node,
    update(model) { node.hidden = !model.recording || model.ended || model.time_s === null; },
  };
}

/** What an ended session leaves to do. @returns {View} */
export function endedView() {
  const off = h('p');
  const wrong = h('p', { role: 'alert' });
  const again = h('button', { type: 'button', 'data-act': 'again', onclick: () => {
    change('POST', '/session', { running: true }).then(() => say(wrong, ''), (/** @type {Error} */ error) => say(wrong, error.message));
  } }, t('guide.again'));
  const node = h('div', { class: 'after', hidden: true }, off, wrong,
    h('div', { class: 'tabs' }, h('a', { class: 'button', href: '#/sessions' }, t('guide.look')), again));
  return {
    node,
    update(model) {
      node.hidden = !model.ended;
      if (node.hidden) return;
      off.hidden = model.source?.kind !== 'sensors';
      say(off, t('guide.off', { sensors: batteries(model) }));
    },
  };
}

/** @param {Model} model */
const batteries = (model) => model.sensors.map((x) => {
  const place = x.placement ? t(`placement.${x.placement}`) : x.name;
  return x.battery_percent === null ? place : `${place} ${decimal(x.battery_percent)} %`;
}).join(', ');

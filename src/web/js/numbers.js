// Few, big numbers for both legs.

import { h, say } from './dom.js';
import { cadence, decimal, degrees, t } from './text.js';
import { summary } from './figures.js';
import { isUnworn } from './model.js';
import { whyButton } from './explain.js';

/** @import { Model, View } from './types.js' */

/** @returns {View} */
export function numbersView() {
  const pace = tile('cadence');
  const contact = tile('contact');
  const balance = tile('balance');
  const knee = tile('knee');
  const steps = tile('steps');
  const node = h('dl', { class: 'panel numbers' }, pace.node, contact.node, balance.node, knee.node, steps.node);
  /** @type {unknown[]} */
  let seen = [];
  return {
    node,
    update(model) {
      const second = Math.floor(model.time_s ?? 0);
      const key = [model.stances, model.strides, second];
      if (key.every((k, i) => k === seen[i])) return;
      seen = key;
      const sum = summary(model);
      pace.write([whole(sum.cadence === null ? null : cadence(sum.cadence))], t(`number.gait.${sum.gait ?? (model.ended || model.phase === 'waiting_for_sensors' ? 'none' : 'stand')}`));
      contact.write([...sides(model, whole(sum.contact.left), whole(sum.contact.right)), unit('ms')], '');
      const left = sum.balance;
      balance.write(left === null ? ['–'] : [l(decimal(left, 1)), '/', r(decimal(100 - left, 1)), unit('percent')], '');
      knee.write(sides(model, degrees(sum.knee.left), degrees(sum.knee.right)), '');
      steps.write([String(sum.judged), h('small', {}, `${t('number.unit.of')} ${sum.found}`)], '');
    },
  };
}

/** @param {number|null} value */
const whole = (value) => (value === null ? '–' : String(Math.round(value)));
/** @param {string} text */
const l = (text) => h('span', { class: 'l' }, h('span', { class: 'unseen' }, `${t('side.left')} `), text);
/** @param {string} text */
const r = (text) => h('span', { class: 'r' }, h('span', { class: 'unseen' }, `${t('side.right')} `), text);
/** Of the legs that are measured. @param {Model} model @param {string} left @param {string} right */
const sides = (model, left, right) => (isUnworn(model, 'left') ? [r(right)] : isUnworn(model, 'right') ? [l(left)] : [l(left), ' ', r(right)]);
/** @param {string} name */
const unit = (name) => h('small', {}, t(`number.unit.${name}`));

/** @param {string} name */
function tile(name) {
  const value = h('dd', { 'data-number': name });
  const detail = h('dd', { class: 'note' });
  const node = h('div', {}, h('dt', {}, t(`number.${name}`), whyButton(name)), value, detail);
  return {
    node,
    /** @param {(Node|string)[]} content @param {string} extra */
    write(content, extra) {
      value.replaceChildren(...content);
      say(detail, extra ? `${t(`explain.${name}.term`)} · ${extra}` : t(`explain.${name}.term`));
    },
  };
}

// What is worn: sets that the program can use, each with what it sees and what it cannot.

import { h, say } from './dom.js';
import { t } from './text.js';

/** @import { Hands, Setup, WornSet } from './setup_types.js' */

/** @param {Hands} hands */
export function wornView(hands) {
  const head = h('summary');
  const list = h('div', { class: 'choices', role: 'radiogroup', 'aria-label': t('setup.worn') });
  const node = h('details', { class: 'worn-set', open: true }, head, list);
  const choice = (/** @type {WornSet|null} */ set, /** @type {boolean} */ suggested, /** @type {boolean} */ checked) => {
    const key = set ?? 'any';
    return h('label', { class: 'choice', 'data-set': key },
      h('input', { type: 'radio', name: 'worn', value: key, checked, onchange: () => {
        node.open = false;
        void hands.act({ act: 'wear', set });
      } }),
      h('span', {}, h('strong', {}, t(`setup.worn.${key}`), suggested ? h('span', { class: 'tag' }, t('setup.worn.suggested')) : null),
        h('small', {}, t(`setup.worn.${key}.sees`)), set ? h('small', {}, t(`setup.worn.${key}.not`)) : null));
  };
  let drawn = '';
  return {
    node,
    /** @param {Setup} setup */
    update(setup) {
      node.hidden = setup.radio === null;
      const key = JSON.stringify([setup.set, setup.sets]);
      if (key === drawn) return;
      // Chosen before: what it is stays in sight, the others are a tap away.
      if (!drawn) node.open = setup.set === null;
      drawn = key;
      say(head, setup.set ? t('setup.worn.is', { set: t(`setup.worn.${setup.set}`) }) : t('setup.worn'));
      list.replaceChildren(...setup.sets.map((one) => choice(one.set, one.suggested, setup.set === one.set)), choice(null, false, setup.set === null));
    },
  };
}

/** Whether this place is spoken of: everything, until somebody has chosen. @param {Setup} setup @param {string} place */
export const isWanted = (setup, place) => setup.sets.find((one) => one.set === setup.set)?.places.includes(place) ?? true;

// What was not judged in this session, and why.

import { h } from './dom.js';
import { sentence, t } from './text.js';
import { SIDES } from './model.js';

/** @import { View } from './types.js' */

/** @returns {View} */
export function withheldView() {
  const list = h('ul');
  const node = h('section', { class: 'panel withheld', 'aria-labelledby': 'withheld-title', hidden: true },
    h('h2', { id: 'withheld-title' }, t('withheld.title')), list);
  let drawn = '';
  return {
    node,
    update(model) {
      const key = JSON.stringify(model.withheld);
      if (key === drawn) return;
      drawn = key;
      const reasons = [...new Set(SIDES.flatMap((side) => Object.keys(model.withheld[side])))];
      const count = (/** @type {string} */ reason) => SIDES.map((side) => model.withheld[side][reason] ?? 0);
      const sum = (/** @type {string} */ reason) => count(reason).reduce((a, b) => a + b, 0);
      node.hidden = reasons.length === 0;
      list.replaceChildren(...reasons.sort((a, b) => sum(b) - sum(a)).map((reason) => {
        const [left = 0, right = 0] = count(reason);
        return h('li', {}, h('span', {}, sentence(reason)), h('span', { class: 'count' }, t('withheld.count', { left, right })));
      }));
    },
  };
}

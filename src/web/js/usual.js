// Which usual the stances are judged against, when an earlier session has left one.

import { h, say } from './dom.js';
import { date, t } from './text.js';

/** @import { View } from './types.js' */

/** @returns {View} */
export function usualView() {
  const node = h('p', { class: 'limits', role: 'status', hidden: true });
  return {
    node,
    update(model) {
      const kept = model.baselines.find((baseline) => baseline.kept)?.kept ?? null;
      node.hidden = !kept;
      if (kept) say(node, t('live.usual', { date: date(kept.date) }));
    },
  };
}

// What was raised: which side, what, how much over what, since when. Standing ones first.

import { h } from './dom.js';
import { clock, degrees, t } from './text.js';
import { signShape } from './sign.js';
import { showEvidence } from './evidence.js';

/** @import { Alert, Model, View } from './types.js' */

/** Among standing ones the worst is first. */
const RANK = { red: 1, amber: 0 };

/** @returns {View} */
export function alertsView() {
  const list = h('ul');
  const log = h('div', { class: 'log', role: 'log', 'aria-live': 'polite', tabindex: '0', 'aria-labelledby': 'alerts-title' }, list);
  const none = h('p', { class: 'empty' }, t('alerts.empty'));
  const node = h('section', { class: 'panel alerts', 'aria-labelledby': 'alerts-title' },
    h('h2', { id: 'alerts-title' }, t('alerts.title')), none, log);
  /** @type {Alert[]|null} */
  let seen = null;
  return {
    node,
    update(model) {
      if (model.alerts === seen) return;
      seen = model.alerts;
      none.hidden = seen.length > 0;
      log.hidden = seen.length === 0;
      const order = [...seen].sort((a, b) => Number(a.clear_time_s !== null) - Number(b.clear_time_s !== null)
        || (a.clear_time_s === null ? RANK[b.severity] - RANK[a.severity] : 0) || b.number - a.number);
      list.replaceChildren(...order.map((alert) => row(alert, model)));
    },
  };
}

/** @param {Alert} alert @param {Model} model */
function row(alert, model) {
  const over = alert.clear_time_s !== null;
  const sign = alert.severity === 'red' ? 'too_far' : 'watch';
  const from = clock(alert.onset_time_s, model.started_s);
  const when = over ? t('alerts.span', { from, to: clock(alert.clear_time_s, model.started_s) }) : t('alerts.since', { clock: from });
  const digits = Math.abs(alert.value_deg - alert.threshold_deg) < 1 ? 1 : 0;
  return h('li', { class: `${sign}${over ? ' over' : ''}`, 'data-side': alert.side, 'data-rule': alert.rule },
    h('span', {}, signShape(sign)),
    h('span', { class: 'what' }, h('span', { class: `side ${alert.side}` }, t(`side.${alert.side}`)), `: ${t(`rule.${alert.rule}`)} `, h('span', { class: 'term' }, t(`term.${alert.rule}`)),
      h('span', { class: 'unseen' }, ` (${t(`sign.${sign}`)})`)),
    h('time', {}, when),
    h('span', { class: 'detail' }, t(`alerts.detail.${alert.basis}`, {
      value: degrees(alert.value_deg, digits), limit: degrees(alert.threshold_deg, digits), strides: alert.strides,
    })),
    h('button', { type: 'button', 'data-act': 'evidence', onclick: () => void showEvidence(alert, model.started_s) }, t('alerts.why'),
      h('span', { class: 'unseen' }, ` ${t(`side.${alert.side}`)}, ${t(`rule.${alert.rule}`)}, ${when}`)));
}

// What an alert stands on: its strides against their limits, where the limit comes from, what was left out.

import { h, s, table } from './dom.js';
import { ask } from './api.js';
import { clock, date, decimal, degrees, sentence, t } from './text.js';
import { ruleName, ruleWords } from './rule.js';

/** @import { Alert, Evidence } from './types.js' */

const [WIDE, HIGH] = [520, 150];

/** @type {HTMLDialogElement|null} */
let dialog = null;

/** Opens the evidence of an alert of this session. @param {Alert} alert @param {number|null} started */
export async function showEvidence(alert, started) {
  dialog ??= document.body.appendChild(h('dialog', { class: 'evidence', 'aria-labelledby': 'evidence-title' }));
  const close = h('form', { method: 'dialog' }, h('button', { autofocus: true }, t('explain.close')));
  try {
    dialog.replaceChildren(...content(/** @type {Evidence} */ (await ask(`/alerts/${alert.number}`)), started).filter((part) => part !== null), close);
  } catch (error) {
    dialog.replaceChildren(h('h2', { id: 'evidence-title' }, t('evidence.title')),
      h('p', { class: 'wrong', role: 'alert' }, /** @type {Error} */ (error).message), close);
  }
  if (!dialog.open) dialog.showModal();
}

/** @param {Evidence} evidence @param {number|null} started */
function content(evidence, started) {
  const { alert, rule, strides, usual, kept, estimate, withheld } = evidence;
  const beyond = strides.filter((stride) => stride.beyond).length;
  return [
    h('h2', { id: 'evidence-title' }, `${t(`side.${alert.side}`)}: ${ruleName(rule)}`),
    h('p', { class: 'term' }, t('evidence.when', { from: clock(alert.onset_time_s, started), decided: clock(alert.decided_time_s, started) })),
    strides.length ? h('p', {}, t('evidence.strides', { beyond, n: strides.length, value: degrees(alert.value_deg, 1), limit: degrees(alert.threshold_deg, 1) })) : null,
    strides.length ? drawing(evidence, started) : null,
    h('p', {}, t(`evidence.against.${evidence.against}`), ' ',
      usual ? t('evidence.usual', { mean: degrees(usual.mean_deg, 1), sd: degrees(usual.sd_deg, 1), n: usual.stances }) : '', ' ',
      kept ? t('evidence.kept', { day: date(kept.date), surface: kept.surface || '–' }) : ''),
    estimate ? h('p', {}, t('evidence.estimate', { value: degrees(estimate.value_deg, 1), low: degrees(estimate.low_deg, 1), high: degrees(estimate.high_deg, 1) })) : null,
    strides.length ? h('details', {}, h('summary', {}, t('evidence.table')), strideTable(evidence, started)) : null,
    h('p', {}, withheld.length
      ? t('evidence.withheld', { reasons: withheld.map((w) => `${w.stances}: ${sentence(w.reason)}`).join(' ') })
      : t('evidence.none_withheld')),
    h('details', {}, h('summary', {}, t('evidence.rule')), ruleWords(rule)),
    h('p', { class: 'stop' }, t('explain.stop')),
  ];
}

/** @param {Evidence} evidence @param {number|null} started */
function strideTable({ strides }, started) {
  return table(t('evidence.table'), ['past.time', 'past.side', 'evidence.value', 'evidence.limit', 'past.state'].map((k) => t(k)),
    strides.map((stride) => h('tr', {}, h('th', { scope: 'row' }, clock(stride.ic_time_s, started)), h('td', {}, t(`side.${stride.side}`)),
      h('td', {}, degrees(stride.value_deg, 1)), h('td', {}, degrees(stride.limit_deg, 1)), h('td', {}, t(stride.beyond ? 'evidence.beyond' : 'evidence.within')))));
}

/** Each stride as a bar from its limit: out is beyond. @param {Evidence} evidence @param {number|null} started */
function drawing({ strides, alert }, started) {
  const all = strides.flatMap((stride) => [stride.value_deg, stride.limit_deg]);
  const [low, high] = [Math.min(...all) - 1, Math.max(...all) + 1];
  const y = (/** @type {number} */ v) => 8 + ((high - v) / (high - low)) * (HIGH - 34);
  const step = (WIDE - 60) / strides.length;
  const parts = strides.flatMap((stride, i) => {
    const x = 50 + (i + 0.5) * step;
    const half = Math.min(22, 0.4 * step);
    return [
      s('path', { class: 'limit', d: `M${x - half} ${y(stride.limit_deg)}h${2 * half}` }),
      s('path', { class: `stem ${stride.side}`, d: `M${x} ${y(stride.limit_deg)}V${y(stride.value_deg)}` }),
      stride.beyond
        ? s('rect', { class: `dot ${stride.side}`, x: x - 6, y: y(stride.value_deg) - 6, width: 12, height: 12 })
        : s('circle', { class: `dot ${stride.side}`, cx: x, cy: y(stride.value_deg), r: 5 }),
    ];
  });
  const text = (/** @type {number} */ v) => s('text', { x: 44, y: y(v) + 5, 'text-anchor': 'end' }, degrees(v));
  const first = strides[0];
  const last = strides.at(-1);
  return h('figure', {}, s('svg', { class: 'plot', viewBox: `0 0 ${WIDE} ${HIGH}`, role: 'img',
    'aria-label': t('evidence.drawing', { n: strides.length, low: decimal(low + 1, 1), high: decimal(high - 1, 1), limit: decimal(alert.threshold_deg, 1) }) },
  text(Math.ceil(low)), text(Math.floor(high)), ...parts,
  s('text', { x: 50, y: HIGH - 2 }, clock(first?.ic_time_s ?? 0, started)),
  s('text', { x: WIDE - 10, y: HIGH - 2, 'text-anchor': 'end' }, clock(last?.ic_time_s ?? 0, started))),
  h('figcaption', {}, t('evidence.caption')));
}

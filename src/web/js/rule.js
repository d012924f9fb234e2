// A rule in words: what it is, how it is measured, what healthy runners show, where the limits come from.

import { h } from './dom.js';
import { ask } from './api.js';
import { said, t } from './text.js';

/** @import { Rule } from './types.js' */

/** @param {Rule} rule */
export const ruleName = (rule) => t(`rule.${rule.rule}`);

/** @param {Rule} rule */
export function ruleWords(rule) {
  const part = (/** @type {string} */ word, /** @type {string} */ text) => [h('dt', {}, t(word)), h('dd', {}, said(text).replaceAll('+-', '±'))];
  return h('dl', {},
    ...part('explain.what', rule.explanation), ...part('explain.how', rule.definition), ...part('rules.norm', rule.norm),
    ...part('rules.limits', rule.limits), ...part('explain.source', rule.source),
    ...(rule.needs_pelvis ? part('rules.needs', t('rules.needs_pelvis')) : []));
}

/** Every rule, one after the other. */
export async function rulesPage() {
  const rules = /** @type {Rule[]} */ (await ask('/rules'));
  return h('section', { class: 'past rules' }, h('h2', {}, t('rules.title')), h('p', {}, t('rules.lead')),
    h('nav', { 'aria-label': t('rules.title') }, h('ul', { class: 'row' }, ...rules.map((rule) =>
      h('li', {}, h('button', { type: 'button', onclick: () => document.getElementById(`rule-${rule.rule}`)?.scrollIntoView() }, ruleName(rule), h('small', {}, ` ${t(`term.${rule.rule}`)}`)))))),
    ...rules.map((rule) => h('section', { class: 'panel', id: `rule-${rule.rule}`, 'aria-labelledby': `name-${rule.rule}` },
      h('h3', { id: `name-${rule.rule}` }, ruleName(rule), h('small', {}, ` ${said(rule.term)}`)), ruleWords(rule))),
    h('p', { class: 'limits' }, h('strong', {}, t('limits.head')), ` ${t('limits.text')}`));
}

// "What does this mean?" for every number: what it is, how it is measured, how far to trust it, the source.

import { h } from './dom.js';
import { t } from './text.js';

/** @type {HTMLDialogElement|null} */
let dialog = null;

/** @param {string} name */
export function whyButton(name) {
  const label = t('explain.open', { name: t(`explain.${name}.name`).toLowerCase() });
  return h('button', { class: 'why', type: 'button', 'aria-label': label, title: label, 'data-why': name, onclick: () => open(name) }, '?');
}

/** @param {string} name */
function open(name) {
  dialog ??= document.body.appendChild(h('dialog', { 'aria-labelledby': 'explain-title' }));
  const parts = ['what', 'how', 'trust', 'source'].flatMap((part) => [
    h('dt', {}, t(`explain.${part}`)), h('dd', {}, t(`explain.${name}.${part}`)),
  ]);
  dialog.replaceChildren(
    h('h2', { id: 'explain-title' }, t(`explain.${name}.name`)),
    h('p', { class: 'term' }, t(`explain.${name}.term`)),
    h('dl', {}, ...parts),
    h('p', { class: 'stop' }, t('explain.stop')),
    h('form', { method: 'dialog' }, h('button', { autofocus: true }, t('explain.close'))));
  dialog.showModal();
}

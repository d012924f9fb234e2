// Who this browser is to the daemon: a coach has a board, a runner the own page. What is the coach's is not shown to a
// runner: it would only be refused.

import { h } from './dom.js';
import { t } from './text.js';

/** @import { Me } from './board_types.js' */

/** The role is the program's, not that of one of its runners. @type {Promise<Me|null>|null} */
let asked = null;
const me = () => (asked ??= fetch('/api/v1/me').then((answer) => (answer.ok ? answer.json() : null), () => null));

/** Whether this is the phone of a runner. */
export const isRunner = async () => (await me())?.role === 'runner';

/** @param {HTMLElement} nav */
export async function showRole(nav) {
  const known = await me();
  if (!known) return;
  if (known.role === 'runner') {
    nav.querySelector('a[href="#/runners"]')?.remove();
    nav.append(h('span', { class: 'role' }, t('role.runner')));
  } else {
    if (known.board) nav.append(h('a', { href: '/board' }, t('nav.board')));
    if (known.lan) nav.append(h('span', { class: 'role' }, t('role.coach')));
  }
}

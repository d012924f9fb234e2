// Who this browser is to the daemon: a coach has a board, a runner the own page.

import { h } from './dom.js';
import { t } from './text.js';

/** @import { Me } from './board_types.js' */

/** @param {HTMLElement} nav */
export async function showRole(nav) {
  // The role is the program's, not that of one of its runners.
  const answer = await fetch('/api/v1/me').catch(() => null);
  if (!answer?.ok) return;
  const me = /** @type {Me} */ (await answer.json());
  if (me.role === 'runner') {
    // What is the coach's would only be refused.
    for (const link of nav.querySelectorAll('a[href^="#/sessions"]')) link.remove();
    nav.append(h('span', { class: 'role' }, t('role.runner')));
  } else {
    if (me.board) nav.append(h('a', { href: '/board' }, t('nav.board')));
    if (me.lan) nav.append(h('span', { class: 'role' }, t('role.coach')));
  }
}

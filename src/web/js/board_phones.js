// Phones join by a code that works once; who has joined, and taking it back.

import { h, s, say } from './dom.js';
import { t } from './text.js';
import { ask, change } from './api.js';
import { timeOfDay } from './board_tile.js';

/** @import { Me } from './board_types.js' */
/** @typedef {{id: string, role: 'coach'|'runner', runner?: string, made_unix_ms: number, expires_unix_ms: number}} Joined */

export function phonesDialog() {
  const who = h('div', { class: 'words' });
  const code = h('div', { class: 'code' });
  const list = h('ul', { class: 'daemons' });
  const said = h('p', { role: 'status' });
  const node = h('dialog', { class: 'sheet', 'aria-labelledby': 'phones-head' }, h('h2', { id: 'phones-head' }, t('phones.head')),
    said, who, code, h('h3', {}, t('phones.joined')), list, h('button', { type: 'button', onclick: () => node.close() }, t('board.close')));

  /** @param {Me} me @param {string|undefined} runner */
  const nameOf = (me, runner) => me.runners.find((known) => known.runner === runner)?.name ?? runner ?? '';

  /** @param {Me} me @param {{role: string, runner?: string}} role */
  async function invite(me, role) {
    try {
      const invited = /** @type {{url: string, size: number, path: string, expires_unix_ms: number}} */ (await change('POST', '/invitations', role));
      const label = role.role === 'coach' ? t('phones.coach') : nameOf(me, role.runner);
      const edge = 4;
      const box = invited.size + 2 * edge;
      code.replaceChildren(
        s('svg', { class: 'qr', viewBox: `0 0 ${box} ${box}`, role: 'img', 'aria-label': t('phones.qr', { name: label }) },
          s('rect', { width: box, height: box, class: 'paper' }), s('path', { d: invited.path, class: 'ink', transform: `translate(${edge} ${edge})` })),
        h('p', {}, t('phones.scan', { name: label, time: timeOfDay(invited.expires_unix_ms) })),
        h('p', { class: 'url' }, invited.url));
      say(said, '');
    } catch (error) {
      code.replaceChildren();
      say(said, /** @type {Error} */ (error).message);
    }
  }

  /** @param {Me} me */
  async function joined(me) {
    const all = /** @type {Joined[]} */ (await ask('/joined'));
    list.replaceChildren(...(all.length ? all.map((one) => {
      const name = one.role === 'coach' ? t('phones.coach') : nameOf(me, one.runner);
      return h('li', { 'data-role': one.role },
        h('span', {}, h('strong', {}, name), h('span', {}, t('phones.since', { role: t(`phones.role.${one.role}`), from: timeOfDay(one.made_unix_ms) }))),
        h('button', { type: 'button', onclick: () => void change('DELETE', `/joined/${one.id}`, undefined).then(() => joined(me), (error) => say(said, error.message)) },
          t('phones.revoke'), h('span', { class: 'unseen' }, ` ${name}`)));
    }) : [h('li', { class: 'empty' }, t('phones.nobody'))]));
  }

  return {
    node,
    async open() {
      code.replaceChildren();
      node.showModal();
      try {
        const me = /** @type {Me} */ (await ask('/me'));
        say(said, me.lan ? '' : t('phones.no_lan'));
        who.replaceChildren(...(me.lan ? [
          ...me.runners.map((runner) => h('button', { type: 'button', 'data-runner': runner.runner, onclick: () => void invite(me, { role: 'runner', runner: runner.runner }) },
            t('phones.for', { name: runner.name }))),
          h('button', { type: 'button', 'data-runner': '', onclick: () => void invite(me, { role: 'coach' }) }, t('phones.for_coach')),
        ] : []));
        await joined(me);
      } catch (error) {
        say(said, /** @type {Error} */ (error).message);
      }
    },
  };
}

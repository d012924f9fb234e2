// The daemons that this board follows, and what is not well with them.

import { h, say } from './dom.js';
import { age, t } from './text.js';
import { change } from './api.js';
import { timeOfDay } from './board_tile.js';

/** @import { Board } from './board_types.js' */

/** What has to be known about daemons, one sentence each. @param {Board} board */
export function concerns(board) {
  const now = board.now_unix_ms;
  /** @type {string[]} */
  const all = [];
  for (const daemon of board.daemons) {
    const name = daemon.computer || daemon.daemon.slice(0, 4);
    // One that has been silent since yesterday is no news.
    if (daemon.silent_since_unix_ms !== null && now - daemon.silent_since_unix_ms < 12 * 3_600_000) {
      all.push(t('board.daemon_silent', { name, time: timeOfDay(daemon.silent_since_unix_ms), age: age(now - daemon.silent_since_unix_ms) }));
    }
    if (daemon.clock_ahead_s !== null) {
      const off = age(Math.abs(daemon.clock_ahead_s) * 1000);
      all.push(t(daemon.clock_ahead_s > 0 ? 'board.clock_ahead' : 'board.clock_behind', { name, off }));
    }
    if (daemon.missing) all.push(t('board.missing', { name, count: daemon.missing, numbers: daemon.gaps.map(([a, b]) => (a === b ? a : `${a}–${b}`)).join(', ') }));
    if (daemon.lost) all.push(t('board.lost_reports', { name, count: daemon.lost }));
  }
  for (const refusal of board.refused) all.push(t('board.refused', { way: refusal.way, count: refusal.count, message: refusal.message }));
  if (board.unkept) all.push(board.unkept);
  return all;
}

export function daemonsDialog() {
  const list = h('ul', { class: 'daemons' });
  const said = h('p', { role: 'status' });
  const url = h('input', { type: 'text', name: 'url', required: true, autocomplete: 'off', spellcheck: 'false', placeholder: 'http://192.168.1.5:7878' });
  const code = h('input', { type: 'text', name: 'code', autocomplete: 'off', spellcheck: 'false' });
  const form = h('form', {}, h('label', {}, t('board.address'), url), h('label', {}, t('board.code'), code), h('button', { type: 'submit' }, t('board.follow')));
  const node = h('dialog', { class: 'sheet', 'aria-labelledby': 'daemons-head' }, h('h2', { id: 'daemons-head' }, t('board.daemons')),
    list, form, said, h('button', { type: 'button', onclick: () => node.close() }, t('board.close')));
  let drawn = '';

  /** @param {string} method @param {Record<string, string>} body @param {string} done */
  async function want(method, body, done) {
    try {
      await change(method, '/board/daemons', body);
      say(said, done);
      return true;
    } catch (error) {
      say(said, /** @type {Error} */ (error).message);
      return false;
    }
  }

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void want('POST', { url: url.value, code: code.value }, t('board.followed')).then((done) => done && form.reset());
  });

  return {
    node,
    /** @param {Board} board */
    update(board) {
      const next = JSON.stringify(board.ways);
      if (next === drawn) return;
      drawn = next;
      list.replaceChildren(...(board.ways.length ? board.ways.map((way) => h('li', { 'data-url': way.url },
        h('span', {}, h('strong', {}, way.url), h('span', { class: way.away ? 'away' : 'there' }, way.away ?? t('board.connected'))),
        h('button', { type: 'button', onclick: () => void want('DELETE', { url: way.url }, t('board.unfollowed')) }, t('board.unfollow'))))
        : [h('li', { class: 'empty' }, t('board.no_daemons'))]));
    },
    open() {
      say(said, '');
      node.showModal();
    },
  };
}

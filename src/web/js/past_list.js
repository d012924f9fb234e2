// Every session that is kept, newest first, and whose it is.

import { h, table } from './dom.js';
import { clock, day, said, t } from './text.js';
import { ask, change } from './api.js';
import { isRunner } from './role.js';

/** @import { Runner, Session } from './past_types.js' */

/** @param {number|null} runner @param {() => void} again */
export async function listPage(runner, again) {
  const query = runner === null ? '' : `?runner=${runner}`;
  const own = await isRunner();
  const [sessions, deleted, runners] = await Promise.all([
    /** @type {Promise<Session[]>} */ (ask(`/sessions${query}`)),
    /** @type {Promise<Session[]>|Session[]} */ (own ? [] : ask('/sessions?deleted=true')),
    /** @type {Promise<Runner[]>} */ (ask('/runners')),
  ]);
  const whose = own ? runners[0]?.id ?? null : runner;
  const who = h('select', { 'aria-label': t('past.runner'), onchange: () => {
    location.hash = who.value ? `#/runners/${who.value}/sessions` : '#/sessions';
  } }, h('option', { value: '' }, t('past.all_runners')),
  ...runners.map((r) => h('option', { value: r.id, selected: r.id === runner }, said(r.name ?? r.pseudonym))));
  const back = async (/** @type {Session} */ s) => { await change('POST', `/sessions/${encodeURIComponent(s.id)}/restore`, undefined); again(); };
  return h('section', { class: 'past' },
    h('div', { class: 'row' }, h('h2', {}, t('past.sessions')), own ? null : who,
      whose === null ? null : h('a', { href: `#/runners/${whose}` }, t('past.trends'))),
    sessions.length ? chooser(sessions) : h('p', { class: 'empty' }, t('past.none')),
    deleted.length ? h('details', {}, h('summary', {}, t('past.deleted', { n: deleted.length })),
      h('ul', {}, ...deleted.map((s) => h('li', { class: 'row' }, `${day(s.started)} ${said(s.runner_name)}`,
        h('button', { type: 'button', onclick: () => void back(s) }, t('past.restore')))))) : null);
}

/** @param {Session[]} sessions */
function chooser(sessions) {
  const chosen = /** @type {Set<string>} */ (new Set());
  const compare = h('a', { class: 'button', href: '#/sessions', hidden: true }, t('past.compare'));
  const choose = (/** @type {string} */ id, /** @type {boolean} */ on) => {
    if (on) chosen.add(id); else chosen.delete(id);
    const [b, a] = sessions.filter((s) => chosen.has(s.id));
    compare.hidden = chosen.size !== 2;
    if (a && b) compare.href = `#/compare/${encodeURIComponent(a.id)}/${encodeURIComponent(b.id)}`;
  };
  const head = ['', 'past.when', 'past.runner', 'past.length', 'past.stances', 'past.alerts', 'past.pain', 'past.shoes', 'past.surface'];
  const rows = sessions.map((s) => h('tr', {},
    h('td', {}, h('input', { type: 'checkbox', 'aria-label': t('past.choose', { when: day(s.started) }),
      onchange: (e) => choose(s.id, /** @type {HTMLInputElement} */ (e.target).checked) })),
    h('th', { scope: 'row' }, h('a', { href: `#/sessions/${encodeURIComponent(s.id)}` }, day(s.started))),
    h('td', {}, said(s.runner_name), s.source === 'synthetic' ? h('small', {}, ` ${t('past.synthetic')}`) : null),
    h('td', {}, s.end_s === null ? t('past.running') : clock((s.crop_to_s ?? s.end_s) - (s.crop_from_s ?? s.begin_s), 0)),
    h('td', {}, String(s.stances)), h('td', {}, String(s.alerts)),
    h('td', {}, s.pain === null ? '–' : String(s.pain)), h('td', {}, s.shoes ?? '–'), h('td', {}, s.surface ?? '–')));
  return h('div', {}, sessions.length > 1 ? h('p', { class: 'row choosing' }, h('span', { class: 'note' }, t('past.tick')), compare) : null,
    table(t('past.sessions'), head.map((key) => key && t(key)), rows));
}

// Who runs, and what becomes of what is kept: names, usual, how long, a copy of it all, the end of it all.

import { h, say } from './dom.js';
import { ask, change } from './api.js';
import { date, said, size, t } from './text.js';

/** @import { Runner } from './past_types.js' */

/** @typedef {Runner & {deleted: string|null, retention_days: number|null}} Person */
/** @typedef {{folder: string, runners: number, sessions: number, recordings_bytes: number, retention_days: number, undo_days: number}} Data */
/** @typedef {{kept: {date: string, sessions: number, ripe: boolean}|null, latest: {session: string, date: string, refused: string|null}|null}} Usual */
/** @typedef {(work: () => Promise<unknown>, done?: string) => void} Try */

/** @param {() => void} again @returns {Promise<HTMLElement>} */
export async function runnersPage(again) {
  const [people, data] = await Promise.all([
    /** @type {Promise<Person[]>} */ (ask('/runners?deleted=true')), /** @type {Promise<Data>} */ (ask('/data')),
  ]);
  const here = people.filter((r) => !r.deleted);
  const usual = new Map(await Promise.all(here.map(async (r) => /** @type {[number, Usual]} */ ([r.id, await ask(`/runners/${r.id}/usual`)]))));
  const told = h('p', { class: 'wrong', role: 'status' }, news);
  news = '';
  /** @type {Try} */
  const attempt = (work, done = '') => void work().then(() => { news = done || news; again(); }, (/** @type {Error} */ error) => {
    say(told, error.message);
    told.scrollIntoView({ block: 'nearest' });
  });
  const gone = people.filter((r) => r.deleted);
  const name = h('input', { type: 'text', maxlength: 200, autocomplete: 'off' });
  return h('section', { class: 'past runners' },
    h('h2', {}, t('runners.title')), told,
    h('ul', { class: 'people' }, ...here.map((r) => person(r, usual.get(r.id) ?? { kept: null, latest: null }, attempt, data))),
    h('form', { class: 'row', onsubmit: (event) => {
      event.preventDefault();
      const given = name.value.trim();
      attempt(() => change('POST', '/runners', given ? { name: given } : {}));
    } }, h('label', {}, t('setup.runner.name'), name), h('button', { type: 'submit', 'data-act': 'add' }, t('setup.runner.add'))),
    gone.length ? h('details', { class: 'gone' }, h('summary', {}, t('runners.deleted', { n: gone.length, days: data.undo_days })),
      h('ul', { class: 'people' }, ...gone.map((r) => h('li', { class: 'row', 'data-gone': r.id }, h('span', {}, shown(r)),
        h('button', { type: 'button', 'data-act': 'restore', onclick: () => attempt(() => change('POST', `/runners/${r.id}/restore`, undefined)) }, t('past.restore')),
        sure(t('runners.for_good'), t('runners.for_good.sure', { name: shown(r) }), 'erase', () => attempt(() => change('DELETE', `/runners/${r.id}?now=true`, undefined))))))) : null,
    whole(data, attempt));
}

/** What the last command came to; said once the page is drawn anew. */
let news = '';

/** @param {Person} r */
const shown = (r) => r.name ?? said(r.pseudonym);

/** @param {Person} r @param {Usual} usual @param {Try} attempt @param {Data} data */
function person(r, usual, attempt, data) {
  const name = h('input', { type: 'text', value: r.name ?? '', placeholder: r.pseudonym, maxlength: 200, autocomplete: 'off' });
  const days = h('input', { type: 'number', min: 0, max: 36500, value: r.retention_days ?? '', placeholder: String(data.retention_days) });
  const consent = h('input', { type: 'text', value: r.consent ?? '', maxlength: 200 });
  const patch = (/** @type {object} */ some) => change('PATCH', `/runners/${r.id}`, some, r.version);
  const path = `/runners/${r.id}/usual`;
  const { kept, latest } = usual;
  return h('li', { class: 'panel', 'data-runner': r.id, 'aria-label': shown(r) },
    h('div', { class: 'row' }, h('h3', {}, shown(r)), r.name ? h('small', {}, r.pseudonym) : null,
      r.current ? h('span', { class: 'tag' }, t('runners.current')) : h('button', { type: 'button', 'data-act': 'use', onclick: () => attempt(() => patch({ current: true })) }, t('runners.use')),
      h('a', { href: `#/runners/${r.id}/sessions` }, t('setup.runner.sessions', { n: r.sessions })), h('a', { href: `#/runners/${r.id}` }, t('past.trends'))),
    h('p', {}, kept ? t(kept.ripe ? 'runners.usual.ripe' : 'runners.usual', { date: date(kept.date), n: kept.sessions }) : t('runners.usual.none')),
    latest?.refused ? h('p', { class: 'note' }, t('runners.usual.refused', { date: date(latest.date), why: said(latest.refused) })) : null,
    kept || latest ? h('div', { class: 'row' },
      latest?.refused ? h('button', { type: 'button', 'data-act': 'renew', onclick: () => attempt(() => change('POST', path, { act: 'renew' })) }, t('runners.usual.renew')) : null,
      kept ? h('button', { type: 'button', 'data-act': 'forget', onclick: () => attempt(() => change('POST', path, { act: 'forget' })) }, t('runners.usual.forget')) : null) : null,
    h('details', {}, h('summary', {}, t('runners.more')),
      h('form', { class: 'tags', onsubmit: (event) => {
        event.preventDefault();
        attempt(() => patch({ name: name.value.trim() || null, consent: consent.value.trim() || null, retention_days: days.value === '' ? null : Number(days.value) }));
      } }, h('label', {}, t('runners.name'), name), h('label', {}, t('runners.consent'), consent), h('label', {}, t('runners.retention'), days),
      h('button', { type: 'submit', 'data-act': 'save' }, t('past.save'))),
      h('div', { class: 'row' },
        h('button', { type: 'button', 'data-act': 'export', onclick: () => attempt(async () => {
          const copy = /** @type {{folder: string, files: number}} */ (await change('POST', `/runners/${r.id}/export`, undefined));
          news = t('runners.exported', { files: copy.files, folder: copy.folder });
        }) }, t('runners.export')),
        h('button', { type: 'button', 'data-act': 'delete', onclick: () => attempt(() => change('DELETE', `/runners/${r.id}`, undefined), t('runners.undo', { name: shown(r), days: data.undo_days })) }, t('runners.delete')))));
}

/** @param {Data} data @param {Try} attempt */
function whole(data, attempt) {
  const days = h('input', { type: 'number', min: 0, max: 36500, value: data.retention_days });
  return h('section', { class: 'panel' }, h('h3', {}, t('runners.all')),
    h('p', {}, t('runners.kept', { runners: data.runners, sessions: data.sessions, size: size(data.recordings_bytes), folder: data.folder })),
    h('form', { class: 'row', onsubmit: (event) => {
      event.preventDefault();
      attempt(() => change('PATCH', '/data', { retention_days: Number(days.value) }));
    } }, h('label', {}, t('runners.retention.all'), days), h('button', { type: 'submit', 'data-act': 'save-retention' }, t('past.save'))),
    h('p', { class: 'note' }, t('runners.everything.more')),
    sure(t('runners.everything'), t('runners.everything.sure'), 'everything', () => attempt(() => change('DELETE', '/data?confirm=everything', undefined), t('runners.everything.done'))));
}

/** What cannot be taken back is asked for twice. @param {string} text @param {string} question @param {string} act @param {() => void} then */
function sure(text, question, act, then) {
  const yes = h('button', { type: 'button', class: 'danger', 'data-act': `${act}-sure`, hidden: true, onclick: then }, question);
  const first = h('button', { type: 'button', 'data-act': act, onclick: () => {
    yes.hidden = !yes.hidden;
    first.setAttribute('aria-expanded', String(!yes.hidden));
    if (!yes.hidden) yes.focus();
  }, 'aria-expanded': 'false' }, text);
  return h('span', { class: 'row sure' }, first, yes);
}

// The pages about what was: one address each, beside the live page, which goes on underneath.

import { h } from './dom.js';
import { LANGUAGES, chooseLanguage, currentLanguage, loadWords, t } from './text.js';
import { markOnSpace } from './past_mark.js';
import { showRole } from './role.js';

/** Each with what follows in the address; its code is fetched when it is first opened.
 * @type {[RegExp, (parts: string[]) => Promise<HTMLElement>][]} */
const ROUTES = [
  [/^#\/sessions$/, async () => (await import('./past_list.js')).listPage(null, draw)],
  [/^#\/runners\/(\d+)\/sessions$/, async ([id]) => (await import('./past_list.js')).listPage(Number(id), draw)],
  [/^#\/sessions\/([^/]+)$/, async ([id]) => (await import('./past_session.js')).sessionPage(id ?? '', draw)],
  [/^#\/runners\/(\d+)$/, async ([id]) => (await import('./past_trends.js')).trendsPage(Number(id))],
  [/^#\/compare\/([^/]+)\/([^/]+)$/, async ([a, b]) => (await import('./past_trends.js')).comparePage(a ?? '', b ?? '')],
  [/^#\/screening$/, async () => (await import('./screening.js')).screeningPage()],
  [/^#\/rules$/, async () => (await import('./rule.js')).rulesPage()],
  [/^#\/runners$/, async () => { await style('setup'); return (await import('./runners.js')).runnersPage(draw); }],
  [/^#\/setup$/, async () => { await style('setup'); return (await import('./setup.js')).setupPage(); }],
];

/** What a part alone wears is fetched with it. @param {string} name */
const style = (name) => new Promise((done) => {
  if (document.querySelector(`link[href="/css/${name}.css"]`)) return done(null);
  document.head.append(h('link', { rel: 'stylesheet', href: `/css/${name}.css`, onload: done, onerror: done }));
});

await loadWords();

const part = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id));
const [live, past, nav] = [part('page'), part('past'), part('nav')];
/** What leads to each part, and the addresses that belong to it. @type {[string, string, RegExp][]} */
const PARTS = [
  ['nav.live', '#', /^(#\/projector|#sensors)?$/], ['nav.screening', '#/screening', /^#\/screening/],
  ['nav.sessions', '#/sessions', /^#\/(sessions|runners\/|compare)/], ['nav.runners', '#/runners', /^#\/runners$/],
  ['nav.rules', '#/rules', /^#\/rules/], ['nav.setup', '#/setup', /^#\/setup/],
];
const links = PARTS.map(([word, href]) => h('a', { href }, t(word)));
const tongue = h('select', { onchange: () => chooseLanguage(tongue.value) },
  ...Object.entries(LANGUAGES).map(([code, own]) => h('option', { value: code, lang: code, selected: code === currentLanguage() }, own)));
nav.replaceChildren(h('h1', {}, 'stancewatch'), ...links, h('label', { class: 'language' }, h('span', { class: 'unseen' }, t('nav.language')), tongue));
let wanted = 0;
/** The address of what is shown. */
let at = '';

async function draw() {
  const route = ROUTES.map(([pattern, page]) => ({ found: pattern.exec(location.hash), page })).find((r) => r.found);
  live.hidden = Boolean(route);
  past.hidden = !route;
  links.forEach((link, i) => {
    if (PARTS[i]?.[2].test(location.hash.replace(/^#$/, ''))) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  });
  const mine = (wanted += 1);
  if (!route?.found) {
    at = location.hash;
    return past.replaceChildren();
  }
  let page;
  try {
    page = await route.page(route.found.slice(1).map(decodeURIComponent));
  } catch (error) {
    page = h('section', { class: 'past' }, h('p', { class: 'wrong', role: 'alert' }, /** @type {Error} */ (error).message),
      h('button', { type: 'button', onclick: () => void draw() }, t('link.retry')));
  }
  // Somebody may have gone elsewhere meanwhile.
  if (mine === wanted) put(page);
}

const REACHABLE = 'a, button, input, select, textarea, summary';

/** The same page drawn anew keeps the focus where it was; another one begins at its head, for eye and ear.
 * @param {HTMLElement} page */
function put(page) {
  const focused = past.contains(document.activeElement);
  const place = focused ? [...past.querySelectorAll(REACHABLE)].indexOf(/** @type {Element} */ (document.activeElement)) : -1;
  const same = at === location.hash;
  at = location.hash;
  past.replaceChildren(page);
  if (same) {
    /** @type {HTMLElement|undefined} */ ([...past.querySelectorAll(REACHABLE)][place])?.focus({ preventScroll: true });
    return;
  }
  scrollTo(0, 0);
  const head = focused && page.querySelector('h2');
  if (!head) return;
  head.setAttribute('tabindex', '-1');
  head.focus({ preventScroll: true });
}

addEventListener('hashchange', () => void draw());
markOnSpace();
void showRole(nav);
void draw();

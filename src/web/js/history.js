// The pages about what was: one address each, beside the live page, which goes on underneath.

import { h } from './dom.js';
import { loadWords, t } from './text.js';
import { listPage } from './past_list.js';
import { sessionPage } from './past_session.js';
import { comparePage, trendsPage } from './past_trends.js';
import { markOnSpace } from './past_mark.js';
import { showRole } from './role.js';

/** Each with what follows in the address. @type {[RegExp, (parts: string[]) => Promise<HTMLElement>][]} */
const ROUTES = [
  [/^#\/sessions$/, () => listPage(null, draw)],
  [/^#\/runners\/(\d+)\/sessions$/, ([id]) => listPage(Number(id), draw)],
  [/^#\/sessions\/([^/]+)$/, ([id]) => sessionPage(id ?? '', draw)],
  [/^#\/runners\/(\d+)$/, ([id]) => trendsPage(Number(id))],
  [/^#\/runners$/, async () => (await import('./runners.js')).runnersPage(draw)],
  [/^#\/setup$/, async () => (await import('./setup.js')).setupPage()],
  [/^#\/compare\/([^/]+)\/([^/]+)$/, ([a, b]) => comparePage(a ?? '', b ?? '')],
];

await loadWords('en');

const live = /** @type {HTMLElement} */ (document.getElementById('page'));
const past = /** @type {HTMLElement} */ (document.getElementById('past'));
const links = { live: h('a', { href: '#' }, t('nav.live')), past: h('a', { href: '#/sessions' }, t('nav.sessions')) };
const more = [h('a', { href: '#/runners' }, t('nav.runners')), h('a', { href: '#/setup' }, t('nav.setup'))];
/** @type {HTMLElement} */ (document.getElementById('nav')).replaceChildren(links.live, links.past, ...more);
let wanted = 0;

async function draw() {
  const route = ROUTES.map(([pattern, page]) => ({ found: pattern.exec(location.hash), page })).find((r) => r.found);
  live.hidden = Boolean(route);
  past.hidden = !route;
  links.live.toggleAttribute('aria-current', !route);
  links.past.toggleAttribute('aria-current', Boolean(route) && !more.some((link) => link.hash === location.hash));
  for (const link of more) link.toggleAttribute('aria-current', link.hash === location.hash);
  const mine = (wanted += 1);
  if (!route?.found) return past.replaceChildren();
  let page;
  try {
    page = await route.page(route.found.slice(1).map(decodeURIComponent));
  } catch (error) {
    page = h('section', { class: 'past' }, h('p', { class: 'wrong', role: 'alert' }, /** @type {Error} */ (error).message),
      h('button', { type: 'button', onclick: () => void draw() }, t('link.retry')));
  }
  // Somebody may have gone elsewhere meanwhile.
  if (mine === wanted) past.replaceChildren(page);
}

addEventListener('hashchange', () => void draw());
markOnSpace();
void showRole(/** @type {HTMLElement} */ (document.getElementById('nav')));
void draw();

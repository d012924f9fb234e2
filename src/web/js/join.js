// A phone joins: the code behind # is exchanged once for a session that only this browser has.

import { h } from './dom.js';
import { change } from './api.js';
import { restoreTheme } from './theme.js';
import { loadWords, t } from './text.js';

restoreTheme();
await loadWords();

const page = /** @type {HTMLElement} */ (document.getElementById('join'));
const said = h('p', { role: 'status', class: 'joining' }, t('join.joining'));
page.append(h('header', { class: 'bar' }, h('h1', {}, 'stancewatch')), said);

/** @param {string} text */
function refuse(text) {
  page.replaceChildren(h('header', { class: 'bar' }, h('h1', {}, 'stancewatch')),
    h('section', { class: 'guide', role: 'alert' }, h('strong', {}, t('join.not')), h('span', {}, text)));
}

const token = location.hash.slice(1);
// Nobody reads it over a shoulder, nor goes back to it.
history.replaceState(null, '', location.pathname);

if (!token) refuse(t('join.no_code'));
else {
  try {
    const answer = /** @type {{page: string}} */ (await change('POST', '/join', { token }));
    location.replace(answer.page);
  } catch (error) {
    refuse(/** @type {Error} */ (error).message);
  }
}

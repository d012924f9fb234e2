// The coach's board: the daemon says who is worst; the page keeps tiles still under a hand.

import { h, say } from './dom.js';
import { age, loadWords, t } from './text.js';
import { connect } from './socket.js';
import { nextTheme, restoreTheme, themeName } from './theme.js';
import { tileView } from './board_tile.js';
import { cueDialog } from './board_cue.js';
import { concerns, daemonsDialog } from './board_daemons.js';
import { phonesDialog } from './board_phones.js';

/** @import { Board } from './board_types.js' */

/** Tiles stay where they are for this long after a hand has moved, ms. */
const HAND = 3000;

restoreTheme();
await loadWords();

const [cue, daemons, phones] = [cueDialog(), daemonsDialog(), phonesDialog()];
const count = h('p', { class: 'count', role: 'status' });
const clock = h('span', { class: 'clock', role: 'timer', 'aria-label': t('board.clock') });
const theme = h('span', {}, t(`theme.${themeName()}`));
const followed = h('button', { type: 'button', 'data-act': 'daemons', onclick: () => daemons.open() }, t('board.daemons'));
const joining = h('button', { type: 'button', 'data-act': 'phones', onclick: () => void phones.open() }, t('phones.head'));
const colours = h('button', { type: 'button', 'data-act': 'theme', onclick: () => { nextTheme(); say(theme, t(`theme.${themeName()}`)); } },
  h('span', { class: 'icon', 'aria-hidden': 'true' }, '◐ '), h('span', { class: 'prefix' }, `${t('bar.theme')} `), theme);
const link = h('section', { class: 'link', role: 'alert', hidden: true });
const notes = h('ul', { class: 'concerns' });
const empty = h('section', { class: 'guide', hidden: true }, h('strong', {}, t('board.empty')), h('span', {}, t('board.empty.more')));
const grid = h('ul', { class: 'tiles' });

/** @type {HTMLElement} */ (document.getElementById('board')).append(
  h('header', { class: 'bar' }, h('h1', {}, t('board.head')), clock, count, h('nav', { 'aria-label': t('board.head') }, followed, joining, colours)),
  link, notes, empty, grid, cue.node, daemons.node, phones.node);

/** @type {Map<string, ReturnType<typeof tileView>>} */
const tiles = new Map();
/** @type {Board|null} */
let board = null;
let heard = 0;
let lost = false;
let hand = -Infinity;
for (const moved of ['pointermove', 'pointerdown', 'keydown']) grid.addEventListener(moved, () => { hand = performance.now(); });

/** @param {Board} next */
function draw(next) {
  const order = next.tiles.map((tile) => `${tile.daemon}/${tile.runner}`);
  for (const [key, view] of tiles) {
    if (order.includes(key)) continue;
    view.node.remove();
    tiles.delete(key);
  }
  next.tiles.forEach((tile, i) => {
    const key = order[i] ?? '';
    let view = tiles.get(key);
    if (!view) {
      view = tileView((runner) => cue.open(runner));
      tiles.set(key, view);
      grid.append(view.node);
    }
    view.update(tile, next);
  });
  if (performance.now() - hand > HAND) sort(order);
  grid.classList.toggle('many', next.tiles.length > 12);
  empty.hidden = next.tiles.length > 0;
  const open = next.tiles.filter((tile) => tile.standing === 'too_far' || tile.standing === 'watch').length;
  say(count, t(open ? 'board.count_open' : 'board.count', { runners: next.tiles.length, open }));
  say(clock, new Date(next.now_unix_ms).toLocaleTimeString(document.documentElement.lang, { hourCycle: 'h23' }));
  const said = concerns(next);
  if (notes.dataset.said !== said.join('\n')) {
    notes.dataset.said = said.join('\n');
    notes.replaceChildren(...said.map((text) => h('li', {}, text)));
  }
  daemons.update(next);
}

/** @param {string[]} order */
function sort(order) {
  const nodes = order.map((key) => tiles.get(key)?.node).filter((node) => node !== undefined);
  if (nodes.every((node, i) => grid.children[i] === node)) return;
  const focused = document.activeElement;
  grid.append(...nodes);
  if (focused instanceof HTMLElement && grid.contains(focused)) focused.focus({ preventScroll: true });
}

function follow() {
  link.hidden = !lost;
  document.body.classList.toggle('lost', lost);
  if (lost) say(link, heard ? t('board.link_lost', { age: age(performance.now() - heard) }) : t('link.never'));
}

connect({
  message(message) {
    board = /** @type {Board} */ (message);
    heard = performance.now();
    lost = false;
    draw(board);
    follow();
    return true;
  },
  link() {
    lost = true;
    follow();
  },
}, '/board/live');

setInterval(follow, 1000);

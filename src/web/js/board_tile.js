// One runner: how urgent, which leg, what, and since when; read from three metres.

import { h, say } from './dom.js';
import { age, cadence, degrees, sentence, t } from './text.js';
import { signShape } from './sign.js';
import { change } from './api.js';

/** @import { Board, OpenAlert, Tile } from './board_types.js' */
/** @import { SideName } from './types.js' */

/** @type {SideName[]} */
const SIDES = ['left', 'right'];

/** The address of a runner's own page; none where the daemon has no address here. @param {Tile} tile @param {Board} board */
export function pageOf(tile, board) {
  const path = `/r/${encodeURIComponent(tile.runner)}/`;
  if (tile.daemon === board.own) return path;
  const way = board.ways.find((known) => known.daemon === tile.daemon);
  return way ? `${way.url}${path}` : null;
}

/** @param {number} unix */
export const timeOfDay = (unix) => new Date(unix).toLocaleTimeString(document.documentElement.lang, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });

/** @param {Tile} tile @param {Record<string, unknown>} what */
export function askDaemon(tile, what) {
  return change('POST', '/board/ask', { daemon: tile.daemon, runner: tile.runner, session: tile.session ?? '', ...what });
}

/** What is the matter when it is no alert. @param {Tile} tile */
function troubles(tile, /** @type {number} */ now) {
  if (tile.silent_since_unix_ms !== null) {
    return t('board.silent', { time: timeOfDay(tile.silent_since_unix_ms), age: age(now - tile.silent_since_unix_ms) });
  }
  if (tile.ended) return t('reason.ended');
  const lost = SIDES.filter((side) => tile[side].sign === 'lost');
  if (lost.length) return lost.map((side) => `${t(`side.${side}`)}: ${t(`board.lost.${tile[side].reason ?? 'lost'}`)}`).join(' ');
  if (tile.online < tile.assigned) return t('board.sensors_missing', { lost: tile.assigned - tile.online });
  const reasons = [...new Set(SIDES.map((side) => tile[side].reason).filter((reason) => reason !== null && reason !== 'not_worn'))];
  return reasons.length ? sentence(reasons[0] ?? null) : '';
}

/** @param {(tile: Tile) => void} cue opens what a coach can say */
export function tileView(cue) {
  const name = h('a', { class: 'who' });
  const where = h('span', { class: 'where' });
  const facts = h('span', { class: 'facts' });
  const legs = h('div', { class: 'signs' });
  const alerts = h('ul', { class: 'open' });
  const trouble = h('p', { class: 'trouble' });
  const wrong = h('p', { class: 'wrong', role: 'alert', hidden: true });
  const send = h('button', { type: 'button', 'data-act': 'cue', onclick: () => tile && cue(tile) }, t('board.cue'));
  const node = h('li', { class: 'tile' }, h('div', { class: 'top' }, h('h2', {}, name, where), send, facts), legs, alerts, trouble, wrong);
  /** @type {Tile|null} */
  let tile = null;
  let drawn = '';
  /** The button that was pressed had the focus, which it loses while it waits. */
  let held = false;

  /** @param {OpenAlert} alert @param {HTMLButtonElement} button */
  async function acknowledge(alert, button) {
    if (!tile) return;
    held = document.activeElement === button;
    button.disabled = true;
    wrong.hidden = true;
    try {
      await askDaemon(tile, { ask: 'acknowledge', alert: alert.alert });
    } catch (error) {
      button.disabled = false;
      held = false;
      wrong.hidden = false;
      say(wrong, /** @type {Error} */ (error).message);
    }
  }

  /** @param {OpenAlert} alert @param {number} now */
  function row(alert, now) {
    const sign = alert.severity === 'red' ? 'too_far' : 'watch';
    const button = h('button', { type: 'button', 'data-act': 'acknowledge' }, t('board.acknowledge'),
      h('span', { class: 'unseen' }, ` ${tile?.name ?? ''}: ${t(`side.${alert.side}`)}, ${t(`rule.${alert.rule}`)}`));
    button.addEventListener('click', () => void acknowledge(alert, button));
    return h('li', { class: `${sign}${alert.acknowledged ? ' acknowledged' : ''}`, 'data-side': alert.side, 'data-rule': alert.rule },
      h('span', { class: 'what' }, h('span', { class: `side ${alert.side}` }, t(`side.${alert.side}`)), ` ${t(`rule.${alert.rule}`)} `, alert.rule.endsWith('_adduction') ? h('span', { class: 'term' }, `${t(`past.term.${alert.rule}`)} `) : null,
        h('strong', {}, degrees(alert.value_deg))),
      h('span', { class: 'since' }, t('board.since', { time: timeOfDay(alert.since_unix_ms), age: age(now - alert.since_unix_ms), limit: degrees(alert.threshold_deg) })),
      alert.acknowledged ? h('span', { class: 'seen' }, t('board.acknowledged')) : button);
  }

  return {
    node,
    /** @param {Tile} next @param {Board} board */
    update(next, board) {
      tile = next;
      node.dataset.standing = next.standing;
      node.dataset.runner = next.runner;
      node.classList.toggle('silent', next.silent_since_unix_ms !== null);
      say(name, next.name);
      say(where, next.computer ?? '');
      const sensors = next.assigned ? t('bar.online', { online: next.online, all: next.assigned }) : t('bar.no_sensors');
      say(facts, next.cadence_spm === null ? sensors : `${t('board.cadence', { spm: Math.round(cadence(next.cadence_spm)) })} · ${sensors}`);
      const page = pageOf(next, board);
      if (page) name.setAttribute('href', page);
      else name.removeAttribute('href');
      say(trouble, next.alerts.some((alert) => !alert.acknowledged) && next.silent_since_unix_ms === null ? '' : troubles(next, board.now_unix_ms));
      trouble.hidden = trouble.textContent === '';
      // Rebuilt only when they are others: a button under a finger stays.
      const signs = JSON.stringify([next.left, next.right]);
      if (legs.dataset.signs !== signs) {
        legs.dataset.signs = signs;
        legs.replaceChildren(...SIDES.filter((side) => next[side].reason !== 'not_worn').map((side) => h('span', { class: `leg-sign ${next[side].sign}`, 'data-side': side, 'data-sign': next[side].sign },
          h('span', { class: `side ${side}` }, t(`side.${side}`)), signShape(next[side].sign), h('span', { class: 'word' }, t(`sign.${next[side].sign}`)))));
      }
      const rows = JSON.stringify([next.alerts, next.session]);
      if (rows !== drawn) {
        drawn = rows;
        held ||= alerts.contains(document.activeElement);
        alerts.replaceChildren(...next.alerts.map((alert) => row(alert, board.now_unix_ms)));
        // Whoever acknowledges by keyboard goes on with the next one.
        if (held) (alerts.querySelector('button') ?? name).focus({ preventScroll: true });
        held = false;
      } else {
        next.alerts.forEach((alert, i) => {
          const since = alerts.children[i]?.querySelector('.since');
          if (since) say(since, t('board.since', { time: timeOfDay(alert.since_unix_ms), age: age(board.now_unix_ms - alert.since_unix_ms), limit: degrees(alert.threshold_deg) }));
        });
      }
    },
  };
}

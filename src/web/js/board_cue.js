// What a coach can say to a runner, who hears it on the own page.

import { h, say } from './dom.js';
import { t } from './text.js';
import { askDaemon } from './board_tile.js';

/** @import { Tile } from './board_types.js' */

/** The same as the daemon takes. */
const WORDS = ['knees_apart', 'quicker_lighter_steps', 'kneecaps_forward', 'level_hips', 'even_steps', 'ease_off'];

export function cueDialog() {
  const head = h('h2', { id: 'cue-head' });
  const said = h('p', { role: 'status' });
  const words = h('div', { class: 'words' });
  const node = h('dialog', { class: 'sheet', 'aria-labelledby': 'cue-head' }, head, words, said,
    h('button', { type: 'button', onclick: () => node.close() }, t('board.close')));
  /** @type {Tile|null} */
  let tile = null;

  /** @param {string} word */
  async function send(word) {
    if (!tile) return;
    const text = t(`cue.say.${word}`);
    try {
      await askDaemon(tile, { ask: 'cue', words: word, side: tile.alerts.find((alert) => !alert.acknowledged)?.side ?? null });
      say(said, t('board.cue_sent', { words: text, name: tile.name }));
    } catch (error) {
      say(said, /** @type {Error} */ (error).message);
    }
  }

  words.append(...WORDS.map((word) => h('button', { type: 'button', 'data-words': word, onclick: () => void send(word) }, t(`cue.say.${word}`))));
  return {
    node,
    /** @param {Tile} runner */
    open(runner) {
      tile = runner;
      say(head, t('board.cue_for', { name: runner.name }));
      say(said, '');
      node.showModal();
    },
  };
}

// What a coach says from the board: heard and read at once, whatever the runner's own cues do.

import { h, say } from './dom.js';
import { t } from './text.js';

/** @import { Model, SideName } from './types.js' */
/** @import { player } from './player.js' */

/** So long it stays on the screen, ms. */
const STAYS = 12_000;

/** @param {ReturnType<typeof player>} play */
export function coachView(play) {
  const text = h('strong');
  const node = h('section', { class: 'guide coach', role: 'alert', hidden: true }, text);
  let timer = 0;
  return {
    node,
    /** @param {{words: string, side: SideName|null}} message @param {Model} model */
    hear({ words, side }, model) {
      const said = t(`cue.say.${words}`);
      say(text, side ? t('coach.says_side', { words: said, side: t(`side.${side}`).toLowerCase() }) : t('coach.says', { words: said }));
      node.hidden = false;
      clearTimeout(timer);
      timer = window.setTimeout(() => { node.hidden = true; }, STAYS);
      play.coach(said, side, model);
    },
  };
}

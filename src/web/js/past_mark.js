// The space bar marks a moment of the session that runs.

import { h, say } from './dom.js';
import { clock, t } from './text.js';
import { change } from './api.js';

/** How long it is said, ms. */
const SAID = 4000;

export function markOnSpace() {
  const told = h('p', { class: 'marked', role: 'status' });
  document.body.append(told);
  let timer = 0;
  const tell = (/** @type {string} */ text) => {
    say(told, text);
    clearTimeout(timer);
    timer = setTimeout(() => say(told, ''), SAID);
  };
  addEventListener('keydown', async (event) => {
    const busy = event.target instanceof Element && event.target.closest('button, a, input, select, textarea, summary, dialog, [tabindex]');
    if (event.code !== 'Space' || event.repeat || busy || document.getElementById('page')?.hidden) return;
    event.preventDefault();
    try {
      const mark = /** @type {{time_s: number}} */ (await change('POST', '/marks', { label: t('past.mark') }));
      tell(t('past.marked', { at: clock(mark.time_s, 0) }));
    } catch (error) {
      tell(/** @type {Error} */ (error).message);
    }
  });
}

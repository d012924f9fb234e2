// The space bar, or a button, marks a moment of the session that runs.

import { h, say } from './dom.js';
import { clock, t } from './text.js';
import { change } from './api.js';
import { began } from './live.js';

/** How long it is said, ms. */
const SAID = 4000;

const told = h('p', { class: 'marked', role: 'status' });
let timer = 0;

/** @param {string} text */
function tell(text) {
  say(told, text);
  clearTimeout(timer);
  timer = setTimeout(() => say(told, ''), SAID);
}

export async function mark() {
  try {
    const made = /** @type {{time_s: number}} */ (await change('POST', '/marks', { label: t('past.mark') }));
    tell(t('past.marked', { at: clock(made.time_s, began()) }));
  } catch (error) {
    tell(/** @type {Error} */ (error).message);
  }
}

export function markOnSpace() {
  document.body.append(told);
  addEventListener('keydown', (event) => {
    const busy = event.target instanceof Element && event.target.closest('button, a, input, select, textarea, summary, dialog, [tabindex]');
    if (event.code !== 'Space' || event.repeat || busy || document.getElementById('page')?.hidden) return;
    event.preventDefault();
    void mark();
  });
}

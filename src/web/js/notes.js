// What a person should know about the data; never about the gait, and never dressed like an alert.

import { h } from './dom.js';
import { clock, said, t } from './text.js';

/** @import { Note, View } from './types.js' */

/** @returns {View} */
export function notesView() {
  const list = h('ul', { tabindex: '0', 'aria-labelledby': 'notes-title' });
  const node = h('section', { class: 'panel notes', 'aria-labelledby': 'notes-title' },
    h('h2', { id: 'notes-title' }, t('notes.title')), list);
  /** @type {Note[]|null} */
  let seen = null;
  return {
    node,
    update(model) {
      if (model.health === seen) return;
      seen = model.health;
      node.hidden = seen.length === 0;
      const order = [...seen].reverse().sort((a, b) => Number(b.active) - Number(a.active));
      list.replaceChildren(...order.map((note) =>
        h('li', { class: note.active ? 'active' : '' },
          `${clock(note.time_s, model.started_s)} ${note.placement ? `${t(`placement.${note.placement}`)}: ` : ''}${said(note.message)}`,
          note.active ? null : ` (${t('notes.over')})`)));
    },
  };
}

// The bar, where the data come from, what to do next, and what is wrong with the link.

import { h, say } from './dom.js';
import { age, clock, said, size, t } from './text.js';
import { staleness } from './model.js';
import { stageButtons } from './stage.js';
import { endButton, endedView } from './ending.js';
import { nextTheme, themeName } from './theme.js';

/** @import { Model, View } from './types.js' */

/** @returns {View} */
export function barView() {
  const time = h('span', { class: 'clock', role: 'timer', 'aria-label': t('bar.clock') });
  const online = h('a', { class: 'fact', href: '#sensors' });
  const recording = h('span', { class: 'fact recording' });
  const name = h('span', { class: 'colours' });
  const named = () => say(name, t(`theme.${themeName()}`));
  const theme = h('button', { type: 'button', 'data-act': 'theme', onclick: () => { nextTheme(); named(); } },
    h('span', { class: 'icon', 'aria-hidden': 'true' }, '◐ '), h('span', { class: 'prefix' }, `${t('bar.theme')} `), name);
  named();
  const end = endButton();
  return {
    node: h('header', { class: 'bar' }, time, online, recording, h('span', { class: 'acts' }, end.node, ...stageButtons(), theme)),
    update(model) {
      end.update(model);
      say(time, clock(model.time_s, model.started_s));
      // Those that are worn, or are to be; before any has a place, all that there are.
      const { worn, sensors } = model;
      const all = worn.length || sensors.length;
      const up = sensors.filter((x) => x.online && (x.placement !== null || !worn.length)).length;
      say(online, all ? t('bar.online', { online: up, all }) : t('bar.no_sensors'));
      online.classList.toggle('warn', up < all);
      say(recording, model.recording ? t('bar.recording', { size: size(model.recording.bytes) }) : '');
    },
  };
}

/** @returns {View} */
export function sourceView() {
  const node = h('section', { class: 'source', 'aria-live': 'polite', hidden: true });
  /** @type {Model['source']} */
  let seen = null;
  return {
    node,
    update(model) {
      node.classList.toggle('running', model.phase === 'watching' && !model.ended);
      if (model.source === seen) return;
      seen = model.source;
      node.hidden = !seen;
      if (!seen) return;
      node.classList.remove('real', 'synthetic', 'sensors');
      node.classList.add(seen.kind);
      const [kind, title] = [t(`source.${seen.kind}`), said(seen.title)];
      node.replaceChildren(h('span', { class: 'kind' }, kind),
        title.toLowerCase() === kind.toLowerCase() ? '' : h('span', { class: 'title' }, title), h('span', { class: 'text' }, said(seen.text)));
    },
  };
}

/** @returns {View} */
export function guideView() {
  const head = h('strong');
  const more = h('span');
  const after = endedView();
  const node = h('section', { class: 'guide', role: 'status' }, head, more, after.node);
  return {
    node,
    update(model) {
      after.update(model);
      const key = model.ended ? 'ended' : model.phase;
      node.hidden = key === 'watching' || model.heard_ms === null;
      node.dataset.phase = key;
      if (node.hidden) return;
      say(head, t(`guide.${key}`));
      say(more, t(`guide.${key}.more`));
    },
  };
}

/** @param {() => void} retry @returns {View} */
export function linkView(retry) {
  const text = h('span');
  const button = h('button', { type: 'button', onclick: retry }, t('link.retry'));
  const node = h('section', { class: 'link', role: 'alert', hidden: true }, text, button);
  return {
    node,
    update(model) {
      const stale = staleness(model, performance.now());
      // The first moments of opening are no news.
      node.hidden = !stale || (stale.why === 'never' && model.link === 'connecting');
      if (!stale) return;
      button.hidden = stale.why === 'stale';
      say(text, t(`link.${stale.why}`, { age: age(stale.age_ms) }));
    },
  };
}

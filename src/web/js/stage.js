// How the live view fills a room: full screen, and for a projector only what can be read from the far end.

import { h } from './dom.js';
import { t } from './text.js';

const PROJECTOR = '#/projector';

const isProjector = () => location.hash === PROJECTOR;

function follow() {
  if (isProjector()) document.documentElement.dataset.view = 'projector';
  else delete document.documentElement.dataset.view;
}

function fill() {
  // A browser may refuse, such as in a frame; then the page stays as large as it is.
  void (document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen()).catch(() => {});
}

function project() {
  location.hash = isProjector() ? '#' : PROJECTOR;
}

/** The two buttons, and their keys. */
export function stageButtons() {
  const button = (/** @type {string} */ act, /** @type {string} */ key, /** @type {() => void} */ press) =>
    h('button', { type: 'button', 'data-act': act, 'aria-keyshortcuts': key, onclick: press }, t(`bar.${act}`));
  const full = button('full-screen', 'f', fill);
  const large = button('projector', 'p', project);
  const draw = () => {
    follow();
    full.setAttribute('aria-pressed', String(Boolean(document.fullscreenElement)));
    large.setAttribute('aria-pressed', String(isProjector()));
  };
  addEventListener('hashchange', draw);
  document.addEventListener('fullscreenchange', draw);
  addEventListener('keydown', (event) => {
    const busy = event.target instanceof Element && event.target.closest('input, select, textarea, dialog');
    const live = !document.getElementById('page')?.hidden;
    if (busy || !live || event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key.toLowerCase() === 'f') fill();
    if (event.key.toLowerCase() === 'p') project();
    if (event.key === 'Escape' && isProjector()) project();
  });
  draw();
  return [full, large];
}

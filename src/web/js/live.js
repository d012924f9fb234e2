// The latest model, for pages beside the live one.

/** @import { Model } from './types.js' */

/** @type {Model|null} */
let latest = null;
/** @type {Map<Element, (model: Model) => void>} */
const watchers = new Map();

/** When the session began, in its own time, s. */
export const began = () => latest?.started_s ?? 0;

/** @param {Model} model */
export function publish(model) {
  latest = model;
  for (const [node, update] of watchers) {
    if (node.isConnected) update(model);
    else watchers.delete(node);
  }
}

/** Told of every model from the next one on, for as long as `node` is in the page.
 * @param {Element} node @param {(model: Model) => void} update */
export function watch(node, update) {
  // It is put into the page a moment after it was made.
  queueMicrotask(() => requestAnimationFrame(() => {
    watchers.set(node, update);
    if (latest) update(latest);
  }));
}

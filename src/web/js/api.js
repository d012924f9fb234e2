// Questions and commands to the daemon. A refusal is a sentence, and is shown as it came.

import { said, t } from './text.js';

/** Of several runners on one daemon each has an address, and the API of that runner is below it. */
export const API = `${/^\/r\/[^/]+/.exec(location.pathname)?.[0] ?? ''}/api/v1`;

/** @template T @param {string} path @param {RequestInit} [request] @returns {Promise<T>} */
export async function ask(path, request) {
  const answer = await fetch(`${API}${path}`, request).catch(() => null);
  if (!answer) throw new Error(t('link.never'));
  const text = await answer.text();
  if (!answer.ok) throw new Error(said(text) || `${answer.status}`);
  return /** @type {T} */ (text ? JSON.parse(text) : null);
}

/** A change; with `seen` it is refused when someone else was faster.
 * @template T @param {string} method @param {string} path @param {unknown} body @param {number} [seen] @returns {Promise<T>} */
export function change(method, path, body, seen) {
  /** @type {Record<string, string>} */
  const headers = { 'content-type': 'application/json' };
  if (seen !== undefined) headers['if-match'] = `"${seen}"`;
  return ask(path, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
}

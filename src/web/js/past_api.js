// Asks the daemon for what is kept. A refusal is a sentence, and is shown as it came.

/** @template T @param {string} path @param {RequestInit} [request] @returns {Promise<T>} */
export async function ask(path, request) {
  const answer = await fetch(`/api/v1${path}`, request);
  const text = await answer.text();
  if (!answer.ok) throw new Error(text || `${answer.status}`);
  return /** @type {T} */ (text ? JSON.parse(text) : null);
}

/** A change that is refused when someone else was faster.
 * @template T @param {string} method @param {string} path @param {unknown} body @param {number} [seen] @returns {Promise<T>} */
export function change(method, path, body, seen) {
  /** @type {Record<string, string>} */
  const headers = { 'content-type': 'application/json' };
  if (seen !== undefined) headers['if-match'] = `"${seen}"`;
  return ask(path, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
}

/** @param {string} started */
export const day = (started) => started.slice(0, 16).replace('T', ' ');

/** @param {number|null} value @param {string} unit */
export function figure(value, unit) {
  if (value === null) return '–';
  const text = value.toFixed(unit === 'deg' ? 1 : 0).replace('-', '\u2212');
  return unit === 'deg' ? `${text}°` : unit === 'ms' ? `${text} ms` : text;
}

/** @param {number|null} value @param {string} unit */
export const difference = (value, unit) => (value !== null && value > 0 ? `+${figure(value, unit)}` : figure(value, unit));

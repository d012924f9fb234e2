// The words of the page, from one file per language, and how numbers are written.

/** @type {Record<string, string>} */
let words = {};

/** @param {string} language */
export async function loadWords(language) {
  const answer = await fetch(`/strings/${language}.json`);
  words = await answer.json();
}

/** @param {string} key */
export const has = (key) => key in words;

/** @param {string} key @param {Record<string, string|number>} [fields] */
export function t(key, fields = {}) {
  const text = words[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (_, name) => String(fields[name] ?? ''));
}

/** A reason as a sentence; a word that this page does not know yet is shown as it came.
 * @param {string|null} reason */
export function sentence(reason) {
  if (!reason) return '';
  return has(`reason.${reason}`) ? t(`reason.${reason}`) : reason.replaceAll('_', ' ');
}

const MINUS = '\u2212';

/** @param {number|null} value @param {number} [digits] */
export function degrees(value, digits = 0) {
  if (value === null) return '–';
  const text = Math.abs(value).toFixed(digits);
  return `${value < 0 && Number(text) !== 0 ? MINUS : ''}${text}°`;
}

/** As `degrees` without its sign: for a value whose unit follows. @param {number} value */
export const plain = (value) => degrees(value).replace('°', '');

/** @param {number|null} value */
export function signed(value) {
  if (value === null) return '–';
  return value > 0 && Math.round(value) !== 0 ? `+${degrees(value)}` : degrees(value);
}

/** m:ss since the session began. @param {number|null} seconds @param {number|null} started */
export function clock(seconds, started) {
  if (seconds === null) return '0:00';
  const all = Math.max(0, Math.floor(seconds - (started ?? 0)));
  const hours = Math.floor(all / 3600);
  const minutes = Math.floor((all % 3600) / 60);
  const rest = String(all % 60).padStart(2, '0');
  return hours ? `${hours}:${String(minutes).padStart(2, '0')}:${rest}` : `${minutes}:${rest}`;
}

/** @param {number} ms */
export function age(ms) {
  const seconds = Math.max(1, Math.round(ms / 1000));
  return seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
}

/** @param {number} bytes */
export function size(bytes) {
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(0)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

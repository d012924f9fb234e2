// The words of the page, from one file per language, and how numbers and days are written.

/** Each language by its own name, with a file of its words and one of the daemon's sentences; English stands in for what
 * another does not have. @type {Record<string, string>} */
export const LANGUAGES = { en: 'English', de: 'Deutsch' };
const [KEY, FEET] = ['stancewatch.language', 'stancewatch.feet'];

/** @type {Record<string, string>} */
let words = {};
/** Sentences of the daemon with their places for values, and what they are here. @type {[RegExp, string][]} */
let daemon = [];
let language = 'en';
/** @type {Promise<void>|null} */
let loading = null;

/** The language that was chosen in this browser, else the first that it asks for and we have. */
function wanted() {
  const chosen = localStorage.getItem(KEY);
  const asked = [chosen ?? '', ...navigator.languages].map((tag) => tag.toLowerCase().split('-')[0] ?? '');
  return asked.find((tag) => tag in LANGUAGES) ?? 'en';
}

/** @param {string} name */
const file = async (name) => (await fetch(`/strings/${name}.json`)).json();
/** Words are kept by group, and asked for as `group.word`. @param {Record<string, Record<string, string>>} groups */
const named = (groups) => Object.entries(groups).flatMap(([group, all]) => Object.entries(all).map(([word, text]) => [`${group}.${word}`, text]));

/** Loads the words once, whoever asks first. */
export function loadWords() {
  loading ??= (async () => {
    language = wanted();
    document.documentElement.lang = language;
    const foreign = language !== 'en';
    const [english, own, said] = await Promise.all([file('en'), foreign ? file(language) : {}, foreign ? file(`${language}.daemon`) : {}]);
    words = Object.fromEntries([...named(english), ...named(own)]);
    daemon = Object.entries(said).map(([english, here]) => [pattern(english), /** @type {string} */ (here)]);
    if (perFoot()) {
      for (const key of ['number.cadence', 'explain.cadence.name', 'past.cadence', 'board.cadence']) words[key] += t('number.each_foot');
      daemon.unshift([/^steps per minute$/, t('number.cadence')]);
    }
    formats.clear();
  })();
  return loading;
}

export const currentLanguage = () => language;

/** Keeps the language for this browser and begins anew with it. @param {string} code */
export function chooseLanguage(code) {
  localStorage.setItem(KEY, code);
  location.reload();
}

/** Whether steps are counted for each foot. */
export const perFoot = () => localStorage.getItem(FEET) === 'one';

/** As `chooseLanguage`. @param {string} feet `one` or `two` */
export function chooseFeet(feet) {
  localStorage.setItem(FEET, feet);
  location.reload();
}

/** Steps per minute as this browser counts them. @param {number} spm */
export const cadence = (spm) => (perFoot() ? spm / 2 : spm);

/** @param {string} key */
export const has = (key) => key in words;

/** @param {string} key @param {Record<string, string|number>} [fields] */
export function t(key, fields = {}) {
  return filled(words[key] ?? key, fields);
}

/** @param {string} text @param {Record<string, string|number>} fields */
const filled = (text, fields) => text.replace(/\{(\w+)\}/g, (_, name) => String(fields[name] ?? ''));

/** @param {string} english */
function pattern(english) {
  const literal = (/** @type {string} */ text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${english.split(/(\{\w+\})/).map((part) => (/^\{\w+\}$/.test(part) ? `(?<${part.slice(1, -1)}>.*?)` : literal(part))).join('')}$`, 's');
}

/** A sentence of the daemon in the language of the page; one that is not known here stays as it came.
 * @param {string|null} text @returns {string} */
export function said(text) {
  for (const [sentence, here] of text ? daemon : []) {
    const found = sentence.exec(text ?? '');
    // What stands in a place may be a sentence, or the name of a place, of its own.
    if (found) return filled(here, Object.fromEntries(Object.entries(found.groups ?? {}).map(([name, value]) => [name, said(value)])));
  }
  return text ?? '';
}

/** A reason as a sentence; a word that this page does not know yet is shown as it came.
 * @param {string|null} reason */
export function sentence(reason) {
  if (!reason) return '';
  return has(`reason.${reason}`) ? t(`reason.${reason}`) : reason.replaceAll('_', ' ');
}

const MINUS = '\u2212';

/** @type {Map<number, Intl.NumberFormat>} */
const formats = new Map();

/** As it is written in the language of the page. @param {number} value @param {number} [digits] */
export function decimal(value, digits = 0) {
  let format = formats.get(digits);
  if (!format) {
    format = new Intl.NumberFormat(language, { minimumFractionDigits: digits, maximumFractionDigits: digits, useGrouping: false, signDisplay: 'negative' });
    formats.set(digits, format);
  }
  return format.format(value).replace('-', MINUS);
}

/** @param {number|null} value @param {number} [digits] */
export const degrees = (value, digits = 0) => (value === null ? '–' : `${decimal(value, digits)}°`);

/** As `degrees` without its sign: for a value whose unit follows. @param {number} value */
export const plain = (value) => decimal(value);

/** @param {number|null} value */
export function signed(value) {
  if (value === null) return '–';
  return value > 0 && Math.round(value) !== 0 ? `+${degrees(value)}` : degrees(value);
}

/** With the browser's own country: days and hours (12 or 24) are written differently where one language is spoken. */
const locale = () => navigator.languages.find((tag) => tag.toLowerCase().split('-')[0] === language) ?? language;

/** As the clock on the wall had it. @param {string} started RFC 3339 with its offset @param {Intl.DateTimeFormatOptions} style */
const written = (started, style) => new Intl.DateTimeFormat(locale(), { ...style, timeZone: 'UTC' }).format(new Date(`${started.slice(0, 19)}Z`));

/** A day and its time. @param {string} started */
export const day = (started) => written(started, { dateStyle: 'medium', timeStyle: 'short' });

/** A day. @param {string} started */
export const date = (started) => written(`${started.slice(0, 10)}T00:00:00`, { dateStyle: 'medium' });

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
  return bytes < 1e6 ? `${decimal(bytes / 1e3)} kB` : `${decimal(bytes / 1e6, 1)} MB`;
}

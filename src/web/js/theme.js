// As the system wants it, light, dark, or for the sun.

const NAMES = ['auto', 'light', 'dark', 'sun'];
const KEY = 'stancewatch.theme';

export function themeName() {
  return document.documentElement.dataset.theme ?? 'auto';
}

/** @param {string} name */
function use(name) {
  if (name === 'auto' || !NAMES.includes(name)) delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = name;
}

export function restoreTheme() {
  use(localStorage.getItem(KEY) ?? 'auto');
}

export function nextTheme() {
  const name = NAMES[(NAMES.indexOf(themeName()) + 1) % NAMES.length] ?? 'auto';
  use(name);
  localStorage.setItem(KEY, name);
}

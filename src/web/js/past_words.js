// Numbers of what is kept, as people read them.

import { decimal } from './text.js';

/** @param {number|null} value @param {string} unit */
export function figure(value, unit) {
  if (value === null) return '–';
  const text = decimal(value, unit === 'deg' ? 1 : 0);
  return unit === 'deg' ? `${text}°` : unit === 'ms' ? `${text} ms` : text;
}

/** @param {number|null} value @param {string} unit */
export const difference = (value, unit) => {
  const text = figure(value, unit);
  return value !== null && value > 0 && /[1-9]/.test(text) ? `+${text}` : text;
};

// Numbers of what is kept, as people read them.

import { cadence, decimal } from './text.js';

/** @param {number} value @param {string} unit */
const shown = (value, unit) => (unit === 'spm' ? cadence(value) : value);

/** How far values spread, without their unit. @param {number} value @param {string} unit */
export const spread = (value, unit) => decimal(shown(value, unit), 1);

/** @param {number|null} value @param {string} unit */
export function figure(value, unit) {
  if (value === null) return '–';
  const text = decimal(shown(value, unit), unit === 'deg' ? 1 : 0);
  return unit === 'deg' ? `${text}°` : unit === 'ms' ? `${text} ms` : text;
}

/** @param {number|null} value @param {string} unit */
export const difference = (value, unit) => {
  const text = figure(value, unit);
  return value !== null && value > 0 && /[1-9]/.test(text) ? `+${text}` : text;
};

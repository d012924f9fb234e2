// Numbers and days of what is kept, as people read them.

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

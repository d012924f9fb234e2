// Status by shape and word before colour.

import { s } from './dom.js';

/** @import { SignName } from './types.js' */

/** @param {SignName} sign */
export function signShape(sign) {
  const svg = s('svg', { viewBox: '0 0 64 64', 'aria-hidden': 'true' });
  const ring = { cx: 32, cy: 32, r: 25, fill: 'none', stroke: 'currentColor', 'stroke-width': 6 };
  if (sign === 'good') svg.append(s('circle', { cx: 32, cy: 32, r: 28, fill: 'currentColor' }));
  if (sign === 'watch') {
    svg.append(s('path', { d: 'M32 5 61 58H3Z', fill: 'currentColor', stroke: 'currentColor', 'stroke-width': 4, 'stroke-linejoin': 'round' }));
  }
  if (sign === 'too_far') svg.append(s('rect', { x: 6, y: 6, width: 52, height: 52, rx: 3, fill: 'currentColor' }));
  if (sign === 'not_sure') svg.append(s('circle', { ...ring, 'stroke-dasharray': '13.1 13.08' }));
  if (sign === 'lost') {
    svg.append(s('circle', ring), s('path', { d: 'M15 15 49 49M49 15 15 49', fill: 'none', stroke: 'currentColor', 'stroke-width': 6 }));
  }
  return svg;
}

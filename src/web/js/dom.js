// Elements without a framework.

const SVG = 'http://www.w3.org/2000/svg';

/** @typedef {Node|string|null|false|undefined} Child */

/** @param {Element} element @param {Record<string, string|number|boolean|EventListener>} attributes @param {Child[]} children */
function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, '');
    else if (value !== false) element.setAttribute(name, String(value));
  }
  element.append(...children.filter((c) => c !== null && c !== undefined && c !== false));
}

/** @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag @param {Record<string, string|number|boolean|EventListener>} [attributes] @param {...Child} children
 * @returns {HTMLElementTagNameMap[K]} */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  fill(element, attributes, children);
  return element;
}

/** @template {keyof SVGElementTagNameMap} K
 * @param {K} tag @param {Record<string, string|number|boolean>} [attributes] @param {...Child} children
 * @returns {SVGElementTagNameMap[K]} */
export function s(tag, attributes = {}, ...children) {
  const element = /** @type {SVGElementTagNameMap[K]} */ (document.createElementNS(SVG, tag));
  fill(element, attributes, children);
  return element;
}

/** With its own room to scroll sideways in; a column without a name has no head.
@param {string} label @param {string[]} head @param {HTMLElement[]} rows */
export const table = (label, head, rows) => h('div', { class: 'wide', tabindex: 0, role: 'region', 'aria-label': label },
  h('table', {}, h('thead', {}, h('tr', {}, ...head.map((text) => (text ? h('th', { scope: 'col' }, text) : h('td'))))), h('tbody', {}, ...rows)));

/** Text that is written only when it changes, so that screen readers hear changes only.
 * @param {Element} element @param {string} text */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** A drawing in CSS pixels that is drawn anew when its room changes.
 * @param {(width: number) => number} heightOf
 * @param {(svg: SVGSVGElement, width: number, height: number) => void} draw */
export function plot(heightOf, draw) {
  // Until it is drawn it has nothing to say, nor a name.
  const svg = s('svg', { class: 'plot', height: heightOf(300), role: 'img', 'aria-hidden': 'true' });
  let width = 0;
  // As large as the page writes: its text is measured in the drawing's own pixels.
  const scale = parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
  const redraw = () => {
    if (width <= 0) return;
    const [wide, high] = [width / scale, heightOf(width / scale)];
    svg.removeAttribute('aria-hidden');
    svg.setAttribute('height', String(high * scale));
    svg.setAttribute('viewBox', `0 0 ${wide} ${high}`);
    draw(svg, wide, high);
  };
  new ResizeObserver((entries) => {
    width = Math.round(entries.at(-1)?.contentRect.width ?? 0);
    redraw();
  }).observe(svg);
  return { svg, redraw };
}

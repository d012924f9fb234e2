// Curves by uPlot, which is fetched with the first of them. Colours are those of the theme, and change with it.

import { h } from './dom.js';

/** @import uPlot from 'uplot' */

/** @typedef {{height: (width: number) => number, options: () => Omit<uPlot.Options, 'width'|'height'>}} Drawing */

/** @type {Promise<typeof uPlot>|null} */
let library = null;
/** @type {Map<string, string>} */
const colours = new Map();

function load() {
  library ??= new Promise((resolve, reject) => {
    document.head.append(h('link', { rel: 'stylesheet', href: '/vendor/uPlot.min.css' }), h('script', {
      src: '/vendor/uPlot.iife.min.js', onload: () => resolve(/** @type {any} */ (window).uPlot), onerror: () => reject(new Error('uPlot did not load')),
    }));
  });
  return library;
}

/** A colour of the theme by its name in theme.css. @param {string} name */
export function colour(name) {
  let value = colours.get(name);
  if (value === undefined) {
    value = getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
    colours.set(name, value);
  }
  return value;
}

function recolour() {
  colours.clear();
  for (const chart of document.querySelectorAll('stance-chart')) /** @type {Chart} */ (chart).redraw();
}
new MutationObserver(recolour).observe(document.documentElement, { attributeFilter: ['data-theme'] });
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', recolour);

/** How large the page writes, such as on a wall. */
export const SCALE = parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
/** Text on a chart: never smaller than on the page. */
export const FONT = `${13.6 * SCALE}px system-ui, sans-serif`;

/** An axis that is written as the page writes. @param {Partial<uPlot.Axis>} more @returns {uPlot.Axis} */
export const axis = ({ size = 50, space = 50, ...more }) => ({
  font: FONT, stroke: () => colour('quiet'), grid: { stroke: () => colour('grid'), width: 1 }, ticks: { show: false }, gap: 4, ...more,
  size: Number(size) * SCALE, space: Number(space) * SCALE,
});

/** Its own element, so that it lets go of what it holds when it leaves the page. */
class Chart extends HTMLElement {
  /** @type {Drawing|null} */
  drawing = null;
  /** @type {uPlot.AlignedData|null} */
  data = null;
  /** @type {uPlot|null} */
  plot = null;
  /** How wide the last one was: the next keeps its room from the beginning, and nothing under it jumps. */
  static last = 0;

  room = new ResizeObserver((entries) => this.fit(Math.round(entries.at(-1)?.contentRect.width ?? 0)));

  connectedCallback() { this.room.observe(this); }

  disconnectedCallback() {
    this.room.disconnect();
    this.plot?.destroy();
    this.plot = null;
  }

  /** @param {number} width */
  async fit(width) {
    if (width <= 0 || !this.drawing) return;
    const size = { width, height: this.drawing.height(width) };
    Chart.last = width;
    this.style.minHeight = `${size.height}px`;
    if (this.plot) return this.plot.setSize(size);
    const Plot = await load();
    if (this.plot || !this.isConnected || !this.data) return;
    this.plot = new Plot({ ...this.drawing.options(), ...size }, this.data, this);
  }

  /** @param {uPlot.AlignedData} data */
  show(data) {
    this.data = data;
    if (this.plot) this.plot.setData(data);
    else if (this.isConnected) void this.fit(this.clientWidth);
  }

  redraw() { this.plot?.redraw(false, true); }
}
customElements.define('stance-chart', Chart);

/** A chart that fills its room. It has no name for a screen reader until it is told one.
 * @param {Drawing} drawing @returns {Chart} */
export function chart(drawing) {
  const node = /** @type {Chart} */ (document.createElement('stance-chart'));
  node.drawing = drawing;
  if (Chart.last) node.style.minHeight = `${drawing.height(Chart.last)}px`;
  node.setAttribute('role', 'img');
  node.setAttribute('aria-hidden', 'true');
  return node;
}

/** What a chart shows, in words. @param {Element} node @param {string} text */
export function name(node, text) {
  node.removeAttribute('aria-hidden');
  if (node.getAttribute('aria-label') !== text) node.setAttribute('aria-label', text);
}

// The peaks of the last stances against the limit and the usual band.

import { plot, s } from './dom.js';
import { degrees, t } from './text.js';
import { known, limit, quantities, usual, valueOf } from './figures.js';

/** @import { Model, SideName, Stance } from './types.js' */

const SHOWN = 40;
const HEIGHT = 108;
/** Where there is little room, as on a phone. */
const LOW = { height: 80, below: 480 };
const TOP = 8;
const BOTTOM = 32;
/** Stances without a value stand so far from the bottom. */
const WITHHELD = 23;
/** Labels closer than this would touch. */
const LINE = 16;
const RIGHT = 74;
/** Smallest range shown, degrees: noise shall not look like movement. */
const LEAST_RANGE = 8;

/** @param {SideName} side */
export function peaksPlot(side) {
  /** @type {Model|null} */
  let model = null;
  const view = plot((width) => (width < LOW.below ? LOW.height : HEIGHT), (svg, width, height) => {
    if (model) draw(svg, width, height, model, side);
  });
  return {
    svg: view.svg,
    /** @param {Model} next */
    update(next) {
      const same = model && next.stances[side] === model.stances[side] && next.limits === model.limits
        && next.baselines === model.baselines;
      model = next;
      if (!same) view.redraw();
    },
  };
}

/** @param {SVGSVGElement} svg @param {number} width @param {number} height @param {Model} model @param {SideName} side */
function draw(svg, width, height, model, side) {
  const { adduction } = quantities(model, side);
  const stances = model.stances[side];
  const values = stances.map((stance) => valueOf(stance, adduction));
  const measured = known(values);
  const band = usual(model, side, adduction.rule);
  const level = limit(model, side, adduction.rule);
  const edges = [...measured, ...(band ? [band.mean_deg - band.sd_deg, band.mean_deg + band.sd_deg] : []),
    ...(level ? [level.amber_deg] : [])];
  svg.replaceChildren();
  if (!stances.length) {
    svg.append(s('text', { x: 0, y: height / 2 }, t('leg.no_stances')));
    svg.setAttribute('aria-label', t('leg.no_stances'));
    return;
  }
  const lowest = edges.length ? Math.min(...edges) : 0;
  const highest = edges.length ? Math.max(...edges) : 0;
  const spare = 1 + Math.max(0, LEAST_RANGE - (highest - lowest)) / 2;
  const low = lowest - spare;
  const high = highest + spare;
  const right = width - RIGHT;
  const x = (/** @type {number} */ i) => ((i + 0.5 + SHOWN - stances.length) / SHOWN) * right;
  const y = (/** @type {number} */ v) => TOP + ((high - v) / (high - low)) * (height - TOP - BOTTOM);

  if (band) {
    const top = y(band.mean_deg + band.sd_deg);
    svg.append(s('rect', { class: 'band', x: 0, y: top, width: right, height: Math.max(2, y(band.mean_deg - band.sd_deg) - top) }));
    const under = level ? y(level.amber_deg) + LINE : 0;
    svg.append(s('text', { x: right + 6, y: Math.max(y(band.mean_deg), under) + 5 }, `${t('leg.usual_word')} ${degrees(band.mean_deg)}`));
  }
  if (level) {
    const at = y(level.amber_deg);
    svg.append(s('line', { class: 'limit', x1: 0, x2: right, y1: at, y2: at }));
    svg.append(s('text', { class: 'limit-word', x: right + 6, y: at + 5 }, `${t('leg.limit_word')} ${degrees(level.amber_deg)}`));
  }
  if (!band && !level && measured.length) {
    svg.append(s('text', { x: right + 6, y: y(Math.max(...measured)) + 5 }, degrees(Math.max(...measured))));
    svg.append(s('text', { x: right + 6, y: y(Math.min(...measured)) + 5 }, degrees(Math.min(...measured))));
  }
  const radius = Math.min(3.5, (0.42 * right) / SHOWN);
  stances.forEach((stance, i) => {
    const value = values[i] ?? null;
    const at = { x: x(i), y: value === null ? height - WITHHELD : y(value) };
    svg.append(dot(stance, adduction.rule, at, radius, value === null));
  });
  svg.append(s('text', { x: 0, y: height - 1 }, t('leg.last_stances', { n: stances.length })));
  svg.setAttribute('aria-label', t('leg.peaks', {
    side: t(`side.${side}`), label: t(`rule.${adduction.rule}`), n: stances.length,
    low: measured.length ? degrees(Math.min(...measured)) : '–', high: measured.length ? degrees(Math.max(...measured)) : '–',
    beyond: stances.filter((stance) => severity(stance, adduction.rule)).length, withheld: values.filter((v) => v === null).length,
  }));
}

/** @param {Stance} stance @param {string} rule */
function severity(stance, rule) {
  return stance.flags.find((f) => f.rule === rule)?.severity ?? null;
}

/** The same shapes as the signs.
 * @param {Stance} stance @param {string} rule @param {{x: number, y: number}} at @param {number} r @param {boolean} withheld */
function dot(stance, rule, { x, y }, r, withheld) {
  if (withheld) return s('circle', { class: 'dot withheld', cx: x, cy: y, r });
  const beyond = severity(stance, rule);
  const half = 1.3 * r;
  if (beyond === 'red') return s('rect', { class: 'dot beyond too_far', x: x - half, y: y - half, width: 2 * half, height: 2 * half });
  if (beyond === 'amber') return s('path', { class: 'dot beyond watch', d: `M${x} ${y - 1.7 * r}l${1.7 * r} ${3 * r}h${-3.4 * r}Z` });
  return s('circle', { class: 'dot', cx: x, cy: y, r });
}

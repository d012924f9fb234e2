// The angle over the stride: the one being run over the last twenty.

import { h, say } from './dom.js';
import { FONT, SCALE, axis, chart, colour, name } from './chart.js';
import { degrees, t } from './text.js';
import { known, limit, middle, quantities, usual } from './figures.js';
import { SIDES, isUnworn } from './model.js';
import { whyButton } from './explain.js';

/** @import uPlot from 'uplot' */
/** @import { Curve, Model, Running, SideName, Stance, Stride, View } from './types.js' */

/** Flat enough to compare sides, high enough to see a degree. @param {number} width */
const heightOf = (width) => Math.round(Math.min(300, Math.max(190, 0.75 * width)));
/** Smallest range shown, degrees: noise shall not look like movement. */
const LEAST_RANGE = 12;
const PAST = 20;
/** Points of a finished stride. */
const POINTS = 51;
const PERCENT = Array.from({ length: POINTS }, (_, i) => (100 * i) / (POINTS - 1));

/** @typedef {'adduction'|'rotation'|'knee'} Shown */
/** @type {Record<Shown, 'adduction_deg'|'rotation_deg'|'knee_flexion_deg'>} */
const FIELDS = { adduction: 'adduction_deg', rotation: 'rotation_deg', knee: 'knee_flexion_deg' };
/** @type {Curve} */
const NOTHING = PERCENT.map(() => null);

/** @returns {View} */
export function stridesView() {
  /** @type {Shown} */
  let shown = 'adduction';
  /** @type {Model|null} */
  let model = null;
  const tabs = h('div', { class: 'tabs', role: 'group', 'aria-label': t('strides.title') });
  const why = h('span');
  const note = h('p', { class: 'note' });
  const panes = SIDES.map((side) => pane(side));
  const node = h('section', { class: 'panel strides', 'aria-labelledby': 'strides-title' },
    h('h2', { id: 'strides-title' }, t('strides.title')), tabs,
    h('div', { class: 'pair' }, ...panes.map((p) => p.node)), note);

  function choose(/** @type {Shown} */ next) {
    shown = next;
    for (const button of tabs.querySelectorAll('button[data-shown]')) {
      button.setAttribute('aria-pressed', String(button.getAttribute('data-shown') === shown));
    }
    refresh();
  }

  let explained = '';
  function explain(/** @type {Model} */ of) {
    const { adduction, rotation } = quantities(of, 'left');
    const rule = { adduction: adduction.rule, rotation: rotation.rule, knee: 'knee' }[shown];
    if (rule === explained) return;
    explained = rule;
    why.replaceChildren(whyButton(rule));
  }

  function refresh() {
    if (!model) return;
    explain(model);
    const range = rangeOf(model, shown);
    const n = Math.max(...SIDES.map((side) => model?.strides[side].length ?? 0));
    say(note, `${t('strides.note', { n })}${shown === 'rotation' ? ` ${t('strides.note.rotation')}` : ''}`);
    for (const p of panes) p.update(model, shown, range);
  }

  for (const each of /** @type {Shown[]} */ (Object.keys(FIELDS))) {
    tabs.append(h('button', { 'data-shown': each, type: 'button', onclick: () => choose(each) }, t(`strides.${each}`)));
  }
  tabs.append(why);
  choose('adduction');
  return {
    node,
    update(next) {
      for (const [i, side] of SIDES.entries()) panes[i]?.node.toggleAttribute('hidden', isUnworn(next, side));
      const before = model;
      model = next;
      const same = before && SIDES.every((side) => before.running[side] === next.running[side]) && before.strides === next.strides
        && before.limits === next.limits && before.baselines === next.baselines;
      if (!same) refresh();
    },
  };
}

/** @param {Model} model @param {Shown} shown @returns {[number, number]} */
function rangeOf(model, shown) {
  const all = SIDES.flatMap((side) => model.strides[side].flatMap((stride) => known(stride[FIELDS[shown]])));
  if (!all.length) return [0, LEAST_RANGE];
  let low = Math.min(...all);
  let high = Math.max(...all);
  if (shown === 'adduction') {
    for (const side of SIDES) high = Math.max(high, limit(model, side, quantities(model, side).adduction.rule)?.amber_deg ?? high);
  }
  const spare = Math.max(0, LEAST_RANGE - (high - low)) / 2 + 1;
  low = 5 * Math.floor((low - spare) / 5);
  high = 5 * Math.ceil((high + spare) / 5);
  return [low, high];
}

/** @param {SideName} side */
function pane(side) {
  /** @type {{model: Model, shown: Shown, range: [number, number], live: Curve}|null} */
  let now = null;
  /** Past strides as the chart holds them, and of what they are. @type {{of: Stride[]|null, shown: Shown|null, curves: Curve[]}} */
  let past = { of: null, shown: null, curves: [] };
  const drawing = chart({
    height: heightOf,
    options: () => ({
      scales: { x: { time: false, range: [0, 100] }, y: { range: () => now?.range ?? [0, LEAST_RANGE] } },
      axes: [axis({ splits: () => [0, 25, 50, 75, 100], values: (_, at) => at.map((v) => `${v} %`), grid: { show: false }, size: 26 }),
        axis({ values: (_, at) => at.map((v) => degrees(v)), size: 44, space: 28 })],
      series: [{}, ...Array.from({ length: PAST }, () => ({ stroke: () => colour(side), width: 1, alpha: 0.28, points: { show: false } })),
        { stroke: () => colour(side), width: 3, points: { show: false } }],
      padding: [10, 24 * SCALE, 0, 0], legend: { show: false }, cursor: { show: false },
      hooks: { drawClear: [(u) => ground(u, side, now)], draw: [(u) => tip(u, side, now?.live ?? NOTHING)] },
    }),
  });
  const empty = h('p', { class: 'note' });

  return {
    node: h('figure', { class: side }, h('figcaption', {}, t(`side.${side}`)), drawing, empty),
    /** @param {Model} model @param {Shown} shown @param {[number, number]} range */
    update(model, shown, range) {
      const strides = model.strides[side];
      if (past.of !== strides || past.shown !== shown) {
        const curves = strides.slice(-PAST).map((stride) => stride[FIELDS[shown]]);
        past = { of: strides, shown, curves: [...curves, ...Array.from({ length: PAST - curves.length }, () => NOTHING)] };
        say(empty, nothing(strides, shown));
        name(drawing, words(strides, shown, side));
      }
      const live = resampled(model.running[side], strideSeconds(model.stances[side]), FIELDS[shown]);
      now = { model, shown, range, live };
      drawing.show(/** @type {uPlot.AlignedData} */ ([PERCENT, ...past.curves, live]));
    },
  };
}

/** Why there is no curve, if there is none. @param {Stride[]} strides @param {Shown} shown */
function nothing(strides, shown) {
  if (!strides.length) return t('strides.empty');
  return strides.every((stride) => !known(stride[FIELDS[shown]]).length) ? t('strides.withheld') : '';
}

/** @param {Stride[]} strides @param {Shown} shown @param {SideName} side */
function words(strides, shown, side) {
  const all = strides.flatMap((stride) => known(stride[FIELDS[shown]]));
  return t('strides.figure', {
    side: t(`side.${side}`), label: t(`strides.${shown}`), n: strides.length,
    low: all.length ? degrees(Math.min(...all)) : '–', high: all.length ? degrees(Math.max(...all)) : '–',
  });
}

/** The stride being run at the points of a finished one, as far as it has come.
 * @param {Running|null} running @param {number|null} seconds how long a stride takes @param {'adduction_deg'|'rotation_deg'|'knee_flexion_deg'} field */
function resampled(running, seconds, field) {
  const curve = running && seconds !== null ? running[field] : [];
  const step = running && seconds !== null ? seconds / ((POINTS - 1) * running.step_s) : 0;
  return PERCENT.map((_, i) => {
    const at = i * step;
    const [a, b] = [curve[Math.floor(at)] ?? null, curve[Math.ceil(at)] ?? null];
    return a === null || b === null ? null : a + (b - a) * (at % 1);
  });
}

/** @param {Stance[]} stances */
function strideSeconds(stances) {
  const ms = middle(known(stances.slice(-5).map((stance) => stance.stride_ms)));
  return ms === null ? null : ms / 1000;
}

/** Stance, usual and limit, behind the curves.
 * @param {uPlot} u @param {SideName} side @param {{model: Model, shown: Shown}|null} now */
function ground(u, side, now) {
  if (!now) return;
  const { ctx, bbox } = u;
  const y = (/** @type {number} */ v) => u.valToPos(v, 'y', true);
  const share = contactShare(now.model.stances[side]);
  ctx.save();
  if (share !== null && now.model.strides[side].length) {
    ctx.fillStyle = colour('wedge');
    ctx.fillRect(bbox.left, bbox.top, share * bbox.width, bbox.height);
  }
  if (now.shown === 'adduction') {
    const { rule } = quantities(now.model, side).adduction;
    const band = usual(now.model, side, rule);
    if (band) {
      const [top, bottom] = [y(band.mean_deg + band.sd_deg), y(band.mean_deg - band.sd_deg)];
      ctx.fillStyle = colour('band');
      ctx.fillRect(bbox.left, top, bbox.width, bottom - top);
    }
    const level = limit(now.model, side, rule);
    if (level) line(u, y(level.amber_deg), `${t('leg.limit_word')} ${degrees(level.amber_deg)}`);
  }
  ctx.restore();
}

/** @param {uPlot} u @param {number} y @param {string} word */
function line({ ctx, bbox }, y, word) {
  ctx.strokeStyle = colour('ink');
  ctx.lineWidth = 1.5 * devicePixelRatio;
  ctx.setLineDash([6 * devicePixelRatio, 4 * devicePixelRatio]);
  ctx.beginPath();
  ctx.moveTo(bbox.left, y);
  ctx.lineTo(bbox.left + bbox.width, y);
  ctx.stroke();
  ctx.fillStyle = colour('ink');
  ctx.font = FONT.replace(/^[\d.]+/, (size) => String(Number(size) * devicePixelRatio));
  ctx.textAlign = 'right';
  ctx.fillText(word, bbox.left + bbox.width - 4, y - 5 * devicePixelRatio);
}

/** Where the leg is now. @param {uPlot} u @param {SideName} side @param {Curve} live */
function tip(u, side, live) {
  const at = live.findLastIndex((v) => v !== null);
  const value = live[at];
  if (value === undefined || value === null) return;
  u.ctx.fillStyle = colour(side);
  u.ctx.beginPath();
  u.ctx.arc(u.valToPos(PERCENT[at] ?? 0, 'x', true), u.valToPos(value, 'y', true), 5 * devicePixelRatio, 0, 2 * Math.PI);
  u.ctx.fill();
}

/** @param {Stance[]} stances */
function contactShare(stances) {
  return middle(known(stances.slice(-5).map((x) => (x.stride_ms ? x.contact_ms / x.stride_ms : null))));
}

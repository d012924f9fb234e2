// The angle over the stride: the one being run over the last twenty.

import { h, plot, s, say } from './dom.js';
import { degrees, t } from './text.js';
import { known, limit, middle, quantities } from './figures.js';
import { SIDES } from './model.js';
import { whyButton } from './explain.js';

/** @import { Curve, Model, SideName, Stance, View } from './types.js' */

/** Flat enough to compare sides, high enough to see a degree. @param {number} width */
const heightOf = (width) => Math.round(Math.min(300, Math.max(190, 0.75 * width)));
const TOP = 8;
const BOTTOM = 22;
const LEFT = 40;
/** Smallest range shown, degrees: noise shall not look like movement. */
const LEAST_RANGE = 12;

/** @typedef {'adduction'|'rotation'|'knee'} Shown */
/** @type {Record<Shown, 'adduction_deg'|'rotation_deg'|'knee_flexion_deg'>} */
const FIELDS = { adduction: 'adduction_deg', rotation: 'rotation_deg', knee: 'knee_flexion_deg' };

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
    refresh(true);
  }

  let explained = '';
  function explain(/** @type {Model} */ of) {
    const { adduction, rotation } = quantities(of, 'left');
    const name = { adduction: adduction.rule, rotation: rotation.rule, knee: 'knee' }[shown];
    if (name === explained) return;
    explained = name;
    why.replaceChildren(whyButton(name));
  }

  function refresh(/** @type {boolean} */ all) {
    if (!model) return;
    explain(model);
    const range = rangeOf(model, shown);
    const n = Math.max(...SIDES.map((side) => model?.strides[side].length ?? 0));
    say(note, `${t('strides.note', { n })}${shown === 'rotation' ? ` ${t('strides.note.rotation')}` : ''}`);
    for (const p of panes) p.update(model, shown, range, all);
  }

  for (const name of /** @type {Shown[]} */ (Object.keys(FIELDS))) {
    tabs.append(h('button', { 'data-shown': name, type: 'button', onclick: () => choose(name) }, t(`strides.${name}`)));
  }
  tabs.append(why);
  choose('adduction');
  return {
    node,
    update(next) {
      const before = model;
      model = next;
      refresh(!before || before.strides !== next.strides || before.limits !== next.limits);
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
  const live = s('path', { class: 'live' });
  const tip = s('circle', { class: 'tip', r: 5 });
  /** @type {{model: Model, shown: Shown, range: [number, number]}|null} */
  let now = null;
  let key = '';
  /** @type {Room} */
  let room = { width: 0, height: 0 };
  const view = plot(heightOf, (svg, width, height) => {
    room = { width, height };
    if (!now) return;
    svg.replaceChildren(...ground(now.model, side, now.shown, now.range, room), live, tip);
    drawLive();
    label(svg);
  });

  /** @param {SVGSVGElement} svg */
  function label(svg) {
    if (!now) return;
    const { model, shown } = now;
    const values = model.strides[side].flatMap((stride) => known(stride[FIELDS[shown]]));
    svg.setAttribute('aria-label', t('strides.figure', {
      side: t(`side.${side}`), label: t(`strides.${shown}`), n: model.strides[side].length,
      low: values.length ? degrees(Math.min(...values)) : '–', high: values.length ? degrees(Math.max(...values)) : '–',
    }));
  }

  function drawLive() {
    if (!now || !room.width) return;
    const { model, shown, range } = now;
    const running = model.running[side];
    const seconds = strideSeconds(model.stances[side]);
    const step = running && seconds ? running.step_s / seconds : 1;
    // A stride that is longer than the last ones leaves the plot rather than fold onto its edge.
    const curve = running ? running[FIELDS[shown]].slice(0, Math.floor(1 / step) + 1) : [];
    live.setAttribute('d', path(curve, (i) => i * step, range, room));
    const last = curve.findLastIndex((v) => v !== null);
    const value = curve[last] ?? null;
    const seen = value !== null;
    tip.setAttribute('visibility', seen ? 'visible' : 'hidden');
    if (seen) {
      tip.setAttribute('cx', String(xOf(last * step, room)));
      tip.setAttribute('cy', String(yOf(value, range, room)));
    }
  }

  return {
    node: h('figure', { class: side }, h('figcaption', {}, t(`side.${side}`)), view.svg),
    /** @param {Model} model @param {Shown} shown @param {[number, number]} range @param {boolean} all */
    update(model, shown, range, all) {
      now = { model, shown, range };
      const next = `${shown}${range}`;
      if (all || next !== key) {
        key = next;
        view.redraw();
      } else {
        drawLive();
      }
    },
  };
}

/** @param {Stance[]} stances */
function strideSeconds(stances) {
  const ms = middle(known(stances.slice(-5).map((stance) => stance.stride_ms)));
  return ms === null ? null : ms / 1000;
}

/** @typedef {{width: number, height: number}} Room */

/** @param {number} share @param {Room} room */
const xOf = (share, { width }) => LEFT + share * (width - LEFT - 4);
/** @param {number} value @param {[number, number]} range @param {Room} room */
const yOf = (value, [low, high], { height }) => TOP + ((high - value) / (high - low)) * (height - TOP - BOTTOM);

/** @param {Curve} curve @param {(i: number) => number} share @param {[number, number]} range @param {Room} room */
function path(curve, share, range, room) {
  let d = '';
  let pen = false;
  curve.forEach((value, i) => {
    if (value !== null) d += `${pen ? 'L' : 'M'}${xOf(share(i), room).toFixed(1)} ${yOf(value, range, room).toFixed(1)}`;
    pen = value !== null;
  });
  return d;
}

/** What stays while a stride runs. @param {Model} model @param {SideName} side @param {Shown} shown @param {[number, number]} range @param {Room} room */
function ground(model, side, shown, range, room) {
  const { width, height } = room;
  const strides = model.strides[side];
  const bottom = height - BOTTOM;
  const parts = [];
  const share = contactShare(model.stances[side]);
  if (share !== null && strides.length) {
    parts.push(s('rect', { class: 'stance', x: xOf(0, room), y: TOP, width: share * (width - LEFT - 4), height: bottom - TOP }));
  }
  const step = range[1] - range[0] > 40 ? 20 : range[1] - range[0] > 20 ? 10 : 5;
  for (let v = Math.ceil(range[0] / step) * step; v <= range[1]; v += step) {
    const y = yOf(v, range, room);
    parts.push(s('line', { class: 'zero', x1: LEFT, x2: width - 4, y1: y, y2: y }));
    parts.push(s('text', { x: LEFT - 6, y: y + 5, 'text-anchor': 'end' }, degrees(v)));
  }
  parts.push(s('text', { x: LEFT, y: height - 3 }, t('strides.axis.start')));
  parts.push(s('text', { x: width - 4, y: height - 3, 'text-anchor': 'end' }, t('strides.axis.end')));
  const level = shown === 'adduction' ? limit(model, side, quantities(model, side).adduction.rule) : null;
  if (level) {
    const y = yOf(level.amber_deg, range, room);
    parts.push(s('line', { class: 'limit', x1: LEFT, x2: width - 4, y1: y, y2: y }));
    parts.push(s('text', { class: 'limit-word', x: width - 6, y: y - 5, 'text-anchor': 'end' }, `${t('leg.limit_word')} ${degrees(level.amber_deg)}`));
  }
  for (const stride of strides) {
    const curve = stride[FIELDS[shown]];
    parts.push(s('path', { class: 'past', d: path(curve, (i) => i / (curve.length - 1), range, room) }));
  }
  const nothing = !strides.length ? 'empty' : strides.every((stride) => !known(stride[FIELDS[shown]]).length) ? 'withheld' : null;
  if (nothing) parts.push(s('text', { x: LEFT + (width - LEFT) / 2, y: height / 2, 'text-anchor': 'middle' }, t(`strides.${nothing}`)));
  return parts;
}

/** @param {Stance[]} stances */
function contactShare(stances) {
  return middle(known(stances.slice(-5).map((x) => (x.stride_ms ? x.contact_ms / x.stride_ms : null))));
}

// A session as a strip: one quantity of both legs over time, with usual, trend, alerts and marks. A stretch of it can be chosen.

import { h, say } from './dom.js';
import { FONT, SCALE, axis, chart, colour, name } from './chart.js';
import { SIDES } from './model.js';
import { clock, said, t } from './text.js';
import { figure } from './past_words.js';

/** @import uPlot from 'uplot' */
/** @import { PastStance, Review, Reviewed } from './past_types.js' */
/** @import { SideName } from './types.js' */

/** @type {Record<string, (s: PastStance) => number|null>} */
const OF = {
  hip_adduction: (s) => s.peak_hip_adduction_deg, femur_adduction: (s) => s.peak_femur_adduction_deg,
  medial_rotation: (s) => s.femur_rotation_excursion_deg, pelvic_drop: (s) => s.peak_pelvic_drop_deg,
  knee_valgus: (s) => s.peak_knee_valgus_deg, contact_time: (s) => s.contact_ms, cadence: (s) => s.cadence_spm,
};
/** More points than these are closer than a line is wide. */
const POINTS = 240;

/** @param {Review} review @param {((from: number, to: number) => void)|null} choose a stretch of session time, s */
export function strip(review, choose) {
  const { session } = review;
  const from = session.crop_from_s ?? session.begin_s;
  const to = Math.max(from + 1, session.crop_to_s ?? session.end_s ?? review.stances.at(-1)?.ic_time_s ?? 0);
  const counted = review.stances.filter((x) => x.valid && !x.excluded && x.gait === review.gait && x.ic_time_s >= from && x.ic_time_s <= to);
  const shown = review.quantities.filter((q) => counted.some((x) => (OF[q.name]?.(x) ?? null) !== null));
  let quantity = shown[0];
  if (!quantity) return h('p', { class: 'empty' }, t('past.nothing'));

  const read = h('p', { class: 'note' });
  const drawing = chart({
    height: (width) => Math.round(Math.min(300, Math.max(200, width / 4))),
    options: () => ({
      scales: { x: { time: false, range: [0, to - from] }, y: { range: (_, low, high) => [Math.floor(low) - 1, Math.ceil(high) + 1] } },
      axes: [axis({ values: (_, at) => at.map((v) => clock(v, 0)), incrs: [10, 30, 60, 120, 300, 600, 1200, 1800, 3600], size: 26, space: 70, grid: { show: false } }),
        axis({ values: (_, at) => at.map((v) => figure(v, quantity?.unit === 'ms' ? '' : quantity?.unit ?? '')), size: 56, space: 30 })],
      series: [{}, ...SIDES.map((side) => ({ stroke: () => colour(side), width: 2, points: { show: false }, spanGaps: false }))],
      padding: [10, 64 * SCALE, 0, 0], legend: { show: false },
      cursor: { y: false, drag: { x: choose !== null, y: false, setScale: false }, points: { show: false } },
      hooks: {
        drawClear: [(u) => underneath(u, /** @type {Reviewed} */ (quantity))],
        draw: [(u) => onTop(u, review, from)],
        setCursor: [(u) => say(read, at(u, quantity?.unit ?? ''))],
        setSelect: [(u) => { if (choose && u.select.width > 4) choose(from + u.posToVal(u.select.left, 'x'), from + u.posToVal(u.select.left + u.select.width, 'x')); }],
      },
    }),
  });
  const tabs = h('div', { class: 'tabs', role: 'group', 'aria-label': t('past.strip.what') }, ...shown.map((q) =>
    h('button', { type: 'button', 'data-quantity': q.name, onclick: () => show(q) }, said(q.plain), h('small', {}, ` ${t(`past.term.${q.name}`)}`))));

  /** @param {Reviewed} q */
  function show(q) {
    quantity = q;
    for (const button of tabs.children) button.setAttribute('aria-pressed', String(button.getAttribute('data-quantity') === q.name));
    const of = OF[q.name] ?? (() => null);
    const data = thinned(counted, of, from, to);
    const all = data.slice(1).flat().filter((v) => v !== null);
    name(drawing, t('past.strip', { name: said(q.term), low: figure(Math.min(...all), q.unit), high: figure(Math.max(...all), q.unit), alerts: review.alerts.length }));
    drawing.show(/** @type {uPlot.AlignedData} */ (data));
  }
  show(quantity);
  return h('figure', { class: 'strip' }, tabs, drawing, read, h('figcaption', {}, t('past.strip.more'), choose && ` ${t('past.strip.drag')}`));
}

/** Means over equal stretches, per leg. @param {PastStance[]} stances @param {(s: PastStance) => number|null} of @param {number} from @param {number} to */
function thinned(stances, of, from, to) {
  const step = (to - from) / POINTS;
  const times = Array.from({ length: POINTS }, (_, i) => (i + 0.5) * step);
  const mean = (/** @type {SideName} */ side) => {
    const [sums, counts] = [new Array(POINTS).fill(0), new Array(POINTS).fill(0)];
    for (const s of stances) {
      const value = s.side === side ? of(s) : null;
      const i = Math.min(POINTS - 1, Math.floor((s.ic_time_s - from) / step));
      if (value !== null) { sums[i] += value; counts[i] += 1; }
    }
    // A stretch may be shorter than a stride: only a pause of three seconds is a gap.
    const values = sums.map((sum, i) => (counts[i] ? sum / counts[i] : null));
    const near = Math.ceil(3 / step);
    return values.map((v, i) => v ?? between(values, i, near));
  };
  return [times, mean('left'), mean('right')];
}

/** @param {(number|null)[]} values @param {number} i @param {number} near */
function between(values, i, near) {
  const before = values.slice(Math.max(0, i - near), i).findLast((v) => v !== null) ?? null;
  const after = values.slice(i + 1, i + 1 + near).find((v) => v !== null) ?? null;
  return before === null || after === null ? null : (before + after) / 2;
}

/** What is under the cursor. @param {uPlot} u @param {string} unit */
function at(u, unit) {
  const i = u.cursor.idx;
  const time = i === null || i === undefined ? undefined : u.data[0][i];
  if (i === null || i === undefined || time === undefined) return '';
  return `${clock(time, 0)}: ${SIDES.map((side, k) => `${t(`side.${side}`)} ${figure(u.data[k + 1]?.[i] ?? null, unit)}`).join(', ')}`;
}

/** Usual as a dashed line, trend as a thin one. @param {uPlot} u @param {Reviewed} quantity */
function underneath(u, quantity) {
  const { ctx, bbox } = u;
  const dpr = devicePixelRatio;
  const [left, right] = [bbox.left, bbox.left + bbox.width];
  const line = (/** @type {number} */ y0, /** @type {number} */ y1, /** @type {number[]} */ dash) => {
    ctx.setLineDash(dash.map((d) => d * dpr));
    ctx.beginPath();
    ctx.moveTo(left, u.valToPos(y0, 'y', true));
    ctx.lineTo(right, u.valToPos(y1, 'y', true));
    ctx.stroke();
  };
  ctx.save();
  ctx.beginPath();
  ctx.rect(left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.lineWidth = dpr;
  for (const side of SIDES) {
    const { usual, trend, mean } = quantity[side];
    ctx.strokeStyle = colour(side);
    if (usual) line(usual.mean, usual.mean, [6, 4]);
    const [x0 = 0, x1 = 0] = [u.scales.x?.min, u.scales.x?.max];
    const rise = trend && mean !== null ? (trend.per_10_min / 600) * (x1 - x0) : null;
    if (rise !== null && mean !== null) line(mean - rise / 2, mean + rise / 2, []);
  }
  ctx.restore();
}

/** Names of the lines, bars of alerts, marks. @param {uPlot} u @param {Review} review @param {number} begin */
function onTop(u, review, begin) {
  const { ctx, bbox } = u;
  const dpr = devicePixelRatio;
  const bottom = bbox.top + bbox.height;
  const x = (/** @type {number} */ time) => Math.min(bbox.left + bbox.width, Math.max(bbox.left, u.valToPos(time - begin, 'x', true)));
  ctx.save();
  ctx.textAlign = 'left';
  ctx.font = FONT.replace(/^[\d.]+/, (size) => String(Number(size) * dpr));
  const ends = SIDES.map((side, k) => ({ side, y: u.valToPos([...(u.data[k + 1] ?? [])].findLast((v) => v !== null) ?? 0, 'y', true) })).sort((a, b) => a.y - b.y);
  const [upper, lower] = ends;
  if (upper && lower) lower.y = Math.max(lower.y, upper.y + 16 * dpr * SCALE);
  for (const { side, y } of ends) {
    ctx.fillStyle = colour(side);
    ctx.fillText(t(`side.${side}`), bbox.left + bbox.width + 6 * dpr, y + 5 * dpr);
  }
  for (const a of review.alerts) {
    const [from, to] = [x(a.onset_time_s), x(a.clear_time_s ?? Infinity)];
    ctx.strokeStyle = colour(a.side);
    ctx.fillStyle = colour(a.side);
    ctx.lineWidth = 1.5 * dpr;
    const box = /** @type {const} */ ([from, bottom - (a.side === 'left' ? 15 : 8) * dpr, Math.max(3 * dpr, to - from), 5 * dpr]);
    ctx.strokeRect(...box);
    if (a.severity === 'red') ctx.fillRect(...box);
  }
  ctx.strokeStyle = colour('ink');
  ctx.fillStyle = colour('ink');
  ctx.setLineDash([2 * dpr, 3 * dpr]);
  for (const m of review.marks) {
    ctx.beginPath();
    ctx.moveTo(x(m.time_s), bbox.top);
    ctx.lineTo(x(m.time_s), bottom);
    ctx.stroke();
    ctx.fillText(m.label, x(m.time_s) + 4 * dpr, bbox.top + 12 * dpr);
  }
  ctx.restore();
}

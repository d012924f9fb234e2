// The leg as it is now: from the front as in a mirror, the runner's left on the left, and from the side. Angles are drawn as
// they are.

import { s } from './dom.js';
import { t } from './text.js';
import { limit } from './figures.js';

/** @import { Model, SideName } from './types.js' */

const FEMUR = 92;
const SHANK = 84;
const HIP = { x: 60, y: 22 };

/** @param {SideName} side */
export function legFigure(side) {
  // On screen the midline is to the right of the left leg.
  const inward = side === 'left' ? 1 : -1;
  const pelvis = s('path', { class: 'pelvis' });
  const axis = s('path', { class: 'axis', d: `M${HIP.x} ${HIP.y}V${HIP.y + FEMUR + SHANK}` });
  const wedge = s('path', { class: 'wedge' });
  const edge = s('path', { class: 'edge' });
  const femur = s('path', { class: 'bone' });
  const shank = s('path', { class: 'bone' });
  const knee = s('circle', { class: 'joint', r: 8 });
  const hip = s('circle', { class: 'joint', r: 7, cx: HIP.x, cy: HIP.y });
  const svg = s(
    'svg',
    { class: 'figure', viewBox: side === 'left' ? '0 0 118 215' : '2 0 118 215', role: 'img',
      'aria-label': t('leg.figure', { side: t(`side.${side}`) }) },
    wedge, edge, axis, pelvis, femur, shank, hip, knee,
  );
  const still = matchMedia('(prefers-reduced-motion: reduce)');

  /** @param {{x: number, y: number}} from @param {number} degrees @param {number} length */
  function end(from, degrees, length) {
    const a = (degrees * Math.PI) / 180;
    return { x: from.x + inward * Math.sin(a) * length, y: from.y + Math.cos(a) * length };
  }

  /** @param {Element} bone @param {{x: number, y: number}} a @param {{x: number, y: number}} b */
  function draw(bone, a, b) {
    bone.setAttribute('d', `M${a.x.toFixed(1)} ${a.y.toFixed(1)}L${b.x.toFixed(1)} ${b.y.toFixed(1)}`);
  }

  /** @param {Model} model @param {boolean} known */
  function update(model, known) {
    const now = model.legs[side];
    // Who asked for less motion sees the peak of the last stance instead of the moving leg.
    const peak = model.stances[side].findLast((stance) => stance.valid)?.peak_femur_adduction_deg ?? null;
    const angle = still.matches ? peak : now.femur_adduction_deg;
    const seen = known && angle !== null;
    svg.classList.toggle('unknown', !seen);
    const lean = seen ? /** @type {number} */ (angle) : 0;
    const at = end(HIP, lean, FEMUR);
    const shankLean = seen && !still.matches ? (now.shank_abduction_deg ?? 0) : 0;
    draw(femur, HIP, at);
    draw(shank, at, end(at, -shankLean, SHANK));
    knee.setAttribute('cx', at.x.toFixed(1));
    knee.setAttribute('cy', at.y.toFixed(1));
    // Its far end drops with the other side; right side down is positive, and right is on the right.
    const drop = ((seen && !still.matches ? (model.obliquity_deg ?? 0) : 0) * Math.PI) / 180;
    const along = (/** @type {number} */ x) => ({ x: HIP.x + inward * x * Math.cos(drop), y: HIP.y - 8 + inward * x * Math.sin(drop) });
    draw(pelvis, along(-6), along(52));
    // The limit can be drawn behind the femur only where it is a limit of the femur.
    const amber = limit(model, side, 'femur_adduction')?.amber_deg ?? null;
    wedge.setAttribute('d', '');
    edge.setAttribute('d', '');
    if (amber !== null) {
      const radius = FEMUR + 12;
      const outer = end(HIP, -8, radius);
      const inner = end(HIP, amber, radius);
      const sweep = inward > 0 ? 0 : 1;
      wedge.setAttribute('d', `M${HIP.x} ${HIP.y}L${outer.x} ${outer.y}A${radius} ${radius} 0 0 ${sweep} ${inner.x} ${inner.y}Z`);
      draw(edge, HIP, end(HIP, amber, radius + 6));
    }
  }
  return { svg, update };
}

/** From the side, running to the right: how the leg swings. @param {SideName} side */
export function sideFigure(side) {
  const thigh = s('path', { class: 'bone' });
  const lower = s('path', { class: 'bone' });
  const knee = s('circle', { class: 'joint', r: 7 });
  const svg = s('svg', { class: 'figure from-side', viewBox: '-95 0 225 215', role: 'img', 'aria-label': t('leg.figure_side', { side: t(`side.${side}`) }) },
    s('path', { class: 'axis', d: `M30 22V${22 + FEMUR + SHANK}` }), thigh, lower, s('circle', { class: 'joint', r: 7, cx: 30, cy: 22 }), knee);
  const still = matchMedia('(prefers-reduced-motion: reduce)');
  const ahead = (/** @type {{x: number, y: number}} */ from, /** @type {number} */ degrees, /** @type {number} */ length) => {
    const a = (degrees * Math.PI) / 180;
    return { x: from.x + Math.sin(a) * length, y: from.y + Math.cos(a) * length };
  };

  /** @param {Model} model @param {boolean} known */
  function update(model, known) {
    const { femur_flexion_deg: flexion, knee_flexion_deg: bend } = model.legs[side];
    const seen = known && flexion !== null && bend !== null && !still.matches;
    svg.classList.toggle('unknown', !seen);
    const [f, k] = seen ? [flexion, bend] : [0, 0];
    const hip = { x: 30, y: 22 };
    const at = ahead(hip, f, FEMUR);
    const ankle = ahead(at, f - k, SHANK);
    const toes = ahead(ankle, f - k + 90, 22);
    thigh.setAttribute('d', `M${hip.x} ${hip.y}L${at.x.toFixed(1)} ${at.y.toFixed(1)}`);
    lower.setAttribute('d', `M${at.x.toFixed(1)} ${at.y.toFixed(1)}L${ankle.x.toFixed(1)} ${ankle.y.toFixed(1)}L${toes.x.toFixed(1)} ${toes.y.toFixed(1)}`);
    knee.setAttribute('cx', at.x.toFixed(1));
    knee.setAttribute('cy', at.y.toFixed(1));
  }
  return { svg, update };
}

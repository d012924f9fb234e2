// Where a sensor sits and which way round: its outline, drawn for its model, on the limb.

import { s } from './dom.js';
import { t } from './text.js';

/** Outlines about the middle, in the millimetres of the makers' data sheets; the long side lies along the limb.
 * @type {Record<string, () => SVGElement[]>} */
const OUTLINES = {
  // A flat box with a round light in its cover.
  'MbientLab MetaMotion': () => [box(27, 36, 6), dot(0, -8, 2.5), s('circle', { cx: 0, cy: 6, r: 7, class: 'line' })],
  // A rounded tablet, its power button in the middle.
  'Movella DOT': () => [box(30, 36, 11), s('circle', { cx: 0, cy: 3, r: 5, class: 'line' }), dot(0, -11, 2)],
  // A disc in its armband; the lenses are underneath.
  'Polar Verity Sense': () => [s('circle', { r: 17, class: 'shell' }), s('circle', { r: 12, class: 'line' }), dot(0, -14.5, 1.8)],
  // A box with the switch on its narrow side.
  'WitMotion BLE 5': () => [box(36, 51, 4), s('rect', { x: -6, y: -25.5, width: 12, height: 4, class: 'part' }), dot(0, 14, 2.5)],
  // A slim box with one button.
  'SensorStim Capture2Go': () => [box(28, 42, 8), s('rect', { x: -6, y: 8, width: 12, height: 6, rx: 3, class: 'line' }), dot(0, -13, 2.2)],
  // A round puck between the two snaps of its strap.
  Movesense: () => [s('path', { d: 'M0 -22V22', class: 'snap' }), s('circle', { r: 18, class: 'shell' }), dot(0, -12, 2), dot(0, 22, 3), dot(0, -22, 3)],
  'open profile': () => [box(32, 44, 3), s('path', { d: 'M-16 -12H16M-16 12H16', class: 'line' })],
};

/** @param {string} model */
export const isDrawn = (model) => model in OUTLINES;

/** The limb with its strap and the sensor on it; without a model, a plain box.
 * @param {string} place @param {string|null} model */
export function wearing(place, model) {
  const limb = place.endsWith('thigh') ? THIGH : place.endsWith('shank') ? SHANK : PELVIS;
  const outline = OUTLINES[model ?? ''] ?? (() => [box(30, 38, 6)]);
  const svg = s('svg', { viewBox: '0 0 200 240', role: 'img', class: 'wearing', 'data-model': model ?? '', 'data-limb': limb.name,
    'aria-label': t('setup.drawing', { place: t(`placement.${place}`), model: model ?? t('setup.drawing.any') }) },
    ...limb.draw(), s('path', { d: limb.strap, class: 'strap' }), s('g', { transform: `translate(${limb.at}) scale(0.85)`, class: 'device' }, ...outline()));
  // The right leg is the left one in a mirror.
  if (place.startsWith('right')) svg.classList.add('mirrored');
  return svg;
}

/** From the outer side, the knee below, the toes to the left. */
const THIGH = {
  name: 'thigh', at: '104 150', strap: 'M64 150H146',
  draw: () => [s('path', { d: 'M52 8C50 80 58 130 68 190L66 232H134C132 214 142 200 140 184C150 120 160 70 158 8Z', class: 'limb' }), s('path', { d: 'M72 196C82 208 84 216 82 228', class: 'line' })],
};
const SHANK = {
  name: 'shank', at: '104 78', strap: 'M72 78H144',
  draw: () => [s('path', { d: 'M76 8C70 50 82 110 90 180L46 212C36 220 40 230 52 230H134L130 186C136 120 152 90 146 50C144 30 136 20 134 8Z', class: 'limb' })],
};
/** From behind. */
const PELVIS = {
  name: 'pelvis', at: '100 112', strap: 'M22 112H178',
  draw: () => [s('path', { d: 'M44 8C54 50 30 80 22 130C16 170 24 210 40 232H160C176 210 184 170 178 130C170 80 146 50 156 8Z', class: 'limb' }),
    s('path', { d: 'M100 176V232M100 8V66', class: 'line' }), s('circle', { cx: 64, cy: 96, r: 3, class: 'part' }), s('circle', { cx: 136, cy: 96, r: 3, class: 'part' })],
};

/** @param {number} width @param {number} height @param {number} rx */
const box = (width, height, rx) => s('rect', { x: -width / 2, y: -height / 2, width, height, rx, class: 'shell' });
/** Light or stud. @param {number} cx @param {number} cy @param {number} r */
const dot = (cx, cy, r) => s('circle', { cx, cy, r, class: 'part' });

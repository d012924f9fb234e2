// One leg: sign, figure, readings, the last stances.

import { h, say } from './dom.js';
import { clock, degrees, plain, sentence, signed, t } from './text.js';
import { legFigure, sideFigure } from './figure.js';
import { peaksPlot } from './peaks.js';
import { signShape } from './sign.js';
import { limit, quantities, reading, usual } from './figures.js';
import { isUnworn, shownLight } from './model.js';
import { whyButton } from './explain.js';

/** @import { Light, Model, SideName, SignName, View } from './types.js' */
/** @import { Quantity } from './figures.js' */

/** Numbers are shown while the verdict rests for one of these reasons: the angles are valid all the same. */
const VALID_THOUGH_GREY = ['learning_usual', 'walking', 'ended'];

/** @param {SideName} side @returns {View} */
export function legView(side) {
  const shape = h('span', {}, signShape('not_sure'));
  const word = h('span', { class: 'word' });
  const verdict = h('p', { class: 'verdict' });
  const said = h('p', { class: 'unseen', role: 'status' });
  const figure = legFigure(side);
  const swing = sideFigure(side);
  const peaks = peaksPlot(side);
  const adduction = readingView('reading first');
  const rotation = readingView('reading');
  const node = h('section', { class: `panel leg ${side}`, 'aria-labelledby': `${side}-name` },
    h('div', { class: 'head' },
      h('h2', { class: 'name', id: `${side}-name` }, t(`side.${side}`)),
      h('div', { class: 'sign' }, shape, word), verdict),
    said,
    h('div', { class: 'body' }, h('div', { class: 'figures' }, figure.svg, swing.svg), h('div', { class: 'readings' }, adduction.node, rotation.node)),
    peaks.svg);
  /** @type {SignName|null} */
  let drawn = null;

  return {
    node,
    update(model) {
      node.hidden = isUnworn(model, side);
      if (node.hidden) return;
      const light = shownLight(model, side, performance.now());
      if (light.sign !== drawn) {
        drawn = light.sign;
        shape.replaceChildren(signShape(light.sign));
        node.classList.remove('good', 'watch', 'too_far', 'not_sure', 'lost');
        node.classList.add(light.sign);
        node.dataset.sign = light.sign;
      }
      const known = !light.reason || VALID_THOUGH_GREY.includes(light.reason);
      say(word, t(`sign.${light.sign}`));
      writeVerdict(verdict, light, model);
      const detail = light.rule ? t(`rule.${light.rule}`) : sentence(light.reason);
      say(said, t('leg.said', { side: t(`side.${side}`), word: t(`sign.${light.sign}`), detail }));
      const { adduction: fallsIn, rotation: turnsIn } = quantities(model, side);
      figure.update(model, known);
      swing.update(model, known);
      adduction.update(model, side, fallsIn, known, degrees);
      rotation.update(model, side, turnsIn, known, signed);
      peaks.update(model);
    },
  };
}

/** @param {HTMLElement} node @param {Light} light @param {Model} model */
function writeVerdict(node, light, model) {
  const key = `${light.rule}|${light.since_s}|${light.reason}`;
  if (node.dataset.key === key) return;
  node.dataset.key = key;
  node.replaceChildren(sentence(light.reason));
  if (!light.rule) return;
  node.append(h('strong', {}, t(`rule.${light.rule}`)), h('span', { class: 'since' }, t('leg.since', { clock: clock(light.since_s, model.started_s) })));
}

/** @param {string} className */
function readingView(className) {
  const label = h('p', { class: 'label' });
  const value = h('span', { class: 'value' });
  const [trend, band, level] = [h('span', { class: 'trend' }), h('span', { class: 'usual' }), h('span')];
  const node = h('div', { class: className }, label, h('p', { class: 'line' }, value, h('span', { class: 'context' }, trend, band, level)));
  let rule = '';
  return {
    node,
    /** @param {Model} model @param {SideName} side @param {Quantity} quantity @param {boolean} isKnown @param {(v: number|null) => string} write */
    update(model, side, quantity, isKnown, write) {
      if (quantity.rule !== rule) {
        rule = quantity.rule;
        label.replaceChildren(t(`rule.${rule}`), h('span', { class: 'term' }, t(`explain.${rule}.term`)), whyButton(rule));
      }
      const read = isKnown ? reading(model, side, quantity) : null;
      say(value, write(read ? read.value : null));
      value.classList.toggle('unknown', !read);
      say(trend, read?.trend ? `${ARROWS[read.trend]} ${t(`leg.trend.${read.trend}`)}` : '');
      const known = usual(model, side, rule);
      const from = limit(model, side, rule);
      say(band, known ? t('leg.usual', { mean: plain(known.mean_deg), sd: degrees(Math.max(1, known.sd_deg)) }) : t('leg.no_usual'));
      say(level, from ? t('leg.of_limit', { limit: degrees(from.amber_deg) }) : '');
    },
  };
}

const ARROWS = { up: '↗', down: '↘', flat: '→' };

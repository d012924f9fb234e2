// Which sensor is worn where: tiles, strongest first, and a body as in a mirror to tap a place on.

import { h, s, say } from './dom.js';
import { day, decimal, said, t } from './text.js';
import { isDrawn, wearing } from './setup_models.js';
import { isWanted, wornView } from './setup_worn.js';

/** @import { Hands, Screen, Setup, Worn } from './setup_types.js' */

/** In the order of the daemon. */
const PLACES = ['pelvis', 'left_thigh', 'right_thigh', 'left_shank', 'right_shank'];
const SWAPS = ['legs', 'thighs', 'shanks', 'left_leg', 'right_leg'];
/** A wave of the hand fills the bar, degrees per second. */
const WAVE = 200;

/** @param {Hands} hands @returns {Screen} */
export function sensorsScreen(hands) {
  const tiles = h('ul', { class: 'tiles' });
  const lead = h('p', { class: 'lead', role: 'status' });
  const strap = h('p', { class: 'note' });
  const way = h('p', { class: 'note' });
  const drawing = h('figure', { class: 'strap-on', hidden: true }, strap, way);
  const worn = wornView(hands);
  const places = new Map(PLACES.map((place) => [place, h('button', { type: 'button', class: `place ${place}`, 'data-place': place, onclick: () => void put(place) })]));
  const body = h('div', { class: 'body', role: 'group', 'aria-label': t('setup.body') }, figure(), ...places.values());
  const swaps = h('details', { class: 'swaps' }, h('summary', {}, t('setup.swap')), h('div', { class: 'row' },
    ...SWAPS.map((swap) => h('button', { type: 'button', 'data-swap': swap, onclick: () => void hands.send('POST', '/sensors/swap', { swap }) }, t(`setup.swap.${swap}`)))));
  const empty = h('p', { class: 'empty' }, t('setup.sensors.none'));
  /** The one that the next tap on the body is about. */
  let chosen = '';
  /** @type {Worn[]} */
  let sensors = [];
  /** @type {Map<string, ReturnType<typeof tile>>} */
  const drawn = new Map();

  async function put(/** @type {string} */ place) {
    const sensor = sensors.find((x) => x.name === chosen);
    if (sensor?.link && sensor.placement !== place) {
      if (await hands.send('POST', `/sensors/${encodeURIComponent(sensor.link.id)}/placement`, { placement: place })) chosen = '';
    } else {
      // A place that is taken chooses the one that is worn there.
      chosen = sensors.find((x) => x.placement === place)?.name ?? '';
    }
    draw(place, sensor ?? sensors.find((x) => x.placement === place));
    show();
  }

  /** Where, and which way round. @param {string} place @param {Worn} [sensor] */
  function draw(place, sensor) {
    const model = sensor?.link?.model ?? null;
    drawing.hidden = false;
    drawing.querySelector('svg')?.remove();
    drawing.prepend(wearing(place, model));
    say(strap, t(`setup.strap.${place}`));
    say(way, `${model && isDrawn(model) ? t(`setup.model.${model}`) : ''} ${t('setup.way')}`.trim());
  }

  const choose = (/** @type {string} */ name) => { chosen = chosen === name ? '' : name; show(); };

  /** @param {Setup} [setup] */
  function show(setup) {
    const order = [...sensors].sort((a, b) => (b.link?.signal_dbm ?? -999) - (a.link?.signal_dbm ?? -999));
    for (const sensor of order) {
      if (!drawn.has(sensor.name)) drawn.set(sensor.name, tile(sensor, choose, hands));
      drawn.get(sensor.name)?.update(sensor, chosen === sensor.name, setup?.guide?.motion[sensor.placement ?? ''] ?? null);
    }
    const nodes = order.map((sensor) => /** @type {ReturnType<typeof tile>} */ (drawn.get(sensor.name)).node);
    // Tiles move only when their order is another: nothing runs away from a finger that holds one.
    if (nodes.some((node, i) => tiles.children[i] !== node) || tiles.children.length !== nodes.length) {
      if (!tiles.contains(document.activeElement)) tiles.replaceChildren(...nodes);
      else tiles.append(...nodes.filter((node) => !tiles.contains(node)));
    }
    empty.hidden = sensors.length > 0;
    for (const [place, button] of places) {
      const worn = sensors.find((x) => x.placement === place);
      if (setup) button.hidden = !worn && !isWanted(setup, place);
      button.classList.toggle('worn', Boolean(worn));
      button.classList.toggle('chosen', Boolean(worn && worn.name === chosen));
      button.classList.toggle('open', Boolean(chosen) && !worn);
      say(button, worn && worn.link ? `${t(`placement.${place}`)}: ${worn.name}` : `${t(`placement.${place}`)}${worn ? ' ✓' : ''}`);
    }
  }

  return {
    node: h('div', { class: 'stack' }, worn.node, lead, h('div', { class: 'split' }, h('div', { class: 'stack' }, empty, tiles), h('div', {}, body, drawing)),
      h('p', { class: 'note' }, t('setup.sensors.way')), swaps),
    update(setup, now) {
      sensors = now;
      worn.update(setup);
      // Tapped twice, or the only one that moves: it is the one that is meant.
      const meant = now.filter((x) => x.link && !x.placement && (x.link.tapped_twice || x.link.moved));
      if (!chosen && meant.length === 1) chosen = meant[0]?.name ?? '';
      const own = setup.radio === null;
      swaps.hidden = own;
      const one = now.find((x) => x.name === chosen);
      say(lead, own ? t('setup.sensors.played') : one ? t('setup.sensors.tap', { name: one.name })
        : setup.placed ? t('setup.sensors.placed', { placed: setup.placed }) : t('setup.sensors.choose'));
      show(setup);
    },
  };
}

/** @param {Worn} first @param {(name: string) => void} choose @param {Hands} hands */
function tile(first, choose, hands) {
  const name = h('strong');
  const place = h('span', { class: 'where' });
  const pick = h('button', { type: 'button', class: 'pick', onclick: () => choose(first.name) }, name, place);
  const facts = h('p', { class: 'facts' });
  const bar = h('meter', { min: 0, max: 1, 'aria-label': t('setup.motion') });
  const reason = h('p', { class: 'note' });
  const identify = h('button', { type: 'button', 'data-act': 'identify', onclick: () => {
    if (last.link) void hands.send('POST', `/sensors/${encodeURIComponent(last.link.id)}/identify`);
  } }, t('setup.identify'));
  const off = h('button', { type: 'button', 'data-act': 'unplace', onclick: () => {
    if (last.link) void hands.send('POST', `/sensors/${encodeURIComponent(last.link.id)}/placement`, { placement: null });
  } }, t('setup.unplace'));
  const node = h('li', { class: 'tile', 'data-sensor': first.name }, pick, facts, bar, reason, h('div', { class: 'row' }, identify, off));
  let last = first;
  return {
    node,
    /** @param {Worn} sensor @param {boolean} chosen @param {number|null} motion */
    update(sensor, chosen, motion) {
      last = sensor;
      const { link } = sensor;
      say(name, link ? `${sensor.name} · ${link.model}` : sensor.placement ? t(`placement.${sensor.placement}`) : sensor.name);
      say(place, !link ? '' : sensor.placement ? t(`placement.${sensor.placement}`) : t('setup.nowhere'));
      pick.setAttribute('aria-pressed', String(chosen));
      const battery = sensor.battery_percent ?? link?.battery_percent ?? null;
      say(facts, [
        sensor.online || !link ? t('setup.rate', { hz: Math.round(sensor.rate_hz) }) : t(`setup.link.${link.link}`),
        sensor.online ? t('setup.loss', { percent: decimal(sensor.loss_percent, 1) }) : '',
        battery === null ? '' : t('setup.battery', { percent: Math.round(battery) }),
        link && link.signal_dbm !== null ? t('setup.signal', { dbm: link.signal_dbm }) : '',
        link?.last_used ? t('setup.last_used', { when: day(link.last_used) }) : '',
      ].filter(Boolean).join(' · '));
      bar.value = Math.min(1, link && !sensor.placement ? link.movement_dps / WAVE : (motion ?? 0) / 20);
      node.classList.toggle('meant', Boolean(link?.tapped_twice || link?.moved));
      node.classList.toggle('offline', !sensor.online);
      say(reason, said(link?.reason ?? null));
      reason.hidden = !link?.reason;
      identify.hidden = !link?.can_identify;
      off.hidden = !link || !sensor.placement;
    },
  };
}

/** From the front as in a mirror: the runner's left is on the left, and says so. */
function figure() {
  return s('svg', { viewBox: '0 0 200 320', 'aria-hidden': 'true', class: 'figure' },
    s('circle', { cx: 100, cy: 26, r: 18 }),
    s('path', { d: 'M72 56 H128 L122 128 H78 Z' }),
    s('path', { d: 'M78 128 L70 220 L72 300 H88 L94 220 L98 140 Z' }),
    s('path', { d: 'M122 128 L130 220 L128 300 H112 L106 220 L102 140 Z' }),
    s('path', { d: 'M72 60 L46 140 M128 60 L154 140', class: 'arm' }),
    s('path', { d: 'M68 168 H97 M103 168 H132 M70 244 H92 M108 244 H130 M79 120 H121', class: 'band' }));
}

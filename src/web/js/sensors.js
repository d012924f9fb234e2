// How each sensor does, and how the calibration came out.

import { h } from './dom.js';
import { decimal, said, t } from './text.js';

/** @import { Calibration, Sensor, View } from './types.js' */

/** A rate this far below nominal, or this much loss, is worth a look (own choice: 2 % of packets lost is what
 *  the angles were tested to bear). */
const POOR_RATE = 0.95;
const POOR_LOSS = 2;
const LOW_BATTERY = 20;

/** @returns {View} */
export function sensorsView() {
  const none = h('p', { class: 'empty' }, t('sensors.empty'));
  const rows = h('tbody');
  const head = h('tr', {}, ...['place', 'state', 'rate', 'loss'].map((k) => h('th', { scope: 'col' }, t(`sensors.${k}`))),
    h('th', { scope: 'col', class: 'wide' }, t('sensors.jitter')), h('th', { scope: 'col' }, t('sensors.battery')));
  const table = h('table', {}, h('thead', {}, head), rows);
  const room = h('div', { class: 'room', tabindex: '0', role: 'group', 'aria-label': t('sensors.title') }, table);
  const grade = h('p', { class: 'grade' });
  const node = h('section', { class: 'panel sensors', id: 'sensors', 'aria-labelledby': 'sensors-title' },
    h('h2', { id: 'sensors-title' }, t('sensors.title')), none, room, grade);
  let seen = '';
  /** @type {Calibration|null} */
  let graded = null;
  return {
    node,
    update(model) {
      if (model.calibration !== graded) {
        graded = model.calibration;
        grade.replaceChildren();
        if (graded) grade.append(`${t('calibration.title')}: `, h('b', {}, t(`grade.${graded.grade}`)), `. ${said(graded.reason)}`);
      }
      const key = JSON.stringify(model.sensors.map((x) => ({ ...x, last_sample_time_s: null })));
      if (key === seen) return;
      seen = key;
      none.hidden = model.sensors.length > 0;
      room.hidden = model.sensors.length === 0;
      rows.replaceChildren(...model.sensors.map(row));
    },
  };
}

/** @param {Sensor} sensor */
function row(sensor) {
  const place = sensor.placement ? t(`placement.${sensor.placement}`) : t('sensors.unplaced');
  const named = sensor.name && sensor.name !== sensor.placement;
  return h('tr', { class: sensor.online ? '' : 'offline' },
    h('th', { scope: 'row' }, place, named ? h('small', {}, sensor.name) : null),
    h('td', { class: 'state' }, sensor.online ? t('sensors.online') : `× ${t('sensors.offline')}`),
    cell(`${decimal(sensor.rate_hz)} Hz`, sensor.online && sensor.rate_hz < POOR_RATE * sensor.nominal_rate_hz),
    cell(`${decimal(sensor.loss_percent, 1)} %`, sensor.loss_percent > POOR_LOSS),
    h('td', { class: 'wide' }, sensor.jitter_ms === null ? '–' : `${decimal(sensor.jitter_ms)} ms`),
    cell(sensor.battery_percent === null ? '–' : `${decimal(sensor.battery_percent)} %`, (sensor.battery_percent ?? 100) < LOW_BATTERY));
}

/** @param {string} text @param {boolean} poor */
const cell = (text, poor) => h('td', { class: poor ? 'poor' : '' }, text);

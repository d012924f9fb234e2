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
        if (graded) grade.append(`${t('calibration.title')}: `, h('b', {}, t(`grade.${graded.grade}`)), graded.grade === 'good' ? '.' : `. ${said(graded.reason)}`);
      }
      // A place that nothing has been heard of is missing, too.
      const missing = model.worn.filter((place) => !model.sensors.some((x) => x.placement === place));
      const key = JSON.stringify([missing, model.sensors.map((x) => ({ ...x, last_sample_time_s: null }))]);
      if (key === seen) return;
      seen = key;
      room.hidden = model.sensors.length + missing.length === 0;
      none.hidden = !room.hidden;
      rows.replaceChildren(...model.sensors.map(row), ...missing.map(missingRow));
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

/** @param {string} place */
const missingRow = (place) => h('tr', { class: 'offline' }, h('th', { scope: 'row' }, t(`placement.${place}`)),
  h('td', { class: 'state', colspan: 5 }, `× ${t('sensors.unheard')}`));

/** @param {string} text @param {boolean} poor */
const cell = (text, poor) => h('td', { class: poor ? 'poor' : '' }, text);

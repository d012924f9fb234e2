// The table of stances: sort by a column, filter, take a stance out of every figure.

import { h } from './dom.js';
import { cadence, clock, decimal, degrees, sentence, t } from './text.js';

/** @import { PastStance, Session } from './past_types.js' */

/** Rows at once: more than anyone reads, and drawn in an instant. */
const MOST = 200;

/** @typedef {{key: keyof PastStance, word: string, text: (s: PastStance) => string}} Column */

/** @param {Session} session @param {PastStance[]} stances @param {((s: PastStance, out: boolean) => Promise<void>)|null} exclude `null` where that is not theirs to do */
export function stanceTable(session, stances, exclude) {
  const begin = session.crop_from_s ?? session.begin_s;
  const any = (/** @type {keyof PastStance} */ key) => stances.some((s) => s[key] !== null);
  const degree = (/** @type {keyof PastStance} */ key, /** @type {string} */ word) =>
    ({ key, word, text: (/** @type {PastStance} */ s) => degrees(/** @type {number|null} */ (s[key]), 1) });
  /** @type {Column[]} */
  const columns = [
    { key: 'ic_time_s', word: 'past.time', text: (s) => clock(s.ic_time_s - begin, 0) },
    { key: 'side', word: 'past.side', text: (s) => t(`side.${s.side}`) },
    { key: 'contact_ms', word: 'past.contact', text: (s) => decimal(s.contact_ms) },
    { key: 'cadence_spm', word: 'past.cadence', text: (s) => (s.cadence_spm === null ? '–' : decimal(cadence(s.cadence_spm))) },
    any('peak_hip_adduction_deg') ? degree('peak_hip_adduction_deg', 'past.hip_adduction') : degree('peak_femur_adduction_deg', 'past.femur_adduction'),
    degree('femur_rotation_excursion_deg', 'past.rotation'),
    ...(any('peak_pelvic_drop_deg') ? [degree('peak_pelvic_drop_deg', 'past.drop')] : []),
    degree('peak_knee_valgus_deg', 'past.valgus'),
    { key: 'reason', word: 'past.state', text: (s) => (s.excluded ? t('past.excluded') : s.valid ? s.flags.replaceAll('_', ' ').replaceAll(';', ', ') : sentence(s.reason)) },
  ];
  let by = /** @type {Column} */ (columns[0]);
  let up = true;
  const side = select('past.side', ['all', 'left', 'right']);
  const kind = select('past.state', ['all', 'flagged', 'judged', 'withheld', 'excluded']);
  const body = h('tbody');
  const count = h('p', { class: 'note', role: 'status' });
  const heads = columns.map((column) => h('th', { scope: 'col' },
    h('button', { type: 'button', onclick: () => { up = by === column ? !up : true; by = column; draw(); } }, t(column.word))));

  /** @param {PastStance} s */
  const wanted = (s) => (side.value === 'all' || s.side === side.value) && {
    all: true, flagged: s.flags !== '', judged: s.valid && !s.excluded, withheld: !s.valid, excluded: s.excluded,
  }[kind.value];
  function draw() {
    columns.forEach((column, i) => heads[i]?.setAttribute('aria-sort', column !== by ? 'none' : up ? 'ascending' : 'descending'));
    const found = stances.filter(wanted).sort((a, b) => order(a[by.key], b[by.key]) * (up ? 1 : -1));
    count.textContent = t('past.shown', { shown: Math.min(MOST, found.length), found: found.length });
    body.replaceChildren(...found.slice(0, MOST).map((s) => h('tr', { class: `${s.side} ${s.excluded ? 'out' : ''}` },
      ...columns.map((column) => h('td', {}, column.text(s))),
      exclude && h('td', {}, h('button', { type: 'button', onclick: () => void exclude(s, !s.excluded),
        'aria-label': t(s.excluded ? 'past.include_one' : 'past.exclude_one', { side: t(`side.${s.side}`), n: s.stance }) },
      t(s.excluded ? 'past.include' : 'past.exclude'))))));
  }
  side.addEventListener('change', draw);
  kind.addEventListener('change', draw);
  draw();
  const save = h('button', { type: 'button', 'data-act': 'csv', onclick: () => {
    const url = URL.createObjectURL(new Blob([csv(stances)], { type: 'text/csv' }));
    h('a', { href: url, download: `${session.id}.csv` }).click();
    URL.revokeObjectURL(url);
  } }, t('past.csv'));
  return h('div', {}, h('div', { class: 'row' }, side, kind, save), count,
    h('div', { class: 'wide tall', tabindex: 0, role: 'region', 'aria-label': t('past.stance_table') },
      h('table', { class: 'stances' }, h('thead', {}, h('tr', {}, ...heads, exclude && h('td'))), body)));
}

/** @param {string} name @param {string[]} options */
function select(name, options) {
  return h('select', { 'aria-label': t(name) }, ...options.map((o) => h('option', { value: o }, t(`past.filter.${o}`))));
}

/** Every stance for other programs: units are in the names, the decimal sign is a point, what is not known is empty.
 * @param {PastStance[]} stances */
function csv(stances) {
  const names = /** @type {(keyof PastStance)[]} */ (Object.keys(stances[0] ?? {}));
  const field = (/** @type {unknown} */ value) => {
    const text = String(value ?? '');
    return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return [names, ...stances.map((s) => names.map((name) => s[name]))].map((row) => `${row.map(field).join(',')}\n`).join('');
}

/** What is not known comes last. @param {unknown} a @param {unknown} b */
function order(a, b) {
  if (a === b) return 0;
  if (a === null) return 1;
  if (b === null) return -1;
  return /** @type {number} */ (a) < /** @type {number} */ (b) ? -1 : 1;
}

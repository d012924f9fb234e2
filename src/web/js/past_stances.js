// The table of stances: sort by a column, filter, take a stance out of every figure.

import { h } from './dom.js';
import { cadence, clock, decimal, degrees, has, sentence, t } from './text.js';

/** @import { PastStance, Session } from './past_types.js' */

/** Rows at once: drawn in an instant. */
const MOST = 200;
/** How the table was left: a stance that is taken out draws the page anew, and the table stays as it was.
 * @type {{session: string, by: string, up: boolean, side: string, kind: string, most: number, top: number}} */
let left = { session: '', by: '', up: true, side: 'all', kind: 'all', most: MOST, top: 0 };

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
    { key: 'reason', word: 'past.state', text: (s) => (s.excluded ? t('past.excluded') : s.valid ? beyond(s.flags) : sentence(s.reason)) },
  ];
  if (left.session !== session.id) left = { session: session.id, by: '', up: true, side: 'all', kind: 'all', most: MOST, top: 0 };
  let by = /** @type {Column} */ (columns.find((c) => c.key === left.by) ?? columns[0]);
  let up = left.up;
  const side = select('past.side', ['all', 'left', 'right'], left.side);
  const kind = select('past.state', ['all', 'flagged', 'judged', 'withheld', 'excluded'], left.kind);
  const body = h('tbody');
  const more = h('button', { type: 'button', 'data-act': 'more', onclick: () => { left.most += MOST; draw(); } }, t('past.more'));
  const count = h('p', { class: 'note', role: 'status' });
  const heads = columns.map((column) => h('th', { scope: 'col' },
    h('button', { type: 'button', onclick: () => { up = by === column ? !up : true; by = column; draw(); } }, t(column.word))));

  /** @param {PastStance} s */
  const wanted = (s) => (side.value === 'all' || s.side === side.value) && {
    all: true, flagged: s.flags !== '', judged: s.valid && !s.excluded, withheld: !s.valid, excluded: s.excluded,
  }[kind.value];
  function draw() {
    columns.forEach((column, i) => heads[i]?.setAttribute('aria-sort', column !== by ? 'none' : up ? 'ascending' : 'descending'));
    left = { ...left, by: by.key, up, side: side.value, kind: kind.value };
    const found = stances.filter(wanted).sort((a, b) => order(a[by.key], b[by.key], up));
    count.textContent = t('past.shown', { shown: Math.min(left.most, found.length), found: found.length });
    more.hidden = found.length <= left.most;
    body.replaceChildren(...found.slice(0, left.most).map((s) => h('tr', { class: `${s.side} ${s.excluded ? 'out' : ''}` },
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
  const label = (/** @type {string} */ word, /** @type {HTMLElement} */ input) => h('label', {}, h('span', { 'aria-hidden': 'true' }, t(word)), input);
  const room = h('div', { class: 'wide tall', tabindex: 0, role: 'region', 'aria-label': t('past.stance_table'), onscroll: () => { left.top = room.scrollTop; } },
    h('table', { class: 'stances' }, h('thead', {}, h('tr', {}, ...heads, exclude && h('td'))), body));
  // It can be scrolled once it is in the page.
  const { top } = left;
  requestAnimationFrame(() => { room.scrollTop = top; });
  return h('div', {}, h('div', { class: 'row' }, label('past.side', side), label('past.state', kind), save), count, room, more);
}

/** What a stance was beyond, in words: `rule:severity` each. @param {string} flags */
function beyond(flags) {
  const words = flags.split(';').filter(Boolean).map((flag) => {
    const [rule = '', severity] = flag.split(':');
    const name = has(`rule.${rule}`) ? t(`rule.${rule}`) : rule.replaceAll('_', ' ');
    return `${t(severity === 'red' ? 'sign.too_far' : 'sign.watch')}: ${name}`;
  });
  return [...new Set(words)].join('; ');
}

/** @param {string} name @param {string[]} options @param {string} chosen */
function select(name, options, chosen) {
  return h('select', { 'aria-label': t(name) }, ...options.map((o) => h('option', { value: o, selected: o === chosen }, t(`past.filter.${o}`))));
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

/** What is not known comes last, either way round. @param {unknown} a @param {unknown} b @param {boolean} up */
function order(a, b, up) {
  if (a === b) return 0;
  if (a === null) return 1;
  if (b === null) return -1;
  return (/** @type {number} */ (a) < /** @type {number} */ (b)) === up ? -1 : 1;
}

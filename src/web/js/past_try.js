// Other limits on an old session: when each would have alerted. The session itself stays as it was judged.

import { h, table } from './dom.js';
import { ask, change } from './api.js';
import { clock, degrees, t } from './text.js';

/** @import { Fired, Session, TriableLimit, Tried } from './past_types.js' */

const LEVELS = /** @type {const} */ (['amber_deg', 'red_deg']);

/** @param {Session} session */
export function tryForm(session) {
  const path = `/sessions/${encodeURIComponent(session.id)}/try`;
  const begin = session.crop_from_s ?? session.begin_s;
  const body = h('div', { class: 'stack' });
  const node = h('details', { class: 'try', ontoggle: () => { if (node.open && !body.hasChildNodes()) void load(); } }, h('summary', {}, t('past.try')), body);

  async function load() {
    const wrong = h('p', { class: 'wrong', role: 'alert' });
    const found = h('div', { role: 'status' });
    /** @type {{name: string, was: number, input: HTMLInputElement}[]} */
    const fields = [];
    const attempt = async () => {
      wrong.textContent = '';
      const set = fields.filter((f) => f.input.value !== '' && Number(f.input.value) !== f.was).map((f) => `${f.name}=${Number(f.input.value)}`);
      go.disabled = true;
      try {
        found.replaceChildren(...result(/** @type {Tried} */ (await change('POST', path, { set })), begin));
      } catch (error) {
        wrong.textContent = /** @type {Error} */ (error).message;
      }
      go.disabled = false;
    };
    const go = h('button', { type: 'submit' }, t('past.try.go'));
    try {
      const limits = /** @type {TriableLimit[]} */ (await ask(path));
      const rows = limits.map((limit) => {
        const what = `${t(`term.${limit.rule}`)}${limit.level ? `, ${t('past.try.level')}` : ''}`;
        return h('tr', {}, h('th', { scope: 'row' }, t(`rule.${limit.rule}`), ' ', h('span', { class: 'term' }, what)), ...LEVELS.map((level) => {
          const name = `${limit.group}.${level}`;
          const input = h('input', { type: 'number', min: 0, max: 60, step: 0.1, value: limit[level], 'aria-label': `${what}, ${t(`past.try.${level}`)}`, 'data-setting': name });
          fields.push({ name, was: limit[level], input });
          return h('td', {}, input);
        }));
      });
      body.replaceChildren(h('p', {}, t('past.try.more')), wrong,
        h('form', { onsubmit: (event) => { event.preventDefault(); void attempt(); } },
          table(t('past.try'), ['', ...LEVELS.map((level) => t(`past.try.${level}`))], rows), go), found);
    } catch (error) {
      wrong.textContent = /** @type {Error} */ (error).message;
      body.replaceChildren(wrong);
    }
  }
  return node;
}

/** @param {Tried} tried @param {number} begin */
function result({ stances, rows }, begin) {
  const fired = (/** @type {Fired|null} */ one) => (one === null ? '–' : t('past.try.fired', {
    from: clock(one.decided_time_s - begin, 0), to: one.clear_time_s === null ? t('past.try.end') : clock(one.clear_time_s - begin, 0),
    level: t(one.severity === 'red' ? 'sign.too_far' : 'sign.watch'), value: degrees(one.value_deg, 1), limit: degrees(one.threshold_deg, 1),
  }));
  const count = (/** @type {'recorded'|'changed'} */ which) => rows.filter((row) => row[which]).length;
  const lead = h('p', {}, t('past.try.counts', { recorded: count('recorded'), changed: count('changed'), n: stances }));
  if (!rows.length) return [lead];
  return [lead, table(t('past.alerts'), [t('past.try.rule'), t('past.try.recorded'), t('past.try.changed')],
    rows.map((row) => h('tr', { class: row.side }, h('th', { scope: 'row' }, `${t(`side.${row.side}`)}: ${t(`rule.${row.rule}`)}`),
      h('td', {}, fired(row.recorded)), h('td', {}, fired(row.changed)))))];
}

// A second language is whole: the same keys and the same places for values, and nothing that is still English.

import test from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';

const root = new URL('../../src/', import.meta.url);
/** @param {string} name @returns {Record<string, string>} */
const table = (name) => JSON.parse(readFileSync(new URL(`web/strings/${name}.json`, root), 'utf8'));
/** The page's own, which are kept by group, as the page asks for them. @param {string} name @returns {Record<string, string>} */
const words = (name) => Object.fromEntries(Object.entries(table(name)).flatMap(([group, all]) => Object.entries(all).map(([word, text]) => [`${group}.${word}`, text])));
/** @param {string} text */
const places = (text) => [...text.matchAll(/\{\w+\}/g)].map(([place]) => place).sort();

const english = words('en');
/** The same in both: units, names, what is written alike. */
const ALIKE = new Set([
  'bar.online', 'theme.auto', 'number.unit.ms', 'number.unit.percent', 'number.balance', 'explain.balance.name', 'sensors.jitter', 'sensors.online',
  'cue.metronome.percent', 'programme.minutes', 'nav.live', 'leg.said', 'past.usual', 'past.term.knee_valgus',
  'setup.bluetooth', 'setup.rail.bluetooth', 'setup.rate', 'setup.signal', 'setup.delay', 'setup.delay.s',
]);
/** Words that German does not have. */
const ENGLISH = /\b(the|and|is|are|not|with|your|you|of|from|this|session|stances?|strides?|limit|knee|hip)\b/i;

for (const language of readdirSync(new URL('web/strings/', root)).map((name) => name.replace('.json', '')).filter((name) => name !== 'en' && !name.includes('.'))) {
  test(`${language} has every word`, () => {
    const own = words(language);
    assert.deepEqual(Object.keys(english).filter((key) => !(key in own)), [], 'missing');
    for (const [key, text] of Object.entries(english)) {
      assert.deepEqual(places(own[key] ?? ''), places(text), key);
      assert.ok(own[key] !== text || ALIKE.has(key) || !/[a-z]{4}/.test(text), `${key} is still English: ${text}`);
      const plain = (own[key] ?? '').replace(/\{\w+\}|`[^`]*`|International Society of Biomechanics|stancewatch/g, '');
      assert.ok(!ENGLISH.test(plain), `${key}: ${own[key]}`);
    }
  });

  test(`${language} says what the daemon says, and the daemon still says it`, () => {
    /** @param {string} folder @returns {string[]} */
    const sources = (folder) => readdirSync(new URL(folder, root), { withFileTypes: true }).flatMap((entry) =>
      (entry.isDirectory() ? sources(`${folder}${entry.name}/`) : entry.name.endsWith('.rs') ? [readFileSync(new URL(folder + entry.name, root), 'utf8')] : []));
    // A backslash at the end of a line joins it with the next one.
    const said = sources('./').join('\n').replace(/\\\n\s*/g, '');
    const own = table(`${language}.daemon`);
    for (const [sentence, here] of Object.entries(own)) {
      for (const part of sentence.split(/\{\w+\}/)) assert.ok(said.includes(part), `the daemon does not say "${part}"`);
      for (const place of places(here)) assert.ok(sentence.includes(place), `${place} in "${here}"`);
    }
  });
}

test('every word that the page asks for is there', () => {
  const scripts = readdirSync(new URL('web/js/', root)).map((name) => readFileSync(new URL(`web/js/${name}`, root), 'utf8')).join('\n');
  const asked = [...scripts.matchAll(/\bt\('([\w.-]+)'/g)].map(([, key]) => key ?? '');
  assert.deepEqual([...new Set(asked)].filter((key) => !(key in english)), []);
});

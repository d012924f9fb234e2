// axe-core on the page as it is: what assistive technology would stumble over, by the rules of WCAG 2.2 A and AA and axe's
// own best practices.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const source = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Each violation with the elements that it is about. @param {import('playwright-core').Page} page @returns {Promise<string[]>} */
export async function violations(page) {
  // Through the debugger and not as a tag: the page lets no foreign script in, and that stays as it is.
  await page.evaluate(source);
  return page.evaluate(async () => {
    const found = await /** @type {any} */ (window).axe.run(document, { resultTypes: ['violations'] });
    return found.violations.map((/** @type {any} */ v) =>
      `${v.id} (${v.impact}): ${v.help}\n${v.nodes.map((/** @type {any} */ n) => `  ${n.html.slice(0, 200)} ${n.any[0]?.message ?? ''}`).join('\n')}`);
  });
}

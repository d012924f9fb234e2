// Questions and commands to the daemon. What goes wrong comes back as its sentence.

import { t } from './text.js';

/** @param {string} path @param {unknown} [body] with it a command, without it a question @returns {Promise<any>} */
export async function ask(path, body) {
  const command = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  const answer = await fetch(`/api/v1${path}`, body === undefined ? {} : command).catch(() => null);
  if (!answer) throw new Error(t('link.never'));
  if (!answer.ok) throw new Error(await answer.text());
  return answer.json();
}

// The built binary, as a user starts it.

import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';

const BINARY = process.env.STANCEWATCH ?? fileURLToPath(new URL('../../target/release/stancewatch', import.meta.url));
const START = 20_000;

/** What a daemon is given so that an alert stands soon, and for good: settings, and a synthetic runner. */
export const LEARNS_SOON = ['--config', fileURLToPath(new URL('learns_soon.toml', import.meta.url))];
export const FALLS_IN = ['--runner-config', fileURLToPath(new URL('falls_in.toml', import.meta.url))];

/** What runs. A daemon that a failed test has left behind would keep the tests from ending.
 * @type {Set<() => Promise<unknown>>} */
const running = new Set();
after(() => Promise.all([...running].map((stop) => stop())));

/** A folder for its data that outlives the daemon; whoever asks for it removes it. */
export const folder = () => mkdtempSync(join(tmpdir(), 'stancewatch-page-'));

/** @param {string[]} args @param {string} [kept] a data folder that stays
 * @returns {Promise<{address: string, pid: number, log: () => string, stop: () => Promise<number|null>}>} */
export function start(args, kept) {
  const data = kept ?? folder();
  const child = spawn(BINARY, ['--data-dir', data, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  /** @type {Promise<number|null>} */
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const stop = async () => {
    running.delete(stop);
    child.kill('SIGINT');
    const timer = setTimeout(() => child.kill('SIGKILL'), 5000);
    const code = await ended;
    clearTimeout(timer);
    if (!kept) rmSync(data, { recursive: true, force: true });
    return code;
  };
  running.add(stop);
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no address within ${START} ms:\n${log}`)), START);
    const hear = (/** @type {Buffer} */ chunk) => {
      log += chunk;
      const address = /listening on (http:\/\/\S+)/.exec(log)?.[1];
      if (!address) return;
      clearTimeout(timer);
      resolve({ address, pid: child.pid ?? 0, log: () => log, stop });
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`${BINARY} ended with ${code}:\n${log}`)));
  });
}

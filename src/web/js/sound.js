// What the page sounds like: earcons under 300 ms that need no pitch memory, and the metronome's beats.

/** @import { SideName } from './types.js' */

const KEY = 'stancewatch.volume';
/** How far ahead beats are handed to the audio clock, s: timers are late by some ms, and by a second in a hidden tab. */
const AHEAD = 0.2;
const AHEAD_HIDDEN = 1.6;
const PACE_MS = 50;

export function sounds() {
  /** @type {AudioContext|null} */
  let context = null;
  /** @type {GainNode|null} */
  let out = null;
  let volume = Math.min(1, Math.max(0, Number(localStorage.getItem(KEY) ?? '0.7') || 0));
  /** @type {number|null} */
  let spm = null;
  let nextBeat = 0;
  let timer = 0;

  const isOn = () => context?.state === 'running';

  /** Browsers let a page sound only after a tap or a key. */
  async function unlock() {
    if (!context) {
      context = new AudioContext({ latencyHint: 'interactive' });
      out = new GainNode(context, { gain: volume });
      out.connect(context.destination);
    }
    if (context.state !== 'running') await context.resume();
    return isOn();
  }

  /** One tone that fades by itself.
   * @param {{at: number, type: OscillatorType, from: number, to: number, length: number, gain: number, pan: number}} tone */
  function play(tone) {
    if (!context || !out) return;
    const start = context.currentTime + tone.at;
    const source = new OscillatorNode(context, { type: tone.type, frequency: tone.from });
    source.frequency.exponentialRampToValueAtTime(tone.to, start + tone.length);
    const gain = new GainNode(context, { gain: 0 });
    gain.gain.setValueAtTime(0, start);
    gain.gain.linearRampToValueAtTime(tone.gain, start + 0.004);
    gain.gain.exponentialRampToValueAtTime(0.001, start + tone.length);
    source.connect(gain).connect(new StereoPannerNode(context, { pan: tone.pan })).connect(out);
    source.start(start);
    source.stop(start + tone.length + 0.01);
  }

  /** Two soft knocks on the affected side; longer and firmer with the error.
   * @param {SideName} side @param {number} strength */
  function knocks(side, strength) {
    const pan = side === 'left' ? -0.9 : 0.9;
    const length = 0.06 + 0.06 * strength;
    const knock = { type: /** @type {OscillatorType} */ ('sine'), from: 420, to: 180, length, gain: 0.6 + 0.4 * strength, pan };
    play({ ...knock, at: 0 });
    play({ ...knock, at: 0.11 + 0.05 * strength });
  }

  /** One low buzz, centre. */
  const buzz = () => play({ at: 0, type: 'sawtooth', from: 95, to: 90, length: 0.28, gain: 0.5, pan: 0 });

  /** A rising pair, centre. */
  function pair() {
    play({ at: 0, type: 'sine', from: 523, to: 523, length: 0.12, gain: 0.5, pan: 0 });
    play({ at: 0.13, type: 'sine', from: 784, to: 784, length: 0.15, gain: 0.5, pan: 0 });
  }

  /** A count, centre. */
  const tick = () => play({ at: 0, type: 'triangle', from: 880, to: 880, length: 0.05, gain: 0.4, pan: 0 });

  function schedule() {
    if (!context || spm === null || !isOn()) return;
    const step = 60 / spm;
    const now = context.currentTime;
    // After a pause beats go on from now; what was missed is not made up for.
    if (nextBeat < now) nextBeat = now + 0.02;
    const until = now + (document.hidden ? AHEAD_HIDDEN : AHEAD);
    for (; nextBeat < until; nextBeat += step) {
      play({ at: nextBeat - now, type: 'triangle', from: 1200, to: 900, length: 0.03, gain: 0.4, pan: 0 });
    }
  }

  return {
    isOn, unlock, knocks, buzz, pair, tick,
    volume: () => volume,
    /** @param {number} value 0 to 1 */
    setVolume(value) {
      volume = value;
      localStorage.setItem(KEY, String(value));
      if (out) out.gain.value = value;
    },
    /** Beats from now on at so many steps per minute; `null` stops them. @param {number|null} beats */
    metronome(beats) {
      if (beats === spm) return;
      spm = beats;
      clearInterval(timer);
      if (spm !== null) timer = window.setInterval(schedule, PACE_MS);
    },
  };
}

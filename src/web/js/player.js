// From a cue to ear, hand and eye. Decides nothing: what is given, and when, the daemon says.

import { sounds } from './sound.js';
import { has, t } from './text.js';

/** @import { ChannelName, Cue, Model } from './types.js' */

/** A cue this old is about steps that are long over, s. */
const TOO_LATE = 2;
/** The knocks end before the voice begins, ms. */
const VOICE_AFTER = 300;

/** What can be said about a cue, at most six words. @param {Cue} cue */
export function cueWords(cue) {
  const place = cue.placement ? t(`placement.${cue.placement}`).toLowerCase() : t('cue.a_sensor');
  const key = `cue.say.${cue.words}`;
  const text = has(key) ? t(key, { place }) : cue.words.replaceAll('_', ' ');
  return cue.kind === 'gait' && cue.side ? `${t(`side.${cue.side}`)}: ${text}` : text;
}

export const canVibrate = () => typeof navigator.vibrate === 'function';
export const canSpeak = () => 'speechSynthesis' in window;

export function player() {
  const sound = sounds();
  /** What gives the page its first tap turns sound on. */
  const first = () => { void sound.unlock().catch(() => false); };
  addEventListener('pointerdown', first, { once: true });
  addEventListener('keydown', first, { once: true });

  /** @param {string} text */
  function speak(text) {
    if (!canSpeak()) return;
    speechSynthesis.cancel();
    const said = new SpeechSynthesisUtterance(text);
    said.lang = document.documentElement.lang;
    said.volume = sound.volume();
    said.rate = 1.1;
    speechSynthesis.speak(said);
  }

  /** @param {Cue} cue */
  function tone(cue) {
    if (cue.kind === 'gait' && cue.side) sound.knocks(cue.side, cue.strength);
    else if (cue.kind === 'data') sound.buzz();
    else if (cue.kind === 'all_clear') sound.pair();
  }

  /** @param {Cue} cue */
  function vibrate(cue) {
    // Before the first tap a browser refuses, and complains.
    if (!canVibrate() || navigator.userActivation?.hasBeenActive === false) return;
    const long = Math.round(80 + 170 * cue.strength);
    navigator.vibrate(cue.kind === 'gait' ? [long, 70, long] : cue.kind === 'data' ? [500] : [40]);
  }

  /** @param {Cue} cue @param {Partial<Record<ChannelName, boolean>>} on */
  function give(cue, on) {
    if (on.tone) tone(cue);
    if (on.phone) vibrate(cue);
    if (on.voice) setTimeout(() => speak(cueWords(cue)), on.tone ? VOICE_AFTER : 0);
  }

  return {
    sound,
    /** Plays a cue that has just come. @param {Cue} cue @param {Model} model */
    cue(cue, model) {
      const late = model.time_s !== null && model.time_s - cue.time_s > TOO_LATE;
      if (cue.kind === 'metronome' || late || model.cueing.muted) return;
      give(cue, cue.channels);
    },
    /** What a coach says: as the runner hears cues, and never while muted.
     * @param {string} text @param {import('./types.js').SideName|null} side @param {Model} model */
    coach(text, side, model) {
      const on = model.cue_settings.channels;
      if (model.cueing.muted) return;
      if (on.tone) for (const ear of side ? [side] : /** @type {const} */ (['left', 'right'])) sound.knocks(ear, 1);
      if (on.phone) vibrate({ ...EXAMPLE, strength: 1 });
      if (on.voice) setTimeout(() => speak(text), on.tone ? VOICE_AFTER : 0);
    },
    /** A sound for what only the page hears of: the recording has stopped. @param {Model} model */
    trouble(model) {
      if (!model.cueing.muted && model.cue_settings.channels.tone) sound.buzz();
    },
    /** @param {ChannelName} channel */
    test(channel) {
      give(EXAMPLE, { [channel]: true });
    },
    /** Keeps the metronome as the daemon says. @param {Model} model */
    follow(model) {
      const silent = model.cueing.muted || model.ended || model.link !== 'open';
      sound.metronome(silent ? null : model.cueing.metronome_spm);
    },
  };
}

/** @type {Cue} */
const EXAMPLE = {
  number: 0, time_s: 0, kind: 'gait', words: 'knees_apart', strength: 0.5, rule: 'femur_adduction', side: 'right',
  severity: 'amber', alert: 0, tc_time_s: 0, code: null, placement: null, spm: null,
  channels: { tone: true, voice: true, phone: true, sensor: true, screen: true },
};

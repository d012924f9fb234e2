// What comes over the wire, and what the page makes of it. Types only.

/** @typedef {'left'|'right'} SideName */
/** @typedef {'good'|'watch'|'too_far'|'not_sure'|'lost'} SignName */
/** @template T @typedef {{left: T, right: T}} PerSide */
/** @typedef {{sign: SignName, reason: string|null, rule: string|null, since_s: number|null}} Light */
/** @typedef {{reference: 'hip'|'femur'|null, adduction_deg: number|null, femur_adduction_deg: number|null,
 *   femur_flexion_deg: number|null, shank_abduction_deg: number|null, knee_flexion_deg: number|null, reason: string|null}} LegNow */
/** @typedef {(number|null)[]} Curve */
/** @typedef {{ic_time_s: number, adduction_deg: Curve, rotation_deg: Curve, knee_flexion_deg: Curve}} Stride */
/** @typedef {Stride & {step_s: number}} Running */
/** @typedef {{name: string, placement: string|null, online: boolean, last_sample_time_s: number|null, rate_hz: number,
 *   nominal_rate_hz: number, loss_percent: number, jitter_ms: number|null, clock_sigma_ms: number|null,
 *   battery_percent: number|null}} Sensor */
/** @typedef {{side: SideName, stance: number, gait: 'walk'|'run', ic_time_s: number, tc_time_s: number, contact_ms: number,
 *   stride_ms: number|null, cadence_spm: number|null, peak_hip_adduction_deg: number|null,
 *   hip_rotation_excursion_deg: number|null, peak_femur_adduction_deg: number|null,
 *   femur_rotation_excursion_deg: number|null, valid: boolean, reason: string|null,
 *   flags: {rule: string, severity: 'amber'|'red'}[]}} Stance */
/** @typedef {{number: number, rule: string, side: SideName, severity: 'amber'|'red', onset_time_s: number,
 *   decided_time_s: number, clear_time_s: number|null, value_deg: number, threshold_deg: number, strides: number,
 *   basis: 'absolute'|'baseline'}} Alert */
/** @typedef {{rule: string, plain: string, term: string, definition: string, norm: string, limits: string, explanation: string,
 *   source: string, needs_pelvis: boolean}} Rule */
/** @typedef {{alert: Alert, rule: Rule, quantity: string, against: 'level'|'today'|'kept', kept: {date: string, surface: string}|null,
 *   usual: {mean_deg: number, sd_deg: number, stances: number}|null,
 *   strides: {side: SideName, stance: number, ic_time_s: number, value_deg: number, limit_deg: number, beyond: boolean}[],
 *   estimate: {value_deg: number, low_deg: number, high_deg: number}|null,
 *   withheld: {reason: string, stances: number}[]}} Evidence */
/** @typedef {'single_leg_squat'|'step_down'} TestName */
/** @typedef {{test: TestName, side: SideName, repetition: number, start_time_s: number, bottom_time_s: number, end_time_s: number,
 *   valid: boolean, reason: string|null} & Record<string, number|null>} Repetition */
/** @typedef {Record<string, {value: number, sigma: number, systematic: number, smallest: number}>} Differences */
/** @typedef {{repetitions: number, valid: number, figures: Record<string, {mean: number, sd: number|null, n: number}>}} ScreenedLeg */
/** @typedef {{test: TestName, begin_time_s: number, end_time_s: number, left: ScreenedLeg, right: ScreenedLeg,
 *   left_less_right: Differences, change: PerSide<Differences>|null, reason: string|null}} Screened */
/** @typedef {{id: number, session: string, started: string, test: TestName, left: ScreenedLeg, right: ScreenedLeg}} KeptScreening */
/** @typedef {{earlier: KeptScreening, later: KeptScreening, change: PerSide<Differences>}} Compared */
/** @typedef {{running: TestName|null, repetitions: Repetition[], results: Screened[]}} Screening */
/** @typedef {{time_s: number, code: string, placement: string|null, active: boolean, message: string}} Note */
/** @typedef {{side: SideName, cadence_spm: number, kept: {date: string, surface: string}|null,
 *   usual: {rule: string, mean_deg: number, sd_deg: number, stances: number}[]}} Baseline */
/** @typedef {{side: SideName, rule: string, amber_deg: number, red_deg: number}} Limit */
/** @typedef {{grade: string, reason: string,
 *   segments: {placement: string, grade: string, disagreement_deg: number|null, reason: string}[]}} Calibration */

/** @typedef {'tone'|'voice'|'phone'|'sensor'|'screen'} ChannelName */
/** @typedef {Record<ChannelName, boolean>} Channels */
/** @typedef {{number: number, time_s: number, kind: 'gait'|'data'|'all_clear'|'metronome', words: string, strength: number,
 *   channels: Channels, rule: string|null, side: SideName|null, severity: 'amber'|'red'|null, alert: number|null,
 *   tc_time_s: number|null, code: string|null, placement: string|null, spm: number|null}} Cue */
/** @typedef {{muted: boolean, channels: Channels, spacing_strides: number, refractory_s: number, all_clear: boolean}} CueSettings */
/** @typedef {{muted: boolean, snoozed_until_s: number|null, feedback: boolean|null, metronome_percent: number|null,
 *   metronome_spm: number|null, given: number, withheld: Record<string, number>}} Cueing */
/** @typedef {PerSide<{judged: number, over: number, over_percent: number|null}>} Legs */
/** @typedef {{session: number, minutes: number, run_s: number, feedback: boolean, legs: Legs}} CourseRun */
/** @typedef {{session: number, minutes: number, feedback_percent: number, check: boolean,
 *   done: {day: string, legs: Legs}|null}} CourseSession */
/** @typedef {{exercise: string, source: string, today: boolean, days: string[]}} Exercise */
/** @typedef {{sessions: CourseSession[], next: number|null, running: CourseRun|null, exercises: Exercise[],
 *   problem: string|null, stop_words: string}} Programme */

/** What every state message carries.
 * @typedef {{time_s: number|null, started_s: number|null, phase: string, ended: boolean, found: number, judged: number, lights: PerSide<Light>,
 *   withheld: PerSide<Record<string, number>>, legs: PerSide<LegNow>, obliquity_deg: number|null, running: PerSide<Running|null>, sensors: Sensor[], worn: string[],
 *   recording: {path: string, bytes: number}|null, cueing: Cueing, programme: CourseRun|null}} Now */

/** What the page knows. Lists are replaced, never changed in place: a view draws anew when its list is another.
 * @typedef {Now & {seq: number, link: 'connecting'|'open'|'lost', heard_ms: number|null, moved_ms: number|null,
 *   source: {kind: 'real'|'synthetic'|'sensors', title: string, text: string}|null,
 *   stances: PerSide<Stance[]>, strides: PerSide<Stride[]>, alerts: Alert[],
 *   health: Note[], baselines: Baseline[], limits: Limit[], calibration: Calibration|null,
 *   screening: Screening, cues: Cue[], cue_settings: CueSettings}} Model */

/** A part of the page: its element, and how it takes a new model.
 * @typedef {{node: HTMLElement, update: (model: Model) => void}} View */

export {};

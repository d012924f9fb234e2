// What the board shows. Types only.

/** @typedef {'too_far'|'watch'|'trouble'|'acknowledged'|'calm'} StandingName */
/** @typedef {{sign: import('./types.js').SignName, reason: string|null}} LegReport */
/** @typedef {{alert: number, rule: string, side: import('./types.js').SideName, severity: 'amber'|'red', value_deg: number,
 *   threshold_deg: number, since_unix_ms: number, acknowledged: boolean}} OpenAlert */
/** @typedef {{daemon: string, runner: string, name: string, computer: string|null, session: string|null,
 *   standing: StandingName, ended: boolean, silent_since_unix_ms: number|null, phase: string|null, left: LegReport,
 *   right: LegReport, online: number, assigned: number, cadence_spm: number|null, alerts: OpenAlert[], stances: number,
 *   judged: number, alerts_in_all: number}} Tile */
/** @typedef {{daemon: string, computer: string, silent_since_unix_ms: number|null, clock_ahead_s: number|null,
 *   missing: number, gaps: [number, number][], lost: number, again: number}} Daemon */
/** @typedef {{url: string, daemon: string, away: string|null}} Way */
/** @typedef {{way: string, reason: string, count: number, message: string}} Refusal */
/** @typedef {{now_unix_ms: number, tiles: Tile[], daemons: Daemon[], refused: Refusal[], ways: Way[], own: string|null,
 *   unkept: string|null}} Board */
/** @typedef {{role: 'coach'|'runner', runner?: string, lan: boolean, board: boolean,
 *   runners: {runner: string, name: string}[]}} Me */

export {};

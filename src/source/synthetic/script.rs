//! The course of a session as smooth functions of time: who stands, bends, walks, runs, turns, and when.

use super::config::{Disturbance, Episode, EpisodeKind, RunnerConfig};
use super::curves::Mix;
use super::squat::{Squat, SquatScript, TrueRepetition};
use crate::body::{PerSide, Placement, Side};
use crate::event::Test;
use crate::input::{Edge, Mark, Stretch};
use crate::units::SessionTime;

/// How far somebody who should stand still moves about, as a share of a knee bend, once a second. Source: own choice.
const RESTLESS: f64 = 0.2;
/// Pause after each knee bend, s. Source: own choice, as in a guided calibration.
const BEND_PAUSE: f64 = 0.7;
/// Standing between the bends and the first step, s. Source: own choice.
const READY: f64 = 2.0;
/// Time to get going and to come to a stand, s. Source: own choice.
const START: f64 = 1.5;
const HALT: f64 = 2.5;
/// Standing between the run and a screening test, s. Source: own choice.
const STILL_AGAIN: f64 = 4.0;
/// Time to change from walking to running, s. Source: own choice.
const INTO_RUN: f64 = 2.0;
/// Time for a change of speed, s. Source: own choice, a treadmill's.
const SPEED_RAMP: f64 = 5.0;
/// Shortest ramp of an episode, s: shorter would be a step in the motion.
const SHORTEST_RAMP: f64 = 0.2;

#[derive(Debug, Clone)]
pub(super) struct Script {
    still_from: f64,
    bends_from: f64,
    bend: f64,
    bends: f64,
    walk_from: f64,
    run_from: f64,
    /// Begin of coming to a stand, and of nothing at all; infinite when endless.
    halt_from: f64,
    pub(super) end: f64,
    walks: bool,
    walking_speed: f64,
    speed: f64,
    speed_changes: Vec<(f64, f64)>,
    stops: Vec<(f64, f64)>,
    turns: Vec<(f64, f64, f64)>,
    slips: Vec<(Placement, f64, f64)>,
    losses: Vec<(Placement, f64, f64)>,
    episodes: Vec<Episode>,
    habit: PerSide<(f64, f64)>,
    still_to: f64,
    marks: bool,
    pub(super) squats: Option<SquatScript>,
}

/// Which motion the body is in: shares between 0 and 1.
#[derive(Debug, Clone, Copy)]
pub(super) struct Share {
    /// Walking or running instead of standing.
    pub(super) moving: f64,
    /// Running instead of walking.
    pub(super) running: f64,
    /// Depth of the knee bend.
    pub(super) bend: f64,
    pub(super) squat: Squat,
}

/// From 0 at 0 to 1 at 1 with two continuous derivatives.
pub(super) fn step(x: f64) -> f64 {
    let x = x.clamp(0.0, 1.0);
    x * x * x * (x * (6.0 * x - 15.0) + 10.0)
}

impl Script {
    pub(super) fn new(config: &RunnerConfig) -> Self {
        let bend = config.knee_bend_s + BEND_PAUSE;
        let bends = f64::from(config.knee_bends);
        let still_from = config.restless_s.floor();
        let still_to = still_from + config.still_s;
        let walk_from = still_to + bends * bend + READY;
        let walks = config.walk_s > 0.0;
        let run_from = walk_from + if walks { config.walk_s + INTO_RUN } else { START };
        let halt_from = if config.endless { f64::INFINITY } else { run_from + config.running_s };
        let squats = config
            .screening
            .clone()
            .map(|config| SquatScript { config, from: halt_from + HALT + STILL_AGAIN });
        let mut script = Self {
            still_from,
            bends_from: still_to,
            bend: config.knee_bend_s,
            bends,
            walk_from,
            run_from,
            halt_from,
            end: squats.as_ref().map_or(halt_from + HALT, SquatScript::to) + config.end_still_s,
            squats,
            walks,
            walking_speed: config.walking_speed_mps,
            speed: config.speed_mps,
            speed_changes: Vec::new(),
            stops: Vec::new(),
            turns: Vec::new(),
            slips: Vec::new(),
            losses: Vec::new(),
            episodes: config.episodes.clone(),
            habit: PerSide::from_fn(|s| {
                (config.habit[s].adduction_deg.to_radians(), config.habit[s].rotation_deg.to_radians())
            }),
            still_to,
            marks: config.marks,
        };
        let mut changes: Vec<_> =
            config.speed_changes.iter().map(|c| (run_from + c.after_s, c.speed_mps)).collect();
        changes.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut before = config.speed_mps;
        script.speed_changes =
            changes.into_iter().map(|(t, v)| (t, v - std::mem::replace(&mut before, v))).collect();
        for disturbance in &config.disturbances {
            match *disturbance {
                Disturbance::Turn { after_s, duration_s, degrees } => {
                    script.turns.push((run_from + after_s, duration_s, degrees.to_radians()));
                }
                Disturbance::Stop { after_s, duration_s } => {
                    script.stops.push((run_from + after_s, run_from + after_s + duration_s));
                }
                Disturbance::SensorLost { placement, after_s, duration_s } => {
                    script.losses.push((placement, run_from + after_s, run_from + after_s + duration_s));
                }
                Disturbance::StrapSlip { placement, after_s, degrees } => {
                    script.slips.push((placement, run_from + after_s, degrees.to_radians()));
                }
            }
        }
        script
    }

    /// When running has begun: the zero of episodes and disturbances.
    pub(super) fn run_from(&self) -> f64 {
        self.run_from
    }

    pub(super) fn share(&self, t: f64) -> Share {
        let mut moving = step((t - self.walk_from) / START) - step((t - self.halt_from) / HALT);
        for (from, to) in &self.stops {
            moving *= 1.0 - step((t - from) / START) + step((t - to) / START);
        }
        let running = if self.walks { step((t - self.run_from + INTO_RUN) / INTO_RUN) } else { 1.0 };
        let x = (t - self.bends_from) / (self.bend + BEND_PAUSE);
        let place = x.rem_euclid(1.0) * (self.bend + BEND_PAUSE) / self.bend;
        let bending = x >= 0.0 && x < self.bends && place < 1.0;
        // Rises and falls with smooth ends, so that angular acceleration has no step.
        let bend = if bending { step(1.0 - (2.0 * place - 1.0).abs()) } else { 0.0 };
        let fidget = if t < self.still_from {
            RESTLESS * step(1.0 - (2.0 * t.rem_euclid(1.0) - 1.0).abs())
        } else {
            0.0
        };
        let bend = bend + fidget;
        let squat = self.squats.as_ref().map_or_else(Squat::default, |squats| squats.at(t));
        Share { moving, running, bend, squat }
    }

    /// The running speed that holds at `t` or would, m/s.
    pub(super) fn running_speed(&self, t: f64) -> f64 {
        self.speed + self.speed_changes.iter().map(|(at, by)| by * step((t - at) / SPEED_RAMP)).sum::<f64>()
    }

    pub(super) fn walking_speed(&self) -> f64 {
        self.walking_speed
    }

    /// Speed over ground, m/s.
    pub(super) fn speed(&self, t: f64) -> f64 {
        let share = self.share(t);
        share.moving * (self.walking_speed + share.running * (self.running_speed(t) - self.walking_speed))
    }

    /// Stride time of running in time of the speed, s.
    pub(super) fn running_stride(&self, t: f64) -> f64 {
        Mix::of(self.running_speed(t)).stride_time()
    }

    /// Direction of progression against the start, rad, counterclockwise from above.
    pub(super) fn heading(&self, t: f64) -> f64 {
        self.turns.iter().map(|(at, lasts, by)| by * step((t - at) / lasts)).sum()
    }

    /// What is added to a hip's adduction and rotation in the middle of stance, rad.
    pub(super) fn fault(&self, side: Side, t: f64) -> (f64, f64) {
        let (mut adduction, mut rotation) = self.habit[side];
        for episode in self.episodes.iter().filter(|e| e.side == side) {
            let from = self.run_from + episode.start_s;
            let ramp = episode.ramp_s.max(SHORTEST_RAMP);
            let size = step((t - from) / ramp) - step((t - from - episode.duration_s) / ramp);
            let by = episode.degrees.to_radians() * size;
            match episode.kind {
                EpisodeKind::Adduction => adduction += by,
                EpisodeKind::Rotation => rotation += by,
            }
        }
        (adduction, rotation)
    }

    /// How far a strap has slipped about the limb, rad.
    pub(super) fn slip(&self, placement: Placement, t: f64) -> f64 {
        /// Time for a strap to slip, s. Source: own choice.
        const SLIP_S: f64 = 2.0;
        self.slips.iter().filter(|s| s.0 == placement).map(|(_, at, by)| by * step((t - at) / SLIP_S)).sum()
    }

    pub(super) fn lost(&self, placement: Placement, t: f64) -> bool {
        self.losses.iter().any(|(p, from, to)| *p == placement && (*from..*to).contains(&t))
    }

    /// Standing and knee bends, in order of time.
    pub(super) fn marks(&self) -> Vec<Mark> {
        if !self.marks {
            return Vec::new();
        }
        let bends_to = self.bends_from + self.bends * (self.bend + BEND_PAUSE);
        let squats = self.squats.as_ref().map(|squats| {
            let stretch = match squats.config.test {
                Test::SingleLegSquat => Stretch::SingleLegSquat,
                Test::StepDown => Stretch::StepDown,
            };
            (stretch, squats.from, squats.to())
        });
        [(Stretch::Still, self.still_from, self.still_to), (Stretch::Functional, self.bends_from, bends_to)]
            .into_iter()
            .chain(squats)
            .filter(|(_, from, to)| to > from)
            .flat_map(|(stretch, from, to)| {
                [(Edge::Begin, from), (Edge::End, to)].map(|(edge, t)| Mark {
                    stretch,
                    edge,
                    t: SessionTime(t),
                })
            })
            .collect()
    }

    pub(super) fn repetitions(&self) -> impl Iterator<Item = TrueRepetition> + '_ {
        self.squats.iter().flat_map(SquatScript::repetitions)
    }

    /// The episodes on the session axis: what, from when, for how long.
    pub(super) fn episodes(&self) -> impl Iterator<Item = (Episode, SessionTime)> + '_ {
        self.episodes.iter().map(|e| (*e, SessionTime(self.run_from + e.start_s)))
    }
}

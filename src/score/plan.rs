//! Which runner runs which session: drawn from the session's number alone.

use crate::body::{Placement, Side};
use crate::source::synthetic::{Disturbance, Episode, EpisodeKind, RunnerConfig};
use rand::{Rng, SeedableRng};
use rand_pcg::Pcg64Mcg;

/// Running in each session, s.
const RUNNING_S: f64 = 540.0;
/// By now the usual is known, s: twenty seconds of warm-up, sixty strides, and reserve.
const LEARNT_S: f64 = 100.0;
/// From one episode to the next, s: twice what the longest count looks back.
const EPISODE_EVERY_S: f64 = 24.0;
/// Ten to fifteen strides.
const EPISODE_S: f64 = 10.0;
/// A fault comes within a stride.
const RAMP_S: f64 = 0.5;
/// What is looked for, with how much of it, degrees.
const FAULTS: [(EpisodeKind, f64); 3] =
    [(EpisodeKind::Adduction, 5.0), (EpisodeKind::Adduction, 3.0), (EpisodeKind::Rotation, 8.0)];
/// Running before the end of a disturbed session in which its strap slips, s.
const SLIP_BEFORE_END_S: f64 = 45.0;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Episodes,
    Clean,
    Disturbed,
}

impl Kind {
    pub(super) const ALL: [Self; 3] = [Self::Episodes, Self::Clean, Self::Disturbed];
}

#[derive(Debug, Clone)]
pub(super) struct Plan {
    pub(super) kind: Kind,
    pub(super) runner: RunnerConfig,
}

impl Plan {
    pub(super) fn new(kind: Kind, number: u32) -> Self {
        let seed = u64::from(number) * 3 + kind as u64 + 1;
        let mut rng = Pcg64Mcg::seed_from_u64(seed);
        let mut runner = RunnerConfig {
            seed,
            running_s: RUNNING_S,
            speed_mps: rng.random_range(2.2..4.5),
            // Every other runner wears the fifth sensor.
            pelvis_sensor: number.is_multiple_of(2),
            ..RunnerConfig::default()
        };
        match kind {
            Kind::Clean => {}
            Kind::Episodes => runner.episodes = episodes(&mut rng),
            Kind::Disturbed => runner.disturbances = disturbances(&mut rng),
        }
        Self { kind, runner }
    }
}

fn side(rng: &mut Pcg64Mcg) -> Side {
    if rng.random() { Side::Left } else { Side::Right }
}

fn episodes(rng: &mut Pcg64Mcg) -> Vec<Episode> {
    let mut list = Vec::new();
    let mut start_s = LEARNT_S;
    while start_s + EPISODE_EVERY_S < RUNNING_S {
        let (kind, degrees) = FAULTS.get(list.len() % FAULTS.len()).copied().unwrap_or(FAULTS[0]);
        let start = start_s + rng.random_range(0.0..2.0);
        list.push(Episode {
            side: side(rng),
            kind,
            degrees,
            start_s: start,
            duration_s: EPISODE_S,
            ramp_s: RAMP_S,
        });
        start_s += EPISODE_EVERY_S;
    }
    list
}

fn disturbances(rng: &mut Pcg64Mcg) -> Vec<Disturbance> {
    let mut list = Vec::new();
    let mut at = LEARNT_S;
    loop {
        let after_s = at + rng.random_range(0.0..4.0);
        let duration_s = rng.random_range(0.5..8.0);
        at = after_s + duration_s + 14.0;
        if at > RUNNING_S - SLIP_BEFORE_END_S {
            break;
        }
        list.push(match rng.random_range(0..3) {
            0 => Disturbance::SensorLost { placement: placement(rng), after_s, duration_s },
            1 => {
                let degrees = rng.random_range(45.0..180.0) * if rng.random() { 1.0 } else { -1.0 };
                Disturbance::Turn { after_s, duration_s: duration_s.max(1.5), degrees }
            }
            _ => Disturbance::Stop { after_s, duration_s: duration_s.max(4.0) },
        });
    }
    let degrees = rng.random_range(4.0..30.0) * if rng.random() { 1.0 } else { -1.0 };
    let placement = placement(rng);
    list.push(Disturbance::StrapSlip { placement, after_s: RUNNING_S - SLIP_BEFORE_END_S, degrees });
    list
}

/// On a leg: the sacral sensor is not always there.
fn placement(rng: &mut Pcg64Mcg) -> Placement {
    let side = side(rng);
    if rng.random() { Placement::thigh(side) } else { Placement::shank(side) }
}

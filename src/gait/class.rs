//! Walk or run, by what the leg carries in mid-stance and whether the body flies.

use super::flight::Flight;
use super::parameters::ClassParameters;
use super::signal::Tick;
use crate::body::{PerSide, Side};
use crate::event::Gait;
use crate::units::STANDARD_GRAVITY;
use nalgebra::Vector3;

/// The gait of the runner, from the latest step of each leg. A walking leg vaults over a foot that
/// rests: its shank carries about 1 g in mid-stance however fast the walk. A running leg is a spring
/// that throws the body up: 1.4 g in the slowest jog, and the shank keeps turning. Where a pelvis sensor is
/// worn, flight itself is seen and weighs more.
#[derive(Debug, Clone)]
pub(super) struct Class {
    gait: Gait,
    latest: PerSide<Option<(f64, f64)>>,
    flight: Flight,
    /// When a step was last seen by the pelvis, and what it spoke for.
    flown: Option<(f64, f64)>,
}

impl Class {
    pub(super) fn new() -> Self {
        Self { gait: Gait::Walk, latest: PerSide::default(), flight: Flight::default(), flown: None }
    }

    pub(super) fn gait(&self) -> Gait {
        self.gait
    }

    /// A sample of a sensor on the pelvis, where one is worn.
    pub(super) fn pelvis(&mut self, p: &ClassParameters, t: f64, acc: &Vector3<f64>) {
        self.flight.push(&p.flight, t, acc);
    }

    /// Takes the evidence of a step of one leg.
    pub(super) fn learn(&mut self, p: &ClassParameters, side: Side, t: f64, score: f64) {
        self.latest[side] = Some((t, score));
        let other = self.latest[side.other()].filter(|(then, _)| t - then < p.fresh);
        let score = other.map_or(score, |(_, other)| 0.5 * (score + other));
        if let Some(flown) = self.flight.take(&p.flight) {
            self.flown = Some((t, flown));
        }
        let flown = self.flown.filter(|(then, _)| t - then < p.fresh);
        let score = score + flown.map_or(0.0, |(_, flown)| flown);
        if score > p.run_above {
            self.gait = Gait::Run;
        } else if score < p.walk_below {
            self.gait = Gait::Walk;
        }
    }
}

/// Mid-stance of one step, while it lasts.
#[derive(Debug, Clone, Default)]
pub(super) struct Midstance {
    from: f64,
    until: f64,
    load: f64,
    lean: f64,
    ticks: f64,
}

impl Midstance {
    /// The swing has ended at `t_zero` and lasted `swing` s, which sets the pace.
    pub(super) fn expect(&mut self, p: &ClassParameters, t_zero: f64, swing: f64) {
        *self = Self { from: t_zero + p.from * swing, until: t_zero + p.until * swing, ..Self::default() };
    }

    pub(super) fn cancel(&mut self) {
        *self = Self::default();
    }

    /// The evidence for running once mid-stance is over: load beyond 1 g, and the speed of lean.
    pub(super) fn tick(&mut self, p: &ClassParameters, tick: &Tick) -> Option<f64> {
        if tick.t < self.from || self.until == 0.0 {
            return None;
        }
        if tick.t < self.until {
            self.load += tick.acc_sq.sqrt();
            self.lean -= tick.y;
            self.ticks += 1.0;
            return None;
        }
        let Self { load, lean, ticks, .. } = *self;
        self.cancel();
        (ticks > 0.0).then(|| load / ticks / STANDARD_GRAVITY - 1.0 + lean / ticks / p.lean)
    }
}

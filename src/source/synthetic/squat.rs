//! A screening test of the synthetic runner: who stands on which leg, and how deep.

use super::config::ScreeningConfig;
use super::script::step;
use crate::body::{PerSide, Side};
use crate::event::Test;
use crate::units::SessionTime;

/// Standing on both feet before the first leg, s, as the guide asks for. Source: own choice.
const BOTH_FEET: f64 = 2.5;
/// Time to change from two feet to one and back, s. Source: own choice.
const CHANGE: f64 = 1.5;
/// Standing between repetitions, s. Source: own choice.
const PAUSE: f64 = 0.8;

/// Shares, 0 to 1, by the leg that stands: on one leg at all, and depth.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Squat {
    pub(super) stands: PerSide<f64>,
    pub(super) depth: PerSide<f64>,
}

#[derive(Debug, Clone)]
pub(super) struct SquatScript {
    pub(super) config: ScreeningConfig,
    pub(super) from: f64,
}

/// One repetition as it was made.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TrueRepetition {
    /// The leg that stands.
    pub side: Side,
    pub start: SessionTime,
    pub bottom: SessionTime,
    pub end: SessionTime,
}

impl SquatScript {
    fn one_leg(&self) -> f64 {
        2.0 * CHANGE + f64::from(self.config.repetitions) * self.repetition()
    }

    fn repetition(&self) -> f64 {
        self.config.repetition_s + PAUSE
    }

    pub(super) fn to(&self) -> f64 {
        self.from + BOTH_FEET + 2.0 * self.one_leg()
    }

    fn leg_from(&self, side: Side) -> f64 {
        self.from + BOTH_FEET + side.index() as f64 * self.one_leg()
    }

    pub(super) fn at(&self, t: f64) -> Squat {
        let mut squat = Squat::default();
        if !(self.from..self.to()).contains(&t) {
            return squat;
        }
        for side in Side::BOTH {
            let since = t - self.leg_from(side);
            squat.stands[side] = step(since / CHANGE) - step((since - self.one_leg() + CHANGE) / CHANGE);
            let place = (since - CHANGE) / self.repetition();
            if (0.0..f64::from(self.config.repetitions)).contains(&place) {
                let share = place.fract() * self.repetition() / self.config.repetition_s;
                squat.depth[side] = if share < 1.0 { step(1.0 - (2.0 * share - 1.0).abs()) } else { 0.0 };
            }
        }
        squat
    }

    pub(super) fn repetitions(&self) -> impl Iterator<Item = TrueRepetition> + '_ {
        Side::BOTH.into_iter().flat_map(move |side| {
            (0..self.config.repetitions).map(move |k| {
                let start = self.leg_from(side) + CHANGE + f64::from(k) * self.repetition();
                let at = |share: f64| SessionTime(start + share * self.config.repetition_s);
                TrueRepetition { side, start: at(0.0), bottom: at(0.5), end: at(1.0) }
            })
        })
    }

    /// Flexion of the free leg's hip and knee while it is held up, deg. Source: own choice: the foot behind the body, or
    /// before the step and ready to reach down.
    pub(super) fn free_leg(&self) -> (f64, f64) {
        match self.config.test {
            Test::SingleLegSquat => (5.0, 75.0),
            Test::StepDown => (18.0, 2.0),
        }
    }
}

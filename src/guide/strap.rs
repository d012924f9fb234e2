//! How one sensor moves, over the last moments.

use super::Taps;
use crate::body::{Packet, Placement, SensorId};
use crate::segment::calibration::{QUIET_ACC, QUIET_GYR};
use nalgebra::Vector3;

/// Time constant, s: what calibration looks at in blocks of half a second.
const MEMORY: f64 = 0.25;
/// Longest step that is believed, s: after a gap the past counts little anyway.
const LONGEST_STEP: f64 = 0.2;

/// Running mean and spread of what a sensor measures.
#[derive(Debug)]
pub(super) struct Strap {
    pub(super) id: SensorId,
    pub(super) placement: Option<Placement>,
    /// When its last packet came.
    pub(super) heard: f64,
    first: Option<f64>,
    last: Option<f64>,
    acc: Spread,
    gyr: Spread,
    taps: Taps,
}

#[derive(Debug, Default)]
struct Spread {
    mean: Vector3<f64>,
    variance: f64,
}

impl Spread {
    fn push(&mut self, value: &Vector3<f64>, share: f64) {
        let off = value - self.mean;
        self.mean += off * share;
        self.variance = (1.0 - share) * (self.variance + share * off.norm_squared());
    }
}

impl Strap {
    pub(super) fn new(id: SensorId, placement: Option<Placement>) -> Self {
        let (acc, gyr, taps) = Default::default();
        Self { id, placement, heard: f64::NEG_INFINITY, first: None, last: None, acc, gyr, taps }
    }

    /// Whether it was tapped twice.
    pub(super) fn packet(&mut self, packet: &Packet, now: f64) -> bool {
        self.heard = now;
        let mut tapped = false;
        for sample in &packet.samples {
            let all = sample.acc.iter().chain(sample.gyr.iter()).all(|value| value.is_finite());
            if !all || !sample.t.0.is_finite() {
                continue;
            }
            // The first sample is the mean.
            let share = self
                .last
                .map_or(1.0, |last| 1.0 - (-(sample.t.0 - last).clamp(0.0, LONGEST_STEP) / MEMORY).exp());
            self.first = self.first.or(Some(sample.t.0));
            self.last = Some(sample.t.0);
            self.acc.push(&sample.acc, share);
            self.gyr.push(&sample.gyr, share);
            tapped |= self.taps.push(sample.t.0, &sample.acc);
        }
        tapped
    }

    /// 1 is the most that still is standing.
    pub(super) fn motion(&self) -> f64 {
        (self.gyr.variance.sqrt() / QUIET_GYR).max(self.acc.variance.sqrt() / QUIET_ACC)
    }

    /// Still for as long as the past counts: a single sample moves nowhere.
    pub(super) fn is_quiet(&self) -> bool {
        let seen = self.first.zip(self.last).is_some_and(|(first, last)| last - first >= MEMORY);
        seen && self.motion() < 1.0
    }

    /// Mean specific force in sensor axes: up, while it hardly moves.
    pub(super) fn up(&self) -> Vector3<f64> {
        self.acc.mean
    }
}

//! Whether the sensor lies still, and the gyroscope's mean while it does.

use super::low_pass::{self, LowPass};
use crate::units::Hz;
use nalgebra::Vector3;

/// The paper's defaults (its table 2), which running does not reach: no reason to change them.
const TAU: f64 = 0.5;
/// Rest is what has lasted so long, s.
const LEAST_TIME: f64 = 1.5;
/// Largest distance of a reading from the low-passed one, rad/s and m/s².
const GYR: f64 = 2.0 * std::f64::consts::PI / 180.0;
const ACC: f64 = 0.5;

#[derive(Debug, Clone, Copy)]
pub(super) struct Coefficients {
    low_pass: low_pass::Coefficients,
    interval: f64,
    /// A steady rate beyond this is a turn, not a bias, rad/s.
    clip: f64,
}

impl Coefficients {
    pub(super) fn new(rate: Hz, clip: f64) -> Self {
        Self { low_pass: low_pass::Coefficients::new(rate, TAU), interval: rate.interval(), clip }
    }
}

#[derive(Debug, Clone)]
pub(super) struct Rest {
    gyr: LowPass<3>,
    acc: LowPass<3>,
    mean_rate: Vector3<f64>,
    /// For so long nothing has moved, s.
    time: f64,
}

impl Rest {
    pub(super) fn new() -> Self {
        Self { gyr: LowPass::new(), acc: LowPass::new(), mean_rate: Vector3::zeros(), time: 0.0 }
    }

    /// Another zero has been taken off the gyroscope.
    pub(super) fn restart_gyr(&mut self) {
        self.gyr = LowPass::new();
        self.time = 0.0;
    }

    pub(super) fn gyr(&mut self, c: &Coefficients, gyr: &Vector3<f64>) {
        self.mean_rate = self.gyr.push(&c.low_pass, (*gyr).into()).into();
        if (gyr - self.mean_rate).norm_squared() >= GYR * GYR || self.mean_rate.amax() > c.clip {
            self.time = 0.0;
        }
    }

    pub(super) fn acc(&mut self, c: &Coefficients, acc: &Vector3<f64>) {
        let mean = Vector3::from(self.acc.push(&c.low_pass, (*acc).into()));
        self.time = if (acc - mean).norm_squared() >= ACC * ACC { 0.0 } else { self.time + c.interval };
    }

    /// The gyroscope's low-passed rate at rest, rad/s; `None` in motion.
    pub(super) fn mean_rate(&self) -> Option<&Vector3<f64>> {
        (self.time >= LEAST_TIME).then_some(&self.mean_rate)
    }
}

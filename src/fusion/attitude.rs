//! The filter as this room needs it: with a zero that is known, and in the runner's turn.

use super::vqf::Vqf;
use super::{Params, Reading, Turn};
use crate::units::Hz;
use nalgebra::{UnitQuaternion, Vector3};

/// Orientation and gyroscope bias of one sensor, advanced sample by sample.
#[derive(Debug, Clone)]
pub(super) struct Attitude {
    vqf: Vqf,
    rate: Hz,
    params: Params,
    /// Subtracted before the filter, rad/s.
    zero: Vector3<f64>,
}

impl Attitude {
    pub(super) fn new(rate: Hz, params: Params) -> Self {
        let vqf = Vqf::new(rate, &params, params.bias_sigma_unknown, params.bias_clip_unknown);
        Self { vqf, rate, params, zero: Vector3::zeros() }
    }

    /// Keeps the attitude; the bias starts again at the new zero.
    pub(super) fn set_zero(&mut self, zero: Vector3<f64>) {
        let params = &self.params;
        self.vqf.restart_bias(self.rate, params, params.bias_sigma, params.bias_clip);
        self.zero = zero;
    }

    /// Starts levelling again, as from a first sample, from the attitude and bias that are there:
    /// the heading stays near what it was.
    pub(super) fn relevel(&mut self) {
        self.vqf.relevel();
    }

    /// `step`: since the last sample, s.
    pub(super) fn update(&mut self, reading: &Reading, step: f64, turn: Option<&Turn>) {
        let acc = turn.map_or(reading.acc, |turn| reading.acc - self.centripetal(turn));
        self.vqf.update(&(reading.gyr - self.zero), &acc, step);
    }

    pub(super) fn world_from_sensor(&self) -> UnitQuaternion<f64> {
        *self.vqf.world_from_sensor()
    }

    /// All that has to be subtracted from the gyroscope: zero and estimate, rad/s.
    pub(super) fn bias(&self) -> Vector3<f64> {
        self.zero + self.vqf.bias()
    }

    /// Acceleration towards the middle of the turn, sensor axes, m/s².
    fn centripetal(&self, turn: &Turn) -> Vector3<f64> {
        let left = Vector3::new(turn.left_in_world.x, turn.left_in_world.y, 0.0);
        self.world_from_sensor().inverse_transform_vector(&(left * (turn.speed * turn.rate)))
    }
}

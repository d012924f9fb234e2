//! The VQF filter behind our own type. Laidig & Seel, VQF: highly accurate IMU orientation estimation
//! with bias estimation and magnetic disturbance rejection, Information Fusion 91 (2023) 187-204.

use super::{Params, Reading, Turn};
use crate::units::Hz;
use nalgebra::{Quaternion, UnitQuaternion, Vector3};
use std::fmt;
use vqf_rs::VQF;

/// Orientation and gyroscope bias of one sensor, advanced sample by sample.
pub(super) struct Attitude {
    vqf: VQF,
    rate: Hz,
    params: Params,
    /// Subtracted before the filter, rad/s.
    zero: Vector3<f64>,
}

impl Attitude {
    pub(super) fn new(rate: Hz, params: Params) -> Self {
        let vqf = filter(rate, &params, params.bias_sigma_unknown, params.bias_clip_unknown);
        Self { vqf, rate, params, zero: Vector3::zeros() }
    }

    /// Keeps the attitude; the bias starts again at the new zero.
    pub(super) fn set_zero(&mut self, zero: Vector3<f64>) {
        let mut vqf = filter(self.rate, &self.params, self.params.bias_sigma, self.params.bias_clip);
        let fresh = *vqf.state();
        let state = vqf.state_mut();
        *state = *self.vqf.state();
        state.bias = fresh.bias;
        state.bias_p = fresh.bias_p;
        // Rest means the gyroscope is near its own low-passed value, which the new zero shifts.
        state.rest_t = 0.0;
        state.rest_detected = false;
        state.rest_gyr_lp_state = fresh.rest_gyr_lp_state;
        // The low-passed bias in the earth frame is that of a bias that has always been zero. While the
        // filter still averages (first value not a number), only its sums go, not their count.
        let averaging =
            state.motion_bias_est_bias_lp_state.iter().flatten().next().is_some_and(|v| v.is_nan());
        for [first, second] in &mut state.motion_bias_est_bias_lp_state {
            *second = 0.0;
            if !averaging {
                *first = 0.0;
            }
        }
        self.vqf = vqf;
        self.zero = zero;
    }

    /// Starts levelling again, as from a first sample, from the attitude and bias that are there:
    /// the heading stays near what it was.
    pub(super) fn relevel(&mut self) {
        let fresh = *filter(self.rate, &self.params, self.params.bias_sigma, self.params.bias_clip).state();
        let state = self.vqf.state_mut();
        *state = vqf_rs::State {
            gyr_quat: state.gyr_quat,
            acc_quat: state.acc_quat,
            bias: state.bias,
            bias_p: state.bias_p,
            ..fresh
        };
    }

    /// `step`: since the last sample, s.
    pub(super) fn update(&mut self, reading: &Reading, step: f64, turn: Option<&Turn>) {
        let acc = turn.map_or(reading.acc, |turn| reading.acc - self.centripetal(turn));
        let gyr = reading.gyr - self.zero;
        self.vqf.update_gyr_with_ts(gyr.into(), step);
        self.vqf.update_acc(acc.into());
    }

    pub(super) fn world_from_sensor(&self) -> UnitQuaternion<f64> {
        let q = self.vqf.quat_6d();
        // The product of two quaternions that the filter normalises at every sample.
        UnitQuaternion::new_unchecked(Quaternion::new(q.0, q.1, q.2, q.3))
    }

    /// All that has to be subtracted from the gyroscope: zero and estimate, rad/s.
    pub(super) fn bias(&self) -> Vector3<f64> {
        self.zero + Vector3::from(self.vqf.state().bias)
    }

    /// Acceleration towards the middle of the turn, sensor axes, m/s².
    fn centripetal(&self, turn: &Turn) -> Vector3<f64> {
        let left = Vector3::new(turn.left_in_world.x, turn.left_in_world.y, 0.0);
        self.world_from_sensor().inverse_transform_vector(&(left * (turn.speed * turn.rate)))
    }
}

fn filter(rate: Hz, params: &Params, bias_sigma: f64, bias_clip: f64) -> VQF {
    let params = vqf_rs::Params {
        tau_acc: params.tau_acc,
        bias_sigma_init: bias_sigma.to_degrees(),
        bias_forgetting_time: params.bias_forgetting,
        bias_clip: bias_clip.to_degrees(),
        ..vqf_rs::Params::default()
    };
    VQF::new(rate.interval(), None, None, Some(params))
}

// The crate's type has neither.
impl Clone for Attitude {
    fn clone(&self) -> Self {
        let mut vqf = VQF::new(self.rate.interval(), None, None, Some(*self.vqf.params()));
        *vqf.state_mut() = *self.vqf.state();
        Self { vqf, rate: self.rate, params: self.params, zero: self.zero }
    }
}

impl fmt::Debug for Attitude {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attitude")
            .field("world_from_sensor", &self.world_from_sensor())
            .field("bias", &self.bias())
            .finish_non_exhaustive()
    }
}

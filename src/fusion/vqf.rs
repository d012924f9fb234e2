//! VQF without a magnetometer: strapdown integration, inclination from the low-passed accelerometer,
//! gyroscope bias from rest and from motion. Laidig & Seel, VQF: highly accurate IMU orientation
//! estimation with bias estimation and magnetic disturbance rejection, Information Fusion 91 (2023)
//! 187-204; numbers in brackets are its equations' symbols.
//!
//! The mathematics is the paper's and the results are those of its published implementation (the crate
//! `vqf-rs` in the tests); what differs is the arithmetic. Small angles by series, normalisation by one
//! Newton step, and the Kalman update as three scalar ones make it two to three times as fast.

mod bias;
mod low_pass;
mod rest;

use super::Params;
use crate::units::Hz;
use bias::Bias;
use low_pass::LowPass;
use nalgebra::{Quaternion, UnitQuaternion, Vector3};
use rest::Rest;

/// Half angles below this are integrated by series, rad: its first neglected term is under 1e-19 there.
const SMALL: f64 = 0.25;

/// What follows from the parameters and the rate.
#[derive(Debug, Clone, Copy)]
struct Coefficients {
    rate: f64,
    acc: low_pass::Coefficients,
    rest: rest::Coefficients,
    bias: bias::Coefficients,
}

impl Coefficients {
    fn new(rate: Hz, params: &Params, sigma: f64, clip: f64) -> Self {
        Self {
            rate: rate.0,
            acc: low_pass::Coefficients::new(rate, params.tau_acc),
            rest: rest::Coefficients::new(rate, clip),
            bias: bias::Coefficients::new(rate, params, sigma, clip),
        }
    }
}

#[derive(Debug, Clone)]
pub(super) struct Vqf {
    coefficients: Coefficients,
    /// From the sensor to an inertial frame that nothing corrects.
    integrated: Quaternion<f64>,
    /// From that frame to one whose z axis is vertical.
    level: Quaternion<f64>,
    /// Both together.
    world_from_sensor: UnitQuaternion<f64>,
    acc: LowPass<3>,
    rest: Rest,
    bias: Bias,
}

impl Vqf {
    /// `sigma`, `clip`: of the bias, rad/s.
    pub(super) fn new(rate: Hz, params: &Params, sigma: f64, clip: f64) -> Self {
        let coefficients = Coefficients::new(rate, params, sigma, clip);
        Self {
            integrated: Quaternion::identity(),
            level: Quaternion::identity(),
            world_from_sensor: UnitQuaternion::identity(),
            acc: LowPass::new(),
            rest: Rest::new(),
            bias: Bias::new(&coefficients.bias),
            coefficients,
        }
    }

    /// Keeps the attitude; the bias starts again, as small and as certain as is given here.
    pub(super) fn restart_bias(&mut self, rate: Hz, params: &Params, sigma: f64, clip: f64) {
        self.coefficients = Coefficients::new(rate, params, sigma, clip);
        self.bias.restart(&self.coefficients.bias);
        self.rest.restart_gyr();
    }

    /// Levels again, as from a first sample, from the attitude and bias that are there.
    pub(super) fn relevel(&mut self) {
        self.acc = LowPass::new();
        self.rest = Rest::new();
        self.bias.forget_motion();
    }

    /// One sample, rad/s and m/s²; `step` since the last one, s.
    pub(super) fn update(&mut self, gyr: &Vector3<f64>, acc: &Vector3<f64>, step: f64) {
        self.rest.gyr(&self.coefficients.rest, gyr);
        let half = (gyr - self.bias.estimate()) * (0.5 * step);
        self.integrated = normalized(self.integrated * turn(&half));
        // What a sensor sends that has nothing to send is no acceleration.
        if *acc == Vector3::zeros() {
            self.world_from_sensor = UnitQuaternion::new_unchecked(self.level * self.integrated);
        } else {
            self.correct(acc);
        }
    }

    pub(super) fn world_from_sensor(&self) -> &UnitQuaternion<f64> {
        &self.world_from_sensor
    }

    /// rad/s.
    pub(super) fn bias(&self) -> &Vector3<f64> {
        self.bias.estimate()
    }

    /// Inclination and bias by the accelerometer.
    fn correct(&mut self, acc: &Vector3<f64>) {
        let c = &self.coefficients;
        self.rest.acc(&c.rest, acc);
        let inertial = UnitQuaternion::new_unchecked(self.integrated) * acc;
        let slow = Vector3::from(self.acc.push(&c.acc, inertial.into()));
        let up = UnitQuaternion::new_unchecked(self.level) * slow;
        let norm = up.norm();
        // In free fall nothing says where up is: it stays where it was.
        let up = if norm > 0.0 { up * norm.recip() } else { Vector3::z() };
        self.level = normalized(upright(&up) * self.level);
        // The product of two quaternions that are normalised at every sample.
        self.world_from_sensor = UnitQuaternion::new_unchecked(self.level * self.integrated);
        let rotation = self.world_from_sensor.to_rotation_matrix();
        let corrected = [-up.y * c.rate, up.x * c.rate];
        self.bias.update(&c.bias, rotation.matrix(), corrected, self.rest.mean_rate());
    }
}

/// The turn by twice this vector.
fn turn(half: &Vector3<f64>) -> Quaternion<f64> {
    let square = half.norm_squared();
    let (cos, sinc) = if square < SMALL * SMALL {
        (series(&COS, square), series(&SINC, square))
    } else {
        let angle = square.sqrt();
        (angle.cos(), angle.sin() / angle)
    };
    Quaternion::from_parts(cos, half * sinc)
}

/// cos(x) and sin(x) / x by x²: Taylor, highest power first. Constants multiplied, as divisions would cost more than
/// the functions.
const COS: [f64; 7] =
    [1.0 / 479_001_600.0, -1.0 / 3_628_800.0, 1.0 / 40_320.0, -1.0 / 720.0, 1.0 / 24.0, -0.5, 1.0];
const SINC: [f64; 7] = [
    1.0 / 6_227_020_800.0,
    -1.0 / 39_916_800.0,
    1.0 / 362_880.0,
    -1.0 / 5040.0,
    1.0 / 120.0,
    -1.0 / 6.0,
    1.0,
];

fn series(coefficients: &[f64; 7], square: f64) -> f64 {
    coefficients.iter().fold(0.0, |sum, c| sum * square + c)
}

/// The shortest turn that makes the unit vector `up` vertical.
fn upright(up: &Vector3<f64>) -> Quaternion<f64> {
    let w = 1.0 + up.z;
    // Upside down to the last digits: any horizontal axis will do.
    if w < 1e-12 {
        return Quaternion::new(0.0, 1.0, 0.0, 0.0);
    }
    Quaternion::new(w, up.y, -up.x, 0.0) * (2.0 * w).sqrt().recip()
}

/// One Newton step towards length 1: exact to the last digit where rounding is all that is off.
fn normalized(q: Quaternion<f64>) -> Quaternion<f64> {
    q * (1.5 - 0.5 * q.norm_squared())
}

#[cfg(test)]
mod tests;

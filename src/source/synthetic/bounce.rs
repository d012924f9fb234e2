//! How the pelvis rises, falls and sways while the legs move.

use super::curves::WALK_DUTY;
use super::motion::{BEND_KNEE, BEND_THIGH, Moment, Motion, SHANK, SQUAT_THIGH, THIGH};
use super::script::Share;
use crate::units::STANDARD_GRAVITY;
use nalgebra::Vector3;
use std::f64::consts::{PI, TAU};

/// Braking and push-off, peak as a share of gravity per m/s. Source: own choice after Munro et al. 1987
/// (0.15 to 0.25 body weight between 3 and 5 m/s, twice in a step).
const BRAKING: f64 = 0.05;
/// Side to side, m. Source: own choice.
const SWAY_RUN: f64 = 0.008;
const SWAY_WALK: f64 = 0.02;
/// Rise of the pelvis in walking, m. Source: own choice (4 cm from low to high).
const WALK_RISE: f64 = 0.02;

impl Motion {
    /// The pelvis against the uniformly moving runner, in G, m.
    pub(super) fn pelvis_place(&self, m: &Moment) -> Vector3<f64> {
        let Share { moving, running, bend, squat } = m.share;
        let mut place = Vector3::zeros();
        let (walk, run) = (moving * (1.0 - running), moving * running);
        if run > 0.0 {
            place += self.running_bounce(m) * run;
        }
        if walk > 0.0 {
            let side = SWAY_WALK * (TAU * (m.phase - WALK_DUTY / 2.0)).cos();
            place += Vector3::new(
                0.01 * (2.0 * TAU * (m.phase + 0.05)).sin(),
                -WALK_RISE * (2.0 * TAU * (m.phase - 0.06)).cos(),
                side,
            ) * walk;
        }
        let squat = squat.depth.left + squat.depth.right;
        if bend + squat > 0.0 {
            let reach = |thigh: f64, shank: f64| {
                Vector3::new(
                    -(THIGH * thigh.sin() + SHANK * shank.sin()),
                    THIGH * thigh.cos() + SHANK * shank.cos(),
                    0.0,
                )
            };
            let thigh = bend * BEND_THIGH.to_radians();
            place += reach(thigh, thigh - bend * BEND_KNEE.to_radians()) - reach(0.0, 0.0);
            let depth = self.script.squats.as_ref().map_or(0.0, |s| s.config.depth_deg.to_radians());
            let thigh = squat * SQUAT_THIGH * depth;
            place += reach(thigh, thigh - squat * depth) - reach(0.0, 0.0);
        }
        place
    }

    /// Bounce with a half-sine force on the ground and none in flight (Morin et al. 2005), as the first
    /// harmonics of a step integrated twice.
    fn running_bounce(&self, m: &Moment) -> Vector3<f64> {
        let duty = self.mean_running_duty(m);
        let contact = (2.0 * duty).max(0.54);
        let steps = 2.0 / self.steady_stride(m);
        let x = 2.0 * m.phase - contact / 2.0;
        let mut up = 0.0;
        for n in 1..=4_u8 {
            let n = f64::from(n);
            let force = 2.0 * (PI * n * contact).cos() / (1.0 - (2.0 * n * contact).powi(2));
            up -= STANDARD_GRAVITY * force * (TAU * n * x).cos() / (TAU * n * steps).powi(2);
        }
        let ahead = -BRAKING * m.speed * STANDARD_GRAVITY * (TAU * x).sin() / (TAU * steps).powi(2);
        Vector3::new(ahead, up, SWAY_RUN * (TAU * (m.phase - duty / 2.0)).cos())
    }
}

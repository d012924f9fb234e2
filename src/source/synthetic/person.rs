//! What sets one synthetic runner apart from the mean of all.

use super::config::RunnerConfig;
use super::curves::{LEG, PELVIS};
use super::wander::{normal, stream};
use crate::body::{PerSide, Side};
use rand_pcg::Pcg64Mcg;

/// Standard deviation between legs, deg: hip flexion, adduction, rotation; knee flexion, varus, rotation.
/// Source: stance means of the running table (52 legs of RBDS; Fukuchi, Fukuchi & Duarte 2017).
const LEG_SD: [f64; LEG] = [5.2, 2.8, 5.0, 4.6, 3.8, 3.8];
/// Pelvis tilt; drop and rotation are the same for both sides on average. Source: as above.
const TILT_SD: f64 = 4.3;
const DROP_SD: f64 = 1.0;
/// Stride time between runners as a share. Source: as above (0.044 of 0.703 s).
const STRIDE_SD: f64 = 0.062;
/// Contact fraction between legs as a share: with the stride time this gives the 16 to 23 ms of contact
/// time between legs. Source: as above.
const DUTY_SD: f64 = 0.045;
/// Hip rotation in standing follows the running offset by this share, with this spread of its own, deg: then
/// standing has 5.5 and peak minus standing 4.2 between legs. Source: as above.
const STANDING_FOLLOWS: f64 = 0.7;
const STANDING_ROTATION_SD: f64 = 4.0;
const STANDING_ROTATION: f64 = 0.6;
/// Spread of thigh abduction in standing, deg. Source: own measurement on virtual running (4.3 +- 1.4).
const STANDING_ABDUCTION_SD: f64 = 1.4;
/// Pelvis tilt, thigh flexion and knee flexion of the mean runner in standing, deg. Source: own choice.
const STANDING_TILT: f64 = 12.0;
const STANDING_THIGH: f64 = -2.0;
const STANDING_KNEE: f64 = 3.0;
/// Hip adduction and rotation, knee varus and rotation at the bottom of a knee bend: between people, deg.
/// A real knee bend is not a pure hinge. Source: own choice, such that calibration's axes disagree about as
/// much as on virtual running (1 to 13 degrees).
const BEND_SD: [f64; 4] = [1.5, 2.0, 1.5, 2.5];

#[derive(Debug, Clone)]
pub(super) struct Person {
    pub(super) stride: f64,
    pub(super) duty: PerSide<f64>,
    /// The left leg's phase against half a stride after the right one.
    pub(super) lead: f64,
    /// Added to the running and walking curves, rad.
    pub(super) tilt: f64,
    pub(super) drop: f64,
    pub(super) leg: PerSide<[f64; LEG]>,
    /// Standing pose, rad.
    pub(super) standing_pelvis: [f64; PELVIS],
    pub(super) standing_leg: PerSide<[f64; LEG]>,
    /// Added at the bottom of a knee bend, rad.
    pub(super) bend_leg: PerSide<[f64; LEG]>,
}

impl Person {
    pub(super) fn new(config: &RunnerConfig) -> Self {
        let mut rng = stream(config.seed, 1);
        let scale = config.individuality;
        let mut draw = move |sd: f64| scale * sd * bounded(&mut rng);
        let stride = 1.0 + draw(STRIDE_SD);
        let duty = PerSide::from_fn(|_| draw(DUTY_SD));
        // Legs of one person share most of their contact time.
        let shared = draw(DUTY_SD);
        let duty = PerSide::from_fn(|s| 1.0 + 0.9 * shared + 0.3 * duty[s]);
        let lead = draw(0.004);
        let tilt = draw(TILT_SD).to_radians();
        let drop = draw(DROP_SD).to_radians();
        let mut leg = PerSide::from_fn(|_| LEG_SD.map(|sd| draw(sd).to_radians()));
        let mut standing_leg = PerSide::default();
        let mut bend_leg = PerSide::default();
        for side in Side::BOTH {
            // A pelvis that tilts forward flexes the hip; the rest of hip flexion is the thigh's own.
            leg[side][0] = 0.6 * leg[side][0] + tilt;
            let own = leg[side];
            standing_leg[side] = [
                (STANDING_TILT + STANDING_THIGH + draw(2.0)).to_radians() + tilt,
                (-config.standing_abduction_deg + draw(STANDING_ABDUCTION_SD)).to_radians(),
                (STANDING_ROTATION + draw(STANDING_ROTATION_SD)).to_radians() + STANDING_FOLLOWS * own[2],
                (STANDING_KNEE + draw(2.0)).to_radians(),
                draw(2.0).to_radians() + 0.5 * own[4],
                draw(2.0).to_radians() + 0.7 * own[5],
            ];
            let [adduction, rotation, varus, tibia] = BEND_SD.map(|sd| draw(sd).to_radians());
            bend_leg[side] = [0.0, adduction, rotation, 0.0, varus, tibia];
        }
        Self {
            stride,
            duty,
            lead,
            tilt,
            drop,
            leg,
            standing_pelvis: [STANDING_TILT.to_radians() + tilt, 0.0, 0.0],
            standing_leg,
            bend_leg,
        }
    }
}

/// People, unlike strides, are held within two standard deviations: the model is made for usual runners.
fn bounded(rng: &mut Pcg64Mcg) -> f64 {
    normal(rng).clamp(-2.0, 2.0)
}

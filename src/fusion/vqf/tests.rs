//! Against the published implementation, sample by sample.

use super::*;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use vqf_rs::VQF;

fn oracle(rate: Hz, params: &Params, sigma: f64, clip: f64) -> VQF {
    let params = vqf_rs::Params {
        tau_acc: params.tau_acc,
        bias_sigma_init: sigma.to_degrees(),
        bias_forgetting_time: params.bias_forgetting,
        bias_clip: clip.to_degrees(),
        ..vqf_rs::Params::default()
    };
    VQF::new(rate.interval(), None, None, Some(params))
}

fn published() -> Params {
    Params { isotropic: false, ..Params::default() }
}

/// A motion of three frequencies, or rest with a biased gyroscope where `moving` is zero.
fn reading(t: f64, moving: f64, bias: &Vector3<f64>) -> (Vector3<f64>, Vector3<f64>) {
    let gyr = Vector3::new((9.0 * t).sin(), 0.7 * (4.0 * t).cos(), 5.0 * (9.0 * t + 0.4).sin()) * moving;
    let acc = Vector3::new((9.0 * t).cos(), 9.81 + 6.0 * (18.0 * t).sin() * moving, 2.0 * (4.0 * t).sin());
    (gyr + bias, if moving == 0.0 { Vector3::new(0.3, 9.7, 1.0) } else { acc })
}

fn apart(ours: &Vqf, theirs: &VQF) -> (f64, f64) {
    let q = theirs.quat_6d();
    let q = UnitQuaternion::new_unchecked(Quaternion::new(q.0, q.1, q.2, q.3));
    (ours.world_from_sensor().angle_to(&q), (ours.bias() - Vector3::from(theirs.state().bias)).norm())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, rng_seed: RngSeed::Fixed(20), ..ProptestConfig::default() })]

    #[test]
    fn rest_and_motion_give_what_the_published_filter_gives(
        rate in 40.0..400.0_f64,
        moving in prop::array::uniform12(prop_oneof![Just(0.0), 0.2..4.0_f64]),
        bias in prop::array::uniform3(-0.02..0.02_f64),
    ) {
        let (rate, params, bias) = (Hz(rate), published(), Vector3::from(bias));
        let (sigma, clip) = (params.bias_sigma_unknown, params.bias_clip_unknown);
        let mut ours = Vqf::new(rate, &params, sigma, clip);
        let mut theirs = oracle(rate, &params, sigma, clip);
        for (part, moving) in moving.into_iter().enumerate() {
            for k in 0..(5.0 * rate.0) as usize {
                let t = 5.0 * part as f64 + k as f64 * rate.interval();
                let (gyr, acc) = reading(t, moving, &bias);
                ours.update(&gyr, &acc, rate.interval());
                theirs.update(gyr.into(), acc.into(), None);
            }
            let (angle, bias) = apart(&ours, &theirs);
            // After 20 s the bias takes fewer steps in motion, which shows where it has not settled by then (at most
            // 0.06 degrees of heading in 2000 such sessions); on recordings it does not (tests/fusion_reference.rs).
            let (most_angle, most_bias) = if part < 4 { (1e-8, 1e-10) } else { (1e-3, 2e-4) };
            prop_assert!(
                angle < most_angle && bias < most_bias,
                "{angle} rad, {bias} rad/s after part {part}"
            );
        }
    }
}

#[test]
fn series_and_functions_meet() {
    for angle in [0.0, 1e-9, 0.01, 0.1, 0.24999] {
        let [sin, cos] = [f64::sin(angle), f64::cos(angle)];
        assert!((series(&COS, angle * angle) - cos).abs() < 2e-16, "{angle}");
        assert!((series(&SINC, angle * angle) * angle - sin).abs() < 1e-16, "{angle}");
    }
}

#[test]
fn a_sensor_that_starts_upside_down_is_turned_up() {
    let params = Params::default();
    let mut vqf = Vqf::new(Hz(100.0), &params, params.bias_sigma, params.bias_clip);
    let acc = Vector3::new(0.0, 0.0, -9.81);
    vqf.update(&Vector3::zeros(), &acc, 0.01);
    assert!((vqf.world_from_sensor() * acc - Vector3::new(0.0, 0.0, 9.81)).norm() < 1e-9);
}

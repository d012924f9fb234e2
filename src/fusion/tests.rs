use super::*;
use vqf_rs::VQF;

/// A leg-like motion of 100 Hz that repeats every 0.7 s, far from any singularity.
fn stride(t: f64) -> (Vector3<f64>, Vector3<f64>) {
    let phase = t / 0.7 * std::f64::consts::TAU;
    let acc = Vector3::new(4.0 * phase.sin(), 9.81 + 6.0 * (2.0 * phase).cos(), 2.0 * phase.cos());
    let gyr = Vector3::new(0.6 * (2.0 * phase).sin(), 0.4 * phase.cos(), 4.0 * (phase + 0.3).sin());
    (acc, gyr)
}

fn run(fusion: &mut Fusion, times: impl Iterator<Item = f64>) -> Vec<Fused> {
    let mut out = Vec::new();
    for t in times {
        let (acc, gyr) = stride(t);
        fusion.push(SessionTime(t), acc, gyr, &mut out);
    }
    out
}

fn grid(from: usize, to: usize) -> impl Iterator<Item = f64> {
    (from..to).map(|i| i as f64 / 100.0)
}

#[test]
fn without_gaps_the_orientation_is_that_of_the_bare_filter() {
    let params = vqf_rs::Params {
        tau_acc: 2.0,
        bias_sigma_init: 1.0,
        bias_forgetting_time: 300.0,
        bias_clip: 4.0,
        ..vqf_rs::Params::default()
    };
    let mut vqf = VQF::new(0.01, None, None, Some(params));
    let out = run(&mut Fusion::new(Hz(100.0)), grid(0, 3000));
    assert_eq!(out.len(), 3000);
    for (i, fused) in out.iter().enumerate() {
        let (acc, gyr) = stride(i as f64 / 100.0);
        vqf.update_gyr(gyr.into());
        vqf.update_acc(acc.into());
        let q = vqf.quat_6d();
        let bare = nalgebra::UnitQuaternion::new_unchecked(nalgebra::Quaternion::new(q.0, q.1, q.2, q.3));
        // The steps between time stamps are 0.01 but for the last digit.
        assert!(fused.world_from_sensor.angle_to(&bare) < 1e-9, "sample {i}");
        assert!((fused.gyr + fused.bias - gyr).norm() < 1e-12);
        assert!(fused.measured);
    }
}

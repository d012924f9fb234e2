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
    let published = Params { isotropic: false, ..Params::default() };
    let out = run(&mut Fusion::with_params(Hz(100.0), published), grid(0, 3000));
    assert_eq!(out.len(), 3000);
    for (i, fused) in out.iter().enumerate() {
        let (acc, gyr) = stride(i as f64 / 100.0);
        vqf.update_gyr(gyr.into());
        vqf.update_acc(acc.into());
        let q = vqf.quat_6d();
        let bare = nalgebra::UnitQuaternion::new_unchecked(nalgebra::Quaternion::new(q.0, q.1, q.2, q.3));
        // The steps between time stamps are 0.01 but for the last digit; after 20 s the bias takes fewer steps.
        let most = if i < 2000 { 1e-9 } else { 1e-4 };
        assert!(fused.world_from_sensor.angle_to(&bare) < most, "sample {i}");
        assert!((fused.gyr + fused.bias - gyr).norm() < 1e-12);
        assert!(fused.measured);
    }
}

/// Samples of `stride` without those in `gaps` (s, half open).
fn with_gaps(seconds: usize, gaps: &[(f64, f64)]) -> Vec<Fused> {
    let mut fusion = Fusion::new(Hz(100.0));
    let kept = grid(0, seconds * 100).filter(|t| !gaps.iter().any(|(from, to)| t >= from && t < to));
    let mut out = run(&mut fusion, kept);
    fusion.finish(&mut out);
    out
}

/// Largest difference of attitude to the run without gaps, rad, from `from` on.
fn harm(fused: &[Fused], seconds: usize, from: f64) -> f64 {
    let whole = with_gaps(seconds, &[]);
    assert_eq!(fused.len(), whole.len());
    fused
        .iter()
        .zip(&whole)
        .inspect(|(a, b)| assert!((a.t - b.t).abs() < 1e-9))
        .filter(|(a, _)| a.t.0 >= from)
        .map(|(a, b)| a.world_from_sensor.angle_to(&b.world_from_sensor))
        .fold(0.0, f64::max)
}

fn doubts(fused: &[Fused], doubt: Doubt) -> Option<(f64, f64)> {
    let mut times = fused.iter().filter(|f| f.doubt == Some(doubt)).map(|f| f.t.0);
    let first = times.next()?;
    Some((first, times.next_back().unwrap_or(first)))
}

fn close(found: Option<(f64, f64)>, from: f64, to: f64) -> bool {
    found.is_some_and(|(a, b)| (a - from).abs() < 0.0101 && (b - to).abs() < 0.0101)
}

#[test]
fn the_start_is_doubted_for_three_seconds() {
    let out = with_gaps(10, &[]);
    assert!(close(doubts(&out, Doubt::Settling), 0.0, 2.99), "{:?}", doubts(&out, Doubt::Settling));
    assert!(out.iter().skip(300).all(|f| f.doubt.is_none()));
}

#[test]
fn a_lost_packet_of_four_samples_is_filled_from_an_earlier_stride_and_not_doubted() {
    let out = with_gaps(12, &[(8.0, 8.04)]);
    assert!(harm(&out, 12, 0.0) < 0.002, "{}", harm(&out, 12, 0.0));
    assert_eq!(out.iter().filter(|f| !f.measured).count(), 4);
    assert!(out.iter().skip(300).all(|f| f.doubt.is_none()));
}

#[test]
fn a_gap_of_more_than_a_stride_is_filled_from_an_earlier_one() {
    let out = with_gaps(20, &[(8.0, 8.9)]);
    assert!(harm(&out, 20, 0.0) < 0.02, "{}", harm(&out, 20, 0.0));
    assert!(close(doubts(&out, Doubt::Gap), 8.0, 11.89), "{:?}", doubts(&out, Doubt::Gap));
}

fn readings<const N: usize>(values: [f64; N]) -> [Reading; N] {
    values.map(|x| Reading { acc: Vector3::repeat(x), gyr: Vector3::repeat(-x) })
}

#[test]
fn a_repeated_stride_is_shifted_to_meet_both_edges() {
    let [zero, seven, shifted] = readings([0.0, 7.0, 7.5]);
    let seam = |missing| {
        bridge::Seam::new(readings([9.0, 1.0, 2.0, 9.0]), readings([0.0, 1.5, 3.0, 0.0]), missing, Hz(100.0))
    };
    // Ten samples, 0.11 s from edge to edge: along lines that end at the other edge or after 0.1 s.
    let shifts = [1, 5, 10].map(|k| seam(10).shift(&zero, k).acc.x);
    for (shift, wanted) in shifts.into_iter().zip([0.45, 0.65, 0.9]) {
        assert!((shift - wanted).abs() < 1e-9, "{shifts:?}");
    }
    // In a long gap it has faded: there the earlier stride stands alone.
    assert_eq!(seam(49).shift(&seven, 25), seven);
    assert_eq!(seam(49).shift(&seven, 45), shifted);
}

#[test]
fn over_a_short_gap_the_shift_bends_as_what_was_measured_around_it_does() {
    let curve = |k: i32| 0.3 * f64::from(k).powi(3) - f64::from(k).powi(2) + 2.0;
    let [zero] = readings([0.0]);
    let measured = readings([curve(-1), curve(0), curve(5), curve(6)]);
    let seam = bridge::Seam::new(readings([0.0; 4]), measured, 4, Hz(100.0));
    for k in 1..=4 {
        let shift = seam.shift(&zero, k as usize).acc.x;
        assert!((shift - curve(k)).abs() < 1e-9, "{shift} at {k}");
    }
}

#[test]
fn what_one_stride_did_by_chance_counts_a_third_in_a_gap() {
    // The stride before the gap swings wider than all others, and the one before that less wide.
    let wide = |t: f64| match t {
        6.85..7.55 => 1.09,
        6.15..6.85 => 0.91,
        _ => 1.0,
    };
    let fill = |gap: bool| {
        let mut fusion = Fusion::new(Hz(100.0));
        let mut out = Vec::new();
        for t in grid(0, 1200).filter(|t| !gap || !(8.0..8.2).contains(t)) {
            let (acc, gyr) = stride(t);
            fusion.push(SessionTime(t), acc, gyr * wide(t), &mut out);
        }
        out.into_iter().map(|fused| fused.gyr + fused.bias).collect::<Vec<_>>()
    };
    let (whole, filled) = (fill(false), fill(true));
    let off = |i: usize| (filled[i] - whole[i]).norm() / whole[i].norm();
    let middle: Vec<f64> = (809..812).map(off).collect();
    assert!(middle.iter().all(|off| *off < 0.045), "{middle:?}");
}

#[test]
fn an_island_between_two_gaps_still_finds_its_stride() {
    let out = with_gaps(20, &[(8.0, 8.3), (8.36, 8.7)]);
    assert!(harm(&out, 20, 0.0) < 0.02, "{}", harm(&out, 20, 0.0));
}

#[test]
fn a_gap_ending_with_the_recording_is_released() {
    let out = with_gaps(10, &[(9.5, 9.97)]);
    assert!(harm(&out, 10, 0.0) < 0.02);
}

#[test]
fn nothing_comes_out_until_the_gap_can_be_bridged() {
    let mut fusion = Fusion::new(Hz(100.0));
    run(&mut fusion, grid(0, 800));
    assert!(run(&mut fusion, grid(830, 837)).is_empty());
    let out = run(&mut fusion, grid(837, 838));
    assert_eq!(out.len(), 38);
    assert_eq!(run(&mut fusion, grid(838, 850)).len(), 12);
}

#[test]
fn where_nothing_repeats_the_gap_is_a_straight_line_and_doubted_for_six_seconds() {
    let mut fusion = Fusion::new(Hz(100.0));
    let mut out = Vec::new();
    let gyr = Vector3::new(0.1, 0.0, 0.0);
    for t in grid(0, 2000).filter(|t| *t < 8.0 || *t >= 8.5) {
        fusion.push(SessionTime(t), Vector3::new(0.0, t, 9.81), gyr, &mut out);
    }
    assert!(close(doubts(&out, Doubt::Gap), 8.0, 14.49), "{:?}", doubts(&out, Doubt::Gap));
    assert!(out.iter().all(|f| (f.acc.y - f.t.0).abs() < 1e-9));
}

#[test]
fn after_a_gap_too_long_to_bridge_it_settles_anew() {
    let mut fusion = Fusion::new(Hz(100.0));
    run(&mut fusion, grid(0, 1000));
    let out = run(&mut fusion, grid(1500, 2500));
    assert_eq!(out.len(), 1000);
    assert!(close(doubts(&out, Doubt::Settling), 15.0, 17.99));
    assert!(close(doubts(&out, Doubt::Gap), 18.0, 20.99));
}

#[test]
fn a_gyro_zero_keeps_the_attitude_and_takes_the_bias_over() {
    let bias = Vector3::new(0.05, -0.03, 0.06);
    let rest = |fusion: &mut Fusion, from, to| {
        let mut out = Vec::new();
        for t in grid(from, to) {
            fusion.push(SessionTime(t), Vector3::new(1.0, 2.0, 9.6), bias, &mut out);
        }
        out
    };
    for before in [100, 1000] {
        let mut fusion = Fusion::new(Hz(100.0));
        let unknown = rest(&mut fusion, 0, before).pop().unwrap();
        fusion.set_gyro_zero(bias);
        let out = rest(&mut fusion, before, before + 3000);
        let turned = unknown.world_from_sensor.angle_to(&out[0].world_from_sensor);
        assert!(turned < 0.001, "{turned}");
        // The sensor does not move: nothing may be left of its rate from the first sample on.
        for fused in &out {
            assert!(fused.gyr.norm() < 0.01_f64.to_radians(), "{} {}", fused.t.0, fused.gyr.norm());
            assert!((fused.gyr + fused.bias - bias).norm() < 1e-12);
        }
    }
}

/// A sensor that lies flat in a bend: its accelerometer leans by v w / g.
#[test]
fn a_turn_that_is_announced_does_not_tilt_the_attitude() {
    let (speed, rate) = (3.0, 0.3_f64);
    let tilt = |announce: bool| {
        let mut fusion = Fusion::new(Hz(100.0));
        let mut out = Vec::new();
        for i in 0..2000 {
            let heading = rate * f64::from(i) * 0.01;
            // Sensor x forward, y left, z up, starting with its x along the world's.
            let left_in_world = Vector2::new(-heading.sin(), heading.cos());
            fusion.set_turn(announce.then_some(Turn { rate, left_in_world, speed }));
            let acc = Vector3::new(0.0, speed * rate, 9.81);
            fusion.push(SessionTime(heading / rate), acc, Vector3::new(0.0, 0.0, rate), &mut out);
        }
        let up = out.last().unwrap().world_from_sensor * Vector3::z();
        up.z.acos()
    };
    assert!(tilt(true) < 0.01, "{}", tilt(true));
    assert!(tilt(false) > 0.05, "{}", tilt(false));
}

#[test]
fn broken_samples_count_as_lost() {
    let mut fusion = Fusion::new(Hz(100.0));
    let mut out = Vec::new();
    for t in grid(0, 1000) {
        let (mut acc, mut gyr) = stride(t);
        match (t * 100.0).round() as usize % 97 {
            3 => acc.x = f64::NAN,
            20 => gyr.z = f64::INFINITY,
            40 => acc.y = 1e200,
            _ => {}
        }
        fusion.push(SessionTime(t), acc, gyr, &mut out);
        fusion.push(SessionTime(t), acc, gyr, &mut out);
        fusion.push(SessionTime(f64::NAN), acc, gyr, &mut out);
    }
    assert!(harm(&out, 10, 0.0) < 0.02);
}

#[test]
fn a_rate_that_is_none_still_gives_orientations() {
    for rate in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(run(&mut Fusion::new(Hz(rate)), grid(0, 100)).len() == 100);
    }
}

#[test]
fn motion_that_never_was_before_is_not_made_up_for_long() {
    // A chirp: it moves all the time and never repeats itself.
    let chirp = |t: f64| 3.0 * (t * t).sin();
    let mut fusion = Fusion::new(Hz(100.0));
    let mut out = Vec::new();
    for t in grid(0, 2000).filter(|t| !(8.0..8.8).contains(t)) {
        let gyr = Vector3::new(chirp(t), 0.5 * chirp(t + 1.0), 0.0);
        fusion.push(SessionTime(t), Vector3::new(chirp(t + 2.0), 0.0, 9.81), gyr, &mut out);
    }
    assert_eq!(out.len(), 1920);
    assert!(out.iter().all(|f| f.measured));
    let settling = out.iter().filter(|f| f.t.0 > 5.0 && f.doubt == Some(Doubt::Settling)).count();
    assert_eq!(settling, 300);
    assert!(close(doubts(&out, Doubt::Gap), 11.8, 14.79), "{:?}", doubts(&out, Doubt::Gap));
}

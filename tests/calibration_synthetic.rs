//! The calibrator on a leg whose mounting is known exactly; needs no data.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_wrap,
    reason = "a test that panics has failed, which is its purpose"
)]

mod calibration_support;

use calibration_support::{contacts, marks};
use nalgebra::{UnitQuaternion, Vector3};
use stancewatch::body::{PerPlacement, Placement, Side};
use stancewatch::event::{Calibration, Fused, Gait, Grade};
use stancewatch::input::Stretch;
use stancewatch::segment::calibration::{Calibrator, Step};
use stancewatch::units::SessionTime;
use std::f64::consts::TAU;

const LEG: [Placement; 2] = [Placement::RightThigh, Placement::RightShank];
const BEND: f64 = 3.0;
const WALK: f64 = 20.0;
const END: f64 = 34.0;

/// Flexion of the thigh and lean of the shank, rad, positive about the axis to the right.
fn angles(t: f64, depth: f64) -> (f64, f64) {
    if t < 6.0 {
        (0.0, 0.0)
    } else if t < 6.0 + 4.0 * BEND {
        let down = depth * 0.5 * (1.0 - (TAU * (t - 6.0) / BEND).cos());
        (0.6 * down, -0.4 * down)
    } else if t < WALK {
        (0.0, 0.0)
    } else {
        let phase = TAU * (t - WALK);
        let knee = 0.35 - 0.35 * (phase + 1.0).cos() - 0.15 * (2.0 * phase).cos();
        let thigh = 0.4 * phase.sin() + 0.06 * (2.0 * phase).sin();
        (thigh, thigh - knee)
    }
}

fn frame(flexion: f64, heading: f64) -> UnitQuaternion<f64> {
    // Segment axes in ENU: X ahead (east before turning), Y up, Z right (south).
    let upright = UnitQuaternion::from_axis_angle(&Vector3::x_axis(), TAU / 4.0);
    let turn = UnitQuaternion::from_axis_angle(&Vector3::z_axis(), heading);
    turn * upright * UnitQuaternion::from_axis_angle(&Vector3::z_axis(), flexion)
}

fn hip(t: f64) -> Vector3<f64> {
    let walking = if t < WALK { 0.0 } else { 1.0 };
    let phase = TAU * (t - WALK);
    walking * Vector3::new(0.02 * (2.0 * phase).sin(), 0.02 * phase.cos(), 0.03 * (2.0 * phase).cos())
}

/// What sensors with this mounting and heading would say.
fn sample(p: Placement, t: f64, depth: f64, mounting: &UnitQuaternion<f64>, heading: f64) -> Fused {
    let thigh = p == Placement::RightThigh;
    let turn = UnitQuaternion::from_axis_angle(&Vector3::z_axis(), heading);
    let attitude = |t: f64| {
        let (a, b) = angles(t, depth);
        frame(if thigh { a } else { b }, heading) * mounting.inverse()
    };
    let place = |t: f64| {
        let (a, b) = angles(t, depth);
        let knee = turn * hip(t) + frame(a, heading) * Vector3::new(0.0, -0.4, 0.0);
        if thigh {
            turn * hip(t) + frame(a, heading) * Vector3::new(0.05, -0.2, 0.06)
        } else {
            knee + frame(b, heading) * Vector3::new(0.04, -0.15, 0.05)
        }
    };
    let h = 1e-3;
    let force = (place(t + h) - 2.0 * place(t) + place(t - h)) / (h * h) + Vector3::new(0.0, 0.0, 9.81);
    Fused {
        t: SessionTime(t),
        world_from_sensor: attitude(t),
        gyr: (attitude(t - h).inverse() * attitude(t + h)).scaled_axis() / (2.0 * h),
        bias: Vector3::new(0.01, -0.02, 0.03),
        acc: attitude(t).inverse() * force,
        measured: true,
        doubt: None,
    }
}

fn mountings() -> PerPlacement<UnitQuaternion<f64>> {
    PerPlacement::from_fn(|p| {
        let x = p.index() as f64;
        UnitQuaternion::from_euler_angles(0.4 + x, 2.0 - 0.7 * x, 1.9 * x)
    })
}

fn run(depth: f64, marked: bool, from: f64, placements: &[Placement]) -> (Vec<Step>, Vec<Calibration>) {
    let mut calibrator = Calibrator::new();
    let mounting = mountings();
    let times: Vec<f64> = (0..14).map(|i| WALK + f64::from(i)).collect();
    let mut notes = contacts(Side::Right, &times, |_| Gait::Walk).into_iter().peekable();
    if marked {
        for note in marks(Stretch::Still, 0.0, 6.0).into_iter().chain(marks(Stretch::Functional, 6.0, 19.0)) {
            note.tell(&mut calibrator);
        }
    }
    let mut out = Vec::new();
    for i in (from * 100.0) as i32..(END * 100.0) as i32 {
        let t = f64::from(i) / 100.0;
        while let Some(note) = notes.next_if(|n| n.t() <= t) {
            note.tell(&mut calibrator);
        }
        for p in placements {
            calibrator.push(*p, &sample(*p, t, depth, &mounting[*p], 0.8 * p.index() as f64), &mut out);
        }
    }
    calibrator.finish(&mut out);
    let done = out.iter().filter_map(|s| if let Step::Done(c) = s { Some((**c).clone()) } else { None });
    let done = done.collect();
    (out, done)
}

/// Largest error of a frame, degrees.
fn error(calibration: &Calibration) -> f64 {
    let segments = calibration.segments.iter().filter_map(|(p, s)| Some((p, s.as_ref()?)));
    segments.map(|(p, s)| s.sensor_from_segment.angle_to(&mountings()[p]).to_degrees()).fold(0.0, f64::max)
}

#[test]
fn finds_the_mounting_and_calls_it_good() {
    for marked in [true, false] {
        let (steps, done) = run(1.4, marked, 0.0, &LEG);
        assert_eq!(done.len(), 1, "marked: {marked}");
        assert_eq!(done[0].grade, Grade::A, "{}", done[0].reason);
        assert!(error(&done[0]) < 1.5, "{}", error(&done[0]));
        let zeros =
            steps.iter().filter_map(|s| if let Step::GyroZero { zero, .. } = s { Some(zero) } else { None });
        assert!(zeros.clone().count() >= 2);
        for zero in zeros {
            assert!((zero - Vector3::new(0.01, -0.02, 0.03)).norm() < 1e-6);
        }
    }
}

#[test]
fn without_bends_it_is_usable_and_says_what_is_missing() {
    let (_, done) = run(0.0, false, 0.0, &LEG);
    assert_eq!(done[0].grade, Grade::B);
    assert!(done[0].reason.contains("no knee bends"), "{}", done[0].reason);
    assert!(error(&done[0]) < 1.5);
}

#[test]
fn small_bends_that_were_asked_for_are_said() {
    let (_, done) = run(0.3, true, 0.0, &LEG);
    assert_eq!(done[0].grade, Grade::B);
    assert!(done[0].reason.contains("only 17 degrees"), "{}", done[0].reason);
}

#[test]
fn nothing_but_gait_is_for_change_only_and_waits_long_enough() {
    let (_, done) = run(1.4, false, WALK - 0.5, &LEG);
    assert_eq!(done.len(), 1);
    assert_eq!(done[0].grade, Grade::C);
    assert!((WALK + 8.0..WALK + 11.0).contains(&done[0].decided.0), "{}", done[0].decided.0);
    assert!(error(&done[0]) < 25.0, "{}", error(&done[0]));
}

#[test]
fn a_lone_sensor_is_never_called_good() {
    for p in LEG {
        let (_, done) = run(1.4, true, 0.0, &[p]);
        assert_eq!(done[0].grade, Grade::B, "{p}: {}", done[0].reason);
        assert!(error(&done[0]) < 1.5);
    }
}

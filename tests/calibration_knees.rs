//! A leg that stands and then moves in every way but gait: its knee is measured, nothing else, and walking is still
//! asked for.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, in its helpers, too"
)]

use nalgebra::{Matrix3, Rotation3, UnitQuaternion, Vector3};
use stancewatch::body::{ClockKind, Packet, Placement, Sample, SensorId, SensorInfo, Side};
use stancewatch::event::{Calibration, Doubt, Event, Frame, Grade, HealthCode, Phase};
use stancewatch::input::Input;
use stancewatch::joint;
use stancewatch::pipeline::{Pipeline, PipelineConfig};
use stancewatch::units::{DeviceTime, Hz, SessionTime};

const RATE: f64 = 100.0;
const STILL: f64 = 9.0;
const END: f64 = 60.0;
const THIGH: f64 = 0.42;
/// The person turns round, and the shank's sensor may be silent.
const HOLE: std::ops::Range<f64> = 36.0..40.0;

/// Grows from nothing when standing ends.
fn swing(t: f64, hertz: f64, phase: f64) -> f64 {
    let begun = ((t - STILL) / 1.0).clamp(0.0, 1.0);
    begun * begun * (3.0 - 2.0 * begun) * (std::f64::consts::TAU * hertz * (t - STILL) + phase).sin()
}

/// Thigh and shank in the world: jumps and squats that never find a rhythm.
fn leg(t: f64) -> [UnitQuaternion<f64>; 2] {
    let upright = Matrix3::from_columns(&[Vector3::x(), Vector3::z(), -Vector3::y()]);
    let upright = UnitQuaternion::from_rotation_matrix(&Rotation3::from_matrix_unchecked(upright));
    let about = |axis: fn() -> nalgebra::UnitVector3<f64>, angle: f64| {
        UnitQuaternion::from_axis_angle(&axis(), angle)
    };
    let depth = 0.35 * (swing(t, 0.61, 0.0).powi(2) + swing(t, 0.97, 0.0).powi(2));
    let turned = ((t - HOLE.start) / (HOLE.end - HOLE.start)).clamp(0.0, 1.0);
    let heading = 0.4 + 0.2 * swing(t, 0.13, 0.0) + 1.2 * turned;
    let thigh = about(Vector3::z_axis, heading)
        * upright
        * about(Vector3::z_axis, depth + 0.05 * swing(t, 1.7, 0.0))
        * about(Vector3::x_axis, 0.06 * swing(t, 0.83, 0.0));
    let knee = about(Vector3::z_axis, -2.0 * depth - 0.04 * swing(t, 2.1, 0.0).powi(2))
        * about(Vector3::x_axis, 0.03 * swing(t, 0.71, 0.0))
        * about(Vector3::y_axis, 0.05 * swing(t, 0.53, 0.0));
    [thigh, thigh * knee]
}

/// Where the thigh's and the shank's sensor are, m.
fn places(t: f64) -> [Vector3<f64>; 2] {
    let hip = Vector3::new(0.15 * swing(t, 0.9, 0.3), 0.12 * swing(t, 1.1, 1.0), 0.12 * swing(t, 1.3, 0.0));
    let [thigh, shank] = leg(t);
    let knee = hip + thigh * Vector3::new(0.0, -THIGH, 0.0);
    [hip + thigh * Vector3::new(0.06, -0.25, -0.05), knee + shank * Vector3::new(0.04, -0.15, -0.03)]
}

/// Strapped on any way round.
fn mounting(which: usize) -> UnitQuaternion<f64> {
    [UnitQuaternion::from_euler_angles(0.4, -1.1, 2.0), UnitQuaternion::from_euler_angles(-2.2, 0.3, 0.8)]
        [which]
}

fn reading(t: f64, which: usize) -> (Vector3<f64>, Vector3<f64>) {
    let h = 1e-3;
    let at = |t| places(t)[which];
    let sensor = |t| leg(t)[which] * mounting(which);
    let force = (at(t + h) - 2.0 * at(t) + at(t - h)) / (h * h) + Vector3::new(0.0, 0.0, 9.80665);
    let turn: UnitQuaternion<f64> = sensor(t - h).inverse() * sensor(t + h);
    (sensor(t).inverse() * force, turn.scaled_axis() / (2.0 * h))
}

fn inputs(silent: bool) -> Vec<Input> {
    let placements = [Placement::LeftThigh, Placement::LeftShank];
    let mut inputs: Vec<_> = placements
        .iter()
        .zip(1..)
        .map(|(placement, id)| {
            Input::Sensor(SensorInfo {
                id: SensorId(id),
                name: placement.name().into(),
                placement: Some(*placement),
                rate: Hz(RATE),
                clock: ClockKind::Session,
            })
        })
        .collect();
    for k in 0..(END * RATE) as u32 {
        let t = f64::from(k) / RATE;
        for which in 0..if silent && HOLE.contains(&t) { 1 } else { 2 } {
            let (acc, gyr) = reading(t, which);
            inputs.push(Input::Packet(Packet {
                sensor: SensorId(which as u16 + 1),
                arrival: Some(SessionTime(t)),
                samples: vec![Sample { t: DeviceTime(t), acc, gyr }],
            }));
        }
    }
    inputs
}

#[derive(Default)]
struct Said {
    frames: Vec<Frame>,
    calibrations: Vec<Calibration>,
    messages: Vec<String>,
}

fn push(pipeline: &mut Pipeline, input: &Input, said: &mut Said) {
    for event in pipeline.push(input) {
        match event {
            Event::Frame(frame) => said.frames.push(*frame),
            Event::Calibration(calibration) => said.calibrations.push((**calibration).clone()),
            Event::Health(health) if health.code == HealthCode::CalibrationMissing && health.active => {
                said.messages.push(health.message.clone());
            }
            Event::Stance(stance) => assert!(!stance.valid, "{stance:?}"),
            _ => {}
        }
    }
}

fn truth(t: f64) -> [f64; 3] {
    let [thigh, shank] = leg(t).map(|segment| joint::gait_from_segment(&segment, 0.0));
    let angles = joint::knee(&thigh, &shank, Side::Left);
    [angles.flexion, angles.adduction, angles.rotation].map(f64::to_degrees)
}

/// Of flexion, adduction and rotation, degrees, with their times.
fn errors(frames: &[Frame]) -> Vec<(f64, [f64; 3])> {
    let knees = frames.iter().filter_map(|frame| Some((frame.t.0, frame.legs.left.knee?)));
    knees
        .map(|(t, knee)| {
            let of = [knee.flexion, knee.adduction, knee.rotation].map(f64::to_degrees);
            let truth = truth(t);
            (t, [0, 1, 2].map(|i| of[i] - truth[i]))
        })
        .collect()
}

#[test]
fn the_knee_of_a_leg_that_never_walks_is_measured_and_nothing_else() {
    let mut pipeline = Pipeline::new(&PipelineConfig::default()).unwrap();
    let mut said = Said::default();
    for input in &inputs(false) {
        push(&mut pipeline, input, &mut said);
    }
    assert!(said.calibrations.is_empty(), "{:?}", said.calibrations);
    assert_eq!(pipeline.phase(), Phase::Move, "walking is still to come");
    push(&mut pipeline, &Input::End, &mut said);

    let errors = errors(&said.frames);
    assert!(errors.len() as f64 > 0.6 * END * RATE, "{} frames", errors.len());
    let n = errors.len() as f64;
    let spread = [0, 1, 2].map(|i| {
        let mean = errors.iter().map(|(_, e)| e[i]).sum::<f64>() / n;
        (errors.iter().map(|(_, e)| (e[i] - mean).powi(2)).sum::<f64>() / n).sqrt()
    });
    // Half a sample of time is a degree of flexion here.
    assert!(spread[0] < 1.5 && spread[1] < 0.5 && spread[2] < 0.5, "{spread:?}");
    for frame in &said.frames {
        let leg = &frame.legs.left;
        assert!(leg.femur.is_none() && leg.hip.is_none() && leg.valgus.is_none());
        assert_eq!(leg.doubt, Some(Doubt::Uncalibrated));
        assert!(frame.legs.right.knee.is_none());
    }
    let [calibration] = said.calibrations.as_slice() else { panic!("{:?}", said.calibrations) };
    assert_eq!(calibration.grade, Grade::C);
    assert!(calibration.reason.starts_with("Only the knee is calibrated"), "{}", calibration.reason);
    assert!(
        said.messages.last().unwrap().starts_with("only the knees are calibrated"),
        "{:?}",
        said.messages
    );
}

#[test]
fn a_turn_that_one_sensor_has_missed_does_not_go_into_the_knee() {
    let mut pipeline = Pipeline::new(&PipelineConfig::default()).unwrap();
    let mut said = Said::default();
    for input in &inputs(true) {
        push(&mut pipeline, input, &mut said);
    }
    let after: Vec<_> = errors(&said.frames).into_iter().filter(|(t, _)| *t > HOLE.end).collect();
    assert!(!after.is_empty(), "found anew");
    for (t, error) in after {
        assert!(error[2].abs() < 15.0, "{error:?} at {t}");
    }
}

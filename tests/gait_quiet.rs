//! What is no step gives no stance, and what breaks off is let go.

#![expect(clippy::indexing_slicing, reason = "a test may fail loudly")]

#[path = "gait_accuracy/synthetic.rs"]
#[allow(dead_code, reason = "shared with the accuracy test")]
mod synthetic;
#[path = "gait_accuracy/track.rs"]
#[allow(dead_code, reason = "shared with the accuracy test")]
mod track;

use nalgebra::Vector3;
use proptest::prelude::*;
use stancewatch::body::Placement;
use stancewatch::event::{Contact, ContactKind};
use stancewatch::gait::GaitTracker;
use stancewatch::units::{Hz, SessionTime};
use std::f64::consts::TAU;
use track::Track;

type Sample = (f64, Vector3<f64>, Vector3<f64>);

fn contacts(rate: f64, samples: &[Sample]) -> Vec<Contact> {
    let mut tracker = GaitTracker::new();
    tracker.add_sensor(Placement::LeftShank, Hz(rate));
    let mut out = Vec::new();
    for (t, acc, gyr) in samples {
        tracker.push(Placement::LeftShank, SessionTime(*t), acc, gyr, &mut out);
    }
    out
}

/// A minute at 100 Hz of a sensor with this force and rate.
fn minute(of: impl Fn(f64) -> (Vector3<f64>, Vector3<f64>)) -> Vec<Contact> {
    let samples: Vec<Sample> = (0..6000)
        .map(|i| {
            let t = f64::from(i) / 100.0;
            let (acc, gyr) = of(t);
            (t, acc, gyr)
        })
        .collect();
    contacts(100.0, &samples)
}

fn initial(contacts: &[Contact]) -> usize {
    contacts.iter().filter(|c| c.kind == ContactKind::Initial).count()
}

/// Stances that would be judged.
fn judged(contacts: &[Contact]) -> usize {
    contacts.iter().filter(|c| c.kind == ContactKind::Initial && c.rhythm >= 3).count()
}

fn gravity(tilt: f64) -> Vector3<f64> {
    Vector3::new(9.81 * tilt.sin(), 9.81 * tilt.cos(), 0.0)
}

#[test]
fn standing_with_sway_is_no_stance() {
    let found = minute(|t| {
        let sway = 0.03 * (TAU * 0.3 * t).sin() + 0.01 * (TAU * 1.1 * t).sin();
        let rate = 0.03 * TAU * 0.3 * (TAU * 0.3 * t).cos() + 0.01 * TAU * 1.1 * (TAU * 1.1 * t).cos();
        (gravity(sway), Vector3::new(0.1 * rate, 0.0, rate))
    });
    assert_eq!(found, []);
}

#[test]
fn knee_bends_and_sitting_down_are_no_stance() {
    // Shank leans 30 degrees forward and back, once in 4 s (slow) to once in 1.6 s (brisk).
    for period in [4.0, 2.5, 1.6] {
        let found = minute(|t| {
            let lean = 0.26 * (1.0 - (TAU * t / period).cos());
            let rate = 0.26 * TAU / period * (TAU * t / period).sin();
            (gravity(lean), Vector3::new(0.0, 0.1 * rate, -rate))
        });
        assert_eq!(initial(&found), 0, "{period} s");
    }
}

#[test]
fn turning_on_the_spot_is_no_stance() {
    let found = minute(|t| {
        let rate = if t % 4.0 < 1.5 { 2.5 * (TAU * (t % 4.0) / 3.0).sin() } else { 0.0 };
        (gravity(0.05), Vector3::new(0.02 * rate, rate, 0.05 * rate))
    });
    assert_eq!(judged(&found), 0);
}

#[test]
fn a_sensor_in_the_hand_is_no_stance() {
    let found = minute(|t| {
        let wave = |f: f64, phase: f64| (TAU * f * t + phase).sin();
        let gyr = Vector3::new(
            2.0 * wave(0.37, 0.3) + wave(1.13, 1.0),
            1.7 * wave(0.53, 2.0) + wave(0.91, 0.2),
            1.5 * wave(0.29, 1.2) + 1.2 * wave(0.71, 2.5),
        );
        (gravity(wave(0.2, 0.0)) + Vector3::new(wave(1.7, 0.0), wave(2.3, 0.4), wave(1.9, 1.0)), gyr)
    });
    assert_eq!(judged(&found), 0);
}

#[test]
fn a_parked_sensor_on_a_vibrating_treadmill_is_no_stance() {
    for frequency in [7.0, 16.0, 29.0, 47.0] {
        let found = minute(|t| {
            let shake = (TAU * frequency * t).sin();
            (gravity(0.1) + Vector3::new(2.0, 6.0, 1.0) * shake, Vector3::new(0.4, 0.2, 1.8) * shake)
        });
        assert_eq!(found, [], "{frequency} Hz");
    }
}

fn run(strides: u32) -> Track {
    synthetic::leg(Placement::LeftShank, 100.0, 2.0, &synthetic::RUN, strides)
}

/// The longest time from an initial contact to what ends it; the next one ends a stance whose end was missed.
fn longest_stance(contacts: &[Contact]) -> f64 {
    let mut ic: Option<f64> = None;
    let mut longest: f64 = 0.0;
    for c in contacts {
        match c.kind {
            ContactKind::Initial => ic = Some(c.t.0),
            ContactKind::Terminal => longest = ic.map_or(longest, |ic| longest.max(c.t.0 - ic)),
            ContactKind::LockLost => ic = None,
            _ => {}
        }
    }
    longest
}

#[test]
fn a_stop_in_mid_stride_loses_the_lock() {
    let track = run(10);
    // Stops in stance, in preswing and in swing.
    for stop in [2.0 + 6.2 * 0.69, 2.0 + 6.55 * 0.69, 2.0 + 6.8 * 0.69] {
        let mut samples = track.samples.clone();
        for s in samples.iter_mut().filter(|s| s.0 > stop) {
            *s = (s.0, Vector3::new(0.0, 9.81, 0.0), Vector3::zeros());
        }
        let last = samples[samples.len() - 1];
        samples.extend((1..400).map(|i| (last.0 + f64::from(i) / 100.0, last.1, last.2)));
        let found = contacts(100.0, &samples);
        assert_eq!(found.iter().filter(|c| c.kind == ContactKind::LockLost).count(), 1, "stop at {stop}");
        let last = &found[found.len() - 1];
        assert_eq!(last.kind, ContactKind::LockLost);
        assert!(last.decided.0 < stop + 2.6, "stop at {stop} noticed at {}", last.decided.0);
        assert!(longest_stance(&found) < 2.6);
    }
}

#[test]
fn no_stance_is_invented_across_a_gap() {
    let track = run(20);
    for start in 0..14 {
        let from = 6.0 + 0.05 * f64::from(start);
        for length in [0.2, 1.0, 3.0] {
            let samples: Vec<Sample> =
                track.samples.iter().filter(|s| !(from..from + length).contains(&s.0)).copied().collect();
            let found = contacts(100.0, &samples);
            let lost = found.iter().position(|c| c.kind == ContactKind::LockLost).unwrap_or(found.len());
            assert!(found[lost].t.0 < from, "gap of {length} s at {from}");
            assert!(found[..lost].iter().all(|c| c.decided.0 < from));
            let next = found[lost + 1..].iter().find(|c| c.kind == ContactKind::Initial);
            let next = next.map_or((0.0, 9), |c| (c.t.0, c.rhythm));
            assert!(next.0 > from + length && next.1 == 1, "regained at {next:?}");
            assert!(judged(&found[lost..]) > 5, "lock is regained");
        }
    }
}

/// A sensor that joins in mid-stride does not know which way is forward.
#[test]
fn a_start_anywhere_in_the_stride_finds_forward() {
    for stride in [&synthetic::WALK, &synthetic::RUN, &synthetic::JOG] {
        let track = synthetic::leg(Placement::LeftShank, 100.0, 2.0, stride, 16);
        let initial = |samples: &[Sample]| -> Vec<f64> {
            let found = contacts(100.0, samples);
            found.iter().filter(|c| c.kind == ContactKind::Initial).map(|c| c.t.0).collect()
        };
        let whole = initial(&track.samples);
        for start in (500..620).step_by(3) {
            let settled = 0.01 * f64::from(start) + 3.2 * stride.time();
            let late = initial(&track.samples[start as usize..]);
            let expected: Vec<f64> = whole.iter().copied().filter(|t| *t > settled).collect();
            let got: Vec<f64> = late.iter().copied().filter(|t| *t > settled).collect();
            assert_eq!(got.len(), expected.len(), "start at sample {start}");
            assert!(got.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 0.01), "start at sample {start}");
        }
    }
}

#[test]
fn decisions_use_nothing_that_comes_later() {
    let track = run(12);
    let whole = contacts(100.0, &track.samples);
    for part in (0..track.samples.len()).step_by(37) {
        let found = contacts(100.0, &track.samples[..part]);
        assert_eq!(found, whole[..found.len()]);
        assert!(whole.get(found.len()).is_none_or(|c| c.decided.0 >= track.samples[part].0));
    }
}

#[test]
fn bad_samples_change_nothing() {
    let track = run(12);
    let clean = contacts(100.0, &track.samples);
    let mut spoilt = Vec::new();
    for (i, s) in track.samples.iter().enumerate() {
        spoilt.push(*s);
        match i % 5 {
            0 => spoilt.push((s.0 + 0.001, s.1, Vector3::new(f64::NAN, 0.0, 0.0))),
            1 => spoilt.push((s.0 - 1.0, s.1, s.2)),
            2 => spoilt.push((f64::INFINITY, s.1, s.2)),
            _ => {}
        }
    }
    assert_eq!(contacts(100.0, &spoilt), clean);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever the movement, stances end, times are in order and nothing is decided before it is.
    #[test]
    fn any_movement_gives_lawful_contacts(
        keys in prop::collection::vec((-12.0..12.0f64, -5.0..40.0f64, 1u32..30), 20..120),
        rate in prop::sample::select(vec![50.0, 100.0, 400.0]),
    ) {
        let mut samples: Vec<Sample> = Vec::new();
        let mut t = 0.0;
        let mut w = 0.0;
        for (target, force, count) in keys {
            for i in 0..count {
                let now = w + (target - w) * f64::from(i) / f64::from(count);
                t += 1.0 / rate;
                samples.push((t, Vector3::new(0.0, force, 1.0), Vector3::new(0.1 * now, 0.0, now)));
            }
            w = target;
        }
        let found = contacts(rate, &samples);
        prop_assert!(longest_stance(&found) < 2.6);
        prop_assert!(found.windows(2).all(|c| c[0].decided.0 <= c[1].decided.0));
        // A time may be set between the last sample and the one before, never in the future.
        prop_assert!(found.iter().all(|c| c.t.0 <= c.decided.0 + 0.06));
        let initial: Vec<f64> =
            found.iter().filter(|c| c.kind == ContactKind::Initial).map(|c| c.t.0).collect();
        prop_assert!(initial.windows(2).all(|t| t[1] - t[0] > 0.3));
    }
}

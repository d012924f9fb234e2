//! What is no step gives no stance, and what breaks off is let go.

#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

#[path = "gait_accuracy/synthetic.rs"]
#[allow(dead_code, reason = "shared with the accuracy test")]
mod synthetic;
#[path = "gait_accuracy/track.rs"]
#[allow(dead_code, reason = "shared with the accuracy test")]
mod track;

use nalgebra::Vector3;
use proptest::prelude::*;
use stancewatch::body::{Placement, Side};
use stancewatch::event::{Contact, ContactKind, Event, Gait};
use stancewatch::gait::GaitTracker;
use stancewatch::pipeline::{Pipeline, PipelineConfig};
use stancewatch::source::synthetic::{Disturbance, Runner, RunnerConfig, Truth};
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
fn single_leg_squats_are_no_stance() {
    // Down slowly, up quickly; the knee wobbles inwards at 2 Hz while the leg is loaded.
    let found = minute(|t| {
        let phase = t % 3.2;
        let rate = if phase < 1.8 {
            -0.55 * (TAU * phase / 3.6).sin()
        } else if phase < 2.6 {
            1.24 * (TAU * (phase - 1.8) / 1.6).sin()
        } else {
            0.0
        };
        let wobble = 0.8 * (TAU * 2.0 * t).sin();
        (gravity(0.2), Vector3::new(wobble, 0.3 * wobble, rate))
    });
    assert_eq!(initial(&found), 0);
}

#[test]
fn sitting_down_with_the_feet_pulled_back_is_no_stance() {
    // The shank swings back by 50 degrees under the seat, rests there, and comes forward to stand up.
    let found = minute(|t| {
        let rate = match t % 6.0 {
            p if p < 0.8 => -1.1 * TAU / 2.0 * (TAU * p / 1.6).sin() * 0.5,
            p if (3.0..3.8).contains(&p) => 1.1 * TAU / 2.0 * (TAU * (p - 3.0) / 1.6).sin() * 0.5,
            _ => 0.0,
        };
        (gravity(0.3), Vector3::new(0.1 * rate, 0.0, rate))
    });
    assert_eq!(judged(&found), 0);
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
        assert!(longest_stance(&found) < 1.85);
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

/// Both legs, samples of all sensors in order of time, and of a thigh where one is worn.
fn contacts_of(tracks: &[Track]) -> Vec<Contact> {
    let mut tracker = GaitTracker::new();
    let mut all: Vec<(f64, usize, usize)> = Vec::new();
    for (which, track) in tracks.iter().enumerate() {
        tracker.add_sensor(track.placement, Hz(track.rate));
        all.extend(track.samples.iter().enumerate().map(|(i, s)| (s.0, which, i)));
    }
    all.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let mut out = Vec::new();
    for (_, which, i) in all {
        let (t, acc, gyr) = &tracks[which].samples[i];
        tracker.push(tracks[which].placement, SessionTime(*t), acc, gyr, &mut out);
    }
    out
}

fn of_side(contacts: &[Contact], side: Side) -> Vec<Contact> {
    contacts.iter().filter(|c| c.side == side).copied().collect()
}

fn delayed(track: &Track, placement: Placement, by: f64) -> Track {
    let samples = track.samples.iter().map(|(t, a, g)| (t + by, *a, *g));
    Track { placement, rate: track.rate, samples: samples.collect() }
}

/// Two legs half a stride apart.
fn runner(strides: u32) -> [Track; 2] {
    let left = run(strides);
    let right = delayed(&left, Placement::RightShank, 0.345);
    [left, right]
}

/// A sensor whose battery is empty sends no sample that could show the gap.
#[test]
fn a_sensor_that_falls_silent_for_ever_loses_its_lock_by_the_time_of_the_others() {
    let [left, mut right] = runner(20);
    let silent = 2.0 + 10.2 * 0.69;
    right.samples.retain(|s| s.0 < silent);
    let thigh = Track { placement: Placement::LeftThigh, ..left.clone() };
    for others in [&left, &thigh] {
        let found = contacts_of(&[others.clone(), right.clone()]);
        let last = *of_side(&found, Side::Right).last().expect("ran before");
        assert_eq!(last.kind, ContactKind::LockLost);
        assert!(last.t.0 < silent && last.decided.0 < silent + 1.1, "{last:?}");
    }
    // One sensor's failure never stops another's.
    let found = contacts_of(&[left.clone(), right]);
    let alone = contacts_of(&[left]);
    let times = |contacts: &[Contact]| contacts.iter().map(|c| (c.kind, c.t.0)).collect::<Vec<_>>();
    assert_eq!(times(&of_side(&found, Side::Left)), times(&alone));
    let judged_alone = judged(&alone);
    assert!(judged(&of_side(&found, Side::Left)) + 3 >= judged_alone, "of {judged_alone}");
}

#[test]
fn two_legs_that_alternate_are_judged_both() {
    let found = contacts_of(&runner(20));
    for side in Side::BOTH {
        assert!(judged(&of_side(&found, side)) >= 15, "{side}: {}", judged(&of_side(&found, side)));
    }
}

/// The leg that is held up swings along, or hangs still.
#[test]
fn hopping_on_one_leg_is_not_judged() {
    let [hopping, _] = runner(20);
    let along = delayed(&hopping, Placement::RightShank, 0.06);
    let mut still = delayed(&hopping, Placement::RightShank, 0.0);
    for s in &mut still.samples {
        (s.1, s.2) = (Vector3::new(0.0, 9.81, 0.0), Vector3::new(0.1, 0.0, 0.3 * (TAU * s.0).sin()));
    }
    for other in [along, still] {
        let found = contacts_of(&[hopping.clone(), other]);
        assert!(initial(&found) > 10, "contacts are told");
        assert_eq!(judged(&found), 0);
    }
}

/// A leg that dangles from a seat swings as regularly as a walker's, evenly or quicker one way.
#[test]
fn a_leg_that_dangles_from_a_seat_is_not_judged() {
    for (amplitude, frequency, skew) in [(3.0, 0.9, 0.0), (3.0, 0.9, 0.4), (2.5, 0.8, 0.4), (4.0, 1.0, -0.3)]
    {
        let found = minute(|t| {
            let angle = TAU * frequency * t;
            let w = amplitude * (angle.sin() - skew * (2.0 * angle).cos());
            // 30 cm below the knee.
            let swing = Vector3::new(-0.3 * amplitude * TAU * frequency * angle.cos(), 0.3 * w * w, 0.0);
            (gravity(0.4 * angle.cos()) + swing, Vector3::new(0.1 * w, 0.0, w))
        });
        assert_eq!(judged(&found), 0, "{amplitude} rad/s at {frequency} Hz, {skew}");
        assert!(longest_stance(&found) < 1.85);
    }
}

/// The landing after a gap is seen when the gap ends in the swing before, and it begins a new rhythm.
#[test]
fn a_landing_right_after_a_gap_in_swing_is_found() {
    let track = run(20);
    let whole: Vec<f64> = contacts(100.0, &track.samples)
        .iter()
        .filter(|c| c.kind == ContactKind::Initial)
        .map(|c| c.t.0)
        .collect();
    // Swing lasts from 0.45 to 0.69 of a stride and is fastest at 0.58: the gap ends before and after its middle.
    for into_swing in [0.50, 0.54, 0.58, 0.61, 0.63] {
        let back = 2.0 + 10.0 * 0.69 + into_swing;
        let samples: Vec<Sample> =
            track.samples.iter().filter(|s| !(back - 1.0..back).contains(&s.0)).copied().collect();
        let found = contacts(100.0, &samples);
        let lost = found.iter().position(|c| c.kind == ContactKind::LockLost).expect("a second is missing");
        let next = found[lost + 1..].iter().find(|c| c.kind == ContactKind::Initial).expect("regained");
        let actual = whole.iter().copied().find(|t| *t > back).expect("runs on");
        assert!((next.t.0 - actual).abs() < 0.012, "{into_swing}: {} is not {actual}", next.t.0);
        assert_eq!(next.rhythm, 1);
        // A middle of the swing that was not seen ends no stride.
        let middle = found[lost + 1..].iter().find(|c| c.kind == ContactKind::MidSwing).map(|c| c.t.0);
        assert_eq!(middle.is_some_and(|t| t < actual), into_swing < 0.575, "{into_swing}: {middle:?}");
    }
}

/// The other leg is out of sight, which says nothing about this one.
#[test]
fn a_leg_is_judged_while_the_other_one_is_lossy() {
    let [left, mut right] = runner(30);
    right.samples.retain(|s| (s.0 * 2.0).fract() > 0.3);
    let found = contacts_of(&[left.clone(), right]);
    let alone = judged(&contacts_of(&[left]));
    assert!(judged(&of_side(&found, Side::Left)) + 3 >= alone, "{alone}");
}

/// Slow, flat, irregular: the foot hardly leaves the ground.
#[test]
fn shuffling_gives_walking_steps_or_none() {
    let found = minute(|t| {
        let stride = 1.3;
        let phase = (t % stride) / stride;
        let rate = if phase < 0.3 {
            1.0 * (TAU * phase / 0.6).sin()
        } else {
            -0.45 * ((phase - 0.3) / 0.7 * TAU / 2.0).sin()
        };
        (gravity(0.05), Vector3::new(0.0, 0.1, rate))
    });
    assert!(found.iter().all(|c| c.gait == Gait::Walk));
    assert!(longest_stance(&found) < 1.85);
}

/// Strides that shorten and quicken from a standing start, as a sprinter's.
#[test]
fn a_sprint_start_is_found_from_the_second_step_or_later_and_never_doubled() {
    let mut samples: Vec<Sample> = Vec::new();
    let track = run(14);
    // Time runs faster with each stride until strides last 0.46 s; rates rise accordingly.
    let (mut t, mut before) = (0.0, 0.0);
    for s in &track.samples {
        let pace = 1.0 + 0.5 * ((s.0 - 2.0) / 2.0).clamp(0.0, 1.0);
        t += (s.0 - before) / pace;
        before = s.0;
        samples.push((t, s.1, s.2 * pace));
    }
    let even: Vec<Sample> = resampled(&samples, 0.01);
    let found = contacts(100.0, &even);
    let initials: Vec<f64> = found.iter().filter(|c| c.kind == ContactKind::Initial).map(|c| c.t.0).collect();
    assert!(initials.len() >= 12, "{initials:?}");
    assert!(initials.windows(2).all(|w| (0.4..0.72).contains(&(w[1] - w[0]))), "{initials:?}");
    assert!(longest_stance(&found) < 0.4);
}

/// What the synthetic runner's shanks give, with both thighs and the pelvis as witnesses.
fn of_runner(config: &RunnerConfig) -> Vec<Contact> {
    let mut pipeline = Pipeline::new(&PipelineConfig::default()).expect("defaults");
    let mut found = Vec::new();
    for input in Runner::new(config).expect("valid") {
        found.extend(pipeline.push(&input).iter().filter_map(|event| match event {
            Event::Contact(contact) => Some(*contact),
            _ => None,
        }));
    }
    found
}

/// Standing, knee bends and standing again, of whole people with all their sensors.
#[test]
fn a_person_who_stands_and_bends_the_knees_makes_no_step() {
    for seed in 1..=8 {
        let config =
            RunnerConfig { seed, still_s: 12.0, knee_bends: 8, running_s: 12.0, ..RunnerConfig::default() };
        let truth = Truth::new(&config).expect("valid");
        let walks_from = truth.running_from().0 - config.walk_s - 2.0;
        let early = of_runner(&config).iter().filter(|c| c.decided.0 < walks_from).count();
        assert_eq!(early, 0, "seed {seed}");
    }
}

/// Both legs of a runner who stands still in the middle of a run: lock lost, and nothing until the next step.
#[test]
fn a_person_who_stops_loses_both_locks_and_has_no_long_stance() {
    for seed in 1..=4 {
        let stop = Disturbance::Stop { after_s: 12.0, duration_s: 8.0 };
        let config =
            RunnerConfig { seed, running_s: 30.0, disturbances: vec![stop], ..RunnerConfig::default() };
        let from = Truth::new(&config).expect("valid").running_from().0 + 12.0;
        let found = of_runner(&config);
        for side in Side::BOTH {
            let own = of_side(&found, side);
            let standing = from + 3.5..from + 8.0;
            let within = |c: &&Contact| standing.contains(&c.t.0) && c.kind != ContactKind::LockLost;
            assert_eq!(own.iter().filter(within).count(), 0, "{side}, seed {seed}");
            let lost =
                own.iter().filter(|c| c.kind == ContactKind::LockLost && (from..from + 8.0).contains(&c.t.0));
            assert_eq!(lost.count(), 1, "{side}, seed {seed}");
            assert!(longest_stance(&own) < 1.85, "{side}, seed {seed}");
        }
    }
}

fn resampled(samples: &[Sample], interval: f64) -> Vec<Sample> {
    let mut out = Vec::new();
    let mut next = samples[0].0;
    for pair in samples.windows(2) {
        while next <= pair[1].0 {
            let share = (next - pair[0].0) / (pair[1].0 - pair[0].0);
            out.push((next, pair[0].1.lerp(&pair[1].1, share), pair[0].2.lerp(&pair[1].2, share)));
            next += interval;
        }
    }
    out
}

/// Steps in place and stairs: the shank stays nearly upright and the foot comes down flat.
#[test]
fn steps_in_place_and_stairs_give_whole_walking_stances_or_none() {
    for (stride, swing, lean) in [(1.1, 2.6, 2.2), (1.25, 3.2, 2.6)] {
        let found = minute(|t| {
            let phase = (t % stride) / stride;
            // Back and up, forward, down, then standing.
            let rate = match phase {
                p if p < 0.2 => -lean * (TAU * p / 0.4).sin(),
                p if p < 0.4 => swing * (TAU * (p - 0.2) / 0.4).sin(),
                _ => 0.0,
            };
            let knock = if (0.41..0.44).contains(&phase) { 6.0 } else { 0.0 };
            (gravity(0.05) + Vector3::new(0.0, knock, 0.0), Vector3::new(0.0, 0.1 * rate, rate))
        });
        assert!(found.iter().filter(|c| c.rhythm >= 3).all(|c| c.gait == Gait::Walk), "{stride} s");
        assert!(longest_stance(&found) < stride, "{stride} s");
        let steps = 60.0 / stride;
        assert!(initial(&found) as f64 <= steps + 1.0, "{stride} s: {} of {steps}", initial(&found));
    }
}

/// A run that stops dead and walks on has no stance of a second in it.
#[test]
fn a_pause_is_no_running_stance() {
    let running = run(10);
    for (pause, phase) in
        [0.3, 0.5, 0.9, 1.4].into_iter().flat_map(|p| [0.1, 0.2, 0.25, 0.3, 0.34].map(|s| (p, s)))
    {
        let stop = 2.0 + (6.0 + phase) * 0.69;
        let mut samples: Vec<Sample> = running.samples.iter().filter(|s| s.0 < stop).copied().collect();
        let still = (0..(pause * 100.0) as u32)
            .map(|i| (stop + f64::from(i) / 100.0, Vector3::new(0.0, 9.81, 0.0), Vector3::zeros()));
        samples.extend(still);
        samples.extend(running.samples.iter().filter(|s| s.0 >= stop).map(|s| (s.0 + pause, s.1, s.2)));
        let found = contacts(100.0, &samples);
        let mut ic = f64::NAN;
        for c in &found {
            if c.kind == ContactKind::Initial {
                ic = c.t.0;
            }
            let long = c.kind == ContactKind::Terminal && c.gait == Gait::Run && c.t.0 - ic > 0.45;
            assert!(!long || c.rhythm == 0, "{} s judged after a pause of {pause} s", c.t.0 - ic);
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
        prop_assert!(longest_stance(&found) < 1.85);
        prop_assert!(found.windows(2).all(|c| c[0].decided.0 <= c[1].decided.0));
        // A time may be set between the last sample and the one before, never in the future.
        prop_assert!(found.iter().all(|c| c.t.0 <= c.decided.0 + 0.06));
        let initial: Vec<f64> =
            found.iter().filter(|c| c.kind == ContactKind::Initial).map(|c| c.t.0).collect();
        prop_assert!(initial.windows(2).all(|t| t[1] - t[0] > 0.3));
    }
}

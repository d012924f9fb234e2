//! Screening tests of synthetic runners with known repetitions: all found, none invented, depth, adduction, rotation and
//! drop against truth. `--nocapture` shows the figures.

#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

use stancewatch::body::{PerSide, Side};
use stancewatch::event::{Event, Frame, Repetition, RepetitionDoubt, ScreenQuantity, Screening, Test};
use stancewatch::export::Analysis;
use stancewatch::export::summary::Facts;
use stancewatch::input::{Edge, Input, Mark, Stretch};
use stancewatch::pipeline::{Pipeline, PipelineConfig};
use stancewatch::record::mcap::{Recorder, SessionMeta};
use stancewatch::simulate::write_dataset;
use stancewatch::source::synthetic::{
    Fact, Runner, RunnerConfig, ScreeningConfig, ScreeningFault, TrueRepetition, Truth,
};
use stancewatch::source::{self, mcap};
use stancewatch::units::SessionTime;

fn fault(adduction_deg: f64, rotation_deg: f64, drop_deg: f64) -> ScreeningFault {
    ScreeningFault { adduction_deg, rotation_deg, drop_deg }
}

fn runner(seed: u64, test: Test) -> RunnerConfig {
    // Legs that differ, and differently from runner to runner.
    let k = seed as f64;
    let screening = ScreeningConfig {
        test,
        depth_deg: 55.0 + 3.0 * (k % 6.0),
        repetition_s: 2.4 + 0.3 * (k % 4.0),
        fault: PerSide {
            left: fault(2.0 + (k % 5.0) * 2.0, 1.0 + (k % 4.0) * 3.0, (k % 3.0) * 2.0),
            right: fault(3.0, 2.0, 1.0),
        },
        ..ScreeningConfig::default()
    };
    RunnerConfig { seed, running_s: 15.0, screening: Some(screening), ..RunnerConfig::default() }
}

#[derive(Default)]
struct Found {
    repetitions: Vec<Repetition>,
    screenings: Vec<Screening>,
}

fn screen(inputs: impl IntoIterator<Item = Input>) -> Found {
    let mut pipeline = Pipeline::new(&PipelineConfig::default()).expect("defaults");
    let mut found = Found::default();
    for input in inputs {
        for event in pipeline.push(&input) {
            match event {
                Event::Repetition(r) => found.repetitions.push(*r),
                Event::Screening(s) => found.screenings.push(s.as_ref().clone()),
                _ => {}
            }
        }
    }
    found
}

struct Actual {
    repetitions: Vec<TrueRepetition>,
    frames: Vec<Frame>,
}

fn actual(config: &RunnerConfig) -> Actual {
    let truth = Truth::new(config).expect("valid");
    let repetitions = truth.repetitions();
    let frames = truth.filter_map(|fact| if let Fact::Frame(f) = fact { Some(f) } else { None }).collect();
    Actual { repetitions, frames }
}

impl Actual {
    /// Depth, excursions of femur adduction, rotation and pelvic drop, and peak of adduction, rad.
    fn of(&self, r: &TrueRepetition) -> [f64; 5] {
        let at = |t: SessionTime| self.frames.partition_point(|f| f.t < t);
        let (start, bottom, end) = (at(r.start), at(r.bottom), at(r.end));
        let knee = |k: usize| self.frames[k].legs[r.side].knee.expect("truth").flexion;
        let femur = |k: usize| self.frames[k].legs[r.side].femur.expect("truth");
        let drop = |k: usize| -r.side.sign() * self.frames[k].pelvis.expect("truth").obliquity;
        let peak = |of: &dyn Fn(usize) -> f64| (start..=end).map(of).fold(f64::NEG_INFINITY, f64::max);
        let adduction = peak(&|k| femur(k).adduction);
        [
            knee(bottom) - knee(start),
            adduction - femur(start).adduction,
            peak(&|k| femur(k).rotation) - femur(start).rotation,
            peak(&drop) - drop(start),
            adduction,
        ]
    }
}

const COMPARED: [ScreenQuantity; 5] = [
    ScreenQuantity::Depth,
    ScreenQuantity::AdductionExcursion,
    ScreenQuantity::RotationExcursion,
    ScreenQuantity::DropExcursion,
    ScreenQuantity::AdductionPeak,
];

#[test]
fn every_repetition_is_found_once_with_its_leg_and_its_angles() {
    let mut errors: [Vec<f64>; 5] = Default::default();
    let mut late: Vec<f64> = Vec::new();
    for test in [Test::SingleLegSquat, Test::StepDown] {
        for seed in 1..=6 {
            let config = runner(seed, test);
            let found = screen(Runner::new(&config).expect("valid"));
            let actual = actual(&config);
            assert_eq!(found.repetitions.len(), 10, "{test:?}, seed {seed}: {:?}", found.screenings);
            for (r, truth) in found.repetitions.iter().zip(&actual.repetitions) {
                assert_eq!((r.test, r.side, r.doubt), (test, truth.side, None), "seed {seed}: {r:?}");
                assert!((r.bottom - truth.bottom).abs() < 0.15, "seed {seed}: {r:?} against {truth:?}");
                assert!(
                    r.start.0 > truth.start.0 - 0.15 && r.end.0 < truth.end.0 + 0.15,
                    "{r:?} against {truth:?}"
                );
                late.push(r.decided.0 - truth.end.0);
                for ((list, quantity), actual) in errors.iter_mut().zip(COMPARED).zip(actual.of(truth)) {
                    list.push((quantity.of(r).expect("valid") - actual).to_degrees());
                }
            }
            let [screening] = found.screenings.as_slice() else { panic!("one test: {:?}", found.screenings) };
            assert_eq!((screening.legs.left.valid, screening.legs.right.valid), (5, 5));
            assert_eq!(screening.left_less_right.len(), ScreenQuantity::ALL.len());
        }
    }
    let limits = [1.5, 2.3, 2.3, 0.7, 4.0];
    let mut beyond = Vec::new();
    for ((quantity, list), limit) in COMPARED.into_iter().zip(&errors).zip(limits) {
        let n = list.len() as f64;
        let rms = (list.iter().map(|e| e * e).sum::<f64>() / n).sqrt();
        let bias = list.iter().sum::<f64>() / n;
        let worst = list.iter().fold(0.0, |w: f64, e| w.max(e.abs()));
        println!("  {}: bias {bias:.2}, rms {rms:.2}, worst {worst:.2} (n {n})", quantity.name());
        if rms > limit {
            beyond.push(quantity);
        }
    }
    assert_eq!(beyond, [], "rms error beyond its limit");
    late.sort_by(f64::total_cmp);
    println!(
        "  decided after the end: median {:.2} s, worst {:.2} s",
        late[late.len() / 2],
        late[late.len() - 1]
    );
    assert!(late[late.len() - 1] < 0.8);
}

/// The difference of the legs that was put in comes out with its sign.
#[test]
fn the_worse_leg_is_named_by_the_difference() {
    for (test, worse) in [(Test::SingleLegSquat, Side::Left), (Test::StepDown, Side::Right)] {
        let mut config = runner(3, test);
        let screening = config.screening.as_mut().expect("has one");
        screening.fault[worse] = fault(10.0, 9.0, 5.0);
        screening.fault[worse.other()] = fault(1.0, 1.0, 0.0);
        let found = screen(Runner::new(&config).expect("valid"));
        // Left less right.
        let sign = -worse.sign();
        for (quantity, least) in [
            (ScreenQuantity::AdductionExcursion, 6.0_f64),
            (ScreenQuantity::RotationExcursion, 5.0),
            (ScreenQuantity::DropExcursion, 4.0),
        ] {
            let all = &found.screenings[0].left_less_right;
            let d = all.iter().find(|d| d.quantity == quantity).expect("both legs");
            assert!(sign * d.value > least.to_radians(), "{test:?}: {d:?}");
            assert!(sign * d.value > 2.0 * d.sigma && d.sigma > 0.0, "{test:?}: {d:?}");
        }
    }
}

/// Without a sacral sensor everything but the drop.
#[test]
fn without_a_pelvis_sensor_only_the_drop_is_missing() {
    let config = RunnerConfig { pelvis_sensor: false, ..runner(2, Test::SingleLegSquat) };
    let found = screen(Runner::new(&config).expect("valid"));
    assert_eq!(found.repetitions.len(), 10);
    assert!(found.repetitions.iter().all(|r| r.drop_excursion.is_none() && r.rotation_excursion.is_some()));
}

/// What is no repetition, marked as a test: standing, bends on both legs, walking, running and coming to a stand.
#[test]
fn nothing_is_invented_in_standing_knee_bends_walking_and_running() {
    for test in [Stretch::SingleLegSquat, Stretch::StepDown] {
        for seed in 1..=4 {
            let config = RunnerConfig { seed, running_s: 25.0, screening: None, ..RunnerConfig::default() };
            let inputs: Vec<Input> = Runner::new(&config).expect("valid").collect();
            // Calibrated by a first time through, the second is one test from begin to end.
            let shift = 60.0;
            let again = inputs.iter().filter_map(|input| match input {
                Input::Packet(packet) => {
                    let mut packet = packet.clone();
                    packet.arrival = packet.arrival.map(|t| t + shift);
                    packet.samples.iter_mut().for_each(|s| s.t.0 += shift);
                    Some(Input::Packet(packet))
                }
                _ => None,
            });
            let begin = Input::Mark(Mark { stretch: test, edge: Edge::Begin, t: SessionTime(shift + 1.0) });
            let first = inputs.iter().filter(|i| **i != Input::End).cloned();
            let found = screen(first.chain([begin]).chain(again).chain([Input::End]));
            assert_eq!(found.repetitions, [], "{test:?}, seed {seed}");
            assert_eq!(found.screenings.len(), 1);
            let reason = found.screenings[0].reason.as_deref().expect("says why");
            assert!(reason.starts_with("no repetition was seen"), "{reason}");
        }
    }
}

/// The wrong test is marked: squats reach for no ground, and a foot that hangs beside a step is not held up.
#[test]
fn squats_are_no_step_downs() {
    let config = runner(1, Test::SingleLegSquat);
    let relabelled = Runner::new(&config).expect("valid").map(|input| match input {
        Input::Mark(mark) if mark.stretch == Stretch::SingleLegSquat => {
            Input::Mark(Mark { stretch: Stretch::StepDown, ..mark })
        }
        other => other,
    });
    assert_eq!(screen(relabelled).repetitions, []);
}

#[test]
fn a_repetition_that_is_shallow_or_quick_is_told_and_does_not_count() {
    for (depth_deg, repetition_s, word) in [(38.0, 3.0, "shallow"), (60.0, 1.3, "quick")] {
        let mut config = runner(4, Test::SingleLegSquat);
        config.screening = Some(ScreeningConfig { depth_deg, repetition_s, ..ScreeningConfig::default() });
        let found = screen(Runner::new(&config).expect("valid"));
        assert_eq!(found.repetitions.len(), 10, "{word}");
        for r in &found.repetitions {
            assert_eq!(r.doubt.map(RepetitionDoubt::word), Some(word), "{r:?}");
        }
        assert_eq!(found.screenings[0].legs.left.valid, 0);
        assert_eq!(found.screenings[0].left_less_right, []);
    }
}

/// Through a recording and through a Motion-BIDS data set, with the marks that begin and end the test.
#[test]
fn what_is_recorded_replays_to_the_same_repetitions() {
    let folder = tempfile::tempdir().expect("folder");
    let config = runner(5, Test::StepDown);
    let inputs: Vec<Input> = Runner::new(&config).expect("valid").collect();
    let live = screen(inputs.iter().cloned());
    assert_eq!(live.repetitions.len(), 10);

    let path = folder.path().join("test.mcap");
    let meta = SessionMeta {
        version: "0".into(),
        config: "{}".into(),
        started: "2026-11-23T18:05:00Z".into(),
        label: String::new(),
    };
    let mut recorder = Recorder::create(&path, &meta).expect("created");
    for input in &inputs {
        recorder.input(input).expect("written");
    }
    for r in &live.repetitions {
        recorder.event(&Event::Repetition(*r)).expect("written");
    }
    for s in &live.screenings {
        recorder.event(&Event::Screening(Box::new(s.clone()))).expect("written");
    }
    recorder.finish().expect("written");
    let replayed =
        screen(mcap::open(&path).expect("reads").inputs().expect("reads").map(|i| i.expect("reads")));
    assert_eq!((&replayed.repetitions, &replayed.screenings), (&live.repetitions, &live.screenings));

    let data_set = folder.path().join("bids");
    write_dataset(&config, &data_set).expect("written");
    let [recording] = source::find(&data_set).expect("found").try_into().expect("one recording");
    let read = screen(recording.inputs().expect("reads").map(|i| i.expect("reads")));
    assert_eq!(read.repetitions.len(), 10);
    // Numbers are rounded in text.
    for (a, b) in read.repetitions.iter().zip(&live.repetitions) {
        assert!(
            (a.depth - b.depth).abs() < 0.01 && (a.bottom - b.bottom).abs() < 0.05,
            "{a:?} against {b:?}"
        );
    }
}

#[test]
fn analyze_writes_screening_json_where_there_was_a_test() {
    let written = |config: &RunnerConfig| {
        let folder = tempfile::tempdir().expect("folder");
        let mut pipeline = Pipeline::new(&PipelineConfig::default()).expect("defaults");
        let mut analysis = Analysis::create(folder.path()).expect("created");
        for input in Runner::new(config).expect("valid") {
            analysis.input(&input);
            for event in pipeline.push(&input) {
                analysis.event(event).expect("written");
            }
        }
        let config = serde_json::Value::Null;
        let facts = Facts { recording: "x".into(), config, source: String::new(), warnings: Vec::new() };
        analysis.finish(folder.path(), &facts).expect("written");
        std::fs::read_to_string(folder.path().join("screening.json")).ok()
    };
    let text = written(&runner(1, Test::SingleLegSquat)).expect("there was a test");
    let json: serde_json::Value = serde_json::from_str(&text).expect("is JSON");
    let test = &json["screening"][0];
    assert_eq!((&test["test"], &test["left"]["valid"]), (&"single_leg_squat".into(), &5.into()));
    let repetitions = test["repetitions"].as_array().expect("listed");
    assert_eq!(repetitions.len(), 10);
    let depth = repetitions[0]["depth_deg"].as_f64().expect("degrees");
    assert!((50.0..70.0).contains(&depth), "{depth}");
    assert!(test["left"]["figures"]["down_s"]["mean"].as_f64().expect("seconds") > 0.8);
    assert!(test["left_less_right"]["adduction_excursion_deg"]["sigma"].is_f64());
    assert_eq!(written(&RunnerConfig { screening: None, ..runner(1, Test::StepDown) }), None);
}

/// A test before any calibration says what to do instead of guessing.
#[test]
fn an_uncalibrated_runner_is_told_so() {
    let config = RunnerConfig {
        still_s: 2.0,
        knee_bends: 0,
        walk_s: 0.0,
        running_s: 3.0,
        ..runner(1, Test::StepDown)
    };
    let found = screen(Runner::new(&config).expect("valid"));
    assert_eq!(found.repetitions, []);
    let reason = found.screenings[0].reason.as_deref().expect("says why");
    assert!(reason.contains("calibrate"), "{reason}");
}

//! `analyze`: which files, where, and what a failure leaves behind.

#![allow(clippy::unwrap_used, reason = "the helpers belong to the tests")]

use nalgebra::Vector3;
use stancewatch::analyze::session::{BoxError, InputStream, Session};
use stancewatch::analyze::{self, Found, Options, Report};
use stancewatch::body::{ClockKind, Packet, Placement, Sample, SensorId, SensorInfo};
use stancewatch::input::Input;
use stancewatch::pipeline::Pipeline;
use stancewatch::record::mcap::{Recorder, SessionMeta};
use stancewatch::source::mcap;
use stancewatch::units::{DeviceTime, Hz};
use std::collections::BTreeMap;
use std::fs;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

const FILES: [&str; 4] = ["alerts.csv", "angles.csv", "stances.csv", "summary.json"];

fn pipeline() -> Pipeline {
    Pipeline::new()
}

/// Four leg sensors swinging at a stride per 0.7 s.
fn inputs(seconds: u32, phase: f64) -> Vec<Input> {
    let worn = [Placement::LeftThigh, Placement::RightThigh, Placement::LeftShank, Placement::RightShank];
    let mut inputs: Vec<_> = (0u16..)
        .zip(worn)
        .map(|(id, placement)| {
            Input::Sensor(SensorInfo {
                id: SensorId(id),
                name: placement.name().into(),
                placement: Some(placement),
                rate: Hz(100.0),
                clock: ClockKind::Session,
            })
        })
        .collect();
    for i in 0..seconds * 100 {
        let t = f64::from(i) * 0.01;
        for id in 0..4u16 {
            let swing = (t / 0.7 * std::f64::consts::TAU + phase + f64::from(id)).sin();
            let sample = Sample {
                t: DeviceTime(t),
                acc: Vector3::new(3.0 * swing, 9.81, swing),
                gyr: Vector3::new(0.2 * swing, 0.1, 5.0 * swing),
            };
            inputs.push(Input::Packet(Packet { sensor: SensorId(id), arrival: None, samples: vec![sample] }));
        }
    }
    inputs.push(Input::End);
    inputs
}

struct Fake {
    name: String,
    inputs: Vec<Input>,
    /// What comes after the inputs.
    error: Option<String>,
}

impl Session for Fake {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn inputs(&self) -> Result<InputStream, BoxError> {
        let error = self.error.clone().map(|e| Err(e.into()));
        Ok(Box::new(self.inputs.clone().into_iter().map(Ok).chain(error)))
    }
}

fn fake(name: &str, phase: f64) -> Box<dyn Session> {
    Box::new(Fake { name: name.into(), inputs: inputs(20, phase), error: None })
}

fn broken(name: &str) -> Box<dyn Session> {
    Box::new(Fake {
        name: name.into(),
        inputs: inputs(20, 0.0),
        error: Some("line 7 is torn; repair it".into()),
    })
}

fn found(is_folder: bool, sessions: Vec<Box<dyn Session>>) -> Found {
    Found { source: PathBuf::from("data"), is_folder, sessions: Ok(sessions) }
}

fn run(found: Vec<Found>, out: &Path, threads: usize) -> Report {
    let options = Options {
        threads: NonZeroUsize::new(threads).unwrap(),
        progress: false,
        config: serde_json::json!({ "limit": 10 }),
    };
    analyze::run(found, out, &options, &pipeline)
}

/// Every file below `folder` with its content, by path.
fn tree(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(tree(&path));
        } else {
            files.insert(path.clone(), fs::read(&path).unwrap());
        }
    }
    files
}

fn paths(folder: &Path) -> Vec<String> {
    tree(folder).keys().map(|p| p.strip_prefix(folder).unwrap().display().to_string()).collect()
}

#[test]
fn the_files_of_one_recording_lie_in_the_folder_itself() {
    let out = tempfile::tempdir().unwrap();
    let report = run(vec![found(false, vec![fake("sub-01_task-run", 0.0)])], out.path(), 2);
    assert_eq!(report.failure(), None);
    assert_eq!(paths(out.path()), FILES);
}

#[test]
fn the_recordings_of_a_data_set_get_a_folder_each() {
    let out = tempfile::tempdir().unwrap();
    run(vec![found(true, vec![fake("sub-01_task-run_run-2", 0.0)])], out.path(), 2);
    assert_eq!(paths(out.path()), FILES.map(|f| format!("sub-01_task-run_run-2/{f}")));
}

#[test]
fn recordings_that_are_named_alike_do_not_overwrite_each_other() {
    let out = tempfile::tempdir().unwrap();
    let one = || found(false, vec![fake("run", 0.0)]);
    run(vec![one(), one()], out.path(), 2);
    let expected: Vec<_> = ["run", "run_2"].iter().flat_map(|n| FILES.map(|f| format!("{n}/{f}"))).collect();
    assert_eq!(paths(out.path()), expected);
}

#[test]
fn any_number_of_threads_gives_the_same_bytes() {
    let results = [1, 2, 5].map(|threads| {
        let out = tempfile::tempdir().unwrap();
        let sessions = (0..7).map(|i| fake(&format!("sub-{i:02}"), f64::from(i) * 0.3)).collect();
        let report = run(vec![found(true, sessions)], out.path(), threads);
        let names: Vec<_> = report.outcomes.iter().map(|o| o.name.clone()).collect();
        assert_eq!(names, (0..7).map(|i| format!("sub-{i:02}")).collect::<Vec<_>>());
        let files = tree(out.path());
        assert_eq!(files.len(), 7 * FILES.len());
        files
            .into_iter()
            .map(|(p, b)| (p.strip_prefix(out.path()).unwrap().to_owned(), b))
            .collect::<Vec<_>>()
    });
    assert!(results.iter().all(|r| *r == results[0]));
}

#[test]
fn a_recording_that_fails_leaves_nothing_behind_and_does_not_stop_the_others() {
    let out = tempfile::tempdir().unwrap();
    let sessions = vec![fake("sub-01", 0.0), broken("sub-02"), fake("sub-03", 0.0)];
    let report = run(vec![found(true, sessions)], out.path(), 2);
    let said = report.failure().unwrap();
    assert_eq!(said, "1 of 3 recordings could not be analysed: sub-02: line 7 is torn; repair it");
    let expected: Vec<_> =
        ["sub-01", "sub-03"].iter().flat_map(|n| FILES.map(|f| format!("{n}/{f}"))).collect();
    assert_eq!(paths(out.path()), expected);
}

#[test]
fn a_single_failure_is_one_plain_sentence() {
    let out = tempfile::tempdir().unwrap();
    let report = run(vec![found(false, vec![broken("run")])], out.path(), 1);
    assert_eq!(report.failure().unwrap(), "line 7 is torn; repair it");
    assert!(tree(out.path()).is_empty());
}

#[test]
fn a_source_that_cannot_be_found_is_named() {
    let out = tempfile::tempdir().unwrap();
    let missing = Found { source: "nowhere".into(), is_folder: false, sessions: Err("no such file".into()) };
    let report = run(vec![missing, found(false, vec![fake("run", 0.0)])], out.path(), 2);
    assert_eq!(report.failure().unwrap(), "1 of 2 recordings could not be analysed: nowhere: no such file");
    assert_eq!(paths(out.path()), FILES.map(|f| format!("run/{f}")));
}

#[test]
fn an_output_folder_that_cannot_be_made_is_named_with_the_remedy() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("taken");
    fs::write(&file, "a file, not a folder").unwrap();
    let said = run(vec![found(false, vec![fake("run", 0.0)])], &file.join("out"), 1).failure().unwrap();
    assert!(said.contains("taken") && said.contains("--out"), "{said}");
}

#[test]
fn a_recording_and_the_session_it_was_made_of_give_the_same_files() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("run.mcap");
    let meta = SessionMeta {
        version: "0.0.0".into(),
        config: "{}".into(),
        started: "2026-11-23T18:05:00Z".into(),
        label: String::new(),
    };
    let mut recorder = Recorder::create(&path, &meta).unwrap();
    for input in inputs(20, 0.4) {
        recorder.input(&input).unwrap();
    }
    recorder.finish().unwrap();

    let (live, replayed) = (dir.path().join("live"), dir.path().join("replayed"));
    run(vec![found(false, vec![fake("run", 0.4)])], &live, 1);
    run(vec![found(false, vec![Box::new(mcap::open(&path).unwrap())])], &replayed, 1);
    let contents = |folder: &Path| tree(folder).into_values().collect::<Vec<_>>();
    assert_eq!(contents(&live), contents(&replayed));
}

#[test]
fn an_interrupted_recording_is_analysed_with_a_warning_in_its_summary() {
    let out = tempfile::tempdir().unwrap();
    let torn = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/corrupt/mcap-truncated.mcap");
    let report = run(vec![found(false, vec![Box::new(mcap::open(&torn).unwrap())])], out.path(), 1);
    let warning = report.outcomes[0].warning.clone().unwrap();
    assert!(warning.contains("interrupted"), "{warning}");
    let summary: serde_json::Value =
        serde_json::from_slice(&fs::read(out.path().join("summary.json")).unwrap()).unwrap();
    assert_eq!(summary["warnings"][0], warning);
    assert_eq!(summary["sensors"][0]["placement"], "left_thigh");
    assert!(summary["sensors"][0]["samples"].as_u64().unwrap() > 100);
}

#[test]
fn no_file_holds_the_wall_clock() {
    let results = [0, 1100].map(|wait| {
        std::thread::sleep(std::time::Duration::from_millis(wait));
        let out = tempfile::tempdir().unwrap();
        run(vec![found(false, vec![fake("run", 0.2)])], out.path(), 1);
        tree(out.path()).into_values().collect::<Vec<_>>()
    });
    assert_eq!(results[0], results[1]);
    assert_eq!(results[0].len(), FILES.len());
}

//! `analyze`: which files, where, and what a failure leaves behind.

#![allow(clippy::unwrap_used, reason = "the helpers belong to the tests")]

use nalgebra::Vector3;
use stancewatch::analyze::{self, Found, Options, Report};
use stancewatch::body::{ClockKind, Packet, Placement, Sample, SensorId, SensorInfo};
use stancewatch::input::Input;
use stancewatch::pipeline::PipelineConfig;
use stancewatch::record::mcap::{Recorder, SessionMeta};
use stancewatch::units::{DeviceTime, Hz};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

const FILES: [&str; 4] = ["alerts.csv", "angles.csv", "stances.csv", "summary.json"];

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

/// A recording of its own, as the daemon makes it.
fn record(path: &Path, inputs: &[Input], config: &str) {
    let meta = SessionMeta {
        version: "0.0.0".into(),
        config: config.into(),
        started: "2026-11-23T18:05:00Z".into(),
        label: String::new(),
    };
    let mut recorder = Recorder::create(path, &meta).unwrap();
    for input in inputs {
        recorder.input(input).unwrap();
    }
    recorder.finish().unwrap();
}

fn recording(folder: &Path, name: &str) -> PathBuf {
    let path = folder.join(name).with_extension("mcap");
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    record(&path, &inputs(20, 0.4), "{}");
    path
}

/// The same inputs as a subject of a Motion-BIDS data set.
fn subject(dataset: &Path, name: &str, inputs: &[Input]) {
    let stem = dataset.join(name).join("motion").join(format!("{name}_task-run_tracksys-imu"));
    fs::create_dir_all(stem.parent().unwrap()).unwrap();
    let file = |ending: &str| PathBuf::from(format!("{}_{ending}", stem.display()));
    let mut channels =
        "name\tcomponent\ttype\ttracked_point\tunits\nlatency\tn/a\tLATENCY\tn/a\ts\n".to_owned();
    for point in ["left_thigh", "right_thigh", "left_shank", "right_shank"] {
        for (kind, unit) in [("ACCEL", "m/s^2"), ("GYRO", "rad/s")] {
            for axis in ["x", "y", "z"] {
                writeln!(channels, "{point}_{kind}_{axis}\t{axis}\t{kind}\t{point}\t{unit}").unwrap();
            }
        }
    }
    let mut rows = String::new();
    for input in inputs {
        let Input::Packet(Packet { sensor, samples, .. }) = input else { continue };
        for Sample { t, acc, gyr } in samples {
            if sensor.0 == 0 {
                write!(rows, "{}{}", if rows.is_empty() { "" } else { "\n" }, t.0).unwrap();
            }
            for value in acc.iter().chain(gyr) {
                write!(rows, "\t{value}").unwrap();
            }
        }
    }
    fs::write(file("channels.tsv"), channels).unwrap();
    fs::write(file("motion.json"), r#"{"SamplingFrequency": 100}"#).unwrap();
    fs::write(file("motion.tsv"), rows + "\n").unwrap();
}

fn run(sources: &[PathBuf], out: &Path, threads: usize) -> Report {
    let options = Options {
        threads: NonZeroUsize::new(threads).unwrap(),
        progress: false,
        config: PipelineConfig::default(),
        again: false,
    };
    analyze::run(sources.iter().map(|source| Found::at(source)).collect(), out, &options)
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/corrupt").join(name)
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

fn contents(folder: &Path) -> Vec<Vec<u8>> {
    tree(folder).into_values().collect()
}

fn below(folders: &[&str]) -> Vec<String> {
    folders.iter().flat_map(|folder| FILES.map(|file| format!("{folder}/{file}"))).collect()
}

#[test]
fn the_files_of_one_recording_lie_in_the_folder_itself() {
    let dir = tempfile::tempdir().unwrap();
    let (source, out) = (recording(dir.path(), "run"), dir.path().join("out"));
    let report = run(&[source], &out, 2);
    assert_eq!(report.failure(), None);
    assert_eq!(paths(&out), FILES);
    assert!(fs::read_to_string(out.join("angles.csv")).unwrap().lines().count() > 1000);
}

#[test]
fn the_recordings_of_a_data_set_get_a_folder_each_even_a_single_one() {
    let dir = tempfile::tempdir().unwrap();
    let (data, out) = (dir.path().join("data"), dir.path().join("out"));
    subject(&data, "sub-01", &inputs(5, 0.0));
    assert_eq!(run(&[data], &out, 2).failure(), None);
    assert_eq!(paths(&out), below(&["sub-01_task-run"]));
}

#[test]
fn recordings_that_are_named_alike_do_not_overwrite_each_other() {
    let dir = tempfile::tempdir().unwrap();
    let sources = ["a/run", "b/run"].map(|name| recording(dir.path(), name));
    let out = dir.path().join("out");
    assert_eq!(run(&sources, &out, 2).failure(), None);
    assert_eq!(paths(&out), below(&["run", "run_2"]));
}

#[test]
fn any_number_of_threads_gives_the_same_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let names: Vec<_> = (0..7).map(|i| format!("sub-{i:02}")).collect();
    for (i, name) in names.iter().enumerate() {
        subject(&data, name, &inputs(8, i as f64 * 0.3));
    }
    let results = [1, 2, 5].map(|threads| {
        let out = dir.path().join(format!("out-{threads}"));
        let report = run(std::slice::from_ref(&data), &out, threads);
        let order: Vec<_> = report.outcomes.iter().map(|o| o.name.clone()).collect();
        assert_eq!(order, names.iter().map(|n| format!("{n}_task-run")).collect::<Vec<_>>());
        assert_eq!(paths(&out).len(), 7 * FILES.len());
        contents(&out)
    });
    assert!(results.iter().all(|r| *r == results[0]));
}

#[test]
fn a_recording_that_fails_leaves_nothing_behind_and_does_not_stop_the_others() {
    let dir = tempfile::tempdir().unwrap();
    let (data, out) = (dir.path().join("data"), dir.path().join("out"));
    for name in ["sub-01", "sub-02", "sub-03"] {
        subject(&data, name, &inputs(5, 0.0));
    }
    let torn = data.join("sub-02/motion/sub-02_task-run_tracksys-imu_motion.tsv");
    let text = fs::read_to_string(&torn).unwrap();
    fs::write(&torn, text.replacen("9.81", "nine", 300)).unwrap();
    let said = run(&[data], &out, 2).failure().unwrap();
    assert!(said.starts_with("1 of 3 recordings could not be analysed: sub-02_task-run: "), "{said}");
    assert!(
        said.contains("sub-02_task-run_tracksys-imu_motion.tsv, line 1") && said.contains("nine"),
        "{said}"
    );
    let written: Vec<_> = paths(&out).into_iter().filter(|p| !p.starts_with("sub-02")).collect();
    assert_eq!(written, below(&["sub-01_task-run", "sub-03_task-run"]));
    assert_eq!(paths(&out), written);
}

#[test]
fn a_single_failure_is_one_plain_sentence_and_leaves_the_earlier_results() {
    let dir = tempfile::tempdir().unwrap();
    let (source, out) = (recording(dir.path(), "run"), dir.path().join("out"));
    run(std::slice::from_ref(&source), &out, 1);
    let before = contents(&out);
    let damaged = fixture("mcap-damaged-chunk.mcap");
    let said = run(&[damaged], &out, 1).failure().unwrap();
    assert!(said.contains("mcap-damaged-chunk.mcap: chunk 3 at byte") && !said.contains('\n'), "{said}");
    assert_eq!(contents(&out), before);
}

#[test]
fn a_source_that_cannot_be_found_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let sources = [dir.path().join("nowhere"), recording(dir.path(), "run")];
    let out = dir.path().join("out");
    let said = run(&sources, &out, 2).failure().unwrap();
    assert!(
        said.starts_with("1 of 2 recordings could not be analysed: ") && said.contains("nowhere"),
        "{said}"
    );
    assert_eq!(paths(&out), below(&["run"]));
}

#[test]
fn an_output_folder_that_cannot_be_made_is_named_with_the_remedy() {
    let dir = tempfile::tempdir().unwrap();
    let taken = dir.path().join("taken");
    fs::write(&taken, "a file, not a folder").unwrap();
    let said = run(&[recording(dir.path(), "run")], &taken.join("out"), 1).failure().unwrap();
    assert!(said.contains("taken") && said.contains("--out"), "{said}");
}

#[test]
fn a_data_set_and_the_recording_of_its_session_give_the_same_results() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    subject(&data, "sub-01", &inputs(20, 0.4));
    let replayed: Vec<_> =
        stancewatch::source::find(&data).unwrap()[0].inputs().unwrap().map(Result::unwrap).collect();
    let path = dir.path().join("run.mcap");
    record(&path, &replayed, "{}");
    let (from_data, from_recording) = (dir.path().join("one"), dir.path().join("two"));
    run(&[data], &from_data, 1);
    run(&[path], &from_recording, 1);
    for file in ["angles.csv", "stances.csv", "alerts.csv"] {
        let one = fs::read(from_data.join("sub-01_task-run").join(file)).unwrap();
        assert!(one == fs::read(from_recording.join(file)).unwrap(), "{file} differs");
    }
}

#[test]
fn settings_of_another_version_are_refused_rather_than_guessed() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("run.mcap");
    record(&path, &inputs(2, 0.0), r#"{"moon": "full"}"#);
    let said = run(&[path], &dir.path().join("out"), 1).failure().unwrap();
    assert!(said.contains("moon") && said.contains("update stancewatch"), "{said}");
}

#[test]
fn an_interrupted_recording_is_analysed_with_a_warning_in_its_summary() {
    let out = tempfile::tempdir().unwrap();
    let report = run(&[fixture("mcap-truncated.mcap")], out.path(), 1);
    let warning = report.outcomes[0].warning.clone().unwrap();
    assert!(warning.contains("interrupted"), "{warning}");
    let summary: serde_json::Value =
        serde_json::from_slice(&fs::read(out.path().join("summary.json")).unwrap()).unwrap();
    assert_eq!(summary["warnings"][0], warning);
    assert_eq!(summary["sensors"][0]["placement"], "left_thigh");
    assert!(summary["sensors"][0]["samples"].as_u64().unwrap() > 100);
}

fn run_all(source: &Path, out: &Path, again: bool) -> Report {
    let options = Options {
        threads: NonZeroUsize::new(2).unwrap(),
        progress: false,
        config: PipelineConfig::default(),
        again,
    };
    analyze::run(Found::all_at(source), out, &options)
}

fn kept(report: &Report) -> usize {
    report.outcomes.iter().filter(|outcome| outcome.kept).count()
}

#[test]
fn an_interrupted_batch_goes_on_where_it_was_and_changes_are_worked_anew() {
    let dir = tempfile::tempdir().unwrap();
    let (data, out) = (dir.path().join("data"), dir.path().join("out"));
    let once = recording(&data, "run-00");
    for i in 1..60 {
        fs::copy(&once, data.join(format!("run-{i:02}.mcap"))).unwrap();
    }
    for (i, broken) in ["mcap-damaged-chunk.mcap", "mcap-empty.mcap", "mcap-text.mcap"].iter().enumerate() {
        fs::copy(fixture(broken), data.join(format!("run-{:02}.mcap", 10 + i))).unwrap();
    }
    let first = run_all(&data, &out, false);
    let said = first.failure().unwrap();
    assert!(said.starts_with("3 of 60 recordings could not be analysed: "), "{said}");
    assert_eq!((first.outcomes.len(), kept(&first)), (60, 0));
    let whole = contents(&out);
    assert_eq!(whole.len(), 57 * FILES.len());

    // As a kill leaves it: one recording half written, one not begun, one between its renames.
    fs::remove_file(out.join("run-20/summary.json")).unwrap();
    fs::write(out.join("run-20/angles.csv.partial"), "time_s,").unwrap();
    fs::remove_dir_all(out.join("run-21")).unwrap();
    fs::remove_file(out.join("run-22/stances.csv")).unwrap();
    let second = run_all(&data, &out, false);
    assert_eq!(kept(&second), 54);
    assert_eq!(contents(&out), whole);

    // Another recording under the same name, another setting, or being told to: worked anew.
    fs::remove_file(data.join("run-30.mcap")).unwrap();
    record(&data.join("run-30.mcap"), &inputs(10, 0.1), "{}");
    assert_eq!(kept(&run_all(&data, &out, false)), 56);
    assert_eq!(kept(&run_all(&data, &out, true)), 0);
}

#[test]
fn no_file_holds_the_wall_clock() {
    let dir = tempfile::tempdir().unwrap();
    let source = [recording(dir.path(), "run")];
    let results = [0, 1100].map(|wait| {
        std::thread::sleep(std::time::Duration::from_millis(wait));
        let out = dir.path().join(format!("out-{wait}"));
        run(&source, &out, 1);
        contents(&out)
    });
    assert_eq!(results[0], results[1]);
    assert_eq!(results[0].len(), FILES.len());
}

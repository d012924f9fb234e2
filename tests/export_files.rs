//! `export`: every format is written whole or not at all, raw data come back to the bit, and what cannot be is said.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, in its helpers, too"
)]

use stancewatch::export::format::{ExportError, FORMATS, Format, Place};
use stancewatch::input::Input;
use stancewatch::pipeline::PipelineConfig;
use stancewatch::simulate::write_dataset;
use stancewatch::source::synthetic::RunnerConfig;
use stancewatch::source::{Recording, find};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use tempfile::TempDir;

const STARTED: &str = "2026-11-23T18:05:00+01:00";

/// Half a minute of running, with everything a run has before it. Made once.
static RUN: LazyLock<(TempDir, Recording)> = LazyLock::new(|| {
    let dir = tempfile::tempdir().unwrap();
    let config = RunnerConfig { running_s: 30.0, ..RunnerConfig::default() };
    write_dataset(&config, dir.path()).unwrap();
    let recording = find(dir.path()).unwrap().remove(0);
    (dir, recording)
});

fn path(folder: &Path, format: &Format) -> PathBuf {
    match format.place {
        Place::File(ending) => folder.join(format!("run.{ending}")),
        Place::Folder => folder.join(format!("run-{}", format.name)),
    }
}

fn export(recording: &Recording, name: &str, out: &Path) -> Result<(), ExportError> {
    Format::named(name).unwrap().export(recording, &PipelineConfig::default(), Some(STARTED), out)
}

fn inputs(recording: &Recording) -> Vec<Input> {
    recording.inputs().unwrap().map(Result::unwrap).collect()
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Every byte below a path.
fn content(path: &Path) -> Vec<u8> {
    if path.is_file() {
        return fs::read(path).unwrap();
    }
    names(path)
        .iter()
        .flat_map(|name| [name.as_bytes().to_vec(), content(&path.join(name))].concat())
        .collect()
}

#[test]
fn every_format_is_the_same_on_every_run_and_leaves_nothing_else() {
    for format in FORMATS {
        let contents = [0, 1].map(|_| {
            let dir = tempfile::tempdir().unwrap();
            let out = path(dir.path(), format);
            export(&RUN.1, format.name, &out).unwrap();
            assert!(
                names(dir.path()).iter().all(|name| !name.ends_with(".partial")),
                "{:?}",
                names(dir.path())
            );
            content(&out)
        });
        assert!(contents[0].len() > 1000, "{}: {} bytes", format.name, contents[0].len());
        assert!(contents[0] == contents[1], "{} differs", format.name);
    }
}

#[test]
fn raw_data_come_back_to_the_bit() {
    let original = inputs(&RUN.1);
    for name in ["bids", "mcap"] {
        let dir = tempfile::tempdir().unwrap();
        let out = path(dir.path(), Format::named(name).unwrap());
        export(&RUN.1, name, &out).unwrap();
        let again = find(&out).unwrap().remove(0);
        let instant = |text: Option<String>| text.unwrap().parse::<jiff::Timestamp>().unwrap();
        assert_eq!(instant(again.started()), instant(Some(STARTED.to_owned())), "{name}");
        let again = inputs(&again);
        assert_eq!(again.len(), original.len(), "{name}");
        for (got, want) in again.iter().zip(&original) {
            // Text too, since -0.0 == 0.0.
            assert_eq!(format!("{got:?}"), format!("{want:?}"), "{name}");
        }
    }
}

#[test]
fn a_recording_of_our_own_is_copied_and_keeps_its_start() {
    let dir = tempfile::tempdir().unwrap();
    let (first, second) = (dir.path().join("a.mcap"), dir.path().join("b.mcap"));
    export(&RUN.1, "mcap", &first).unwrap();
    let recording = find(&first).unwrap().remove(0);
    Format::named("mcap").unwrap().export(&recording, &PipelineConfig::default(), None, &second).unwrap();
    assert!(fs::read(&first).unwrap() == fs::read(&second).unwrap());
    // Its own start is enough for a format that needs one.
    let fit = dir.path().join("run.fit");
    Format::named("fit").unwrap().export(&recording, &PipelineConfig::default(), None, &fit).unwrap();
    let bytes = fs::read(fit).unwrap();
    // time_created of file_id: after the file's header, the definition (6 + 3 * 3 bytes), and type and manufacturer.
    let created = u32::from_le_bytes(bytes[33..37].try_into().unwrap());
    assert_eq!(i64::from(created) + 631_065_600, STARTED.parse::<jiff::Timestamp>().unwrap().as_second());
}

#[test]
fn a_format_that_needs_the_date_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let format = Format::named("fit").unwrap();
    let out = dir.path().join("run.fit");
    let said = format.export(&RUN.1, &PipelineConfig::default(), None, &out).unwrap_err().to_string();
    assert!(said.contains("--started"), "{said}");
    let odd = format.export(&RUN.1, &PipelineConfig::default(), Some("this morning"), &out).unwrap_err();
    assert!(odd.to_string().contains("this morning"), "{odd}");
    assert!(names(dir.path()).is_empty());
}

#[test]
fn nothing_is_written_where_angles_are_withheld() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/sessions/running_on_the_spot");
    let recording = find(&source).unwrap().remove(0);
    let dir = tempfile::tempdir().unwrap();
    for name in ["sto", "mot"] {
        let said = export(&recording, name, &dir.path().join("x")).unwrap_err().to_string();
        assert!(said.contains("withheld") && said.contains("csv and bids hold what there is"), "{said}");
    }
    assert!(names(dir.path()).is_empty());
}

#[test]
fn an_earlier_data_set_is_never_replaced_and_a_folder_is_no_file() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("mine.txt"), "mine").unwrap();
    let said = export(&RUN.1, "bids", dir.path()).unwrap_err().to_string();
    assert!(said.contains("nothing is overwritten"), "{said}");
    let said = export(&RUN.1, "sto", dir.path()).unwrap_err().to_string();
    assert!(said.contains("nothing is overwritten"), "{said}");
    let said = export(&RUN.1, "csv", &dir.path().join("run.csv")).unwrap_err().to_string();
    assert!(said.contains("folder of several files"), "{said}");
    assert_eq!(names(dir.path()), ["mine.txt"]);
}

#[test]
fn a_recording_that_breaks_off_leaves_no_file() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/corrupt/mcap-damaged-chunk.mcap");
    let recording = find(&source).unwrap().remove(0);
    for format in FORMATS.iter().filter(|format| format.name != "mcap") {
        let dir = tempfile::tempdir().unwrap();
        let out = path(dir.path(), format);
        let said = export(&recording, format.name, &out).unwrap_err().to_string();
        assert!(said.contains("damaged"), "{}: {said}", format.name);
        let left: Vec<_> = names(dir.path());
        assert!(left.is_empty() || (left.len() == 1 && names(&out).is_empty()), "{}: {left:?}", format.name);
    }
}

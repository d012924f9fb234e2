//! A computer without Bluetooth: every command says so in one sentence with its remedy, and the page still opens.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking, in its helpers, too"
)]
#![cfg(target_os = "linux")]

mod program;

use program::{Program, command, refusal, run_arguments, text};
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output};

/// Wherever this runs: no bus, so no Bluetooth.
fn without_bluetooth(arguments: &[&str], data: &Path) -> Command {
    let mut command = command();
    command.env("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nowhere").args(arguments).arg("--data-dir").arg(data);
    command
}

fn output(arguments: &[&str], data: &Path) -> Output {
    without_bluetooth(arguments, data).output().unwrap()
}

const SAID: &str = "the Bluetooth service is not running: start it";

#[test]
fn scan_and_identify_say_why_there_is_nothing() {
    let data = tempfile::tempdir().unwrap();
    let scan = output(&["scan", "--seconds", "1"], data.path());
    assert!(refusal(&scan).starts_with(SAID), "{scan:?}");
    assert!(scan.stdout.is_empty());
    assert!(refusal(&output(&["sensors", "identify", "x"], data.path())).starts_with(SAID));
    let scan = output(&["scan", "--seconds", "1", "--json"], data.path());
    let overview: Value = serde_json::from_slice(&scan.stdout).unwrap();
    assert!(overview["reason"].as_str().unwrap().starts_with(SAID));
    assert_eq!(scan.status.code(), Some(1));
}

#[test]
fn doctor_checks_the_rest_all_the_same() {
    let data = tempfile::tempdir().unwrap();
    let bundle = data.path().join("bundle.json");
    let doctor = output(&["doctor", "--bundle", bundle.to_str().unwrap()], data.path());
    assert!(refusal(&doctor).contains(SAID));
    let table = text(&doctor.stdout);
    for check in ["bluetooth  FIX", "clock      ok", "folder     ok", "disk"] {
        assert!(table.contains(check), "{table}");
    }
    let bundle = std::fs::read_to_string(bundle).unwrap();
    assert!(!bundle.contains(data.path().to_str().unwrap()), "{bundle}");
    assert!(bundle.contains(SAID));
}

#[test]
fn the_page_opens_and_says_why_no_sensor_is_there_and_nothing_is_recorded() {
    let data = tempfile::tempdir().unwrap();
    let mut run = command();
    run.env("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nowhere").args(run_arguments(data.path()));
    let mut program = Program::start(&mut run);
    program.wait_for("the reason", |p| {
        let checks = p.json("/api/v1/health")["checks"].clone();
        checks.as_array().unwrap().iter().find(|c| c["code"] == "radio_down").cloned()
    });
    assert!(program.json("/api/v1/radio")["reason"].as_str().unwrap().starts_with(SAID));
    assert!(program.get("/").contains("<html"));
    assert_eq!(program.json("/api/v1/sensors").as_array().unwrap().len(), 0);
    program.terminate();
    let (status, said) = program.end();
    assert!(status.success(), "{said}");
    let recordings: Vec<_> = std::fs::read_dir(data.path().join("recordings")).unwrap().collect();
    assert!(recordings.is_empty(), "a recording without a sample: {recordings:?}");
}

#[test]
fn places_are_kept_without_a_radio() {
    let data = tempfile::tempdir().unwrap();
    assert!(output(&["sensors", "place", "AB 12", "left_thigh"], data.path()).status.success());
    let list = output(&["sensors", "list", "--json"], data.path());
    let list: Value = serde_json::from_slice(&list.stdout).unwrap();
    assert_eq!(list, serde_json::json!([{ "serial": "AB 12", "placement": "left_thigh" }]));
    assert_eq!(output(&["sensors", "place", "AB 12", "elbow"], data.path()).status.code(), Some(2));
    let list = output(&["sensors", "swap", "thighs", "--json"], data.path());
    let list: Value = serde_json::from_slice(&list.stdout).unwrap();
    assert_eq!(list, serde_json::json!([{ "serial": "AB 12", "placement": "right_thigh" }]));
    assert!(refusal(&output(&["sensors", "swap", "shanks"], data.path())).contains("give places first"));
    assert_eq!(output(&["sensors", "swap", "arms"], data.path()).status.code(), Some(2));
}

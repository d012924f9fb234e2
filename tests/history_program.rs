//! The whole program and what it keeps: a run lands in the history, a crash is made good, commands do as they say.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking, in its helpers, too"
)]

mod program;

use program::{Program, asked, refusal, run_arguments, stancewatch, text};
use serde_json::Value;
use std::path::Path;

fn json(data: &Path, words: &[&str]) -> Value {
    serde_json::from_str(&asked(data, words)).unwrap()
}

fn run(data: &Path, more: &[&str]) {
    let mut arguments = run_arguments(data);
    arguments.extend(more.iter().map(|&w| w.to_owned()));
    let output = stancewatch(arguments);
    assert!(output.status.success(), "{}", text(&output.stderr));
}

#[test]
fn a_run_is_kept_and_what_is_kept_is_what_analyze_finds_in_the_recording() {
    let folder = tempfile::tempdir().unwrap();
    let data = &folder.path().join("data");
    run(data, &["--minutes", "2", "--speed", "max", "--once", "--runner", "Ana"]);
    let session = json(data, &["sessions"])[0].clone();
    assert_eq!((&session["runner_name"], &session["source"]), (&"Ana".into(), &"synthetic".into()));
    assert_eq!(session["complete"], true);
    assert!(session["stances"].as_u64().unwrap() > 200, "{session}");

    let id = session["id"].as_str().unwrap();
    let out = folder.path().join("out");
    asked(data, &["analyze", id, "--out", out.to_str().unwrap()]);
    let rows = std::fs::read_to_string(out.join("stances.csv")).unwrap().lines().count() - 1;
    assert_eq!(session["stances"].as_u64(), Some(rows as u64));
    let summary: Value = serde_json::from_slice(&std::fs::read(out.join("summary.json")).unwrap()).unwrap();
    assert_eq!(session["settings_sha256"], summary["configuration_sha256"]);
    let review = json(data, &["sessions", "show", id]);
    let mean = |side: &str| review["quantities"][0][side]["mean"].as_f64().unwrap();
    assert!((5.0..25.0).contains(&mean("left")), "{}", review["quantities"][0]);

    // Without a name the synthetic runner is nobody who has a trend.
    run(data, &["--minutes", "0.2", "--speed", "max", "--once"]);
    assert_eq!(json(data, &["sessions"])[0]["runner_name"], "Synthetic runner");

    let page = folder.path().join("report.html");
    asked(data, &["report", id, "--out", page.to_str().unwrap()]);
    assert!(std::fs::read_to_string(&page).unwrap().contains("not a diagnosis"));
    let copy = folder.path().join("all");
    asked(data, &["runners", "export", "Ana", "--out", copy.to_str().unwrap()]);
    assert!(copy.join("recordings").join(format!("{id}.mcap")).exists());
    let all: Value =
        serde_json::from_slice(&std::fs::read(copy.join(format!("{id}.json"))).unwrap()).unwrap();
    assert_eq!(all["stances"].as_array().unwrap().len(), rows);

    asked(data, &["sessions", "delete", id, "--now"]);
    assert!(!data.join("recordings").join(format!("{id}.mcap")).exists());
    let said = refusal(&stancewatch(["--data-dir", data.to_str().unwrap(), "sessions", "show", id]));
    assert!(said.contains("no session"), "{said}");
}

#[test]
fn a_session_that_was_killed_is_completed_from_its_recording_at_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    let mut command = program::command();
    let mut cut = Program::start(command.args(run_arguments(data)).args([
        "--synthetic",
        "--speed",
        "20",
        "--runner",
        "Ana",
    ]));
    cut.wait_for("stances", |p| (p.session_time() > 60.0).then_some(()));
    // Another program must not touch the session that runs.
    let id = json(data, &["sessions"])[0]["id"].as_str().unwrap().to_owned();
    let said = refusal(&stancewatch(["--data-dir", data.to_str().unwrap(), "sessions", "delete", &id]));
    assert!(said.contains("being recorded"), "{said}");
    cut.kill();
    let before = json(data, &["sessions"])[0].clone();
    assert_eq!(before["complete"], false);

    let mut command = program::command();
    let next = Program::start(command.args(run_arguments(data)).args(["--synthetic", "--no-recording"]));
    let after = next.wait_for("the session to be completed", |p| {
        let sessions = p.json("/api/v1/sessions");
        let found = sessions.as_array().unwrap().iter().find(|s| s["id"] == id.as_str()).cloned().unwrap();
        (found["complete"] == true).then_some(found)
    });
    assert_eq!(after["runner_name"], "Ana");
    // The recording is the truth, and a kill costs it a second at most: 20 s of this session.
    let lost = before["stances"].as_u64().unwrap().saturating_sub(after["stances"].as_u64().unwrap());
    assert!(lost < 60, "{before} {after}");
    let out = data.join("out");
    asked(data, &["analyze", &id, "--out", out.to_str().unwrap()]);
    let rows = std::fs::read_to_string(out.join("stances.csv")).unwrap().lines().count() - 1;
    assert_eq!(after["stances"].as_u64(), Some(rows as u64));
}

#[test]
fn a_damaged_database_is_said_and_the_run_is_recorded_all_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    std::fs::write(
        data.join("stancewatch.db"),
        "no database, and longer than a header of one hundred bytes would be".repeat(9),
    )
    .unwrap();
    let mut command = program::command();
    let mut program =
        Program::start(command.args(run_arguments(data)).args(["--synthetic", "--speed", "20"]));
    // It reaches the disk within a second of its own, which is 20 s of this session.
    program.wait_for("a recording", |_| {
        let files = std::fs::read_dir(data.join("recordings")).ok()?;
        files.flatten().any(|file| file.metadata().is_ok_and(|file| file.len() > 10_000)).then_some(())
    });
    let checks = program.json("/api/v1/health")["checks"].clone();
    let check = checks.as_array().unwrap().iter().find(|c| c["code"] == "store_failed").cloned().unwrap();
    assert!(check["message"].as_str().unwrap().contains("move it away"), "{check}");
    program.kill();
    // A new one is filled from the recording.
    std::fs::remove_file(data.join("stancewatch.db")).unwrap();
    let mut command = program::command();
    let next = Program::start(command.args(run_arguments(data)).args(["--synthetic", "--no-recording"]));
    next.wait_for("the lost session", |p| {
        let sessions = p.json("/api/v1/sessions");
        sessions.as_array().unwrap().iter().any(|s| s["complete"] == true).then_some(())
    });
}

#[test]
fn demo_is_in_nobodys_history() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    let mut command = program::command();
    let demo = Program::start(command.args([
        "demo",
        "--no-open",
        "--port",
        "0",
        "--speed",
        "20",
        "--data-dir",
        data.to_str().unwrap(),
    ]));
    demo.wait_for("time to pass", |p| (p.session_time() > 5.0).then_some(()));
    assert_eq!(demo.json("/api/v1/sessions"), Value::Array(Vec::new()));
}

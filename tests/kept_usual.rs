//! What outlasts a session: the runner's usual, which the next one is judged against, marks and the course.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking, in its helpers, too"
)]

mod program;

use program::{Program, asked, run_arguments, stancewatch, text};
use serde_json::{Value, json};
use std::path::Path;

fn run(data: &Path, more: &[&str]) {
    let mut arguments = run_arguments(data);
    arguments.extend(more.iter().map(|&w| w.to_owned()));
    arguments.extend(["--speed", "max", "--once"].map(str::to_owned));
    let output = stancewatch(arguments);
    assert!(output.status.success(), "{}", text(&output.stderr));
}

fn start(data: &Path, more: &[&str]) -> Program {
    Program::start(program::command().args(run_arguments(data)).args(more))
}

fn newest(data: &Path) -> Value {
    serde_json::from_str::<Value>(&asked(data, &["sessions"])).unwrap()[0].clone()
}

#[test]
fn the_second_session_is_judged_against_the_usual_of_the_first_and_its_replay_agrees() {
    let folder = tempfile::tempdir().unwrap();
    let data = &folder.path().join("data");
    run(data, &["--minutes", "2.5", "--seed", "4", "--runner", "Ana"]);
    let first = newest(data);

    // A fault from the first stride on: without the usual of the first session it would be the usual of the second.
    let fault = folder.path().join("fault.toml");
    std::fs::write(
        &fault,
        "seed = 4\nrunning_s = 150\n[habit]\nleft = {}\nright = { adduction_deg = 8.0 }\n",
    )
    .unwrap();
    run(data, &["--runner-config", fault.to_str().unwrap(), "--runner", "Ana"]);
    let second = newest(data);
    assert_ne!(first["id"], second["id"]);
    assert_ne!(first["settings_sha256"], second["settings_sha256"], "the usual is among the settings");
    let id = second["id"].as_str().unwrap();
    let shown: Value = serde_json::from_str(&asked(data, &["sessions", "show", id])).unwrap();
    let alerts = shown["alerts"].as_array().unwrap();
    let right =
        |alert: &&Value| alert["side"] == "right" && alert["rule"].as_str().unwrap().ends_with("adduction");
    let alert = alerts.iter().find(right).unwrap_or_else(|| panic!("{alerts:?}"));
    assert_eq!(alert["basis"], "baseline");

    let out = folder.path().join("out");
    asked(data, &["analyze", id, "--out", out.to_str().unwrap()]);
    let rows = std::fs::read_to_string(out.join("alerts.csv")).unwrap();
    let of = |line: &str| line.split(',').take(3).map(str::to_owned).collect::<Vec<_>>();
    let replayed: Vec<_> = rows.lines().skip(1).map(of).collect();
    let word = |alert: &Value, name: &str| alert[name].as_str().unwrap().to_owned();
    let live: Vec<_> =
        alerts.iter().map(|a| vec![word(a, "rule"), word(a, "side"), word(a, "severity")]).collect();
    assert_eq!(live, replayed);

    // The change was too large to ripen what is kept, and that is said; it can be taken as wanted.
    let program = start(data, &["--minutes", "0.2", "--runner", "Ana", "--speed", "max"]);
    let path = "/api/v1/runners/1/usual";
    let usual = program.json(path);
    assert_eq!(
        (&usual["kept"]["sessions"], &usual["latest"]["session"]),
        (&1.into(), &second["id"]),
        "{usual}"
    );
    assert!(usual["latest"]["refused"].as_str().unwrap().contains("has changed by"), "{usual}");
    let (status, answer) = program.send("POST", path, r#"{"act": "renew"}"#);
    assert_eq!(status, 200, "{answer}");
    assert_eq!(program.json(path)["latest"]["refused"], Value::Null);
    let (_, answer) = program.send("POST", path, r#"{"act": "forget"}"#);
    let forgotten: Value = serde_json::from_str(&answer).unwrap();
    assert_eq!(forgotten, json!({ "kept": null, "latest": null }));
    assert_eq!(program.send("POST", path, r#"{"act": "renew"}"#).0, 422);
}

#[test]
fn another_runner_is_not_judged_against_it() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    run(data, &["--minutes", "2.5", "--runner", "Ana"]);
    run(data, &["--minutes", "0.2", "--runner", "Ben"]);
    let program = start(data, &["--minutes", "0.2", "--runner", "Ben", "--speed", "4"]);
    program.wait_for("the guide", |p| {
        (p.json("/api/v1/setup")["guide"]["usual"]["kept"] == false).then_some(())
    });
    assert!(program.json("/api/v1/runners/1/usual")["kept"]["date"].is_string());
    assert_eq!(program.json("/api/v1/runners/2/usual")["kept"], Value::Null);
}

#[test]
fn a_mark_is_in_the_recording_and_comes_back_from_it() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    let mut program = start(data, &["--minutes", "0.5", "--runner", "Ana", "--speed", "4"]);
    program.wait_for("the session", |p| (p.session_time() > 4.0).then_some(()));
    let (status, said) = program.send("POST", "/api/v1/marks", r#"{"label": "left knee <b>hurts</b>"}"#);
    assert_eq!(status, 201, "{said}");
    let time = serde_json::from_str::<Value>(&said).unwrap()["time_s"].clone();
    program.wait_for("its end", |p| (p.json("/api/v1/setup")["ended"] == true).then_some(()));
    program.kill();

    for file in ["stancewatch.db", "stancewatch.db-wal", "stancewatch.db-shm"] {
        std::fs::remove_file(data.join(file)).ok();
    }
    let program = start(data, &["--minutes", "0.1", "--runner", "Ana", "--speed", "max"]);
    let marks = program.wait_for("the history", |p| {
        let sessions = p.json("/api/v1/sessions");
        let complete =
            sessions.as_array()?.iter().find(|s| s["complete"] == true && s["runner_name"] != "Ana")?;
        let of = p.json(&format!("/api/v1/sessions/{}", complete["id"].as_str()?));
        Some(of["marks"].clone())
    });
    assert_eq!(marks.as_array().unwrap().len(), 1, "{marks}");
    assert_eq!((&marks[0]["time_s"], &marks[0]["label"]), (&time, &"left knee <b>hurts</b>".into()));
}

#[test]
fn a_stretch_can_be_marked_as_the_usual_and_a_session_begun_anew() {
    let folder = tempfile::tempdir().unwrap();
    let program = start(folder.path(), &["--minutes", "5", "--runner", "Ana", "--speed", "4"]);
    program.wait_for("running", |p| (p.json("/api/v1/setup")["phase"] == "learning_usual").then_some(()));
    assert_eq!(program.send("POST", "/api/v1/baseline", r#"{"running": true}"#).0, 204);
    program.wait_for("the mark", |p| {
        (p.json("/api/v1/setup")["guide"]["usual"]["marked"] == true).then_some(())
    });
    let before = program.session_time();
    assert_eq!(program.send("POST", "/api/v1/session", r#"{"running": true, "anew": true}"#).0, 204);
    program.wait_for("the new session", |p| (p.session_time() < before).then_some(()));
    assert_eq!(program.send("POST", "/api/v1/session", r#"{"running": false}"#).0, 204);
    program.wait_for("its end", |p| (p.json("/api/v1/setup")["ended"] == true).then_some(()));
    assert_eq!(program.send("POST", "/api/v1/baseline", r#"{"running": true}"#).0, 409);
}

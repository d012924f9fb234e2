//! The real program against bad input, bad places and full disks: exit code 1, one sentence with file, line
//! and remedy on standard error, nothing half-written under a result's name, nothing recorded lost.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, in its helpers, too"
)]

mod program;

use program::{Program, command, recording, refusal, run_arguments, stancewatch, text};
use stancewatch::input::Input;
use stancewatch::source::mcap;
use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

fn corrupt(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/corrupt").join(name)
}

fn analyze(sources: &[&Path], out: &Path) -> Output {
    command().arg("analyze").args(sources).arg("--out").arg(out).output().unwrap()
}

/// Every file below a folder; what is not there has none.
fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.map(|e| e.unwrap().path());
    paths.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// A process that may write files of at most this many KiB: a write fails in the middle, as on a full disk.
fn with_little_space(kib: u32, command: &Command) -> Command {
    let mut limited = Command::new("bash");
    // The system's signal at the limit would end the process; a full disk sends none.
    limited.args(["-c", &format!(r#"trap "" XFSZ; ulimit -f {kib}; exec "$0" "$@""#)]);
    limited.arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => limited.env(name, value),
            None => limited.env_remove(name),
        };
    }
    limited
}

fn short_run(data: &Path) -> Command {
    let mut run = command();
    run.args(run_arguments(data)).args(["--speed", "max", "--minutes", "0.5"]);
    run
}

/// A small data set of our own.
fn simulated(folder: &Path) -> PathBuf {
    let set = folder.join("set");
    let made = command().args(["simulate", "--minutes", "0.2", "--out"]).arg(&set).output().unwrap();
    assert!(made.status.success(), "{}", text(&made.stderr));
    set
}

#[test]
fn each_broken_recording_is_refused_with_one_sentence_and_leaves_no_result() {
    let cases = [
        // Missing columns.
        ("bids-channel-missing", "_channels.tsv, line 3: ", "list ACCEL and GYRO"),
        ("bids-header-column-missing", "_channels.tsv, line 1: ", "add it"),
        ("bids-short-row", "_motion.tsv, line 5: ", "complete the row"),
        ("bids-no-channels", "_channels.tsv: missing", "add the channels.tsv"),
        ("bids-no-rate", "_motion.json, line 1: ", "add the rate"),
        ("bids-json", "_motion.json, line 3: ", "correct the JSON"),
        ("bids-unit", "_channels.tsv, line 6: ", "convert it"),
        ("bids-time-backwards", "_motion.tsv, line 4: ", "sort the rows"),
        ("bids-nan", "_motion.tsv, line 3: ", "n/a for a lost sample"),
        ("bids-infinite", "_motion.tsv, line 3: ", "n/a for a lost sample"),
        ("bids-text", "_motion.tsv, line 2: ", "write a number"),
        ("bids-side", "_events.tsv, line 3: ", "write left or right"),
        ("bids-empty", "_motion.tsv: the file is empty", "copy it again"),
        ("bids-no-leg-sensor", "_motion.tsv: none of its sensors is on a leg", "left_thigh"),
        ("mcap-empty.mcap", "is empty", "give another recording"),
        ("mcap-text.mcap", "is not an MCAP file", "give a recording"),
        ("mcap-foreign.mcap", "has no `input` channel", "made by stancewatch"),
        ("mcap-format-2.mcap", "format 2", "update stancewatch"),
        ("mcap-message.mcap", "message 2 of chunk 2", "copy the file again"),
        ("mcap-damaged-chunk.mcap", "chunk 3 at byte", "copy the file again"),
        ("nowhere", "there is no such file", "give a data set"),
    ];
    for (name, place, remedy) in cases {
        let out = tempfile::tempdir().unwrap();
        let results = out.path().join("results");
        let said = refusal(&analyze(&[&corrupt(name)], &results));
        assert!(said.contains(name) && said.contains(place) && said.contains(remedy), "{name}: {said}");
        assert!(!results.exists() || fs::read_dir(&results).unwrap().next().is_none(), "{name}: {results:?}");

        // Live, in the same words.
        let source = corrupt(name).display().to_string();
        let own = tempfile::tempdir().unwrap();
        let own = own.path().to_str().unwrap();
        let replay = stancewatch([
            "--data-dir",
            own,
            "replay",
            &source,
            "--speed",
            "max",
            "--once",
            "--no-open",
            "--port",
            "0",
        ]);
        assert_eq!(refusal(&replay), said, "{name}");
    }
}

#[test]
fn a_truncated_recording_is_analysed_up_to_the_cut_and_says_so() {
    let out = tempfile::tempdir().unwrap();
    let output = analyze(&[&corrupt("mcap-truncated.mcap")], out.path());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("interrupted"), "{}", text(&output.stdout));
    assert_eq!(files(out.path()).len(), 4);
}

#[test]
fn a_sensor_on_an_unknown_part_is_no_failure() {
    let out = tempfile::tempdir().unwrap();
    let output = analyze(&[&corrupt("bids-unknown-placement")], out.path());
    assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(0), ""));
    let summary = fs::read_to_string(out.path().join("sub-01_task-run/summary.json")).unwrap();
    assert!(summary.contains("left_wrist"), "{summary}");
}

#[test]
fn one_broken_recording_among_good_ones_does_not_stop_them() {
    let folder = tempfile::tempdir().unwrap();
    let (set, out) = (simulated(folder.path()), folder.path().join("out"));
    let broken = corrupt("bids-nan");
    let said = refusal(&analyze(&[&set, &broken, &corrupt("bids-unknown-placement")], &out));
    assert!(said.starts_with("1 of 3 recordings could not be analysed: "), "{said}");
    assert!(said.contains("_motion.tsv, line 3: "), "{said}");
    assert_eq!(files(&out).len(), 2 * 4, "{:?}", files(&out));

    let json = command().args(["--json", "analyze"]).args([&set, &broken]).arg("--out").arg(&out).output();
    let json = json.unwrap();
    refusal(&json);
    let table: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(table.as_array().unwrap().len(), 2);
    assert!(table[0]["stances"].is_u64() && table[0].get("error").is_none(), "{table}");
    assert!(table[1]["error"].as_str().unwrap().contains("line 3"), "{table}");
}

#[test]
fn validate_without_truth_or_source_says_what_is_missing() {
    let said = refusal(&stancewatch(["validate", &corrupt("bids-unknown-placement").display().to_string()]));
    assert!(said.contains("bids-unknown-placement") && said.contains("no truth"), "{said}");
    let said = refusal(&stancewatch(["validate", "nowhere"]));
    assert!(said.contains("nowhere"), "{said}");
    let said = refusal(&stancewatch(["validate", &corrupt("bids-text").display().to_string()]));
    assert!(said.contains("_motion.tsv, line 2: "), "{said}");
}

#[test]
fn wrong_settings_are_named_with_file_and_line() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("settings.toml");
    let cases = [
        ("# mine\nport = \"x\"\n", "settings.toml, line 2: "),
        ("[pipeline]\nmoon = 1\n", "settings.toml, line 2: "),
        ("port = \n", "settings.toml, line 1: "),
        ("[pipeline.flags.baseline]\nstances = 3\n", "settings.toml are not right: "),
    ];
    for (text, place) in cases {
        fs::write(&file, text).unwrap();
        let out = folder.path().join("out");
        let output =
            command().arg("--config").arg(&file).args(["analyze", "x", "--out"]).arg(&out).output().unwrap();
        let said = refusal(&output);
        assert!(said.contains(place), "{said}");
        assert_eq!(said.matches("TOML").count(), 0, "{said}");
    }
    fs::write(&file, "seed = \"x\"\n").unwrap();
    let simulate = command().args(["simulate", "--runner-config"]).arg(&file).arg("--out").arg("x").output();
    let said = refusal(&simulate.unwrap());
    assert!(said.contains("settings.toml, line 1: "), "{said}");
    let said = refusal(&stancewatch(["--config", "nowhere.toml", "run", "--port", "0"]));
    assert!(said.contains("nowhere.toml") && said.matches("No such file").count() == 1, "{said}");
}

#[test]
fn wrong_usage_ends_with_two() {
    for arguments in [
        &["frobnicate"][..],
        &["analyze"],
        &["analyze", "x"],
        &["run", "--speed", "fast"],
        &["run", "--port", "70000"],
        &["analyze", "x", "--out", "y", "--jobs", "0"],
    ] {
        let output = stancewatch(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", text(&output.stderr));
        assert!(output.stdout.is_empty(), "{arguments:?}");
    }
}

#[test]
fn a_port_in_use_is_named_and_no_recording_is_begun() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let data = tempfile::tempdir().unwrap();
    let mut run = short_run(data.path());
    // The later of two ports counts for the program as for every Unix command.
    let arguments: Vec<_> = run.get_args().map(ToOwned::to_owned).collect();
    let zero = arguments.iter().position(|a| a == "--port").unwrap() + 1;
    let mut with_port = arguments;
    with_port[zero] = port.clone().into();
    run = command();
    let said = refusal(&run.args(with_port).output().unwrap());
    assert!(said.contains(&format!("127.0.0.1:{port}")) && said.contains("--port"), "{said}");
    assert_eq!(files(data.path()), Vec::<PathBuf>::new());
}

/// Nobody may write where a file stands in place of the folder, not even an administrator.
#[test]
fn a_data_folder_that_cannot_be_written_is_said_before_the_page_is_promised() {
    let folder = tempfile::tempdir().unwrap();
    let taken = folder.path().join("data");
    fs::write(&taken, "a file").unwrap();
    let output = short_run(&taken).arg("--once").output().unwrap();
    let said = refusal(&output);
    assert!(said.contains(&taken.display().to_string()) && said.contains("--data-dir"), "{said}");
    assert!(!text(&output.stderr).contains("listening"), "{}", text(&output.stderr));
    assert_eq!(fs::read_to_string(&taken).unwrap(), "a file");

    // The kernel's own folder is read-only for everyone.
    #[cfg(target_os = "linux")]
    {
        let said = refusal(&short_run(Path::new("/proc/self")).arg("--once").output().unwrap());
        assert!(said.contains("/proc/self/recordings") && said.contains("--data-dir"), "{said}");
    }

    let said = refusal(&analyze(&[&corrupt("bids-unknown-placement")], &taken.join("out")));
    assert!(said.contains("data/out") && said.contains("--out"), "{said}");
    let simulate = command().args(["simulate", "--minutes", "0.1", "--out"]).arg(&taken).output().unwrap();
    let said = refusal(&simulate);
    assert!(said.contains(&taken.display().to_string()) && said.contains("another folder"), "{said}");
}

#[test]
fn a_disk_that_fills_up_in_analyze_leaves_the_earlier_results_and_nothing_half() {
    let folder = tempfile::tempdir().unwrap();
    let set = simulated(folder.path());
    let out = folder.path().join("out");
    let starved = || {
        let mut analyze = command();
        analyze.arg("analyze").arg("--again").arg(&set).arg("--out").arg(&out);
        with_little_space(64, &analyze).output().unwrap()
    };
    let said = refusal(&starved());
    assert!(said.contains(&out.display().to_string()) && said.contains("free some space"), "{said}");
    assert_eq!(files(&out), Vec::<PathBuf>::new());

    assert!(analyze(&[&set], &out).status.success());
    let all = || files(&out).into_iter().map(|path| (fs::read(&path).unwrap(), path)).collect::<Vec<_>>();
    let before = all();
    assert_eq!(before.len(), 4);
    refusal(&starved());
    assert!(before == all());
}

#[test]
fn a_disk_that_fills_up_in_simulate_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let mut simulate = command();
    simulate.args(["simulate", "--minutes", "0.2", "--out"]).arg(folder.path().join("set"));
    let said = refusal(&with_little_space(64, &simulate).output().unwrap());
    assert!(said.contains("/set/") && said.contains("free some space"), "{said}");
}

#[test]
fn a_result_that_cannot_be_printed_is_a_sentence_and_a_reader_who_leaves_is_none() {
    let out = tempfile::tempdir().unwrap();
    let start = |stdout: Stdio| {
        let mut analyze = command();
        analyze.arg("analyze").arg(corrupt("bids-unknown-placement")).arg("--out").arg(out.path());
        analyze.stdout(stdout).stderr(Stdio::piped()).spawn().unwrap()
    };
    #[cfg(target_os = "linux")]
    {
        let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let said = refusal(&start(full.into()).wait_with_output().unwrap());
        assert!(said.contains("standard output"), "{said}");
    }
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = start(writer.into()).wait_with_output().unwrap();
    assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(0), ""));
}

#[test]
fn a_disk_that_fills_up_in_run_shows_on_the_page_and_loses_nothing_recorded() {
    let data = tempfile::tempdir().unwrap();
    let mut run = Program::start(&mut with_little_space(256, &short_run(data.path())));
    let check = run.wait_for("the page to say so", |page| {
        let health = page.json("/api/v1/health");
        let checks = health["checks"].as_array().unwrap().clone();
        checks.into_iter().find(|check| check["code"] == "recording_failed")
    });
    assert_eq!(check["active"], true);
    let said = check["message"].as_str().unwrap().to_owned();
    let path = recording(data.path());
    assert!(said.contains(&path.display().to_string()) && said.contains("--data-dir"), "{said}");
    // The session goes on without its recording.
    let kept = mcap::open(&path).unwrap();
    let newest = kept
        .inputs()
        .unwrap()
        .filter_map(|input| if let Input::Packet(packet) = input.unwrap() { packet.arrival } else { None })
        .last()
        .unwrap();
    run.wait_for("the session to go on", |page| (page.session_time() > newest.0 + 10.0).then_some(()));
    let out = data.path().join("out");
    assert!(analyze(&[&path], &out).status.success());
    run.terminate();
    let (status, stderr) = run.end();
    // A session whose recording is not whole has not gone well.
    assert_eq!(status.code(), Some(1), "{stderr}");
    assert_eq!(program::sentence(&stderr), said);
}

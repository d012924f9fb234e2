//! A session as a person runs it, in the real program: live, its replay and its analysis agree to the last
//! digit, and neither a kill nor a polite end loses what was recorded.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, in its helpers, too"
)]

mod program;

use program::{Program, command, recording, run_arguments, stancewatch, text};
use serde_json::Value;
use stancewatch::cli::Speed;
use stancewatch::edge::{PEAK_COLUMNS, SIGMA_COLUMNS, decimal};
use stancewatch::input::Input;
use stancewatch::live::{self, Play};
use stancewatch::pipeline::PipelineConfig;
use stancewatch::serve::{Hub, SourceKind, SourceLabel};
use stancewatch::source::mcap;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use tokio_util::sync::CancellationToken;

/// Steady running first, so that the runner's usual forms; then faults on both legs.
const RUNNER: &str = r#"
seed = 20
running_s = 140.0
individuality = 0.5

[[episodes]]
side = "right"
kind = "adduction"
degrees = 8.0
start_s = 72.0
duration_s = 25.0

[[episodes]]
side = "left"
kind = "rotation"
degrees = 11.0
start_s = 102.0
duration_s = 25.0

[radio]
loss = 0.005
"#;

/// One live session for all tests: its folder stays until the process ends.
fn live_session() -> &'static Path {
    static SESSION: OnceLock<(tempfile::TempDir, PathBuf)> = OnceLock::new();
    &SESSION
        .get_or_init(|| {
            let folder = tempfile::tempdir().unwrap();
            let data = folder.path().join("data");
            let output =
                stancewatch(live_arguments(folder.path(), &data, "max").iter().chain([&"--once".into()]));
            assert!(output.status.success(), "{}", text(&output.stderr));
            let path = recording(&data);
            (folder, path)
        })
        .1
}

fn live_arguments(folder: &Path, data: &Path, speed: &str) -> Vec<String> {
    let runner = folder.join("runner.toml");
    fs::write(&runner, RUNNER).unwrap();
    let mut arguments = run_arguments(data);
    arguments.extend(["--speed", speed, "--runner-config"].map(str::to_owned));
    arguments.push(runner.display().to_string());
    arguments
}

/// Every message of a recording by channel, as it lies in the file.
fn channels(path: &Path) -> BTreeMap<String, Vec<String>> {
    let bytes = fs::read(path).unwrap();
    let mut channels = BTreeMap::<_, Vec<_>>::new();
    for message in ::mcap::MessageStream::new(&bytes).unwrap() {
        let message = message.unwrap();
        channels.entry(message.channel.topic.clone()).or_default().push(text(&message.data));
    }
    channels
}

/// As [`channels`], of a file that may lack its end.
fn whole_channels(path: &Path) -> BTreeMap<String, Vec<String>> {
    let bytes = fs::read(path).unwrap();
    let options = ::mcap::read::Options::IgnoreEndMagic;
    let mut channels = BTreeMap::<_, Vec<_>>::new();
    // Ends at the first thing that is not whole.
    for message in
        ::mcap::MessageStream::new_with_options(&bytes, options.into()).unwrap().map_while(Result::ok)
    {
        channels.entry(message.channel.topic.clone()).or_default().push(text(&message.data));
    }
    channels
}

fn json(messages: &[String]) -> Vec<Value> {
    messages.iter().map(|m| serde_json::from_str(m).unwrap()).collect()
}

fn analyze(source: &Path, out: &Path, jobs: &str) {
    let [source, out] = [source, out].map(|path| path.display().to_string());
    let output = stancewatch(["analyze", &source, "--out", &out, "--jobs", jobs]);
    assert!(output.status.success(), "{}", text(&output.stderr));
}

/// A file of ours by column.
fn table(path: &Path) -> Vec<BTreeMap<String, String>> {
    let text = fs::read_to_string(path).unwrap();
    let mut lines = text.lines().map(|line| line.split(','));
    let head: Vec<_> = lines.next().unwrap().collect();
    lines.map(|cells| head.iter().map(ToString::to_string).zip(cells.map(str::to_owned)).collect()).collect()
}

/// A number of a message as our files write it; what is absent is an empty field.
fn digits(value: &Value, decimals: u32) -> String {
    let mut out = Vec::new();
    if let Some(value) = value.as_f64() {
        decimal::push(&mut out, value, decimals);
    }
    text(&out)
}

fn word(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// The row of `stances.csv` that a message of the live session stands for.
fn stance_row(message: &Value) -> BTreeMap<String, String> {
    let mut row = BTreeMap::from([
        ("side", word(&message["side"])),
        ("stance", digits(&message["stance"], 0)),
        ("gait", word(&message["gait"])),
        ("ic_time_s", digits(&message["ic_time_s"], 4)),
        ("tc_time_s", digits(&message["tc_time_s"], 4)),
        ("contact_ms", digits(&message["contact_ms"], 1)),
        ("stride_ms", digits(&message["stride_ms"], 1)),
        ("cadence_spm", digits(&message["cadence_spm"], 1)),
        ("valid", message["valid"].to_string()),
        ("reason", word(&message["reason"])),
        ("flags", word(&message["flags"])),
    ]);
    let degrees = PEAK_COLUMNS.into_iter().chain(SIGMA_COLUMNS);
    row.extend(degrees.map(|column| (column, digits(&message[column], 3))));
    row.into_iter().map(|(column, cell)| (column.to_owned(), cell)).collect()
}

/// The row of `alerts.csv` as raised; severity, value and limit may rise later, and it may clear.
fn raised(message: &Value) -> [String; 5] {
    [
        word(&message["rule"]),
        word(&message["side"]),
        digits(&message["onset_time_s"], 4),
        digits(&message["decided_time_s"], 4),
        word(&message["basis"]),
    ]
}

#[test]
fn the_analysis_of_a_live_session_agrees_with_it_to_the_last_digit() {
    let path = live_session();
    let out = tempfile::tempdir().unwrap();
    analyze(path, out.path(), "2");
    let live = channels(path);

    let mut stances: Vec<_> = json(&live["stance"]).iter().map(stance_row).collect();
    let mut rows = table(&out.path().join("stances.csv"));
    let key = |row: &BTreeMap<String, String>| (row["side"].clone(), row["stance"].parse::<u32>().unwrap());
    stances.sort_by_key(key);
    rows.sort_by_key(key);
    assert!(stances.len() > 300, "{} stances", stances.len());
    assert!(stances.iter().filter(|row| row["valid"] == "true").count() > 250);
    assert_eq!(stances, rows);

    let alerts = json(&live["alert"]);
    let mut first: BTreeMap<u64, [String; 5]> = BTreeMap::new();
    let mut cleared = BTreeMap::new();
    for alert in &alerts {
        let number = alert["number"].as_u64().unwrap();
        first.entry(number).or_insert_with(|| raised(alert));
        cleared.insert(number, digits(&alert["clear_time_s"], 4));
    }
    let rows = table(&out.path().join("alerts.csv"));
    let rows_raised: Vec<_> = rows
        .iter()
        .map(|row| {
            ["rule", "side", "onset_time_s", "decided_time_s", "basis"].map(|column| row[column].clone())
        })
        .collect();
    assert!(!first.is_empty(), "the episodes raised no alert: this test shows nothing");
    assert_eq!(first.into_values().collect::<Vec<_>>(), rows_raised);
    assert_eq!(
        cleared.into_values().collect::<Vec<_>>(),
        rows.iter().map(|row| row["clear_time_s"].clone()).collect::<Vec<_>>()
    );
}

#[test]
fn a_replay_makes_the_recording_again_byte_for_byte() {
    let path = live_session();
    let folder = tempfile::tempdir().unwrap();
    let again = folder.path().join("again.mcap");
    let source = mcap::open(path).unwrap();
    let config: PipelineConfig = serde_json::from_str(&source.meta().config).unwrap();
    let play = Play {
        label: SourceLabel { kind: SourceKind::Real, title: String::new(), text: String::new() },
        inputs: Box::new(source.inputs().unwrap().map(|input| input.map_err(anyhow::Error::from))),
        config,
        recording: Some(again.clone()),
        runner: None,
    };
    let played =
        live::play(play.ready().unwrap(), Speed::Max, &Hub::new(), &CancellationToken::new()).unwrap();
    assert!(played.recording_lost.is_none());
    let (live, replayed) = (channels(path), channels(&again));
    assert_eq!(live.keys().collect::<Vec<_>>(), replayed.keys().collect::<Vec<_>>());
    assert!(
        live["cue"].iter().any(|cue| cue.contains("\"kind\":\"gait\"")),
        "no cue: this test shows less than it should"
    );
    for (topic, messages) in &live {
        let differs = messages.iter().zip(&replayed[topic]).find(|(a, b)| a != b);
        assert_eq!(differs, None, "{topic}");
        assert_eq!(messages.len(), replayed[topic].len(), "{topic}");
    }
}

#[test]
fn the_page_of_a_replay_shows_the_alerts_of_the_live_session() {
    let path = live_session();
    let mut replay =
        Program::start(command().args(["replay", "--speed", "max", "--no-open", "--port", "0"]).arg(path));
    let live = json(&channels(path)["alert"]);
    let last = live.iter().map(|a| a["number"].as_u64().unwrap()).max().unwrap();
    let end = json(&channels(path)["angles"]).last().unwrap()["time_s"].as_f64().unwrap();
    // Samples run a little ahead of the grid of angles, so that the end is certain to be past it.
    replay.wait_for("the end of the replay", |page| (page.session_time() >= end).then_some(()));
    let shown = replay.wait_for("the last alert", |page| {
        let alerts = page.json("/api/v1/alerts");
        (alerts.as_array().unwrap().len() as u64 >= last).then_some(alerts)
    });
    let brief =
        |alert: &Value| (word(&alert["rule"]), word(&alert["side"]), digits(&alert["onset_time_s"], 4));
    let mut shown: Vec<_> = shown.as_array().unwrap().iter().map(brief).collect();
    let mut expected: Vec<_> = live.iter().map(brief).collect();
    shown.sort();
    expected.sort();
    expected.dedup();
    assert_eq!(shown, expected);
    replay.terminate();
    assert!(replay.end().0.success());
}

#[test]
fn a_kill_in_mid_run_costs_at_most_the_last_second_and_changes_nothing_before_it() {
    let whole = channels(live_session());
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let mut run = Program::start(command().args(live_arguments(folder.path(), &data, "20")));
    // The page hears of the time every so often: the moment at which it does is when it is right.
    let before = run.wait_for("some running", |page| Some(page.session_time()).filter(|t| *t > 55.0));
    let shown = run.wait_for("the next word", |page| Some(page.session_time()).filter(|t| *t > before));
    run.kill();

    let path = recording(&data);
    let source = mcap::open(&path).unwrap();
    assert!(source.cut().is_some(), "a killed recording must say so");
    let newest = source
        .inputs()
        .unwrap()
        .filter_map(|input| if let Input::Packet(packet) = input.unwrap() { packet.arrival } else { None })
        .last()
        .unwrap();
    assert!(newest.0 > shown - 1.0, "recorded up to {} s, shown {shown} s", newest.0);

    let kept = whole_channels(&path);
    assert!(kept["stance"].len() > 20, "{} stances", kept["stance"].len());
    for topic in ["input", "stance", "calibration", "angles", "contact"] {
        let (kept, whole) = (&kept[topic], &whole[topic]);
        assert_eq!(kept.iter().zip(whole).find(|(a, b)| a != b), None, "{topic}");
        assert!(kept.len() <= whole.len(), "{topic}");
    }
    // Analysed, it gives those stances and the one or two that its end still decides.
    let out = folder.path().join("out");
    analyze(&path, &out, "1");
    let rows = table(&out.join("stances.csv"));
    let stances: Vec<_> = json(&kept["stance"]).iter().map(stance_row).collect();
    assert!(stances.iter().all(|stance| rows.contains(stance)));
    assert!(rows.len() <= stances.len() + 2, "{} rows, {} stances", rows.len(), stances.len());
}

#[test]
fn a_polite_end_finishes_the_recording() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let mut run = Program::start(command().args(live_arguments(folder.path(), &data, "20")));
    let shown = run.wait_for("some samples", |page| Some(page.session_time()).filter(|t| *t > 8.0));
    run.terminate();
    let (status, said) = run.end();
    assert_eq!(status.code(), Some(0), "{said}");
    let source = mcap::open(&recording(&data)).unwrap();
    assert_eq!(source.cut(), None);
    let inputs: Vec<_> = source.inputs().unwrap().map(Result::unwrap).collect();
    assert_eq!(inputs.iter().filter(|input| **input == Input::End).count(), 1);
    assert_eq!(inputs.last(), Some(&Input::End));
    let newest = inputs.iter().rev().find_map(|input| match input {
        Input::Packet(packet) => packet.arrival,
        _ => None,
    });
    assert!(newest.unwrap().0 >= shown, "nothing that was shown may be missing");
}

#[test]
fn the_files_of_an_analysis_are_the_same_bytes_on_one_thread_and_on_two_and_every_time() {
    let folder = tempfile::tempdir().unwrap();
    // Two recordings, so that two threads have work.
    let sources = ["a.mcap", "b.mcap"].map(|name| folder.path().join(name));
    for source in &sources {
        fs::copy(live_session(), source).unwrap();
    }
    let results = ["1", "2", "2"].map(|jobs| {
        let out = tempfile::tempdir().unwrap();
        let mut arguments = vec!["analyze".to_owned(), "--jobs".into(), jobs.into(), "--out".into()];
        arguments.push(out.path().display().to_string());
        arguments.extend(sources.iter().map(|source| source.display().to_string()));
        let output = stancewatch(arguments);
        assert!(output.status.success(), "{}", text(&output.stderr));
        let files = ["alerts.csv", "angles.csv", "stances.csv", "summary.json"];
        ["a", "b"].map(|name| files.map(|file| fs::read(out.path().join(name).join(file)).unwrap()))
    });
    assert!(results.iter().all(|result| *result == results[0]));
}

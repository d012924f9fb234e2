//! What is recorded comes back to the bit, whatever happens to the process, the disk or the file.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "the helpers belong to the tests"
)]

use nalgebra::Vector3;
use proptest::prelude::*;
use stancewatch::body::{ClockKind, Packet, PerSide, Placement, Sample, SensorId, SensorInfo, Side};
use stancewatch::event::{Event, Frame, Gait, PeakSigmas, Peaks, Stance};
use stancewatch::input::{Edge, Input, Link, Mark, Report, Stretch, Trouble, Way};
use stancewatch::record::mcap::{RecordError, Recorder, SessionMeta};
use stancewatch::source::mcap::{self, McapSourceError};
use stancewatch::units::{DeviceTime, Hz, SessionTime};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const RECORD_TO: &str = "STANCEWATCH_TEST_RECORD_TO";

fn meta() -> SessionMeta {
    SessionMeta {
        version: "0.0.0-test".into(),
        config: r#"{"flags":{}}"#.into(),
        started: "2026-11-23T18:05:00+01:00".into(),
        label: "hill repeats".into(),
    }
}

fn sensor(id: u16, placement: Placement) -> Input {
    Input::Sensor(SensorInfo {
        id: SensorId(id),
        name: placement.name().into(),
        placement: Some(placement),
        rate: Hz(100.0),
        clock: ClockKind::Device,
    })
}

/// The `i`-th packet of a session at 100 Hz that begins before its own zero.
fn packet(i: u32) -> Input {
    let t = f64::from(i) * 0.01 - 2.0;
    let wave = (t * 7.3).sin();
    let sample = Sample {
        t: DeviceTime(t / 3.0 + 1e6),
        acc: Vector3::new(wave, 9.81 + wave / 3.0, -0.0),
        gyr: Vector3::new(wave * 0.1, 1e-17 * wave, wave.exp()),
    };
    Input::Packet(Packet { sensor: SensorId(0), arrival: Some(SessionTime(t)), samples: vec![sample] })
}

fn session(packets: u32) -> Vec<Input> {
    let mark = |edge, t| Input::Mark(Mark { stretch: Stretch::Still, edge, t: SessionTime(t) });
    let mut inputs = vec![sensor(0, Placement::LeftThigh), mark(Edge::Begin, -2.0)];
    inputs.extend((0..packets).map(packet));
    inputs.push(mark(Edge::End, 1.0));
    inputs.push(Input::End);
    inputs
}

fn record(path: &Path, inputs: &[Input]) {
    let mut recorder = Recorder::create(path, &meta()).unwrap();
    for input in inputs {
        recorder.input(input).unwrap();
    }
    recorder.finish().unwrap();
}

fn read(path: &Path) -> Vec<Input> {
    mcap::open(path).unwrap().inputs().unwrap().map(Result::unwrap).collect()
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/corrupt").join(name)
}

fn sentence(name: &str) -> String {
    let path = fixture(name);
    match mcap::open(&path) {
        Err(error) => error.to_string(),
        Ok(recording) => recording.inputs().unwrap().find_map(Result::err).unwrap().to_string(),
    }
}

#[test]
fn a_session_comes_back_to_the_bit() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("run.mcap");
    let inputs = session(1234);
    record(&path, &inputs);
    let recording = mcap::open(&path).unwrap();
    assert_eq!((recording.meta(), recording.cut()), (&meta(), None));
    assert_eq!(recording.name(), "run");
    // As text: -0.0 and 0.0 are equal but not the same bits.
    assert_eq!(format!("{:?}", read(&path)), format!("{inputs:?}"));
}

#[test]
fn what_links_say_comes_back_and_raw_bytes_are_kept_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("link.mcap");
    let link = |report| Input::Link(Link { sensor: Some(SensorId(0)), t: SessionTime(0.5), report });
    let lost = Report::Trouble { trouble: Trouble::Lost, active: true, message: "gone".into() };
    let told = [link(lost), link(Report::Battery { percent: 61.0 }), link(Report::Quiet)];
    let bytes = Report::Bytes { way: Way::In, characteristic: "2a19".into(), hex: "57ff".into() };
    let mut inputs = vec![sensor(0, Placement::LeftThigh)];
    inputs.extend(told.iter().cloned());
    inputs.push(link(bytes));
    inputs.push(Input::End);
    record(&path, &inputs);
    inputs.remove(inputs.len() - 2);
    assert_eq!(read(&path), inputs);
    let file = std::fs::read(&path).unwrap();
    let raw: Vec<_> = ::mcap::MessageStream::new(&file)
        .unwrap()
        .map(Result::unwrap)
        .filter(|message| message.channel.topic == "bytes")
        .map(|message| serde_json::from_slice::<serde_json::Value>(&message.data).unwrap())
        .collect();
    assert_eq!(raw.len(), 1);
    assert_eq!(raw[0]["report"]["hex"], "57ff");
}

#[test]
fn every_tool_can_read_what_the_pipeline_said() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("run.mcap");
    let mut recorder = Recorder::create(&path, &meta()).unwrap();
    let stance = Stance {
        side: Side::Left,
        number: 7,
        gait: Gait::Run,
        ic: SessionTime(1.0),
        tc: SessionTime(1.25),
        stride_time: None,
        peaks: Peaks { femur_adduction: Some(10f64.to_radians()), ..Peaks::default() },
        sigma: PeakSigmas::default(),
        valid: true,
        doubt: None,
        decided: SessionTime(1.5),
        flags: Vec::new(),
    };
    let frame = Frame { t: SessionTime(-0.5), legs: PerSide::default(), pelvis: None };
    recorder.event(&Event::Frame(frame)).unwrap();
    recorder.event(&Event::Stance(stance)).unwrap();
    recorder.finish().unwrap();

    let bytes = std::fs::read(&path).unwrap();
    let messages: Vec<_> = ::mcap::MessageStream::new(&bytes).unwrap().map(Result::unwrap).collect();
    let topics: Vec<_> = messages.iter().map(|m| m.channel.topic.as_str()).collect();
    assert_eq!(topics, ["angles", "stance"]);
    let start: jiff::Timestamp = meta().started.parse().unwrap();
    assert_eq!(i128::from(messages[0].log_time), start.as_nanosecond() - 500_000_000);
    let stance: serde_json::Value = serde_json::from_slice(&messages[1].data).unwrap();
    assert!((stance["peak_femur_adduction_deg"].as_f64().unwrap() - 10.0).abs() < 1e-9);
    assert!(stance.get("stride_ms").is_none() && stance.get("reason").is_none());
    for message in &messages {
        let schema = message.channel.schema.as_ref().unwrap();
        let schema: serde_json::Value = serde_json::from_slice(&schema.data).unwrap();
        let body: serde_json::Value = serde_json::from_slice(&message.data).unwrap();
        for field in body.as_object().unwrap().keys() {
            assert!(schema["properties"].get(field).is_some(), "{field} is in no schema");
        }
    }
}

#[test]
fn a_recording_is_never_overwritten() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("run.mcap");
    record(&path, &session(5));
    let error = Recorder::create(&path, &meta()).err().unwrap();
    assert!(error.to_string().contains("never overwritten"), "{error}");
    assert_eq!(read(&path), session(5));
}

#[test]
fn a_folder_that_is_not_there_is_named_with_the_remedy() {
    let error = Recorder::create(Path::new("no/such/folder/run.mcap"), &meta()).err().unwrap().to_string();
    assert!(error.contains("no/such/folder/run.mcap") && error.contains("--data-dir"), "{error}");
}

#[test]
fn a_start_without_offset_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let meta = SessionMeta { started: "this morning".into(), ..meta() };
    let refused = Recorder::create(&dir.path().join("run.mcap"), &meta);
    assert!(matches!(refused, Err(RecordError::Started { .. })));
}

/// Not a test of its own: the process that the tests below start, kill and starve.
#[test]
fn child_that_records() {
    let Some(path) = std::env::var_os(RECORD_TO) else { return };
    let mut recorder = Recorder::create(Path::new(&path), &meta()).unwrap();
    recorder.input(&sensor(0, Placement::LeftThigh)).unwrap();
    for i in 0..1_000_000 {
        match recorder.input(&packet(i)) {
            // In one write: `eprintln` writes piece by piece, and the kill can come in between.
            Ok(()) => std::io::stderr().write_all(format!("sent {i}\n").as_bytes()).unwrap(),
            Err(error) => {
                eprintln!("error {error}");
                assert!(matches!(recorder.input(&packet(i)), Err(RecordError::Stopped { .. })));
                return;
            }
        }
    }
}

fn child_arguments() -> [&'static str; 3] {
    ["--exact", "child_that_records", "--nocapture"]
}

#[test]
fn after_a_kill_at_most_the_last_second_is_missing() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("run.mcap");
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(child_arguments())
        .env(RECORD_TO, &path)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut sent = 0;
    for line in BufReader::new(child.stderr.take().unwrap()).lines() {
        let Some(i) = line.unwrap().strip_prefix("sent ").map(|i| i.parse::<u32>().unwrap()) else {
            continue;
        };
        sent = i;
        if i == 777 {
            child.kill().unwrap();
        }
    }
    child.wait().unwrap();
    assert!(sent >= 777);

    let recording = mcap::open(&path).unwrap();
    assert!(recording.cut().is_some(), "a killed recording must say so");
    let back = read(&path);
    let (end, kept) = back.split_last().unwrap();
    assert_eq!(end, &Input::End);
    let packets = u32::try_from(kept.len() - 1).unwrap();
    assert!(packets + 100 >= sent, "{packets} of {sent} packets are left");
    let mut expected = vec![sensor(0, Placement::LeftThigh)];
    expected.extend((0..packets).map(packet));
    assert_eq!(kept, expected);
}

/// A file-size limit stands in for a full disk: the write fails in the middle of a chunk either way.
#[cfg(unix)]
#[test]
fn a_full_disk_stops_the_recording_with_a_sentence_and_keeps_what_was_written() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("run.mcap");
    let output = Command::new("sh")
        .args(["-c", r#"trap "" XFSZ; ulimit -f 64; exec "$0" "$@""#])
        .arg(std::env::current_exe().unwrap())
        .args(child_arguments())
        .env(RECORD_TO, &path)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    let error = said.lines().find(|line| line.starts_with("error ")).expect("the limit was reached");
    assert!(error.contains("run.mcap stopped") && error.contains("--data-dir"), "{error}");
    assert!(output.status.success(), "{said}");

    let recording = mcap::open(&path).unwrap();
    assert_eq!(recording.cut().unwrap().bytes, 0, "the half chunk must have been cut off");
    let back = read(&path);
    assert!(back.len() > 200, "{} inputs", back.len());
    assert_eq!(back[1..back.len() - 1], (0..).map(packet).take(back.len() - 2).collect::<Vec<_>>());
}

#[cfg(target_os = "linux")]
#[test]
fn a_device_without_space_is_named_with_the_remedy() {
    // /dev/full exists, so that creating stops before any space is asked for.
    let error = Recorder::create(Path::new("/dev/full"), &meta()).err().unwrap().to_string();
    assert!(error.contains("/dev/full"), "{error}");
}

#[test]
fn bad_files_are_refused_with_one_sentence_and_a_remedy() {
    let cases = [
        ("mcap-empty.mcap", "is empty", "another recording"),
        ("mcap-text.mcap", "not an MCAP file", "Motion-BIDS"),
        ("mcap-foreign.mcap", "no `input` channel of stancewatch (it has: /imu)", "made by stancewatch"),
        ("mcap-damaged-chunk.mcap", "chunk 3 at byte ", "copy the file again"),
        ("mcap-format-2.mcap", "format 2", "update stancewatch"),
        ("mcap-message.mcap", "message 2 of chunk 2", "update stancewatch"),
        ("mcap-missing.mcap", "cannot read", "check that the file exists"),
    ];
    for (name, what, remedy) in cases {
        let said = sentence(name);
        assert!(said.contains(name) && said.contains(what) && said.contains(remedy), "{name}: {said}");
        assert!(!said.contains('\n'), "{said}");
    }
}

#[test]
fn after_a_damaged_chunk_the_rest_can_be_read() {
    let items: Vec<_> = mcap::open(&fixture("mcap-damaged-chunk.mcap")).unwrap().inputs().unwrap().collect();
    assert_eq!(items.iter().filter(|i| i.is_err()).count(), 1);
    assert!(matches!(items.last(), Some(Ok(Input::End))));
    assert!(items.len() > 300);
}

#[test]
fn a_truncated_recording_reads_up_to_the_cut_and_says_how_much_is_missing() {
    let recording = mcap::open(&fixture("mcap-truncated.mcap")).unwrap();
    let cut = recording.cut().unwrap();
    assert!(cut.bytes > 0 && cut.chunks == 3, "{cut}");
    let back = read(recording.path());
    assert_eq!(back[..], [&session(400)[..back.len() - 1], &[Input::End]].concat()[..]);
}

#[test]
fn a_power_cut_that_leaves_zeros_loses_only_them() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("run.mcap");
    let whole = std::fs::read(fixture("mcap-truncated.mcap")).unwrap();
    let torn = whole.len() - 400;
    let bytes: Vec<u8> = whole.iter().copied().take(torn).chain(std::iter::repeat_n(0, 4096)).collect();
    std::fs::write(&path, bytes).unwrap();
    let recording = mcap::open(&path).unwrap();
    assert!(recording.cut().unwrap().bytes >= 4096 - 400);
    assert!(recording.inputs().unwrap().all(|input| input.is_ok()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn cut_anywhere_a_recording_is_a_beginning_of_the_session(at in 0.0f64..1.0) {
        let whole = std::fs::read(fixture("mcap-truncated.mcap")).unwrap();
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("run.mcap");
        std::fs::write(&path, &whole[..(whole.len() as f64 * at) as usize]).unwrap();
        match mcap::open(&path) {
            Ok(recording) => {
                let mut back: Vec<_> = recording.inputs().unwrap().map(Result::unwrap).collect();
                prop_assert_eq!(back.pop(), Some(Input::End));
                prop_assert_eq!(&back[..], &session(400)[..back.len()]);
            }
            Err(McapSourceError::Empty { .. } | McapSourceError::NotMcap { .. } | McapSourceError::NoInput { .. }) => {
                prop_assert!(at < 0.5, "the first chunk declares the channels");
            }
            Err(other) => prop_assert!(false, "{}", other),
        }
    }

    #[test]
    fn damage_anywhere_gives_a_sentence_or_the_session_never_a_panic(at in 0.0f64..1.0, flip in 1u8..) {
        let mut bytes = std::fs::read(fixture("mcap-truncated.mcap")).unwrap();
        let place = (bytes.len() as f64 * at) as usize;
        bytes[place] ^= flip;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("run.mcap");
        std::fs::write(&path, &bytes).unwrap();
        if let Ok(recording) = mcap::open(&path) {
            let expected = session(400);
            for input in recording.inputs().unwrap().flatten() {
                prop_assert!(expected.contains(&input));
            }
        }
    }
}

/// Writes `fixtures/corrupt/mcap-*`. They are committed; run this after a change of format.
#[test]
#[ignore = "writes the corrupt fixtures"]
fn make_corrupt_fixtures() {
    std::fs::create_dir_all(fixture("")).unwrap();
    std::fs::write(fixture("mcap-empty.mcap"), b"").unwrap();
    std::fs::write(fixture("mcap-text.mcap"), b"time,acc_x\n0.0,9.81\n").unwrap();

    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("run.mcap");
    record(&path, &session(400));
    let whole = std::fs::read(&path).unwrap();
    let chunks = chunk_bodies(&whole);
    let mut damaged = whole.clone();
    let (start, len) = chunks[2];
    damaged[start + len / 2] ^= 0xff;
    std::fs::write(fixture("mcap-damaged-chunk.mcap"), damaged).unwrap();
    let (start, len) = chunks[3];
    std::fs::write(fixture("mcap-truncated.mcap"), &whole[..start + len * 2 / 3]).unwrap();

    write_plain("mcap-foreign.mcap", "/imu", &[], &[r#"{"acc":[0,0,9.81]}"#]);
    write_plain("mcap-format-2.mcap", "input", &[("format", "2")], &[r#"{"input":"end"}"#]);
    write_plain(
        "mcap-message.mcap",
        "input",
        &[("format", "1")],
        &[r#"{"input":"end"}"#, r#"{"input":"packet","sensor":0}"#],
    );
}

fn chunk_bodies(file: &[u8]) -> Vec<(usize, usize)> {
    let (mut at, mut chunks) = (8, Vec::new());
    while at + 9 <= file.len() - 8 {
        let len = u64::from_le_bytes(file[at + 1..at + 9].try_into().unwrap()) as usize;
        if file[at] == ::mcap::records::op::CHUNK {
            chunks.push((at + 9, len));
        }
        at += 9 + len;
    }
    chunks
}

fn write_plain(name: &str, topic: &str, metadata: &[(&str, &str)], messages: &[&str]) {
    let file = std::fs::File::create(fixture(name)).unwrap();
    let mut writer = ::mcap::Writer::new(file).unwrap();
    let metadata = metadata.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    let channel_id = writer.add_channel(0, topic, "json", &metadata).unwrap();
    writer.flush().unwrap();
    for message in messages {
        let header = ::mcap::records::MessageHeader { channel_id, sequence: 0, log_time: 0, publish_time: 0 };
        writer.write_to_known_channel(&header, message.as_bytes()).unwrap();
    }
    writer.finish().unwrap();
}

//! Motion-BIDS recordings as sessions, and what is said of broken ones.

#![expect(clippy::expect_used, clippy::format_push_string, reason = "helpers of tests may fail loudly")]

use nalgebra::Vector3;
use proptest::prelude::*;
use stancewatch::body::{ClockKind, Packet, Placement, Sample, SensorId, SensorInfo};
use stancewatch::event::ContactKind;
use stancewatch::input::{Edge, Input, Mark, Stretch};
use stancewatch::record::bids::{BidsRecording, Description, create_dataset};
use stancewatch::source::{Recording, SourceError, find};
use stancewatch::units::{DeviceTime, Hz, STANDARD_GRAVITY, SessionTime};
use std::fs;
use std::path::{Path, PathBuf};

/// A data set in a temporary folder.
struct DataSet(tempfile::TempDir);

impl DataSet {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("temporary folder"))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().expect("has a folder")).expect("folder");
        fs::write(&path, text).expect("file");
        path
    }

    /// A tracking system with these sensors; `lead` are the columns before theirs.
    fn system(&self, stem: &str, lead: &[&str], points: &[&str], units: (&str, &str), rows: &str) -> PathBuf {
        let mut channels = "name\tcomponent\ttype\ttracked_point\tunits\n".to_owned();
        for column in lead {
            let kind = if *column == "latency" { "LATENCY" } else { "MISC" };
            channels.push_str(&format!("{column}\tn/a\t{kind}\tn/a\ts\n"));
        }
        for point in points {
            for (kind, unit) in [("ACCEL", units.0), ("GYRO", units.1)] {
                for axis in ["x", "y", "z"] {
                    channels.push_str(&format!("{point}_{kind}_{axis}\t{axis}\t{kind}\t{point}\t{unit}\n"));
                }
            }
        }
        self.write(&format!("{stem}_channels.tsv"), &channels);
        self.write(&format!("{stem}_motion.json"), "{\"SamplingFrequency\": 100}");
        self.write(&format!("{stem}_motion.tsv"), &rows.replace(' ', "\t"))
    }
}

const SI: (&str, &str) = ("m/s^2", "rad/s");

fn only(path: &Path) -> Recording {
    let mut found = find(path).expect("recordings");
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0)
}

fn inputs(path: &Path) -> Vec<Input> {
    only(path).any_inputs().expect("opens").collect::<Result<_, _>>().expect("reads")
}

fn sensors(inputs: &[Input]) -> Vec<SensorInfo> {
    inputs.iter().filter_map(|i| if let Input::Sensor(s) = i { Some(s.clone()) } else { None }).collect()
}

fn packets(inputs: &[Input]) -> Vec<Packet> {
    inputs.iter().filter_map(|i| if let Input::Packet(p) = i { Some(p.clone()) } else { None }).collect()
}

/// Sensor, arrival and sample times of each packet.
fn outline(inputs: &[Input]) -> Vec<(u16, Option<f64>, Vec<f64>)> {
    packets(inputs)
        .into_iter()
        .map(|p| (p.sensor.0, p.arrival.map(|a| a.0), p.samples.iter().map(|s| s.t.0).collect()))
        .collect()
}

#[test]
fn a_row_is_a_packet_per_sensor_in_order_of_placement() {
    let set = DataSet::new();
    let rows = "0.00 1 2 3 4 5 6 7 8 9 10 11 12\n0.01 1 2 3 4 5 6 7 8 9 10 11 12\n";
    set.system("sub-1/motion/sub-1_task-a_tracksys-imu", &["latency"], &["right_shank", "pelvis"], SI, rows);
    let inputs = inputs(set.path());
    let infos = sensors(&inputs);
    assert_eq!(infos[0].placement, Some(Placement::Pelvis));
    assert_eq!(infos[1].placement, Some(Placement::RightShank));
    assert!(infos.iter().all(|s| s.clock == ClockKind::Session && s.rate == Hz(100.0)));
    assert_eq!(
        outline(&inputs),
        [(0, None, vec![0.0]), (1, None, vec![0.0]), (0, None, vec![0.01]), (1, None, vec![0.01])]
    );
    let pelvis = packets(&inputs)[0].samples[0];
    assert_eq!(pelvis.acc.as_slice(), [7.0, 8.0, 9.0]);
    assert_eq!(pelvis.gyr.as_slice(), [10.0, 11.0, 12.0]);
    assert_eq!(inputs.last(), Some(&Input::End));
}

#[test]
fn rows_with_one_arrival_are_one_packet_and_files_merge_by_arrival() {
    let set = DataSet::new();
    let lead = ["latency", "arrival"];
    let left = "0.00 1.05 0 0 9 0 0 0\n0.01 1.05 0 0 9 0 0 0\n0.02 1.08 0 0 9 0 0 0\n";
    let right = "7.00 1.05 0 0 9 0 0 0\n7.01 1.06 0 0 9 0 0 0\n";
    set.system("sub-1/motion/sub-1_task-a_tracksys-R", &lead, &["right_thigh"], SI, right);
    set.system("sub-1/motion/sub-1_task-a_tracksys-L", &lead, &["left_thigh"], SI, left);
    let inputs = inputs(set.path());
    assert!(sensors(&inputs).iter().all(|s| s.clock == ClockKind::Device));
    assert_eq!(
        outline(&inputs),
        [
            (0, Some(1.05), vec![0.0, 0.01]),
            (1, Some(1.05), vec![7.0]),
            (1, Some(1.06), vec![7.01]),
            (0, Some(1.08), vec![0.02]),
        ]
    );
}

/// A session of a sensor without a clock whose link broke once: its numbers begin anew.
#[test]
fn a_sensor_without_a_clock_comes_back_as_one() {
    let folder = tempfile::tempdir().unwrap();
    let about = Description { name: "n", license: "l", authors: &["a"], generator: "g" };
    create_dataset(folder.path(), &about).unwrap();
    let mut recording = BidsRecording::create(folder.path(), "01", "run").unwrap();
    let mut session = Vec::new();
    for (id, placement, clock) in
        [(0, Placement::LeftThigh, ClockKind::Device), (1, Placement::LeftShank, ClockKind::Arrival)]
    {
        let name = placement.name().to_owned();
        let info = SensorInfo { id: SensorId(id), name, placement: Some(placement), rate: Hz(100.0), clock };
        session.push(Input::Sensor(info));
    }
    for (arrival, number) in [(0.5, 0.0), (0.53, 0.03), (0.56, 0.06), (4.0, 0.0), (4.03, 0.03)] {
        for id in 0..2 {
            let t = if id == 0 { arrival + 1000.0 } else { number };
            let sample =
                |t| Sample { t: DeviceTime(t), acc: Vector3::new(0.1, 9.8, 0.2), gyr: Vector3::zeros() };
            session.push(Input::Packet(Packet {
                sensor: SensorId(id),
                arrival: Some(SessionTime(arrival)),
                samples: vec![sample(t), sample(t + 0.01)],
            }));
        }
    }
    session.push(Input::End);
    for input in &session {
        recording.input(input).unwrap();
    }
    recording.finish().unwrap();
    assert_eq!(inputs(folder.path()), session);
}

#[test]
fn a_clock_of_an_unknown_kind_is_said() {
    let set = DataSet::new();
    let rows = "0 5 0 0 9 0 0 0\n";
    let motion = set.system("sub-1_task-a_tracksys-imu", &["latency", "arrival"], &["left_shank"], SI, rows);
    set.write(
        "sub-1_task-a_tracksys-imu_motion.json",
        "{\"SamplingFrequency\": 100, \"LatencyClock\": \"sundial\"}",
    );
    let said = only(&motion).inputs().err().unwrap().to_string();
    assert!(said.contains("sundial") && said.contains("motion.json"), "{said}");
}

#[test]
fn lost_samples_are_absent() {
    let set = DataSet::new();
    let rows = "0.00 1 2 3 4 5 6 1 2 3 4 5 6\n0.01 1 2 3 4 n/a 6 1 2 3 4 5 6\n\
                n/a 1 2 3 4 5 6 1 2 3 4 5 6\n0.03 n/a n/a n/a n/a n/a n/a n/a n/a n/a n/a n/a n/a\n";
    set.system("sub-1_task-a_tracksys-imu", &["latency"], &["left_shank", "right_shank"], SI, rows);
    assert_eq!(
        outline(&inputs(set.path())),
        [(0, None, vec![0.0]), (1, None, vec![0.0]), (1, None, vec![0.01])]
    );
}

#[test]
fn g_and_degrees_become_si() {
    let set = DataSet::new();
    let rows = "0.00 0 -1 0 180 0 -90\n";
    set.system("sub-1_task-a_tracksys-imu", &["latency"], &["left_shank"], ("g", "deg/s"), rows);
    let sample = packets(&inputs(set.path()))[0].samples[0];
    assert!((sample.acc.y + STANDARD_GRAVITY).abs() < 1e-12);
    assert!((sample.gyr.x - std::f64::consts::PI).abs() < 1e-12);
    assert!((sample.gyr.z + std::f64::consts::FRAC_PI_2).abs() < 1e-12);
}

#[test]
fn without_latency_the_rate_gives_the_time() {
    let set = DataSet::new();
    let rows = "0 0 9 0 0 0\nn/a 0 9 0 0 0\n0 0 9 0 0 0\n";
    set.system("sub-1_task-a_tracksys-imu", &[], &["left_shank"], SI, rows);
    assert_eq!(outline(&inputs(set.path())), [(0, None, vec![0.0]), (0, None, vec![0.02])]);
}

#[test]
fn without_a_stated_rate_the_time_stamps_give_it() {
    let set = DataSet::new();
    let rows = "0.00 0 0 9 0 0 0\n0.02 0 0 9 0 0 0\n0.04 0 0 9 0 0 0\n0.50 0 0 9 0 0 0\n";
    set.system("sub-1_task-a_tracksys-imu", &["latency"], &["left_shank"], SI, rows);
    fs::remove_file(set.path().join("sub-1_task-a_tracksys-imu_motion.json")).expect("removed");
    let rate = sensors(&inputs(set.path()))[0].rate.0;
    assert!((rate - 50.0).abs() < 1e-9, "{rate}");
}

#[test]
fn marks_come_before_what_has_their_time() {
    let set = DataSet::new();
    let rows = "0.00 0 0 9 0 0 0\n0.01 0 0 9 0 0 0\n0.02 0 0 9 0 0 0\n";
    set.system("sub-1_task-a_tracksys-imu_run-2", &["latency"], &["left_shank"], SI, rows);
    set.write(
        "sub-1_task-a_run-2_events.tsv",
        "onset\tduration\ttrial_type\n0.005\t0.005\tstill\n0.001\t0\tjump\n0.02\t9\tbaseline\n",
    );
    let kinds: Vec<String> = inputs(set.path())
        .iter()
        .map(|i| match i {
            Input::Sensor(_) => "sensor".to_owned(),
            Input::Packet(p) => format!("{}", p.samples[0].t.0),
            Input::Mark(Mark { stretch, edge, t: SessionTime(t) }) => {
                let word = if *stretch == Stretch::Still { "still" } else { "baseline" };
                format!("{word} {} {t}", if *edge == Edge::Begin { "begins" } else { "ends" })
            }
            Input::Link(_) | Input::Moment(_) | Input::Order(_) => "live".to_owned(),
            Input::End => "end".to_owned(),
        })
        .collect();
    assert_eq!(
        kinds,
        [
            "sensor",
            "0",
            "still begins 0.005",
            "still ends 0.01",
            "0.01",
            "baseline begins 0.02",
            "0.02",
            "baseline ends 9.02",
            "end"
        ]
    );
}

#[test]
fn a_path_is_a_data_set_a_subject_or_a_file_with_its_siblings() {
    let set = DataSet::new();
    let row = "0.00 0 0 9 0 0 0\n";
    let mut file = PathBuf::new();
    for (stem, point) in [
        ("sub-1/motion/sub-1_task-a_tracksys-L_run-1", "left_shank"),
        ("sub-1/motion/sub-1_task-a_tracksys-R_run-1", "right_shank"),
        ("sub-1/motion/sub-1_task-a_tracksys-imu_run-2", "left_shank"),
        ("sub-2/ses-1/motion/sub-2_ses-1_task-a_tracksys-imu", "left_shank"),
        ("derivatives/x/sub-9_task-a_tracksys-imu", "left_shank"),
    ] {
        let path = set.system(stem, &["latency"], &[point], SI, row);
        if stem.contains("-R_") {
            file = path;
        }
    }
    let names = |path: &Path| -> Vec<String> {
        find(path).expect("recordings").into_iter().map(|r| r.name).collect()
    };
    assert_eq!(names(set.path()), ["sub-1_task-a_run-1", "sub-1_task-a_run-2", "sub-2_ses-1_task-a"]);
    assert_eq!(names(&set.path().join("sub-1")), ["sub-1_task-a_run-1", "sub-1_task-a_run-2"]);
    assert_eq!(names(&file), ["sub-1_task-a_run-1"]);
    assert_eq!(sensors(&inputs(&file)).len(), 2);
}

#[test]
fn a_path_without_a_recording_says_what_to_give() {
    let set = DataSet::new();
    let text = set.write("notes.txt", "");
    assert!(matches!(find(set.path()), Err(SourceError::NoRecording { .. })));
    assert!(matches!(find(&text), Err(SourceError::NotMotion { .. })));
    assert!(matches!(find(&set.path().join("gone")), Err(SourceError::NotFound { .. })));
}

#[test]
fn truth_is_read_beside_the_samples() {
    let set = DataSet::new();
    set.system(
        "sub-1/motion/sub-1_task-a_tracksys-imu",
        &["latency"],
        &["left_shank"],
        SI,
        "0.00 0 0 9 0 0 0\n",
    );
    let stem = "sub-1/motion/sub-1_task-a_tracksys-omc";
    set.write(
        &format!("{stem}_channels.tsv"),
        "name\tcomponent\ttype\ttracked_point\tunits\nlatency\tn/a\tLATENCY\tn/a\ts\n\
         left_knee_flexion\tn/a\tJNTANG\tleft_knee\tdeg\nw\tquat_w\tORNT\tobject\tn/a\n\
         x\tquat_x\tORNT\tobject\tn/a\ny\tquat_y\tORNT\tobject\tn/a\nz\tquat_z\tORNT\tobject\tn/a\n",
    );
    set.write(&format!("{stem}_motion.tsv"), "0.5\t180\t1\t0\t0\t0\n0.6\tn/a\tn/a\t0\t0\t0\n");
    set.write(
        "sub-1/motion/sub-1_task-a_events.tsv",
        "onset\tduration\ttrial_type\tside\tvalue\n2.5\t0\tterminal_contact\tright\trun\n\
         2\t0\tinitial_contact\tleft\trun\n1\t5\tepisode_adduction\tleft\t4:ramp\n0\t9\tmovement\tn/a\tn/a\n",
    );
    set.write(
        "derivatives/truth/sub-1_task-a_strides.csv",
        "side,stride,ic_s,to_s,peak_add,peak_introt\nR,0,1.5,1.7,90,-180\n",
    );
    let truth = only(set.path()).truth().expect("truth");
    assert_eq!(truth.angles[0].name, "left_knee_flexion");
    assert_eq!(truth.angles[0].samples, [(0.5, std::f64::consts::PI)]);
    assert_eq!(truth.orientations[0].samples.len(), 1);
    let kinds: Vec<ContactKind> = truth.contacts.iter().map(|c| c.kind).collect();
    assert_eq!(kinds, [ContactKind::Initial, ContactKind::Terminal]);
    assert_eq!(truth.contacts[0].gait.as_deref(), Some("run"));
    assert_eq!((truth.stretches[0].name.as_str(), truth.stretches[0].end), ("movement", SessionTime(9.0)));
    assert_eq!(
        (truth.episodes[0].name.as_str(), truth.episodes[0].value.as_str()),
        ("episode_adduction", "4:ramp")
    );
    assert!((truth.peaks[0].hip_adduction - std::f64::consts::FRAC_PI_2).abs() < 1e-12);
}

/// Every corrupt fixture with the sentence that it must give, after the path.
#[test]
fn each_corrupt_recording_gives_one_sentence_with_file_line_and_remedy() {
    let cases = [
        (
            "channel-missing",
            "imu_channels.tsv, line 3: the left_shank sensor has no GYRO z channel; list ACCEL and GYRO with components x, y and z",
        ),
        (
            "header-column-missing",
            "imu_channels.tsv, line 1: column `units` is missing from the header; add it as Motion-BIDS asks",
        ),
        (
            "unit",
            "imu_channels.tsv, line 6: unit `rpm` of channel `left_shank_gyr_x` is not known; convert it to rad/s or deg/s",
        ),
        (
            "time-backwards",
            "imu_motion.tsv, line 4: time goes from 0.02 s to 0.01 s in column `latency`; sort the rows by time and remove repeated ones",
        ),
        (
            "nan",
            "imu_motion.tsv, line 3: `NaN` in column `left_shank_acc_y` is not a finite number; write a number, or n/a for a lost sample (a motion.tsv has no header row)",
        ),
        (
            "infinite",
            "imu_motion.tsv, line 3: `-inf` in column `left_shank_acc_y` is not a finite number; write a number, or n/a for a lost sample (a motion.tsv has no header row)",
        ),
        (
            "text",
            "imu_motion.tsv, line 2: `0,0200` in column `left_shank_gyr_y` is not a finite number; write a number, or n/a for a lost sample (a motion.tsv has no header row)",
        ),
        ("empty", "imu_motion.tsv: the file is empty; copy it again from where it was recorded"),
        (
            "no-leg-sensor",
            "imu_motion.tsv: none of its sensors is on a leg (it has pelvis, left_wrist); name thigh and shank sensors left_thigh, right_thigh, left_shank or right_shank as tracked_point",
        ),
        (
            "short-row",
            "imu_motion.tsv, line 5: 4 columns where 7 are expected; complete the row or remove it",
        ),
        (
            "no-channels",
            "imu_channels.tsv: missing, and without it the columns of the motion file have no names; add the channels.tsv of this tracking system",
        ),
        (
            "no-rate",
            "imu_motion.json, line 1: no usable `SamplingFrequency` (none given), and no LATENCY channel to tell it from; add the rate in Hz",
        ),
        ("json", "imu_motion.json, line 3: key must be a string at line 3 column 29; correct the JSON"),
    ];
    for (case, sentence) in cases {
        let recording = only(&corrupt(case));
        let error = match recording.inputs() {
            Err(error) => error,
            Ok(mut inputs) => inputs.find_map(Result::err).expect(case),
        };
        let said = error.to_string();
        let said = said.split_once("tracksys-").map(|(_, rest)| rest);
        assert_eq!(said, Some(sentence), "{case}");
    }
}

fn corrupt(case: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/corrupt").join(format!("bids-{case}"))
}

#[test]
fn an_unknown_side_is_named_with_its_line() {
    let error = only(&corrupt("side")).truth().expect_err("a side that is none");
    assert!(error.to_string().ends_with("events.tsv, line 3: `l` is not a side; write left or right"));
}

#[test]
fn a_sensor_on_an_unknown_part_is_kept_and_has_no_placement() {
    let inputs = inputs(&corrupt("unknown-placement"));
    let infos = sensors(&inputs);
    assert_eq!(infos[0].placement, Some(Placement::LeftShank));
    assert_eq!((infos[1].placement, infos[1].name.as_str()), (None, "left_wrist"));
    assert_eq!(packets(&inputs).len(), 10);
    assert!(only(&corrupt("unknown-placement")).inputs().is_ok());
}

#[test]
fn what_was_read_before_an_error_is_kept_and_nothing_follows_it() {
    let recording = only(&corrupt("time-backwards"));
    let results: Vec<_> = recording.inputs().expect("opens").collect();
    assert!(results[..results.len() - 1].iter().all(Result::is_ok));
    assert!(results[results.len() - 1].is_err());
    assert_eq!(results.len(), 1 + 2 + 1);
}

proptest! {
    /// Whatever a motion file holds, reading it ends, in packets or in a sentence.
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let set = DataSet::new();
        let path = set.system("sub-1_task-a_tracksys-imu", &["latency"], &["left_shank"], SI, "");
        fs::write(&path, bytes).expect("file");
        if let Ok(inputs) = only(&path).inputs() {
            prop_assert!(inputs.count() < 1000);
        }
    }

    /// Times come out in order, and no sample is lost or doubled, however the files interleave.
    #[test]
    fn merging_keeps_every_sample_and_the_order(
        steps in proptest::collection::vec((1_u32..40, 0_u32..50), 1..60),
        other in proptest::collection::vec((1_u32..40, 0_u32..50), 1..60),
    ) {
        let set = DataSet::new();
        for (system, point, steps) in [("L", "left_shank", &steps), ("R", "right_shank", &other)] {
            let (mut t, mut arrival, mut rows) = (0, 0, String::new());
            for (dt, da) in steps {
                t += dt;
                arrival += da;
                rows.push_str(&format!("{t} {arrival} 0 0 9 0 0 0\n"));
            }
            let stem = format!("sub-1_task-a_tracksys-{system}");
            set.system(&stem, &["latency", "arrival"], &[point], SI, &rows);
        }
        let outline = outline(&inputs(set.path()));
        prop_assert!(outline.windows(2).all(|w| (w[0].1, w[0].0) < (w[1].1, w[1].0)));
        let count = |id: u16| outline.iter().filter(|p| p.0 == id).map(|p| p.2.len()).sum::<usize>();
        prop_assert_eq!((count(0), count(1)), (steps.len(), other.len()));
    }
}

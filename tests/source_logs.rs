//! Logs of MetaMotion, Movella DOT and Xsens MTw: the same session as its samples say, and what is said of broken ones.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::format_push_string,
    reason = "a test fails by panicking, in its helpers, too"
)]

use nalgebra::Vector3;
use stancewatch::body::{Placement, Sample, SensorInfo};
use stancewatch::input::Input;
use stancewatch::source::logs::Places;
use stancewatch::source::{Recording, find, find_placed};
use stancewatch::units::{DeviceTime, Hz, STANDARD_GRAVITY};
use std::fs;
use std::path::Path;

/// Seconds since 1970 at the first sample: 2026-11-23T17:05:00Z.
const EPOCH: f64 = 1_795_453_500.0;

/// What a sensor measures at `t`, on each sensor something else.
fn sample(sensor: usize, t: f64) -> Sample {
    let k = sensor as f64;
    Sample {
        t: DeviceTime(t),
        acc: Vector3::new(0.5 + k, 9.5 - 0.1 * t, 0.25 * t),
        gyr: Vector3::new(0.01 * k, 0.5 * t, -1.5),
    }
}

fn dot(sensor: usize, rows: u32, first_us: f64) -> String {
    let mut text = "DeviceTag:,Xsens DOT\nFirmwareVersion:,2.0.0\nSyncStatus:,Synced\nOutputRate:,60Hz\n\n\
         PacketCounter,SampleTimeFine,Acc_X,Acc_Y,Acc_Z,Gyr_X,Gyr_Y,Gyr_Z\n"
        .to_owned();
    for i in 0..rows {
        let s = sample(sensor, f64::from(i) / 60.0);
        let us = (first_us + f64::from(i) * 1e6 / 60.0).round() % 4_294_967_296.0;
        let (a, g) = (s.acc, s.gyr.map(f64::to_degrees));
        text += &format!("{i},{us},{},{},{},{},{},{}\n", a.x, a.y, a.z, g.x, g.y, g.z);
    }
    text
}

fn mtw(sensor: usize, rows: u32, first: u32) -> String {
    let mut text = "// Start Time: Unknown\n// Update Rate: 100.0Hz\n// Filter Profile: human (46.1)\n\
                    // Firmware Version: 4.0.2\n\
                    PacketCounter\tSampleTimeFine\tAcc_X\tAcc_Y\tAcc_Z\tGyr_X\tGyr_Y\tGyr_Z\n"
        .to_owned();
    for i in 0..rows {
        let s = sample(sensor, f64::from(i) * 0.01);
        let count = (first + i) % 65_536;
        let (a, g) = (s.acc, s.gyr);
        text += &format!("{count}\t\t{}\t{}\t{}\t{}\t{}\t{}\n", a.x, a.y, a.z, g.x, g.y, g.z);
    }
    text
}

/// Accelerometer and gyroscope, the second half a sample later.
fn metamotion(sensor: usize, rows: u32, zone: &str) -> [String; 2] {
    let mut files = ["g", "deg/s"].map(|unit| {
        format!("epoc (ms),timestamp ({zone}),elapsed (s),x-axis ({unit}),y-axis ({unit}),z-axis ({unit})\n")
    });
    for i in 0..rows {
        for (k, file) in files.iter_mut().enumerate() {
            let t = f64::from(i) * 0.01 + 0.005 * k as f64;
            let s = sample(sensor, t);
            let v = if k == 0 { s.acc / STANDARD_GRAVITY } else { s.gyr.map(f64::to_degrees) };
            let ms = (EPOCH + t) * 1e3;
            let wall = jiff::Timestamp::from_millisecond(ms.round() as i64 + 3_600_000).unwrap();
            let wall = wall.to_string().trim_end_matches('Z').replace(':', ".");
            *file += &format!("{ms:.0},{wall},{t:.3},{},{},{}\n", v.x, v.y, v.z);
        }
    }
    files
}

fn write(folder: &Path, name: &str, text: &str) {
    fs::create_dir_all(folder).unwrap();
    fs::write(folder.join(name), text).unwrap();
}

fn only(folder: &Path) -> Recording {
    let mut found = find(folder).unwrap();
    assert_eq!(found.len(), 1);
    found.remove(0)
}

fn read(recording: &Recording) -> (Vec<SensorInfo>, Vec<(usize, Sample)>) {
    let (mut sensors, mut samples) = (Vec::new(), Vec::new());
    for input in recording.inputs().unwrap() {
        match input.unwrap() {
            Input::Sensor(info) => sensors.push(info),
            Input::Packet(packet) => {
                samples.extend(packet.samples.iter().map(|s| (usize::from(packet.sensor.0), *s)));
            }
            _ => {}
        }
    }
    assert!(samples.windows(2).all(|w| w[0].1.t.0 <= w[1].1.t.0), "not in order of time");
    (sensors, samples)
}

fn assert_samples(samples: &[(usize, Sample)], late: f64) {
    for (sensor, got) in samples {
        let want = sample(*sensor, got.t.0);
        let apart = (got.acc - want.acc).norm().max((got.gyr - want.gyr).norm());
        assert!(apart < late, "sensor {sensor} at {:?}: {got:?} is not {want:?}", got.t);
    }
}

fn refusal(folder: &Path) -> String {
    let said = match find(folder) {
        Err(error) => error.to_string(),
        Ok(found) => found[0].inputs().err().unwrap().to_string(),
    };
    assert!(!said.contains('\n'), "{said}");
    said
}

#[test]
fn a_dot_export_is_its_samples_across_the_end_of_its_clock() {
    let dir = tempfile::tempdir().unwrap();
    // The 32-bit clock runs over after two seconds.
    for (k, name) in ["left_thigh", "left_shank"].iter().enumerate() {
        write(dir.path(), &format!("{name}_20261123.csv"), &dot(k, 300, 4_294_967_296.0 - 2e6));
    }
    let (sensors, samples) = read(&only(dir.path()));
    let found: Vec<_> = sensors.iter().map(|s| (s.placement, s.rate.0)).collect();
    assert_eq!(found, [(Some(Placement::LeftThigh), 60.0), (Some(Placement::LeftShank), 60.0)]);
    assert_eq!(samples.len(), 600);
    assert!((samples[599].1.t.0 - 299.0 / 60.0).abs() < 1e-5);
    assert_samples(&samples, 1e-5);
}

#[test]
fn an_mt_manager_export_is_its_samples_on_the_packet_counter_and_gaps_stay_gaps() {
    let dir = tempfile::tempdir().unwrap();
    let whole = mtw(0, 400, 65_300);
    let lost: Vec<_> =
        whole.lines().enumerate().filter(|(k, _)| !(100..120).contains(k)).map(|(_, l)| l).collect();
    write(dir.path(), "MT_0001-000_00B42279.txt", &(lost.join("\r\n") + "\r\n"));
    write(dir.path(), "MT_0001-000_00B422A1.txt", &mtw(1, 400, 65_300));
    write(dir.path(), "placements.toml", "\"00B42279\" = \"right_thigh\"\n00B422A1 = \"right_shank\"\n");
    let (sensors, samples) = read(&only(dir.path()));
    assert_eq!(sensors[0].placement, Some(Placement::RightThigh));
    assert_eq!(sensors[0].rate, Hz(100.0));
    let of_first: Vec<_> = samples.iter().filter(|(k, _)| *k == 0).map(|(_, s)| s.t.0).collect();
    assert_eq!(of_first.len(), 380);
    assert!(of_first.windows(2).any(|w| (w[1] - w[0] - 0.21).abs() < 1e-9), "the gap is gone");
    assert_samples(&samples, 1e-9);
}

#[test]
fn metamotion_files_come_together_at_the_gyroscopes_times() {
    let dir = tempfile::tempdir().unwrap();
    for (k, name) in ["Left_Thigh", "Right_Thigh"].iter().enumerate() {
        let [acc, gyr] = metamotion(k, 500, "+0100");
        write(
            dir.path(),
            &format!("{name}_2026-11-23T18.05.00.000_E1_Accelerometer_100.000Hz_1.5.0.csv"),
            &acc,
        );
        write(dir.path(), &format!("{name}_2026-11-23T18.05.00.000_E1_Gyroscope_100.000Hz_1.5.0.csv"), &gyr);
    }
    let recording = only(dir.path());
    assert_eq!(recording.warning(), None);
    assert_eq!(recording.started().as_deref(), Some("2026-11-23T17:05:00Z"));
    let (sensors, samples) = read(&recording);
    assert_eq!(sensors.iter().map(|s| s.rate.0).collect::<Vec<_>>(), [100.0, 100.0]);
    assert_eq!(samples.len(), 2 * 499);
    // Times have whole milliseconds.
    assert_samples(&samples, 1e-3);
}

#[test]
fn a_wrong_time_zone_is_said_and_the_epoch_used() {
    let dir = tempfile::tempdir().unwrap();
    let [acc, gyr] = metamotion(0, 50, "-0400");
    write(dir.path(), "left_thigh_Accelerometer.csv", &acc);
    write(dir.path(), "left_thigh_Gyroscope.csv", &gyr);
    let recording = only(dir.path());
    let warning = recording.warning().unwrap();
    assert!(warning.contains("18000 s apart") && warning.contains("the epoch is used"), "{warning}");
    assert_eq!(recording.started().as_deref(), Some("2026-11-23T17:05:00Z"));
}

#[test]
fn a_sensor_whose_clock_was_an_hour_off_is_refused_with_the_remedy() {
    let dir = tempfile::tempdir().unwrap();
    for (k, name) in ["left_thigh", "right_thigh"].iter().enumerate() {
        let files = metamotion(k, 50, "+0100");
        for (file, kind) in files.iter().zip(["Accelerometer", "Gyroscope"]) {
            let shifted = file.replace("\n17954535", &format!("\n1795{}", 4535 + 36 * k));
            write(dir.path(), &format!("{name}_{kind}.csv"), &shifted);
        }
    }
    let said = refusal(dir.path());
    assert!(said.contains("3600 s apart") && said.contains("clock of one phone"), "{said}");
}

#[test]
fn decimal_commas_are_read() {
    let dir = tempfile::tempdir().unwrap();
    let plain = dot(0, 100, 0.0);
    let (head, rows) = plain.split_at(plain.find("PacketCounter").unwrap());
    write(dir.path(), "left_thigh.csv", &(head.to_owned() + &rows.replace(',', ";").replace('.', ",")));
    assert_samples(&read(&only(dir.path())).1, 1e-5);
}

#[test]
fn decimal_commas_between_commas_are_refused_by_line() {
    let dir = tempfile::tempdir().unwrap();
    let plain = dot(0, 100, 0.0);
    let (head, rows) = plain.split_at(plain.find("PacketCounter").unwrap());
    write(dir.path(), "left_thigh.csv", &(head.to_owned() + &rows.replace('.', ",")));
    let said = refusal(dir.path());
    assert!(said.contains("left_thigh.csv, line 7") && said.contains("decimal commas"), "{said}");
}

#[test]
fn a_last_line_that_was_cut_off_is_left_out_and_said() {
    let dir = tempfile::tempdir().unwrap();
    let text = dot(0, 100, 0.0);
    write(dir.path(), "left_thigh.csv", &text[..text.len() - 3]);
    let recording = only(dir.path());
    assert!(recording.warning().unwrap().contains("last line is cut off"), "{:?}", recording.warning());
    let (_, samples) = read(&recording);
    assert_eq!(samples.len(), 99);
    assert_samples(&samples, 1e-5);
}

#[test]
fn a_file_of_a_newer_program_is_refused_with_what_it_has() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "left_thigh.csv", &dot(0, 100, 0.0).replace("Gyr_X", "AngularRate_X"));
    let said = refusal(dir.path());
    assert!(
        said.contains("no column `Gyr_X`") && said.contains("AngularRate_X") && said.contains("update"),
        "{said}"
    );
}

#[test]
fn what_is_missing_or_odd_is_said_with_the_remedy() {
    type Damage = (&'static str, &'static dyn Fn(&Path), &'static str);
    let damages: [Damage; 7] = [
        (
            "half",
            &|d| write(d, "left_thigh_Gyroscope.csv", &metamotion(0, 9, "+0100")[1]),
            "no accelerometer file",
        ),
        (
            "unit",
            &|d| {
                let [acc, gyr] = metamotion(0, 9, "+0100");
                write(d, "left_thigh_Accelerometer.csv", &acc.replace("(g)", "(mg)"));
                write(d, "left_thigh_Gyroscope.csv", &gyr);
            },
            "unit `mg`",
        ),
        (
            "rate",
            &|d| write(d, "left_thigh.txt", &mtw(0, 9, 0).replace("// Update Rate: 100.0Hz\n", "")),
            "// Update Rate: 100.0Hz",
        ),
        (
            "place",
            &|d| write(d, "MT_00B42279.txt", &mtw(0, 9, 0)),
            "placements.toml with lines like `\"MT_00B42279.txt\" = \"left_thigh\"`",
        ),
        (
            "slip",
            &|d| {
                write(d, "MT_00B42279.txt", &mtw(0, 9, 0));
                write(d, "placements.toml", "00B4227X = \"left_thigh\"\n");
            },
            "`00B4227X` fits the name of no log",
        ),
        (
            "twice",
            &|d| {
                write(d, "left_thigh_a.txt", &mtw(0, 9, 0));
                write(d, "left_thigh_b.txt", &mtw(1, 9, 0));
            },
            "both said to be the left_thigh",
        ),
        (
            "number",
            &|d| write(d, "left_thigh.txt", &mtw(0, 9, 0).replace("\t9.5", "\tnine")),
            "line 6: `nine`",
        ),
    ];
    for (name, damage, want) in damages {
        let dir = tempfile::tempdir().unwrap();
        damage(dir.path());
        let said = refusal(dir.path());
        assert!(said.contains(want), "{name}: {said}");
    }
}

#[test]
fn places_given_by_hand_go_before_names() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "left_thigh.txt", &mtw(0, 9, 0));
    let places = Places::given(vec![("left".into(), Placement::RightShank)]);
    let found = find_placed(dir.path(), &places).unwrap();
    assert_eq!(read(&found[0]).0[0].placement, Some(Placement::RightShank));
}

#[test]
fn our_own_results_are_no_logs() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "angles.csv", "time_s,left_hip_flexion_deg\n0.0,1.0\n");
    let said = refusal(dir.path());
    assert!(said.contains("neither a *_motion.tsv nor a log"), "{said}");
}

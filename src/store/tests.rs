use super::*;
use crate::body::{Packet, Sample, SensorId, Side};
use crate::event::{Alert, Basis, Event, Gait, Peaks, Rule, Severity, Stance};
use crate::input::Input;
use crate::units::{DeviceTime, SessionTime};
use nalgebra::Vector3;

pub(super) fn new_session(id: &str, runner: RunnerId) -> NewSession {
    NewSession {
        id: id.to_owned(),
        runner,
        source: "sensors".to_owned(),
        recording: Some(format!("{id}.mcap")),
        started: Some("2026-11-20T10:00:00+01:00".to_owned()),
        settings_sha256: "00".repeat(32),
        program_version: "0.1.0".to_owned(),
    }
}

fn packet(t: f64) -> Input {
    let sample = Sample { t: DeviceTime(t), acc: Vector3::new(0.0, 9.8, 0.0), gyr: Vector3::zeros() };
    Input::Packet(Packet {
        sensor: SensorId(0),
        arrival: Some(SessionTime(t)),
        samples: vec![sample],
    })
}

fn stance(side: Side, number: u32, ic: f64, adduction_deg: f64) -> Stance {
    Stance {
        side,
        number,
        gait: Gait::Run,
        ic: SessionTime(ic),
        tc: SessionTime(ic + 0.25),
        stride_time: Some(0.7),
        peaks: Peaks { femur_adduction: Some(adduction_deg.to_radians()), ..Peaks::default() },
        valid: true,
        doubt: None,
        decided: SessionTime(ic + 0.3),
        flags: Vec::new(),
    }
}

/// A session of one minute with a stance of each leg every 0.7 s and one alert.
pub(super) fn ran(store: &Store, id: &str) -> Session {
    let runner = store.current_runner(None).unwrap();
    let mut log = store.log(new_session(id, runner.id));
    log.input(&packet(0.0));
    for number in 1..=80 {
        let ic = 0.7 * f64::from(number);
        log.event(&Event::Stance(stance(Side::Left, number, ic, 10.0)));
        log.event(&Event::Stance(stance(Side::Right, number, ic + 0.35, 12.0)));
    }
    log.event(&Event::Alert(Alert {
        number: 1,
        rule: Rule::FemurAdduction,
        side: Side::Right,
        severity: Severity::Amber,
        onset: SessionTime(20.0),
        decided: SessionTime(22.0),
        cleared: None,
        value: 0.26,
        threshold: 0.24,
        strides: 4,
        basis: Basis::Baseline,
    }));
    assert_eq!(store.running().as_deref(), Some(id));
    log.finish(Some(SessionTime(60.0))).unwrap();
    store.session(id).unwrap()
}

#[test]
fn a_session_is_there_with_all_that_happened_when_it_is_over() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let session = ran(&store, "2026-11-20T10-00-00");
    assert_eq!((session.stances, session.alerts, session.complete), (160, 1, true));
    assert_eq!(session.end_s, Some(60.0));
    assert_eq!(session.runner_name, "Runner 1");
    assert_eq!(store.running(), None);
    let stances = store.stances(&session.id).unwrap();
    assert_eq!(stances[0].side, "left");
    assert_eq!(stances[1].peak_femur_adduction_deg, Some(12.0));
    assert!(stances.is_sorted_by(|a, b| a.ic_time_s <= b.ic_time_s));
    // Another program sees the same.
    let other = Store::open(folder.path()).unwrap();
    assert_eq!(other.session("last").unwrap(), session);
}

#[test]
fn a_session_is_found_by_as_much_of_its_id_as_is_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    for id in ["2026-11-20T10-00-00", "2026-11-21T10-00-00"] {
        ran(&store, id);
    }
    assert_eq!(store.session("2026-11-21").unwrap().id, "2026-11-21T10-00-00");
    let said = store.session("2026-11-2").unwrap_err().to_string();
    assert!(said.contains("fits 2 sessions"), "{said}");
    assert!(store.session("2025").unwrap_err().to_string().contains("no session `2025`"));
    assert!(store.session("").is_err());
}

#[cfg(unix)]
#[test]
fn what_is_kept_is_readable_by_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let store = Store::open(&data).unwrap();
    ran(&store, "2026-11-20T10-00-00");
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&data), 0o700);
    for file in std::fs::read_dir(&data).unwrap() {
        let path = file.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
}

#[test]
fn a_file_from_a_newer_version_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    drop(Store::open(folder.path()).unwrap());
    let conn = Connection::open(folder.path().join(FILE)).unwrap();
    conn.pragma_update(None, "user_version", 99).unwrap();
    drop(conn);
    let said = Store::open(folder.path()).unwrap_err().to_string();
    assert!(said.contains("format 99") && said.contains("update stancewatch"), "{said}");
}

#[test]
fn a_damaged_file_is_refused_with_its_remedy() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(FILE), "this is no database at all, whatever its name may say")
        .unwrap();
    let said = Store::open(folder.path()).unwrap_err().to_string();
    assert!(said.contains("damaged: move it away"), "{said}");
}

use super::*;
use crate::body::{Packet, PerSide, Sample, SensorId, Side};
use crate::event::{Alert, Basis, Event, Gait, PeakSigmas, Peaks, Rule, Screening, Severity, Stance, Test};
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
    Input::Packet(Packet { sensor: SensorId(0), arrival: Some(SessionTime(t)), samples: vec![sample] })
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
        sigma: PeakSigmas::default(),
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
    assert!(store.running().contains(id));
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
    assert!(store.running().is_empty());
    let stances = store.stances(&session.id).unwrap();
    assert_eq!(stances[0].side, "left");
    assert_eq!(stances[1].peak_femur_adduction_deg, Some(12.0));
    assert!(stances.is_sorted_by(|a, b| a.ic_time_s <= b.ic_time_s));
    // Another program sees the same.
    let other = Store::open(folder.path()).unwrap();
    assert_eq!(other.session("last").unwrap(), session);
}

/// Without recordings, whose files have names of their own, the second session took the first one's place.
#[test]
fn two_sessions_that_begin_within_a_second_are_two() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let name = "2026-11-20T10-00-00";
    for id in [name, "2026-11-20T10-00-00-2", "2026-11-20T10-00-00-3"] {
        assert_eq!(store.unused_session(name).unwrap(), id);
        ran(&store, id);
    }
    assert_eq!(store.sessions(None).unwrap().len(), 3);
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

#[test]
fn a_deleted_session_is_not_answered_with_the_second_one_of_the_same_second() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let (first, second) = ("2026-11-20T10-00-00", "2026-11-20T10-00-00-2");
    ran(&store, first);
    ran(&store, second);
    store.erase_session(first).unwrap();
    assert!(store.session(first).unwrap_err().to_string().contains("no session"));
    assert_eq!(store.session("2026-11-20T10").unwrap().id, second);
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

fn opened() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    (folder, store)
}

const ID: &str = "2026-11-20T10-00-00";

#[test]
fn a_file_of_the_first_format_opens_with_everything_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let conn = Connection::open(folder.path().join(FILE)).unwrap();
    conn.execute_batch(include_str!("../../fixtures/store/v1.sql")).unwrap();
    drop(conn);
    let store = Store::open(folder.path()).unwrap();
    let session = store.session("last").unwrap();
    assert_eq!((session.runner_name.as_str(), session.pain, session.stances), ("Ana", Some(2), 2));
    assert_eq!(session.sensors, Vec::new());
    let stances = store.stances(&session.id).unwrap();
    assert_eq!((stances[0].excluded, stances[1].excluded), (false, true));
    assert_eq!(store.marks(&session.id).unwrap()[0].label, "hill");
    let programme: serde_json::Value = store.document(1, "programme").unwrap().unwrap();
    assert_eq!(programme["done"], 3);
    assert!(store.current_runner(None).unwrap().current);
    // And what is new works on it.
    ran(&store, ID);
    assert_eq!(store.session("last").unwrap().id, ID);
}

#[test]
fn erased_bytes_are_nowhere_in_the_folder() {
    let (folder, store) = opened();
    let session = ran(&store, ID);
    std::fs::create_dir(folder.path().join(RECORDINGS)).unwrap();
    std::fs::write(session.recording_path(folder.path()).unwrap(), "raw samples of a secret run").unwrap();
    let secret = "a note that nobody else may read 4711";
    let change = SessionChange { notes: Some(Some(secret.to_owned())), ..SessionChange::default() };
    store.change_session(ID, change, None).unwrap();
    let found = || {
        let everywhere = [folder.path().to_owned(), folder.path().join(RECORDINGS)];
        let files = everywhere.iter().flat_map(|f| std::fs::read_dir(f).unwrap()).map(|f| f.unwrap().path());
        let has = |path: &PathBuf| {
            let bytes = std::fs::read(path).unwrap();
            ["4711", "secret run"].iter().any(|s| bytes.windows(s.len()).any(|w| w == s.as_bytes()))
        };
        files.filter(|p| p.is_file()).filter(has).count()
    };
    assert!(found() >= 2);
    store.delete_session(ID, None).unwrap();
    assert!(found() >= 2, "for a week it can be brought back");
    store.erase_session(ID).unwrap();
    assert_eq!(found(), 0);
    assert!(matches!(store.session(ID), Err(StoreError::NoSession(_))));
    assert!(store.stances(ID).unwrap().is_empty());
}

#[test]
fn a_deleted_session_is_nowhere_and_comes_back_whole() {
    let (_folder, store) = opened();
    ran(&store, ID);
    store.exclude(ID, "left", 3, true, None).unwrap();
    store.delete_session(ID, None).unwrap();
    assert!(store.sessions(None).unwrap().is_empty());
    assert!(store.trends(1).unwrap().is_empty());
    assert_eq!(store.deleted_sessions().unwrap().len(), 1);
    let back = store.restore_session(ID).unwrap();
    assert_eq!((back.stances, back.deleted), (160, None));
    assert!(store.stances(ID).unwrap().iter().any(|s| s.excluded));
}

#[test]
fn what_was_deleted_goes_for_good_after_a_week_and_old_sessions_when_retention_says_so() {
    let (_folder, store) = opened();
    for id in [ID, "2026-11-20T11-00-00"] {
        ran(&store, id);
    }
    store.delete_session(ID, None).unwrap();
    let deleted = store.deleted_sessions().unwrap()[0].deleted.clone().unwrap();
    let then: jiff::Timestamp = deleted.parse().unwrap();
    let after = |hours: i64| (then + jiff::SignedDuration::from_hours(hours)).to_string();
    assert_eq!(store.expire(&after(24 * UNDO_DAYS - 1)).unwrap(), 0);
    assert_eq!(store.expire(&after(24 * UNDO_DAYS + 1)).unwrap(), 1);
    assert_eq!(store.sessions(None).unwrap().len(), 1);
    assert!(store.deleted_sessions().unwrap().is_empty());
    // It began on the 20th.
    store.set_retention_days(30).unwrap();
    assert_eq!(store.expire("2026-12-19T00:00:00Z").unwrap(), 0);
    assert_eq!(store.expire("2026-12-21T00:00:00Z").unwrap(), 1);
    assert!(store.sessions(None).unwrap().is_empty());
}

#[test]
fn two_who_change_a_session_hear_of_each_other() {
    let (_folder, store) = opened();
    let seen = ran(&store, ID).version;
    let pain = |pain| SessionChange { pain: Some(Some(pain)), ..SessionChange::default() };
    store.change_session(ID, pain(3), Some(seen)).unwrap();
    let said = store.change_session(ID, pain(5), Some(seen)).unwrap_err().to_string();
    assert!(said.contains("changed elsewhere"), "{said}");
    assert_eq!(store.session(ID).unwrap().pain, Some(3));
    // Who does not say what they saw writes last.
    assert_eq!(store.change_session(ID, pain(7), None).unwrap().pain, Some(7));
    assert!(store.change_session(ID, pain(11), None).unwrap_err().to_string().contains("0 to 10"));
}

#[test]
fn a_split_session_is_two_that_share_a_recording_until_both_are_gone() {
    let (folder, store) = opened();
    let whole = ran(&store, ID);
    let path = whole.recording_path(folder.path()).unwrap();
    std::fs::create_dir(folder.path().join(RECORDINGS)).unwrap();
    std::fs::write(&path, "raw").unwrap();
    let second = store.split(ID, 25.0, None).unwrap();
    assert_eq!((second.id.as_str(), second.range()), ("2026-11-20T10-00-00.2", (25.0, 60.0)));
    assert_eq!(store.session(ID).unwrap().range(), (0.0, 25.0));
    let of = |id: &str| {
        store.trends(1).unwrap().iter().filter(|p| p.session == id).map(|p| p.stances).sum::<u32>()
    };
    assert_eq!(of(ID) + of(&second.id), 160);
    assert!(of(ID) > 60 && of(&second.id) > 80);
    store.erase_session(ID).unwrap();
    assert!(path.exists());
    store.erase_session(&second.id).unwrap();
    assert!(!path.exists());
    assert!(store.split("nothing", 1.0, None).is_err());
}

#[test]
fn a_crop_must_lie_in_the_session() {
    let (_folder, store) = opened();
    ran(&store, ID);
    let crop = |from, to| {
        let change = SessionChange { crop: Some(Some((from, to))), ..SessionChange::default() };
        store.change_session(ID, change, None)
    };
    for (from, to) in [(-1.0, 20.0), (20.0, 20.5), (20.0, 10.0), (f64::NAN, 20.0), (10.0, 70.0)] {
        assert!(matches!(crop(from, to), Err(StoreError::Refused(_))), "{from} {to}");
    }
    assert_eq!(crop(10.0, 30.0).unwrap().range(), (10.0, 30.0));
    let whole = SessionChange { crop: Some(None), ..SessionChange::default() };
    assert_eq!(store.change_session(ID, whole, None).unwrap().range(), (0.0, 60.0));
}

#[test]
fn a_crash_leaves_a_session_that_is_made_anew_with_what_people_did_to_it() {
    let (folder, store) = opened();
    let runner = store.current_runner(None).unwrap();
    let mut log = store.log(new_session(ID, runner.id));
    log.input(&packet(0.0));
    log.event(&Event::Stance(stance(Side::Left, 1, 1.0, 10.0)));
    let mark = store.mark(None, 1.2, "hill").unwrap();
    // Gone without a word, as a kill would have it.
    drop(log);
    drop(store);
    let store = Store::open(folder.path()).unwrap();
    let cut = store.unfinished().unwrap();
    assert_eq!((cut.len(), cut[0].stances, cut[0].end_s), (1, 1, None));
    store.exclude(ID, "left", 1, true, None).unwrap();
    let mut log = store.log_anew(new_session(ID, runner.id)).unwrap();
    log.input(&packet(0.0));
    for number in 1..=3 {
        log.event(&Event::Stance(stance(Side::Left, number, f64::from(number), 10.0)));
    }
    log.finish(Some(SessionTime(4.0))).unwrap();
    let session = store.session(ID).unwrap();
    assert_eq!((session.stances, session.complete, session.end_s), (3, true, Some(4.0)));
    assert!(store.stances(ID).unwrap()[0].excluded);
    assert_eq!(store.marks(ID).unwrap(), vec![mark]);
    assert!(store.unfinished().unwrap().is_empty());
}

#[test]
fn a_store_that_is_held_by_another_program_loses_nothing_for_the_session_in_time() {
    let (folder, store) = opened();
    let runner = store.current_runner(None).unwrap();
    let other = Connection::open(folder.path().join(FILE)).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut log = store.log(new_session(ID, runner.id));
    log.input(&packet(0.0));
    for number in 1..=100 {
        log.event(&Event::Stance(stance(Side::Left, number, f64::from(number), 10.0)));
    }
    other.execute_batch("COMMIT").unwrap();
    log.finish(Some(SessionTime(101.0))).unwrap();
    assert_eq!(store.session(ID).unwrap().stances, 100);
}

#[test]
fn a_queue_that_overflows_is_counted_and_said_and_the_session_is_not_called_complete() {
    let (folder, store) = opened();
    let runner = store.current_runner(None).unwrap();
    let other = Connection::open(folder.path().join(FILE)).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut log = store.log(new_session(ID, runner.id));
    log.input(&packet(0.0));
    for number in 1..=(2 * QUEUE + 2 * BATCH) as u32 {
        log.event(&Event::Stance(stance(Side::Left, number, f64::from(number), 10.0)));
    }
    let said = log.trouble().unwrap();
    assert!(
        said.contains("rows wait in the recording only") && said.contains("The recording goes on"),
        "{said}"
    );
    assert_eq!(log.trouble(), None, "said once");
    other.execute_batch("COMMIT").unwrap();
    log.finish(Some(SessionTime(9000.0))).unwrap();
    let session = store.session(ID).unwrap();
    assert!(!session.complete && session.end_s == Some(9000.0));
    assert_eq!(store.unfinished().unwrap().len(), 1);
}

#[test]
fn runners_are_pseudonyms_until_they_give_a_name_and_are_remembered() {
    let (_folder, store) = opened();
    assert_eq!(store.current_runner(None).unwrap().shown(), "Runner 1");
    let ana = store.current_runner(Some("Ana")).unwrap();
    assert_eq!((ana.pseudonym.as_str(), ana.shown()), ("Runner 2", "Ana"));
    assert_eq!(store.current_runner(None).unwrap().id, ana.id);
    assert_eq!(store.runner("ana").unwrap().id, ana.id);
    assert_eq!(store.runner("runner 2").unwrap().id, ana.id);
    for bad in ["", "  ", "two\nlines", &"x".repeat(201)] {
        assert!(matches!(store.add_runner(Some(bad.to_owned())), Err(StoreError::Refused(_))), "{bad:?}");
    }
    let nobody = store.runner_called("Synthetic runner").unwrap();
    assert_eq!(store.current_runner(None).unwrap().id, ana.id, "not {}", nobody.shown());
}

#[test]
fn a_runner_goes_with_every_session_and_everything_goes_with_everyone() {
    let (_folder, store) = opened();
    ran(&store, ID);
    let bea = store.current_runner(Some("Bea")).unwrap();
    ran(&store, "2026-11-21T10-00-00");
    store.put_document(bea.id, "programme", &serde_json::json!({ "done": 1 })).unwrap();
    store.delete_runner(bea.id).unwrap();
    assert_eq!(store.sessions(None).unwrap().len(), 1);
    store.restore_runner(bea.id).unwrap();
    assert_eq!(store.sessions(None).unwrap().len(), 2);
    store.erase_runner(bea.id).unwrap();
    assert_eq!(store.sessions(None).unwrap().len(), 1);
    assert_eq!(store.document::<serde_json::Value>(bea.id, "programme").unwrap(), None);
    store.erase_everything().unwrap();
    assert!(store.runners(true).unwrap().is_empty() && store.sessions(None).unwrap().is_empty());
}

#[test]
fn the_session_that_runs_is_not_deleted() {
    let (_folder, store) = opened();
    let runner = store.current_runner(None).unwrap();
    let mut log = store.log(new_session(ID, runner.id));
    log.input(&packet(0.0));
    let gone = [
        store.delete_session(ID, None).map(drop),
        store.erase_session(ID),
        store.delete_runner(runner.id),
        store.erase_everything(),
    ];
    for refused in gone {
        assert!(refused.unwrap_err().to_string().contains("being recorded"));
    }
    log.finish(Some(SessionTime(1.0))).unwrap();
    store.delete_session(ID, None).unwrap();
}

#[test]
fn screening_tests_are_the_runners_and_go_with_their_session() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let (ana, ben) = (store.add_runner(None).unwrap().id, store.add_runner(None).unwrap().id);
    let test = |reason: Option<&str>| {
        Event::Screening(Box::new(Screening {
            test: Test::StepDown,
            begin: SessionTime(10.0),
            end: SessionTime(if reason.is_some() { 20.0 } else { 40.0 }),
            legs: PerSide::default(),
            left_less_right: Vec::new(),
            reason: reason.map(str::to_owned),
        }))
    };
    let mut log = store.log(new_session("one", ana));
    log.input(&packet(0.0));
    log.event(&test(Some("nobody moved")));
    log.event(&test(None));
    log.finish(Some(SessionTime(60.0))).unwrap();
    let kept = store.screenings(ana).unwrap();
    assert_eq!(kept.len(), 1, "{kept:?}");
    assert_eq!((kept[0].session.as_str(), kept[0].screening.end.0), ("one", 40.0));
    assert_eq!(store.screening(ana, kept[0].id).unwrap(), kept[0]);
    assert!(store.screenings(ben).unwrap().is_empty());
    let said = store.screening(ben, kept[0].id).unwrap_err().to_string();
    assert!(said.contains("of this runner"), "{said}");
    store.delete_session("one", None).unwrap();
    assert!(store.screenings(ana).unwrap().is_empty());
}

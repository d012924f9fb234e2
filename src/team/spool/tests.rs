#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use super::*;
use crate::team::report::{LegReport, StanceReport, StatusReport};
use std::env;
use std::process::Command;

fn ana() -> Who {
    Who { id: "1".to_owned(), name: "Ana".to_owned() }
}

fn stance(number: u32) -> Said {
    Said::Stance(StanceReport {
        stance: number,
        side: "left".to_owned(),
        ic_time_s: 1.0,
        tc_time_s: 1.25,
        valid: true,
        peak_femur_adduction_deg: Some(11.5),
        peak_femur_rotation_deg: None,
        peak_hip_adduction_deg: None,
    })
}

fn status(phase: &str) -> Said {
    let leg = LegReport { sign: "good".to_owned(), reason: None };
    Said::Status(StatusReport {
        after: 0,
        session_time_s: 1.0,
        computer: "hall".to_owned(),
        phase: phase.to_owned(),
        left: leg.clone(),
        right: leg,
        online: 4,
        assigned: 4,
        cadence_spm: None,
    })
}

fn numbers(stretch: &Stretch) -> Vec<u64> {
    stretch.reports.iter().map(|r| r.number.unwrap()).collect()
}

#[test]
fn numbers_go_on_over_restarts_and_the_daemon_stays_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let spool = Spool::open(folder.path(), Bounds::default()).unwrap();
    let daemon = spool.daemon().to_owned();
    for i in 1..=3 {
        spool.tell(&ana(), "s", stance(i));
    }
    spool.flush();
    drop(spool);
    let spool = Spool::open(folder.path(), Bounds::default()).unwrap();
    assert_eq!((spool.daemon(), spool.newest()), (daemon.as_str(), 3));
    spool.tell(&ana(), "s", stance(4));
    spool.flush();
    let all = spool.after(0, 100).unwrap();
    assert_eq!((numbers(&all), all.lost), (vec![1, 2, 3, 4], 0));
    assert_eq!(all.reports[3].said, stance(4));
    assert_eq!(numbers(&spool.after(2, 1).unwrap()), [3]);
    assert_eq!(spool.after(9, 1).unwrap(), Stretch { lost: 0, reports: vec![] });
}

#[test]
fn a_status_has_no_number_and_only_the_newest_counts() {
    let folder = tempfile::tempdir().unwrap();
    let spool = Spool::open(folder.path(), Bounds::default()).unwrap();
    let mut changed = spool.changed();
    changed.mark_unchanged();
    spool.tell(&ana(), "s", status("calibrate"));
    spool.tell(&ana(), "s", status("run"));
    spool.flush();
    assert!(changed.has_changed().unwrap());
    assert_eq!(spool.newest(), 0);
    let statuses = spool.statuses();
    assert_eq!(
        statuses.iter().map(|r| (r.number, r.said.clone())).collect::<Vec<_>>(),
        [(None, status("run"))]
    );
}

#[test]
fn what_the_bounds_take_away_is_told_as_lost_and_its_numbers_do_not_come_again() {
    let folder = tempfile::tempdir().unwrap();
    let spool = Spool::open(folder.path(), Bounds { reports: 10, age_days: 31 }).unwrap();
    for i in 1..=1000 {
        spool.tell(&ana(), "s", stance(i));
    }
    spool.flush();
    let kept = spool.after(0, 1000).unwrap();
    assert_eq!((kept.lost, kept.reports.len()), (990, 10));
    assert_eq!(spool.after(980, 1000).unwrap().lost, 10);
    drop(spool);
    let none = Bounds { reports: 0, age_days: 31 };
    let spool = Spool::open(folder.path(), none).unwrap();
    spool.tell(&ana(), "s", stance(1));
    spool.flush();
    assert_eq!(spool.after(990, 1000).unwrap(), Stretch { lost: 11, reports: vec![] });
    assert_eq!(spool.newest(), 1001);
}

#[test]
fn where_a_way_out_has_come_to_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let spool = Spool::open(folder.path(), Bounds::default()).unwrap();
    assert_eq!(spool.delivered("nats").unwrap(), 0);
    spool.set_delivered("nats", 7).unwrap();
    spool.set_delivered("nats", 8).unwrap();
    drop(spool);
    assert_eq!(Spool::open(folder.path(), Bounds::default()).unwrap().delivered("nats").unwrap(), 8);
}

#[test]
fn two_programs_do_not_share_a_log() {
    let folder = tempfile::tempdir().unwrap();
    let _first = Spool::open(folder.path(), Bounds::default()).unwrap();
    let error = Spool::open(folder.path(), Bounds::default()).unwrap_err().to_string();
    assert!(error.contains("another stancewatch"), "{error}");
}

#[cfg(unix)]
#[test]
fn only_its_owner_reads_it() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let spool = Spool::open(folder.path(), Bounds::default()).unwrap();
    spool.tell(&ana(), "s", stance(1));
    spool.flush();
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let file = file.unwrap();
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o077, 0, "{}", file.path().display());
    }
}

/// Not a test of itself: the program that is killed in the one below.
#[test]
fn tells_until_killed() {
    let Some(folder) = env::var_os("SPOOL_TELLS_UNTIL_KILLED") else { return };
    let spool = Spool::open(Path::new(&folder), Bounds::default()).unwrap();
    for i in 1.. {
        spool.tell(&ana(), "s", stance(i));
        thread::sleep(Duration::from_micros(100));
    }
}

#[test]
fn a_kill_at_any_moment_leaves_a_log_without_gaps_that_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let mut newest = 0;
    for round in 1..=5 {
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["team::spool::tests::tells_until_killed", "--exact"])
            .env("SPOOL_TELLS_UNTIL_KILLED", folder.path())
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        thread::sleep(Duration::from_millis(200 + 37 * round));
        child.kill().unwrap();
        child.wait().unwrap();
        // A torn page at the end of the log of changes, as a power cut may leave it.
        let wal = folder.path().join(format!("{FILE}-wal"));
        let length = std::fs::metadata(&wal).map_or(0, |m| m.len());
        if round % 2 == 0 && length > 100 {
            std::fs::OpenOptions::new().write(true).open(&wal).unwrap().set_len(length - 100).unwrap();
        }
        let spool = Spool::open(folder.path(), Bounds::default()).unwrap();
        let all = spool.after(0, usize::MAX).unwrap();
        assert_eq!(all.lost, 0);
        assert_eq!(numbers(&all), (1..=spool.newest()).collect::<Vec<_>>());
        assert!(spool.newest() > newest, "round {round}: {} after {newest}", spool.newest());
        newest = spool.newest();
    }
}

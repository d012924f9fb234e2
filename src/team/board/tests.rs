use super::*;
use crate::team::report::{
    AlertReport, FORM, LegReport, SessionReport, StanceReport, StatusReport, Who, read,
};
use proptest::prelude::*;

const NOW: i64 = 1_800_000_000_000;

fn report(daemon: &str, number: Option<u64>, runner: &str, session: &str, said: Said) -> Report {
    let runner = Who { id: runner.to_owned(), name: format!("Name of {runner}") };
    let (daemon, session) = (daemon.to_owned(), session.to_owned());
    Report { form: FORM, daemon, number, told_unix_ms: NOW, runner, session, said }
}

fn leg(sign: &str) -> LegReport {
    LegReport { sign: sign.to_owned(), reason: None }
}

fn status(after: u64, session_time_s: f64) -> Said {
    Said::Status(StatusReport {
        after,
        session_time_s,
        computer: "laptop".to_owned(),
        phase: "watching".to_owned(),
        left: leg("good"),
        right: leg("good"),
        online: 5,
        assigned: 5,
        cadence_spm: Some(170.0),
    })
}

fn stance(number: u32) -> Said {
    Said::Stance(StanceReport {
        stance: number,
        side: "left".to_owned(),
        ic_time_s: f64::from(number),
        tc_time_s: f64::from(number) + 0.25,
        valid: !number.is_multiple_of(3),
        peak_femur_adduction_deg: Some(4.0),
        peak_femur_rotation_deg: None,
        peak_hip_adduction_deg: None,
    })
}

fn alert(alert: u32, severity: &str, cleared: bool) -> Said {
    Said::Alert(AlertReport {
        alert,
        rule: "femur_adduction".to_owned(),
        side: "right".to_owned(),
        severity: severity.to_owned(),
        onset_time_s: 40.0,
        decided_time_s: 45.0,
        clear_time_s: cleared.then_some(60.0),
        value_deg: 9.5,
        threshold_deg: 6.0,
    })
}

fn ended(ended: bool) -> Said {
    Said::Session(SessionReport { ended })
}

fn acknowledged(alert: u32) -> Said {
    Said::Acknowledged(crate::team::Acknowledgement { alert })
}

fn board(reports: impl IntoIterator<Item = Report>) -> Board {
    let mut board = Board::default();
    for report in reports {
        board.take(Ok(report), "direct", NOW);
    }
    board
}

/// What one runner of daemon `d` has been told of, numbered from 1.
fn log(session: &str, said: impl IntoIterator<Item = Said>) -> Vec<Report> {
    let number = |i: usize| Some(i as u64 + 1);
    said.into_iter().enumerate().map(|(i, said)| report("d", number(i), "r", session, said)).collect()
}

fn only(view: &BoardView) -> &Tile {
    let [tile] = view.tiles.as_slice() else { panic!("one tile: {view:?}") };
    tile
}

#[test]
fn an_alert_stands_with_runner_side_value_and_since_when_until_it_clears() {
    let mut board = board(log("s", [ended(false), alert(1, "amber", false), alert(1, "red", false)]));
    board.take(Ok(report("d", None, "r", "s", status(3, 46.0))), "direct", NOW);
    let view = board.view(NOW + 5000);
    let tile = only(&view);
    assert_eq!((tile.standing, tile.name.as_str()), (Standing::TooFar, "Name of r"));
    let [open] = tile.alerts.as_slice() else { panic!("{tile:?}") };
    assert_eq!(
        (open.side.as_str(), open.severity.as_str(), open.since_unix_ms),
        ("right", "red", NOW - 5000)
    );
    board.take(Ok(report("d", Some(4), "r", "s", alert(1, "red", true))), "direct", NOW);
    let view = board.view(NOW + 5000);
    assert_eq!((only(&view).standing, only(&view).alerts_in_all), (Standing::Calm, 1));
}

#[test]
fn an_acknowledged_alert_stays_and_yields_its_place() {
    let told = [ended(false), acknowledged(1), alert(1, "red", false)];
    let mut board = board(log("s", told));
    board.take(Ok(report("d", None, "r", "s", status(3, 46.0))), "direct", NOW);
    let view = board.view(NOW);
    assert_eq!(only(&view).standing, Standing::Acknowledged);
    assert!(only(&view).alerts.iter().all(|alert| alert.acknowledged));
}

#[test]
fn a_new_session_has_none_of_the_alerts_of_the_one_before() {
    let mut reports = log("s1", [ended(false), alert(1, "red", false)]);
    reports.push(report("d", Some(3), "r", "s2", ended(false)));
    let view = board(reports).view(NOW);
    assert_eq!((only(&view).alerts.len(), only(&view).alerts_in_all), (0, 1));
    assert_eq!(only(&view).session.as_deref(), Some("s2"));
    let view = board(log("s", [ended(false), alert(1, "red", false), ended(true)])).view(NOW);
    assert!(only(&view).alerts.is_empty() && only(&view).ended);
}

#[test]
fn a_silent_daemon_greys_its_runners_and_says_since_when() {
    let mut board = board(log("s", [ended(false)]));
    board.take(Ok(report("d", None, "r", "s", status(1, 46.0))), "direct", NOW);
    assert_eq!(only(&board.view(NOW + 9000)).left.sign, "good");
    let view = board.view(NOW + 11_000);
    let tile = only(&view);
    assert_eq!((tile.left.sign.as_str(), tile.standing), ("lost", Standing::Trouble));
    assert_eq!((tile.silent_since_unix_ms, tile.cadence_spm), (Some(NOW), None));
    assert_eq!(view.daemons.first().unwrap().silent_since_unix_ms, Some(NOW));
    assert!(board.view(NOW + 13 * 3_600_000).tiles.is_empty(), "who has gone home is not on the board");
}

#[test]
fn what_is_missing_is_known_even_at_the_end_of_the_log() {
    let mut reports = log("s", (1..=9).map(stance));
    reports.retain(|r| !matches!(r.number, Some(4 | 5)));
    let mut board = board(reports);
    board.take(Ok(report("d", None, "r", "s", status(11, 46.0))), "direct", NOW);
    let daemon = board.view(NOW).daemons.remove(0);
    assert_eq!((daemon.missing, daemon.gaps), (4, vec![(4, 5), (10, 11)]));
    assert_eq!(board.resume_after("d"), 3);
    board.forgotten("d", 4);
    let daemon = board.view(NOW).daemons.remove(0);
    assert_eq!((daemon.missing, daemon.lost, board.resume_after("d")), (3, 1, 4));
    assert_eq!(board.resume_after("other"), 0);
}

#[test]
fn a_clock_an_hour_off_is_said_and_since_when_is_by_the_boards_own() {
    let hour = 3_600_000;
    let mut reports = log("s", [ended(false), alert(1, "red", false)]);
    reports.push(report("d", None, "r", "s", status(2, 46.0)));
    for report in &mut reports {
        report.told_unix_ms += hour;
    }
    let view = board(reports).view(NOW);
    assert_eq!(view.daemons.first().unwrap().clock_ahead_s, Some(3600.0));
    assert_eq!(only(&view).alerts.first().unwrap().since_unix_ms, NOW - 5000);
}

#[test]
fn runners_of_one_name_on_two_daemons_are_two_and_told_apart() {
    let two = ["d1", "d2"].map(|d| report(d, None, "r", "s", status(0, 1.0)));
    let view = board(two).view(NOW);
    let computers: Vec<_> = view.tiles.iter().map(|tile| tile.computer.clone().unwrap()).collect();
    assert_eq!(computers, ["laptop d1", "laptop d2"]);
    let mut other = report("d3", None, "r", "s", status(0, 1.0));
    if let Said::Status(status) = &mut other.said {
        status.computer = "tablet".to_owned();
    }
    let view = board([report("d1", None, "r", "s", status(0, 1.0)), other]).view(NOW);
    let computers: Vec<_> = view.tiles.iter().map(|tile| tile.computer.as_deref().unwrap()).collect();
    assert_eq!(computers, ["laptop", "tablet"]);
    let view = board([report("d1", None, "r", "s", status(0, 1.0))]).view(NOW);
    assert_eq!(only(&view).computer, None);
}

#[test]
fn what_is_refused_is_counted_and_told_and_changes_nothing() {
    let mut board = board(log("s", [ended(false)]));
    let before = board.view(NOW).tiles;
    for text in ["{\"form\": 9}", "nonsense", "nonsense", "{\"form\": 1}"] {
        assert_eq!(board.take(read(text.as_bytes(), Some("d")), "direct", NOW), Heard::Refused);
    }
    let forged = serde_json::to_vec(&report("d", Some(2), "r", "s", alert(1, "red", false))).unwrap();
    board.take(read(&forged, Some("e")), "direct", NOW);
    let view = board.view(NOW);
    let counts: Vec<_> = view.refused.iter().map(|r| (r.reason.as_str(), r.count)).collect();
    assert_eq!(counts, [("forged", 1), ("malformed", 3), ("newer", 1)]);
    assert!(view.refused.iter().all(|r| !r.message.is_empty()));
    assert_eq!(view.tiles, before);
}

#[test]
fn the_worst_comes_first_and_the_order_stays() {
    let mut all = vec![
        report("d", Some(1), "calm", "s1", ended(false)),
        report("d", Some(2), "amber", "s2", alert(1, "amber", false)),
        report("d", Some(3), "red", "s3", alert(1, "red", false)),
        report("d", Some(4), "seen", "s4", alert(1, "red", false)),
        report("d", Some(5), "seen", "s4", acknowledged(1)),
    ];
    for (runner, session) in [("calm", "s1"), ("amber", "s2"), ("red", "s3"), ("seen", "s4")] {
        all.push(report("d", None, runner, session, status(5, 50.0)));
    }
    let mut lost = report("d", None, "lost", "s5", status(5, 50.0));
    if let Said::Status(status) = &mut lost.said {
        status.online = 4;
    }
    all.push(lost);
    let board = board(all);
    let order = |now| board.view(now).tiles.iter().map(|tile| tile.runner.clone()).collect::<Vec<_>>();
    assert_eq!(order(NOW), ["red", "amber", "lost", "seen", "calm"]);
    assert_eq!(order(NOW), order(NOW + 5000));
}

#[test]
fn a_board_that_was_put_away_goes_on() {
    let board = board(log("s", [ended(false), alert(1, "red", false), stance(1)]));
    let again: Board = serde_json::from_str(&serde_json::to_string(&board).unwrap()).unwrap();
    assert_eq!(again, board);
}

/// Logs of two daemons with three runners, as daemons write them: in sessions, alerts raised before they clear.
fn logs() -> impl Strategy<Value = Vec<Report>> {
    prop::collection::vec((0..2usize, 0..3usize, 0..8u8), 1..80).prop_map(|steps| {
        let mut all = Vec::new();
        let mut numbers = [0u64; 2];
        let mut runners = std::collections::BTreeMap::<(usize, usize), (u32, u32, u32)>::new();
        for (place, (daemon, runner, what)) in steps.into_iter().enumerate() {
            let known = runners.entry((daemon, runner)).or_insert((0, 0, 0));
            let (sessions, alerts, stances) = known;
            let said = match what {
                0 => {
                    (*sessions, *alerts) = (*sessions + 1, 0);
                    ended(false)
                }
                1 => {
                    *alerts += 1;
                    alert(*alerts, "amber", false)
                }
                2 => alert((*alerts).max(1), "red", false),
                3 => alert((*alerts).max(1), "amber", true),
                4 => acknowledged((*alerts).max(1)),
                5 => ended(true),
                _ => {
                    *stances += 1;
                    stance(*stances)
                }
            };
            let (session, runner) = (format!("s{sessions}"), format!("r{runner}"));
            let id = format!("d{daemon}");
            let Some(number) = numbers.get_mut(daemon) else { continue };
            *number += 1;
            all.push(report(&id, Some(*number), &runner, &session, said));
            all.push(report(&id, None, &runner, &session, status(*number, place as f64)));
        }
        all
    })
}

/// All that does not tell how often something came.
fn seen(board: &Board) -> (Vec<Tile>, Vec<DaemonView>) {
    let BoardView { tiles, mut daemons, .. } = board.view(NOW);
    for daemon in &mut daemons {
        daemon.again = 0;
    }
    (tiles, daemons)
}

proptest! {
    #[test]
    fn any_order_with_duplicates_gives_the_same_board(
        (all, shuffled) in logs().prop_flat_map(|all| {
            let twice: Vec<_> = all.iter().cloned().chain(all.iter().step_by(2).cloned()).collect();
            (Just(all), Just(twice).prop_shuffle())
        })
    ) {
        let in_order = board(all.clone());
        prop_assert_eq!(seen(&board(shuffled)), seen(&in_order));
        let view = in_order.view(NOW);
        prop_assert!(view.daemons.iter().all(|daemon| daemon.missing == 0 && daemon.again == 0));
        let stances = all.iter().filter(|r| matches!(r.said, Said::Stance(_))).count();
        prop_assert_eq!(view.tiles.iter().map(|tile| tile.stances).sum::<u64>(), stances as u64);
        let raised: std::collections::BTreeSet<_> = all
            .iter()
            .filter_map(|r| match &r.said {
                Said::Alert(alert) => Some((&r.daemon, &r.runner.id, &r.session, alert.alert)),
                _ => None,
            })
            .collect();
        prop_assert_eq!(view.tiles.iter().map(|tile| tile.alerts_in_all).sum::<usize>(), raised.len());
    }

    #[test]
    fn no_bytes_hurt(text in prop::collection::vec(any::<u8>(), 0..200)) {
        let mut board = Board::default();
        board.take(read(&text, None), "direct", NOW);
        prop_assert!(board.view(NOW).tiles.is_empty());
    }
}

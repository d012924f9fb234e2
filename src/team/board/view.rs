//! The board as people see it: tiles, worst first, and what to know about the daemons.

use super::runner::{Runner, Standing as StandingAlert};
use super::{Board, Daemon, GONE_MS};
use crate::team::report::LegReport;
use serde::Serialize;
use std::collections::BTreeMap;

/// Gaps that are listed; the count has all.
const GAPS: usize = 5;

/// All that a page shows.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BoardView {
    pub now_unix_ms: i64,
    pub tiles: Vec<Tile>,
    pub daemons: Vec<DaemonView>,
    pub refused: Vec<RefusedView>,
}

/// How urgent a runner is; the order of the tiles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// A red alert that nobody has acknowledged.
    TooFar,
    /// An amber one.
    Watch,
    /// Nothing can be said: the daemon is silent, or a sensor is.
    Trouble,
    /// All alerts that stand are acknowledged.
    Acknowledged,
    Calm,
}

/// One runner.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Tile {
    pub daemon: String,
    pub runner: String,
    pub name: String,
    /// Where, when the name alone does not say which runner it is.
    pub computer: Option<String>,
    pub session: Option<String>,
    pub standing: Standing,
    pub ended: bool,
    pub silent_since_unix_ms: Option<i64>,
    pub phase: Option<String>,
    pub left: LegReport,
    pub right: LegReport,
    pub online: u32,
    pub assigned: u32,
    pub cadence_spm: Option<f64>,
    /// Those that stand, worst first.
    pub alerts: Vec<OpenAlert>,
    pub stances: u64,
    pub judged: u64,
    pub alerts_in_all: usize,
}

/// An alert that stands.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OpenAlert {
    pub alert: u32,
    pub rule: String,
    pub side: String,
    pub severity: String,
    pub value_deg: f64,
    pub threshold_deg: f64,
    /// By the board's clock.
    pub since_unix_ms: i64,
    pub acknowledged: bool,
}

/// One daemon.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DaemonView {
    pub daemon: String,
    pub computer: String,
    pub silent_since_unix_ms: Option<i64>,
    /// How far its clock is ahead, if that is worth saying.
    pub clock_ahead_s: Option<f64>,
    /// Reports that it has and that have not come.
    pub missing: u64,
    /// The first of those: first and last number of each gap.
    pub gaps: Vec<(u64, u64)>,
    /// Reports that it has forgotten before they came.
    pub lost: u64,
    /// Reports that came again, and were not counted again.
    pub again: u64,
}

/// What was not taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RefusedView {
    pub way: String,
    pub reason: String,
    pub count: u64,
    pub message: String,
}

pub(super) fn of(board: &Board, now_unix_ms: i64) -> BoardView {
    let mut tiles: Vec<Tile> = board
        .daemons
        .iter()
        .flat_map(|(id, daemon)| {
            daemon.runners.iter().filter_map(move |(runner, known)| {
                let heard =
                    known.session().map_or(i64::MIN, |(_, session)| daemon.here(session.told_unix_ms()));
                let gone = now_unix_ms.saturating_sub(heard.max(known.heard_unix_ms)) > GONE_MS;
                (!gone).then(|| tile(id, daemon, runner, known, now_unix_ms))
            })
        })
        .collect();
    tell_apart(&mut tiles);
    tiles.sort_by(|a, b| place(a).cmp(&place(b)));
    BoardView {
        now_unix_ms,
        tiles,
        daemons: board.daemons.iter().map(|(id, daemon)| daemon_view(id, daemon, now_unix_ms)).collect(),
        refused: refused(board),
    }
}

/// By urgency, then the oldest alert, then by name: as still as the runners let it be.
fn place(tile: &Tile) -> (Standing, i64, &str, &str, &str) {
    let open = tile.alerts.iter().filter(|alert| !alert.acknowledged);
    let since = open.map(|alert| alert.since_unix_ms).min().unwrap_or(0);
    (tile.standing, since, &tile.name, &tile.daemon, &tile.runner)
}

fn tile(id: &str, daemon: &Daemon, runner: &str, known: &Runner, now_unix_ms: i64) -> Tile {
    let status = known.newest_status();
    let session = known.session();
    let silent = daemon.silent_since(now_unix_ms);
    let leg = |leg: Option<&LegReport>| match (silent, leg) {
        (None, Some(leg)) => leg.clone(),
        (silent, _) => LegReport {
            sign: "lost".to_owned(),
            reason: Some(if silent.is_some() { "daemon_silent" } else { "no_status" }.to_owned()),
        },
    };
    let mut alerts: Vec<OpenAlert> = session
        .into_iter()
        .flat_map(|(_, session)| session.standing())
        .map(|standing| open_alert(daemon, &standing, now_unix_ms))
        .collect();
    alerts.sort_by(|a, b| {
        let worst = |alert: &OpenAlert| {
            (alert.acknowledged, alert.severity != "red", alert.since_unix_ms, alert.alert)
        };
        worst(a).cmp(&worst(b))
    });
    let mut tile = Tile {
        daemon: id.to_owned(),
        runner: runner.to_owned(),
        name: known.name().to_owned(),
        computer: Some(daemon.computer.clone()),
        session: session.map(|(id, _)| id.to_owned()),
        standing: Standing::Calm,
        ended: session.is_some_and(|(_, session)| session.has_ended()),
        silent_since_unix_ms: silent,
        phase: status.map(|status| status.phase.clone()),
        left: leg(status.map(|status| &status.left)),
        right: leg(status.map(|status| &status.right)),
        online: status.map_or(0, |status| status.online),
        assigned: status.map_or(0, |status| status.assigned),
        cadence_spm: status.and_then(|status| status.cadence_spm).filter(|_| silent.is_none()),
        alerts,
        stances: known.stances,
        judged: known.judged,
        alerts_in_all: known.alerts(),
    };
    tile.standing = standing(&tile);
    tile
}

fn standing(tile: &Tile) -> Standing {
    let open = |severity: &str| tile.alerts.iter().any(|a| !a.acknowledged && a.severity == severity);
    let lost = tile.left.sign == "lost" || tile.right.sign == "lost" || tile.online < tile.assigned;
    if open("red") {
        Standing::TooFar
    } else if open("amber") {
        Standing::Watch
    } else if lost && !tile.ended {
        Standing::Trouble
    } else if tile.alerts.is_empty() {
        Standing::Calm
    } else {
        Standing::Acknowledged
    }
}

fn open_alert(daemon: &Daemon, standing: &StandingAlert<'_>, now_unix_ms: i64) -> OpenAlert {
    let alert = standing.alert;
    let age_ms = ((alert.decided_time_s - alert.onset_time_s).clamp(0.0, 86_400.0) * 1000.0) as i64;
    OpenAlert {
        alert: alert.alert,
        rule: alert.rule.clone(),
        side: alert.side.clone(),
        severity: alert.severity.clone(),
        value_deg: alert.value_deg,
        threshold_deg: alert.threshold_deg,
        since_unix_ms: daemon.here(standing.told_unix_ms).saturating_sub(age_ms).min(now_unix_ms),
        acknowledged: standing.acknowledged,
    }
}

/// The computer is said only where two tiles have one name; where two computers are called alike, too, with a piece
/// of the daemon's id.
fn tell_apart(tiles: &mut [Tile]) {
    let mut daemons: BTreeMap<(String, Option<String>), Vec<String>> = BTreeMap::new();
    let mut names: BTreeMap<String, usize> = BTreeMap::new();
    for tile in &*tiles {
        daemons.entry((tile.name.clone(), tile.computer.clone())).or_default().push(tile.daemon.clone());
        *names.entry(tile.name.clone()).or_default() += 1;
    }
    for tile in tiles {
        let alike = daemons.get(&(tile.name.clone(), tile.computer.clone())).map_or(0, Vec::len);
        if names.get(&tile.name) == Some(&1) {
            tile.computer = None;
        } else if alike > 1 {
            let piece: String = tile.daemon.chars().take(4).collect();
            tile.computer = tile.computer.take().map(|computer| format!("{computer} {piece}"));
        }
    }
}

fn daemon_view(id: &str, daemon: &Daemon, now_unix_ms: i64) -> DaemonView {
    DaemonView {
        daemon: id.to_owned(),
        computer: daemon.computer.clone(),
        silent_since_unix_ms: daemon.silent_since(now_unix_ms),
        clock_ahead_s: daemon.clock_off_ms().map(|ms| ms as f64 / 1000.0),
        missing: daemon.missing().map(|(first, last)| last - first + 1).sum(),
        gaps: daemon.missing().take(GAPS).collect(),
        lost: daemon.lost,
        again: daemon.again,
    }
}

fn refused(board: &Board) -> Vec<RefusedView> {
    let all =
        board.refused.iter().flat_map(|(way, words)| words.iter().map(move |(word, it)| (way, word, it)));
    all.map(|(way, word, it)| RefusedView {
        way: way.clone(),
        reason: word.clone(),
        count: it.count,
        message: it.message.clone(),
    })
    .collect()
}

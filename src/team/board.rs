//! The board: every runner of every daemon, from reports that come in any order, some of them twice. It has no
//! clock: whoever asks says what time it is.

mod runner;
mod view;

pub use view::{BoardView, DaemonView, OpenAlert, RefusedView, Standing, Tile};

use super::numbers::Numbers;
use super::report::{Refused, Report, Said};
use runner::Runner;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A status comes every second; a daemon that has told none for this long is silent, ms.
const SILENT_MS: i64 = 10_000;
/// A clock that is further off than this is said, and corrected for, ms.
const CLOCK_OFF_MS: i64 = 60_000;
/// A runner of whom nothing was heard for this long has gone home, ms.
const GONE_MS: i64 = 12 * 3_600_000;

/// What became of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    New,
    /// It had come before.
    Again,
    Refused,
}

/// All that a board knows.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Board {
    daemons: BTreeMap<String, Daemon>,
    /// What was not taken, by the way that it came on and the word for it.
    refused: BTreeMap<String, BTreeMap<String, Refusals>>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Refusals {
    count: u64,
    /// The newest, in words.
    message: String,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Daemon {
    heard: Numbers,
    /// Newest number that the daemon says it has.
    newest: u64,
    /// Reports that came again.
    again: u64,
    /// Reports that the daemon has forgotten before they came here.
    lost: u64,
    /// Order of the newest status of all its runners, and what came with it.
    order: Option<(u64, f64)>,
    computer: String,
    /// How far its clock is ahead of the board's.
    clock_ahead_ms: i64,
    /// When the newest status came, by the board's clock.
    heard_unix_ms: i64,
    runners: BTreeMap<String, Runner>,
}

impl Daemon {
    /// Its own time as the board's.
    fn here(&self, told_unix_ms: i64) -> i64 {
        told_unix_ms.saturating_sub(self.clock_off_ms().unwrap_or(0))
    }

    fn clock_off_ms(&self) -> Option<i64> {
        Some(self.clock_ahead_ms).filter(|ahead| ahead.unsigned_abs() > CLOCK_OFF_MS.unsigned_abs())
    }

    fn silent_since(&self, now_unix_ms: i64) -> Option<i64> {
        (now_unix_ms.saturating_sub(self.heard_unix_ms) > SILENT_MS).then_some(self.heard_unix_ms)
    }

    fn missing(&self) -> impl Iterator<Item = (u64, u64)> {
        self.heard.missing(self.newest)
    }
}

impl Board {
    /// Takes what has come on `way`, at this time of the board's clock.
    pub fn take(&mut self, report: Result<Report, Refused>, way: &str, now_unix_ms: i64) -> Heard {
        match report {
            Ok(report) => self.hear(report, now_unix_ms),
            Err(refused) => {
                let words = self.refused.entry(way.to_owned()).or_default();
                let refusals = words.entry(refused.word().to_owned()).or_default();
                refusals.count += 1;
                refusals.message = refused.to_string();
                Heard::Refused
            }
        }
    }

    fn hear(&mut self, report: Report, now_unix_ms: i64) -> Heard {
        let Report { daemon, number, told_unix_ms, runner, session, said, .. } = report;
        let daemon = self.daemons.entry(daemon).or_default();
        let order = match (number, &said) {
            (Some(number), _) => {
                if !daemon.heard.insert(number) {
                    daemon.again += 1;
                    return Heard::Again;
                }
                number
            }
            (None, Said::Status(status)) => {
                let order = (status.after, status.session_time_s);
                daemon.newest = daemon.newest.max(status.after);
                if daemon.order.is_none_or(|newest| order >= newest) {
                    daemon.order = Some(order);
                    daemon.computer.clone_from(&status.computer);
                }
                status.after
            }
            // `report::read` lets nothing else through.
            (None, _) => return Heard::Refused,
        };
        let known = daemon.runners.entry(runner.id).or_default();
        known.named(order, runner.name);
        match said {
            Said::Status(status) => {
                if known.status(session, status) {
                    daemon.clock_ahead_ms = told_unix_ms.saturating_sub(now_unix_ms);
                    daemon.heard_unix_ms = daemon.heard_unix_ms.max(now_unix_ms);
                    known.heard_unix_ms = known.heard_unix_ms.max(now_unix_ms);
                } else {
                    return Heard::Again;
                }
            }
            numbered => known.numbered(session, order, told_unix_ms, numbered),
        }
        Heard::New
    }

    /// Where to go on with a daemon's log: the last number before the first that is missing.
    #[must_use]
    pub fn resume_after(&self, daemon: &str) -> u64 {
        self.daemons.get(daemon).map_or(0, |daemon| daemon.heard.without_gap())
    }

    /// The daemon has forgotten its reports up to this number: those that have not come will not.
    pub fn forgotten(&mut self, daemon: &str, up_to: u64) {
        let daemon = self.daemons.entry(daemon.to_owned()).or_default();
        let from = daemon.heard.without_gap() + 1;
        let gone: u64 = daemon
            .heard
            .missing(up_to)
            .map(|(first, last)| last.min(up_to).saturating_add(1).saturating_sub(first))
            .sum();
        daemon.lost += gone;
        daemon.heard.add(from, up_to);
    }

    /// Takes a daemon off the board with all its runners; it is a new one if it comes again.
    pub fn remove(&mut self, daemon: &str) {
        self.daemons.remove(daemon);
    }

    /// The board as it is at this time, worst first.
    #[must_use]
    pub fn view(&self, now_unix_ms: i64) -> BoardView {
        view::of(self, now_unix_ms)
    }
}

#[cfg(test)]
mod tests;

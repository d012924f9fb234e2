//! One runner of one daemon: sessions by what has been heard of them, whatever came first.

use crate::team::report::{AlertReport, Said, StatusReport};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Runner {
    /// The name, and its place in the order of reports.
    name: (u64, String),
    /// The newest, with its session.
    status: Option<(String, StatusReport)>,
    sessions: BTreeMap<String, Session>,
    pub stances: u64,
    pub judged: u64,
    /// When a status came last, by the board's clock.
    pub heard_unix_ms: i64,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Session {
    /// Highest number heard of it.
    newest: u64,
    /// When that was told, by the daemon's clock.
    told_unix_ms: i64,
    /// Number of the report that it has ended.
    ended: Option<u64>,
    alerts: BTreeMap<u32, Alert>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Alert {
    /// The newest that was told of it, with its number and when that was by the daemon's clock. `None`: it was
    /// seen by a person before it came here.
    told: Option<(u64, i64, AlertReport)>,
    acknowledged: bool,
}

/// An alert that stands.
pub(super) struct Standing<'a> {
    pub alert: &'a AlertReport,
    /// When the latest change was told, by the daemon's clock.
    pub told_unix_ms: i64,
    pub acknowledged: bool,
}

impl Runner {
    pub(super) fn named(&mut self, order: u64, name: String) {
        self.name = std::mem::take(&mut self.name).max((order, name));
    }

    pub(super) fn name(&self) -> &str {
        &self.name.1
    }

    /// Takes a status that is no older than the one before; whether it was.
    pub(super) fn status(&mut self, session: String, status: StatusReport) -> bool {
        let order = |s: &StatusReport| (s.after, s.session_time_s);
        let older = self.status.as_ref().is_some_and(|(_, known)| order(known) > order(&status));
        if !older {
            self.status = Some((session, status));
        }
        !older
    }

    pub(super) fn numbered(&mut self, session: String, number: u64, told_unix_ms: i64, said: Said) {
        let session = self.sessions.entry(session).or_default();
        if number > session.newest {
            (session.newest, session.told_unix_ms) = (number, told_unix_ms);
        }
        match said {
            Said::Session(it) => session.ended = session.ended.max(it.ended.then_some(number)),
            Said::Stance(stance) => {
                self.stances += 1;
                self.judged += u64::from(stance.valid);
            }
            Said::Alert(report) => {
                let alert = session.alerts.entry(report.alert).or_default();
                if alert.told.as_ref().is_none_or(|(known, ..)| number > *known) {
                    alert.told = Some((number, told_unix_ms, report));
                }
            }
            Said::Acknowledged(seen) => session.alerts.entry(seen.alert).or_default().acknowledged = true,
            Said::Status(_) => {}
        }
    }

    pub(super) fn newest_status(&self) -> Option<&StatusReport> {
        self.status.as_ref().map(|(_, status)| status)
    }

    /// The session that was heard of last.
    pub(super) fn session(&self) -> Option<(&str, &Session)> {
        let newest = self.sessions.iter().max_by_key(|(_, session)| session.newest);
        newest.map(|(id, session)| (id.as_str(), session))
    }

    /// Alerts of all sessions, each counted once.
    pub(super) fn alerts(&self) -> usize {
        self.sessions.values().flat_map(|s| s.alerts.values()).filter(|alert| alert.told.is_some()).count()
    }
}

impl Session {
    pub(super) fn has_ended(&self) -> bool {
        self.ended.is_some()
    }

    pub(super) fn told_unix_ms(&self) -> i64 {
        self.told_unix_ms
    }

    /// Alerts that stand.
    pub(super) fn standing(&self) -> impl Iterator<Item = Standing<'_>> {
        let open = |alert: &&Alert| {
            !self.has_ended() && alert.told.as_ref().is_some_and(|(.., told)| told.clear_time_s.is_none())
        };
        self.alerts.values().filter(open).filter_map(|alert| {
            let (_, told_unix_ms, report) = alert.told.as_ref()?;
            Some(Standing { alert: report, told_unix_ms: *told_unix_ms, acknowledged: alert.acknowledged })
        })
    }
}

//! What a daemon tells of one runner, made from the events of the session.

use super::report::{Acknowledgement, AlertReport, Said, SessionReport, StanceReport, StatusReport, Who};
use super::spool::Spool;
use crate::event::{Alert, Event, Stance};
use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The session of a runner who has none.
const NO_SESSION: &str = "none";
/// A runner whom nobody knows.
const NOBODY: &str = "Runner";

/// Tells boards of one runner. Never waits.
#[derive(Debug)]
pub struct Teller {
    spool: Spool,
    /// The name is not that of a session's owner.
    named: bool,
    now: Mutex<Now>,
}

#[derive(Debug)]
struct Now {
    who: Who,
    session: String,
    acknowledged: BTreeSet<u32>,
}

impl Teller {
    #[must_use]
    pub fn new(spool: Spool, mut who: Who) -> Self {
        let named = !who.name.is_empty();
        if !named {
            NOBODY.clone_into(&mut who.name);
        }
        let now = Now { who, session: NO_SESSION.to_owned(), acknowledged: BTreeSet::new() };
        Self { spool, named, now: Mutex::new(now) }
    }

    fn now(&self) -> MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Who runs here, for people.
    #[must_use]
    pub fn name(&self) -> String {
        self.now().who.name.clone()
    }

    fn tell(&self, said: Said) {
        let now = self.now();
        self.spool.tell(&now.who, &now.session, said);
    }

    /// A session begins; `owner` is called when nobody has said for good who runs here.
    pub fn begins(&self, session: &str, owner: impl FnOnce() -> Option<String>) {
        let owner = if self.named { None } else { owner() };
        let mut now = self.now();
        session.clone_into(&mut now.session);
        now.who.name = owner.unwrap_or_else(|| now.who.name.clone());
        now.acknowledged.clear();
        drop(now);
        self.tell(Said::Session(SessionReport { ended: false }));
    }

    pub fn ended(&self) {
        self.tell(Said::Session(SessionReport { ended: true }));
    }

    pub fn event(&self, event: &Event) {
        match event {
            Event::Stance(stance) => self.tell(Said::Stance(stance.into())),
            Event::Alert(alert) => self.tell(Said::Alert(alert.into())),
            _ => {}
        }
    }

    pub fn status(&self, status: StatusReport) {
        self.tell(Said::Status(status));
    }

    /// Somebody has seen an alert of this session; told once. `false` when another session runs by now.
    #[must_use]
    pub fn acknowledge(&self, session: &str, alert: u32) -> bool {
        let mut now = self.now();
        if now.session != session {
            return false;
        }
        if now.acknowledged.insert(alert) {
            self.spool.tell(&now.who, &now.session, Said::Acknowledged(Acknowledgement { alert }));
        }
        true
    }
}

impl From<&Stance> for StanceReport {
    fn from(stance: &Stance) -> Self {
        Self {
            stance: stance.number,
            side: stance.side.name().to_owned(),
            ic_time_s: stance.ic.0,
            tc_time_s: stance.tc.0,
            valid: stance.valid,
            peak_femur_adduction_deg: stance.peaks.femur_adduction.map(degrees),
            peak_femur_rotation_deg: stance.peaks.femur_rotation.map(degrees),
            peak_hip_adduction_deg: stance.peaks.hip_adduction.map(degrees),
        }
    }
}

impl From<&Alert> for AlertReport {
    fn from(alert: &Alert) -> Self {
        Self {
            alert: alert.number,
            rule: alert.rule.name().to_owned(),
            side: alert.side.name().to_owned(),
            severity: alert.severity.name().to_owned(),
            onset_time_s: alert.onset.0,
            decided_time_s: alert.decided.0,
            clear_time_s: alert.cleared.map(|t| t.0),
            value_deg: degrees(alert.value),
            threshold_deg: degrees(alert.threshold),
        }
    }
}

/// To a hundredth: far finer than the sensors can tell.
fn degrees(radians: f64) -> f64 {
    (radians.to_degrees() * 100.0).round() / 100.0
}

//! What a daemon tells a board: plain values with units in their names, as JSON, the same on every way.

use serde::{Deserialize, Serialize};

/// The newest form of a [`Report`]; a board refuses newer ones in words.
pub const FORM: u32 = 1;

/// One thing that a daemon tells of one runner.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// [`FORM`] of the daemon.
    pub form: u32,
    /// The daemon: random, made once, kept in its data folder. Two daemons with a runner of the same name stay two.
    pub daemon: String,
    /// Place in the daemon's log, from 1 and without gaps: whoever reads knows what is missing and what comes
    /// twice. `None` for a status, of which only the newest counts.
    pub number: Option<u64>,
    /// When it was told by the daemon's own clock, ms since 1970; that clock may be wrong.
    pub told_unix_ms: i64,
    pub runner: Who,
    /// Id of the session in the daemon's history.
    pub session: String,
    #[serde(flatten)]
    pub said: Said,
}

/// A runner on one daemon.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Who {
    /// Unique on its daemon.
    pub id: String,
    /// For people: a pseudonym unless the runner chose otherwise.
    pub name: String,
}

/// What is told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Said {
    Status(StatusReport),
    Stance(StanceReport),
    Alert(AlertReport),
}

/// How a runner is now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StatusReport {
    pub session_time_s: f64,
    /// What the runner has to do next, as the live page has it.
    pub phase: String,
    /// The light of each leg, as the live page has it.
    pub left_light: String,
    pub right_light: String,
    /// Sensors that send, of those that belong to the runner.
    pub online: u32,
    pub assigned: u32,
    pub cadence_spm: Option<f64>,
    /// Why the verdict on the runner is withheld, if it is.
    pub withheld: Option<String>,
}

/// One stance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StanceReport {
    /// Of its side, from 1.
    pub stance: u32,
    pub side: String,
    pub ic_time_s: f64,
    pub tc_time_s: f64,
    pub valid: bool,
    pub peak_femur_adduction_deg: Option<f64>,
    pub peak_femur_rotation_deg: Option<f64>,
    pub peak_hip_adduction_deg: Option<f64>,
}

/// An alert that rises, changes or clears; the newest of one number counts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AlertReport {
    /// Of its session, from 1.
    pub alert: u32,
    pub rule: String,
    pub side: String,
    pub severity: String,
    pub onset_time_s: f64,
    pub clear_time_s: Option<f64>,
    pub value_deg: f64,
    pub threshold_deg: f64,
}

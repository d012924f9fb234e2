//! What a daemon tells a board: plain values with units in their names, as JSON, the same on every way.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The newest form of a [`Report`]; a board refuses newer ones in words.
pub const FORM: u32 = 1;
/// A report is never longer, bytes.
pub const LONGEST: usize = 16_384;
/// Names and words in a report are never longer, characters.
const LONGEST_WORD: usize = 200;
/// Larger numbers are not exact in every reader of JSON.
const LARGEST_NUMBER: u64 = 1 << 53;

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
    Session(SessionReport),
    Stance(StanceReport),
    Alert(AlertReport),
    Acknowledged(Acknowledgement),
}

/// How a runner is now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StatusReport {
    /// Newest number of the daemon's log when this was told: a board knows what it lacks. With the session time it
    /// puts statuses in order, whatever clocks do.
    pub after: u64,
    pub session_time_s: f64,
    /// Name of the daemon's computer, for people.
    pub computer: String,
    /// What the runner has to do next, as the live page has it.
    pub phase: String,
    pub left: LegReport,
    pub right: LegReport,
    /// Sensors that send, of those that belong to the runner.
    pub online: u32,
    pub assigned: u32,
    pub cadence_spm: Option<f64>,
}

/// The light of a leg, as the live page has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LegReport {
    pub sign: String,
    /// Why the verdict is withheld, if it is.
    pub reason: Option<String>,
}

/// A session begins or has ended: whatever alert of the runner stood before is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionReport {
    pub ended: bool,
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
    /// When this was decided: how old the onset is.
    pub decided_time_s: f64,
    pub clear_time_s: Option<f64>,
    pub value_deg: f64,
    pub threshold_deg: f64,
}

/// Somebody has seen an alert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acknowledgement {
    /// The alert's, of the report's session.
    pub alert: u32,
}

/// Why a report is not taken.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refused {
    #[error("a report in form {0}, which is newer than this program knows ({FORM}); update stancewatch here")]
    Newer(u32),
    #[error("no report: {0}; look for another program that sends to this board")]
    Malformed(String),
    #[error("a report in the name of daemon {0} that did not come from it; look for who sends it")]
    Forged(String),
}

impl Refused {
    /// One word, to count by.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Newer(_) => "newer",
            Self::Malformed(_) => "malformed",
            Self::Forged(_) => "forged",
        }
    }
}

#[derive(Deserialize)]
struct Form {
    form: u32,
}

/// A report as it came; `daemon` is the one that the way vouches for, if it does.
pub fn read(text: &[u8], daemon: Option<&str>) -> Result<Report, Refused> {
    let malformed = |why: &dyn ToString| Refused::Malformed(why.to_string());
    if text.len() > LONGEST {
        return Err(malformed(&format!("{} bytes, and none has more than {LONGEST}", text.len())));
    }
    let Form { form } = serde_json::from_slice(text).map_err(|error| malformed(&error))?;
    if form > FORM {
        return Err(Refused::Newer(form));
    }
    let report: Report = serde_json::from_slice(text).map_err(|error| malformed(&error))?;
    report.check().map_err(|why| malformed(&why))?;
    match daemon {
        Some(daemon) if daemon != report.daemon => Err(Refused::Forged(report.daemon)),
        _ => Ok(report),
    }
}

impl Report {
    fn check(&self) -> Result<(), &'static str> {
        let is_status = matches!(self.said, Said::Status(_));
        let number_fits = match self.number {
            Some(number) => (1..LARGEST_NUMBER).contains(&number) && !is_status,
            None => is_status,
        };
        if !number_fits {
            return Err("its number is not one of a log");
        }
        let named = |text: &str| !text.is_empty() && text.chars().count() <= LONGEST_WORD;
        if ![&self.daemon, &self.runner.id, &self.session].into_iter().all(|text| named(text)) {
            return Err("it does not say whose it is");
        }
        if !self.words().into_iter().all(|word| word.chars().count() <= LONGEST_WORD) {
            return Err("a word in it is too long");
        }
        match &self.said {
            Said::Status(StatusReport { after, .. }) if *after >= LARGEST_NUMBER => {
                Err("its number is not one of a log")
            }
            Said::Alert(AlertReport { side, .. }) | Said::Stance(StanceReport { side, .. })
                if !matches!(side.as_str(), "left" | "right") =>
            {
                Err("it names no side")
            }
            Said::Alert(AlertReport { severity, .. }) if !matches!(severity.as_str(), "amber" | "red") => {
                Err("its alert has no severity")
            }
            _ => Ok(()),
        }
    }

    fn words(&self) -> Vec<&str> {
        let mut words = vec![self.runner.name.as_str()];
        match &self.said {
            Said::Status(s) => {
                words.extend([&*s.computer, &*s.phase, &*s.left.sign, &*s.right.sign]);
                words.extend([&s.left, &s.right].into_iter().filter_map(|leg| leg.reason.as_deref()));
            }
            Said::Alert(alert) => words.push(&alert.rule),
            Said::Session(_) | Said::Stance(_) | Said::Acknowledged(_) => {}
        }
        words
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn alert() -> Value {
        json!({
            "form": 1, "daemon": "d1", "number": 7, "told_unix_ms": 1_700_000_000_000_i64,
            "runner": {"id": "r1", "name": "Heron"}, "session": "s1", "kind": "alert",
            "alert": 1, "rule": "femur_adduction", "side": "right", "severity": "red", "onset_time_s": 40.0,
            "decided_time_s": 43.0, "clear_time_s": null, "value_deg": 9.5, "threshold_deg": 6.0
        })
    }

    fn with(path: &str, value: Value) -> Value {
        let mut report = alert();
        *report.pointer_mut(path).unwrap() = value;
        report
    }

    fn taken(report: &Value, daemon: Option<&str>) -> Result<Report, Refused> {
        read(report.to_string().as_bytes(), daemon)
    }

    #[test]
    fn a_report_is_read_as_it_was_written() {
        let report = taken(&alert(), Some("d1")).unwrap();
        assert_eq!(serde_json::to_value(&report).unwrap(), alert());
    }

    #[test]
    fn what_is_no_report_is_refused_in_words() {
        let wrong = [
            with("/number", json!(null)),
            with("/number", json!(0)),
            with("/number", json!(u64::MAX)),
            with("/daemon", json!("")),
            with("/side", json!("middle")),
            with("/severity", json!("purple")),
            with("/value_deg", json!("much")),
            with("/runner/name", json!("x".repeat(201))),
            with("/kind", json!("lottery")),
            json!({"form": 1}),
            json!([]),
        ];
        for report in wrong {
            assert_eq!(taken(&report, None).unwrap_err().word(), "malformed", "{report}");
        }
        let long = format!("{}{}", alert(), " ".repeat(LONGEST));
        assert!(read(long.as_bytes(), None).unwrap_err().to_string().contains("16384"));
        assert_eq!(read(b"\xff\x00{", None).unwrap_err().word(), "malformed");
    }

    #[test]
    fn a_newer_form_is_no_mistake_of_the_sender() {
        let newer = json!({"form": 2, "number": "seven"});
        assert_eq!(taken(&newer, None), Err(Refused::Newer(2)));
        assert!(Refused::Newer(2).to_string().contains("update"));
    }

    #[test]
    fn nobody_speaks_in_the_name_of_another_daemon() {
        assert_eq!(taken(&alert(), Some("d2")), Err(Refused::Forged("d1".to_owned())));
    }
}

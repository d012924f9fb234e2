//! "Try it on an old session": the recorded stances judged again with other limits, side by side.
//!
//! Stances are measured once, through the pipeline, with the settings of the session; only the flag stage runs again.

use crate::event::{Alert, Event, Severity};
use crate::export::alerts::AlertTable;
use crate::flag::{ConfigError, FlagConfig, Story};
use crate::pipeline::{Pipeline, PipelineConfig};
use crate::source::{Recording, SourceError};
use serde::Serialize;
use std::fmt::Write as _;

#[derive(Debug, thiserror::Error)]
pub enum RetryError {
    #[error(transparent)]
    Source(#[from] SourceError),
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error("there is no recording in this file: choose another session")]
    Empty,
    #[error("the settings in this recording are not of this version; update stancewatch")]
    Version,
    #[error("`{0}` sets nothing; give a setting and a value, such as femur_adduction.amber_deg=3")]
    Form(String),
    #[error("`{given}` is no setting of the rules: {problem}; src/flag/config.rs and the README list them")]
    Setting { given: String, problem: String },
}

/// What both settings make of one session.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Retried {
    pub recording: String,
    pub stances: usize,
    /// In order of time.
    pub rows: Vec<Row>,
}

/// One alert under one or both of the settings: those of a rule and leg that overlap in time belong together.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    pub rule: &'static str,
    pub side: &'static str,
    pub recorded: Option<Fired>,
    pub changed: Option<Fired>,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Fired {
    pub decided_time_s: f64,
    pub clear_time_s: Option<f64>,
    /// The highest that it reached.
    pub severity: Severity,
    pub value_deg: f64,
    pub threshold_deg: f64,
}

impl From<&Alert> for Fired {
    fn from(a: &Alert) -> Self {
        Self {
            decided_time_s: a.decided.0,
            clear_time_s: a.cleared.map(|t| t.0),
            severity: a.severity,
            value_deg: a.value.to_degrees(),
            threshold_deg: a.threshold.to_degrees(),
        }
    }
}

/// `recorded` with `name=value` settings put into its rules, such as `decision.enough=3`; checked.
pub fn with_settings(recorded: &FlagConfig, settings: &[String]) -> Result<FlagConfig, RetryError> {
    let mut table = toml::Table::try_from(recorded).map_err(|e| RetryError::Setting {
        given: "the recorded rules".to_owned(),
        problem: e.to_string(),
    })?;
    for given in settings {
        let wrong = |problem: String| RetryError::Setting { given: given.clone(), problem };
        let (name, value) = given.split_once('=').ok_or_else(|| RetryError::Form(given.clone()))?;
        let value = format!("value = {value}")
            .parse::<toml::Table>()
            .or_else(|_| format!("value = {value:?}").parse::<toml::Table>())
            .map_err(|e| wrong(e.message().to_owned()))?
            .remove("value")
            .ok_or_else(|| RetryError::Form(given.clone()))?;
        put(&mut table, name.trim(), value).ok_or_else(|| wrong("there is no such group".to_owned()))?;
        // Each by itself, so that the sentence names the one that is wrong.
        table.clone().try_into::<FlagConfig>().map_err(|e| wrong(e.message().to_owned()))?;
    }
    let changed: FlagConfig = table.try_into().map_err(|e: toml::de::Error| RetryError::Setting {
        given: settings.join(" "),
        problem: e.message().to_owned(),
    })?;
    changed.check()?;
    Ok(changed)
}

/// Puts a value at a dotted name. `None` where a part of the name is a value already.
fn put(table: &mut toml::Table, name: &str, value: toml::Value) -> Option<()> {
    match name.split_once('.') {
        None => {
            table.insert(name.to_owned(), value);
        }
        Some((group, rest)) => put(table.get_mut(group)?.as_table_mut()?, rest, value)?,
    }
    Some(())
}

/// Runs the recording once and judges its stances under both settings.
pub fn run(
    recording: &Recording,
    recorded: &PipelineConfig,
    changed: &PipelineConfig,
) -> Result<Retried, RetryError> {
    let mut story = Story::default();
    let mut pipeline = Pipeline::new(recorded)?;
    let mut stances = 0;
    for input in recording.inputs()? {
        let input = input?;
        story.input(&input);
        for event in pipeline.push(&input) {
            stances += usize::from(matches!(event, Event::Stance(_)));
            story.event(event);
        }
    }
    let alerts = |config: &PipelineConfig| -> Result<Vec<Alert>, ConfigError> {
        let mut table = AlertTable::default();
        for event in story.judge(&config.flags, config.usual.as_ref())? {
            if let Event::Alert(alert) = event {
                table.push(alert);
            }
        }
        Ok(table.rows())
    };
    let rows = side_by_side(&alerts(recorded)?, &alerts(changed)?);
    Ok(Retried { recording: recording.name.clone(), stances, rows })
}

fn side_by_side(recorded: &[Alert], changed: &[Alert]) -> Vec<Row> {
    let end = |a: &Alert| a.cleared.map_or(f64::INFINITY, |t| t.0);
    let mut left: Vec<&Alert> = changed.iter().collect();
    let row = |one: &Alert, recorded: Option<&Alert>, changed: Option<&Alert>| Row {
        rule: one.rule.name(),
        side: one.side.name(),
        recorded: recorded.map(Fired::from),
        changed: changed.map(Fired::from),
    };
    let mut rows: Vec<Row> = Vec::new();
    for a in recorded {
        let same = left
            .iter()
            .position(|b| (b.rule, b.side) == (a.rule, a.side) && b.onset.0 <= end(a) && a.onset.0 <= end(b));
        rows.push(row(a, Some(a), same.map(|at| left.remove(at))));
    }
    rows.extend(left.into_iter().map(|b| row(b, None, Some(b))));
    let time = |r: &Row| {
        let at = |f: Option<Fired>| f.map_or(f64::INFINITY, |f| f.decided_time_s);
        at(r.recorded).min(at(r.changed))
    };
    rows.sort_by(|a, b| time(a).total_cmp(&time(b)));
    rows
}

impl Retried {
    /// For a terminal.
    #[must_use]
    pub fn text(&self) -> String {
        let count = |of: fn(&Row) -> Option<Fired>| self.rows.iter().filter(|r| of(r).is_some()).count();
        let (recorded, changed) = (count(|r| r.recorded), count(|r| r.changed));
        let mut out = format!(
            "{}: {} stances; {recorded} alerts as recorded, {changed} with the changed limits\n",
            self.recording, self.stances
        );
        if !self.rows.is_empty() {
            let _ = writeln!(
                out,
                "\n{:16} {:5}  {:>38}  {:>38}",
                "rule", "leg", "as recorded", "with the changed limits"
            );
        }
        for r in &self.rows {
            let _ = writeln!(
                out,
                "{:16} {:5}  {:>38}  {:>38}",
                r.rule,
                r.side,
                words(r.recorded),
                words(r.changed)
            );
        }
        out
    }
}

fn words(fired: Option<Fired>) -> String {
    fired.map_or_else(
        || "-".to_owned(),
        |f| {
            let clear = f.clear_time_s.map_or_else(|| "end".to_owned(), |t| format!("{t:.1}"));
            format!(
                "{:.1} to {clear} s, {} {:.1} over {:.1}",
                f.decided_time_s,
                f.severity.name(),
                f.value_deg,
                f.threshold_deg
            )
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_is_put_where_its_name_says_whole_numbers_and_words_too() {
        let set = |s: &[&str]| {
            let settings: Vec<String> = s.iter().map(|s| (*s).to_owned()).collect();
            with_settings(&FlagConfig::default(), &settings)
        };
        let c = set(&["femur_adduction.amber_deg=3", "decision.enough=3", "sex=female"]).unwrap();
        assert!((c.femur_adduction.amber_deg - 3.0).abs() < 1e-12);
        assert_eq!((c.decision.enough, c.sex), (3, crate::flag::Sex::Female));
        let c = set(&["hip_adduction_absolute.amber_deg=18"]).unwrap();
        assert_eq!(c.hip_adduction_absolute.amber_deg, Some(18.0));
        assert_eq!(set(&[]).unwrap(), FlagConfig::default());
    }

    #[test]
    fn what_is_no_setting_is_told_by_name() {
        let told = |s: &str| with_settings(&FlagConfig::default(), &[s.to_owned()]).unwrap_err().to_string();
        for s in ["hysterisis=1", "decision.enough=many", "decision.enough.of=1", "nonsense", "x.y=1"] {
            assert!(told(s).contains(s), "{}", told(s));
        }
        // A contradiction is told with both values.
        assert!(
            told("femur_adduction.amber_deg=9").contains("contradict"),
            "{}",
            told("femur_adduction.amber_deg=9")
        );
    }
}

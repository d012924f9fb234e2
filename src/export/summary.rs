//! `summary.json`: what a recording was, what was found, and everything that was withheld and why.
//! Nothing in it depends on when or where it was made.

use crate::body::{PerSide, Side};
use crate::cue::CueStatus;
use crate::event::{Alert, Baseline, Calibration, Doubt, Event, Frame, Grade};
use crate::input::Input;
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::io::{self, Write};

mod cues;
mod health;
mod sensors;
mod spread;
mod stances;

use cues::CueTally;
use health::HealthLog;
use sensors::SensorTally;
use stances::LegStances;

/// Frames per second of the grid that angles are given on.
const GRID_HZ: f64 = 100.0;

/// What the summary is told rather than gathers.
#[derive(Debug, Clone)]
pub struct Facts {
    /// The recording's name.
    pub recording: String,
    /// The configuration in force.
    pub config: Value,
    /// Fingerprint of the files that it was read from.
    pub source: String,
    /// What the source had to say, such as an interrupted recording.
    pub warnings: Vec<String>,
}

/// Gathers while a recording is analysed.
#[derive(Debug, Default)]
pub struct Summary {
    sensors: SensorTally,
    frames: u64,
    withheld: PerSide<BTreeMap<Doubt, u64>>,
    stances: PerSide<LegStances>,
    calibrations: Vec<Calibration>,
    baselines: PerSide<Option<Baseline>>,
    health: HealthLog,
    cues: CueTally,
}

impl Summary {
    pub fn input(&mut self, input: &Input) {
        self.sensors.push(input);
    }

    pub fn event(&mut self, event: &Event) {
        match event {
            Event::Frame(frame) => self.frame(frame),
            Event::Stance(stance) => self.stances[stance.side].push(stance),
            Event::Stride(stride) => self.stances[stride.side].stride(stride),
            Event::Calibration(calibration) => self.calibrations.push(calibration.as_ref().clone()),
            Event::Health(health) => self.health.push(health),
            Event::Baseline(baseline) => {
                let slot = &mut self.baselines[baseline.side];
                // One learnt now says more of this recording than the one kept from before.
                if baseline.kept.is_none() || slot.as_ref().is_none_or(|b| b.kept.is_some()) {
                    *slot = Some(baseline.clone());
                }
            }
            Event::Contact(_)
            | Event::Alert(_)
            | Event::Evidence(_)
            | Event::Repetition(_)
            | Event::Screening(_) => {}
            Event::Cue(cue) => self.cues.given(cue),
        }
    }

    /// How the cues stand at the end.
    pub fn cues(&mut self, status: CueStatus) {
        self.cues.withheld(status);
    }

    fn frame(&mut self, frame: &Frame) {
        self.frames += 1;
        for side in Side::BOTH {
            if let Some(doubt) = frame.legs[side].doubt {
                *self.withheld[side].entry(doubt).or_default() += 1;
            }
        }
    }

    /// `alerts` are the rows of `alerts.csv`.
    pub fn write(&self, facts: &Facts, alerts: Vec<Alert>, out: &mut impl Write) -> io::Result<()> {
        let report = Report {
            version: env!("CARGO_PKG_VERSION"),
            recording: &facts.recording,
            source: &facts.source,
            configuration_sha256: configuration_sha256(&facts.config),
            configuration: &facts.config,
            warnings: &facts.warnings,
            sensors: self.sensors.rows(),
            calibration: self.calibrations.last().map(calibration_row),
            calibrations: self.calibrations.len(),
            counts: self.counts(alerts.len()),
            alerts: alert_counts(alerts),
            left: self.side(Side::Left),
            right: self.side(Side::Right),
            withheld: Withheld { left: self.withheld(Side::Left), right: self.withheld(Side::Right) },
            cues: &self.cues,
            health: self.health.rows(self.sensors.end()),
        };
        serde_json::to_writer_pretty(&mut *out, &report)?;
        out.write_all(b"\n")
    }

    fn counts(&self, alerts: usize) -> Counts {
        let sum = |of: fn(&LegStances) -> u64| of(&self.stances.left) + of(&self.stances.right);
        Counts {
            frames: self.frames,
            stances: sum(LegStances::all),
            valid: sum(LegStances::valid),
            walk: sum(LegStances::walk),
            run: sum(LegStances::run),
            alerts,
        }
    }

    fn side(&self, side: Side) -> Value {
        let mut row = self.stances[side].row();
        if let Value::Object(fields) = &mut row {
            let usual = self.baselines[side].as_ref().map(baseline_row);
            fields.insert("baseline".to_owned(), usual.unwrap_or(Value::Null));
        }
        row
    }

    fn withheld(&self, side: Side) -> WithheldSide {
        let angle_seconds = self.withheld[side]
            .iter()
            .map(|(doubt, &frames)| (doubt.word(), rounded(frames as f64 / GRID_HZ)))
            .collect();
        WithheldSide { angle_seconds, stances: self.stances[side].doubts().clone() }
    }
}

#[derive(Serialize)]
struct Report<'a> {
    version: &'static str,
    recording: &'a str,
    source: &'a str,
    configuration: &'a Value,
    configuration_sha256: String,
    warnings: &'a [String],
    sensors: Vec<sensors::Row>,
    /// The one in force at the end.
    calibration: Option<Value>,
    calibrations: usize,
    counts: Counts,
    alerts: BTreeMap<&'static str, BTreeMap<&'static str, u64>>,
    left: Value,
    right: Value,
    withheld: Withheld,
    cues: &'a CueTally,
    health: Vec<health::Row>,
}

#[derive(Serialize)]
struct Counts {
    frames: u64,
    stances: u64,
    valid: u64,
    walk: u64,
    run: u64,
    alerts: usize,
}

#[derive(Serialize)]
struct Withheld {
    left: WithheldSide,
    right: WithheldSide,
}

#[derive(Serialize)]
struct WithheldSide {
    /// Femur angles, seconds per reason.
    angle_seconds: BTreeMap<&'static str, f64>,
    /// Stances per reason.
    stances: BTreeMap<&'static str, u64>,
}

fn calibration_row(calibration: &Calibration) -> Value {
    let segments: serde_json::Map<_, _> = calibration
        .segments
        .iter()
        .filter_map(|(placement, segment)| segment.as_ref().map(|s| (placement, s)))
        .map(|(placement, s)| {
            let row = serde_json::json!({
                "grade": grade_word(s.quality.grade),
                "reason": s.quality.reason,
                "disagreement_deg": s.quality.disagreement.map(|d| rounded(d.to_degrees())),
                "sigma_axial_deg": rounded(s.sigma_axial.to_degrees()),
                "sigma_frontal_deg": rounded(s.sigma_frontal.to_degrees()),
                "adduction_less_deg": s.zero.less_deg().map(rounded),
            });
            (placement.name().to_owned(), row)
        })
        .collect();
    serde_json::json!({
        "grade": grade_word(calibration.grade),
        "reason": calibration.reason,
        "decided_time_s": rounded(calibration.decided.0),
        "segments": segments,
    })
}

fn grade_word(grade: Grade) -> &'static str {
    match grade {
        Grade::A => "A",
        Grade::B => "B",
        Grade::C => "C",
        Grade::Refused => "refused",
    }
}

fn baseline_row(baseline: &Baseline) -> Value {
    let usual: serde_json::Map<_, _> = baseline
        .usual
        .iter()
        .map(|(rule, usual)| {
            let row = serde_json::json!({
                "mean_deg": rounded(usual.mean.to_degrees()),
                "sd_deg": rounded(usual.sd.to_degrees()),
                "stances": usual.stances,
            });
            (rule.name().to_owned(), row)
        })
        .collect();
    let mut row = serde_json::json!({
        "decided_time_s": rounded(baseline.decided.0),
        "cadence_spm": rounded(baseline.cadence_spm),
        "usual": usual,
    });
    if let (Some(kept), Value::Object(fields)) = (&baseline.kept, &mut row) {
        fields.insert("kept".to_owned(), serde_json::json!(kept));
    }
    row
}

/// Per rule and severity reached.
fn alert_counts(alerts: Vec<Alert>) -> BTreeMap<&'static str, BTreeMap<&'static str, u64>> {
    let mut counts: BTreeMap<_, BTreeMap<_, _>> = BTreeMap::new();
    for alert in alerts {
        *counts.entry(alert.rule.name()).or_default().entry(alert.severity.name()).or_default() += 1;
    }
    counts
}

/// What tells one configuration from another.
#[must_use]
pub fn configuration_sha256(config: &Value) -> String {
    format!("{:x}", Sha256::digest(config.to_string().as_bytes()))
}

/// To a ten-thousandth: people read this file.
fn rounded(value: f64) -> f64 {
    // Adding zero turns -0.0, which reads as a mistake, into 0.0.
    (value * 1e4).round() / 1e4 + 0.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Basis, LegAngles, Rule, Severity};
    use crate::units::SessionTime;

    fn written(summary: &Summary, alerts: Vec<Alert>) -> Value {
        let facts = Facts {
            recording: "sub-01_task-run".into(),
            config: serde_json::json!({ "b": 1, "a": 2 }),
            source: String::new(),
            warnings: Vec::new(),
        };
        let mut out = Vec::new();
        summary.write(&facts, alerts, &mut out).unwrap();
        serde_json::from_slice(&out).unwrap()
    }

    #[test]
    fn a_recording_in_which_nothing_was_found_is_summed_up_too() {
        let value = written(&Summary::default(), Vec::new());
        assert_eq!(value["version"], env!("CARGO_PKG_VERSION"));
        assert_eq!(value["counts"]["stances"], 0);
        assert_eq!(value["calibration"], Value::Null);
        // Of `{"a":2,"b":1}`, by sha256sum.
        assert_eq!(
            value["configuration_sha256"],
            "d3626ac30a87e6f7a6428233b3c68299976865fa5508e4267c5415c76af7a772"
        );
    }

    #[test]
    fn withheld_angles_are_counted_by_reason() {
        let mut summary = Summary::default();
        for i in 0..250 {
            let doubt = (i < 150).then_some(Doubt::Turning);
            let legs =
                PerSide { left: LegAngles { doubt, ..LegAngles::default() }, right: LegAngles::default() };
            summary.event(&Event::Frame(Frame { t: SessionTime(0.0), legs, pelvis: None }));
        }
        let value = written(&summary, Vec::new());
        assert_eq!(value["withheld"]["left"]["angle_seconds"], serde_json::json!({ "turning": 1.5 }));
        assert_eq!(value["withheld"]["right"]["angle_seconds"], serde_json::json!({}));
        assert_eq!(value["counts"]["frames"], 250);
    }

    #[test]
    fn alerts_are_counted_by_rule_and_severity() {
        let alert = Alert {
            number: 1,
            rule: Rule::PelvicDrop,
            side: Side::Left,
            severity: Severity::Red,
            onset: SessionTime(0.0),
            decided: SessionTime(1.0),
            cleared: None,
            value: 0.1,
            threshold: 0.1,
            strides: 5,
            basis: Basis::Absolute,
        };
        let value = written(&Summary::default(), vec![alert, alert]);
        assert_eq!(value["alerts"], serde_json::json!({ "pelvic_drop": { "red": 2 } }));
    }
}

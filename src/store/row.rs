//! What a session leaves, a row each: written as it happens, read for the session's page.

use super::log::Begin;
use super::{StoreError, screening};
use crate::edge;
use crate::event::{Alert, Baseline, Calibration, Event, Grade, Screening, Stance, StanceDoubt, Stride};
use crate::gait::MEASURES;
use crate::input::Moment;
use rusqlite::{Connection, Row, params};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A stance, named as in `stances.csv`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StanceRow {
    pub side: String,
    pub stance: u32,
    pub gait: String,
    pub ic_time_s: f64,
    pub tc_time_s: f64,
    pub contact_ms: f64,
    pub stride_ms: Option<f64>,
    pub cadence_spm: Option<f64>,
    pub peak_hip_adduction_deg: Option<f64>,
    pub peak_hip_rotation_deg: Option<f64>,
    pub hip_rotation_excursion_deg: Option<f64>,
    pub peak_femur_adduction_deg: Option<f64>,
    pub femur_rotation_excursion_deg: Option<f64>,
    pub peak_pelvic_drop_deg: Option<f64>,
    pub peak_knee_valgus_deg: Option<f64>,
    pub valid: bool,
    pub reason: String,
    pub flags: String,
    /// A person took it out of every figure.
    pub excluded: bool,
}

/// A stride with its measures, each by its name (which ends in the unit).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StrideRow {
    pub side: String,
    pub ic_time_s: f64,
    pub gait: String,
    pub measures: BTreeMap<String, f64>,
}

/// An alert in its last form, named as in `alerts.csv`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AlertRow {
    pub number: u32,
    pub rule: String,
    pub side: String,
    pub severity: String,
    pub onset_time_s: f64,
    pub decided_time_s: f64,
    pub clear_time_s: Option<f64>,
    pub value_deg: f64,
    pub threshold_deg: f64,
    pub strides: u32,
    pub basis: String,
}

#[derive(Debug, Clone, PartialEq)]
pub struct CalibrationRow {
    pub decided_time_s: f64,
    pub grade: String,
    pub reason: String,
    /// All of it, as the version that recorded it wrote it.
    pub document: Value,
}

/// A leg's usual as it was learnt.
#[derive(Debug, Clone, PartialEq)]
pub struct BaselineRow {
    pub side: String,
    pub decided_time_s: f64,
    /// Mean and standard deviation per rule, degrees.
    pub usual_deg: Vec<(String, f64, f64)>,
    /// All of it, as the version that recorded it wrote it.
    pub document: Value,
}

/// To a thousandth, as in the files that analyze writes: far finer than the sensors can tell.
fn thousandth(value: f64) -> f64 {
    (value * 1e3).round() / 1e3 + 0.0
}

fn ten_thousandth(value: f64) -> f64 {
    (value * 1e4).round() / 1e4 + 0.0
}

fn tenth(value: f64) -> f64 {
    (value * 10.0).round() / 10.0 + 0.0
}

impl From<&Stance> for StanceRow {
    fn from(s: &Stance) -> Self {
        let [hip_add, hip_rot, hip_exc, femur_add, femur_exc, drop, valgus] =
            edge::peaks_deg(&s.peaks).map(|peak| peak.map(thousandth));
        Self {
            side: s.side.name().to_owned(),
            stance: s.number,
            gait: s.gait.name().to_owned(),
            ic_time_s: ten_thousandth(s.ic.0),
            tc_time_s: ten_thousandth(s.tc.0),
            contact_ms: tenth(s.contact_time() * 1e3),
            stride_ms: s.stride_time.map(|t| tenth(t * 1e3)),
            cadence_spm: s.cadence_spm().map(tenth),
            peak_hip_adduction_deg: hip_add,
            peak_hip_rotation_deg: hip_rot,
            hip_rotation_excursion_deg: hip_exc,
            peak_femur_adduction_deg: femur_add,
            femur_rotation_excursion_deg: femur_exc,
            peak_pelvic_drop_deg: drop,
            peak_knee_valgus_deg: valgus,
            valid: s.valid,
            reason: s.doubt.map_or("", StanceDoubt::word).to_owned(),
            flags: edge::flag_list(&s.flags),
            excluded: false,
        }
    }
}

impl From<&Stride> for StrideRow {
    fn from(s: &Stride) -> Self {
        let measured = MEASURES.iter().filter_map(|m| (m.of)(s).map(|v| (m.name.to_owned(), thousandth(v))));
        Self {
            side: s.side.name().to_owned(),
            ic_time_s: ten_thousandth(s.ic.0),
            gait: s.gait.name().to_owned(),
            measures: measured.collect(),
        }
    }
}

impl From<&Alert> for AlertRow {
    fn from(a: &Alert) -> Self {
        Self {
            number: a.number,
            rule: a.rule.name().to_owned(),
            side: a.side.name().to_owned(),
            severity: a.severity.name().to_owned(),
            onset_time_s: ten_thousandth(a.onset.0),
            decided_time_s: ten_thousandth(a.decided.0),
            clear_time_s: a.cleared.map(|t| ten_thousandth(t.0)),
            value_deg: thousandth(a.value.to_degrees()),
            threshold_deg: thousandth(a.threshold.to_degrees()),
            strides: a.strides,
            basis: a.basis.name().to_owned(),
        }
    }
}

/// The word of a grade, for people and files.
#[must_use]
pub fn grade_word(grade: Grade) -> &'static str {
    match grade {
        Grade::A => "good",
        Grade::B => "usable",
        Grade::C => "change_only",
        Grade::Refused => "redo",
    }
}

/// One row on its way to the file.
pub(super) struct Entry {
    pub(super) session: Arc<str>,
    pub(super) kind: Kind,
}

pub(super) enum Kind {
    Begin(Box<Begin>),
    Stance(Box<StanceRow>),
    Stride(StrideRow),
    Alert(Box<AlertRow>),
    Calibration(Box<Calibration>),
    Baseline(Box<Baseline>),
    Screening(Box<Screening>),
    Moment(Moment),
}

impl Kind {
    /// What is kept of an event; `None` for what only the recording has.
    pub(super) fn of(event: &Event) -> Option<Self> {
        Some(match event {
            Event::Stance(stance) => Self::Stance(Box::new(stance.into())),
            Event::Stride(stride) => Self::Stride(stride.into()),
            Event::Alert(alert) => Self::Alert(Box::new(alert.into())),
            Event::Calibration(calibration) => Self::Calibration(calibration.clone()),
            Event::Baseline(baseline) => Self::Baseline(Box::new(baseline.clone())),
            // One without a repetition is nothing to be held against.
            Event::Screening(test) if test.reason.is_none() => Self::Screening(test.clone()),
            Event::Frame(_)
            | Event::Contact(_)
            | Event::Health(_)
            | Event::Evidence(_)
            | Event::Repetition(_)
            | Event::Screening(_)
            | Event::Cue(_) => {
                return None;
            }
        })
    }
}

/// In one step, so that a batch costs one write to the disk.
pub(super) fn write(conn: &mut Connection, entries: &[Entry]) -> Result<(), StoreError> {
    if entries.is_empty() {
        return Ok(());
    }
    let step = conn.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    for entry in entries {
        insert(&step, &entry.session, &entry.kind)?;
    }
    step.commit()?;
    Ok(())
}

fn insert(conn: &Connection, session: &str, kind: &Kind) -> Result<(), StoreError> {
    match kind {
        Kind::Begin(begin) => begin.insert(conn, session)?,
        Kind::Stance(s) => {
            let sql = "INSERT OR REPLACE INTO stances VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)";
            conn.prepare_cached(sql)?.execute(params![
                session,
                s.side,
                s.stance,
                s.gait,
                s.ic_time_s,
                s.tc_time_s,
                s.contact_ms,
                s.stride_ms,
                s.cadence_spm,
                s.peak_hip_adduction_deg,
                s.peak_hip_rotation_deg,
                s.hip_rotation_excursion_deg,
                s.peak_femur_adduction_deg,
                s.femur_rotation_excursion_deg,
                s.peak_pelvic_drop_deg,
                s.peak_knee_valgus_deg,
                s.valid,
                s.reason,
                s.flags
            ])?;
        }
        Kind::Stride(s) => {
            let measures = serde_json::to_string(&s.measures)?;
            conn.prepare_cached("INSERT OR REPLACE INTO strides VALUES (?,?,?,?,?)")?.execute(params![
                session,
                s.side,
                s.ic_time_s,
                s.gait,
                measures
            ])?;
        }
        Kind::Alert(a) => {
            conn.prepare_cached("INSERT OR REPLACE INTO alerts VALUES (?,?,?,?,?,?,?,?,?,?,?,?)")?.execute(
                params![
                    session,
                    a.number,
                    a.rule,
                    a.side,
                    a.severity,
                    a.onset_time_s,
                    a.decided_time_s,
                    a.clear_time_s,
                    a.value_deg,
                    a.threshold_deg,
                    a.strides,
                    a.basis
                ],
            )?;
        }
        Kind::Calibration(c) => {
            let document = serde_json::to_string(c)?;
            conn.prepare_cached("INSERT OR REPLACE INTO calibrations VALUES (?,?,?,?,?)")?
                .execute(params![session, c.decided.0, grade_word(c.grade), c.reason, document])?;
        }
        Kind::Baseline(b) => {
            let document = serde_json::to_string(b)?;
            conn.prepare_cached("INSERT OR REPLACE INTO baselines VALUES (?,?,?,?)")?.execute(params![
                session,
                b.side.name(),
                b.decided.0,
                document
            ])?;
        }
        Kind::Screening(test) => screening::insert(conn, session, test)?,
        Kind::Moment(m) => {
            // Marks outlive a session's being made anew: one that is there is not doubled.
            let sql = "INSERT INTO marks (session, time_s, label) SELECT ?1, ?2, ?3 WHERE NOT EXISTS
                       (SELECT 1 FROM marks WHERE session = ?1 AND time_s = ?2 AND label = ?3)";
            conn.prepare_cached(sql)?.execute(params![session, m.t.0, m.label])?;
        }
    }
    Ok(())
}

/// Only what every version has written the same way.
fn usual_deg(document: &Value) -> Vec<(String, f64, f64)> {
    let each = document.get("usual").and_then(Value::as_array).into_iter().flatten();
    let read = |pair: &Value| {
        let (rule, usual) = (pair.get(0)?.as_str()?, pair.get(1)?);
        let number = |name| usual.get(name).and_then(Value::as_f64).map(f64::to_degrees);
        Some((rule.to_owned(), number("mean")?, number("sd")?))
    };
    each.filter_map(read).collect()
}

/// Takes out what a recording gives anew; what people did to the session stays.
pub(super) fn clear(conn: &Connection, session: &str) -> Result<(), StoreError> {
    for table in ["stances", "strides", "alerts", "calibrations", "baselines", "screenings"] {
        conn.execute(&format!("DELETE FROM {table} WHERE session = ?"), [session])?;
    }
    Ok(())
}

/// Stances from the initial contact on, oldest first.
pub(super) fn stances(conn: &Connection, session: &str) -> Result<Vec<StanceRow>, StoreError> {
    let mut found = conn.prepare_cached(
        "SELECT s.*, e.stance IS NOT NULL AS excluded FROM stances s
         LEFT JOIN exclusions e ON e.session = s.session AND e.side = s.side AND e.stance = s.stance
         WHERE s.session = ? ORDER BY s.ic_time_s, s.side",
    )?;
    let rows = found.query_map([session], |r| {
        Ok(StanceRow {
            side: r.get("side")?,
            stance: r.get("stance")?,
            gait: r.get("gait")?,
            ic_time_s: r.get("ic_time_s")?,
            tc_time_s: r.get("tc_time_s")?,
            contact_ms: r.get("contact_ms")?,
            stride_ms: r.get("stride_ms")?,
            cadence_spm: r.get("cadence_spm")?,
            peak_hip_adduction_deg: r.get("peak_hip_adduction_deg")?,
            peak_hip_rotation_deg: r.get("peak_hip_rotation_deg")?,
            hip_rotation_excursion_deg: r.get("hip_rotation_excursion_deg")?,
            peak_femur_adduction_deg: r.get("peak_femur_adduction_deg")?,
            femur_rotation_excursion_deg: r.get("femur_rotation_excursion_deg")?,
            peak_pelvic_drop_deg: r.get("peak_pelvic_drop_deg")?,
            peak_knee_valgus_deg: r.get("peak_knee_valgus_deg")?,
            valid: r.get("valid")?,
            reason: r.get("reason")?,
            flags: r.get("flags")?,
            excluded: r.get("excluded")?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(super) fn strides(conn: &Connection, session: &str) -> Result<Vec<StrideRow>, StoreError> {
    let mut found = conn.prepare_cached(
        "SELECT side, ic_time_s, gait, measures FROM strides WHERE session = ? ORDER BY ic_time_s, side",
    )?;
    let rows =
        found.query_map([session], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get::<_, String>(3)?)))?;
    rows.map(|row| {
        let (side, ic_time_s, gait, measures) = row?;
        Ok(StrideRow { side, ic_time_s, gait, measures: serde_json::from_str(&measures)? })
    })
    .collect()
}

pub(super) fn alerts(conn: &Connection, session: &str) -> Result<Vec<AlertRow>, StoreError> {
    let mut found = conn.prepare_cached("SELECT * FROM alerts WHERE session = ? ORDER BY number")?;
    let rows = found.query_map([session], |r: &Row<'_>| {
        Ok(AlertRow {
            number: r.get("number")?,
            rule: r.get("rule")?,
            side: r.get("side")?,
            severity: r.get("severity")?,
            onset_time_s: r.get("onset_time_s")?,
            decided_time_s: r.get("decided_time_s")?,
            clear_time_s: r.get("clear_time_s")?,
            value_deg: r.get("value_deg")?,
            threshold_deg: r.get("threshold_deg")?,
            strides: r.get("strides")?,
            basis: r.get("basis")?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(super) fn calibrations(conn: &Connection, session: &str) -> Result<Vec<CalibrationRow>, StoreError> {
    let mut found = conn.prepare_cached(
        "SELECT decided_time_s, grade, reason, document FROM calibrations WHERE session = ? ORDER BY 1",
    )?;
    let rows =
        found.query_map([session], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get::<_, String>(3)?)))?;
    rows.map(|row| {
        let (decided_time_s, grade, reason, document) = row?;
        Ok(CalibrationRow { decided_time_s, grade, reason, document: serde_json::from_str(&document)? })
    })
    .collect()
}

pub(super) fn baselines(conn: &Connection, session: &str) -> Result<Vec<BaselineRow>, StoreError> {
    let mut found = conn.prepare_cached(
        "SELECT side, decided_time_s, document FROM baselines WHERE session = ? ORDER BY 2, 1",
    )?;
    let rows = found.query_map([session], |r| Ok((r.get(0)?, r.get(1)?, r.get::<_, String>(2)?)))?;
    rows.map(|row| {
        let (side, decided_time_s, text) = row?;
        let document: Value = serde_json::from_str(&text)?;
        Ok(BaselineRow { side, decided_time_s, usual_deg: usual_deg(&document), document })
    })
    .collect()
}

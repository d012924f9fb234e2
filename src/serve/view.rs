//! What goes over the wire: degrees, milliseconds and steps per minute; names as in our files.

use crate::body::{PerSide, Placement, Side};
use crate::event::{
    Alert, Baseline, Calibration, Exchange, Frame, Grade, Health, HealthCode, KeptNote, LegAngles, Phase,
    Rule, SensorStatus, Stance, Stride, Usual,
};
use crate::gait::Measure;
use crate::source::ble::board::Card;
use serde::{Deserialize, Serialize};

/// Where the data on the page come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SourceKind {
    /// A recording of a person.
    Real,
    /// Made by the simulator.
    Synthetic,
    /// Sensors, now.
    Sensors,
}

/// Says on the page what is being played.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceLabel {
    pub kind: SourceKind,
    /// A few words.
    pub title: String,
    /// What there is to see and what cannot be seen in it, in a sentence or two.
    pub text: String,
}

/// Where a rule's levels lie for one leg, rad.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limit {
    pub side: Side,
    pub rule: Rule,
    pub amber: f64,
    pub red: f64,
}

/// Degrees, to a hundredth: far finer than the sensors can tell, and half as long.
pub(super) fn degrees(radians: f64) -> f64 {
    (radians.to_degrees() * 100.0).round() / 100.0
}

/// Limits move with every change of speed; a tenth of a degree is as much as a line on a plot can show.
fn tenth(radians: f64) -> f64 {
    (radians.to_degrees() * 10.0).round() / 10.0
}

fn some_degrees(radians: Option<f64>) -> Option<f64> {
    radians.map(degrees)
}

fn milliseconds(seconds: f64) -> f64 {
    (seconds * 10_000.0).round() / 10.0
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(super) struct LimitView {
    pub side: Side,
    pub rule: Rule,
    amber_deg: f64,
    red_deg: f64,
}

impl From<Limit> for LimitView {
    fn from(limit: Limit) -> Self {
        Self { side: limit.side, rule: limit.rule, amber_deg: tenth(limit.amber), red_deg: tenth(limit.red) }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
struct FlagView {
    rule: Rule,
    severity: &'static str,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct StanceView {
    side: Side,
    stance: u32,
    gait: &'static str,
    ic_time_s: f64,
    tc_time_s: f64,
    contact_ms: f64,
    stride_ms: Option<f64>,
    cadence_spm: Option<f64>,
    peak_hip_adduction_deg: Option<f64>,
    peak_hip_rotation_deg: Option<f64>,
    hip_rotation_excursion_deg: Option<f64>,
    peak_femur_adduction_deg: Option<f64>,
    femur_rotation_excursion_deg: Option<f64>,
    peak_pelvic_drop_deg: Option<f64>,
    peak_knee_valgus_deg: Option<f64>,
    valid: bool,
    reason: Option<&'static str>,
    flags: Vec<FlagView>,
}

impl From<&Stance> for StanceView {
    fn from(s: &Stance) -> Self {
        Self {
            side: s.side,
            stance: s.number,
            gait: s.gait.name(),
            ic_time_s: s.ic.0,
            tc_time_s: s.tc.0,
            contact_ms: milliseconds(s.contact_time()),
            stride_ms: s.stride_time.map(milliseconds),
            cadence_spm: s.cadence_spm().map(|c| (c * 10.0).round() / 10.0),
            peak_hip_adduction_deg: some_degrees(s.peaks.hip_adduction),
            peak_hip_rotation_deg: some_degrees(s.peaks.hip_rotation),
            hip_rotation_excursion_deg: some_degrees(s.peaks.hip_rotation_excursion),
            peak_femur_adduction_deg: some_degrees(s.peaks.femur_adduction),
            femur_rotation_excursion_deg: some_degrees(s.peaks.femur_rotation_excursion),
            peak_pelvic_drop_deg: some_degrees(s.peaks.pelvic_drop),
            peak_knee_valgus_deg: some_degrees(s.peaks.knee_valgus),
            valid: s.valid,
            reason: s.doubt.map(crate::event::StanceDoubt::word),
            flags: s.flags.iter().map(|f| FlagView { rule: f.rule, severity: f.severity.name() }).collect(),
        }
    }
}

/// A measure of strides: what it is, and each leg's latest. `null` where it has no meaning or is not known.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(super) struct MeasureView {
    name: &'static str,
    unit: &'static str,
    definition: &'static str,
    source: &'static str,
    left: Option<f64>,
    right: Option<f64>,
}

impl MeasureView {
    pub(super) fn new(measure: &Measure, latest: &PerSide<Option<Stride>>) -> Self {
        let of = |side| {
            let value = latest[side].as_ref().and_then(measure.of);
            value.map(|value: f64| (value * 10.0).round() / 10.0)
        };
        Self {
            name: measure.name,
            unit: measure.unit,
            definition: measure.definition,
            source: measure.source,
            left: of(Side::Left),
            right: of(Side::Right),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(super) struct AlertView {
    pub number: u32,
    pub rule: Rule,
    pub side: Side,
    severity: &'static str,
    onset_time_s: f64,
    decided_time_s: f64,
    pub clear_time_s: Option<f64>,
    value_deg: f64,
    threshold_deg: f64,
    strides: u32,
    basis: &'static str,
}

impl From<&Alert> for AlertView {
    fn from(a: &Alert) -> Self {
        Self {
            number: a.number,
            rule: a.rule,
            side: a.side,
            severity: a.severity.name(),
            onset_time_s: a.onset.0,
            decided_time_s: a.decided.0,
            clear_time_s: a.cleared.map(|t| t.0),
            value_deg: degrees(a.value),
            threshold_deg: degrees(a.threshold),
            strides: a.strides,
            basis: a.basis.name(),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct HealthView {
    pub time_s: f64,
    pub code: HealthCode,
    pub placement: Option<Placement>,
    pub active: bool,
    message: String,
}

impl HealthView {
    pub(super) fn into_message(self) -> String {
        self.message
    }
}

impl From<&Health> for HealthView {
    fn from(h: &Health) -> Self {
        Self {
            time_s: h.t.0,
            code: h.code,
            placement: h.placement,
            active: h.active,
            message: h.message.clone(),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct UsualView {
    rule: Rule,
    mean_deg: f64,
    sd_deg: f64,
    stances: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct BaselineView {
    side: Side,
    time_s: f64,
    cadence_spm: f64,
    contact_ms: f64,
    usual: Vec<UsualView>,
    /// When it was learnt, for a kept one; else null.
    kept: Option<KeptView>,
}

/// Where a kept usual comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct KeptView {
    date: String,
    surface: String,
}

impl From<&KeptNote> for KeptView {
    fn from(note: &KeptNote) -> Self {
        Self { date: note.date.clone(), surface: note.surface.clone() }
    }
}

impl BaselineView {
    pub(super) fn is_kept(&self) -> bool {
        self.kept.is_some()
    }
}

impl From<&Baseline> for BaselineView {
    fn from(b: &Baseline) -> Self {
        let usual = |&(rule, Usual { mean, sd, stances })| UsualView {
            rule,
            mean_deg: degrees(mean),
            sd_deg: degrees(sd),
            stances,
        };
        Self {
            side: b.side,
            time_s: b.decided.0,
            cadence_spm: (b.cadence_spm * 10.0).round() / 10.0,
            contact_ms: milliseconds(b.leg.contact),
            kept: b.kept.as_ref().map(KeptView::from),
            usual: b.usual.iter().map(usual).collect(),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct SegmentView {
    placement: Placement,
    grade: &'static str,
    disagreement_deg: Option<f64>,
    reason: String,
    /// Places to exchange, any of which may be the cause; in the words of `/sensors/swap`.
    exchange: &'static [&'static str],
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct CalibrationView {
    time_s: f64,
    grade: &'static str,
    reason: String,
    segments: Vec<SegmentView>,
}

impl From<&Calibration> for CalibrationView {
    fn from(c: &Calibration) -> Self {
        let segments = c.segments.iter().filter_map(|(placement, segment)| {
            segment.as_ref().map(|s| SegmentView {
                placement,
                grade: grade(s.quality.grade),
                disagreement_deg: some_degrees(s.quality.disagreement),
                reason: s.quality.reason.clone(),
                exchange: s.quality.exchange.map_or(&[], |exchange| places(exchange, placement)),
            })
        });
        Self {
            time_s: c.decided.0,
            grade: grade(c.grade),
            reason: c.reason.clone(),
            segments: segments.collect(),
        }
    }
}

fn places(exchange: Exchange, placement: Placement) -> &'static [&'static str] {
    match (exchange, placement.side()) {
        (Exchange::ThighAndShank, Some(Side::Left)) => &["left_leg"],
        (Exchange::ThighAndShank, Some(Side::Right)) => &["right_leg"],
        (Exchange::LeftAndRight, _) => &["shanks", "thighs"],
        (Exchange::Legs, _) => &["legs"],
        (Exchange::ThighAndShank, None) => &[],
    }
}

fn grade(grade: Grade) -> &'static str {
    match grade {
        Grade::A => "good",
        Grade::B => "usable",
        Grade::C => "change_only",
        Grade::Refused => "redo",
    }
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct SensorView {
    name: String,
    placement: Option<Placement>,
    online: bool,
    last_sample_time_s: Option<f64>,
    rate_hz: f64,
    nominal_rate_hz: f64,
    loss_percent: f64,
    jitter_ms: Option<f64>,
    clock_sigma_ms: Option<f64>,
    battery_percent: Option<f64>,
}

impl SensorView {
    pub(super) fn is_placed(&self) -> bool {
        self.placement.is_some()
    }

    pub(super) fn is_online(&self) -> bool {
        self.online
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// One that has sent nothing in this session.
    pub(super) fn in_reach(card: &Card) -> Self {
        Self {
            name: card.name.clone(),
            placement: card.placement,
            online: false,
            last_sample_time_s: None,
            rate_hz: 0.0,
            nominal_rate_hz: card.rate_hz.unwrap_or(0.0),
            loss_percent: 0.0,
            jitter_ms: None,
            clock_sigma_ms: None,
            battery_percent: card.battery_percent,
        }
    }
}

impl From<&SensorStatus> for SensorView {
    fn from(s: &SensorStatus) -> Self {
        Self {
            name: s.name.clone(),
            placement: s.placement,
            online: s.online,
            last_sample_time_s: s.last_sample.map(|t| t.0),
            rate_hz: (s.rate_hz * 10.0).round() / 10.0,
            nominal_rate_hz: s.nominal_rate_hz,
            loss_percent: (s.loss * 10_000.0).round() / 100.0,
            jitter_ms: s.jitter.map(milliseconds),
            clock_sigma_ms: s.clock_sigma.map(milliseconds),
            battery_percent: s.battery,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct RecordingView {
    pub path: String,
    pub bytes: u64,
}

/// The angles of a leg right now.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub(super) struct LegNow {
    /// `hip` with a sacral sensor, else `femur`; `None` while neither is valid.
    reference: Option<&'static str>,
    adduction_deg: Option<f64>,
    femur_adduction_deg: Option<f64>,
    femur_flexion_deg: Option<f64>,
    shank_abduction_deg: Option<f64>,
    knee_flexion_deg: Option<f64>,
    reason: Option<&'static str>,
}

impl From<&LegAngles> for LegNow {
    fn from(leg: &LegAngles) -> Self {
        let femur = leg.femur.map(|a| a.adduction);
        Self {
            reference: leg.hip.map(|_| "hip").or(leg.femur.map(|_| "femur")),
            adduction_deg: some_degrees(leg.hip.map(|a| a.adduction).or(femur)),
            femur_adduction_deg: some_degrees(femur),
            femur_flexion_deg: some_degrees(leg.femur.map(|a| a.flexion)),
            // Valgus is femur adduction plus shank abduction; the figure needs the shank alone.
            shank_abduction_deg: some_degrees(leg.valgus.zip(femur).map(|(sum, femur)| sum - femur)),
            knee_flexion_deg: some_degrees(leg.knee.map(|a| a.flexion)),
            reason: leg.doubt.map(crate::event::Doubt::word),
        }
    }
}

/// The pelvis right now: right side down is positive.
pub(super) fn obliquity_now(frame: Option<&Frame>) -> Option<f64> {
    some_degrees(frame.and_then(|f| f.pelvis).map(|p| p.obliquity))
}

pub(super) fn legs_now(frame: Option<&Frame>) -> PerSide<LegNow> {
    frame.map_or_else(PerSide::default, |f| PerSide::from_fn(|side| LegNow::from(&f.legs[side])))
}

pub(super) fn phase_word(phase: Phase) -> &'static str {
    match phase {
        Phase::WaitingForSensors => "waiting_for_sensors",
        Phase::StandStill => "stand_still",
        Phase::Move => "move",
        Phase::LearningUsual => "learning_usual",
        Phase::Watching => "watching",
    }
}

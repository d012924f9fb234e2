//! What the stages say to each other and the pipeline says to the world. Angles are radians here;
//! degrees begin where a file, a message or a page is written.

mod cue;
mod screening;

pub use cue::{Cue, CueKind, Words};
pub use screening::{
    Difference, Figure, LegScreening, Repetition, RepetitionDoubt, ScreenQuantity, Screening, Test,
};

use crate::body::{PerPlacement, PerSide, Placement, Side};
use crate::units::SessionTime;
use nalgebra::{UnitQuaternion, Vector3};
use serde::{Deserialize, Serialize};

/// A sample with its orientation, as fusion releases it. Oldest first per sensor, gaps bridged.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fused {
    pub t: SessionTime,
    /// World is ENU with an arbitrary heading per sensor (no magnetometer).
    pub world_from_sensor: UnitQuaternion<f64>,
    /// Angular rate in sensor axes less the estimated bias, rad/s.
    pub gyr: Vector3<f64>,
    /// What was subtracted from the gyroscope, rad/s: the measured rate is `gyr + bias`.
    pub bias: Vector3<f64>,
    /// Specific force in sensor axes, m/s².
    pub acc: Vector3<f64>,
    /// The sensor measured this; `false` for a sample that bridges a gap.
    pub measured: bool,
    /// Why the orientation must not be used for a verdict now; `None` when it may.
    pub doubt: Option<Doubt>,
}

/// Why a value is withheld. One word each in files; the page has the sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Doubt {
    /// The filter has not settled yet.
    Settling,
    /// Samples were lost, or were a moment ago.
    Gap,
    /// The sensor ran into the end of its range.
    Saturated,
    /// The sensor that this needs sends nothing.
    SensorLost,
    /// No calibration yet.
    Uncalibrated,
    /// The calibration was refused.
    CalibrationRefused,
    /// The direction of progression is not settled or not defined.
    HeadingUnsettled,
    /// The runner is turning.
    Turning,
    /// A strap has slipped.
    StrapSlipped,
    /// The sensors disagree about time.
    OutOfStep,
    /// The foot does not go back under the body in stance: running on the spot.
    NoProgression,
}

impl Doubt {
    /// The word in files and messages.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Settling => "settling",
            Self::Gap => "gap",
            Self::Saturated => "saturated",
            Self::SensorLost => "sensor_lost",
            Self::Uncalibrated => "uncalibrated",
            Self::CalibrationRefused => "calibration_refused",
            Self::HeadingUnsettled => "heading_unsettled",
            Self::Turning => "turning",
            Self::StrapSlipped => "strap_slipped",
            Self::OutOfStep => "out_of_step",
            Self::NoProgression => "no_progression",
        }
    }
}

/// Flexion, adduction and medial rotation, rad; each positive for the same clinical movement on
/// both legs (knee: flexion, varus, internal rotation of the tibia).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Angles {
    pub flexion: f64,
    pub adduction: f64,
    pub rotation: f64,
}

/// The angles of one leg at one moment; `None` where they are not valid then.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct LegAngles {
    /// Thigh against pelvis; only with a sacral sensor.
    pub hip: Option<Angles>,
    /// Thigh against gravity and the direction of progression.
    pub femur: Option<Angles>,
    /// Shank against thigh.
    pub knee: Option<Angles>,
    /// Knee dives in: femur adduction plus shank abduction against gravity, rad.
    pub valgus: Option<f64>,
    /// Why the femur angles are missing; `None` when they are there.
    pub doubt: Option<Doubt>,
}

/// Pelvis against gravity and the direction of progression, rad.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PelvisAngles {
    /// Right side down positive.
    pub obliquity: f64,
    /// Anterior positive.
    pub tilt: f64,
    /// Right side forward positive.
    pub rotation: f64,
}

/// All angles at one moment of the 100 Hz grid.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Frame {
    pub t: SessionTime,
    pub legs: PerSide<LegAngles>,
    pub pelvis: Option<PelvisAngles>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gait {
    Walk,
    Run,
}

impl Gait {
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Walk => "walk",
            Self::Run => "run",
        }
    }
}

/// A moment of the gait cycle of one leg, as soon as it can be known.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Contact {
    pub side: Side,
    pub kind: ContactKind,
    /// When it happened, filter delay compensated.
    pub t: SessionTime,
    /// The newest sample that the decision needed.
    pub decided: SessionTime,
    pub gait: Gait,
    /// Consecutive regular strides up to here; 0 where the event comes from a fallback. A stance is
    /// judged from 3 on.
    pub rhythm: u32,
    /// One standard deviation of `t`, s.
    pub sigma: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContactKind {
    /// The shank's forward swing was fastest at `t`: the boundary of the stride for heading.
    MidSwing,
    /// Initial contact.
    Initial,
    /// Terminal contact, provisional until `TerminalConfirmed`.
    Terminal,
    /// The swing that followed confirms the last terminal contact; `t` is its final time.
    TerminalConfirmed,
    /// The last terminal contact was none: the leg is still in stance.
    TerminalRetracted,
    /// The rhythm is lost: a gap, a stop, or a stance longer than physiology allows.
    LockLost,
}

/// One stride of one leg within a rhythm: from an initial contact to the leg's next. What it says about a
/// runner is in the `MEASURES` of the gait stage.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Stride {
    pub side: Side,
    pub gait: Gait,
    pub ic: SessionTime,
    pub tc: SessionTime,
    pub next_ic: SessionTime,
    /// The other leg's initial contact within this stride.
    pub other_ic: Option<SessionTime>,
    /// Contact time of the other leg's latest stance, s.
    pub other_contact: Option<f64>,
    /// The newest sample that was needed.
    pub decided: SessionTime,
}

/// One stance of one leg with its peaks. Angles in rad, `None` where not valid.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Stance {
    pub side: Side,
    /// Counts from 1 per leg.
    pub number: u32,
    pub gait: Gait,
    pub ic: SessionTime,
    pub tc: SessionTime,
    /// From the leg's previous initial contact to this one, s; `None` for the first after a pause.
    pub stride_time: Option<f64>,
    pub peaks: Peaks,
    /// How sure each peak is.
    #[serde(default)]
    pub sigma: PeakSigmas,
    /// The stance can be judged.
    pub valid: bool,
    /// Why not.
    pub doubt: Option<StanceDoubt>,
    /// The newest sample that the row needed.
    pub decided: SessionTime,
    /// Rules that this stance is beyond, with the level; filled by the flag stage.
    pub flags: Vec<Flag>,
}

impl Stance {
    /// Ground time, s.
    #[must_use]
    pub fn contact_time(&self) -> f64 {
        self.tc - self.ic
    }

    /// Steps per minute: two per stride.
    #[must_use]
    pub fn cadence_spm(&self) -> Option<f64> {
        self.stride_time.map(|s| 120.0 / s)
    }
}

/// Why a stance is not judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StanceDoubt {
    /// Fewer than three regular strides.
    NoRhythm,
    /// The angles were withheld in part of the stance.
    #[serde(untagged)]
    Angles(Doubt),
}

impl StanceDoubt {
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::NoRhythm => "no_rhythm",
            Self::Angles(doubt) => doubt.word(),
        }
    }
}

/// Peaks within stance, rad. Adduction peaks over all of stance; rotation between 15 and 75 % of it
/// (the ends carry impact and push-off artefacts); excursions count from initial contact.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Peaks {
    pub hip_adduction: Option<f64>,
    pub hip_rotation: Option<f64>,
    pub hip_rotation_excursion: Option<f64>,
    pub femur_adduction: Option<f64>,
    pub femur_rotation: Option<f64>,
    pub femur_rotation_excursion: Option<f64>,
    /// Contralateral side down positive.
    pub pelvic_drop: Option<f64>,
    pub knee_valgus: Option<f64>,
}

/// One standard deviation of each peak, rad, about a constant that this leg keeps all session long: how far a
/// stance can be compared with another of the same calibration. `None` where there is no peak.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct PeakSigmas {
    pub hip_adduction: Option<f64>,
    pub hip_rotation: Option<f64>,
    pub hip_rotation_excursion: Option<f64>,
    pub femur_adduction: Option<f64>,
    pub femur_rotation: Option<f64>,
    pub femur_rotation_excursion: Option<f64>,
    pub pelvic_drop: Option<f64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    HipAdduction,
    FemurAdduction,
    MedialRotation,
    PelvicDrop,
    KneeValgus,
    Asymmetry,
    Fatigue,
}

impl Rule {
    /// The name in files and messages.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::HipAdduction => "hip_adduction",
            Self::FemurAdduction => "femur_adduction",
            Self::MedialRotation => "medial_rotation",
            Self::PelvicDrop => "pelvic_drop",
            Self::KneeValgus => "knee_valgus",
            Self::Asymmetry => "asymmetry",
            Self::Fatigue => "fatigue",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    Amber,
    Red,
}

impl Severity {
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Amber => "amber",
            Self::Red => "red",
        }
    }
}

/// What a limit is measured from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    Absolute,
    Baseline,
}

impl Basis {
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Absolute => "absolute",
            Self::Baseline => "baseline",
        }
    }
}

/// A rule that one stance is beyond.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Flag {
    pub rule: Rule,
    pub severity: Severity,
}

/// An alert as it is raised, rises in severity, or clears. The same `number` names one alert throughout.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Alert {
    /// Counts from 1 in a session.
    pub number: u32,
    pub rule: Rule,
    pub side: Side,
    pub severity: Severity,
    /// Initial contact of the first stance of those that raised it.
    pub onset: SessionTime,
    /// The newest sample that the decision needed.
    pub decided: SessionTime,
    /// `None` while it stands.
    pub cleared: Option<SessionTime>,
    /// The value at the decision, rad.
    pub value: f64,
    /// The limit that it was beyond, rad.
    pub threshold: f64,
    /// Stances beyond the limit among those looked at.
    pub strides: u32,
    pub basis: Basis,
}

/// What an alert was raised on; comes right after the alert that it explains, when raised and when risen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// The alert's.
    pub number: u32,
    pub rule: Rule,
    pub side: Side,
    pub severity: Severity,
    /// The alert's: the newest sample that the decision needed.
    pub decided: SessionTime,
    pub quantity: Quantity,
    pub against: Against,
    /// Where the usual comes from, for a kept one.
    pub kept: Option<KeptNote>,
    /// What the limit stands on; `None` for a level.
    pub usual: Option<Usual>,
    /// The stances that were looked at, oldest first; none for a trend over the run, which has thousands.
    pub strides: Vec<EvidenceStride>,
    /// What a rule that looks at many stances at once has estimated.
    pub estimate: Option<Estimate>,
    /// Stances of that leg that were not judged since the first one looked at, by reason.
    pub withheld: Vec<Withheld>,
}

/// One stance as a rule saw it, rad.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct EvidenceStride {
    pub side: Side,
    /// The stance's number.
    pub number: u32,
    pub ic: SessionTime,
    pub value: f64,
    /// The limit at that stance's speed.
    pub limit: f64,
    pub beyond: bool,
}

/// A value with the interval that holds it with 95 %, rad.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    pub value: f64,
    pub low: f64,
    pub high: f64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Withheld {
    /// The word in files.
    pub reason: String,
    pub stances: u32,
}

/// What a limit stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Against {
    /// A level of healthy runners.
    Level,
    /// What this runner did earlier in this session.
    Today,
    /// What earlier sessions have left.
    Kept,
}

impl Against {
    #[must_use]
    pub fn basis(self) -> Basis {
        match self {
            Self::Level => Basis::Absolute,
            Self::Today | Self::Kept => Basis::Baseline,
        }
    }
}

/// A quantity of a stance that a rule watches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quantity {
    HipAdduction,
    FemurAdduction,
    /// Medial rotation of the femur since initial contact.
    RotationExcursion,
    /// Highest medial rotation of the femur in stance.
    RotationLevel,
    PelvicDrop,
    KneeValgus,
}

impl Quantity {
    pub const COUNT: usize = 6;
    pub const ALL: [Self; Self::COUNT] = [
        Self::HipAdduction,
        Self::FemurAdduction,
        Self::RotationExcursion,
        Self::RotationLevel,
        Self::PelvicDrop,
        Self::KneeValgus,
    ];

    /// The stance's value, rad; `None` where it was not measured (or came out as no number).
    #[must_use]
    pub fn read(self, peaks: &Peaks) -> Option<f64> {
        match self {
            Self::HipAdduction => peaks.hip_adduction,
            Self::FemurAdduction => peaks.femur_adduction,
            Self::RotationExcursion => peaks.femur_rotation_excursion,
            Self::RotationLevel => peaks.femur_rotation,
            Self::PelvicDrop => peaks.pelvic_drop,
            Self::KneeValgus => peaks.knee_valgus,
        }
        .filter(|v| v.is_finite())
    }

    /// As people say it.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::HipAdduction => "hip adduction",
            Self::FemurAdduction => "femur adduction",
            Self::RotationExcursion => "medial rotation since contact",
            Self::RotationLevel => "medial rotation",
            Self::PelvicDrop => "pelvic drop",
            Self::KneeValgus => "knee valgus",
        }
    }
}

/// One value per [`Quantity`], addressed by it.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PerQuantity<T> {
    pub hip_adduction: T,
    pub femur_adduction: T,
    pub rotation_excursion: T,
    pub rotation_level: T,
    pub pelvic_drop: T,
    pub knee_valgus: T,
}

impl<T> PerQuantity<T> {
    pub fn from_fn(mut f: impl FnMut(Quantity) -> T) -> Self {
        Self {
            hip_adduction: f(Quantity::HipAdduction),
            femur_adduction: f(Quantity::FemurAdduction),
            rotation_excursion: f(Quantity::RotationExcursion),
            rotation_level: f(Quantity::RotationLevel),
            pelvic_drop: f(Quantity::PelvicDrop),
            knee_valgus: f(Quantity::KneeValgus),
        }
    }
}

impl<T> std::ops::Index<Quantity> for PerQuantity<T> {
    type Output = T;
    fn index(&self, quantity: Quantity) -> &T {
        match quantity {
            Quantity::HipAdduction => &self.hip_adduction,
            Quantity::FemurAdduction => &self.femur_adduction,
            Quantity::RotationExcursion => &self.rotation_excursion,
            Quantity::RotationLevel => &self.rotation_level,
            Quantity::PelvicDrop => &self.pelvic_drop,
            Quantity::KneeValgus => &self.knee_valgus,
        }
    }
}

impl<T> std::ops::IndexMut<Quantity> for PerQuantity<T> {
    fn index_mut(&mut self, quantity: Quantity) -> &mut T {
        match quantity {
            Quantity::HipAdduction => &mut self.hip_adduction,
            Quantity::FemurAdduction => &mut self.femur_adduction,
            Quantity::RotationExcursion => &mut self.rotation_excursion,
            Quantity::RotationLevel => &mut self.rotation_level,
            Quantity::PelvicDrop => &mut self.pelvic_drop,
            Quantity::KneeValgus => &mut self.knee_valgus,
        }
    }
}

/// A leg's usual for one quantity, once formed: mean and spread between stances, rad.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Usual {
    pub mean: f64,
    pub sd: f64,
    pub stances: u32,
}

/// All that a leg usually does, and at which speed. The middle of its speed band: how far from it stances are
/// still compared is a setting of the flag stage.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LegUsual {
    /// `None` where the sensors did not give it.
    pub of: PerQuantity<Option<Usual>>,
    /// Mean contact time, s: how fast the runner ran.
    pub contact: f64,
    /// Mean, steps per minute.
    pub cadence_spm: f64,
    /// Of the leg's calibration at that time; `None` for none.
    pub grade: Option<Grade>,
    #[serde(default)]
    pub zero: Zero,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Grade {
    /// Good.
    A,
    /// Usable.
    B,
    /// From the gait alone or from one axis source: judge change only.
    C,
    /// Redo: angles and flags are withheld.
    Refused,
}

/// Where a segment's long axis comes from, and with it the zero of its adduction.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub enum Zero {
    /// What was upright in standing, or on average over gait.
    #[default]
    Standing,
    /// Standing, bettered by where running shows the segment's joints; adduction reads so much less, rad.
    Joints { less: f64 },
}

impl Zero {
    /// By how much adduction reads less than from standing, degrees; `None` from standing.
    #[must_use]
    pub fn less_deg(self) -> Option<f64> {
        match self {
            Self::Standing => None,
            Self::Joints { less } => Some(less.to_degrees()),
        }
    }
}

/// How a segment's calibration came out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SegmentGrade {
    pub grade: Grade,
    /// The largest angle between the axes that were averaged, rad; `None` with one axis source.
    pub disagreement: Option<f64>,
    /// Why the segment's angles are withheld; `None` unless refused.
    pub doubt: Option<Doubt>,
    /// One sentence for the runner: what was wrong and what to do.
    pub reason: String,
    /// Sensors that seem to have each other's place.
    #[serde(default)]
    pub exchange: Option<Exchange>,
}

/// Which sensors seem to have each other's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Exchange {
    /// Those of this leg.
    ThighAndShank,
    /// Those of both shanks, or of both thighs: movement does not tell which.
    LeftAndRight,
    /// All of one leg with all of the other.
    Legs,
}

/// The result of calibrating: sensor to segment per placement, with a grade.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    pub decided: SessionTime,
    pub grade: Grade,
    pub segments: PerPlacement<Option<SegmentCalibration>>,
    /// One sentence for the runner.
    pub reason: String,
}

impl Calibration {
    /// The worst of what this leg's angles come from, the pelvis where it is worn.
    #[must_use]
    pub fn leg_grade(&self, side: Side) -> Grade {
        let of = |placement| self.segments[placement].as_ref().map(|s: &SegmentCalibration| s.quality.grade);
        let leg = [
            of(Placement::thigh(side)).or(Some(Grade::Refused)),
            of(Placement::shank(side)),
            of(Placement::Pelvis),
        ];
        leg.into_iter().flatten().max().unwrap_or(Grade::Refused)
    }

    /// Of this leg's thigh.
    #[must_use]
    pub fn leg_zero(&self, side: Side) -> Zero {
        self.segments[Placement::thigh(side)].as_ref().map(|thigh| thigh.zero).unwrap_or_default()
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SegmentCalibration {
    /// Columns are the segment's X, Y, Z in sensor axes.
    pub sensor_from_segment: UnitQuaternion<f64>,
    /// Axial uncertainty, rad: an error of this size turns rotation by as much.
    pub sigma_axial: f64,
    /// Frontal-plane uncertainty, rad.
    pub sigma_frontal: f64,
    #[serde(default)]
    pub zero: Zero,
    pub quality: SegmentGrade,
}

/// Something a person should know about the data, never about the gait.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Health {
    pub t: SessionTime,
    pub code: HealthCode,
    /// The sensor it is about, where it is about one.
    pub placement: Option<Placement>,
    /// `true` when it starts, `false` when it is over.
    pub active: bool,
    /// One sentence with its remedy.
    pub message: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HealthCode {
    SensorSilent,
    SensorLossy,
    Saturated,
    ClockUnsettled,
    ClockJumped,
    CalibrationMissing,
    CalibrationRefused,
    DuplicatePlacement,
    RecordingFailed,
    /// The history of sessions cannot be written; the recording goes on.
    StoreFailed,
    BadData,
    /// The link to a sensor is lost and being made again.
    LinkLost,
    /// A sensor is connected and cannot be used as it is.
    SensorUnusable,
    BatteryLow,
    /// A sensor sends messages that make no sense.
    Garbled,
    /// The radio of this computer cannot be used.
    RadioDown,
    /// The runner's usual could not be learnt: the running was not steady enough.
    BaselineUnsteady,
    /// A strap has slipped: that leg is not judged until it is calibrated again.
    StrapSlipped,
    /// The runner stays on the spot.
    NoProgression,
    /// Today does not resemble the kept usual: another runner, or sensors that sit otherwise.
    UsualDiffers,
    /// A rule is asked for that the sensors cannot give.
    RuleNotMeasured,
}

/// Everything that leaves the pipeline, in the order in which it was known.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    Frame(Frame),
    Contact(Contact),
    Stance(Stance),
    Stride(Stride),
    Alert(Alert),
    /// Why the alert before it was raised.
    Evidence(Box<Evidence>),
    Calibration(Box<Calibration>),
    Health(Health),
    /// A leg's usual has formed (or why it could not, as `Health`).
    Baseline(Baseline),
    /// A repetition of a screening test.
    Repetition(Repetition),
    /// A screening test is over.
    Screening(Box<Screening>),
    Cue(Cue),
}

/// A leg's usual per rule, in the order of the rule list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Baseline {
    pub side: Side,
    pub decided: SessionTime,
    pub usual: Vec<(Rule, Usual)>,
    pub cadence_spm: f64,
    /// All of it: what is kept for later sessions.
    pub leg: LegUsual,
    /// When it was learnt, for a usual that an earlier session has left; `None` for one learnt now.
    pub kept: Option<KeptNote>,
}

/// Where a kept usual comes from, as the shell has put it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct KeptNote {
    /// Whose it is; an opaque word, empty where there is only one runner.
    pub runner: String,
    /// Date of its newest session.
    pub date: String,
    /// What was run on, such as `treadmill`; empty where nobody said.
    pub surface: String,
}

/// How one sensor does, for people; measured over the last few seconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SensorStatus {
    pub name: String,
    pub placement: Option<Placement>,
    /// Samples came within the last second of session time.
    pub online: bool,
    /// Session time of the newest sample.
    pub last_sample: Option<SessionTime>,
    /// Measured, Hz.
    pub rate_hz: f64,
    pub nominal_rate_hz: f64,
    /// Share of samples lost since the start, 0 to 1.
    pub loss: f64,
    /// Spread of packet arrivals, s; `None` where the source has no arrival times.
    pub jitter: Option<f64>,
    /// One standard deviation of the sensor's session time, s; `None` where it is session time already.
    pub clock_sigma: Option<f64>,
    /// Percent; `None` where the sensor does not tell.
    pub battery: Option<f64>,
}

/// What the runner has to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// No leg sensor sends.
    WaitingForSensors,
    /// Stand still.
    StandStill,
    /// Bend the knees slowly, or walk, or run.
    Move,
    /// Calibrated; the runner's usual is being learnt.
    LearningUsual,
    /// Judging stances.
    Watching,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_number_is_not_measured() {
        let peaks = Peaks { hip_adduction: Some(f64::NAN), ..Peaks::default() };
        assert_eq!(Quantity::HipAdduction.read(&peaks), None);
    }
}

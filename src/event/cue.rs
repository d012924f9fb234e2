//! A cue: what a runner is told, on which channels.

use super::{HealthCode, Rule, Severity};
use crate::body::{Placement, Side};
use crate::input::Channels;
use crate::units::SessionTime;
use serde::{Deserialize, Serialize};

/// One cue. There is never another at the same time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Cue {
    /// Counts from 1 in a session.
    pub number: u32,
    /// The newest sample that the decision needed.
    pub t: SessionTime,
    pub kind: CueKind,
    pub words: Words,
    /// 0 to 1: how far over the limit. Length and loudness go with it.
    pub strength: f64,
    pub channels: Channels,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum CueKind {
    Gait {
        rule: Rule,
        side: Side,
        severity: Severity,
        /// Number of the alert that stands.
        alert: u32,
        /// Terminal contact of the stance that it is about.
        tc: SessionTime,
    },
    /// About the data, never about the gait.
    Data { code: HealthCode, placement: Option<Placement> },
    /// What was cued on this leg is over.
    AllClear { side: Side },
    /// Beats from now on, steps per minute; `None`: no more.
    Metronome { spm: Option<f64> },
}

/// What is said: at most six words in every language, outward where that can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Words {
    KneesApart,
    QuickerLighterSteps,
    KneecapsForward,
    LevelHips,
    EvenSteps,
    EaseOff,
    AllClear,
    Metronome,
    MetronomeOff,
    SensorLost,
    SensorUnusable,
    StrapSlipped,
    BatteryLow,
    RadioDown,
    CalibrateAgain,
}

impl Words {
    /// The code in files and messages; the page has the words.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::KneesApart => "knees_apart",
            Self::QuickerLighterSteps => "quicker_lighter_steps",
            Self::KneecapsForward => "kneecaps_forward",
            Self::LevelHips => "level_hips",
            Self::EvenSteps => "even_steps",
            Self::EaseOff => "ease_off",
            Self::AllClear => "all_clear",
            Self::Metronome => "metronome",
            Self::MetronomeOff => "metronome_off",
            Self::SensorLost => "sensor_lost",
            Self::SensorUnusable => "sensor_unusable",
            Self::StrapSlipped => "strap_slipped",
            Self::BatteryLow => "battery_low",
            Self::RadioDown => "radio_down",
            Self::CalibrateAgain => "calibrate_again",
        }
    }
}

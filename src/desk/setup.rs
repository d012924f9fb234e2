//! How far the first visit has come. The computer's, not a runner's: a reload, a second tab and a restart find it as it
//! was.

use super::WornSet;
use serde::{Deserialize, Serialize};

/// The questions of the first visit, in order; each can be asked again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    #[default]
    Welcome,
    Bluetooth,
    Runner,
    Sensors,
    Calibrate,
    Baseline,
    Cue,
    Ready,
}

/// Longest countdown, s.
pub const LONGEST_DELAY: u32 = 60;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Setup {
    pub step: Step,
    /// It was gone through once: from now on a visit begins with standing still.
    pub finished: bool,
    /// What is worn, where somebody has said so; else wherever a sensor has a place.
    pub set: Option<WornSet>,
    /// Countdown before a calibration, s.
    pub delay_s: u32,
    /// Counts changes, so that of two tabs the slower one is told.
    pub version: u64,
}

impl Default for Setup {
    fn default() -> Self {
        Self { step: Step::default(), finished: false, set: None, delay_s: 3, version: 0 }
    }
}

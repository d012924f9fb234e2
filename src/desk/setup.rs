//! How far the first visit has come. The computer's, not a runner's: a reload, a second tab and a restart find it as it
//! was.

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

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Setup {
    pub step: Step,
    /// It was gone through once: from now on a visit begins with standing still.
    pub finished: bool,
    /// Counts changes, so that of two tabs the slower one is told.
    pub version: u64,
}

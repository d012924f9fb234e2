//! What a person wants of the cues. It comes as input, so that a replay cues as the session did.

use crate::units::SessionTime;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Something that a person asked for while the session ran.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Order {
    pub t: SessionTime,
    pub wish: Wish,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "wish", rename_all = "snake_case")]
pub enum Wish {
    /// These settings from now on.
    Settings(CueSettings),
    /// No cue for so long, s; 0 ends it.
    Snooze { seconds: f64 },
    /// Beats so much over the runner's own cadence, percent; `None` stops them.
    Metronome { percent: Option<f64> },
    /// Feedback in blocks from now on; `None`: always.
    Fade { fade: Option<Fade> },
}

/// What is kept from one session to the next.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CueSettings {
    /// Nothing at all, the metronome included.
    pub muted: bool,
    pub channels: Channels,
    /// Full strides between two gait cues. Default 3, least 2: at most every other stride (our rule; of the
    /// trials reviewed in PMC7699362 some gave feedback every 5 gait cycles).
    pub spacing_strides: u32,
    /// After a cue about one thing, s before another thing is spoken of: a runner can mend one at a time. Default 10,
    /// our rule.
    pub refractory_s: f64,
    /// A rising pair when all is well again. Default true.
    pub all_clear: bool,
}

/// Where a cue comes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct Channels {
    pub tone: bool,
    pub voice: bool,
    /// Vibration of the phone that shows the page.
    pub phone: bool,
    /// Vibration of a sensor on that leg, or its light.
    pub sensor: bool,
    pub screen: bool,
}

/// Feedback in a part of a run: the same seed gives the same blocks.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fade {
    pub seed: u32,
    /// Of the run time, 0 to 1.
    pub share: f64,
    /// Run time that is planned.
    pub minutes: f64,
}

impl Default for CueSettings {
    fn default() -> Self {
        Self {
            muted: false,
            channels: Channels::default(),
            spacing_strides: 3,
            refractory_s: 10.0,
            all_clear: true,
        }
    }
}

impl Default for Channels {
    fn default() -> Self {
        Self { tone: true, voice: false, phone: true, sensor: true, screen: true }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Error)]
pub enum OrderError {
    #[error("{given} strides between cues: choose 2 to 20")]
    Spacing { given: u32 },
    #[error("{given} s before another thing is spoken of: choose 0 to 120")]
    Refractory { given: f64 },
    #[error("a snooze of {given} minutes: choose 0 (ends it) to 60")]
    Snooze { given: f64 },
    #[error(
        "a metronome of {given} % over your own cadence: choose 5 to 10 (what was studied), or null to stop it"
    )]
    Metronome { given: f64 },
}

/// A snooze longer than a run is a mute, s.
const LONGEST_SNOOZE: f64 = 3600.0;

impl Wish {
    /// Whether it makes sense, before it goes into a session.
    pub fn check(&self) -> Result<(), OrderError> {
        match *self {
            Self::Settings(settings) => settings.check(),
            Self::Snooze { seconds } if !(0.0..=LONGEST_SNOOZE).contains(&seconds) => {
                Err(OrderError::Snooze { given: seconds / 60.0 })
            }
            // Heiderscheit et al. 2011: step rate raised by 5 and 10 %.
            Self::Metronome { percent: Some(percent) } if !(5.0..=10.0).contains(&percent) => {
                Err(OrderError::Metronome { given: percent })
            }
            _ => Ok(()),
        }
    }
}

impl CueSettings {
    pub fn check(&self) -> Result<(), OrderError> {
        if !(2..=20).contains(&self.spacing_strides) {
            return Err(OrderError::Spacing { given: self.spacing_strides });
        }
        if !(0.0..=120.0).contains(&self.refractory_s) {
            return Err(OrderError::Refractory { given: self.refractory_s });
        }
        Ok(())
    }
}

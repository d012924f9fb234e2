//! Units that people have mixed up before, as types. SI everywhere inside; degrees, milliseconds and
//! steps per minute only at the edges (page, files, messages).

use serde::{Deserialize, Serialize};
use std::ops::{Add, Sub};

/// Standard gravity, m/s². Source: CGPM 1901, resolution of the 3rd conference (9.806 65 m/s²).
pub const STANDARD_GRAVITY: f64 = 9.806_65;

/// Seconds on a sensor's own clock: offset and drift against [`SessionTime`] are unknown.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DeviceTime(pub f64);

/// Seconds on the session clock. Live: 0 is the first sample of the session. Recording: the
/// recording's own axis, never re-zeroed.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SessionTime(pub f64);

impl Sub for DeviceTime {
    type Output = f64;
    fn sub(self, earlier: Self) -> f64 {
        self.0 - earlier.0
    }
}

impl Sub for SessionTime {
    type Output = f64;
    fn sub(self, earlier: Self) -> f64 {
        self.0 - earlier.0
    }
}

impl Add<f64> for SessionTime {
    type Output = Self;
    fn add(self, seconds: f64) -> Self {
        Self(self.0 + seconds)
    }
}

/// Samples per second.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Hz(pub f64);

impl Hz {
    /// The nominal time between two samples, s.
    #[must_use]
    pub fn interval(self) -> f64 {
        1.0 / self.0
    }
}

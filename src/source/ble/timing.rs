//! How long things may take.

use crate::host_clock;
use std::time::Duration;

/// How long things may take. Own choices; shorter in tests.
#[derive(Debug, Clone, Copy)]
pub struct Timing {
    /// Between looks at scan, links and adapter.
    pub tick: Duration,
    /// For a link to come up: a second on a quiet radio, and BlueZ itself gives up after 30 s.
    pub connect: Duration,
    /// From connecting to the first sample.
    pub setup: Duration,
    /// Without samples, beyond what a batch explains: the page greys the leg after 1 s already.
    pub silence: Duration,
    /// For a sensor to stop in.
    pub stop: Duration,
    /// Before trying again what cannot be used; doubles each time, up to sixteenfold.
    pub unusable: Duration,
    /// Pause after a failed connect; doubles up to the longest.
    pub pause: Duration,
    pub longest_pause: Duration,
    /// A scan that found all it can rests for as long as it ran, from this time on: scanning takes air time
    /// from the sensors that are there.
    pub search: Duration,
    /// How long this computer has been asleep altogether.
    pub slept: fn() -> Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            tick: Duration::from_millis(200),
            connect: Duration::from_secs(12),
            setup: Duration::from_secs(12),
            silence: Duration::from_secs(3),
            stop: Duration::from_secs(2),
            unusable: Duration::from_secs(20),
            pause: Duration::from_millis(250),
            longest_pause: Duration::from_secs(2),
            search: Duration::from_secs(60),
            slept: host_clock::slept,
        }
    }
}

impl Timing {
    pub(super) fn pause_after(&self, failures: u32) -> Duration {
        self.pause.saturating_mul(1 << failures.saturating_sub(1).min(8)).min(self.longest_pause)
    }

    /// What is no sensor of ours whatever it says must not take the radio from those that are.
    pub(super) fn unusable_after(&self, refusals: u32) -> Duration {
        self.unusable.saturating_mul(1 << refusals.saturating_sub(1).min(4))
    }
}

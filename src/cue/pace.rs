//! How many strides lie between cues, and that an alert which goes on is told less and less often.

use crate::body::{PerSide, Side};

/// Cues at the spacing that is wanted; after as many more it doubles, and so on.
const AT_FULL_PACE: u32 = 4;
/// The spacing doubles no more often than this: from 3 to 24 strides, which is every 17 s.
const DOUBLINGS: u32 = 3;

/// Strides to the next cue about an alert that was cued `cued` times.
///
/// Continual feedback helps least, faded feedback most and longest (review of retraining for patellofemoral pain,
/// PMC7083994); how it is thinned within one alert is our choice.
pub(super) fn thinned(spacing: u32, cued: u32) -> u32 {
    spacing << (cued / AT_FULL_PACE).min(DOUBLINGS)
}

/// Strides since the last gait cue.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Pace {
    /// The leg of the last cue, and each leg's stances since.
    cued: Option<Side>,
    since: PerSide<u32>,
}

impl Pace {
    pub(super) fn step(&mut self, side: Side) {
        self.since[side] = self.since[side].saturating_add(1);
    }

    pub(super) fn cued(&mut self, side: Side) {
        *self = Self { cued: Some(side), since: PerSide::default() };
    }

    /// The other leg's first stance comes half a stride after the cue.
    pub(super) fn allows(&self, strides: u32) -> bool {
        self.cued
            .is_none_or(|side| self.since[side].max(self.since[side.other()].saturating_sub(1)) >= strides)
    }
}

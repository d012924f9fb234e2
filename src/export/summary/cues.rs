//! Cues that were given and those that were not, so that it can be seen afterwards what a runner heard.

use crate::body::PerSide;
use crate::cue::CueStatus;
use crate::event::{Cue, CueKind};
use serde::Serialize;
use std::collections::BTreeMap;

#[derive(Debug, Default, Serialize)]
pub(super) struct CueTally {
    /// About the gait, per leg and rule.
    gait: PerSide<BTreeMap<&'static str, u32>>,
    /// That all was well again, per leg.
    all_clear: PerSide<u32>,
    /// About the data, per word.
    data: BTreeMap<&'static str, u32>,
    /// Not given, per reason.
    withheld: BTreeMap<&'static str, u32>,
}

impl CueTally {
    pub(super) fn given(&mut self, cue: &Cue) {
        match cue.kind {
            CueKind::Gait { rule, side, .. } => *self.gait[side].entry(rule.name()).or_default() += 1,
            CueKind::AllClear { side } => self.all_clear[side] += 1,
            CueKind::Data { .. } => *self.data.entry(cue.words.code()).or_default() += 1,
            CueKind::Metronome { .. } => {}
        }
    }

    pub(super) fn withheld(&mut self, status: CueStatus) {
        self.withheld = status.withheld.into_iter().collect();
    }
}

//! How far the runner's usual has come. An estimate for people: whether a stretch is steady, the flag stage decides.

use crate::body::{PerSide, Side};
use crate::event::{Event, Gait};
use crate::flag::BaselineConfig;
use crate::input::{Edge, Mark, Stretch};

/// One leg's stances on their way to a usual.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Learnt {
    pub stances: u32,
    pub known: bool,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Progress {
    pub legs: PerSide<Learnt>,
    /// Stances that are needed of each leg.
    pub needed: u32,
    /// Running before the first of them counts that is still to come, s.
    pub warm_up: f64,
    /// Judged against a kept usual meanwhile.
    pub kept: bool,
    /// A stretch is marked as the usual now.
    pub marked: bool,
}

#[derive(Debug)]
pub(super) struct Learning {
    config: BaselineConfig,
    kept: bool,
    marked: bool,
    ran: PerSide<f64>,
    legs: PerSide<Learnt>,
}

impl Learning {
    pub(super) fn new(config: BaselineConfig, kept: bool) -> Self {
        Self { config, kept, marked: false, ran: PerSide::default(), legs: PerSide::default() }
    }

    pub(super) fn mark(&mut self, mark: Mark) {
        if mark.stretch == Stretch::Baseline {
            self.marked = mark.edge == Edge::Begin;
            if self.marked {
                self.legs = PerSide::default();
            }
        }
    }

    pub(super) fn event(&mut self, event: &Event) {
        match event {
            // The usual is in angles of the calibration.
            Event::Calibration(_) => self.legs = PerSide::default(),
            Event::Baseline(baseline) if baseline.kept.is_none() => {
                self.legs[baseline.side].known = true;
                // A usual that has formed needs no more of the stretch.
                self.marked &= !Side::BOTH.into_iter().all(|side| self.legs[side].known);
            }
            Event::Stance(stance) if stance.valid && stance.gait == Gait::Run => {
                let (ran, leg) = (&mut self.ran[stance.side], &mut self.legs[stance.side]);
                *ran += stance.stride_time.unwrap_or(0.0);
                if !leg.known && (self.marked || *ran >= self.config.warm_up_s) {
                    leg.stances = (leg.stances + 1).min(self.config.stances as u32);
                }
            }
            _ => {}
        }
    }

    pub(super) fn progress(&self) -> Progress {
        let ran = self.ran.left.max(self.ran.right);
        Progress {
            legs: self.legs,
            needed: self.config.stances as u32,
            warm_up: if self.marked { 0.0 } else { (self.config.warm_up_s - ran).max(0.0) },
            kept: self.kept,
            marked: self.marked,
        }
    }
}

//! The last seconds of a test, as far as a repetition needs them.

use crate::body::{PerSide, Side};
use crate::event::{Doubt, Frame};
use crate::units::SessionTime;
use std::collections::VecDeque;

/// Rows kept, at 100 Hz: the longest repetition and the pauses about it.
const KEPT: usize = 1500;

/// One frame; `None` where an angle was withheld.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    pub(super) t: SessionTime,
    /// Flexion, rad.
    pub(super) knee: PerSide<Option<f64>>,
    /// Of the shank, its upper end forward, rad.
    pub(super) lean: PerSide<Option<f64>>,
    /// How far the ankle is below the hip, leg lengths.
    reach: PerSide<Option<f64>>,
    /// Of the femur, rad.
    pub(super) adduction: PerSide<Option<f64>>,
    pub(super) rotation: PerSide<Option<f64>>,
    /// Of the pelvis, right side down, rad.
    pub(super) obliquity: Option<f64>,
    doubt: PerSide<Option<Doubt>>,
}

impl Row {
    fn of(frame: &Frame) -> Self {
        let legs = &frame.legs;
        let flexion = |side: Side| Some((legs[side].femur?.flexion, legs[side].knee?.flexion));
        Self {
            t: frame.t,
            knee: PerSide::from_fn(|side| flexion(side).map(|(_, knee)| knee)),
            lean: PerSide::from_fn(|side| flexion(side).map(|(thigh, knee)| knee - thigh)),
            // Thigh and shank are about equally long.
            reach: PerSide::from_fn(|side| {
                flexion(side).map(|(thigh, knee)| 0.5 * (libm::cos(thigh) + libm::cos(knee - thigh)))
            }),
            adduction: PerSide::from_fn(|side| legs[side].femur.map(|f| f.adduction)),
            rotation: PerSide::from_fn(|side| legs[side].femur.map(|f| f.rotation)),
            obliquity: frame.pelvis.map(|p| p.obliquity),
            doubt: PerSide::from_fn(|side| legs[side].doubt),
        }
    }

    /// How much higher the other foot is than this leg's, leg lengths.
    pub(super) fn lift(&self, side: Side) -> Option<f64> {
        Some(self.reach[side]? - self.reach[side.other()]?)
    }
}

/// Rows by their number since the begin.
#[derive(Debug, Default)]
pub(super) struct Trace {
    rows: VecDeque<Row>,
    dropped: usize,
}

impl Trace {
    pub(super) fn push(&mut self, frame: &Frame) {
        if self.rows.len() == KEPT {
            self.rows.pop_front();
            self.dropped += 1;
        }
        self.rows.push_back(Row::of(frame));
    }

    /// The number of the newest row.
    pub(super) fn newest(&self) -> usize {
        (self.dropped + self.rows.len()).saturating_sub(1)
    }

    /// The newest knee flexion.
    pub(super) fn knee(&self, side: Side) -> Option<f64> {
        self.rows.back()?.knee[side]
    }

    pub(super) fn row(&self, at: usize) -> Option<&Row> {
        self.rows.get(at.checked_sub(self.dropped)?)
    }

    fn between(&self, from: usize, to: usize) -> impl Iterator<Item = &Row> {
        (from..=to).filter_map(|at| self.row(at))
    }

    /// Smallest and largest of what was seen.
    pub(super) fn range(
        &self,
        from: usize,
        to: usize,
        of: impl Fn(&Row) -> Option<f64>,
    ) -> Option<(f64, f64)> {
        let values = || self.between(from, to).filter_map(&of);
        Some((values().reduce(f64::min)?, values().reduce(f64::max)?))
    }

    pub(super) fn mean(&self, from: usize, to: usize, of: impl Fn(&Row) -> Option<f64>) -> Option<f64> {
        let (n, sum) =
            self.between(from, to).filter_map(of).fold((0_u32, 0.0), |(n, sum), v| (n + 1, sum + v));
        (n > 0).then(|| sum / f64::from(n))
    }

    /// The largest value, and how far it is above the first; `None` where one is missing.
    pub(super) fn peak(
        &self,
        from: usize,
        to: usize,
        of: impl Fn(&Row) -> Option<f64>,
    ) -> Option<(f64, f64)> {
        let first = of(self.row(from)?)?;
        let mut peak = first;
        for row in self.between(from, to) {
            peak = peak.max(of(row)?);
        }
        Some((peak, peak - first))
    }

    /// Why an angle of this leg was withheld, if one was.
    pub(super) fn doubt(&self, from: usize, to: usize, side: Side) -> Option<Doubt> {
        self.between(from, to).find_map(|row| {
            let unseen = row.knee[side].is_none() || row.adduction[side].is_none();
            row.doubt[side].or(unseen.then_some(Doubt::SensorLost))
        })
    }
}

//! What joints correct of each segment's direction of progression, taken over little by little where angles are shown.

use crate::body::{PerPlacement, Placement};
use crate::event::Gait;
use crate::segment::neighbours::Neighbours;
use crate::segment::tie::Answer;
use crate::units::SessionTime;

/// Share of a correction that is taken over per stride: as much as of what a stride itself says.
const SHARE: f64 = 0.2;
/// An answer is of no use after so many seconds: a heading drifts.
const STALE: f64 = 10.0;

#[derive(Debug, Default)]
pub(super) struct Forward {
    neighbours: Neighbours,
    /// What the joint above a segment said before both its segments knew their direction of progression.
    unheard: PerPlacement<Option<(Gait, Answer)>>,
    segments: PerPlacement<Corrected>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Corrected {
    /// rad.
    wanted: f64,
    /// What of it is taken over.
    by: f64,
    /// A stride has ended with the direction known: angles were shown.
    shown: bool,
}

impl Forward {
    /// To be added to what the segment reads, rad.
    pub(super) fn corrected(&self, placement: Placement) -> f64 {
        self.segments[placement].by
    }

    /// The joint above this segment was asked.
    pub(super) fn answered(&mut self, lower: Placement, gait: Gait, answer: &Answer) {
        self.unheard[lower] = Some((gait, *answer));
    }

    /// Takes in what joints said, as soon as both segments know their direction, if that is before `now` is too late.
    /// `read`: what a segment reads at a moment, rad, if it is settled.
    pub(super) fn hear(&mut self, now: SessionTime, read: impl Fn(Placement, SessionTime) -> Option<f64>) {
        for lower in Placement::ALL {
            let Some(((gait, answer), upper)) = self.unheard[lower].zip(lower.above()) else { continue };
            if now - answer.at > STALE {
                self.unheard[lower] = None;
            } else if let Some((above, below)) = read(upper, answer.at).zip(read(lower, answer.at)) {
                self.unheard[lower] = None;
                self.neighbours.say(lower, gait, answer.heading - (above - below), answer.variance);
                self.correct();
            }
        }
    }

    /// A stride of the segment has ended; `settled`: its direction was known by then.
    pub(super) fn stride(&mut self, placement: Placement, settled: bool) {
        let segment = &mut self.segments[placement];
        segment.shown |= settled;
        segment.by += SHARE * (segment.wanted - segment.by);
    }

    /// The segment is calibrated anew, and its direction is read again.
    pub(super) fn forget(&mut self, placement: Placement) {
        self.neighbours.forget(placement);
        self.segments[placement].shown = false;
        self.correct();
    }

    fn correct(&mut self) {
        let corrections = self.neighbours.corrections();
        for (placement, segment) in self.segments.iter_mut() {
            segment.wanted = corrections[placement];
            if !segment.shown {
                segment.by = segment.wanted;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHANK: Placement = Placement::LeftShank;

    /// A knee that lays the shank's world 6 degrees off where thigh and shank have it by themselves.
    fn answer(at: f64) -> Answer {
        Answer { at: SessionTime(at), heading: 6.0_f64.to_radians(), variance: 1e-4, lag: None }
    }

    fn told(at: f64) -> Forward {
        let mut forward = Forward::default();
        forward.answered(SHANK, Gait::Run, &answer(at));
        forward
    }

    #[test]
    fn angles_begin_corrected() {
        let mut forward = told(5.0);
        forward.hear(SessionTime(6.0), |placement, _| (placement != SHANK).then_some(0.3));
        assert!(forward.corrected(SHANK).abs() < 1e-12, "the shank does not know its direction yet");
        forward.hear(SessionTime(8.0), |_, _| Some(0.3));
        let (thigh, shank) =
            (forward.corrected(Placement::LeftThigh).to_degrees(), forward.corrected(SHANK).to_degrees());
        assert!((1.5..2.5).contains(&thigh) && (-4.5..-3.5).contains(&shank), "{thigh} {shank}");
    }

    #[test]
    fn angles_that_are_shown_are_corrected_little_by_little() {
        let mut forward = told(5.0);
        forward.stride(SHANK, true);
        forward.hear(SessionTime(6.0), |_, _| Some(0.0));
        assert!(forward.corrected(SHANK).abs() < 1e-12);
        forward.stride(SHANK, true);
        let first = forward.corrected(SHANK);
        (0..30).for_each(|_| forward.stride(SHANK, true));
        assert!((first / forward.corrected(SHANK) - SHARE).abs() < 0.01, "{first}");
    }

    #[test]
    fn what_was_said_long_ago_is_not_heard() {
        let mut forward = told(5.0);
        forward.hear(SessionTime(16.0), |_, _| Some(0.0));
        forward.hear(SessionTime(5.5), |_, _| Some(0.0));
        assert!(forward.corrected(SHANK).abs() < 1e-12);
    }

    #[test]
    fn a_new_calibration_begins_without_what_was_corrected_before() {
        let mut forward = told(5.0);
        forward.hear(SessionTime(6.0), |_, _| Some(0.0));
        forward.forget(SHANK);
        assert!(forward.corrected(SHANK).abs() < 1e-12);
    }
}

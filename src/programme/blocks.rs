//! Faded feedback: which minutes of a run have cues. Same seed, same blocks.

use crate::event::{Gait, Stance};
use crate::input::Fade;
use crate::units::SessionTime;

/// Bounds of a block, s. Source: the schedule in our notes on retraining (blocks of 1 to 2 min, randomised).
pub const SHORTEST: f64 = 60.0;
pub const LONGEST: f64 = 120.0;

/// A longer time between initial contacts is a pause and no running, s.
const PAUSE: f64 = 2.5;

/// A stretch of run time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Block {
    pub seconds: f64,
    pub feedback: bool,
}

/// The blocks of one run, in order.
#[derive(Debug, Clone, PartialEq)]
pub struct Blocks {
    blocks: Vec<Block>,
    /// Feedback all along.
    always: bool,
}

impl Blocks {
    /// The share is kept to the second over the planned time; what is random is where the blocks lie and how long
    /// each is. A stretch shorter than the shortest block is one block.
    #[must_use]
    pub fn new(fade: &Fade) -> Self {
        let mut dice = SplitMix(u64::from(fade.seed));
        let share = fade.share.clamp(0.0, 1.0);
        let planned = (fade.minutes * 60.0).clamp(0.0, 86_400.0);
        let mut blocks = Vec::new();
        for (seconds, feedback) in [(share * planned, true), ((1.0 - share) * planned, false)] {
            divide(seconds, &mut dice, |seconds| blocks.push(Block { seconds, feedback }));
        }
        // Fisher and Yates.
        for last in (1..blocks.len()).rev() {
            blocks.swap(last, dice.below(last + 1));
        }
        Self { blocks, always: share >= 1.0 }
    }

    /// Whether there is feedback after so much running. After the planned time there is none.
    #[must_use]
    pub fn give(&self, run_s: f64) -> bool {
        let mut end = 0.0;
        let now = self.blocks.iter().find(|block| {
            end += block.seconds;
            run_s < end
        });
        self.always || now.is_some_and(|block| block.feedback)
    }

    #[must_use]
    pub fn as_slice(&self) -> &[Block] {
        &self.blocks
    }
}

/// Parts of random length within the bounds that add up to `seconds`.
fn divide(seconds: f64, dice: &mut SplitMix, mut part: impl FnMut(f64)) {
    if seconds <= 0.0 {
        return;
    }
    let least = (seconds / LONGEST).ceil();
    let most = (seconds / SHORTEST).floor().max(least);
    let count = (2.0 * seconds / (SHORTEST + LONGEST)).round().clamp(least, most) as usize;
    let mean = seconds / count as f64;
    let room = (mean - SHORTEST).min(LONGEST - mean).max(0.0);
    // In pairs, one longer by what the other is shorter.
    for _ in 0..count / 2 {
        let shift = room * (2.0 * dice.unit() - 1.0);
        part(mean + shift);
        part(mean - shift);
    }
    if count % 2 == 1 {
        part(mean);
    }
}

/// SplitMix64 (Steele, Lea & Flood 2014, OOPSLA, figure 13): enough to shuffle twenty blocks, and the same everywhere.
struct SplitMix(u64);

impl SplitMix {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// 0 to 1, without 1.
    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// 0 to `n` - 1.
    fn below(&mut self, n: usize) -> usize {
        ((self.unit() * n as f64) as usize).min(n.saturating_sub(1))
    }
}

/// Time spent running: from contact to contact while they are running ones.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct RunClock {
    run_s: f64,
    last: Option<SessionTime>,
}

impl RunClock {
    /// Takes a stance of either leg.
    pub fn step(&mut self, stance: &Stance) {
        if stance.gait != Gait::Run {
            self.last = None;
            return;
        }
        let since = self.last.map_or(0.0, |last| stance.ic - last);
        if (0.0..PAUSE).contains(&since) {
            self.run_s += since;
        }
        self.last = Some(stance.ic);
    }

    #[must_use]
    pub fn run_s(&self) -> f64 {
        self.run_s
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sum(blocks: &Blocks, feedback: bool) -> f64 {
        blocks.as_slice().iter().filter(|b| b.feedback == feedback).map(|b| b.seconds).sum()
    }

    proptest! {
        #[test]
        fn every_seed_keeps_the_share_and_the_bounds(seed: u32, session in 0_usize..8) {
            let step = crate::programme::COURSE[session];
            let blocks = Blocks::new(&Fade { seed, share: step.share, minutes: step.minutes });
            let all = step.minutes * 60.0;
            prop_assert!((sum(&blocks, true) - step.share * all).abs() < 1e-6);
            prop_assert!((sum(&blocks, true) + sum(&blocks, false) - all).abs() < 1e-6);
            for block in blocks.as_slice() {
                prop_assert!((SHORTEST - 1e-9..=LONGEST + 1e-9).contains(&block.seconds), "{block:?}");
            }
            let given = (0..all as usize).filter(|&s| blocks.give(s as f64 + 0.5)).count() as f64;
            prop_assert!((given / all - step.share).abs() < 0.01);
        }
    }

    #[test]
    fn seeds_differ_and_one_seed_does_not() {
        let blocks = |seed| Blocks::new(&Fade { seed, share: 0.25, minutes: 30.0 });
        assert_eq!(blocks(1), blocks(1));
        assert_ne!(blocks(1), blocks(2));
    }

    #[test]
    fn after_the_planned_time_only_full_feedback_goes_on() {
        let blocks = |share| Blocks::new(&Fade { seed: 1, share, minutes: 15.0 });
        assert!(blocks(1.0).give(1000.0));
        assert!(!blocks(0.75).give(1000.0));
        assert!(!blocks(0.0).give(10.0));
    }
}

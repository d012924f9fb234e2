//! The trend of one leg's adduction peak over the run, speed allowed for, with its certainty.
//!
//! Stances are averaged in blocks, since the wander of clean running makes neighbours alike; when the
//! blocks are full they are merged in pairs, so that any run fits in the same memory.

use super::config::{Decision, FatigueConfig};
use super::decision::Raised;
use crate::event::{Against, Estimate, Severity};
use crate::units::SessionTime;
use nalgebra::{Matrix3, Vector3};

/// Blocks kept.
const BLOCKS: usize = 64;
/// Length of a block at first, s: about the memory of clean running's wander (own measurement on
/// virtual running).
const BLOCK_S: f64 = 30.0;
/// Stances that make a block.
const BLOCK_LEAST: f64 = 10.0;
/// Blocks below which no line is drawn.
const LEAST_BLOCKS: usize = 12;
/// How much more than the expectation for healthy runners (which is taken off before) a runner's adduction may
/// rise per natural logarithm of contact time, rad, one SD. Our choice: half of that expectation (9.4
/// degrees; RBDS, own computation).
const SPEED_PRIOR: f64 = 0.082;
/// Scatter of a block against which that prior is weighed, rad (0.5 degrees; own measurement on virtual
/// running, slow wander of femur adduction).
const BLOCK_SCATTER: f64 = 0.0087;
/// Student's t, 97.5 %, for the fewest blocks; a little wide for more.
const T_QUANTILE: f64 = 2.2;

/// Sums over the stances of one block.
#[derive(Debug, Clone, Copy, Default)]
struct Block {
    n: f64,
    t: f64,
    faster: f64,
    change: f64,
}

impl Block {
    fn add(self, other: Self) -> Self {
        Self {
            n: self.n + other.n,
            t: self.t + other.t,
            faster: self.faster + other.faster,
            change: self.change + other.change,
        }
    }

    fn mean(self) -> Self {
        Self { n: self.n, t: self.t / self.n, faster: self.faster / self.n, change: self.change / self.n }
    }
}

/// One stance for the trend.
#[derive(Debug, Clone, Copy)]
pub(super) struct Point {
    pub(super) ic: SessionTime,
    /// Natural logarithm by which contact time is below the baseline's.
    pub(super) faster: f64,
    /// Adduction peak less the usual and less what healthy runners add at this speed, rad.
    pub(super) change: f64,
}

#[derive(Debug, Clone)]
pub(super) struct Fatigue {
    blocks: [Block; BLOCKS],
    full: usize,
    length: f64,
    /// The block being filled, and when it began.
    open: Block,
    began: f64,
    start: Option<SessionTime>,
    raised: Option<Raised>,
    /// Of the rise over the run, speed allowed for, when it was last looked at.
    estimate: Option<Estimate>,
    /// What this trend has been said to be; said once, also across a pause.
    told: Option<Severity>,
}

impl Default for Fatigue {
    fn default() -> Self {
        Self {
            blocks: [Block::default(); BLOCKS],
            full: 0,
            length: BLOCK_S,
            open: Block::default(),
            began: 0.0,
            start: None,
            raised: None,
            estimate: None,
            told: None,
        }
    }
}

/// A rise over the run and one standard deviation of it, rad.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Rise {
    rise: f64,
    sigma: f64,
}

impl Fatigue {
    pub(super) fn raised(&self) -> Option<Raised> {
        self.raised
    }

    pub(super) fn estimate(&self) -> Option<Estimate> {
        self.estimate
    }

    /// The runner has stopped: the alert is over, the trend is kept.
    pub(super) fn pause(&mut self) {
        self.raised = None;
    }

    pub(super) fn step(&mut self, point: &Point, config: &FatigueConfig, decision: &Decision) {
        let start = *self.start.get_or_insert(point.ic);
        let t = point.ic - start;
        if t - self.began >= self.length && self.open.n >= BLOCK_LEAST {
            self.close();
            self.began = t;
            self.decide(start, t, config, decision);
        }
        self.open = self.open.add(Block { n: 1.0, t, faster: point.faster, change: point.change });
    }

    fn close(&mut self) {
        if self.full == BLOCKS {
            for i in 0..BLOCKS / 2 {
                let pair = self.blocks.get(2 * i).copied().zip(self.blocks.get(2 * i + 1).copied());
                if let (Some((a, b)), Some(slot)) = (pair, self.blocks.get_mut(i)) {
                    *slot = a.add(b);
                }
            }
            self.full = BLOCKS / 2;
            self.length *= 2.0;
        }
        if let Some(slot) = self.blocks.get_mut(self.full) {
            *slot = std::mem::take(&mut self.open);
            self.full += 1;
        }
    }

    fn decide(&mut self, start: SessionTime, span: f64, config: &FatigueConfig, decision: &Decision) {
        if span < config.least_s {
            return;
        }
        let Some(Rise { rise, sigma }) = self.rise(span) else { return };
        let sure = rise - T_QUANTILE * sigma;
        self.estimate = Some(Estimate { value: rise, low: sure, high: rise + T_QUANTILE * sigma });
        let (amber, red) = (config.amber_deg.to_radians(), config.red_deg.to_radians());
        let severity = if sure > red {
            Severity::Red
        } else if sure > amber {
            Severity::Amber
        } else {
            if rise <= amber - decision.hysteresis_deg.to_radians().min(0.75 * amber) {
                self.raised = None;
                self.told = None;
            }
            return;
        };
        if self.told >= Some(severity) {
            return;
        }
        self.told = Some(severity);
        let strides: f64 = self.blocks.iter().take(self.full).map(|b| b.n).sum();
        self.raised = Some(Raised {
            severity,
            onset: start,
            value: rise,
            threshold: if severity == Severity::Red { red } else { amber },
            strides: strides as u32,
            against: Against::Today,
        });
    }

    /// Least squares of change on time and speed; `None` for too few blocks.
    fn rise(&self, span: f64) -> Option<Rise> {
        let n = self.full as f64;
        if self.full < LEAST_BLOCKS {
            return None;
        }
        let rows = || self.blocks.iter().take(self.full).map(|b| b.mean());
        let row = |b: &Block| Vector3::new(1.0, b.t / span - 0.5, b.faster);
        let mut normal = Matrix3::zeros();
        // Without the prior a run that gets faster throughout would have no answer.
        normal.m33 = (BLOCK_SCATTER / SPEED_PRIOR).powi(2);
        let mut right = Vector3::zeros();
        for b in rows() {
            let x = row(&b);
            normal += x * x.transpose();
            right += x * b.change;
        }
        let inverse = normal.try_inverse()?;
        let fit = inverse * right;
        let (mut squares, mut products, mut before) = (0.0, 0.0, 0.0);
        for b in rows() {
            let residual = b.change - row(&b).dot(&fit);
            squares += residual * residual;
            products += residual * before;
            before = residual;
        }
        // Blocks that resemble their neighbours know less than their number says (first-order
        // autoregression; Zwiers and von Storch 1995).
        let alike = if squares > 0.0 { (products / squares).clamp(0.0, 0.8) } else { 0.0 };
        let variance = squares / (n - 3.0) * (1.0 + alike) / (1.0 - alike);
        let rise = Rise { rise: fit.y, sigma: (variance * inverse.m22).sqrt() };
        (rise.rise.is_finite() && rise.sigma.is_finite()).then_some(rise)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{Rng, SeedableRng};
    use rand_distr::StandardNormal;
    use rand_pcg::Pcg64;

    /// Runs for `minutes`; what was raised and the minute when.
    fn run(minutes: f64, change_deg: impl Fn(f64) -> f64, faster: impl Fn(f64) -> f64) -> Vec<(f64, Raised)> {
        let mut rng = Pcg64::seed_from_u64(1);
        let mut fatigue = Fatigue::default();
        let mut story = Vec::new();
        let mut t = 0.0;
        while t < 60.0 * minutes {
            let noise: f64 = rng.sample(StandardNormal);
            let change = (change_deg(t / 60.0) + 0.9 * noise).to_radians();
            let point = Point { ic: SessionTime(100.0 + t), faster: faster(t / 60.0), change };
            let before = fatigue.raised();
            fatigue.step(&point, &FatigueConfig::default(), &Decision::default());
            if fatigue.raised() != before {
                story.extend(fatigue.raised().map(|r| (t / 60.0, r)));
            }
            t += 0.72;
        }
        story
    }

    #[test]
    fn a_rise_of_five_degrees_in_half_an_hour_is_told_amber_then_red() {
        let story = run(30.0, |m| m / 6.0, |_| 0.0);
        let levels: Vec<_> = story.iter().map(|(_, r)| r.severity).collect();
        assert_eq!(levels, [Severity::Amber, Severity::Red]);
        let (at, raised) = story[0];
        assert!((12.0..16.0).contains(&at) && raised.value > raised.threshold, "{at} {raised:?}");
        assert_eq!(raised.onset, SessionTime(100.0));
    }

    #[test]
    fn steady_running_and_one_short_episode_are_no_fatigue() {
        assert!(run(120.0, |_| 0.0, |_| 0.0).is_empty());
        assert!(run(30.0, |m| if (20.0..22.0).contains(&m) { 5.0 } else { 0.0 }, |_| 0.0).is_empty());
    }

    #[test]
    fn a_rise_that_comes_with_speed_is_no_fatigue() {
        // Twice the rise of healthy runners, after theirs was taken off: 9.4 degrees per logarithm.
        let faster = |m: f64| 0.25 * m / 30.0;
        assert!(run(30.0, |m| 9.4 * faster(m), faster).is_empty());
    }

    #[test]
    fn a_step_of_speed_does_not_hide_fatigue() {
        let faster = |m: f64| if m > 15.0 { 0.1 } else { 0.0 };
        assert!(!run(40.0, |m| m / 6.0, faster).is_empty());
    }

    #[test]
    fn a_long_run_fits_in_the_same_blocks() {
        let story = run(240.0, |m| m / 40.0, |_| 0.0);
        assert_eq!(story.len(), 2, "{story:?}");
        assert!(story[1].1.strides > 10_000);
    }
}

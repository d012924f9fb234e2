//! Left against right: how the difference of the adduction peaks has changed from the runner's usual.

use super::baseline::median;
use super::config::{AsymmetryConfig, Decision};
use super::decision::Raised;
use crate::body::{PerSide, Side};
use crate::event::{Against, Estimate, EvidenceStride, Severity, Usual};
use crate::units::SessionTime;
use std::collections::VecDeque;

#[derive(Debug, Clone, Default)]
pub(super) struct Asymmetry {
    last: PerSide<VecDeque<Seen>>,
    raised: Option<(Side, Raised)>,
    /// Of the difference, when both legs were last compared.
    estimate: Option<Estimate>,
    scratch: Vec<f64>,
}

/// A stance: its number, initial contact, and change from the leg's usual, rad.
#[derive(Debug, Clone, Copy)]
struct Seen {
    number: u32,
    ic: SessionTime,
    change: f64,
}

impl Asymmetry {
    /// The difference of the changes of both legs, with its uncertainty.
    pub(super) fn estimate(&self) -> Option<Estimate> {
        self.estimate
    }

    /// The stances of both legs that were looked at, as changes from their usual: one of the higher side is beyond when
    /// it is so against the other side's median.
    pub(super) fn strides(&mut self, higher: Side, threshold: f64) -> Vec<EvidenceStride> {
        let Some(other) = self.middle(higher.other()) else { return Vec::new() };
        let row = |side: Side| {
            move |seen: &Seen| EvidenceStride {
                side,
                number: seen.number,
                ic: seen.ic,
                value: seen.change,
                limit: other + threshold,
                beyond: side == higher && seen.change > other + threshold,
            }
        };
        let mut rows: Vec<_> =
            Side::BOTH.into_iter().flat_map(|side| self.last[side].iter().map(row(side))).collect();
        rows.sort_by(|a, b| a.ic.0.total_cmp(&b.ic.0));
        rows
    }

    /// What stands on this side.
    pub(super) fn raised(&self, side: Side) -> Option<Raised> {
        self.raised.filter(|(higher, _)| *higher == side).map(|(_, raised)| raised)
    }

    /// A leg was last judged longer ago than `gap`; with one leg alone there is no difference.
    pub(super) fn is_stale(&self, now: SessionTime, gap: f64) -> bool {
        Side::BOTH
            .into_iter()
            .any(|side| self.last[side].back().is_some_and(|seen| (now - seen.ic).abs() > gap))
    }

    pub(super) fn reset(&mut self) {
        self.raised = None;
        self.estimate = None;
        for side in Side::BOTH {
            self.last[side].clear();
        }
    }

    /// Takes the adduction peak of one stance; `usual` is that of both legs.
    pub(super) fn step(
        &mut self,
        side: Side,
        (number, ic, value): (u32, SessionTime, f64),
        usual: &PerSide<Usual>,
        config: &AsymmetryConfig,
        decision: &Decision,
    ) {
        let ring = &mut self.last[side];
        if ring.len() >= config.stances {
            ring.pop_front();
        }
        ring.push_back(Seen { number, ic, change: value - usual[side].mean });
        if Side::BOTH.into_iter().any(|s| self.last[s].len() < config.stances) {
            return;
        }
        let (Some(left), Some(right)) = (self.middle(Side::Left), self.middle(Side::Right)) else { return };
        let higher = if right > left { Side::Right } else { Side::Left };
        let other = left.min(right);
        let size = (right - left).abs();
        let margin = 1.96 * sigma(usual, config.stances);
        let sure = size - margin;
        self.estimate = Some(Estimate { value: size, low: sure, high: size + margin });
        let (amber, red) = (config.amber_deg.to_radians(), config.red_deg.to_radians());
        let severity = if sure > red {
            Severity::Red
        } else if sure > amber {
            Severity::Amber
        } else {
            let clear = amber - decision.hysteresis_deg.to_radians().min(0.75 * amber);
            if self.raised.is_some_and(|(side, _)| side != higher || size <= clear) {
                self.raised = None;
            }
            return;
        };
        let standing = self.raised(higher);
        if standing.is_some_and(|r| r.severity >= severity) {
            return;
        }
        let threshold = if severity == Severity::Red { red } else { amber };
        let beyond = || self.last[higher].iter().filter(|seen| seen.change - other > threshold);
        let first = beyond().next().map_or(ic, |seen| seen.ic);
        let raised = Raised {
            severity,
            onset: standing.map_or(first, |r| r.onset),
            value: size,
            threshold,
            strides: beyond().count() as u32,
            against: Against::Today,
        };
        self.raised = Some((higher, raised));
    }

    fn middle(&mut self, side: Side) -> Option<f64> {
        self.scratch.clear();
        self.scratch.extend(self.last[side].iter().map(|seen| seen.change));
        median(&mut self.scratch)
    }
}

/// One standard deviation of the difference of two running medians against their baselines. A median
/// scatters 1.2533 times as much as a mean (normal scatter).
fn sigma(usual: &PerSide<Usual>, stances: usize) -> f64 {
    let variance = |u: &Usual| {
        let running = 1.2533_f64.powi(2) / stances as f64;
        u.sd.powi(2) * (running + 1.0 / f64::from(u.stances.max(1)))
    };
    (variance(&usual.left) + variance(&usual.right)).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(values: impl Iterator<Item = (f64, f64)>) -> Asymmetry {
        let leg = Usual { mean: 0.2, sd: 0.9_f64.to_radians(), stances: 60 };
        let usual = PerSide { left: leg, right: Usual { mean: 0.15, ..leg } };
        let mut asymmetry = Asymmetry::default();
        for (i, (left, right)) in values.enumerate() {
            let t = i as f64 * 0.7;
            for (side, t, v) in [(Side::Left, t, left), (Side::Right, t + 0.35, right)] {
                let value = usual[side].mean + v.to_radians();
                let (config, decision) = (AsymmetryConfig::default(), Decision::default());
                asymmetry.step(side, (i as u32, SessionTime(t), value), &usual, &config, &decision);
            }
        }
        asymmetry
    }

    #[test]
    fn the_usual_difference_is_no_fault_and_a_change_names_the_higher_side() {
        let clean = run((0..40).map(|_| (0.0, 0.0)));
        assert!(Side::BOTH.into_iter().all(|s| clean.raised(s).is_none()));
        let right = run((0..35).map(|i| (0.0, if i < 20 { 0.0 } else { 4.0 })));
        let raised = right.raised(Side::Right).unwrap();
        assert_eq!((raised.severity, raised.strides), (Severity::Amber, 10));
        assert!(right.raised(Side::Left).is_none());
        // The left leg is higher, too, when the right one has come down.
        assert_eq!(run((0..40).map(|_| (0.0, -6.0))).raised(Side::Left).unwrap().severity, Severity::Red);
    }

    #[test]
    fn both_legs_together_are_no_asymmetry() {
        let both = run((0..40).map(|_| (5.0, 5.0)));
        assert!(Side::BOTH.into_iter().all(|s| both.raised(s).is_none()));
    }

    #[test]
    fn it_clears_when_the_difference_is_back() {
        let over = run((0..80).map(|i| (0.0, if i < 40 { 4.0 } else { 0.0 })));
        assert!(over.raised(Side::Right).is_none());
    }
}

//! The stance that may be worth a cue, without what allocates.

use super::{Stands, words};
use crate::body::Side;
use crate::event::{Alert, Rule, Severity, Stance};
use crate::units::SessionTime;

/// So far beyond its limit a stance is as bad as a cue can say, rad. Own choice: 4 degrees, about from amber to red.
const FULL: f64 = 4.0 / 180.0 * std::f64::consts::PI;

#[derive(Debug, Clone, Copy)]
pub(super) struct Candidate {
    pub(super) side: Side,
    pub(super) tc: SessionTime,
    pub(super) decided: SessionTime,
    beyond: u16,
    peaks: crate::event::Peaks,
    /// Number of the alert of a trend that this stance has raised; it may be about the other leg.
    pub(super) trend: Option<u32>,
    /// The leg that has just come back, by evidence.
    pub(super) cleared: Option<Side>,
}

fn bit(rule: Rule) -> u16 {
    1 << rule as u16
}

impl Candidate {
    pub(super) fn new(stance: &Stance) -> Self {
        Self {
            side: stance.side,
            tc: stance.tc,
            decided: stance.decided,
            beyond: stance.flags.iter().fold(0, |all, flag| all | bit(flag.rule)),
            peaks: stance.peaks,
            trend: None,
            cleared: None,
        }
    }

    fn is_beyond(&self, rule: Rule) -> bool {
        self.beyond & bit(rule) != 0
    }

    /// The worst alert that stands and that this stance bears out.
    pub(super) fn alert(&self, standing: &[Stands]) -> Option<Stands> {
        let shown = |a: &Alert| a.side == self.side && self.is_beyond(a.rule) || self.trend == Some(a.number);
        let shown = standing.iter().filter(|stands| shown(&stands.alert)).copied();
        shown.max_by_key(|stands| (stands.alert.severity, words::priority(stands.alert.rule)))
    }

    /// How bad it is, 0 to 1: the lower half for amber, the upper for red.
    pub(super) fn strength(&self, Stands { alert, quantity, .. }: &Stands) -> f64 {
        // A trend has no value of a single stance.
        let trend = self.trend == Some(alert.number);
        let value = quantity.filter(|_| !trend).and_then(|quantity| quantity.read(&self.peaks));
        let excess = value.unwrap_or(alert.value) - alert.threshold;
        let within = 0.5 * (excess / FULL).clamp(0.0, 1.0);
        match alert.severity {
            Severity::Amber => within,
            Severity::Red => 0.5 + within,
        }
    }
}

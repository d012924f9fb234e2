//! From single stances to a lasting verdict: N of M, hysteresis, refractory time. One per leg and
//! quantity.

use super::config::Decision;
use crate::event::{Against, Severity, Usual};
use crate::units::SessionTime;
use std::collections::VecDeque;

/// One stance against its limits.
#[derive(Debug, Clone, Copy)]
pub(super) struct Verdict {
    /// The stance's.
    pub(super) number: u32,
    pub(super) ic: SessionTime,
    pub(super) value: f64,
    pub(super) limits: Limits,
    /// `false`: what else the stance shows says that this is no fault of the gait, however large it is.
    pub(super) plausible: bool,
}

/// The limits that hold for one stance, rad.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Limits {
    pub(super) amber: f64,
    pub(super) red: f64,
    /// At or under this a stance speaks for clearing.
    pub(super) clear: f64,
    pub(super) against: Against,
    /// What they stand on; `None` for a level.
    pub(super) usual: Option<Usual>,
}

impl Limits {
    pub(super) fn at(&self, severity: Severity) -> f64 {
        match severity {
            Severity::Amber => self.amber,
            Severity::Red => self.red,
        }
    }
}

impl Verdict {
    pub(super) fn severity(&self) -> Option<Severity> {
        if !self.plausible {
            None
        } else if self.value > self.limits.red {
            Some(Severity::Red)
        } else if self.value > self.limits.amber {
            Some(Severity::Amber)
        } else {
            None
        }
    }
}

/// What stands on one quantity of one leg.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Raised {
    pub(super) severity: Severity,
    pub(super) onset: SessionTime,
    pub(super) value: f64,
    pub(super) threshold: f64,
    pub(super) strides: u32,
    pub(super) against: Against,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Watch {
    last: VecDeque<Verdict>,
    raised: Option<Raised>,
    quiet: u32,
}

impl Watch {
    pub(super) fn raised(&self) -> Option<&Raised> {
        self.raised.as_ref()
    }

    /// The stances that it looks at, oldest first.
    pub(super) fn window(&self) -> impl Iterator<Item = &Verdict> {
        self.last.iter()
    }

    /// Initial contact of the newest stance it took.
    pub(super) fn newest(&self) -> Option<SessionTime> {
        self.last.back().map(|v| v.ic)
    }

    /// Its newest stance is further than `gap` from `now`: a clock that jumped back is a gap, too.
    pub(super) fn is_stale(&self, now: SessionTime, gap: f64) -> bool {
        self.last.back().is_some_and(|v| (now - v.ic).abs() > gap)
    }

    /// The evidence is too old, or the limits are new: start from nothing.
    pub(super) fn reset(&mut self) {
        self.last.clear();
        self.raised = None;
        self.quiet = 0;
    }

    /// Takes one judged stance.
    pub(super) fn step(&mut self, verdict: Verdict, config: &Decision) {
        if self.last.len() >= config.of {
            self.last.pop_front();
        }
        self.last.push_back(verdict);
        self.quiet = self.quiet.saturating_sub(1);
        let over = self.last.iter().filter(|v| v.plausible && v.value > v.limits.clear).count();
        if self.raised.is_some() && self.last.len() >= config.of && over <= config.clears_at {
            self.raised = None;
            self.quiet = config.refractory;
        } else if self.quiet == 0 {
            self.raise(verdict, config);
        }
    }

    /// Raises or raises further. Only a stance that is itself beyond may do so, so that the value an
    /// alert names is always over the limit that it names; and the mean of the window must be clearly beyond,
    /// since counting alone wastes what five values know.
    fn raise(&mut self, newest: Verdict, config: &Decision) {
        let standing = self.raised.map(|r| r.severity);
        for severity in [Severity::Red, Severity::Amber] {
            let beyond = |v: &&Verdict| v.severity() >= Some(severity);
            let strides = self.last.iter().filter(beyond).count();
            let mean_excess = self.last.iter().map(|v| v.value - v.limits.at(severity)).sum::<f64>()
                / self.last.len() as f64;
            if standing >= Some(severity)
                || strides < config.enough
                || newest.severity() < Some(severity)
                || mean_excess <= config.mean_margin_deg.to_radians()
            {
                continue;
            }
            let first = self.last.iter().find(beyond).map_or(newest.ic, |v| v.ic);
            self.raised = Some(Raised {
                severity,
                onset: self.raised.map_or(first, |r| r.onset),
                value: newest.value,
                threshold: newest.limits.at(severity),
                strides: strides as u32,
                against: newest.limits.against,
            });
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { amber: 2.0, red: 4.0, clear: 0.5, against: Against::Today, usual: None };

    fn run(values: &[f64]) -> (Watch, Vec<Option<Severity>>) {
        let mut watch = Watch::default();
        let mut history = Vec::new();
        for (i, &value) in values.iter().enumerate() {
            let verdict = Verdict {
                number: i as u32,
                ic: SessionTime(i as f64),
                value,
                limits: LIMITS,
                plausible: true,
            };
            watch.step(verdict, &Decision::default());
            history.push(watch.raised().map(|r| r.severity));
        }
        (watch, history)
    }

    #[test]
    fn four_of_five_raise_and_the_onset_is_the_first_of_them() {
        let (watch, history) = run(&[0.0, 3.0, 0.0, 3.0, 3.0, 3.0]);
        assert_eq!(history[4], None);
        let raised = watch.raised().unwrap();
        assert_eq!((raised.onset, raised.strides), (SessionTime(1.0), 4));
        assert_eq!(raised.severity, Severity::Amber);
    }

    #[test]
    fn amber_rises_to_red_and_keeps_its_onset() {
        let (watch, _) = run(&[3.0, 3.0, 3.0, 3.0, 5.0, 5.0, 5.0, 5.0]);
        let raised = watch.raised().unwrap();
        assert_eq!((raised.severity, raised.onset), (Severity::Red, SessionTime(0.0)));
        assert!((raised.threshold - 4.0).abs() < 1e-12 && (raised.value - 5.0).abs() < 1e-12);
    }

    #[test]
    fn a_value_between_the_clear_level_and_the_limit_changes_nothing() {
        let mut values = vec![3.0; 5];
        values.extend([1.0; 50]);
        assert!(run(&values).1.into_iter().skip(5).all(|s| s == Some(Severity::Amber)));
        assert!(run(&[1.9; 50]).1.into_iter().all(|s| s.is_none()));
    }

    #[test]
    fn four_of_five_under_the_clear_level_clear_and_a_pause_follows() {
        let (_, history) = run(&[3.0, 3.0, 3.0, 3.0, 3.0, 0.0, 0.0, 0.0, 0.0, 3.0, 3.0, 3.0, 3.0]);
        assert_eq!(history[7], Some(Severity::Amber));
        assert_eq!(history[8], None);
        assert_eq!(history[11], None);
        assert_eq!(history[12], Some(Severity::Amber));
    }
}

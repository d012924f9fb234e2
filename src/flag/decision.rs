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
    /// Against clearing.
    fn speaks_on(&self) -> bool {
        self.plausible && self.value > self.limits.clear
    }

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

/// Stances that the mean of the last ones must have risen over. Own choice: with the last seven about 15 s, which a
/// slow wander of the gait hardly moves in.
const BEFORE: usize = 14;
/// ... by this share of the change that is the limit. Source: own simulation of ten hours of clean running and 240
/// episodes: from 1.0 to 0.75 false alerts stay at 0.1 per hour and leg, and 83 to 86 percent are found.
const STEP: f64 = 0.8;
/// A stance more or less that is not judged breaks nothing.
const SKIPPED: u32 = 2;

#[derive(Debug, Clone, Default)]
pub(super) struct Watch {
    last: VecDeque<Verdict>,
    /// Judged in a row.
    unbroken: u32,
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
        self.unbroken = 0;
        self.raised = None;
        self.quiet = 0;
    }

    /// Takes one judged stance.
    pub(super) fn step(&mut self, verdict: Verdict, config: &Decision) {
        let before = self.last.back().map(|last| last.number);
        let follows = before.is_some_and(|n| (n..=n.saturating_add(SKIPPED)).contains(&verdict.number));
        self.unbroken = if follows { self.unbroken.saturating_add(1) } else { 1 };
        if self.last.len() >= config.of.max(config.steady + BEFORE) {
            self.last.pop_front();
        }
        self.last.push_back(verdict);
        self.quiet = self.quiet.saturating_sub(1);
        let over = self.newest_of(config.of).filter(|v| v.speaks_on()).count();
        if self.raised.is_some() && self.last.len() >= config.of && over <= config.clears_at {
            self.raised = None;
            self.quiet = config.refractory;
        } else if self.quiet == 0 {
            self.raise(verdict, config);
        }
    }

    fn newest_of(&self, count: usize) -> impl Iterator<Item = &Verdict> {
        self.last.range(self.last.len().saturating_sub(count)..)
    }

    /// Raises or raises further. Only a stance that is itself beyond may do so, so that the value an
    /// alert names is always over the limit that it names.
    fn raise(&mut self, newest: Verdict, config: &Decision) {
        let standing = self.raised.map(|r| r.severity);
        for severity in [Severity::Red, Severity::Amber] {
            if standing >= Some(severity) || newest.severity() < Some(severity) {
                continue;
            }
            let beyond = |v: &&Verdict| v.severity() >= Some(severity);
            let window = if self.many(severity, config) {
                config.of
            } else if self.steps_up(severity, config) {
                config.steady
            } else {
                continue;
            };
            let first = self.newest_of(window).find(beyond).map_or(newest.ic, |v| v.ic);
            self.raised = Some(Raised {
                severity,
                onset: self.raised.map_or(first, |r| r.onset),
                value: newest.value,
                threshold: newest.limits.at(severity),
                strides: self.newest_of(window).filter(beyond).count() as u32,
                against: newest.limits.against,
            });
            return;
        }
    }

    /// Enough of the last stances are beyond, and their mean clearly: counting alone wastes what five values know.
    fn many(&self, severity: Severity, config: &Decision) -> bool {
        let window = || self.newest_of(config.of);
        let strides = window().filter(|v| v.severity() >= Some(severity)).count();
        strides >= config.enough
            && mean(window().map(|v| v.value - v.limits.at(severity))) > config.mean_margin_deg.to_radians()
    }

    /// A few more are beyond on average, none of them is near the usual, and they have risen by as much over those
    /// just before as the limit is over the usual, or nearly: a step, which the slow wander of clean running is not. What comes
    /// before and after a turn or a stop says nothing together.
    fn steps_up(&self, severity: Severity, config: &Decision) -> bool {
        let window = || self.newest_of(config.steady);
        let before =
            self.last.len().checked_sub(config.steady).and_then(|n| Some((n.checked_sub(BEFORE)?, n)));
        let (Some((from, to)), Some(newest)) = (before, self.last.back()) else { return false };
        let Some(usual) = newest.limits.usual else { return false };
        let change = newest.limits.at(severity) - usual.mean;
        config.steady > 0
            && self.unbroken as usize >= config.steady + BEFORE
            && window().all(Verdict::speaks_on)
            && mean(window().map(|v| v.value - v.limits.at(severity))) > 0.0
            && mean(window().map(|v| v.value)) - mean(self.last.range(from..to).map(|v| v.value))
                > STEP * change
    }
}

/// `values` are not empty.
fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
    sum / count
}

#[cfg(test)]
mod tests {
    use super::*;

    const USUAL: Usual = Usual { mean: 0.0, sd: 0.5, stances: 60 };
    const LIMITS: Limits =
        Limits { amber: 2.0, red: 4.0, clear: 0.5, against: Against::Today, usual: Some(USUAL) };

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

    const SMALL: [f64; 7] = [2.4, 1.8, 2.5, 1.7, 2.6, 1.9, 2.3];

    #[test]
    fn a_small_fault_that_lasts_is_raised_by_the_mean_of_seven() {
        let after = |before: &[f64]| run(&[before, &SMALL].concat());
        let (watch, history) = after(&[0.0; BEFORE]);
        assert_eq!(history[BEFORE + 5], None);
        let raised = watch.raised().unwrap();
        assert_eq!((raised.onset, raised.strides, raised.severity), (SessionTime(14.0), 4, Severity::Amber));
        assert_eq!(after(&[0.0; BEFORE - 1]).0.raised(), None, "too early after a break");
        assert_eq!(after(&[0.6; BEFORE]).0.raised(), None, "no step, but a wander");
        // One near the usual is too many for it.
        let mut near = [&[0.0; BEFORE][..], &SMALL].concat();
        for (i, value) in [(0, 3.4), (2, 3.5), (3, 0.4)] {
            near[BEFORE + i] = value;
        }
        assert_eq!(run(&near).0.raised(), None);
    }

    #[test]
    fn stances_before_and_after_a_stop_make_no_mean() {
        for (missing, raised) in [(1, true), (2, false)] {
            let mut watch = Watch::default();
            for (i, value) in [&[0.0; BEFORE][..], &SMALL].concat().into_iter().enumerate() {
                let number = i as u32 + if i < 17 { 0 } else { missing };
                let ic = SessionTime(f64::from(number));
                watch.step(
                    Verdict { number, ic, value, limits: LIMITS, plausible: true },
                    &Decision::default(),
                );
            }
            assert_eq!(watch.raised().is_some(), raised, "{missing} missing");
        }
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

//! Ties the clocks of neighbouring sensors at the joint between them, where each stamps its samples by its own clock and
//! only arrivals tie that to the session.
//!
//! A joint says how far apart two clocks are and how they drift apart, whatever the radio does; arrivals say the same
//! of every clock and the host's, but for the shortest delay of each sensor's radio. All clocks follow from all of it by
//! least squares.

use super::line::Line;
use crate::body::{ClockKind, PerPlacement, PerSide, Placement, Side};
use crate::segment::tie::lag;
use crate::units::SessionTime;

/// What arrivals leave open of each clock, s: the shortest delays of sensors differ by up to a radio slot of 10 ms.
const UNKNOWN: f64 = 0.005;
/// And of their drift apart, s per s: two crystals by 30 parts per million each.
const DRIFT: f64 = 42e-6;
/// By so much, s, the joint itself changes its mind in a minute, and the drift changes, s per s. Own choice; a crystal
/// that warms by a degree changes by about one part per million.
const WANDER: f64 = 0.0005;
const WARMING: f64 = 2e-6;
/// Readings less certain than this are not used, and nothing is moved before so much is known, s.
const VAGUE: f64 = 0.004;
const SURE: f64 = 0.003;
/// Nothing that arrivals leave open is larger, s: beyond it a clock has jumped or was exchanged.
const MOST: f64 = 0.02;
/// A joint is asked after so many seconds, and then less and less often, as readings get rarer than the drift would
/// want them. Source: own measurement on virtual running, 12 legs: flexion of hip and knee is off by 0.60 and 0.60
/// degrees with these, 0.61 and 0.59 when asked twice as often, 0.62 and 0.66 half as often.
const FIRST: f64 = 4.0;
const LAST: f64 = 20.0;
const EACH: f64 = 0.25;

#[derive(Debug, Clone, Default)]
pub(super) struct Ties {
    knees: PerSide<Tie>,
    hips: PerSide<Tie>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Tie {
    since: Option<SessionTime>,
    /// When the joint was last asked.
    asked: Option<SessionTime>,
    apart: Option<Apart>,
}

/// What has to be added to the upper sensor's own time for the session's, less the same for the lower one.
#[derive(Debug, Clone, Copy)]
struct Apart {
    at: SessionTime,
    seconds: f64,
    drift: f64,
    /// Variances of both, and their covariance.
    variance: f64,
    mixed: f64,
    drift_variance: f64,
}

impl Ties {
    /// A stride of this leg has ended.
    pub(super) fn stride(&mut self, lines: &mut PerPlacement<Option<Line>>, side: Side, t: SessionTime) {
        let [thigh, shank] = [Placement::thigh(side), Placement::shank(side)];
        for (tie, upper, lower) in
            [(&mut self.knees[side], thigh, shank), (&mut self.hips[side], Placement::Pelvis, thigh)]
        {
            match own_clock(lines, upper).zip(own_clock(lines, lower)) {
                Some((upper, lower)) => tie.ask(upper, lower, t),
                None => *tie = Tie::default(),
            }
        }
        let mut moved = self.moved(lines, t);
        if moved.iter().any(|(_, by)| by.abs() > MOST) {
            *self = Self::default();
            moved = PerPlacement::default();
        }
        for (placement, by) in moved.iter() {
            if let Some(line) = &mut lines[placement] {
                line.set_nudge(*by);
            }
        }
    }

    /// By how much each sensor's time moves, s.
    fn moved(&self, lines: &PerPlacement<Option<Line>>, t: SessionTime) -> PerPlacement<f64> {
        let by_arrivals =
            |placement| own_clock(lines, placement).map_or(0.0, |line| line.clock.state().offset);
        let mut moved = PerPlacement::default();
        let mut body = Group::default();
        body.add(Placement::Pelvis, 0.0);
        for side in Side::BOTH {
            let [thigh, shank] = [Placement::thigh(side), Placement::shank(side)];
            let hip = self.hips[side].known(t);
            let mut leg = Group::default();
            let group = if hip.is_some() { &mut body } else { &mut leg };
            let thigh_less_group = -hip.unwrap_or(0.0);
            group.add(thigh, thigh_less_group);
            if let Some(knee) = self.knees[side].known(t) {
                group.add(shank, thigh_less_group - knee);
            }
            leg.settle(by_arrivals, &mut moved);
        }
        body.settle(by_arrivals, &mut moved);
        moved
    }
}

/// Sensors that are tied together, and what has to be added to each one's own time more than to the first one's, s.
#[derive(Default)]
struct Group {
    members: [Option<(Placement, f64)>; Placement::COUNT],
    len: usize,
}

impl Group {
    fn add(&mut self, placement: Placement, less_first: f64) {
        if let Some(free) = self.members.get_mut(self.len) {
            *free = Some((placement, less_first));
            self.len += 1;
        }
    }

    /// All by the arrivals of the one in the middle, of two the earlier: radio and host only ever delay.
    fn settle(&self, by_arrivals: impl Fn(Placement) -> f64, moved: &mut PerPlacement<f64>) {
        let members = || self.members.iter().flatten();
        let mut firsts = [f64::INFINITY; Placement::COUNT];
        for (first, (placement, less_first)) in firsts.iter_mut().zip(members()) {
            *first = by_arrivals(*placement) - less_first;
        }
        firsts.sort_by(f64::total_cmp);
        let Some(first) = firsts.get(self.len.saturating_sub(1) / 2) else { return };
        for (placement, less_first) in members() {
            moved[*placement] = first + less_first - by_arrivals(*placement);
        }
    }
}

/// A sensor that stamps by its own clock: what was sampled together is in step, and numbered samples are moved whenever
/// some turn out to be lost.
fn own_clock(lines: &PerPlacement<Option<Line>>, placement: Placement) -> Option<&Line> {
    lines[placement].as_ref().filter(|line| line.info.clock == ClockKind::Device)
}

impl Tie {
    /// How far apart the clocks are, s; `None` before it is sure.
    fn known(&self, t: SessionTime) -> Option<f64> {
        self.apart
            .map(|apart| apart.at(t))
            .filter(|apart| apart.variance < SURE * SURE)
            .map(|apart| apart.seconds)
    }

    fn ask(&mut self, upper: &Line, lower: &Line, t: SessionTime) {
        let since = *self.since.get_or_insert(t);
        if t - self.asked.unwrap_or(since) < (EACH * (t - since)).clamp(FIRST, LAST) {
            return;
        }
        self.asked = Some(t);
        let found = lag(&upper.track, &lower.track).filter(|lag| lag.variance < VAGUE * VAGUE);
        let Some(found) = found else { return };
        let now = upper.session_less_device() - lower.session_less_device();
        let before = self.apart.map_or_else(|| Apart::unknown(t, now), |apart| apart.at(t));
        self.apart = Some(before.with(now + found.seconds, found.variance));
    }
}

impl Apart {
    /// As far as arrivals tell.
    fn unknown(at: SessionTime, seconds: f64) -> Self {
        let (variance, drift_variance) = (UNKNOWN * UNKNOWN, DRIFT * DRIFT);
        Self { at, seconds, drift: 0.0, variance, mixed: 0.0, drift_variance }
    }

    fn at(self, t: SessionTime) -> Self {
        let step = t - self.at;
        let minutes = step / 60.0;
        Self {
            at: t,
            seconds: self.seconds + self.drift * step,
            drift: self.drift,
            variance: self.variance
                + step * (2.0 * self.mixed + step * self.drift_variance)
                + WANDER * WANDER * minutes,
            mixed: self.mixed + step * self.drift_variance,
            drift_variance: self.drift_variance + WARMING * WARMING * minutes,
        }
    }

    /// With a reading of now: a Kalman step.
    fn with(self, seconds: f64, variance: f64) -> Self {
        let all = self.variance + variance;
        let (gain, drift_gain) = (self.variance / all, self.mixed / all);
        let surprise = seconds - self.seconds;
        Self {
            at: self.at,
            seconds: self.seconds + gain * surprise,
            drift: self.drift + drift_gain * surprise,
            variance: self.variance * (1.0 - gain),
            mixed: self.mixed * (1.0 - gain),
            drift_variance: self.drift_variance - drift_gain * self.mixed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Clocks that are 3 ms apart and drift by 20 parts per million, read with an error of 1 ms at these times.
    #[test]
    fn readings_that_scatter_tell_distance_and_drift() {
        let truth = |t: f64| 0.003 + 20e-6 * t;
        let mut apart = Apart::unknown(SessionTime(0.0), 0.0);
        let mut t = 0.0;
        for k in 0..24 {
            t += 8.0 + 0.5 * f64::from(k);
            let error = if k % 2 == 0 { 0.001 } else { -0.001 };
            apart = apart.at(SessionTime(t)).with(truth(t) + error, 0.0015 * 0.0015);
        }
        assert!((apart.seconds - truth(t)).abs() < 0.0006, "{apart:?}");
        assert!((apart.drift - 20e-6).abs() < 5e-6, "{apart:?}");
        let later = apart.at(SessionTime(t + 120.0));
        assert!((later.seconds - truth(t + 120.0)).abs() < 0.001, "{later:?}");
        assert!(later.variance.sqrt() < 0.0015 && later.variance > apart.variance, "{later:?}");
    }
}

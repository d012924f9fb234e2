//! Ties the clocks of neighbouring sensors at the joint between them, where each stamps its samples by its own clock and
//! only arrivals tie that to the session.
//!
//! A joint says how far apart two clocks are and how they drift apart, whatever the radio does; arrivals say the same
//! of every clock and the host's, but for the shortest delay of each sensor's radio. All clocks follow from all of it by
//! least squares.
//!
//! What a joint says of the two sensors' worlds at the same time is handed on, whatever their clocks.

use super::line::Line;
use crate::body::{ClockKind, PerPlacement, PerSide, Placement, Side};
use crate::segment::tie::{Answer, Asker, Lag};
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

#[derive(Debug, Default)]
pub(super) struct Ties {
    knees: PerSide<Tie>,
    hips: PerSide<Tie>,
    asker: Asker,
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
    /// A stride of this leg has ended. What joints answer is handed on with the lower of the two segments.
    pub(super) fn stride(
        &mut self,
        lines: &mut PerPlacement<Option<Line>>,
        side: Side,
        t: SessionTime,
        mut hear: impl FnMut(Placement, &Answer),
    ) {
        let [thigh, shank] = [Placement::thigh(side), Placement::shank(side)];
        for (tie, upper, lower) in
            [(&mut self.knees[side], thigh, shank), (&mut self.hips[side], Placement::Pelvis, thigh)]
        {
            let Some((above, below)) = lines[upper].as_ref().zip(lines[lower].as_ref()) else {
                *tie = Tie::default();
                continue;
            };
            if let Some(answer) = tie.ask(above, below, t, &mut self.asker) {
                hear(lower, &answer);
            }
        }
        let by_arrivals =
            PerPlacement::from_fn(|at| lines[at].as_ref().map_or(0.0, |line| line.clock.state().offset));
        let mut groups = self.groups(t);
        while let Some(liar) = groups.iter().find_map(|group| group.liar(&by_arrivals)) {
            self.untie(liar);
            groups = self.groups(t);
        }
        let mut moved = PerPlacement::default();
        for group in &groups {
            group.settle(&by_arrivals, &mut moved);
        }
        for (placement, by) in moved.iter() {
            if let Some(line) = &mut lines[placement] {
                line.set_nudge(*by);
            }
        }
    }

    fn untie(&mut self, placement: Placement) {
        for side in Side::BOTH {
            if [Placement::Pelvis, Placement::thigh(side)].contains(&placement) {
                self.hips[side] = Tie::default();
            }
            if [Placement::thigh(side), Placement::shank(side)].contains(&placement) {
                self.knees[side] = Tie::default();
            }
        }
    }

    /// The pelvis with the legs that are tied to it, and each leg that is not.
    fn groups(&self, t: SessionTime) -> [Group; 3] {
        let mut groups = [const { Group::EMPTY }; 3];
        let [body, left, right] = &mut groups;
        body.add(Placement::Pelvis, 0.0);
        for (side, leg) in Side::BOTH.into_iter().zip([left, right]) {
            let hip = self.hips[side].known(t);
            let group = if hip.is_some() { &mut *body } else { leg };
            let thigh = -hip.unwrap_or(0.0);
            group.add(Placement::thigh(side), thigh);
            if let Some(knee) = self.knees[side].known(t) {
                group.add(Placement::shank(side), thigh - knee);
            }
        }
        groups
    }
}

/// Sensors that are tied together, and what has to be added to each one's own time beyond what is added to the first
/// one's, s.
struct Group {
    members: [Option<(Placement, f64)>; Placement::COUNT],
    len: usize,
}

impl Group {
    const EMPTY: Self = Self { members: [None; Placement::COUNT], len: 0 };

    fn add(&mut self, placement: Placement, beyond_first: f64) {
        if let Some(free) = self.members.get_mut(self.len) {
            *free = Some((placement, beyond_first));
            self.len += 1;
        }
    }

    /// What each one's arrivals make of the first one's clock, s.
    fn firsts(&self, by_arrivals: &PerPlacement<f64>) -> impl Iterator<Item = (Placement, f64)> {
        self.members.iter().flatten().map(|(at, beyond_first)| (*at, by_arrivals[*at] - beyond_first))
    }

    /// The same in order of size; what is beyond `len` has no meaning.
    fn sorted(&self, by_arrivals: &PerPlacement<f64>) -> [f64; Placement::COUNT] {
        let mut sorted = [f64::INFINITY; Placement::COUNT];
        for (place, (_, first)) in sorted.iter_mut().zip(self.firsts(by_arrivals)) {
            *place = first;
        }
        sorted.sort_by(f64::total_cmp);
        sorted
    }

    /// One whose clock has jumped or was exchanged: the farthest from the one in the middle.
    fn liar(&self, by_arrivals: &PerPlacement<f64>) -> Option<Placement> {
        let sorted = self.sorted(by_arrivals);
        let middle = *sorted.get(self.len / 2)?;
        let off = self.firsts(by_arrivals).map(|(at, first)| (at, (first - middle).abs()));
        let farthest = off.max_by(|a, b| a.1.total_cmp(&b.1))?;
        (farthest.1 > MOST).then_some(farthest.0)
    }

    /// All by the mean of the earlier half: radio and host only ever delay.
    fn settle(&self, by_arrivals: &PerPlacement<f64>, moved: &mut PerPlacement<f64>) {
        let sorted = self.sorted(by_arrivals);
        let half = self.len.div_ceil(2);
        let first = sorted.iter().take(half).sum::<f64>() / half as f64;
        for (placement, beyond_first) in self.members.iter().flatten() {
            moved[*placement] = first + beyond_first - by_arrivals[*placement];
        }
    }
}

/// What was sampled together is in step, and numbered samples are moved whenever some turn out to be lost.
fn stamps_itself(line: &Line) -> bool {
    line.info.clock == ClockKind::Device
}

impl Tie {
    /// How far apart the clocks are, s; `None` before it is sure.
    fn known(&self, t: SessionTime) -> Option<f64> {
        self.apart
            .map(|apart| apart.at(t))
            .filter(|apart| apart.variance < SURE * SURE)
            .map(|apart| apart.seconds)
    }

    fn ask(&mut self, upper: &Line, lower: &Line, t: SessionTime, asker: &mut Asker) -> Option<Answer> {
        let since = *self.since.get_or_insert(t);
        if t - self.asked.unwrap_or(since) < (EACH * (t - since)).clamp(FIRST, LAST) {
            return None;
        }
        self.asked = Some(t);
        let own_clocks = stamps_itself(upper) && stamps_itself(lower);
        let answer = asker.ask(&upper.track, &lower.track, own_clocks)?;
        if let Some(Lag { seconds, variance }) = answer.lag.filter(|lag| lag.variance < VAGUE * VAGUE) {
            let now = upper.session_less_device() - lower.session_less_device();
            let before = self.apart.map_or_else(|| Apart::unknown(t, now), |apart| apart.at(t));
            self.apart = Some(before.with(now + seconds, variance));
        }
        Some(answer)
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

    /// Three that are tied and keep the same time, by arrivals that say this of each, s.
    fn three(pelvis: f64, left: f64, right: f64) -> (Group, PerPlacement<f64>) {
        let mut group = Group::EMPTY;
        let mut by_arrivals = PerPlacement::default();
        for (at, by) in
            [(Placement::Pelvis, pelvis), (Placement::LeftThigh, left), (Placement::RightThigh, right)]
        {
            group.add(at, 0.0);
            by_arrivals[at] = by;
        }
        (group, by_arrivals)
    }

    #[test]
    fn who_is_late_moves_and_the_others_do_not() {
        let (group, by_arrivals) = three(0.001, 0.009, 0.001);
        let mut moved = PerPlacement::default();
        group.settle(&by_arrivals, &mut moved);
        assert!((moved[Placement::LeftThigh] + 0.008).abs() < 1e-12, "{moved:?}");
        assert!(moved[Placement::Pelvis].abs().max(moved[Placement::RightThigh].abs()) < 1e-12, "{moved:?}");
        assert_eq!(group.liar(&by_arrivals), None);
    }

    #[test]
    fn a_clock_that_has_jumped_is_the_liar_whichever_way() {
        for jump in [-40.0, -0.03, 0.03, 40.0] {
            let (group, by_arrivals) = three(0.001, 0.002, jump);
            assert_eq!(group.liar(&by_arrivals), Some(Placement::RightThigh), "{jump}");
        }
    }

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

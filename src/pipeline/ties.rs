//! Ties the clocks of a leg's sensors at the knee, where each stamps its samples by its own clock and only arrivals
//! tie that to the session.
//!
//! The knee says how far apart the two clocks are and how they drift apart, whatever the radio does.
//! Then of the two times that arrivals give the earlier is right: radio and host only ever delay.

use super::line::Line;
use crate::body::{ClockKind, PerPlacement, PerSide, Placement, Side};
use crate::segment::tie::lag;
use crate::units::SessionTime;

/// Before the knee has said anything: two sensors' shortest delays differ by up to a radio slot of 10 ms, s, and
/// two crystals by 30 parts per million each.
const UNKNOWN: f64 = 0.005;
const DRIFT: f64 = 42e-6;
/// By so much, s, the knee itself changes its mind in a minute, and the drift changes, s per s. Own choice; a crystal
/// that warms by a degree changes by about one part per million.
const WANDER: f64 = 0.0005;
const WARMING: f64 = 2e-6;
/// Readings less certain than this are not used, and nothing is moved before so much is known, s.
const VAGUE: f64 = 0.004;
const SURE: f64 = 0.003;
/// Nothing that arrivals leave open is larger, s: beyond it a clock has jumped or was exchanged.
const MOST: f64 = 0.02;
/// The knee is asked after so many seconds, and then less and less often.
const FIRST: f64 = 8.0;
const LAST: f64 = 120.0;
const EACH: f64 = 0.25;

#[derive(Debug, Clone, Default)]
pub(super) struct Ties {
    legs: PerSide<Tie>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Tie {
    since: Option<SessionTime>,
    /// When the knee was last asked.
    asked: Option<SessionTime>,
    apart: Option<Apart>,
}

/// What has to be added to the thigh's own time for the session's, less the same for the shank.
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
        let Some((a, b)) = lines[thigh].as_ref().zip(lines[shank].as_ref()) else { return };
        // What was sampled together is in step, and numbered samples are moved whenever some turn out to be lost.
        if a.info.clock != ClockKind::Device || b.info.clock != ClockKind::Device {
            return;
        }
        let tie = &mut self.legs[side];
        tie.ask(a, b, t);
        let (by_thigh, by_shank) = (a.clock.state().offset, b.clock.state().offset);
        let (mut of_thigh, mut of_shank) = (0.0, 0.0);
        if let Some(apart) = tie.apart.map(|apart| apart.at(t)).filter(|a| a.variance < SURE * SURE) {
            let earlier = by_thigh.min(by_shank + apart.seconds);
            (of_thigh, of_shank) = (earlier - by_thigh, earlier - apart.seconds - by_shank);
            if of_thigh.min(of_shank) < -MOST {
                *tie = Tie::default();
                (of_thigh, of_shank) = (0.0, 0.0);
            }
        }
        for (placement, nudge) in [(thigh, of_thigh), (shank, of_shank)] {
            if let Some(line) = &mut lines[placement] {
                line.set_nudge(nudge);
            }
        }
    }
}

impl Tie {
    fn ask(&mut self, thigh: &Line, shank: &Line, t: SessionTime) {
        let since = *self.since.get_or_insert(t);
        if t - self.asked.unwrap_or(since) < (EACH * (t - since)).clamp(FIRST, LAST) {
            return;
        }
        self.asked = Some(t);
        let found = lag(&thigh.track, &shank.track).filter(|lag| lag.variance < VAGUE * VAGUE);
        let Some(found) = found else { return };
        let now = thigh.session_less_device() - shank.session_less_device();
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

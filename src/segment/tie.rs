//! What a joint says of two sensors, while the runner moves: how their worlds lie to each other, and how far apart
//! their clocks are, as both must see its acceleration at the same moment.
//!
//! Arrivals tie a clock to the session up to the shortest radio delay, and two sensors on one leg can be 5
//! to 10 ms apart without anything in the arrivals showing it; at 500 degrees per second of knee flexion that is 2.5
//! to 5 degrees. The joint's acceleration changes by up to 1000 m/s³ in running, so it shows a
//! millisecond. Source: own measurement on virtual running, 10 legs, ten windows of 3 s each: the lag repeats to 0.2
//! to 1.1 ms, and its mean is 0.1 to 3 ms where arrivals seen over the whole recording say 0.

use super::link::{Batch, Link, LinkSample, Search};
use super::track::Track;
use crate::units::{Hz, SessionTime};

/// The common times at which both are read.
const RATE: Hz = Hz(100.0);
/// What is compared, s: four strides of running. Source: own measurement as above; 12 s repeat no better.
const SPAN: f64 = 3.0;
/// The slowest sensor's samples around a moment are this near, s.
const NEAR: f64 = 0.1;
/// The cost is read at this lag to both sides, s: about the lag at which it has doubled.
const PROBE: f64 = 0.006;
/// Around the heading without a lag, rad: a lag of `PROBE` moves it by 3 degrees.
const RANGE: f64 = 0.2;
/// Low-pass of what is compared, Hz, zero phase: below it skin and muscle move with the bone. Source: own measurement on
/// virtual running, 12 legs: flexion of hip and knee is off by 0.60 and 0.60 degrees at 8 Hz, 0.62 and 0.62 at 7, a tenth
/// more at 5 and at 16.
const CUTOFF: f64 = 8.0;
/// Independent values per second in the link's residual, 1/s, and the mean squared residual that is always
/// there, (m/s²)². Source: own measurement as above: lags scatter as much as this says; half and twice as many cost 0.02
/// degrees of flexion.
const INDEPENDENT: f64 = 10.0;
const NOISE: f64 = 0.05;

/// What one look at a joint gives.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Answer {
    /// The middle of what was looked at.
    pub at: SessionTime,
    /// Turning the second sensor's world by this about the vertical lays it on the first's, rad.
    pub heading: f64,
    /// Of `heading`, rad².
    pub variance: f64,
    /// `None` where it was not asked for or does not show.
    pub lag: Option<Lag>,
}

/// By how much a moment's time on the second sensor's clock is later than on the first's.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lag {
    /// s.
    pub seconds: f64,
    /// s².
    pub variance: f64,
}

/// Asks joints, with room to work in that serves every time.
#[derive(Debug, Default)]
pub struct Asker {
    samples: Vec<LinkSample>,
    first: Batch,
    second: Batch,
}

impl Asker {
    /// From the last seconds of two sensors that share a joint; `None` where they are doubted. The lag only where each
    /// has a clock of its own.
    #[must_use]
    pub fn ask(&mut self, first: &Track, second: &Track, own_clocks: bool) -> Option<Answer> {
        let newest = first.newest()?.0.min(second.newest()?.0);
        let from = SessionTime(newest - SPAN - NEAR);
        read(first, from, &mut self.samples)?;
        self.first.fill(&self.samples, RATE, CUTOFF)?;
        let centre = self.shifted(second, from, Search::Anywhere)?;
        let lag = if own_clocks { self.lag(second, from, &centre) } else { None };
        Some(Answer { at: from + 0.5 * SPAN, heading: centre.heading, variance: centre.variance, lag })
    }

    fn lag(&mut self, second: &Track, from: SessionTime, centre: &Link) -> Option<Lag> {
        let near = Search::Near { heading: centre.heading, range: RANGE };
        let early = self.shifted(second, from + -PROBE, near)?.residual;
        let late = self.shifted(second, from + PROBE, near)?.residual;
        lowest(early, centre.residual, late)
    }

    fn shifted(&mut self, second: &Track, from: SessionTime, search: Search) -> Option<Link> {
        read(second, from, &mut self.samples)?;
        self.second.fill(&self.samples, RATE, CUTOFF)?;
        self.first.link(&self.second, search)
    }
}

/// The lowest point of the parabola through three costs.
fn lowest(early: f64, centre: f64, late: f64) -> Option<Lag> {
    let bend = 0.5 * (early + late) - centre;
    let slope = 0.5 * (late - early);
    let steps = -0.5 * slope / bend;
    let least = (centre + 0.5 * slope * steps).max(0.0);
    let variance = PROBE * PROBE * (least + NOISE) / bend / (SPAN * INDEPENDENT);
    (bend > 0.0 && variance.is_finite()).then_some(Lag { seconds: steps * PROBE, variance })
}

/// What the sensor said at the common times from `from` on; `None` unless all of it is there and sound.
fn read(track: &Track, from: SessionTime, samples: &mut Vec<LinkSample>) -> Option<()> {
    let mut points = track.between(from + -NEAR, from + (SPAN + NEAR));
    let (mut before, mut after) = (points.next()?, points.next()?);
    samples.clear();
    for i in 0..(SPAN * RATE.0) as u32 {
        let t = from + f64::from(i) * RATE.interval();
        while after.t < t {
            before = after;
            after = points.next()?;
        }
        if before.t > t || before.doubt.or(after.doubt).is_some() {
            return None;
        }
        let share = (t - before.t) / (after.t - before.t);
        samples.push(LinkSample {
            world_from_sensor: before.world_from_sensor.nlerp(&after.world_from_sensor, share),
            gyr: before.gyr.lerp(&after.gyr, share),
            acc: before.acc.lerp(&after.acc, share),
        });
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Doubt, Fused};
    use crate::units::STANDARD_GRAVITY;
    use nalgebra::{UnitQuaternion, Vector3};

    /// One of two segments that swing about a joint that is shaken, read on a clock that is late by `late`.
    fn track(rate: f64, second: bool, late: f64, doubt: Option<Doubt>) -> Track {
        let mut track = Track::new(Hz(rate));
        let turn = UnitQuaternion::from_axis_angle(&Vector3::z_axis(), if second { 1.9 } else { 0.0 });
        let attitude = |t: f64| {
            let (phase, size) = if second { (1.3, 0.9) } else { (0.0, 0.5) };
            turn * UnitQuaternion::from_euler_angles(
                size * (9.0 * t + phase).sin(),
                0.2 * (9.0 * t + 2.0 * phase).sin(),
                0.1 * (18.0 * t).cos(),
            )
        };
        let arm = if second { Vector3::new(0.0, 0.18, 0.04) } else { Vector3::new(0.05, -0.2, 0.03) };
        let joint =
            |t: f64| Vector3::new(0.2 * (9.0 * t).sin(), 0.03 * (9.0 * t).cos(), 0.04 * (18.0 * t).cos());
        let place = |t: f64| turn * joint(t) - attitude(t) * arm;
        let h = 1e-3;
        for i in 0..(5.0 * rate) as u32 {
            let t = f64::from(i) / rate + if second { 0.0013 } else { 0.0 };
            let force = (place(t + h) - 2.0 * place(t) + place(t - h)) / (h * h)
                + Vector3::new(0.0, 0.0, STANDARD_GRAVITY);
            track.push(&Fused {
                t: SessionTime(t + late),
                world_from_sensor: attitude(t),
                gyr: (attitude(t - h).inverse() * attitude(t + h)).scaled_axis() / (2.0 * h),
                bias: Vector3::zeros(),
                acc: attitude(t).inverse() * force,
                measured: true,
                doubt,
            });
        }
        track
    }

    #[test]
    fn a_late_clock_shows_to_a_millisecond() {
        for rate in [60.0, 100.0, 208.0] {
            for late in [-0.008, -0.002, 0.0, 0.005] {
                let found = Asker::default()
                    .ask(&track(100.0, false, 0.0, None), &track(rate, true, late, None), true)
                    .and_then(|answer| answer.lag)
                    .unwrap();
                assert!((found.seconds - late).abs() < 0.001, "{late} at {rate} Hz: {found:?}");
                assert!(found.variance.sqrt() < 0.002, "{found:?}");
            }
        }
    }

    #[test]
    fn doubted_or_short_tracks_say_nothing() {
        let good = track(100.0, false, 0.0, None);
        assert_eq!(Asker::default().ask(&good, &track(100.0, true, 0.0, Some(Doubt::Gap)), true), None);
        assert_eq!(Asker::default().ask(&good, &Track::new(Hz(100.0)), true), None);
    }
}

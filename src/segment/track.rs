//! The last seconds of one sensor's fused samples, for reading its orientation at any moment and for
//! looking back over a stride.

use crate::event::{Doubt, Fused};
use crate::units::{Hz, SessionTime};
use nalgebra::{UnitQuaternion, Vector3};
use std::collections::VecDeque;

/// How far back a track reaches, s: the longest stride that is used (1.7 s) plus the longest wait
/// for a late sensor and for the end of a bridged gap.
const REACH: f64 = 4.0;
/// How long a made-up stretch is felt in the inclination, s: the time constant of fusion's levelling.
const LEVELLING: f64 = 2.0;
/// A longer step between two samples was bridged by nothing, s.
const HOLE: f64 = 0.3;

/// One fused sample.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    pub t: SessionTime,
    pub world_from_sensor: UnitQuaternion<f64>,
    pub gyr: Vector3<f64>,
    pub acc: Vector3<f64>,
    pub doubt: Option<Doubt>,
    /// How much of the signal that the inclination rests on was not measured, s.
    pub made_up: f64,
}

/// A sensor's orientation at a moment between two samples.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pose {
    pub world_from_sensor: UnitQuaternion<f64>,
    pub doubt: Option<Doubt>,
}

#[derive(Debug, Clone)]
pub struct Track {
    points: VecDeque<Point>,
    capacity: usize,
    /// Points dropped from the front since the start, so that a position stays valid as they go.
    dropped: u64,
    /// Position of the point at or after the last moment read.
    cursor: u64,
}

impl Track {
    #[must_use]
    pub fn new(rate: Hz) -> Self {
        let capacity = ((rate.0 * REACH).ceil() as usize).max(64);
        Self { points: VecDeque::with_capacity(capacity + 1), capacity, dropped: 0, cursor: 0 }
    }

    pub fn push(&mut self, fused: &Fused) {
        // Before the first sample nothing was measured.
        let made_up = self.points.back().map_or(LEVELLING, |last| {
            let step = fused.t - last.t;
            let lost = if fused.measured && step <= HOLE { 0.0 } else { step };
            last.made_up * (1.0 - step / LEVELLING).max(0.0) + lost
        });
        self.points.push_back(Point {
            t: fused.t,
            world_from_sensor: fused.world_from_sensor,
            gyr: fused.gyr,
            acc: fused.acc,
            doubt: fused.doubt,
            made_up,
        });
        if self.points.len() > self.capacity {
            self.points.pop_front();
            self.dropped += 1;
        }
    }

    #[must_use]
    pub fn oldest(&self) -> Option<SessionTime> {
        self.points.front().map(|p| p.t)
    }

    #[must_use]
    pub fn newest(&self) -> Option<SessionTime> {
        self.points.back().map(|p| p.t)
    }

    /// Why the newest point must not be used, if so.
    #[must_use]
    pub fn doubt(&self) -> Option<Doubt> {
        self.points.back().and_then(|p| p.doubt)
    }

    /// Points with `from <= t < to`, oldest first.
    pub fn between(&self, from: SessionTime, to: SessionTime) -> impl Iterator<Item = &Point> + Clone {
        let start = self.points.partition_point(|p| p.t < from);
        let end = self.points.partition_point(|p| p.t < to).max(start);
        self.points.range(start..end)
    }

    /// The pose at `t`; `None` outside of what is kept. Moments must be read in rising order for
    /// speed, not for correctness.
    pub fn pose(&mut self, t: SessionTime) -> Option<Pose> {
        let mut i = self.cursor.saturating_sub(self.dropped) as usize;
        if self.points.get(i).is_none_or(|p| p.t > t) {
            i = 0;
        }
        while self.points.get(i).is_some_and(|p| p.t < t) {
            i += 1;
        }
        self.cursor = self.dropped + i as u64;
        let after = self.points.get(i)?;
        let Some(before) = i.checked_sub(1).and_then(|i| self.points.get(i)) else {
            return (after.t == t)
                .then_some(Pose { world_from_sensor: after.world_from_sensor, doubt: after.doubt });
        };
        let share = (t - before.t) / (after.t - before.t);
        Some(Pose {
            world_from_sensor: before.world_from_sensor.nlerp(&after.world_from_sensor, share),
            doubt: before.doubt.or(after.doubt),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_made_up_is_felt_for_as_long_as_levelling_takes() {
        let mut track = Track::new(Hz(100.0));
        let mut push = |from: u32, to: u32, measured: bool| {
            for k in from..to {
                track.push(&Fused {
                    t: SessionTime(f64::from(k) * 0.01),
                    world_from_sensor: UnitQuaternion::identity(),
                    gyr: Vector3::zeros(),
                    bias: Vector3::zeros(),
                    acc: Vector3::zeros(),
                    measured,
                    doubt: None,
                });
            }
            track.points.back().map(|point| point.made_up).unwrap()
        };
        assert!(push(0, 3000, true) < 1e-6);
        let after = push(3000, 3050, false);
        assert!((0.4..0.5).contains(&after), "{after}");
        let later = push(3050, 3450, true);
        assert!((later / after - (-2.0_f64).exp()).abs() < 0.01, "{later}");
        let hole = push(3550, 3551, true);
        assert!(hole > 1.0, "{hole}");
    }
}

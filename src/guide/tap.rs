//! A finger's double tap on a sensor: how a person says "this one", or "begin", without going to the computer.

use crate::units::STANDARD_GRAVITY;
use nalgebra::Vector3;
use std::collections::VecDeque;

/// A tap lifts specific force this far off 1 g, m/s². A finger on a strapped sensor gives several g, placing it on
/// a table less (own choice; a gentle tap is repeated, a false one confuses).
const TAP: f64 = 1.5 * STANDARD_GRAVITY;
/// Samples this soon after a tap belong to it, s.
const RINGING: f64 = 0.1;
/// The second tap comes within this after the first, s.
const PAIR: f64 = 0.8;
/// No other tap for so long before and after, s: else it is shaking, or running.
const QUIET: f64 = 0.8;
/// A pair that is seen later than this after it is none, s: the sensor was away meanwhile.
const LATE: f64 = 4.0;

/// The taps of one sensor.
#[derive(Debug, Clone, Default)]
pub struct Taps {
    taps: VecDeque<f64>,
    doubled: Option<f64>,
}

impl Taps {
    /// Takes a sample's time, s, and specific force, m/s². Whether a double tap is known to be one now.
    pub fn push(&mut self, t: f64, acc: &Vector3<f64>) -> bool {
        if (acc.norm() - STANDARD_GRAVITY).abs() > TAP
            && self.taps.back().is_none_or(|last| !(0.0..RINGING).contains(&(t - last)))
        {
            if self.taps.len() == 4 {
                self.taps.pop_front();
            }
            self.taps.push_back(t);
        }
        self.look_for_pair(t)
    }

    fn look_for_pair(&mut self, now: f64) -> bool {
        let mut newest = self.taps.iter().rev().copied();
        let (Some(second), Some(first)) = (newest.next(), newest.next()) else { return false };
        let alone = newest.next().is_none_or(|before| first - before > QUIET);
        let pair = alone && second - first < PAIR && now - second > QUIET && now - second < LATE;
        pair && self.doubled.replace(second) != Some(second)
    }

    /// When the second tap of the latest pair was, s.
    #[must_use]
    pub fn doubled(&self) -> Option<f64> {
        self.doubled
    }
}

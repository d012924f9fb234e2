//! Sees a sensor run into the end of its range, without being told the range: a value that is the
//! largest so far and comes back to the digit is the end of the scale, not the motion.

use super::Reading;
use crate::units::{Hz, STANDARD_GRAVITY};
use std::collections::VecDeque;

/// Own choices, tried on the recordings that we have.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Params {
    /// Share of clipped samples beyond which the sensor is saturated. Default 2 %: above it the
    /// peak angles of virtual running change.
    share: f64,
    /// ... of the last so many seconds. Default 2.
    window: f64,
    /// Below this no accelerometer ends, m/s². Default just under the smallest range on sale, 2 g.
    acc_floor: f64,
    /// Below this no gyroscope ends, rad/s. Default just under 250 degrees per second.
    gyr_floor: f64,
    /// The largest value must have come so often. Default 3.
    hits: u32,
    /// What counts as the same value, relative: text files round. Default 1e-6.
    same: f64,
}

const PARAMS: Params = Params {
    share: 0.02,
    window: 2.0,
    acc_floor: 1.95 * STANDARD_GRAVITY,
    gyr_floor: 4.3,
    hits: 3,
    same: 1e-6,
};

#[derive(Debug, Clone)]
pub(super) struct RangeEnd {
    /// Per channel the upper and lower end: two's complement and offsets make them differ.
    ends: [[End; 2]; 6],
    /// Which samples of the window were clipped, oldest first.
    recent: VecDeque<bool>,
    window: usize,
    clipped: usize,
}

/// The largest value seen at one end of one channel.
#[derive(Debug, Clone, Copy, Default)]
struct End {
    magnitude: f64,
    hits: u32,
}

impl RangeEnd {
    pub(super) fn new(rate: Hz) -> Self {
        let window = (PARAMS.window * rate.0) as usize;
        Self {
            ends: [[End::default(); 2]; 6],
            recent: VecDeque::with_capacity(window + 1),
            window,
            clipped: 0,
        }
    }

    pub(super) fn push(&mut self, reading: &Reading) {
        let clipped = self.at_the_end(reading);
        self.recent.push_back(clipped);
        self.clipped += usize::from(clipped);
        if self.recent.len() > self.window {
            self.clipped -= usize::from(self.recent.pop_front().unwrap_or_default());
        }
    }

    pub(super) fn saturated(&self) -> bool {
        self.clipped as f64 > PARAMS.share * self.window as f64
    }

    fn at_the_end(&mut self, reading: &Reading) -> bool {
        let mut clipped = false;
        let (acc_ends, gyr_ends) = self.ends.split_at_mut(3);
        for (vector, floor, ends) in
            [(&reading.acc, PARAMS.acc_floor, acc_ends), (&reading.gyr, PARAMS.gyr_floor, gyr_ends)]
        {
            for (value, [upper, lower]) in vector.iter().zip(ends) {
                if value.abs() > floor {
                    clipped |= if *value > 0.0 { upper } else { lower }.hit(value.abs());
                }
            }
        }
        clipped
    }
}

impl End {
    fn hit(&mut self, magnitude: f64) -> bool {
        if magnitude > self.magnitude * (1.0 + PARAMS.same) {
            *self = Self { magnitude, hits: 1 };
        } else if magnitude >= self.magnitude * (1.0 - PARAMS.same) {
            self.hits = self.hits.saturating_add(1);
            return self.hits >= PARAMS.hits;
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nalgebra::Vector3;

    /// Impacts of 3 % of the samples, cut off at `end`.
    fn impacts(end: f64, range: &mut RangeEnd) -> bool {
        for i in 0..400 {
            let wanted = if i % 33 == 0 { -170.0 - f64::from(i) } else { 9.81 + f64::from(i % 7) };
            range.push(&Reading { acc: Vector3::new(0.0, wanted.max(-end), 0.0), gyr: Vector3::zeros() });
        }
        range.saturated()
    }

    #[test]
    fn impacts_cut_off_at_the_range_are_seen_and_whole_ones_are_not() {
        assert!(impacts(156.9064, &mut RangeEnd::new(Hz(100.0))));
        assert!(!impacts(f64::INFINITY, &mut RangeEnd::new(Hz(100.0))));
    }

    #[test]
    fn is_over_two_seconds_after_the_last() {
        let mut range = RangeEnd::new(Hz(100.0));
        impacts(156.9064, &mut range);
        let rest = Reading { acc: Vector3::new(0.0, 0.0, 9.81), gyr: Vector3::zeros() };
        (0..200).for_each(|_| range.push(&rest));
        assert!(!range.saturated());
    }

    #[test]
    fn standing_still_with_coarse_digits_is_no_end_of_range() {
        let mut range = RangeEnd::new(Hz(100.0));
        let rest = Reading { acc: Vector3::new(0.0, 9.81, 0.0), gyr: Vector3::new(0.01, 0.0, 0.0) };
        (0..400).for_each(|_| range.push(&rest));
        assert!(!range.saturated());
    }
}

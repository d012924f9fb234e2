//! Sees a sensor run into the end of its range, without being told the range: a value that is the
//! largest so far, lies where ranges end and comes back to the digit is the scale, not the motion.

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
    /// An end may lie so far from the nominal range, relative: offset and gain. Default 2.5 %.
    near: f64,
    /// The largest value must have come so often. Default 3.
    hits: u32,
    /// What counts as the same value, relative: text files round. Default 1e-6.
    same: f64,
}

const PARAMS: Params = Params { share: 0.02, window: 2.0, near: 0.025, hits: 3, same: 1e-6 };

/// Where accelerometers end, m/s²: the ranges on sale (Bosch, ST, TDK data sheets).
const ACC_RANGES: [f64; 9] = [
    2.0 * STANDARD_GRAVITY,
    4.0 * STANDARD_GRAVITY,
    8.0 * STANDARD_GRAVITY,
    16.0 * STANDARD_GRAVITY,
    24.0 * STANDARD_GRAVITY,
    32.0 * STANDARD_GRAVITY,
    64.0 * STANDARD_GRAVITY,
    100.0 * STANDARD_GRAVITY,
    200.0 * STANDARD_GRAVITY,
];

/// Where gyroscopes end, rad/s: the same; ST's go on to 1.147 times what they are sold as.
const GYR_RANGES: [f64; 9] = [
    250.0 * DEGREE,
    286.7 * DEGREE,
    500.0 * DEGREE,
    573.4 * DEGREE,
    1000.0 * DEGREE,
    1146.9 * DEGREE,
    2000.0 * DEGREE,
    2293.8 * DEGREE,
    4000.0 * DEGREE,
];

const DEGREE: f64 = std::f64::consts::PI / 180.0;

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
        for (vector, ranges, ends) in
            [(&reading.acc, &ACC_RANGES, acc_ends), (&reading.gyr, &GYR_RANGES, gyr_ends)]
        {
            let [smallest, ..] = ranges;
            let floor = smallest * (1.0 - PARAMS.near);
            for (value, [upper, lower]) in vector.iter().zip(ends) {
                if value.abs() > floor {
                    clipped |= if *value > 0.0 { upper } else { lower }.hit(value.abs(), ranges);
                }
            }
        }
        clipped
    }
}

impl End {
    /// Whether this value ran into the end.
    fn hit(&mut self, magnitude: f64, ranges: &[f64]) -> bool {
        if magnitude > self.magnitude * (1.0 + PARAMS.same) {
            *self = Self { magnitude, hits: 1 };
            return false;
        }
        if magnitude < self.magnitude * (1.0 - PARAMS.same) {
            return false;
        }
        self.hits = self.hits.saturating_add(1);
        self.hits >= PARAMS.hits && ranges.iter().any(|range| (magnitude / range - 1.0).abs() < PARAMS.near)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nalgebra::Vector3;

    /// A recording made of one mean stride has the same largest value in every stride.
    #[test]
    fn a_stride_that_repeats_to_the_digit_is_no_end_of_range() {
        let mut range = RangeEnd::new(Hz(100.0));
        assert!(!impacts(120.0, &mut range));
    }

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

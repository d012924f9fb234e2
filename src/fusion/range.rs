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
    upper: [End; CHANNELS],
    lower: [End; CHANNELS],
    /// Samples so far, and those of the window that were clipped, oldest first.
    samples: u64,
    clipped: VecDeque<u64>,
    window: u64,
}

/// Accelerometer and gyroscope, x, y and z.
const CHANNELS: usize = 6;

/// The largest value seen at one end of one channel.
#[derive(Debug, Clone, Copy)]
struct End {
    magnitude: f64,
    hits: u32,
    /// Smaller values say nothing.
    least: f64,
}

impl RangeEnd {
    pub(super) fn new(rate: Hz) -> Self {
        let window = (PARAMS.window * rate.0) as u64;
        let ends = std::array::from_fn(|channel| End::new(ranges(channel)));
        Self {
            upper: ends,
            lower: ends,
            samples: 0,
            clipped: VecDeque::with_capacity(window as usize + 1),
            window,
        }
    }

    pub(super) fn push(&mut self, reading: &Reading) {
        let Reading { acc, gyr } = reading;
        let values = [acc.x, acc.y, acc.z, gyr.x, gyr.y, gyr.z];
        self.samples += 1;
        let ends = self.upper.iter().zip(&self.lower);
        // Most samples are far from every end: no branch for each value.
        if values.iter().zip(ends).fold(false, |any, (v, (u, l))| any | (*v >= u.least) | (-*v >= l.least))
            && self.at_an_end(&values)
        {
            self.clipped.push_back(self.samples);
        }
        if self.clipped.front().is_some_and(|oldest| oldest + self.window <= self.samples) {
            self.clipped.pop_front();
        }
    }

    pub(super) fn saturated(&self) -> bool {
        self.clipped.len() as f64 > PARAMS.share * self.window as f64
    }

    fn at_an_end(&mut self, values: &[f64; CHANNELS]) -> bool {
        let ends = self.upper.iter_mut().zip(&mut self.lower);
        values.iter().zip(ends).enumerate().fold(false, |clipped, (channel, (value, (upper, lower)))| {
            clipped | upper.hit(*value, ranges(channel)) | lower.hit(-*value, ranges(channel))
        })
    }
}

fn ranges(channel: usize) -> &'static [f64] {
    if channel < 3 { &ACC_RANGES } else { &GYR_RANGES }
}

impl End {
    fn new(ranges: &[f64]) -> Self {
        let smallest = ranges.first().copied().unwrap_or_default();
        Self { magnitude: 0.0, hits: 0, least: smallest * (1.0 - PARAMS.near) }
    }

    /// Whether this value ran into the end.
    fn hit(&mut self, value: f64, ranges: &[f64]) -> bool {
        if value < self.least {
            return false;
        }
        if value > self.magnitude * (1.0 + PARAMS.same) {
            *self = Self { magnitude: value, hits: 1, least: value * (1.0 - PARAMS.same) };
            return false;
        }
        self.hits = self.hits.saturating_add(1);
        self.hits >= PARAMS.hits && ranges.iter().any(|range| (value / range - 1.0).abs() < PARAMS.near)
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

//! Accelerations and rates that come in messages of their own, put together: one sample per acceleration,
//! with the rate between the two readings around it. Rates are smooth beside impacts, so it is they that
//! are interpolated.

use crate::body::Sample;
use crate::units::DeviceTime;
use nalgebra::Vector3;
use std::collections::VecDeque;

/// Own choices.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Params {
    /// Readings of one kind that wait for the other. Default 4096, twenty seconds at 208 Hz: when one kind
    /// stops, memory must not grow.
    most: usize,
    /// Two rates more than so many intervals apart have a gap between them. Default 2.5.
    gap: f64,
}

const PARAMS: Params = Params { most: 4096, gap: 2.5 };

#[derive(Debug, Clone, Copy)]
struct Reading {
    t: f64,
    value: Vector3<f64>,
}

#[derive(Debug, Default)]
pub(super) struct Pair {
    acc: VecDeque<Reading>,
    gyr: VecDeque<Reading>,
}

impl Pair {
    pub(super) fn clear(&mut self) {
        self.acc.clear();
        self.gyr.clear();
    }

    pub(super) fn acc(&mut self, t: f64, value: Vector3<f64>) {
        push(&mut self.acc, Reading { t, value });
    }

    pub(super) fn gyr(&mut self, t: f64, value: Vector3<f64>) {
        push(&mut self.gyr, Reading { t, value });
    }

    /// The samples that are complete. `interval`: nominal, s.
    pub(super) fn complete(&mut self, interval: f64, out: &mut Vec<Sample>) {
        while let Some(&acc) = self.acc.front() {
            while self.gyr.get(1).is_some_and(|after| after.t <= acc.t) {
                self.gyr.pop_front();
            }
            let Some(&before) = self.gyr.front() else { return };
            if acc.t < before.t {
                // Nothing will come that lies before it.
                self.acc.pop_front();
                continue;
            }
            let gyr = if acc.t <= before.t {
                before.value
            } else {
                let Some(&after) = self.gyr.get(1) else { return };
                if after.t - before.t > PARAMS.gap * interval {
                    // What was lost between them is not made up.
                    self.acc.pop_front();
                    continue;
                }
                before.value.lerp(&after.value, (acc.t - before.t) / (after.t - before.t))
            };
            self.acc.pop_front();
            out.push(Sample { t: DeviceTime(acc.t), acc: acc.value, gyr });
        }
    }
}

fn push(readings: &mut VecDeque<Reading>, reading: Reading) {
    // Time that goes back is a clock that began anew: what waits for it waits in vain.
    if !reading.t.is_finite() || readings.back().is_some_and(|last| reading.t <= last.t) {
        readings.clear();
    }
    if readings.len() >= PARAMS.most {
        readings.pop_front();
    }
    if reading.t.is_finite() {
        readings.push_back(reading);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(acc: &[f64], gyr: &[f64]) -> Vec<(f64, f64)> {
        let mut pair = Pair::default();
        let mut out = Vec::new();
        for &t in gyr {
            pair.gyr(t, Vector3::new(10.0 * t, 0.0, 0.0));
        }
        for &t in acc {
            pair.acc(t, Vector3::zeros());
        }
        pair.complete(1.0, &mut out);
        out.iter().map(|s| (s.t.0, s.gyr.x)).collect()
    }

    #[test]
    fn rates_are_those_at_the_accelerations() {
        assert_eq!(samples(&[1.0, 2.5, 3.0], &[1.0, 2.0, 3.0]), [(1.0, 10.0), (2.5, 25.0), (3.0, 30.0)]);
    }

    #[test]
    fn what_has_no_rate_around_it_waits_or_is_left_out() {
        assert_eq!(samples(&[0.5, 1.5, 2.5], &[1.0, 2.0]), [(1.5, 15.0)]);
        assert_eq!(samples(&[1.5, 3.0, 6.5], &[1.0, 2.0, 6.0, 7.0]), [(1.5, 15.0), (6.5, 65.0)]);
    }

    #[test]
    fn one_kind_alone_does_not_pile_up() {
        let mut pair = Pair::default();
        (0..100_000).for_each(|k| pair.acc(f64::from(k), Vector3::zeros()));
        assert_eq!(pair.acc.len(), PARAMS.most);
    }
}

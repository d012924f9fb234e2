//! Orientation of one sensor, gap-aware, with how far to trust it.

mod attitude;
mod bridge;
mod params;
mod range;
mod vqf;

pub use params::Params;

use crate::event::{Doubt, Fused};
use crate::units::{Hz, SessionTime};
use attitude::Attitude;
use bridge::{Fill, Seam};
use nalgebra::{Vector2, Vector3};
use range::RangeEnd;
use std::collections::VecDeque;
use std::ops::RangeInclusive;

/// The turn that the runner is in, for removing its centripetal acceleration before the filter.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Turn {
    /// About the vertical, left positive, rad/s.
    pub rate: f64,
    /// Unit vector to the left of progression in this sensor's own world frame.
    pub left_in_world: Vector2<f64>,
    /// Running speed, m/s.
    pub speed: f64,
}

/// No inertial sensor that a person wears measures more: 500 g and 11 000 degrees per second are
/// beyond every data sheet, so larger values are broken samples.
const LARGEST_ACC: f64 = 5000.0;
const LARGEST_GYR: f64 = 200.0;

/// Rates outside are broken announcements, and the filter cannot be built for some of them: then the
/// commonest rate. A wrong nominal rate costs accuracy, not safety: each step's time is measured.
const RATES: RangeInclusive<f64> = 5.0..=5000.0;
const FALLBACK_RATE: Hz = Hz(100.0);

/// One raw reading in sensor axes, m/s² and rad/s.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Reading {
    acc: Vector3<f64>,
    gyr: Vector3<f64>,
}

impl Reading {
    fn plausible(&self) -> bool {
        // Also false for what is no number.
        self.acc.iter().all(|a| a.abs() <= LARGEST_ACC) && self.gyr.iter().all(|w| w.abs() <= LARGEST_GYR)
    }
}

/// A sample on its way to the filter.
#[derive(Debug, Clone, Copy)]
struct Timed {
    t: SessionTime,
    reading: Reading,
    /// `false`: made up to bridge a gap.
    measured: bool,
}

/// One sensor's orientation, sample by sample.
#[derive(Debug, Clone)]
pub struct Fusion {
    params: Params,
    rate: Hz,
    attitude: Attitude,
    range: RangeEnd,
    turn: Option<Turn>,
    /// What was released, without holes, oldest first; as long as `Params::history` once full.
    history: VecDeque<Reading>,
    history_len: usize,
    /// The newest sample that was released.
    released: Option<Timed>,
    /// Samples behind a gap that is not bridged yet, oldest first.
    held: Vec<Timed>,
    settled_from: SessionTime,
    trusted_from: SessionTime,
}

impl Fusion {
    #[must_use]
    pub fn new(rate: Hz) -> Self {
        Self::with_params(rate, Params::default())
    }

    #[must_use]
    pub fn with_params(rate: Hz, params: Params) -> Self {
        let rate = if RATES.contains(&rate.0) { rate } else { FALLBACK_RATE };
        let history_len = (params.history * rate.0) as usize;
        Self {
            params,
            rate,
            attitude: Attitude::new(rate, params),
            range: RangeEnd::new(rate),
            turn: None,
            history: VecDeque::with_capacity(history_len),
            history_len,
            released: None,
            held: Vec::with_capacity((2.0 * params.after * rate.0) as usize),
            settled_from: SessionTime(f64::NEG_INFINITY),
            trusted_from: SessionTime(f64::NEG_INFINITY),
        }
    }

    /// The gyroscope's mean in quiet standing, raw sensor axes, rad/s: subtracted from now on.
    pub fn set_gyro_zero(&mut self, zero: Vector3<f64>) {
        if zero.iter().all(|w| w.abs() <= LARGEST_GYR) {
            self.attitude.set_zero(zero);
        }
    }

    /// Holds until the next call. A turn that no runner makes is none.
    pub fn set_turn(&mut self, turn: Option<Turn>) {
        self.turn = turn.filter(|t| (t.left_in_world * (t.speed * t.rate)).norm() <= LARGEST_ACC);
    }

    /// One measured sample; appends what can be released, oldest first. During a gap nothing comes,
    /// then the bridge and the held samples at once. A sample that is not newer than the last, or
    /// that no sensor can measure, counts as lost.
    pub fn push(&mut self, t: SessionTime, acc: Vector3<f64>, gyr: Vector3<f64>, out: &mut Vec<Fused>) {
        let sample = Timed { t, reading: Reading { acc, gyr }, measured: true };
        if !t.0.is_finite() || !sample.reading.plausible() {
            return;
        }
        let Some(newest) = self.held.last().copied().or(self.released) else {
            self.settled_from = t + self.params.settle;
            return self.release(sample, self.rate.interval(), out);
        };
        let step = t - newest.t;
        if step <= 0.0 {
            return;
        }
        if step <= self.params.gap * self.rate.interval() {
            self.take(sample, step, out);
        } else {
            // Where the last gap still waits for signal, it has to make do with what there is.
            self.bridge(out);
            if step <= self.params.longest_gap {
                self.held.push(sample);
            } else {
                self.start_over(t);
                self.release(sample, self.rate.interval(), out);
            }
        }
    }

    /// Nothing follows: releases what is held.
    pub fn finish(&mut self, out: &mut Vec<Fused>) {
        self.bridge(out);
    }

    /// The next sample in line: straight to the filter, unless an earlier gap has to be bridged first.
    fn take(&mut self, sample: Timed, step: f64, out: &mut Vec<Fused>) {
        if self.held.is_empty() {
            return self.release(sample, step, out);
        }
        self.held.push(sample);
        if self.held.len() as f64 >= self.params.after * self.rate.0 {
            self.bridge(out);
        }
    }

    /// Fills the gap before the held samples, if any, and releases everything.
    fn bridge(&mut self, out: &mut Vec<Fused>) {
        let (Some(last), Some(first)) = (self.released, self.held.first().copied()) else { return };
        let gap = first.t - last.t;
        let (missing, step) = self.missing(gap);
        let mut held = std::mem::take(&mut self.held);
        let fill = bridge::fill(self.history.make_contiguous(), missing, &held, self.rate);
        if fill == Fill::Nothing {
            self.start_over(first.t);
        } else {
            if gap > self.params.doubted_gap {
                let stride = matches!(fill, Fill::Strides(_));
                let doubt = if stride { self.params.stride_doubt } else { self.params.line_doubt };
                self.doubt_until(first.t + doubt);
            }
            let next = held.get(1).unwrap_or(&first).reading;
            let seam = self.seam(fill, missing, [first.reading, next]);
            for k in 1..=missing {
                let reading = match seam.zip(self.earlier(fill, self.history.len())) {
                    Some((seam, earlier)) => seam.shift(&earlier, k),
                    None => bridge::on_line(&last.reading, &first.reading, k, missing),
                };
                self.release(Timed { t: last.t + step * k as f64, reading, measured: false }, step, out);
            }
        }
        let mut before = first.t + -step;
        for sample in held.drain(..) {
            self.release(sample, sample.t - before, out);
            before = sample.t;
        }
        // The buffer goes back, empty, so that the next gap need not allocate.
        self.held = held;
    }

    /// How the strides that a fill repeats meet what was measured before the gap and `after` it.
    fn seam(&self, fill: Fill, missing: usize, after: [Reading; 2]) -> Option<Seam> {
        let next = self.history.len();
        let [before, last] = [next.checked_sub(2)?, next.checked_sub(1)?];
        let [first, second] = [next + missing, next + missing + 1];
        let repeated = [
            self.earlier(fill, before)?,
            self.earlier(fill, last)?,
            self.earlier(fill, first)?,
            self.earlier(fill, second)?,
        ];
        let measured = [*self.history.get(before)?, *self.history.get(last)?, after[0], after[1]];
        Some(Seam::new(repeated, measured, missing, self.rate))
    }

    /// What a fill repeats at this place of the history, which grows by what is released.
    fn earlier(&self, fill: Fill, at: usize) -> Option<Reading> {
        let Fill::Strides(lags) = fill else { return None };
        lags.mean(&self.history, at)
    }

    /// After a gap that cannot be bridged: levelled anew from `t`, and the heading is a guess.
    fn start_over(&mut self, t: SessionTime) {
        self.attitude.relevel();
        self.history.clear();
        self.settled_from = t + self.params.settle;
        self.doubt_until(t + self.params.line_doubt);
    }

    fn release(&mut self, sample: Timed, step: f64, out: &mut Vec<Fused>) {
        let Timed { t, reading, measured } = sample;
        self.attitude.update(&reading, step, self.turn.as_ref());
        if measured {
            self.range.push(&reading);
        }
        if self.history.len() >= self.history_len {
            self.history.pop_front();
        }
        self.history.push_back(reading);
        self.released = Some(sample);
        let bias = self.attitude.bias();
        out.push(Fused {
            t,
            world_from_sensor: self.attitude.world_from_sensor(),
            gyr: reading.gyr - bias,
            bias,
            acc: reading.acc,
            measured,
            doubt: self.doubt(t),
        });
    }

    fn doubt(&self, t: SessionTime) -> Option<Doubt> {
        if t < self.settled_from {
            Some(Doubt::Settling)
        } else if t < self.trusted_from {
            Some(Doubt::Gap)
        } else {
            self.range.saturated().then_some(Doubt::Saturated)
        }
    }

    fn doubt_until(&mut self, t: SessionTime) {
        if t > self.trusted_from {
            self.trusted_from = t;
        }
    }

    /// How many samples a gap lacks at the nominal rate, at least one, and the step between them, s.
    fn missing(&self, gap: f64) -> (usize, f64) {
        let steps = (gap * self.rate.0).round().max(2.0);
        (steps as usize - 1, gap / steps)
    }
}

#[cfg(test)]
mod tests;

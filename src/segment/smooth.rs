//! Zero-phase low-pass of a finished batch: forward and backward, so that nothing is delayed.

use crate::units::Hz;
use biquad::{Biquad, Coefficients, DirectForm2Transposed, Q_BUTTERWORTH_F64, ToHertz, Type};
use nalgebra::Vector3;

/// Highest cutoff as a share of the sample rate; nearer to half the rate the bilinear transform
/// leaves nothing of the pass band's shape.
const HIGHEST_CUTOFF: f64 = 0.4;
/// How far the batch is mirrored beyond its ends, in periods of the cutoff: the filter has settled there.
const MARGIN_PERIODS: f64 = 1.0;

/// The filter with its room to work in, which serves for several batches.
#[derive(Debug, Default)]
pub(super) struct ZeroPhase {
    extended: Vec<Vector3<f64>>,
}

/// [`ZeroPhase::low_pass`] for once.
pub(super) fn zero_phase(values: &mut [Vector3<f64>], rate: Hz, cutoff: f64) {
    ZeroPhase::default().low_pass(values, rate, cutoff);
}

impl ZeroPhase {
    /// Second-order Butterworth forward and backward (fourth order together), cutoff in Hz. A batch
    /// shorter than its own margins stays as it is.
    pub(super) fn low_pass(&mut self, values: &mut [Vector3<f64>], rate: Hz, cutoff: f64) {
        if let Some(margin) = self.run(values, rate, cutoff) {
            for (value, smooth) in values.iter_mut().zip(self.extended.iter().rev().skip(margin)) {
                *value = *smooth;
            }
        }
    }

    /// Takes away what [`low_pass`](Self::low_pass) would keep; of a batch shorter than its margins all.
    pub(super) fn high_pass(&mut self, values: &mut [Vector3<f64>], rate: Hz, cutoff: f64) {
        match self.run(values, rate, cutoff) {
            Some(margin) => {
                for (value, smooth) in values.iter_mut().zip(self.extended.iter().rev().skip(margin)) {
                    *value -= smooth;
                }
            }
            None => values.fill(Vector3::zeros()),
        }
    }

    /// Leaves the smooth batch in `extended`, backwards, after so many of its margin.
    fn run(&mut self, values: &[Vector3<f64>], rate: Hz, cutoff: f64) -> Option<usize> {
        let cutoff = cutoff.min(HIGHEST_CUTOFF * rate.0);
        let margin = (MARGIN_PERIODS * rate.0 / cutoff).ceil() as usize;
        let (&first, &last) = (values.first()?, values.last()?);
        if values.len() <= margin {
            return None;
        }
        let coefficients =
            Coefficients::from_params(Type::LowPass, rate.0.hz(), cutoff.hz(), Q_BUTTERWORTH_F64).ok()?;
        // Mirrored through the end points, which continues both value and slope.
        let before = values.iter().skip(1).take(margin).rev().map(|v| 2.0 * first - v);
        let after = values.iter().rev().skip(1).take(margin).map(|v| 2.0 * last - v);
        self.extended.clear();
        self.extended.extend(before.chain(values.iter().copied()).chain(after));
        run(&mut self.extended, coefficients);
        self.extended.reverse();
        run(&mut self.extended, coefficients);
        Some(margin)
    }
}

/// Filters what differs from the first value, which spares the filter's own step at the start.
fn run(values: &mut [Vector3<f64>], coefficients: Coefficients<f64>) {
    let Some(&origin) = values.first() else { return };
    let mut axes = [coefficients; 3].map(DirectForm2Transposed::<f64>::new);
    for value in values {
        for ((axis, x), origin) in axes.iter_mut().zip(value.iter_mut()).zip(origin.iter()) {
            *x = origin + axis.run(*x - origin);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::TAU;

    fn tone(frequency: f64) -> Vec<Vector3<f64>> {
        (0..400)
            .map(|i| Vector3::new(9.8 + (TAU * frequency * f64::from(i) / 100.0).sin(), 0.0, 0.0))
            .collect()
    }

    #[test]
    fn a_slow_tone_passes_without_delay_and_a_fast_one_does_not_pass() {
        let rate = Hz(100.0);
        let mut slow = tone(1.0);
        zero_phase(&mut slow, rate, 12.0);
        for (before, after) in tone(1.0).iter().zip(&slow) {
            assert!((before - after).norm() < 0.02);
        }
        let mut fast = tone(40.0);
        zero_phase(&mut fast, rate, 6.0);
        // Its ends lean on what the tone was there.
        assert!(fast.iter().skip(40).take(320).all(|v| (v.x - 9.8).abs() < 0.01));
    }

    #[test]
    fn a_high_pass_leaves_the_fast_tone_without_its_mean() {
        let rate = Hz(100.0);
        let mut fast = tone(8.0);
        ZeroPhase::default().high_pass(&mut fast, rate, 1.0);
        for (before, after) in tone(8.0).iter().zip(&fast).skip(150).take(100) {
            assert!((before.x - 9.8 - after.x).abs() < 0.02);
        }
        let mut short = vec![Vector3::x(); 50];
        ZeroPhase::default().high_pass(&mut short, rate, 1.0);
        assert!(short.iter().all(|v| *v == Vector3::zeros()));
    }
}

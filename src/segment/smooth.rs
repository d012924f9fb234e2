//! Zero-phase low-pass of a finished batch: forward and backward, so that nothing is delayed.

use crate::units::Hz;
use biquad::{Biquad, Coefficients, DirectForm2Transposed, Q_BUTTERWORTH_F64, ToHertz, Type};
use nalgebra::Vector3;

/// Highest cutoff as a share of the sample rate; nearer to half the rate the bilinear transform
/// leaves nothing of the pass band's shape.
const HIGHEST_CUTOFF: f64 = 0.4;
/// How far the batch is mirrored beyond its ends, in periods of the cutoff: the filter has settled there.
const MARGIN_PERIODS: f64 = 1.0;

/// Second-order Butterworth forward and backward (fourth order together), cutoff in Hz. A batch
/// shorter than its own margins stays as it is.
pub(super) fn zero_phase(values: &mut [Vector3<f64>], rate: Hz, cutoff: f64) {
    let cutoff = cutoff.min(HIGHEST_CUTOFF * rate.0);
    let margin = (MARGIN_PERIODS * rate.0 / cutoff).ceil() as usize;
    let (Some(&first), Some(&last)) = (values.first(), values.last()) else { return };
    if values.len() <= margin {
        return;
    }
    let Ok(coefficients) =
        Coefficients::from_params(Type::LowPass, rate.0.hz(), cutoff.hz(), Q_BUTTERWORTH_F64)
    else {
        return;
    };
    // Mirrored through the end points, which continues both value and slope.
    let before = values.iter().skip(1).take(margin).rev().map(|v| 2.0 * first - v);
    let after = values.iter().rev().skip(1).take(margin).map(|v| 2.0 * last - v);
    let mut extended: Vec<Vector3<f64>> = before.chain(values.iter().copied()).chain(after).collect();
    run(&mut extended, coefficients);
    extended.reverse();
    run(&mut extended, coefficients);
    for (value, smooth) in values.iter_mut().zip(extended.iter().rev().skip(margin)) {
        *value = *smooth;
    }
}

/// What [`zero_phase`] would take away.
pub(super) fn keep_fast(values: &mut [Vector3<f64>], rate: Hz, cutoff: f64) {
    let mut slow = values.to_vec();
    zero_phase(&mut slow, rate, cutoff);
    for (value, slow) in values.iter_mut().zip(&slow) {
        *value -= slow;
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
}

//! Whether two sensors of a leg keep the same time. How fast a segment turns does not depend on how its
//! sensor is strapped on, and thigh and shank turn in a fixed order within each stride: if the order
//! moves during a few strides, one of the sensors has lost or gained time.

use super::track::GRID;
use nalgebra::Vector3;

/// Shifts that are compared, moments (0.5 s), and how far their pattern may have moved (0.3 s).
const REACH: usize = 25;
const MOVED: usize = 15;
/// How alike the two halves must be for their shift to mean anything. Source: own measurement: virtual
/// running and a recording out of step from 0.93, irregular running on the spot 0.6.
const ALIKE: f64 = 0.85;
/// Smallest drift that counts, s. Source: own measurement: 28 windows of walking and running in step at
/// most 0.02, a recording out of step 0.28.
const DRIFT: f64 = 0.08;

/// Time that the shank's sensor gained on the thigh's within these rates, s; `None` while in step.
pub(super) fn out_of_step(thigh: &[Vector3<f64>], shank: &[Vector3<f64>]) -> Option<f64> {
    let speed = |rates: &[Vector3<f64>]| rates.iter().map(Vector3::norm).collect::<Vec<f64>>();
    let (thigh, shank) = (speed(thigh), speed(shank));
    let half = thigh.len().min(shank.len()) / 2;
    let first = order(thigh.get(..half)?, shank.get(..half)?)?;
    let second = order(thigh.get(half..)?, shank.get(half..)?)?;
    let middle = first.get(MOVED..first.len() - MOVED)?;
    let (moved, alike) = second
        .windows(middle.len())
        .enumerate()
        .map(|(i, window)| (i, correlation(middle, window)))
        .max_by(|a, b| a.1.total_cmp(&b.1))?;
    let drift = (moved as f64 - MOVED as f64) * GRID.interval();
    (alike > ALIKE && drift.abs() > DRIFT).then_some(drift)
}

/// Correlation of two signals for every shift up to the reach.
fn order(a: &[f64], b: &[f64]) -> Option<Vec<f64>> {
    let middle = a.get(REACH..a.len().checked_sub(REACH)?)?;
    (middle.len() > REACH).then(|| b.windows(middle.len()).map(|b| correlation(middle, b)).collect())
}

fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let mean = |x: &[f64]| x.iter().sum::<f64>() / x.len() as f64;
    let (mean_a, mean_b) = (mean(a), mean(b));
    let (mut ab, mut aa, mut bb) = (0.0, 0.0, 0.0);
    for (a, b) in a.iter().zip(b) {
        let (a, b) = (a - mean_a, b - mean_b);
        ab += a * b;
        aa += a * a;
        bb += b * b;
    }
    ab / (aa * bb).sqrt().max(f64::MIN_POSITIVE)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two bursts per second, the second signal a fifth of a second later and gaining `gain` s per s.
    fn rates(delay: f64, gain: f64) -> Vec<Vector3<f64>> {
        (0..500)
            .map(|i| {
                let t = f64::from(i) / 50.0;
                let phase = (t * (1.0 + gain) - delay) * std::f64::consts::TAU;
                Vector3::new(phase.sin() + 0.5 * (2.0 * phase).cos(), 0.3, 0.0)
            })
            .collect()
    }

    #[test]
    fn a_constant_order_is_in_step_and_a_moving_one_is_not() {
        assert_eq!(out_of_step(&rates(0.0, 0.0), &rates(0.2, 0.0)), None);
        let drift = out_of_step(&rates(0.0, 0.0), &rates(0.2, 0.03)).unwrap();
        assert!((drift.abs() - 0.15).abs() < 0.05, "{drift}");
    }
}

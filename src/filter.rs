//! Low-passes whose group delay is part of the type: whoever filters a signal can say when it was.

use crate::units::Hz;
use biquad::{Biquad, Coefficients, DirectForm2Transposed, Q_BUTTERWORTH_F64, Type};
use nalgebra::Vector3;
use std::f64::consts::PI;

/// Butterworth low-pass of second order, bilinear with the cutoff held exactly; starts at its first
/// sample instead of at zero. A cutoff at or above half the rate passes the signal as it is.
#[derive(Debug, Clone)]
pub struct LowPass {
    /// `None` passes through.
    section: Option<Section>,
    delay: f64,
    primed: bool,
}

impl LowPass {
    #[must_use]
    pub fn new(rate: Hz, cutoff: Hz) -> Self {
        // The crate counts from 0 to 1 at half the rate, and refuses 1 and above, and what is no number.
        let normalized = 2.0 * cutoff.0 / rate.0;
        let coefficients =
            Coefficients::from_normalized_params(Type::LowPass, normalized, Q_BUTTERWORTH_F64).ok();
        let section = coefficients.filter(|c| normalized > 0.0 && c.b0.is_finite()).map(Section::new);
        let delay = section.as_ref().map_or(0.0, |_| butterworth_delay(rate, cutoff));
        Self { section, delay, primed: false }
    }

    /// Filters one sample; they must come at the rate.
    pub fn push(&mut self, x: f64) -> f64 {
        let Some(section) = &mut self.section else { return x };
        if !self.primed {
            section.prime(x);
            self.primed = true;
        }
        section.filter.run(x)
    }

    /// How much later than the signal the output is, s; exact for the slow part of the signal.
    #[must_use]
    pub fn delay(&self) -> f64 {
        self.delay
    }

    /// The next sample is a first sample again.
    pub fn reset(&mut self) {
        self.primed = false;
    }
}

/// The same [`LowPass`] on three channels.
#[derive(Debug, Clone)]
pub struct LowPass3([LowPass; 3]);

impl LowPass3 {
    #[must_use]
    pub fn new(rate: Hz, cutoff: Hz) -> Self {
        let channel = LowPass::new(rate, cutoff);
        Self([channel.clone(), channel.clone(), channel])
    }

    pub fn push(&mut self, v: Vector3<f64>) -> Vector3<f64> {
        let [x, y, z] = &mut self.0;
        Vector3::new(x.push(v.x), y.push(v.y), z.push(v.z))
    }

    /// See [`LowPass::delay`].
    #[must_use]
    pub fn delay(&self) -> f64 {
        let [x, _, _] = &self.0;
        x.delay()
    }

    pub fn reset(&mut self) {
        self.0.iter_mut().for_each(LowPass::reset);
    }
}

/// Group delay of a bilinear second-order Butterworth near 0 Hz, s: sqrt(2) / (2 fs K) with
/// K = tan(pi fc / fs). Follows from the phase of H(z) at z = 1.
fn butterworth_delay(rate: Hz, cutoff: Hz) -> f64 {
    1.0 / (std::f64::consts::SQRT_2 * rate.0 * (PI * cutoff.0 / rate.0).tan())
}

/// One biquad with the coefficients that priming needs; the crate keeps its own to itself.
#[derive(Debug, Clone)]
struct Section {
    filter: DirectForm2Transposed<f64>,
    b0: f64,
    b2: f64,
    a2: f64,
}

impl Section {
    fn new(c: Coefficients<f64>) -> Self {
        Self { filter: DirectForm2Transposed::new(c), b0: c.b0, b2: c.b2, a2: c.a2 }
    }

    /// The state in which a constant `x` comes out as `x` at once (gain at 0 Hz is 1).
    fn prime(&mut self, x: f64) {
        self.filter.s1 = (1.0 - self.b0) * x;
        self.filter.s2 = (self.b2 - self.a2) * x;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// scipy 1.17.1: `y, _ = lfilter(b, a, x, zi=lfilter_zi(b, a) * x[0])` with
    /// `b, a = butter(2, cutoff, fs=rate)`, and `group_delay((b, a), w=[1e-3], fs=rate)`;
    /// made by fixtures/reference/filter.py.
    #[test]
    fn agrees_with_scipy() {
        for case in cases() {
            let mut low_pass = LowPass::new(Hz(case.rate), Hz(case.cutoff));
            for (x, y) in case.x.iter().zip(&case.y) {
                assert!((low_pass.push(*x) - y).abs() < 1e-9, "{} Hz at {} Hz", case.cutoff, case.rate);
            }
            let delay = low_pass.delay() * case.rate;
            assert!((delay - case.delay_samples).abs() < 1e-3, "{delay} {}", case.delay_samples);
        }
    }

    #[derive(serde::Deserialize)]
    struct Case {
        rate: f64,
        cutoff: f64,
        delay_samples: f64,
        x: Vec<f64>,
        y: Vec<f64>,
    }

    fn cases() -> Vec<Case> {
        serde_json::from_str(include_str!("../fixtures/reference/filter.json")).unwrap()
    }

    #[test]
    fn a_slow_ramp_comes_out_late_by_the_delay() {
        let rate = Hz(100.0);
        let mut low_pass = LowPass::new(rate, Hz(6.0));
        let last = (0..400).map(|i| low_pass.push(f64::from(i) * rate.interval())).last().unwrap();
        assert!((3.99 - last - low_pass.delay()).abs() < 1e-9);
    }

    #[test]
    fn starts_at_the_first_sample_and_again_after_a_reset() {
        let mut low_pass = LowPass3::new(Hz(60.0), Hz(6.0));
        let first = Vector3::new(9.81, -3.0, 0.1);
        assert!((low_pass.push(first) - first).norm() < 1e-12);
        low_pass.push(Vector3::zeros());
        low_pass.reset();
        assert!((low_pass.push(-first) + first).norm() < 1e-12);
    }

    #[test]
    fn a_cutoff_that_the_rate_cannot_carry_passes_the_signal() {
        for (rate, cutoff) in [(50.0, 25.0), (50.0, 60.0), (50.0, f64::NAN), (0.0, 6.0), (f64::NAN, 6.0)] {
            let mut low_pass = LowPass::new(Hz(rate), Hz(cutoff));
            assert!((low_pass.push(1.0) - 1.0).abs() < 1e-15);
            assert!((low_pass.push(5.0) - 5.0).abs() < 1e-15);
            assert!(low_pass.delay().abs() < 1e-15);
        }
    }
}

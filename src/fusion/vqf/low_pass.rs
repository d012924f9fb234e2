//! Slow low-passes that begin with the mean of their first samples instead of with the first one.

use crate::units::Hz;
use biquad::{Q_BUTTERWORTH_F64, Type};
use std::f64::consts::{PI, SQRT_2};

/// Second-order Butterworth with a time constant.
#[derive(Debug, Clone, Copy)]
pub(super) struct Coefficients {
    b0: f64,
    b1: f64,
    b2: f64,
    a1: f64,
    a2: f64,
    /// Samples that are averaged at first: one time constant.
    first: f64,
}

impl Coefficients {
    /// `tau`: of the decay of the step response, s: fc = sqrt(2) / (2 pi tau).
    pub(super) fn new(rate: Hz, tau: f64) -> Self {
        let cutoff = SQRT_2 / (2.0 * PI * tau);
        // The crate counts from 0 to 1 at half the rate, and refuses 1 and above; who asks for that
        // wants no filter.
        let normalized = 2.0 * cutoff / rate.0;
        let c = biquad::Coefficients::from_normalized_params(Type::LowPass, normalized, Q_BUTTERWORTH_F64)
            .unwrap_or(biquad::Coefficients { b0: 1.0, b1: 0.0, b2: 0.0, a1: 0.0, a2: 0.0 });
        Self { b0: c.b0, b1: c.b1, b2: c.b2, a1: c.a1, a2: c.a2, first: tau * rate.0 }
    }
}

/// `N` channels of one filter, state by state, so that they are worked side by side.
#[derive(Debug, Clone, Copy)]
pub(super) enum LowPass<const N: usize> {
    Averaging { count: f64, sums: [f64; N] },
    Running { s1: [f64; N], s2: [f64; N] },
}

impl<const N: usize> LowPass<N> {
    pub(super) fn new() -> Self {
        Self::Averaging { count: 0.0, sums: [0.0; N] }
    }

    #[inline]
    #[expect(
        clippy::indexing_slicing,
        clippy::needless_range_loop,
        reason = "all arrays are of length N; zipped, they are not vectorised"
    )]
    pub(super) fn push(&mut self, c: &Coefficients, x: [f64; N]) -> [f64; N] {
        match self {
            Self::Running { s1, s2 } => {
                let mut y = [0.0; N];
                for i in 0..N {
                    y[i] = c.b0 * x[i] + s1[i];
                    s1[i] = c.b1 * x[i] - c.a1 * y[i] + s2[i];
                    s2[i] = c.b2 * x[i] - c.a2 * y[i];
                }
                y
            }
            Self::Averaging { count, sums } => {
                *count += 1.0;
                sums.iter_mut().zip(x).for_each(|(sum, x)| *sum += x);
                let mean = sums.map(|sum| sum / *count);
                if *count >= c.first {
                    *self = Self::settled(c, mean);
                }
                mean
            }
        }
    }

    /// As if every sample so far had been zero.
    pub(super) fn clear(&mut self) {
        match self {
            Self::Averaging { sums, .. } => *sums = [0.0; N],
            Self::Running { s1, s2 } => (*s1, *s2) = ([0.0; N], [0.0; N]),
        }
    }

    /// The state in which a constant comes out as it is (gain at 0 Hz is 1).
    fn settled(c: &Coefficients, value: [f64; N]) -> Self {
        Self::Running { s1: value.map(|v| v * (1.0 - c.b0)), s2: value.map(|v| v * (c.b2 - c.a2)) }
    }
}

//! Smooth random variation and the smooth growth of stride phase, both over short sliding windows.

use rand::SeedableRng;
use rand_distr::{Distribution, StandardNormal};
use rand_pcg::Pcg64Mcg;
use std::collections::VecDeque;

/// How long a window reaches back, s: longer than any packet, its way and a wait for its turn.
const KEEP_S: f64 = 12.0;

/// A generator of its own for every purpose, so that one more draw here changes nothing there.
pub(super) fn stream(seed: u64, purpose: u64) -> Pcg64Mcg {
    Pcg64Mcg::seed_from_u64(
        seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ purpose.wrapping_mul(0xD1B5_4A32_D192_ED03),
    )
}

/// A normal deviate, held within 3.5 so that no run hangs on one absurd draw.
pub(super) fn normal(rng: &mut Pcg64Mcg) -> f64 {
    let x: f64 = StandardNormal.sample(rng);
    x.clamp(-3.5, 3.5)
}

/// The four weights of a uniform cubic B-spline at `u` in 0..1: twice continuously differentiable.
fn basis(u: f64) -> [f64; 4] {
    let (v, u2) = (1.0 - u, u * u);
    let u3 = u2 * u;
    [v * v * v / 6.0, (3.0 * u3 - 6.0 * u2 + 4.0) / 6.0, (3.0 * (u2 + u - u3) + 1.0) / 6.0, u3 / 6.0]
}

/// Integrals of [`basis`] from 0 to `u`.
fn basis_integral(u: f64) -> [f64; 4] {
    let u2 = u * u;
    let (u3, u4) = (u2 * u, u2 * u2);
    [
        (1.0 - (1.0 - u).powi(4)) / 24.0,
        (0.75 * u4 - 2.0 * u3 + 4.0 * u) / 6.0,
        (-0.75 * u4 + u3 + 1.5 * u2 + u) / 6.0,
        u4 / 24.0,
    ]
}

/// Equally spaced knots that slide along with time. Knot `i` stands at `i * spacing`.
#[derive(Debug, Clone)]
struct Knots<T> {
    spacing: f64,
    /// Number of the oldest knot.
    first: f64,
    ring: VecDeque<T>,
}

impl<T> Knots<T> {
    fn new(spacing: f64) -> Self {
        Self { spacing, first: -20.0, ring: VecDeque::new() }
    }

    /// Time of the knot that comes next.
    fn next_t(&self) -> f64 {
        (self.first + self.ring.len() as f64) * self.spacing
    }

    fn push(&mut self, value: T) {
        self.ring.push_back(value);
        let keep = (KEEP_S / self.spacing) as usize + 8;
        if self.ring.len() > keep {
            self.ring.pop_front();
            self.first += 1.0;
        }
    }

    /// The four knots about `t` and the place between the middle two; holds at the ends of the window.
    fn about(&self, t: f64) -> Option<([&T; 4], f64)> {
        let x = t / self.spacing - self.first;
        let i = (x.floor().max(1.0) as usize).min(self.ring.len().saturating_sub(3));
        let u = (x - i as f64).clamp(0.0, 1.0);
        let mut four = self.ring.range(i.checked_sub(1)?..).take(4);
        Some(([four.next()?, four.next()?, four.next()?, four.next()?], u))
    }
}

/// `N` independent smooth random functions of time with unit spread: mostly stride by stride, partly slow.
#[derive(Debug, Clone)]
pub(super) struct Wander<const N: usize> {
    rng: Pcg64Mcg,
    slow: [f64; N],
    knots: Knots<[f64; N]>,
}

/// About a stride, s.
const WANDER_SPACING: f64 = 0.7;
/// Memory of the slow part per knot: a time constant of about 17 s. Source: own choice; real runners'
/// five-stride medians wander 0.2 to 0.4 deg in adduction at constant speed (own measurement on virtual running).
const SLOW_MEMORY: f64 = 0.96;
/// Shares of the variance, fast and slow. Source: own choice, for the wander above.
const FAST_SHARE: f64 = 0.92;
/// What a cubic B-spline leaves of the spread of independent knots, root mean square over a knot interval.
const SPLINE_SPREAD: f64 = 0.692;

impl<const N: usize> Wander<N> {
    pub(super) fn new(rng: Pcg64Mcg) -> Self {
        Self { rng, slow: [0.0; N], knots: Knots::new(WANDER_SPACING) }
    }

    pub(super) fn reach(&mut self, t: f64) {
        while self.knots.next_t() < t + 3.0 * WANDER_SPACING {
            let mut knot = [0.0; N];
            for (value, slow) in knot.iter_mut().zip(&mut self.slow) {
                *slow =
                    SLOW_MEMORY * *slow + (1.0 - SLOW_MEMORY * SLOW_MEMORY).sqrt() * normal(&mut self.rng);
                *value = FAST_SHARE.sqrt() / SPLINE_SPREAD * normal(&mut self.rng)
                    + (1.0 - FAST_SHARE).sqrt() * *slow;
            }
            self.knots.push(knot);
        }
    }

    pub(super) fn at(&self, t: f64) -> [f64; N] {
        let mut out = [0.0; N];
        if let Some((four, u)) = self.knots.about(t) {
            for (knot, weight) in four.into_iter().zip(basis(u)) {
                for (value, k) in out.iter_mut().zip(knot) {
                    *value += weight * k;
                }
            }
        }
        out
    }
}

/// Stride phase: the integral of a stride frequency given at knots; three times differentiable.
#[derive(Debug, Clone)]
pub(super) struct PhaseTrack {
    /// Frequency control point, Hz, and phase at the knot.
    knots: Knots<(f64, f64)>,
}

pub(super) const PHASE_SPACING: f64 = 0.1;

impl PhaseTrack {
    pub(super) fn new() -> Self {
        Self { knots: Knots::new(PHASE_SPACING) }
    }

    /// Extends the track to `t` with the frequency that `frequency` gives at each knot.
    pub(super) fn reach(&mut self, t: f64, mut frequency: impl FnMut(f64) -> f64) {
        while self.knots.next_t() < t + 3.0 * PHASE_SPACING {
            let f = frequency(self.knots.next_t());
            // The newest knot whose phase is settled is two back: its interval needs both its neighbours.
            let n = self.knots.ring.len();
            let phase = match n.checked_sub(3) {
                None => START_PHASE,
                Some(i) => {
                    let mut c = self.knots.ring.range(i..).map(|k| k.0);
                    let four = [c.next().unwrap_or(f), c.next().unwrap_or(f), c.next().unwrap_or(f), f];
                    let start = self.knots.ring.get(i + 1).map_or(START_PHASE, |k| k.1);
                    let gained: f64 = four.iter().zip(basis_integral(1.0)).map(|(c, w)| c * w).sum();
                    if let Some(knot) = self.knots.ring.get_mut(i + 2) {
                        knot.1 = start + PHASE_SPACING * gained;
                    }
                    START_PHASE
                }
            };
            self.knots.push((f, phase));
        }
    }

    /// Phase in strides, and its rate in Hz.
    pub(super) fn at(&self, t: f64) -> (f64, f64) {
        let Some((four, u)) = self.knots.about(t) else { return (START_PHASE, 0.0) };
        let sum = |w: [f64; 4]| -> f64 { four.iter().zip(w).map(|(k, w)| k.0 * w).sum() };
        (four[1].1 + PHASE_SPACING * sum(basis_integral(u)), sum(basis(u)))
    }
}

/// Standing is early in the right leg's stance, so that the left leg takes the first step.
const START_PHASE: f64 = 0.2;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phase_is_the_integral_of_frequency() {
        let mut track = PhaseTrack::new();
        let f = |t: f64| 1.4 + 0.2 * (t * 0.8).sin();
        let mut last = 0.0;
        for k in 0..4000 {
            let t = f64::from(k) * 0.01;
            track.reach(t, f);
            let (phase, rate) = track.at(t);
            assert!((rate - f(t)).abs() < 2e-3, "{t}: {rate}");
            if k > 0 {
                let step = phase - last;
                assert!((step - 0.01 * f(t - 0.005)).abs() < 3e-5, "{t}: {step}");
            }
            last = phase;
        }
    }

    #[test]
    fn wander_has_unit_spread_and_does_not_depend_on_how_it_is_asked() {
        let mut a = Wander::<2>::new(stream(3, 1));
        let mut b = Wander::<2>::new(stream(3, 1));
        let (mut sum, mut sum2, mut n) = (0.0, 0.0, 0.0);
        b.reach(11.0);
        for k in 0..200_000 {
            let t = f64::from(k) * 0.05;
            a.reach(t);
            let x = a.at(t)[0];
            if t < 8.0 {
                assert!((x - b.at(t)[0]).abs() < 1e-12);
            }
            sum += x;
            sum2 += x * x;
            n += 1.0;
        }
        let (mean, sd) = (sum / n, (sum2 / n - (sum / n).powi(2)).sqrt());
        assert!(mean.abs() < 0.1 && (sd - 1.0).abs() < 0.08, "{mean} {sd}");
    }
}

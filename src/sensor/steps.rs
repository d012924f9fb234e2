//! Evenly spaced samples whose stamps are coarse: the line through the stamps is finer than they are.
//!
//! A least-squares line that grows with the stamps until it is long enough and then forgets: the gains of
//! the expanding-memory polynomial filter of degree one (Morrison, Introduction to Sequential Smoothing
//! and Prediction, 1969), held from `memory` stamps on.

/// Own choices.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Params {
    /// Stamps that the line remembers. Default 60: of the tick's uniform scatter a seventh is left.
    memory: f64,
    /// So many samples in a row may be missing, default 200, ...
    missing: f64,
    /// ... and a stamp this many steps beside the line begins a new one. Default 2.
    beside: f64,
}

const PARAMS: Params = Params { memory: 60.0, missing: 200.0, beside: 2.0 };

#[derive(Debug, Clone, Copy)]
pub(super) struct Steps {
    nominal: f64,
    line: Option<Line>,
}

#[derive(Debug, Clone, Copy)]
struct Line {
    /// The newest sample's time on the line, s.
    t: f64,
    /// Between samples, s.
    interval: f64,
    stamps: f64,
}

impl Steps {
    pub(super) fn new(nominal: f64) -> Self {
        Self { nominal, line: None }
    }

    /// The time of the sample with this stamp, s.
    pub(super) fn at(&mut self, stamp: f64) -> f64 {
        let next = self.line.and_then(|line| line.next(stamp)).unwrap_or(Line {
            t: stamp,
            interval: self.nominal,
            stamps: 1.0,
        });
        // An interval far from nominal is the line's start; it must not run away.
        let interval = next.interval.clamp(0.9 * self.nominal, 1.1 * self.nominal);
        self.line = Some(Line { interval, ..next });
        next.t
    }
}

impl Line {
    /// `None` where the stamp does not belong to the line.
    fn next(self, stamp: f64) -> Option<Self> {
        let steps = ((stamp - self.t) / self.interval).round().max(1.0);
        let predicted = self.t + steps * self.interval;
        let off = stamp - predicted;
        if steps > PARAMS.missing || off.abs() > PARAMS.beside * self.interval {
            return None;
        }
        let n = (self.stamps + 1.0).min(PARAMS.memory);
        let follow = 2.0 * (2.0 * n - 1.0) / (n * (n + 1.0));
        let turn = 6.0 / (n * (n + 1.0));
        // One step is the least by which time goes on: stamps may shake, samples do not swap.
        let t = (predicted + follow * off).max(self.t + 0.1 * self.interval);
        Some(Self { t, interval: self.interval + turn * off / steps, stamps: self.stamps + 1.0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TICK: f64 = 48.0 / 32_768.0;

    /// Samples every `interval`, stamped with whole ticks; how far off the line is at worst from the
    /// hundredth on.
    fn worst(interval: f64, lost: impl Fn(u32) -> bool) -> f64 {
        let mut steps = Steps::new(0.01);
        let mut worst = 0.0_f64;
        for k in (0..2000_u32).filter(|k| !lost(*k)) {
            let truth = 500.0 + f64::from(k) * interval;
            let t = steps.at((truth / TICK).floor() * TICK);
            if k > 100 {
                // On average the tick is half a tick behind.
                worst = worst.max((t + 0.5 * TICK - truth).abs());
            }
        }
        worst
    }

    #[test]
    fn finer_than_the_tick_whatever_the_true_rate_and_with_losses() {
        for interval in [0.01, 0.010_013, 0.0098, 0.0102] {
            assert!(worst(interval, |_| false) < 0.35e-3, "{interval}");
            assert!(worst(interval, |k| k % 37 == 0 || k % 500 < 20) < 0.45e-3, "{interval}");
        }
    }

    #[test]
    fn a_clock_that_jumps_is_followed_at_once() {
        let mut steps = Steps::new(0.01);
        (0..100).for_each(|k| {
            steps.at(f64::from(k) * 0.01);
        });
        for jumped in [1000.0, 3.0] {
            assert!((steps.at(jumped) - jumped).abs() < 1e-9);
        }
    }
}

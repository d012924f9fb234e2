//! Raw shank samples to an evenly spaced, low-passed medio-lateral rate with its time.

use super::axis::{Axis, Heed};
use super::parameters::SignalParameters;
use crate::units::Hz;
use biquad::{Biquad, Coefficients, DirectForm2Transposed};
use nalgebra::Vector3;
use std::f64::consts::{PI, SQRT_2};

/// What follows from the sampling rate alone.
#[derive(Debug, Clone)]
pub(super) struct SignalCoefficients {
    interval: f64,
    rate: f64,
    low_pass: Coefficients<f64>,
    /// Of the low-pass near 0 Hz, s.
    pub(super) delay: f64,
    longest_bridge: f64,
    /// The axis learns from one in this many steps.
    learn_every: u32,
}

impl SignalCoefficients {
    pub(super) fn new(p: &SignalParameters, rate: Hz) -> Self {
        let rate = rate.0;
        // 2nd-order Butterworth by the bilinear transform; its phase delay at 0 Hz is q/(2 fs k), not
        // the analogue filter's q/(2 pi fc), which is 7 ms off at 50 Hz.
        let k = (PI * (p.corner / rate).min(p.corner_share)).tan();
        let norm = 1.0 / (1.0 + SQRT_2 * k + k * k);
        let b0 = k * k * norm;
        let low_pass = Coefficients {
            b0,
            b1: 2.0 * b0,
            b2: b0,
            a1: 2.0 * (k * k - 1.0) * norm,
            a2: (1.0 - SQRT_2 * k + k * k) * norm,
        };
        Self {
            interval: 1.0 / rate,
            rate,
            low_pass,
            delay: SQRT_2 / (2.0 * rate * k),
            longest_bridge: p.bridge + 0.5 / rate,
            learn_every: (rate / p.learning_rate).round().max(1.0) as u32,
        }
    }
}

/// One evenly spaced step of the filtered rate.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Tick {
    /// The time that `y` belongs to: filter delay taken off.
    pub(super) t: f64,
    pub(super) h: f64,
    /// Squared jerk of the raw acceleration. Not beside its time: read as a pair right after it was written
    /// as two, it stalls for as long as all else takes.
    pub(super) jerk_sq: f64,
    pub(super) y: f64,
    /// One tick earlier.
    pub(super) before: f64,
    /// Of the jerk.
    pub(super) t_jerk: f64,
    /// Squared size of the specific force.
    pub(super) acc_sq: f64,
}

impl Tick {
    /// When the rate met `level`; now, when it had passed it already.
    pub(super) fn crossing(&self, level: f64) -> f64 {
        let change = self.y - self.before;
        if change == 0.0 || (self.before - level) * (self.y - level) > 0.0 {
            return self.t;
        }
        self.t - self.h + self.h * (level - self.before) / change
    }
}

/// How a sample follows the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Joint {
    First,
    /// In this many steps; more than one bridges a gap.
    Steps(u32),
    /// After a gap too long to bridge.
    Broken,
    /// Not later than the one before, or not a number: to be ignored.
    Unusable,
}

#[derive(Debug, Clone)]
pub(super) struct Signal {
    coefficients: SignalCoefficients,
    axis: Axis,
    filter: DirectForm2Transposed<f64>,
    /// The filter runs on the difference from its first input, so that it starts settled.
    offset: f64,
    /// Steps since the axis last learnt.
    unlearnt: u32,
    /// Largest squared jerk in them.
    unlearnt_jerk_sq: f64,
    /// Since when samples follow each other and forward has been forward.
    since: f64,
    last: Option<Last>,
}

#[derive(Debug, Clone, Copy)]
struct Last {
    t: f64,
    acc: Vector3<f64>,
    gyr: Vector3<f64>,
    y: f64,
}

impl Signal {
    pub(super) fn new(coefficients: SignalCoefficients) -> Self {
        let filter = DirectForm2Transposed::new(coefficients.low_pass);
        Self {
            coefficients,
            axis: Axis::default(),
            filter,
            offset: 0.0,
            unlearnt: 0,
            unlearnt_jerk_sq: 0.0,
            since: f64::INFINITY,
            last: None,
        }
    }

    pub(super) fn last_time(&self) -> Option<f64> {
        self.last.map(|l| l.t)
    }

    pub(super) fn seen_since(&self) -> f64 {
        self.since
    }

    pub(super) fn joint(&self, t: f64, acc: &Vector3<f64>, gyr: &Vector3<f64>) -> Joint {
        if !(t + acc.sum() + gyr.sum()).is_finite() {
            return Joint::Unusable;
        }
        let Some(last) = &self.last else { return Joint::First };
        let dt = t - last.t;
        if dt <= 0.0 {
            Joint::Unusable
        } else if dt > self.coefficients.longest_bridge {
            Joint::Broken
        } else if dt < 1.5 * self.coefficients.interval {
            Joint::Steps(1)
        } else {
            Joint::Steps((dt * self.coefficients.rate).round() as u32)
        }
    }

    /// Starts anew from this sample; the axis is kept.
    pub(super) fn start(
        &mut self,
        p: &SignalParameters,
        t: f64,
        acc: &Vector3<f64>,
        gyr: &Vector3<f64>,
    ) -> (Tick, Heed) {
        let h = self.coefficients.interval;
        let heed = self.axis.learn(p, gyr, 0.0, h);
        self.offset = self.axis.project(gyr);
        self.filter.reset_state();
        let y = self.offset * self.axis.sign();
        self.last = Some(Last { t, acc: *acc, gyr: *gyr, y });
        self.since = t;
        let tick = Tick {
            t: t - self.coefficients.delay,
            h,
            y,
            before: y,
            jerk_sq: 0.0,
            t_jerk: t,
            acc_sq: acc.norm_squared(),
        };
        (tick, heed)
    }

    /// The axis turns slowly: it need not learn from every sample of a fast sensor.
    fn learn(&mut self, p: &SignalParameters, gyr: &Vector3<f64>, jerk_sq: f64, h: f64) -> Heed {
        self.unlearnt += 1;
        if jerk_sq > self.unlearnt_jerk_sq {
            self.unlearnt_jerk_sq = jerk_sq;
        }
        if self.unlearnt < self.coefficients.learn_every {
            return Heed::Kept;
        }
        let h = h * f64::from(self.unlearnt);
        let jerk_sq = self.unlearnt_jerk_sq;
        (self.unlearnt, self.unlearnt_jerk_sq) = (0, 0.0);
        self.axis.learn(p, gyr, jerk_sq, h)
    }

    /// Walks to this sample in `steps`, handing each tick to `each`.
    pub(super) fn walk(
        &mut self,
        p: &SignalParameters,
        steps: u32,
        t: f64,
        acc: &Vector3<f64>,
        gyr: &Vector3<f64>,
        mut each: impl FnMut(Tick, Heed),
    ) {
        let Some(last) = self.last else { return };
        let dt = t - last.t;
        // Divisions are for gaps only: from one sample to the next the nominal rate is as good.
        let (h, per_second) =
            if steps == 1 { (dt, self.coefficients.rate) } else { (dt / f64::from(steps), dt.recip()) };
        let jerk_sq = (acc - last.acc).norm_squared() * (per_second * per_second);
        let mut y_before = last.y;
        for step in 1..=steps {
            let (t_step, gyr_step, acc_step) = if step == steps {
                (t, *gyr, *acc)
            } else {
                let share = f64::from(step) / f64::from(steps);
                (last.t + share * dt, last.gyr.lerp(gyr, share), last.acc.lerp(acc, share))
            };
            let heed = self.learn(p, &gyr_step, jerk_sq, h);
            if heed == Heed::Turned {
                y_before = -y_before;
                self.since = t_step;
            }
            let smooth = self.filter.run(self.axis.project(&gyr_step) - self.offset) + self.offset;
            let y = smooth * self.axis.sign();
            each(
                Tick {
                    t: t_step - self.coefficients.delay,
                    h,
                    y,
                    before: y_before,
                    jerk_sq,
                    t_jerk: t_step - 0.5 * h,
                    acc_sq: acc_step.norm_squared(),
                },
                heed,
            );
            y_before = y;
        }
        self.last = Some(Last { t, acc: *acc, gyr: *gyr, y: y_before });
    }
}

#[cfg(test)]
mod tests {
    use super::super::parameters::Parameters;
    use super::*;

    /// After the filter has settled, a ramp comes out at the time it went in, at any rate.
    #[test]
    fn filter_delay_is_taken_off_at_any_rate() {
        let p = Parameters::default().signal;
        for rate in [50.0, 60.0, 100.0, 208.0, 400.0] {
            let mut signal = Signal::new(SignalCoefficients::new(&p, Hz(rate)));
            let acc = Vector3::new(0.0, 9.81, 0.0);
            let ramp = |t: f64| Vector3::new(0.0, 0.0, -1.5 - 3.0 * t);
            signal.start(&p, 0.0, &acc, &ramp(0.0));
            for i in 1..200 {
                let t = f64::from(i) / rate;
                signal.walk(&p, 1, t, &acc, &ramp(t), |tick, _| {
                    let late = (tick.y - ramp(tick.t).z) / 3.0;
                    assert!(i < 40 || late.abs() < 1e-4, "{rate} Hz: {late} s at {t}");
                });
            }
        }
    }

    #[test]
    fn a_bridged_gap_is_a_straight_line() {
        let p = Parameters::default().signal;
        let mut signal = Signal::new(SignalCoefficients::new(&p, Hz(100.0)));
        let acc = Vector3::new(0.0, 9.81, 0.0);
        signal.start(&p, 0.0, &acc, &Vector3::zeros());
        assert_eq!(signal.joint(0.10, &acc, &acc), Joint::Steps(10));
        assert_eq!(signal.joint(0.11, &acc, &acc), Joint::Broken);
        let mut times = Vec::new();
        signal.walk(&p, 4, 0.04, &acc, &Vector3::zeros(), |tick, _| times.push(tick.t + signal_delay()));
        assert!(times.iter().zip([0.01, 0.02, 0.03, 0.04]).all(|(a, b)| (a - b).abs() < 1e-12), "{times:?}");
    }

    fn signal_delay() -> f64 {
        SignalCoefficients::new(&Parameters::default().signal, Hz(100.0)).delay
    }
}

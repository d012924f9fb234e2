use super::stats;
use serde::Serialize;

/// How well events of one kind are found and timed: the columns that one leg and a whole data set share. Times
/// in ms.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Timing {
    pub listed: usize,
    pub found: usize,
    pub found_pct: f64,
    pub missed: usize,
    /// Estimates where the truth knows that there was none.
    #[serde(rename = "false")]
    pub false_events: usize,
    /// Estimate minus truth.
    pub bias_ms: Option<f64>,
    pub sd_ms: Option<f64>,
    pub mae_ms: Option<f64>,
    /// 95th percentile of the absolute error.
    pub p95_ms: Option<f64>,
    /// After one constant per recording is removed where only arrivals tie the clocks.
    pub mae_clock_free_ms: Option<f64>,
    /// From the event to the newest sample that its decision needed, the clock constant removed.
    pub latency_median_ms: Option<f64>,
    pub latency_p95_ms: Option<f64>,
}

/// What [`Timing`] is made of; times in s.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Timed {
    pub(super) listed: usize,
    pub(super) false_events: usize,
    /// Of each found event.
    pub(super) errors: Vec<f64>,
    pub(super) latencies: Vec<f64>,
    /// The errors without the recording's clock constant, where it has one.
    pub(super) clock_free: Vec<f64>,
}

impl Timed {
    /// Takes the constant between the clocks off.
    pub(super) fn free_of(&mut self, constant: f64) {
        self.clock_free = self.errors.iter().map(|e| e - constant).collect();
        // A decision is dated by the same clock as its event.
        for latency in &mut self.latencies {
            *latency -= constant;
        }
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.listed += other.listed;
        self.false_events += other.false_events;
        self.errors.extend(&other.errors);
        self.latencies.extend(&other.latencies);
        self.clock_free.extend(&other.clock_free);
    }

    /// What is left of the errors once the clocks are out of them.
    pub(super) fn fairest(&self) -> &[f64] {
        if self.clock_free.is_empty() { &self.errors } else { &self.clock_free }
    }

    pub(super) fn timing(&self) -> Timing {
        let ms = |seconds: f64| 1e3 * seconds;
        let absolute: Vec<f64> = self.errors.iter().map(|e| e.abs()).collect();
        let found = self.errors.len();
        Timing {
            listed: self.listed,
            found,
            found_pct: 100.0 * found as f64 / self.listed.max(1) as f64,
            missed: self.listed - found,
            false_events: self.false_events,
            bias_ms: stats::mean(&self.errors).map(ms),
            sd_ms: stats::sd(&self.errors).map(ms),
            mae_ms: stats::mean(&absolute).map(ms),
            p95_ms: stats::quantile(&absolute, 0.95).map(ms),
            mae_clock_free_ms: stats::mean_abs(&self.clock_free).map(ms),
            latency_median_ms: stats::quantile(&self.latencies, 0.5).map(ms),
            latency_p95_ms: stats::quantile(&self.latencies, 0.95).map(ms),
        }
    }
}

/// Mean absolute error, ms, when each person's events are moved by the mean error of the others: what constants
/// fitted without a person are worth on that person. `None` with fewer than two people.
pub(super) fn left_out_mae_ms(people: &[Timed]) -> Option<f64> {
    let means: Vec<f64> = people.iter().filter_map(|p| stats::mean(p.fairest())).collect();
    let others = means.len().checked_sub(1).filter(|n| *n > 0)? as f64;
    let sum: f64 = means.iter().sum();
    let moved: Vec<f64> = people
        .iter()
        .filter_map(|p| Some((p.fairest(), stats::mean(p.fairest())?)))
        .flat_map(|(errors, own)| errors.iter().map(move |e| e - (sum - own) / others))
        .collect();
    stats::mean_abs(&moved).map(|s| 1e3 * s)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timed(errors: &[f64]) -> Timed {
        Timed { listed: errors.len(), errors: errors.to_vec(), ..Timed::default() }
    }

    #[test]
    fn a_person_is_judged_by_the_constant_of_the_others() {
        // The others of the first are late by 20 ms on average, of the second and third by 10 and 0.
        let people = [timed(&[0.0, 0.0]), timed(&[0.01]), timed(&[0.03])];
        let expected = (2.0 * 20.0 + 5.0 + 25.0) / 4.0;
        assert!((left_out_mae_ms(&people).expect("three people") - expected).abs() < 1e-9);
        assert_eq!(left_out_mae_ms(&people[..1]), None);
        assert_eq!(left_out_mae_ms(&[timed(&[0.0]), timed(&[])]), None);
    }

    #[test]
    fn the_clock_constant_is_taken_off_errors_and_latencies() {
        let mut timed = Timed { latencies: vec![0.05], ..timed(&[0.03]) };
        timed.free_of(0.02);
        let timing = timed.timing();
        assert!((timing.mae_clock_free_ms.expect("tied") - 10.0).abs() < 1e-9);
        assert!((timing.latency_median_ms.expect("found") - 30.0).abs() < 1e-9);
        assert!((timing.mae_ms.expect("found") - 30.0).abs() < 1e-9);
    }
}

//! A leg's usual: learnt from a steady stretch of running. Never updated once formed: a usual that follows the runner
//! would come to hide the fault.

use super::config::BaselineConfig;
use crate::event::{LegUsual, PerQuantity, Quantity, Usual, Zero};
use std::collections::VecDeque;

/// One stance as far as the usual needs it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    pub(super) values: PerQuantity<Option<f64>>,
    pub(super) contact: f64,
    pub(super) cadence: f64,
}

/// Stances of a marked stretch that make a usual: its mean is good to 0.9/sqrt(30) = 0.16 degrees, a fifth of
/// the spread between strides (0.9: RBDS, own computation).
pub(super) const LEAST_MARKED: usize = 30;

/// Why a stretch of running is no usual.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub(super) enum Unsteady {
    #[error("the marked stretch gave {0} usable strides, {1} are the least")]
    Few(usize, usize),
    #[error("cadence varied by {:.1} percent, {:.0} is the most", .0 * 100.0, .1 * 100.0)]
    Cadence(f64, f64),
    #[error("contact time varied by {:.1} percent, {:.0} is the most", .0 * 100.0, .1 * 100.0)]
    Contact(f64, f64),
    #[error("adduction shifted by {:.1} degrees within the stretch, {:.1} is the most", .0.to_degrees(), .1.to_degrees())]
    Drift(f64, f64),
}

/// Gathers the last stances of one leg until they are steady.
#[derive(Debug, Clone, Default)]
pub(super) struct Gatherer {
    rows: VecDeque<Row>,
    /// Stances since the start or since the last complaint.
    waited: usize,
    scratch: Vec<f64>,
}

impl Gatherer {
    pub(super) fn restart(&mut self) {
        self.rows.clear();
        self.waited = 0;
    }

    /// Takes a stance; the usual as soon as the last `stances` are steady, or why they are not.
    /// `None` while there are too few.
    pub(super) fn push(&mut self, row: Row, config: &BaselineConfig) -> Option<Result<LegUsual, Unsteady>> {
        self.waited += 1;
        if self.rows.len() >= config.stances {
            self.rows.pop_front();
        }
        self.rows.push_back(row);
        (self.rows.len() >= config.stances).then(|| self.form(config))
    }

    /// A marked stretch is over: the usual from what it gave, if that is enough to be one.
    pub(super) fn finish(&mut self, config: &BaselineConfig) -> Result<LegUsual, Unsteady> {
        if self.rows.len() < LEAST_MARKED {
            return Err(Unsteady::Few(self.rows.len(), LEAST_MARKED));
        }
        self.form(config)
    }

    /// The running has been unsteady for so long that the runner should hear of it; true once per such
    /// stretch.
    pub(super) fn complains(&mut self, config: &BaselineConfig) -> bool {
        let complains = self.waited >= 2 * config.stances;
        if complains {
            self.waited = 0;
        }
        complains
    }

    fn form(&mut self, config: &BaselineConfig) -> Result<LegUsual, Unsteady> {
        let (cadence, varied) = self.variation(|r| r.cadence);
        if varied > config.cadence_cv {
            return Err(Unsteady::Cadence(varied, config.cadence_cv));
        }
        let (contact, varied) = self.variation(|r| r.contact);
        if varied > config.contact_cv {
            return Err(Unsteady::Contact(varied, config.contact_cv));
        }
        let drift_limit = config.drift_deg.to_radians();
        for q in [Quantity::HipAdduction, Quantity::FemurAdduction] {
            let drift = self.drift(q).unwrap_or(0.0);
            if drift.abs() > drift_limit {
                return Err(Unsteady::Drift(drift, drift_limit));
            }
        }
        Ok(LegUsual {
            of: PerQuantity::from_fn(|q| self.usual(q)),
            contact,
            cadence_spm: cadence,
            grade: None,
            zero: Zero::default(),
        })
    }

    /// Mean and SD of the stances that are not outliers: a stumble among sixty must not move them.
    /// `None` when less than half of the stances have the value.
    fn usual(&mut self, q: Quantity) -> Option<Usual> {
        let gather = |into: &mut Vec<f64>, rows: &VecDeque<Row>| {
            into.clear();
            into.extend(rows.iter().filter_map(|r| r.values[q]));
        };
        gather(&mut self.scratch, &self.rows);
        if 2 * self.scratch.len() < self.rows.len() {
            return None;
        }
        let middle = median(&mut self.scratch)?;
        self.scratch.iter_mut().for_each(|v| *v = (*v - middle).abs());
        // 1.4826 makes the deviation a standard deviation for normal scatter (Rousseeuw and Croux 1993);
        // 3.5 of them mark an outlier (Iglewicz and Hoaglin 1993).
        let reach = 3.5 * 1.4826 * median(&mut self.scratch)?;
        gather(&mut self.scratch, &self.rows);
        self.scratch.retain(|v| (v - middle).abs() <= reach);
        let (mean, sd) = mean_sd(&self.scratch)?;
        Some(Usual { mean, sd, stances: self.scratch.len() as u32 })
    }

    /// Plain mean and coefficient of variation: a robust one would call two speeds in one stretch steady.
    fn variation(&mut self, read: impl Fn(&Row) -> f64) -> (f64, f64) {
        self.scratch.clear();
        self.scratch.extend(self.rows.iter().map(read));
        mean_sd(&self.scratch).map_or((0.0, f64::INFINITY), |(mean, sd)| (mean, sd / mean))
    }

    /// Median of the second half less that of the first.
    fn drift(&mut self, q: Quantity) -> Option<f64> {
        let half = self.rows.len() / 2;
        self.scratch.clear();
        self.scratch.extend(self.rows.iter().take(half).filter_map(|r| r.values[q]));
        let first = median(&mut self.scratch)?;
        self.scratch.clear();
        self.scratch.extend(self.rows.iter().skip(half).filter_map(|r| r.values[q]));
        Some(median(&mut self.scratch)? - first)
    }
}

/// Mean and sample standard deviation; `None` for fewer than two.
fn mean_sd(values: &[f64]) -> Option<(f64, f64)> {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|v| (v - mean).powi(2)).sum();
    (values.len() >= 2).then(|| (mean, (squares / (n - 1.0)).sqrt()))
}

/// The middle value (upper of two); reorders. `None` for nothing.
pub(super) fn median(values: &mut [f64]) -> Option<f64> {
    let middle = values.len() / 2;
    if values.is_empty() {
        return None;
    }
    Some(*values.select_nth_unstable_by(middle, f64::total_cmp).1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(adduction: f64, cadence: f64, contact: f64) -> Row {
        let values = PerQuantity { femur_adduction: Some(adduction), ..PerQuantity::default() };
        Row { values, contact, cadence }
    }

    fn gather(rows: impl Iterator<Item = Row>) -> Option<Result<LegUsual, Unsteady>> {
        let mut gatherer = Gatherer::default();
        rows.map(|r| gatherer.push(r, &BaselineConfig::default())).last().flatten()
    }

    #[test]
    fn a_stumble_does_not_move_the_usual() {
        let wobble = |i: usize| 0.01 * (i % 5) as f64;
        let rows = (0..60).map(|i| row(if i == 30 { 1.0 } else { 0.2 + wobble(i) }, 165.0, 0.25));
        let usual = gather(rows).unwrap().unwrap();
        let adduction = usual.of.femur_adduction.unwrap();
        assert!((adduction.mean - 0.22).abs() < 0.011 && adduction.sd < 0.02, "{adduction:?}");
        assert_eq!(adduction.stances, 59);
        assert!(usual.of.hip_adduction.is_none());
    }

    #[test]
    fn a_change_of_speed_is_no_usual_even_at_one_cadence() {
        let rows = (0..60).map(|i| row(0.2, 165.0, 0.27 - 0.0013 * f64::from(i)));
        assert!(matches!(gather(rows), Some(Err(Unsteady::Contact(..)))));
    }

    #[test]
    fn uneven_cadence_is_no_usual() {
        let rows = (0..60).map(|i| row(0.2, 150.0 + 2.0 * f64::from(i % 20), 0.25));
        assert!(matches!(gather(rows), Some(Err(Unsteady::Cadence(..)))));
    }

    #[test]
    fn a_fault_that_starts_within_the_stretch_is_no_usual() {
        let rows = (0..60).map(|i| row(if i < 30 { 0.2 } else { 0.28 }, 165.0, 0.25));
        assert!(matches!(gather(rows), Some(Err(Unsteady::Drift(..)))));
    }

    #[test]
    fn too_few_stances_form_nothing() {
        assert!(gather((0..59).map(|_| row(0.2, 165.0, 0.25))).is_none());
    }
}

//! Whether the body is in flight between two mid-stances, from a sensor on the pelvis.

use super::parameters::FlightParameters;
use crate::units::STANDARD_GRAVITY;
use nalgebra::Vector3;
use std::f64::consts::TAU;

/// The least load of the pelvis since it was last asked for. In flight nothing carries the body: a runner's
/// pelvis unloads to 0.1 to 0.3 g with every step, a walker's keeps 0.7 g.
#[derive(Debug, Clone, Default)]
pub(super) struct Flight {
    latest: Option<(f64, Vector3<f64>)>,
    lowest_sq: f64,
    /// Time seen since it was last asked for, s.
    seen: f64,
    broken: bool,
}

impl Flight {
    pub(super) fn push(&mut self, p: &FlightParameters, t: f64, acc: &Vector3<f64>) {
        if !(t + acc.sum()).is_finite() {
            return;
        }
        let Some((before, smooth)) = &mut self.latest else {
            self.latest = Some((t, *acc));
            return;
        };
        let h = t - *before;
        if h <= 0.0 {
            return;
        }
        let turn = TAU * p.corner * h;
        *smooth += (acc - *smooth) * (turn / (1.0 + turn));
        *before = t;
        self.broken |= h > p.bridge;
        self.lowest_sq =
            if self.seen == 0.0 { smooth.norm_squared() } else { self.lowest_sq.min(smooth.norm_squared()) };
        self.seen += h;
    }

    /// The evidence for running since the last time, positive or negative; `None` where too little was seen.
    pub(super) fn take(&mut self, p: &FlightParameters) -> Option<f64> {
        if self.seen < p.shortest {
            return None;
        }
        let load = self.lowest_sq.sqrt() / STANDARD_GRAVITY;
        let evidence = (p.load - load) * p.weight;
        // A gap may hide a flight, but invents none.
        let certain = evidence > 0.0 || !self.broken;
        (self.seen, self.broken) = (0.0, false);
        certain.then_some(evidence)
    }
}

#[cfg(test)]
mod tests {
    use super::super::parameters::Parameters;
    use super::*;

    /// A second of a pelvis whose load goes from `low` to `high` g, 2.8 times; samples in `lost` are missing.
    fn evidence(low: f64, high: f64, lost: std::ops::Range<u32>) -> Option<f64> {
        let p = Parameters::default().class.flight;
        let mut flight = Flight::default();
        for i in (0..100).filter(|i| !lost.contains(i)) {
            let t = f64::from(i) / 100.0;
            let load = low + (high - low) * (0.5 + 0.5 * (TAU * 2.8 * t).cos());
            flight.push(&p, t, &Vector3::new(0.0, load * STANDARD_GRAVITY, 0.0));
        }
        flight.take(&p)
    }

    #[test]
    fn flight_speaks_for_running_and_its_lack_for_walking() {
        assert!(evidence(0.0, 2.4, 0..0).expect("seen") > 0.3);
        assert!(evidence(0.7, 1.3, 0..0).expect("seen") < -0.8);
    }

    #[test]
    fn what_was_not_seen_is_no_evidence() {
        assert_eq!(evidence(0.0, 2.4, 0..80), None);
        assert_eq!(evidence(0.7, 1.3, 40..48), None);
        assert!(evidence(0.0, 2.4, 40..48).expect("seen") > 0.3);
        let mut flight = Flight::default();
        assert_eq!(flight.take(&Parameters::default().class.flight), None);
    }
}

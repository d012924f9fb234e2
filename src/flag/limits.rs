//! The limits of one stance: from the leg's usual, the speed at which it was learnt, and the calibration.

use super::config::{Decision, FlagConfig};
use super::decision::Limits;
use crate::event::{Basis, Grade, LegUsual, Quantity, Usual};

/// How much faster than at the baseline: the natural logarithm by which contact time has fallen. `None` when speed or rhythm are too far from the baseline to compare with it.
pub(super) fn speed(usual: &LegUsual, contact: f64, cadence: Option<f64>, config: &Decision) -> Option<f64> {
    let faster = (usual.contact / contact).ln();
    let quicker = cadence.map_or(0.0, |c| (c / usual.cadence_spm).ln());
    (faster.abs() <= config.contact_band && quicker.abs() <= config.cadence_band).then_some(faster)
}

/// What holds for a quantity now; `usual` comes with the speed above it. `None` when there is nothing to
/// compare with.
pub(super) fn limits(
    config: &FlagConfig,
    quantity: Quantity,
    usual: Option<(Usual, f64)>,
    grade: Option<Grade>,
) -> Option<Limits> {
    let relative = usual.map(|(usual, faster)| relative(config, quantity, &usual, faster));
    let absolute = absolute(config, quantity, grade);
    match (relative, absolute) {
        (Some(r), Some(a)) => {
            Some(if r.amber <= a.amber { Limits { red: r.red.min(a.red), ..r } } else { a })
        }
        (r, a) => r.or(a),
    }
}

fn relative(config: &FlagConfig, quantity: Quantity, usual: &Usual, faster: f64) -> Limits {
    let change = config.change(quantity);
    // Slower running could lower the limit; we do not, for want of a figure on single runners.
    let expected = usual.mean + change.speed_slope_deg.to_radians() * faster.max(0.0);
    let amber = change.amber_deg.to_radians().max(config.decision.amber_sd * usual.sd);
    let red = change.red_deg.to_radians().max(config.decision.red_sd * usual.sd);
    // Never down to the usual itself, or half of clean running would hold an alert up.
    let hysteresis = config.decision.hysteresis_deg.to_radians().min(0.75 * amber);
    Limits {
        amber: expected + amber,
        red: expected + red,
        clear: expected + amber - hysteresis,
        basis: Basis::Baseline,
    }
}

/// Only hip adduction has a level that trials agree on, and only a calibration whose standing pose can be
/// trusted measures it.
fn absolute(config: &FlagConfig, quantity: Quantity, grade: Option<Grade>) -> Option<Limits> {
    let trusted = matches!(grade, Some(Grade::A | Grade::B));
    let a = config.hip_adduction_absolute.filter(|_| trusted && quantity == Quantity::HipAdduction)?;
    let amber = (a.amber_deg + a.standing_zero_deg).to_radians();
    Some(Limits {
        amber,
        red: (a.red_deg + a.standing_zero_deg).to_radians(),
        clear: amber - config.decision.hysteresis_deg.to_radians(),
        basis: Basis::Absolute,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::PerQuantity;

    fn usual(mean_deg: f64) -> (Usual, f64) {
        let usual = Usual { mean: mean_deg.to_radians(), sd: 0.9_f64.to_radians(), stances: 60 };
        (usual, 0.0)
    }

    fn amber(quantity: Quantity, mean_deg: f64, grade: Grade) -> Option<(f64, Basis)> {
        let limits = limits(&FlagConfig::default(), quantity, Some(usual(mean_deg)), Some(grade))?;
        Some((limits.amber.to_degrees(), limits.basis))
    }

    #[test]
    fn the_stricter_of_usual_and_level_holds_with_a_good_calibration() {
        let (at, basis) = amber(Quantity::HipAdduction, 14.0, Grade::A).unwrap();
        assert!((at - 16.0).abs() < 1e-9 && basis == Basis::Baseline);
        let (at, basis) = amber(Quantity::HipAdduction, 24.0, Grade::B).unwrap();
        assert!((at - 20.5).abs() < 1e-9 && basis == Basis::Absolute);
    }

    #[test]
    fn a_level_is_never_judged_with_a_poor_calibration_or_without_a_pelvis() {
        assert_eq!(amber(Quantity::HipAdduction, 24.0, Grade::C).unwrap().1, Basis::Baseline);
        assert_eq!(amber(Quantity::FemurAdduction, 24.0, Grade::A).unwrap().1, Basis::Baseline);
        assert!(limits(&FlagConfig::default(), Quantity::FemurAdduction, None, Some(Grade::A)).is_none());
    }

    #[test]
    fn a_leg_that_scatters_gets_a_wider_limit() {
        let wide = Usual { mean: 0.0, sd: 2.0_f64.to_radians(), stances: 60 };
        let limits =
            limits(&FlagConfig::default(), Quantity::FemurAdduction, Some((wide, 0.0)), None).unwrap();
        assert!((limits.amber.to_degrees() - 4.4).abs() < 1e-9);
        assert!(limits.red > limits.amber && limits.clear < limits.amber);
    }

    #[test]
    fn faster_running_widens_and_slower_never_narrows() {
        let leg = LegUsual { of: PerQuantity::default(), contact: 0.25, cadence_spm: 165.0, grade: None };
        let d = Decision::default();
        let amber = |contact| {
            let faster = speed(&leg, contact, Some(165.0), &d)?;
            let usual = (usual(11.0).0, faster);
            Some(limits(&FlagConfig::default(), Quantity::FemurAdduction, Some(usual), None)?.amber)
        };
        let at_baseline = amber(0.25).unwrap();
        assert_eq!(amber(0.26).map(f64::to_bits), Some(at_baseline.to_bits()));
        assert!(amber(0.22).unwrap() > at_baseline + 0.015);
        assert_eq!(speed(&leg, 0.18, Some(165.0), &d), None);
        assert_eq!(speed(&leg, 0.25, Some(190.0), &d), None);
    }
}

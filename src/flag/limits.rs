//! The limits of one stance: from what the leg usually does, the speed at which it did so, and the calibration.

use super::config::{Decision, FlagConfig};
use super::decision::Limits;
use super::zero;
use crate::event::{Against, Grade, LegUsual, Quantity, Usual, Zero};

/// A usual that a stance can be compared with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Compared {
    pub(super) usual: Usual,
    /// How much faster the runner is than it: the natural logarithm by which contact time has fallen.
    pub(super) faster: f64,
    /// One SD of what the zero of the angle may have moved since, rad; 0 within one calibration.
    pub(super) zero: f64,
    pub(super) against: Against,
}

/// How much faster than at the usual. `None` when speed or rhythm are too far from it to compare.
pub(super) fn speed(usual: &LegUsual, contact: f64, cadence: Option<f64>, config: &Decision) -> Option<f64> {
    let faster = (usual.contact / contact).ln();
    let quicker = cadence.map_or(0.0, |c| (c / usual.cadence_spm).ln());
    (faster.abs() <= config.contact_band && quicker.abs() <= config.cadence_band).then_some(faster)
}

/// What holds for a quantity now: the strictest of the usuals that compare and of the level. `None` when there is
/// nothing to compare with.
pub(super) fn limits(
    config: &FlagConfig,
    quantity: Quantity,
    usuals: impl IntoIterator<Item = Compared>,
    grade: Option<Grade>,
    zero: Zero,
) -> Option<Limits> {
    let relative = usuals.into_iter().map(|usual| relative(config, quantity, &usual));
    relative.chain(absolute(config, quantity, grade, zero)).reduce(stricter)
}

/// The one with the lower amber, with the lower red of both: what a coach sees stays ordered.
fn stricter(a: Limits, b: Limits) -> Limits {
    let red = a.red.min(b.red);
    let lower = if b.amber < a.amber { b } else { a };
    Limits { red, ..lower }
}

fn relative(config: &FlagConfig, quantity: Quantity, compared: &Compared) -> Limits {
    let Compared { usual, faster, zero, against } = *compared;
    let (change, decision) = (config.change(quantity), &config.decision);
    // Slower running could lower the limit; we do not, for want of a figure on single runners.
    let expected = usual.mean + change.speed_slope_deg.to_radians() * faster.max(0.0);
    let unknown = decision.kept_sd * zero;
    let amber = unknown + change.amber_deg.to_radians().max(decision.amber_sd * usual.sd);
    let red = unknown + change.red_deg.to_radians().max(decision.red_sd * usual.sd);
    // Never down to the usual itself, or half of clean running would hold an alert up.
    let hysteresis = decision.hysteresis_deg.to_radians().min(0.75 * amber);
    Limits {
        amber: expected + amber,
        red: expected + red,
        clear: expected + amber - hysteresis,
        against,
        usual: Some(usual),
    }
}

/// Only hip adduction has a level that trials agree on, and only a calibration whose standing pose can be
/// trusted measures it.
fn absolute(config: &FlagConfig, quantity: Quantity, grade: Option<Grade>, zero: Zero) -> Option<Limits> {
    let trusted = matches!(grade, Some(Grade::A | Grade::B));
    if !trusted || quantity != Quantity::HipAdduction || !config.hip_adduction_absolute.used {
        return None;
    }
    let (amber, red) = config.hip_adduction_level();
    let moved = zero::moved(quantity, Zero::Standing, zero);
    let (amber, red) = (amber.to_radians() + moved, red.to_radians() + moved);
    Some(Limits {
        amber,
        red,
        clear: amber - config.decision.hysteresis_deg.to_radians(),
        against: Against::Level,
        usual: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::PerQuantity;
    use crate::flag::config::Sex;

    fn usual(mean_deg: f64) -> Compared {
        let usual = Usual { mean: mean_deg.to_radians(), sd: 0.9_f64.to_radians(), stances: 60 };
        Compared { usual, faster: 0.0, zero: 0.0, against: Against::Today }
    }

    fn amber(quantity: Quantity, mean_deg: f64, grade: Grade) -> Option<(f64, Against)> {
        let limits =
            limits(&FlagConfig::default(), quantity, [usual(mean_deg)], Some(grade), Zero::Standing)?;
        Some((limits.amber.to_degrees(), limits.against))
    }

    #[test]
    fn the_stricter_of_usual_and_level_holds_with_a_good_calibration() {
        let (at, against) = amber(Quantity::HipAdduction, 14.0, Grade::A).unwrap();
        assert!((at - 16.0).abs() < 1e-9 && against == Against::Today);
        let (at, against) = amber(Quantity::HipAdduction, 24.0, Grade::B).unwrap();
        assert!((at - 20.5).abs() < 1e-9 && against == Against::Level);
    }

    #[test]
    fn a_level_is_never_judged_with_a_poor_calibration_or_without_a_pelvis() {
        assert_eq!(amber(Quantity::HipAdduction, 24.0, Grade::C).unwrap().1, Against::Today);
        assert_eq!(amber(Quantity::FemurAdduction, 24.0, Grade::A).unwrap().1, Against::Today);
        assert!(
            limits(&FlagConfig::default(), Quantity::FemurAdduction, [], Some(Grade::A), Zero::Standing)
                .is_none()
        );
    }

    #[test]
    fn the_level_moves_with_the_zero_that_running_has_bettered() {
        let level = |quantity, zero| limits(&FlagConfig::default(), quantity, [], Some(Grade::A), zero);
        let amber = |zero| level(Quantity::HipAdduction, zero).unwrap().amber.to_degrees();
        assert!(
            (amber(Zero::Standing) - amber(Zero::Joints { less: 2.6_f64.to_radians() }) - 2.6).abs() < 1e-9
        );
    }

    #[test]
    fn the_level_is_that_of_the_runners_sex() {
        let level = |sex| {
            let config = FlagConfig { sex, ..FlagConfig::default() };
            let limits = limits(&config, Quantity::HipAdduction, [], Some(Grade::A), Zero::Standing).unwrap();
            (limits.amber.to_degrees(), limits.red.to_degrees())
        };
        for (sex, amber, red) in
            [(Sex::Female, 17.5, 20.0), (Sex::Male, 13.0, 16.5), (Sex::Unknown, 16.0, 20.0)]
        {
            let (a, r) = level(sex);
            assert!((a - amber - 4.5).abs() < 1e-9 && (r - red - 4.5).abs() < 1e-9, "{sex:?}: {a} {r}");
        }
    }

    #[test]
    fn a_leg_that_scatters_gets_a_wider_limit() {
        let wide = Usual { mean: 0.0, sd: 2.0_f64.to_radians(), stances: 60 };
        let compared = Compared { usual: wide, ..usual(0.0) };
        let limits =
            limits(&FlagConfig::default(), Quantity::FemurAdduction, [compared], None, Zero::Standing)
                .unwrap();
        assert!((limits.amber.to_degrees() - 4.4).abs() < 1e-9);
        assert!(limits.red > limits.amber && limits.clear < limits.amber);
    }

    #[test]
    fn a_kept_usual_has_the_wider_limit_and_the_stricter_of_both_holds() {
        let kept = |mean| Compared { zero: 2_f64.to_radians(), against: Against::Kept, ..usual(mean) };
        let of = |usuals: &[Compared]| {
            limits(
                &FlagConfig::default(),
                Quantity::FemurAdduction,
                usuals.iter().copied(),
                None,
                Zero::Standing,
            )
            .unwrap()
        };
        let alone = of(&[kept(10.0)]);
        assert!((alone.amber.to_degrees() - 15.0).abs() < 1e-9, "2 and 1.5 SDs of the zero");
        assert!((alone.red - alone.amber - 2_f64.to_radians()).abs() < 1e-9);
        // Today's usual came out high: the kept one still holds it.
        assert_eq!(of(&[usual(14.0), kept(10.0)]).against, Against::Kept);
        assert_eq!(of(&[usual(10.0), kept(10.0)]).against, Against::Today);
    }

    #[test]
    fn faster_running_widens_and_slower_never_narrows() {
        let leg = LegUsual {
            of: PerQuantity::default(),
            contact: 0.25,
            cadence_spm: 165.0,
            grade: None,
            zero: Zero::Standing,
        };
        let d = Decision::default();
        let amber = |contact| {
            let faster = speed(&leg, contact, Some(165.0), &d)?;
            let usual = Compared { faster, ..usual(11.0) };
            Some(
                limits(&FlagConfig::default(), Quantity::FemurAdduction, [usual], None, Zero::Standing)?
                    .amber,
            )
        };
        let at_baseline = amber(0.25).unwrap();
        assert_eq!(amber(0.26).map(f64::to_bits), Some(at_baseline.to_bits()));
        assert!(amber(0.22).unwrap() > at_baseline + 0.015);
        assert_eq!(speed(&leg, 0.18, Some(165.0), &d), None);
        assert_eq!(speed(&leg, 0.25, Some(190.0), &d), None);
    }
}

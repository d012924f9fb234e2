//! From repetitions to what a leg does, and to differences with their uncertainty.

use crate::body::{PerSide, Side};
use crate::event::{Difference, Doubt, Figure, LegScreening, Repetition, ScreenQuantity, Screening, Test};
use crate::units::SessionTime;

/// What the sensors may add to the difference of two legs, or of two calibrations, however many repetitions: one
/// standard deviation, rad or s. Differences within one calibration of one leg are free of it.
///
/// Source: the errors of one leg against truth on synthetic runners (`tests/screen_synthetic.rs`), times the square root of 2, rounded
/// up; for the peak the standing pose, 2 degrees with the instruction for the feet (an assumption, not measured), and
/// a heading error of 3 degrees at 35 degrees of thigh flexion.
#[must_use]
pub fn systematic(quantity: ScreenQuantity) -> f64 {
    match quantity {
        ScreenQuantity::Depth => 2.0_f64.to_radians(),
        ScreenQuantity::AdductionPeak => 4.0_f64.to_radians(),
        ScreenQuantity::AdductionExcursion | ScreenQuantity::RotationExcursion => 3.0_f64.to_radians(),
        ScreenQuantity::DropExcursion => 1.0_f64.to_radians(),
        ScreenQuantity::Down | ScreenQuantity::Up => 0.1,
    }
}

pub(super) fn screening(
    test: Test,
    (begin, end): (SessionTime, SessionTime),
    found: &[Repetition],
    doubt: Option<Doubt>,
) -> Screening {
    let legs = PerSide::from_fn(|side| leg(found, side));
    let left_less_right =
        ScreenQuantity::ALL.into_iter().filter_map(|q| difference(&legs.left, &legs.right, q)).collect();
    let reason = found.is_empty().then(|| match doubt {
        Some(doubt) => format!(
            "no repetition was seen, as angles were withheld ({}); calibrate, then stand still on both feet for two seconds before the first one",
            doubt.word()
        ),
        None => "no repetition was seen; stand on one leg and bend its knee by at least 45 degrees, slowly".to_owned(),
    });
    Screening { test, begin, end, legs, left_less_right, reason }
}

fn leg(found: &[Repetition], side: Side) -> LegScreening {
    let repetitions = found.iter().filter(|r| r.side == side);
    let counted = || repetitions.clone().filter(|r| r.doubt.is_none());
    let figure = |quantity: ScreenQuantity| {
        let values = || counted().filter_map(|r| quantity.of(r));
        let n = values().count() as u32;
        let mean = (n > 0).then(|| values().sum::<f64>() / f64::from(n))?;
        let spread = values().map(|v| (v - mean).powi(2)).sum::<f64>();
        let sd = (n > 1).then(|| (spread / f64::from(n - 1)).sqrt());
        Some(Figure { quantity, mean, sd, n })
    };
    LegScreening {
        repetitions: repetitions.clone().count() as u32,
        valid: counted().count() as u32,
        figures: ScreenQuantity::ALL.into_iter().filter_map(figure).collect(),
    }
}

/// The mean of one less that of the other, where both have a scatter.
fn difference(one: &LegScreening, other: &LegScreening, quantity: ScreenQuantity) -> Option<Difference> {
    let of = |leg: &LegScreening| leg.figures.iter().find(|f| f.quantity == quantity).copied();
    let (one, other) = (of(one)?, of(other)?);
    let variance = |f: Figure| f.sd.map(|sd| sd * sd / f64::from(f.n));
    Some(Difference {
        quantity,
        value: one.mean - other.mean,
        sigma: (variance(one)? + variance(other)?).sqrt(),
        systematic: systematic(quantity),
    })
}

/// How each leg has changed from one test to a later one of the same kind; nothing between tests of two kinds. Across
/// two calibrations the systematic part counts.
#[must_use]
pub fn compare(before: &Screening, after: &Screening) -> PerSide<Vec<Difference>> {
    PerSide::from_fn(|side: Side| {
        let (before_leg, after_leg) = (&before.legs[side], &after.legs[side]);
        let same = before.test == after.test;
        ScreenQuantity::ALL
            .into_iter()
            .filter(|_| same)
            .filter_map(|q| difference(after_leg, before_leg, q))
            .collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repetition(side: Side, depth: f64, counts: bool) -> Repetition {
        let t = SessionTime;
        Repetition {
            test: Test::StepDown,
            side,
            number: 1,
            start: t(1.0),
            bottom: t(2.5),
            end: t(3.5),
            decided: t(3.7),
            depth,
            adduction_peak: Some(0.1),
            adduction_excursion: None,
            rotation_excursion: None,
            drop_excursion: None,
            doubt: (!counts).then_some(crate::event::RepetitionDoubt::Shallow),
        }
    }

    fn test(left: [f64; 2], right: [f64; 2]) -> Screening {
        let mut all: Vec<Repetition> = left.map(|d| repetition(Side::Left, d, true)).to_vec();
        all.extend(right.map(|d| repetition(Side::Right, d, true)));
        all.push(repetition(Side::Right, 9.0, false));
        screening(Test::StepDown, (SessionTime(0.0), SessionTime(9.0)), &all, None)
    }

    fn depth(differences: &[Difference]) -> Difference {
        *differences.iter().find(|d| d.quantity == ScreenQuantity::Depth).expect("depth")
    }

    #[test]
    fn a_difference_has_the_scatter_of_both_legs_and_leaves_out_what_does_not_count() {
        let screening = test([1.0, 1.2], [0.8, 0.8]);
        assert_eq!((screening.legs.right.repetitions, screening.legs.right.valid), (3, 2));
        let d = depth(&screening.left_less_right);
        // Standard deviation of 1.0 and 1.2 is 0.1414; of their mean 0.1.
        assert!((d.value - 0.3).abs() < 1e-12 && (d.sigma - 0.1).abs() < 1e-9, "{d:?}");
        let tempo =
            screening.legs.left.figures.iter().find(|f| f.quantity == ScreenQuantity::Down).expect("tempo");
        assert!((tempo.mean - 1.5).abs() < 1e-12 && tempo.sd == Some(0.0));
        assert!(screening.left_less_right.iter().all(|d| d.quantity != ScreenQuantity::DropExcursion));
    }

    #[test]
    fn before_and_after_are_compared_leg_by_leg_within_one_kind_of_test() {
        let (before, after) = (test([1.0, 1.2], [0.8, 0.8]), test([1.4, 1.4], [0.8, 0.9]));
        let change = compare(&before, &after);
        assert!((depth(&change.left).value - 0.3).abs() < 1e-12);
        assert!((depth(&change.right).value - 0.05).abs() < 1e-12);
        let other = Screening { test: Test::SingleLegSquat, ..after };
        assert_eq!(compare(&before, &other).left, []);
    }

    #[test]
    fn a_test_without_repetitions_says_why() {
        let nothing = |doubt| screening(Test::StepDown, (SessionTime(0.0), SessionTime(9.0)), &[], doubt);
        assert!(nothing(Some(Doubt::Uncalibrated)).reason.expect("why").contains("uncalibrated"));
        assert!(nothing(None).reason.expect("why").contains("45 degrees"));
        assert_eq!(nothing(None).left_less_right, []);
    }
}

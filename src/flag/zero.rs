//! How far the zero of an angle moves from one calibration to the next: what a kept usual cannot know.

use crate::event::{Grade, Quantity, Usual, Zero};

/// Day-to-day spread of contact time at one speed, natural logarithm, one SD. Our choice: 8 ms of measurement in 240
/// (own measurement on virtual running) and as much of the runner's.
pub(super) const CONTACT_DAYS: f64 = 0.05;

/// What an angle reads more from the zero `to` than from the zero `from`, rad. Two that rest on joints are one.
pub(super) fn moved(quantity: Quantity, from: Zero, to: Zero) -> f64 {
    if !matches!(quantity, Quantity::HipAdduction | Quantity::FemurAdduction) {
        return 0.0;
    }
    match (from, to) {
        (Zero::Standing, Zero::Joints { less }) => -less,
        (Zero::Joints { less }, Zero::Standing) => less,
        _ => 0.0,
    }
}

/// A usual as it would read from another zero.
pub(super) fn seen_from(quantity: Quantity, usual: Usual, from: Zero, to: Zero) -> Usual {
    Usual { mean: usual.mean + moved(quantity, from, to), ..usual }
}

/// One SD of the zero that one calibration gives, rad.
///
/// Between two good calibrations adduction moves by about 2 degrees and the level of rotation by 3.5 (standing pose and
/// axial error; own measurement on virtual running, 14 legs), so one has 1/sqrt(2) of it. Rotation since contact has its
/// own zero in every stance; what is left of a turned axis and of the day is our guess, as is the pelvis. Valgus adds
/// thigh and shank.
pub(super) fn sigma(quantity: Quantity, grade: Option<Grade>) -> f64 {
    let good = matches!(grade, Some(Grade::A | Grade::B));
    let degrees: f64 = match quantity {
        Quantity::HipAdduction | Quantity::FemurAdduction => {
            if good {
                1.41
            } else {
                2.5
            }
        }
        Quantity::RotationExcursion | Quantity::PelvicDrop => 0.7,
        Quantity::RotationLevel => {
            if good {
                2.5
            } else {
                6.0
            }
        }
        Quantity::KneeValgus => {
            if good {
                2.0
            } else {
                3.5
            }
        }
    };
    degrees.to_radians()
}

/// One SD of the difference that calibrations alone make between the mean of `sessions` and a session of today, rad.
pub(super) fn between(quantity: Quantity, sessions: u32, kept: Option<Grade>, today: Option<Grade>) -> f64 {
    let variance = |grade| sigma(quantity, grade).powi(2);
    (variance(kept) / f64::from(sessions.max(1)) + variance(today)).sqrt()
}

/// The smallest change between days that is one, at 95 % (1.96 SD of the difference; Weir 2005), rad.
pub(super) fn smallest_detectable(
    quantity: Quantity,
    sessions: u32,
    kept: Option<Grade>,
    today: Option<Grade>,
) -> f64 {
    1.96 * between(quantity, sessions, kept, today)
}

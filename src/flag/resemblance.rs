//! Whether today's usual can be of the runner whose kept usual it is held against.

use super::leg::Kept;
use super::zero;
use crate::body::Side;
use crate::event::{KeptNote, LegUsual, Quantity};

/// A figure that differs by so many SDs of what differs between two days of one runner is not of one runner, or not of
/// sensors that sit alike. Chance makes one of the eight that are looked at do so in one session of 2000.
const STRANGE: f64 = 4.0;
/// Day-to-day spread of cadence at one speed, natural logarithm. Our choice.
const CADENCE_DAYS: f64 = 0.03;

/// The figure that differs most, if it is strange: in words, with the remedy. What is kept is still judged against: a
/// fault may be as large.
pub(super) fn doubt<'a>(
    legs: impl Iterator<Item = (Side, &'a LegUsual, &'a Kept)>,
    note: &KeptNote,
) -> Option<String> {
    let figures = legs.flat_map(|(side, today, kept)| {
        let old = &kept.usual;
        let contact = (today.contact / old.contact).ln() / zero::CONTACT_DAYS;
        let cadence = (today.cadence_spm / old.cadence_spm).ln() / CADENCE_DAYS;
        let words = [
            (
                contact,
                format!(
                    "contact time of the {side} leg is {:.0} ms, was {:.0}",
                    today.contact * 1e3,
                    old.contact * 1e3
                ),
            ),
            (
                cadence,
                format!("cadence is {:.0}, was {:.0} steps per minute", today.cadence_spm, old.cadence_spm),
            ),
        ];
        let angle = move |q: Quantity| {
            let a = zero::seen_from(q, old.of[q]?, old.zero, today.zero);
            let b = today.of[q]?;
            let by = (b.mean - a.mean) / zero::between(q, kept.sessions, old.grade, today.grade);
            let (now, was) = (b.mean.to_degrees(), a.mean.to_degrees());
            Some((by, format!("{} of the {side} leg is {now:.1} degrees, was {was:.1}", q.words())))
        };
        let adduction = angle(Quantity::HipAdduction).or_else(|| angle(Quantity::FemurAdduction));
        words.into_iter().chain(adduction).chain(angle(Quantity::RotationLevel))
    });
    let (by, what) = figures.max_by(|a, b| a.0.abs().total_cmp(&b.0.abs()))?;
    let of = match (note.runner.as_str(), note.date.as_str()) {
        ("", "") => String::new(),
        ("", date) => format!(" of {date}"),
        (runner, "") => format!(" of {runner}"),
        (runner, date) => format!(" of {runner}, {date}"),
    };
    (by.abs() > STRANGE).then(|| {
        format!(
            "today's running does not resemble the kept usual{of}: {what}; if another runner wears the sensors, or the speed is another, choose that usual, and if not, check the straps and calibrate again"
        )
    })
}

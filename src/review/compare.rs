//! Two sessions side by side.

use super::{NOISE_DEG, Quantity, Review, Reviewed};
use crate::body::{PerSide, Side};
use serde::Serialize;

#[derive(Debug, Clone, Serialize)]
pub struct Comparison {
    pub a: Brief,
    pub b: Brief,
    pub quantities: Vec<Compared>,
    /// What has to be known before anything is read from it.
    pub cautions: Vec<&'static str>,
}

/// Which session.
#[derive(Debug, Clone, Serialize)]
pub struct Brief {
    pub id: String,
    pub runner_name: String,
    pub started: String,
}

#[derive(Debug, Clone, Serialize)]
pub struct Compared {
    #[serde(flatten)]
    pub quantity: Quantity,
    pub legs: PerSide<Change>,
}

#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Change {
    pub a: Option<f64>,
    pub b: Option<f64>,
    /// `b` less `a`.
    pub change: Option<f64>,
    /// The change is smaller than what a few strides scatter; known for angles only.
    pub within_noise: Option<bool>,
}

/// What changed from `a` to `b`.
#[must_use]
pub fn compare(a: &Review, b: &Review) -> Comparison {
    let mut cautions = vec![
        "levels of rotation must not be compared between days: the sensors sit differently each time",
        "a change of less than about 3 degrees in adduction is within the noise of a few strides",
    ];
    if a.session.settings_sha256 != b.session.settings_sha256 {
        cautions.push("the two sessions were judged with different settings");
    }
    if a.session.program_version != b.session.program_version {
        cautions.push("the two sessions were analysed by different versions of stancewatch");
    }
    if a.gait != b.gait {
        cautions.push("one session is running and the other walking");
    }
    let quantities = b.quantities.iter().filter_map(|of_b| {
        let of_a = a.quantity(of_b.quantity.name)?;
        Some(Compared { quantity: of_b.quantity, legs: PerSide::from_fn(|side| change(of_a, of_b, side)) })
    });
    Comparison { quantities: quantities.collect(), a: brief(a), b: brief(b), cautions }
}

fn brief(review: &Review) -> Brief {
    let s = &review.session;
    Brief { id: s.id.clone(), runner_name: s.runner_name.clone(), started: s.started.clone() }
}

fn change(a: &Reviewed, b: &Reviewed, side: Side) -> Change {
    let (a, b, unit) = (a.leg(side).mean, b.leg(side).mean, b.quantity.unit);
    let change = a.zip(b).map(|(a, b)| b - a);
    let within_noise = change.filter(|_| unit == "deg").map(|change| change.abs() < NOISE_DEG);
    Change { a, b, change, within_noise }
}

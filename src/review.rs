//! What a kept session says: means and spread per leg, trend over the run, left against right, and what
//! changed since the time before. Only stances count that are valid, within the crop and not excluded; running
//! ones where there are any.

use crate::body::{PerSide, Side};
use crate::event::Rule;
use crate::flag::RuleSpec;
use crate::store::{AlertRow, BaselineRow, Mark, Runner, Session, StanceRow, Store, StoreError};
use serde::Serialize;
use std::collections::BTreeMap;

mod compare;
mod trend;

pub use compare::{Brief, Change, Compared, Comparison, compare};
pub use trend::Trend;

/// A change of adduction below this is within the noise of a few strides, degrees (product document; spread
/// between strides 0.9 degrees, RBDS, and the wander of clean running).
pub const NOISE_DEG: f64 = 3.0;

/// A quantity of stances.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Quantity {
    pub name: &'static str,
    pub unit: &'static str,
    pub plain: &'static str,
    pub term: &'static str,
    #[serde(skip)]
    rule: Option<Rule>,
    #[serde(skip)]
    of: fn(&StanceRow) -> Option<f64>,
}

fn ruled(rule: Rule, of: fn(&StanceRow) -> Option<f64>) -> Quantity {
    let spec = RuleSpec::of(rule);
    Quantity { name: rule.name(), unit: "deg", plain: spec.plain, term: spec.term, rule: Some(rule), of }
}

/// In the order of the page. Hip adduction is there with a sensor on the sacrum, femur adduction always.
#[must_use]
pub fn quantities() -> [Quantity; 7] {
    let time = |name, unit, plain, term, of| Quantity { name, unit, plain, term, rule: None, of };
    [
        ruled(Rule::HipAdduction, |s| s.peak_hip_adduction_deg),
        ruled(Rule::FemurAdduction, |s| s.peak_femur_adduction_deg),
        ruled(Rule::MedialRotation, |s| s.femur_rotation_excursion_deg),
        ruled(Rule::PelvicDrop, |s| s.peak_pelvic_drop_deg),
        ruled(Rule::KneeValgus, |s| s.peak_knee_valgus_deg),
        time("contact_time", "ms", "ground time", "contact time", |s| Some(s.contact_ms)),
        time("cadence", "spm", "steps per minute", "cadence", |s| s.cadence_spm),
    ]
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Band {
    pub mean: f64,
    pub sd: f64,
}

/// One quantity of one leg.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Leg {
    /// Stances that it comes from.
    pub stances: usize,
    pub mean: Option<f64>,
    pub sd: Option<f64>,
    /// As it was learnt in this session; `None` where there is no rule for it or no usual was learnt.
    pub usual: Option<Band>,
    /// Its change over the session; `None` where the session is too short for one.
    pub trend: Option<Trend>,
}

#[derive(Debug, Clone, Serialize)]
pub struct Reviewed {
    #[serde(flatten)]
    pub quantity: Quantity,
    pub left: Leg,
    pub right: Leg,
    /// Left less right.
    pub difference: Option<f64>,
}

impl Reviewed {
    #[must_use]
    pub fn leg(&self, side: Side) -> &Leg {
        match side {
            Side::Left => &self.left,
            Side::Right => &self.right,
        }
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    pub stances: u32,
    /// In the figures.
    pub counted: u32,
    pub excluded: u32,
}

/// What a session says.
#[derive(Debug, Clone, Serialize)]
pub struct Review {
    pub session: Session,
    pub runner: Runner,
    /// Of the calibration in force at the end: `good`, `usable`, `change_only`, `redo`.
    pub grade: Option<String>,
    pub grade_reason: Option<String>,
    /// `run` or `walk`: the stances that count.
    pub gait: Option<&'static str>,
    pub quantities: Vec<Reviewed>,
    pub counts: PerSide<Counts>,
    /// Stances that were not judged, by reason.
    pub withheld: BTreeMap<String, u32>,
    pub alerts: Vec<AlertRow>,
    pub marks: Vec<Mark>,
    /// The runner's session before, where there is one.
    pub before: Option<Comparison>,
}

impl Review {
    #[must_use]
    pub fn quantity(&self, name: &str) -> Option<&Reviewed> {
        self.quantities.iter().find(|q| q.quantity.name == name)
    }
}

/// Reads a session and says what is in it; with what changed since the runner's session before.
pub fn of(store: &Store, id: &str) -> Result<Review, StoreError> {
    let mut review = alone(store, id)?;
    let earlier = store.sessions(Some(review.session.runner))?.into_iter().find(|s| {
        (s.started.as_str(), s.id.as_str()) < (review.session.started.as_str(), review.session.id.as_str())
    });
    if let Some(earlier) = earlier {
        review.before = Some(compare(&alone(store, &earlier.id)?, &review));
    }
    Ok(review)
}

/// As [`of`], without a look at other sessions.
pub fn alone(store: &Store, id: &str) -> Result<Review, StoreError> {
    let session = store.session(id)?;
    let id = session.id.clone();
    let runner = store.runner_by_id(session.runner)?;
    let stances = store.stances(&id)?;
    let learnt = store.baselines(&id)?;
    // Of several the last counts.
    let usual = |side: Side| learnt.iter().rfind(|row| row.side == side.name());
    let (from, to) = session.range();
    let inside = |t: f64| (from..=to).contains(&t);
    let calibration = store.calibrations(&id)?.pop();
    let alerts = store.alerts(&id)?.into_iter().filter(|a| inside(a.onset_time_s)).collect();
    let marks = store.marks(&id)?.into_iter().filter(|m| inside(m.time_s)).collect();
    let within: Vec<_> = stances.iter().filter(|s| inside(s.ic_time_s)).collect();
    let gait = gait_that_counts(&within);
    let counted: Vec<_> = within.iter().copied().filter(|s| counts(s, gait)).collect();
    let mut tally = PerSide::<Counts>::default();
    let mut withheld = BTreeMap::new();
    for side in Side::BOTH {
        let of_side = || within.iter().filter(|s| s.side == side.name());
        tally[side] = Counts {
            stances: of_side().count() as u32,
            counted: counted.iter().filter(|s| s.side == side.name()).count() as u32,
            excluded: of_side().filter(|s| s.excluded).count() as u32,
        };
    }
    for stance in within.iter().filter(|s| !s.valid) {
        *withheld.entry(stance.reason.clone()).or_default() += 1;
    }
    let reviewed = quantities().into_iter().map(|quantity| {
        let leg = |side: Side| leg(quantity, side, &counted, usual(side));
        let (left, right) = (leg(Side::Left), leg(Side::Right));
        let difference = left.mean.zip(right.mean).map(|(l, r)| l - r);
        Reviewed { quantity, left, right, difference }
    });
    Ok(Review {
        quantities: reviewed.filter(|r| r.left.stances + r.right.stances > 0).collect(),
        runner,
        grade: calibration.as_ref().map(|c| c.grade.clone()),
        grade_reason: calibration.map(|c| c.reason),
        gait,
        counts: tally,
        withheld,
        alerts,
        marks,
        before: None,
        session,
    })
}

fn gait_that_counts(stances: &[&StanceRow]) -> Option<&'static str> {
    ["run", "walk"].into_iter().find(|gait| stances.iter().any(|s| counts(s, Some(*gait))))
}

fn counts(stance: &StanceRow, gait: Option<&str>) -> bool {
    stance.valid && !stance.excluded && gait == Some(stance.gait.as_str())
}

fn leg(quantity: Quantity, side: Side, counted: &[&StanceRow], usual: Option<&BaselineRow>) -> Leg {
    let points: Vec<(f64, f64)> = counted
        .iter()
        .filter(|s| s.side == side.name())
        .filter_map(|s| (quantity.of)(s).map(|value| (s.ic_time_s, value)))
        .collect();
    let n = points.len() as f64;
    let mean = (n > 0.0).then(|| points.iter().map(|p| p.1).sum::<f64>() / n);
    let sd = mean.filter(|_| n > 1.0).map(|mean| {
        let squares: f64 = points.iter().map(|p| (p.1 - mean).powi(2)).sum();
        (squares / (n - 1.0)).sqrt()
    });
    let learnt = usual.zip(quantity.rule).and_then(|(usual, rule)| {
        let found = usual.usual_deg.iter().find(|(of, ..)| of == rule.name());
        found.map(|&(_, mean, sd)| Band { mean, sd })
    });
    Leg { stances: points.len(), mean, sd, usual: learnt, trend: trend::of(&points) }
}

#[cfg(test)]
mod tests;

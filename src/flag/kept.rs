//! A usual that outlives its session: kept by the shell, given back with the settings, ripened by later sessions.

use super::{ConfigError, zero};
use crate::body::{PerSide, Side};
use crate::event::{Baseline, Grade, KeptNote, LegUsual, Quantity, Usual};
use serde::{Deserialize, Serialize};

/// Sessions after which a kept usual is ripe and changes no more. The mean of five has 0.45 of the zero error of one,
/// and three more would gain a tenth. Source: our choice; feet need several runs to a stable pattern (Sensors
/// 19/11/2516).
pub const RIPE: u32 = 5;

/// Fewer stances than this are no usual: half of what a marked stretch has to give, since outliers are taken off.
const LEAST_STANCES: u32 = 15;

/// What a runner usually does, over one or more sessions. Serialises as it stands (angles rad, times s); the shell
/// keeps it and puts it into [`PipelineConfig`](crate::pipeline::PipelineConfig), so that it is recorded with the
/// session and a replay is equal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeptBaseline {
    /// Whose, when, on what: shown beside every verdict that stands on it.
    #[serde(default)]
    pub note: KeptNote,
    /// Sessions that it was made of.
    pub sessions: u32,
    /// Mean over the sessions; `None` for a leg that was never measured.
    pub legs: PerSide<Option<LegUsual>>,
    /// What the first session gave: the mean never leaves it far.
    pub first: PerSide<Option<LegUsual>>,
}

/// Why a session does not ripen a kept usual.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum RipenError {
    #[error("the kept usual is of {kept:?} and the session of {new:?}; keep one for each runner")]
    Runner { kept: String, new: String },
    #[error("the kept usual was run on {kept:?} and the session on {new:?}; keep one for each surface")]
    Surface { kept: String, new: String },
    #[error(
        "the calibration of the {side} leg was not good or usable, so that its zero is not known; calibrate with knee bends and run again"
    )]
    Calibration { side: Side },
    #[error(
        "{what} of the {side} leg has changed by {:.1} degrees since {date}, and {:.1} is the most that a new calibration and another day explain; the kept usual stays as it is: if the change is wanted, keep this session as a new one", .by.to_degrees(), .most.to_degrees()
    )]
    Changed { side: Side, what: &'static str, by: f64, most: f64, date: String },
    #[error(
        "the {side} leg ran at another speed: contact time {new_ms:.0} instead of {kept_ms:.0} ms; keep one usual for each speed"
    )]
    Speed { side: Side, kept_ms: f64, new_ms: f64 },
    #[error("the session has no usual of a leg that the kept one has too; run on until both are learnt")]
    Nothing,
}

impl KeptBaseline {
    /// From the `Baseline` events of one session; of several of one leg the last counts. `None` when none was learnt in
    /// it (the kept ones that are announced too are not).
    #[must_use]
    pub fn of_session<'a>(note: KeptNote, baselines: impl IntoIterator<Item = &'a Baseline>) -> Option<Self> {
        let mut legs = PerSide::default();
        for baseline in baselines {
            if baseline.kept.is_none() {
                legs[baseline.side] = Some(baseline.leg);
            }
        }
        let any = Side::BOTH.into_iter().any(|side| legs[side].is_some());
        any.then_some(Self { note, sessions: 1, legs, first: legs })
    }

    /// What cannot be a usual is refused.
    pub fn check(&self) -> Result<(), ConfigError> {
        let legs = || Side::BOTH.into_iter().filter_map(|side| self.legs[side]);
        let sound = |leg: &LegUsual| {
            let usuals = || Quantity::ALL.into_iter().filter_map(|q| leg.of[q]);
            (0.02..2.0).contains(&leg.contact)
                && (30.0..600.0).contains(&leg.cadence_spm)
                && usuals()
                    .all(|u| u.mean.is_finite() && (0.0..0.5).contains(&u.sd) && u.stances >= LEAST_STANCES)
                && usuals().next().is_some()
        };
        if self.sessions == 0 || legs().next().is_none() || !legs().all(|leg| sound(&leg)) {
            return Err(ConfigError::KeptUsual { date: self.note.date.clone(), least: LEAST_STANCES });
        }
        Ok(())
    }

    /// It changes no more.
    #[must_use]
    pub fn is_ripe(&self) -> bool {
        self.sessions >= RIPE
    }
}

/// A kept usual after one more session of the same runner.
///
/// Every session weighs the same, up to [`RIPE`]; after that nothing changes. Two bounds keep a fault from becoming the
/// usual little by little: a session whose mean differs by more than the smallest detectable change of two days is
/// refused, and the mean never goes further above the first session's than that change.
pub fn ripen(kept: &KeptBaseline, new: &KeptBaseline) -> Result<KeptBaseline, RipenError> {
    if kept.note.runner != new.note.runner {
        return Err(RipenError::Runner { kept: kept.note.runner.clone(), new: new.note.runner.clone() });
    }
    if kept.note.surface != new.note.surface {
        return Err(RipenError::Surface { kept: kept.note.surface.clone(), new: new.note.surface.clone() });
    }
    let mut ripened = kept.clone();
    let mut shared = false;
    for side in Side::BOTH {
        let (Some(old), Some(today)) = (&kept.legs[side], &new.legs[side]) else { continue };
        shared = true;
        if !matches!(today.grade, Some(Grade::A | Grade::B)) {
            return Err(RipenError::Calibration { side });
        }
        compare(kept, side, old, today)?;
        let first = kept.first[side].as_ref().unwrap_or(old);
        ripened.legs[side] = Some(merge(old, today, first, f64::from(kept.sessions)));
    }
    if !shared {
        return Err(RipenError::Nothing);
    }
    if !kept.is_ripe() {
        ripened.sessions += 1;
        ripened.note = new.note.clone();
        return Ok(ripened);
    }
    Ok(kept.clone())
}

/// The speeds must compare, and every mean be within the smallest detectable change.
fn compare(kept: &KeptBaseline, side: Side, old: &LegUsual, today: &LegUsual) -> Result<(), RipenError> {
    // As far as two sessions at one planned speed differ: twice the day-to-day spread of contact time.
    if (old.contact / today.contact).ln().abs() > 2.0 * zero::CONTACT_DAYS {
        let (kept_ms, new_ms) = (old.contact * 1e3, today.contact * 1e3);
        return Err(RipenError::Speed { side, kept_ms, new_ms });
    }
    for q in Quantity::ALL {
        let (Some(a), Some(b)) = (old.of[q], today.of[q]) else { continue };
        let b = zero::seen_from(q, b, today.zero, old.zero);
        let (by, most) =
            (b.mean - a.mean, zero::smallest_detectable(q, kept.sessions, old.grade, today.grade));
        if by.abs() > most {
            let date = kept.note.date.clone();
            return Err(RipenError::Changed { side, what: q.words(), by, most, date });
        }
    }
    Ok(())
}

fn merge(old: &LegUsual, today: &LegUsual, first: &LegUsual, sessions: f64) -> LegUsual {
    let mean = |a: f64, b: f64| (a * sessions + b) / (sessions + 1.0);
    let usual = |q: Quantity| match (old.of[q], today.of[q]) {
        (Some(a), Some(b)) => {
            let b = zero::seen_from(q, b, today.zero, old.zero);
            let highest = first.of[q].map_or(f64::INFINITY, |f| {
                let f = zero::seen_from(q, f, first.zero, old.zero);
                f.mean + zero::smallest_detectable(q, 1, first.grade, today.grade)
            });
            Some(Usual {
                mean: mean(a.mean, b.mean).min(highest),
                // Spread between strides within a day: variances average.
                sd: mean(a.sd.powi(2), b.sd.powi(2)).sqrt(),
                stances: a.stances.saturating_add(b.stances),
            })
        }
        (a, _) => a,
    };
    LegUsual {
        of: crate::event::PerQuantity::from_fn(usual),
        contact: mean(old.contact, today.contact),
        cadence_spm: mean(old.cadence_spm, today.cadence_spm),
        grade: old.grade.max(today.grade),
        zero: old.zero,
    }
}

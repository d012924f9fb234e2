//! What a runner usually does, kept from one session to the next: judged against from the first stride, and ripened by
//! sessions that end well.

use super::{RunnerId, Store, StoreError};
use crate::body::{PerSide, Side};
use crate::event::{Baseline, Event, Grade, KeptNote};
use crate::flag::{KeptBaseline, RipenError, ripen};
use serde::{Deserialize, Serialize};

/// The document of the usual itself.
const USUAL: &str = "usual";
/// The document of what the last session would have made of it.
const LATEST: &str = "latest_usual";

/// What the last session that learnt a usual meant for the kept one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LatestUsual {
    pub session: String,
    pub usual: KeptBaseline,
    /// Why the kept one stays as it was; `None` where this session has become part of it.
    pub refused: Option<String>,
}

/// Gathers the usual of a session while it runs.
#[derive(Debug, Clone, Default)]
pub struct Learning {
    baselines: Vec<Baseline>,
    /// Legs that have taken a step.
    seen: PerSide<bool>,
}

impl Learning {
    pub fn event(&mut self, event: &Event) {
        match event {
            Event::Baseline(baseline) => self.baselines.push(baseline.clone()),
            Event::Stance(stance) => self.seen[stance.side] = true,
            // A usual in angles of the calibration before is none of this session's.
            Event::Calibration(_) => self.baselines.clear(),
            _ => {}
        }
    }

    /// What the session has to keep; `None` before every leg that ran has its usual.
    fn usual(&self, runner: RunnerId, date: &str) -> Option<KeptBaseline> {
        let note = KeptNote { runner: runner.to_string(), date: date.to_owned(), surface: String::new() };
        let usual = KeptBaseline::of_session(note, &self.baselines)?;
        Side::BOTH.into_iter().all(|side| usual.legs[side].is_some() || !self.seen[side]).then_some(usual)
    }
}

impl Store {
    /// What this runner's next session is judged against.
    pub fn usual(&self, runner: RunnerId) -> Result<Option<KeptBaseline>, StoreError> {
        self.document(runner, USUAL)
    }

    pub fn latest_usual(&self, runner: RunnerId) -> Result<Option<LatestUsual>, StoreError> {
        self.document(runner, LATEST)
    }

    /// A session has ended well: its usual ripens the kept one, or is the first. Nobody's session has none to keep.
    pub fn keep_usual(
        &self,
        runner: RunnerId,
        session: &str,
        date: &str,
        learnt: &Learning,
    ) -> Result<(), StoreError> {
        let Some(usual) = learnt.usual(runner, date) else { return Ok(()) };
        if !self.runner_by_id(runner)?.is_person() {
            return Ok(());
        }
        let ripened = match self.usual(runner)? {
            Some(kept) => ripen(&kept, &usual),
            None => first(&usual),
        };
        if let Ok(ripened) = &ripened {
            self.put_document(runner, USUAL, ripened)?;
        }
        let refused = ripened.err().map(|error| error.to_string());
        self.put_document(runner, LATEST, &LatestUsual { session: session.to_owned(), usual, refused })
    }

    /// The change is wanted: what the last session learnt takes the place of the kept usual.
    pub fn renew_usual(&self, runner: RunnerId) -> Result<(), StoreError> {
        let latest = self.latest_usual(runner)?.ok_or_else(|| {
            StoreError::Refused("no session has learnt a usual yet: run until it is known".to_owned())
        })?;
        self.put_document(
            runner,
            USUAL,
            &first(&latest.usual).map_err(|e| StoreError::Refused(e.to_string()))?,
        )?;
        self.put_document(runner, LATEST, &LatestUsual { refused: None, ..latest })
    }

    /// The next session begins without one, and what it learns is the first.
    pub fn forget_usual(&self, runner: RunnerId) -> Result<(), StoreError> {
        self.drop_document(runner, USUAL)?;
        self.drop_document(runner, LATEST)
    }
}

/// A first usual has to stand on a zero that is known.
fn first(usual: &KeptBaseline) -> Result<KeptBaseline, RipenError> {
    for side in Side::BOTH {
        if usual.legs[side].is_some_and(|leg| !matches!(leg.grade, Some(Grade::A | Grade::B))) {
            return Err(RipenError::Calibration { side });
        }
    }
    Ok(usual.clone())
}

//! What the flag stage was told in a session, to be judged again with other limits.

use super::{ConfigError, FlagConfig, Flagger, KeptBaseline};
use crate::body::PerSide;
use crate::event::{Calibration, Contact, ContactKind, Event, Grade, Stance, Zero};
use crate::input::{Input, Mark};
use crate::units::SessionTime;

/// One thing that the flag stage was told.
#[derive(Debug, Clone, PartialEq)]
enum Told {
    Calibrated(PerSide<(Grade, Zero)>),
    Mark(Mark),
    LockLost(SessionTime),
    Stance(Box<Stance>),
}

/// A session as the flag stage saw it. Stances are measured once; limits may change as often as one likes.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Story(Vec<Told>);

impl Story {
    /// Takes an input, before the events that it has caused.
    pub fn input(&mut self, input: &Input) {
        if let Input::Mark(mark) = input {
            self.0.push(Told::Mark(*mark));
        }
    }

    pub fn event(&mut self, event: &Event) {
        match event {
            Event::Calibration(calibration) => self.0.push(Told::Calibrated(legs(calibration))),
            Event::Contact(Contact { kind: ContactKind::LockLost, decided, .. }) => {
                self.0.push(Told::LockLost(*decided));
            }
            Event::Stance(stance) => self.0.push(Told::Stance(Box::new(stance.clone()))),
            _ => {}
        }
    }

    /// What these limits say: the same as the pipeline did with them.
    pub fn judge(&self, config: &FlagConfig, kept: Option<&KeptBaseline>) -> Result<Vec<Event>, ConfigError> {
        let mut flagger = Flagger::with_config(config.clone())?;
        if let Some(kept) = kept {
            flagger.keep(kept);
        }
        let mut events = Vec::new();
        for told in &self.0 {
            match told {
                Told::Calibrated(legs) => flagger.calibrated(*legs),
                Told::Mark(mark) => flagger.mark(*mark),
                Told::LockLost(at) => flagger.drop_evidence(Some(*at), &mut events),
                Told::Stance(stance) => {
                    let mut stance = stance.clone();
                    flagger.judge(&mut stance, &mut events);
                }
            }
        }
        Ok(events)
    }
}

/// What of a calibration the flag stage is told.
pub(crate) fn legs(calibration: &Calibration) -> PerSide<(Grade, Zero)> {
    PerSide::from_fn(|side| (calibration.leg_grade(side), calibration.leg_zero(side)))
}

//! A runner who does not exist: lifelike signals with exact truth beside them.
//!
//! Mean joint curves of real runners, varied from person to person and from stride to stride, move a body of
//! pelvis, thighs and shanks. Sensors on it feel specific force and angular rate, shaken by landings and soft
//! tissue; each has its own mounting, errors, clock and radio. The stream is what a live source would give, in
//! order of arrival; it needs the same memory for a minute and for a day.
//!
//! Real: the mean curves and the size of every spread that names its source. Modelled: everything above 12 Hz,
//! walking, knee bends, faults, sensor errors, radio.

mod bounce;
mod check;
mod config;
mod curves;
mod motion;
mod person;
mod script;
mod squat;
mod strap;
mod truth;
mod wander;

pub use config::{
    ClockConfig, Disturbance, Episode, EpisodeKind, Habit, RadioConfig, RunnerConfig, ScreeningConfig,
    ScreeningFault, SensorConfig, SpeedChange, SynthError, demo_config,
};
pub use squat::TrueRepetition;
pub use truth::{Fact, TRUTH_RATE, TrueContact, TrueCurve, TrueStance, Truth};

use crate::body::{ClockKind, Placement, SensorId, SensorInfo};
use crate::input::{Input, Mark};
use crate::units::Hz;
use motion::Motion;
use std::collections::VecDeque;
use strap::Strap;

/// The stream of one synthetic session.
pub struct Runner {
    motion: Motion,
    straps: Vec<Strap>,
    announce: VecDeque<SensorInfo>,
    marks: VecDeque<Mark>,
    ended: bool,
}

impl Runner {
    /// Refuses a configuration beyond what the model can carry.
    pub fn new(config: &RunnerConfig) -> Result<Self, SynthError> {
        config.validate()?;
        let motion = Motion::new(config)?;
        let worn = Placement::ALL
            .into_iter()
            .filter(|p| (config.pelvis_sensor || *p != Placement::Pelvis) && !config.without.contains(p));
        let straps: Vec<Strap> =
            worn.zip(0..).map(|(placement, id)| Strap::new(config, SensorId(id), placement)).collect();
        let clock = if config.clock.shared { ClockKind::Session } else { ClockKind::Device };
        let announce = straps
            .iter()
            .map(|s| SensorInfo {
                id: s.id,
                name: s.placement.name().into(),
                placement: Some(s.placement),
                rate: Hz(config.rate_hz),
                clock,
            })
            .collect();
        let marks = motion.script.marks().into();
        Ok(Self { motion, straps, announce, marks, ended: false })
    }

    fn next_packet(&mut self) -> Option<Input> {
        let mut earliest: Option<(f64, usize)> = None;
        for (k, strap) in self.straps.iter_mut().enumerate() {
            if let Some(arrival) = strap.next_arrival(&self.motion)
                && earliest.is_none_or(|(t, _)| arrival < t)
            {
                earliest = Some((arrival, k));
            }
        }
        let (arrival, k) = earliest?;
        if self.marks.front().is_some_and(|mark| mark.t.0 <= arrival) {
            return self.marks.pop_front().map(Input::Mark);
        }
        self.straps.get_mut(k)?.take(&mut self.motion).map(Input::Packet)
    }
}

impl Iterator for Runner {
    type Item = Input;

    fn next(&mut self) -> Option<Input> {
        if let Some(info) = self.announce.pop_front() {
            return Some(Input::Sensor(info));
        }
        if let Some(input) = self.next_packet() {
            return Some(input);
        }
        if let Some(mark) = self.marks.pop_front() {
            return Some(Input::Mark(mark));
        }
        (!std::mem::replace(&mut self.ended, true)).then_some(Input::End)
    }
}

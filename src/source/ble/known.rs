//! What is known of one sensor for a whole session, whatever happens to its link.

use super::motion::Motion;
use super::outlet::Outlet;
use super::voice::Voice;
use crate::body::{Placement, SensorInfo};
use crate::health::words;
use crate::sensor::{Driver, Family, Stream};
use std::time::Instant;

/// Percent at which a person should be told: a run should still fit.
pub(super) const BATTERY_LOW: f64 = 15.0;

/// What outlasts a lost link.
pub(super) struct Known {
    /// The same throughout: it knows how often the sensor's counters have wrapped.
    pub(super) driver: Box<dyn Driver>,
    pub(super) voice: Voice,
    pub(super) name: String,
    /// Its serial, or its name where it has told none: by this its place is remembered.
    pub(super) id: String,
    pub(super) placement: Option<Placement>,
    pub(super) stream: Option<Stream>,
    /// It has sent samples in this session.
    pub(super) used: bool,
    pub(super) motion: Motion,
    /// When it was heard again; until its next sample.
    pub(super) heard_again: Option<Instant>,
    /// Percent, as last told.
    pub(super) battery: Option<f64>,
    pub(super) battery_asked: Option<Instant>,
    /// Times in a row that it was found unusable.
    pub(super) refusals: u32,
}

impl Known {
    pub(super) fn new(driver: Box<dyn Driver>, outlet: Option<Outlet>, name: String) -> Self {
        Self {
            driver,
            voice: Voice::new(outlet),
            id: name.clone(),
            name,
            placement: None,
            stream: None,
            used: false,
            motion: Motion::default(),
            heard_again: None,
            battery: None,
            battery_asked: None,
            refusals: 0,
        }
    }

    /// As a person would call it.
    pub(super) fn called(&self) -> String {
        match self.placement {
            Some(placement) => format!("the {} sensor ({})", words(placement), self.name),
            None => self.name.clone(),
        }
    }

    /// What the battery had left, where it was so little that it may be what ended the link.
    pub(super) fn empty_battery(&self) -> Option<f64> {
        self.battery.filter(|percent| *percent <= BATTERY_LOW)
    }

    pub(super) fn announce(&mut self, family: &Family) {
        let (rate, clock) =
            self.stream.map_or((family.capabilities.rate, family.capabilities.clock), |stream| {
                (stream.rate, stream.clock)
            });
        let (placement, name) = (self.placement, &self.name);
        // Compared field by field: a name would be copied otherwise.
        self.voice.announce(
            |told| told.placement == placement && told.rate == rate && told.clock == clock,
            |id| SensorInfo { id, name: name.clone(), placement, rate, clock },
        );
    }
}

//! What is known of one sensor for a whole session, whatever happens to its link.

use super::motion::Motion;
use super::outlet::Outlet;
use crate::body::{Placement, SensorId, SensorInfo};
use crate::health::words;
use crate::input::{Input, Trouble};
use crate::sensor::{Driver, Family, Stream};
use std::time::Instant;

/// Percent at which a person should be told: a run should still fit.
pub(super) const BATTERY_LOW: f64 = 15.0;

/// What outlasts a lost link.
pub(super) struct Known {
    /// The same throughout: it knows how often the sensor's counters have wrapped.
    pub(super) driver: Box<dyn Driver>,
    pub(super) sensor: SensorId,
    pub(super) name: String,
    pub(super) placement: Option<Placement>,
    pub(super) stream: Option<Stream>,
    pub(super) announced: Option<SensorInfo>,
    /// Told to people, and not over yet.
    troubles: Vec<Trouble>,
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
    pub(super) fn new(driver: Box<dyn Driver>, sensor: SensorId, name: String) -> Self {
        Self {
            driver,
            sensor,
            name,
            placement: None,
            stream: None,
            announced: None,
            troubles: Vec::new(),
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

    pub(super) fn announce(&mut self, family: &Family, outlet: &Outlet) {
        let (rate, clock) =
            self.stream.map_or((family.capabilities.rate, family.capabilities.clock), |stream| {
                (stream.rate, stream.clock)
            });
        // Compared field by field: this is on the way of every packet, and a name would be copied for it.
        let same = self
            .announced
            .as_ref()
            .is_some_and(|told| told.placement == self.placement && told.rate == rate && told.clock == clock);
        if !same {
            let info = SensorInfo {
                id: self.sensor,
                name: self.name.clone(),
                placement: self.placement,
                rate,
                clock,
            };
            outlet.put(Input::Sensor(info.clone()));
            self.announced = Some(info);
        }
    }

    /// Tells changes only.
    pub(super) fn trouble(
        &mut self,
        outlet: &Outlet,
        at: Instant,
        trouble: Trouble,
        active: bool,
        message: &str,
    ) {
        let told = self.troubles.contains(&trouble);
        if told == active {
            return;
        }
        if active {
            self.troubles.push(trouble);
        } else {
            self.troubles.retain(|known| *known != trouble);
        }
        outlet.trouble(Some(self.sensor), at, trouble, active, message);
    }
}

//! What one sensor has to say, and the session that hears it: that of whoever wears it.

use super::outlet::Outlet;
use crate::body::{Packet, Sample, SensorId, SensorInfo};
use crate::host_clock;
use crate::input::{Input, Report, Trouble, Way};
use crate::sensor::Uuid;
use std::fmt::Write;
use std::time::Instant;

/// Reports kept while nobody knows whose the sensor is: what it says of itself when it is connected.
const HELD: usize = 64;

#[derive(Debug, Default)]
pub(super) struct Voice {
    /// `None`: nobody wears it yet.
    heard: Option<(Outlet, SensorId)>,
    held: Vec<(Instant, Report)>,
    announced: Option<SensorInfo>,
    /// Told to people, and not over yet.
    troubles: Vec<Trouble>,
}

impl Voice {
    pub(super) fn new(outlet: Option<Outlet>) -> Self {
        let mut voice = Self::default();
        voice.hear(outlet);
        voice
    }

    /// From now on this session hears it, or none. The one before knows that it is worn there no more.
    pub(super) fn hear(&mut self, outlet: Option<Outlet>) {
        let same = match (&self.heard, &outlet) {
            (Some((now, _)), Some(then)) => now.is(then),
            (None, None) => true,
            _ => false,
        };
        if same {
            return;
        }
        if let Some((before, sensor)) = self.heard.take() {
            let now = host_clock::instant();
            for trouble in self.troubles.drain(..) {
                before.trouble(Some(sensor), now, trouble, false, "it is worn here no more");
            }
            if let Some(info) = self.announced.take() {
                before.put(Input::Sensor(SensorInfo { placement: None, ..info }));
            }
        }
        self.troubles.clear();
        self.heard = outlet.map(|outlet| {
            let sensor = outlet.sensor();
            for (at, report) in self.held.drain(..) {
                outlet.report(Some(sensor), at, report);
            }
            (outlet, sensor)
        });
    }

    pub(super) fn is_heard(&self) -> bool {
        self.heard.is_some()
    }

    /// Tells who it is, where that is news. `info` is asked only then: this is on the way of every packet.
    pub(super) fn announce(
        &mut self,
        same: impl Fn(&SensorInfo) -> bool,
        info: impl FnOnce(SensorId) -> SensorInfo,
    ) {
        let Some((outlet, sensor)) = &self.heard else { return };
        if !self.announced.as_ref().is_some_and(same) {
            let info = info(*sensor);
            outlet.put(Input::Sensor(info.clone()));
            self.announced = Some(info);
        }
    }

    pub(super) fn samples(&self, at: Instant, samples: Vec<Sample>) {
        if let Some((outlet, sensor)) = &self.heard {
            let arrival = Some(outlet.arrival(at));
            outlet.put(Input::Packet(Packet { sensor: *sensor, arrival, samples }));
        }
    }

    pub(super) fn report(&mut self, at: Instant, report: Report) {
        match &self.heard {
            Some((outlet, sensor)) => outlet.report(Some(*sensor), at, report),
            None if self.held.len() < HELD => self.held.push((at, report)),
            None => {}
        }
    }

    /// Tells changes only.
    pub(super) fn trouble(&mut self, at: Instant, trouble: Trouble, active: bool, message: &str) {
        if self.troubles.contains(&trouble) == active {
            return;
        }
        if active {
            self.troubles.push(trouble);
        } else {
            self.troubles.retain(|known| *known != trouble);
        }
        self.report(at, Report::Trouble { trouble, active, message: message.to_owned() });
    }

    pub(super) fn bytes(&mut self, at: Instant, way: Way, characteristic: Uuid, bytes: &[u8]) {
        let mut hex = String::with_capacity(bytes.len() * 2);
        for byte in bytes {
            write!(hex, "{byte:02x}").ok();
        }
        let characteristic = characteristic.to_string();
        self.report(at, Report::Bytes { way, characteristic, hex });
    }
}

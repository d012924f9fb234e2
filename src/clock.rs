//! Device clock to session clock: a robust online fit on the early edge of packet arrivals.

use crate::body::ClockKind;
use crate::units::{DeviceTime, Hz, SessionTime};

/// How well a sensor's clock is known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClockState {
    /// The fit may be used for joint angles.
    pub settled: bool,
    /// Session minus device time at the newest sample, s.
    pub offset: f64,
    /// Rate of the device clock against the session clock, parts per million.
    pub drift_ppm: f64,
    /// Spread of arrivals above the early edge, s.
    pub jitter: f64,
    /// One standard deviation of the mapping, s.
    pub sigma: f64,
    /// Times that the device clock jumped.
    pub jumps: u32,
}

#[derive(Debug, Clone)]
pub struct SensorClock {
    kind: ClockKind,
    rate: Hz,
}

impl SensorClock {
    #[must_use]
    pub fn new(kind: ClockKind, rate: Hz) -> Self {
        Self { kind, rate }
    }

    /// A packet came in: its newest sample's device time and the host's arrival time. Call before
    /// [`align`](Self::align) on its samples.
    pub fn arrived(&mut self, newest: DeviceTime, arrival: SessionTime) {
        let _ = (newest, arrival, self.rate);
        todo!()
    }

    /// Session time of a sample; never goes back.
    pub fn align(&mut self, t: DeviceTime) -> SessionTime {
        let _ = (t, self.kind);
        todo!()
    }

    #[must_use]
    pub fn state(&self) -> ClockState {
        todo!()
    }
}

//! Session time to the wall-clock nanoseconds that viewers show.

use crate::body::ClockKind;
use crate::input::Input;
use crate::units::SessionTime;
use std::collections::BTreeSet;

#[derive(Debug, Clone)]
pub(super) struct Timeline {
    /// Nanoseconds since 1970 at session time 0.
    start_ns: i128,
    newest: SessionTime,
    /// Sensors whose sample times say nothing about the session.
    own_clock: BTreeSet<u16>,
}

impl Timeline {
    /// `None` when `started` is not a date and time with offset.
    pub(super) fn starting(started: &str) -> Option<Self> {
        let start: jiff::Timestamp = started.parse().ok()?;
        Some(Self { start_ns: start.as_nanosecond(), newest: SessionTime(0.0), own_clock: BTreeSet::new() })
    }

    pub(super) fn newest(&self) -> SessionTime {
        self.newest
    }

    /// When an input came; the time of the one before where it does not say.
    pub(super) fn of_input(&mut self, input: &Input) -> SessionTime {
        let t = self.stated_time(input);
        if t.0.is_finite() {
            self.newest = t;
        }
        self.newest
    }

    fn stated_time(&mut self, input: &Input) -> SessionTime {
        match input {
            Input::Sensor(info) => {
                match info.clock {
                    ClockKind::Session => self.own_clock.remove(&info.id.0),
                    ClockKind::Device | ClockKind::Arrival => self.own_clock.insert(info.id.0),
                };
                self.newest
            }
            Input::Packet(packet) => {
                let measured = packet
                    .samples
                    .last()
                    .filter(|_| !self.own_clock.contains(&packet.sensor.0))
                    .map(|sample| SessionTime(sample.t.0));
                packet.arrival.or(measured).unwrap_or(self.newest)
            }
            Input::Mark(mark) => mark.t,
            Input::Link(link) => link.t,
            Input::Order(order) => order.t,
            Input::Moment(moment) => moment.t,
            Input::End => self.newest,
        }
    }

    /// Wall-clock nanoseconds. What would lie before 1970 is put there; the message itself keeps the
    /// exact time.
    pub(super) fn log_time(&self, t: SessionTime) -> u64 {
        let t = if t.0.is_finite() { t } else { self.newest };
        let since_start = (t.0 * 1e9).round() as i128;
        u64::try_from(self.start_ns.saturating_add(since_start).max(0)).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::{Packet, Sample, SensorId, SensorInfo};
    use crate::units::{DeviceTime, Hz};
    use nalgebra::Vector3;

    fn packet(arrival: Option<f64>, t: f64) -> Input {
        let sample = Sample { t: DeviceTime(t), acc: Vector3::zeros(), gyr: Vector3::zeros() };
        Input::Packet(Packet {
            sensor: SensorId(0),
            arrival: arrival.map(SessionTime),
            samples: vec![sample],
        })
    }

    fn sensor(clock: ClockKind) -> Input {
        let (name, rate) = (String::new(), Hz(100.0));
        Input::Sensor(SensorInfo { id: SensorId(0), name, placement: None, rate, clock })
    }

    #[test]
    fn session_time_counts_from_the_start_on_the_wall() {
        let timeline = Timeline::starting("1970-01-01T01:00:10+01:00").unwrap();
        assert_eq!(timeline.log_time(SessionTime(0.25)), 10_250_000_000);
    }

    #[test]
    fn time_before_the_start_counts_backwards_and_stops_at_1970() {
        let timeline = Timeline::starting("1970-01-01T00:00:10Z").unwrap();
        assert_eq!(timeline.log_time(SessionTime(-1.5)), 8_500_000_000);
        assert_eq!(timeline.log_time(SessionTime(-1e6)), 0);
    }

    #[test]
    fn a_time_that_is_no_number_takes_the_one_before() {
        let mut timeline = Timeline::starting("1970-01-01T00:00:00Z").unwrap();
        timeline.of_input(&packet(Some(2.0), 2.0));
        assert_eq!(timeline.of_input(&packet(Some(f64::NAN), 3.0)), SessionTime(2.0));
        assert_eq!(timeline.log_time(SessionTime(f64::NAN)), 2_000_000_000);
    }

    #[test]
    fn a_sensors_own_clock_is_never_taken_for_session_time() {
        let mut timeline = Timeline::starting("1970-01-01T00:00:00Z").unwrap();
        timeline.of_input(&sensor(ClockKind::Device));
        assert_eq!(timeline.of_input(&packet(None, 77.0)), SessionTime(0.0));
        assert_eq!(timeline.of_input(&packet(Some(3.0), 77.0)), SessionTime(3.0));
        timeline.of_input(&sensor(ClockKind::Session));
        assert_eq!(timeline.of_input(&packet(None, 77.0)), SessionTime(77.0));
    }

    #[test]
    fn a_start_without_offset_is_refused() {
        assert!(Timeline::starting("2026-11-23 18:05").is_none());
    }
}

//! What each sensor sent over the whole recording, from the raw inputs.

use super::rounded;
use crate::body::{ClockKind, Packet, SensorInfo};
use crate::input::Input;
use serde::Serialize;
use std::collections::BTreeMap;

/// An interval longer than this many nominal ones holds lost samples. Between a single step with jitter
/// and the shortest loss, which is two steps.
const LOSS_INTERVALS: f64 = 1.5;

#[derive(Debug, Default)]
pub(super) struct SensorTally {
    by_id: BTreeMap<u16, Sensor>,
    end: Option<f64>,
}

#[derive(Debug)]
struct Sensor {
    info: SensorInfo,
    samples: u64,
    lost: u64,
    first: f64,
    last: f64,
    longest_gap: f64,
}

#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Row {
    name: String,
    placement: Option<&'static str>,
    clock: ClockKind,
    nominal_rate_hz: f64,
    /// Sampling rate, lost samples included; `null` with fewer than two samples.
    rate_hz: Option<f64>,
    samples: u64,
    lost: u64,
    /// Share of samples, 0 to 1.
    loss: f64,
    longest_gap_s: f64,
}

impl SensorTally {
    pub(super) fn push(&mut self, input: &Input) {
        match input {
            Input::Sensor(info) => {
                let info = info.clone();
                match self.by_id.get_mut(&info.id.0) {
                    Some(sensor) => sensor.info = info,
                    None => {
                        self.by_id.insert(info.id.0, Sensor::new(info));
                    }
                }
            }
            Input::Packet(packet) => self.packet(packet),
            Input::Mark(_) | Input::Link(_) | Input::Order(_) | Input::Moment(_) | Input::End => {}
        }
    }

    fn packet(&mut self, packet: &Packet) {
        let Some(sensor) = self.by_id.get_mut(&packet.sensor.0) else { return };
        for sample in &packet.samples {
            sensor.push(sample.t.0);
        }
        let in_session = packet.arrival.map(|t| t.0).or_else(|| match sensor.info.clock {
            ClockKind::Session => packet.samples.last().map(|s| s.t.0),
            ClockKind::Device | ClockKind::Arrival => None,
        });
        if let Some(t) = in_session {
            self.end = Some(self.end.map_or(t, |end| end.max(t)));
        }
    }

    /// Session time of the newest input.
    pub(super) fn end(&self) -> Option<f64> {
        self.end
    }

    pub(super) fn rows(&self) -> Vec<Row> {
        self.by_id.values().map(Sensor::row).collect()
    }
}

impl Sensor {
    fn new(info: SensorInfo) -> Self {
        Self { info, samples: 0, lost: 0, first: 0.0, last: 0.0, longest_gap: 0.0 }
    }

    fn push(&mut self, t: f64) {
        if self.samples == 0 {
            self.first = t;
        } else {
            let step = t - self.last;
            let intervals = step / self.info.rate.interval();
            if intervals > LOSS_INTERVALS {
                self.lost += intervals.round() as u64 - 1;
            }
            self.longest_gap = self.longest_gap.max(step);
        }
        self.last = t;
        self.samples += 1;
    }

    fn row(&self) -> Row {
        let steps = self.samples.saturating_sub(1) + self.lost;
        let span = self.last - self.first;
        let sent = self.samples + self.lost;
        Row {
            name: self.info.name.clone(),
            placement: self.info.placement.map(crate::body::Placement::name),
            clock: self.info.clock,
            nominal_rate_hz: self.info.rate.0,
            rate_hz: (steps > 0 && span > 0.0).then(|| rounded(steps as f64 / span)),
            samples: self.samples,
            lost: self.lost,
            loss: if sent == 0 { 0.0 } else { rounded(self.lost as f64 / sent as f64) },
            longest_gap_s: rounded(self.longest_gap),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::{Placement, Sample, SensorId};
    use crate::units::{DeviceTime, Hz, SessionTime};
    use nalgebra::Vector3;

    fn tally(times: &[f64]) -> SensorTally {
        let mut tally = SensorTally::default();
        tally.push(&Input::Sensor(SensorInfo {
            id: SensorId(4),
            name: "left_thigh".into(),
            placement: Some(Placement::LeftThigh),
            rate: Hz(100.0),
            clock: ClockKind::Device,
        }));
        for &t in times {
            let sample = Sample { t: DeviceTime(t), acc: Vector3::zeros(), gyr: Vector3::zeros() };
            tally.push(&Input::Packet(Packet {
                sensor: SensorId(4),
                arrival: Some(SessionTime(t + 0.02)),
                samples: vec![sample],
            }));
        }
        tally
    }

    #[test]
    fn lost_samples_are_counted_from_the_gaps() {
        let times: Vec<_> =
            (0..200).filter(|i| !(50..60).contains(i)).map(|i| f64::from(i) * 0.010_1).collect();
        let tally = tally(&times);
        let rows = tally.rows();
        let row = &rows[0];
        assert_eq!((row.samples, row.lost, row.loss), (190, 10, 0.05));
        assert_eq!(row.rate_hz, Some(99.0099));
        assert!((row.longest_gap_s - 0.1111).abs() < 1e-9);
        assert_eq!(tally.end(), Some(199.0 * 0.010_1 + 0.02));
    }

    #[test]
    fn a_sensor_that_sent_nothing_has_no_rate() {
        let rows = tally(&[]).rows();
        assert_eq!((rows[0].samples, rows[0].rate_hz, rows[0].loss), (0, None, 0.0));
    }
}

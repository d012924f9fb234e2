use super::channels::Layout;
use super::rows::{Rows, number};
use crate::body::{Packet, Sample, SensorId};
use crate::source::SourceError;
use crate::units::{DeviceTime, Hz, SessionTime};
use nalgebra::Vector3;
use std::collections::VecDeque;

/// The packets of one motion file, in order of time.
#[derive(Debug)]
pub(super) struct Track {
    rows: Rows,
    layout: Layout,
    /// What each column is for.
    uses: Vec<Use>,
    rate: Hz,
    /// Rows read so far: the time axis of a file without LATENCY.
    read: u64,
    time: Option<f64>,
    arrival: Option<f64>,
    sensors: Vec<Pending>,
    ready: VecDeque<Ready>,
}

#[derive(Debug, Clone, Copy)]
enum Use {
    Nothing,
    Latency,
    Arrival,
    /// Axis `axis` of sensor `sensor`.
    Axis {
        sensor: usize,
        axis: usize,
        scale: f64,
    },
}

/// A sensor's packet while its rows come in.
#[derive(Debug)]
struct Pending {
    id: SensorId,
    order: usize,
    axes: [f64; 6],
    lost: bool,
    samples: Vec<Sample>,
}

/// A packet with its place among those of other files.
#[derive(Debug)]
pub(super) struct Ready {
    /// Arrival, else the sample's time, s.
    pub(super) key: f64,
    /// Breaks ties.
    pub(super) order: usize,
    pub(super) packet: Packet,
}

impl Track {
    /// `sensors` gives id and order of the layout's sensors.
    pub(super) fn open(
        layout: Layout,
        rate: Hz,
        sensors: impl Iterator<Item = (SensorId, usize)>,
    ) -> Result<Self, SourceError> {
        let mut uses = vec![Use::Nothing; layout.channels.len()];
        let mut set = |column: usize, is: Use| {
            if let Some(slot) = uses.get_mut(column) {
                *slot = is;
            }
        };
        layout.latency.into_iter().for_each(|c| set(c, Use::Latency));
        layout.arrival.into_iter().for_each(|c| set(c, Use::Arrival));
        for (sensor, columns) in layout.sensors.iter().enumerate() {
            for (axis, a) in columns.axes.iter().enumerate() {
                set(a.column, Use::Axis { sensor, axis, scale: a.scale });
            }
        }
        let pending = |(id, order)| Pending { id, order, axes: [0.0; 6], lost: false, samples: Vec::new() };
        let mut track = Self {
            rows: Rows::open(&layout.motion)?,
            uses,
            rate,
            read: 0,
            time: None,
            arrival: None,
            sensors: sensors.map(pending).collect(),
            ready: VecDeque::new(),
            layout,
        };
        if !track.fill()? && track.read == 0 {
            return Err(SourceError::Empty { path: track.layout.motion });
        }
        Ok(track)
    }

    /// The next packet; `None` at the end.
    pub(super) fn peek(&self) -> Option<&Ready> {
        self.ready.front()
    }

    pub(super) fn pop(&mut self) -> Result<Option<Ready>, SourceError> {
        let first = self.ready.pop_front();
        if self.ready.is_empty() {
            self.fill()?;
        }
        Ok(first)
    }

    /// Reads rows until packets are ready; `false` when the file is at its end.
    fn fill(&mut self) -> Result<bool, SourceError> {
        while self.ready.is_empty() {
            if !self.rows.advance()? {
                self.release();
                return Ok(!self.ready.is_empty());
            }
            self.row()?;
        }
        Ok(true)
    }

    fn row(&mut self) -> Result<(), SourceError> {
        let mut latency = None;
        let mut arrival = None;
        for sensor in &mut self.sensors {
            sensor.lost = false;
        }
        let mut found = 0;
        for (column, cell) in self.rows.cells(b'\t').enumerate() {
            found += 1;
            let slot = match self.uses.get(column) {
                None | Some(Use::Nothing) => continue,
                Some(slot) => slot,
            };
            let Ok(value) = number(cell) else {
                return Err(self.not_a_number(column, cell));
            };
            match *slot {
                Use::Nothing => {}
                Use::Latency => latency = value,
                Use::Arrival => arrival = value,
                Use::Axis { sensor, axis, scale } => {
                    if let Some(s) = self.sensors.get_mut(sensor) {
                        match (value, s.axes.get_mut(axis)) {
                            (Some(value), Some(slot)) => *slot = value * scale,
                            _ => s.lost = true,
                        }
                    }
                }
            }
        }
        if found != self.uses.len() {
            return Err(SourceError::Columns {
                path: self.layout.motion.clone(),
                line: self.rows.number(),
                found,
                expected: self.uses.len(),
            });
        }
        let time = match self.layout.latency {
            Some(_) => latency,
            None => Some(self.read as f64 * self.rate.interval()),
        };
        self.read += 1;
        self.take(time, arrival)
    }

    /// Puts the row's samples where they belong.
    fn take(&mut self, time: Option<f64>, arrival: Option<f64>) -> Result<(), SourceError> {
        let Some(now) = time else { return Ok(()) };
        // From one packet to the next a sensor's own clock may begin anew; what that means the pipeline finds out.
        let same_packet = self.layout.arrival.is_none() || self.arrival == arrival;
        if let Some(before) = self.time
            && now <= before
            && same_packet
        {
            return Err(self.out_of_order("latency", before, now));
        }
        self.time = Some(now);
        if self.layout.arrival.is_some() {
            let Some(now) = arrival else { return Ok(()) };
            if let Some(before) = self.arrival
                && now < before
            {
                return Err(self.out_of_order("arrival", before, now));
            }
            if self.arrival != Some(now) {
                self.release();
                self.arrival = Some(now);
            }
        }
        for sensor in self.sensors.iter_mut().filter(|s| !s.lost) {
            let [ax, ay, az, gx, gy, gz] = sensor.axes;
            sensor.samples.push(Sample {
                t: DeviceTime(now),
                acc: Vector3::new(ax, ay, az),
                gyr: Vector3::new(gx, gy, gz),
            });
        }
        if self.layout.arrival.is_none() {
            self.release();
        }
        Ok(())
    }

    /// What has come in so far makes one packet per sensor.
    fn release(&mut self) {
        let arrival = self.arrival.map(SessionTime);
        let Some(key) = self.arrival.or(self.time) else { return };
        for sensor in self.sensors.iter_mut().filter(|s| !s.samples.is_empty()) {
            // Packets of one sensor are about alike: the next buffer starts at this one's size.
            let room = Vec::with_capacity(sensor.samples.len());
            let samples = std::mem::replace(&mut sensor.samples, room);
            let packet = Packet { sensor: sensor.id, arrival, samples };
            self.ready.push_back(Ready { key, order: sensor.order, packet });
        }
    }

    fn not_a_number(&self, column: usize, cell: &[u8]) -> SourceError {
        SourceError::Number {
            path: self.layout.motion.clone(),
            line: self.rows.number(),
            column: self.layout.channels.get(column).map(|c| c.name.clone()).unwrap_or_default(),
            text: String::from_utf8_lossy(cell).into_owned(),
        }
    }

    fn out_of_order(&self, column: &'static str, before: f64, now: f64) -> SourceError {
        SourceError::TimeOrder {
            path: self.layout.motion.clone(),
            line: self.rows.number(),
            column,
            before,
            now,
        }
    }
}

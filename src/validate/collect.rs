use super::CalibrationReport;
use super::orientation::{self, OrientationError};
use crate::body::{ClockKind, Packet, SensorInfo};
use crate::event::{Alert, Contact, Event, Frame, Fused, Stance};
use crate::fusion::Fusion;
use crate::input::Input;
use crate::pipeline::Pipeline;
use crate::source::bids::Truth;
use crate::source::{Recording, SourceError};
use crate::units::SessionTime;
use nalgebra::UnitQuaternion;

/// What the pipeline made of a recording.
#[derive(Debug, Default)]
pub(super) struct Estimates {
    pub(super) frames: Vec<Frame>,
    pub(super) contacts: Vec<Contact>,
    pub(super) stances: Vec<Stance>,
    /// As first raised.
    pub(super) alerts: Vec<Alert>,
    pub(super) calibration: Option<CalibrationReport>,
    pub(super) health: Vec<String>,
    /// Only the arrival of packets ties the sensors to the truth's clock.
    pub(super) tied_by_arrivals: bool,
    tracked: Vec<Tracked>,
}

/// A sensor whose true orientation is known, by fusion alone.
#[derive(Debug)]
struct Tracked {
    info: SensorInfo,
    fusion: Fusion,
    released: Vec<Fused>,
    orientations: Vec<(f64, UnitQuaternion<f64>)>,
}

/// Runs the recording through the pipeline. Sensors on no leg feed only the orientation test.
pub(super) fn run(
    recording: &Recording,
    truth: &Truth,
    mut pipeline: Pipeline,
) -> Result<Estimates, SourceError> {
    let mut estimates = Estimates::default();
    for input in recording.any_inputs()? {
        let input = input?;
        estimates.track(&input, truth);
        for event in pipeline.push(&input) {
            estimates.keep(event);
        }
    }
    Ok(estimates)
}

impl Estimates {
    fn keep(&mut self, event: &Event) {
        match event {
            Event::Frame(frame) => self.frames.push(*frame),
            Event::Contact(contact) => self.contacts.push(*contact),
            Event::Stance(stance) => self.stances.push(stance.clone()),
            Event::Calibration(c) => {
                self.calibration = Some(CalibrationReport { grade: c.grade, reason: c.reason.clone() });
            }
            Event::Health(health) => {
                if health.active && !self.health.contains(&health.message) {
                    self.health.push(health.message.clone());
                }
            }
            Event::Alert(alert) => {
                if self.alerts.iter().all(|a| a.number != alert.number) {
                    self.alerts.push(*alert);
                }
            }
            Event::Stride(_)
            | Event::Evidence(_)
            | Event::Baseline(_)
            | Event::Repetition(_)
            | Event::Screening(_)
            | Event::Cue(_) => {}
        }
    }

    fn track(&mut self, input: &Input, truth: &Truth) {
        match input {
            Input::Sensor(info) => {
                self.tied_by_arrivals |= info.clock != ClockKind::Session;
                // A device clock would have to be aligned first, and no such truth exists.
                if info.clock == ClockKind::Session
                    && truth.orientations.iter().any(|o| o.tracked_point == info.name)
                {
                    self.tracked.push(Tracked {
                        info: info.clone(),
                        fusion: Fusion::new(info.rate),
                        released: Vec::new(),
                        orientations: Vec::new(),
                    });
                }
            }
            Input::Packet(packet) => {
                if let Some(tracked) = self.tracked.iter_mut().find(|t| t.info.id == packet.sensor) {
                    tracked.push(packet);
                }
            }
            Input::Mark(_) | Input::Link(_) | Input::Order(_) | Input::Moment(_) => {}
            Input::End => self.tracked.iter_mut().for_each(Tracked::finish),
        }
    }
}

impl Tracked {
    fn push(&mut self, packet: &Packet) {
        for sample in &packet.samples {
            self.fusion.push(SessionTime(sample.t.0), sample.acc, sample.gyr, &mut self.released);
        }
        self.take();
    }

    fn finish(&mut self) {
        self.fusion.finish(&mut self.released);
        self.take();
    }

    /// Bridges over gaps are left out: they are not measured, and the truth has no sample for them.
    fn take(&mut self) {
        let measured = self.released.drain(..).filter(|f| f.measured);
        self.orientations.extend(measured.map(|f| (f.t.0, f.world_from_sensor)));
    }
}

/// Each tracked sensor against its truth, then every two against each other.
pub(super) fn orientations(estimates: &Estimates, truth: &Truth) -> Vec<OrientationError> {
    let known: Vec<_> = estimates
        .tracked
        .iter()
        .filter_map(|t| {
            let actual = truth.orientations.iter().find(|o| o.tracked_point == t.info.name)?;
            Some((t.info.name.as_str(), t.orientations.as_slice(), actual.samples.as_slice()))
        })
        .collect();
    let mut errors: Vec<OrientationError> = known
        .iter()
        .filter_map(|(name, estimate, actual)| orientation::compare(name, estimate, actual, &truth.stretches))
        .collect();
    for (at, (first, e1, t1)) in known.iter().enumerate() {
        for (second, e2, t2) in known.iter().skip(at + 1) {
            let name = format!("{first} to {second}");
            errors.extend(orientation::compare_relative(&name, (e1, t1), (e2, t2), &truth.stretches));
        }
    }
    errors
}

//! A Motion-BIDS data set of one recording: raw samples per sensor and marked stretches; in `derivatives/stancewatch`, a
//! data set of its own, what we made of them: angles (`JNTANG`) and contacts. A contact of ours in the raw data set would
//! be read as truth.

use super::format::{About, ExportError, Exporter};
use super::output::Partial;
use crate::event::{Alert, Event, Stance};
use crate::input::Input;
use crate::record::bids::{BidsRecording, Description, EventRow, create_dataset, create_derivative};
use crate::units::{Hz, SessionTime};
use std::fmt::Write;
use std::fs;
use std::io;
use std::path::Path;

/// Frames per second (contract).
const RATE: Hz = Hz(100.0);
/// Tracking system of the derived angles.
const SYSTEM: &str = "stancewatch";
const GENERATOR: &str = concat!("stancewatch ", env!("CARGO_PKG_VERSION"));

struct Bids {
    place: Partial,
    subject: String,
    started: Option<jiff::Timestamp>,
    raw: BidsRecording,
    derived: BidsRecording,
}

pub(super) fn start(path: &Path, about: &About) -> Result<Box<dyn Exporter>, ExportError> {
    if fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_some()) || path.is_file() {
        return Err(ExportError::Taken { path: path.to_owned() });
    }
    let place = Partial::new(path).map_err(ExportError::write(path))?;
    let (subject, task) = entities(&about.name);
    let name = format!("Recording {}", about.name);
    let description = Description { name: &name, license: "n/a", authors: &["n/a"], generator: GENERATOR };
    let derivative = place.path().join("derivatives").join("stancewatch");
    create_dataset(place.path(), &description)?;
    create_derivative(&derivative, &description)?;
    for root in [place.path(), &derivative] {
        companions(root, &subject).map_err(ExportError::write(root))?;
    }
    Ok(Box::new(Bids {
        raw: BidsRecording::create(place.path(), &subject, &task)?,
        derived: BidsRecording::create(&derivative, &subject, &task)?,
        place,
        subject,
        started: about.started.as_deref().and_then(|started| started.parse().ok()),
    }))
}

fn companions(root: &Path, subject: &str) -> io::Result<()> {
    fs::write(root.join("README.md"), README)?;
    fs::write(root.join("participants.tsv"), format!("participant_id\nsub-{subject}\n"))
}

/// Subject and task out of `sub-01_task-run_run-2` (`01`, `run2`); the name of another recording tells neither.
fn entities(name: &str) -> (String, String) {
    let entity =
        |key: &str| name.split('_').find_map(|e| e.strip_prefix(key)?.strip_prefix('-')).unwrap_or("");
    let plain = |text: &str, default: &str| {
        let text: String = text.chars().filter(char::is_ascii_alphanumeric).collect();
        if text.is_empty() { default.to_owned() } else { text }
    };
    (plain(entity("sub"), "01"), plain(&format!("{}{}", entity("task"), entity("run")), "run"))
}

const README: &str = "\
# A recording of stancewatch

Inertial sensors on the legs (and the sacrum) of one runner, without magnetometer, as they were recorded: one tracking
system per sensor, `ACCEL` in m/s^2 (specific force) and `GYRO` in rad/s, both in the sensor's own axes. `LATENCY` is the
time of each sample in seconds. Where a `MISC` channel `arrival` stands beside it, `LATENCY` is the sensor's own clock and
`arrival` the host's, and the first has to be aligned with the second. A lost sample is a row that is not there.

`derivatives/stancewatch` holds joint angles (`JNTANG`, degrees, 100 Hz, `n/a` where not valid) and contacts that
stancewatch computed. Flexion, adduction (varus for the knee) and medial rotation are positive on both legs; pelvis:
obliquity right side down, tilt anterior, rotation right side forward. Segment axes are ISB's.

A training aid, not a diagnosis.
";

impl Exporter for Bids {
    fn input(&mut self, input: &Input) -> Result<(), ExportError> {
        Ok(self.raw.input(input)?)
    }

    fn event(&mut self, event: &Event) -> Result<(), ExportError> {
        match event {
            Event::Frame(frame) => self.derived.angles(SYSTEM, RATE, frame)?,
            Event::Stance(stance) => {
                self.derived.event(contact_row(stance, "initial_contact", stance.ic));
                self.derived.event(contact_row(stance, "terminal_contact", stance.tc));
            }
            Event::Alert(alert) if alert.cleared.is_none() => self.derived.event(alert_row(alert)),
            _ => {}
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<(), ExportError> {
        let Self { place, subject, started, raw, derived } = *self;
        raw.finish()?;
        derived.finish()?;
        if let Some(started) = started {
            let folder = place.path().join(format!("sub-{subject}"));
            scans(&folder, &subject, started).map_err(ExportError::write(place.path()))?;
        }
        let path = place.target().to_owned();
        place.commit().map_err(ExportError::write(&path))
    }
}

/// `*_scans.tsv`: when session time 0 was, which BIDS keeps nowhere else. In UTC, so that no zone has to be guessed.
fn scans(folder: &Path, subject: &str, started: jiff::Timestamp) -> io::Result<()> {
    let mut motions: Vec<_> = fs::read_dir(folder.join("motion"))?
        .map(|entry| entry.map(|entry| entry.file_name().to_string_lossy().into_owned()))
        .collect::<io::Result<_>>()?;
    motions.retain(|name| name.ends_with("_motion.tsv"));
    motions.sort();
    let mut rows = "filename\tacq_time\n".to_owned();
    for name in motions {
        let _ = writeln!(rows, "motion/{name}\t{started}");
    }
    fs::write(folder.join(format!("sub-{subject}_scans.tsv")), rows)
}

fn contact_row(stance: &Stance, trial_type: &str, onset: SessionTime) -> EventRow {
    let (side, value) = (Some(stance.side), Some(stance.gait.name().to_owned()));
    EventRow { onset, duration: 0.0, trial_type: trial_type.to_owned(), side, value }
}

fn alert_row(alert: &Alert) -> EventRow {
    EventRow {
        onset: alert.decided,
        duration: 0.0,
        trial_type: "alert".to_owned(),
        side: Some(alert.side),
        value: Some(format!("{}:{}", alert.rule.name(), alert.severity.name())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_give_the_entities_that_bids_can_have() {
        for (name, subject, task) in [
            ("sub-01_task-run", "01", "run"),
            ("sub-a_ses-2_task-fast_run-2", "a", "fast2"),
            ("2026-11-23T18-05-00+01-00", "01", "run"),
        ] {
            assert_eq!(entities(name), (subject.to_owned(), task.to_owned()));
        }
    }
}

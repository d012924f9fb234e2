//! A session to files that other programs read. One file format per module; [`format`] lists those of `export`.

use crate::body::Side;
use crate::cue::CueStatus;
use crate::event::Event;
use crate::input::Input;
use std::io;
use std::path::Path;

pub mod alerts;
pub mod angles;
mod bids;
pub mod copy;
mod csv;
mod fit;
pub mod format;
mod mcap;
mod mot;
pub mod opensim;
pub mod output;
mod parquet;
pub mod report;
pub mod screening;
pub mod stances;
mod sto;
pub mod summary;

use alerts::AlertTable;
use angles::AngleTable;
use output::Output;
use screening::ScreeningLog;
use stances::StanceTable;
use summary::{Facts, Summary};

/// Decimals of a time in seconds: a tenth of a millisecond, well below any sensor's sample interval.
pub const SECOND_DECIMALS: u32 = 4;
/// Decimals of an angle in degrees.
pub const DEGREE_DECIMALS: u32 = 3;
/// Decimals of a duration in milliseconds and of a cadence in steps per minute.
pub const COARSE_DECIMALS: u32 = 1;

/// The files of one analysed recording. They appear under their names when all of them are complete.
pub struct Analysis {
    angles: AngleTable<Output>,
    stances: StanceTable,
    alerts: AlertTable,
    screening: ScreeningLog,
    summary: Summary,
}

impl Analysis {
    /// Starts the files in `folder`, which must exist.
    pub fn create(folder: &Path) -> io::Result<Self> {
        Ok(Self {
            angles: AngleTable::new(Output::create(&folder.join("angles.csv"))?)?,
            stances: StanceTable::default(),
            alerts: AlertTable::default(),
            screening: ScreeningLog::default(),
            summary: Summary::default(),
        })
    }

    pub fn input(&mut self, input: &Input) {
        self.summary.input(input);
    }

    pub fn event(&mut self, event: &Event) -> io::Result<()> {
        self.summary.event(event);
        match event {
            Event::Frame(frame) => self.angles.push(frame)?,
            Event::Stance(stance) => self.stances.push(stance.clone()),
            Event::Alert(alert) => self.alerts.push(*alert),
            Event::Repetition(repetition) => self.screening.repetition(repetition),
            Event::Screening(screening) => self.screening.screening(screening),
            _ => {}
        }
        Ok(())
    }

    /// How the cues stand after the last event.
    pub fn cues(&mut self, status: CueStatus) {
        self.summary.cues(status);
    }

    /// Writes what was gathered and puts every file under its name.
    pub fn finish(self, folder: &Path, facts: &Facts) -> io::Result<Counts> {
        let counts = Counts { stances: self.stances.len(), alerts: self.alerts.len() };
        let mut stances = Output::create(&folder.join("stances.csv"))?;
        self.stances.write(&mut stances)?;
        let mut alerts = Output::create(&folder.join("alerts.csv"))?;
        self.alerts.write(&mut alerts)?;
        let mut summary = Output::create(&folder.join("summary.json"))?;
        self.summary.write(facts, self.alerts.rows(), &mut summary)?;
        let mut outputs = vec![self.angles.finish()?, stances, alerts];
        if !self.screening.is_empty() {
            let mut screening = Output::create(&folder.join("screening.json"))?;
            self.screening.write(&mut screening)?;
            outputs.push(screening);
        }
        outputs.push(summary);
        // The summary says that the others are there and whole: it goes first and comes last.
        match std::fs::remove_file(folder.join("summary.json")) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        Output::commit_all(outputs)?;
        Ok(counts)
    }
}

/// What a finished analysis found, for the command's last line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    pub stances: usize,
    pub alerts: usize,
}

/// 0 left, 1 right: ties in time are ordered so that files do not depend on chance.
fn side_order(side: Side) -> usize {
    side.index()
}

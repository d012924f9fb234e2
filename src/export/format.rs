//! The formats of `export`, one exporter per file. An exporter is fed a session as it goes through the pipeline and
//! leaves complete files or none.

use super::{bids, csv, fit, mcap, mot, parquet, sto};
use crate::event::Event;
use crate::flag::ConfigError;
use crate::input::Input;
use crate::pipeline::{Pipeline, PipelineConfig};
use crate::record::bids::BidsWriteError;
use crate::record::mcap::RecordError;
use crate::source::{Recording, SourceError};
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use thiserror::Error;

#[derive(Debug, Error)]
pub enum ExportError {
    #[error(transparent)]
    Source(#[from] SourceError),
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Bids(#[from] BidsWriteError),
    #[error(transparent)]
    Mcap(#[from] RecordError),
    #[error("cannot write to {}: {source}; free some space there or choose another place with --out", path.display())]
    Write { path: PathBuf, source: io::Error },
    #[error("{} is there already, and nothing is overwritten: move it away, or choose another place with --out", path.display())]
    Taken { path: PathBuf },
    #[error("{}: {format} is a folder of several files; give a name without the ending .{ending}", path.display())]
    IsFolder { path: PathBuf, format: &'static str, ending: String },
    #[error(
        "the recording does not say when it began, and {0} needs date and time: give them with --started, such as 2026-11-23T18:05:00+01:00"
    )]
    NoStart(&'static str),
    #[error("the start `{0}` is not a date and time with offset; write it like 2026-11-23T18:05:00+01:00")]
    Started(String),
    #[error("{name} holds {missing} and there are none here{why}; csv and bids hold what there is")]
    Nothing { name: &'static str, missing: &'static str, why: String },
    #[error("a table could not be written as Parquet: {0}; export csv instead and report this")]
    Parquet(String),
}

impl ExportError {
    pub(super) fn write(path: &Path) -> impl FnOnce(io::Error) -> Self + '_ {
        move |source| Self::Write { path: path.to_owned(), source }
    }
}

/// What an exporter knows of a session before its first input.
#[derive(Debug, Clone)]
pub struct About {
    /// The recording's name within its data set.
    pub name: String,
    /// Date and time of session time 0, RFC 3339 with offset.
    pub started: Option<String>,
    /// The settings in force, as JSON.
    pub config: String,
}

/// Takes a session in the order in which the pipeline has it.
pub trait Exporter {
    fn input(&mut self, _input: &Input) -> Result<(), ExportError> {
        Ok(())
    }

    fn event(&mut self, _event: &Event) -> Result<(), ExportError> {
        Ok(())
    }

    /// Puts the complete files under their names. Without this call, none has appeared.
    fn finish(self: Box<Self>) -> Result<(), ExportError>;
}

/// Where a format is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// One file, usually with this ending. An earlier one is replaced.
    File(&'static str),
    /// A folder of several files.
    Folder,
}

type Start = fn(&Path, &About) -> Result<Box<dyn Exporter>, ExportError>;

pub struct Format {
    pub name: &'static str,
    pub place: Place,
    pub holds: &'static str,
    /// Programs that are known to read it: those that the tests run are in `docs/formats.md`.
    pub read_by: &'static str,
    start: Start,
}

impl fmt::Debug for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

pub const FORMATS: &[Format] = &[
    Format {
        name: "csv",
        place: Place::Folder,
        holds: "angles, stances and alerts (RFC 4180)",
        read_by: "spreadsheets, R, pandas",
        start: csv::start,
    },
    Format {
        name: "parquet",
        place: Place::Folder,
        holds: "angles, stances and alerts, columnar",
        read_by: "pyarrow, pandas, polars, DuckDB",
        start: parquet::start,
    },
    Format {
        name: "bids",
        place: Place::Folder,
        holds: "raw samples, stretches and contacts; angles as a derivative (Motion-BIDS)",
        read_by: "BIDS tools, stancewatch",
        start: bids::start,
    },
    Format {
        name: "sto",
        place: Place::File("sto"),
        holds: "orientations of the segments, and the pose to place sensors by",
        read_by: "OpenSim (OpenSense)",
        start: sto::start,
    },
    Format {
        name: "mot",
        place: Place::File("mot"),
        holds: "joint angles as OpenSim coordinates",
        read_by: "OpenSim",
        start: mot::start,
    },
    Format {
        name: "mcap",
        place: Place::File("mcap"),
        holds: "raw inputs to the bit, and what the pipeline made of them",
        read_by: "Foxglove, rerun, stancewatch",
        start: mcap::start,
    },
    Format {
        name: "fit",
        place: Place::File("fit"),
        holds: "cadence, stance time, balance, peaks, laps at alerts",
        read_by: "Garmin Connect and others",
        start: fit::start,
    },
];

impl Format {
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        FORMATS.iter().find(|format| format.name == name)
    }

    /// Writes `recording`, analysed with `config`, to `out`.
    pub fn export(
        &self,
        recording: &Recording,
        config: &PipelineConfig,
        started: Option<&str>,
        out: &Path,
    ) -> Result<(), ExportError> {
        self.check_place(out)?;
        if let Some(started) = started {
            started.parse::<jiff::Timestamp>().map_err(|_| ExportError::Started(started.to_owned()))?;
        }
        if let Some(original) = recording.mcap().filter(|_| self.name == "mcap") {
            return mcap::copy(original, out);
        }
        let mut pipeline = Pipeline::new(config)?;
        let inputs = recording.inputs()?;
        let about = About {
            name: recording.name.clone(),
            started: started.map(str::to_owned).or_else(|| recording.started()),
            config: serde_json::to_string(config).unwrap_or_default(),
        };
        let mut exporter = (self.start)(out, &about)?;
        for input in inputs {
            let input = input?;
            exporter.input(&input)?;
            for event in pipeline.push(&input) {
                exporter.event(event)?;
            }
        }
        exporter.finish()
    }

    fn check_place(&self, out: &Path) -> Result<(), ExportError> {
        if self.place != Place::Folder {
            let taken = out.is_dir().then(|| ExportError::Taken { path: out.to_owned() });
            return taken.map_or(Ok(()), Err);
        }
        match out.extension().and_then(|e| e.to_str()) {
            Some(ending) if ending == self.name => Err(ExportError::IsFolder {
                path: out.to_owned(),
                format: self.name,
                ending: ending.to_owned(),
            }),
            _ => Ok(()),
        }
    }
}

/// Why there are no angles: what most frames say.
#[derive(Debug, Default)]
pub(super) struct Withheld(std::collections::BTreeMap<&'static str, u64>);

impl Withheld {
    pub(super) fn frame(&mut self, frame: &crate::event::Frame) {
        for leg in [&frame.legs.left, &frame.legs.right] {
            if let Some(doubt) = leg.doubt {
                *self.0.entry(doubt.word()).or_default() += 1;
            }
        }
    }

    /// To be put behind a sentence; empty when nothing was withheld.
    pub(super) fn why(&self) -> String {
        let most = self.0.iter().max_by_key(|(_, count)| **count);
        most.map_or_else(String::new, |(word, _)| format!(" (withheld: {word})"))
    }
}

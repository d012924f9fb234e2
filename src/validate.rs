//! How far our figures are from the truth that a Motion-BIDS data set carries.
//!
//! The pure comparisons are in `angles`, `peaks`, `contacts` and `orientation`; this file runs the
//! pipeline over each recording and gathers what they say. `text`, JSON and `page` show it.
//!
//! # JSON
//! [`Report::json`] writes the report as its types stand here: `version`, `data_set`, `summary`
//! (over recordings and legs), `recordings` (one entry each with `angles`, `peaks`, `contacts`,
//! `orientations`, `calibration`) and `failed` (name and sentence). Units are in the names; `null`
//! where nothing could be compared.
//!
//! # Baseline file
//! [`Report::figures`] is the flat list that a later run is held against (`--write`, `--against`):
//!
//! ```json
//! { "tolerance": { "relative": 0.05, "deg": 0.05, "ms": 0.5, "pct": 0.5 },
//!   "figures": { "summary/angle/femur_adduction/rmse_offset_free_deg": 0.85 } }
//! ```
//!
//! The last word of a name is its unit. `found_pct` and `valid_pct` are better when larger, all else
//! when smaller. See [`Baseline`].

mod alerts;
mod angles;
mod baseline;
mod collect;
mod contacts;
mod orientation;
mod page;
mod peaks;
mod stats;
mod summary;
mod text;
mod timing;

pub use alerts::{AlertReport, AlertSummary, EpisodeReport, FalseAlert};
pub use angles::AngleError;
pub use baseline::{Baseline, BaselineError, Tolerance, Worse};
pub use contacts::ContactError;
pub use orientation::OrientationError;
pub use peaks::PeakError;
pub use summary::{
    AngleSummary, ContactSummary, OrientationSummary, PeakSummary, SideSummary, Summary, Without,
};
pub use timing::Timing;

use crate::flag::ConfigError;
use crate::pipeline::{Pipeline, PipelineConfig};
use crate::source::{self, Recording, SourceError};
use serde::Serialize;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Why nothing could be compared.
#[derive(Debug, thiserror::Error)]
pub enum ValidateError {
    #[error(transparent)]
    Source(#[from] SourceError),
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error("no recording is of `{0}`; give the person as the recordings name them, such as sub-02")]
    Nobody(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Recordings worked at the same time.
    pub jobs: NonZeroUsize,
    /// Score only the listed events: no estimate counts as false.
    pub listed_only: bool,
    /// People, such as `sub-02`, without whom the contacts are summed up once more: where a reference is doubted.
    pub without: Vec<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            jobs: thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
            listed_only: false,
            without: Vec::new(),
        }
    }
}

/// What was found over a data set.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    pub version: &'static str,
    pub data_set: String,
    pub summary: Summary,
    pub recordings: Vec<RecordingReport>,
    pub failed: Vec<Failed>,
}

/// A recording that could not be read to its end.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Failed {
    pub name: String,
    pub error: String,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RecordingReport {
    pub name: String,
    /// Angles and peaks are scored from here on, s: one minute in, or the start of a short recording.
    pub scored_from_s: f64,
    pub stances: usize,
    pub valid_stances: usize,
    pub calibration: Option<CalibrationReport>,
    pub angles: Vec<AngleError>,
    pub peaks: Vec<PeakError>,
    pub contacts: Vec<ContactError>,
    /// Removed once for the whole recording: from contacts, where only arrivals tie the clocks, the median of their
    /// errors; from angles the time at which the knees' flexion fits best, as the laboratory's clock is never ours.
    pub clock_constant_ms: Option<f64>,
    pub angle_lag_ms: Option<f64>,
    pub orientations: Vec<OrientationError>,
    /// Where the truth lists faults.
    pub alerts: Option<AlertReport>,
    /// What the pipeline said about the data, in order, each sentence once.
    pub health: Vec<String>,
    #[serde(skip)]
    pub(crate) plots: Vec<Plot>,
}

/// How the last calibration of the recording came out.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CalibrationReport {
    pub grade: crate::event::Grade,
    pub reason: String,
}

/// An estimate over the truth: time, s, and both values, degrees.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Plot {
    pub(crate) title: String,
    pub(crate) points: Vec<(f64, f64, f64)>,
}

/// Runs the pipeline over every recording at `path` and compares with the truth there.
/// A recording that cannot be read is named in the report, and the others still count.
pub fn run(path: &Path, options: &Options, config: &PipelineConfig) -> Result<Report, ValidateError> {
    let recordings = source::find(path)?;
    if let Some(nobody) = options
        .without
        .iter()
        .find(|who| !recordings.iter().any(|r| summary::person(&r.name) == who.as_str()))
    {
        return Err(ValidateError::Nobody(nobody.clone()));
    }
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..options.jobs.get().min(recordings.len()) {
            scope.spawn(|| {
                while let Some((at, recording)) = take(&recordings, &next) {
                    let result = validate(recording, options, config);
                    // A poisoned list still holds every result that was put into it.
                    done.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push((at, result));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    done.sort_by_key(|(at, _)| *at);
    let (mut reports, mut failed) = (Vec::new(), Vec::new());
    for ((_, result), recording) in done.into_iter().zip(&recordings) {
        match result {
            Ok(report) => reports.push(report),
            Err(error) => failed.push(Failed { name: recording.name.clone(), error: error.to_string() }),
        }
    }
    let data_set = std::path::absolute(path)
        .ok()
        .and_then(|p| p.file_name().map(|n| n.to_string_lossy().into_owned()))
        .unwrap_or_default();
    let summary = Summary::of(&reports, &options.without);
    Ok(Report { version: env!("CARGO_PKG_VERSION"), data_set, summary, recordings: reports, failed })
}

fn take<'a>(recordings: &'a [Recording], next: &AtomicUsize) -> Option<(usize, &'a Recording)> {
    let at = next.fetch_add(1, Ordering::Relaxed);
    recordings.get(at).map(|r| (at, r))
}

fn validate(
    recording: &Recording,
    options: &Options,
    config: &PipelineConfig,
) -> Result<RecordingReport, ValidateError> {
    let truth = recording.truth()?;
    let estimates = collect::run(recording, &truth, Pipeline::new(config)?)?;
    let from = angles::scored_from(&estimates.frames);
    let lag = angles::lag(&estimates.frames, &truth.angles);
    let (angles, plots) = angles::compare(&estimates.frames, &truth.angles, lag.unwrap_or(0.0));
    let (mut contacts, constant) =
        contacts::compare(&estimates.contacts, &truth.contacts, estimates.tied_by_arrivals);
    if options.listed_only {
        for row in &mut contacts {
            row.timed.false_events = 0;
            row.timing.false_events = 0;
        }
    }
    Ok(RecordingReport {
        name: recording.name.clone(),
        scored_from_s: from,
        stances: estimates.stances.len(),
        valid_stances: estimates.stances.iter().filter(|s| s.valid).count(),
        peaks: peaks::compare(&estimates.stances, &truth, from),
        orientations: collect::orientations(&estimates, &truth),
        alerts: alerts::compare(&estimates.alerts, &truth),
        calibration: estimates.calibration,
        health: estimates.health,
        clock_constant_ms: constant.map(|c| c * 1000.0),
        angle_lag_ms: lag.map(|lag| lag * 1000.0),
        angles,
        contacts,
        plots,
    })
}

impl Report {
    /// For a terminal.
    #[must_use]
    pub fn text(&self) -> String {
        text::write(self)
    }

    /// There was truth to compare with.
    #[must_use]
    pub fn compared(&self) -> bool {
        self.recordings.iter().any(|r| {
            !(r.angles.is_empty() && r.peaks.is_empty() && r.contacts.is_empty() && r.orientations.is_empty())
        })
    }

    /// For programs.
    pub fn json(&self) -> serde_json::Result<String> {
        serde_json::to_string_pretty(self)
    }

    /// One page that needs nothing else: the tables and, for each angle, the estimate over the truth.
    #[must_use]
    pub fn html(&self) -> String {
        page::write(self)
    }
}

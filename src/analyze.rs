//! Batch: recordings through the same pipeline as live, several at a time, to files that are the same on
//! every run and on any number of threads.

mod resume;

use crate::export::summary::Facts;
use crate::export::{Analysis, Counts};
use crate::flag::ConfigError;
use crate::input::Input;
use crate::pipeline::{Pipeline, PipelineConfig};
use crate::source::{self, Recording, SourceError};
use indicatif::{ProgressBar, ProgressStyle};
use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;
use thiserror::Error;

/// Inputs that the reading thread hands over at once: large enough that handing over costs nothing, small
/// enough that a few batches stay in cache.
const BATCH: usize = 1024;
/// Failures told in the closing sentence; the list has all of them.
const MOST_TOLD: usize = 5;
/// Batches that reading may be ahead.
const BATCHES_AHEAD: usize = 4;

#[derive(Debug, Error)]
pub enum AnalyzeError {
    #[error(transparent)]
    Source(#[from] SourceError),
    #[error(
        "the settings in {} are not of this version ({source}); update stancewatch",
        path.display()
    )]
    Settings { path: PathBuf, source: serde_json::Error },
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error("cannot read {}: {source}; check that the file is there and that you may read it", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("cannot write to {}: {source}; free some space there or choose another folder with --out", folder.display())]
    Write { folder: PathBuf, source: io::Error },
}

/// How to analyse.
#[derive(Debug, Clone)]
pub struct Options {
    /// Recordings worked on at the same time.
    pub threads: NonZeroUsize,
    /// Show progress on the terminal (standard error; nothing is shown where that is none).
    pub progress: bool,
    /// For recordings that do not bring the settings of the session with them.
    pub config: PipelineConfig,
    /// Recordings whose results are there and would come out the same are analysed again.
    pub again: bool,
}

impl Options {
    /// As many threads as the machine has processors, unless told.
    #[must_use]
    pub fn new(config: PipelineConfig, threads: Option<NonZeroUsize>) -> Self {
        let all = || thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        Self { threads: threads.unwrap_or_else(all), progress: true, config, again: false }
    }
}

/// Recordings that belong to one SOURCE.
pub struct Found {
    /// As it was given.
    pub source: PathBuf,
    /// A data set or a folder: its recordings get a folder each, even a single one.
    pub is_folder: bool,
    pub recordings: Result<Vec<Recording>, SourceError>,
}

impl Found {
    /// What lies at a SOURCE.
    #[must_use]
    pub fn at(source: &Path) -> Self {
        Self { source: source.to_owned(), is_folder: source.is_dir(), recordings: source::find(source) }
    }

    /// As [`at`](Self::at), and each `.mcap` recording below a folder by itself, so that one that cannot be read stops
    /// no other.
    #[must_use]
    pub fn all_at(source: &Path) -> Vec<Self> {
        let recordings = if source.is_dir() { source::mcap::below(source) } else { Vec::new() };
        let mut found: Vec<_> = recordings
            .iter()
            .map(|path| Self { source: path.clone(), is_folder: true, recordings: source::find(path) })
            .collect();
        let other = Self::at(source);
        let nothing_else = matches!(other.recordings, Err(SourceError::NoRecording { .. }));
        if found.is_empty() || !nothing_else {
            found.push(other);
        }
        found
    }
}

/// How one recording came out.
#[derive(Debug)]
pub struct Outcome {
    pub name: String,
    pub warning: Option<String>,
    /// The results were there already.
    pub kept: bool,
    pub result: Result<Counts, AnalyzeError>,
}

/// All recordings, in the order of the sources.
#[derive(Debug)]
pub struct Report {
    pub outcomes: Vec<Outcome>,
}

impl Report {
    /// A row per recording, for `--json`.
    #[must_use]
    pub fn table(&self) -> serde_json::Value {
        let row = |o: &Outcome| match &o.result {
            Ok(counts) => serde_json::json!({
                "recording": o.name, "stances": counts.stances, "alerts": counts.alerts, "warning": o.warning,
                "kept": o.kept,
            }),
            Err(error) => serde_json::json!({ "recording": o.name, "error": error.to_string() }),
        };
        self.outcomes.iter().map(row).collect()
    }

    /// One sentence for the end of a run with failures; `None` when all went well.
    #[must_use]
    pub fn failure(&self) -> Option<String> {
        let failed: Vec<_> = self
            .outcomes
            .iter()
            .filter_map(|o| o.result.as_ref().err().map(|error| (o.name.as_str(), error)))
            .collect();
        match failed.as_slice() {
            [] => None,
            [(_, error)] if self.outcomes.len() == 1 => Some(error.to_string()),
            _ => {
                let mut each: Vec<_> =
                    failed.iter().take(MOST_TOLD).map(|(name, error)| format!("{name}: {error}")).collect();
                if let Some(more) = failed.len().checked_sub(MOST_TOLD).filter(|more| *more > 0) {
                    each.push(format!("and {more} more, listed above"));
                }
                Some(format!(
                    "{} of {} recordings could not be analysed: {}",
                    failed.len(),
                    self.outcomes.len(),
                    each.join(" | ")
                ))
            }
        }
    }
}

struct Job {
    name: String,
    folder: PathBuf,
    /// Taken by the thread that works it.
    recording: Mutex<Option<Result<Recording, SourceError>>>,
}

impl Job {
    fn new(name: String, folder: PathBuf, recording: Result<Recording, SourceError>) -> Self {
        Self { name, folder, recording: Mutex::new(Some(recording)) }
    }
}

/// Analyses every recording of `found` into `out`. A recording that fails does not stop the others.
#[must_use]
pub fn run(found: Vec<Found>, out: &Path, options: &Options) -> Report {
    let jobs = plan(found, out);
    let progress = progress_bar(jobs.len(), options.progress);
    let outcomes: Vec<_> = jobs.iter().map(|_| Mutex::new(None)).collect();
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..options.threads.get().min(jobs.len()) {
            scope.spawn(|| {
                let taken = || next.fetch_add(1, Ordering::Relaxed);
                while let Some((job, outcome)) = at(&jobs, &outcomes, taken()) {
                    let done = analyze(job, options, &progress);
                    *outcome.lock().unwrap_or_else(PoisonError::into_inner) = Some(done);
                    progress.inc(1);
                }
            });
        }
    });
    progress.finish_and_clear();
    let outcomes =
        outcomes.into_iter().filter_map(|o| o.into_inner().unwrap_or_else(PoisonError::into_inner)).collect();
    Report { outcomes }
}

fn at<'a, A, B>(jobs: &'a [A], outcomes: &'a [B], place: usize) -> Option<(&'a A, &'a B)> {
    jobs.get(place).zip(outcomes.get(place))
}

/// One recording lies in `out` itself; several, or those of a folder, in a folder each.
fn plan(found: Vec<Found>, out: &Path) -> Vec<Job> {
    let alone = matches!(found.as_slice(), [only] if !only.is_folder);
    let mut names = BTreeSet::new();
    let mut jobs = Vec::new();
    for found in found {
        let recordings = match found.recordings {
            Ok(recordings) => recordings,
            Err(error) => {
                let name = found.source.display().to_string();
                jobs.push(Job::new(name, out.to_owned(), Err(error)));
                continue;
            }
        };
        for recording in recordings {
            let name = unused(&recording.name, &mut names);
            let folder = if alone { out.to_owned() } else { out.join(&name) };
            jobs.push(Job::new(name, folder, Ok(recording)));
        }
    }
    jobs
}

/// Two data sets may name a recording alike: the second gets a number.
fn unused(name: &str, names: &mut BTreeSet<String>) -> String {
    let mut candidate = name.to_owned();
    let mut number = 2;
    while !names.insert(candidate.clone()) {
        candidate = format!("{name}_{number}");
        number += 1;
    }
    candidate
}

fn progress_bar(recordings: usize, show: bool) -> ProgressBar {
    if !show {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(recordings as u64);
    if let Ok(style) =
        ProgressStyle::with_template("{spinner} {bar:30} {pos}/{len} recordings, {elapsed} {msg}")
    {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(120));
    bar
}

fn analyze(job: &Job, options: &Options, progress: &ProgressBar) -> Outcome {
    progress.set_message(job.name.clone());
    let taken = job.recording.lock().unwrap_or_else(PoisonError::into_inner).take();
    let (mut warning, mut kept) = (None, false);
    let result = taken.map_or(Ok(None), |recording| recording.map(Some)).map_err(AnalyzeError::from);
    let result = result.and_then(|recording| match recording {
        Some(recording) => {
            warning = recording.warning();
            through_pipeline(&recording, job, options, &mut kept)
        }
        None => Ok(Counts::default()),
    });
    Outcome { name: job.name.clone(), warning, kept, result }
}

fn through_pipeline(
    recording: &Recording,
    job: &Job,
    options: &Options,
    kept: &mut bool,
) -> Result<Counts, AnalyzeError> {
    let unfit = |source| AnalyzeError::Settings { path: recording.path().to_owned(), source };
    let config = match recording.settings() {
        Some(settings) => serde_json::from_str(settings).map_err(unfit)?,
        None => options.config.clone(),
    };
    let facts = Facts {
        recording: job.name.clone(),
        config: serde_json::to_value(&config).map_err(unfit)?,
        source: resume::fingerprint(recording)?,
        warnings: recording.warning().into_iter().collect(),
    };
    let folder = &job.folder;
    if let Some(counts) =
        resume::finished(folder, &job.name, &facts.config, &facts.source).filter(|_| !options.again)
    {
        *kept = true;
        return Ok(counts);
    }
    let mut pipeline = Pipeline::new(&config)?;
    let unwritten = |source| AnalyzeError::Write { folder: folder.clone(), source };
    // Before anything is written: a recording that cannot be opened leaves no empty folder.
    let inputs = recording.inputs()?;
    let is_new = !folder.exists();
    fs::create_dir_all(folder).map_err(unwritten)?;
    let written = write_results(inputs, folder, &facts, &mut pipeline);
    if written.is_err() && is_new {
        // Nor does one that breaks off; a folder that is not empty stays as it is.
        fs::remove_dir(folder).ok();
    }
    written
}

fn write_results(
    inputs: source::Inputs,
    folder: &Path,
    facts: &Facts,
    pipeline: &mut Pipeline,
) -> Result<Counts, AnalyzeError> {
    let unwritten = |source| AnalyzeError::Write { folder: folder.to_owned(), source };
    let mut analysis = Analysis::create(folder).map_err(unwritten)?;
    thread::scope(|scope| {
        // Reading text and filtering cost about the same, so that one hides behind the other.
        let (sender, batches) = sync_channel(BATCHES_AHEAD);
        scope.spawn(move || read_ahead(inputs, &sender));
        consume(batches, &mut analysis, pipeline, &unwritten)
    })?;
    analysis.cues(pipeline.cues());
    analysis.finish(folder, facts).map_err(unwritten)
}

type Batch = Result<Vec<Input>, SourceError>;

/// Ends with the recording, with its first error, or when nobody listens any more.
fn read_ahead(inputs: source::Inputs, batches: &SyncSender<Batch>) {
    let mut batch = Vec::with_capacity(BATCH);
    for input in inputs {
        match input {
            Ok(input) => batch.push(input),
            Err(error) => {
                batches.send(Err(error)).ok();
                return;
            }
        }
        if batch.len() == BATCH {
            let full = std::mem::replace(&mut batch, Vec::with_capacity(BATCH));
            if batches.send(Ok(full)).is_err() {
                return;
            }
        }
    }
    batches.send(Ok(batch)).ok();
}

/// Takes the receiver along, so that an error here also ends the reading.
fn consume(
    batches: Receiver<Batch>,
    analysis: &mut Analysis,
    pipeline: &mut Pipeline,
    unwritten: &dyn Fn(io::Error) -> AnalyzeError,
) -> Result<(), AnalyzeError> {
    for batch in batches {
        for input in batch? {
            analysis.input(&input);
            for event in pipeline.push(&input) {
                analysis.event(event).map_err(unwritten)?;
            }
        }
    }
    Ok(())
}

impl std::fmt::Display for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let width = self.outcomes.iter().map(|o| o.name.len()).max().unwrap_or(0);
        for outcome in &self.outcomes {
            match &outcome.result {
                Ok(c) => {
                    let kept = if outcome.kept { "  (there already)" } else { "" };
                    writeln!(
                        f,
                        "{:width$}  {:5} stances  {:3} alerts{kept}",
                        outcome.name, c.stances, c.alerts
                    )?;
                }
                Err(error) => writeln!(f, "{:width$}  failed: {error}", outcome.name)?,
            }
            if let Some(warning) = &outcome.warning {
                writeln!(f, "{:width$}  {warning}", "")?;
            }
        }
        Ok(())
    }
}

//! Batch: recordings through the same pipeline as live, several at a time, to files that are the same on
//! every run and on any number of threads.

use crate::export::summary::Facts;
use crate::export::{Analysis, Counts};
use crate::input::Input;
use crate::pipeline::Pipeline;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;
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

pub mod session;

use session::{BoxError, Session};

/// Inputs that the reading thread hands over at once: large enough that handing over costs nothing, small
/// enough that a few batches stay in cache.
const BATCH: usize = 1024;
/// Batches that reading may be ahead.
const BATCHES_AHEAD: usize = 4;

#[derive(Debug, Error)]
pub enum AnalyzeError {
    #[error("{0}")]
    Source(BoxError),
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
    /// The configuration in force, for the summary.
    pub config: Value,
}

impl Options {
    /// As many threads as the machine has processors.
    #[must_use]
    pub fn new(config: Value) -> Self {
        let threads = thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        Self { threads, progress: true, config }
    }
}

/// Recordings that belong to one SOURCE.
pub struct Found {
    /// As it was given.
    pub source: PathBuf,
    /// A data set or a folder: its recordings get a folder each, even a single one.
    pub is_folder: bool,
    pub sessions: Result<Vec<Box<dyn Session>>, BoxError>,
}

/// How one recording came out.
#[derive(Debug)]
pub struct Outcome {
    pub name: String,
    pub warning: Option<String>,
    pub result: Result<Counts, AnalyzeError>,
}

/// All recordings, in the order of the sources.
#[derive(Debug)]
pub struct Report {
    pub outcomes: Vec<Outcome>,
}

impl Report {
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
                let each: Vec<_> = failed.iter().map(|(name, error)| format!("{name}: {error}")).collect();
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
    session: Result<Box<dyn Session>, BoxError>,
}

/// Analyses every recording of `found` into `out`. A recording that fails does not stop the others.
pub fn run(
    found: Vec<Found>,
    out: &Path,
    options: &Options,
    new_pipeline: &(dyn Fn() -> Pipeline + Sync),
) -> Report {
    let jobs = plan(found, out);
    let progress = progress_bar(jobs.len(), options.progress);
    let outcomes: Vec<_> = jobs.iter().map(|_| Mutex::new(None)).collect();
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..options.threads.get().min(jobs.len()) {
            scope.spawn(|| {
                let taken = || next.fetch_add(1, Ordering::Relaxed);
                while let Some((job, outcome)) = at(&jobs, &outcomes, taken()) {
                    let done = analyze(job, &options.config, &progress, new_pipeline);
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
        let sessions = match found.sessions {
            Ok(sessions) => sessions,
            Err(error) => {
                let name = found.source.display().to_string();
                jobs.push(Job { name, folder: out.to_owned(), session: Err(error) });
                continue;
            }
        };
        for session in sessions {
            let name = unused(&session.name(), &mut names);
            let folder = if alone { out.to_owned() } else { out.join(&name) };
            jobs.push(Job { name, folder, session: Ok(session) });
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

fn analyze(
    job: &Job,
    config: &Value,
    progress: &ProgressBar,
    new_pipeline: &(dyn Fn() -> Pipeline + Sync),
) -> Outcome {
    let name = job.name.clone();
    let session = match &job.session {
        Ok(session) => session,
        Err(error) => {
            let result = Err(AnalyzeError::Source(error.to_string().into()));
            return Outcome { name, warning: None, result };
        }
    };
    progress.set_message(name.clone());
    let warning = session.warning();
    let facts = Facts {
        recording: name.clone(),
        config: config.clone(),
        warnings: warning.iter().cloned().collect(),
    };
    let result = through_pipeline(session.as_ref(), &job.folder, &facts, &mut new_pipeline());
    Outcome { name, warning, result }
}

fn through_pipeline(
    session: &dyn Session,
    folder: &Path,
    facts: &Facts,
    pipeline: &mut Pipeline,
) -> Result<Counts, AnalyzeError> {
    let unwritten = |source| AnalyzeError::Write { folder: folder.to_owned(), source };
    fs::create_dir_all(folder).map_err(unwritten)?;
    let mut analysis = Analysis::create(folder).map_err(unwritten)?;
    thread::scope(|scope| {
        // Reading text and filtering cost about the same, so that one hides behind the other.
        let (sender, batches) = sync_channel(BATCHES_AHEAD);
        scope.spawn(move || read_ahead(session, &sender));
        consume(batches, &mut analysis, pipeline, &unwritten)
    })?;
    analysis.finish(folder, facts).map_err(unwritten)
}

type Batch = Result<Vec<Input>, BoxError>;

/// Ends with the recording, with its first error, or when nobody listens any more.
fn read_ahead(session: &dyn Session, batches: &SyncSender<Batch>) {
    let mut batch = Vec::with_capacity(BATCH);
    let inputs = match session.inputs() {
        Ok(inputs) => inputs,
        Err(error) => {
            batches.send(Err(error)).ok();
            return;
        }
    };
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
        for input in batch.map_err(AnalyzeError::Source)? {
            analysis.input(&input);
            for event in pipeline.push(&input) {
                analysis.event(event).map_err(unwritten)?;
            }
        }
    }
    Ok(())
}

//! A session as an MCAP file: the raw inputs, exact to the bit, beside what the pipeline made of them
//! in degrees for people and their viewers.
//!
//! The file is closed into a whole chunk at least once per second of session time, and a chunk goes to
//! the operating system in one write: a process that is killed loses at most the last second.

use crate::edge::private;
use crate::event::Event;
use crate::input::{Input, Report};
use crate::units::SessionTime;
use ::mcap::records::{MessageHeader, Metadata};
use ::mcap::write::NoSeek;
use ::mcap::{Compression, McapError, WriteOptions, Writer};
use channel::Topic;
use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use thiserror::Error;

pub mod channel;
mod message;
mod timeline;

use timeline::Timeline;

/// The version of the `input` channel. A reader refuses any other.
pub const FORMAT: &str = "1";
/// The metadata record that describes the session.
pub const METADATA: &str = "stancewatch";

/// [`SessionMeta::started`] where the beginning is not known: viewers then show the session's own seconds.
pub const NO_START: &str = "1970-01-01T00:00:00Z";

/// A chunk also closes at this size, bytes before compression. Holds about a second of five sensors at
/// 1 kHz, so at 100 Hz the clock closes chunks and this only bounds memory.
const CHUNK_BYTES: u64 = 1 << 20;
/// Longest stretch of session time in one chunk, s: what a kill may cost.
const CHUNK_SECONDS: f64 = 1.0;

/// What a recording says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionMeta {
    /// Of the program that records.
    pub version: String,
    /// The configuration in force, as JSON.
    pub config: String,
    /// Wall clock at session time 0, RFC 3339, such as `2026-11-23T18:05:00+01:00`.
    pub started: String,
    /// Free text; may be empty.
    pub label: String,
}

#[derive(Debug, Error)]
pub enum RecordError {
    #[error("cannot create the recording {}: {source}; {}", path.display(), remedy(source))]
    Create { path: PathBuf, source: io::Error },
    #[error(
        "recording to {} stopped: {source}; {} (what was recorded up to {kept:.1} s of the session stays readable)",
        path.display(), remedy(source)
    )]
    Write { path: PathBuf, source: io::Error, kept: f64 },
    #[error("recording to {} has stopped after an earlier error; start a new session", path.display())]
    Stopped { path: PathBuf },
    #[error("the session start `{started}` is not a date and time with offset (RFC 3339)")]
    Started { started: String },
    #[error("an input cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
}

fn remedy(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "free some space, or choose a folder on another disk with --data-dir"
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "choose a folder that you may write to with --data-dir"
        }
        io::ErrorKind::AlreadyExists => "a recording is never overwritten: move it away or start again",
        io::ErrorKind::NotFound => "create the folder first, or choose another with --data-dir",
        _ => "choose another folder with --data-dir",
    }
}

/// Writes one session. Ends with [`finish`](Self::finish); dropped without it, the file is finished as
/// well, but errors go unseen.
pub struct Recorder {
    path: PathBuf,
    /// `None` after an error.
    writer: Option<Writer<NoSeek<File>>>,
    /// A second handle, to measure and to cut what an error left half-written.
    file: File,
    /// Bytes up to which the file holds whole chunks only.
    whole_bytes: u64,
    channels: [u16; Topic::ALL.len()],
    sequences: [u32; Topic::ALL.len()],
    timeline: Timeline,
    /// Session time up to which chunks are closed.
    closed: Option<SessionTime>,
    text: Vec<u8>,
}

impl Recorder {
    /// Starts a recording at `path`, which must not exist. The file opens in every MCAP reader from here on.
    pub fn create(path: &Path, meta: &SessionMeta) -> Result<Self, RecordError> {
        let timeline = Timeline::starting(&meta.started)
            .ok_or_else(|| RecordError::Started { started: meta.started.clone() })?;
        Self::open(path, meta, timeline)
            .map_err(|source| RecordError::Create { path: path.to_owned(), source })
    }

    fn open(path: &Path, meta: &SessionMeta, timeline: Timeline) -> io::Result<Self> {
        let file = private::create_new(path)?;
        let mut writer = WriteOptions::new()
            .compression(Some(Compression::Zstd))
            // A worker thread per processor buys nothing at some 100 kB per second.
            .compression_threads(0)
            .chunk_size(Some(CHUNK_BYTES))
            // A chunk is then built in memory and written once: a kill cannot leave its header without its body.
            .disable_seeking(true)
            .library(format!("stancewatch/{}", meta.version))
            .create(NoSeek::new(file.try_clone()?))
            .map_err(into_io)?;
        writer.write_metadata(&describe(meta)).map_err(into_io)?;
        let mut channels = [0; Topic::ALL.len()];
        for (id, topic) in channels.iter_mut().zip(Topic::ALL) {
            *id = topic.declare(&mut writer).map_err(into_io)?;
        }
        writer.flush().map_err(into_io)?;
        let whole_bytes = file.metadata()?.len();
        Ok(Self {
            path: path.to_owned(),
            writer: Some(writer),
            file,
            whole_bytes,
            channels,
            sequences: [0; Topic::ALL.len()],
            timeline,
            closed: None,
            text: Vec::new(),
        })
    }

    /// Keeps one input exactly as the pipeline is given it.
    pub fn input(&mut self, input: &Input) -> Result<(), RecordError> {
        let t = self.timeline.of_input(input);
        self.text.clear();
        let topic = match input {
            Input::Link(link) if matches!(link.report, Report::Bytes { .. }) => {
                serde_json::to_writer(&mut self.text, link)?;
                Topic::Bytes
            }
            _ => {
                serde_json::to_writer(&mut self.text, input)?;
                Topic::Input
            }
        };
        self.write(topic, t)?;
        match self.closed {
            None => self.closed = Some(t),
            // Either way: a source whose time jumps back must not keep a chunk open.
            Some(closed) if (t - closed).abs() >= CHUNK_SECONDS => self.flush()?,
            Some(_) => {}
        }
        Ok(())
    }

    /// Keeps what the pipeline said, for viewers; a replay makes it anew.
    pub fn event(&mut self, event: &Event) -> Result<(), RecordError> {
        self.text.clear();
        let (topic, t) = message::write(event, &mut self.text)?;
        self.write(topic, t)
    }

    /// Closes the chunk and hands it to the operating system. To be called each second of wall time,
    /// for sessions in which nothing arrives.
    pub fn flush(&mut self) -> Result<(), RecordError> {
        let writer = self.writer.as_mut().ok_or_else(|| RecordError::Stopped { path: self.path.clone() })?;
        let written = writer.flush().map_err(into_io).and_then(|()| self.file.metadata());
        match written {
            Ok(metadata) => {
                self.whole_bytes = metadata.len();
                self.closed = Some(self.timeline.newest());
                Ok(())
            }
            Err(error) => Err(self.stop(error)),
        }
    }

    /// Closes the file with its index.
    pub fn finish(mut self) -> Result<(), RecordError> {
        self.flush()?;
        let Some(writer) = self.writer.as_mut() else { return Ok(()) };
        let finished = writer.finish().map_err(into_io).and_then(|_| self.file.sync_all());
        finished.map_err(|error| self.stop(error))
    }

    fn write(&mut self, topic: Topic, t: SessionTime) -> Result<(), RecordError> {
        let Some(writer) = self.writer.as_mut() else {
            return Err(RecordError::Stopped { path: self.path.clone() });
        };
        let (Some(&channel_id), Some(sequence)) =
            (self.channels.get(topic.index()), self.sequences.get_mut(topic.index()))
        else {
            return Ok(());
        };
        let log_time = self.timeline.log_time(t);
        let header = MessageHeader { channel_id, sequence: *sequence, log_time, publish_time: log_time };
        *sequence = sequence.wrapping_add(1);
        let written = writer.write_to_known_channel(&header, &self.text);
        written.map_err(|error| self.stop(into_io(error)))
    }

    /// Gives up writing and cuts off the half-written chunk, so that what is left reads without a warning.
    fn stop(&mut self, error: io::Error) -> RecordError {
        if let Some(writer) = self.writer.take() {
            drop(writer.into_inner());
        }
        // Cutting may fail as writing did; a reader then drops the half chunk itself.
        self.file.set_len(self.whole_bytes).ok();
        let kept = self.closed.map_or(0.0, |closed| closed.0);
        RecordError::Write { path: self.path.clone(), source: error, kept }
    }
}

fn describe(meta: &SessionMeta) -> Metadata {
    let entries = [
        ("version", &meta.version),
        ("config", &meta.config),
        ("started", &meta.started),
        ("label", &meta.label),
    ];
    let metadata: BTreeMap<_, _> = entries.into_iter().map(|(k, v)| (k.to_owned(), v.clone())).collect();
    Metadata { name: METADATA.to_owned(), metadata }
}

/// Writing only fails in the file; the writer's other errors come from misuse that this module rules out.
fn into_io(error: McapError) -> io::Error {
    match error {
        McapError::Io(error) => error,
        other => io::Error::other(other),
    }
}

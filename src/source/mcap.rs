//! A session from its MCAP recording. A recording whose process was killed is read up to its last whole
//! chunk, with a warning that says how much is missing.

use crate::input::Input;
use crate::record::mcap::{FORMAT, METADATA, SessionMeta};
use ::mcap::records::{Channel, Metadata};
use std::fs::File;
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};
use thiserror::Error;

mod decode;
mod layout;

use decode::{Chunk, decode_chunk};
use layout::{Layout, Span};

#[derive(Debug, Error)]
pub enum McapSourceError {
    #[error("cannot read the recording {}: {source}; check that the file exists and that you may read it", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("{} is empty: nothing was recorded; give another recording", path.display())]
    Empty { path: PathBuf },
    #[error("{} is not an MCAP file; give a recording made by stancewatch, or a Motion-BIDS data set", path.display())]
    NotMcap { path: PathBuf },
    #[error(
        "{} has no `input` channel of stancewatch (it has: {found}); only recordings made by stancewatch can be replayed",
        path.display()
    )]
    NoInput { path: PathBuf, found: String },
    #[error(
        "{} was recorded in format {found}, and this program reads format {FORMAT}; update stancewatch",
        path.display()
    )]
    Format { path: PathBuf, found: String },
    #[error(
        "{}: chunk {chunk} at byte {offset} is damaged ({reason}); copy the file again from where it was recorded",
        path.display()
    )]
    Damaged { path: PathBuf, chunk: usize, offset: u64, reason: String },
    #[error(
        "{}: message {message} of chunk {chunk} is no input of this program ({reason}); update stancewatch, or copy the file again",
        path.display()
    )]
    Message { path: PathBuf, chunk: usize, message: usize, reason: String },
}

/// What an interrupted recording lost at its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cut {
    /// Bytes after the last whole chunk that cannot be used; 0 when only the index at the end is missing.
    pub bytes: u64,
    /// Whole chunks that are there.
    pub chunks: usize,
}

impl std::fmt::Display for Cut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "the recording was interrupted: {} whole chunks are used, {} bytes after them are lost (at most the last second)",
            self.chunks, self.bytes
        )
    }
}

/// A recording that can be replayed.
#[derive(Debug, Clone)]
pub struct McapRecording {
    path: PathBuf,
    meta: SessionMeta,
    cut: Option<Cut>,
    chunks: Vec<Span>,
}

/// Every `.mcap` file at or below a folder, by name; a folder that cannot be read has none.
#[must_use]
pub fn below(folder: &Path) -> Vec<PathBuf> {
    let mut entries: Vec<_> =
        std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    entries.sort();
    let files = |path: PathBuf| {
        if path.is_dir() && !path.is_symlink() {
            below(&path)
        } else if path.extension().is_some_and(|ending| ending == "mcap") {
            vec![path]
        } else {
            Vec::new()
        }
    };
    entries.into_iter().flat_map(files).collect()
}

/// Looks through the file without decoding the session: what it is, and whether it is whole.
pub fn open(path: &Path) -> Result<McapRecording, McapSourceError> {
    let mut file = open_file(path)?;
    let mut layout = layout::scan(&mut file).map_err(|problem| match problem {
        layout::Problem::Io(source) => McapSourceError::Read { path: path.to_owned(), source },
        layout::Problem::Empty => McapSourceError::Empty { path: path.to_owned() },
        layout::Problem::NotMcap => McapSourceError::NotMcap { path: path.to_owned() },
    })?;
    if !layout.finished {
        drop_torn_end(path, &mut file, &mut layout)?;
    }
    check_channel(path, &mut file, &layout)?;
    let cut = (!layout.finished).then_some(Cut { bytes: layout.lost_bytes, chunks: layout.chunks.len() });
    Ok(McapRecording {
        path: path.to_owned(),
        meta: session_meta(layout.metadata),
        cut,
        chunks: layout.chunks,
    })
}

impl McapRecording {
    /// The file name without its ending.
    #[must_use]
    pub fn name(&self) -> String {
        self.path
            .file_stem()
            .map_or_else(|| "recording".to_owned(), |stem| stem.to_string_lossy().into_owned())
    }

    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    #[must_use]
    pub fn meta(&self) -> &SessionMeta {
        &self.meta
    }

    /// What is missing at the end; `None` for a recording that was finished.
    #[must_use]
    pub fn cut(&self) -> Option<Cut> {
        self.cut
    }

    /// The inputs as they were recorded, a chunk in memory at a time, and [`Input::End`] last even
    /// where the recording was interrupted. After an error the next call goes on with the next chunk.
    pub fn inputs(&self) -> Result<Inputs, McapSourceError> {
        let file = BufReader::new(open_file(&self.path)?);
        Ok(Inputs {
            path: self.path.clone(),
            file,
            chunks: self.chunks.clone().into_iter().enumerate(),
            input_channel: None,
            ready: Vec::new().into_iter(),
            failed: None,
            ended: false,
        })
    }
}

/// The stream of [`McapRecording::inputs`].
#[derive(Debug)]
pub struct Inputs {
    path: PathBuf,
    file: BufReader<File>,
    chunks: std::iter::Enumerate<std::vec::IntoIter<Span>>,
    input_channel: Option<u16>,
    ready: std::vec::IntoIter<Input>,
    /// Comes after the inputs before it.
    failed: Option<McapSourceError>,
    ended: bool,
}

impl Iterator for Inputs {
    type Item = Result<Input, McapSourceError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(input) = self.ready.next() {
                self.ended = matches!(input, Input::End);
                return Some(Ok(input));
            }
            if let Some(error) = self.failed.take() {
                return Some(Err(error));
            }
            let Some((place, span)) = self.chunks.next() else {
                return (!std::mem::replace(&mut self.ended, true)).then_some(Ok(Input::End));
            };
            if let Err(error) = self.load(place, span) {
                self.failed = Some(error);
            }
        }
    }
}

impl Inputs {
    fn load(&mut self, place: usize, span: Span) -> Result<(), McapSourceError> {
        let chunk = read_chunk(&self.path, &mut self.file, place, span)?;
        if self.input_channel.is_none() {
            self.input_channel = chunk.input_channel().map(|channel| channel.id);
        }
        let Some(channel) = self.input_channel else { return Ok(()) };
        let mut inputs = Vec::with_capacity(chunk.messages.len());
        let mut failed = None;
        for (message, data) in chunk.of_channel(channel).enumerate() {
            match decode::input(data) {
                Ok(input) => inputs.push(input),
                Err(error) => {
                    let (path, reason) = (self.path.clone(), error.to_string());
                    failed = Some(McapSourceError::Message {
                        path,
                        chunk: place + 1,
                        message: message + 1,
                        reason,
                    });
                    break;
                }
            }
        }
        self.ready = inputs.into_iter();
        failed.map_or(Ok(()), Err)
    }
}

fn open_file(path: &Path) -> Result<File, McapSourceError> {
    File::open(path).map_err(|source| McapSourceError::Read { path: path.to_owned(), source })
}

fn read_chunk<R: io::Read + io::Seek>(
    path: &Path,
    file: &mut R,
    place: usize,
    span: Span,
) -> Result<Chunk, McapSourceError> {
    let body = layout::read_span(file, span)
        .map_err(|source| McapSourceError::Read { path: path.to_owned(), source })?;
    decode_chunk(&body).map_err(|error| McapSourceError::Damaged {
        path: path.to_owned(),
        chunk: place + 1,
        offset: span.offset,
        reason: error.to_string(),
    })
}

/// After a power cut the last chunk can have its length on disk but not its content.
fn drop_torn_end(path: &Path, file: &mut File, layout: &mut Layout) -> Result<(), McapSourceError> {
    let Some(&last) = layout.chunks.last() else { return Ok(()) };
    match read_chunk(path, file, layout.chunks.len() - 1, last) {
        Err(McapSourceError::Damaged { .. }) => {
            layout.chunks.pop();
            layout.lost_bytes += last.len;
            Ok(())
        }
        Err(error) => Err(error),
        Ok(_) => Ok(()),
    }
}

/// The recorder declares its channels in the first chunk; other programs' files repeat theirs at the end.
fn check_channel(path: &Path, file: &mut File, layout: &Layout) -> Result<(), McapSourceError> {
    let mut channels = layout.channels.clone();
    if let Some(&first) = layout.chunks.first() {
        channels.extend(read_chunk(path, file, 0, first)?.channels);
    }
    let format = channels.iter().filter(|c| c.topic == "input").find_map(|c| c.metadata.get("format"));
    match format {
        Some(format) if format == FORMAT => Ok(()),
        Some(format) => Err(McapSourceError::Format { path: path.to_owned(), found: format.clone() }),
        None => Err(McapSourceError::NoInput { path: path.to_owned(), found: topics(&channels) }),
    }
}

fn topics(channels: &[Channel]) -> String {
    let mut names: Vec<_> = channels.iter().map(|c| c.topic.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    if names.is_empty() { "no channel at all".to_owned() } else { names.join(", ") }
}

fn session_meta(records: Vec<Metadata>) -> SessionMeta {
    let mut entries =
        records.into_iter().find(|m| m.name == METADATA).map(|m| m.metadata).unwrap_or_default();
    let mut take = |key: &str| entries.remove(key).unwrap_or_default();
    SessionMeta {
        version: take("version"),
        config: take("config"),
        started: take("started"),
        label: take("label"),
    }
}

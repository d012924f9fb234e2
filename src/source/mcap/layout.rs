//! Where the chunks of an MCAP file lie, found by stepping from record to record without reading them:
//! an interrupted file has no index.

use ::mcap::records::{Channel, Metadata, Record, op};
use ::mcap::{MAGIC, parse_record};
use std::io::{self, BufReader, Read, Seek, SeekFrom};

/// One byte of kind, eight of length.
const RECORD_HEADER: u64 = 9;
/// Metadata and channels longer than this are not ours, and are not worth memory.
const LARGEST_SMALL_RECORD: u64 = 16 << 20;

/// A record within the file, with its header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) offset: u64,
    pub(super) len: u64,
}

#[derive(Debug, Default)]
pub(super) struct Layout {
    pub(super) chunks: Vec<Span>,
    pub(super) metadata: Vec<Metadata>,
    /// Those outside chunks.
    pub(super) channels: Vec<Channel>,
    /// The recording was closed properly.
    pub(super) finished: bool,
    /// Bytes behind the last whole record.
    pub(super) lost_bytes: u64,
}

#[derive(Debug)]
pub(super) enum Problem {
    Io(io::Error),
    Empty,
    NotMcap,
}

impl From<io::Error> for Problem {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

pub(super) fn scan<R: Read + Seek>(file: &mut R) -> Result<Layout, Problem> {
    let size = file.seek(SeekFrom::End(0))?;
    file.rewind()?;
    if size == 0 {
        return Err(Problem::Empty);
    }
    let mut file = BufReader::new(file);
    let mut magic = [0; MAGIC.len()];
    if size < magic.len() as u64 {
        return Err(Problem::NotMcap);
    }
    file.read_exact(&mut magic)?;
    if magic != MAGIC {
        return Err(Problem::NotMcap);
    }
    let mut layout = Layout::default();
    let mut at = magic.len() as u64;
    while at + RECORD_HEADER <= size {
        let (kind, len) = record_header(&mut file)?;
        // Blocks that were never written read as zeros, and no record has kind 0.
        let body_fits = len <= size - at - RECORD_HEADER;
        if kind == 0 || !body_fits {
            break;
        }
        let span = Span { offset: at, len: RECORD_HEADER + len };
        match kind {
            op::CHUNK => layout.chunks.push(span),
            op::METADATA | op::CHANNEL if len <= LARGEST_SMALL_RECORD => {
                let mut body = vec![0; len as usize];
                file.read_exact(&mut body)?;
                file.seek_relative(-len.cast_signed())?;
                match parse_record(kind, &body) {
                    Ok(Record::Metadata(metadata)) => layout.metadata.push(metadata),
                    Ok(Record::Channel(channel)) => layout.channels.push(channel),
                    _ => {}
                }
            }
            op::FOOTER => layout.finished = true,
            _ => {}
        }
        file.seek_relative(len.cast_signed())?;
        at += span.len;
        if layout.finished {
            break;
        }
    }
    layout.lost_bytes = if layout.finished { 0 } else { size - at };
    Ok(layout)
}

fn record_header(file: &mut impl Read) -> io::Result<(u8, u64)> {
    let mut kind = [0; 1];
    let mut len = [0; 8];
    file.read_exact(&mut kind)?;
    file.read_exact(&mut len)?;
    Ok((kind[0], u64::from_le_bytes(len)))
}

pub(super) fn read_span<R: Read + Seek>(file: &mut R, span: Span) -> io::Result<Vec<u8>> {
    file.seek(SeekFrom::Start(span.offset))?;
    let mut body = vec![0; span.len as usize];
    file.read_exact(&mut body)?;
    Ok(body)
}

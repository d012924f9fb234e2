use std::io;
use std::path::{Path, PathBuf};

/// Why a source cannot be read: one plain sentence with the file, the line and the remedy.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    #[error(transparent)]
    Mcap(#[from] super::mcap::McapSourceError),
    #[error(transparent)]
    Log(#[from] super::logs::LogError),
    #[error("{}: there is no such file or folder; give a data set, a subject folder or one *_motion.tsv", .path.display())]
    NotFound { path: PathBuf },
    #[error("{}: neither a *_motion.tsv nor a log of MetaMotion, Movella DOT or Xsens MTw in this folder; give a Motion-BIDS data set, a subject folder, one *_motion.tsv or a folder with a sensor's own logs", .path.display())]
    NoRecording { path: PathBuf },
    #[error("{}: not a recording; give a data set, a subject folder or one *_motion.tsv", .path.display())]
    NotMotion { path: PathBuf },
    #[error("{}: {error}; check that the file is there and that you may read it", .path.display())]
    Io { path: PathBuf, error: io::Error },
    #[error("{}: missing, and without it the columns of the motion file have no names; add the channels.tsv of this tracking system", .path.display())]
    ChannelsMissing { path: PathBuf },
    #[error("{}: the file is empty; copy it again from where it was recorded", .path.display())]
    Empty { path: PathBuf },
    #[error("{}, line {line}: column `{column}` is missing from the header; add it as Motion-BIDS asks", .path.display())]
    HeaderColumn { path: PathBuf, line: u64, column: &'static str },
    #[error("{}, line {line}: {found} columns where {expected} are expected; complete the row or remove it", .path.display())]
    Columns { path: PathBuf, line: u64, found: usize, expected: usize },
    #[error("{}, line {line}: `{text}` in column `{column}` is not a finite number; write a number, or n/a for a lost sample (a motion.tsv has no header row)", .path.display())]
    Number { path: PathBuf, line: u64, column: String, text: String },
    #[error("{}, line {line}: unit `{unit}` of channel `{channel}` is not known; convert it to {expected}", .path.display())]
    Unit { path: PathBuf, line: u64, channel: String, unit: String, expected: &'static str },
    #[error("{}, line {line}: the {tracked_point} sensor has no {missing} channel; list ACCEL and GYRO with components x, y and z", .path.display())]
    ChannelMissing { path: PathBuf, line: u64, tracked_point: String, missing: &'static str },
    #[error("{}, line {line}: channel `{channel}` repeats {tracked_point} {kind} {component}; keep one of them", .path.display())]
    ChannelTwice {
        path: PathBuf,
        line: u64,
        channel: String,
        tracked_point: String,
        kind: &'static str,
        component: &'static str,
    },
    #[error("{}, line {line}: time goes from {before} s to {now} s in column `{column}`; sort the rows by time and remove repeated ones", .path.display())]
    TimeOrder { path: PathBuf, line: u64, column: &'static str, before: f64, now: f64 },
    #[error("{}, line {line}: {error}; correct the JSON", .path.display())]
    Json { path: PathBuf, line: usize, error: serde_json::Error },
    #[error("{}, line 1: no usable `SamplingFrequency` ({found}), and no LATENCY channel to tell it from; add the rate in Hz", .path.display())]
    RateMissing { path: PathBuf, found: String },
    #[error("{}: none of its sensors is on a leg ({found}); name thigh and shank sensors left_thigh, right_thigh, left_shank or right_shank as tracked_point", .path.display())]
    NoLegSensors { path: PathBuf, found: String },
    #[error("{}, line {line}: `{text}` is not a side; write left or right", .path.display())]
    Side { path: PathBuf, line: u64, text: String },
}

impl SourceError {
    pub(crate) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self + '_ {
        move |error| Self::Io { path: path.to_path_buf(), error }
    }
}

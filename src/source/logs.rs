//! Logs as the sensors' own programs write them: text tables, a file or two per sensor; all of one folder are one recording.
//!
//! ```text
//!  head ── what a file is, by its columns ── one family per file: rows -> samples ── session: one stream by time
//!  place ── who was worn where: placements.toml, or the file names
//! ```
//!
//! A last line that was cut off is left out and said; decimal commas are read. Times become the session's by taking off
//! the earliest: of an absolute clock that moment is when the session began.

mod dot;
mod error;
mod head;
mod metamotion;
mod mtw;
mod place;
mod session;

pub use error::LogError;
pub use place::{PLACEMENTS, Places};
pub use session::LogRecording;

use crate::body::Sample;
use crate::units::Hz;
use head::Head;
use std::path::Path;

/// One program's way to write logs. A new one is a file here and a line in [`FAMILIES`].
#[derive(Debug)]
struct Family {
    name: &'static str,
    /// Part of the sensor's data that the file holds; `None` for another family's file.
    claims: fn(&Head) -> Option<Part>,
    /// Samples from the files of one sensor, on the clock that all its sensors share.
    read: fn(&[Head]) -> Result<Track, LogError>,
    /// The first row's time in seconds since 1970, where the family knows.
    epoch: fn(&Head) -> Option<f64>,
    /// What seems wrong with a file, in words; it is used all the same.
    doubt: fn(&Head) -> Option<String>,
}

const FAMILIES: &[Family] = &[metamotion::FAMILY, dot::FAMILY, mtw::FAMILY];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Acceleration,
    Rate,
    Both,
}

/// One sensor's samples, oldest first.
#[derive(Debug)]
struct Track {
    rate: Hz,
    samples: Vec<Sample>,
}

/// The recordings at or below `path`, by folder; none where no file is a log that we know. A file stands for its folder.
pub fn find(path: &Path, places: &Places) -> Result<Vec<LogRecording>, LogError> {
    if path.is_file() {
        let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        return Ok(session::in_folder(folder, places)?.into_iter().collect());
    }
    let mut found: Vec<_> = session::in_folder(path, places)?.into_iter().collect();
    for folder in session::entries(path)? {
        if folder.is_dir() && !folder.is_symlink() {
            found.extend(find(&folder, places)?);
        }
    }
    Ok(found)
}

/// Samples per second from the usual distance between times, s: lost ones do not change it. Whole where it is nearly.
fn usual_rate(times: impl Iterator<Item = f64>) -> Option<Hz> {
    let times: Vec<_> = times.take(2000).collect();
    let mut steps: Vec<_> =
        times.windows(2).filter_map(|w| Some(w.get(1)? - w.first()?)).filter(|s| *s > 0.0).collect();
    steps.sort_by(f64::total_cmp);
    // Times in whole milliseconds alternate between two steps: the middle half's mean is between them.
    let middle = steps.get(steps.len() / 4..(3 * steps.len()).div_ceil(4)).filter(|m| !m.is_empty())?;
    let rate = middle.len() as f64 / middle.iter().sum::<f64>();
    let whole = rate.round();
    Some(Hz(if whole > 0.0 && (rate / whole - 1.0).abs() < 0.02 { whole } else { rate }))
}

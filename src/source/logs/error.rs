use std::io;
use std::path::PathBuf;
use thiserror::Error;

/// Why a vendor's log cannot be read: one sentence with the file and the remedy.
#[derive(Debug, Error)]
pub enum LogError {
    #[error("{}: {error}; check that the file is there and that you may read it", .path.display())]
    Io { path: PathBuf, error: io::Error },
    #[error("{}: no column `{column}` (there are: {found}); export it again with {with}, or update stancewatch if the file is newer", .path.display())]
    Column { path: PathBuf, column: String, found: String, with: &'static str },
    #[error("{}: unit `{unit}` of `{column}` is not known; export it again in {expected}", .path.display())]
    Unit { path: PathBuf, column: String, unit: String, expected: &'static str },
    #[error("{}, line {line}: {found} fields where the header has {expected}{hint}; complete the line or remove it", .path.display())]
    Fields { path: PathBuf, line: u64, found: usize, expected: usize, hint: &'static str },
    #[error("{}, line {line}: `{text}` in column `{column}` is not a number; correct it, or leave the line out", .path.display())]
    Number { path: PathBuf, line: u64, column: String, text: String },
    #[error("{}: no rows; export it again from where it was recorded", .path.display())]
    Empty { path: PathBuf },
    #[error("{}: the file does not say its rate; add a line `// Update Rate: 100.0Hz` above the columns", .path.display())]
    Rate { path: PathBuf },
    #[error("{}: the sensor has {has} but no {lacks}; put the other file beside it", .path.display())]
    Half { path: PathBuf, has: &'static str, lacks: &'static str },
    #[error("{}: {first} and {second} have no moment in common (they begin {apart:.0} s apart); {remedy}", .folder.display())]
    Apart { folder: PathBuf, first: String, second: String, apart: f64, remedy: &'static str },
    #[error("{}: not known where any of its sensors was worn ({files}); add a file {} with lines like `\"{example}\" = \"left_thigh\"`", .folder.display(), super::PLACEMENTS)]
    NoPlaces { folder: PathBuf, files: String, example: String },
    #[error("{}: `{place}` is no place; write left_thigh, right_thigh, left_shank, right_shank or pelvis", .path.display())]
    Place { path: PathBuf, place: String },
    #[error("{}: {error}; correct it", .path.display())]
    Toml { path: PathBuf, error: String },
    #[error("{}: `{part}` fits the name of no log there; write a part of a file's name", .path.display())]
    NoSuchFile { path: PathBuf, part: String },
    #[error("{}: {first} and {second} are both said to be the {place}; correct one in {}", .folder.display(), super::PLACEMENTS)]
    SamePlace { folder: PathBuf, first: String, second: String, place: &'static str },
}

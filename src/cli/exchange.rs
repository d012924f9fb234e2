//! Commands that bring recordings in from other programs and out to them.

use super::Place;
use crate::body::Placement;
use crate::export::format::FORMATS;
use clap::Args;
use std::path::PathBuf;
use std::str::FromStr;

#[derive(Debug, Clone, Args)]
pub struct ImportArgs {
    /// A recording, or a folder of them: what analyze takes
    pub source: PathBuf,
    /// Whose log is whose, by a part of the file's name; may be given several times [default: placements.toml beside the
    /// logs, or what the names say]
    #[arg(long, value_name = "FILE=PLACE")]
    pub place: Vec<PlacedFile>,
    /// Whose session it is
    #[arg(long, value_name = "NAME")]
    pub runner: Option<String>,
}

/// `PART-OF-A-NAME=left_thigh`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlacedFile {
    pub part: String,
    pub placement: Placement,
}

impl FromStr for PlacedFile {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let (part, place) =
            text.rsplit_once('=').ok_or("write a part of the file's name, =, and the place")?;
        match Place::from_str(place)? {
            Place(Some(placement)) if !part.is_empty() => Ok(Self { part: part.to_owned(), placement }),
            _ => Err("write a part of the file's name, =, and the place".to_owned()),
        }
    }
}

#[derive(Debug, Clone, Args)]
pub struct ExportArgs {
    /// A session, an .mcap recording, a path inside a Motion-BIDS data set, or a folder of a sensor's own logs
    pub source: PathBuf,
    /// csv, parquet, bids (folders), sto, mot, mcap or fit (files)
    #[arg(long, value_name = "F", value_parser = format_names())]
    pub format: String,
    /// The file, or the folder for formats of several files
    #[arg(long, value_name = "PATH")]
    pub out: PathBuf,
    /// Date and time at which the session's time was 0, where the recording does not say: 2026-11-23T18:05:00+01:00
    #[arg(long, value_name = "TIME")]
    pub started: Option<String>,
}

fn format_names() -> clap::builder::PossibleValuesParser {
    FORMATS.iter().map(|format| clap::builder::PossibleValue::new(format.name).help(format.holds)).into()
}

//! Recordings in from other programs, and out to them.

use super::{keep, located, note, one_recording, print, settings_of};
use crate::cli::{ExportArgs, ImportArgs};
use crate::config::Config;
use crate::export::format::Format;
use crate::source::logs::Places;
use crate::source::{self, Recording};
use crate::store::RECORDINGS;
use anyhow::{Context, bail};
use std::path::Path;
use std::process::ExitCode;

/// Into the folder of recordings, as `run` would have recorded it, and into the history. One that fails does not stop the
/// others.
pub(super) fn import(config: &Config, args: &ImportArgs) -> anyhow::Result<ExitCode> {
    let places = args.place.iter().map(|placed| (placed.part.clone(), placed.placement)).collect();
    let folder = config.data_dir.join(RECORDINGS);
    std::fs::create_dir_all(&folder)
        .with_context(|| format!("cannot make {}; choose another place with --data-dir", folder.display()))?;
    let found = source::find_placed(&args.source, &Places::given(places))?;
    let count = found.len();
    let mut failed = Vec::new();
    for recording in found {
        match import_one(config, args, &recording, &folder.join(format!("{}.mcap", recording.name))) {
            Ok(id) => print(&format!("{id}\n"))?,
            Err(error) => failed.push(format!("{}: {}", recording.name, super::sentence(&error))),
        }
    }
    match failed.as_slice() {
        [] => Ok(ExitCode::SUCCESS),
        _ => bail!("{} of {count} recordings could not be imported: {}", failed.len(), failed.join(" | ")),
    }
}

/// The id of the session.
fn import_one(
    config: &Config,
    args: &ImportArgs,
    recording: &Recording,
    out: &Path,
) -> anyhow::Result<String> {
    if let Some(warning) = recording.warning() {
        note(&warning);
    }
    if out.exists() {
        bail!("{} is there already, and a recording is never overwritten: move it away", out.display());
    }
    let mcap = Format::named("mcap").context("no format to import to; build the program again")?;
    mcap.export(recording, &settings_of(recording, &config.pipeline)?, None, out)?;
    keep::imported(config, &recording.name, args.runner.as_deref())
}

pub(super) fn export(config: &Config, args: &ExportArgs) -> anyhow::Result<ExitCode> {
    let format =
        Format::named(&args.format).with_context(|| format!("there is no format {}", args.format))?;
    let recording = one_recording(&located(config, &args.source)?)?;
    if let Some(warning) = recording.warning() {
        note(&warning);
    }
    let settings = settings_of(&recording, &config.pipeline)?;
    format.export(&recording, &settings, args.started.as_deref(), &args.out)?;
    print(&format!("{}\n", args.out.display()))?;
    Ok(ExitCode::SUCCESS)
}

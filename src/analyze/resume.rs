//! Which recordings of a batch are done: an interrupted one goes on where it was, and a changed recording, setting or
//! program is worked anew.

use super::AnalyzeError;
use crate::export::Counts;
use crate::export::summary::configuration_sha256;
use crate::source::Recording;
use serde_json::Value;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

/// Bytes read at once.
const PIECE: usize = 1 << 18;

/// What a recording's files hold: bytes and CRC-32 over all of them. It tells a change, not an intention to deceive.
pub(super) fn fingerprint(recording: &Recording) -> Result<String, AnalyzeError> {
    let (mut sum, mut bytes) = (crc32fast::Hasher::new(), 0);
    let mut piece = vec![0; PIECE];
    for path in recording.files() {
        let mut add = || -> io::Result<()> {
            let mut file = File::open(&path)?;
            loop {
                match file.read(&mut piece)? {
                    0 => return Ok(()),
                    n => {
                        sum.update(piece.get(..n).unwrap_or_default());
                        bytes += n as u64;
                    }
                }
            }
        };
        add().map_err(|source| AnalyzeError::Read { path: path.clone(), source })?;
    }
    Ok(format!("crc32 {:08x} of {bytes} bytes", sum.finalize()))
}

/// What an earlier run found, where its results in `folder` are complete and would come out the same now. The summary
/// gets its name last, and is the first to go when results are replaced.
pub(super) fn finished(folder: &Path, name: &str, config: &Value, source: &str) -> Option<Counts> {
    let summary: Value = serde_json::from_slice(&fs::read(folder.join("summary.json")).ok()?).ok()?;
    let says = |key: &str, value: &str| summary.get(key).and_then(Value::as_str) == Some(value);
    let same = says("version", env!("CARGO_PKG_VERSION"))
        && says("recording", name)
        && says("configuration_sha256", &configuration_sha256(config))
        && says("source", source);
    let whole = ["angles.csv", "stances.csv", "alerts.csv"].iter().all(|file| folder.join(file).is_file());
    let count = |key: &str| summary.get("counts")?.get(key)?.as_u64();
    let counts = Counts { stances: count("stances")? as usize, alerts: count("alerts")? as usize };
    (same && whole).then_some(counts)
}

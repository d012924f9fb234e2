//! All of one's data in a folder: JSON that needs no program of ours to read, and the recordings as they are.

use crate::edge::private;
use crate::store::{Runner, Store};
use anyhow::{Context, bail};
use serde::Serialize;
use serde_json::json;
use std::fs;
use std::io::Write;
use std::path::Path;

/// Everything that is kept of a runner; the number of files. Only their owner can read them.
pub fn everything_of(store: &Store, runner: &Runner, out: &Path) -> anyhow::Result<usize> {
    if out.exists() {
        bail!("{} is there already; give another folder", out.display());
    }
    let unwritten = || format!("cannot write to {}; choose another folder", out.display());
    private::folder(&out.join("recordings")).with_context(unwritten)?;
    write(&out.join("runner.json"), &json!({ "runner": runner, "documents": store.documents(runner.id)? }))?;
    let mut files = 1;
    let screenings = store.screenings(runner.id)?;
    let deleted = store.deleted_sessions()?.into_iter().filter(|s| s.runner == runner.id);
    for session in store.sessions(Some(runner.id))?.into_iter().chain(deleted) {
        let id = &session.id;
        let calibrations = store.calibrations(id)?.into_iter().map(|row| row.document);
        let baselines = store.baselines(id)?.into_iter().map(|row| row.document);
        let all = json!({
            "session": session,
            "stances": store.stances(id)?,
            "strides": store.strides(id)?,
            "alerts": store.alerts(id)?,
            "marks": store.marks(id)?,
            "calibrations": calibrations.collect::<Vec<_>>(),
            "baselines": baselines.collect::<Vec<_>>(),
            "screenings": screenings.iter().filter(|row| row.session == *id).map(|row| &row.screening).collect::<Vec<_>>(),
        });
        write(&out.join(format!("{id}.json")), &all)?;
        files += 1;
        let Some((path, name)) = session.recording_path(store.folder()).zip(session.recording.as_ref())
        else {
            continue;
        };
        let copy = out.join("recordings").join(name);
        if path.exists() && !copy.exists() {
            fs::copy(&path, &copy).with_context(unwritten)?;
            private::file(&copy).with_context(unwritten)?;
            files += 1;
        }
    }
    Ok(files)
}

fn write(path: &Path, what: &impl Serialize) -> anyhow::Result<()> {
    let unwritten = || format!("cannot write {}; choose another folder", path.display());
    let mut file = private::create_new(path).with_context(unwritten)?;
    file.write_all(format!("{}\n", serde_json::to_string_pretty(what)?).as_bytes()).with_context(unwritten)
}

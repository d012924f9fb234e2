//! Where the sessions of a daemon are kept, and how those are completed that a crash cut short.

use super::{note, settings_from};
use crate::config::Config;
use crate::desk;
use crate::export::summary::configuration_sha256;
use crate::host_clock;
use crate::live::Play;
use crate::pipeline::{Pipeline, PipelineConfig};
use crate::record::mcap::NO_START;
use crate::serve::{Kept, Under};
use crate::source::mcap;
use crate::store::{NewSession, RECORDINGS, RunnerId, Session, Store, StoreError};
use std::path::Path;
use std::thread;

/// Whom sessions of the synthetic runner belong to, so that they are in no person's trend.
const SYNTHETIC: &str = "Synthetic runner";
/// Whom recordings belong to of which nobody knows whose they are.
const NOBODY: &str = "Not assigned";

/// What a daemon's sessions are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Plays {
    Sensors,
    Synthetic,
    /// Nobody's: demo and replay.
    Others,
}

/// A store that cannot be used is said, and the daemon goes on: recordings lose nothing.
pub(super) fn begin(config: &Config, who: Option<&str>, plays: Plays) -> Kept {
    open(config, who, plays).unwrap_or_else(|error| {
        let why = format!(
            "{error}. Sessions are recorded all the same, and the history is filled from the recordings later"
        );
        Kept::Nowhere(why)
    })
}

fn open(config: &Config, who: Option<&str>, plays: Plays) -> Result<Kept, StoreError> {
    let store = Store::open(&config.data_dir)?;
    if plays == Plays::Others {
        return Ok(Kept::In { store, sessions: None });
    }
    let alone = store.alone();
    if alone {
        store.expire(&host_clock::wall_time())?;
    }
    let sessions = if let (Plays::Synthetic, None) = (plays, who) {
        Under::Runner(store.runner_called(SYNTHETIC)?.id)
    } else {
        store.current_runner(who)?;
        Under::Current
    };
    if let (Plays::Sensors, _) | (_, Some(_)) = (plays, who)
        && let Err(error) = desk::adopt_course(&store, store.current_runner(None)?.id)
    {
        note(&error.to_string());
    }
    if alone {
        // Before a session begins: what is cut short now is not the one that runs.
        let cut_short = missing(&store)?;
        let (config, store) = (config.clone(), store.clone());
        thread::spawn(move || complete(&store, &config, cut_short));
    }
    Ok(Kept::In { store, sessions: Some(sessions) })
}

/// The sessions of one of several synthetic runners: a runner's phone shows that runner's alone.
pub(super) fn synthetic(kept: &Kept, name: &str) -> Result<Kept, StoreError> {
    let Kept::In { store, .. } = kept else { return Ok(kept.clone()) };
    let runner = store.runner_called(&format!("Synthetic runner {name}"))?.id;
    Ok(Kept::In { store: store.clone(), sessions: Some(Under::Runner(runner)) })
}

/// A session of whoever it is that runs now, judged against what they usually do. What cannot be read is said, and the
/// session goes on without it.
pub(super) fn of_owner(play: Play, kept: &Kept) -> Play {
    let Kept::In { store, .. } = kept else { return play };
    let told = |error: &dyn std::fmt::Display| tracing::error!("{error}");
    let runner = kept.owner().inspect_err(|error| told(error)).ok().flatten();
    let usual = runner.and_then(|runner| store.usual(runner).inspect_err(|error| told(error)).ok().flatten());
    let usual = usual.filter(|usual| usual.check().inspect_err(|error| told(error)).is_ok());
    let usual = play.config.usual.clone().or(usual);
    Play { runner, config: PipelineConfig { usual, ..play.config }, ..play }
}

/// For one of several runners who share this store, made when unknown.
pub(super) fn of_runner(kept: &Kept, name: &str) -> Result<Kept, StoreError> {
    let Kept::In { store, .. } = kept else { return Ok(kept.clone()) };
    let runner = store.named_runner(name)?.id;
    Ok(Kept::In { store: store.clone(), sessions: Some(Under::Runner(runner)) })
}

/// As whoever runs now is called; `None` where nobody knows.
pub(super) fn owner_name(kept: &Kept) -> Option<String> {
    let Kept::In { store, .. } = kept else { return None };
    let owner = kept.owner().and_then(|owner| owner.map(|id| store.runner_by_id(id)).transpose());
    let owner = owner.inspect_err(|error| tracing::error!("{error}")).ok().flatten();
    owner.map(|runner| runner.shown().to_owned())
}

/// A recording that the store lacks rows of.
struct Missing {
    recording: String,
    /// The session that it is of; `None`: the store knows of none.
    session: Option<Session>,
}

fn missing(store: &Store) -> Result<Vec<Missing>, StoreError> {
    let of = |s: Session| s.recording.clone().map(|recording| Missing { recording, session: Some(s) });
    let mut all: Vec<_> = store.unfinished()?.into_iter().filter_map(of).collect();
    let known = store.recordings()?;
    // No folder: nothing was recorded yet.
    let files = std::fs::read_dir(store.folder().join(RECORDINGS)).into_iter().flatten().flatten();
    let names = files.filter_map(|file| file.file_name().into_string().ok());
    let is_one = |name: &str| Path::new(name).extension().is_some_and(|ending| ending == "mcap");
    let mut lost: Vec<_> = names.filter(|name| is_one(name) && !known.contains(name)).collect();
    lost.sort();
    all.extend(lost.into_iter().map(|recording| Missing { recording, session: None }));
    Ok(all)
}

fn complete(store: &Store, config: &Config, missing: Vec<Missing>) {
    for missing in missing {
        let name = missing.recording.clone();
        if let Err(error) = fill(store, config, missing) {
            tracing::warn!("{name} is not in the history: {error:#}");
        }
    }
}

/// Takes a recording that was imported into the history; the id of its session.
pub(super) fn imported(config: &Config, recording: &str, who: Option<&str>) -> anyhow::Result<String> {
    let store = Store::open(&config.data_dir)?;
    let runner = who.map_or_else(|| nobody(&store, false), |who| Ok(store.runner(who)?.id))?;
    let session = Known { id: recording.to_owned(), runner, source: "import".to_owned(), started: None };
    fill_as(&store, config, &format!("{recording}.mcap"), session)?;
    Ok(recording.to_owned())
}

fn fill(store: &Store, config: &Config, missing: Missing) -> anyhow::Result<()> {
    let known = if let Some(s) = missing.session {
        Known { id: s.id, runner: s.runner, source: s.source, started: Some(s.started) }
    } else {
        let recording = mcap::open(&store.folder().join(RECORDINGS).join(&missing.recording))?;
        let synthetic = recording.meta().label.contains("Synthetic");
        Known {
            id: recording.name(),
            runner: nobody(store, synthetic)?,
            source: source_word(synthetic).to_owned(),
            started: None,
        }
    };
    fill_as(store, config, &missing.recording, known)
}

/// What is known of a session beside its recording.
struct Known {
    id: String,
    runner: RunnerId,
    source: String,
    /// `None`: as the recording says, if it does.
    started: Option<String>,
}

/// Plays a recording through the pipeline into the store, as it would have been live.
fn fill_as(store: &Store, config: &Config, name: &str, known: Known) -> anyhow::Result<()> {
    let path = store.folder().join(RECORDINGS).join(name);
    let recording = mcap::open(&path)?;
    let meta = recording.meta();
    let settings =
        settings_from(Some(meta.config.as_str()).filter(|c| !c.is_empty()), &path, &config.pipeline)?;
    let mut pipeline = Pipeline::new(&settings)?;
    let said = || Some(meta.started.clone()).filter(|said| said != NO_START);
    let mut log = store.log_anew(NewSession {
        id: known.id,
        runner: known.runner,
        source: known.source,
        recording: Some(name.to_owned()),
        started: known.started.or_else(said),
        settings_sha256: configuration_sha256(&serde_json::to_value(&settings)?),
        program_version: meta.version.clone(),
    })?;
    for input in recording.inputs()? {
        let input = input?;
        let events = pipeline.push(&input);
        log.input(&input);
        for event in events {
            log.event(event);
        }
    }
    log.finish(pipeline.now())?;
    Ok(())
}

fn nobody(store: &Store, synthetic: bool) -> Result<RunnerId, StoreError> {
    Ok(store.runner_called(if synthetic { SYNTHETIC } else { NOBODY })?.id)
}

fn source_word(synthetic: bool) -> &'static str {
    if synthetic { "synthetic" } else { "sensors" }
}

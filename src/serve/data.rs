//! What is kept on this computer as a whole: where, how much, for how long; a copy of all of a runner's data, and the end
//! of everything.

use super::Served;
use super::history::{Answer, body, with};
use crate::edge::private;
use crate::export::copy;
use crate::host_clock;
use crate::store::{RECORDINGS, Store, StoreError, UNDO_DAYS};
use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use std::fs;
use std::io;

/// Copies that people asked for, in the data folder.
const COPIES: &str = "exports";

#[derive(Serialize)]
pub(super) struct DataView {
    folder: String,
    runners: usize,
    sessions: usize,
    recordings_bytes: u64,
    /// Days after which sessions are deleted; 0 keeps them.
    retention_days: u32,
    /// How long what was deleted can be brought back.
    undo_days: i64,
}

fn of(store: &Store) -> Result<DataView, StoreError> {
    // No folder: nothing was recorded yet.
    let files = fs::read_dir(store.folder().join(RECORDINGS)).into_iter().flatten().flatten();
    let bytes = files.filter_map(|file| file.metadata().ok()).map(|file| file.len()).sum();
    Ok(DataView {
        folder: store.folder().display().to_string(),
        runners: store.runners(false)?.len(),
        sessions: store.sessions(None)?.len(),
        recordings_bytes: bytes,
        retention_days: store.retention_days()?,
        undo_days: UNDO_DAYS,
    })
}

pub(super) async fn show(State(served): State<Served>) -> Answer<Json<DataView>> {
    with(&served, of).await.map(Json)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Retention {
    retention_days: u32,
}

/// Takes hold at the next start, and never of a session that runs.
pub(super) async fn change(
    State(served): State<Served>,
    asked: Result<Json<Retention>, JsonRejection>,
) -> Answer<Json<DataView>> {
    let asked = body(asked)?;
    let view = with(&served, move |store| {
        store.set_retention_days(asked.retention_days)?;
        of(store)
    });
    view.await.map(Json)
}

#[derive(Deserialize)]
pub(super) struct Confirmed {
    /// `everything`: nobody asks for this by accident.
    confirm: Option<String>,
}

/// Runners, sessions, recordings and copies, at once and for good. Where sensors are worn stays.
pub(super) async fn erase(
    State(served): State<Served>,
    Query(confirmed): Query<Confirmed>,
) -> Answer<StatusCode> {
    if confirmed.confirm.as_deref() != Some("everything") {
        let sentence =
            "this deletes every runner and every recording for good: confirm with ?confirm=everything";
        return Err((StatusCode::UNPROCESSABLE_ENTITY, sentence.to_owned()));
    }
    with(&served, |store| {
        store.erase_everything()?;
        let path = store.folder().join(COPIES);
        match fs::remove_dir_all(&path) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => Err(StoreError::File { path, source }),
            _ => Ok(()),
        }
    })
    .await?;
    served.hub.desk().forget().map_err(|error| super::cues::refused(&error))?;
    served.hub.cue_settings();
    super::history::follow_owner(&served).await;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Serialize)]
pub(super) struct Copied {
    folder: String,
    files: usize,
}

/// Into a folder beside the recordings: JSON that needs no program of ours, and the recordings as they are.
pub(super) async fn export(State(served): State<Served>, Path(id): Path<i64>) -> Answer<Json<Copied>> {
    let copied = with(&served, move |store| {
        let runner = store.runner_by_id(id)?;
        let folder = store.folder().join(COPIES);
        private::folder(&folder).map_err(|source| StoreError::File { path: folder.clone(), source })?;
        let now = host_clock::wall_time();
        let stamp = now.get(..19).unwrap_or(&now).replace(':', "-");
        // Never the name that people gave: it may hold what no file name may.
        let out = folder.join(format!("{} {stamp}", runner.pseudonym));
        let files =
            copy::everything_of(store, &runner, &out).map_err(|e| StoreError::Refused(format!("{e:#}")))?;
        Ok(Copied { folder: out.display().to_string(), files })
    });
    copied.await.map(Json)
}

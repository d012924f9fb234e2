//! Other limits on an old session: when each would have alerted. The session itself stays as it was judged.

use super::Served;
use super::history::{Answer, body, with};
use crate::event::Rule;
use crate::flag::{Change, FlagConfig};
use crate::pipeline::PipelineConfig;
use crate::retry::{self, Retried, RetryError};
use crate::source::{self, Recording};
use crate::store::StoreError;
use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use std::path::{Path as FilePath, PathBuf};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

/// One at a time: it takes a core for seconds, and a session may be running beside it.
static TURN: Semaphore = Semaphore::const_new(1);

/// Limits that a person may try, as they were in force.
#[derive(Serialize)]
pub(super) struct LimitView {
    rule: &'static str,
    /// What `amber_deg` and `red_deg` are set by, such as `femur_adduction` in `femur_adduction.amber_deg=3`.
    group: &'static str,
    /// A level, where the others are changes from the usual.
    level: bool,
    amber_deg: f64,
    red_deg: f64,
}

fn limits(flags: &FlagConfig) -> Vec<LimitView> {
    let change = |rule: Rule, group, Change { amber_deg, red_deg, .. }| LimitView {
        rule: rule.name(),
        group,
        level: false,
        amber_deg,
        red_deg,
    };
    let (amber, red) = flags.sex.hip_adduction_level();
    let absolute = &flags.hip_adduction_absolute;
    let level = LimitView {
        rule: Rule::HipAdduction.name(),
        group: "hip_adduction_absolute",
        level: true,
        amber_deg: absolute.amber_deg.unwrap_or(amber),
        red_deg: absolute.red_deg.unwrap_or(red),
    };
    vec![
        change(Rule::HipAdduction, "hip_adduction", flags.hip_adduction),
        level,
        change(Rule::FemurAdduction, "femur_adduction", flags.femur_adduction),
        change(Rule::MedialRotation, "rotation_excursion", flags.rotation_excursion),
        change(Rule::PelvicDrop, "pelvic_drop", flags.pelvic_drop),
        change(Rule::KneeValgus, "knee_valgus", flags.knee_valgus),
    ]
}

pub(super) async fn show(
    State(served): State<Served>,
    Path(id): Path<String>,
) -> Answer<Json<Vec<LimitView>>> {
    let path = recording(&served, id).await?;
    apart(move || Ok(limits(&read(&path)?.1.flags))).await.map(Json)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    /// Such as `femur_adduction.amber_deg=3`.
    set: Vec<String>,
}

pub(super) async fn ask(
    State(served): State<Served>,
    Path(id): Path<String>,
    asked: Result<Json<Asked>, JsonRejection>,
) -> Answer<Json<Retried>> {
    let Asked { set } = body(asked)?;
    let path = recording(&served, id).await?;
    let Ok(_turn) = TURN.try_acquire() else {
        return Err((
            StatusCode::CONFLICT,
            "other limits are being tried now: try again in a moment".to_owned(),
        ));
    };
    let retried = apart(move || {
        let (recording, recorded) = read(&path)?;
        let flags = retry::with_settings(&recorded.flags, &set)?;
        retry::run(&recording, &recorded, &PipelineConfig { flags, ..recorded.clone() })
    });
    retried.await.map(Json)
}

async fn recording(served: &Served, id: String) -> Answer<PathBuf> {
    with(served, move |store| {
        let session = store.session(&id)?;
        if store.running().contains(&session.id) {
            return Err(StoreError::Refused(
                "the session still runs: try other limits when it has ended".to_owned(),
            ));
        }
        let path = session.recording_path(store.folder()).filter(|path| path.exists());
        path.ok_or_else(|| {
            StoreError::Refused(
                "the recording of this session is not here, and its figures alone cannot be judged anew"
                    .to_owned(),
            )
        })
    })
    .await
}

/// A recording with the settings that it was judged by; the defaults where it does not say.
fn read(path: &FilePath) -> Result<(Recording, PipelineConfig), RetryError> {
    let recording = source::find(path)?.pop().ok_or(RetryError::Empty)?;
    let config = match recording.settings() {
        Some(text) => serde_json::from_str(text).map_err(|_| RetryError::Version)?,
        None => PipelineConfig::default(),
    };
    Ok((recording, config))
}

/// Works off the network's threads.
async fn apart<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, RetryError> + Send + 'static,
) -> Answer<T> {
    let stopped = |_| (StatusCode::INTERNAL_SERVER_ERROR, "trying stopped working: try again".to_owned());
    let done = spawn_blocking(work).await.map_err(stopped)?;
    done.map_err(|error| (StatusCode::UNPROCESSABLE_ENTITY, error.to_string()))
}

//! A runner's kept usual over the API: of when it is, what the last session meant for it, and another one in its place.

use super::Served;
use super::history::{Answer, body, with};
use crate::store::{LatestUsual, Store, StoreError};
use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};

#[derive(Serialize)]
pub(super) struct UsualView {
    kept: Option<KeptView>,
    latest: Option<LatestView>,
}

#[derive(Serialize)]
struct KeptView {
    /// Of its newest session.
    date: String,
    sessions: u32,
    /// It changes no more.
    ripe: bool,
}

#[derive(Serialize)]
struct LatestView {
    session: String,
    date: String,
    /// Why the kept usual stays as it was; null where this session has become part of it.
    refused: Option<String>,
}

pub(super) async fn show(State(served): State<Served>, Path(id): Path<i64>) -> Answer<Json<UsualView>> {
    with(&served, move |store| of(store, id)).await.map(Json)
}

fn of(store: &Store, id: i64) -> Result<UsualView, StoreError> {
    store.runner_by_id(id)?;
    let kept = store.usual(id)?.map(|usual| KeptView {
        date: usual.note.date.clone(),
        sessions: usual.sessions,
        ripe: usual.is_ripe(),
    });
    let view =
        |LatestUsual { session, usual, refused }| LatestView { session, date: usual.note.date, refused };
    Ok(UsualView { kept, latest: store.latest_usual(id)?.map(view) })
}

#[derive(Deserialize)]
#[serde(tag = "act", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Asked {
    /// What the last session has learnt takes its place.
    Renew,
    Forget,
}

/// Counts from the next session on: one that runs is judged as it began.
pub(super) async fn ask(
    State(served): State<Served>,
    Path(id): Path<i64>,
    asked: Result<Json<Asked>, JsonRejection>,
) -> Answer<Json<UsualView>> {
    let asked = body(asked)?;
    let view = with(&served, move |store| {
        store.runner_by_id(id)?;
        match asked {
            Asked::Renew => store.renew_usual(id)?,
            Asked::Forget => store.forget_usual(id)?,
        }
        of(store, id)
    });
    view.await.map(Json)
}

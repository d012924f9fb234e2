//! The board over the API: how it stands, live, and what people at it want.

mod call;
mod desk;

pub use desk::BoardDesk;

use super::Site;
use super::access::Pass;
use super::team::{self, STUCK};
use crate::team::Ask;
use axum::extract::State;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::http::StatusCode;
use axum::response::Response;
use axum::{Extension, Json};
use desk::DeskView;
use serde::Deserialize;
use std::time::Duration;
use tokio::task::spawn_blocking;
use tokio::time::{sleep, timeout};

/// Between two pictures at least: people read no faster.
const PACE: Duration = Duration::from_millis(250);
/// Between two pictures at most: how long ago things were changes by itself.
const QUIET: Duration = Duration::from_secs(1);
/// Nothing a client may say is longer.
const LONGEST_INCOMING: usize = 4096;

type Refused = (StatusCode, String);

fn desk(site: &Site) -> Result<&BoardDesk, Refused> {
    site.board.as_ref().ok_or_else(|| {
        (
            StatusCode::NOT_FOUND,
            "there is no board here: start `stancewatch run` or `stancewatch coach`".to_owned(),
        )
    })
}

fn view(site: &Site) -> Result<DeskView, Refused> {
    Ok(desk(site)?.view(site.team.as_ref().map(crate::team::Spool::daemon)))
}

pub(super) async fn show(State(site): State<Site>) -> Result<Json<DeskView>, Refused> {
    view(&site).map(Json)
}

pub(super) async fn live(
    State(site): State<Site>,
    Extension(pass): Extension<Pass>,
    ws: WebSocketUpgrade,
) -> Result<Response, Refused> {
    desk(&site)?;
    Ok(ws.max_message_size(LONGEST_INCOMING).read_buffer_size(LONGEST_INCOMING).on_upgrade(
        move |mut socket| async move {
            tokio::select! {
                _gone = stream(&mut socket, &site) => {}
                () = pass.revoked.cancelled() => {}
                () = site.shutdown.cancelled() => {}
            }
        },
    ))
}

async fn stream(socket: &mut WebSocket, site: &Site) -> Option<()> {
    let mut changed = desk(site).ok()?.changed();
    loop {
        changed.mark_unchanged();
        let text = serde_json::to_string(&view(site).ok()?).ok()?;
        timeout(STUCK, socket.send(Message::text(text))).await.ok()?.ok()?;
        sleep(PACE).await;
        tokio::select! {
            more = changed.changed() => more.ok()?,
            () = sleep(QUIET) => {}
            incoming = socket.recv() => match incoming {
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                _ => return None,
            },
        }
    }
}

/// What a person at the board wants, and of which daemon.
#[derive(Deserialize)]
pub(super) struct Wanted {
    daemon: String,
    #[serde(flatten)]
    ask: Ask,
}

pub(super) async fn ask(State(site): State<Site>, Json(wanted): Json<Wanted>) -> Result<StatusCode, Refused> {
    let Wanted { daemon, ask } = wanted;
    if site.team.as_ref().is_some_and(|spool| spool.daemon() == daemon) {
        return team::answer(&site, &ask).map(|()| StatusCode::NO_CONTENT);
    }
    let desk = desk(&site)?;
    let asked = match desk.address(&daemon) {
        Some(address) => {
            let asked = spawn_blocking(move || call::ask(&address, &ask)).await;
            asked.unwrap_or_else(|_| Err("asking stopped working: try again".to_owned()))
        }
        None => desk.ask(daemon, ask).await.ok_or_else(|| {
            let sentence = "this runner's daemon is not followed at an address, and nothing can be asked of it: add its address";
            (StatusCode::CONFLICT, sentence.to_owned())
        })?,
    };
    asked.map(|()| StatusCode::NO_CONTENT).map_err(|sentence| (StatusCode::BAD_GATEWAY, sentence))
}

#[derive(Deserialize)]
pub(super) struct Place {
    url: String,
    #[serde(default)]
    code: Option<String>,
}

pub(super) async fn add(State(site): State<Site>, Json(place): Json<Place>) -> Result<StatusCode, Refused> {
    let code = place.code.filter(|code| !code.trim().is_empty());
    let added = desk(&site)?.add(&place.url, code).await;
    added.map(|()| StatusCode::NO_CONTENT).map_err(|sentence| (StatusCode::UNPROCESSABLE_ENTITY, sentence))
}

pub(super) async fn remove(
    State(site): State<Site>,
    Json(place): Json<Place>,
) -> Result<StatusCode, Refused> {
    if desk(&site)?.remove(&place.url).await {
        return Ok(StatusCode::NO_CONTENT);
    }
    Err((StatusCode::NOT_FOUND, format!("{} is not followed: the list was changed meanwhile", place.url)))
}

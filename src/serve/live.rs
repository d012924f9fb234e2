//! The live stream: a snapshot, then every numbered message in order, and the latest state as fast as
//! the client takes it. A client that falls too far behind gets a fresh snapshot, never a silent gap.

use super::Served;
use super::access::Pass;
use super::hub::Hub;
use super::state::{Cursor, Due, News};
use axum::extract::State;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::response::Response;
use axum::{Error, Extension};
use serde::Serialize;
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval, timeout};

/// Between two states: 15 a second are smooth to the eye and leave a phone's battery alone.
const PACE: Duration = Duration::from_millis(66);
/// Ticks after which a state is sent even if nothing changed: the page tells a quiet daemon from a dead one.
const QUIET_TICKS: u32 = 15;
/// Nothing a client may say is longer.
const LONGEST_INCOMING: usize = 4096;
const GOODBYE: Duration = Duration::from_millis(200);

/// A client that takes nothing for this long is not there any more.
const STUCK: Duration = Duration::from_secs(10);

pub(super) async fn upgrade(
    State(served): State<Served>,
    Extension(pass): Extension<Pass>,
    ws: WebSocketUpgrade,
) -> Response {
    // The buffer is cleared before every read: no larger than what may come.
    let ws = ws.max_message_size(LONGEST_INCOMING).read_buffer_size(LONGEST_INCOMING);
    ws.on_upgrade(move |mut socket| async move {
        tokio::select! {
            // An error here is a client that has left; there is nobody to tell.
            _gone = stream(&mut socket, &served.hub) => {}
            () = pass.revoked.cancelled() => {}
            () = served.shutdown.cancelled() => {
                let frame = CloseFrame { code: close_code::AWAY, reason: "stancewatch has ended".into() };
                let _ = timeout(GOODBYE, socket.send(Message::Close(Some(frame)))).await;
            }
        }
    })
}

async fn stream(socket: &mut WebSocket, hub: &Hub) -> Result<(), Error> {
    let mut wake = hub.wake();
    let mut cursor = Cursor::default();
    let mut ticks = interval(PACE);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut due = Due::No;
    let mut quiet = 0;
    loop {
        let (news, now) = hub.update(&mut cursor, due);
        match news {
            News::Snapshot(snapshot) => send(socket, &*snapshot).await?,
            News::Messages(messages) => {
                for text in messages {
                    say(socket, Message::text(&*text)).await?;
                }
            }
        }
        if let Some(now) = now {
            quiet = 0;
            socket.send(Message::text(&*now)).await?;
        }
        due = tokio::select! {
            _ = ticks.tick() => {
                quiet += 1;
                if quiet < QUIET_TICKS { Due::IfChanged } else { Due::Anyway }
            }
            changed = wake.changed() => {
                if changed.is_err() {
                    return Ok(());
                }
                Due::No
            }
            incoming = socket.recv() => match incoming {
                None | Some(Ok(Message::Close(_))) => return Ok(()),
                Some(said) => {
                    drop(said?);
                    Due::No
                }
            },
        };
    }
}

async fn send(socket: &mut WebSocket, message: &impl Serialize) -> Result<(), Error> {
    let text = serde_json::to_string(message).map_err(Error::new)?;
    say(socket, Message::text(text)).await
}

async fn say(socket: &mut WebSocket, message: Message) -> Result<(), Error> {
    timeout(STUCK, socket.send(message)).await.map_err(Error::new)?
}

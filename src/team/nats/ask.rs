//! What a board wants of a daemon, by request and reply: nothing is kept of it, who does not answer is not there.

use super::{subject_of, token};
use crate::team::ask::{Ask, Wanted};
use async_nats::{Client, Message, RequestErrorKind, Subscriber};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A daemon answers within this time or is not there.
const ANSWER: Duration = Duration::from_secs(5);
const MALFORMED: &str = "the daemon does not understand what was asked: update stancewatch there";

#[derive(Serialize, Deserialize)]
struct Answer {
    /// Why it was not done.
    refused: Option<String>,
}

/// Where a daemon is asked: `stancewatch.v1.CLUB.DAEMON.ask`.
fn subject(club: &str, daemon: &str) -> String {
    subject_of(club, &token(daemon), "ask")
}

/// Asks, and tells whoever wanted it what became of it.
pub(super) async fn ask(client: Client, club: String, wanted: Wanted) {
    let asked = request(&client, &club, &wanted.daemon, &wanted.ask).await;
    // `err`: nobody waits for the answer any more.
    wanted.answer.send(asked).ok();
}

async fn request(client: &Client, club: &str, daemon: &str, ask: &Ask) -> Result<(), String> {
    let body = serde_json::to_vec(ask).map_err(|error| format!("the request cannot be written: {error}"))?;
    let request = async_nats::Request::new().payload(body.into()).timeout(Some(ANSWER));
    let answer = client.send_request(subject(club, daemon), request).await.map_err(|error| match error.kind() {
        RequestErrorKind::NoResponders | RequestErrorKind::TimedOut => {
            "this runner's daemon does not answer by way of the NATS server: it is away, or the server does not let it hear \
             (docs/team.md)"
                .to_owned()
        }
        _ => format!("the NATS server does not pass the request on: {error}; see docs/team.md for what a board may do"),
    })?;
    match serde_json::from_slice(&answer.payload) {
        Ok(Answer { refused: None }) => Ok(()),
        Ok(Answer { refused: Some(why) }) => Err(why),
        Err(error) => Err(format!("the daemon's answer is none: {error}; update stancewatch there")),
    }
}

/// Requests to this daemon from now on.
pub(super) async fn requests(client: &Client, club: &str, daemon: &str) -> Result<Subscriber, String> {
    let heard = client.subscribe(subject(club, daemon)).await;
    heard.map_err(|error| format!("the NATS server does not let this daemon hear: {error}; trying again"))
}

/// Does what is asked, and says so.
pub(super) async fn answer(client: &Client, message: &Message, with: &impl Fn(&Ask) -> Result<(), String>) {
    let Some(reply) = message.reply.clone() else { return };
    let done =
        serde_json::from_slice(&message.payload).map_err(|_| MALFORMED.to_owned()).and_then(|ask| with(&ask));
    // Two fields of text cannot fail to be written.
    let body = serde_json::to_vec(&Answer { refused: done.err() }).unwrap_or_default();
    if let Err(error) = client.publish(reply, body.into()).await {
        tracing::warn!("a board was not answered: {error}");
    }
}

//! From the server to a board: the day so far, then what comes.

use super::ask;
use super::link::{Link, Teller};
use super::{DOUBTED, STATUS, daemon_of, stream_config, stream_name, subjects};
use crate::team::ask::Wanted;
use crate::team::report::{Refused, Report, read};
use crate::team::settings::Nats;
use async_nats::header::NATS_MESSAGE_ID;
use async_nats::jetstream::consumer::DeliverPolicy;
use async_nats::jetstream::consumer::pull::{Ordered, OrderedConfig};
use async_nats::jetstream::stream::Stream;
use async_nats::jetstream::{self, context::GetStreamErrorKind};
use async_nats::{Client, Message, Subscriber};
use futures::StreamExt;
use std::time::Duration;
use tokio::sync::mpsc::UnboundedReceiver;

/// Hears all daemons of the club, over as many connections as it takes: all that the server has kept since the time
/// (ms since 1970), then what comes. A report may come twice or out of order, which its number tells. `board` is the
/// board's name, letters and digits; `wanted` is what people at it want of daemons; `tell` hears in a sentence how it stands.
pub async fn listen(
    settings: &Nats,
    board: &str,
    since_unix_ms: i64,
    mut wanted: UnboundedReceiver<Wanted>,
    mut take: impl FnMut(Result<Report, Refused>),
    tell: impl FnMut(&str),
) {
    let mut teller = Teller::new(tell);
    let mut inlet = Inlet { settings, since: i128::from(since_unix_ms) * 1_000_000, heard: None };
    loop {
        let why = match Link::open(settings, board).await {
            Ok(mut link) => {
                let client = link.client.clone();
                let work = async {
                    match inlet.open(&client).await {
                        Ok((stream, statuses)) => {
                            teller.say("listening to the daemons by way of the NATS server");
                            inlet.run(&client, stream, statuses, &mut wanted, &mut take).await
                        }
                        Err(why) => why,
                    }
                };
                link.during(work).await
            }
            Err(why) => why,
        };
        teller.rest(&why).await;
    }
}

struct Inlet<'a> {
    settings: &'a Nats,
    /// Where the next connection begins, by the server's clock, ns since 1970.
    since: i128,
    /// What was heard last: its place in the stream, and its id.
    heard: Option<(u64, String)>,
}

impl Inlet<'_> {
    async fn open(&mut self, client: &Client) -> Result<(Ordered, Subscriber), String> {
        let statuses = client.subscribe(subjects(&self.settings.club, STATUS)).await;
        let statuses = statuses.map_err(|error| refused(&error))?;
        let stream = self.stream(&jetstream::new(client.clone())).await?;
        let deliver_policy = match &self.heard {
            Some((place, id)) if is_still_there(&stream, *place, id).await => {
                DeliverPolicy::ByStartSequence { start_sequence: place + 1 }
            }
            _ => {
                let start_time =
                    async_nats::datetime::from_nanos(self.since).map_err(|error| refused(&error))?;
                DeliverPolicy::ByStartTime { start_time }
            }
        };
        // No filter: the stream has nothing else, and with one the server looks through the subjects of all runners
        // for every report (3,400 reports per second of a core, 500 runners make 1,400).
        let config = OrderedConfig { deliver_policy, ..OrderedConfig::default() };
        let consumer = stream.create_consumer(config).await.map_err(|error| refused(&error))?;
        Ok((consumer.messages().await.map_err(|error| refused(&error))?, statuses))
    }

    /// The stream of the club, made if it is missing. One that is there keeps its limits.
    async fn stream(&self, jetstream: &jetstream::Context) -> Result<Stream, String> {
        match jetstream.get_stream(stream_name(&self.settings.club)).await {
            Ok(stream) => Ok(stream),
            Err(error) if matches!(error.kind(), GetStreamErrorKind::JetStream(_)) => {
                jetstream.create_stream(stream_config(self.settings)).await.map_err(|error| {
                    format!(
                        "the NATS server makes no stream for the club `{}`: {error}; see its JetStream limits",
                        self.settings.club
                    )
                })
            }
            Err(error) => Err(refused(&error)),
        }
    }

    /// Until something goes wrong; what.
    async fn run(
        &mut self,
        client: &Client,
        mut stream: Ordered,
        mut statuses: Subscriber,
        wanted: &mut UnboundedReceiver<Wanted>,
        take: &mut impl FnMut(Result<Report, Refused>),
    ) -> String {
        loop {
            tokio::select! {
                next = stream.next() => match next {
                    Some(Ok(message)) => {
                        if let Ok(info) = message.info() {
                            let id = message.headers.as_ref().and_then(|headers| headers.get(NATS_MESSAGE_ID));
                            self.heard = id.map(|id| (info.stream_sequence, id.to_string()));
                            self.since = self.since.max(info.published.unix_timestamp_nanos() - nanoseconds(DOUBTED));
                        }
                        take(report(&message.message));
                    }
                    Some(Err(error)) => return refused(&error),
                    None => return refused(&"the stream has ended"),
                },
                Some(message) = statuses.next() => take(report(&message)),
                // Nothing is held up by a daemon that takes its time.
                Some(wanted) = wanted.recv() => {
                    tokio::spawn(ask::ask(client.clone(), self.settings.club.clone(), wanted));
                }
            }
        }
    }
}

fn nanoseconds(duration: Duration) -> i128 {
    i128::from(duration.as_secs()) * 1_000_000_000
}

/// A server that has lost power may have lost its last messages, and given their places to others.
async fn is_still_there(stream: &Stream, place: u64, id: &str) -> bool {
    let there = stream.get_raw_message(place).await;
    there.is_ok_and(|there| there.headers.get(NATS_MESSAGE_ID).is_some_and(|its| its.as_str() == id))
}

/// Under the subject of one daemon nobody speaks for another.
fn report(message: &Message) -> Result<Report, Refused> {
    read(&message.payload, daemon_of(&message.subject))
}

fn refused(error: &dyn std::fmt::Display) -> String {
    format!("the NATS server does not let the board listen: {error}; trying again")
}

//! One connection to a NATS server, for as long as it holds. Nothing waits in it for a better one: what was not
//! acknowledged is in the daemon's log, and the next connection sends it.

use super::AGAIN;
use crate::team::settings::{Nats, NatsError, read};
use async_nats::connection::State;
use async_nats::{Client, ConnectError, ConnectErrorKind, ConnectOptions, Event, ServerAddr, ServerError};
use std::error::Error;
use std::io;
use std::time::Duration;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// A peer that is cut off is noticed within three of these.
const PING: Duration = Duration::from_secs(4);
const LOST: &str = "the connection to the NATS server is lost; trying again, nothing is forgotten";
const CONNECT: Duration = Duration::from_secs(5);

pub(super) struct Link {
    pub(super) client: Client,
    events: UnboundedReceiver<Event>,
}

impl Link {
    /// `who` is the name that the server lists, and whose answers come under `_INBOX.WHO`.
    pub(super) async fn open(settings: &Nats, who: &str) -> Result<Self, String> {
        let servers = settings.url.split(',').map(|url| url.trim().parse::<ServerAddr>());
        let servers = servers.collect::<Result<Vec<_>, _>>().map_err(|error| {
            format!(
                "{} is no address of a NATS server: {error}; give one such as nats://host:4222",
                settings.url
            )
        })?;
        let (tell, events) = unbounded_channel();
        let options = sign_in(settings).map_err(|error| error.to_string())?;
        let options = options
            .name(format!("stancewatch {who}"))
            .custom_inbox_prefix(format!("_INBOX.{who}"))
            .connection_timeout(CONNECT)
            .ping_interval(PING)
            // Each server is tried once; a lost connection is given up, not mended: the next is a new one.
            .max_reconnects(servers.len())
            .event_callback(move |event| {
                tell.send(event).ok();
                async {}
            });
        let client = options.connect(servers).await.map_err(|error| match error.kind() {
            ConnectErrorKind::AuthorizationViolation | ConnectErrorKind::Authentication => format!(
                "the NATS server at {} does not let this program in; check user and password, nkey or creds under \
                 [nats] in the settings file",
                settings.url
            ),
            kind if kind == ConnectErrorKind::Tls || is_untrusted(&error) => format!(
                "no secure connection to the NATS server at {}: {error}; give the certificate of who signed its own \
                 as `ca` under [nats]",
                settings.url
            ),
            _ => format!("no NATS server answers at {}: {error}; trying again", settings.url),
        })?;
        Ok(Self { client, events })
    }

    /// Works until something goes wrong; what.
    pub(super) async fn during(&mut self, work: impl Future<Output = String>) -> String {
        let why = tokio::select! {
            biased;
            why = refused(&mut self.events) => return why,
            why = work => why,
        };
        // The work may fail a moment before it is known why.
        if self.client.connection_state() == State::Connected { why } else { LOST.to_owned() }
    }
}

/// A certificate that is refused comes as a fault of the transport.
fn is_untrusted(error: &ConnectError) -> bool {
    let mut cause = error.source();
    while let Some(found) = cause {
        if found.downcast_ref::<io::Error>().is_some_and(|io| io.kind() == io::ErrorKind::InvalidData) {
            return true;
        }
        cause = found.source();
    }
    false
}

/// Until the server ends the connection or refuses something; what.
async fn refused(events: &mut UnboundedReceiver<Event>) -> String {
    while let Some(event) = events.recv().await {
        match event {
            Event::Disconnected | Event::Closed => break,
            // A server of before there were requests: all else works.
            Event::ServerError(ServerError::Other(what)) if what.contains(".ask\"") => {
                tracing::warn!(
                    "boards cannot ask this daemon: {what}; whoever runs the server has to allow it (docs/team.md)"
                );
            }
            Event::ServerError(ServerError::Other(what)) if what.to_lowercase().contains("permissions") => {
                return format!(
                    "the NATS server refuses: {what}; whoever runs it has to allow it (docs/team.md)"
                );
            }
            other => tracing::debug!("{other}"),
        }
    }
    LOST.to_owned()
}

fn sign_in(settings: &Nats) -> Result<ConnectOptions, NatsError> {
    let mut options = ConnectOptions::new();
    if let (Some(user), Some(password)) = (&settings.user, &settings.password) {
        options = options.user_and_password(user.clone(), password.clone());
    }
    if let Some(path) = &settings.nkey {
        options = options.nkey(read(path)?);
    }
    if let Some(path) = &settings.creds {
        let text = read(path)?;
        options =
            options.credentials(&text).map_err(|source| NatsError::File { path: path.clone(), source })?;
    }
    if let Some(path) = &settings.ca {
        options = options.add_root_certificates(path.clone()).require_tls(true);
    }
    Ok(options)
}

/// Tells what is new about a connection, each thing once until it changes.
pub(super) struct Teller<T> {
    tell: T,
    said: String,
}

impl<T: FnMut(&str)> Teller<T> {
    pub(super) fn new(tell: T) -> Self {
        Self { tell, said: String::new() }
    }

    pub(super) fn say(&mut self, what: &str) {
        if what != self.said {
            what.clone_into(&mut self.said);
            (self.tell)(what);
        }
    }

    /// Says why there is no connection and waits before the next.
    pub(super) async fn rest(&mut self, why: &str) {
        self.say(why);
        tokio::time::sleep(AGAIN).await;
    }
}

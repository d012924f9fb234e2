//! From the daemon's log to the server: in order, each until it is acknowledged.

use super::link::{Link, Teller};
use super::{kind, subject};
use crate::team::report::Report;
use crate::team::settings::Nats;
use crate::team::spool::{Spool, SpoolError};
use async_nats::jetstream::context::PublishErrorKind;
use async_nats::jetstream::{self, message::PublishMessage};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::sleep;

/// Reports on their way at once.
const BATCH: usize = 256;
/// A status of a runner goes out this often at most.
const PACE: Duration = Duration::from_secs(1);
const ACKNOWLEDGED_WITHIN: Duration = Duration::from_secs(5);

/// Sends what the log has and will have, over as many connections as it takes; `tell` hears in a sentence how it
/// stands. Ends with the task that it runs in; what was sent by then is remembered in the log.
pub async fn publish(settings: &Nats, spool: &Spool, tell: impl FnMut(&str)) {
    let mut teller = Teller::new(tell);
    loop {
        let why = match Link::open(settings, spool.daemon()).await {
            Ok(mut link) => {
                let mut jetstream = jetstream::new(link.client.clone());
                jetstream.set_timeout(ACKNOWLEDGED_WITHIN);
                let mut outlet = Outlet { settings, spool, jetstream, told: BTreeMap::new() };
                tokio::select! {
                    why = link.lost() => why,
                    why = outlet.run(&mut teller) => why,
                }
            }
            Err(why) => why,
        };
        teller.rest(&why).await;
    }
}

struct Outlet<'a> {
    settings: &'a Nats,
    spool: &'a Spool,
    jetstream: jetstream::Context,
    /// When the status of each runner was told that was sent last.
    told: BTreeMap<String, i64>,
}

impl Outlet<'_> {
    /// Until something goes wrong; what.
    async fn run<T: FnMut(&str)>(&mut self, teller: &mut Teller<T>) -> String {
        let mut changed = self.spool.changed();
        let mut status_due = true;
        loop {
            changed.mark_unchanged();
            if status_due && let Err(why) = self.statuses().await {
                return why;
            }
            match self.reports().await {
                Ok(()) => teller.say("the board is told by way of the NATS server"),
                Err(why) => return why,
            }
            tokio::select! {
                _ = changed.changed() => status_due = false,
                () = sleep(PACE) => status_due = true,
            }
        }
    }

    async fn statuses(&mut self) -> Result<(), String> {
        for report in self.spool.statuses() {
            let told = self.told.insert(report.runner.id.clone(), report.told_unix_ms);
            if told != Some(report.told_unix_ms) {
                let (subject, body) = self.message(&report)?;
                let sent = self.jetstream.client().publish(subject, body.into()).await;
                sent.map_err(|error| format!("the NATS server takes nothing: {error}; trying again"))?;
            }
        }
        Ok(())
    }

    /// All that the log has.
    async fn reports(&self) -> Result<(), String> {
        let way = format!("nats {}", self.settings.club);
        let disk = |error: SpoolError| error.to_string();
        let mut done = self.spool.delivered(&way).map_err(disk)?;
        loop {
            let stretch = self.spool.after(done, BATCH).map_err(disk)?;
            if stretch.lost > 0 {
                tracing::warn!("{} reports were too old to keep and never reached the server", stretch.lost);
            }
            let Some(last) = stretch.reports.last().and_then(|report| report.number) else { return Ok(()) };
            let mut waiting = Vec::with_capacity(stretch.reports.len());
            for report in &stretch.reports {
                let (subject, body) = self.message(report)?;
                let id = format!("{}-{}", report.daemon, report.number.unwrap_or_default());
                let message = PublishMessage::build().message_id(id).payload(body.into());
                let sent = self.jetstream.send_publish(subject, message).await;
                waiting.push(sent.map_err(|error| self.refused(&error))?);
            }
            for acknowledged in waiting {
                acknowledged.await.map_err(|error| self.refused(&error))?;
            }
            self.spool.set_delivered(&way, last).map_err(disk)?;
            done = last;
        }
    }

    fn message(&self, report: &Report) -> Result<(String, Vec<u8>), String> {
        let subject = subject(&self.settings.club, &report.daemon, &report.runner.id, kind(report));
        let body =
            serde_json::to_vec(report).map_err(|error| format!("a report cannot be written: {error}"))?;
        Ok((subject, body))
    }

    fn refused(&self, error: &jetstream::context::PublishError) -> String {
        match error.kind() {
            PublishErrorKind::StreamNotFound => format!(
                "the NATS server keeps nothing for the club `{}` yet; start the board with `coach --nats`, which makes \
                 the stream",
                self.settings.club
            ),
            PublishErrorKind::TimedOut => {
                "the NATS server does not acknowledge what it is told; trying again, nothing is forgotten"
                    .to_owned()
            }
            _ => format!("the NATS server does not keep what it is told: {error}; see its log and limits"),
        }
    }
}

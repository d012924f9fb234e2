//! From the daemon's log to the server: in order, each until it is acknowledged.

use super::ask;
use super::link::{Link, Teller};
use super::{DOUBTED, kind, subject};
use crate::host_clock;
use crate::team::ask::Ask;
use crate::team::report::Report;
use crate::team::settings::Nats;
use crate::team::spool::{Spool, SpoolError};
use async_nats::jetstream::context::{PublishAckFuture, PublishErrorKind};
use async_nats::jetstream::{self, message::PublishMessage};
use futures::StreamExt;
use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};
use tokio::task::spawn_blocking;
use tokio::time::{MissedTickBehavior, interval};

/// Reports on their way at once.
const BATCH: usize = 256;
/// A status of a runner goes out this often at most; where the log was read up to is kept as often.
const PACE: Duration = Duration::from_secs(1);
const ACKNOWLEDGED_WITHIN: Duration = Duration::from_secs(10);

/// Sends what the log has and will have, over as many connections as it takes; `answer` does what boards want, `tell`
/// hears in a sentence how it stands. Never ends by itself.
pub async fn publish(
    settings: &Nats,
    spool: &Spool,
    answer: impl Fn(&Ask) -> Result<(), String>,
    tell: impl FnMut(&str),
) {
    let mut teller = Teller::new(tell);
    let mut done = loop {
        match Done::read(settings, spool) {
            Ok(done) => break done,
            Err(error) => teller.rest(&error.to_string()).await,
        }
    };
    loop {
        let why = match Link::open(settings, spool.daemon()).await {
            Ok(mut link) => {
                let mut jetstream = jetstream::new(link.client.clone());
                jetstream.set_timeout(ACKNOWLEDGED_WITHIN);
                let mut outlet =
                    Outlet { settings, spool, jetstream, done: &mut done, told: BTreeMap::new() };
                let why = link.during(outlet.run(&answer, &mut teller)).await;
                done.settle();
                why
            }
            Err(why) => why,
        };
        teller.rest(&why).await;
    }
}

/// Up to which number the server has acknowledged.
struct Done {
    way: String,
    number: u64,
    kept: u64,
    /// When it came to be, for the last while; oldest first.
    lately: VecDeque<(Instant, u64)>,
}

impl Done {
    fn read(settings: &Nats, spool: &Spool) -> Result<Self, SpoolError> {
        let way = format!("nats {}", settings.club);
        let number = spool.delivered(&way)?;
        Ok(Self { way, number, kept: number, lately: VecDeque::from([(host_clock::instant(), number)]) })
    }

    fn up_to(&mut self, number: u64) {
        self.number = number;
        self.lately.push_back((host_clock::instant(), number));
        self.settle();
    }

    /// What was acknowledged a while ago has reached the server's disk, as the server was there all along.
    fn settle(&mut self) {
        let now = host_clock::instant();
        while self.lately.get(1).is_some_and(|(then, _)| now - *then > DOUBTED) {
            self.lately.pop_front();
        }
    }

    /// A server that has lost power meanwhile may have lost what it acknowledged last. What it has, it does not take twice.
    fn go_back(&mut self) {
        if let Some((_, number)) = self.lately.front() {
            self.number = *number;
        }
    }

    /// Not more often than needed: after a kill it is sent again.
    fn keep(&mut self, spool: &Spool) -> Result<(), SpoolError> {
        if self.kept != self.number {
            spool.set_delivered(&self.way, self.number)?;
            self.kept = self.number;
        }
        Ok(())
    }
}

struct Outlet<'a> {
    settings: &'a Nats,
    spool: &'a Spool,
    jetstream: jetstream::Context,
    done: &'a mut Done,
    /// When the status of each runner was told that was sent last.
    told: BTreeMap<String, i64>,
}

impl Outlet<'_> {
    /// Until something goes wrong; what.
    async fn run<T: FnMut(&str)>(
        &mut self,
        answer: &impl Fn(&Ask) -> Result<(), String>,
        teller: &mut Teller<T>,
    ) -> String {
        let client = self.jetstream.client();
        let mut requests = match ask::requests(&client, &self.settings.club, self.spool.daemon()).await {
            Ok(requests) => requests,
            Err(why) => return why,
        };
        if let Err(why) = self.resume().await {
            return why;
        }
        let mut changed = self.spool.changed();
        let mut paces = interval(PACE);
        paces.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            changed.mark_unchanged();
            match self.reports().await {
                Ok(()) => teller.say("the board is told by way of the NATS server"),
                Err(why) => return why,
            }
            tokio::select! {
                _ = changed.changed() => {}
                Some(message) = requests.next() => ask::answer(&client, &message, answer).await,
                _ = paces.tick() => {
                    if let Err(why) = self.pace().await {
                        return why;
                    }
                }
            }
        }
    }

    /// Sends what was acknowledged last once more: a server that still has it says so.
    async fn resume(&mut self) -> Result<(), String> {
        let Some(before) = self.done.number.checked_sub(1) else { return Ok(()) };
        let stretch = self.spool.after(before, 1).map_err(|error| error.to_string())?;
        let Some(report) = stretch.reports.first() else { return Ok(()) };
        let acknowledged = self.send(report).await?.await.map_err(|error| self.refused(&error))?;
        if !acknowledged.duplicate {
            self.done.go_back();
        }
        Ok(())
    }

    async fn pace(&mut self) -> Result<(), String> {
        self.done.keep(self.spool).map_err(|error| error.to_string())?;
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
    async fn reports(&mut self) -> Result<(), String> {
        loop {
            let (spool, done) = (self.spool.clone(), self.done.number);
            let read = spawn_blocking(move || spool.after(done, BATCH)).await;
            let read =
                read.map_err(|_| "the log is not read any more; start stancewatch again".to_owned())?;
            let stretch = read.map_err(|error| error.to_string())?;
            if stretch.lost > 0 {
                tracing::warn!("{} reports were too old to keep and never reached the server", stretch.lost);
            }
            let Some(last) = stretch.reports.last().and_then(|report| report.number) else { return Ok(()) };
            let mut waiting = Vec::with_capacity(stretch.reports.len());
            for report in &stretch.reports {
                waiting.push(self.send(report).await?);
            }
            for acknowledged in waiting {
                acknowledged.await.map_err(|error| self.refused(&error))?;
            }
            self.done.up_to(last);
        }
    }

    async fn send(&self, report: &Report) -> Result<PublishAckFuture, String> {
        let (subject, body) = self.message(report)?;
        let id = format!("{}-{}", report.daemon, report.number.unwrap_or_default());
        let message = PublishMessage::build().message_id(id).payload(body.into());
        self.jetstream.send_publish(subject, message).await.map_err(|error| self.refused(&error))
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

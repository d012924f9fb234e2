//! One conversation over a link that is up: what the driver asks for is done, what the sensor sends goes on.

use super::news::GARBAGE;
use super::{End, Link, ToLink};
use crate::host_clock;
use crate::input::{Trouble, Way};
use crate::sensor::{Operation, Reply, Request};
use crate::source::ble::board::LinkState;
use crate::source::ble::known::Known;
use crate::source::ble::radio::{Notified, Radio, RadioError};
use crate::source::ble::script::Script;
use std::collections::VecDeque;
use std::time::Instant;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::{MissedTickBehavior, interval, timeout};

/// One conversation.
pub(super) struct Talk<R> {
    pub(super) script: Script<R>,
    pub(super) reply: Reply,
    /// When it began or was begun again.
    pub(super) since: Instant,
    pub(super) strikes: u32,
    /// When samples came last.
    pub(super) sampled: Option<Instant>,
    pub(super) bad: VecDeque<Instant>,
    /// Since they were last told.
    pub(super) samples: u64,
    pub(super) end: Option<End>,
}

impl<R: Radio> Link<R> {
    pub(super) async fn talk(&mut self, mut arrivals: UnboundedReceiver<Notified>, known: &mut Known) -> End {
        let mut talk = Talk {
            script: Script::new(self.radio.clone(), self.peer.clone()),
            reply: Reply::default(),
            since: host_clock::instant(),
            strikes: 0,
            sampled: None,
            bad: VecDeque::with_capacity(GARBAGE),
            samples: 0,
            end: None,
        };
        tracing::info!("{}: connected", self.peer);
        self.card(|card| card.link = LinkState::Starting);
        known.driver.connected(&mut talk.reply);
        self.absorb(&mut talk, host_clock::instant(), known);
        let mut ticks = interval(self.timing.tick);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            if let Some(end) = talk.end.take() {
                return end;
            }
            tokio::select! {
                // Data first: it is what everything else is for, and a script must not be overtaken by a timer.
                biased;
                Some(arrived) = arrivals.recv() => self.arrived(&mut talk, &arrived, known),
                (operation, result) = talk.script.next() => self.performed(&mut talk, &operation, result, known).await,
                message = self.messages.recv() => match message {
                    None | Some(ToLink::Stop) => {
                        self.stop(&mut talk, &mut arrivals, known).await;
                        return End::Stopped;
                    }
                    Some(ToLink::Down) => if !self.radio.is_up(&self.peer).await {
                        return End::Lost;
                    },
                    Some(ToLink::Woke(gone)) => return End::Asleep(gone),
                    Some(ToLink::Ask(request)) => {
                        known.driver.ask(request, &mut talk.reply);
                        self.absorb(&mut talk, host_clock::instant(), known);
                    }
                    Some(ToLink::Placed) => {
                        self.placed(known);
                        if !self.belongs(known) {
                            self.stop(&mut talk, &mut arrivals, known).await;
                            return End::Released;
                        }
                    }
                },
                _ = ticks.tick() => self.look(&mut talk, known),
            }
        }
    }

    /// Lets the sensor stop, as far as it does in time. What it measured until then still counts.
    async fn stop(&self, talk: &mut Talk<R>, arrivals: &mut UnboundedReceiver<Notified>, known: &mut Known) {
        known.driver.ask(Request::Stop, &mut talk.reply);
        talk.reply.samples.clear();
        self.absorb(talk, host_clock::instant(), known);
        let all = async {
            while !talk.script.is_idle() {
                tokio::select! {
                    biased;
                    Some(arrived) = arrivals.recv() => self.arrived(talk, &arrived, known),
                    (_operation, _result) = talk.script.next() => {}
                }
            }
        };
        timeout(self.timing.stop, all).await.ok();
        while let Ok(arrived) = arrivals.try_recv() {
            self.arrived(talk, &arrived, known);
        }
    }

    fn arrived(&self, talk: &mut Talk<R>, arrived: &Notified, known: &mut Known) {
        if !talk.script.is_notification(arrived.from, &arrived.bytes) {
            return;
        }
        known.voice.bytes(arrived.at, Way::In, arrived.from, &arrived.bytes);
        known.driver.received(arrived.from, &arrived.bytes, &mut talk.reply);
        self.absorb(talk, arrived.at, known);
    }

    async fn performed(
        &self,
        talk: &mut Talk<R>,
        operation: &Operation,
        result: Result<Option<Vec<u8>>, RadioError>,
        known: &mut Known,
    ) {
        let now = host_clock::instant();
        match (operation, result) {
            (Operation::Write { to, bytes, .. }, Ok(_)) => {
                known.voice.bytes(now, Way::Out, *to, bytes);
            }
            (Operation::Read(from), Ok(Some(value))) => {
                known.voice.bytes(now, Way::In, *from, &value);
                known.driver.received(*from, &value, &mut talk.reply);
            }
            (_, Ok(_)) => {}
            (_, Err(error)) => {
                tracing::debug!("{}: {operation:?}: {error}", self.peer);
                if !self.radio.is_up(&self.peer).await {
                    talk.end = Some(End::Lost);
                    return;
                }
                known.driver.refused(operation, &mut talk.reply);
            }
        }
        self.absorb(talk, now, known);
    }

    /// Acts on what the driver answered.
    pub(super) fn absorb(&self, talk: &mut Talk<R>, at: Instant, known: &mut Known) {
        talk.script.push(talk.reply.operations.drain(..));
        let mut news = std::mem::take(&mut talk.reply.news);
        for item in news.drain(..) {
            self.news(talk, item, at, known);
        }
        talk.reply.news = news;
        if talk.reply.samples.is_empty() {
            return;
        }
        if talk.sampled.is_none() {
            self.first_samples(known, at);
        }
        talk.sampled = Some(at);
        talk.strikes = 0;
        talk.samples += talk.reply.samples.len() as u64;
        talk.reply.samples.iter().for_each(|sample| known.motion.push(sample));
        known.announce(self.family);
        known.voice.samples(at, std::mem::take(&mut talk.reply.samples));
    }

    /// Remembers when, for the next time. What cannot be written costs no session.
    fn used(&self) {
        let Some(id) = self.board.change(&self.peer, |card| card.id.clone()) else { return };
        let now = host_clock::wall_time();
        if let Err(error) = self.registry.lock().roster.used(&id, self.family.model, now) {
            tracing::error!("{error}");
        }
    }

    /// It sends, for the first time or again.
    fn first_samples(&self, known: &mut Known, at: Instant) {
        known.refusals = 0;
        let took = known.heard_again.take().map(|heard| at.saturating_duration_since(heard).as_secs_f64());
        let again = std::mem::replace(&mut known.used, true);
        if !again {
            self.used();
        }
        self.card(|card| {
            card.link = LinkState::Streaming;
            card.reason = None;
            if again {
                card.reconnects += 1;
                card.last_reconnect_s = took;
            }
        });
        tracing::info!("{}: sends", self.peer);
        let message = format!("{} sends again", known.called());
        for trouble in [Trouble::Lost, Trouble::Unusable] {
            known.voice.trouble(at, trouble, false, &message);
        }
    }
}

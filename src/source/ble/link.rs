//! One sensor for a whole session: found, connected, set up, drained, watched, and all of it again when it is lost.

use super::air::Air;
use super::board::{Board, Card, LinkState};
use super::central::{Registry, Timing};
use super::known::Known;
use super::outlet::Outlet;
use super::radio::{Notified, Peer, Radio, RadioError};
use super::script::Script;
use crate::body::{Packet, Placement};
use crate::host_clock;
use crate::input::{Input, Report, Trouble, Way};
use crate::sensor::{Facts, Family, News, Operation, Reply, Request};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

/// Useless messages that make a garbler of a sensor, within [`GARBAGE_WINDOW`]: a bad radio frame never gets here (the
/// link layer repeats it), so single ones are firmware.
const GARBAGE: usize = 5;
const GARBAGE_WINDOW: Duration = Duration::from_secs(5);
/// Percent at which a person should be told, and above which it is over: a run should still fit.
const BATTERY_LOW: f64 = 15.0;
const BATTERY_FINE: f64 = 20.0;
const BATTERY_EVERY: Duration = Duration::from_secs(60);
/// Failed attempts before saying that something holds the sensor.
const TAKEN_AFTER: u32 = 3;

pub(super) enum ToLink {
    Down,
    Stop,
    Ask(Request),
    Place(Option<Placement>),
}

pub(super) struct Link<R> {
    pub(super) radio: R,
    pub(super) air: Air<R>,
    pub(super) peer: Peer,
    pub(super) family: &'static Family,
    pub(super) timing: Timing,
    pub(super) outlet: Outlet,
    pub(super) board: Board,
    pub(super) registry: Arc<Registry>,
    pub(super) sighted: watch::Receiver<Instant>,
    pub(super) messages: UnboundedReceiver<ToLink>,
}

/// Why a conversation is over.
enum End {
    Stopped,
    Lost,
    Silent,
    Unusable,
    /// It belongs to someone else.
    Released,
}

impl<R: Radio> Link<R> {
    pub(super) async fn run(mut self) {
        let name = self.board.change(&self.peer, |card| card.name.clone()).unwrap_or_default();
        let mut known = Known::new((self.family.driver)(), self.outlet.sensor(), name);
        // Whatever was heard up to here counts: it is why this task exists.
        let mut lost_at = None;
        let mut failures = 0;
        loop {
            if !self.heard_since(lost_at, &mut known).await {
                return;
            }
            known.heard_again.get_or_insert_with(host_clock::instant);
            tracing::info!("{}: heard, connecting", self.peer);
            self.card(|card| card.link = LinkState::Connecting);
            let pause = match self.bring_up().await {
                Err(error) => {
                    failures += 1;
                    self.failed(&error, failures);
                    self.timing.pause_after(failures)
                }
                Ok(arrivals) => {
                    failures = 0;
                    let end = self.talk(arrivals, &mut known).await;
                    lost_at = Some(host_clock::instant());
                    known.heard_again = None;
                    match self.ended(end, &mut known).await {
                        Some(pause) => pause,
                        None => return,
                    }
                }
            };
            if !self.rest(pause, &mut known).await {
                return;
            }
        }
    }

    fn card(&self, with: impl FnOnce(&mut Card)) {
        self.board.change(&self.peer, with);
    }

    /// Waits until the sensor advertises: a connect to one that is away would occupy the radio for half a minute.
    /// `false`: the session is over.
    async fn heard_since(&mut self, lost_at: Option<Instant>, known: &mut Known) -> bool {
        loop {
            let heard = *self.sighted.borrow_and_update();
            if lost_at.is_none_or(|lost| heard > lost) {
                return true;
            }
            tokio::select! {
                changed = self.sighted.changed() => if changed.is_err() { return false },
                message = self.messages.recv() => if !away(message.as_ref(), known) { return false },
            }
        }
    }

    async fn rest(&mut self, pause: Duration, known: &mut Known) -> bool {
        let rest = sleep(pause);
        tokio::pin!(rest);
        loop {
            tokio::select! {
                () = &mut rest => return true,
                message = self.messages.recv() => if !away(message.as_ref(), known) { return false },
            }
        }
    }

    async fn bring_up(&mut self) -> Result<UnboundedReceiver<Notified>, RadioError> {
        let mtu = self.air.connect(&self.peer, self.timing.connect).await?;
        let needed = self.family.capabilities.min_mtu;
        if mtu < needed {
            tracing::warn!("{}: the link's MTU is {mtu}, and its messages need {needed}", self.peer);
        }
        let mut arrivals = self.radio.listen(&self.peer).await?;
        // What is left of the link before belongs to another start of the sensor.
        while arrivals.try_recv().is_ok() {}
        Ok(arrivals)
    }

    fn failed(&self, error: &RadioError, failures: u32) {
        tracing::info!("{}: cannot connect: {error}", self.peer);
        let reason = if failures < TAKEN_AFTER {
            format!("connecting failed ({error}); trying again")
        } else {
            format!(
                "it is heard, and does not let us connect ({error}): close other programs and phones that may hold it, or switch it off and on"
            )
        };
        self.card(|card| {
            card.link = LinkState::Lost;
            card.reason = Some(reason);
        });
    }

    /// Says how the conversation ended; the pause before the next one, or `None` when there is none.
    async fn ended(&mut self, end: End, known: &mut Known) -> Option<Duration> {
        let now = host_clock::instant();
        let called = known.called();
        let (state, pause) = match end {
            End::Stopped | End::Released => {
                self.radio.disconnect(&self.peer).await;
                let released = matches!(end, End::Released);
                self.card(|card| {
                    card.link = LinkState::InReach;
                    card.reason = released.then(|| "it has no place here: give it one to use it".to_owned());
                });
                if released {
                    self.registry.release(&self.peer);
                }
                return None;
            }
            End::Lost => {
                let message = format!(
                    "the link to {called} is lost and is being made again; bring it nearer, and check that it is on and charged"
                );
                tracing::info!("{}: lost", self.peer);
                known.trouble(&self.outlet, now, Trouble::Lost, true, &message);
                self.card(|card| card.reason = Some(message));
                (LinkState::Lost, Duration::ZERO)
            }
            End::Silent => {
                // Said when it fell silent.
                self.radio.disconnect(&self.peer).await;
                (LinkState::Lost, Duration::ZERO)
            }
            End::Unusable => {
                self.radio.disconnect(&self.peer).await;
                (LinkState::Unusable, self.timing.unusable)
            }
        };
        self.card(|card| card.link = state);
        Some(pause)
    }

    async fn talk(&mut self, mut arrivals: UnboundedReceiver<Notified>, known: &mut Known) -> End {
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
                        self.stop(&mut talk, known).await;
                        return End::Stopped;
                    }
                    Some(ToLink::Down) => if !self.radio.is_up(&self.peer).await {
                        return End::Lost;
                    },
                    Some(ToLink::Ask(request)) => {
                        known.driver.ask(request, &mut talk.reply);
                        self.absorb(&mut talk, host_clock::instant(), known);
                    }
                    Some(ToLink::Place(placement)) => {
                        known.placement = placement;
                        self.card(|card| card.placement = placement);
                        if placement.is_none() && self.registry.is_assigned() {
                            self.stop(&mut talk, known).await;
                            return End::Released;
                        }
                    }
                },
                _ = ticks.tick() => self.look(&mut talk, known),
            }
        }
    }

    /// Lets the sensor stop, as far as it does in time.
    async fn stop(&self, talk: &mut Talk<R>, known: &mut Known) {
        known.driver.ask(Request::Stop, &mut talk.reply);
        talk.reply.samples.clear();
        self.absorb(talk, host_clock::instant(), known);
        let all = async {
            while !talk.script.is_idle() {
                let (_operation, _result) = talk.script.next().await;
            }
        };
        timeout(self.timing.stop, all).await.ok();
    }

    fn arrived(&self, talk: &mut Talk<R>, arrived: &Notified, known: &mut Known) {
        if !talk.script.is_notification(arrived.from, &arrived.bytes) {
            return;
        }
        self.outlet.bytes(known.sensor, arrived.at, Way::In, arrived.from, &arrived.bytes);
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
                self.outlet.bytes(known.sensor, now, Way::Out, *to, bytes);
            }
            (Operation::Read(from), Ok(Some(value))) => {
                self.outlet.bytes(known.sensor, now, Way::In, *from, &value);
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
    fn absorb(&self, talk: &mut Talk<R>, at: Instant, known: &mut Known) {
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
        known.announce(self.family, &self.outlet);
        self.outlet.put(Input::Packet(Packet {
            sensor: known.sensor,
            arrival: Some(self.outlet.arrival(at)),
            samples: std::mem::take(&mut talk.reply.samples),
        }));
    }

    /// It sends, for the first time or again.
    fn first_samples(&self, known: &mut Known, at: Instant) {
        let took = known.heard_again.take().map(|heard| at.saturating_duration_since(heard).as_secs_f64());
        let again = known.announced.is_some();
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
            known.trouble(&self.outlet, at, trouble, false, &message);
        }
    }

    fn news(&self, talk: &mut Talk<R>, news: News, at: Instant, known: &mut Known) {
        match news {
            News::Facts(facts) => self.facts(talk, facts, at, known),
            News::Streaming(stream) => {
                known.stream = Some(stream);
                self.card(|card| card.rate_hz = Some(stream.rate.0));
            }
            News::Battery(level) => {
                let percent = (level.clamp(0.0, 1.0) * 100.0).round();
                // A value that was read comes as a notification, too, on some systems.
                if known.battery.replace(percent) == Some(percent) {
                    return;
                }
                self.card(|card| card.battery_percent = Some(percent));
                self.outlet.report(Some(known.sensor), at, Report::Battery { percent });
                let low = percent <= BATTERY_LOW;
                if low || percent >= BATTERY_FINE {
                    let message =
                        format!("the battery of {} has {percent:.0} % left; charge it", known.called());
                    known.trouble(&self.outlet, at, Trouble::BatteryLow, low, &message);
                }
            }
            // The pipeline sees it in the samples, where a replay sees it, too.
            News::Saturated => {}
            News::Lost(samples) => self.card(|card| card.lost += u64::from(samples)),
            News::Bad(fault) => {
                self.card(|card| card.bad += 1);
                if talk.bad.len() == GARBAGE {
                    talk.bad.pop_front();
                }
                talk.bad.push_back(at);
                let first = talk.bad.front().copied().unwrap_or(at);
                if talk.bad.len() == GARBAGE && at - first <= GARBAGE_WINDOW {
                    let message = format!(
                        "{} sends messages that make no sense ({fault}), and they are left out; switch it off and on",
                        known.called()
                    );
                    known.trouble(&self.outlet, at, Trouble::Garbage, true, &message);
                    self.card(|card| card.reason = Some(message));
                }
            }
            News::Unusable(obstacle) => {
                let message = format!("{} cannot be used: {obstacle}", known.called());
                known.trouble(&self.outlet, at, Trouble::Unusable, true, &message);
                self.card(|card| card.reason = Some(message));
                talk.end = Some(End::Unusable);
            }
        }
    }

    fn facts(&self, talk: &mut Talk<R>, facts: Facts, at: Instant, known: &mut Known) {
        let Facts { serial, firmware, .. } = facts;
        let id = serial.clone().unwrap_or_else(|| known.name.clone());
        // Sensors of one kind often share a name.
        if !known.name.contains(&id) {
            known.name = format!("{} {id}", known.name);
        }
        let claim = self.registry.claim(&id, &self.peer);
        self.card(|card| {
            card.id.clone_from(&id);
            card.name.clone_from(&known.name);
            card.serial = serial.or(card.serial.take());
            card.firmware = firmware.or(card.firmware.take());
        });
        let Ok(placement) = claim else {
            let message = format!(
                "two sensors say that they are {id}: the second one is left out; give them different serials or use another"
            );
            known.trouble(&self.outlet, at, Trouble::Claim, true, &message);
            self.card(|card| card.reason = Some(message));
            talk.end = Some(End::Unusable);
            return;
        };
        known.placement = placement;
        self.card(|card| card.placement = placement);
        if placement.is_none() && self.registry.is_assigned() && !self.registry.is_wanted(&self.peer) {
            talk.end = Some(End::Released);
        }
    }

    /// Looks after the link from time to time.
    fn look(&self, talk: &mut Talk<R>, known: &mut Known) {
        let now = host_clock::instant();
        if talk.bad.back().is_some_and(|last| now.saturating_duration_since(*last) > GARBAGE_WINDOW) {
            talk.bad.clear();
            let message = format!("{} makes sense again", known.called());
            known.trouble(&self.outlet, now, Trouble::Garbage, false, &message);
            self.card(|card| card.reason = None);
        }
        let samples = std::mem::take(&mut talk.samples);
        let (turn, tapped) = (known.motion.turn(), known.motion.tapped_twice());
        self.card(|card| {
            card.samples += samples;
            card.movement_dps = (turn.to_degrees() * 10.0).round() / 10.0;
            card.tapped_twice = tapped;
        });
        if self.family.capabilities.battery
            && talk.sampled.is_some()
            && known.battery_asked.is_none_or(|asked| now.saturating_duration_since(asked) > BATTERY_EVERY)
        {
            known.battery_asked = Some(now);
            known.driver.ask(Request::Battery, &mut talk.reply);
            self.absorb(talk, now, known);
        }
        self.watch(talk, now, known);
    }

    /// A link can be up and dead: data is what counts.
    fn watch(&self, talk: &mut Talk<R>, now: Instant, known: &mut Known) {
        let batch = Duration::from_secs_f64(2.0 * self.family.capabilities.batch);
        let limit = if talk.sampled.is_some() { self.timing.silence + batch } else { self.timing.setup };
        let last = talk.sampled.map_or(talk.since, |sampled| sampled.max(talk.since));
        if now.saturating_duration_since(last) <= limit {
            return;
        }
        talk.strikes += 1;
        talk.since = now;
        let message = format!(
            "{} is connected and sends nothing; it is being started again: if this stays, switch it off and on, and close other programs that may hold it",
            known.called()
        );
        known.trouble(&self.outlet, now, Trouble::Lost, true, &message);
        self.card(|card| {
            card.link = LinkState::Silent;
            card.reason = Some(message);
        });
        if talk.strikes > 1 {
            talk.end = Some(End::Silent);
            return;
        }
        talk.sampled = None;
        known.heard_again = Some(now);
        known.driver.connected(&mut talk.reply);
        self.absorb(talk, now, known);
    }
}

/// A message to a sensor that is away; `false` ends the task.
fn away(message: Option<&ToLink>, known: &mut Known) -> bool {
    match message {
        None | Some(ToLink::Stop) => return false,
        Some(ToLink::Place(placement)) => known.placement = *placement,
        Some(ToLink::Down | ToLink::Ask(_)) => {}
    }
    true
}

/// One conversation.
struct Talk<R> {
    script: Script<R>,
    reply: Reply,
    /// When it began or was begun again.
    since: Instant,
    strikes: u32,
    /// When samples came last.
    sampled: Option<Instant>,
    bad: VecDeque<Instant>,
    /// Since they were last told.
    samples: u64,
    end: Option<End>,
}

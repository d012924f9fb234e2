//! One sensor for a whole session: found, connected, set up, drained, watched, and all of it again when it is lost.

mod news;
mod talk;
mod watch;

use super::air::Air;
use super::board::{Board, Card, LinkState};
use super::known::Known;
use super::radio::{Notified, Peer, Radio, RadioError};
use super::registry::Registry;
use super::timing::Timing;
use crate::host_clock;
use crate::input::Trouble;
use crate::sensor::{Family, Request};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::watch::Receiver;
use tokio::time::sleep;

/// Failed attempts before saying that something holds the sensor.
const TAKEN_AFTER: u32 = 3;

pub(super) enum ToLink {
    Down,
    Stop,
    /// This computer was asleep for so long: whatever is thought to be up is not.
    Woke(Duration),
    Ask(Request),
    /// It has another place, or another runner.
    Placed,
}

pub(super) struct Link<R> {
    pub(super) radio: R,
    pub(super) air: Air<R>,
    pub(super) peer: Peer,
    pub(super) family: &'static Family,
    pub(super) timing: Timing,
    pub(super) board: Board,
    pub(super) registry: Arc<Registry>,
    pub(super) sighted: Receiver<Instant>,
    pub(super) messages: UnboundedReceiver<ToLink>,
}

/// Why a conversation is over.
enum End {
    Stopped,
    Lost,
    Silent,
    Asleep(Duration),
    Unusable,
    /// It is not for a session that runs here.
    Released,
}

impl<R: Radio> Link<R> {
    pub(super) async fn run(mut self) {
        let name = self.board.change(&self.peer, |card| card.name.clone()).unwrap_or_default();
        let mut known = Known::new((self.family.driver)(), self.registry.only_outlet(), name);
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
                message = self.messages.recv() => if !self.away(message.as_ref(), known) { return false },
            }
        }
    }

    async fn rest(&mut self, pause: Duration, known: &mut Known) -> bool {
        let rest = sleep(pause);
        tokio::pin!(rest);
        loop {
            tokio::select! {
                () = &mut rest => return true,
                message = self.messages.recv() => if !self.away(message.as_ref(), known) { return false },
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
                let unused = || match known.placement {
                    None => "it has no place here: give it one to use it".to_owned(),
                    Some(_) => "it rests until its runner's session begins".to_owned(),
                };
                self.card(|card| {
                    card.link = LinkState::InReach;
                    card.reason = released.then(unused);
                });
                if released {
                    self.registry.release(&self.peer);
                }
                return None;
            }
            End::Lost => {
                let remedy = known.empty_battery().map_or_else(
                    || "bring it nearer, and check that it is on and charged".to_owned(),
                    |percent| format!("its battery had {percent:.0} % left: charge it"),
                );
                let message = format!("the link to {called} is lost and is being made again; {remedy}");
                tracing::info!("{}: lost", self.peer);
                self.lost(known, now, message);
                (LinkState::Lost, Duration::ZERO)
            }
            End::Asleep(gone) => {
                self.radio.disconnect(&self.peer).await;
                let gone = gone.as_secs();
                let message = format!(
                    "this computer was asleep or stood still for {gone} s, and the link to {called} is being made again; keep it awake during a session"
                );
                tracing::info!("{}: asleep for {gone} s", self.peer);
                self.lost(known, now, message);
                (LinkState::Lost, Duration::ZERO)
            }
            End::Silent => {
                // Said when it fell silent.
                self.radio.disconnect(&self.peer).await;
                (LinkState::Lost, Duration::ZERO)
            }
            End::Unusable => {
                self.radio.disconnect(&self.peer).await;
                known.refusals += 1;
                (LinkState::Unusable, self.timing.unusable_after(known.refusals))
            }
        };
        self.card(|card| card.link = state);
        Some(pause)
    }

    fn lost(&self, known: &mut Known, now: Instant, message: String) {
        known.voice.trouble(now, Trouble::Lost, true, &message);
        self.card(|card| card.reason = Some(message));
    }

    /// Looks up where it is worn, and which session hears it.
    fn placed(&self, known: &mut Known) {
        let (placement, outlet) = self.registry.place(&known.id);
        known.placement = placement;
        known.voice.hear(outlet);
        self.card(|card| card.placement = placement);
    }

    /// Somebody's session hears it, or somebody may be about to place it.
    fn belongs(&self, known: &Known) -> bool {
        match known.placement {
            Some(_) => known.voice.is_heard(),
            None => !self.registry.is_assigned(),
        }
    }

    /// A message to a sensor that is away; `false` ends the task.
    fn away(&self, message: Option<&ToLink>, known: &mut Known) -> bool {
        match message {
            None | Some(ToLink::Stop) => return false,
            Some(ToLink::Placed) => self.placed(known),
            Some(ToLink::Down | ToLink::Woke(_) | ToLink::Ask(_)) => {}
        }
        true
    }
}

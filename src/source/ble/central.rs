//! Scans, keeps a task per sensor of ours, and passes on what the radio and people want of them.

use super::air::Air;
use super::board::{Board, LinkState, Overview};
use super::capacity::LINKS;
use super::link::{Link, ToLink};
use super::outlet::Outlet;
use super::radio::{NoRadio, Peer, Radio, RadioEvent, Sighting};
use super::roster::{Roster, RosterError};
use crate::body::Placement;
use crate::host_clock;
use crate::input::{Input, Trouble};
use crate::sensor::{Family, Request};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use thiserror::Error;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;

/// How long things may take. Own choices; shorter in tests.
#[derive(Debug, Clone, Copy)]
pub struct Timing {
    /// Between looks at scan, links and adapter.
    pub tick: Duration,
    /// For a link to come up: a second on a quiet radio, and BlueZ itself gives up after 30 s.
    pub connect: Duration,
    /// From connecting to the first sample.
    pub setup: Duration,
    /// Without samples, beyond what a batch explains: the page greys the leg after 1 s already.
    pub silence: Duration,
    /// For a sensor to stop in.
    pub stop: Duration,
    /// Before trying again what cannot be used.
    pub unusable: Duration,
    /// Pause after a failed connect; doubles up to the longest.
    pub pause: Duration,
    pub longest_pause: Duration,
    /// A scan that found all it can rests for as long as it ran, from this time on: scanning takes air time
    /// from the sensors that are there.
    pub search: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            tick: Duration::from_millis(200),
            connect: Duration::from_secs(12),
            setup: Duration::from_secs(12),
            silence: Duration::from_secs(3),
            stop: Duration::from_secs(2),
            unusable: Duration::from_secs(20),
            pause: Duration::from_millis(250),
            longest_pause: Duration::from_secs(2),
            search: Duration::from_secs(60),
        }
    }
}

impl Timing {
    pub(super) fn pause_after(&self, failures: u32) -> Duration {
        self.pause.saturating_mul(1 << failures.saturating_sub(1).min(8)).min(self.longest_pause)
    }
}

/// A command that cannot be done.
#[derive(Debug, Error)]
pub enum Refusal {
    #[error("there is no sensor {0}: `scan` and the page list those in reach")]
    Unknown(String),
    #[error("{0} is not connected: switch it on, bring it near and try again")]
    NotConnected(String),
    #[error("{0} has nothing to show itself with: move it, and watch which one moves on the page")]
    CannotShow(String),
    #[error("{0} has not told its serial yet, and places are remembered by it: wait until it is connected")]
    NoSerial(String),
    #[error(transparent)]
    Roster(#[from] RosterError),
}

/// Who is who, and where.
#[derive(Debug)]
pub(super) struct Registry(Mutex<Names>);

#[derive(Debug)]
struct Names {
    roster: Roster,
    /// Who has claimed a serial in this session.
    claims: BTreeMap<String, Peer>,
    /// Connected once and found to have no place here.
    released: BTreeSet<Peer>,
    /// Without a place, and still to be held: a person is about to place it.
    wanted: BTreeSet<Peer>,
}

impl Registry {
    fn lock(&self) -> MutexGuard<'_, Names> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The place of the sensor that says so; an error when another one has said so before.
    pub(super) fn claim(&self, id: &str, peer: &Peer) -> Result<Option<Placement>, ()> {
        let mut names = self.lock();
        if names.claims.get(id).is_some_and(|other| other != peer) {
            return Err(());
        }
        names.claims.insert(id.to_owned(), peer.clone());
        Ok(names.roster.placement(id))
    }

    pub(super) fn is_assigned(&self) -> bool {
        self.lock().roster.is_assigned()
    }

    pub(super) fn is_wanted(&self, peer: &Peer) -> bool {
        self.lock().wanted.contains(peer)
    }

    pub(super) fn release(&self, peer: &Peer) {
        self.lock().released.insert(peer.clone());
    }
}

/// A task and how to reach it.
#[derive(Debug)]
struct Handle {
    messages: UnboundedSender<ToLink>,
    sighted: watch::Sender<Instant>,
}

type Handles = Arc<Mutex<BTreeMap<Peer, Handle>>>;

/// For the page and the API: what is there, and what to do with it.
#[derive(Debug, Clone)]
pub struct Remote {
    board: Board,
    registry: Arc<Registry>,
    handles: Handles,
    wanted: watch::Sender<bool>,
}

/// What a person wants of one sensor.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Command {
    Identify,
    Vibrate(f64),
    Place(Option<Placement>),
}

impl Remote {
    #[must_use]
    pub fn overview(&self) -> Overview {
        self.board.overview()
    }

    /// There is no radio at the moment.
    #[must_use]
    pub fn is_down(&self) -> bool {
        self.board.is_down()
    }

    /// Whether sensors shall be connected and recorded.
    #[must_use]
    pub fn session(&self) -> watch::Receiver<bool> {
        self.wanted.subscribe()
    }

    pub fn want_session(&self, wanted: bool) {
        self.wanted.send_replace(wanted);
    }

    pub fn command(&self, id: &str, command: Command) -> Result<(), Refusal> {
        let (peer, card) = self.board.find(id).ok_or_else(|| Refusal::Unknown(id.to_owned()))?;
        match command {
            Command::Place(placement) => {
                if card.serial.is_none() && !card.is_linked() {
                    return Err(Refusal::NoSerial(card.name));
                }
                let moved = self.registry.lock().roster.assign(&card.id, card.model, placement)?;
                if let Some((other, _)) = moved.as_deref().and_then(|other| self.board.find(other)) {
                    self.tell(&other, ToLink::Place(None));
                }
                self.registry.lock().released.remove(&peer);
                self.tell(&peer, ToLink::Place(placement));
                Ok(())
            }
            Command::Identify if !card.can_identify => Err(Refusal::CannotShow(card.name)),
            Command::Vibrate(_) if !card.can_vibrate => Err(Refusal::CannotShow(card.name)),
            Command::Identify => self.ask(&peer, card.name, card.link, Request::Identify),
            Command::Vibrate(seconds) => self.ask(&peer, card.name, card.link, Request::Vibrate(seconds)),
        }
    }

    fn ask(&self, peer: &Peer, name: String, link: LinkState, request: Request) -> Result<(), Refusal> {
        let linked = matches!(link, LinkState::Starting | LinkState::Streaming | LinkState::Silent);
        if linked && self.tell(peer, ToLink::Ask(request)) {
            return Ok(());
        }
        // A person is looking for it: hold it from now on, place or not.
        let mut names = self.registry.lock();
        names.released.remove(peer);
        names.wanted.insert(peer.clone());
        Err(Refusal::NotConnected(name))
    }

    fn tell(&self, peer: &Peer, message: ToLink) -> bool {
        lock(&self.handles).get(peer).is_some_and(|handle| handle.messages.send(message).is_ok())
    }
}

fn lock(handles: &Handles) -> MutexGuard<'_, BTreeMap<Peer, Handle>> {
    handles.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Everything that lasts as long as the program.
#[derive(Debug)]
pub struct Central<R> {
    radio: R,
    events: UnboundedReceiver<RadioEvent>,
    timing: Timing,
    remote: Remote,
}

impl<R: Radio> Central<R> {
    pub fn new(radio: R, events: UnboundedReceiver<RadioEvent>, roster: Roster, timing: Timing) -> Self {
        let names =
            Names { roster, claims: BTreeMap::new(), released: BTreeSet::new(), wanted: BTreeSet::new() };
        let remote = Remote {
            board: Board::default(),
            registry: Arc::new(Registry(Mutex::new(names))),
            handles: Handles::default(),
            wanted: watch::Sender::new(true),
        };
        Self { radio, events, timing, remote }
    }

    #[must_use]
    pub fn remote(&self) -> Remote {
        self.remote.clone()
    }

    /// Listens only, for a list of what is in reach.
    pub async fn look_around(&mut self, time: Duration) -> Overview {
        let air = Air::new(self.radio.clone());
        let mut ticks = interval(self.timing.tick);
        let looking = async {
            loop {
                tokio::select! {
                    Some(event) = self.events.recv() => if let RadioEvent::Sighted(sighting) = event {
                        let _family = self.remote.board.sighted(&sighting);
                    },
                    _ = ticks.tick() => {
                        let state = self.radio.state().await;
                        self.remote.board.radio(state);
                        if state.is_err() {
                            return;
                        }
                        air.scan(true).await.ok();
                    }
                }
            }
        };
        timeout(time, looking).await.ok();
        air.scan(false).await.ok();
        self.remote.board.overview()
    }

    /// One session: connects every sensor that belongs here, until `stop`.
    pub async fn run(&mut self, inputs: Sender<anyhow::Result<Input>>, stop: &CancellationToken) {
        {
            let mut names = self.remote.registry.lock();
            names.claims.clear();
            names.released.clear();
        }
        self.remote.board.session();
        let mut session = Running {
            air: Air::new(self.radio.clone()),
            radio: self.radio.clone(),
            timing: self.timing,
            outlet: Outlet::new(inputs),
            remote: self.remote.clone(),
            links: JoinSet::new(),
            searching: host_clock::instant(),
            down: None,
        };
        let mut ticks = interval(self.timing.tick);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                // A radio that has nothing more to say leaves it to people to end the session.
                Some(event) = self.events.recv() => session.event(event).await,
                _ = ticks.tick() => session.look().await,
            }
        }
        session.stop().await;
    }
}

struct Running<R> {
    air: Air<R>,
    radio: R,
    timing: Timing,
    outlet: Outlet,
    remote: Remote,
    links: JoinSet<Peer>,
    /// Since when sensors are missing.
    searching: Instant,
    down: Option<NoRadio>,
}

impl<R: Radio> Running<R> {
    async fn event(&mut self, event: RadioEvent) {
        match event {
            RadioEvent::Sighted(sighting) => self.sighted(&sighting),
            RadioEvent::Down(peer) => {
                self.remote.tell(&peer, ToLink::Down);
            }
            RadioEvent::Changed => self.look().await,
        }
    }

    fn sighted(&mut self, sighting: &Sighting) {
        let Some(family) = self.remote.board.sighted(sighting) else { return };
        if sighting.rssi.is_none() {
            return;
        }
        let now = host_clock::instant();
        let handles = self.remote.handles.clone();
        let mut handles = lock(&handles);
        if let Some(handle) = handles.get(&sighting.peer) {
            handle.sighted.send_replace(now);
            return;
        }
        if self.remote.registry.lock().released.contains(&sighting.peer) {
            return;
        }
        if handles.len() >= LINKS {
            self.remote.board.change(&sighting.peer, |card| {
                card.reason =
                    Some(format!("{LINKS} sensors are connected, and an adapter is good for no more"));
            });
            return;
        }
        let handle = self.begin(&sighting.peer, family, now);
        handles.insert(sighting.peer.clone(), handle);
    }

    fn begin(&mut self, peer: &Peer, family: &'static Family, now: Instant) -> Handle {
        let (messages, from_central) = unbounded_channel();
        let (sighted, heard) = watch::channel(now);
        let link = Link {
            radio: self.radio.clone(),
            air: self.air.clone(),
            peer: peer.clone(),
            family,
            timing: self.timing,
            outlet: self.outlet.clone(),
            board: self.remote.board.clone(),
            registry: self.remote.registry.clone(),
            sighted: heard,
            messages: from_central,
        };
        let peer = peer.clone();
        self.links.spawn(async move {
            link.run().await;
            peer
        });
        Handle { messages, sighted }
    }

    async fn look(&mut self) {
        self.outlet.tell_quiet(host_clock::instant());
        while let Some(ended) = self.links.try_join_next() {
            if let Ok(peer) = ended {
                lock(&self.remote.handles).remove(&peer);
            }
        }
        let state = self.radio.state().await;
        self.remote.board.radio(state);
        self.say_radio(state).await;
        if state.is_err() {
            return;
        }
        let wanted = self.is_searching();
        if let Err(error) = self.air.scan(wanted).await {
            // The next look tries again; what is behind it shows in the state of the radio.
            tracing::info!("cannot {} scanning: {error}", if wanted { "start" } else { "stop" });
        }
    }

    async fn say_radio(&mut self, state: Result<(), NoRadio>) {
        let now = host_clock::instant();
        match (self.down, state) {
            (None, Err(reason)) => {
                self.outlet.trouble(None, now, Trouble::Radio, true, reason.to_string());
                self.down = Some(reason);
                for handle in lock(&self.remote.handles).values() {
                    handle.messages.send(ToLink::Down).ok();
                }
            }
            (Some(_), Ok(())) => {
                self.outlet.trouble(None, now, Trouble::Radio, false, "Bluetooth is back");
                self.down = None;
                self.searching = now;
                self.air.forget().await;
            }
            _ => {}
        }
    }

    /// Scans while something is missing: all of the time at first, then half of it.
    fn is_searching(&mut self) -> bool {
        let now = host_clock::instant();
        let overview = self.remote.board.overview();
        let linked = overview.sensors.iter().filter(|card| card.is_linked()).count();
        let expected = self.remote.registry.lock().roster.count().unwrap_or(Placement::COUNT);
        if linked >= expected {
            self.searching = now;
            return false;
        }
        let searched = now.saturating_duration_since(self.searching);
        searched < self.timing.search || (searched.as_millis() / 1200).is_multiple_of(2)
    }

    async fn stop(mut self) {
        for handle in lock(&self.remote.handles).values() {
            handle.messages.send(ToLink::Stop).ok();
        }
        self.air.scan(false).await.ok();
        // Disconnecting takes BlueZ two seconds each, all at once.
        let all = async { while self.links.join_next().await.is_some() {} };
        timeout(self.timing.stop * 4 + self.timing.connect, all).await.ok();
        self.links.abort_all();
        lock(&self.remote.handles).clear();
    }
}

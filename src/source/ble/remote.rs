//! For the page, the API and cues: what is there, and what to do with it.

use super::board::{Board, LinkState, Overview};
use super::link::ToLink;
use super::outlet::Outlet;
use super::radio::Peer;
use super::registry::{Names, Owner, Registry};
use super::roster::{Roster, RosterError, Swap};
use crate::body::Placement;
use crate::input::Input;
use crate::sensor::{Pulse, Request};
use std::collections::BTreeMap;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use thiserror::Error;
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::watch;

/// A command that cannot be done.
#[derive(Debug, Error)]
pub enum Refusal {
    #[error("there is no sensor {0}: `scan` and the page list those in reach")]
    Unknown(String),
    #[error("{0} is not connected: switch it on, bring it near and try again")]
    NotConnected(String),
    #[error("{0} has nothing to show itself with: move it, and watch which one moves on the page")]
    CannotShow(String),
    #[error(
        "{0} has no motor to vibrate with: take another cue, or a sensor of the open profile that has one"
    )]
    CannotVibrate(String),
    #[error("{0} has not told its serial yet, and places are remembered by it: wait until it is connected")]
    NoSerial(String),
    #[error("no sensor has any of the places that would be exchanged: give places first")]
    NothingToSwap,
    #[error("{0} is {1}'s: take it off there first")]
    Worn(String, String),
    #[error(transparent)]
    Roster(#[from] RosterError),
}

/// A task and how to reach it.
#[derive(Debug)]
pub(super) struct Handle {
    pub(super) messages: UnboundedSender<ToLink>,
    pub(super) sighted: watch::Sender<Instant>,
}

pub(super) type Handles = Arc<Mutex<BTreeMap<Peer, Handle>>>;

/// For the page and the API: what is there, and what to do with it.
#[derive(Debug, Clone)]
pub struct Remote {
    pub(super) board: Board,
    pub(super) registry: Arc<Registry>,
    pub(super) handles: Handles,
    /// Time this computer has been asleep.
    slept: fn() -> Duration,
    /// Which of the crew it speaks for.
    who: usize,
}

/// What a person wants of one sensor.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Command {
    Identify,
    /// On the skin, for a cue.
    Vibrate(Pulse),
    Place(Option<Placement>),
}

/// A session that hears its sensors until this is dropped, however that comes about: whoever waits for its inputs would
/// wait for ever.
#[derive(Debug)]
#[must_use]
pub struct Begun(Remote);

impl Drop for Begun {
    fn drop(&mut self) {
        self.0.end();
    }
}

impl Remote {
    pub(super) fn new(roster: Roster, slept: fn() -> Duration) -> Self {
        Self {
            board: Board::default(),
            registry: Arc::new(Registry::new(roster)),
            handles: Handles::default(),
            slept,
            who: 0,
        }
    }

    /// The same for another one of the crew.
    #[must_use]
    pub(super) fn of(&self, who: usize) -> Self {
        Self { who, ..self.clone() }
    }

    /// The session of this runner hears the sensors that the runner wears.
    pub fn begin(&self, inputs: Sender<anyhow::Result<Input>>) -> Begun {
        let handles = lock(&self.handles);
        let mut names = self.registry.lock();
        // What the others' links know stays.
        names.claims.retain(|_, peer| handles.contains_key(peer));
        names.released.clear();
        if let Some(member) = names.crew.get_mut(self.who) {
            member.session = Some(Outlet::new(inputs, self.slept));
        }
        self.board.session(|peer| handles.contains_key(peer));
        Begun(self.clone())
    }

    /// Nothing more comes into this runner's session, and the sensors rest.
    fn end(&self) {
        let handles = lock(&self.handles);
        let mut names = self.registry.lock();
        if let Some(session) = names.crew.get_mut(self.who).and_then(|member| member.session.take()) {
            session.close();
        }
        let nobody = names.sessions().is_empty();
        for (peer, handle) in handles.iter() {
            let id = self.board.change(peer, |card| card.id.clone()).unwrap_or_default();
            if nobody || names.owner(&id) == Owner::Member(self.who) {
                handle.messages.send(ToLink::Stop).ok();
                names.released.insert(peer.clone());
            }
        }
    }

    /// What is there, as it is to this runner.
    #[must_use]
    pub fn overview(&self) -> Overview {
        let names = self.registry.lock();
        self.board.overview(|id| match names.owner(id) {
            Owner::Member(one) if one == self.who => None,
            Owner::Nobody => None,
            _ => names.roster.place(id),
        })
    }

    /// Where sensors are worn, heard or not.
    #[must_use]
    pub fn places(&self) -> Vec<Placement> {
        let names = self.registry.lock();
        names.roster.of(self.runner(&names)).map(|worn| worn.placement).collect()
    }

    fn runner<'a>(&self, names: &'a Names) -> Option<&'a str> {
        names.crew.get(self.who)?.runner.as_deref()
    }

    /// Another one of the crew, whose this sensor is.
    fn other(&self, id: &str) -> Option<String> {
        let names = self.registry.lock();
        match names.owner(id) {
            Owner::Member(one) if one != self.who => names.crew.get(one)?.runner.clone(),
            _ => None,
        }
    }

    /// There is no radio at the moment.
    #[must_use]
    pub fn is_down(&self) -> bool {
        self.board.is_down()
    }

    pub fn command(&self, id: &str, command: Command) -> Result<(), Refusal> {
        let (peer, card) = self.board.find(id).ok_or_else(|| Refusal::Unknown(id.to_owned()))?;
        if let Some(other) = self.other(&card.id) {
            return Err(Refusal::Worn(card.name, other));
        }
        match command {
            Command::Place(placement) => {
                if card.serial.is_none() && !card.is_linked() {
                    return Err(Refusal::NoSerial(card.name));
                }
                let moved = {
                    let mut names = self.registry.lock();
                    names.released.remove(&peer);
                    let runner = self.runner(&names).map(str::to_owned);
                    names.roster.assign(&card.id, card.model, runner.as_deref(), placement)?
                };
                if let Some((other, _)) = moved.as_deref().and_then(|other| self.board.find(other)) {
                    self.tell(&other, ToLink::Placed);
                }
                self.tell(&peer, ToLink::Placed);
                Ok(())
            }
            Command::Identify if !card.can_identify => Err(Refusal::CannotShow(card.name)),
            Command::Vibrate(_) if !card.can_vibrate => Err(Refusal::CannotVibrate(card.name)),
            Command::Identify => self.ask(&peer, card.name, card.link, Request::Identify),
            Command::Vibrate(pulse) => self.ask(&peer, card.name, card.link, Request::Vibrate(pulse)),
        }
    }

    /// Exchanges places that were given the wrong way round, for all sensors that have them.
    pub fn swap(&self, swap: Swap) -> Result<(), Refusal> {
        let moved = {
            let mut names = self.registry.lock();
            let runner = self.runner(&names).map(str::to_owned);
            names.roster.swap(runner.as_deref(), swap)?
        };
        if moved.is_empty() {
            return Err(Refusal::NothingToSwap);
        }
        for serial in moved {
            if let Some((peer, _)) = self.board.find(&serial) {
                self.tell(&peer, ToLink::Placed);
            }
        }
        Ok(())
    }

    /// Lets the sensor that is worn there vibrate: how a cue reaches it, whatever its name.
    pub fn vibrate_at(&self, placement: Placement, pulse: Pulse) -> Result<(), Refusal> {
        let worn = self.overview().sensors.into_iter().find(|card| card.placement == Some(placement));
        let card = worn.ok_or_else(|| Refusal::Unknown(placement.name().to_owned()))?;
        self.command(&card.id, Command::Vibrate(pulse))
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

    pub(super) fn tell(&self, peer: &Peer, message: ToLink) -> bool {
        lock(&self.handles).get(peer).is_some_and(|handle| handle.messages.send(message).is_ok())
    }
}

pub(super) fn lock(handles: &Handles) -> MutexGuard<'_, BTreeMap<Peer, Handle>> {
    handles.lock().unwrap_or_else(PoisonError::into_inner)
}

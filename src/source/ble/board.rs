//! What is known of every sensor in reach, for people: the scan list, the page and the API read from here.

use super::capacity;
use super::motion;
use super::radio::{NoRadio, Peer, Sighting};
use super::roster::Worn;
use crate::body::{Placement, Segment};
use crate::health::words;
use crate::host_clock;
use crate::sensor::{Advertisement, Family};
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Not heard for this long: out of reach, asleep or off. Sensors advertise at least once in two seconds.
const HEARD: Duration = Duration::from_secs(8);
/// Strangers remembered: a busy street must not fill the memory.
const STRANGERS: usize = 256;

/// How far a sensor has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkState {
    /// Heard, and not connected by us.
    #[default]
    InReach,
    /// Remembered, and not heard any more.
    OutOfReach,
    Connecting,
    /// Connected; being set up.
    Starting,
    Streaming,
    /// Connected, and sends nothing.
    Silent,
    /// The link is gone and is being made again.
    Lost,
    Unusable,
}

/// One sensor. Figures are since the start of the session.
#[derive(Debug, Clone, Default, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Card {
    /// By this it is spoken of in commands: its serial, or its name where it tells none.
    pub id: String,
    pub name: String,
    pub model: &'static str,
    pub serial: Option<String>,
    pub firmware: Option<String>,
    pub placement: Option<Placement>,
    /// Another runner whose it is; absent where it is this runner's or free.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub worn_by: Option<String>,
    pub link: LinkState,
    /// Why it cannot be used or what is being done about it.
    pub reason: Option<String>,
    pub signal_dbm: Option<i16>,
    pub battery_percent: Option<f64>,
    pub rate_hz: Option<f64>,
    /// When a session before this one had samples of it, RFC 3339.
    pub last_used: Option<String>,
    pub can_identify: bool,
    pub can_vibrate: bool,
    pub samples: u64,
    /// What the sensor's own counter says never came.
    pub lost: u64,
    /// Messages of no use.
    pub bad: u64,
    pub reconnects: u32,
    /// From being heard again to its next sample, s.
    pub last_reconnect_s: Option<f64>,
    /// Mean turn rate over the last seconds, degrees per second: move the one you mean.
    pub movement_dps: f64,
    /// It moves, and no other one does: the one in the hand.
    pub moved: bool,
    pub tapped_twice: bool,
    /// The segment that its movement speaks for; which side it is only you can tell.
    pub suggestion: Option<Segment>,
    #[serde(skip)]
    pub family: Option<&'static Family>,
    #[serde(skip)]
    pub heard: Option<Instant>,
}

impl Card {
    #[must_use]
    pub fn is_linked(&self) -> bool {
        matches!(self.link, LinkState::Starting | LinkState::Streaming | LinkState::Silent)
    }
}

/// What can be said at a glance.
#[derive(Debug, Clone, Serialize)]
pub struct Overview {
    /// Why there is nothing to see, with the remedy; `None` when sensors are there.
    pub reason: Option<String>,
    /// What would be too much for the adapter.
    pub capacity: Option<String>,
    /// Other Bluetooth devices heard: none means that the radio hears nothing at all.
    pub others: usize,
    /// Strongest signal first.
    pub sensors: Vec<Card>,
}

#[derive(Debug, Clone)]
pub struct Board {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug)]
struct Inner {
    radio: Result<(), NoRadio>,
    cards: BTreeMap<Peer, Card>,
    strangers: BTreeMap<Peer, Instant>,
}

impl Default for Board {
    fn default() -> Self {
        let inner = Inner { radio: Ok(()), cards: BTreeMap::new(), strangers: BTreeMap::new() };
        Self { inner: Arc::new(Mutex::new(inner)) }
    }
}

impl Board {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[must_use]
    pub fn is_down(&self) -> bool {
        self.lock().radio.is_err()
    }

    pub fn radio(&self, state: Result<(), NoRadio>) {
        self.lock().radio = state;
    }

    /// Takes in what was heard; its family, where it is a sensor of ours.
    #[must_use]
    pub fn sighted(&self, sighting: &Sighting) -> Option<&'static Family> {
        let now = host_clock::instant();
        let mut inner = self.lock();
        let known = inner.cards.get(&sighting.peer).and_then(|card| card.family);
        let Some(family) = known.or_else(|| Family::of(&sighting.advertisement)) else {
            if inner.strangers.len() < STRANGERS {
                inner.strangers.insert(sighting.peer.clone(), now);
            }
            return None;
        };
        inner.strangers.remove(&sighting.peer);
        let card = inner.cards.entry(sighting.peer.clone()).or_insert_with(|| new_card(family));
        if let Some(name) = name_of(&sighting.advertisement)
            && card.serial.is_none()
        {
            name.clone_into(&mut card.name);
            name.clone_into(&mut card.id);
        }
        if sighting.rssi.is_some() {
            card.signal_dbm = sighting.rssi;
            card.heard = Some(now);
            if card.link == LinkState::OutOfReach {
                card.link = LinkState::InReach;
            }
        }
        Some(family)
    }

    /// Changes one card, where there is one.
    pub fn change<T>(&self, peer: &Peer, with: impl FnOnce(&mut Card) -> T) -> Option<T> {
        self.lock().cards.get_mut(peer).map(with)
    }

    /// The sensor with this serial, or else with this name.
    #[must_use]
    pub fn find(&self, id: &str) -> Option<(Peer, Card)> {
        let inner = self.lock();
        let by_id = inner.cards.iter().find(|(_, card)| card.id == id);
        by_id
            .or_else(|| inner.cards.iter().find(|(_, card)| card.name == id))
            .map(|(peer, card)| (peer.clone(), card.clone()))
    }

    /// Everything forgotten that belongs to one session, but for sensors that another one goes on with.
    pub fn session(&self, goes_on: impl Fn(&Peer) -> bool) {
        for (peer, card) in &mut self.lock().cards {
            let Some(family) = card.family.filter(|_| !goes_on(peer)) else { continue };
            *card = Card {
                id: std::mem::take(&mut card.id),
                name: std::mem::take(&mut card.name),
                serial: card.serial.take(),
                firmware: card.firmware.take(),
                signal_dbm: card.signal_dbm,
                battery_percent: card.battery_percent,
                heard: card.heard,
                ..new_card(family)
            };
        }
    }

    /// As it is to one runner; `others` knows by its id what is worn by another.
    #[must_use]
    pub fn overview<'a>(&self, others: impl Fn(&str) -> Option<Worn<'a>>) -> Overview {
        let now = host_clock::instant();
        let mut inner = self.lock();
        for card in inner.cards.values_mut() {
            let silent = card.heard.is_none_or(|heard| now - heard > HEARD);
            if card.link == LinkState::InReach && silent {
                card.link = LinkState::OutOfReach;
                card.signal_dbm = None;
            }
        }
        let mut sensors: Vec<Card> = inner.cards.values().cloned().collect();
        for card in &mut sensors {
            if let Some(worn) = others(&card.id) {
                of_another(card, worn);
            }
        }
        sensors.sort_by_key(|card| std::cmp::Reverse(card.signal_dbm.unwrap_or(i16::MIN)));
        suggest(&mut sensors);
        let strangers = inner.strangers.values().filter(|heard| now - **heard <= HEARD).count();
        Overview {
            reason: nothing(inner.radio, &sensors, strangers),
            capacity: too_much(&sensors),
            others: strangers,
            sensors,
        }
    }
}

fn new_card(family: &'static Family) -> Card {
    Card {
        model: family.model,
        can_identify: family.capabilities.identify.is_some(),
        can_vibrate: family.capabilities.haptics,
        family: Some(family),
        ..Card::default()
    }
}

/// Named as that runner's, so that nobody looks for it or takes it by mistake.
fn of_another(card: &mut Card, worn: Worn<'_>) {
    let runner = worn.runner.unwrap_or("another runner");
    card.reason = Some(format!("{runner} wears it: {}", words(worn.placement)));
    card.worn_by = Some(runner.to_owned());
    (card.placement, card.tapped_twice) = (None, false);
}

fn name_of(advertisement: &Advertisement) -> Option<&str> {
    advertisement.name.as_deref().map(str::trim).filter(|name| !name.is_empty())
}

fn nothing(radio: Result<(), NoRadio>, sensors: &[Card], strangers: usize) -> Option<String> {
    if let Err(reason) = radio {
        return Some(reason.to_string());
    }
    let (others, own): (Vec<_>, Vec<_>) = sensors
        .iter()
        .filter(|card| card.link != LinkState::OutOfReach)
        .partition(|card| card.worn_by.is_some());
    if !own.is_empty() {
        return None;
    }
    let heard = match strangers + others.len() {
        0 => "nothing at all is heard".to_owned(),
        1 => "one other Bluetooth device is heard".to_owned(),
        n => format!("{n} other Bluetooth devices are heard"),
    };
    Some(format!(
        "no sensor is in reach ({heard}): switch the sensors on or wake them, bring them near, and close other programs and phones that may hold them"
    ))
}

/// Said before it is too late: of those in use, with the one that is being connected; before any is, of all in reach.
fn too_much(sensors: &[Card]) -> Option<String> {
    let used = |card: &&Card| card.is_linked() || card.link == LinkState::Connecting;
    let idle = !sensors.iter().any(|card| used(&card));
    let counted = sensors.iter().filter(|card| used(card) || idle && card.link == LinkState::InReach);
    capacity::warning(counted.filter_map(|card| card.family))
}

/// Says which one is in the hand, and suggests segments where all sensors that stream walk.
fn suggest(sensors: &mut [Card]) {
    let here = |card: &&mut Card| card.link == LinkState::Streaming && card.worn_by.is_none();
    let mut walking: Vec<&mut Card> = sensors.iter_mut().filter(here).collect();
    let turns: Vec<f64> = walking.iter().map(|card| card.movement_dps.to_radians()).collect();
    if let Some(card) = motion::alone(&turns).and_then(|one| walking.get_mut(one)) {
        card.moved = true;
    }
    let Some(found) = motion::segments(&turns) else { return };
    for (card, segment) in walking.iter_mut().zip(found) {
        card.suggestion = Some(segment);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sensor::DRIVERS;

    fn cards(links: &[LinkState]) -> Vec<Card> {
        let Some(family) = DRIVERS.first() else { panic!("no family") };
        links.iter().map(|link| Card { link: *link, ..new_card(family) }).collect()
    }

    #[test]
    fn what_would_be_too_much_is_said_before_it_is_connected() {
        use LinkState::{Connecting, InReach, Lost, OutOfReach, Streaming};
        assert!(too_much(&cards(&[InReach; 8])).is_some_and(|said| said.contains("8 sensors")));
        assert_eq!(too_much(&cards(&[InReach, InReach, OutOfReach, OutOfReach, OutOfReach])), None);
        let mut running = vec![Streaming; 5];
        running.extend([InReach; 6]);
        assert_eq!(too_much(&cards(&running)), None, "others' sensors in the same room");
        running.extend([Connecting, Connecting, Connecting, Lost]);
        assert!(too_much(&cards(&running)).is_some());
    }

    #[test]
    fn the_one_in_the_hand_is_shown() {
        let mut sensors = cards(&[LinkState::Streaming; 3]);
        for (card, turn) in sensors.iter_mut().zip([3.0, 80.0, 1.0]) {
            card.movement_dps = turn;
        }
        suggest(&mut sensors);
        assert_eq!(sensors.iter().map(|card| card.moved).collect::<Vec<_>>(), [false, true, false]);
    }
}

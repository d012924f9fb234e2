//! One session: a task per sensor of ours, begun when it is heard, and told what the radio and people want.

use super::air::Air;
use super::capacity::LINKS;
use super::link::{Link, ToLink};
use super::outlet::Outlet;
use super::radio::{NoRadio, Peer, Radio, RadioEvent, Sighting};
use super::remote::{Handle, Remote, lock};
use super::timing::Timing;
use super::wake::Wake;
use crate::host_clock;
use crate::sensor::Family;
use std::time::{Duration, Instant};
use tokio::sync::mpsc::unbounded_channel;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

pub(super) struct Session<R> {
    air: Air<R>,
    radio: R,
    timing: Timing,
    remote: Remote,
    links: JoinSet<Peer>,
    /// Since when sensors are missing.
    searching: Instant,
    /// How many runners have a session.
    runners: usize,
    /// The radio cannot be used, and people know it.
    down: bool,
    wake: Wake,
}

impl<R: Radio> Session<R> {
    pub(super) fn new(radio: R, timing: Timing, remote: Remote) -> Self {
        let runners = remote.registry.lock().sessions().len();
        Self {
            air: Air::new(radio.clone()),
            radio,
            timing,
            runners,
            remote,
            links: JoinSet::new(),
            searching: host_clock::instant(),
            down: false,
            wake: Wake::new(timing.slept),
        }
    }

    pub(super) async fn event(&mut self, event: RadioEvent) {
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

    pub(super) async fn look(&mut self) {
        self.look_after().await;
        self.wake.looked(host_clock::instant());
    }

    async fn look_after(&mut self) {
        let now = host_clock::instant();
        if let Some(gone) = self.wake.look(now) {
            self.woke(now, gone);
        }
        self.each(|session| session.tell_quiet(now));
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

    /// A gap for all, and no link is what it was.
    fn woke(&mut self, now: Instant, gone: Duration) {
        let message = format!(
            "this computer was asleep or stood still for {} s, and nothing was measured meanwhile; the links are being made again: keep it awake during a session",
            gone.as_secs()
        );
        self.each(|session| session.gap(now, &message));
        self.down = true;
        for handle in lock(&self.remote.handles).values() {
            handle.messages.send(ToLink::Woke(gone)).ok();
        }
    }

    async fn say_radio(&mut self, state: Result<(), NoRadio>) {
        let now = host_clock::instant();
        self.each(|session| session.radio(now, state));
        match (self.down, state) {
            (false, Err(_)) => {
                self.down = true;
                for handle in lock(&self.remote.handles).values() {
                    handle.messages.send(ToLink::Down).ok();
                }
            }
            (true, Ok(())) => {
                self.down = false;
                self.searching = now;
                self.air.forget().await;
            }
            _ => {}
        }
    }

    /// Every session hears of what befalls all.
    fn each(&self, tell: impl Fn(&Outlet)) {
        self.remote.registry.lock().sessions().iter().for_each(tell);
    }

    /// Scans while something is missing: all of the time at first, then half of it.
    fn is_searching(&mut self) -> bool {
        let now = host_clock::instant();
        let overview = self.remote.overview();
        let linked = overview.sensors.iter().filter(|card| card.is_linked()).count();
        let (expected, runners) = {
            let names = self.remote.registry.lock();
            (names.expected().min(LINKS), names.sessions().len())
        };
        if std::mem::replace(&mut self.runners, runners) != runners || linked >= expected {
            self.searching = now;
            return linked < expected;
        }
        let searched = now.saturating_duration_since(self.searching);
        searched < self.timing.search || (searched.as_millis() / 1200).is_multiple_of(2)
    }

    pub(super) async fn stop(mut self) {
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

//! What lasts as long as the program: the radio, the list of what is in reach, and one session after the other.

use super::air::Air;
use super::board::Overview;
use super::radio::{Radio, RadioEvent};
use super::registry::Member;
use super::remote::Remote;
use super::roster::Roster;
use super::session::Session;
use super::timing::Timing;
use crate::input::Input;
use std::sync::mpsc::Sender;
use std::time::Duration;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;

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
        let remote = Remote::new(roster, timing.slept);
        Self { radio, events, timing, remote }
    }

    #[must_use]
    pub fn remote(&self) -> Remote {
        self.remote.clone()
    }

    /// One runner with all sensors: the runner's own where `sensors.toml` names some, else those that are nobody's in
    /// particular.
    pub fn alone(&self, who: Option<&str>) {
        let mut names = self.remote.registry.lock();
        let who = who.filter(|who| names.roster.of(Some(who)).next().is_some());
        names.crew = vec![Member { runner: who.map(str::to_owned), session: None }];
    }

    /// Several runners, each with the own sensors: how to reach those of each.
    #[must_use]
    pub fn crew(&self, runners: &[String]) -> Vec<Remote> {
        let member = |runner: &String| Member { runner: Some(runner.clone()), session: None };
        self.remote.registry.lock().crew = runners.iter().map(member).collect();
        (0..runners.len()).map(|who| self.remote.of(who)).collect()
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
        self.remote.overview()
    }

    /// One session of the only runner: connects every sensor that belongs here, until `stop`.
    pub async fn run(&mut self, inputs: Sender<anyhow::Result<Input>>, stop: &CancellationToken) {
        let _begun = self.remote.begin(inputs);
        self.hold(stop).await;
    }

    /// Holds the sensors of all who have a session, as sessions begin and end, until `stop`.
    pub async fn hold(&mut self, stop: &CancellationToken) {
        let mut session = Session::new(self.radio.clone(), self.timing, self.remote.clone());
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

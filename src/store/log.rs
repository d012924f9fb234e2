//! A session on its way into the store. The thread that decides on stances hands rows over and goes on: a
//! queue that is full loses rows, which is counted and said, and the session is made anew from its recording.

use super::row::{Entry, Kind};
use super::{Job, Learning, RunnerId, Store, StoreError, row};
use crate::body::Placement;
use crate::event::Event;
use crate::host_clock;
use crate::input::Input;
use crate::units::SessionTime;
use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::mpsc::TrySendError;
use std::sync::{Arc, MutexGuard, PoisonError};

/// What is known of a session before it begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSession {
    /// The name of its recording without its ending.
    pub id: String,
    pub runner: RunnerId,
    /// `sensors`, `synthetic` or `import`.
    pub source: String,
    /// Its file name in the folder of recordings.
    pub recording: Option<String>,
    /// When its time was 0, RFC 3339; `None`: now, when it begins.
    pub started: Option<String>,
    pub settings_sha256: String,
    pub program_version: String,
}

/// A sensor of a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Worn {
    pub name: String,
    pub placement: Option<Placement>,
}

/// The first row of a session.
pub(super) struct Begin {
    new: NewSession,
    started: String,
    first_s: f64,
}

impl Begin {
    pub(super) fn insert(&self, conn: &Connection, id: &str) -> Result<(), StoreError> {
        let new = &self.new;
        conn.execute(
            "INSERT INTO sessions
                 (id, runner, started, source, recording, begin_s, settings_sha256, program_version)
             VALUES (?,?,?,?,?,?,?,?)
             ON CONFLICT (id) DO UPDATE SET started = excluded.started, begin_s = excluded.begin_s,
                 settings_sha256 = excluded.settings_sha256, program_version = excluded.program_version",
            params![
                id,
                new.runner,
                self.started,
                new.source,
                new.recording,
                self.first_s,
                new.settings_sha256,
                new.program_version
            ],
        )?;
        Ok(())
    }
}

/// Whether rows may be lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Patience {
    /// Live: never waits.
    None,
    /// From a recording: waits for the store.
    Any,
}

/// Takes a session as it happens. Begins with its first samples: a session without any is none.
#[derive(Debug)]
pub struct Log {
    store: Store,
    new: NewSession,
    id: Arc<str>,
    patience: Patience,
    begun: bool,
    sensors: Vec<Worn>,
    lost: u64,
    told: bool,
    learning: Learning,
}

impl Store {
    /// For a session that runs now.
    #[must_use]
    pub fn log(&self, new: NewSession) -> Log {
        Log::new(self.clone(), new, Patience::None)
    }

    /// For a session from its recording: what is there of it is made anew.
    pub fn log_anew(&self, new: NewSession) -> Result<Log, StoreError> {
        let id = new.id.clone();
        self.ask(move |conn| row::clear(conn, &id))?;
        Ok(Log::new(self.clone(), new, Patience::Any))
    }
}

impl Log {
    fn new(store: Store, new: NewSession, patience: Patience) -> Self {
        let id = Arc::from(new.id.as_str());
        let (begun, lost, told) = (false, 0, false);
        Self {
            store,
            new,
            id,
            patience,
            begun,
            sensors: Vec::new(),
            lost,
            told,
            learning: Learning::default(),
        }
    }

    fn running(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.store.shared.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn input(&mut self, input: &Input) {
        if let Input::Sensor(info) = input {
            self.sensors.retain(|worn| worn.name != info.name);
            self.sensors.push(Worn { name: info.name.clone(), placement: info.placement });
        }
        if let Input::Moment(moment) = input
            && self.begun
            && self.patience == Patience::Any
        {
            // Live, it was kept when it was marked.
            self.keep(Kind::Moment(moment.clone()));
        }
        let Input::Packet(packet) = input else { return };
        if self.begun {
            return;
        }
        self.begun = true;
        let first = packet.arrival.map(|t| t.0).or(packet.samples.first().map(|s| s.t.0)).unwrap_or(0.0);
        let started = self.new.started.clone().unwrap_or_else(host_clock::wall_time);
        if self.patience == Patience::None {
            self.running().insert(self.new.id.clone());
        }
        self.keep(Kind::Begin(Box::new(Begin { new: self.new.clone(), started, first_s: first })));
    }

    pub fn event(&mut self, event: &Event) {
        self.learning.event(event);
        if let Some(kind) = Kind::of(event).filter(|_| self.begun) {
            self.keep(kind);
        }
    }

    fn keep(&mut self, kind: Kind) {
        let job = Job::Row(Entry { session: Arc::clone(&self.id), kind });
        let kept = match self.patience {
            Patience::Any => self.store.jobs.send(job).is_ok(),
            Patience::None => match self.store.jobs.try_send(job) {
                Ok(()) => true,
                Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => false,
            },
        };
        self.lost += u64::from(!kept);
    }

    /// What went wrong and was not told yet, in one sentence.
    pub fn trouble(&mut self) -> Option<String> {
        if self.told {
            return None;
        }
        let failed = self.store.shared.trouble.lock().unwrap_or_else(PoisonError::into_inner).take();
        let why = match (failed, self.lost) {
            (Some(error), _) => {
                self.lost += 1;
                error
            }
            (None, 0) => return None,
            (None, lost) => format!("the database is too slow: {lost} rows wait in the recording only"),
        };
        self.told = true;
        Some(format!(
            "{why}. The recording goes on, and the history is filled from it at the next start of stancewatch"
        ))
    }

    /// The session is over, and everything of it is on the disk; `complete` when nothing of it is missing. One that
    /// was run to its end, and not made anew, ripens the runner's usual.
    pub fn finish(mut self, end: Option<SessionTime>) -> Result<(), StoreError> {
        if !self.begun {
            return Ok(());
        }
        let id = self.new.id.clone();
        let end = end.map(|t| t.0);
        let sensors = serde_json::to_string(&self.sensors)?;
        // Rows come before this call, whatever became of them.
        self.store.ask(|_| Ok(()))?;
        let complete = self.lost == 0 && self.trouble().is_none();
        self.store.ask(move |conn| {
            conn.execute(
                "UPDATE sessions SET end_s = coalesce(?, end_s, begin_s), complete = ?, sensors = ?, version = version + 1
                 WHERE id = ?",
                params![end, complete, sensors, id],
            )?;
            Ok(())
        })?;
        if !complete || self.patience == Patience::Any {
            return Ok(());
        }
        let date = self.new.started.clone().unwrap_or_else(host_clock::wall_time);
        let date = date.get(..10).unwrap_or(&date);
        self.store.keep_usual(self.new.runner, &self.new.id, date, &self.learning)
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        self.running().remove(&self.new.id);
    }
}

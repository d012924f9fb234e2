//! Deleting: at first a mark that can be taken back, then for real: rows overwritten, recordings gone.

use super::session::by_id;
use super::{RECORDINGS, RunnerId, Session, Store, StoreError};
use crate::host_clock;
use jiff::Timestamp;
use jiff::fmt::temporal::DateTimeParser;
use rusqlite::{Connection, params};
use std::fs;
use std::io;

/// What is deleted can be brought back for so long, days.
pub const UNDO_DAYS: i64 = 7;
const RETENTION: &str = "retention_days";
const DAY_S: i64 = 86_400;

impl Store {
    /// Deletes a session so that it can be brought back for a week.
    pub fn delete_session(&self, id: &str, seen: Option<i64>) -> Result<Session, StoreError> {
        self.not_running(id)?;
        let id = id.to_owned();
        let now = host_clock::wall_time();
        self.ask(move |conn| {
            let before = by_id(conn, &id)?;
            super::runner::unchanged(&format!("session {id}"), before.version, seen)?;
            conn.execute(
                "UPDATE sessions SET deleted = coalesce(deleted, ?), version = version + 1 WHERE id = ?",
                params![now, id],
            )?;
            by_id(conn, &id)
        })
    }

    pub fn restore_session(&self, id: &str) -> Result<Session, StoreError> {
        let id = id.to_owned();
        self.ask(move |conn| {
            conn.execute("UPDATE sessions SET deleted = NULL, version = version + 1 WHERE id = ?", [&id])?;
            by_id(conn, &id)
        })
    }

    /// Deletes a runner with every session, so that they can be brought back for a week.
    pub fn delete_runner(&self, id: RunnerId) -> Result<(), StoreError> {
        self.none_running_of(id)?;
        let now = host_clock::wall_time();
        self.ask(move |conn| {
            conn.execute(
                "UPDATE runners SET deleted = coalesce(deleted, ?), version = version + 1 WHERE id = ?",
                params![now, id],
            )?;
            Ok(())
        })
    }

    pub fn restore_runner(&self, id: RunnerId) -> Result<(), StoreError> {
        self.ask(move |conn| {
            conn.execute("UPDATE runners SET deleted = NULL, version = version + 1 WHERE id = ?", [id])?;
            Ok(())
        })
    }

    /// At once and for good.
    pub fn erase_session(&self, id: &str) -> Result<(), StoreError> {
        self.not_running(id)?;
        let id = id.to_owned();
        self.erase(move |conn| {
            by_id(conn, &id)?;
            Ok((vec![id], Vec::new()))
        })
    }

    /// At once and for good, with every session.
    pub fn erase_runner(&self, id: RunnerId) -> Result<(), StoreError> {
        self.none_running_of(id)?;
        self.erase(move |_| Ok((Vec::new(), vec![id])))
    }

    /// Everything that is kept, at once and for good.
    pub fn erase_everything(&self) -> Result<(), StoreError> {
        let sessions = self.sessions(None)?;
        sessions.iter().filter(|s| anyone_running(Some(s))).try_for_each(|s| self.not_running(&s.id))?;
        self.erase(|conn| {
            let mut all = conn.prepare("SELECT id FROM runners")?;
            let runners = all.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
            conn.execute("DELETE FROM settings", [])?;
            Ok((Vec::new(), runners))
        })
    }

    /// How many days sessions are kept; 0 keeps them all.
    pub fn retention_days(&self) -> Result<u32, StoreError> {
        Ok(self.setting(RETENTION)?.and_then(|days| days.parse().ok()).unwrap_or(0))
    }

    pub fn set_retention_days(&self, days: u32) -> Result<(), StoreError> {
        self.set(RETENTION, days.to_string())
    }

    /// Erases what was deleted long enough ago and what is older than it shall be kept. `now` is RFC 3339.
    /// Gives the number of sessions that went.
    pub fn expire(&self, now: &str) -> Result<usize, StoreError> {
        let Some(now) = seconds(now) else { return Ok(0) };
        let days = self.retention_days()?;
        let running = self.running();
        let (sessions, runners) = self.ask(move |conn| {
            let gone = |deleted: Option<String>| {
                deleted.as_deref().and_then(seconds).is_some_and(|then| now - then > UNDO_DAYS * DAY_S)
            };
            let mut all = conn.prepare(
                "SELECT s.id, s.started, s.deleted, r.retention_days FROM sessions s JOIN runners r ON r.id = s.runner",
            )?;
            let mut sessions = Vec::new();
            let mut rows = all.query([])?;
            while let Some(row) = rows.next()? {
                let id: String = row.get(0)?;
                let started: String = row.get(1)?;
                let kept_days = i64::from(row.get::<_, Option<u32>>(3)?.unwrap_or(days));
                let old = kept_days > 0 && seconds(&started).is_some_and(|then| now - then > kept_days * DAY_S);
                if (old || gone(row.get(2)?)) && !running.contains(&id) {
                    sessions.push(id);
                }
            }
            let mut all = conn.prepare("SELECT id, deleted FROM runners")?;
            let mut runners = Vec::new();
            let mut rows = all.query([])?;
            while let Some(row) = rows.next()? {
                if gone(row.get(1)?) {
                    runners.push(row.get(0)?);
                }
            }
            Ok((sessions, runners))
        })?;
        let count = sessions.len();
        if count > 0 || !runners.is_empty() {
            self.erase(move |_| Ok((sessions, runners)))?;
        }
        Ok(count)
    }

    /// Recordings first: should the program be killed in between, the rows still say what was to go.
    fn erase(
        &self,
        which: impl FnOnce(&Connection) -> Result<(Vec<String>, Vec<RunnerId>), StoreError> + Send + 'static,
    ) -> Result<(), StoreError> {
        let folder = self.folder.join(RECORDINGS);
        self.with(move |conn| {
            let step = conn.transaction()?;
            let (mut sessions, runners) = which(&step)?;
            for runner in &runners {
                let mut all = step.prepare("SELECT id FROM sessions WHERE runner = ?")?;
                let of_runner = all.query_map([runner], |row| row.get(0))?;
                sessions.extend(of_runner.collect::<Result<Vec<String>, _>>()?);
            }
            for session in &sessions {
                if let Some(recording) = last_use(&step, session)? {
                    let path = folder.join(recording);
                    match fs::remove_file(&path) {
                        Err(source) if source.kind() != io::ErrorKind::NotFound => {
                            return Err(StoreError::File { path, source });
                        }
                        _ => {}
                    }
                }
                step.execute("DELETE FROM sessions WHERE id = ?", [session])?;
            }
            for runner in &runners {
                step.execute("DELETE FROM runners WHERE id = ?", [runner])?;
            }
            step.commit()?;
            // The log still has the old pages: it is folded in, the file is written anew, and the log of that, too.
            conn.execute_batch("PRAGMA wal_checkpoint(TRUNCATE); VACUUM; PRAGMA wal_checkpoint(TRUNCATE);")?;
            Ok(())
        })
    }

    fn not_running(&self, id: &str) -> Result<(), StoreError> {
        let elsewhere = || anyone_running(self.session(id).ok().as_ref()) && !self.alone();
        if self.running().contains(id) || elsewhere() {
            return Err(StoreError::Refused(format!("session {id} is being recorded; end it first")));
        }
        Ok(())
    }

    fn none_running_of(&self, runner: RunnerId) -> Result<(), StoreError> {
        let sessions = self.sessions(Some(runner))?;
        sessions.iter().filter(|s| anyone_running(Some(s))).try_for_each(|s| self.not_running(&s.id))
    }
}

/// It has not ended, so that another program may still be at it.
fn anyone_running(session: Option<&Session>) -> bool {
    session.is_some_and(|session| session.end_s.is_none())
}

/// The session's recording, if no other session needs it.
fn last_use(conn: &Connection, session: &str) -> Result<Option<String>, StoreError> {
    let mut found = conn.prepare_cached(
        "SELECT s.recording FROM sessions s WHERE s.id = ?1 AND s.recording IS NOT NULL
         AND NOT EXISTS (SELECT 1 FROM sessions o WHERE o.recording = s.recording AND o.id <> ?1)",
    )?;
    let mut rows = found.query_map([session], |row| row.get(0))?;
    Ok(rows.next().transpose()?)
}

/// Seconds since 1970 of an RFC 3339 date.
fn seconds(text: &str) -> Option<i64> {
    DateTimeParser::new().parse_timestamp(text).ok().map(Timestamp::as_second)
}

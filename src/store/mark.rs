//! Moments that a person marked while the session ran.

use super::runner::line;
use super::{RunnerId, Store, StoreError};
use rusqlite::params;
use serde::Serialize;
use std::collections::BTreeSet;

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Mark {
    pub id: i64,
    pub time_s: f64,
    pub label: String,
}

impl Store {
    /// Marks a moment of the session that runs; where several do, of this runner's.
    pub fn mark(&self, runner: Option<RunnerId>, time_s: f64, label: &str) -> Result<Mark, StoreError> {
        let mut running = self.running();
        if running.len() > 1 {
            let own: BTreeSet<_> = self.sessions(runner)?.into_iter().map(|session| session.id).collect();
            running.retain(|id| own.contains(id));
        }
        let session = running.pop_last().ok_or_else(|| {
            StoreError::Refused(
                "nothing is kept of this session, so a mark would be lost: start `stancewatch run`"
                    .to_owned(),
            )
        })?;
        let label = line(label)?;
        self.ask(move |conn| {
            conn.execute(
                "INSERT INTO marks (session, time_s, label) VALUES (?,?,?)",
                params![session, time_s, label],
            )?;
            Ok(Mark { id: conn.last_insert_rowid(), time_s, label })
        })
    }

    pub fn marks(&self, session: &str) -> Result<Vec<Mark>, StoreError> {
        let session = session.to_owned();
        self.ask(move |conn| {
            let mut found =
                conn.prepare_cached("SELECT id, time_s, label FROM marks WHERE session = ? ORDER BY 2, 1")?;
            let rows = found
                .query_map([session], |r| Ok(Mark { id: r.get(0)?, time_s: r.get(1)?, label: r.get(2)? }))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }
}

//! Screening tests of earlier sessions, to hold later ones against.

use super::{RunnerId, Store, StoreError};
use crate::event::Screening;
use rusqlite::{Connection, OptionalExtension, Row, params};

/// A test of a session that is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct ScreeningRow {
    pub id: i64,
    pub session: String,
    /// When its session began, RFC 3339.
    pub started: String,
    pub screening: Screening,
}

const SELECT: &str =
    "SELECT x.rowid, s.id, s.started, x.document FROM screenings x JOIN sessions s ON s.id = x.session
     WHERE s.runner = ?1 AND s.deleted IS NULL
       AND x.end_time_s BETWEEN coalesce(s.crop_from_s, -1e300) AND coalesce(s.crop_to_s, 1e300)";

pub(super) fn insert(conn: &Connection, session: &str, screening: &Screening) -> Result<(), StoreError> {
    let document = serde_json::to_string(screening)?;
    conn.prepare_cached("INSERT OR REPLACE INTO screenings VALUES (?,?,?)")?.execute(params![
        session,
        screening.end.0,
        document
    ])?;
    Ok(())
}

impl Store {
    /// The runner's tests, oldest first.
    pub fn screenings(&self, runner: RunnerId) -> Result<Vec<ScreeningRow>, StoreError> {
        self.ask(move |conn| {
            let mut found =
                conn.prepare_cached(&format!("{SELECT} ORDER BY s.started, s.id, x.end_time_s"))?;
            let rows = found.query_map([runner], read)?;
            rows.map(|row| parsed(row?)).collect()
        })
    }

    /// One of the runner's tests.
    pub fn screening(&self, runner: RunnerId, id: i64) -> Result<ScreeningRow, StoreError> {
        self.ask(move |conn| {
            let mut found = conn.prepare_cached(&format!("{SELECT} AND x.rowid = ?2"))?;
            let row = found.query_row([runner, id], read).optional()?;
            row.map_or_else(
                || Err(StoreError::Refused(format!("there is no screening test {id} of this runner"))),
                parsed,
            )
        })
    }
}

type Raw = (i64, String, String, String);

fn read(row: &Row<'_>) -> rusqlite::Result<Raw> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
}

fn parsed((id, session, started, document): Raw) -> Result<ScreeningRow, StoreError> {
    Ok(ScreeningRow { id, session, started, screening: serde_json::from_str(&document)? })
}

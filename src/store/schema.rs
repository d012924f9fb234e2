//! The tables, and how an older file becomes a newer one. `user_version` counts the steps that are done.

use super::StoreError;
use rusqlite::{Connection, TransactionBehavior};
use std::path::Path;

/// Each brings the tables from the version before it to its own; a step that was published never changes.
const STEPS: [&str; 3] = [include_str!("v1.sql"), include_str!("v2.sql"), include_str!("v3.sql")];

/// Brings the file up to date, all of it or nothing. One from a newer version of this program is refused.
pub(super) fn migrate(conn: &mut Connection, path: &Path) -> Result<(), StoreError> {
    if done(conn, path)? == STEPS.len() {
        return Ok(());
    }
    let step = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Another process may have come first while we waited for it.
    for sql in STEPS.iter().skip(done(&step, path)?) {
        step.execute_batch(sql)?;
    }
    step.pragma_update(None, "user_version", STEPS.len() as u32)?;
    step.commit()?;
    Ok(())
}

fn done(conn: &Connection, path: &Path) -> Result<usize, StoreError> {
    let found: u32 = conn.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let (found, known) = (found as usize, STEPS.len());
    if found > known {
        return Err(StoreError::Newer { path: path.to_owned(), found, known });
    }
    Ok(found)
}

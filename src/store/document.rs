//! What other parts keep per runner, as JSON under a name: the usual of earlier runs, a programme's progress.

use super::{RunnerId, Store, StoreError};
use crate::host_clock;
use rusqlite::{OptionalExtension, params};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::BTreeMap;

impl Store {
    /// The runner's document of this name; `None` when there is none.
    pub fn document<T: DeserializeOwned + Send + 'static>(
        &self,
        runner: RunnerId,
        name: &'static str,
    ) -> Result<Option<T>, StoreError> {
        self.ask(move |conn| {
            let sql = "SELECT body FROM documents WHERE runner = ? AND name = ?";
            let body: Option<String> =
                conn.query_row(sql, params![runner, name], |row| row.get(0)).optional()?;
            Ok(body.map(|body| serde_json::from_str(&body)).transpose()?)
        })
    }

    /// Keeps a document, in place of the one before.
    pub fn put_document(
        &self,
        runner: RunnerId,
        name: &'static str,
        document: &impl Serialize,
    ) -> Result<(), StoreError> {
        let body = serde_json::to_string(document)?;
        let now = host_clock::wall_time();
        self.ask(move |conn| {
            conn.execute(
                "INSERT OR REPLACE INTO documents (runner, name, body, changed) VALUES (?,?,?,?)",
                params![runner, name, body, now],
            )?;
            Ok(())
        })
    }

    pub(super) fn drop_document(&self, runner: RunnerId, name: &'static str) -> Result<(), StoreError> {
        self.ask(move |conn| {
            conn.execute("DELETE FROM documents WHERE runner = ? AND name = ?", params![runner, name])?;
            Ok(())
        })
    }

    /// All documents of a runner, by name.
    pub fn documents(&self, runner: RunnerId) -> Result<BTreeMap<String, Value>, StoreError> {
        self.ask(move |conn| {
            let mut found = conn.prepare_cached("SELECT name, body FROM documents WHERE runner = ?")?;
            let rows = found.query_map([runner], |row| Ok((row.get(0)?, row.get::<_, String>(1)?)))?;
            rows.map(|row| {
                let (name, body) = row?;
                Ok((name, serde_json::from_str(&body)?))
            })
            .collect()
        })
    }

    /// A setting of the whole store.
    pub(super) fn setting(&self, name: &'static str) -> Result<Option<String>, StoreError> {
        self.ask(move |conn| {
            let sql = "SELECT value FROM settings WHERE name = ?";
            Ok(conn.query_row(sql, [name], |row| row.get(0)).optional()?)
        })
    }

    pub(super) fn set(&self, name: &'static str, value: String) -> Result<(), StoreError> {
        self.ask(move |conn| {
            conn.execute("INSERT OR REPLACE INTO settings VALUES (?,?)", params![name, value])?;
            Ok(())
        })
    }
}

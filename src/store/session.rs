//! Sessions, and what people say about them.

use super::row::{self, AlertRow, BaselineRow, CalibrationRow, StanceRow, StrideRow};
use super::runner::{given, line, unchanged};
use super::{RECORDINGS, RunnerId, Store, StoreError, Worn};
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};

/// Longest note, characters.
const LONGEST_NOTE: usize = 4000;
/// A part of a session that is shorter than this, s, has nothing to say.
const SHORTEST_PART: f64 = 1.0;

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Session {
    pub id: String,
    pub runner: RunnerId,
    /// What people call the runner.
    pub runner_name: String,
    /// RFC 3339.
    pub started: String,
    /// `sensors`, `synthetic` or `import`.
    pub source: String,
    /// File name in the folder of recordings.
    pub recording: Option<String>,
    pub begin_s: f64,
    pub end_s: Option<f64>,
    /// Every stance is here; not so while the session runs and after a crash.
    pub complete: bool,
    pub settings_sha256: String,
    pub program_version: String,
    pub shoes: Option<String>,
    pub surface: Option<String>,
    /// 0 to 10.
    pub pain: Option<u8>,
    pub notes: Option<String>,
    /// Only what lies between counts.
    pub crop_from_s: Option<f64>,
    pub crop_to_s: Option<f64>,
    pub sensors: Vec<Worn>,
    pub deleted: Option<String>,
    /// Counts changes.
    pub version: i64,
    pub stances: u32,
    pub alerts: u32,
}

impl Session {
    /// Where its recording lies, if it has one.
    #[must_use]
    pub fn recording_path(&self, folder: &Path) -> Option<PathBuf> {
        self.recording.as_ref().map(|name| folder.join(RECORDINGS).join(name))
    }

    /// The stretch that counts, on the session's clock.
    #[must_use]
    pub fn range(&self) -> (f64, f64) {
        let from = self.crop_from_s.unwrap_or(self.begin_s);
        (from, self.crop_to_s.or(self.end_s).unwrap_or(f64::INFINITY))
    }

    /// Seconds of the stretch that counts; `None` while the session runs.
    #[must_use]
    pub fn duration_s(&self) -> Option<f64> {
        let (from, to) = self.range();
        to.is_finite().then_some(to - from)
    }
}

/// What a person wants to be different; a field that is absent stays, `null` takes its value away.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SessionChange {
    #[serde(deserialize_with = "given")]
    pub shoes: Option<Option<String>>,
    #[serde(deserialize_with = "given")]
    pub surface: Option<Option<String>>,
    #[serde(deserialize_with = "given")]
    pub pain: Option<Option<u8>>,
    #[serde(deserialize_with = "given")]
    pub notes: Option<Option<String>>,
    /// From and to, s on the session's clock.
    #[serde(deserialize_with = "given")]
    pub crop: Option<Option<(f64, f64)>>,
    pub runner: Option<RunnerId>,
}

const SELECT: &str = "SELECT s.*, coalesce(r.name, r.pseudonym) AS runner_name, \
     (SELECT count(*) FROM stances x WHERE x.session = s.id) AS stances, \
     (SELECT count(*) FROM alerts x WHERE x.session = s.id) AS alerts \
     FROM sessions s JOIN runners r ON r.id = s.runner";

impl Store {
    /// Newest first; those of one runner only, if one is given.
    pub fn sessions(&self, runner: Option<RunnerId>) -> Result<Vec<Session>, StoreError> {
        self.ask(move |conn| {
            let sql = format!(
                "{SELECT} WHERE s.deleted IS NULL AND r.deleted IS NULL AND (?1 IS NULL OR s.runner = ?1)
                 ORDER BY s.started DESC, s.id DESC"
            );
            let mut found = conn.prepare_cached(&sql)?;
            let rows = found.query_map([runner], session)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// When this runner's latest calibration was made (the start of its session, RFC 3339), and its grade.
    pub fn last_calibration(&self, runner: RunnerId) -> Result<Option<(String, String)>, StoreError> {
        self.ask(move |conn| {
            let mut found = conn.prepare_cached(
                "SELECT s.started, c.grade FROM calibrations c JOIN sessions s ON s.id = c.session
                 WHERE s.runner = ? AND s.deleted IS NULL ORDER BY s.started DESC, c.decided_time_s DESC LIMIT 1",
            )?;
            Ok(found.query_row([runner], |row| Ok((row.get(0)?, row.get(1)?))).optional()?)
        })
    }

    /// This id, or the next one that no session has or was promised: several may begin within a second.
    pub fn unused_session(&self, name: &str) -> Result<String, StoreError> {
        let (name, shared) = (name.to_owned(), Arc::clone(&self.shared));
        self.ask(move |conn| {
            let mut taken = conn.prepare_cached("SELECT 1 FROM sessions WHERE id = ?")?;
            let mut given = shared.given.lock().unwrap_or_else(PoisonError::into_inner);
            let mut id = name.clone();
            for n in 2.. {
                if !taken.exists([&id])? && given.insert(id.clone()) {
                    break;
                }
                id = format!("{name}-{n}");
            }
            Ok(id)
        })
    }

    /// Those that are deleted and can be brought back.
    pub fn deleted_sessions(&self) -> Result<Vec<Session>, StoreError> {
        self.ask(|conn| {
            let mut found =
                conn.prepare_cached(&format!("{SELECT} WHERE s.deleted IS NOT NULL ORDER BY s.started"))?;
            let rows = found.query_map([], session)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// By its id, by as much of its beginning as fits one session only, or `last`.
    pub fn session(&self, part: &str) -> Result<Session, StoreError> {
        let part = part.to_owned();
        self.ask(move |conn| find(conn, &part))
    }

    pub fn stances(&self, id: &str) -> Result<Vec<StanceRow>, StoreError> {
        let id = id.to_owned();
        self.ask(move |conn| row::stances(conn, &id))
    }

    pub fn strides(&self, id: &str) -> Result<Vec<StrideRow>, StoreError> {
        let id = id.to_owned();
        self.ask(move |conn| row::strides(conn, &id))
    }

    pub fn alerts(&self, id: &str) -> Result<Vec<AlertRow>, StoreError> {
        let id = id.to_owned();
        self.ask(move |conn| row::alerts(conn, &id))
    }

    pub fn calibrations(&self, id: &str) -> Result<Vec<CalibrationRow>, StoreError> {
        let id = id.to_owned();
        self.ask(move |conn| row::calibrations(conn, &id))
    }

    pub fn baselines(&self, id: &str) -> Result<Vec<BaselineRow>, StoreError> {
        let id = id.to_owned();
        self.ask(move |conn| row::baselines(conn, &id))
    }

    /// Changes what is given. With `seen`, only if nobody changed the session since that version.
    pub fn change_session(
        &self,
        id: &str,
        change: SessionChange,
        seen: Option<i64>,
    ) -> Result<Session, StoreError> {
        let tag = |text: Option<Option<String>>| text.map(|t| t.map(|t| line(&t)).transpose()).transpose();
        let (shoes, surface) = (tag(change.shoes)?, tag(change.surface)?);
        let notes = change.notes.map(|n| n.map(note).transpose()).transpose()?;
        if let Some(Some(pain)) = change.pain
            && pain > 10
        {
            return Err(StoreError::Refused(format!("pain {pain} is not on the scale: give 0 to 10")));
        }
        let id = id.to_owned();
        self.ask(move |conn| {
            let before = by_id(conn, &id)?;
            unchanged(&format!("session {id}"), before.version, seen)?;
            let crop = match change.crop {
                Some(Some((from, to))) => {
                    within(&before, from, to)?;
                    (Some(from), Some(to))
                }
                Some(None) => (None, None),
                None => (before.crop_from_s, before.crop_to_s),
            };
            if let Some(runner) = change.runner {
                let there: bool = conn.query_row(
                    "SELECT count(*) > 0 FROM runners WHERE id = ? AND deleted IS NULL",
                    [runner],
                    |row| row.get(0),
                )?;
                if !there {
                    return Err(StoreError::NoRunner(runner.to_string()));
                }
            }
            conn.execute(
                "UPDATE sessions SET shoes = ?, surface = ?, pain = ?, notes = ?, crop_from_s = ?,
                     crop_to_s = ?, runner = ?, version = version + 1 WHERE id = ?",
                params![
                    shoes.unwrap_or(before.shoes),
                    surface.unwrap_or(before.surface),
                    change.pain.unwrap_or(before.pain),
                    notes.unwrap_or(before.notes),
                    crop.0,
                    crop.1,
                    change.runner.unwrap_or(before.runner),
                    id
                ],
            )?;
            by_id(conn, &id)
        })
    }

    /// Takes a stance out of every figure, or back in.
    pub fn exclude(
        &self,
        id: &str,
        side: &str,
        stance: u32,
        excluded: bool,
        seen: Option<i64>,
    ) -> Result<Session, StoreError> {
        let (id, side) = (id.to_owned(), side.to_owned());
        self.ask(move |conn| {
            let before = by_id(conn, &id)?;
            unchanged(&format!("session {id}"), before.version, seen)?;
            let there: bool = conn.query_row(
                "SELECT count(*) > 0 FROM stances WHERE session = ? AND side = ? AND stance = ?",
                params![id, side, stance],
                |row| row.get(0),
            )?;
            if !there {
                return Err(StoreError::Refused(format!("session {id} has no {side} stance {stance}")));
            }
            let sql = if excluded {
                "INSERT OR IGNORE INTO exclusions VALUES (?,?,?)"
            } else {
                "DELETE FROM exclusions WHERE session = ? AND side = ? AND stance = ?"
            };
            conn.execute(sql, params![id, side, stance])?;
            conn.execute("UPDATE sessions SET version = version + 1 WHERE id = ?", [&id])?;
            by_id(conn, &id)
        })
    }

    /// Makes two sessions of one, at `at` s on its clock. Both keep the recording; gives the second.
    pub fn split(&self, id: &str, at: f64, seen: Option<i64>) -> Result<Session, StoreError> {
        let id = id.to_owned();
        self.ask(move |conn| {
            let before = by_id(conn, &id)?;
            unchanged(&format!("session {id}"), before.version, seen)?;
            let (from, to) = before.range();
            within(&before, from, at)?;
            within(&before, at, to)?;
            let second = free_part(conn, &id)?;
            let columns = "runner, started, source, recording, begin_s, end_s, complete, settings_sha256,
                 program_version, shoes, surface, pain, notes, sensors";
            conn.execute(
                &format!(
                    "INSERT INTO sessions (id, {columns}, crop_from_s, crop_to_s)
                     SELECT ?1, {columns}, ?2, ?3 FROM sessions WHERE id = ?4"
                ),
                params![second, at, to, id],
            )?;
            for table in ["stances", "exclusions", "strides", "alerts", "calibrations", "baselines", "screenings"] {
                let rest = columns_after_session(conn, table)?;
                let sql = format!(
                    "INSERT INTO {table} (session, {rest}) SELECT ?1, {rest} FROM {table} WHERE session = ?2"
                );
                conn.execute(&sql, params![second, id])?;
            }
            conn.execute(
                "INSERT INTO marks (session, time_s, label) SELECT ?1, time_s, label FROM marks WHERE session = ?2",
                params![second, id],
            )?;
            conn.execute(
                "UPDATE sessions SET crop_from_s = ?, crop_to_s = ?, version = version + 1 WHERE id = ?",
                params![from, at, id],
            )?;
            by_id(conn, &second)
        })
    }

    /// Those that a crash left unfinished or that lost rows, with a recording to make them from.
    pub fn unfinished(&self) -> Result<Vec<Session>, StoreError> {
        self.ask(|conn| {
            let sql = format!("{SELECT} WHERE NOT s.complete AND s.recording IS NOT NULL ORDER BY s.id");
            let mut found = conn.prepare_cached(&sql)?;
            let rows = found.query_map([], session)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// The file names of recordings that belong to a session, deleted ones included.
    pub fn recordings(&self) -> Result<Vec<String>, StoreError> {
        self.ask(|conn| {
            let mut found =
                conn.prepare_cached("SELECT DISTINCT recording FROM sessions WHERE recording IS NOT NULL")?;
            let rows = found.query_map([], |row| row.get(0))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }
}

fn columns_after_session(conn: &Connection, table: &str) -> Result<String, StoreError> {
    let mut found = conn.prepare_cached("SELECT name FROM pragma_table_info(?) WHERE name <> 'session'")?;
    let names = found.query_map([table], |row| row.get::<_, String>(0))?;
    Ok(names.collect::<Result<Vec<_>, _>>()?.join(", "))
}

fn free_part(conn: &Connection, id: &str) -> Result<String, StoreError> {
    let whole = id.split_once('.').map_or(id, |(whole, _)| whole);
    let mut part = 2;
    loop {
        let name = format!("{whole}.{part}");
        let taken: bool =
            conn.query_row("SELECT count(*) > 0 FROM sessions WHERE id = ?", [&name], |row| row.get(0))?;
        if !taken {
            return Ok(name);
        }
        part += 1;
    }
}

fn within(session: &Session, from: f64, to: f64) -> Result<(), StoreError> {
    let Some(end) = session.end_s else {
        return Err(StoreError::Refused(format!("session {} is still running; end it first", session.id)));
    };
    // Also false for what is no number.
    if from >= session.begin_s && to <= end && to - from >= SHORTEST_PART {
        return Ok(());
    }
    Err(StoreError::Refused(format!(
        "{from} to {to} s is no part of session {}: give at least {SHORTEST_PART} s between {:.1} and {end:.1}",
        session.id, session.begin_s
    )))
}

fn note(text: String) -> Result<String, StoreError> {
    if text.chars().count() > LONGEST_NOTE {
        return Err(StoreError::Refused(format!("a note has at most {LONGEST_NOTE} characters")));
    }
    Ok(text)
}

pub(super) fn by_id(conn: &Connection, id: &str) -> Result<Session, StoreError> {
    let found = conn.query_row(&format!("{SELECT} WHERE s.id = ?"), [id], session).optional()?;
    found.ok_or_else(|| StoreError::NoSession(id.to_owned()))
}

/// An id is at least this long (`2026-11-20T10-00-00`, and `-2` for the second within that second). What is as
/// long is no beginning: who names a deleted session must not get its neighbour.
const WHOLE: usize = 19;

fn find(conn: &Connection, part: &str) -> Result<Session, StoreError> {
    if let Some(found) = conn.query_row(&format!("{SELECT} WHERE s.id = ?"), [part], session).optional()? {
        return Ok(found);
    }
    let there = "s.deleted IS NULL AND r.deleted IS NULL";
    if part == "last" {
        let sql = format!("{SELECT} WHERE {there} ORDER BY s.started DESC, s.id DESC LIMIT 1");
        let found = conn.query_row(&sql, [], session).optional()?;
        return found.ok_or_else(|| StoreError::NoSession(part.to_owned()));
    }
    if part.len() >= WHOLE {
        return Err(StoreError::NoSession(part.to_owned()));
    }
    let sql = format!("{SELECT} WHERE {there} AND substr(s.id, 1, length(?1)) = ?1");
    let mut found = conn.prepare_cached(&sql)?;
    let mut rows = found.query_map([part], session)?.collect::<Result<Vec<_>, _>>()?;
    match (rows.pop(), rows.len()) {
        (Some(one), 0) if !part.is_empty() => Ok(one),
        (None, _) => Err(StoreError::NoSession(part.to_owned())),
        (_, others) => Err(StoreError::ManySessions { part: part.to_owned(), count: others + 1 }),
    }
}

fn session(row: &Row<'_>) -> rusqlite::Result<Session> {
    Ok(Session {
        id: row.get("id")?,
        runner: row.get("runner")?,
        runner_name: row.get("runner_name")?,
        started: row.get("started")?,
        source: row.get("source")?,
        recording: row.get("recording")?,
        begin_s: row.get("begin_s")?,
        end_s: row.get("end_s")?,
        complete: row.get("complete")?,
        settings_sha256: row.get("settings_sha256")?,
        program_version: row.get("program_version")?,
        shoes: row.get("shoes")?,
        surface: row.get("surface")?,
        pain: row.get("pain")?,
        notes: row.get("notes")?,
        crop_from_s: row.get("crop_from_s")?,
        crop_to_s: row.get("crop_to_s")?,
        sensors: serde_json::from_str(&row.get::<_, String>("sensors")?).unwrap_or_default(),
        deleted: row.get("deleted")?,
        version: row.get("version")?,
        stances: row.get("stances")?,
        alerts: row.get("alerts")?,
    })
}

//! Whose sessions they are: a pseudonym, and a name only for those who want it there.

use super::{Store, StoreError};
use crate::host_clock;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::{Deserialize, Deserializer, Serialize};

pub type RunnerId = i64;

const CURRENT: &str = "current_runner";
/// Longest name, consent line and the like, characters: a line on the report.
pub(super) const LONGEST_LINE: usize = 200;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sex {
    Female,
    Male,
}

impl Sex {
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Female => "female",
            Self::Male => "male",
        }
    }

    fn from_word(word: &str) -> Option<Self> {
        [Self::Female, Self::Male].into_iter().find(|sex| sex.word() == word)
    }
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Runner {
    pub id: RunnerId,
    pub pseudonym: String,
    pub name: Option<String>,
    pub sex: Option<Sex>,
    pub leg_length_m: Option<f64>,
    /// What the runner agreed to and when, in a line.
    pub consent: Option<String>,
    /// Days after which this runner's sessions are deleted; 0 keeps them, `None` is as for all.
    pub retention_days: Option<u32>,
    pub created: String,
    pub deleted: Option<String>,
    /// Counts changes.
    pub version: i64,
    /// This one's sessions are recorded now.
    pub current: bool,
    pub sessions: u32,
}

impl Runner {
    /// One and the same person, unlike those whom sessions of nobody hang on.
    #[must_use]
    pub fn is_person(&self) -> bool {
        self.pseudonym.starts_with("Runner ")
    }

    /// What people call this runner.
    #[must_use]
    pub fn shown(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.pseudonym)
    }
}

/// What a person wants to be different; a field that is absent stays, `null` takes its value away.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RunnerChange {
    #[serde(deserialize_with = "given")]
    pub name: Option<Option<String>>,
    #[serde(deserialize_with = "given")]
    pub sex: Option<Option<Sex>>,
    #[serde(deserialize_with = "given")]
    pub leg_length_m: Option<Option<f64>>,
    #[serde(deserialize_with = "given")]
    pub consent: Option<Option<String>>,
    #[serde(deserialize_with = "given")]
    pub retention_days: Option<Option<u32>>,
    /// From now on sessions are this runner's.
    pub current: Option<bool>,
}

/// Tells `null` from absent.
#[expect(clippy::option_option, reason = "absent, null and a value are three things")]
pub(super) fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    from: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(from).map(Some)
}

const SELECT: &str = "SELECT r.*, r.id = coalesce((SELECT CAST(value AS INTEGER) FROM settings \
     WHERE settings.name = 'current_runner'), 0) AS current, \
     (SELECT count(*) FROM sessions s WHERE s.runner = r.id AND s.deleted IS NULL) AS sessions FROM runners r";

impl Store {
    /// All that are not deleted; with `deleted`, those as well.
    pub fn runners(&self, deleted: bool) -> Result<Vec<Runner>, StoreError> {
        self.ask(move |conn| {
            let sql = format!("{SELECT} WHERE ? OR r.deleted IS NULL ORDER BY r.id");
            let mut found = conn.prepare_cached(&sql)?;
            let rows = found.query_map([deleted], runner)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// By number, pseudonym or name, whichever it is.
    pub fn runner(&self, who: &str) -> Result<Runner, StoreError> {
        let who = who.to_owned();
        self.ask(move |conn| find(conn, &who)?.ok_or(StoreError::NoRunner(who)))
    }

    pub fn runner_by_id(&self, id: RunnerId) -> Result<Runner, StoreError> {
        self.ask(move |conn| by_id(conn, id))
    }

    /// A new runner: `Runner 1`, `Runner 2`, ... and a name where one is wanted.
    pub fn add_runner(&self, name: Option<String>) -> Result<Runner, StoreError> {
        let name = name.map(|name| line(&name)).transpose()?;
        let now = host_clock::wall_time();
        self.ask(move |conn| add(conn, name.as_deref(), &now))
    }

    /// Whose sessions are recorded from now on: the one that is named (made when unknown), else the one of last
    /// time, else the first.
    pub fn current_runner(&self, who: Option<&str>) -> Result<Runner, StoreError> {
        let now = host_clock::wall_time();
        let runner = match who {
            Some(who) => self.named_runner(who)?,
            None => self.ask(move |conn| match first(conn)? {
                Some(runner) => Ok(runner),
                None => add(conn, None, &now),
            })?,
        };
        if !runner.current {
            self.set(CURRENT, runner.id.to_string())?;
        }
        Ok(Runner { current: true, ..runner })
    }

    /// The runner of this name, made when unknown.
    pub fn named_runner(&self, who: &str) -> Result<Runner, StoreError> {
        let who = line(who)?;
        let now = host_clock::wall_time();
        self.ask(move |conn| match find(conn, &who)? {
            Some(runner) if runner.deleted.is_some() => Err(StoreError::Refused(format!(
                "`{who}` is deleted; bring them back with `stancewatch runners restore`, or give another name"
            ))),
            Some(runner) => Ok(runner),
            None => add(conn, Some(&who), &now),
        })
    }

    /// The runner with this pseudonym, made when missing; for sessions that are nobody's.
    pub fn runner_called(&self, pseudonym: &str) -> Result<Runner, StoreError> {
        let (now, pseudonym) = (host_clock::wall_time(), pseudonym.to_owned());
        self.ask(move |conn| {
            conn.execute(
                "INSERT OR IGNORE INTO runners (pseudonym, created) VALUES (?,?)",
                params![pseudonym, now],
            )?;
            // Sessions come in again: so does what they hang on.
            conn.execute("UPDATE runners SET deleted = NULL WHERE pseudonym = ?", [&pseudonym])?;
            find(conn, &pseudonym)?.ok_or(StoreError::NoRunner(pseudonym))
        })
    }

    /// Changes what is given. With `seen`, only if nobody changed the runner since that version.
    pub fn change_runner(
        &self,
        id: RunnerId,
        change: RunnerChange,
        seen: Option<i64>,
    ) -> Result<Runner, StoreError> {
        let current = change.current;
        let name = change.name.map(|n| n.map(|n| line(&n)).transpose()).transpose()?;
        let consent = change.consent.map(|n| n.map(|n| line(&n)).transpose()).transpose()?;
        if let Some(Some(length)) = change.leg_length_m
            && !(0.3..=1.5).contains(&length)
        {
            return Err(StoreError::Refused(format!(
                "a leg of {length} m is none: give its length from hip to floor, 0.3 to 1.5 m"
            )));
        }
        let changed = self.ask(move |conn| {
            let before = by_id(conn, id)?;
            unchanged(before.shown(), before.version, seen)?;
            conn.execute(
                "UPDATE runners SET name = ?, sex = ?, leg_length_m = ?, consent = ?, retention_days = ?,
                     version = version + 1 WHERE id = ?",
                params![
                    name.unwrap_or(before.name),
                    change.sex.unwrap_or(before.sex).map(Sex::word),
                    change.leg_length_m.unwrap_or(before.leg_length_m),
                    consent.unwrap_or(before.consent),
                    change.retention_days.unwrap_or(before.retention_days),
                    id
                ],
            )?;
            by_id(conn, id)
        })?;
        if current == Some(true) {
            self.set(CURRENT, id.to_string())?;
            return self.runner_by_id(id);
        }
        Ok(changed)
    }
}

/// Nobody has changed `what` since version `seen`.
pub(super) fn unchanged(what: &str, now: i64, seen: Option<i64>) -> Result<(), StoreError> {
    match seen {
        Some(seen) if seen != now => Err(StoreError::Changed { what: what.to_owned(), seen, now }),
        _ => Ok(()),
    }
}

/// A line of text as people may give it.
pub(super) fn line(text: &str) -> Result<String, StoreError> {
    let text = text.trim().to_owned();
    if text.is_empty() || text.chars().count() > LONGEST_LINE || text.chars().any(char::is_control) {
        return Err(StoreError::Refused(format!("give 1 to {LONGEST_LINE} characters in one line")));
    }
    Ok(text)
}

fn add(conn: &Connection, name: Option<&str>, now: &str) -> Result<Runner, StoreError> {
    let next: i64 = conn.query_row(
        "SELECT coalesce(max(CAST(substr(pseudonym, 8) AS INTEGER)), 0) + 1 FROM runners
         WHERE pseudonym LIKE 'Runner %'",
        [],
        |row| row.get(0),
    )?;
    conn.execute(
        "INSERT INTO runners (pseudonym, name, created) VALUES (?,?,?)",
        params![format!("Runner {next}"), name, now],
    )?;
    by_id(conn, conn.last_insert_rowid())
}

fn by_id(conn: &Connection, id: RunnerId) -> Result<Runner, StoreError> {
    let found = conn.query_row(&format!("{SELECT} WHERE r.id = ?"), [id], runner).optional()?;
    found.ok_or_else(|| StoreError::NoRunner(id.to_string()))
}

/// Those who are there before those who are deleted, names before numbers.
fn find(conn: &Connection, who: &str) -> Result<Option<Runner>, StoreError> {
    let sql = format!(
        "{SELECT} WHERE lower(r.name) = lower(?1) OR lower(r.pseudonym) = lower(?1) OR CAST(r.id AS TEXT) = ?1
         ORDER BY r.deleted IS NOT NULL, CAST(r.id AS TEXT) = ?1, r.id LIMIT 1"
    );
    Ok(conn.query_row(&sql, [who], runner).optional()?)
}

/// Of last time, else the first there is.
fn first(conn: &Connection) -> Result<Option<Runner>, StoreError> {
    let sql = format!(
        "{SELECT} WHERE r.deleted IS NULL AND r.pseudonym LIKE 'Runner %' ORDER BY current DESC, r.id LIMIT 1"
    );
    Ok(conn.query_row(&sql, [], runner).optional()?)
}

fn runner(row: &Row<'_>) -> rusqlite::Result<Runner> {
    Ok(Runner {
        id: row.get("id")?,
        pseudonym: row.get("pseudonym")?,
        name: row.get("name")?,
        sex: row.get::<_, Option<String>>("sex")?.as_deref().and_then(Sex::from_word),
        leg_length_m: row.get("leg_length_m")?,
        consent: row.get("consent")?,
        retention_days: row.get("retention_days")?,
        created: row.get("created")?,
        deleted: row.get("deleted")?,
        version: row.get("version")?,
        current: row.get("current")?,
        sessions: row.get("sessions")?,
    })
}

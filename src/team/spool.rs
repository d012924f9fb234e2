//! The daemon's log of what it tells: numbered from 1 without gaps over restarts, kept until every board has had its
//! chance. One SQLite file of one program. A number is told only after its report is on the disk (every commit is
//! synced), so that no number ever comes twice with different contents, whatever is killed or loses power.

use super::report::{FORM, Report, Said, Who};
use crate::edge::private;
use crate::host_clock;
use rusqlite::{Connection, ErrorCode, OptionalExtension, params};
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;
use std::time::Duration;
use thiserror::Error;
use tokio::sync::watch;

/// Its name in the data folder.
pub const FILE: &str = "team.db";

/// Reports that may wait for a disk that stalls: minutes of a runner.
const QUEUE: usize = 4096;
/// Between two looks at what is too old or too much, in reports.
const TIDY_EVERY: u64 = 1000;
const FORMAT: u32 = 1;
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// What is kept at most. What is taken away unread is told as lost to whoever asks for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// About 0.4 kB each.
    pub reports: u64,
    pub age_days: u32,
}

impl Default for Bounds {
    /// 50 hours of running, 200 MB; a month.
    fn default() -> Self {
        Self { reports: 500_000, age_days: 31 }
    }
}

#[derive(Debug, Error)]
pub enum SpoolError {
    #[error("cannot keep {}: {source}; choose a folder that you may write to with --data-dir", path.display())]
    File { path: PathBuf, source: io::Error },
    #[error("cannot use {}: {source}; {}", path.display(), remedy(source))]
    Database { path: PathBuf, source: rusqlite::Error },
    #[error("{} is from a newer stancewatch (format {found}, this one knows {FORMAT}); update stancewatch", path.display())]
    Newer { path: PathBuf, found: u32 },
}

fn remedy(error: &rusqlite::Error) -> &'static str {
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            "another stancewatch tells a board from this folder: end it, or give this one its own with --data-dir"
        }
        Some(ErrorCode::DiskFull) => "free some space there",
        Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
            "choose a folder that you may write to with --data-dir"
        }
        _ => "move it away: boards then see a new daemon, and sessions stay in the history",
    }
}

/// Reports after a number, in order.
#[derive(Debug, Clone, PartialEq)]
pub struct Stretch {
    /// Reports before the first of these that are not there any more.
    pub lost: u64,
    pub reports: Vec<Report>,
}

/// The log of a data folder. Clones share it. Calls that return a `Result` wait for the disk.
#[derive(Debug, Clone)]
pub struct Spool {
    shared: Arc<Shared>,
    queue: SyncSender<Job>,
}

enum Job {
    Keep(Box<Report>),
    /// Answered when all before it is on the disk or given up.
    Flush(SyncSender<()>),
}

#[derive(Debug)]
struct Shared {
    path: PathBuf,
    daemon: String,
    bounds: Bounds,
    conn: Mutex<Connection>,
    statuses: Mutex<BTreeMap<String, Report>>,
    /// Number of the newest report on the disk; touched by every new status as well.
    newest: watch::Sender<u64>,
    trouble: Mutex<Trouble>,
}

#[derive(Debug, Default)]
struct Trouble {
    lost: u64,
    error: Option<String>,
    told: bool,
}

impl Spool {
    /// Opens the log in `folder`, which is made when it is missing.
    pub fn open(folder: &Path, bounds: Bounds) -> Result<Self, SpoolError> {
        let path = folder.join(FILE);
        let kept = |source| SpoolError::File { path: path.clone(), source };
        private::folder(folder).map_err(kept)?;
        private::file(&path).map_err(kept)?;
        let conn = open(&path)?;
        let about = |source| SpoolError::Database { path: path.clone(), source };
        let daemon = conn.query_row("SELECT id FROM daemon", [], |row| row.get(0)).map_err(about)?;
        let newest = newest(&conn).map_err(about)?;
        let shared = Arc::new(Shared {
            daemon,
            bounds,
            conn: Mutex::new(conn),
            statuses: Mutex::default(),
            newest: watch::Sender::new(newest),
            trouble: Mutex::default(),
            path: path.clone(),
        });
        let (queue, jobs) = sync_channel(QUEUE);
        // Weak: the file is free as soon as the last handle is gone.
        let weak = Arc::downgrade(&shared);
        thread::Builder::new().name("team".to_owned()).spawn(move || work(&weak, &jobs)).map_err(kept)?;
        Ok(Self { shared, queue })
    }

    /// The daemon's id, lower-case letters and digits.
    #[must_use]
    pub fn daemon(&self) -> &str {
        &self.shared.daemon
    }

    /// Tells something of a runner; a status gets its place in the log. Never waits: what a stalled disk leaves no room for is counted in
    /// [`trouble`](Self::trouble).
    pub fn tell(&self, runner: &Who, session: &str, mut said: Said) {
        if let Said::Status(status) = &mut said {
            status.after = self.newest();
        }
        let report = Report {
            form: FORM,
            daemon: self.shared.daemon.clone(),
            number: None,
            told_unix_ms: host_clock::unix_ms(),
            runner: runner.clone(),
            session: session.to_owned(),
            said,
        };
        if matches!(report.said, Said::Status(_)) {
            lock(&self.shared.statuses).insert(report.runner.id.clone(), report);
            self.shared.newest.send_modify(|_| {});
        } else if let Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) =
            self.queue.try_send(Job::Keep(Box::new(report)))
        {
            lock(&self.shared.trouble).lost += 1;
        }
    }

    /// The newest status of each runner.
    #[must_use]
    pub fn statuses(&self) -> Vec<Report> {
        lock(&self.shared.statuses).values().cloned().collect()
    }

    /// Number of the newest report on the disk; 0 when there was none yet.
    #[must_use]
    pub fn newest(&self) -> u64 {
        *self.shared.newest.borrow()
    }

    /// Wakes when there is a new report or status.
    #[must_use]
    pub fn changed(&self) -> watch::Receiver<u64> {
        self.shared.newest.subscribe()
    }

    /// Reports after this number, at most so many.
    pub fn after(&self, number: u64, at_most: usize) -> Result<Stretch, SpoolError> {
        let read = |conn: &Connection| {
            let mut rows = conn.prepare_cached(
                "SELECT number, report FROM reports WHERE number > ? ORDER BY number LIMIT ?",
            )?;
            let rows = rows.query_map(params![sql(number), sql(at_most as u64)], |row| {
                Ok((row.get::<_, i64>(0)?.unsigned_abs(), row.get::<_, String>(1)?))
            })?;
            rows.collect::<rusqlite::Result<Vec<_>>>()
        };
        let conn = lock(&self.shared.conn);
        let rows = read(&conn).map_err(|source| self.about(source))?;
        let newest = newest(&conn).map_err(|source| self.about(source))?;
        // Those that are gone lie before the first that is there.
        let first = rows.first().map_or(newest + 1, |(first, _)| *first);
        let mut stretch = Stretch { lost: first.saturating_sub(number + 1), reports: Vec::new() };
        for (number, text) in rows {
            let report = serde_json::from_str::<Report>(&text);
            // What a newer program has written; it is in the history as well.
            let Ok(report) = report.inspect_err(|error| tracing::warn!("report {number}: {error}")) else {
                stretch.lost += 1;
                continue;
            };
            stretch.reports.push(Report { number: Some(number), ..report });
        }
        Ok(stretch)
    }

    /// What went wrong since the last call, in one sentence.
    #[must_use]
    pub fn trouble(&self) -> Option<String> {
        let mut trouble = lock(&self.shared.trouble);
        let Trouble { lost, error, told } = &*trouble;
        if *told || (*lost == 0 && error.is_none()) {
            return None;
        }
        let why = error.clone().unwrap_or_else(|| "the disk is too slow".to_owned());
        let text =
            format!("{why}. Boards lack what is not kept ({lost} reports so far); the recording goes on");
        trouble.told = true;
        Some(text)
    }

    /// Up to which number a way out has delivered.
    pub fn delivered(&self, way: &str) -> Result<u64, SpoolError> {
        let number = lock(&self.shared.conn)
            .query_row("SELECT number FROM delivered WHERE way = ?", [way], |row| row.get::<_, i64>(0))
            .optional();
        Ok(number.map_err(|source| self.about(source))?.unwrap_or(0).unsigned_abs())
    }

    pub fn set_delivered(&self, way: &str, number: u64) -> Result<(), SpoolError> {
        let done = lock(&self.shared.conn).execute(
            "INSERT OR REPLACE INTO delivered (way, number) VALUES (?, ?)",
            params![way, sql(number)],
        );
        done.map(drop).map_err(|source| self.about(source))
    }

    /// Waits until what was told before is on the disk.
    pub fn flush(&self) {
        let (done, answer) = sync_channel(1);
        if self.queue.send(Job::Flush(done)).is_ok() {
            // An error is a writer that has stopped: there is nothing more to wait for.
            answer.recv().ok();
        }
    }

    fn about(&self, source: rusqlite::Error) -> SpoolError {
        SpoolError::Database { path: self.shared.path.clone(), source }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// SQLite's integers have a sign; a number that does not fit is beyond all reports.
fn sql(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn newest(conn: &Connection) -> rusqlite::Result<u64> {
    let number = conn
        .query_row("SELECT seq FROM sqlite_sequence WHERE name = 'reports'", [], |row| row.get::<_, i64>(0));
    Ok(number.optional()?.unwrap_or(0).unsigned_abs())
}

fn open(path: &Path) -> Result<Connection, SpoolError> {
    let about = |source| SpoolError::Database { path: path.to_owned(), source };
    let conn = Connection::open(path).map_err(about)?;
    // One program alone: numbers are of one writer, and no memory is shared, which network drives do not have.
    conn.pragma_update(None, "locking_mode", "exclusive").map_err(about)?;
    conn.busy_timeout(Duration::from_secs(2)).map_err(about)?;
    conn.pragma_update(None, "journal_mode", "wal").map_err(about)?;
    conn.pragma_update(None, "synchronous", "full").map_err(about)?;
    conn.pragma_update(None, "secure_delete", true).map_err(about)?;
    let found: u32 = conn.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(about)?;
    if found > FORMAT {
        return Err(SpoolError::Newer { path: path.to_owned(), found });
    }
    // AUTOINCREMENT: a number does not come again when the newest reports were taken away.
    conn.execute_batch(
        "BEGIN IMMEDIATE;
         CREATE TABLE IF NOT EXISTS daemon (id TEXT NOT NULL);
         INSERT INTO daemon (id) SELECT lower(hex(randomblob(8))) WHERE NOT EXISTS (SELECT 1 FROM daemon);
         CREATE TABLE IF NOT EXISTS reports (
             number INTEGER PRIMARY KEY AUTOINCREMENT, told_unix_ms INTEGER NOT NULL, report TEXT NOT NULL);
         CREATE TABLE IF NOT EXISTS delivered (way TEXT PRIMARY KEY, number INTEGER NOT NULL);
         PRAGMA user_version = 1;
         COMMIT;",
    )
    .map_err(about)?;
    Ok(conn)
}

/// Writes until the last handle is gone. What comes while the disk is busy is one commit.
fn work(shared: &Weak<Shared>, jobs: &Receiver<Job>) {
    let mut reports: Vec<Report> = Vec::new();
    let mut tidied = 0;
    while let Ok(first) = jobs.recv() {
        let mut flushes = Vec::new();
        for job in std::iter::once(first).chain(jobs.try_iter()) {
            match job {
                Job::Keep(report) => reports.push(*report),
                Job::Flush(done) => flushes.push(done),
            }
        }
        let Some(shared) = shared.upgrade() else { return };
        shared.keep(&mut reports);
        if *shared.newest.borrow() >= tidied + TIDY_EVERY {
            tidied = *shared.newest.borrow();
            shared.tidy();
        }
        for done in flushes {
            // `err`: nobody waits any more.
            done.send(()).ok();
        }
    }
}

impl Shared {
    /// What cannot be written is tried again with what comes next.
    fn keep(&self, reports: &mut Vec<Report>) {
        if reports.is_empty() {
            return;
        }
        let written = write(&mut lock(&self.conn), reports);
        match written {
            Ok(newest) => {
                reports.clear();
                let mut trouble = lock(&self.trouble);
                (trouble.error, trouble.told) = (None, false);
                self.newest.send_replace(newest);
            }
            Err(source) => {
                let error = SpoolError::Database { path: self.path.clone(), source };
                tracing::error!("{error}");
                let mut trouble = lock(&self.trouble);
                trouble.error = Some(error.to_string());
                // The oldest go: a board wants to know how it stands now.
                let over = reports.len().saturating_sub(QUEUE);
                reports.drain(..over);
                trouble.lost += over as u64;
            }
        }
    }

    fn tidy(&self) {
        let keep_after = self.newest.borrow().saturating_sub(self.bounds.reports);
        let since = host_clock::unix_ms() - i64::from(self.bounds.age_days) * DAY_MS;
        let conn = lock(&self.conn);
        let older = "SELECT max(number) FROM reports WHERE told_unix_ms < ?";
        let tidied = conn.query_row(older, [since], |row| row.get::<_, Option<i64>>(0)).and_then(|old| {
            let up_to = old.unwrap_or(0).max(sql(keep_after));
            conn.execute("DELETE FROM reports WHERE number <= ?", [up_to])
        });
        if let Err(source) = tidied {
            tracing::warn!("{}", SpoolError::Database { path: self.path.clone(), source });
        }
    }
}

fn write(conn: &mut Connection, reports: &[Report]) -> rusqlite::Result<u64> {
    let step = conn.transaction()?;
    {
        let mut insert = step.prepare_cached("INSERT INTO reports (told_unix_ms, report) VALUES (?, ?)")?;
        for report in reports {
            let text = serde_json::to_string(report)
                .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
            insert.execute(params![report.told_unix_ms, text])?;
        }
    }
    let newest = newest(&step)?;
    step.commit()?;
    Ok(newest)
}

#[cfg(test)]
mod tests;

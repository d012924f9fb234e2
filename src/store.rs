//! What is kept between sessions, in one SQLite file: runners, sessions with their stances and alerts, what
//! people wrote to them. Its own thread owns the file; nobody on the way from a sample to a verdict waits for
//! it. Recordings are the truth: what is missing here is made anew from them.

use crate::edge::private;
use rusqlite::Connection;
use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

mod document;
mod error;
mod log;
mod mark;
mod remove;
mod row;
mod runner;
mod schema;
mod screening;
mod session;
mod trend;
mod usual;

pub use error::StoreError;
pub use log::{Log, NewSession, Worn};
pub use mark::Mark;
pub use remove::UNDO_DAYS;
pub use row::{AlertRow, BaselineRow, CalibrationRow, StanceRow, StrideRow, grade_word};
pub use runner::{Runner, RunnerChange, RunnerId, Sex};
pub use screening::ScreeningRow;
pub use session::{Session, SessionChange};
pub use trend::TrendPoint;
pub use usual::{LatestUsual, Learning};

/// Its name in the data folder.
pub const FILE: &str = "stancewatch.db";
/// The folder of recordings in the data folder.
pub const RECORDINGS: &str = "recordings";

/// Held by the program that keeps sessions.
const LOCK: &str = "stancewatch.lock";
/// How long another program may hold the file.
const PATIENCE: Duration = Duration::from_secs(5);
/// Jobs that may wait: minutes of a session, for a disk that stalls.
const QUEUE: usize = 4096;
/// Rows written at once at most, and how long the first of them waits for others.
const BATCH: usize = 256;
const GATHER: Duration = Duration::from_millis(500);

type Call = Box<dyn FnOnce(&mut Connection) + Send>;

enum Job {
    Call(Call),
    /// A row of the session that runs.
    Row(row::Entry),
}

/// The database of a data folder. Clones share it.
#[derive(Debug, Clone)]
pub struct Store {
    jobs: SyncSender<Job>,
    folder: PathBuf,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    /// The sessions that run, by id: one per runner.
    running: Mutex<BTreeSet<String>>,
    /// Ids that sessions of this program have been given.
    given: Mutex<BTreeSet<String>>,
    /// While it is held, no other program makes sessions here anew.
    alone: Mutex<Option<File>>,
    /// Why rows could not be written; taken by whoever tells the runner.
    trouble: Mutex<Option<String>>,
}

impl Store {
    /// Opens the database in `folder`, which is made when it is missing.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        let path = folder.join(FILE);
        let kept = |source| StoreError::File { path: path.clone(), source };
        private::folder(folder).map_err(kept)?;
        private::file(&path).map_err(kept)?;
        let conn = open(&path).map_err(|error| about(error, &path))?;
        let (jobs, queue) = sync_channel(QUEUE);
        let shared = Arc::new(Shared::default());
        let told = Arc::clone(&shared);
        thread::Builder::new()
            .name("store".to_owned())
            .spawn(move || work(conn, &path, &queue, &told))
            .map_err(|source| StoreError::File { path: folder.join(FILE), source })?;
        Ok(Self { jobs, folder: folder.to_owned(), shared })
    }

    /// The data folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// No other program keeps sessions in this folder, and none will as long as this one runs.
    #[must_use]
    pub fn alone(&self) -> bool {
        let mut held = self.shared.alone.lock().unwrap_or_else(PoisonError::into_inner);
        if held.is_none() {
            let path = self.folder.join(LOCK);
            private::file(&path).ok();
            *held = OpenOptions::new().write(true).open(path).ok().filter(|file| file.try_lock().is_ok());
        }
        held.is_some()
    }

    /// The sessions that run now, by id.
    #[must_use]
    pub fn running(&self) -> BTreeSet<String> {
        self.shared.running.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits for the answer; the work is done whole or not at all.
    fn ask<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.with(move |conn| {
            let step = conn.transaction()?;
            let answer = work(&step)?;
            step.commit()?;
            Ok(answer)
        })
    }

    /// As [`ask`](Self::ask), for what cannot be part of a transaction.
    fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (sender, answer) = sync_channel(1);
        let call: Call = Box::new(move |conn| {
            // `err`: nobody waits for the answer any more.
            sender.send(work(conn)).ok();
        });
        self.jobs.send(Job::Call(call)).map_err(|_| StoreError::Stopped)?;
        let answer = answer.recv().map_err(|_| StoreError::Stopped)?;
        answer.map_err(|error| about(error, &self.folder.join(FILE)))
    }
}

fn about(error: StoreError, path: &Path) -> StoreError {
    match error {
        StoreError::Sql(source) => StoreError::Database { path: path.to_owned(), source },
        other => other,
    }
}

fn open(path: &Path) -> Result<Connection, StoreError> {
    let mut conn = Connection::open(path)?;
    conn.busy_timeout(PATIENCE)?;
    if read_while_written(&conn).is_err() {
        // A share has no memory that two programs map. Then readers wait for the writer. Anew, because a connection
        // that has begun with such memory does not do without it.
        drop(conn);
        conn = Connection::open(path)?;
        conn.busy_timeout(PATIENCE)?;
        conn.pragma_update(None, "locking_mode", "exclusive")?;
        conn.pragma_update(None, "journal_mode", "delete")?;
        conn.pragma_update(None, "locking_mode", "normal")?;
        conn.pragma_update(None, "synchronous", "full")?;
    }
    conn.pragma_update(None, "foreign_keys", true)?;
    // What is deleted is overwritten.
    conn.pragma_update(None, "secure_delete", true)?;
    schema::migrate(&mut conn, path)?;
    Ok(conn)
}

fn read_while_written(conn: &Connection) -> rusqlite::Result<()> {
    conn.pragma_update(None, "journal_mode", "wal")?;
    conn.pragma_update(None, "synchronous", "normal")?;
    conn.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))
}

/// Until the last handle is gone.
fn work(mut conn: Connection, path: &Path, jobs: &Receiver<Job>, shared: &Shared) {
    // Rows that could not be written are tried again with the next ones.
    let mut rows = Vec::new();
    while let Ok(first) = jobs.recv() {
        let mut next = Some(first);
        let most = rows.len() + BATCH;
        while let Some(Job::Row(row)) = next {
            rows.push(row);
            next = if rows.len() == most { None } else { jobs.recv_timeout(GATHER).ok() };
        }
        if let Err(error) = row::write(&mut conn, &rows) {
            let error = about(error, path);
            tracing::error!("{error}");
            *shared.trouble.lock().unwrap_or_else(PoisonError::into_inner) = Some(error.to_string());
            rows.truncate(QUEUE);
        } else {
            rows.clear();
        }
        if let Some(Job::Call(call)) = next {
            call(&mut conn);
        }
    }
}

#[cfg(test)]
mod tests;

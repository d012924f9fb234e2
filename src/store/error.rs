use rusqlite::ErrorCode;
use std::io;
use std::path::PathBuf;
use thiserror::Error;

/// What goes wrong with what is kept, each with its remedy.
#[derive(Debug, Error)]
pub enum StoreError {
    #[error("cannot use {}: {source}; {}", path.display(), remedy(source))]
    Database { path: PathBuf, source: rusqlite::Error },
    /// Before it is known which file it is about; never leaves the store.
    #[error(transparent)]
    Sql(#[from] rusqlite::Error),
    #[error("cannot keep {}: {source}; choose a folder that you may write to with --data-dir", path.display())]
    File { path: PathBuf, source: io::Error },
    #[error(
        "{} is from a newer stancewatch (format {found}, this one knows up to {known}); update stancewatch, or choose another folder with --data-dir",
        path.display()
    )]
    Newer { path: PathBuf, found: usize, known: usize },
    #[error("there is no session `{0}`; see `stancewatch sessions` for those there are")]
    NoSession(String),
    #[error("`{part}` fits {count} sessions; give more of the id, or `last`")]
    ManySessions { part: String, count: usize },
    #[error("there is no runner `{0}`; see `stancewatch runners` for those there are")]
    NoRunner(String),
    #[error(
        "{what} was changed elsewhere meanwhile (it is version {now}, you saw {seen}); look at it again and repeat what you want"
    )]
    Changed { what: String, seen: i64, now: i64 },
    #[error("{0}")]
    Refused(String),
    #[error("what is kept cannot be read as JSON: {0}; update stancewatch")]
    Json(#[from] serde_json::Error),
    #[error("the keeper of the database has stopped; start stancewatch again")]
    Stopped,
}

fn remedy(error: &rusqlite::Error) -> &'static str {
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            "another program holds it; close that one and try again"
        }
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            "it is damaged: move it away, and a new one is filled from the recordings at the next `stancewatch run`"
        }
        Some(ErrorCode::DiskFull) => "free some space there",
        Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
            "choose a folder that you may write to with --data-dir"
        }
        _ => "update stancewatch; if it stays, move the file away: a new one is filled from the recordings",
    }
}

//! Codes to join with and the sessions that they open. Only hashes are kept: whoever reads the file cannot join.

use crate::desk::{KeptError, KeptFile};
use crate::store::RunnerId;
use rand::TryRngCore;
use rand::rngs::OsRng;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use thiserror::Error;
use tokio_util::sync::CancellationToken;

const MINUTE_MS: i64 = 60_000;
/// A code is scanned within this time, ms.
const CODE_MS: i64 = 10 * MINUTE_MS;
/// A runner's phone stays joined for a day at the track, ms.
const RUNNER_MS: i64 = 12 * 60 * MINUTE_MS;
/// A coach's page or board stays joined for a month, ms.
const COACH_MS: i64 = 30 * 24 * 60 * MINUTE_MS;
/// Codes that nobody has used, at most.
const MOST_CODES: usize = 200;

/// What somebody may see and do.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "role", rename_all = "snake_case")]
pub enum Role {
    /// Everything.
    Coach,
    /// One runner: live, alerts, cues, marks, and the sessions that are this runner's own.
    Runner { runner: String },
}

impl Role {
    fn lasts_ms(&self) -> i64 {
        match self {
            Self::Coach => COACH_MS,
            Self::Runner { .. } => RUNNER_MS,
        }
    }
}

/// Why a token opens nothing, with what to do.
#[derive(Debug, Error)]
pub enum Denied {
    #[error("this page needs an invitation: scan a code that the coach's page shows under Phones")]
    None,
    #[error("this code is wrong: scan a new one from the coach's page")]
    Wrong,
    #[error("this code was used already, and each works once: scan a new one from the coach's page")]
    Used,
    #[error("this invitation is too old: scan a new code from the coach's page")]
    Expired,
    #[error(transparent)]
    Kept(#[from] KeptError),
    #[error("this computer gives no random numbers ({0}); start it again")]
    Random(String),
}

#[derive(Debug, Default, Clone, Serialize, Deserialize)]
#[serde(default)]
struct Book {
    codes: BTreeMap<String, Entry>,
    sessions: BTreeMap<String, Entry>,
}

/// Kept under the hash of its token.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Entry {
    id: String,
    #[serde(flatten)]
    role: Role,
    /// Whose sessions a runner's phone may see: theirs who ran when the code was shown, whoever runs later.
    #[serde(default)]
    person: Option<RunnerId>,
    made_unix_ms: i64,
    expires_unix_ms: i64,
    /// A code that has been used opens nothing more.
    #[serde(default)]
    used: bool,
}

/// A code to join with; the only time that it is seen.
#[derive(Debug, Clone)]
pub struct Invitation {
    pub token: String,
    pub expires_unix_ms: i64,
}

/// Somebody who has joined.
#[derive(Debug, Clone, Serialize)]
pub struct Joined {
    pub id: String,
    #[serde(flatten)]
    pub role: Role,
    pub made_unix_ms: i64,
    pub expires_unix_ms: i64,
}

impl From<&Entry> for Joined {
    fn from(entry: &Entry) -> Self {
        Self {
            id: entry.id.clone(),
            role: entry.role.clone(),
            made_unix_ms: entry.made_unix_ms,
            expires_unix_ms: entry.expires_unix_ms,
        }
    }
}

/// Who asks, as long as they may.
#[derive(Debug, Clone)]
pub struct Pass {
    pub role: Role,
    /// Of whom a runner's phone may see sessions; nobody's where none are kept.
    pub person: Option<RunnerId>,
    /// Ends what is open when the session is taken back.
    pub revoked: CancellationToken,
}

impl Pass {
    /// Whoever sits at the computer itself, where nobody else can ask.
    pub(crate) fn operator() -> Self {
        Self { role: Role::Coach, person: None, revoked: CancellationToken::new() }
    }
}

#[derive(Debug, Default)]
struct Inner {
    book: KeptFile<Book>,
    open: BTreeMap<String, CancellationToken>,
}

/// All codes and sessions of a daemon.
#[derive(Debug, Default)]
pub struct Tokens(Mutex<Inner>);

impl Tokens {
    /// Those that are remembered in this data folder.
    pub fn open(data_dir: &Path) -> Result<Self, KeptError> {
        let book = KeptFile::open(data_dir.join("tokens.json"))?;
        Ok(Self(Mutex::new(Inner { book, open: BTreeMap::new() })))
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A code that opens one session of this role, without anybody's history.
    pub fn invite(&self, role: Role, now_unix_ms: i64) -> Result<Invitation, Denied> {
        self.invite_for(role, None, now_unix_ms)
    }

    /// As [`Tokens::invite`], with the sessions of this runner.
    pub fn invite_for(
        &self,
        role: Role,
        person: Option<RunnerId>,
        now_unix_ms: i64,
    ) -> Result<Invitation, Denied> {
        let token = random(20)?;
        let entry = Entry {
            id: random(4)?,
            role,
            person,
            made_unix_ms: now_unix_ms,
            expires_unix_ms: now_unix_ms + CODE_MS,
            used: false,
        };
        let expires_unix_ms = entry.expires_unix_ms;
        self.change(now_unix_ms, |book| {
            while book.codes.len() >= MOST_CODES {
                let oldest = book.codes.iter().min_by_key(|(_, code)| code.made_unix_ms);
                let Some(oldest) = oldest.map(|(hash, _)| hash.clone()) else { break };
                book.codes.remove(&oldest);
            }
            book.codes.insert(hash(&token), entry);
        })?;
        Ok(Invitation { token, expires_unix_ms })
    }

    /// Exchanges a code for a session: its token, and what it opens.
    pub fn join(&self, code: &str, now_unix_ms: i64) -> Result<(String, Joined), Denied> {
        let (token, id) = (random(20)?, random(4)?);
        let mut inner = self.lock();
        let mut book = inner.book.value().clone();
        let known = book.codes.get_mut(&hash(code)).ok_or(Denied::Wrong)?;
        if known.used {
            return Err(Denied::Used);
        }
        if known.expires_unix_ms <= now_unix_ms {
            return Err(Denied::Expired);
        }
        known.used = true;
        let expires_unix_ms = now_unix_ms + known.role.lasts_ms();
        let entry = Entry { id, made_unix_ms: now_unix_ms, expires_unix_ms, used: false, ..known.clone() };
        let joined = Joined::from(&entry);
        book.sessions.insert(hash(&token), entry);
        // On disk before anyone is let in: a code that works again after a crash would be no code for once.
        inner.book.set(book)?;
        Ok((token, joined))
    }

    /// What a session's token opens.
    pub fn pass(&self, token: &str, now_unix_ms: i64) -> Result<Pass, Denied> {
        let mut inner = self.lock();
        let session = inner.book.value().sessions.get(&hash(token)).cloned().ok_or(Denied::Wrong)?;
        if session.expires_unix_ms <= now_unix_ms {
            return Err(Denied::Expired);
        }
        let revoked = inner.open.entry(session.id).or_default().clone();
        Ok(Pass { role: session.role, person: session.person, revoked })
    }

    /// Takes a session back; `false` when there is none of this id.
    pub fn revoke(&self, id: &str, now_unix_ms: i64) -> Result<bool, Denied> {
        let mut found = false;
        self.change(now_unix_ms, |book| {
            let before = book.sessions.len();
            book.sessions.retain(|_, session| session.id != id);
            found = book.sessions.len() != before;
        })?;
        if let Some(open) = self.lock().open.remove(id) {
            open.cancel();
        }
        Ok(found)
    }

    /// Everybody who has joined, the newest first.
    pub fn joined(&self, now_unix_ms: i64) -> Vec<Joined> {
        let inner = self.lock();
        let valid = inner.book.value().sessions.values().filter(|s| s.expires_unix_ms > now_unix_ms);
        let mut joined: Vec<_> = valid.map(Joined::from).collect();
        joined.sort_by(|a, b| (b.made_unix_ms, &b.id).cmp(&(a.made_unix_ms, &a.id)));
        joined
    }

    /// Changes the book, and clears away what is long over.
    fn change(&self, now_unix_ms: i64, with: impl FnOnce(&mut Book)) -> Result<(), KeptError> {
        let mut inner = self.lock();
        let mut book = inner.book.value().clone();
        book.codes.retain(|_, code| code.expires_unix_ms + CODE_MS > now_unix_ms);
        book.sessions.retain(|_, session| session.expires_unix_ms > now_unix_ms);
        with(&mut book);
        inner.book.set(book)
    }
}

fn random(bytes: usize) -> Result<String, Denied> {
    let mut random = vec![0; bytes];
    OsRng.try_fill_bytes(&mut random).map_err(|error| Denied::Random(error.to_string()))?;
    Ok(hex(&random))
}

/// Tokens have 160 random bits: no salt and no slow hash would make them harder to guess.
fn hash(token: &str) -> String {
    hex(&Sha256::digest(token.as_bytes()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_800_000_000_000;

    fn runner() -> Role {
        Role::Runner { runner: "heron".to_owned() }
    }

    #[test]
    fn a_code_opens_one_session_once_and_only_hashes_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let tokens = Tokens::open(folder.path()).unwrap();
        let code = tokens.invite(runner(), NOW).unwrap().token;
        let (token, joined) = tokens.join(&code, NOW).unwrap();
        assert_eq!(joined.role, runner());
        assert!(matches!(tokens.join(&code, NOW), Err(Denied::Used)));
        assert!(matches!(tokens.join(&token, NOW), Err(Denied::Wrong)), "a session is no code");
        assert!(matches!(tokens.pass(&code, NOW), Err(Denied::Wrong)), "a code is no session");
        assert_eq!(tokens.pass(&token, NOW).unwrap().role, runner());
        let kept = std::fs::read_to_string(folder.path().join("tokens.json")).unwrap();
        assert!(!kept.contains(&code) && !kept.contains(&token), "{kept}");
        let again = Tokens::open(folder.path()).unwrap();
        assert!(again.pass(&token, NOW).is_ok());
        assert!(matches!(again.join(&code, NOW), Err(Denied::Used)), "nor after a restart");
    }

    #[test]
    fn both_end_by_themselves() {
        let tokens = Tokens::default();
        let code = tokens.invite(runner(), NOW).unwrap();
        assert!(matches!(tokens.join(&code.token, code.expires_unix_ms), Err(Denied::Expired)));
        let code = tokens.invite(runner(), NOW).unwrap().token;
        let (token, joined) = tokens.join(&code, NOW).unwrap();
        assert!(tokens.pass(&token, joined.expires_unix_ms - 1).is_ok());
        assert!(matches!(tokens.pass(&token, joined.expires_unix_ms), Err(Denied::Expired)));
        assert!(tokens.joined(joined.expires_unix_ms).is_empty());
    }

    #[test]
    fn what_is_taken_back_ends_at_once() {
        let tokens = Tokens::default();
        let code = tokens.invite(Role::Coach, NOW).unwrap().token;
        let (token, joined) = tokens.join(&code, NOW).unwrap();
        let pass = tokens.pass(&token, NOW).unwrap();
        assert!(tokens.revoke(&joined.id, NOW).unwrap());
        assert!(pass.revoked.is_cancelled());
        assert!(tokens.pass(&token, NOW).is_err());
        assert!(!tokens.revoke(&joined.id, NOW).unwrap());
    }
}

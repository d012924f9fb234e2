//! How a NATS server is reached: from the settings file, and from the command line.

use serde::{Deserialize, Serialize};
use std::fs;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// The part `[nats]` of the settings file.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Nats {
    /// `nats://HOST:4222`, or `tls://HOST:4222`; several with commas between them are one cluster. Empty: none.
    pub url: String,
    /// Daemons and boards of one name belong together.
    pub club: String,
    pub user: Option<String>,
    pub password: Option<String>,
    /// A file with the seed of an nkey (`SU...`), instead of user and password.
    pub nkey: Option<PathBuf>,
    /// A credentials file (`.creds`), instead of those.
    pub creds: Option<PathBuf>,
    /// A file with the certificate of who signed the server's, PEM; without it, those that the system trusts.
    pub ca: Option<PathBuf>,
    /// Servers that keep a copy, where the board makes the stream: 3 in a cluster of three.
    pub replicas: usize,
}

impl Default for Nats {
    fn default() -> Self {
        Self {
            url: String::new(),
            club: "club".to_owned(),
            user: None,
            password: None,
            nkey: None,
            creds: None,
            ca: None,
            replicas: 1,
        }
    }
}

/// Never with what is secret.
impl std::fmt::Debug for Nats {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Nats").field("club", &self.club).field("user", &self.user).finish_non_exhaustive()
    }
}

#[derive(Debug, Error)]
pub enum NatsError {
    #[error("`{0}` is no name for a club: give letters, digits, - and _, up to 32")]
    Club(String),
    #[error("[nats] names {0}; give one way to sign in: user and password, nkey, or creds")]
    Ways(String),
    #[error(
        "{0} has a password in it, which others on this computer can see; give user and password under [nats] in the settings file"
    )]
    Secret(String),
    #[error("cannot read {}, named under [nats]: {source}; give another file", path.display())]
    File { path: PathBuf, source: std::io::Error },
    #[error("this stancewatch is built without NATS; build it with `cargo build --release --features team`")]
    NotBuilt,
}

impl Nats {
    /// Everything that can be said before a server is asked.
    pub fn check(&self) -> Result<(), NatsError> {
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        if self.club.is_empty() || self.club.len() > 32 || !self.club.chars().all(fits) {
            return Err(NatsError::Club(self.club.clone()));
        }
        if self.url.contains('@') {
            let without = self.url.rsplit('@').next().unwrap_or_default();
            return Err(NatsError::Secret(format!("the address ...@{without}")));
        }
        let ways = [
            ("user", self.user.is_some() || self.password.is_some()),
            ("nkey", self.nkey.is_some()),
            ("creds", self.creds.is_some()),
        ];
        let named: Vec<_> = ways.iter().filter(|(_, named)| *named).map(|(name, _)| *name).collect();
        if named.len() > 1 {
            return Err(NatsError::Ways(named.join(" and ")));
        }
        if self.user.is_some() != self.password.is_some() {
            return Err(NatsError::Ways("a user without password, or a password without user".to_owned()));
        }
        for path in [&self.nkey, &self.creds, &self.ca].into_iter().flatten() {
            read(path)?;
        }
        if cfg!(feature = "team") { Ok(()) } else { Err(NatsError::NotBuilt) }
    }
}

pub(super) fn read(path: &Path) -> Result<String, NatsError> {
    let text =
        fs::read_to_string(path).map_err(|source| NatsError::File { path: path.to_owned(), source })?;
    Ok(text.trim().to_owned())
}

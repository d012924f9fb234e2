//! The board of this program: what it has heard, kept on disk, and the daemons that it follows.

use super::call;
use crate::desk::{KeptError, KeptFile};
use crate::host_clock;
use crate::team::board::{Board, BoardView, Heard};
use crate::team::feed::{Address, News, follow};
use crate::team::{Ask, Refused, Report, Spool, Wanted};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::{oneshot, watch};
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

/// Between two writes of what was heard; what is lost in a crash is asked for again.
const KEEP: Duration = Duration::from_secs(3);
/// A server that has passed nothing on by then is away.
const SERVER: Duration = Duration::from_secs(8);
/// Reports of the own log that are read at a time.
const STRETCH: usize = 256;

/// Shared by all pages of this program.
#[derive(Debug, Clone)]
pub struct BoardDesk(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    inner: Mutex<Inner>,
    changed: watch::Sender<u64>,
    stop: CancellationToken,
    /// To a server that all daemons of the club meet at.
    server: OnceLock<UnboundedSender<Wanted>>,
}

#[derive(Debug, Default)]
struct Inner {
    kept: KeptFile<Remembered>,
    ways: BTreeMap<String, Way>,
    changed: bool,
    /// Why what was heard is not on disk.
    unkept: Option<String>,
}

#[derive(Debug, Default, Clone, Serialize, Deserialize)]
#[serde(default)]
struct Remembered {
    board: Board,
    addresses: BTreeMap<String, Known>,
}

/// What is known of an address.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
struct Known {
    /// Opens the daemon; whoever reads this file can, too, and so only its owner may.
    token: Option<String>,
    /// The daemon that was there last.
    daemon: String,
}

#[derive(Debug)]
struct Way {
    task: JoinHandle<()>,
    away: Away,
}

/// Why a way does not work now; `None` while it does. Each task has its own, so that one that was replaced says nothing
/// of its successor.
#[derive(Debug, Clone)]
struct Away(Arc<Mutex<Option<String>>>);

impl Away {
    fn new() -> Self {
        Self(Arc::new(Mutex::new(Some("connecting".to_owned()))))
    }

    fn set(&self, why: Option<String>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = why;
    }

    fn get(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A daemon that is followed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(in crate::serve) struct WayView {
    url: String,
    daemon: String,
    away: Option<String>,
}

#[derive(Debug, Serialize)]
pub(in crate::serve) struct DeskView {
    #[serde(flatten)]
    board: BoardView,
    ways: Vec<WayView>,
    /// The daemon that this program is itself.
    own: Option<String>,
    unkept: Option<String>,
}

impl BoardDesk {
    /// What is remembered in this file; `stop` ends all that is followed.
    pub fn open(path: PathBuf, stop: CancellationToken) -> Result<Self, KeptError> {
        let inner = Inner { kept: KeptFile::open(path)?, ..Inner::default() };
        Ok(Self(Arc::new(Shared {
            inner: Mutex::new(inner),
            changed: watch::Sender::new(0),
            stop,
            server: OnceLock::new(),
        })))
    }

    /// What is wanted of daemons that are followed at no address goes there from now on.
    pub fn ask_by(&self, server: UnboundedSender<Wanted>) {
        // A board listens to one server: the first stays.
        self.0.server.set(server).ok();
    }

    /// Asks a daemon by way of the server; `None` without one.
    pub(super) async fn ask(&self, daemon: String, ask: Ask) -> Option<Result<(), String>> {
        let server = self.0.server.get()?;
        let (answer, answered) = oneshot::channel();
        // `err`: nothing listens to the server any more, and no answer will come.
        server.send(Wanted { daemon, ask, answer }).ok();
        let answered = timeout(SERVER, answered).await;
        Some(answered.ok().and_then(Result::ok).unwrap_or_else(|| {
            Err("the NATS server is away, and nothing can be asked of this runner's daemon: try again"
                .to_owned())
        }))
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Follows the daemons that are remembered, and keeps what is heard until the program ends.
    pub async fn run(self, own: Option<Spool>) {
        let addresses: Vec<_> = self.lock().kept.value().addresses.keys().cloned().collect();
        for url in addresses {
            self.follow(&url);
        }
        let own = async {
            if let Some(spool) = own {
                self.hear_own(&spool).await;
            } else {
                std::future::pending::<()>().await;
            }
        };
        let keep = async {
            loop {
                sleep(KEEP).await;
                self.keep().await;
            }
        };
        tokio::select! {
            () = own => {}
            () = keep => {}
            () = self.0.stop.cancelled() => {}
        }
        for way in self.lock().ways.values() {
            way.task.abort();
        }
        self.keep().await;
    }

    /// What this program itself tells, without a network between.
    async fn hear_own(&self, spool: &Spool) {
        let mut changed = spool.changed();
        loop {
            changed.mark_unchanged();
            loop {
                let after = self.lock().kept.value().board.resume_after(spool.daemon());
                let log = spool.clone();
                let Ok(Ok(stretch)) = spawn_blocking(move || log.after(after, STRETCH)).await else { break };
                if stretch.lost > 0 {
                    self.change(|kept| kept.board.forgotten(spool.daemon(), after + stretch.lost));
                }
                let all = stretch.reports.len() < STRETCH;
                self.take(stretch.reports.into_iter().map(Ok), "this computer");
                if all {
                    break;
                }
            }
            self.take(spool.statuses().into_iter().map(Ok), "this computer");
            if changed.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    /// Takes what has come on a way, wherever that leads.
    pub fn take(&self, reports: impl Iterator<Item = Result<Report, Refused>>, way: &str) {
        let now = host_clock::unix_ms();
        self.change(|kept| {
            let mut news = false;
            for report in reports {
                news |= kept.board.take(report, way, now) != Heard::Again;
            }
            news
        });
    }

    fn change<T: Into<Changed>>(&self, with: impl FnOnce(&mut Remembered) -> T) {
        let mut inner = self.lock();
        let changed = with(inner.kept.value_mut()).into().0;
        inner.changed |= changed;
        drop(inner);
        if changed {
            self.0.changed.send_modify(|version| *version += 1);
        }
    }

    async fn keep(&self) {
        let desk = self.clone();
        // A failure is on the page.
        let _ = spawn_blocking(move || {
            let mut inner = desk.lock();
            if std::mem::take(&mut inner.changed) {
                inner.unkept = inner.kept.keep().err().map(|error| error.to_string());
                inner.changed = inner.unkept.is_some();
            }
        })
        .await;
    }

    pub(super) fn changed(&self) -> watch::Receiver<u64> {
        self.0.changed.subscribe()
    }

    pub(super) fn view(&self, own: Option<&str>) -> DeskView {
        let inner = self.lock();
        let kept = inner.kept.value();
        let ways = kept.addresses.iter().map(|(url, known)| WayView {
            url: url.clone(),
            daemon: known.daemon.clone(),
            away: inner.ways.get(url).and_then(|way| way.away.get()),
        });
        DeskView {
            board: kept.board.view(host_clock::unix_ms()),
            ways: ways.collect(),
            own: own.map(str::to_owned),
            unkept: inner.unkept.clone(),
        }
    }

    /// Where a daemon is, if it is followed at an address.
    pub(super) fn address(&self, daemon: &str) -> Option<Address> {
        let inner = self.lock();
        let found = inner.kept.value().addresses.iter().find(|(_, known)| known.daemon == daemon);
        found.map(|(url, known)| Address { url: url.clone(), token: known.token.clone() })
    }

    /// Follows a daemon from now on. The code that lets this board in is used up, and what it opens is remembered.
    pub async fn add(&self, url: &str, code: Option<String>) -> Result<(), String> {
        let (url, code) = match url.split_once('#') {
            // The link of an invitation has both.
            Some((url, carried)) => (plain(url)?, code.or(Some(carried.to_owned()))),
            None => (plain(url)?, code),
        };
        let mut token = None;
        if let Some(code) = code {
            let address = url.clone();
            match spawn_blocking(move || call::join(&address, &code)).await {
                Ok(Ok(opened)) => token = Some(opened),
                // The same command again: its code is used up, and what it opened is remembered.
                Ok(Err(_)) if self.opens(&url) => {}
                Ok(Err(sentence)) => return Err(sentence),
                Err(_) => return Err("joining stopped working: try again".to_owned()),
            }
        }
        self.change(|kept| {
            let known = kept.addresses.entry(url.clone()).or_default();
            known.token = token.or(known.token.take());
        });
        self.keep().await;
        self.follow(&url);
        Ok(())
    }

    /// Whether this board has been let in there.
    fn opens(&self, url: &str) -> bool {
        self.lock().kept.value().addresses.get(url).is_some_and(|known| known.token.is_some())
    }

    /// Follows a daemon no more, and takes its runners off the board.
    pub(super) async fn remove(&self, url: &str) -> bool {
        let mut found = false;
        if let Some(way) = self.lock().ways.remove(url) {
            way.task.abort();
        }
        self.change(|kept| {
            if let Some(known) = kept.addresses.remove(url) {
                kept.board.remove(&known.daemon);
                found = true;
            }
            found
        });
        self.keep().await;
        found
    }

    fn follow(&self, url: &str) {
        let (desk, to) = (self.clone(), url.to_owned());
        let resume = {
            let (desk, url) = (self.clone(), url.to_owned());
            move || {
                let inner = desk.lock();
                let kept = inner.kept.value();
                let daemon = kept.addresses.get(&url).map(|known| known.daemon.clone()).unwrap_or_default();
                let after = kept.board.resume_after(&daemon);
                (daemon, after)
            }
        };
        let away = Away::new();
        let on = {
            let (desk, url, away) = (self.clone(), url.to_owned(), away.clone());
            move |news| desk.hear(&url, &away, news)
        };
        let task = tokio::spawn(async move {
            let token = desk.lock().kept.value().addresses.get(&to).and_then(|known| known.token.clone());
            follow(Address { url: to, token }, resume, on).await;
        });
        if let Some(before) = self.lock().ways.insert(url.to_owned(), Way { task, away }) {
            before.task.abort();
        }
    }

    fn hear(&self, url: &str, away: &Away, news: News) {
        match news {
            News::Daemon(daemon) => {
                away.set(None);
                self.change(|kept| {
                    if let Some(known) = kept.addresses.get_mut(url) {
                        known.daemon = daemon;
                    }
                    true
                });
            }
            News::Report(report) => self.take(std::iter::once(*report), url),
            News::Forgotten { daemon, up_to } => self.change(|kept| kept.board.forgotten(&daemon, up_to)),
            News::Away(why) => {
                away.set(Some(why));
                self.change(|_| true);
            }
        }
    }
}

/// Whether a change is one that pages have to hear of.
struct Changed(bool);

impl From<bool> for Changed {
    fn from(changed: bool) -> Self {
        Self(changed)
    }
}

impl From<()> for Changed {
    fn from((): ()) -> Self {
        Self(true)
    }
}

/// `http://HOST:PORT`, as it was meant.
fn plain(url: &str) -> Result<String, String> {
    let url = url.trim();
    let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
    let host = rest.split(['/', '#', '?']).next().unwrap_or_default();
    let fits = !host.is_empty()
        && host.len() < 260
        && host.chars().all(|c| c.is_ascii_alphanumeric() || "[]:.-_".contains(c));
    if scheme != "http" || !fits {
        return Err(format!("{url} is no address of a daemon: give one such as http://192.168.1.5:7878"));
    }
    Ok(format!("http://{}", host.to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Added again with an invitation, an address was "away" for good: the task before had the last word.
    #[tokio::test]
    async fn a_way_that_was_replaced_says_nothing_of_its_successor() {
        let folder = tempfile::tempdir().unwrap();
        let desk = BoardDesk::open(folder.path().join("coach.json"), CancellationToken::new()).unwrap();
        let url = "http://127.0.0.1:9";
        let away = || desk.view(None).ways[0].away.clone();
        desk.change(|kept| {
            kept.addresses.insert(url.to_owned(), Known::default());
        });
        desk.follow(url);
        let before = desk.lock().ways[url].away.clone();
        desk.follow(url);
        desk.hear(url, &before, News::Away("the daemon wants an invitation".to_owned()));
        assert_eq!(away().as_deref(), Some("connecting"));
        let now = desk.lock().ways[url].away.clone();
        desk.hear(url, &now, News::Daemon("d1".to_owned()));
        assert_eq!(away(), None);
    }

    #[test]
    fn an_address_is_taken_as_it_was_meant() {
        for url in ["192.168.1.5:7878", " http://192.168.1.5:7878/ ", "http://192.168.1.5:7878/join#abc"] {
            assert_eq!(plain(url).unwrap(), "http://192.168.1.5:7878", "{url}");
        }
        for url in ["", "https://club.example", "http://", "http://a b", "http://user@host/"] {
            assert!(plain(url).unwrap_err().contains("such as"), "{url}");
        }
    }
}

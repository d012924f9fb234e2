//! What a session goes out to: other programs here, and boards by way of a NATS server.

use super::{Page, note};
use crate::cli::{NatsArgs, OutArgs};
use crate::config::Config;
use crate::out::Outlets;
use crate::out::osc::Osc;
use crate::serve::{BoardDesk, Site};
use crate::team::{Nats, Spool};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// What was asked for, opened. `runner` names one of several, `None` the only one.
pub(super) fn outlets(args: &OutArgs, runner: Option<&str>) -> anyhow::Result<Outlets> {
    let mut outlets = Outlets::new();
    if let Some(place) = &args.osc {
        let prefix =
            runner.map_or_else(|| "/stancewatch".to_owned(), |runner| format!("/stancewatch/{runner}"));
        outlets.push(Arc::new(Osc::to(place, args.osc_rate, &prefix)?));
    }
    Ok(outlets)
}

/// The server that daemons and boards meet at, if one is named; the settings file names one for `run` and `coach` only.
pub(super) fn nats(config: &Config, args: &NatsArgs, from_file: bool) -> anyhow::Result<Option<Nats>> {
    let mut nats = config.nats.clone();
    match &args.nats {
        Some(url) => nats.url.clone_from(url),
        None if !from_file => return Ok(None),
        None => {}
    }
    if let Some(club) = &args.club {
        nats.club.clone_from(club);
    }
    if nats.url.is_empty() {
        return Ok(None);
    }
    nats.check()?;
    Ok(Some(nats))
}

/// Tells boards by way of the server, as long as the page is there.
pub(super) fn tell(nats: Option<Nats>, page: &Page) {
    if let (Some(nats), Some(spool)) = (nats, &page.site.team) {
        note(&format!("to the NATS server this daemon is {}", spool.daemon()));
        way::publish(nats, spool.clone(), page.site.clone());
    }
}

/// Hears daemons by way of the server, as long as the board is there: today again, then what comes.
pub(super) fn hear(nats: Option<Nats>, board: &BoardDesk, stop: &CancellationToken) {
    if let Some(nats) = nats {
        way::listen(nats, board.clone(), stop.clone());
    }
}

#[cfg(feature = "team")]
mod way {
    use super::{BoardDesk, CancellationToken, Nats, Site, Spool, note};
    use crate::host_clock;
    use crate::team::nats;
    use std::iter::once;
    use tokio::sync::mpsc::unbounded_channel;

    pub(super) fn publish(settings: Nats, spool: Spool, site: Site) {
        tokio::spawn(async move {
            let telling = nats::publish(&settings, &spool, |ask| site.answer(ask), note);
            site.shutdown.run_until_cancelled(telling).await
        });
    }

    pub(super) fn listen(settings: Nats, board: BoardDesk, stop: CancellationToken) {
        let today = host_clock::today_unix_ms();
        let (ask, wanted) = unbounded_channel();
        board.ask_by(ask);
        tokio::spawn(async move {
            let take = |report| board.take(once(report), "NATS");
            let listening = nats::listen(&settings, "board", today, wanted, take, note);
            stop.run_until_cancelled(Box::pin(listening)).await
        });
    }
}

/// [`Nats::check`] has said that it is not built in.
#[cfg(not(feature = "team"))]
mod way {
    use super::{BoardDesk, CancellationToken, Nats, Site, Spool};

    pub(super) fn publish(_: Nats, _: Spool, _: Site) {}
    pub(super) fn listen(_: Nats, _: BoardDesk, _: CancellationToken) {}
}

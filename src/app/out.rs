//! What a session goes out to: other programs here, and boards by way of a NATS server.

use super::Page;
#[cfg(feature = "team")]
use super::note;
use crate::cli::{NatsArgs, OutArgs};
use crate::config::Config;
#[cfg(feature = "team")]
use crate::host_clock;
use crate::out::Outlets;
use crate::out::osc::Osc;
use crate::serve::BoardDesk;
use crate::team::Nats;
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
#[cfg(feature = "team")]
pub(super) fn tell(nats: Option<Nats>, page: &Page) {
    let (Some(nats), Some(spool)) = (nats, page.team.clone()) else { return };
    note(&format!("to the NATS server this daemon is {}", spool.daemon()));
    let stop = page.stop.clone();
    tokio::spawn(async move {
        stop.run_until_cancelled(crate::team::nats::publish(&nats, &spool, note)).await;
    });
}

/// Hears daemons by way of the server, as long as the board is there: today again, then what comes.
#[cfg(feature = "team")]
pub(super) fn hear(nats: Option<Nats>, board: &BoardDesk, stop: &CancellationToken) {
    let Some(nats) = nats else { return };
    let (board, stop) = (board.clone(), stop.clone());
    let today = host_clock::today_unix_ms();
    tokio::spawn(async move {
        let take = |report| board.take(std::iter::once(report), "NATS");
        stop.run_until_cancelled(crate::team::nats::listen(&nats, "board", today, take, note)).await;
    });
}

/// [`Nats::check`] has said that it is not built in.
#[cfg(not(feature = "team"))]
pub(super) fn tell(_: Option<Nats>, _: &Page) {}

#[cfg(not(feature = "team"))]
pub(super) fn hear(_: Option<Nats>, _: &BoardDesk, _: &CancellationToken) {}

//! One session after the other, as people begin and end them on the page.

use crate::cli::Speed;
use crate::live::{self, Play, Ready};
use crate::serve::{Hub, Wanted};
use anyhow::Context;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// What stopped a recording, if anything did.
pub(super) type Lost = Option<anyhow::Error>;

pub(super) fn ready(plays: Vec<Play>) -> anyhow::Result<Vec<Ready>> {
    plays.into_iter().map(Play::ready).collect()
}

/// Plays sources that give their samples by themselves, from their beginning each time a session is wanted anew.
pub(super) struct Sessions<F> {
    pub(super) make: F,
    pub(super) speed: Speed,
    pub(super) once: bool,
}

impl<F: Fn(Wanted) -> anyhow::Result<Vec<Play>>> Sessions<F> {
    pub(super) async fn run(
        self,
        first: Vec<Ready>,
        hub: Hub,
        stop: CancellationToken,
    ) -> anyhow::Result<Lost> {
        let mut wanted = hub.wanted();
        let (mut next, mut lost) = (Some(first), None);
        loop {
            let wish = *wanted.borrow_and_update();
            if wish.running {
                let plays = next.take().map_or_else(|| ready((self.make)(wish)?), Ok)?;
                lost = play(plays, self.speed, &hub, &stop, &mut wanted, wish).await?.or(lost);
                if self.once {
                    return Ok(lost);
                }
            }
            tokio::select! {
                () = stop.cancelled() => return Ok(lost),
                changed = wanted.wait_for(|now| now.number != wish.number) => if changed.is_err() { return Ok(lost) },
            }
        }
    }
}

/// One source after the other, until their end or until something else is wanted.
pub(super) async fn play(
    plays: Vec<Ready>,
    speed: Speed,
    hub: &Hub,
    stop: &CancellationToken,
    wanted: &mut watch::Receiver<Wanted>,
    wish: Wanted,
) -> anyhow::Result<Lost> {
    let session = stop.child_token();
    let (hub, token) = (hub.clone(), session.clone());
    let player = tokio::task::spawn_blocking(move || {
        let mut lost = None;
        for ready in plays {
            lost = live::play(ready, speed, &hub, &token)?.recording_lost.or(lost);
            if token.is_cancelled() {
                break;
            }
        }
        anyhow::Ok(lost)
    });
    let played = async {
        let played = player.await;
        session.cancel();
        played
    };
    let (played, ()) = tokio::join!(played, unwanted(wanted, wish, &session));
    played.context("the session stopped working")?
}

/// Ends the session when another one or none is wanted; over when the session is.
pub(super) async fn unwanted(
    wanted: &mut watch::Receiver<Wanted>,
    wish: Wanted,
    session: &CancellationToken,
) {
    tokio::select! {
        _ = wanted.wait_for(|now| now.number != wish.number) => session.cancel(),
        () = session.cancelled() => {}
    }
}

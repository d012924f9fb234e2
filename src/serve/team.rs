//! What this daemon tells boards directly, and what they ask of it.

use super::access::Pass;
use super::light::Light;
use super::state::State as Known;
use super::{Hub, Kept, Site, Under};
use crate::body::Side;
use crate::host_clock;
use crate::team::feed::Notice;
use crate::team::report::FORM;
use crate::team::{Ask, COACH_WORDS, LegReport, Report, Spool, StatusReport, What, computer};
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::task::spawn_blocking;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

/// Between two statuses of a runner.
const STATUS: Duration = Duration::from_secs(1);
/// Reports that are read from the log at a time.
const STRETCH: usize = 256;
/// Between two looks at the log: what comes together goes together.
const PACE: Duration = Duration::from_millis(50);
/// A board that takes nothing for this long is not there any more.
pub(super) const STUCK: Duration = Duration::from_secs(10);
/// Nothing a client may say is longer.
const LONGEST_INCOMING: usize = 4096;

type Refused = (StatusCode, String);

/// Tells how the runners are, every second, for as long as it is polled.
pub(super) async fn keep_telling(hubs: Vec<Hub>) {
    let computer = computer::name().unwrap_or_else(|| "computer".to_owned());
    let mut ticks = interval(STATUS);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        for hub in &hubs {
            hub.tell_status(&computer);
        }
    }
}

#[derive(Deserialize)]
pub(super) struct From {
    /// The daemon that the number is of; of another one everything is new.
    #[serde(default)]
    daemon: String,
    #[serde(default)]
    after: u64,
}

pub(super) async fn stream(
    State(site): State<Site>,
    Extension(pass): Extension<Pass>,
    Query(from): Query<From>,
    ws: WebSocketUpgrade,
) -> Result<Response, Refused> {
    let spool = site.team.clone().ok_or_else(|| {
        (StatusCode::CONFLICT, "this stancewatch tells no board: start `stancewatch run` there".to_owned())
    })?;
    Ok(ws.max_message_size(LONGEST_INCOMING).read_buffer_size(LONGEST_INCOMING).on_upgrade(move |mut socket| async move {
        let after = if from.daemon == spool.daemon() { from.after } else { 0 };
        let (code, reason) = tokio::select! {
            ended = tell(&mut socket, &spool, after) => match ended {
                Some(reason) => (close_code::ERROR, reason),
                None => return,
            },
            () = pass.revoked.cancelled() => (close_code::POLICY, "the invitation was taken back".to_owned()),
            () = site.shutdown.cancelled() => (close_code::AWAY, "stancewatch has ended".to_owned()),
        };
        let frame = CloseFrame { code, reason: reason.into() };
        let _ = timeout(Duration::from_millis(200), socket.send(Message::Close(Some(frame)))).await;
    }))
}

/// Until the board has left; the sentence where the log cannot be read.
async fn tell(socket: &mut WebSocket, spool: &Spool, mut after: u64) -> Option<String> {
    let mut changed = spool.changed();
    let hello = Notice::Hello {
        form: FORM,
        daemon: spool.daemon().to_owned(),
        computer: computer::name().unwrap_or_default(),
        newest: spool.newest(),
    };
    send(socket, &hello).await?;
    let mut told = BTreeMap::new();
    loop {
        changed.mark_unchanged();
        loop {
            let log = spool.clone();
            let stretch = match spawn_blocking(move || log.after(after, STRETCH)).await {
                Ok(Ok(stretch)) => stretch,
                Ok(Err(error)) => return Some(error.to_string()),
                Err(_) => return Some("the log stopped working".to_owned()),
            };
            if stretch.lost > 0 {
                after += stretch.lost;
                send(socket, &Notice::Forgotten { up_to: after }).await?;
            }
            let all = stretch.reports.len() < STRETCH;
            for report in stretch.reports {
                send(socket, &report).await?;
                after = report.number.unwrap_or(after);
            }
            if all {
                break;
            }
        }
        for status in new_statuses(spool, &mut told) {
            send(socket, &status).await?;
        }
        sleep(PACE).await;
        loop {
            tokio::select! {
                more = changed.changed() => match more {
                    Ok(()) => break,
                    Err(_) => return None,
                },
                incoming = socket.recv() => match incoming {
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                    // A board has nothing to say here.
                    _ => return None,
                },
            }
        }
    }
}

/// Those that were told since the last look.
fn new_statuses(spool: &Spool, told: &mut BTreeMap<String, i64>) -> Vec<Report> {
    let mut statuses = spool.statuses();
    statuses.retain(|s| told.insert(s.runner.id.clone(), s.told_unix_ms) != Some(s.told_unix_ms));
    statuses
}

/// `None`: the other end takes nothing.
async fn send(socket: &mut WebSocket, message: &impl Serialize) -> Option<()> {
    let text = serde_json::to_string(message).ok()?;
    timeout(STUCK, socket.send(Message::text(text))).await.ok()?.ok()
}

pub(super) async fn ask(State(site): State<Site>, Json(ask): Json<Ask>) -> Result<StatusCode, Refused> {
    answer(&site, &ask).map(|()| StatusCode::NO_CONTENT)
}

/// Does what a person at a board wants.
pub(super) fn answer(site: &Site, ask: &Ask) -> Result<(), Refused> {
    let hub = &site.runner(&ask.runner)?.hub;
    match ask.what {
        What::Acknowledge { alert } if hub.acknowledge(&ask.session, alert) => Ok(()),
        What::Acknowledge { alert } => Err((
            StatusCode::CONFLICT,
            format!("alert {alert} is of a session that is over: there is nothing to acknowledge any more"),
        )),
        What::Cue { words, side } if COACH_WORDS.contains(&words) => {
            hub.coach_cue(words, side, host_clock::unix_ms());
            Ok(())
        }
        What::Cue { words, .. } => Err((
            StatusCode::UNPROCESSABLE_ENTITY,
            format!("{} is nothing that a coach says: the page lists what is", words.code()),
        )),
    }
}

impl Hub {
    /// A session begins: boards are told whose it is.
    pub fn begins(&self, session: &str) {
        let Some(teller) = self.teller() else { return };
        teller.begins(session, || match self.kept() {
            Some(Kept::In { store, sessions: Some(under) }) => {
                let owner = match under {
                    Under::Current => store.current_runner(None),
                    Under::Runner(id) => store.runner_by_id(*id),
                };
                owner.ok().map(|owner| owner.shown().to_owned())
            }
            _ => None,
        });
    }

    fn tell_status(&self, computer: &str) {
        if let Some(teller) = self.teller() {
            teller.status(self.state().status(computer));
        }
    }

    fn acknowledge(&self, session: &str, alert: u32) -> bool {
        self.teller().is_some_and(|teller| teller.acknowledge(session, alert))
    }
}

impl Known {
    fn status(&self, computer: &str) -> StatusReport {
        let sensors = self.sensor_statuses();
        let assigned = sensors.iter().filter(|sensor| sensor.placement.is_some());
        StatusReport {
            // The log knows.
            after: 0,
            session_time_s: self.time().unwrap_or(0.0),
            computer: computer.to_owned(),
            phase: self.phase_word().to_owned(),
            left: leg(self.light(Side::Left)),
            right: leg(self.light(Side::Right)),
            online: assigned.clone().filter(|sensor| sensor.online).count() as u32,
            assigned: assigned.count() as u32,
            cadence_spm: self.cadence_spm(),
        }
    }
}

fn leg(light: Light) -> LegReport {
    LegReport { sign: light.sign.word().to_owned(), reason: light.reason.map(str::to_owned) }
}

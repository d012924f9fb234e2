//! Sensors over the API: what is in reach, and what a person wants of it.

use super::Served;
use super::view::SensorView;
use crate::body::Placement;
use crate::input::{Edge, Stretch};
use crate::sensor::Pulse;
use crate::source::ble::board::{Card, Overview};
use crate::source::ble::roster::Swap;
use crate::source::ble::{Command, Refusal, Remote};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};

/// What a command comes to: nothing more to say, or why not.
type Done = Result<StatusCode, (StatusCode, String)>;

/// A vibration longer than this is no cue, s.
const LONGEST_VIBRATION: f64 = 5.0;

#[derive(Serialize)]
pub(super) struct Sensor {
    #[serde(flatten)]
    view: SensorView,
    /// Its link; null where the session has none (a recording, the synthetic runner).
    link: Option<Card>,
}

/// Those of the session first, then what else is in reach.
pub(super) async fn list(State(served): State<Served>) -> Json<Vec<Sensor>> {
    let views = served.hub.state().sensor_views();
    let mut cards = served.hub.remote().map(|remote| remote.overview().sensors).unwrap_or_default();
    let mut sensors: Vec<Sensor> = views
        .into_iter()
        .map(|view| {
            let place = cards.iter().position(|card| card.name == view.name());
            Sensor { view, link: place.map(|place| cards.remove(place)) }
        })
        .collect();
    sensors
        .extend(cards.into_iter().map(|card| Sensor { view: SensorView::in_reach(&card), link: Some(card) }));
    Json(sensors)
}

/// Why there is nothing to see, and what would be too much.
pub(super) async fn radio(State(served): State<Served>) -> Json<Overview> {
    let nothing = || Overview {
        reason: Some("this session has no sensors: start `stancewatch run`".to_owned()),
        capacity: None,
        others: 0,
        sensors: Vec::new(),
    };
    Json(served.hub.remote().map_or_else(nothing, Remote::overview))
}

pub(super) async fn identify(State(served): State<Served>, Path(id): Path<String>) -> Done {
    command(&served, &id, Command::Identify)
}

#[derive(Deserialize)]
pub(super) struct Vibration {
    seconds: f64,
    #[serde(default = "strongest")]
    strength: f64,
}

fn strongest() -> f64 {
    1.0
}

pub(super) async fn vibrate(
    State(served): State<Served>,
    Path(id): Path<String>,
    Json(asked): Json<Vibration>,
) -> Done {
    if !(0.0..=LONGEST_VIBRATION).contains(&asked.seconds) {
        let sentence = format!("{} s is no vibration: give 0 to {LONGEST_VIBRATION}", asked.seconds);
        return Err((StatusCode::UNPROCESSABLE_ENTITY, sentence));
    }
    if !(0.0..=1.0).contains(&asked.strength) {
        let sentence = format!("{} is no strength: give 0 to 1", asked.strength);
        return Err((StatusCode::UNPROCESSABLE_ENTITY, sentence));
    }
    command(&served, &id, Command::Vibrate(Pulse { seconds: asked.seconds, strength: asked.strength }))
}

#[derive(Deserialize)]
pub(super) struct Place {
    placement: Option<Placement>,
}

pub(super) async fn place(
    State(served): State<Served>,
    Path(id): Path<String>,
    Json(asked): Json<Place>,
) -> Done {
    let placed = command(&served, &id, Command::Place(asked.placement));
    served.hub.expect_sensors();
    placed
}

#[derive(Deserialize)]
pub(super) struct Exchange {
    swap: Swap,
}

/// What was strapped on the wrong way round is right from now on, and has to be calibrated again.
pub(super) async fn swap(State(served): State<Served>, Json(asked): Json<Exchange>) -> Done {
    let swapped = done(remote(&served)?.swap(asked.swap));
    served.hub.expect_sensors();
    swapped
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    running: bool,
    /// The demonstration instead of sensors.
    #[serde(default)]
    demo: bool,
    /// Another session in the place of the one that runs.
    #[serde(default)]
    anew: bool,
}

/// Ends the session with its recording and lets the sensors rest, or begins a new one.
pub(super) async fn session(State(served): State<Served>, Json(wanted): Json<Wanted>) -> Done {
    if !served.hub.has_sessions() {
        let sentence = "this session began with the program and ends with it: stop the program".to_owned();
        return Err((StatusCode::CONFLICT, sentence));
    }
    if wanted.running && wanted.anew && !wanted.demo {
        served.hub.begin_anew();
    } else {
        served.hub.want_session(wanted.running, wanted.demo);
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Begins or ends a stretch that counts as what the runner usually does.
pub(super) async fn baseline(State(served): State<Served>, Json(wanted): Json<Stretched>) -> Done {
    if !served.hub.state().playing() {
        let sentence = "no session is under way: put the sensors on and start one".to_owned();
        return Err((StatusCode::CONFLICT, sentence));
    }
    served.hub.want_mark(Stretch::Baseline, if wanted.running { Edge::Begin } else { Edge::End });
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Stretched {
    running: bool,
}

fn command(served: &Served, id: &str, command: Command) -> Done {
    done(remote(served)?.command(id, command))
}

fn done(result: Result<(), Refusal>) -> Done {
    result.map(|()| StatusCode::NO_CONTENT).map_err(|refusal| {
        let status = match refusal {
            Refusal::Unknown(_) => StatusCode::NOT_FOUND,
            Refusal::NotConnected(_)
            | Refusal::NoSerial(_)
            | Refusal::CannotShow(_)
            | Refusal::CannotVibrate(_)
            | Refusal::Worn(..)
            | Refusal::NothingToSwap => StatusCode::CONFLICT,
            Refusal::Roster(_) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        (status, refusal.to_string())
    })
}

fn remote(served: &Served) -> Result<&Remote, (StatusCode, String)> {
    served.hub.remote().ok_or_else(|| {
        (StatusCode::CONFLICT, "this session has no sensors: start `stancewatch run`".to_owned())
    })
}

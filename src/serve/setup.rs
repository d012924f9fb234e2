//! The first visit over the API. The daemon knows the step and how each one stands; a page only shows it, so that a
//! reload, a second tab or a restart loses nothing.

use super::Served;
use super::cues::refused;
use super::history::{Answer, body, seen, with};
use super::view::{CalibrationView, SourceKind};
use crate::body::{PerSide, Placement};
use crate::desk::{LONGEST_DELAY, Setup, Step, WornSet};
use crate::event::HealthCode;
use crate::guide::{BENDS, HOLD, Learnt, Parts, Start, Status, Wish};
use crate::source::ble::Remote;
use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Serialize)]
pub(super) struct SetupView {
    #[serde(flatten)]
    setup: Setup,
    /// What can be worn, and which of it the sensors that are there suggest.
    sets: [SetView; WornSet::ALL.len()],
    /// Places that have, or are to have, a sensor.
    worn: Vec<Placement>,
    /// `sensors`, `synthetic` or `real` (a recording); null before a source has begun.
    source: Option<SourceKind>,
    /// There are sensors to connect: what is played otherwise brings its own.
    radio: Option<RadioView>,
    /// Whose session it is, where sessions are kept.
    runner: Option<RunnerView>,
    /// Why nothing is kept.
    not_kept: Option<String>,
    placed: u32,
    online: u32,
    phase: &'static str,
    running: bool,
    ended: bool,
    guide: Option<GuideView>,
    calibration: Option<CalibrationView>,
    /// Why the running is no usual yet, if it is not.
    unsteady: Option<String>,
    /// Straps that have slipped, each with the remedy.
    slipped: Vec<String>,
}

#[derive(Serialize)]
struct SetView {
    set: WornSet,
    places: &'static [Placement],
    suggested: bool,
}

#[derive(Serialize)]
struct RadioView {
    /// Why there is nothing to see, with the remedy.
    reason: Option<String>,
    down: bool,
    capacity: Option<String>,
    in_reach: usize,
}

#[derive(Serialize)]
struct RunnerView {
    id: i64,
    name: String,
    version: i64,
    /// Date of the kept usual.
    usual: Option<String>,
    /// The latest calibration that is kept; of this session, once it has one.
    calibrated: Option<CalibratedView>,
}

#[derive(Serialize)]
struct CalibratedView {
    /// RFC 3339.
    when: String,
    grade: String,
}

#[derive(Serialize)]
struct GuideView {
    step: &'static str,
    left_s: f64,
    /// 1 is the most that still is standing; null where no sensor sends.
    motion: BTreeMap<&'static str, Option<f64>>,
    held_s: f64,
    hold_s: f64,
    bends: u32,
    bends_wanted: u32,
    moved: u32,
    usual: UsualView,
}

#[derive(Serialize)]
struct UsualView {
    legs: PerSide<LegView>,
    needed: u32,
    warm_up_s: f64,
    kept: bool,
    marked: bool,
}

#[derive(Serialize)]
struct LegView {
    stances: u32,
    known: bool,
}

impl From<&Status> for GuideView {
    fn from(status: &Status) -> Self {
        let tenth = |value: f64| (value * 10.0).round() / 10.0;
        let learning = &status.learning;
        let leg = |Learnt { stances, known }| LegView { stances, known };
        Self {
            step: status.step,
            left_s: tenth(status.left),
            motion: Placement::ALL
                .map(|at| (at.name(), status.motion[at].map(|m| (m * 100.0).round() / 100.0)))
                .into(),
            held_s: tenth(status.held),
            hold_s: HOLD,
            bends: status.bends,
            bends_wanted: BENDS,
            moved: status.moved,
            usual: UsualView {
                legs: PerSide::from_fn(|side| leg(learning.legs[side])),
                needed: learning.needed,
                warm_up_s: tenth(learning.warm_up),
                kept: learning.kept,
                marked: learning.marked,
            },
        }
    }
}

fn radio(remote: &Remote) -> RadioView {
    let overview = remote.overview();
    let in_reach = overview.sensors.iter().filter(|card| card.worn_by.is_none()).count();
    RadioView { down: remote.is_down(), reason: overview.reason, capacity: overview.capacity, in_reach }
}

async fn of(served: &Served) -> SetupView {
    let kept = served.hub.kept().cloned();
    let runner = with(served, move |store| {
        let Some(id) = kept.map(|kept| kept.owner()).transpose()?.flatten() else { return Ok(None) };
        let (runner, usual) = (store.runner_by_id(id)?, store.usual(id)?);
        let (name, version) = (runner.shown().to_owned(), runner.version);
        let calibrated = store.last_calibration(id)?.map(|(when, grade)| CalibratedView { when, grade });
        Ok(Some(RunnerView { id, name, version, usual: usual.map(|usual| usual.note.date), calibrated }))
    });
    let (runner, not_kept) = match runner.await {
        Ok(runner) => (runner, None),
        Err((_, why)) => (None, Some(why)),
    };
    let radio = served.hub.remote().map(radio);
    let state = served.hub.state();
    let sensors = state.sensor_views();
    let placed = || sensors.iter().filter(|sensor| sensor.is_placed());
    let active = |code| state.health_views().into_iter().filter(move |h| h.active && h.code == code);
    let said = super::view::HealthView::into_message;
    let suggested = WornSet::suggested(radio.as_ref().map_or(0, |radio| radio.in_reach));
    SetupView {
        setup: served.hub.desk().setup(),
        sets: WornSet::ALL.map(|set| SetView {
            set,
            places: set.places(),
            suggested: suggested == Some(set),
        }),
        worn: state.worn(),
        source: state.source().map(|source| source.kind),
        radio,
        runner,
        not_kept,
        placed: placed().count() as u32,
        online: placed().filter(|sensor| sensor.is_online()).count() as u32,
        phase: state.phase_word(),
        running: state.playing(),
        ended: state.has_ended(),
        guide: state.guide().map(GuideView::from),
        calibration: state.calibration().cloned(),
        unsteady: active(HealthCode::BaselineUnsteady).next_back().map(said),
        slipped: active(HealthCode::StrapSlipped).map(said).collect(),
    }
}

pub(super) async fn show(State(served): State<Served>) -> Json<SetupView> {
    Json(of(&served).await)
}

#[derive(Deserialize)]
#[serde(tag = "act", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Asked {
    Go {
        step: Step,
    },
    /// What is worn; null: wherever a sensor has a place.
    Wear {
        set: Option<WornSet>,
    },
    /// Leads through calibration; `still` and `bends` say which parts.
    Calibrate {
        still: bool,
        bends: bool,
    },
    /// How long the countdown before it is.
    Delay {
        delay_s: u32,
    },
    /// The bends that were made are enough.
    Next,
    /// No leading any more.
    Stop,
    Finish,
    /// From the beginning.
    Again,
}

/// A change; with `If-Match` only if no other tab has gone on meanwhile.
pub(super) async fn ask(
    State(served): State<Served>,
    headers: HeaderMap,
    asked: Result<Json<Asked>, JsonRejection>,
) -> Answer<Json<SetupView>> {
    let seen = seen(&headers)?.map(i64::unsigned_abs);
    let asked = body(asked)?;
    if matches!(asked, Asked::Calibrate { .. }) && served.hub.state().source().is_none() {
        return Err((StatusCode::CONFLICT, "no session is under way: start one first".to_owned()));
    }
    if let Asked::Delay { delay_s } = asked
        && delay_s > LONGEST_DELAY
    {
        let sentence = format!("{delay_s} s is no countdown: give 0 to {LONGEST_DELAY}");
        return Err((StatusCode::UNPROCESSABLE_ENTITY, sentence));
    }
    let change = |setup: &mut Setup| match asked {
        Asked::Go { step } => setup.step = step,
        Asked::Wear { set } => setup.set = set,
        Asked::Delay { delay_s } => setup.delay_s = delay_s,
        Asked::Calibrate { .. } => setup.step = Step::Calibrate,
        Asked::Next | Asked::Stop => {}
        Asked::Finish => (setup.step, setup.finished) = (Step::Ready, true),
        Asked::Again => (setup.step, setup.finished) = (Step::Welcome, false),
    };
    let setup = served.hub.desk().change_setup(seen, change).map_err(|error| refused(&error))?;
    match asked {
        Asked::Calibrate { still, bends } => {
            calibrate(&served, Start { parts: Parts { still, bends }, delay: setup.delay_s.into() });
        }
        Asked::Wear { .. } => served.hub.expect_sensors(),
        Asked::Next => served.hub.guide(Wish::Next),
        Asked::Stop => served.hub.guide(Wish::Stop),
        _ => {}
    }
    Ok(Json(of(&served).await))
}

/// A person stands when told to; a runner that is played has to begin again for that.
fn calibrate(served: &Served, start: Start) {
    let played = served.hub.state().source().is_some_and(|source| source.kind == SourceKind::Synthetic);
    if played {
        served.hub.begin_anew();
    }
    served.hub.guide(Wish::Begin(start));
}

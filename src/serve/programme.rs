//! The retraining course over the API.

use super::Served;
use super::cues::{Refused, refused};
use crate::body::PerSide;
use crate::desk::{self, Desk};
use crate::programme::{COURSE, Done, EXERCISES, Programme, RETENTION, Running, STOP_WORDS, Tally};
use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};

/// A leg's stances in a session.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
struct LegView {
    judged: u32,
    over: u32,
    over_percent: Option<f64>,
}

fn legs(legs: &PerSide<Tally>) -> PerSide<LegView> {
    PerSide::from_fn(|side| {
        let tally = legs[side];
        let percent = tally.share_over().map(|share| (share * 1000.0).round() / 10.0);
        LegView { judged: tally.judged, over: tally.over, over_percent: percent }
    })
}

#[derive(Serialize)]
struct DoneView {
    day: String,
    legs: PerSide<LegView>,
}

#[derive(Serialize)]
struct SessionView {
    session: u8,
    minutes: f64,
    feedback_percent: f64,
    /// A run without cues that shows whether it has stayed.
    check: bool,
    done: Option<DoneView>,
}

/// The session that runs; sent with every state.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct RunningView {
    session: u8,
    minutes: f64,
    run_s: f64,
    feedback: bool,
    legs: PerSide<LegView>,
}

impl RunningView {
    pub(super) fn of(running: &Running) -> Self {
        Self {
            session: running.step.number,
            minutes: running.step.minutes,
            run_s: running.run_s().round(),
            feedback: running.gives(),
            legs: legs(&running.legs),
        }
    }
}

#[derive(Serialize)]
struct ExerciseView {
    exercise: &'static str,
    source: &'static str,
    today: bool,
    /// Days on which it was ticked, oldest first.
    days: Vec<String>,
}

#[derive(Serialize)]
pub(super) struct Report {
    sessions: Vec<SessionView>,
    /// What is due; null when the course is complete.
    next: Option<u8>,
    running: Option<RunningView>,
    exercises: Vec<ExerciseView>,
    /// Why the course is not on disk, with the remedy.
    problem: Option<String>,
    stop_words: &'static str,
}

pub(super) async fn report(State(served): State<Served>) -> Json<Report> {
    Json(of(served.hub.desk()))
}

fn of(desk: &Desk) -> Report {
    let (programme, problem) = desk.programme();
    Report {
        sessions: sessions(&programme),
        next: programme.next().map(|step| step.number),
        running: programme.running().map(RunningView::of),
        exercises: exercises(&programme),
        problem,
        stop_words: STOP_WORDS,
    }
}

fn sessions(programme: &Programme) -> Vec<SessionView> {
    let done = |number| programme.done().iter().find(|done| done.session == number);
    let view = |done: &Done| DoneView { day: done.day.clone(), legs: legs(&done.legs) };
    let row = |step: &crate::programme::Step| SessionView {
        session: step.number,
        minutes: step.minutes,
        feedback_percent: (step.share * 100.0).round(),
        check: step.number == RETENTION,
        done: done(step.number).map(view),
    };
    COURSE.iter().map(row).collect()
}

fn exercises(programme: &Programme) -> Vec<ExerciseView> {
    let today = desk::today();
    let row = |exercise: &crate::programme::Exercise| {
        let ticks = programme.ticks().iter().filter(|tick| tick.exercise == exercise.code);
        let days: Vec<_> = ticks.map(|tick| tick.day.clone()).collect();
        ExerciseView { exercise: exercise.code, source: exercise.source, today: days.contains(&today), days }
    };
    EXERCISES.iter().map(row).collect()
}

#[derive(Deserialize)]
#[serde(tag = "act", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Asked {
    Begin,
    Stop,
    StartOver,
    Tick { exercise: String },
}

pub(super) async fn ask(
    State(served): State<Served>,
    Json(asked): Json<Asked>,
) -> Result<Json<Report>, Refused> {
    let desk = served.hub.desk();
    match asked {
        Asked::Begin => desk.begin_session(),
        Asked::Stop => desk.stop_session(),
        Asked::StartOver => desk.start_over(),
        Asked::Tick { exercise } => desk.tick(&exercise),
    }
    .map_err(|error| refused(&error))?;
    served.hub.programme();
    Ok(Json(of(desk)))
}

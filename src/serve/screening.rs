//! Screening tests over the API: begin and end one, and what was found.

use super::Served;
use crate::event::Test;
use crate::input::{Edge, Stretch};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What the page shows of screening.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub(super) struct ScreeningView {
    /// The test under way.
    pub(super) running: Option<Test>,
    /// Its repetitions so far, or those of the last test.
    pub(super) repetitions: Vec<Value>,
    /// Finished tests of this session, oldest first.
    pub(super) results: Vec<Value>,
}

#[derive(Deserialize)]
pub(super) struct Wanted {
    test: Test,
    running: bool,
}

pub(super) async fn show(State(served): State<Served>) -> Json<ScreeningView> {
    Json(served.hub.state().screening().clone())
}

/// Begins a test, or ends the one under way.
pub(super) async fn want(
    State(served): State<Served>,
    Json(Wanted { test, running }): Json<Wanted>,
) -> Result<StatusCode, (StatusCode, &'static str)> {
    if !served.hub.state().playing() {
        return Err((StatusCode::CONFLICT, "no session is under way: put the sensors on and start one"));
    }
    let stretch = match test {
        Test::SingleLegSquat => Stretch::SingleLegSquat,
        Test::StepDown => Stretch::StepDown,
    };
    served.hub.want_mark(stretch, if running { Edge::Begin } else { Edge::End });
    Ok(StatusCode::NO_CONTENT)
}

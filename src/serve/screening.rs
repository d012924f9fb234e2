//! Screening tests over the API: begin and end one, what was found, and what has changed since the test before.

use super::Served;
use crate::edge::screening as edge;
use crate::event::{Screening, Test};
use crate::input::{Edge, Stretch};
use crate::screen::compare;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// What the page shows of screening.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub(super) struct ScreeningView {
    /// The test under way.
    pub(super) running: Option<Test>,
    /// Its repetitions so far, or those of the last test.
    pub(super) repetitions: Vec<Value>,
    /// Finished tests of this session, oldest first.
    pub(super) results: Vec<Value>,
    /// The latest of each kind, for the next to be held against.
    #[serde(skip)]
    latest: Vec<Screening>,
}

impl ScreeningView {
    pub(super) fn begin(&mut self, test: Test) {
        self.running = Some(test);
        self.repetitions.clear();
    }

    /// A test is over: what it says, and by how much each leg has changed since the one of its kind before.
    pub(super) fn result(&mut self, test: &Screening) -> Value {
        self.running = None;
        let mut result = edge::screening(test);
        let before = self.latest.iter().find(|other| other.test == test.test);
        let change = before.map(|before| {
            let legs = compare(before, test);
            json!({ "left": edge::differences(&legs.left), "right": edge::differences(&legs.right) })
        });
        if let Value::Object(fields) = &mut result {
            fields.insert("change".to_owned(), change.into());
        }
        // A test in which nobody moved is nothing to be held against.
        if test.reason.is_none() {
            self.latest.retain(|other| other.test != test.test);
            self.latest.push(test.clone());
        }
        self.results.push(result.clone());
        result
    }
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

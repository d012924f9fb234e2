//! Screening tests over the API: begin and end one, what was found, and what has changed since the test before.

use super::Served;
use super::access::Pass;
use super::history::{Answer, Reach, with};
use super::hub::Kept;
use crate::edge::screening as edge;
use crate::event::{Screening, Test};
use crate::input::{Edge, Stretch};
use crate::screen;
use crate::store::{RunnerId, ScreeningRow, Store, StoreError};
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
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
        let change = before.map(|before| change(before, test));
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

/// By how much each leg has changed.
fn change(before: &Screening, after: &Screening) -> Value {
    let legs = screen::compare(before, after);
    json!({ "left": edge::differences(&legs.left), "right": edge::differences(&legs.right) })
}

fn kept_view(row: &ScreeningRow) -> Value {
    let mut view = edge::screening(&row.screening);
    if let Value::Object(fields) = &mut view {
        fields.insert("id".to_owned(), row.id.into());
        fields.insert("session".to_owned(), row.session.clone().into());
        fields.insert("started".to_owned(), row.started.clone().into());
    }
    view
}

/// Of whoever runs here, or of the runner whom a phone has joined for; nobody's where nothing is kept of who runs.
async fn of_owner<T: Send + 'static>(
    served: &Served,
    pass: &Pass,
    work: impl FnOnce(&Store, RunnerId) -> Result<T, StoreError> + Send + 'static,
) -> Answer<Option<T>> {
    let reach = Reach::of(pass)?;
    let kept = served.hub.kept().cloned();
    let work = move |store: &Store| {
        let owner = match reach {
            Reach::Of(own) => Some(own),
            Reach::All => kept.as_ref().map(Kept::owner).transpose()?.flatten(),
        };
        owner.map(|owner| work(store, owner)).transpose()
    };
    with(served, work).await
}

/// The tests of this runner's sessions, oldest first.
pub(super) async fn kept(
    State(served): State<Served>,
    Extension(pass): Extension<Pass>,
) -> Answer<Json<Vec<Value>>> {
    let rows = of_owner(&served, &pass, Store::screenings).await?;
    Ok(Json(rows.unwrap_or_default().iter().map(kept_view).collect()))
}

#[derive(Deserialize)]
pub(super) struct Two {
    earlier: i64,
    later: i64,
}

/// One test of this runner against another: after less before, leg by leg.
pub(super) async fn compare(
    State(served): State<Served>,
    Extension(pass): Extension<Pass>,
    Query(two): Query<Two>,
) -> Answer<Json<Value>> {
    let rows = of_owner(&served, &pass, move |store, owner| {
        Ok((store.screening(owner, two.earlier)?, store.screening(owner, two.later)?))
    });
    let Some((earlier, later)) = rows.await? else {
        let sentence = "no sessions are kept of who runs here, so there is nothing to compare".to_owned();
        return Err((StatusCode::CONFLICT, sentence));
    };
    if earlier.screening.test != later.screening.test {
        let sentence =
            "these are tests of two kinds: compare a squat with a squat, a step-down with a step-down";
        return Err((StatusCode::UNPROCESSABLE_ENTITY, sentence.to_owned()));
    }
    let changed = change(&earlier.screening, &later.screening);
    Ok(Json(json!({ "earlier": kept_view(&earlier), "later": kept_view(&later), "change": changed })))
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

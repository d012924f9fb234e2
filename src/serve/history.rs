//! Sessions and runners over the API. A change may carry the version that it was made for (`If-Match`): when
//! somebody else was faster, it is refused and said, never silently lost.

use super::Served;
use super::access::{Pass, Role};
use super::hub::Kept;
use crate::body::Side;
use crate::export::report;
use crate::input::Moment;
use crate::review::{self, Comparison, Review};
use crate::store::{
    Mark, Runner, RunnerChange, RunnerId, Session, SessionChange, StanceRow, Store, StoreError, TrendPoint,
};
use crate::units::SessionTime;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use tokio::task::spawn_blocking;

/// A refusal in words.
pub(super) type Refused = (StatusCode, String);
pub(super) type Answer<T> = Result<T, Refused>;

/// Works with the store off the network's threads.
pub(super) async fn with<T: Send + 'static>(
    served: &Served,
    work: impl FnOnce(&Store) -> Result<T, StoreError> + Send + 'static,
) -> Answer<T> {
    let store = match served.hub.kept() {
        Some(Kept::In { store, .. }) => store.clone(),
        Some(Kept::Nowhere(why)) => return Err((StatusCode::SERVICE_UNAVAILABLE, why.clone())),
        None => return Err((StatusCode::SERVICE_UNAVAILABLE, "nothing is kept here".to_owned())),
    };
    let done = spawn_blocking(move || work(&store)).await;
    done.unwrap_or(Err(StoreError::Stopped)).map_err(|error| (status(&error), error.to_string()))
}

fn status(error: &StoreError) -> StatusCode {
    match error {
        StoreError::NoSession(_) | StoreError::NoRunner(_) => StatusCode::NOT_FOUND,
        StoreError::Changed { .. } | StoreError::ManySessions { .. } => StatusCode::CONFLICT,
        StoreError::Refused(_) => StatusCode::UNPROCESSABLE_ENTITY,
        _ => StatusCode::SERVICE_UNAVAILABLE,
    }
}

/// The version that a change was made for, if the client says.
pub(super) fn seen(headers: &HeaderMap) -> Answer<Option<i64>> {
    let Some(said) = headers.get(header::IF_MATCH) else { return Ok(None) };
    let version = said.to_str().ok().and_then(|text| text.trim_matches('"').parse().ok());
    let sentence = || "If-Match is the `version` that you saw, a number".to_owned();
    version.map(Some).ok_or_else(|| (StatusCode::BAD_REQUEST, sentence()))
}

/// What was sent, or why it cannot be used, in a sentence.
pub(super) fn body<T>(sent: Result<Json<T>, JsonRejection>) -> Answer<T> {
    sent.map(|Json(body)| body).map_err(|rejection| (rejection.status(), rejection.body_text()))
}

fn tagged(version: i64, body: impl Serialize) -> Response {
    ([(header::ETAG, format!("\"{version}\""))], Json(body)).into_response()
}

/// Whose sessions they are that somebody may see.
#[derive(Clone, Copy)]
pub(super) enum Reach {
    All,
    /// Of one runner: to all others it is as if nobody else were there.
    Of(RunnerId),
}

impl Reach {
    pub(super) fn of(pass: &Pass) -> Answer<Self> {
        match (&pass.role, pass.person) {
            (Role::Coach, _) => Ok(Self::All),
            (Role::Runner { .. }, Some(person)) => Ok(Self::Of(person)),
            (Role::Runner { .. }, None) => Err((
                StatusCode::FORBIDDEN,
                "nothing was kept of who ran when this phone joined: scan a new code from the coach's page"
                    .to_owned(),
            )),
        }
    }

    fn includes(self, runner: RunnerId) -> bool {
        matches!(self, Self::All) || matches!(self, Self::Of(own) if own == runner)
    }

    fn runner(self, store: &Store, id: RunnerId) -> Result<Runner, StoreError> {
        if self.includes(id) { store.runner_by_id(id) } else { Err(StoreError::NoRunner(id.to_string())) }
    }

    /// Only who sees all may call a session by the beginning of its id: what that fits tells of the others.
    fn session(self, store: &Store, id: &str) -> Result<Session, StoreError> {
        let Self::Of(own) = self else { return store.session(id) };
        let found = store.sessions(Some(own))?.into_iter().find(|session| session.id == id);
        found.ok_or_else(|| StoreError::NoSession(id.to_owned()))
    }
}

fn coachs(sentence: &str) -> Refused {
    (StatusCode::FORBIDDEN, sentence.to_owned())
}

#[derive(Deserialize)]
pub(super) struct Which {
    runner: Option<i64>,
    #[serde(default)]
    deleted: bool,
}

pub(super) async fn sessions(
    State(served): State<Served>,
    Extension(pass): Extension<Pass>,
    Query(which): Query<Which>,
) -> Answer<Json<Vec<Session>>> {
    let reach = Reach::of(&pass)?;
    if which.deleted && !matches!(reach, Reach::All) {
        return Err(coachs("bringing back what was deleted is for the coach to do: ask them"));
    }
    let list = with(&served, move |store| {
        let mut all = if which.deleted { store.deleted_sessions() } else { store.sessions(which.runner) }?;
        all.retain(|session| reach.includes(session.runner));
        Ok(all)
    });
    list.await.map(Json)
}

#[derive(Serialize)]
struct SessionView {
    #[serde(flatten)]
    review: Review,
    /// It is being recorded.
    running: bool,
    stances: Vec<StanceRow>,
}

pub(super) async fn session(
    State(served): State<Served>,
    Extension(pass): Extension<Pass>,
    Path(id): Path<String>,
) -> Answer<Response> {
    let reach = Reach::of(&pass)?;
    let view = with(&served, move |store| {
        let id = reach.session(store, &id)?.id;
        let running = store.running().contains(&id);
        Ok(SessionView { review: review::of(store, &id)?, running, stances: store.stances(&id)? })
    });
    let view = view.await?;
    Ok(tagged(view.review.session.version, view))
}

pub(super) async fn change_session(
    State(served): State<Served>,
    Extension(pass): Extension<Pass>,
    Path(id): Path<String>,
    headers: HeaderMap,
    change: Result<Json<SessionChange>, JsonRejection>,
) -> Answer<Response> {
    let reach = Reach::of(&pass)?;
    let (seen, change) = (seen(&headers)?, body(change)?);
    if matches!(reach, Reach::Of(_)) && (change.crop.is_some() || change.runner.is_some()) {
        return Err(coachs(
            "cropping a session, or giving it to somebody else, is for the coach to do: ask them",
        ));
    }
    let session = with(&served, move |store| {
        let id = if let Reach::Of(_) = reach { reach.session(store, &id)?.id } else { id };
        store.change_session(&id, change, seen)
    });
    let session = session.await?;
    Ok(tagged(session.version, session))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Exclusion {
    side: Side,
    stance: u32,
    excluded: bool,
}

pub(super) async fn exclude(
    State(served): State<Served>,
    Path(id): Path<String>,
    headers: HeaderMap,
    which: Result<Json<Exclusion>, JsonRejection>,
) -> Answer<Response> {
    let (seen, which) = (seen(&headers)?, body(which)?);
    let session =
        with(&served, move |store| store.exclude(&id, which.side.name(), which.stance, which.excluded, seen));
    let session = session.await?;
    Ok(tagged(session.version, session))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct At {
    time_s: f64,
}

pub(super) async fn split(
    State(served): State<Served>,
    Path(id): Path<String>,
    headers: HeaderMap,
    at: Result<Json<At>, JsonRejection>,
) -> Answer<Response> {
    let (seen, at) = (seen(&headers)?, body(at)?);
    let second = with(&served, move |store| store.split(&id, at.time_s, seen)).await?;
    Ok(tagged(second.version, second))
}

#[derive(Deserialize)]
pub(super) struct Finality {
    /// At once and for good.
    #[serde(default)]
    now: bool,
}

pub(super) async fn delete_session(
    State(served): State<Served>,
    Path(id): Path<String>,
    Query(finality): Query<Finality>,
    headers: HeaderMap,
) -> Answer<StatusCode> {
    let seen = seen(&headers)?;
    with(&served, move |store| {
        if finality.now { store.erase_session(&id) } else { store.delete_session(&id, seen).map(drop) }
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn restore_session(
    State(served): State<Served>,
    Path(id): Path<String>,
) -> Answer<Response> {
    let session = with(&served, move |store| store.restore_session(&id)).await?;
    Ok(tagged(session.version, session))
}

#[derive(Deserialize)]
pub(super) struct Reader {
    /// Of [`report::LANGUAGES`]; English where absent.
    language: Option<String>,
}

pub(super) async fn report(
    State(served): State<Served>,
    Extension(pass): Extension<Pass>,
    Path(id): Path<String>,
    Query(reader): Query<Reader>,
) -> Answer<Response> {
    let reach = Reach::of(&pass)?;
    let language = reader.language.as_deref().unwrap_or("en");
    let words = report::Words::of(language).ok_or_else(|| {
        let sentence =
            format!("there is no report in `{language}`: choose one of {}", report::LANGUAGES.join(", "));
        (StatusCode::UNPROCESSABLE_ENTITY, sentence)
    })?;
    let page = with(&served, move |store| {
        let id = reach.session(store, &id)?.id;
        let review = review::of(store, &id)?;
        let tests = store.screenings(review.session.runner)?;
        Ok(report::page(&review, &store.stances(&id)?, &tests, &words))
    });
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8".to_owned()),
        (header::CONTENT_SECURITY_POLICY, report::policy()),
    ];
    Ok((headers, page.await?).into_response())
}

pub(super) async fn runners(
    State(served): State<Served>,
    Extension(pass): Extension<Pass>,
    Query(which): Query<Which>,
) -> Answer<Json<Vec<Runner>>> {
    let reach = Reach::of(&pass)?;
    let list = with(&served, move |store| {
        let mut all = store.runners(which.deleted)?;
        all.retain(|runner| reach.includes(runner.id));
        Ok(all)
    });
    list.await.map(Json)
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct NewRunner {
    name: Option<String>,
}

pub(super) async fn add_runner(
    State(served): State<Served>,
    new: Result<Json<NewRunner>, JsonRejection>,
) -> Answer<Response> {
    let new = body(new)?;
    let runner = with(&served, move |store| store.add_runner(new.name)).await?;
    Ok((StatusCode::CREATED, tagged(runner.version, runner)).into_response())
}

pub(super) async fn runner(
    State(served): State<Served>,
    Extension(pass): Extension<Pass>,
    Path(id): Path<i64>,
) -> Answer<Response> {
    let reach = Reach::of(&pass)?;
    let runner = with(&served, move |store| reach.runner(store, id)).await?;
    Ok(tagged(runner.version, runner))
}

pub(super) async fn change_runner(
    State(served): State<Served>,
    Path(id): Path<i64>,
    headers: HeaderMap,
    change: Result<Json<RunnerChange>, JsonRejection>,
) -> Answer<Response> {
    let (seen, change) = (seen(&headers)?, body(change)?);
    let chosen = change.current == Some(true);
    let runner = with(&served, move |store| store.change_runner(id, change, seen)).await?;
    if chosen {
        follow_owner(&served).await;
    }
    Ok(tagged(runner.version, runner))
}

pub(super) async fn delete_runner(
    State(served): State<Served>,
    Path(id): Path<i64>,
    Query(finality): Query<Finality>,
) -> Answer<StatusCode> {
    with(&served, move |store| {
        store.runner_by_id(id)?;
        if finality.now { store.erase_runner(id) } else { store.delete_runner(id) }
    })
    .await?;
    follow_owner(&served).await;
    Ok(StatusCode::NO_CONTENT)
}

/// Another runner may be the current one now.
pub(super) async fn follow_owner(served: &Served) {
    let hub = served.hub.clone();
    spawn_blocking(move || hub.follow_owner()).await.ok();
}

pub(super) async fn restore_runner(State(served): State<Served>, Path(id): Path<i64>) -> Answer<Response> {
    let runner = with(&served, move |store| {
        store.restore_runner(id)?;
        store.runner_by_id(id)
    });
    let runner = runner.await?;
    Ok(tagged(runner.version, runner))
}

pub(super) async fn trends(
    State(served): State<Served>,
    Extension(pass): Extension<Pass>,
    Path(id): Path<i64>,
) -> Answer<Json<Vec<TrendPoint>>> {
    let reach = Reach::of(&pass)?;
    let points = with(&served, move |store| {
        reach.runner(store, id)?;
        store.trends(id)
    });
    points.await.map(Json)
}

#[derive(Deserialize)]
pub(super) struct Pair {
    a: String,
    b: String,
}

pub(super) async fn compare(
    State(served): State<Served>,
    Extension(pass): Extension<Pass>,
    Query(pair): Query<Pair>,
) -> Answer<Json<Comparison>> {
    let reach = Reach::of(&pass)?;
    let compared = with(&served, move |store| {
        let one = |id: &str| review::alone(store, &reach.session(store, id)?.id);
        Ok(review::compare(&one(&pair.a)?, &one(&pair.b)?))
    });
    compared.await.map(Json)
}

/// Longer than any key press takes to arrive, s; further back is no mark of now.
const LATEST_MARK: f64 = 60.0;

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct NewMark {
    label: Option<String>,
    /// The moment that is meant; now where absent.
    time_s: Option<f64>,
}

pub(super) async fn mark(
    State(served): State<Served>,
    new: Result<Json<NewMark>, JsonRejection>,
) -> Answer<Response> {
    let new = body(new)?;
    let now = served.hub.state().time();
    let Some(now) = now else {
        return Err((StatusCode::CONFLICT, "no session runs that could be marked".to_owned()));
    };
    let time = new.time_s.unwrap_or(now);
    if !(now - LATEST_MARK..=now + 1.0).contains(&time) {
        let sentence = format!("{time} s is not now ({now:.1} s): give a moment of the last minute");
        return Err((StatusCode::UNPROCESSABLE_ENTITY, sentence));
    }
    let label = new.label.unwrap_or_else(|| "mark".to_owned());
    let kept = served.hub.kept().cloned();
    let mark = with(&served, move |store| {
        let owner = kept.as_ref().map(Kept::owner).transpose()?.flatten();
        store.mark(owner, time, &label)
    });
    let mark: Mark = mark.await?;
    served.hub.note_moment(Moment { t: SessionTime(mark.time_s), label: mark.label.clone() });
    Ok((StatusCode::CREATED, Json(mark)).into_response())
}

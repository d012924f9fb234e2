//! What a runner's phone gets of what is kept: the own sessions, and of nobody else's a word.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking, in its helpers, too"
)]

mod kept;

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use kept::{ID, Kept};
use serde_json::{Value, json};
use stancewatch::host_clock::unix_ms;
use stancewatch::serve::{self, Gate, Hub, Place, Role, Site, Under};
use stancewatch::store::{RunnerId, Store};
use stancewatch::team::Who;
use std::sync::Arc;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

/// Of the other runner.
const OTHERS: &str = "2026-11-23T10-00-00";

/// Heron with two sessions and Otter with one, in one store, each with a phone.
struct Club {
    _kept: Kept,
    store: Store,
    site: Site,
    heron: String,
    otter: String,
    /// Of the store.
    ids: (RunnerId, RunnerId),
    _folder: TempDir,
}

impl Club {
    fn new() -> Self {
        let (kept, folder) = (Kept::new(), tempfile::tempdir().unwrap());
        let Some(serve::Kept::In { store, .. }) = kept.hub.kept().cloned() else { panic!("nothing is kept") };
        let heron = store.current_runner(None).unwrap().id;
        let otter = store.add_runner(Some("Otter".to_owned())).unwrap().id;
        kept::session(&store, otter, OTHERS);
        let others = Hub::new();
        others.keep(serve::Kept::In { store: store.clone(), sessions: Some(Under::Runner(otter)) });
        let place = |id: &str, hub| Place { who: Who { id: id.into(), name: id.to_uppercase() }, hub };
        let gate = Arc::new(Gate::open(folder.path(), 7878).unwrap());
        let phone = |runner: &str, person| {
            let role = Role::Runner { runner: runner.to_owned() };
            let code = gate.tokens.invite_for(role, person, unix_ms()).unwrap().token;
            gate.tokens.join(&code, unix_ms()).unwrap().0
        };
        let phones = (phone("heron", Some(heron)), phone("otter", Some(otter)));
        let places = vec![place("heron", kept.hub.clone()), place("otter", others)];
        let mut site = Site::new(places, CancellationToken::new());
        site.gate = Some(gate);
        Self {
            store,
            _kept: kept,
            site,
            heron: phones.0,
            otter: phones.1,
            ids: (heron, otter),
            _folder: folder,
        }
    }

    async fn send(&self, token: &str, method: &str, path: &str, body: Option<Value>) -> (StatusCode, String) {
        let request = Request::builder().method(method).uri(path).header(header::HOST, "192.168.1.5:7878");
        let request = request
            .header(header::COOKIE, format!("stancewatch-7878={token}"))
            .header(header::CONTENT_TYPE, "application/json");
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let answer = self.site.clone().router().oneshot(request.body(body).unwrap()).await.unwrap();
        let status = answer.status();
        let text = to_bytes(answer.into_body(), usize::MAX).await.unwrap();
        (status, String::from_utf8_lossy(&text).into_owned())
    }

    async fn json(&self, token: &str, path: &str) -> Value {
        let (status, text) = self.send(token, "GET", path, None).await;
        assert_eq!(status, StatusCode::OK, "{path}: {text}");
        serde_json::from_str(&text).unwrap()
    }
}

fn ids(sessions: &Value) -> Vec<&str> {
    sessions.as_array().unwrap().iter().map(|session| session["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_phone_sees_the_own_sessions_and_says_how_they_were() {
    let club = Club::new();
    let (heron, api) = (club.ids.0, "/r/heron/api/v1");
    let all = club.json(&club.heron, &format!("{api}/sessions")).await;
    assert_eq!(ids(&all), ["2026-11-22T10-00-00", ID]);
    let people = club.json(&club.heron, &format!("{api}/runners")).await;
    assert_eq!((people.as_array().unwrap().len(), &people[0]["id"]), (1, &json!(heron)));
    let review = club.json(&club.heron, &format!("{api}/sessions/2026-11-22T10-00-00")).await;
    assert_eq!(review["before"]["a"]["id"], ID, "held against the own session before");
    for path in
        [format!("/runners/{heron}"), format!("/runners/{heron}/trends"), format!("/compare?a={ID}&b={ID}")]
    {
        club.json(&club.heron, &format!("{api}{path}")).await;
    }
    let (status, page) = club.send(&club.heron, "GET", &format!("{api}/sessions/{ID}/report"), None).await;
    assert!(status == StatusCode::OK && page.contains("<html"), "{status}");
    let tags = json!({ "pain": 2, "shoes": "blue", "notes": "tired" });
    let (status, said) = club.send(&club.heron, "PATCH", &format!("{api}/sessions/{ID}"), Some(tags)).await;
    assert_eq!(status, StatusCode::OK, "{said}");
    assert_eq!(club.store.session(ID).unwrap().pain, Some(2));
    let others = club.json(&club.otter, "/r/otter/api/v1/sessions").await;
    assert_eq!(ids(&others), [OTHERS]);
}

#[tokio::test]
async fn nothing_of_another_is_found_by_guessing_an_id() {
    let club = Club::new();
    let (heron, otter) = club.ids;
    let tests = club.json(&club.otter, "/r/otter/api/v1/screening/kept").await;
    let test = tests[0]["id"].as_i64().unwrap();
    let own = club.json(&club.heron, "/r/heron/api/v1/screening/kept").await[0]["id"].as_i64().unwrap();
    for path in [
        format!("sessions/{OTHERS}"),
        format!("sessions/{OTHERS}/report"),
        // Its beginning, and the newest of all, are another's.
        "sessions/2026-11-23".to_owned(),
        "sessions/2026-11-2".to_owned(),
        "sessions/last".to_owned(),
        format!("runners/{otter}"),
        format!("runners/{otter}/trends"),
        format!("compare?a={ID}&b={OTHERS}"),
        format!("compare?a={OTHERS}&b={ID}"),
        format!("screening/compare?earlier={own}&later={test}"),
        format!("screening/compare?earlier={test}&later={own}"),
    ] {
        let (status, said) = club.send(&club.heron, "GET", &format!("/r/heron/api/v1/{path}"), None).await;
        let refused = [StatusCode::NOT_FOUND, StatusCode::UNPROCESSABLE_ENTITY].contains(&status);
        assert!(refused && said.contains("there is no"), "{path}: {status} {said}");
        assert!(!said.contains("Otter") && !said.contains("fits"), "{path}: {said}");
    }
    let pain = Some(json!({ "pain": 9 }));
    let (status, _) =
        club.send(&club.heron, "PATCH", &format!("/r/heron/api/v1/sessions/{OTHERS}"), pain).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert_eq!(club.store.session(OTHERS).unwrap().pain, None);
    let asked = format!("/r/heron/api/v1/sessions?runner={otter}");
    assert_eq!(club.json(&club.heron, &asked).await, json!([]));
    // Nor at the other's address, whatever the id.
    for path in [format!("sessions/{ID}"), format!("runners/{heron}"), "sessions".to_owned()] {
        let (status, _) = club.send(&club.heron, "GET", &format!("/r/otter/api/v1/{path}"), None).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{path}");
    }
}

#[tokio::test]
async fn what_is_the_coachs_is_refused_for_the_own_sessions_too_and_changes_nothing() {
    let club = Club::new();
    let heron = club.ids.0;
    club.store.delete_session("2026-11-22T10-00-00", None).unwrap();
    let before = club.store.session(ID).unwrap();
    for (method, path, body) in [
        ("DELETE", format!("sessions/{ID}"), None),
        ("PATCH", format!("sessions/{ID}"), Some(json!({ "crop": [10.0, 20.0] }))),
        ("PATCH", format!("sessions/{ID}"), Some(json!({ "runner": club.ids.1 }))),
        ("POST", format!("sessions/{ID}/split"), Some(json!({ "time_s": 300.0 }))),
        (
            "POST",
            format!("sessions/{ID}/exclusions"),
            Some(json!({ "side": "left", "stance": 5, "excluded": true })),
        ),
        ("POST", "sessions/2026-11-22T10-00-00/restore".to_owned(), None),
        ("GET", "sessions?deleted=true".to_owned(), None),
        ("PATCH", format!("runners/{heron}"), Some(json!({ "name": "Ana" }))),
        ("DELETE", format!("runners/{heron}"), None),
        ("POST", format!("runners/{heron}/export"), None),
        ("GET", "data".to_owned(), None),
        ("DELETE", "data?confirm=everything".to_owned(), None),
    ] {
        let path = format!("/r/heron/api/v1/{path}");
        let (status, said) = club.send(&club.heron, method, &path, body).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{method} {path}: {said}");
        assert!(said.contains("for the coach to do: ask them"), "{said}");
    }
    let (status, _) =
        club.send(&club.heron, "GET", "/r/heron/api/v1/sessions/2026-11-22T10-00-00", None).await;
    assert_eq!(status, StatusCode::NOT_FOUND, "what is deleted is gone for a phone");
    assert_eq!(club.store.session(ID).unwrap(), before);
    assert_eq!(club.store.runners(false).unwrap().len(), 2);
}

#[tokio::test]
async fn a_phone_goes_on_seeing_the_runner_it_has_joined_for_whoever_runs_now() {
    let club = Club::new();
    let change = json!({ "current": true });
    let change = serde_json::from_value(change).unwrap();
    club.store.change_runner(club.ids.1, change, None).unwrap();
    let all = club.json(&club.heron, "/r/heron/api/v1/sessions").await;
    assert_eq!(ids(&all), ["2026-11-22T10-00-00", ID]);
    let tests = club.json(&club.heron, "/r/heron/api/v1/screening/kept").await;
    assert!(tests.as_array().unwrap().iter().all(|test| test["session"] != OTHERS), "{tests}");
}

#[tokio::test]
async fn where_nobody_was_known_when_a_phone_joined_it_is_told_what_to_do() {
    let club = Club::new();
    let gate = club.site.gate.as_ref().unwrap();
    let code = gate.tokens.invite(Role::Runner { runner: "heron".into() }, unix_ms()).unwrap().token;
    let phone = gate.tokens.join(&code, unix_ms()).unwrap().0;
    for path in ["sessions", "runners", "screening/kept"] {
        let (status, said) = club.send(&phone, "GET", &format!("/r/heron/api/v1/{path}"), None).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{path}");
        assert!(said.contains("scan a new code"), "{said}");
    }
}

#[tokio::test]
async fn sessions_of_two_runners_that_run_at_once_are_two_and_a_mark_is_of_the_one_it_was_made_for() {
    let club = Club::new();
    let (store, (heron, otter)) = (&club.store, club.ids);
    let name = "2026-11-25T10-00-00";
    // Both ask before either has begun.
    let ids = [store.unused_session(name).unwrap(), store.unused_session(name).unwrap()];
    assert_ne!(ids[0], ids[1]);
    let logs = [heron, otter].map(|runner| {
        let id = &ids[usize::from(runner == otter)];
        let mut log = store.log(kept::new_session(runner, id));
        log.input(&kept::packet());
        log
    });
    store.mark(Some(heron), 1.0, "hill").unwrap();
    let marks = |id: &str| store.marks(id).unwrap().len();
    assert_eq!((marks(&ids[0]), marks(&ids[1])), (1, 0));
    for id in &ids {
        assert!(store.running().contains(id));
        assert!(store.delete_session(id, None).is_err(), "{id} runs");
    }
    for (log, id) in logs.into_iter().zip(&ids) {
        log.finish(None).unwrap();
        assert!(store.session(id).unwrap().complete);
    }
    assert!(store.running().is_empty());
}

//! The description of the API against the router: every route is in it, and nothing else; who may call is what it says.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking, in its helpers, too"
)]

mod serve_feed;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, Response, StatusCode, header};
use serde_json::{Map, Value, json};
use serve_feed::Runner;
use stancewatch::serve::{BoardDesk, Gate, Hub, Place, Role, Site};
use stancewatch::team::spool::Bounds;
use stancewatch::team::{Spool, Who};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

fn description() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/serve/openapi.json");
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

fn names(object: &Value) -> BTreeSet<String> {
    object.as_object().unwrap_or_else(|| panic!("{object}")).keys().cloned().collect()
}

/// Each operation: its path, what is said of the path as a whole, its method, and what is said of it.
fn operations(description: &Value) -> Vec<(&str, &Map<String, Value>, &str, &Value)> {
    let paths = description["paths"].as_object().unwrap().iter();
    paths
        .flat_map(|(path, all)| {
            let all = all.as_object().unwrap();
            let methods = all.iter().filter(|(name, _)| METHODS.contains(&name.as_str()));
            methods.map(move |(method, operation)| (path.as_str(), all, method.as_str(), operation))
        })
        .collect()
}

/// A daemon with two runners, a board and its own log, open to the network.
struct Club {
    site: Site,
    gate: Arc<Gate>,
    _folder: TempDir,
}

impl Club {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let place = |id: &str| Place { who: Who { id: id.into(), name: id.to_uppercase() }, hub: Hub::new() };
        let shutdown = CancellationToken::new();
        let spool = Spool::open(folder.path(), Bounds::default()).unwrap();
        let board = BoardDesk::open(folder.path().join("board.json"), shutdown.clone()).unwrap();
        let gate = Arc::new(Gate::open(folder.path(), 7878).unwrap());
        let mut site = Site::new(vec![place("heron"), place("otter")], shutdown).telling(spool);
        (site.board, site.gate) = (Some(board), Some(gate.clone()));
        Self { site, gate, _folder: folder }
    }

    async fn send(&self, method: &str, path: &str, token: Option<&str>, body: Value) -> Response<Body> {
        let mut request =
            Request::builder().method(method).uri(path).header(header::HOST, "192.168.1.5:7878");
        if let Some(token) = token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let request = request.header(header::CONTENT_TYPE, "application/json");
        send(self.site.clone().router(), request.body(Body::from(body.to_string())).unwrap()).await
    }

    async fn json(&self, method: &str, path: &str, token: Option<&str>, body: Value) -> Value {
        let response = self.send(method, path, token, body).await;
        let status = response.status();
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        assert_eq!(status, StatusCode::OK, "{path}: {}", String::from_utf8_lossy(&body));
        serde_json::from_slice(&body).unwrap()
    }

    /// What a phone that joins is answered.
    async fn join(&self, role: Role) -> Value {
        let now = stancewatch::host_clock::unix_ms();
        let code = self.gate.tokens.invite_for(role, Some(1), now).unwrap().token;
        self.json("POST", "/api/v1/join", None, json!({ "token": code })).await
    }
}

async fn send(router: Router, request: Request<Body>) -> Response<Body> {
    router.oneshot(request).await.unwrap()
}

/// Paths of the API in the text of the routers; pages are no part of it.
fn routed() -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = BTreeSet::new();
    for file in ["serve.rs", "serve/site.rs"] {
        let text = fs::read_to_string(folder.join(file)).unwrap();
        for route in text.split(".route(").skip(1) {
            let (path, handler) = route.trim_start().strip_prefix('"').unwrap().split_once('"').unwrap();
            let handler = handler.split_once(')').unwrap().0;
            if !handler.contains("assets::") && !handler.contains("Redirect::") {
                paths.insert(path.to_owned());
            }
        }
    }
    paths
}

#[test]
fn every_route_is_described_and_nothing_else() {
    let described = names(&description()["paths"]);
    assert_eq!(routed(), described, "src/serve/openapi.json is right, or the routers of src/serve are");
}

#[tokio::test]
async fn every_route_takes_the_methods_that_are_described() {
    let description = description();
    let site = || Site::new(vec![Place::alone(Hub::new())], CancellationToken::new());
    for (path, all) in description["paths"].as_object().unwrap() {
        // No route takes TRACE: the refusal names those that it takes.
        let request =
            Request::builder().method(Method::TRACE).uri(format!("/api/v1{}", path.replace("{id}", "1")));
        let request = request.header(header::HOST, "localhost").body(Body::empty()).unwrap();
        let response = send(site().router(), request).await;
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED, "{path}");
        let allowed = response.headers()[header::ALLOW].to_str().unwrap().to_lowercase();
        let allowed: BTreeSet<_> = allowed.split(',').filter(|method| *method != "head").collect();
        let described: BTreeSet<_> = METHODS.into_iter().filter(|method| all.get(method).is_some()).collect();
        assert_eq!(allowed, described, "{path}");
    }
}

#[tokio::test]
async fn who_may_call_is_what_is_described() {
    let description = description();
    let club = Club::new();
    let token = |joined: Value| joined["token"].as_str().unwrap().to_owned();
    let coach = token(club.join(Role::Coach).await);
    let runner = token(club.join(Role::Runner { runner: "heron".into() }).await);
    for (path, all, method, operation) in operations(&description) {
        let security = operation.get("security").unwrap_or(&description["security"]);
        let roles: BTreeSet<_> =
            security.as_array().unwrap().iter().map(|way| way["token"][0].as_str().unwrap()).collect();
        let below = if all.contains_key("servers") { "" } else { "/r/heron" };
        let at = format!("{below}/api/v1{}", path.replace("{id}", "1"));
        for (role, token) in [("nobody", None), ("coach", Some(&coach)), ("runner", Some(&runner))] {
            // Nothing is kept here, and an empty object asks for nothing: what is let in is refused for that, or does it.
            let body = json!({});
            let status =
                club.send(&method.to_uppercase(), &at, token.map(String::as_str), body).await.status();
            let kept_from = [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN].contains(&status);
            let expected = match role {
                _ if roles.is_empty() || roles.contains(role) => !kept_from,
                "nobody" => status == StatusCode::UNAUTHORIZED,
                _ => status == StatusCode::FORBIDDEN,
            };
            assert!(expected, "{role}: {method} {at}: {status}");
        }
    }
}

#[test]
fn every_operation_says_what_goes_in_and_what_comes_out() {
    let description = description();
    for (path, all, method, operation) in operations(&description) {
        let whole = |part: &str| panic!("{method} {path}: {part}");
        if operation["summary"].as_str().is_none_or(str::is_empty) {
            whole("no summary");
        }
        let parameters = [all.get("parameters"), operation.get("parameters")];
        let given = parameters.into_iter().flatten().flat_map(|list| list.as_array().unwrap());
        let given =
            given.filter(|p| p["in"] == "path").map(|p| p["name"].as_str().unwrap()).collect::<Vec<_>>();
        let wanted = path.split(['{', '}']).skip(1).step_by(2).collect::<Vec<_>>();
        assert_eq!(given, wanted, "{method} {path}");
        if operation
            .get("requestBody")
            .is_some_and(|body| body.pointer("/content/application~1json/schema").is_none())
        {
            whole("a body without a schema");
        }
        let responses = operation["responses"].as_object().unwrap();
        if !responses.contains_key("default") {
            whole("no word on refusals");
        }
        if let Some(done) = responses.get("200")
            && done["content"]
                .as_object()
                .is_none_or(|kinds| kinds.values().any(|kind| kind.get("schema").is_none()))
        {
            whole("an answer without a schema");
        }
    }
    references(&description, &description);
}

/// Everything that is referred to is there.
fn references(part: &Value, description: &Value) {
    match part {
        Value::Object(fields) => {
            if let Some(to) = fields.get("$ref").and_then(Value::as_str) {
                let found = to.strip_prefix('#').and_then(|path| description.pointer(path));
                assert!(found.is_some(), "{to}");
            }
            fields.values().for_each(|value| references(value, description));
        }
        Value::Array(items) => items.iter().for_each(|value| references(value, description)),
        _ => {}
    }
}

#[tokio::test]
async fn answers_of_the_site_have_the_fields_that_are_described() {
    let description = description();
    let fields = |answer: &Value, schema: &str| {
        let schema = &description["components"]["schemas"][schema];
        assert_eq!(names(answer), names(&schema["properties"]), "{answer}");
    };
    let club = Club::new();
    let heron = club.join(Role::Runner { runner: "heron".into() }).await;
    fields(&heron["joined"], "Joined");
    fields(&club.json("GET", "/api/v1/me", heron["token"].as_str(), Value::Null).await, "Me");
    let coach = club.join(Role::Coach).await;
    let board = tokio::spawn(club.site.board.clone().unwrap().run(club.site.team.clone()));
    let hub = club.site.runners[0].hub.clone();
    let mut runner = Runner::new(hub.clone());
    hub.begins("2026-01-01");
    // Its alert stands from about 35 to 80 s.
    while runner.t < 50.0 {
        runner.step();
    }
    let view = timeout(Duration::from_secs(20), async {
        loop {
            let view = club.json("GET", "/api/v1/board", coach["token"].as_str(), Value::Null).await;
            if view["tiles"][0]["alerts"].get(0).is_some() {
                return view;
            }
            sleep(Duration::from_millis(50)).await;
        }
    });
    let view = view.await.expect("the board hears of an alert");
    fields(&view, "Board");
    fields(&view["tiles"][0], "Tile");
    fields(&view["tiles"][0]["left"], "BoardLeg");
    fields(&view["tiles"][0]["alerts"][0], "BoardAlert");
    fields(&view["daemons"][0], "Daemon");
    club.site.shutdown.cancel();
    board.await.unwrap();
}

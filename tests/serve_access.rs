//! Who gets in when the network may ask, and what becomes of those who misbehave.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking, in its helpers, too"
)]

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, Response, StatusCode, header};
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use stancewatch::event::Phase;
use stancewatch::serve::{Gate, Hub, Place, Role, Site, serve};
use stancewatch::team::Who;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

const HOST: &str = "192.168.1.5:7878";
const PATIENCE: Duration = Duration::from_secs(20);

struct Club {
    site: Site,
    gate: Arc<Gate>,
    _folder: TempDir,
}

impl Club {
    /// Two runners, open to the network.
    fn new() -> Self {
        Self::at(7878)
    }

    fn at(port: u16) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let place = |id: &str| Place { who: Who { id: id.into(), name: id.to_uppercase() }, hub: Hub::new() };
        let gate = Arc::new(Gate::open(folder.path(), port).unwrap());
        let mut site = Site::new(vec![place("heron"), place("otter")], CancellationToken::new());
        site.gate = Some(gate.clone());
        Self { site, gate, _folder: folder }
    }

    fn router(&self) -> Router {
        self.site.clone().router()
    }

    async fn send(
        &self,
        method: &str,
        path: &str,
        token: Option<&str>,
        body: Option<Value>,
    ) -> (StatusCode, String) {
        let mut request = Request::builder().method(method).uri(path).header(header::HOST, HOST);
        if let Some(token) = token {
            request = request.header(header::COOKIE, format!("stancewatch-7878={token}"));
        }
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let request = request.header(header::CONTENT_TYPE, "application/json").body(body).unwrap();
        read(self.router().oneshot(request).await.unwrap()).await
    }

    async fn get(&self, path: &str, token: Option<&str>) -> StatusCode {
        self.send("GET", path, token, None).await.0
    }

    /// A session of this role, as a phone gets one.
    async fn joined(&self, role: Role) -> String {
        let code = self.gate.tokens.invite(role, now()).unwrap().token;
        let (status, said) = self.send("POST", "/api/v1/join", None, Some(json!({ "token": code }))).await;
        assert_eq!(status, StatusCode::OK, "{said}");
        serde_json::from_str::<Value>(&said).unwrap()["token"].as_str().unwrap().to_owned()
    }
}

fn heron() -> Role {
    Role::Runner { runner: "heron".into() }
}

fn now() -> i64 {
    stancewatch::host_clock::unix_ms()
}

async fn read(response: Response<Body>) -> (StatusCode, String) {
    let status = response.status();
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    (status, String::from_utf8_lossy(&body).into_owned())
}

#[tokio::test]
async fn without_an_invitation_there_is_nothing_but_the_way_to_join() {
    let club = Club::new();
    for path in [
        "/",
        "/board",
        "/r/heron/",
        "/api/v1/me",
        "/api/v1/board",
        "/r/heron/api/v1/health",
        "/api/v1/joined",
    ] {
        let (status, said) = club.send("GET", path, None, None).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{path}");
        assert!(said.contains("scan a code"), "{path}: {said}");
    }
    let stranger = "0".repeat(40);
    let (status, said) = club.send("GET", "/r/heron/api/v1/health", Some(&stranger), None).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    assert!(said.contains("wrong"), "{said}");
    for path in ["/join", "/js/join.js", "/css/board.css", "/strings/en.json"] {
        assert_eq!(club.get(path, None).await, StatusCode::OK, "{path}");
    }
}

#[tokio::test]
async fn a_code_works_once_and_a_wrong_or_replayed_one_is_told_so() {
    let club = Club::new();
    let code = club.gate.tokens.invite(heron(), now()).unwrap().token;
    let join = |code: String| {
        let body = json!({ "token": code });
        async { club.send("POST", "/api/v1/join", None, Some(body)).await }
    };
    let (status, said) = join(code.clone()).await;
    assert_eq!(status, StatusCode::OK);
    let answer: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(answer["page"], "/r/heron/");
    let (status, said) = join(code).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    assert!(said.contains("used already"), "{said}");
    let (status, said) = join("nonsense".into()).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    assert!(said.contains("wrong"), "{said}");
}

#[tokio::test]
async fn the_cookie_cannot_be_read_by_scripts_nor_sent_by_other_sites() {
    let club = Club::new();
    let code = club.gate.tokens.invite(Role::Coach, now()).unwrap().token;
    let request = Request::post("/api/v1/join")
        .header(header::HOST, HOST)
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(json!({ "token": code }).to_string()))
        .unwrap();
    let response = club.router().oneshot(request).await.unwrap();
    let cookie = response.headers()[header::SET_COOKIE].to_str().unwrap().to_owned();
    for part in ["stancewatch-7878=", "HttpOnly", "SameSite=Strict", "Path=/", "Max-Age="] {
        assert!(cookie.contains(part), "{cookie}");
    }
}

#[tokio::test]
async fn a_runner_sees_the_own_page_only_and_a_coach_all() {
    let club = Club::new();
    let runner = club.joined(heron()).await;
    for path in ["/r/heron/", "/r/heron/api/v1/health", "/r/heron/api/v1/alerts", "/api/v1/me"] {
        assert_eq!(club.get(path, Some(&runner)).await, StatusCode::OK, "{path}");
    }
    let others = [
        "/r/otter/",
        "/r/otter/api/v1/health",
        "/board",
        "/api/v1/board",
        "/api/v1/joined",
        "/r/otter/api/v1/sessions",
        "/r/heron/api/v1/data",
        "/r/heron/api/v1/metrics",
    ];
    for path in others {
        let (status, said) = club.send("GET", path, Some(&runner), None).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{path}");
        assert!(said.contains("the runner's own page"), "{said}");
    }
    let invited =
        club.send("POST", "/api/v1/invitations", Some(&runner), Some(json!({ "role": "coach" }))).await;
    assert_eq!(invited.0, StatusCode::FORBIDDEN, "nobody makes a coach of themselves");
    let me = club.send("GET", "/api/v1/me", Some(&runner), None).await.1;
    let me: Value = serde_json::from_str(&me).unwrap();
    assert_eq!((&me["role"], &me["runner"], &me["runners"]), (&json!("runner"), &json!("heron"), &json!([])));

    let coach = club.joined(Role::Coach).await;
    for path in ["/board", "/r/heron/", "/r/otter/api/v1/health", "/api/v1/joined", "/r/heron/api/v1/rules"] {
        assert_eq!(club.get(path, Some(&coach)).await, StatusCode::OK, "{path}");
    }
}

#[tokio::test]
async fn a_session_is_taken_back_by_its_id() {
    let club = Club::new();
    let (runner, coach) = (club.joined(heron()).await, club.joined(Role::Coach).await);
    let joined = club.send("GET", "/api/v1/joined", Some(&coach), None).await.1;
    assert!(!joined.contains(&runner) && !joined.contains("hash"), "{joined}");
    let joined: Value = serde_json::from_str(&joined).unwrap();
    let id = joined.as_array().unwrap().iter().find(|one| one["role"] == "runner").unwrap()["id"].clone();
    let path = format!("/api/v1/joined/{}", id.as_str().unwrap());
    assert_eq!(club.send("DELETE", &path, Some(&coach), None).await.0, StatusCode::NO_CONTENT);
    assert_eq!(club.get("/r/heron/", Some(&runner)).await, StatusCode::UNAUTHORIZED);
    assert_eq!(club.send("DELETE", &path, Some(&coach), None).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn hostile_hosts_and_origins_are_refused_on_the_network_too() {
    let club = Club::new();
    let coach = club.joined(Role::Coach).await;
    let asked = |host: &'static str, origin: Option<&'static str>| {
        let mut request = Request::get("/api/v1/me")
            .header(header::HOST, host)
            .header(header::AUTHORIZATION, format!("Bearer {coach}"));
        if let Some(origin) = origin {
            request = request.header(header::ORIGIN, origin);
        }
        let request = request.body(Body::empty()).unwrap();
        async { read(club.router().oneshot(request).await.unwrap()).await.0 }
    };
    assert_eq!(asked(HOST, None).await, StatusCode::OK);
    assert_eq!(asked(HOST, Some("http://192.168.1.5:7878")).await, StatusCode::OK);
    assert_eq!(asked("localhost:7878", None).await, StatusCode::OK);
    for (host, origin) in [
        ("evil.example:7878", None),
        ("192.168.1.5.evil.example", None),
        (HOST, Some("http://evil.example")),
        (HOST, Some("http://192.168.1.6:7878")),
        (HOST, Some("null")),
    ] {
        assert_eq!(asked(host, origin).await, StatusCode::FORBIDDEN, "{host} {origin:?}");
    }
    // Not even to join.
    let request =
        Request::post("/api/v1/join").header(header::HOST, "evil.example").body(Body::empty()).unwrap();
    assert_eq!(read(club.router().oneshot(request).await.unwrap()).await.0, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn what_is_huge_or_no_message_is_refused() {
    let club = Club::new();
    let coach = club.joined(Role::Coach).await;
    let huge = json!({ "role": "runner", "runner": "x".repeat(300_000) });
    let (status, _) = club.send("POST", "/api/v1/invitations", Some(&coach), Some(huge)).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    for body in [json!({ "role": "king" }), json!([]), json!({ "role": "runner" })] {
        let (status, _) = club.send("POST", "/api/v1/invitations", Some(&coach), Some(body)).await;
        assert!(status.is_client_error(), "{status}");
    }
    let ghost = json!({ "role": "runner", "runner": "ghost" });
    let (status, said) = club.send("POST", "/api/v1/invitations", Some(&coach), Some(ghost)).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert!(said.contains("no runner ghost"), "{said}");
}

/// Serves a club on loopback; its address.
async fn open() -> (Club, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let club = Club::at(address.port());
    tokio::spawn(serve(listener, club.site.clone()));
    (club, address.to_string())
}

async fn connect(
    address: &str,
    path: &str,
    token: Option<&str>,
) -> Result<impl StreamExt<Item = Result<Message, Error>> + SinkExt<Message> + Unpin, Error> {
    let mut request = format!("ws://{address}{path}").into_client_request().unwrap();
    if let Some(token) = token {
        request.headers_mut().insert(header::AUTHORIZATION, format!("Bearer {token}").parse().unwrap());
    }
    tokio_tungstenite::connect_async(request).await.map(|(socket, _)| socket)
}

fn token_of(club: &Club, role: Role) -> String {
    let code = club.gate.tokens.invite(role, now()).unwrap().token;
    club.gate.tokens.join(&code, now()).unwrap().0
}

async fn ends(socket: &mut (impl StreamExt<Item = Result<Message, Error>> + Unpin)) -> bool {
    timeout(PATIENCE, async {
        while let Some(Ok(message)) = socket.next().await {
            if matches!(message, Message::Close(_)) {
                break;
            }
        }
    })
    .await
    .is_ok()
}

#[tokio::test]
async fn a_live_stream_needs_the_runners_token_and_ends_when_it_is_taken_back() {
    let (club, address) = open().await;
    let path = "/r/heron/api/v1/live";
    assert!(connect(&address, path, None).await.is_err());
    let otter = token_of(&club, Role::Runner { runner: "otter".into() });
    assert!(connect(&address, path, Some(&otter)).await.is_err());
    let heron = token_of(&club, heron());
    let mut socket = connect(&address, path, Some(&heron)).await.unwrap();
    assert!(matches!(socket.next().await, Some(Ok(Message::Text(_)))));
    for one in club.gate.tokens.joined(now()) {
        club.gate.tokens.revoke(&one.id, now()).unwrap();
    }
    assert!(ends(&mut socket).await, "the stream goes on without a right to it");
    club.site.shutdown.cancel();
}

#[tokio::test]
async fn a_client_that_says_too_much_is_left() {
    let (club, address) = open().await;
    let coach = token_of(&club, Role::Coach);
    let mut socket = connect(&address, "/r/heron/api/v1/live", Some(&coach)).await.unwrap();
    let _ = socket.send(Message::text("x".repeat(100_000))).await;
    assert!(ends(&mut socket).await);
    club.site.shutdown.cancel();
}

#[tokio::test]
async fn a_client_that_never_reads_is_left() {
    let (club, address) = open().await;
    let coach = token_of(&club, Role::Coach);
    let hub = club.site.runners[0].hub.clone();
    let streams = |hub: &Hub| hub.clients();
    let socket = connect(&address, "/r/heron/api/v1/live", Some(&coach)).await.unwrap();
    let label = |n: u32| stancewatch::serve::SourceLabel {
        kind: stancewatch::serve::SourceKind::Synthetic,
        title: format!("{n}"),
        text: "x".repeat(1_000_000),
    };
    let there = timeout(PATIENCE, async {
        while streams(&hub) == 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    assert!(there.await.is_ok());
    // Every new source is a whole new picture; a megabyte of it each fills what lies between soon.
    let left = timeout(Duration::from_secs(40), async {
        let mut n = 0;
        loop {
            n += 1;
            hub.segment(label(n));
            hub.phase(Phase::Move);
            tokio::time::sleep(Duration::from_millis(20)).await;
            if streams(&hub) == 0 {
                break;
            }
        }
    })
    .await;
    assert!(left.is_ok(), "still {} streams", streams(&hub));
    drop(socket);
    club.site.shutdown.cancel();
}

//! A daemon and a board by itself, directly: nothing is lost and nothing is shown twice, whoever is restarted.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking, in its helpers, too"
)]

mod serve_feed;

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use serde_json::{Value, json};
use serve_feed::Runner;
use stancewatch::serve::{BoardDesk, Gate, Hub, Place, Role, Site, serve};
use stancewatch::team::Spool;
use stancewatch::team::spool::Bounds;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

const PATIENCE: Duration = Duration::from_secs(30);

/// A daemon that is served, with a runner who runs when told to.
struct Daemon {
    runner: Runner,
    site: Site,
    address: SocketAddr,
    task: JoinHandle<std::io::Result<()>>,
}

impl Daemon {
    async fn start(folder: &Path, address: &str, session: &str, lan: bool) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let hub = Hub::new();
        let spool = Spool::open(folder, Bounds::default()).unwrap();
        let mut site = Site::new(vec![Place::alone(hub.clone())], CancellationToken::new()).telling(spool);
        if lan {
            site.gate = Some(Arc::new(Gate::open(folder, address.port()).unwrap()));
        }
        let task = tokio::spawn(serve(listener, site.clone()));
        let runner = Runner::new(hub.clone());
        hub.begins(session);
        Self { runner, site, address, task }
    }

    fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    fn run_until(&mut self, t: f64) {
        while self.runner.t < t {
            self.runner.step();
        }
    }

    async fn stop(self) {
        self.site.shutdown.cancel();
        timeout(PATIENCE, self.task).await.unwrap().unwrap().unwrap();
    }
}

struct Coach {
    site: Site,
    task: JoinHandle<()>,
}

impl Coach {
    fn open(folder: &Path) -> Self {
        let stop = CancellationToken::new();
        let board = BoardDesk::open(folder.join("coach.json"), stop.clone()).unwrap();
        let mut site = Site::new(Vec::new(), stop);
        site.board = Some(board.clone());
        Self { site, task: tokio::spawn(board.run(None)) }
    }

    fn desk(&self) -> &BoardDesk {
        self.site.board.as_ref().unwrap()
    }

    async fn send(&self, method: &str, path: &str, body: Option<Value>) -> (StatusCode, String) {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "localhost")
            .header("content-type", "application/json");
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let response = self.site.clone().router().oneshot(request.body(body).unwrap()).await.unwrap();
        let status = response.status();
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, String::from_utf8_lossy(&body).into_owned())
    }

    async fn view(&self) -> Value {
        serde_json::from_str(&self.send("GET", "/api/v1/board", None).await.1).unwrap()
    }

    /// The board once it is as it shall be.
    async fn until(&self, what: &str, fits: impl Fn(&Value) -> bool) -> Value {
        let waited = timeout(PATIENCE, async {
            loop {
                let view = self.view().await;
                if fits(&view) {
                    return view;
                }
                sleep(Duration::from_millis(50)).await;
            }
        })
        .await;
        match waited {
            Ok(view) => view,
            Err(late) => panic!("never ({late}): {what}; {:#}", self.view().await),
        }
    }

    async fn close(self) {
        self.site.shutdown.cancel();
        timeout(PATIENCE, self.task).await.unwrap().unwrap();
    }
}

fn stances(view: &Value) -> u64 {
    view["tiles"][0]["stances"].as_u64().unwrap_or(0)
}

/// The board when nothing more comes.
async fn settled(coach: &Coach) -> Value {
    let log = |view: &Value| view["daemons"][0]["missing"] == 0 && view["ways"][0]["away"].is_null();
    let mut before = 0;
    loop {
        sleep(Duration::from_millis(1500)).await;
        let view = coach.until("nothing is missing", log).await;
        if stances(&view) == before && before > 0 {
            return view;
        }
        before = stances(&view);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_is_seen_acknowledged_and_kept_over_restarts_of_board_and_daemon() {
    let (daemons, boards) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut daemon = Daemon::start(daemons.path(), "127.0.0.1:0", "s1", false).await;
    let coach = Coach::open(boards.path());
    coach.desk().add(&daemon.url(), None).await.unwrap();
    daemon.run_until(50.0);
    let view = coach.until("an alert", |view| view["tiles"][0]["alerts"][0]["side"] == "right").await;
    let tile = view["tiles"][0].clone();
    assert!(tile["alerts"][0]["value_deg"].as_f64() > tile["alerts"][0]["threshold_deg"].as_f64());
    let first = stances(&settled(&coach).await);

    let ask = json!({
        "daemon": tile["daemon"], "runner": tile["runner"], "session": tile["session"],
        "ask": "acknowledge", "alert": tile["alerts"][0]["alert"]
    });
    let (status, said) = coach.send("POST", "/api/v1/board/ask", Some(ask.clone())).await;
    assert_eq!(status, StatusCode::NO_CONTENT, "{said}");
    coach.until("it is acknowledged", |view| view["tiles"][0]["alerts"][0]["acknowledged"] == true).await;

    // Another board sees what this one has acknowledged.
    let other_folder = tempfile::tempdir().unwrap();
    let other = Coach::open(other_folder.path());
    other.desk().add(&daemon.url(), None).await.unwrap();
    let seen =
        other.until("the other board", |view| view["tiles"][0]["alerts"][0]["acknowledged"] == true).await;
    assert_eq!(stances(&seen), first);
    other.close().await;

    // The board is away while the runner runs on.
    coach.close().await;
    daemon.run_until(70.0);
    let coach = Coach::open(boards.path());
    tokio::task::yield_now().await;
    let view = settled(&coach).await;
    let second = stances(&view);
    assert!(second > first, "{second} after {first}");
    assert_eq!(view["daemons"][0]["again"], 0, "nothing was asked for that was there");
    assert_eq!(view["tiles"][0]["alerts"][0]["acknowledged"], true);

    // The daemon is started again: another session, the same log.
    let address = daemon.address.to_string();
    daemon.stop().await;
    let away = coach.until("the daemon is away", |view| !view["ways"][0]["away"].is_null()).await;
    assert!(away["ways"][0]["away"].as_str().unwrap().len() > 10);
    let mut daemon = Daemon::start(daemons.path(), &address, "s2", false).await;
    daemon.run_until(20.0);
    coach.until("it is back", |view| stances(view) > second).await;
    let view = settled(&coach).await;
    assert_eq!((&view["daemons"].as_array().unwrap().len(), &view["daemons"][0]["again"]), (&1, &json!(0)));
    assert_eq!(view["tiles"][0]["alerts"], json!([]), "alerts of a session end with it");
    let (status, said) = coach.send("POST", "/api/v1/board/ask", Some(ask)).await;
    assert_eq!(status, StatusCode::BAD_GATEWAY);
    assert!(said.contains("session that is over"), "{said}");
    coach.close().await;
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_on_the_network_lets_a_board_in_by_invitation() {
    let (daemons, boards) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut daemon = Daemon::start(daemons.path(), "127.0.0.1:0", "s1", true).await;
    daemon.run_until(10.0);
    let gate = daemon.site.gate.clone().unwrap();
    let coach = Coach::open(boards.path());
    let wrong = coach.desk().add(&daemon.url(), Some("wrong".into())).await.unwrap_err();
    assert!(wrong.contains("wrong"), "{wrong}");
    coach.desk().add(&daemon.url(), None).await.unwrap();
    let view = coach
        .until("a reason", |view| view["ways"][0]["away"].as_str().is_some_and(|why| why != "connecting"))
        .await;
    assert!(view["ways"][0]["away"].as_str().unwrap().contains("invitation"), "{view}");
    let code = gate.tokens.invite(Role::Coach, stancewatch::host_clock::unix_ms()).unwrap().token;
    let link = format!("{}/join#{code}", daemon.url());
    coach.desk().add(&link, None).await.unwrap();
    coach.until("let in", |view| stances(view) > 0).await;
    // The same link again: used up, and what it opened is remembered.
    coach.desk().add(&link, None).await.unwrap();
    coach.until("still in", |view| view["ways"][0]["away"].is_null()).await;
    coach.close().await;
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_daemon_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let coach = Coach::open(folder.path());
    let (status, said) = coach.send("POST", "/api/v1/board/daemons", Some(json!({ "url": "ftp://x" }))).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(said.contains("such as"), "{said}");
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    coach.desk().add(&format!("http://{nobody}"), None).await.unwrap();
    let told = |view: &Value| {
        view["ways"][0]["away"].as_str().is_some_and(|why| why.contains("is stancewatch running"))
    };
    coach.until("that nobody is there", told).await;
    let ask = json!({ "daemon": "d", "runner": "1", "session": "s", "ask": "acknowledge", "alert": 1 });
    let (status, said) = coach.send("POST", "/api/v1/board/ask", Some(ask)).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(said.contains("add its address"), "{said}");
    let url = json!({ "url": format!("http://{nobody}") });
    assert_eq!(
        coach.send("DELETE", "/api/v1/board/daemons", Some(url.clone())).await.0,
        StatusCode::NO_CONTENT
    );
    assert_eq!(coach.send("DELETE", "/api/v1/board/daemons", Some(url)).await.0, StatusCode::NOT_FOUND);
    coach.close().await;
}

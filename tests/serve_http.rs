//! The server as other programs see it: routes, refusals, the live stream.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking, in its helpers, too"
)]

mod kept;
mod serve_feed;

use axum::body::{Body, to_bytes};
use axum::http::{Request, Response, StatusCode};
use futures::{FutureExt, StreamExt};
use serde_json::Value;
use serve_feed::Runner;
use stancewatch::body::{PerSide, Side};
use stancewatch::desk::Desk;
use stancewatch::event::{
    Contact, ContactKind, Cue, CueKind, Event, Gait, Health, HealthCode, Repetition, Rule, Screening,
    Severity, Stride, Test, Words,
};
use stancewatch::input::{Channels, Edge, Mark, Stretch};
use stancewatch::serve::{Hub, Kept, Place, Site, SourceKind, SourceLabel, Under, router, serve};
use stancewatch::store::Store;
use stancewatch::units::SessionTime;
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::{self, client::IntoClientRequest};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

fn ran(seconds: f64) -> (Hub, Runner) {
    let hub = Hub::new();
    let mut runner = Runner::new(hub.clone());
    run(&mut runner, seconds);
    (hub, runner)
}

fn run(runner: &mut Runner, seconds: f64) {
    let end = runner.t + seconds;
    while runner.t < end {
        runner.step();
    }
}

async fn get(hub: &Hub, path: &str) -> Response<Body> {
    let request = Request::get(path).header("host", "localhost:7878").body(Body::empty()).unwrap();
    router(hub.clone(), CancellationToken::new()).oneshot(request).await.unwrap()
}

async fn text(response: Response<Body>) -> String {
    String::from_utf8(to_bytes(response.into_body(), usize::MAX).await.unwrap().to_vec()).unwrap()
}

async fn json(hub: &Hub, path: &str) -> Value {
    let response = get(hub, path).await;
    assert_eq!(response.status(), StatusCode::OK, "{path}");
    serde_json::from_str(&text(response).await).unwrap()
}

#[tokio::test]
async fn the_api_answers_what_its_description_says() {
    let kept = kept::Kept::new();
    let hub = kept.hub.clone();
    run(&mut Runner::new(hub.clone()), 50.0);
    hub.publish(&Event::Cue(cue()));
    let description = json(&hub, "/api/v1/openapi.json").await;
    let schema = |name: &str| description["components"]["schemas"][name].clone();
    for (path, methods) in description["paths"].as_object().unwrap() {
        // What concerns all runners has `servers`, and its own tests; this session has no recording to try limits on.
        if path == "/live" || path.ends_with("/try") || methods.get("servers").is_some() {
            continue;
        }
        // Runner 1 is there; so is a session, by the beginning of its id.
        let path = &match path.as_str() {
            "/screening/compare" => format!("{path}?earlier=1&later=2"),
            "/compare" => format!("{path}?a={0}&b={0}", kept::ID),
            path if path.starts_with("/sessions/") => path.replace("{id}", kept::ID),
            path => path.replace("{id}", "1"),
        };
        if methods.get("get").is_none() {
            // A command: there, and not to be asked for.
            let status = get(&hub, &format!("/api/v1{path}")).await.status();
            assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED, "{path}");
            continue;
        }
        let path = path.replace("{id}", "1");
        assert_eq!(get(&hub, &format!("/api/v1{path}")).await.status(), StatusCode::OK, "{path}");
    }
    for (answer, schema) in [
        (json(&hub, "/api/v1/health").await, schema("HealthReport")),
        (json(&hub, "/api/v1/sensors").await[0].clone(), schema("Sensor")),
        (json(&hub, "/api/v1/alerts").await[0].clone(), schema("Alert")),
        (json(&hub, "/api/v1/alerts/1").await, schema("AlertDetail")),
        (json(&hub, "/api/v1/rules").await[0].clone(), schema("Rule")),
        (json(&hub, "/api/v1/radio").await, schema("Radio")),
        (json(&hub, "/api/v1/measures").await[0].clone(), schema("Measure")),
        (json(&hub, "/api/v1/cues").await, schema("Cues")),
        (json(&hub, "/api/v1/cues").await["settings"].clone(), schema("CueSettings")),
        (json(&hub, "/api/v1/cues").await["cues"][0].clone(), schema("Cue")),
        (json(&hub, "/api/v1/programme").await, schema("Programme")),
        (json(&hub, "/api/v1/programme").await["sessions"][0].clone(), schema("CourseSession")),
        (json(&hub, "/api/v1/programme").await["exercises"][0].clone(), schema("Exercise")),
    ] {
        let names: BTreeSet<_> = answer.as_object().unwrap().keys().cloned().collect();
        let described: BTreeSet<_> = schema["properties"].as_object().unwrap().keys().cloned().collect();
        let required: BTreeSet<_> =
            schema["required"].as_array().unwrap().iter().map(|n| n.as_str().unwrap().to_owned()).collect();
        assert_eq!(names, described);
        assert_eq!(names, required);
    }
}

fn cue() -> Cue {
    Cue {
        number: 1,
        t: SessionTime(50.0),
        kind: CueKind::Gait {
            rule: Rule::FemurAdduction,
            side: Side::Right,
            severity: Severity::Red,
            alert: 1,
            tc: SessionTime(49.97),
        },
        words: Words::KneesApart,
        strength: 0.7,
        channels: Channels::default(),
    }
}

async fn post(hub: &Hub, path: &str, body: &str) -> (StatusCode, String) {
    let request = Request::post(path)
        .header("host", "localhost:7878")
        .header("content-type", "application/json")
        .body(Body::from(body.to_owned()))
        .unwrap();
    let response = router(hub.clone(), CancellationToken::new()).oneshot(request).await.unwrap();
    (response.status(), text(response).await)
}

#[tokio::test]
async fn wishes_about_cues_are_kept_and_nonsense_is_refused_in_words() {
    let folder = tempfile::tempdir().unwrap();
    let hub = Hub::with_desk(Desk::open(folder.path()).unwrap());
    assert_eq!(post(&hub, "/api/v1/cues", r#"{"mute": true}"#).await.0, StatusCode::OK);
    let mut settings = json(&hub, "/api/v1/cues").await["settings"].clone();
    assert_eq!(settings["muted"], true);
    settings["channels"]["voice"] = true.into();
    let (status, answer) = post(&hub, "/api/v1/cues", &format!(r#"{{"settings": {settings}}}"#)).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    let again = Hub::with_desk(Desk::open(folder.path()).unwrap());
    assert_eq!(json(&again, "/api/v1/cues").await["settings"], settings);
    for (path, body, status, word) in [
        ("cues", r#"{"snooze_minutes": 1000}"#, StatusCode::UNPROCESSABLE_ENTITY, "0 (ends it) to 60"),
        ("cues", r#"{"metronome_percent": 40}"#, StatusCode::UNPROCESSABLE_ENTITY, "5 to 10"),
        ("cues", r#"{"settings": {"spacing_strides": 1}}"#, StatusCode::UNPROCESSABLE_ENTITY, "2 to 20"),
        ("cues", r#"{"loudness": 11}"#, StatusCode::UNPROCESSABLE_ENTITY, "loudness"),
        ("cues", r#"{"test": "sensor"}"#, StatusCode::CONFLICT, "stancewatch run"),
        ("programme", r#"{"act": "stop"}"#, StatusCode::CONFLICT, "begin one first"),
        ("programme", r#"{"act": "tick", "exercise": "pushups"}"#, StatusCode::CONFLICT, "step_down"),
    ] {
        let (given, sentence) = post(&hub, &format!("/api/v1/{path}"), body).await;
        assert_eq!(given, status, "{body}");
        assert!(sentence.contains(word), "{body}: {sentence}");
    }
    assert_eq!(json(&hub, "/api/v1/cues").await["settings"], settings, "what was refused changes nothing");
}

#[tokio::test]
async fn a_session_of_the_course_is_begun_and_ticks_stay() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let hub = Hub::with_desk(Desk::open(folder.path()).unwrap());
    hub.keep(Kept::In { store: store.clone(), sessions: Some(Under::Current) });
    let (status, answer) = post(&hub, "/api/v1/programme", r#"{"act": "begin"}"#).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    let course = json(&hub, "/api/v1/programme").await;
    assert_eq!((&course["next"], &course["running"]["session"]), (&1.into(), &1.into()));
    post(&hub, "/api/v1/programme", r#"{"act": "tick", "exercise": "step_down"}"#).await;
    let again = Hub::with_desk(Desk::open(folder.path()).unwrap());
    again.keep(Kept::In { store, sessions: Some(Under::Current) });
    let course = json(&again, "/api/v1/programme").await;
    assert_eq!(course["running"], Value::Null, "a session does not outlast the program");
    assert_eq!(course["exercises"][3]["today"], true);
}

#[tokio::test]
async fn another_page_cannot_mute_a_runner() {
    let hub = Hub::new();
    for path in ["cues", "programme"] {
        let request = Request::post(format!("/api/v1/{path}"))
            .header("host", "localhost:7878")
            .header("origin", "https://evil.example")
            .header("content-type", "application/json")
            .body(Body::from(r#"{"mute": true}"#))
            .unwrap();
        let response = router(hub.clone(), CancellationToken::new()).oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::FORBIDDEN, "{path}");
    }
    assert!(!hub.desk().settings().muted);
}

#[tokio::test]
async fn a_cue_and_a_test_are_numbered_messages() {
    let hub = Hub::new();
    let live = Live::start(hub.clone()).await;
    let mut client = live.client().await;
    assert_eq!(client.next().await["cue_settings"]["channels"]["tone"], true);
    hub.publish(&Event::Cue(cue()));
    let given = client.until(|m| m["type"] == "cue").await.pop().unwrap();
    assert_eq!(given["seq"], 1);
    assert_eq!((&given["cue"]["words"], &given["cue"]["tc_time_s"]), (&"knees_apart".into(), &49.97.into()));
    assert_eq!(post(&hub, "/api/v1/cues", r#"{"test": "voice"}"#).await.0, StatusCode::OK);
    let test = client.until(|m| m["type"] == "cue_test").await.pop().unwrap();
    assert_eq!((&test["seq"], &test["channel"]), (&2.into(), &"voice".into()));
    assert_eq!(post(&hub, "/api/v1/cues", r#"{"mute": true}"#).await.0, StatusCode::OK);
    let muted = client.until(|m| m["type"] == "cue_settings").await.pop().unwrap();
    assert_eq!(muted["cue_settings"]["muted"], true);
}

#[tokio::test]
async fn an_alert_says_what_it_stands_on_and_an_unknown_one_is_told_in_a_sentence() {
    let (hub, _) = ran(50.0);
    let detail = json(&hub, "/api/v1/alerts/1").await;
    assert_eq!(detail["alert"]["number"], 1);
    assert_eq!(detail["rule"]["rule"], detail["alert"]["rule"]);
    let strides = detail["strides"].as_array().unwrap();
    assert!(strides.len() >= 4 && strides.iter().filter(|s| s["beyond"] == true).count() >= 4, "{detail}");
    assert_eq!(detail["withheld"][0]["reason"], "turning");
    for id in ["2", "x", "-1"] {
        let answer = get(&hub, &format!("/api/v1/alerts/{id}")).await;
        assert_eq!(answer.status(), StatusCode::NOT_FOUND);
        let sentence = text(answer).await;
        assert!(
            sentence.contains(&format!("no alert {id}")) && sentence.contains("/api/v1/alerts"),
            "{sentence}"
        );
    }
}

#[tokio::test]
async fn measures_explain_themselves_and_run_only_ones_are_silent_in_walking() {
    let (hub, _) = ran(50.0);
    let side = Side::Left;
    let stride = |gait| {
        Event::Stride(Stride {
            side,
            gait,
            ic: SessionTime(50.0),
            tc: SessionTime(50.25),
            next_ic: SessionTime(50.7),
            other_ic: Some(SessionTime(50.35)),
            other_contact: Some(0.25),
            decided: SessionTime(50.71),
        })
    };
    let lost = Event::Contact(Contact {
        side,
        kind: ContactKind::LockLost,
        t: SessionTime(51.0),
        decided: SessionTime(51.0),
        gait: Gait::Run,
        rhythm: 0,
        sigma: 0.0,
    });
    for (event, flight, swing) in [
        (stride(Gait::Run), Some(100.0), Some(450.0)),
        (stride(Gait::Walk), None, Some(450.0)),
        (lost, None, None),
    ] {
        hub.publish(&event);
        let measures = json(&hub, "/api/v1/measures").await;
        let of = |name: &str| {
            let all = measures.as_array().unwrap();
            all.iter().find(|m| m["name"] == name).unwrap_or_else(|| panic!("{name}")).clone()
        };
        assert_eq!(of("flight_time_ms")["left"].as_f64(), flight);
        assert_eq!(of("swing_time_ms")["left"].as_f64(), swing);
        assert_eq!(of("swing_time_ms")["right"], Value::Null);
        assert!(of("duty_factor_pct")["definition"].as_str().is_some_and(|d| d.contains("stride time")));
    }
}

#[tokio::test]
async fn an_alert_is_one_row_in_its_latest_form_and_in_degrees() {
    let (hub, mut runner) = ran(50.0);
    let standing = json(&hub, "/api/v1/alerts").await;
    assert_eq!(standing.as_array().unwrap().len(), 1);
    assert_eq!(standing[0]["side"], "right");
    assert_eq!(standing[0]["severity"], "red");
    assert_eq!(standing[0]["threshold_deg"], 14.0);
    assert_eq!(standing[0]["clear_time_s"], Value::Null);
    run(&mut runner, 40.0);
    let over = json(&hub, "/api/v1/alerts").await;
    assert_eq!(over.as_array().unwrap().len(), 1);
    assert!(over[0]["clear_time_s"].as_f64().unwrap() > 80.0);
}

#[tokio::test]
async fn metrics_count_what_was_published() {
    let (hub, runner) = ran(50.0);
    let metrics = text(get(&hub, "/api/v1/metrics").await).await;
    let value = |name: &str| -> f64 {
        let line =
            metrics.lines().find(|l| l.starts_with(&format!("{name} "))).unwrap_or_else(|| panic!("{name}"));
        line.rsplit(' ').next().unwrap().parse().unwrap()
    };
    let steps = (runner.t * 100.0).round();
    assert!((value("stancewatch_samples_total") - 4.0 * steps).abs() < 0.5);
    assert!((value("stancewatch_decision_seconds_count") - steps).abs() < 0.5);
    assert!(value("stancewatch_stances_total") > 100.0);
    assert!((value("stancewatch_alerts_total") - 1.0).abs() < 0.5);
    assert!(metrics.contains("stancewatch_stances_withheld_total{reason=\"no_rhythm\"} 4\n"), "{metrics}");
    for line in metrics.lines().filter(|l| !l.starts_with('#')) {
        assert!(line.rsplit(' ').next().unwrap().parse::<f64>().is_ok(), "{line}");
    }
}

/// Follows every reference from the front page on, so that a file that was renamed or forgotten shows.
#[tokio::test]
async fn a_file_of_the_page_is_packed_for_who_can_unpack_it() {
    let ask = |accepts: Option<&str>| {
        let mut request = Request::get("/js/main.js").header("host", "localhost:7878");
        if let Some(accepts) = accepts {
            request = request.header("accept-encoding", accepts);
        }
        router(Hub::new(), CancellationToken::new()).oneshot(request.body(Body::empty()).unwrap())
    };
    let (packed, plain) = (ask(Some("gzip, br")).await.unwrap(), ask(None).await.unwrap());
    assert_eq!(packed.headers()["content-encoding"], "gzip");
    assert_eq!(packed.headers()["content-type"], "text/javascript; charset=utf-8");
    assert_eq!(plain.headers().get("content-encoding"), None);
    let packed = to_bytes(packed.into_body(), usize::MAX).await.unwrap();
    assert!(packed.starts_with(&[0x1f, 0x8b]), "gzip by its first two bytes");
    assert!(2 * packed.len() < text(plain).await.len());
}

#[tokio::test]
async fn every_file_that_the_page_names_is_served_with_its_type() {
    let hub = Hub::new();
    let mut due = vec!["/".to_owned()];
    let mut seen = BTreeSet::new();
    while let Some(path) = due.pop() {
        if !seen.insert(path.clone()) {
            continue;
        }
        let response = get(&hub, &path).await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        let kind = response.headers()["content-type"].to_str().unwrap().to_owned();
        let policy = response.headers()["content-security-policy"].to_str().unwrap().to_owned();
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        let wanted = match path.rsplit('.').next().unwrap() {
            "js" => "text/javascript; charset=utf-8",
            "css" => "text/css; charset=utf-8",
            "svg" => "image/svg+xml",
            _ => "text/html; charset=utf-8",
        };
        assert_eq!(kind, wanted, "{path}");
        let body = text(response).await;
        assert!(path.starts_with("/vendor/") || !body.contains("https://"), "{path} asks another computer");
        for quote in ['"', '\''] {
            for part in body.split(quote).filter(|p| !p.contains(char::is_whitespace)) {
                if part.starts_with('/') && part.contains('.') && !part.contains('$') {
                    due.push(part.to_owned());
                } else if let Some(module) = part.strip_prefix("./").and_then(|m| m.strip_suffix(".js")) {
                    due.push(format!("/js/{module}.js"));
                }
            }
        }
    }
    assert!(seen.len() > 20, "{seen:?}");
    assert_eq!(json(&hub, "/strings/en.json").await["side"]["left"], "Left");
    assert_eq!(get(&hub, "/../Cargo.toml").await.status(), StatusCode::NOT_FOUND);
    assert_eq!(get(&hub, "/api/v1/nothing").await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn another_host_name_is_refused_with_a_sentence_on_every_route() {
    for path in ["/", "/js/main.js", "/api/v1/alerts", "/api/v1/live", "/nothing"] {
        let request = Request::get(path).header("host", "evil.example").body(Body::empty()).unwrap();
        let response = router(Hub::new(), CancellationToken::new()).oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::FORBIDDEN, "{path}");
        assert!(text(response).await.contains("http://localhost"), "{path}");
    }
}

struct Live {
    hub: Hub,
    address: String,
    stop: CancellationToken,
    server: tokio::task::JoinHandle<std::io::Result<()>>,
}

impl Live {
    async fn start(hub: Hub) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let stop = CancellationToken::new();
        let site = Site::new(vec![Place::alone(hub.clone())], stop.clone());
        let server = tokio::spawn(serve(listener, site));
        Self { hub, address, stop, server }
    }

    async fn client(&self) -> Client {
        let url = format!("ws://{}/api/v1/live", self.address);
        Client { stream: tokio_tungstenite::connect_async(url).await.unwrap().0 }
    }
}

struct Client {
    stream: tokio_tungstenite::WebSocketStream<tokio_tungstenite::MaybeTlsStream<tokio::net::TcpStream>>,
}

impl Client {
    async fn next(&mut self) -> Value {
        let message = timeout(Duration::from_secs(5), self.stream.next()).await.expect("a message in time");
        serde_json::from_str(message.unwrap().unwrap().to_text().unwrap()).unwrap()
    }

    /// Until a message that `stop` wants; all messages on the way.
    async fn until(&mut self, stop: impl Fn(&Value) -> bool) -> Vec<Value> {
        let mut all = Vec::new();
        loop {
            let message = self.next().await;
            all.push(message);
            if all.last().is_some_and(&stop) {
                return all;
            }
        }
    }
}

fn note(t: f64) -> Event {
    Event::Health(Health {
        t: SessionTime(t),
        code: HealthCode::BadData,
        placement: None,
        active: false,
        message: "something was wrong for a moment; nothing to do".into(),
    })
}

fn seq(message: &Value) -> u64 {
    message["seq"].as_u64().unwrap()
}

#[tokio::test]
async fn the_live_stream_begins_with_everything_and_then_leaves_nothing_out() {
    let (hub, mut runner) = ran(40.0);
    let live = Live::start(hub).await;
    let mut client = live.client().await;
    let snapshot = client.next().await;
    assert_eq!(snapshot["type"], "snapshot");
    assert_eq!(snapshot["source"]["kind"], "synthetic");
    assert_eq!(snapshot["phase"], "watching");
    assert_eq!(snapshot["stances"]["left"].as_array().unwrap().len(), 40);
    assert_eq!(snapshot["strides"]["right"].as_array().unwrap().len(), 20);
    assert_eq!(snapshot["lights"]["left"]["sign"], "good");
    assert_eq!(snapshot["lights"]["right"]["sign"], "too_far");
    assert_eq!(snapshot["lights"]["right"]["rule"], "femur_adduction");
    assert_eq!(snapshot["limits"].as_array().unwrap().len(), 4);
    assert_eq!(snapshot["calibration"]["grade"], "good");

    // While the client reads: a state must not overtake the messages that it knows of.
    let end = runner.t + 60.0;
    let busy = live.hub.clone();
    let running = std::thread::spawn(move || {
        while runner.t < end {
            for _ in 0..3 {
                runner.step();
            }
            busy.publish(&note(runner.t));
            std::thread::sleep(Duration::from_millis(1));
        }
    });
    let messages =
        client.until(|m| m["type"] == "state" && m["time_s"].as_f64().is_some_and(|t| t > end - 0.005)).await;
    let mut newest = seq(&snapshot);
    let mut kinds = BTreeSet::new();
    for message in &messages {
        match message["type"].as_str().unwrap() {
            "state" => assert_eq!(seq(message), newest, "a state never knows more than was told"),
            "snapshot" => newest = seq(message),
            kind => {
                newest += 1;
                assert_eq!(seq(message), newest, "{kind}");
                kinds.insert(kind);
            }
        }
    }
    assert!(kinds.is_superset(&BTreeSet::from(["stance", "stride", "alert"])), "{kinds:?}");
    running.join().unwrap();
}

#[tokio::test]
async fn a_new_source_starts_the_page_over() {
    let (hub, _runner) = ran(20.0);
    let live = Live::start(hub).await;
    let mut client = live.client().await;
    assert_eq!(client.next().await["stances"]["left"].as_array().unwrap().len(), 20);
    live.hub.segment(SourceLabel { kind: SourceKind::Real, title: "A person".into(), text: String::new() });
    let again = client.until(|m| m["type"] == "snapshot").await.pop().unwrap();
    assert_eq!(again["source"]["kind"], "real");
    assert_eq!(again["stances"]["left"], Value::Array(Vec::new()));
    assert_eq!(again["time_s"], Value::Null);
    assert_eq!(again["lights"]["left"]["sign"], "not_sure");
}

#[tokio::test]
async fn a_client_that_fell_behind_gets_a_snapshot_not_a_gap() {
    let (hub, mut runner) = ran(10.0);
    let live = Live::start(hub).await;
    let mut client = live.client().await;
    let first = client.next().await;
    // Far more messages than are kept, in one go.
    run(&mut runner, 300.0);
    let messages = client.until(|m| m["type"] == "snapshot").await;
    let again = messages.last().unwrap();
    assert!(seq(again) > seq(&first) + 500);
    let mut newest = seq(&first);
    for message in messages.iter().rev().skip(1).rev().filter(|m| m["type"] != "state") {
        newest += 1;
        assert_eq!(seq(message), newest);
    }
}

#[tokio::test]
async fn a_quiet_daemon_still_says_that_it_is_there() {
    let live = Live::start(Hub::new()).await;
    let mut client = live.client().await;
    assert_eq!(client.next().await["type"], "snapshot");
    assert_eq!(client.next().await["type"], "state");
}

#[tokio::test]
async fn another_page_cannot_open_the_live_stream() {
    let live = Live::start(Hub::new()).await;
    let mut request = format!("ws://{}/api/v1/live", live.address).into_client_request().unwrap();
    request.headers_mut().insert("origin", "https://evil.example".parse().unwrap());
    let refused = tokio_tungstenite::connect_async(request).await.unwrap_err();
    assert!(
        matches!(&refused, tungstenite::Error::Http(r) if r.status() == StatusCode::FORBIDDEN),
        "{refused}"
    );
}

#[tokio::test]
async fn shutdown_ends_streams_and_the_server() {
    let live = Live::start(Hub::new()).await;
    let mut client = live.client().await;
    client.next().await;
    live.stop.cancel();
    let ended = timeout(Duration::from_secs(5), live.server).await.expect("the server ends");
    ended.unwrap().unwrap();
    let closed = timeout(Duration::from_secs(5), async {
        while let Some(Ok(message)) = client.stream.next().await {
            if message.is_close() {
                return true;
            }
        }
        false
    });
    assert!(closed.await.unwrap(), "clients are told");
}

/// The pipeline's thread must never wait for a browser.
#[tokio::test]
async fn a_client_that_reads_nothing_holds_nobody_up() {
    let (hub, mut runner) = ran(10.0);
    let live = Live::start(hub).await;
    let mut stalled = live.client().await;
    stalled.next().await;
    let stepping = tokio::task::spawn_blocking(move || run(&mut runner, 600.0));
    timeout(Duration::from_secs(60), stepping).await.expect("600 s of running are published").unwrap();
    assert!(live.client().await.next().await["time_s"].as_f64().unwrap() > 609.0);
    assert!(live.server.now_or_never().is_none());
}

async fn screening(hub: &Hub, body: &str) -> StatusCode {
    let request = Request::post("/api/v1/screening")
        .header("host", "localhost:7878")
        .header("content-type", "application/json")
        .body(Body::from(body.to_owned()))
        .unwrap();
    router(hub.clone(), CancellationToken::new()).oneshot(request).await.unwrap().status()
}

#[tokio::test]
async fn a_screening_test_is_begun_followed_and_ended() {
    let begin = r#"{"test":"step_down","running":true}"#;
    assert_eq!(screening(&Hub::new(), begin).await, StatusCode::CONFLICT);

    let (hub, runner) = ran(2.0);
    assert_eq!(screening(&hub, begin).await, StatusCode::NO_CONTENT);
    let marks = hub.take_marks();
    assert_eq!(marks, [(Stretch::StepDown, Edge::Begin)]);
    assert_eq!(hub.take_marks(), []);
    let t = SessionTime(runner.t);
    hub.marked(&Mark { stretch: Stretch::StepDown, edge: Edge::Begin, t });
    hub.publish(&Event::Repetition(Repetition {
        test: Test::StepDown,
        side: Side::Left,
        number: 1,
        start: t,
        bottom: t + 1.0,
        end: t + 2.0,
        decided: t + 2.2,
        depth: 1.0,
        adduction_peak: None,
        adduction_excursion: None,
        rotation_excursion: None,
        drop_excursion: None,
        doubt: None,
    }));
    let under_way = json(&hub, "/api/v1/screening").await;
    assert_eq!(under_way["running"], "step_down");
    assert_eq!(under_way["repetitions"][0]["down_s"], 1.0);
    assert!(under_way["repetitions"][0]["drop_excursion_deg"].is_null());
    hub.publish(&Event::Screening(Box::new(Screening {
        test: Test::StepDown,
        begin: t,
        end: t + 9.0,
        legs: PerSide::default(),
        left_less_right: Vec::new(),
        reason: Some("why".into()),
    })));
    let over = json(&hub, "/api/v1/screening").await;
    assert!(over["running"].is_null());
    assert_eq!(
        (&over["results"][0]["reason"], over["repetitions"].as_array().unwrap().len()),
        (&"why".into(), 1)
    );
}

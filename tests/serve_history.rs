//! Sessions and runners over the API, as the page and other programs use them.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking, in its helpers, too"
)]

mod kept;

use axum::body::{Body, to_bytes};
use axum::http::{Request, Response, StatusCode};
use kept::{ID, Kept};
use serde_json::{Value, json};
use stancewatch::serve::{Hub, router};
use std::collections::BTreeSet;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

async fn send(hub: &Hub, method: &str, path: &str, body: Option<Value>, seen: Option<i64>) -> Response<Body> {
    let mut request =
        Request::builder().method(method).uri(format!("/api/v1{path}")).header("host", "localhost:7878");
    if let Some(seen) = seen {
        request = request.header("if-match", format!("\"{seen}\""));
    }
    let body = body.map(|body| body.to_string());
    if body.is_some() {
        request = request.header("content-type", "application/json");
    }
    let request = request.body(body.map_or_else(Body::empty, Body::from)).unwrap();
    router(hub.clone(), CancellationToken::new()).oneshot(request).await.unwrap()
}

async fn text(response: Response<Body>) -> String {
    String::from_utf8(to_bytes(response.into_body(), usize::MAX).await.unwrap().to_vec()).unwrap()
}

async fn json_of(hub: &Hub, path: &str) -> Value {
    let response = send(hub, "GET", path, None, None).await;
    assert_eq!(response.status(), StatusCode::OK, "{path}");
    serde_json::from_str(&text(response).await).unwrap()
}

fn names(value: &Value) -> BTreeSet<String> {
    value.as_object().unwrap_or_else(|| panic!("{value}")).keys().cloned().collect()
}

#[tokio::test]
async fn answers_have_the_fields_that_are_described() {
    let kept = Kept::new();
    let description = json_of(&kept.hub, "/openapi.json").await;
    let described = |name: &str| names(&description["components"]["schemas"][name]["properties"]);
    for (answer, schema) in [
        (json_of(&kept.hub, "/sessions").await[0].clone(), "Session"),
        (json_of(&kept.hub, &format!("/sessions/{ID}")).await, "SessionReview"),
        (json_of(&kept.hub, "/runners").await[0].clone(), "Runner"),
        (json_of(&kept.hub, "/runners/1/trends").await[0].clone(), "TrendPoint"),
        (json_of(&kept.hub, &format!("/compare?a={ID}&b=last")).await, "Comparison"),
    ] {
        assert_eq!(names(&answer), described(schema), "{schema}");
    }
}

#[tokio::test]
async fn a_session_says_what_is_in_it() {
    let kept = Kept::new();
    let session = json_of(&kept.hub, "/sessions/last").await;
    let of = |name: &str| {
        let all = session["quantities"].as_array().unwrap();
        all.iter().find(|q| q["name"] == name).unwrap_or_else(|| panic!("{name}")).clone()
    };
    let adduction = of("femur_adduction");
    assert!((adduction["left"]["mean"].as_f64().unwrap() - 10.0).abs() < 0.2, "{adduction}");
    assert!(adduction["right"]["trend"]["per_10_min"].as_f64().unwrap() > 1.0, "{adduction}");
    assert!((adduction["left"]["usual"]["mean"].as_f64().unwrap() - 10.0).abs() < 1e-9);
    assert!(adduction["difference"].as_f64().unwrap() < 0.0);
    assert_eq!(session["alerts"].as_array().unwrap().len(), 1);
    assert_eq!(session["grade"], "good");
}

#[tokio::test]
async fn a_screening_test_stands_beside_an_earlier_one_with_what_means_something() {
    let kept = Kept::new();
    let tests = json_of(&kept.hub, "/screening/kept").await;
    let ids: Vec<_> = tests.as_array().unwrap().iter().map(|test| test["id"].clone()).collect();
    assert_eq!((ids.len(), &tests[0]["session"]), (2, &ID.into()), "{tests}");
    let both = json_of(&kept.hub, &format!("/screening/compare?earlier={}&later={}", ids[0], ids[1])).await;
    let change =
        |side: &str, name: &str| both["change"][side]["adduction_excursion_deg"][name].as_f64().unwrap();
    assert!((change("right", "value") + 8.0).abs() < 0.01 && change("left", "value") == 0.0, "{both}");
    // 1.96 standard deviations of two calibrations (3 degrees) and of twice five repetitions.
    assert!((5.88..6.0).contains(&change("right", "smallest")), "{both}");
    let none = send(&kept.hub, "GET", "/screening/compare?earlier=1&later=77", None, None).await;
    assert_eq!(none.status(), StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn tags_are_kept_and_the_second_of_two_tabs_is_told() {
    let kept = Kept::new();
    let path = format!("/sessions/{ID}");
    let version = json_of(&kept.hub, &path).await["session"]["version"].as_i64().unwrap();
    let tag = json!({ "pain": 3, "shoes": "blue", "notes": "felt easy" });
    let first = send(&kept.hub, "PATCH", &path, Some(tag), Some(version)).await;
    assert_eq!(first.status(), StatusCode::OK);
    assert_eq!(first.headers()["etag"].to_str().unwrap(), format!("\"{}\"", version + 1));
    let second = send(&kept.hub, "PATCH", &path, Some(json!({ "pain": 5 })), Some(version)).await;
    assert_eq!(second.status(), StatusCode::CONFLICT);
    assert!(text(second).await.contains("changed elsewhere meanwhile"));
    let now = json_of(&kept.hub, &path).await;
    assert_eq!((&now["session"]["pain"], &now["session"]["shoes"]), (&json!(3), &json!("blue")));
    for (wrong, part) in [
        (json!({ "pain": 11 }), "0 to 10"),
        (json!({ "crop": [5.0, 1.0] }), "no part of session"),
        (json!({ "pian": 1 }), "pian"),
        (json!({ "runner": 99 }), "no runner"),
    ] {
        let refused = send(&kept.hub, "PATCH", &path, Some(wrong.clone()), None).await;
        assert!(refused.status().is_client_error(), "{wrong}");
        let said = text(refused).await;
        assert!(said.contains(part), "{wrong}: {said}");
    }
}

#[tokio::test]
async fn an_excluded_stance_is_in_no_figure() {
    let kept = Kept::new();
    let path = format!("/sessions/{ID}");
    let before = json_of(&kept.hub, &path).await["counts"]["left"]["counted"].as_u64().unwrap();
    let out = json!({ "side": "left", "stance": 5, "excluded": true });
    let done = send(&kept.hub, "POST", &format!("{path}/exclusions"), Some(out), None).await;
    assert_eq!(done.status(), StatusCode::OK);
    let session = json_of(&kept.hub, &path).await;
    assert_eq!(session["counts"]["left"]["counted"].as_u64(), Some(before - 1));
    let nothing = json!({ "side": "left", "stance": 99_999, "excluded": true });
    let refused = send(&kept.hub, "POST", &format!("{path}/exclusions"), Some(nothing), None).await;
    assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn what_is_deleted_comes_back_unless_it_was_deleted_now() {
    let kept = Kept::new();
    let path = format!("/sessions/{ID}");
    let count = || async { json_of(&kept.hub, "/sessions").await.as_array().unwrap().len() };
    assert_eq!(send(&kept.hub, "DELETE", &path, None, None).await.status(), StatusCode::NO_CONTENT);
    assert_eq!(count().await, 1);
    assert_eq!(
        send(&kept.hub, "POST", &format!("{path}/restore"), None, None).await.status(),
        StatusCode::OK
    );
    assert_eq!(count().await, 2);
    let gone = send(&kept.hub, "DELETE", &format!("{path}?now=true"), None, None).await;
    assert_eq!(gone.status(), StatusCode::NO_CONTENT);
    let missing = send(&kept.hub, "GET", &path, None, None).await;
    assert_eq!(missing.status(), StatusCode::NOT_FOUND);
    assert!(text(missing).await.contains("no session"));
}

#[tokio::test]
async fn without_a_recording_no_limits_can_be_tried_and_the_sentence_says_so() {
    let kept = Kept::new();
    let path = format!("/sessions/{ID}/try");
    let asked = json!({ "set": ["femur_adduction.amber_deg=3"] });
    for (method, body) in [("GET", None), ("POST", Some(asked))] {
        let answer = send(&kept.hub, method, &path, body, None).await;
        assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY, "{method}");
        assert!(text(answer).await.contains("recording"), "{method}");
    }
    assert_eq!(
        send(&kept.hub, "GET", "/sessions/nothing/try", None, None).await.status(),
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn the_report_is_in_the_readers_language() {
    let kept = Kept::new();
    let hub = &kept.hub;
    let report = |language: &str| {
        let path = format!("/sessions/{ID}/report{language}");
        async move { send(hub, "GET", &path, None, None).await }
    };
    let english = text(report("").await).await;
    assert!(english.contains("<html lang=\"en\">") && english.contains("thigh falls in"), "{english}");
    let german = text(report("?language=de").await).await;
    assert!(
        german.contains("<html lang=\"de\">") && german.contains("Oberschenkel kippt nach innen"),
        "{german}"
    );
    let shown = german.split_once("</style>").unwrap().1;
    let said: String = shown.split('<').filter_map(|part| Some(part.split_once('>')?.1)).collect();
    for word in ["thigh", "stances", "usual", "alert", "Sensors", "within"] {
        assert!(english.contains(word), "{word}");
        assert!(!said.contains(word), "{word}: {said}");
    }
    // The first test of this runner has none before it.
    assert!(
        english.contains("<h2>Single-leg squat</h2>") && !english.contains("against that of"),
        "{english}"
    );
    let later = text(send(hub, "GET", "/sessions/2026-11-22T10-00-00/report", None, None).await).await;
    assert!(later.contains("Single-leg squat, against that of 2026-11-20 10:00"), "{later}");
    // It fell in by 12 degrees, and now by 4; the left has not changed.
    let row = later.split("Thigh falls in (from the start)").nth(1).unwrap().split("</tr>").next().unwrap();
    for part in ["<b>4.0°</b>", "12.0°", "<td>−8.0°</td>", "0.0° ≈"] {
        assert!(row.contains(part), "{part}: {row}");
    }
    let unknown = report("?language=xx").await;
    assert_eq!(unknown.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(text(unknown).await.contains("en, de"));
}

#[tokio::test]
async fn script_in_names_and_notes_is_text_on_the_report_and_the_report_runs_no_script() {
    let kept = Kept::new();
    let script = "<script>document.title='x'</script><img src=x onerror=alert(1)>";
    let named = send(&kept.hub, "PATCH", "/runners/1", Some(json!({ "name": script })), None).await;
    assert_eq!(named.status(), StatusCode::OK);
    let tags = json!({ "notes": script, "shoes": script, "surface": "\"'><svg onload=alert(1)>" });
    send(&kept.hub, "PATCH", &format!("/sessions/{ID}"), Some(tags), None).await;
    let report = send(&kept.hub, "GET", &format!("/sessions/{ID}/report"), None, None).await;
    let policy = report.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    let page = text(report).await;
    for tag in ["<script", "<img", "<svg onload"] {
        assert!(!page.contains(tag), "{tag}");
    }
    assert!(page.contains("&lt;script&gt;"));
    assert!(page.contains("not a diagnosis") && !page.contains("http"), "nothing from elsewhere");
}

#[tokio::test]
async fn a_runner_is_added_renamed_and_chosen() {
    let kept = Kept::new();
    let added = send(&kept.hub, "POST", "/runners", Some(json!({ "name": "Bea" })), None).await;
    assert_eq!(added.status(), StatusCode::CREATED);
    let bea: Value = serde_json::from_str(&text(added).await).unwrap();
    let path = format!("/runners/{}", bea["id"]);
    let change = json!({ "name": null, "sex": "female", "leg_length_m": 0.85, "current": true });
    let changed = send(&kept.hub, "PATCH", &path, Some(change), Some(1)).await;
    assert_eq!(changed.status(), StatusCode::OK);
    let now = json_of(&kept.hub, &path).await;
    assert_eq!((&now["name"], &now["current"], &now["sex"]), (&Value::Null, &json!(true), &json!("female")));
    let late = send(&kept.hub, "PATCH", &path, Some(json!({ "name": "Bea" })), Some(1)).await;
    assert_eq!(late.status(), StatusCode::CONFLICT);
    assert_eq!(send(&kept.hub, "DELETE", "/runners/77", None, None).await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn where_nothing_is_kept_the_page_is_told_why() {
    let hub = Hub::new();
    hub.keep(stancewatch::serve::Kept::Nowhere("the disk is full; free some space".to_owned()));
    let refused = send(&hub, "GET", "/sessions", None, None).await;
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(text(refused).await.contains("the disk is full"));
    let mark = send(&hub, "POST", "/marks", Some(json!({})), None).await;
    assert_eq!(mark.status(), StatusCode::CONFLICT);
}

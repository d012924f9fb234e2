//! Commands to sensors over the API: what is refused, and how.
#![allow(clippy::unwrap_used)]

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use stancewatch::serve::{Hub, router};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

async fn post(path: &str, body: &'static str) -> (StatusCode, String) {
    let request = Request::post(format!("/api/v1/sensors/{path}"))
        .header("host", "localhost:7878")
        .header("content-type", "application/json")
        .body(Body::from(body))
        .unwrap();
    let response = router(Hub::new(), CancellationToken::new()).oneshot(request).await.unwrap();
    let status = response.status();
    (status, String::from_utf8(to_bytes(response.into_body(), 4096).await.unwrap().to_vec()).unwrap())
}

#[tokio::test]
async fn a_session_without_sensors_says_so_to_every_command() {
    for (path, body) in [
        ("swap", r#"{"swap": "shanks"}"#),
        ("A 1/identify", ""),
        ("A1/vibrate", r#"{"seconds": 0.3}"#),
        ("A1/vibrate", r#"{"seconds": 0.3, "strength": 0.5}"#),
        ("A1/placement", r#"{"placement": "left_shank"}"#),
    ] {
        let (status, said) = post(&path.replace(' ', "%20"), body).await;
        assert_eq!(status, StatusCode::CONFLICT, "{path}: {said}");
        assert!(said.contains("stancewatch run"), "{path}: {said}");
    }
}

#[tokio::test]
async fn what_is_no_command_is_refused_before_it_reaches_a_sensor() {
    for (path, body) in [
        ("swap", r#"{"swap": "arms"}"#),
        ("A1/vibrate", r#"{"seconds": 60}"#),
        ("A1/vibrate", r#"{"seconds": 0.3, "strength": 2}"#),
        ("A1/placement", r#"{"placement": "left_ear"}"#),
    ] {
        let (status, said) = post(path, body).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{path}: {said}");
    }
}

async fn set_up(hub: &Hub, body: &'static str) -> (StatusCode, serde_json::Value) {
    let request = Request::post("/api/v1/setup")
        .header("host", "localhost:7878")
        .header("content-type", "application/json")
        .body(Body::from(body))
        .unwrap();
    let response = router(hub.clone(), CancellationToken::new()).oneshot(request).await.unwrap();
    let status = response.status();
    let bytes = to_bytes(response.into_body(), 1 << 16).await.unwrap();
    (status, serde_json::from_slice(&bytes).unwrap_or_default())
}

#[tokio::test]
async fn what_is_worn_and_the_countdown_are_remembered_and_what_makes_no_sense_is_refused() {
    let hub = Hub::new();
    let (status, setup) = set_up(&hub, r#"{"act": "wear", "set": "right_leg"}"#).await;
    assert_eq!((status, &setup["set"], &setup["delay_s"]), (StatusCode::OK, &"right_leg".into(), &3.into()));
    let places = setup["sets"].as_array().unwrap().iter().find(|one| one["set"] == "right_leg").unwrap();
    assert_eq!(places["places"], serde_json::json!(["right_thigh", "right_shank"]));
    let (_, setup) = set_up(&hub, r#"{"act": "delay", "delay_s": 10}"#).await;
    assert_eq!((&setup["set"], &setup["delay_s"]), (&"right_leg".into(), &10.into()));
    for wrong in [r#"{"act": "delay", "delay_s": 61}"#, r#"{"act": "wear", "set": "ear"}"#] {
        assert_eq!(set_up(&hub, wrong).await.0, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
    }
    assert_eq!(set_up(&hub, r#"{"act": "wear", "set": null}"#).await.1["set"], serde_json::Value::Null);
}

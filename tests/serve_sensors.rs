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

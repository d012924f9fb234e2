//! What can be asked for once; the live stream has the same and more.

use super::Served;
use super::view::{AlertView, HealthView, MeasureView};
use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use serde::Serialize;

#[derive(Serialize)]
pub(super) struct HealthReport {
    version: &'static str,
    /// Nothing needs attention.
    ok: bool,
    phase: &'static str,
    time_s: Option<f64>,
    /// What was or is wrong, oldest first, each with its remedy.
    checks: Vec<HealthView>,
}

pub(super) async fn health(State(served): State<Served>) -> Json<HealthReport> {
    let state = served.hub.state();
    let checks = state.health_views();
    Json(HealthReport {
        version: env!("CARGO_PKG_VERSION"),
        ok: checks.iter().all(|check| !check.active),
        phase: state.phase_word(),
        time_s: state.time(),
        checks,
    })
}

pub(super) async fn alerts(State(served): State<Served>) -> Json<Vec<AlertView>> {
    Json(served.hub.state().alert_views())
}

pub(super) async fn measures(State(served): State<Served>) -> Json<Vec<MeasureView>> {
    Json(served.hub.state().measure_views())
}

pub(super) async fn metrics(State(served): State<Served>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], served.hub.metrics())
}

pub(super) async fn openapi() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json; charset=utf-8")], include_str!("openapi.json"))
}

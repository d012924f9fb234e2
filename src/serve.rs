//! The page, the API and the live stream, on loopback. The pipeline's thread writes into a [`Hub`];
//! everything here only reads from it, so that no browser can slow a decision down.

mod access;
mod alerts;
mod api;
mod assets;
mod cues;
mod curves;
mod data;
mod haptics;
mod history;
mod hub;
mod light;
mod live;
mod metrics;
mod programme;
mod screening;
mod sensors;
mod setup;
mod state;
mod usual;
mod view;

pub use hub::{Hub, Kept, Under, Wanted};
pub use view::{Limit, SourceKind, SourceLabel};

use axum::Router;
use axum::middleware::{from_fn, map_response};
use axum::routing::{get, post};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

#[derive(Clone)]
struct Served {
    hub: Hub,
    shutdown: CancellationToken,
}

/// Serves until `shutdown` is cancelled; live streams end then, too.
pub async fn serve(listener: TcpListener, hub: Hub, shutdown: CancellationToken) -> std::io::Result<()> {
    let app = router(hub, shutdown.clone());
    axum::serve(listener, app).with_graceful_shutdown(shutdown.cancelled_owned()).await
}

/// All routes, with the checks of `Host` and `Origin` before each of them.
pub fn router(hub: Hub, shutdown: CancellationToken) -> Router {
    let api = Router::new()
        .route("/health", get(api::health))
        .route("/sensors", get(sensors::list))
        .route("/sensors/{id}/identify", post(sensors::identify))
        .route("/sensors/{id}/vibrate", post(sensors::vibrate))
        .route("/sensors/{id}/placement", post(sensors::place))
        .route("/sensors/swap", post(sensors::swap))
        .route("/radio", get(sensors::radio))
        .route("/session", post(sensors::session))
        .route("/data", get(data::show).patch(data::change).delete(data::erase))
        .route("/runners/{id}/export", post(data::export))
        .route("/setup", get(setup::show).post(setup::ask))
        .route("/baseline", post(sensors::baseline))
        .route("/runners/{id}/usual", get(usual::show).post(usual::ask))
        .route("/screening", get(screening::show).post(screening::want))
        .route("/alerts", get(api::alerts))
        .route("/alerts/{id}", get(alerts::detail))
        .route("/rules", get(alerts::rules))
        .route("/cues", get(cues::report).post(cues::ask))
        .route("/programme", get(programme::report).post(programme::ask))
        .route("/measures", get(api::measures))
        .route("/sessions", get(history::sessions))
        .route(
            "/sessions/{id}",
            get(history::session).patch(history::change_session).delete(history::delete_session),
        )
        .route("/sessions/{id}/exclusions", post(history::exclude))
        .route("/sessions/{id}/split", post(history::split))
        .route("/sessions/{id}/restore", post(history::restore_session))
        .route("/sessions/{id}/report", get(history::report))
        .route("/runners", get(history::runners).post(history::add_runner))
        .route(
            "/runners/{id}",
            get(history::runner).patch(history::change_runner).delete(history::delete_runner),
        )
        .route("/runners/{id}/restore", post(history::restore_runner))
        .route("/runners/{id}/trends", get(history::trends))
        .route("/compare", get(history::compare))
        .route("/marks", post(history::mark))
        .route("/live", get(live::upgrade))
        .route("/metrics", get(api::metrics))
        .route("/openapi.json", get(api::openapi));
    Router::new()
        .nest("/api/v1", api)
        .fallback(get(assets::asset))
        .with_state(Served { hub, shutdown })
        .layer(from_fn(access::loopback_only))
        .layer(map_response(access::with_headers))
}

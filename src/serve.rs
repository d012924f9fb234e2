//! The page, the API and the live stream, on loopback. The pipeline's thread writes into a [`Hub`];
//! everything here only reads from it, so that no browser can slow a decision down.

mod access;
mod api;
mod assets;
mod curves;
mod hub;
mod light;
mod live;
mod metrics;
mod screening;
mod sensors;
mod state;
mod view;

pub use hub::Hub;
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
        .route("/radio", get(sensors::radio))
        .route("/session", post(sensors::session))
        .route("/screening", get(screening::show).post(screening::want))
        .route("/alerts", get(api::alerts))
        .route("/measures", get(api::measures))
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

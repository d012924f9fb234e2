//! The page, the API and the live stream, on loopback unless the network is let in. The pipeline's thread writes into
//! a [`Hub`]; everything here only reads from it, so that no browser can slow a decision down.

mod access;
mod alerts;
mod api;
mod assets;
mod board;
mod cues;
mod curves;
mod data;
mod haptics;
mod history;
mod hub;
mod join;
mod light;
mod live;
mod metrics;
mod programme;
mod screening;
mod sensors;
mod setup;
mod site;
mod state;
mod team;
mod tried;
mod usual;
mod view;

pub use access::{Gate, Role, Tokens};
pub use board::BoardDesk;
pub use hub::{Hub, Kept, Under, Wanted};
pub use join::{lan_address, link};
pub use site::{Place, Site};
pub use view::{Limit, SourceKind, SourceLabel};

use axum::Router;
use axum::routing::{get, post};
use std::future::IntoFuture;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

#[derive(Clone)]
struct Served {
    hub: Hub,
    shutdown: CancellationToken,
}

/// Serves until the site's `shutdown` is cancelled; live streams end then, too.
pub async fn serve(listener: TcpListener, site: Site) -> std::io::Result<()> {
    let shutdown = site.shutdown.clone();
    let beside = site.run();
    let app = site.router();
    let served = axum::serve(listener, app).with_graceful_shutdown(shutdown.cancelled_owned());
    let (served, ()) = tokio::join!(served.into_future(), beside);
    served
}

/// The site of one runner on this computer alone.
pub fn router(hub: Hub, shutdown: CancellationToken) -> Router {
    Site::new(vec![Place::alone(hub)], shutdown).router()
}

/// The API of one runner.
fn runner_api(hub: Hub, shutdown: CancellationToken) -> Router {
    Router::new()
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
        .route("/screening/kept", get(screening::kept))
        .route("/screening/compare", get(screening::compare))
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
        .route("/sessions/{id}/try", get(tried::show).post(tried::ask))
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
        .route("/openapi.json", get(api::openapi))
        .with_state(Served { hub, shutdown })
}

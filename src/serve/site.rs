//! All that one program serves: its runners, its board, and who may ask.

use super::access::{self, Gate, Guard};
use super::board::{self, BoardDesk};
use super::{Hub, assets, join, runner_api, team};
use crate::team::{Ask, Spool, Who};
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::middleware::{from_fn_with_state, map_response};
use axum::response::Redirect;
use axum::routing::{delete, get, post};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use tower_http::compression::CompressionLayer;

/// Nobody sends more in one request.
const LONGEST_BODY: usize = 256 * 1024;
/// Of the one runner of a daemon.
const ALONE: &str = "1";

/// A runner of this daemon.
#[derive(Debug, Clone)]
pub struct Place {
    /// Its id is in the address of its page. Without a name it is whoever the history says.
    pub who: Who,
    pub hub: Hub,
}

impl Place {
    /// The one runner of a daemon.
    #[must_use]
    pub fn alone(hub: Hub) -> Self {
        Self { who: Who { id: ALONE.to_owned(), name: String::new() }, hub }
    }
}

/// What is served.
#[derive(Debug, Clone)]
pub struct Site {
    pub runners: Vec<Place>,
    /// What boards are told, where this daemon tells any.
    pub team: Option<Spool>,
    pub board: Option<BoardDesk>,
    /// `None`: this computer only, and no token is needed.
    pub gate: Option<Arc<Gate>>,
    pub shutdown: CancellationToken,
}

impl Site {
    #[must_use]
    pub fn new(runners: Vec<Place>, shutdown: CancellationToken) -> Self {
        Self { runners, team: None, board: None, gate: None, shutdown }
    }

    /// Boards are told of all runners from now on.
    #[must_use]
    pub fn telling(mut self, spool: Spool) -> Self {
        for place in &self.runners {
            place.hub.tell_team(&spool, &place.who);
        }
        self.team = Some(spool);
        self
    }

    /// Does what a person at a board wants of a runner here; the sentence where it does not.
    pub fn answer(&self, ask: &Ask) -> Result<(), String> {
        team::answer(self, ask).map_err(|(_, sentence)| sentence)
    }

    pub(super) fn runner(&self, id: &str) -> Result<&Place, (StatusCode, String)> {
        let found = self.runners.iter().find(|place| place.who.id == id);
        found.ok_or_else(|| {
            (
                StatusCode::NOT_FOUND,
                format!("there is no runner {id} here: the board shows those that there are"),
            )
        })
    }

    fn alone(&self) -> Option<&Place> {
        match self.runners.as_slice() {
            [alone] => Some(alone),
            _ => None,
        }
    }

    /// Where a coach begins.
    pub(super) fn home(&self) -> String {
        if self.alone().is_some() { "/" } else { "/board" }.to_owned()
    }

    /// All routes, with the checks before each of them. The page of the only runner is at `/`, too.
    pub fn router(self) -> Router {
        let site_api = Router::new()
            .route("/me", get(join::me))
            .route("/join", post(join::join))
            .route("/invitations", post(join::invite))
            .route("/joined", get(join::joined))
            .route("/joined/{id}", delete(join::revoke))
            .route("/team", get(team::stream))
            .route("/team/ask", post(team::ask))
            .route("/board", get(board::show))
            .route("/board/live", get(board::live))
            .route("/board/ask", post(board::ask))
            .route("/board/daemons", post(board::add).delete(board::remove));
        let guard = Guard { gate: self.gate.clone(), alone: self.alone().map(|place| place.who.id.clone()) };
        let mut app = Router::new().route("/board", get(assets::board)).route("/join", get(assets::join));
        let mut api = site_api.with_state(self.clone());
        match self.alone() {
            Some(place) => api = api.merge(runner_api(place.hub.clone(), self.shutdown.clone())),
            None => app = app.route("/", get(|| async { Redirect::temporary("/board") })),
        }
        for place in &self.runners {
            let page = Router::new()
                .nest("/api/v1", runner_api(place.hub.clone(), self.shutdown.clone()))
                .route("/", get(assets::page));
            app = app.nest(&format!("/r/{}/", place.who.id), page);
        }
        app.nest("/api/v1", api)
            // A phone on a track has little to receive with.
            .fallback(get(assets::asset).layer(CompressionLayer::new()))
            .layer(DefaultBodyLimit::max(LONGEST_BODY))
            .layer(from_fn_with_state(guard, access::check))
            .layer(map_response(access::with_headers))
    }

    /// What goes on beside answering, until the end.
    pub(super) fn run(&self) -> impl Future<Output = ()> + 'static {
        let (team, board, shutdown) = (self.team.clone(), self.board.clone(), self.shutdown.clone());
        let hubs: Vec<_> = self.runners.iter().map(|place| place.hub.clone()).collect();
        async move {
            let telling = async {
                if team.is_some() {
                    tokio::select! {
                        () = team::keep_telling(hubs) => {}
                        () = shutdown.cancelled() => {}
                    }
                }
            };
            let boarding = async {
                if let Some(board) = board {
                    board.run(team.clone()).await;
                }
            };
            tokio::join!(telling, boarding);
        }
    }
}

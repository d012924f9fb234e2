//! The page's files, inside the binary: no CDN, nothing to install.

use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "src/web/"]
struct Web;

/// The page of a runner, wherever it is.
pub(super) async fn page() -> Response {
    file("index.html")
}

pub(super) async fn board() -> Response {
    file("board.html")
}

pub(super) async fn join() -> Response {
    file("join.html")
}

pub(super) async fn asset(uri: Uri) -> Response {
    match uri.path().trim_start_matches('/') {
        "" => file("index.html"),
        path => file(path),
    }
}

fn file(path: &str) -> Response {
    match Web::get(path) {
        Some(file) => {
            ([(header::CONTENT_TYPE, content_type(file.metadata.mimetype()))], file.data).into_response()
        }
        None => {
            (StatusCode::NOT_FOUND, "nothing is served at this address; the page is at /").into_response()
        }
    }
}

/// Our files are UTF-8; a browser guesses otherwise when it is not told.
fn content_type(mime: &str) -> String {
    if mime.starts_with("text/") || mime == "application/json" {
        format!("{mime}; charset=utf-8")
    } else {
        mime.to_owned()
    }
}

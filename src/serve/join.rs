//! Phones and other computers join: a code is shown once, exchanged for a session, and can be taken back.

use super::access::{Denied, Gate, Pass, Role};
use super::{Place, Site};
use crate::host_clock;
use crate::store::{RunnerId, StoreError};
use crate::team::Teller;
use axum::extract::{Path, State};
use axum::http::{HeaderName, StatusCode, header};
use axum::{Extension, Json};
use qrcode::{EcLevel, QrCode};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::net::{IpAddr, Ipv4Addr, UdpSocket};
use tokio::task::spawn_blocking;

type Refused = (StatusCode, String);

/// Nobody's address (RFC 5737): asking for the way to it sends nothing.
const ANYWHERE: (Ipv4Addr, u16) = (Ipv4Addr::new(192, 0, 2, 1), 9);

/// This computer's address on the network; `None` where it has none.
#[must_use]
pub fn lan_address() -> Option<IpAddr> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    socket.connect(ANYWHERE).ok()?;
    let address = socket.local_addr().ok()?.ip();
    (!address.is_loopback() && !address.is_unspecified()).then_some(address)
}

/// What opens the page for whoever has it: the token is behind `#`, which browsers do not send.
#[must_use]
pub fn link(host: &str, port: u16, token: &str) -> String {
    format!("http://{host}:{port}/join#{token}")
}

fn gate(site: &Site) -> Result<&Gate, Refused> {
    site.gate.as_deref().ok_or_else(|| {
        (
            StatusCode::CONFLICT,
            "this page is for this computer only: start stancewatch with --lan to let phones join".to_owned(),
        )
    })
}

fn denied(denied: &Denied) -> Refused {
    let status = match denied {
        Denied::Kept(_) | Denied::Random(_) => StatusCode::INTERNAL_SERVER_ERROR,
        _ => StatusCode::UNAUTHORIZED,
    };
    (status, denied.to_string())
}

#[derive(Deserialize)]
pub(super) struct Code {
    token: String,
}

/// For the page a cookie that scripts cannot read; for programs the same token in the answer.
pub(super) async fn join(
    State(site): State<Site>,
    Json(code): Json<Code>,
) -> Result<([(HeaderName, String); 1], Json<Value>), Refused> {
    let gate = gate(&site)?;
    let now = host_clock::unix_ms();
    let (token, joined) = gate.tokens.join(&code.token, now).map_err(|error| denied(&error))?;
    let seconds = (joined.expires_unix_ms - now) / 1000;
    let cookie = format!("{}={token}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict", gate.cookie());
    let page = match &joined.role {
        Role::Coach => site.home(),
        Role::Runner { runner } => format!("/r/{runner}/"),
    };
    Ok(([(header::SET_COOKIE, cookie)], Json(json!({ "token": token, "page": page, "joined": joined }))))
}

#[derive(Serialize)]
pub(super) struct Invited {
    url: String,
    expires_unix_ms: i64,
    /// Modules of the code from side to side.
    size: usize,
    /// Its dark modules as an SVG path, one unit each.
    path: String,
}

/// A new code; the answer is the only place where it can be seen.
pub(super) async fn invite(
    State(site): State<Site>,
    Json(role): Json<Role>,
) -> Result<Json<Invited>, Refused> {
    let gate = gate(&site)?;
    let person = match &role {
        Role::Runner { runner } => owner(site.runner(runner)?).await?,
        Role::Coach => None,
    };
    let address = lan_address().ok_or_else(|| {
        (
            StatusCode::CONFLICT,
            "this computer is on no network: connect it to the Wi-Fi that the phones are on".to_owned(),
        )
    })?;
    let invited = gate.tokens.invite_for(role, person, host_clock::unix_ms());
    let invitation = invited.map_err(|error| denied(&error))?;
    let url = link(&address.to_string(), gate.port(), &invitation.token);
    let (size, path) = drawn(&url).map_err(|error| (StatusCode::INTERNAL_SERVER_ERROR, error))?;
    Ok(Json(Invited { url, expires_unix_ms: invitation.expires_unix_ms, size, path }))
}

/// Who runs at this place now; nobody where nothing is kept of whom.
async fn owner(place: &Place) -> Result<Option<RunnerId>, Refused> {
    let Some(kept) = place.hub.kept().cloned() else { return Ok(None) };
    let owner = spawn_blocking(move || kept.owner()).await.unwrap_or(Err(StoreError::Stopped));
    owner.map_err(|error| (StatusCode::SERVICE_UNAVAILABLE, error.to_string()))
}

fn drawn(text: &str) -> Result<(usize, String), String> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M)
        .map_err(|error| format!("the code cannot be drawn ({error}): open {text} instead"))?;
    let size = code.width();
    let dark = code.to_colors().into_iter().enumerate().filter(|(_, color)| *color == qrcode::Color::Dark);
    let squares: Vec<_> = dark.map(|(i, _)| format!("M{} {}h1v1h-1z", i % size, i / size)).collect();
    Ok((size, squares.concat()))
}

pub(super) async fn joined(State(site): State<Site>) -> Json<Value> {
    let now = host_clock::unix_ms();
    Json(json!(site.gate.as_deref().map(|gate| gate.tokens.joined(now)).unwrap_or_default()))
}

pub(super) async fn revoke(State(site): State<Site>, Path(id): Path<String>) -> Result<StatusCode, Refused> {
    let gone = gate(&site)?.tokens.revoke(&id, host_clock::unix_ms()).map_err(|error| denied(&error))?;
    if gone {
        return Ok(StatusCode::NO_CONTENT);
    }
    Err((StatusCode::NOT_FOUND, format!("nobody has joined as {id}: the list was changed meanwhile")))
}

/// What whoever asks may do here.
pub(super) async fn me(State(site): State<Site>, Extension(pass): Extension<Pass>) -> Json<Value> {
    let runners: Vec<_> = match &pass.role {
        Role::Coach => {
            let name =
                |place: &Place| place.hub.teller().map_or_else(|| place.who.name.clone(), Teller::name);
            site.runners.iter().map(|place| json!({ "runner": place.who.id, "name": name(place) })).collect()
        }
        Role::Runner { .. } => Vec::new(),
    };
    let mut me = json!({ "lan": site.gate.is_some(), "runners": runners, "board": site.board.is_some() });
    if let (Some(me), Value::Object(role)) = (me.as_object_mut(), json!(pass.role)) {
        me.extend(role);
    }
    Json(me)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_fits_a_small_code() {
        let (size, path) = drawn(&link("192.168.100.200", 65535, &"f".repeat(40))).unwrap();
        assert!((21..=41).contains(&size), "{size}");
        assert!(path.starts_with("M0 0h1v1h-1z"));
    }
}

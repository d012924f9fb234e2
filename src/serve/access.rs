//! Who may ask. Web pages can make a browser talk to local servers (cross-site requests, DNS
//! rebinding), so that binding to loopback alone protects nothing: `Host` and `Origin` are checked always.

mod tokens;

pub(super) use tokens::{Denied, Pass};
pub use tokens::{Role, Tokens};

use crate::desk::KeptError;
use crate::host_clock;
use crate::team::computer;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

const LOOPBACK_NAMES: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

/// Nothing but our own files; no inline script or style; no embedding.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
    connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const HEADERS: [(HeaderName, &str); 6] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CACHE_CONTROL, "no-cache"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// Who is let in from the network.
#[derive(Debug)]
pub struct Gate {
    pub tokens: Tokens,
    /// This computer's name on the network.
    name: Option<String>,
    port: u16,
}

impl Gate {
    /// For a page that listens on `port`, with the tokens of a data folder.
    pub fn open(data_dir: &Path, port: u16) -> Result<Self, KeptError> {
        Ok(Self { tokens: Tokens::open(data_dir)?, name: computer::name(), port })
    }

    /// Cookies are shared by all ports of a computer: each page has its own.
    pub(super) fn cookie(&self) -> String {
        format!("stancewatch-{}", self.port)
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// A name of this computer that no other page can have been given: an address as a number cannot be rebound.
    fn is_own(&self, name: &str) -> bool {
        let own = |own: &String| {
            let rest = name.get(own.len()..).unwrap_or(".");
            name.get(..own.len()).is_some_and(|n| n.eq_ignore_ascii_case(own))
                && (rest.is_empty() || rest.eq_ignore_ascii_case(".local"))
        };
        let number = name.strip_prefix('[').and_then(|n| n.strip_suffix(']')).unwrap_or(name);
        number.parse::<IpAddr>().is_ok() || self.name.as_ref().is_some_and(own)
    }

    fn pass(&self, headers: &HeaderMap) -> Result<Pass, Denied> {
        let token = token(headers, &self.cookie()).ok_or(Denied::None)?;
        self.tokens.pass(token, host_clock::unix_ms())
    }
}

/// Where requests go that are for one runner, and who may ask at all.
#[derive(Debug, Clone)]
pub(super) struct Guard {
    pub gate: Option<Arc<Gate>>,
    /// The runner whose page is at `/`.
    pub alone: Option<String>,
}

/// Before each request: its `Host` and `Origin`, then its token where one is needed. What is let in carries a [`Pass`].
pub(super) async fn check(State(guard): State<Guard>, mut request: Request, next: Next) -> Response {
    if let Some(sentence) = refusal(request.headers(), guard.gate.as_deref()) {
        return (StatusCode::FORBIDDEN, sentence).into_response();
    }
    let pass = match &guard.gate {
        None => Pass::operator(),
        Some(_) if is_open(request.uri().path()) => return next.run(request).await,
        Some(gate) => match gate.pass(request.headers()) {
            Ok(pass) => pass,
            Err(denied) => return (StatusCode::UNAUTHORIZED, denied.to_string()).into_response(),
        },
    };
    if !guard.may(&pass.role, request.method(), request.uri().path()) {
        let sentence = "this phone has joined for one runner, and this is for the coach to do: ask them, or open the runner's own page";
        return (StatusCode::FORBIDDEN, sentence).into_response();
    }
    request.extensions_mut().insert(pass);
    next.run(request).await
}

/// What a phone needs before it has joined; the program's own files, and nobody's data.
fn is_open(path: &str) -> bool {
    matches!(path, "/join" | "/api/v1/join" | "/icon.svg")
        || ["/css/", "/js/", "/strings/", "/vendor/"].iter().any(|folder| path.starts_with(folder))
}

/// What a runner may ask of the own daemon, below its address; all else is the coach's, but for [`OWN`].
const RUNNERS: [&str; 16] = [
    "/alerts",
    "/baseline",
    "/cues",
    "/health",
    "/live",
    "/marks",
    "/me",
    "/measures",
    "/openapi.json",
    "/programme",
    "/radio",
    "/rules",
    "/screening",
    "/sensors",
    "/session",
    "/setup",
];

/// What a runner may ask of what is kept; whose it is that they see, the answer looks to.
const OWN: [(Method, &str); 8] = [
    (Method::GET, "/sessions"),
    (Method::GET, "/sessions/{id}"),
    (Method::PATCH, "/sessions/{id}"),
    (Method::GET, "/sessions/{id}/report"),
    (Method::GET, "/runners"),
    (Method::GET, "/runners/{id}"),
    (Method::GET, "/runners/{id}/trends"),
    (Method::GET, "/compare"),
];

fn matches(known: &str, asked: &str) -> bool {
    let mut parts = (known.split('/'), asked.split('/'));
    loop {
        match (parts.0.next(), parts.1.next()) {
            (None, None) => return true,
            (Some(known), Some(asked)) if known == asked || (known == "{id}" && !asked.is_empty()) => {}
            _ => return false,
        }
    }
}

impl Guard {
    fn may(&self, role: &Role, method: &Method, path: &str) -> bool {
        let Role::Runner { runner } = role else { return true };
        let own = path.strip_prefix("/r/").and_then(|rest| rest.strip_prefix(runner.as_str()));
        let alone = self.alone.as_ref() == Some(runner);
        let below = match own {
            Some(rest) => rest,
            None if alone || path == "/api/v1/me" => path,
            None => return false,
        };
        let Some(asked) = below.strip_prefix("/api/v1") else {
            return matches!(below, "" | "/" | "/index.html");
        };
        RUNNERS.iter().any(|known| {
            asked.strip_prefix(known).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        }) || OWN.iter().any(|(how, known)| how == method && matches(known, asked))
    }
}

pub(super) async fn with_headers(mut response: Response) -> Response {
    for (name, value) in HEADERS {
        response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

/// From the header of a program, or the cookie of a page.
fn token<'a>(headers: &'a HeaderMap, cookie: &str) -> Option<&'a str> {
    let said = headers.get(header::AUTHORIZATION).and_then(|h| h.to_str().ok());
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|h| h.to_str().ok());
    let ours = || {
        let mut pairs = cookies.flat_map(|all| all.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.find(|(name, _)| *name == cookie).map(|(_, value)| value)
    };
    said.and_then(|said| said.strip_prefix("Bearer ")).or_else(ours)
}

fn refusal(headers: &HeaderMap, gate: Option<&Gate>) -> Option<&'static str> {
    let host = headers.get(header::HOST).and_then(|h| h.to_str().ok());
    let known = |host: &&str| {
        let name = without_port(host);
        LOOPBACK_NAMES.iter().any(|own| name.eq_ignore_ascii_case(own))
            || gate.is_some_and(|g| g.is_own(name))
    };
    let Some(host) = host.filter(known) else {
        return Some(
            "refused: this address is not one of this computer's own names; open http://localhost or http://127.0.0.1 with the same port",
        );
    };
    let origin = headers.get(header::ORIGIN)?;
    let own = origin.to_str().ok().and_then(|o| o.strip_prefix("http://")) == Some(host);
    (!own).then_some("refused: another web page asked; only the page that stancewatch serves may")
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(host: Option<&str>, origin: Option<&str>) -> Option<&'static str> {
        let mut headers = HeaderMap::new();
        if let Some(host) = host {
            headers.insert(header::HOST, host.parse().unwrap());
        }
        if let Some(origin) = origin {
            headers.insert(header::ORIGIN, origin.parse().unwrap());
        }
        refusal(&headers, None)
    }

    #[test]
    fn own_names_are_let_in_with_and_without_a_port() {
        for host in ["localhost:7878", "127.0.0.1:7878", "[::1]:7878", "LOCALHOST", "127.0.0.1", "[::1]"] {
            assert_eq!(asked(Some(host), None), None, "{host}");
        }
        assert_eq!(asked(Some("localhost:7878"), Some("http://localhost:7878")), None);
    }

    #[test]
    fn a_name_that_was_rebound_to_loopback_is_refused() {
        for host in
            ["evil.example", "evil.example:7878", "localhost.evil.example", "127.0.0.1.evil.example:1", ""]
        {
            assert!(asked(Some(host), None).is_some(), "{host}");
        }
        assert!(asked(None, None).is_some());
    }

    #[test]
    fn another_page_is_refused_even_when_it_is_local() {
        for origin in ["https://evil.example", "http://localhost:3000", "null", "https://localhost:7878"] {
            assert!(asked(Some("localhost:7878"), Some(origin)).is_some(), "{origin}");
        }
    }

    fn guard(alone: Option<&str>) -> Guard {
        Guard { gate: None, alone: alone.map(str::to_owned) }
    }

    #[test]
    fn on_the_network_a_page_has_its_number_and_the_computers_own_name() {
        let gate = Gate { tokens: Tokens::default(), name: Some("club-laptop".to_owned()), port: 7878 };
        let known = ["192.168.1.5", "[fe80::1]", "club-laptop", "Club-Laptop.local"];
        assert!(known.iter().all(|name| gate.is_own(name)));
        let strange =
            ["evil.example", "club-laptop.evil.example", "club-lapt", "192.168.1.5.evil.example", ""];
        assert!(!strange.iter().any(|name| gate.is_own(name)));
    }

    #[test]
    fn a_runner_gets_the_own_page_and_of_what_is_kept_no_more_than_to_read_and_tag() {
        let heron = Role::Runner { runner: "heron".to_owned() };
        let many = guard(None);
        for path in
            ["/r/heron/", "/r/heron", "/r/heron/api/v1/live", "/r/heron/api/v1/alerts/3", "/api/v1/me"]
        {
            assert!(many.may(&heron, &Method::GET, path), "{path}");
        }
        for path in [
            "/",
            "/board",
            "/r/otter/",
            "/r/otter/api/v1/live",
            "/r/heronry/",
            "/api/v1/live",
            "/api/v1/board",
            "/r/otter/api/v1/sessions",
            "/r/heron/api/v1/data",
            "/r/heron/api/v1/sessions/",
            "/r/heron/api/v1/sessions/a/try",
            "/r/heron/api/v1/sessions/a/report/b",
            "/r/heron/api/v1/runners/1/usual",
            "/r/heron/api/v1/livestock",
            "/api/v1/invitations",
            "/api/v1/team",
            "/r/heron/board",
            "/r/heron/../otter/",
        ] {
            assert!(!many.may(&heron, &Method::GET, path), "{path}");
            assert!(many.may(&Role::Coach, &Method::GET, path), "{path}");
        }
        for (method, path, may) in [
            (Method::GET, "sessions", true),
            (Method::GET, "sessions/a/report", true),
            (Method::PATCH, "sessions/a", true),
            (Method::DELETE, "sessions/a", false),
            (Method::POST, "sessions/a/split", false),
            (Method::POST, "sessions/a/restore", false),
            (Method::POST, "sessions/a/exclusions", false),
            (Method::PATCH, "runners/1", false),
            (Method::DELETE, "runners/1", false),
            (Method::POST, "runners", false),
            (Method::POST, "runners/1/export", false),
        ] {
            assert_eq!(many.may(&heron, &method, &format!("/r/heron/api/v1/{path}")), may, "{method} {path}");
        }
        let alone = guard(Some("heron"));
        let get = |path| alone.may(&heron, &Method::GET, path);
        assert!(get("/") && get("/api/v1/live") && get("/api/v1/sessions"));
        assert!(!get("/board") && !get("/api/v1/data"));
    }

    #[test]
    fn a_token_is_read_from_either_place() {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, "other=1; stancewatch-7878=abc; x=y".parse().unwrap());
        assert_eq!(token(&headers, "stancewatch-7878"), Some("abc"));
        assert_eq!(token(&headers, "stancewatch-1"), None);
        headers.insert(header::AUTHORIZATION, "Bearer def".parse().unwrap());
        assert_eq!(token(&headers, "stancewatch-7878"), Some("def"));
    }
}

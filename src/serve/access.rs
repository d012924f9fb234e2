//! Who may ask. Web pages can make a browser talk to local servers (cross-site requests, DNS
//! rebinding), so that binding to loopback alone protects nothing: `Host` and `Origin` are checked always.

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

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

pub(super) async fn loopback_only(request: Request, next: Next) -> Response {
    match refusal(request.headers()) {
        Some(sentence) => (StatusCode::FORBIDDEN, sentence).into_response(),
        None => next.run(request).await,
    }
}

pub(super) async fn with_headers(mut response: Response) -> Response {
    for (name, value) in HEADERS {
        response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

fn refusal(headers: &HeaderMap) -> Option<&'static str> {
    let host = headers.get(header::HOST).and_then(|h| h.to_str().ok());
    let Some(host) = host.filter(|h| is_loopback(h)) else {
        return Some(
            "refused: this address is not one of this computer's own names; open http://localhost or http://127.0.0.1 with the same port",
        );
    };
    let origin = headers.get(header::ORIGIN)?;
    let own = origin.to_str().ok().and_then(|o| o.strip_prefix("http://")) == Some(host);
    (!own).then_some("refused: another web page asked; only the page that stancewatch serves may")
}

fn is_loopback(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    };
    LOOPBACK_NAMES.iter().any(|own| name.eq_ignore_ascii_case(own))
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
        refusal(&headers)
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
}

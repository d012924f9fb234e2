//! What a board asks of a daemon that is somewhere else. Waits for the answer.

use crate::team::Ask;
use crate::team::feed::Address;
use serde::Deserialize;
use std::time::Duration;

/// A person waits no longer for an answer.
const ANSWER: Duration = Duration::from_secs(5);

#[derive(Deserialize)]
struct Joined {
    token: String,
}

/// Exchanges a code for what lets this board in.
pub(super) fn join(url: &str, code: &str) -> Result<String, String> {
    let body = serde_json::json!({ "token": code }).to_string();
    let answer = post(&Address { url: url.to_owned(), token: None }, "/api/v1/join", body)?;
    let joined: Joined = serde_json::from_str(&answer)
        .map_err(|_| format!("what answers at {url} is no stancewatch: look at the address"))?;
    Ok(joined.token)
}

pub(super) fn ask(address: &Address, ask: &Ask) -> Result<(), String> {
    let body = serde_json::to_string(ask).map_err(|error| error.to_string())?;
    post(address, "/api/v1/team/ask", body).map(|_| ())
}

/// The answer, or what the daemon says against it.
fn post(address: &Address, path: &str, body: String) -> Result<String, String> {
    let config = ureq::Agent::config_builder()
        .timeout_global(Some(ANSWER))
        .http_status_as_error(false)
        .max_redirects(0)
        .build();
    let mut request = ureq::Agent::new_with_config(config)
        .post(format!("{}{path}", address.url))
        .header("content-type", "application/json");
    if let Some(token) = &address.token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let unreachable =
        |error: &ureq::Error| format!("{} cannot be reached ({error}): nothing was sent", address.url);
    let mut answer = request.send(body).map_err(|error| unreachable(&error))?;
    let status = answer.status();
    let said = answer
        .body_mut()
        .with_config()
        .limit(10_000)
        .read_to_string()
        .map_err(|error| unreachable(&error))?;
    match status.is_success() {
        true => Ok(said),
        false if said.is_empty() => Err(format!("{} answers {status}", address.url)),
        false => Err(said),
    }
}

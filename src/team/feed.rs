//! What a daemon tells directly: the messages of its stream, and the board's end of it.

use super::report::{self, Refused, Report};
use futures::StreamExt;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use tokio::time::{sleep, timeout};
use tokio_tungstenite::connect_async_with_config;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::{HeaderValue, header};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message};

/// A daemon answers within this time or is not there.
const ANSWER: Duration = Duration::from_secs(5);
/// Something comes every second; a stream without it has died without saying so.
const QUIET: Duration = Duration::from_secs(15);
const FIRST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// What goes over the stream beside reports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Notice {
    /// The first message.
    Hello { form: u32, daemon: String, computer: String, newest: u64 },
    /// The daemon has forgotten its reports up to this number.
    Forgotten { up_to: u64 },
}

#[derive(Deserialize)]
struct Kind {
    kind: String,
}

/// Where a daemon is, and what lets the board in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// Such as `http://192.168.1.5:7878`.
    pub url: String,
    pub token: Option<String>,
}

/// What comes on the way of one address.
#[derive(Debug, Clone, PartialEq)]
pub enum News {
    /// Connected, to this daemon.
    Daemon(String),
    Report(Box<Result<Report, Refused>>),
    Forgotten {
        daemon: String,
        up_to: u64,
    },
    /// Not connected, and why.
    Away(String),
}

/// Follows a daemon for good: connects, reads, and connects again. `resume` says which daemon is expected there and the
/// number to go on after.
pub async fn follow(address: Address, resume: impl Fn() -> (String, u64), on: impl Fn(News)) {
    let mut wait = FIRST_WAIT;
    loop {
        let (daemon, after) = resume();
        let mut heard = false;
        let ended = read(&address, &daemon, after, |news| {
            heard = true;
            on(news);
        })
        .await;
        on(News::Away(ended));
        wait = if heard { FIRST_WAIT } else { (2 * wait).min(LONGEST_WAIT) };
        sleep(wait).await;
    }
}

/// Reads one connection to its end; why it ended.
async fn read(address: &Address, daemon: &str, after: u64, mut on: impl FnMut(News)) -> String {
    let Some(host) = address.url.strip_prefix("http://") else {
        return format!(
            "{} is no address of a daemon: give one such as http://192.168.1.5:7878",
            address.url
        );
    };
    let url = format!("ws://{}/api/v1/team?daemon={daemon}&after={after}", host.trim_end_matches('/'));
    let Ok(mut request) = url.into_client_request() else {
        return format!(
            "{} is no address of a daemon: give one such as http://192.168.1.5:7878",
            address.url
        );
    };
    let token = address.token.as_ref().map(|token| HeaderValue::from_str(&format!("Bearer {token}")));
    if let Some(Ok(token)) = token {
        request.headers_mut().insert(header::AUTHORIZATION, token);
    }
    let limits = WebSocketConfig::default()
        .max_message_size(Some(2 * report::LONGEST))
        .max_frame_size(Some(2 * report::LONGEST));
    let connected = timeout(ANSWER, connect_async_with_config(request, Some(limits), true)).await;
    let mut stream = match connected {
        Ok(Ok((stream, _))) => stream,
        Ok(Err(error)) => return refusal(&error),
        Err(_) => {
            return format!(
                "no answer within {} s: is the computer on, and on this network?",
                ANSWER.as_secs()
            );
        }
    };
    let mut known = None;
    loop {
        let message = match timeout(QUIET, stream.next()).await {
            Ok(Some(Ok(message))) => message,
            Ok(Some(Err(error))) => return refusal(&error),
            Ok(None) => return "the daemon has closed the connection".to_owned(),
            Err(_) => return format!("nothing was heard for {} s", QUIET.as_secs()),
        };
        let text = match message {
            Message::Text(text) => text,
            Message::Close(Some(frame)) if !frame.reason.is_empty() => return frame.reason.to_string(),
            Message::Close(_) => return "the daemon has closed the connection".to_owned(),
            _ => continue,
        };
        match (serde_json::from_str::<Kind>(&text).map(|kind| kind.kind), &known) {
            (Ok(kind), None) if kind == "hello" => match serde_json::from_str(&text) {
                Ok(Notice::Hello { form, .. }) if form > report::FORM => {
                    return Refused::Newer(form).to_string();
                }
                Ok(Notice::Hello { daemon, .. }) => {
                    on(News::Daemon(daemon.clone()));
                    known = Some(daemon);
                }
                _ => return "what answers there is no stancewatch: look at the address".to_owned(),
            },
            (_, None) => return "what answers there is no stancewatch: look at the address".to_owned(),
            (Ok(kind), Some(daemon)) if kind == "forgotten" => {
                if let Ok(Notice::Forgotten { up_to }) = serde_json::from_str(&text) {
                    on(News::Forgotten { daemon: daemon.clone(), up_to });
                }
            }
            (_, Some(daemon)) => {
                on(News::Report(Box::new(report::read(text.as_bytes(), Some(daemon)))));
            }
        }
    }
}

/// What hinders, as the daemon says it where it says something.
fn refusal(error: &Error) -> String {
    match error {
        Error::Http(answer) => {
            let said = answer.body().as_deref().map(String::from_utf8_lossy).unwrap_or_default();
            let said: String = said.chars().take(200).collect();
            match (answer.status().as_u16(), said.is_empty()) {
                (_, false) => said,
                (401, true) => "the daemon wants an invitation: give its code with --token".to_owned(),
                (404, true) => "what answers there tells no board: update stancewatch there".to_owned(),
                (status, true) => format!("the daemon answers {status}"),
            }
        }
        Error::Io(error) => format!("{error}: is stancewatch running there, with --lan?"),
        error => error.to_string(),
    }
}

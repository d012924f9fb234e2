//! By way of a NATS server: daemons publish into a JetStream stream that keeps the day, boards replay it. What is
//! between: `docs/team.md`.

mod ask;
mod link;
mod listen;
mod publish;

pub use listen::listen;
pub use publish::publish;

use super::report::{Report, Said};
use super::settings::Nats;
use async_nats::jetstream::stream;
use std::time::Duration;

/// Kinds that are kept in the stream; all that have a number.
const NUMBERED: [&str; 4] = ["session", "stance", "alert", "acknowledged"];
const STATUS: &str = "status";

/// Two days: a board that starts after midnight still has the evening.
const MAX_AGE: Duration = Duration::from_secs(48 * 60 * 60);
/// 500 runners for six hours.
const MAX_BYTES: i64 = 8 << 30;
/// A report that comes again within this time is taken once by the server; after that by the board, by its number.
const DUPLICATES: Duration = Duration::from_secs(120);

/// What a server has acknowledged may be lost with its power for as long as it takes to reach the disk
/// (`sync_interval`, 10 s in docs/nats-server.conf): both sides go back so far where it was.
const DOUBTED: Duration = Duration::from_secs(60);
/// How often a connection is tried again.
const AGAIN: Duration = Duration::from_secs(1);

/// `stancewatch.v1.CLUB.DAEMON.RUNNER.KIND`
fn subject(club: &str, daemon: &str, runner: &str, kind: &str) -> String {
    subject_of(club, &format!("{}.{}", token(daemon), token(runner)), kind)
}

fn subject_of(club: &str, whose: &str, kind: &str) -> String {
    format!("stancewatch.v1.{club}.{whose}.{kind}")
}

fn subjects(club: &str, kind: &str) -> String {
    subject_of(club, "*.*", kind)
}

/// What a subject cannot hold in one of its parts is written as %XX.
fn token(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    text.bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

fn kind(report: &Report) -> &'static str {
    match report.said {
        Said::Status(_) => STATUS,
        Said::Session(_) => "session",
        Said::Stance(_) => "stance",
        Said::Alert(_) => "alert",
        Said::Acknowledged(_) => "acknowledged",
    }
}

/// The daemon that the server vouches for: its account may publish under its own subject only.
fn daemon_of(subject: &str) -> Option<&str> {
    subject.split('.').nth(3)
}

fn stream_name(club: &str) -> String {
    format!("stancewatch-{club}")
}

fn stream_config(settings: &Nats) -> stream::Config {
    stream::Config {
        name: stream_name(&settings.club),
        subjects: NUMBERED.iter().map(|kind| subjects(&settings.club, kind)).collect(),
        description: Some("What stancewatch daemons have told".to_owned()),
        max_age: MAX_AGE,
        max_bytes: MAX_BYTES,
        discard: stream::DiscardPolicy::Old,
        duplicate_window: DUPLICATES,
        max_message_size: i32::try_from(super::report::LONGEST).unwrap_or(i32::MAX),
        num_replicas: settings.replicas,
        ..stream::Config::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_has_six_parts_whatever_a_runner_is_called() {
        let subject = subject("club", "0a1b", "Ana.* >\u{e9}", "stance");
        assert_eq!(subject, "stancewatch.v1.club.0a1b.Ana%2E%2A%20%3E%C3%A9.stance");
        assert_eq!(daemon_of(&subject), Some("0a1b"));
    }
}

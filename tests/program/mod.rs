//! The real program as a person starts it, for tests that need no less.
#![allow(dead_code, reason = "each test file uses a part of this")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, in its helpers, too"
)]

use serde_json::Value;
use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Longer than any of these tests takes on a busy machine: what hangs fails instead of hanging.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

pub(crate) fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stancewatch"));
    // Settings of the person who runs the tests are not the tests'.
    for name in ["STANCEWATCH_CONFIG", "STANCEWATCH_DATA_DIR", "RUST_LOG", "DISPLAY", "WAYLAND_DISPLAY"] {
        command.env_remove(name);
    }
    command
}

/// Runs to the end.
pub(crate) fn stancewatch<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Output {
    command().args(arguments).stdin(Stdio::null()).output().unwrap()
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// What a command answers as JSON about this data folder.
pub(crate) fn asked(data: &Path, words: &[&str]) -> String {
    let mut arguments = vec!["--data-dir".to_owned(), data.display().to_string(), "--json".to_owned()];
    arguments.extend(words.iter().map(|&w| w.to_owned()));
    let output = stancewatch(arguments);
    assert!(output.status.success(), "{words:?}: {}", text(&output.stderr));
    text(&output.stdout)
}

/// What a failure says: exactly one sentence, on one line. Logs and the page's address do not count.
pub(crate) fn sentence(stderr: &str) -> &str {
    let mut said = stderr.lines().filter(|line| !is_log(line) && !line.starts_with("listening on "));
    let sentence = said.next().unwrap_or_default().strip_prefix("stancewatch: ");
    let sentence = sentence.unwrap_or_else(|| panic!("no sentence: {stderr}"));
    assert_eq!(said.next(), None, "more than one sentence: {stderr}");
    sentence
}

fn is_log(line: &str) -> bool {
    [" ERROR ", " WARN "].iter().any(|level| line.contains(level))
}

/// The one sentence of a command that must fail.
pub(crate) fn refusal(output: &Output) -> String {
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    sentence(&said).to_owned()
}

/// A program with a page that runs beside the test; killed when the test is over.
pub(crate) struct Program {
    child: Child,
    pub(crate) address: String,
    said: Option<JoinHandle<String>>,
}

impl Program {
    /// Starts it and waits for its page.
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut child =
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        // Before its address it says what else there is to know.
        let mut said_first = String::new();
        let address = loop {
            let mut line = String::new();
            if stderr.read_line(&mut line).unwrap() == 0 {
                child.kill().ok();
                panic!("no page: {said_first}");
            }
            if let Some(address) = line.trim().strip_prefix("listening on http://") {
                break address.to_owned();
            }
            said_first += &line;
        };
        let said = thread::spawn(move || {
            let mut said = said_first;
            stderr.read_to_string(&mut said).ok();
            said
        });
        Self { child, address, said: Some(said) }
    }

    pub(crate) fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", self.address).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 "), "{path}: {answer}");
        answer.split_once("\r\n\r\n").unwrap().1.to_owned()
    }

    /// The answer's status and text.
    pub(crate) fn send(&self, method: &str, path: &str, body: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let (host, length) = (&self.address, body.len());
        write!(stream, "{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap();
        (status, answer.split_once("\r\n\r\n").unwrap().1.to_owned())
    }

    pub(crate) fn json(&self, path: &str) -> Value {
        serde_json::from_str(&self.get(path)).unwrap()
    }

    /// The session time that the page shows, s.
    pub(crate) fn session_time(&self) -> f64 {
        self.json("/api/v1/health")["time_s"].as_f64().unwrap_or(0.0)
    }

    /// Asks again until it is so.
    pub(crate) fn wait_for<T>(&self, what: &str, mut seen: impl FnMut(&Self) -> Option<T>) -> T {
        let start = now();
        loop {
            if let Some(seen) = seen(self) {
                return seen;
            }
            assert!(now() - start < PATIENCE, "waited in vain for {what}");
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// As a power cut would end it.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// As the system asks a program to end.
    #[cfg(unix)]
    pub(crate) fn terminate(&self) {
        let status = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(status.success());
    }

    /// Waits for its end; what it said.
    pub(crate) fn end(&mut self) -> (ExitStatus, String) {
        let status = self.child.wait().unwrap();
        (status, self.said.take().unwrap().join().unwrap())
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

#[expect(clippy::disallowed_methods, reason = "a test may wait")]
fn now() -> Instant {
    Instant::now()
}

/// The one recording below a data folder.
pub(crate) fn recording(data_dir: &Path) -> PathBuf {
    let mut found: Vec<_> =
        std::fs::read_dir(data_dir.join("recordings")).unwrap().map(|e| e.unwrap().path()).collect();
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0)
}

/// Arguments of a `run` without browser on a free port.
pub(crate) fn run_arguments(data_dir: &Path) -> Vec<String> {
    let mut arguments = ["run", "--no-open", "--port", "0", "--data-dir"].map(str::to_owned).to_vec();
    arguments.push(data_dir.display().to_string());
    arguments
}

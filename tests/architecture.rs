//! The invariants that a compiler does not check, read off the source text. Each names the sentence
//! in the README's Architecture chapter that it guards.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Rooms in the order in which data flows: a room imports from rooms of an earlier rank only. Rooms of
/// one rank do not know each other.
const RANKS: &[&[&str]] = &[
    &["units", "host_clock"],
    &["body"],
    &["input"],
    &["event"],
    &["sensor", "clock", "filter", "joint"],
    &["fusion", "gait", "flag", "health", "programme"],
    &["segment", "cue", "screen"],
    &["pipeline", "guide"],
    // The shell.
    &["edge"],
    &["team", "out"],
    &["record", "store"],
    &["source", "review", "desk"],
    &["export"],
    &["retry"],
    &["serve"],
    &["analyze", "validate", "simulate", "score", "cli"],
    &["config", "live"],
    &["demo", "doctor"],
    &["app"],
];

const PURE: &[&str] = &[
    "units",
    "body",
    "input",
    "event",
    "sensor",
    "clock",
    "filter",
    "joint",
    "fusion",
    "gait",
    "flag",
    "health",
    "programme",
    "segment",
    "cue",
    "screen",
    "pipeline",
    "guide",
];

const FORBIDDEN_IN_PURE: &[&str] = &[
    "tokio",
    "btleplug",
    "axum",
    "rusqlite",
    "std::net",
    "std::fs",
    "std::thread",
    "std::time",
    "std::env",
    "async fn",
    "HashMap",
    "HashSet",
    "println!",
    "rand",
];

/// Every source file by room, without its test modules.
fn rooms() -> BTreeMap<String, Vec<(PathBuf, String)>> {
    let mut rooms: BTreeMap<String, Vec<(PathBuf, String)>> = BTreeMap::new();
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for path in rust_files(&src) {
        if path.ends_with("tests.rs") {
            continue;
        }
        let relative = path.strip_prefix(&src).unwrap().to_owned();
        let room = relative.components().next().unwrap().as_os_str().to_string_lossy().replace(".rs", "");
        if room == "lib" || room == "main" || path.ends_with("tests.rs") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let code = text.split("#[cfg(test)]\nmod tests").next().unwrap().to_owned();
        rooms.entry(room).or_default().push((relative, code));
    }
    rooms
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// Lines of code: comments say what they like.
fn code_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines()
        .enumerate()
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
        .map(|(i, line)| (i + 1, line))
}

fn rank(room: &str) -> usize {
    RANKS
        .iter()
        .position(|rooms| rooms.contains(&room))
        .unwrap_or_else(|| panic!("the room `{room}` has no place in the order of rooms: give it one"))
}

#[test]
fn pure_rooms_have_no_clock_no_io_no_async() {
    for (room, files) in rooms() {
        if !PURE.contains(&room.as_str()) {
            continue;
        }
        for (path, text) in files {
            for (number, line) in code_lines(&text) {
                for word in FORBIDDEN_IN_PURE {
                    let named = line.match_indices(word).any(|(at, _)| {
                        !line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_')
                            && !line[at + word.len()..].starts_with(|c: char| c.is_alphanumeric() || c == '_')
                    });
                    assert!(!named, "{}:{number}: a pure room names `{word}`: {line}", path.display());
                }
            }
        }
    }
}

#[test]
fn rooms_import_from_earlier_rooms_only() {
    for (room, files) in rooms() {
        for (path, text) in files {
            for (number, line) in code_lines(&text) {
                for (at, _) in line.match_indices("crate::") {
                    let rest = &line[at + "crate::".len()..];
                    let other: String =
                        rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                    if other.is_empty() || other == room {
                        continue;
                    }
                    assert!(
                        rank(&other) < rank(&room),
                        "{}:{number}: `{room}` imports from `{other}`, which is not before it",
                        path.display()
                    );
                }
            }
        }
    }
}

#[test]
fn one_file_reads_the_clock() {
    for (room, files) in rooms() {
        for (path, text) in files {
            for (number, line) in code_lines(&text) {
                let reads = ["Instant::now", "SystemTime::now", "Zoned::now", "Timestamp::now"]
                    .iter()
                    .any(|call| line.contains(call));
                assert!(!reads || room == "host_clock", "{}:{number}: {line}", path.display());
            }
        }
    }
}

#[test]
fn nothing_unwraps_outside_of_tests() {
    for files in rooms().values() {
        for (path, text) in files {
            for (number, line) in code_lines(text) {
                assert!(!line.contains(".unwrap()"), "{}:{number}: {line}", path.display());
            }
        }
    }
}

//! Motion-BIDS tables, as far as the tests of fusion and clocks need them.

use std::path::{Path, PathBuf};

/// The folder that holds the recordings; says so where there is none.
pub(crate) fn root() -> Option<PathBuf> {
    let root = std::env::var_os("STANCEWATCH_DATA").map(PathBuf::from);
    if root.is_none() {
        println!("did not run: STANCEWATCH_DATA names no folder with recordings");
    }
    root
}

/// All files below `folder` whose name ends so, in order of their paths.
pub(crate) fn find(folder: &Path, end: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()) {
        if entry.is_dir() {
            found.extend(find(&entry, end));
        } else if entry.to_str().unwrap().ends_with(end) {
            found.push(entry);
        }
    }
    found.sort();
    found
}

/// Numbers of a table without header; what is none is not a number.
pub(crate) fn table(path: &Path) -> Vec<Vec<f64>> {
    std::fs::read_to_string(path).unwrap().lines().map(numbers).collect()
}

pub(crate) fn numbers(line: &str) -> Vec<f64> {
    line.split('\t').map(|cell| cell.parse().unwrap_or(f64::NAN)).collect()
}

/// `(from, to)` of the events of this type, s.
pub(crate) fn stretches(path: &Path, kind: &str) -> Vec<(f64, f64)> {
    std::fs::read_to_string(path)
        .unwrap()
        .lines()
        .map(|line| line.split('\t').collect::<Vec<_>>())
        .filter(|cells| cells[2] == kind)
        .map(|cells| (cells[0].parse().unwrap(), cells[1].parse::<f64>().unwrap()))
        .map(|(from, duration)| (from, from + duration))
        .collect()
}

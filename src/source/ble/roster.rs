//! Which sensor is worn where, remembered by serial over restarts: `sensors.toml` in the data folder.

mod swap;

pub use swap::Swap;

use crate::body::Placement;
use crate::health::words;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use thiserror::Error;

#[derive(Debug, Error)]
pub enum RosterError {
    #[error("cannot read {}: {source}; correct it or move it away", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("{} is no list of sensors ({message}); correct it or move it away", path.display())]
    Parse { path: PathBuf, message: String },
    #[error("{} gives the {}{} to two sensors ({first} and {second}): give one of them another place", path.display(), words(*placement), whose(runner.as_deref()))]
    Twice { path: PathBuf, runner: Option<String>, placement: Placement, first: String, second: String },
    #[error("cannot write {}: {source}; free some space, or choose another folder with --data-dir", path.display())]
    Write { path: PathBuf, source: io::Error },
}

fn whose(runner: Option<&str>) -> String {
    runner.map_or_else(String::new, |runner| format!(" of {runner}"))
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    placement: Option<Placement>,
    /// Whose place it is; without one it is that of whoever runs alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    runner: Option<String>,
    /// For people who read the file.
    #[serde(default)]
    model: String,
    /// When a session last had samples of it, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_used: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct File {
    /// By serial. Never by address: computers see it differently, and some sensors change it.
    sensors: BTreeMap<String, Entry>,
}

/// Where a sensor is worn, and by whom, where that was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Worn<'a> {
    pub serial: &'a str,
    pub placement: Placement,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runner: Option<&'a str>,
}

/// Names as people write them: `heron` is Heron.
#[must_use]
pub fn same(one: Option<&str>, other: Option<&str>) -> bool {
    one.map(str::to_lowercase) == other.map(str::to_lowercase)
}

#[derive(Debug, Clone)]
pub struct Roster {
    path: PathBuf,
    file: File,
}

impl Roster {
    /// What is remembered in this data folder; nothing where there is no file yet.
    pub fn open(data_dir: &Path) -> Result<Self, RosterError> {
        let path = data_dir.join("sensors.toml");
        let file = match fs::read_to_string(&path) {
            Ok(text) => toml::from_str(&text).map_err(|error: toml::de::Error| RosterError::Parse {
                path: path.clone(),
                message: error.message().to_owned(),
            })?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => File::default(),
            Err(source) => return Err(RosterError::Read { path, source }),
        };
        let roster = Self { path, file };
        roster.require_one_each()?;
        Ok(roster)
    }

    /// We never write it, and people do.
    fn require_one_each(&self) -> Result<(), RosterError> {
        for second in self.worn() {
            let first = self.of(second.runner).find(|first| first.placement == second.placement);
            if let Some(first) = first.filter(|first| first.serial != second.serial) {
                return Err(RosterError::Twice {
                    path: self.path.clone(),
                    runner: second.runner.map(str::to_owned),
                    placement: second.placement,
                    first: first.serial.to_owned(),
                    second: second.serial.to_owned(),
                });
            }
        }
        Ok(())
    }

    /// Every sensor that has a place, by serial.
    pub fn worn(&self) -> impl Iterator<Item = Worn<'_>> {
        self.file.sensors.iter().filter_map(|(serial, entry)| {
            Some(Worn { serial, placement: entry.placement?, runner: entry.runner.as_deref() })
        })
    }

    /// Those of one runner; of `None` those that are nobody's in particular.
    pub fn of<'a>(&'a self, runner: Option<&'a str>) -> impl Iterator<Item = Worn<'a>> {
        self.worn().filter(move |worn| same(worn.runner, runner))
    }

    #[must_use]
    pub fn place(&self, serial: &str) -> Option<Worn<'_>> {
        self.worn().find(|worn| worn.serial == serial)
    }

    /// When a session last had samples of it, RFC 3339.
    #[must_use]
    pub fn last_used(&self, serial: &str) -> Option<&str> {
        self.file.sensors.get(serial)?.last_used.as_deref()
    }

    /// It is being used.
    pub fn used(&mut self, serial: &str, model: &str, when: String) -> Result<(), RosterError> {
        let mut file = self.file.clone();
        let entry = file.sensors.entry(serial.to_owned()).or_default();
        model.clone_into(&mut entry.model);
        entry.last_used = Some(when);
        self.keep(file)
    }

    /// Puts a sensor somewhere on a runner, or nowhere on nobody. What that runner wore there before is worn nowhere any
    /// more: gives that serial.
    pub fn assign(
        &mut self,
        serial: &str,
        model: &str,
        runner: Option<&str>,
        placement: Option<Placement>,
    ) -> Result<Option<String>, RosterError> {
        let there = self.of(runner).find(|worn| worn.serial != serial && Some(worn.placement) == placement);
        let moved = there.map(|worn| worn.serial.to_owned());
        // As it is spelt already.
        let runner = self.of(runner).next().map_or(runner, |worn| worn.runner).map(str::to_owned);
        let mut file = self.file.clone();
        if let Some(entry) = moved.as_ref().and_then(|moved| file.sensors.get_mut(moved)) {
            (entry.placement, entry.runner) = (None, None);
        }
        let entry = file.sensors.entry(serial.to_owned()).or_default();
        (entry.placement, entry.runner) = (placement, placement.and(runner));
        model.clone_into(&mut entry.model);
        self.keep(file)?;
        Ok(moved)
    }

    /// Exchanges places of one runner. Gives the serials that have another one now.
    pub fn swap(&mut self, runner: Option<&str>, swap: Swap) -> Result<Vec<String>, RosterError> {
        let mut file = self.file.clone();
        let mut moved = Vec::new();
        for (serial, entry) in &mut file.sensors {
            if let Some(place) = &mut entry.placement
                && same(entry.runner.as_deref(), runner)
                && swap.of(*place) != *place
            {
                *place = swap.of(*place);
                moved.push(serial.clone());
            }
        }
        self.keep(file)?;
        Ok(moved)
    }

    fn keep(&mut self, file: File) -> Result<(), RosterError> {
        write(&self.path, &file)?;
        self.file = file;
        Ok(())
    }
}

/// Whole or not at all: a crash must not cost what was set up.
fn write(path: &Path, file: &File) -> Result<(), RosterError> {
    let fail = |source| RosterError::Write { path: path.to_owned(), source };
    let text = toml::to_string(file).map_err(|error| fail(io::Error::other(error)))?;
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(fail)?;
    let mut temporary = tempfile::NamedTempFile::new_in(folder).map_err(fail)?;
    io::Write::write_all(&mut temporary, text.as_bytes()).map_err(fail)?;
    temporary.persist(path).map_err(|error| fail(error.error))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place_of(roster: &Roster, serial: &str) -> Option<Placement> {
        roster.place(serial).map(|worn| worn.placement)
    }

    #[test]
    fn places_are_remembered_by_serial() {
        let folder = tempfile::tempdir().unwrap();
        let mut roster = Roster::open(folder.path()).unwrap();
        assert_eq!(roster.worn().count(), 0);
        roster.assign("A 1", "open profile", None, Some(Placement::LeftThigh)).unwrap();
        let again = Roster::open(folder.path()).unwrap();
        assert_eq!(place_of(&again, "A 1"), Some(Placement::LeftThigh));
        assert_eq!(place_of(&again, "B"), None);
    }

    #[test]
    fn when_it_was_last_used_outlives_the_program_and_a_change_of_place() {
        let folder = tempfile::tempdir().unwrap();
        let mut roster = Roster::open(folder.path()).unwrap();
        roster.assign("a", "", None, Some(Placement::LeftThigh)).unwrap();
        assert_eq!(roster.last_used("a"), None);
        roster.used("a", "open profile", "2026-11-26T10:00:00+01:00".to_owned()).unwrap();
        roster.assign("a", "open profile", None, Some(Placement::Pelvis)).unwrap();
        let again = Roster::open(folder.path()).unwrap();
        assert_eq!(again.last_used("a"), Some("2026-11-26T10:00:00+01:00"));
        assert_eq!(place_of(&again, "a"), Some(Placement::Pelvis));
    }

    #[test]
    fn a_place_has_one_sensor() {
        let folder = tempfile::tempdir().unwrap();
        let mut roster = Roster::open(folder.path()).unwrap();
        roster.assign("a", "", None, Some(Placement::Pelvis)).unwrap();
        assert_eq!(roster.assign("b", "", None, Some(Placement::Pelvis)).unwrap(), Some("a".to_owned()));
        assert_eq!(place_of(&roster, "a"), None);
        assert_eq!(roster.assign("b", "", None, None).unwrap(), None);
        assert_eq!(roster.worn().count(), 0);
    }

    #[test]
    fn exchanged_places_are_remembered() {
        let folder = tempfile::tempdir().unwrap();
        let mut roster = Roster::open(folder.path()).unwrap();
        roster.assign("a", "", None, Some(Placement::LeftShank)).unwrap();
        roster.assign("b", "", None, Some(Placement::RightShank)).unwrap();
        roster.assign("c", "", None, Some(Placement::LeftThigh)).unwrap();
        assert_eq!(roster.swap(None, Swap::Thighs).unwrap(), ["c"]);
        assert_eq!(roster.swap(None, Swap::Shanks).unwrap().len(), 2);
        let again = Roster::open(folder.path()).unwrap();
        let places: Vec<_> = again.worn().map(|worn| (worn.serial, worn.placement)).collect();
        assert_eq!(
            places,
            [("a", Placement::RightShank), ("b", Placement::LeftShank), ("c", Placement::RightThigh)]
        );
    }

    #[test]
    fn a_place_that_a_person_wrote_down_twice_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let entry = |serial| format!("[sensors.{serial}]\nplacement = \"left_shank\"\n");
        fs::write(folder.path().join("sensors.toml"), entry("a") + &entry("b")).unwrap();
        let said = Roster::open(folder.path()).unwrap_err().to_string();
        assert!(said.contains("left shank to two sensors (a and b)"), "{said}");
    }

    #[test]
    fn a_broken_file_is_said_and_not_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("sensors.toml"), "sensors = 3").unwrap();
        let said = Roster::open(folder.path()).unwrap_err().to_string();
        assert!(said.contains("sensors.toml"), "{said}");
    }

    #[test]
    fn each_runner_has_every_place_once() {
        let folder = tempfile::tempdir().unwrap();
        let mut roster = Roster::open(folder.path()).unwrap();
        let there = Some(Placement::LeftThigh);
        for (serial, runner) in [("a", Some("Heron")), ("b", Some("Otter")), ("c", None)] {
            assert_eq!(roster.assign(serial, "", runner, there).unwrap(), None, "{serial}");
        }
        assert_eq!(roster.assign("d", "", Some("heron"), there).unwrap(), Some("a".to_owned()));
        let mut again = Roster::open(folder.path()).unwrap();
        let worn = Worn { serial: "d", placement: Placement::LeftThigh, runner: Some("Heron") };
        assert_eq!(again.of(Some("HERON")).collect::<Vec<_>>(), [worn], "spelt as it was");
        assert_eq!(again.swap(Some("otter"), Swap::Thighs).unwrap(), ["b"]);
        assert_eq!(place_of(&again, "d"), there, "another runner's");
        again.assign("d", "", Some("Heron"), None).unwrap();
        assert_eq!((again.of(Some("Heron")).count(), again.worn().count()), (0, 2));
    }

    #[test]
    fn a_place_that_one_runner_has_twice_is_said_with_the_runner() {
        let folder = tempfile::tempdir().unwrap();
        let entry = |serial, runner| {
            format!("[sensors.{serial}]\nplacement = \"left_shank\"\nrunner = \"{runner}\"\n")
        };
        let path = folder.path().join("sensors.toml");
        fs::write(&path, entry("a", "Heron") + &entry("b", "Otter")).unwrap();
        Roster::open(folder.path()).unwrap();
        fs::write(&path, entry("a", "Heron") + &entry("b", "heron")).unwrap();
        let said = Roster::open(folder.path()).unwrap_err().to_string();
        assert!(said.contains("left shank of heron to two sensors (a and b)"), "{said}");
    }

    #[test]
    fn a_file_from_before_there_were_runners_is_read_and_written_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sensors.toml");
        let old = "[sensors.a]\nplacement = \"left_shank\"\nmodel = \"open profile\"\n";
        fs::write(&path, old).unwrap();
        let mut roster = Roster::open(folder.path()).unwrap();
        assert_eq!(roster.place("a").unwrap().runner, None);
        roster.assign("a", "open profile", None, Some(Placement::LeftShank)).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), old);
    }
}

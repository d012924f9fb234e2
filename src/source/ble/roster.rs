//! Which sensor is worn where, remembered by serial over restarts: `sensors.toml` in the data folder.

use crate::body::Placement;
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
    #[error("cannot write {}: {source}; free some space, or choose another folder with --data-dir", path.display())]
    Write { path: PathBuf, source: io::Error },
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    placement: Option<Placement>,
    /// For people who read the file.
    #[serde(default)]
    model: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct File {
    /// By serial. Never by address: computers see it differently, and some sensors change it.
    sensors: BTreeMap<String, Entry>,
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
        Ok(Self { path, file })
    }

    #[must_use]
    pub fn placement(&self, serial: &str) -> Option<Placement> {
        self.file.sensors.get(serial).and_then(|entry| entry.placement)
    }

    /// Some sensor has a place.
    #[must_use]
    pub fn is_assigned(&self) -> bool {
        self.file.sensors.values().any(|entry| entry.placement.is_some())
    }

    /// Serials and places, by serial.
    pub fn placed(&self) -> impl Iterator<Item = (&str, Placement)> {
        self.file.sensors.iter().filter_map(|(serial, entry)| Some((serial.as_str(), entry.placement?)))
    }

    /// How many sensors have a place; `None` while nobody has set any up.
    #[must_use]
    pub fn count(&self) -> Option<usize> {
        let placed = self.file.sensors.values().filter(|entry| entry.placement.is_some()).count();
        (placed > 0).then_some(placed)
    }

    /// Puts a sensor somewhere, or nowhere. Whoever was there before is not any more: gives that serial.
    pub fn assign(
        &mut self,
        serial: &str,
        model: &str,
        placement: Option<Placement>,
    ) -> Result<Option<String>, RosterError> {
        let mut file = self.file.clone();
        let moved = file
            .sensors
            .iter_mut()
            .find(|(other, entry)| *other != serial && placement.is_some() && entry.placement == placement);
        let moved = moved.map(|(other, entry)| {
            entry.placement = None;
            other.clone()
        });
        file.sensors.insert(serial.to_owned(), Entry { placement, model: model.to_owned() });
        write(&self.path, &file)?;
        self.file = file;
        Ok(moved)
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

    #[test]
    fn places_are_remembered_by_serial() {
        let folder = tempfile::tempdir().unwrap();
        let mut roster = Roster::open(folder.path()).unwrap();
        assert!(!roster.is_assigned());
        roster.assign("A 1", "open profile", Some(Placement::LeftThigh)).unwrap();
        let again = Roster::open(folder.path()).unwrap();
        assert_eq!(again.placement("A 1"), Some(Placement::LeftThigh));
        assert_eq!(again.placement("B"), None);
    }

    #[test]
    fn a_place_has_one_sensor() {
        let folder = tempfile::tempdir().unwrap();
        let mut roster = Roster::open(folder.path()).unwrap();
        roster.assign("a", "", Some(Placement::Pelvis)).unwrap();
        assert_eq!(roster.assign("b", "", Some(Placement::Pelvis)).unwrap(), Some("a".to_owned()));
        assert_eq!(roster.placement("a"), None);
        assert_eq!(roster.assign("b", "", None).unwrap(), None);
        assert!(!roster.is_assigned());
    }

    #[test]
    fn a_broken_file_is_said_and_not_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("sensors.toml"), "sensors = 3").unwrap();
        let said = Roster::open(folder.path()).unwrap_err().to_string();
        assert!(said.contains("sensors.toml"), "{said}");
    }
}

//! Which sensor is worn where, remembered by serial over restarts: `sensors.toml` in the data folder.

use crate::body::{Placement, Segment, Side};
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
    #[error("{} gives the {} to two sensors ({first} and {second}): give one of them another place", path.display(), words(*placement))]
    Twice { path: PathBuf, placement: Placement, first: String, second: String },
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
        for (second, placement) in self.placed() {
            let first =
                self.placed().find(|(_, other)| *other == placement).map_or(second, |(first, _)| first);
            if first != second {
                let (first, second) = (first.to_owned(), second.to_owned());
                return Err(RosterError::Twice { path: self.path.clone(), placement, first, second });
            }
        }
        Ok(())
    }

    #[must_use]
    pub fn placement(&self, serial: &str) -> Option<Placement> {
        self.file.sensors.get(serial).and_then(|entry| entry.placement)
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
        write(&self.path, &file)?;
        self.file = file;
        Ok(())
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
        let entry = file.sensors.entry(serial.to_owned()).or_default();
        (entry.placement, entry.model) = (placement, model.to_owned());
        write(&self.path, &file)?;
        self.file = file;
        Ok(moved)
    }

    /// Exchanges places. Gives the serials that have another one now, with it.
    pub fn swap(&mut self, swap: Swap) -> Result<Vec<(String, Placement)>, RosterError> {
        let mut file = self.file.clone();
        let mut moved = Vec::new();
        for (serial, entry) in &mut file.sensors {
            if let Some(place) = &mut entry.placement
                && swap.of(*place) != *place
            {
                *place = swap.of(*place);
                moved.push((serial.clone(), *place));
            }
        }
        write(&self.path, &file)?;
        self.file = file;
        Ok(moved)
    }
}

/// What people strap on the wrong way round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Swap {
    /// Left and right, thigh and shank.
    Legs,
    /// Left and right thigh.
    Thighs,
    /// Left and right shank.
    Shanks,
    /// Thigh and shank of the left leg.
    LeftLeg,
    /// Thigh and shank of the right leg.
    RightLeg,
}

impl Swap {
    pub const ALL: [Self; 5] = [Self::Legs, Self::Thighs, Self::Shanks, Self::LeftLeg, Self::RightLeg];

    /// The word for it on the command line and in the API.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Legs => "legs",
            Self::Thighs => "thighs",
            Self::Shanks => "shanks",
            Self::LeftLeg => "left_leg",
            Self::RightLeg => "right_leg",
        }
    }

    /// Where a sensor is that was said to be at `placement`. Twice is as before.
    #[must_use]
    pub fn of(self, placement: Placement) -> Placement {
        let across = matches!(
            (self, placement.segment()),
            (Self::Legs, Segment::Thigh | Segment::Shank)
                | (Self::Thighs, Segment::Thigh)
                | (Self::Shanks, Segment::Shank)
        );
        let along = matches!(
            (self, placement.side()),
            (Self::LeftLeg, Some(Side::Left)) | (Self::RightLeg, Some(Side::Right))
        );
        match (placement.side(), placement.segment()) {
            (Some(side), Segment::Thigh) if across => Placement::thigh(side.other()),
            (Some(side), Segment::Shank) if across => Placement::shank(side.other()),
            (Some(side), Segment::Thigh) if along => Placement::shank(side),
            (Some(side), Segment::Shank) if along => Placement::thigh(side),
            _ => placement,
        }
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
    fn when_it_was_last_used_outlives_the_program_and_a_change_of_place() {
        let folder = tempfile::tempdir().unwrap();
        let mut roster = Roster::open(folder.path()).unwrap();
        roster.assign("a", "", Some(Placement::LeftThigh)).unwrap();
        assert_eq!(roster.last_used("a"), None);
        roster.used("a", "open profile", "2026-11-26T10:00:00+01:00".to_owned()).unwrap();
        roster.assign("a", "open profile", Some(Placement::Pelvis)).unwrap();
        let again = Roster::open(folder.path()).unwrap();
        assert_eq!(again.last_used("a"), Some("2026-11-26T10:00:00+01:00"));
        assert_eq!(again.placement("a"), Some(Placement::Pelvis));
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
    fn what_is_exchanged_twice_is_as_before_and_nobody_shares_a_place() {
        for swap in Swap::ALL {
            let mut places = Placement::ALL.map(|place| swap.of(place));
            assert_eq!(places.map(|place| swap.of(place)), Placement::ALL, "{swap:?}");
            assert_eq!(swap.of(Placement::Pelvis), Placement::Pelvis);
            places.sort();
            assert_eq!(places, Placement::ALL, "{swap:?}");
        }
        assert_eq!(Swap::Legs.of(Placement::LeftShank), Placement::RightShank);
        assert_eq!(Swap::Shanks.of(Placement::LeftThigh), Placement::LeftThigh);
        assert_eq!(Swap::RightLeg.of(Placement::RightShank), Placement::RightThigh);
    }

    #[test]
    fn exchanged_places_are_remembered() {
        let folder = tempfile::tempdir().unwrap();
        let mut roster = Roster::open(folder.path()).unwrap();
        roster.assign("a", "", Some(Placement::LeftShank)).unwrap();
        roster.assign("b", "", Some(Placement::RightShank)).unwrap();
        roster.assign("c", "", Some(Placement::LeftThigh)).unwrap();
        assert_eq!(roster.swap(Swap::Thighs).unwrap(), [("c".to_owned(), Placement::RightThigh)]);
        assert_eq!(roster.swap(Swap::Shanks).unwrap().len(), 2);
        let again = Roster::open(folder.path()).unwrap();
        let places: Vec<_> = again.placed().collect();
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
}

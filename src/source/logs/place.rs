//! Which log is of which sensor: what a person has written down, else what the file is called.

use super::LogError;
use crate::body::{Placement, Side};
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Beside the logs: `"part of a file's name" = "left_thigh"` per line.
pub const PLACEMENTS: &str = "placements.toml";

/// Parts of file names with the place of the sensor whose files they are.
#[derive(Debug, Clone, Default)]
pub struct Places {
    from: PathBuf,
    list: Vec<(String, Placement)>,
}

impl Places {
    /// As they were given on the command line.
    #[must_use]
    pub fn given(list: Vec<(String, Placement)>) -> Self {
        Self { from: PathBuf::from("--place"), list }
    }

    /// Those of a folder's `placements.toml`; none where there is no such file.
    pub(super) fn beside(folder: &Path) -> Result<Self, LogError> {
        let path = folder.join(PLACEMENTS);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(LogError::Io { path, error }),
        };
        let written: BTreeMap<String, String> = toml::from_str(&text).map_err(|error| LogError::Toml {
            path: path.clone(),
            error: error.message().split_whitespace().collect::<Vec<_>>().join(" "),
        })?;
        let place = |(part, place): (String, String)| match Placement::from_name(&place) {
            Some(known) => Ok((part, known)),
            None => Err(LogError::Place { path: path.clone(), place }),
        };
        let list = written.into_iter().map(place).collect::<Result<_, _>>()?;
        Ok(Self { from: path, list })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    pub(super) fn of(&self, file: &str) -> Option<Placement> {
        self.list.iter().find(|(part, _)| file.contains(part.as_str())).map(|(_, place)| *place)
    }

    /// An error when a part fits none of `files`: a slip of the pen would leave a sensor out.
    pub(super) fn check(&self, files: &[String]) -> Result<(), LogError> {
        let idle = self.list.iter().find(|(part, _)| files.iter().all(|file| !file.contains(part.as_str())));
        idle.map_or(Ok(()), |(part, _)| {
            Err(LogError::NoSuchFile { path: self.from.clone(), part: part.clone() })
        })
    }
}

/// The place that a file's name tells: `Left_Thigh.csv`, `femur_r_imu.txt`, `rightShank-2.csv`, `sacrum.csv`.
pub(super) fn in_name(file: &str) -> Option<Placement> {
    let words = words(file);
    let has = |any: &[&str]| words.iter().any(|word| any.contains(&word.as_str()));
    if has(&["pelvis", "sacrum", "sacral"]) {
        return Some(Placement::Pelvis);
    }
    let side = match (has(&["left", "l"]), has(&["right", "r"])) {
        (true, false) => Side::Left,
        (false, true) => Side::Right,
        _ => return None,
    };
    match (has(&["thigh", "femur"]), has(&["shank", "tibia"])) {
        (true, false) => Some(Placement::thigh(side)),
        (false, true) => Some(Placement::shank(side)),
        _ => None,
    }
}

/// Words in lower case; a capital after a small letter begins one.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut small = false;
    for c in name.chars() {
        if !c.is_ascii_alphabetic() || (c.is_ascii_uppercase() && small) {
            words.push(String::new());
        }
        if c.is_ascii_alphabetic()
            && let Some(word) = words.last_mut()
        {
            word.push(c.to_ascii_lowercase());
        }
        small = c.is_ascii_lowercase();
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_places_only_where_they_are_plain() {
        for (name, place) in [
            ("Left_Thigh_Accelerometer.csv", Some(Placement::LeftThigh)),
            ("femur_r_imu.txt", Some(Placement::RightThigh)),
            ("rightShank-2.csv", Some(Placement::RightShank)),
            ("MT_012005D6_009-001_00B42279.txt", None),
            ("sacrum.csv", Some(Placement::Pelvis)),
            ("left_right_thigh.csv", None),
            ("left.csv", None),
            ("thigh.csv", None),
        ] {
            assert_eq!(in_name(name), place, "{name}");
        }
    }
}

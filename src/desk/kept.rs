//! A value that outlasts the program, as a JSON file that is written whole or not at all.

use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use thiserror::Error;

#[derive(Debug, Error)]
pub enum KeptError {
    #[error("cannot read {}: {source}; correct it or move it away", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("{} is not what stancewatch keeps there ({message}); correct it or move it away", path.display())]
    Parse { path: PathBuf, message: String },
    #[error("cannot write {}: {source}; free some space, or choose another folder with --data-dir", path.display())]
    Write { path: PathBuf, source: io::Error },
}

/// A value and where it is kept; nowhere while the program has no data folder.
#[derive(Debug, Default)]
pub struct Kept<T> {
    path: Option<PathBuf>,
    value: T,
}

impl<T: Default + Serialize + DeserializeOwned> Kept<T> {
    /// What lies there, or the default where nothing does.
    pub fn open(path: PathBuf) -> Result<Self, KeptError> {
        let value = match fs::read_to_string(&path) {
            Ok(text) => serde_json::from_str(&text)
                .map_err(|error| KeptError::Parse { path: path.clone(), message: error.to_string() })?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => T::default(),
            Err(source) => return Err(KeptError::Read { path, source }),
        };
        Ok(Self { path: Some(path), value })
    }

    #[must_use]
    pub fn value(&self) -> &T {
        &self.value
    }

    /// For changes that need not outlast the program; [`keep`](Self::keep) writes them.
    pub fn value_mut(&mut self) -> &mut T {
        &mut self.value
    }

    pub fn keep(&self) -> Result<(), KeptError> {
        self.path.as_deref().map_or(Ok(()), |path| write(path, &self.value))
    }

    /// Another value, once it is safe on disk.
    pub fn set(&mut self, value: T) -> Result<(), KeptError> {
        if let Some(path) = &self.path {
            write(path, &value)?;
        }
        self.value = value;
        Ok(())
    }
}

/// A crash must not cost what was set up.
fn write(path: &Path, value: &impl Serialize) -> Result<(), KeptError> {
    let fail = |source| KeptError::Write { path: path.to_owned(), source };
    let text = serde_json::to_string_pretty(value).map_err(|error| fail(error.into()))?;
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(fail)?;
    let mut temporary = tempfile::NamedTempFile::new_in(folder).map_err(fail)?;
    io::Write::write_all(&mut temporary, format!("{text}\n").as_bytes()).map_err(fail)?;
    temporary.persist(path).map_err(|error| fail(error.error))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::CueSettings;

    #[test]
    fn what_was_set_is_there_again_and_a_half_written_file_never_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new").join("cues.json");
        let mut kept = Kept::<CueSettings>::open(path.clone()).unwrap();
        kept.set(CueSettings { spacing_strides: 5, ..CueSettings::default() }).unwrap();
        assert_eq!(Kept::<CueSettings>::open(path.clone()).unwrap().value().spacing_strides, 5);
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "no temporary file stays");
    }

    #[test]
    fn a_file_that_is_something_else_is_said_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cues.json");
        fs::write(&path, r#"{"loudness": 11}"#).unwrap();
        let said = Kept::<CueSettings>::open(path.clone()).unwrap_err().to_string();
        assert!(said.contains("cues.json") && said.contains("loudness"), "{said}");
        assert_eq!(fs::read_to_string(&path).unwrap(), r#"{"loudness": 11}"#);
    }
}

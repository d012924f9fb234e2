use crate::source::SourceError;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

const MOTION: &str = "_motion.tsv";
const TRACKSYS: &str = "tracksys-";

/// The files of one recording: all tracking systems of one subject, session, task and run.
#[derive(Debug, Clone)]
pub struct Files {
    name: String,
    folder: PathBuf,
    /// Every `*_motion.tsv`, in order of name.
    motions: Vec<PathBuf>,
}

/// The recordings at a path, by folder and name.
pub fn find(path: &Path) -> Result<Vec<Files>, SourceError> {
    let meta = fs::metadata(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => SourceError::NotFound { path: path.to_path_buf() },
        _ => SourceError::Io { path: path.to_path_buf(), error },
    })?;
    let mut found = BTreeMap::new();
    if meta.is_dir() {
        collect(path, &mut found)?;
        if found.is_empty() {
            return Err(SourceError::NoRecording { path: path.to_path_buf() });
        }
    } else {
        let name = recording_name(path).ok_or_else(|| SourceError::NotMotion { path: path.to_path_buf() })?;
        let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        collect_folder(folder, &mut found)?;
        found.retain(|(_, other), _| *other == name);
    }
    Ok(found.into_iter().map(|((folder, name), motions)| Files { name, folder, motions }).collect())
}

type Found = BTreeMap<(PathBuf, String), Vec<PathBuf>>;

fn collect(folder: &Path, found: &mut Found) -> Result<(), SourceError> {
    for child in collect_folder(folder, found)? {
        // `derivatives` and `sourcedata` hold what is not a recording of this data set.
        let skipped = child
            .file_name()
            .and_then(|n| n.to_str())
            .is_some_and(|n| n.starts_with('.') || n == "derivatives" || n == "sourcedata");
        if !skipped {
            collect(&child, found)?;
        }
    }
    Ok(())
}

/// Adds the motion files that lie right in `folder`; gives its subfolders.
fn collect_folder(folder: &Path, found: &mut Found) -> Result<Vec<PathBuf>, SourceError> {
    let mut entries = fs::read_dir(folder)
        .and_then(|dir| dir.map(|e| e.map(|e| e.path())).collect::<Result<Vec<_>, _>>())
        .map_err(SourceError::io(folder))?;
    entries.sort();
    let mut subfolders = Vec::new();
    for path in entries {
        if path.is_dir() {
            // A link back up would make the walk endless.
            if !path.is_symlink() {
                subfolders.push(path);
            }
        } else if let Some(name) = recording_name(&path) {
            found.entry((folder.to_path_buf(), name)).or_default().push(path);
        }
    }
    Ok(subfolders)
}

/// The motion file's name without suffix and tracking system; `None` for any other file.
fn recording_name(path: &Path) -> Option<String> {
    let stem = path.file_name()?.to_str()?.strip_suffix(MOTION)?;
    let kept: Vec<&str> = stem.split('_').filter(|entity| !entity.starts_with(TRACKSYS)).collect();
    Some(kept.join("_"))
}

impl Files {
    pub(super) fn motions(&self) -> &[PathBuf] {
        &self.motions
    }

    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The recording in messages: its one motion file, or the folder and name that they share.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.motions.first().map_or(&self.folder, PathBuf::as_path)
    }

    /// Every file that says something of the samples or the stretches.
    pub(in crate::source) fn all(&self) -> Vec<PathBuf> {
        let beside = |motion: &PathBuf| {
            [motion.clone(), sibling(motion, "channels.tsv"), sibling(motion, "motion.json")]
        };
        let all = self.motions.iter().flat_map(beside).chain(self.events());
        all.filter(|path| path.is_file()).collect()
    }

    /// `*_events.tsv` of the recording, where there is one.
    pub(super) fn events(&self) -> Option<PathBuf> {
        Some(self.folder.join(format!("{}_events.tsv", self.name))).filter(|p| p.is_file())
    }

    /// `acq_time` of `*_scans.tsv`, where it is in UTC: without a zone it is no moment.
    pub(in crate::source) fn started(&self) -> Option<String> {
        let of_session = self.folder.parent()?;
        let entities = self.name.split('_').take_while(|e| e.starts_with("sub-") || e.starts_with("ses-"));
        let scans = format!("{}_scans.tsv", entities.collect::<Vec<_>>().join("_"));
        let text = fs::read_to_string(of_session.join(scans)).ok()?;
        let mut rows = text.lines().map(|line| line.split('\t').collect::<Vec<_>>());
        let header = rows.next()?;
        let column = |name| header.iter().position(|h| *h == name);
        let (file, time) = (column("filename")?, column("acq_time")?);
        let names: Vec<_> = self.motions.iter().filter_map(|m| m.file_name()?.to_str()).collect();
        let row = rows.find(|row| {
            row.get(file).and_then(|f| f.rsplit('/').next()).is_some_and(|f| names.contains(&f))
        })?;
        let time = *row.get(time)?;
        (time.ends_with('Z') && time.parse::<jiff::Timestamp>().is_ok()).then(|| time.to_owned())
    }

    /// `derivatives/truth/*_strides.csv` of the data set that the recording lies in, where there is one.
    pub(super) fn strides(&self) -> Option<PathBuf> {
        // Absolute, so that the data set is found from within a subject's folder too.
        std::path::absolute(&self.folder)
            .ok()?
            .ancestors()
            .map(|a| a.join("derivatives").join("truth").join(format!("{}_strides.csv", self.name)))
            .find(|p| p.is_file())
    }
}

/// The file beside a `*_motion.tsv` that differs in its suffix: `channels.tsv`, `motion.json`.
pub(super) fn sibling(motion: &Path, suffix: &str) -> PathBuf {
    let name = motion.file_name().and_then(|n| n.to_str()).unwrap_or_default();
    motion.with_file_name(format!("{}_{suffix}", name.strip_suffix(MOTION).unwrap_or(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tracking_system_is_cut_from_the_name_wherever_it_stands() {
        for (file, name) in [
            ("sub-04_task-fast_tracksys-LeftShank_run-2_motion.tsv", Some("sub-04_task-fast_run-2")),
            ("sub-04_task-fast_tracksys-imu_motion.tsv", Some("sub-04_task-fast")),
            ("sub-04_task-fast_motion.tsv", Some("sub-04_task-fast")),
            ("sub-04_task-fast_channels.tsv", None),
        ] {
            assert_eq!(recording_name(Path::new(file)).as_deref(), name);
        }
    }

    #[test]
    fn siblings_keep_every_entity() {
        assert_eq!(
            sibling(Path::new("a/sub-1_tracksys-imu_run-2_motion.tsv"), "channels.tsv"),
            Path::new("a/sub-1_tracksys-imu_run-2_channels.tsv")
        );
    }
}

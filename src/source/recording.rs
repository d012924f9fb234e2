use super::SourceError;
use super::bids;
use crate::body::SensorInfo;
use crate::input::Input;
use std::path::Path;

/// The inputs of a recording, in the order in which a live session would have had them. Ends after
/// the first error.
pub type Inputs = Box<dyn Iterator<Item = Result<Input, SourceError>> + Send>;

/// A session that was recorded.
#[derive(Debug, Clone)]
pub struct Recording {
    /// Names the recording within its data set: `sub-01_task-run_run-2`.
    pub name: String,
    files: bids::Files,
}

/// The recordings at `path` (a data set, a subject folder, or one `*_motion.tsv`), by path.
/// Looks at names only: what is wrong inside a recording is said when that recording is read.
pub fn find(path: &Path) -> Result<Vec<Recording>, SourceError> {
    Ok(bids::find(path)?.into_iter().map(Recording::from).collect())
}

impl From<bids::Files> for Recording {
    fn from(files: bids::Files) -> Self {
        Self { name: files.name().to_owned(), files }
    }
}

impl Recording {
    /// Where it lies, for messages.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.files.path()
    }

    /// The sensors, as [`inputs`](Self::inputs) announces them.
    pub fn sensors(&self) -> Result<Vec<SensorInfo>, SourceError> {
        bids::sensors(&self.files)
    }

    /// The recording as a session; an error when no sensor is on a leg.
    pub fn inputs(&self) -> Result<Inputs, SourceError> {
        bids::require_leg(&self.files)?;
        self.any_inputs()
    }

    /// As [`inputs`](Self::inputs), whatever the sensors are on.
    pub fn any_inputs(&self) -> Result<Inputs, SourceError> {
        Ok(Box::new(bids::inputs(&self.files)?))
    }

    /// What the recording knows of the true movement.
    pub fn truth(&self) -> Result<bids::Truth, SourceError> {
        bids::Truth::read(&self.files)
    }
}

use super::SourceError;
use super::bids;
use super::logs::{self, LogRecording, Places};
use super::mcap::{self, McapRecording};
use crate::input::Input;
use crate::record::mcap::NO_START;
use std::path::{Path, PathBuf};

/// The inputs of a recording, in the order in which a live session would have had them. Ends after
/// the first error.
pub type Inputs = Box<dyn Iterator<Item = Result<Input, SourceError>> + Send>;

/// A session that was recorded.
#[derive(Debug, Clone)]
pub struct Recording {
    /// Names the recording within its data set: `sub-01_task-run_run-2`.
    pub name: String,
    form: Form,
}

#[derive(Debug, Clone)]
enum Form {
    Bids(bids::Files),
    Mcap(McapRecording),
    Logs(LogRecording),
}

/// The recordings at `path` (an `.mcap` file, a data set, a subject folder, one `*_motion.tsv`, or a folder
/// with a vendor's logs), by path. What is wrong inside a Motion-BIDS recording is said when that recording is read.
pub fn find(path: &Path) -> Result<Vec<Recording>, SourceError> {
    find_placed(path, &Places::default())
}

/// As [`find`], where a person says which log is of which sensor.
pub fn find_placed(path: &Path, places: &Places) -> Result<Vec<Recording>, SourceError> {
    if path.is_file() && path.extension().is_some_and(|ending| ending == "mcap") {
        return Ok(vec![Recording::from(mcap::open(path)?)]);
    }
    match bids::find(path) {
        Err(error @ (SourceError::NoRecording { .. } | SourceError::NotMotion { .. })) => {
            let logs = logs::find(path, places)?;
            if logs.is_empty() { Err(error) } else { Ok(logs.into_iter().map(Recording::from).collect()) }
        }
        found => Ok(found?.into_iter().map(Recording::from).collect()),
    }
}

impl From<McapRecording> for Recording {
    fn from(recording: McapRecording) -> Self {
        Self { name: recording.name(), form: Form::Mcap(recording) }
    }
}

impl From<LogRecording> for Recording {
    fn from(recording: LogRecording) -> Self {
        Self { name: recording.name(), form: Form::Logs(recording) }
    }
}

impl From<bids::Files> for Recording {
    fn from(files: bids::Files) -> Self {
        Self { name: files.name().to_owned(), form: Form::Bids(files) }
    }
}

impl Recording {
    /// Where it lies, for messages.
    #[must_use]
    pub fn path(&self) -> &Path {
        match &self.form {
            Form::Bids(files) => files.path(),
            Form::Mcap(recording) => recording.path(),
            Form::Logs(recording) => recording.path(),
        }
    }

    /// Every file that its samples and marks come from, in a fixed order.
    #[must_use]
    pub fn files(&self) -> Vec<PathBuf> {
        match &self.form {
            Form::Bids(files) => files.all(),
            Form::Mcap(recording) => vec![recording.path().to_owned()],
            Form::Logs(recording) => recording.files(),
        }
    }

    /// The recording as a session; an error when no sensor is on a leg.
    pub fn inputs(&self) -> Result<Inputs, SourceError> {
        if let Form::Bids(files) = &self.form {
            bids::require_leg(files)?;
        }
        self.any_inputs()
    }

    /// As [`inputs`](Self::inputs), whatever the sensors are on.
    pub fn any_inputs(&self) -> Result<Inputs, SourceError> {
        Ok(match &self.form {
            Form::Bids(files) => Box::new(bids::inputs(files)?),
            Form::Mcap(recording) => {
                Box::new(recording.inputs()?.map(|input| input.map_err(SourceError::from)))
            }
            Form::Logs(recording) => Box::new(recording.inputs()?.map(Ok)),
        })
    }

    /// What the recording knows of the true movement; a live recording knows nothing of it.
    pub fn truth(&self) -> Result<bids::Truth, SourceError> {
        match &self.form {
            Form::Bids(files) => bids::Truth::read(files),
            Form::Mcap(_) | Form::Logs(_) => Ok(bids::Truth::default()),
        }
    }

    /// The settings that the session was recorded with, as JSON; `None` where it does not say.
    #[must_use]
    pub fn settings(&self) -> Option<&str> {
        match &self.form {
            Form::Bids(_) | Form::Logs(_) => None,
            Form::Mcap(recording) => {
                Some(recording.meta().config.as_str()).filter(|config| !config.is_empty())
            }
        }
    }

    /// Date and time of session time 0, RFC 3339 with offset; `None` where the recording does not say.
    #[must_use]
    pub fn started(&self) -> Option<String> {
        match &self.form {
            Form::Bids(files) => files.started(),
            Form::Mcap(recording) => Some(recording.meta().started.clone())
                .filter(|started| !started.is_empty() && started != NO_START),
            Form::Logs(recording) => recording.started(),
        }
    }

    /// The file of a recording made by this program.
    #[must_use]
    pub fn mcap(&self) -> Option<&Path> {
        match &self.form {
            Form::Mcap(recording) => Some(recording.path()),
            Form::Bids(_) | Form::Logs(_) => None,
        }
    }

    /// What should be known before its results are used: an interrupted recording lacks its end.
    #[must_use]
    pub fn warning(&self) -> Option<String> {
        match &self.form {
            Form::Bids(_) => None,
            Form::Mcap(recording) => recording.cut().map(|cut| cut.to_string()),
            Form::Logs(recording) => recording.warning(),
        }
    }
}

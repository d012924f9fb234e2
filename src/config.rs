//! Settings: defaults, then the file, then the environment and the command line; checked once.

use crate::cli::Cli;
use crate::pipeline::PipelineConfig;
use crate::team::Nats;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// The page's port. Not registered with IANA, and free on the desktops that we know of.
const PORT: u16 = 7878;

/// The settings file.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct File {
    pub port: Option<u16>,
    pub data_dir: Option<PathBuf>,
    pub nats: Nats,
    pub pipeline: PipelineConfig,
}

/// Everything that the rest of the program reads.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    pub port: u16,
    pub data_dir: PathBuf,
    pub nats: Nats,
    pub pipeline: PipelineConfig,
}

#[derive(Debug, Error)]
pub enum ConfigError {
    #[error("cannot read the settings {}: {source}; give another file with --config", path.display())]
    Read { path: PathBuf, source: std::io::Error },
    #[error("the settings {}, {problem}; correct it there, or give another file with --config", path.display())]
    Parse { path: PathBuf, problem: TomlProblem },
    #[error("the settings {} are not right: {source}", path.display())]
    Flags { path: PathBuf, source: crate::flag::ConfigError },
    #[error("this system names no folder for data; give one with --data-dir")]
    NoDataDir,
}

impl Config {
    /// From the command line and what it points to.
    pub fn load(cli: &Cli) -> Result<Self, ConfigError> {
        let file = cli.config.as_deref().map(File::read).transpose()?.unwrap_or_default();
        let data_dir =
            cli.data_dir.clone().or(file.data_dir).or_else(default_data_dir).ok_or(ConfigError::NoDataDir)?;
        Ok(Self { port: file.port.unwrap_or(PORT), data_dir, nats: file.nats, pipeline: file.pipeline })
    }
}

impl File {
    fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
        let file: Self = toml::from_str(&text).map_err(|error| ConfigError::Parse {
            path: path.to_owned(),
            problem: TomlProblem::new(&text, &error),
        })?;
        file.pipeline.flags.check().map_err(|source| ConfigError::Flags { path: path.to_owned(), source })?;
        Ok(file)
    }
}

/// What is wrong with a TOML text, without the excerpt of several lines that its reader gives.
#[derive(Debug)]
pub struct TomlProblem {
    line: usize,
    message: String,
}

impl TomlProblem {
    #[must_use]
    pub fn new(text: &str, error: &toml::de::Error) -> Self {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        Self { line: before.matches('\n').count() + 1, message: error.message().to_owned() }
    }
}

impl fmt::Display for TomlProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.message)
    }
}

fn default_data_dir() -> Option<PathBuf> {
    directories::ProjectDirs::from("", "", "stancewatch").map(|dirs| dirs.data_dir().to_owned())
}

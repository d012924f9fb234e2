//! Settings: defaults, then the file, then the environment and the command line; checked once.

use crate::cli::Cli;
use crate::pipeline::PipelineConfig;
use serde::{Deserialize, Serialize};
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
    pub pipeline: PipelineConfig,
}

/// Everything that the rest of the program reads.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    pub port: u16,
    pub data_dir: PathBuf,
    pub pipeline: PipelineConfig,
}

#[derive(Debug, Error)]
pub enum ConfigError {
    #[error("cannot read the settings {}: {source}; give another file with --config", path.display())]
    Read { path: PathBuf, source: std::io::Error },
    #[error("the settings {} are not right: {source}", path.display())]
    Parse { path: PathBuf, source: Box<toml::de::Error> },
    #[error("the settings are not right: {0}")]
    Flags(#[from] crate::flag::ConfigError),
    #[error("this system names no folder for data; give one with --data-dir")]
    NoDataDir,
}

impl Config {
    /// From the command line and what it points to.
    pub fn load(cli: &Cli) -> Result<Self, ConfigError> {
        let file = cli.config.as_deref().map(File::read).transpose()?.unwrap_or_default();
        file.pipeline.flags.check()?;
        let data_dir =
            cli.data_dir.clone().or(file.data_dir).or_else(default_data_dir).ok_or(ConfigError::NoDataDir)?;
        Ok(Self { port: file.port.unwrap_or(PORT), data_dir, pipeline: file.pipeline })
    }
}

impl File {
    fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
        toml::from_str(&text)
            .map_err(|source| ConfigError::Parse { path: path.to_owned(), source: Box::new(source) })
    }
}

fn default_data_dir() -> Option<PathBuf> {
    directories::ProjectDirs::from("", "", "stancewatch").map(|dirs| dirs.data_dir().to_owned())
}

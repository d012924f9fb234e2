//! The raw command line, exactly as typed. [`crate::config`] makes it usable.

use crate::body::Placement;
use crate::source::ble::roster::Swap;
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

mod coach;
mod exchange;
mod history;
mod out;
pub use coach::CoachArgs;
pub use exchange::{ExportArgs, ImportArgs, PlacedFile};
pub use history::{ReportArgs, RunnersArgs, RunnersCommand, SessionsArgs, SessionsCommand};
pub use out::{NatsArgs, OutArgs};

use std::str::FromStr;

/// Says during the run when a hip lets the thigh fall in or turn in while the foot is loaded.
///
/// A training aid, not a diagnosis. Everything stays on this computer.
#[derive(Debug, Parser)]
#[command(version, propagate_version = true)]
pub struct Cli {
    /// Settings, as TOML
    #[arg(long, global = true, value_name = "FILE", env = "STANCEWATCH_CONFIG")]
    pub config: Option<PathBuf>,
    /// Where recordings are kept [default: the user's data folder]
    #[arg(long, global = true, value_name = "DIR", env = "STANCEWATCH_DATA_DIR")]
    pub data_dir: Option<PathBuf>,
    /// Print tables as JSON
    #[arg(long, global = true)]
    pub json: bool,
    #[command(subcommand)]
    pub command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// The daemon: sensors, recording, page (also without a command)
    Run(RunArgs),
    /// The coach's board: the runners of other daemons, worst first
    Coach(CoachArgs),
    /// Sensors in reach: model, name, signal, battery, and why one cannot be used
    Scan(ScanArgs),
    /// Which sensor is worn where
    #[command(subcommand)]
    Sensors(SensorsCommand),
    /// Checks Bluetooth, permissions, clock, disk and port
    Doctor(DoctorArgs),
    /// A real recording, then a synthetic runner, as if live; no sensors needed
    Demo(LiveArgs),
    /// A recording through the live pipeline and page
    Replay(ReplayArgs),
    /// Recordings to angles.csv, stances.csv, alerts.csv and summary.json
    Analyze(AnalyzeArgs),
    /// A recording of another program into our recordings: Motion-BIDS, or logs of MetaMotion, Movella DOT, Xsens MTw
    Import(ImportArgs),
    /// A recording as files that other programs read
    Export(ExportArgs),
    /// Our errors against the truth that a Motion-BIDS data set carries
    Validate(ValidateArgs),
    /// What was run: list, show, tag, crop, split, delete
    Sessions(SessionsArgs),
    /// Who ran: list, add, rename, delete, export all of one's data
    Runners(RunnersArgs),
    /// A session as one page to print
    Report(ReportArgs),
    /// A synthetic runner, as a Motion-BIDS data set with exact truth
    Simulate(SimulateArgs),
    /// Other limits on an old session: when each rule would have fired
    Try(TryArgs),
    /// How good the limits are: many synthetic runners with known episodes
    Score(ScoreArgs),
}

/// What every command with a page takes.
#[derive(Debug, Clone, Default, Args)]
pub struct LiveArgs {
    /// Port of the page; 0 takes a free one [default: 7878]
    #[arg(long, value_name = "N")]
    pub port: Option<u16>,
    /// Do not open the browser
    #[arg(long)]
    pub no_open: bool,
    /// Times real time, or `max`
    #[arg(long, value_name = "N|max", default_value = "1")]
    pub speed: Speed,
    /// End when the source ends, instead of keeping the page up
    #[arg(long)]
    pub once: bool,
    /// Let phones and boards on the network in, by invitation
    #[arg(long)]
    pub lan: bool,
    #[command(flatten)]
    pub out: OutArgs,
    #[command(flatten)]
    pub nats: NatsArgs,
}

#[derive(Debug, Clone, Default, Args)]
pub struct RunArgs {
    #[command(flatten)]
    pub live: LiveArgs,
    #[command(flatten)]
    pub runner: RunnerArgs,
    /// The synthetic runner instead of sensors (so does every option that describes the runner)
    #[arg(long)]
    pub synthetic: bool,
    /// That many synthetic runners, some of them with faults (for people see --runner)
    #[arg(long, value_name = "N")]
    pub runners: Option<u32>,
    /// Do not record the session
    #[arg(long)]
    pub no_recording: bool,
    /// Whose session it is, by name; remembered, and made when unknown [default: the one of last time]. Given twice or
    /// more: several runners at once, each with the own sensors, a page at /r/NAME/, and the board at /board
    #[arg(long = "runner", value_name = "NAME", value_parser = person)]
    pub who: Vec<String>,
}

#[derive(Debug, Clone, Args)]
pub struct ScanArgs {
    /// How long to listen
    #[arg(long, value_name = "N", default_value_t = 8)]
    pub seconds: u16,
}

#[derive(Debug, Clone, Subcommand)]
pub enum SensorsCommand {
    /// The sensors that have a place
    List,
    /// Remembers where a sensor is worn, by its serial
    Place {
        /// Its serial, as `scan` and the page show it
        serial: String,
        /// pelvis, left_thigh, right_thigh, left_shank, right_shank, or none
        placement: Place,
        /// Who wears it, where several runners share a daemon [default: as before]
        #[arg(long, value_name = "NAME", value_parser = person)]
        runner: Option<String>,
    },
    /// Exchanges places that were given the wrong way round
    Swap {
        /// legs, thighs, shanks (left and right of them), left_leg, right_leg (thigh and shank of it)
        #[arg(value_name = "WHAT")]
        what: Exchange,
        /// Whose, where sensors are remembered for several runners
        #[arg(long, value_name = "NAME", value_parser = person)]
        runner: Option<String>,
    },
    /// Connects to a sensor and lets it blink or vibrate, so that you see which one it is
    Identify {
        /// Its name or serial, as `scan` shows it
        name: String,
    },
}

/// A runner's name.
fn person(text: &str) -> Result<String, String> {
    let name = text.trim();
    if name.is_empty() || name.chars().any(char::is_control) {
        return Err("a runner needs a name in one line".to_owned());
    }
    Ok(name.to_owned())
}

/// What is exchanged, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exchange(pub Swap);

impl FromStr for Exchange {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let known = Swap::ALL.into_iter().find(|swap| swap.name() == text);
        known.map(Self).ok_or_else(|| {
            format!("{text} is nothing to exchange; give {}", Swap::ALL.map(Swap::name).join(", "))
        })
    }
}

/// A placement, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place(pub Option<Placement>);

impl FromStr for Place {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        if text == "none" {
            return Ok(Self(None));
        }
        let names = Placement::ALL.map(Placement::name).join(", ");
        let placement =
            Placement::from_name(text).ok_or(format!("`{text}` is no place: give {names} or none"));
        placement.map(|placement| Self(Some(placement)))
    }
}

#[derive(Debug, Clone, Args)]
pub struct DoctorArgs {
    /// Write what helps to find a fault, without personal data
    #[arg(long, value_name = "FILE")]
    pub bundle: Option<PathBuf>,
}

#[derive(Debug, Clone, Args)]
pub struct ReplayArgs {
    /// An .mcap recording, or a path inside a Motion-BIDS data set with one recording
    pub source: PathBuf,
    #[command(flatten)]
    pub live: LiveArgs,
}

#[derive(Debug, Clone, Args)]
pub struct AnalyzeArgs {
    /// .mcap recordings, or paths inside Motion-BIDS data sets
    #[arg(required = true, value_name = "SOURCE")]
    pub sources: Vec<PathBuf>,
    /// Folder for the results
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Recordings worked at the same time [default: one per processor]
    #[arg(long, value_name = "N")]
    pub jobs: Option<std::num::NonZeroUsize>,
    /// Also recordings whose results are there and would come out the same
    #[arg(long)]
    pub again: bool,
}

#[derive(Debug, Clone, Args)]
pub struct ValidateArgs {
    /// A Motion-BIDS data set with truth (angles, orientations, gait events), or a path inside one
    pub dataset: PathBuf,
    /// The truth lists some events only (force plates): none of ours is false
    #[arg(long)]
    pub listed_only: bool,
    /// Sum up the contacts once more without this person (sub-02), whose reference is doubted
    #[arg(long, value_name = "SUBJECT")]
    pub without: Vec<String>,
    /// Write a page with overlay plots
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// Fail when a figure is worse than in this file
    #[arg(long, value_name = "FILE")]
    pub against: Option<PathBuf>,
    /// Keep the figures in this file
    #[arg(long, value_name = "FILE")]
    pub write: Option<PathBuf>,
}

#[derive(Debug, Clone, Args)]
pub struct SimulateArgs {
    /// Folder for the data set
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    #[command(flatten)]
    pub runner: RunnerArgs,
}

#[derive(Debug, Clone, Args)]
pub struct TryArgs {
    /// An .mcap recording, or a path inside a Motion-BIDS data set with one recording
    pub source: PathBuf,
    /// A changed setting of the rules, such as `femur_adduction.amber_deg=3`; may be given often. Without any,
    /// those of --config
    #[arg(long, value_name = "NAME=VALUE")]
    pub set: Vec<String>,
}

#[derive(Debug, Clone, Args)]
pub struct ScoreArgs {
    /// Sessions of each of three kinds, ten minutes each
    #[arg(long, value_name = "N", default_value_t = 40)]
    pub runs: u32,
    /// Sessions worked at the same time [default: one per processor]
    #[arg(long, value_name = "N")]
    pub jobs: Option<std::num::NonZeroUsize>,
}

/// The synthetic runner. Everything else about it can be set with `--runner-config`.
#[derive(Debug, Clone, Default, Args)]
pub struct RunnerArgs {
    /// Every setting of the synthetic runner, as TOML
    #[arg(long, value_name = "FILE")]
    pub runner_config: Option<PathBuf>,
    /// Another number, another runner; the same number, the same runner
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Running time after the walk, minutes
    #[arg(long, value_name = "N")]
    pub minutes: Option<f64>,
    /// Running speed, m/s
    #[arg(long, value_name = "N")]
    pub pace_mps: Option<f64>,
    /// Sample rate, Hz
    #[arg(long, value_name = "N")]
    pub rate_hz: Option<f64>,
    /// Share of packets lost, percent
    #[arg(long, value_name = "N")]
    pub loss_percent: Option<f64>,
    /// No sacral sensor
    #[arg(long)]
    pub no_pelvis: bool,
}

impl RunnerArgs {
    /// Something about the runner was said.
    #[must_use]
    pub fn is_given(&self) -> bool {
        let Self { runner_config, seed, minutes, pace_mps, rate_hz, loss_percent, no_pelvis } = self;
        let figures = [minutes, pace_mps, rate_hz, loss_percent];
        runner_config.is_some() || seed.is_some() || figures.iter().any(|f| f.is_some()) || *no_pelvis
    }
}

/// How fast a source plays.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Speed {
    Times(f64),
    Max,
}

impl Default for Speed {
    /// Real time.
    fn default() -> Self {
        Self::Times(1.0)
    }
}

impl FromStr for Speed {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        if text == "max" {
            return Ok(Self::Max);
        }
        match text.parse::<f64>() {
            Ok(times) if times.is_finite() && times > 0.0 => Ok(Self::Times(times)),
            _ => Err(format!("`{text}` is not a speed: give a number above 0, such as 4, or max")),
        }
    }
}

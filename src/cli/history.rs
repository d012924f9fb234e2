//! Commands about what is kept.

use crate::body::Side;
use clap::{Args, Subcommand};
use std::path::PathBuf;
use std::str::FromStr;

#[derive(Debug, Clone, Args)]
pub struct SessionsArgs {
    #[command(subcommand)]
    pub command: Option<SessionsCommand>,
}

#[derive(Debug, Clone, Subcommand)]
pub enum SessionsCommand {
    /// Newest first (also without a word)
    List {
        /// Of this runner only
        #[arg(long, value_name = "NAME")]
        runner: Option<String>,
        /// Those that are deleted and can be brought back
        #[arg(long)]
        deleted: bool,
    },
    /// What a session says: means per leg, trend, left against right
    Show { id: String },
    /// Writes to a session what you know about it; an empty text takes a tag away
    Tag {
        id: String,
        /// 0 to 10
        #[arg(long, value_name = "N")]
        pain: Option<u8>,
        #[arg(long, value_name = "TEXT")]
        shoes: Option<String>,
        #[arg(long, value_name = "TEXT")]
        surface: Option<String>,
        #[arg(long, value_name = "TEXT")]
        note: Option<String>,
        /// Whose session it is
        #[arg(long, value_name = "NAME")]
        runner: Option<String>,
    },
    /// Only a part of a session counts from now on; without a part, all of it
    Crop {
        id: String,
        /// Seconds of the session
        #[arg(long, value_name = "S", requires = "to", allow_negative_numbers = true)]
        from: Option<f64>,
        #[arg(long, value_name = "S", requires = "from")]
        to: Option<f64>,
    },
    /// Makes two sessions of one
    Split {
        id: String,
        /// Seconds of the session
        #[arg(long, value_name = "S")]
        at: f64,
    },
    /// Takes stances out of every figure
    Exclude {
        id: String,
        /// left or right
        side: OneSide,
        /// Numbers of stances
        #[arg(required = true)]
        stances: Vec<u32>,
        /// Takes them back in
        #[arg(long)]
        undo: bool,
    },
    /// Deletes a session; for a week it can be brought back
    Delete {
        id: String,
        /// At once and for good, with its recording
        #[arg(long)]
        now: bool,
    },
    /// Brings a deleted session back
    Restore { id: String },
}

/// `left` or `right`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OneSide(pub Side);

impl FromStr for OneSide {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let side = Side::BOTH.into_iter().find(|side| side.name() == text);
        side.map(Self).ok_or(format!("`{text}` is no side: give left or right"))
    }
}

#[derive(Debug, Clone, Args)]
pub struct RunnersArgs {
    #[command(subcommand)]
    pub command: Option<RunnersCommand>,
}

#[derive(Debug, Clone, Subcommand)]
pub enum RunnersCommand {
    /// All runners (also without a word)
    List {
        /// With those that are deleted and can be brought back
        #[arg(long)]
        deleted: bool,
    },
    /// A new runner, by pseudonym unless you give a name
    Add { name: Option<String> },
    /// Sessions are this runner's from now on
    Use { name: String },
    /// Gives a runner a name; an empty one leaves the pseudonym
    Rename { name: String, new: String },
    /// Writes down what is known of a runner; an empty text takes it away
    Set {
        name: String,
        /// female or male
        #[arg(long, value_name = "SEX")]
        sex: Option<String>,
        /// Hip to floor, m
        #[arg(long, value_name = "M")]
        leg_length: Option<f64>,
        /// What the runner agreed to, and when
        #[arg(long, value_name = "TEXT")]
        consent: Option<String>,
        /// Sessions are deleted after so many days; 0 keeps them
        #[arg(long, value_name = "DAYS")]
        retention: Option<u32>,
    },
    /// A runner and how the sessions compare
    Show { name: String },
    /// Deletes a runner with all sessions; for a week they can be brought back
    Delete {
        #[arg(required_unless_present = "all", conflicts_with = "all")]
        name: Option<String>,
        /// Every runner and every session
        #[arg(long, requires = "now")]
        all: bool,
        /// At once and for good, with all recordings
        #[arg(long)]
        now: bool,
    },
    /// Brings a deleted runner back, with all sessions
    Restore { name: String },
    /// Everything that is kept of a runner, as JSON and recordings
    Export {
        name: String,
        /// A folder that does not exist yet
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
    },
    /// How many days sessions are kept when nothing else is said for their runner; 0 keeps them
    Retention { days: Option<u32> },
}

#[derive(Debug, Clone, Args)]
pub struct ReportArgs {
    /// A session's id (or its beginning, or `last`)
    pub session: String,
    /// The page
    #[arg(long, value_name = "FILE.html")]
    pub out: PathBuf,
    /// Language of the reader: en or de
    #[arg(long, default_value = "en")]
    pub language: String,
}

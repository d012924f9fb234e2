//! What a board asks of a daemon.

use crate::body::Side;
use crate::event::Words;
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

/// Something that a person at a board wants of a runner's daemon.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ask {
    /// [`Who::id`](super::Who::id).
    pub runner: String,
    /// The session that the board shows.
    pub session: String,
    #[serde(flatten)]
    pub what: What,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case")]
pub enum What {
    /// The alert has been seen.
    Acknowledge { alert: u32 },
    /// The runner shall hear this.
    Cue { words: Words, side: Option<Side> },
}

/// Something wanted of a daemon, on its way there.
#[derive(Debug)]
pub struct Wanted {
    /// Its id.
    pub daemon: String,
    pub ask: Ask,
    /// Hears what became of it: a sentence where it was not done.
    pub answer: oneshot::Sender<Result<(), String>>,
}

/// What a coach can say: what to do with the next steps. All else the daemon says by itself.
pub const COACH_WORDS: [Words; 6] = [
    Words::KneesApart,
    Words::QuickerLighterSteps,
    Words::KneecapsForward,
    Words::LevelHips,
    Words::EvenSteps,
    Words::EaseOff,
];

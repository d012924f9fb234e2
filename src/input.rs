//! What a session is made of. Every source (Bluetooth, recording, synthetic) gives this one stream,
//! the recorder keeps it, and replaying it gives the same events to the bit.

use crate::body::{Packet, SensorInfo};
use crate::units::SessionTime;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "input", rename_all = "snake_case")]
pub enum Input {
    /// A sensor joins the session, or is announced anew with changed facts. Comes before its packets.
    Sensor(SensorInfo),
    Packet(Packet),
    /// A stretch of the session with a known purpose begins or ends.
    Mark(Mark),
    /// Nothing follows: decide what can still be decided.
    End,
}

/// The edge of a marked stretch. Where a session has no marks, the pipeline finds the stretches itself.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Mark {
    pub stretch: Stretch,
    pub edge: Edge,
    pub t: SessionTime,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stretch {
    /// Standing still: feet under the hips, kneecaps forward.
    Still,
    /// Slow knee bends.
    Functional,
    /// Steady running that counts as the runner's usual.
    Baseline,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Edge {
    Begin,
    End,
}

//! What a session is made of. Every source (Bluetooth, recording, synthetic) gives this one stream,
//! the recorder keeps it, and replaying it gives the same events to the bit.

mod order;

pub use order::{Channels, CueSettings, Fade, Order, OrderError, Wish};

use crate::body::{Packet, SensorId, SensorInfo};
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
    /// What a live link says besides samples.
    Link(Link),
    /// What a person wants of the cues.
    Order(Order),
    /// A person marked a moment. Decides nothing.
    Moment(Moment),
    /// Nothing follows: decide what can still be decided.
    End,
}

/// A moment that a person marked while the session ran.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Moment {
    pub t: SessionTime,
    pub label: String,
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
    /// A screening test: two seconds of standing on both feet, then squats on one leg and on the other.
    SingleLegSquat,
    /// A screening test: the same from a step, the free foot reaching for the ground.
    StepDown,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Edge {
    Begin,
    End,
}

/// What a live link says besides samples.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Link {
    /// `None`: about the radio of this computer.
    pub sensor: Option<SensorId>,
    pub t: SessionTime,
    pub report: Report,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "report", rename_all = "snake_case")]
pub enum Report {
    /// What is left of the battery.
    Battery { percent: f64 },
    /// Something is wrong from now on, or over.
    Trouble {
        trouble: Trouble,
        active: bool,
        /// One sentence with the remedy.
        message: String,
    },
    /// No sensor has sent anything up to here, and time goes on.
    Quiet,
    /// Bytes as they came or went. Decides nothing; kept so that decoding can be done anew.
    Bytes { way: Way, characteristic: String, hex: String },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trouble {
    /// The radio of this computer cannot be used.
    Radio,
    /// The link to a sensor is lost and being made again.
    Lost,
    /// A sensor is connected and cannot be used as it is.
    Unusable,
    /// A sensor sends what makes no sense.
    Garbage,
    /// Two sensors claim one place or one name.
    Claim,
    /// A sensor's battery is nearly empty.
    BatteryLow,
}

/// From the sensor, or to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    In,
    Out,
}

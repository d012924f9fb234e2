//! What can be wrong with a message, and with a sensor.

use thiserror::Error;

/// What was wrong with one message. It is dropped and counted; the sensor goes on.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum Fault {
    #[error(
        "{what} has {len} bytes where {wanted} were expected: if they all do, the link's MTU is too small"
    )]
    Length { what: &'static str, len: usize, wanted: usize },
    #[error("{what} begins with {first:#04x}, which this driver does not know")]
    Foreign { what: &'static str, first: u8 },
    #[error("{what} is damaged: its checksum is wrong")]
    Checksum { what: &'static str },
    #[error("{what} cannot be: {value}")]
    Implausible { what: &'static str, value: f64 },
    #[error("the sensor refused to {what}")]
    Refused { what: &'static str },
}

/// Why a sensor cannot be used, and what to do about it.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum Obstacle {
    #[error("the sensor has no {what}: {remedy}")]
    Missing { what: &'static str, remedy: &'static str },
    #[error("the sensor refused to {what}: {remedy}")]
    Refused { what: &'static str, remedy: &'static str },
    #[error("{what} is {found}, which this version does not speak: {remedy}")]
    Unknown { what: &'static str, found: String, remedy: &'static str },
    #[error(
        "the range of its {what} is {found:.0} {unit}, and running needs {needed:.0}: set it to more with the maker's program"
    )]
    Range { what: &'static str, found: f64, needed: f64, unit: &'static str },
    #[error(
        "none of its last {count} messages made sense (the last: {last}): switch it off and on, or use another sensor"
    )]
    Nonsense { count: u32, last: Fault },
}

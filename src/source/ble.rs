//! Sensors over Bluetooth LE, now: links that heal, as one stream of [`Input`](crate::input::Input).
//!
//! ```text
//! adapter ──events──> central ──sighted, down, ask──> link (a task per sensor) ──Input──> session
//!                     scan, who is who                 connect, script, drain, watch, reconnect
//! ```
//!
//! [`radio::Radio`] is all that the rest sees of Bluetooth; `btle` is the one that is real.

mod air;
pub mod board;
mod btle;
pub mod capacity;
mod central;
mod known;
mod link;
pub mod motion;
mod outlet;
pub mod radio;
pub mod roster;
mod script;

#[cfg(test)]
mod simulated;
#[cfg(test)]
mod tests;

pub use btle::BtleRadio;
pub use central::{Central, Command, Refusal, Remote, Timing};

//! Sensors over Bluetooth LE, now: links that heal, as one stream of [`Input`](crate::input::Input).
//!
//! ```text
//! adapter ──events──> session ──sighted, down, ask──> link (a task per sensor) ──Input──> pipeline
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
mod registry;
mod remote;
pub mod roster;
mod script;
mod session;
mod timing;
mod voice;
mod wake;

#[cfg(test)]
pub(crate) mod simulated;
#[cfg(test)]
mod tests;

pub use btle::BtleRadio;
pub use central::Central;
pub use remote::{Command, Refusal, Remote};
pub use timing::Timing;

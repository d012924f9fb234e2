//! Where a session comes from: equal sources of one stream of [`Input`](crate::input::Input).

pub mod bids;
pub mod ble;
mod error;
pub mod logs;
pub mod mcap;
mod recording;
pub mod synthetic;

pub use error::SourceError;
pub use recording::{Inputs, Recording, find, find_placed};

//! A session as files that outlive it.

pub mod bids;
pub mod mcap;

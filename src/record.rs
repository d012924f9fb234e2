//! A session kept on disk while it happens, so that it can be replayed to the bit.

pub mod mcap;

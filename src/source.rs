//! Where a session comes from: equal sources of one stream of [`Input`](crate::input::Input).

pub mod synthetic;

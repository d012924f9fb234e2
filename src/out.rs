//! Angles, stances and alerts to other programs while they happen: `docs/live-out.md`. Whoever does not listen, or not
//! fast enough, is no concern of the run's.

use crate::event::Event;
use crate::units::SessionTime;
use std::sync::Arc;
use std::time::Instant;

pub mod osc;

/// Takes what the pipeline says, on its thread: must neither wait nor fail.
pub trait Outlet: Send + Sync + std::fmt::Debug {
    fn event(&self, event: &Event);

    /// It was this session time at this moment, or a little earlier: when a packet came.
    fn clock(&self, _t: SessionTime, _at: Instant) {}
}

/// All that a session goes out to.
pub type Outlets = Vec<Arc<dyn Outlet>>;

//! Sans-I/O: push(Input) -> Events. The only place where the stages meet.

use crate::event::Event;
use crate::input::Input;

#[derive(Debug, Default)]
pub struct Pipeline {
    events: Vec<Event>,
}

impl Pipeline {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Feeds one input; the events that it caused, in the order in which they were known, until the
    /// next push.
    pub fn push(&mut self, input: &Input) -> &[Event] {
        let _ = input;
        self.events.clear();
        &self.events
    }
}

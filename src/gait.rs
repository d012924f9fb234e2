//! Stance of each leg: initial and terminal contact, gait class, rhythm, measures.

use crate::body::Placement;
use crate::body::Side;
use crate::event::{Contact, Gait};
use crate::units::{Hz, SessionTime};
use nalgebra::Vector3;

#[derive(Debug, Clone, Default)]
pub struct GaitTracker {}

impl GaitTracker {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A sensor joins (or joins again with another rate).
    pub fn add_sensor(&mut self, placement: Placement, rate: Hz) {
        let _ = (placement, rate);
        todo!()
    }

    /// One measured sample in session time, any mounting; appends what it decides.
    pub fn push(
        &mut self,
        placement: Placement,
        t: SessionTime,
        acc: &Vector3<f64>,
        gyr: &Vector3<f64>,
        out: &mut Vec<Contact>,
    ) {
        let _ = (placement, t, acc, gyr, out);
        todo!()
    }

    /// The leg's gait while it is locked to a rhythm.
    #[must_use]
    pub fn gait(&self, side: Side) -> Option<Gait> {
        let _ = side;
        todo!()
    }
}

//! Orientation of one sensor, gap-aware, with how far to trust it.

use crate::event::Fused;
use crate::units::{Hz, SessionTime};
use nalgebra::{Vector2, Vector3};

/// The turn that the runner is in, for removing its centripetal acceleration before the filter.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Turn {
    /// About the vertical, left positive, rad/s.
    pub rate: f64,
    /// Unit vector to the left of progression in this sensor's own world frame.
    pub left_in_world: Vector2<f64>,
    /// Running speed, m/s.
    pub speed: f64,
}

#[derive(Debug, Clone)]
pub struct Fusion {}

impl Fusion {
    #[must_use]
    pub fn new(rate: Hz) -> Self {
        let _ = rate;
        todo!()
    }

    /// The gyroscope's mean in quiet standing, raw sensor axes, rad/s: subtracted from now on.
    pub fn set_gyro_zero(&mut self, zero: Vector3<f64>) {
        let _ = zero;
        todo!()
    }

    /// Holds until the next call.
    pub fn set_turn(&mut self, turn: Option<Turn>) {
        let _ = turn;
        todo!()
    }

    /// One measured sample; appends what can be released, oldest first. During a gap nothing comes,
    /// then the bridge and the held samples at once.
    pub fn push(&mut self, t: SessionTime, acc: Vector3<f64>, gyr: Vector3<f64>, out: &mut Vec<Fused>) {
        let _ = (t, acc, gyr, out);
        todo!()
    }

    /// Nothing follows: releases what is held.
    pub fn finish(&mut self, out: &mut Vec<Fused>) {
        let _ = out;
        todo!()
    }
}

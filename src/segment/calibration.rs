//! Sensor-to-segment calibration from standing still, knee bends and gait.

use crate::body::Placement;
use crate::event::{Calibration, Contact, Fused};
use crate::input::Mark;
use nalgebra::Vector3;

/// What the calibrator has to say after a sample.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Mean raw angular rate of quiet standing, for [`Fusion::set_gyro_zero`](crate::fusion::Fusion::set_gyro_zero).
    GyroZero {
        placement: Placement,
        zero: Vector3<f64>,
    },
    Done(Box<Calibration>),
}

#[derive(Debug, Clone, Default)]
pub struct Calibrator {}

impl Calibrator {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    pub fn mark(&mut self, mark: Mark) {
        let _ = mark;
        todo!()
    }

    pub fn contact(&mut self, contact: &Contact) {
        let _ = contact;
        todo!()
    }

    pub fn push(&mut self, placement: Placement, sample: &Fused, out: &mut Vec<Step>) {
        let _ = (placement, sample, out);
        todo!()
    }
}

//! Sensor to segment: calibration, the acceleration link between segments that share a joint, and
//! the heading of progression.

pub mod calibration;
pub mod link;
mod smooth;

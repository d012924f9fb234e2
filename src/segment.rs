//! Sensor to segment: calibration, the acceleration link between segments that share a joint, and
//! the heading of progression.

pub mod calibration;
pub mod heading;
pub mod link;
pub mod neighbours;
pub mod progression;
pub mod slip;
mod smooth;
pub mod tie;
pub mod track;
pub mod turn;

//! What one sensor measured.

use nalgebra::Vector3;
use stancewatch::body::Placement;

#[derive(Clone)]
pub(crate) struct Track {
    pub(crate) placement: Placement,
    pub(crate) rate: f64,
    /// Time, specific force, angular rate.
    pub(crate) samples: Vec<(f64, Vector3<f64>, Vector3<f64>)>,
}

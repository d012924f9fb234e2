//! Motion-BIDS recordings (BIDS 1.9 and later, "Motion"; Jeung et al., Scientific Data 2024).
//!
//! ```text
//!  files ── which files make one recording
//!  channels ── what the columns of a motion.tsv are
//!  rows ── lines of numbers ── track (rows of one file -> packets) ── merge -> Inputs
//!  events ── marks, contacts
//!  truth ── joint angles, orientations, contacts, stance peaks
//! ```
//!
//! Every tracked point with three ACCEL and three GYRO channels is a sensor. One on a part of the body
//! that is not ours is announced without a placement: recorded, and otherwise ignored.

mod channels;
mod events;
mod files;
mod merge;
mod rows;
mod track;
mod truth;

pub use events::{ContactTruth, Episode, StretchTruth};
pub use files::{Files, find};
pub(crate) use merge::{inputs, require_leg};
pub use truth::{AngleSeries, OrientationSeries, StancePeaks, Truth};

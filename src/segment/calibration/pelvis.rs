//! The pelvis's axis to the right: from how the trunk tips in knee bends, and from both thighs, whose
//! heading the acceleration link carries over the hips.

use super::axes::{LARGEST_SIGMA, calm_rates};
use super::bends::lone_bend;
use super::knee::{Fault, Source, Sources};
use super::solve::Evidence;
use super::track::GRID;
use crate::body::{PerPlacement, Placement, Segment, Side};
use crate::event::{Grade, SegmentCalibration};
use crate::segment::link::{Link, Search, link};
use nalgebra::{Rotation3, Vector3};

pub(super) fn pelvis(
    evidence: &Evidence,
    segments: &PerPlacement<Option<SegmentCalibration>>,
) -> (Sources, Option<Fault>) {
    let mut sources = Sources::default();
    let bends = &evidence.bends[Placement::Pelvis];
    let bend =
        (!bends.is_empty()).then(|| lone_bend(Segment::Pelvis, &calm_rates(bends, GRID), GRID)).flatten();
    if let Some(bend) = bend {
        sources.axes.push(Source { axis: bend.axis, weight: 1.0 });
        sources.from_bends = true;
        sources.elongation = Some(bend.elongation);
    }
    let thighs = Side::BOTH.into_iter().filter_map(|side| over_the_hip(evidence, segments, side));
    if let Some(axis) = thighs.reduce(|a, b| a + b) {
        sources.axes.push(Source { axis, weight: 1.0 });
    }
    let fault = (evidence.bends_asked && !sources.from_bends).then_some(Fault::NoBends);
    (sources, fault)
}

/// How pelvis and thigh are linked in gait.
pub(super) fn hip(evidence: &Evidence, side: Side) -> Option<Link> {
    let (pelvis, thigh) = (&evidence.gait[Placement::Pelvis], &evidence.gait[Placement::thigh(side)]);
    link(pelvis, thigh, GRID, Search::Anywhere)
}

/// The thigh's axis to the right, in standing, in the pelvis's sensor: both face forward then. Without
/// standing, on the mean over gait.
fn over_the_hip(
    evidence: &Evidence,
    segments: &PerPlacement<Option<SegmentCalibration>>,
    side: Side,
) -> Option<Vector3<f64>> {
    let placement = Placement::thigh(side);
    let thigh = segments[placement].as_ref().filter(|s| s.quality.grade != Grade::Refused)?;
    let (pelvis_gait, thigh_gait) = (&evidence.gait[Placement::Pelvis], &evidence.gait[placement]);
    let link = hip(evidence, side).filter(|link| link.variance < LARGEST_SIGMA.powi(2))?;
    let turn = Rotation3::from_axis_angle(&Vector3::z_axis(), link.heading);
    let right = thigh.sensor_from_segment * Vector3::z();
    match (evidence.poses[Placement::Pelvis], evidence.poses[placement]) {
        (Some(pelvis), Some(thigh)) => {
            Some(pelvis.world_from_sensor.inverse() * (turn * (thigh.world_from_sensor * right)))
        }
        _ => pelvis_gait
            .iter()
            .zip(thigh_gait)
            .map(|(p, t)| p.world_from_sensor.inverse() * (turn * (t.world_from_sensor * right)))
            .sum::<Vector3<f64>>()
            .try_normalize(1e-6),
    }
}

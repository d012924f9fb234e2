//! The femur's long axis from its two joints. What the acceleration link finds on the way from the thigh's sensor to the
//! hip and to the knee differs by the femur, whose long axis runs between their centres (Wu et al. 2002, J Biomech 35,
//! 543-548: femoral y).
//!
//! A leg that stands still is no plumb line: feet are set wider apart than hips, and thighs lean. Source of all
//! figures: own measurement on virtual running, 14 legs, the first twelve seconds of running, error of the femur's long axis
//! in the frontal and in the sagittal plane, rms: standing 4.3 and 3.3 degrees, joints 2.2 and 2.1, both as weighted
//! here 2.0 and 1.1.

use super::axes::upright;
use super::still::Pose;
use super::track::GRID;
use crate::body::{PerPlacement, Placement, Side};
use crate::event::{Grade, SegmentCalibration, Zero};
use crate::segment::link::{LinkSample, Search, link};
use nalgebra::{UnitQuaternion, Vector3};

/// How much the joints count against standing: their errors' squares say from 0.70 to 0.79; any from 0.5 to 0.75 does
/// as well.
const JOINTS: f64 = 0.6;
/// How far the shank leans sideways with the thigh: a standing leg is straight in the frontal plane, but what turned the
/// thigh is in part the joints' own error.
const SHANK: f64 = 0.5;
/// Largest spread of a link's heading that is still believed, rad (12 degrees; 8 at most in the measurement).
const LARGEST_SIGMA: f64 = 0.21;
/// From hip to knee, m: adults from the shortest to the tallest. 0.38 to 0.45 in the measurement.
const FEMUR: std::ops::RangeInclusive<f64> = 0.28..=0.60;
/// Farther from standing than this, rad (17 degrees), the joints were not found; 12 degrees at most in the measurement.
const ANOTHER: f64 = 0.30;

/// Betters the long axes that came from standing by where the joints are in this running; whether it could.
pub(super) fn refine(
    segments: &mut PerPlacement<Option<SegmentCalibration>>,
    poses: &PerPlacement<Option<Pose>>,
    running: &PerPlacement<Vec<LinkSample>>,
) -> bool {
    let mut any = false;
    for side in Side::BOTH {
        let [thigh, shank] = [Placement::thigh(side), Placement::shank(side)];
        let unrefined =
            |s: &&SegmentCalibration| s.quality.grade != Grade::Refused && s.zero == Zero::Standing;
        let before = segments[thigh].as_ref().filter(unrefined);
        let Some((before, standing)) = before.map(|s| s.sensor_from_segment).zip(poses[thigh]) else {
            continue;
        };
        let standing = standing.up.normalize();
        let joints = femur(running, side).filter(|femur| femur.angle(&standing) < ANOTHER);
        let up = joints.map(|femur| standing.lerp(&femur.normalize(), JOINTS));
        let Some(after) = up.and_then(|up| upright(&up, &(before * Vector3::z()))) else { continue };
        let after = UnitQuaternion::from_rotation_matrix(&after);
        let sideways = (before.inverse() * after).scaled_axis().x;
        if let Some(thigh) = &mut segments[thigh] {
            thigh.sensor_from_segment = after;
            thigh.zero = Zero::Joints { less: -side.sign() * sideways };
        }
        if let Some(shank) = &mut segments[shank] {
            shank.sensor_from_segment *=
                UnitQuaternion::from_axis_angle(&Vector3::x_axis(), SHANK * sideways);
        }
        any = true;
    }
    any
}

/// From the knee to the hip in the thigh's sensor, m.
fn femur(running: &PerPlacement<Vec<LinkSample>>, side: Side) -> Option<Vector3<f64>> {
    let thigh = &running[Placement::thigh(side)];
    let joint = |a: &[LinkSample], b: &[LinkSample]| {
        link(a, b, GRID, Search::Anywhere).filter(|link| link.variance < LARGEST_SIGMA.powi(2))
    };
    let hip = joint(&running[Placement::Pelvis], thigh)?.lever_arms.b;
    let knee = joint(thigh, &running[Placement::shank(side)])?.lever_arms.a;
    Some(hip - knee).filter(|femur| FEMUR.contains(&femur.norm()))
}

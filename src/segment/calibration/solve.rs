//! From what was collected to a frame per segment: axes from independent movements, signed by the
//! movement itself, levelled by standing, averaged, and compared with each other.

use super::axes::{level, upright};
use super::knee::{Fault, Source, knee};
use super::pelvis::pelvis;
use super::places::{crossed, exchanged, reversed};
use super::still::Pose;
use super::verdict::{self, ANOTHER_LEG, Part, USABLE};
use crate::body::{PerPlacement, Placement, Segment, Side};
use crate::event::{Calibration, Gait, SegmentCalibration};
use crate::segment::link::LinkSample;
use crate::units::SessionTime;
use nalgebra::{Rotation3, UnitQuaternion, Vector3};

/// What a calibration is computed from. An empty window: the sensor has nothing there.
#[derive(Debug, Clone, Default)]
pub(super) struct Evidence {
    pub(super) poses: PerPlacement<Option<Pose>>,
    /// Somebody told the runner how to stand.
    pub(super) instructed: bool,
    /// Knee bends, at common times within each leg.
    pub(super) bends: PerPlacement<Vec<LinkSample>>,
    /// Somebody asked for them.
    pub(super) bends_asked: bool,
    /// Gait, at common times, or other lively movement: then it has no kind.
    pub(super) gait: PerPlacement<Vec<LinkSample>>,
    pub(super) kind: Option<Gait>,
    /// Share of moments in it that were lost or beyond the sensor's range, 0 to 1.
    pub(super) unsound: PerPlacement<f64>,
}

impl Evidence {
    /// There is gait of this segment.
    pub(super) fn has(&self, placement: Placement) -> bool {
        !self.gait[placement].is_empty()
    }

    /// In place of those that were known.
    pub(super) fn keep_bends(&mut self, bends: [(Placement, Vec<LinkSample>); 3]) {
        for (placement, window) in bends {
            self.bends[placement] = window;
        }
    }
}

/// How much the mean of a segment leans forward in gait, rad (thigh 12, shank -32 running; 5, -15
/// walking): turns the mean direction of gravity into the long axis where nobody stood still. Source:
/// own measurement on virtual running, 14 legs (spread 1.8 degrees).
fn lean(segment: Segment, gait: Option<Gait>) -> f64 {
    let degrees: f64 = match (segment, gait) {
        (Segment::Pelvis, _) => 0.0,
        (Segment::Thigh, Some(Gait::Walk)) => 5.0,
        (Segment::Shank, Some(Gait::Walk)) => -15.0,
        (Segment::Thigh, _) => 12.0,
        (Segment::Shank, _) => -32.0,
    };
    degrees.to_radians()
}

/// The best frames that the evidence gives, with grades.
pub(super) fn solve(evidence: &Evidence, decided: SessionTime) -> Calibration {
    let mut segments = PerPlacement::<Option<SegmentCalibration>>::default();
    let crossed = crossed(evidence);
    for side in Side::BOTH {
        let mut knee = knee(evidence, side);
        if reversed(evidence, side) {
            knee.fault = Some(Fault::Reversed);
        } else if crossed {
            knee.fault = Some(Fault::Crossed);
        }
        for (placement, sources) in
            [(Placement::thigh(side), &knee.thigh), (Placement::shank(side), &knee.shank)]
        {
            segments[placement] = frame(evidence, placement, &sources.axes).map(|frame| {
                let check = sources.check.and_then(|axis| frame.off_right(&axis));
                verdict::grade(&Part { placement, evidence, sources, frame, check, fault: knee.fault })
            });
        }
        verdict::as_one_leg(&mut segments, side);
    }
    let (sources, fault) = pelvis(evidence, &segments);
    segments[Placement::Pelvis] = frame(evidence, Placement::Pelvis, &sources.axes).map(|frame| {
        let part =
            Part { placement: Placement::Pelvis, evidence, sources: &sources, frame, check: None, fault };
        verdict::grade(&part)
    });
    if exchanged(evidence, segments[Placement::Pelvis].as_ref()) {
        for (_, segment) in segments.iter_mut().filter(|(at, _)| at.side().is_some()) {
            if let Some(segment) = segment {
                verdict::refuse(segment, Fault::Exchanged);
            }
        }
    }
    verdict::overall(segments, decided)
}

/// A segment's axes in its sensor.
pub(super) struct Frame {
    pub(super) sensor_from_segment: UnitQuaternion<f64>,
    /// The largest angle between the axes that were averaged, rad; `None` with one.
    pub(super) disagreement: Option<f64>,
    /// How far an axis that was left out is from the others, which agree, rad.
    pub(super) outvoted: Option<f64>,
}

impl Frame {
    /// How far this axis is from the frame's own Z about the long axis, rad.
    fn off_right(&self, axis: &Vector3<f64>) -> Option<f64> {
        let up = self.sensor_from_segment * Vector3::y();
        Some(level(axis, &up)?.angle(&(self.sensor_from_segment * Vector3::z())))
    }
}

/// `up` is kept exactly and the axis to the right as near as that allows: the other way round the shank's
/// frontal plane is 10 degrees off. Source: own measurement on virtual running, 14 legs.
fn frame(evidence: &Evidence, placement: Placement, sources: &[Source]) -> Option<Frame> {
    let pose = evidence.poses[placement];
    let up = match pose {
        Some(pose) => pose.up,
        None => evidence.gait[placement].iter().map(|s| s.world_from_sensor.inverse() * Vector3::z()).sum(),
    };
    let y = up.try_normalize(1e-6)?;
    let mut levelled: Vec<_> = sources.iter().filter_map(|s| Some((level(&s.axis, &y)?, s.weight))).collect();
    let outvoted = outvoted(&levelled);
    if let Some((which, _)) = outvoted {
        levelled.remove(which);
    }
    let right: Vector3<f64> = levelled.iter().map(|(axis, weight)| axis * *weight).sum();
    let mut axes = upright(&y, &right)?;
    if pose.is_none() {
        axes *= Rotation3::from_axis_angle(&Vector3::z_axis(), lean(placement.segment(), evidence.kind));
    }
    Some(Frame {
        sensor_from_segment: UnitQuaternion::from_rotation_matrix(&axes),
        disagreement: (levelled.len() > 1).then(|| spread(&levelled, None)),
        outvoted: outvoted.map(|(_, off)| off),
    })
}

/// The largest angle between two of these, but for one, rad.
fn spread(axes: &[(Vector3<f64>, f64)], left_out: Option<usize>) -> f64 {
    let kept = || axes.iter().enumerate().filter(move |(i, _)| Some(*i) != left_out);
    let pairs =
        kept().flat_map(|(i, (a, _))| kept().filter(move |(j, _)| *j > i).map(|(_, (b, _))| a.angle(b)));
    pairs.fold(0.0, f64::max)
}

/// Of three axes or more that do not agree, the one without which the others do, and how far it is from them,
/// rad. One that points elsewhere altogether is not one bad reading but something wrong.
fn outvoted(axes: &[(Vector3<f64>, f64)]) -> Option<(usize, f64)> {
    let all = spread(axes, None);
    if axes.len() < 3 || !(USABLE..ANOTHER_LEG).contains(&all) {
        return None;
    }
    let without = (0..axes.len()).map(|i| (i, spread(axes, Some(i))));
    let (which, rest) = without.min_by(|a, b| a.1.total_cmp(&b.1))?;
    (rest <= USABLE).then_some((which, all))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Axes across the vertical at these angles, degrees.
    fn axes<const N: usize>(degrees: [f64; N]) -> [(Vector3<f64>, f64); N] {
        degrees.map(|d| (Vector3::new(d.to_radians().cos(), d.to_radians().sin(), 0.0), 1.0))
    }

    #[test]
    fn one_bad_axis_of_three_is_outvoted_and_of_two_nobody_is() {
        let (which, off) = outvoted(&axes([0.0, 30.0, 4.0])).unwrap();
        assert_eq!(which, 1);
        assert!((off.to_degrees() - 30.0).abs() < 1e-9);
        assert_eq!(outvoted(&axes([0.0, 30.0])), None);
        assert_eq!(outvoted(&axes([0.0, 14.0, 7.0])), None);
    }

    #[test]
    fn three_that_all_disagree_or_one_that_points_elsewhere_are_for_the_verdict() {
        assert_eq!(outvoted(&axes([0.0, 20.0, 40.0])), None);
        assert_eq!(outvoted(&axes([0.0, 150.0, 4.0])), None);
    }
}

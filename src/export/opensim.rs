//! What OpenSim's files have in common: names, frames and signs.
//!
//! OpenSim's ground has X forward, Y up and Z to the right: our gait frame, with X in the direction of progression.
//! Its bodies stand in it with the same axes when all coordinates are zero (Rajagopal 2016, gait2392), which are
//! also ISB's segment axes. Hip and pelvis turn about Z, then X, then Y; left-hand axes are mirrored there so that
//! adduction and medial rotation are positive on both legs, as ours are.

use crate::body::{PerPlacement, Placement, Side};
use crate::event::{Angles, Frame};
use nalgebra::{UnitQuaternion, Vector3};

/// Segment orientations in the gait frame, from the angles of a frame, which hold them in full: femur and pelvis stand
/// against the gait frame, and the shank against the femur.
#[must_use]
pub fn gait_from_segments(frame: &Frame) -> PerPlacement<Option<UnitQuaternion<f64>>> {
    let mut segments = PerPlacement::default();
    segments[Placement::Pelvis] = frame.pelvis.map(|pelvis| {
        about(Vector3::y_axis(), pelvis.rotation)
            * about(Vector3::x_axis(), pelvis.obliquity)
            * about(Vector3::z_axis(), -pelvis.tilt)
    });
    for side in Side::BOTH {
        let leg = &frame.legs[side];
        let thigh = leg.femur.map(|femur| cardan(femur, side));
        segments[Placement::thigh(side)] = thigh;
        segments[Placement::shank(side)] = thigh
            .zip(leg.knee)
            .map(|(thigh, knee)| thigh * cardan(Angles { flexion: -knee.flexion, ..knee }, side));
    }
    segments
}

fn about(axis: nalgebra::Unit<Vector3<f64>>, angle: f64) -> UnitQuaternion<f64> {
    UnitQuaternion::from_axis_angle(&axis, angle)
}

fn cardan(angles: Angles, side: Side) -> UnitQuaternion<f64> {
    about(Vector3::z_axis(), angles.flexion)
        * about(Vector3::x_axis(), side.sign() * angles.adduction)
        * about(Vector3::y_axis(), side.sign() * angles.rotation)
}

/// OpenSense's name of the sensor on a segment: the model's body with `_imu`.
#[must_use]
pub fn imu_name(placement: Placement) -> &'static str {
    match placement {
        Placement::Pelvis => "pelvis_imu",
        Placement::LeftThigh => "femur_l_imu",
        Placement::RightThigh => "femur_r_imu",
        Placement::LeftShank => "tibia_l_imu",
        Placement::RightShank => "tibia_r_imu",
    }
}

/// Coordinates in the order of [`coordinates_deg`].
pub const COORDINATES: [&str; 11] = [
    "pelvis_tilt",
    "pelvis_list",
    "pelvis_rotation",
    "hip_flexion_r",
    "hip_adduction_r",
    "hip_rotation_r",
    "knee_angle_r",
    "hip_flexion_l",
    "hip_adduction_l",
    "hip_rotation_l",
    "knee_angle_l",
];

/// Values of [`COORDINATES`], degrees. The pelvis turns about Z, X, Y of the ground here, in this order: other angles
/// than our own pelvis angles (Baker 2001), and a tilt whose positive direction is backwards.
#[must_use]
pub fn coordinates_deg(frame: &Frame) -> [Option<f64>; 11] {
    let pelvis = gait_from_segments(frame)[Placement::Pelvis].map(|q| {
        let r = q.to_rotation_matrix();
        let m = r.matrix();
        [libm::atan2(-m.m12, m.m22), libm::asin(m.m32.clamp(-1.0, 1.0)), libm::atan2(-m.m31, m.m33)]
    });
    let three = |angles: Option<[f64; 3]>| angles.map_or([None; 3], |a| a.map(|x| Some(x.to_degrees())));
    let leg = |side: Side| {
        let leg = &frame.legs[side];
        let [a, b, c] = three(leg.hip.map(|hip| [hip.flexion, hip.adduction, hip.rotation]));
        [a, b, c, leg.knee.map(|knee| knee.flexion.to_degrees())]
    };
    let [tilt, list, rotation] = three(pelvis);
    let ([a, b, c, d], [e, f, g, h]) = (leg(Side::Right), leg(Side::Left));
    [tilt, list, rotation, a, b, c, d, e, f, g, h]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::PerSide;
    use crate::event::{LegAngles, PelvisAngles};
    use crate::joint;
    use crate::units::SessionTime;
    use nalgebra::Matrix3;
    use proptest::prelude::*;

    fn frame(a: &[f64]) -> Frame {
        let angles = |k: usize| Some(Angles { flexion: a[k], adduction: a[k + 1], rotation: a[k + 2] });
        let leg = |k: usize| LegAngles { femur: angles(k), knee: angles(k + 3), ..LegAngles::default() };
        Frame {
            t: SessionTime(0.0),
            legs: PerSide { left: leg(0), right: leg(6) },
            pelvis: Some(PelvisAngles { obliquity: a[12], tilt: a[13], rotation: a[14] }),
        }
    }

    fn matrix(q: Option<UnitQuaternion<f64>>) -> Matrix3<f64> {
        *q.unwrap().to_rotation_matrix().matrix()
    }

    proptest! {
        #[test]
        fn segments_give_back_the_angles_they_came_from(a in prop::collection::vec(-1.2..1.2f64, 15)) {
            let frame = frame(&a);
            let segments = gait_from_segments(&frame);
            let mut got = Vec::new();
            for side in Side::BOTH {
                let thigh = matrix(segments[Placement::thigh(side)]);
                let shank = matrix(segments[Placement::shank(side)]);
                for angles in [joint::femur(&thigh, side), joint::knee(&thigh, &shank, side)] {
                    got.extend([angles.flexion, angles.adduction, angles.rotation]);
                }
            }
            let pelvis = joint::pelvis(&matrix(segments[Placement::Pelvis]));
            got.extend([pelvis.obliquity, pelvis.tilt, pelvis.rotation]);
            for (got, want) in got.iter().zip(&a) {
                prop_assert!((got - want).abs() < 1e-9, "{got} is not {want}");
            }
        }
    }

    #[test]
    fn pelvis_coordinates_have_the_signs_of_opensim() {
        // One angle at a time: tilt backwards, list to the right side down, right side forward.
        for (obliquity, tilt, rotation, want) in [
            (0.1, 0.0, 0.0, [0.0_f64, 0.1, 0.0]),
            (0.0, 0.1, 0.0, [-0.1, 0.0, 0.0]),
            (0.0, 0.0, 0.1, [0.0, 0.0, 0.1]),
        ] {
            let mut a = [0.0; 15];
            a[12..].copy_from_slice(&[obliquity, tilt, rotation]);
            for (got, want) in coordinates_deg(&frame(&a)).iter().zip(want) {
                assert!((got.unwrap() - want.to_degrees()).abs() < 1e-9, "{got:?} {want}");
            }
        }
    }

    #[test]
    fn a_bent_knee_is_a_positive_knee_angle_and_hips_keep_our_signs() {
        let mut frame = frame(&[0.0; 15]);
        let knee = Angles { flexion: 0.5, adduction: 0.0, rotation: 0.0 };
        let hip = Angles { flexion: 0.3, adduction: 0.2, rotation: 0.1 };
        frame.legs.right = LegAngles { hip: Some(hip), knee: Some(knee), ..frame.legs.right };
        let got = coordinates_deg(&frame);
        for (name, want) in [
            ("knee_angle_r", 0.5_f64),
            ("hip_flexion_r", 0.3),
            ("hip_adduction_r", 0.2),
            ("hip_rotation_r", 0.1),
            ("knee_angle_l", 0.0),
        ] {
            let value = got[COORDINATES.iter().position(|c| *c == name).unwrap()].unwrap();
            assert!((value - want.to_degrees()).abs() < 1e-9, "{name}: {value}");
        }
    }

    #[test]
    fn what_is_not_known_is_no_segment_and_no_coordinate() {
        let none = Frame { t: SessionTime(0.0), legs: PerSide::default(), pelvis: None };
        assert!(gait_from_segments(&none).iter().all(|(_, q)| q.is_none()));
        assert_eq!(coordinates_deg(&none), [None; 11]);
    }
}

//! Segment orientations to joint angles (ISB) and gravity-referenced femur angles.
//!
//! Frames: the gait frame G has X in the direction of progression, Y up, Z to the subject's right;
//! it is where all segments meet, because each sensor's world has its own arbitrary heading.
//!
//! Angles: for a proximal frame P and a distal frame D, `proximal_from_distal` is decomposed as
//! Rz(a) Rx(b) Ry(c): flexion about the proximal Z, adduction about the floating X, rotation about
//! the distal Y. (Functions from `libm`: the same digits on every system, and faster than the system's own.) Source: Grood & Suntay 1983 (J Biomech Eng 105:136), as recommended for hip and knee
//! by the ISB (Wu et al. 2002, J Biomech 35:543). Singular only at 90 degrees of adduction.

use crate::body::Side;
use crate::event::{Angles, PelvisAngles};
use nalgebra::{Matrix3, UnitQuaternion};

/// A segment's orientation in the gait frame; columns are the segment's X, Y, Z.
pub type GaitFromSegment = Matrix3<f64>;

/// Turns a segment's orientation in its sensor's world (ENU, arbitrary heading) into the gait frame.
///
/// `heading`: of progression in that world, rad, counter-clockwise from the world's X.
#[must_use]
pub fn gait_from_segment(world_from_segment: &UnitQuaternion<f64>, heading: f64) -> GaitFromSegment {
    let m = world_from_segment.to_rotation_matrix();
    let m = m.matrix();
    let (s, c) = libm::sincos(heading);
    Matrix3::new(
        c * m.m11 + s * m.m21,
        c * m.m12 + s * m.m22,
        c * m.m13 + s * m.m23,
        m.m31,
        m.m32,
        m.m33,
        s * m.m11 - c * m.m21,
        s * m.m12 - c * m.m22,
        s * m.m13 - c * m.m23,
    )
}

/// Thigh against pelvis: flexion, adduction, medial rotation.
#[must_use]
pub fn hip(pelvis: &GaitFromSegment, thigh: &GaitFromSegment, side: Side) -> Angles {
    clinical(&Cosines::between(pelvis, thigh), side)
}

/// Shank against thigh: flexion (heel to buttock positive), varus, internal rotation of the tibia.
#[must_use]
pub fn knee(thigh: &GaitFromSegment, shank: &GaitFromSegment, side: Side) -> Angles {
    let angles = clinical(&Cosines::between(thigh, shank), side);
    Angles { flexion: -angles.flexion, ..angles }
}

/// Thigh against gravity and the direction of progression: the same decomposition with the gait
/// frame in place of the pelvis.
#[must_use]
pub fn femur(thigh: &GaitFromSegment, side: Side) -> Angles {
    clinical(&Cosines::of(thigh), side)
}

/// Knee dives in: femur adduction plus shank abduction, both against gravity, rad. Drift-free, and
/// heading enters only to second order.
#[must_use]
pub fn valgus(femur_adduction: f64, shank: &GaitFromSegment, side: Side) -> f64 {
    femur_adduction - side.sign() * clamped_asin(shank.m32)
}

/// Pelvis against gravity and the direction of progression, decomposed as Ry(rotation) Rx(obliquity)
/// Rz(tilt), which keeps the clinical meaning of the three words. Source: Baker 2001 (Gait Posture 13:1).
#[must_use]
pub fn pelvis(pelvis: &GaitFromSegment) -> PelvisAngles {
    PelvisAngles {
        obliquity: -clamped_asin(pelvis.m23),
        tilt: -libm::atan2(pelvis.m21, pelvis.m22),
        rotation: libm::atan2(pelvis.m13, pelvis.m33),
    }
}

/// How far the other side of the pelvis has dropped while this leg stands, rad.
#[must_use]
pub fn contralateral_drop(pelvis: &PelvisAngles, stance: Side) -> f64 {
    -stance.sign() * pelvis.obliquity
}

/// The elements of `proximal_from_distal` that the decomposition reads, row and column.
struct Cosines {
    r12: f64,
    r22: f64,
    r31: f64,
    r32: f64,
    r33: f64,
}

impl Cosines {
    fn of(r: &Matrix3<f64>) -> Self {
        Self { r12: r.m12, r22: r.m22, r31: r.m31, r32: r.m32, r33: r.m33 }
    }

    fn between(p: &GaitFromSegment, d: &GaitFromSegment) -> Self {
        Self {
            r12: p.m11 * d.m12 + p.m21 * d.m22 + p.m31 * d.m32,
            r22: p.m12 * d.m12 + p.m22 * d.m22 + p.m32 * d.m32,
            r31: p.m13 * d.m11 + p.m23 * d.m21 + p.m33 * d.m31,
            r32: p.m13 * d.m12 + p.m23 * d.m22 + p.m33 * d.m32,
            r33: p.m13 * d.m13 + p.m23 * d.m23 + p.m33 * d.m33,
        }
    }
}

fn clinical(r: &Cosines, side: Side) -> Angles {
    Angles {
        flexion: libm::atan2(-r.r12, r.r22),
        adduction: side.sign() * clamped_asin(r.r32),
        rotation: side.sign() * libm::atan2(-r.r31, r.r33),
    }
}

/// Rounding may carry a direction cosine past 1.
fn clamped_asin(x: f64) -> f64 {
    libm::asin(x.clamp(-1.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use nalgebra::{Rotation3, Vector3};

    const DEGREE: f64 = std::f64::consts::PI / 180.0;

    /// World ENU to gait frame for a heading of zero: X forward, Y up, Z right (south).
    fn world_from_gait() -> UnitQuaternion<f64> {
        let columns = Matrix3::from_columns(&[Vector3::x(), Vector3::z(), -Vector3::y()]);
        UnitQuaternion::from_rotation_matrix(&Rotation3::from_matrix_unchecked(columns))
    }

    fn turned(heading: f64, flexion: f64, adduction: f64, rotation: f64, side: Side) -> GaitFromSegment {
        let local = UnitQuaternion::from_axis_angle(&Vector3::z_axis(), flexion)
            * UnitQuaternion::from_axis_angle(&Vector3::x_axis(), side.sign() * adduction)
            * UnitQuaternion::from_axis_angle(&Vector3::y_axis(), side.sign() * rotation);
        let world_from_segment =
            UnitQuaternion::from_axis_angle(&Vector3::z_axis(), heading) * world_from_gait() * local;
        gait_from_segment(&world_from_segment, heading)
    }

    fn assert_angles(got: Angles, want: [f64; 3]) {
        for (got, want) in [got.flexion, got.adduction, got.rotation].into_iter().zip(want) {
            assert!((got - want).abs() < 1e-9, "{got} is not {want}");
        }
    }

    #[test]
    fn femur_angles_come_back_for_any_heading_and_side() {
        for side in Side::BOTH {
            for heading in [-3.0, 0.0, 1.2] {
                let want = [30.0 * DEGREE, 11.0 * DEGREE, -6.0 * DEGREE];
                assert_angles(femur(&turned(heading, want[0], want[1], want[2], side), side), want);
            }
        }
    }

    #[test]
    fn a_bent_knee_is_positive_flexion_on_both_sides() {
        for side in Side::BOTH {
            let thigh = turned(0.3, 20.0 * DEGREE, 0.0, 0.0, side);
            let shank = turned(0.3, -50.0 * DEGREE, 0.0, 0.0, side);
            assert_angles(knee(&thigh, &shank, side), [70.0 * DEGREE, 0.0, 0.0]);
        }
    }

    #[test]
    fn hip_adduction_is_femur_adduction_plus_drop() {
        for side in Side::BOTH {
            let thigh = turned(0.0, 0.0, 8.0 * DEGREE, 0.0, side);
            let pelvis_frame = turned(0.0, 0.0, -5.0 * DEGREE, 0.0, side);
            let drop = contralateral_drop(&pelvis(&pelvis_frame), side);
            assert!((drop - 5.0 * DEGREE).abs() < 1e-9);
            let hip = hip(&pelvis_frame, &thigh, side);
            assert!((hip.adduction - (8.0 * DEGREE + drop)).abs() < 1e-9, "{}", hip.adduction);
        }
    }

    #[test]
    fn thigh_that_leans_to_the_midline_reads_adduction() {
        // The knee of the right leg is nearer to the midline than the hip: Y (proximal) leans right.
        let lean = 10.0 * DEGREE;
        let r = Matrix3::from_columns(&[
            Vector3::x(),
            Vector3::new(0.0, lean.cos(), lean.sin()),
            Vector3::new(0.0, -lean.sin(), lean.cos()),
        ]);
        assert!((femur(&r, Side::Right).adduction - lean).abs() < 1e-12);
        assert!((femur(&r, Side::Left).adduction + lean).abs() < 1e-12);
    }
}

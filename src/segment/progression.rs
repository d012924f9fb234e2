//! Evidence of the direction of progression in one sensor's own world frame, from one whole stride.
//!
//! Nothing here needs travel over ground or a magnetometer: a leg swings in the plane of progression.
//! Three readings, each a line (known up to half a turn), are resolved by the segment's own facing and
//! averaged. Weights: own measurement on virtual running (12 legs of 5 runners: bias of single readings
//! -1.3 to 1.4 degrees, 0.4 degrees repeatable over 15 strides; the mean beats each of them).

use super::track::Point;
use crate::body::Segment;
use nalgebra::{UnitQuaternion, Vector2, Vector3};
use std::f64::consts::{FRAC_PI_2, PI};

/// Angular rates count for the swing axis above this, rad/s: 100 deg/s leaves out stance, where
/// rotation about the long axis is a large share (own measurement on virtual running).
const QUICK: f64 = 100.0 * PI / 180.0;
/// Fewer samples do not make a stride.
const FEWEST: u32 = 12;
/// With fewer quick samples the axis is taken over all.
const FEWEST_QUICK: u32 = 5;

/// What one stride says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Evidence {
    /// Heading of progression, rad, counter-clockwise from the world's X.
    pub heading: f64,
    /// Largest difference between two readings, rad.
    pub spread: f64,
}

/// Reads the direction of progression from one stride's samples; `None` if there are too few.
pub fn evidence<'a>(
    segment: Segment,
    stride: impl Iterator<Item = &'a Point>,
    sensor_from_segment: &UnitQuaternion<f64>,
) -> Option<Evidence> {
    let sums = Sums::over(stride, sensor_from_segment);
    if sums.n < FEWEST {
        return None;
    }
    let facing = angle(sums.lateral) + FRAC_PI_2;
    if segment == Segment::Pelvis {
        // Its mean axial rotation over a stride is zero; its other readings are useless (same measurement).
        return Some(Evidence { heading: facing, spread: 0.0 });
    }
    let off = |line: f64| wrap_line(line - facing);
    let axis = off(sums.swing_axis() + FRAC_PI_2);
    let loop_ = off(sums.velocity_loop());
    let (offset, spread) = if segment == Segment::Thigh {
        let sweep = off(sums.sweep());
        (0.5 * loop_ + 0.25 * axis + 0.25 * sweep, range3(axis, loop_, sweep))
    } else {
        (0.6 * loop_ + 0.4 * axis, (axis - loop_).abs())
    };
    Some(Evidence { heading: facing + offset, spread })
}

/// Sums over one stride; one pass, whatever its length.
#[derive(Debug, Default)]
struct Sums {
    n: u32,
    /// Segment Z, horizontal part.
    lateral: Vector2<f64>,
    /// Segment Y, horizontal part, and its second moment.
    long: Vector2<f64>,
    long_square: Moment,
    /// Second moment of the horizontal angular rate: quick samples, and all.
    quick: Moment,
    n_quick: u32,
    rates: Moment,
    /// Running sum of horizontal acceleration (velocity in steps), and what its loop needs:
    /// the sums of S, S Sᵀ and k S over samples k.
    velocity: Vector2<f64>,
    sum_s: Vector2<f64>,
    sum_ss: Moment,
    sum_ks: Vector2<f64>,
}

impl Sums {
    fn over<'a>(stride: impl Iterator<Item = &'a Point>, sensor_from_segment: &UnitQuaternion<f64>) -> Self {
        let long_in_sensor = sensor_from_segment * Vector3::y();
        let lateral_in_sensor = sensor_from_segment * Vector3::z();
        let mut sums = Self::default();
        for point in stride {
            let m = point.world_from_sensor.to_rotation_matrix();
            let m = m.matrix();
            let horizontal = |v: &Vector3<f64>| {
                Vector2::new(m.m11 * v.x + m.m12 * v.y + m.m13 * v.z, m.m21 * v.x + m.m22 * v.y + m.m23 * v.z)
            };
            sums.add(
                horizontal(&long_in_sensor),
                horizontal(&lateral_in_sensor),
                horizontal(&point.gyr),
                horizontal(&point.acc),
                point.gyr.norm_squared() > QUICK * QUICK,
            );
        }
        sums
    }

    fn add(
        &mut self,
        long: Vector2<f64>,
        lateral: Vector2<f64>,
        rate: Vector2<f64>,
        acc: Vector2<f64>,
        quick: bool,
    ) {
        self.n += 1;
        self.lateral += lateral;
        self.long += long;
        self.long_square.add(long);
        self.rates.add(rate);
        if quick {
            self.quick.add(rate);
            self.n_quick += 1;
        }
        self.velocity += acc;
        self.sum_s += self.velocity;
        self.sum_ss.add(self.velocity);
        self.sum_ks += f64::from(self.n) * self.velocity;
    }

    /// The leg turns about this horizontal line.
    fn swing_axis(&self) -> f64 {
        (if self.n_quick < FEWEST_QUICK { &self.rates } else { &self.quick }).principal()
    }

    /// The segment's long axis sweeps along this line.
    fn sweep(&self) -> f64 {
        self.long_square.about_mean(self.long, f64::from(self.n)).principal()
    }

    /// The sensor's velocity within the stride runs along this line. The acceleration's mean over the
    /// stride is taken off first (a whole stride at constant speed has none), then the velocity's, so no
    /// moment of zero velocity is needed: with S_k the running sum and m the mean, V_k = S_k - k m.
    fn velocity_loop(&self) -> f64 {
        let n = f64::from(self.n);
        let m = self.velocity / n;
        let sum_k = 0.5 * n * (n + 1.0);
        let sum_kk = sum_k * (2.0 * n + 1.0) / 3.0;
        let sum_v = self.sum_s - m * sum_k;
        let (ks, ss) = (self.sum_ks, &self.sum_ss);
        let sum_vv = Moment {
            xx: ss.xx - 2.0 * ks.x * m.x + m.x * m.x * sum_kk,
            xy: ss.xy - ks.x * m.y - ks.y * m.x + m.x * m.y * sum_kk,
            yy: ss.yy - 2.0 * ks.y * m.y + m.y * m.y * sum_kk,
        };
        sum_vv.about_mean(sum_v, n).principal()
    }
}

/// Second moment of horizontal vectors.
#[derive(Debug, Default)]
struct Moment {
    xx: f64,
    xy: f64,
    yy: f64,
}

impl Moment {
    fn add(&mut self, v: Vector2<f64>) {
        self.xx += v.x * v.x;
        self.xy += v.x * v.y;
        self.yy += v.y * v.y;
    }

    /// Without the part of the mean, given the vectors' sum and number.
    fn about_mean(&self, sum: Vector2<f64>, n: f64) -> Self {
        Self {
            xx: self.xx - sum.x * sum.x / n,
            xy: self.xy - sum.x * sum.y / n,
            yy: self.yy - sum.y * sum.y / n,
        }
    }

    /// Direction of the larger principal axis, rad, up to half a turn.
    fn principal(&self) -> f64 {
        0.5 * f64::atan2(2.0 * self.xy, self.xx - self.yy)
    }
}

fn angle(v: Vector2<f64>) -> f64 {
    f64::atan2(v.y, v.x)
}

/// To (-pi, pi].
#[must_use]
pub fn wrap(angle: f64) -> f64 {
    let turns = (angle / (2.0 * PI)).round();
    angle - turns * 2.0 * PI
}

/// Of the two directions of a line, the one within a quarter turn: to (-pi/2, pi/2].
fn wrap_line(angle: f64) -> f64 {
    angle - (angle / PI).round() * PI
}

fn range3(a: f64, b: f64, c: f64) -> f64 {
    a.max(b).max(c) - a.min(b).min(c)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::SessionTime;
    use nalgebra::{Matrix3, Rotation3};

    /// A shank that swings in a vertical plane at `heading`, its sensor aligned with the segment.
    fn swing(heading: f64) -> Vec<Point> {
        let gait_axes = Matrix3::from_columns(&[Vector3::x(), Vector3::z(), -Vector3::y()]);
        let world_from_gait = UnitQuaternion::from_axis_angle(&Vector3::z_axis(), heading)
            * UnitQuaternion::from_rotation_matrix(&Rotation3::from_matrix_unchecked(gait_axes));
        (0..70)
            .map(|k| {
                let phase = 2.0 * PI * f64::from(k) / 70.0;
                let pitch = 0.8 * phase.sin();
                let world_from_sensor =
                    world_from_gait * UnitQuaternion::from_axis_angle(&Vector3::z_axis(), pitch);
                let forward = 12.0 * phase.cos();
                Point {
                    t: SessionTime(f64::from(k) * 0.01),
                    world_from_sensor,
                    gyr: Vector3::new(0.0, 0.0, 0.8 * 9.0 * phase.cos()),
                    acc: world_from_sensor
                        .inverse_transform_vector(&(world_from_gait * Vector3::new(forward, 9.81, 0.0))),
                    doubt: None,
                    made_up: 0.0,
                }
            })
            .collect()
    }

    #[test]
    fn a_swing_in_a_plane_tells_its_heading_on_every_segment() {
        for heading in [-2.8, -1.0, 0.0, 0.4, 3.0] {
            for segment in [Segment::Pelvis, Segment::Thigh, Segment::Shank] {
                let stride = swing(heading);
                let got = evidence(segment, stride.iter(), &UnitQuaternion::identity()).unwrap();
                assert!(wrap(got.heading - heading).abs() < 1e-6, "{segment:?} {heading} {got:?}");
                assert!(got.spread < 1e-6, "{got:?}");
            }
        }
    }

    #[test]
    fn too_few_samples_say_nothing() {
        let stride = swing(0.0);
        assert_eq!(evidence(Segment::Shank, stride.iter().take(11), &UnitQuaternion::identity()), None);
    }
}

//! Axes of rotation from movement, in sensor axes. None of them knows its sign yet.

use crate::segment::link::{Link, LinkSample, Search, link};
use crate::segment::smooth::zero_phase;
use crate::units::Hz;
use nalgebra::{
    Matrix3, Matrix3x2, Matrix4, Quaternion, Rotation3, SymmetricEigen, UnitQuaternion, Vector3, Vector4,
};

/// Low-pass of angular rates before axes are read from them, Hz: above it is shake, not joint. Source:
/// own measurement on virtual running, 14 legs.
const CUTOFF: f64 = 6.0;
/// Where the hinge fit's residual turns from squared to linear, rad/s. Source: own measurement, same legs.
const SOFT: f64 = 0.1;
const MOST_ITERATIONS: u32 = 60;
/// Largest standard deviation of the link's heading that is still believed, rad (6 degrees). Source: own measurement
/// over the knee in virtual walking and running: 0.6 to 3 in sound samples, 9 and 11 across losses; real walking, running
/// and landing 4 to 12, where little hangs on it.
pub(super) const LARGEST_SIGMA: f64 = 0.105;

/// The direction that angular rates, or turns, keep to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Principal {
    pub(super) axis: Vector3<f64>,
    /// Spread across over spread along it: 0 is a pure hinge, 1 has no direction.
    pub(super) elongation: f64,
}

/// `None` where nothing turns.
pub(super) fn principal(rates: &[Vector3<f64>]) -> Option<Principal> {
    let scatter: Matrix3<f64> = rates.iter().map(|w| w * w.transpose()).sum();
    // The decomposition does not end on what is no number.
    if !scatter.iter().all(|x| x.is_finite()) {
        return None;
    }
    let eigen = SymmetricEigen::new(scatter);
    let (major, &most) = eigen.eigenvalues.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1))?;
    let second = eigen
        .eigenvalues
        .iter()
        .enumerate()
        .filter(|(i, _)| *i != major)
        .map(|(_, v)| *v)
        .fold(0.0, f64::max);
    let axis = eigen.eigenvectors.column(major).into_owned();
    (most > 0.0).then(|| Principal { axis, elongation: (second / most).sqrt() })
}

/// Angular rates in sensor axes without the shake.
pub(super) fn calm_rates(samples: &[LinkSample], rate: Hz) -> Vec<Vector3<f64>> {
    let mut rates: Vec<_> = samples.iter().map(|s| s.gyr).collect();
    zero_phase(&mut rates, rate, CUTOFF);
    rates
}

/// The axis of a hinge in both sensors: whatever turns about it may differ, what turns across it is
/// common to both (Seel, Schauer and Raisch 2012), with a soft L1 loss. Starts at `a` and `b`.
pub(super) fn hinge(
    rates_a: &[Vector3<f64>],
    rates_b: &[Vector3<f64>],
    a: Vector3<f64>,
    b: Vector3<f64>,
) -> (Vector3<f64>, Vector3<f64>) {
    let mut axes = (a.normalize(), b.normalize());
    let mut cost = hinge_cost(rates_a, rates_b, &axes);
    let mut damping = 1e-3;
    for _ in 0..MOST_ITERATIONS {
        let planes = (tangents(&axes.0), tangents(&axes.1));
        let (normal, gradient) = hinge_normal(rates_a, rates_b, &axes, &planes);
        let damped = normal + Matrix4::from_diagonal(&normal.diagonal()) * damping;
        let Some(step) = damped.cholesky().map(|c| c.solve(&-gradient)) else { break };
        let next = (
            (axes.0 + planes.0 * step.fixed_rows::<2>(0)).normalize(),
            (axes.1 + planes.1 * step.fixed_rows::<2>(2)).normalize(),
        );
        let next_cost = hinge_cost(rates_a, rates_b, &next);
        if next_cost < cost {
            (axes, cost, damping) = (next, next_cost, damping * 0.3);
        } else {
            damping *= 10.0;
        }
        if step.norm() < 1e-6 || damping > 1e9 {
            break;
        }
    }
    axes
}

fn across(rate: &Vector3<f64>, axis: &Vector3<f64>) -> Vector3<f64> {
    rate - axis * rate.dot(axis)
}

fn hinge_cost(a: &[Vector3<f64>], b: &[Vector3<f64>], axes: &(Vector3<f64>, Vector3<f64>)) -> f64 {
    let soft = |residual: f64| 2.0 * ((1.0 + (residual / SOFT).powi(2)).sqrt() - 1.0);
    a.iter().zip(b).map(|(a, b)| soft(across(a, &axes.0).norm() - across(b, &axes.1).norm())).sum()
}

fn hinge_normal(
    a: &[Vector3<f64>],
    b: &[Vector3<f64>],
    axes: &(Vector3<f64>, Vector3<f64>),
    planes: &(Matrix3x2<f64>, Matrix3x2<f64>),
) -> (Matrix4<f64>, Vector4<f64>) {
    let slope = |rate: &Vector3<f64>, axis: &Vector3<f64>, plane: &Matrix3x2<f64>| {
        let across = across(rate, axis);
        let norm = across.norm();
        (norm, plane.tr_mul(&(across * (-rate.dot(axis) / norm.max(1e-9)))))
    };
    let mut normal = Matrix4::zeros();
    let mut gradient = Vector4::zeros();
    for (a, b) in a.iter().zip(b) {
        let (norm_a, slope_a) = slope(a, &axes.0, &planes.0);
        let (norm_b, slope_b) = slope(b, &axes.1, &planes.1);
        let residual = norm_a - norm_b;
        let weight = 1.0 / (1.0 + (residual / SOFT).powi(2)).sqrt();
        let row = Vector4::new(slope_a.x, slope_a.y, -slope_b.x, -slope_b.y);
        normal += row * row.transpose() * weight;
        gradient += row * (residual * weight);
    }
    (normal, gradient)
}

/// Two directions across an axis. Which two does not matter.
fn tangents(axis: &Vector3<f64>) -> Matrix3x2<f64> {
    let helper = if axis.x.abs() < 0.6 { Vector3::x() } else { Vector3::y() };
    let first = axis.cross(&helper).normalize();
    Matrix3x2::from_columns(&[first, axis.cross(&first)])
}

/// The axis that one segment turns about against the other, in both sensors.
#[derive(Debug, Clone, Copy)]
pub(super) struct Relative {
    pub(super) link: Link,
    pub(super) a: Principal,
    pub(super) b: Principal,
    /// In the first sensor, by where the joint has been instead of how fast it turned.
    pub(super) bent_a: Principal,
}

/// The relative angular rate needs both rates in one world: the acceleration link gives it.
pub(super) fn relative(a: &[LinkSample], b: &[LinkSample], rate: Hz) -> Option<Relative> {
    let link = link(a, b, rate, Search::Anywhere)?;
    let turn = Rotation3::from_axis_angle(&Vector3::z_axis(), link.heading);
    let mut rates: Vec<_> = a
        .iter()
        .zip(b)
        .map(|(a, b)| a.world_from_sensor * a.gyr - turn * (b.world_from_sensor * b.gyr))
        .collect();
    zero_phase(&mut rates, rate, CUTOFF);
    let in_a: Vec<_> = a.iter().zip(&rates).map(|(s, w)| s.world_from_sensor.inverse() * w).collect();
    let in_b: Vec<_> =
        b.iter().zip(&rates).map(|(s, w)| s.world_from_sensor.inverse() * (turn.inverse() * w)).collect();
    Some(Relative { link, a: principal(&in_a)?, b: principal(&in_b)?, bent_a: bent(a, b, &turn)? })
}

/// The axis about which the second sensor's attitude in the first varies, in the first; `turn` lays the second's world
/// on the first's.
fn bent(a: &[LinkSample], b: &[LinkSample], turn: &Rotation3<f64>) -> Option<Principal> {
    let turn = UnitQuaternion::from_rotation_matrix(turn);
    let attitudes: Vec<_> =
        a.iter().zip(b).map(|(a, b)| a.world_from_sensor.inverse() * turn * b.world_from_sensor).collect();
    let first = attitudes.first()?.into_inner();
    // Each of both signs is the same attitude: they are added on the same side.
    let sum = attitudes
        .iter()
        .fold(Quaternion::new(0.0, 0.0, 0.0, 0.0), |sum, q| sum + q.into_inner() * q.dot(&first).signum());
    let middle = UnitQuaternion::try_new(sum, 1e-9)?;
    let ways: Vec<_> = attitudes.iter().map(|q| (q * middle.inverse()).scaled_axis()).collect();
    principal(&ways)
}

/// The part of `axis` across `up`, unit length; `None` where they are parallel.
pub(super) fn level(axis: &Vector3<f64>, up: &Vector3<f64>) -> Option<Vector3<f64>> {
    across(axis, &up.normalize()).try_normalize(0.1)
}

/// Columns X ahead, Y along `up` and Z as near to `right` as that allows; `None` where they are parallel.
pub(super) fn upright(up: &Vector3<f64>, right: &Vector3<f64>) -> Option<Rotation3<f64>> {
    let y = up.try_normalize(1e-6)?;
    let z = level(right, &y)?;
    Some(Rotation3::from_matrix_unchecked(Matrix3::from_columns(&[y.cross(&z), y, z])))
}

/// `axis`, or its opposite where that lies nearer to `reference`.
pub(super) fn along(axis: Vector3<f64>, reference: &Vector3<f64>) -> Vector3<f64> {
    if axis.dot(reference) < 0.0 { -axis } else { axis }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A shank that flexes against a thigh at rest and leans sideways where it flexes fast, as running knees do; its sensor
    /// sits askew.
    #[test]
    fn where_a_joint_has_been_shows_its_axis_better_than_how_fast_it_turned() {
        let attitude = |t: f64| {
            let flexion = 0.9 + 0.7 * (9.0 * t).sin() + 0.2 * (27.0 * t).sin();
            UnitQuaternion::from_axis_angle(&Vector3::z_axis(), flexion)
                * UnitQuaternion::from_axis_angle(&Vector3::x_axis(), 0.07 * (27.0 * t).sin())
                * UnitQuaternion::from_euler_angles(0.4, 1.1, -0.7)
        };
        let sample =
            |world_from_sensor| LinkSample { world_from_sensor, gyr: Vector3::zeros(), acc: Vector3::z() };
        let times: Vec<f64> = (0..400).map(|i| f64::from(i) * 0.02).collect();
        let thigh: Vec<_> = times.iter().map(|_| sample(UnitQuaternion::identity())).collect();
        let shank: Vec<_> = times.iter().map(|t| sample(attitude(*t))).collect();
        let rates: Vec<_> = times
            .iter()
            .map(|t| (attitude(t + 1e-4) * attitude(t - 1e-4).inverse()).scaled_axis() / 2e-4)
            .collect();
        let off = |principal: Principal| principal.axis.z.abs().min(1.0).acos().to_degrees();
        let been = off(bent(&thigh, &shank, &Rotation3::identity()).unwrap());
        let turned = off(principal(&rates).unwrap());
        assert!(been < 2.5 && turned > 6.0, "{been} {turned}");
    }

    #[test]
    fn what_does_not_move_has_no_axis() {
        let still = LinkSample {
            world_from_sensor: UnitQuaternion::identity(),
            gyr: Vector3::zeros(),
            acc: Vector3::z(),
        };
        assert!(bent(&[still; 50], &[still; 50], &Rotation3::identity()).is_none());
        assert!(bent(&[], &[], &Rotation3::identity()).is_none());
    }
}

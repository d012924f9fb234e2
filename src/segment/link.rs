//! The acceleration link: two segments that share a joint must see the same acceleration of it. What
//! turns one sensor's horizontal plane onto the other's is their relative heading, without a
//! magnetometer and without knowing how the sensors are mounted.

use super::smooth::ZeroPhase;
use crate::units::{Hz, STANDARD_GRAVITY};
use nalgebra::{Matrix3, Matrix4, Matrix6, SMatrix, UnitQuaternion, Vector3, Vector4, Vector6};
use std::f64::consts::{PI, TAU};

/// Low-pass of rate and acceleration before the joint's acceleration is formed, Hz, zero phase. Source:
/// own measurement on nine linkage trials: 12 Hz zero phase 1.4 to 3.7 degrees, causal 3 to 9.
const CUTOFF: f64 = 12.0;
/// What changes more slowly is left out of the joint's acceleration, Hz, zero phase: gravity that leaks through two
/// inclinations which are off by half a degree each is as large as the acceleration of a calm joint, and slow. Source:
/// own measurement on nine linkage trials: 2.78 degrees without, 2.57 at 0.6 Hz, 2.31 at 1 Hz, 2.23 to 2.25 at 1.5 to 2 Hz;
/// from 1.5 Hz on single legs of virtual running begin to lose.
const SLOW: f64 = 1.25;
/// Ridge on the lever arms, (m/s²)² per m² and sample: holds those that the movement does not show near
/// zero. Source: own measurement, same trials: lever arms within 1 cm.
const RIDGE: f64 = 1e-3;
/// Mean squared residual that is there even when everything fits (sensor noise), (m/s²)². Source: own
/// measurement, same trials.
const NOISE: f64 = 0.05;
/// Independent values per second in the residual, 1/s: what the band of the movement lets through.
/// Source: own measurement, same trials (one in 25 samples at 100 Hz).
const INDEPENDENT: f64 = 4.0;
/// Step of the first search, rad.
const COARSE: f64 = 5.0 * PI / 180.0;
/// Fewest samples that can carry an answer.
const FEWEST: usize = 25;

/// What the link needs of one sensor at one moment; both sensors at common times.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LinkSample {
    pub world_from_sensor: UnitQuaternion<f64>,
    /// Angular rate in sensor axes less bias, rad/s.
    pub gyr: Vector3<f64>,
    /// Specific force in sensor axes, m/s².
    pub acc: Vector3<f64>,
}

/// From each sensor to the joint, in that sensor's axes, m.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LeverArms {
    pub a: Vector3<f64>,
    pub b: Vector3<f64>,
}

/// What is known before.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Search {
    /// Nothing: all headings, lever arms estimated.
    Anywhere,
    /// The heading within `range`, rad; lever arms estimated.
    Near { heading: f64, range: f64 },
    /// The lever arms, from an earlier and longer batch; then the heading follows in closed form.
    With(LeverArms),
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Link {
    /// Turning the world of `b` by this about the vertical lays it on the world of `a`, rad.
    pub heading: f64,
    /// Of `heading`, rad².
    pub variance: f64,
    /// Mean squared difference of the joint's acceleration, (m/s²)².
    pub residual: f64,
    pub lever_arms: LeverArms,
}

/// The relative heading of two segments that share a joint. `None` where there is too little
/// movement or data to say.
#[must_use]
pub fn link(a: &[LinkSample], b: &[LinkSample], rate: Hz, search: Search) -> Option<Link> {
    if a.len() != b.len() {
        return None;
    }
    Batch::of(a, rate)?.link(&Batch::of(b, rate)?, search)
}

/// One sensor's part in a link, which serves for several; filled anew, it needs no new memory.
#[derive(Debug, Default)]
pub(super) struct Batch {
    terms: Vec<Terms>,
    seconds: f64,
    gyr: Vec<Vector3<f64>>,
    acc: Vec<Vector3<f64>>,
    filter: ZeroPhase,
}

/// The joint's acceleration is these columns times (lever arm, 1), in the sensor's world.
type Terms = SMatrix<f64, 3, 4>;

impl Batch {
    /// `None` for too few samples.
    pub(super) fn of(samples: &[LinkSample], rate: Hz) -> Option<Self> {
        let mut batch = Self::default();
        batch.fill(samples, rate, CUTOFF)?;
        Some(batch)
    }

    /// In place of what it held, with a low pass of its own, Hz.
    pub(super) fn fill(&mut self, samples: &[LinkSample], rate: Hz, cutoff: f64) -> Option<()> {
        let Self { terms, gyr, acc, filter, .. } = self;
        terms.clear();
        let last = samples.len().checked_sub(1).filter(|_| samples.len() >= FEWEST)?;
        self.seconds = samples.len() as f64 / rate.0;
        gyr.clear();
        gyr.extend(samples.iter().map(|s| s.gyr));
        acc.clear();
        acc.extend(samples.iter().map(|s| s.acc));
        filter.low_pass(gyr, rate, cutoff);
        filter.low_pass(acc, rate, cutoff);
        let before = gyr.iter().take(1).chain(gyr.iter());
        let after = gyr.iter().skip(1).chain(gyr.last());
        let slopes = before.zip(after).enumerate().map(|(i, (before, after))| {
            let steps = if i == 0 || i == last { 1.0 } else { 2.0 };
            (after - before) * (rate.0 / steps)
        });
        let gravity = Vector3::new(0.0, 0.0, STANDARD_GRAVITY);
        let moments = samples.iter().zip(gyr.iter()).zip(acc.iter()).zip(slopes);
        terms.extend(moments.map(|(((sample, gyr), acc), slope)| {
            let world = sample.world_from_sensor.to_rotation_matrix();
            let spin = gyr.cross_matrix();
            let arm: Matrix3<f64> = world.matrix() * (slope.cross_matrix() + spin * spin);
            let own = world * acc - gravity;
            Terms::from_columns(&[arm.column(0), arm.column(1), arm.column(2), own.as_view()])
        }));
        for column in 0..4 {
            for (value, terms) in acc.iter_mut().zip(terms.iter()) {
                value.copy_from(&terms.column(column));
            }
            filter.high_pass(acc, rate, SLOW);
            for (terms, value) in terms.iter_mut().zip(acc.iter()) {
                terms.set_column(column, value);
            }
        }
        Some(())
    }

    /// As [`link`](fn@link), to a batch of as many samples at the same rate.
    pub(super) fn link(&self, b: &Self, search: Search) -> Option<Link> {
        let sums = Sums::of(&self.terms, &b.terms);
        let (heading, lever_arms) = match search {
            Search::Anywhere => sums.search(0.0, PI)?,
            Search::Near { heading, range } => sums.search(heading, range)?,
            Search::With(arms) => (sums.heading(&arms), arms),
        };
        let residual = sums.cost(heading, &lever_arms).max(0.0);
        let strength = sums.strength(&lever_arms);
        let independent = (self.seconds * INDEPENDENT).max(1.0);
        let variance = (residual + NOISE) / strength / independent;
        variance.is_finite().then_some(Link { heading, variance, residual, lever_arms })
    }
}

/// Everything that the cost needs, summed once: each heading then costs one 6 x 6 solution instead of
/// a pass over the batch.
struct Sums {
    n: f64,
    aa: Matrix4<f64>,
    bb: Matrix4<f64>,
    /// Horizontal products along, horizontal products across, vertical products.
    along: Matrix4<f64>,
    across: Matrix4<f64>,
    vertical: Matrix4<f64>,
    b_horizontal: Matrix4<f64>,
}

impl Sums {
    fn of(a: &[Terms], b: &[Terms]) -> Self {
        let zero = Matrix4::zeros();
        let mut sums = Self {
            n: a.len() as f64,
            aa: zero,
            bb: zero,
            along: zero,
            across: zero,
            vertical: zero,
            b_horizontal: zero,
        };
        for (a, b) in a.iter().zip(b) {
            let [ax, ay, az] = [a.row(0), a.row(1), a.row(2)].map(|r| r.transpose());
            let [bx, by, bz] = [b.row(0), b.row(1), b.row(2)].map(nalgebra::Matrix::into_owned);
            sums.aa += a.transpose() * a;
            let horizontal = bx.transpose() * bx + by.transpose() * by;
            sums.b_horizontal += horizontal;
            sums.bb += horizontal + bz.transpose() * bz;
            sums.along += ax * bx + ay * by;
            sums.across += ay * bx - ax * by;
            sums.vertical += az * bz;
        }
        sums
    }

    fn cross(&self, heading: f64) -> Matrix4<f64> {
        self.vertical + self.along * heading.cos() + self.across * heading.sin()
    }

    /// Mean squared difference of the joint's acceleration as the two sensors see it.
    fn cost(&self, heading: f64, arms: &LeverArms) -> f64 {
        let (a, b) = (arms.a.push(1.0), arms.b.push(1.0));
        let both = a.dot(&(self.aa * a)) + b.dot(&(self.bb * b));
        (both - 2.0 * a.dot(&(self.cross(heading) * b))) / self.n
    }

    /// Mean squared horizontal acceleration of the joint: what the heading shows in.
    fn strength(&self, arms: &LeverArms) -> f64 {
        let b = arms.b.push(1.0);
        b.dot(&(self.b_horizontal * b)) / self.n
    }

    /// The best heading for these lever arms.
    fn heading(&self, arms: &LeverArms) -> f64 {
        let (a, b): (Vector4<f64>, Vector4<f64>) = (arms.a.push(1.0), arms.b.push(1.0));
        a.dot(&(self.across * b)).atan2(a.dot(&(self.along * b)))
    }

    /// The best lever arms for this heading (ridge regression) and their cost.
    fn arms(&self, heading: f64) -> Option<(f64, LeverArms)> {
        let cross = self.cross(heading);
        let mut normal = Matrix6::identity() * (RIDGE * self.n);
        let mut right = Vector6::zeros();
        let mixed = cross.fixed_view::<3, 3>(0, 0);
        let mut upper = normal.fixed_view_mut::<3, 3>(0, 0);
        upper += self.aa.fixed_view::<3, 3>(0, 0);
        let mut lower = normal.fixed_view_mut::<3, 3>(3, 3);
        lower += self.bb.fixed_view::<3, 3>(0, 0);
        normal.fixed_view_mut::<3, 3>(0, 3).copy_from(&-mixed);
        normal.fixed_view_mut::<3, 3>(3, 0).copy_from(&-mixed.transpose());
        right
            .fixed_rows_mut::<3>(0)
            .copy_from(&(cross.fixed_view::<3, 1>(0, 3) - self.aa.fixed_view::<3, 1>(0, 3)));
        right
            .fixed_rows_mut::<3>(3)
            .copy_from(&(cross.fixed_view::<1, 3>(3, 0).transpose() - self.bb.fixed_view::<3, 1>(0, 3)));
        let arms = normal.cholesky()?.solve(&right);
        let arms = LeverArms { a: arms.fixed_rows::<3>(0).into(), b: arms.fixed_rows::<3>(3).into() };
        Some((self.cost(heading, &arms), arms))
    }

    /// Steps over the range, then parabolas of ever smaller width through the best.
    fn search(&self, centre: f64, range: f64) -> Option<(f64, LeverArms)> {
        let steps = (range / COARSE).ceil().max(1.0);
        let step = range / steps;
        let mut best = (f64::INFINITY, centre);
        for i in 0..=(2.0 * steps) as u32 {
            let heading = centre - range + step * f64::from(i);
            let cost = self.arms(heading)?.0;
            if cost < best.0 {
                best = (cost, heading);
            }
        }
        let mut width = step;
        for _ in 0..4 {
            let below = self.arms(best.1 - width)?.0;
            let above = self.arms(best.1 + width)?.0;
            let curvature = below - 2.0 * best.0 + above;
            let move_by = if curvature > 0.0 { 0.5 * width * (below - above) / curvature } else { 0.0 };
            let heading = best.1 + move_by.clamp(-width, width);
            let cost = self.arms(heading)?.0;
            if cost < best.0 {
                best = (cost, heading);
            }
            width /= 4.0;
        }
        let heading = wrap(best.1.clamp(centre - range, centre + range));
        Some((heading, self.arms(heading)?.1))
    }
}

/// Into -pi to pi.
fn wrap(angle: f64) -> f64 {
    (angle + PI).rem_euclid(TAU) - PI
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARMS: LeverArms =
        LeverArms { a: Vector3::new(0.05, -0.2, 0.03), b: Vector3::new(-0.02, 0.18, 0.04) };

    /// A sensor that turns as it likes, `arm` away from a joint that is shaken, its world turned by `heading`.
    fn segment(arm: Vector3<f64>, phase: f64, heading: f64) -> Vec<LinkSample> {
        let step = 1e-3;
        let turn = UnitQuaternion::from_axis_angle(&Vector3::z_axis(), -heading);
        let attitude = |t: f64| {
            turn * UnitQuaternion::from_euler_angles(
                0.8 * (5.0 * t + phase).sin(),
                0.5 * (3.0 * t + 2.0 * phase).sin(),
                0.4 * (4.0 * t).cos(),
            )
        };
        let joint =
            |t: f64| Vector3::new(0.3 * (5.0 * t).sin(), 0.2 * (4.0 * t).cos(), 0.1 * (7.0 * t).sin());
        let place = |t: f64| turn * joint(t) - attitude(t) * arm;
        (0..500)
            .map(|i| {
                let t = f64::from(i) / 50.0;
                let world_from_sensor = attitude(t);
                let spin = (attitude(t - step).inverse() * attitude(t + step)).scaled_axis() / (2.0 * step);
                let acceleration = (place(t + step) - 2.0 * place(t) + place(t - step)) / (step * step);
                let force = acceleration + Vector3::new(0.0, 0.0, STANDARD_GRAVITY);
                LinkSample { world_from_sensor, gyr: spin, acc: world_from_sensor.inverse() * force }
            })
            .collect()
    }

    #[test]
    fn finds_heading_and_lever_arms_from_nothing() {
        for heading in [-2.8, -0.4, 0.0, 1.1, 3.0] {
            let (a, b) = (segment(ARMS.a, 0.0, 0.0), segment(ARMS.b, 1.3, heading));
            let found = link(&a, &b, Hz(50.0), Search::Anywhere).unwrap();
            assert!(wrap(found.heading - heading).abs() < 0.01, "{} for {heading}", found.heading);
            assert!((found.lever_arms.a - ARMS.a).norm() < 0.02, "{:?}", found.lever_arms);
            assert!((found.lever_arms.b - ARMS.b).norm() < 0.02, "{:?}", found.lever_arms);
            assert!(found.variance.sqrt() < 0.05);
            let near = Search::Near { heading: heading + 0.2, range: 0.35 };
            assert!(wrap(link(&a, &b, Hz(50.0), near).unwrap().heading - heading).abs() < 0.01);
            let known = link(&a, &b, Hz(50.0), Search::With(ARMS)).unwrap();
            assert!(wrap(known.heading - heading).abs() < 0.01);
        }
    }

    #[test]
    fn rest_has_no_heading_worth_having() {
        let sample = LinkSample {
            world_from_sensor: UnitQuaternion::identity(),
            gyr: Vector3::zeros(),
            acc: Vector3::new(0.0, 0.0, STANDARD_GRAVITY),
        };
        let still = vec![sample; 300];
        let found = link(&still, &still, Hz(50.0), Search::Anywhere);
        assert!(found.is_none_or(|link| link.variance.sqrt() > 0.5));
    }

    #[test]
    fn too_little_or_unequal_data_gives_nothing() {
        let a = segment(ARMS.a, 0.0, 0.0);
        assert_eq!(link(&a[..20], &a[..20], Hz(50.0), Search::Anywhere), None);
        assert_eq!(link(&a[..90], &a[..80], Hz(50.0), Search::Anywhere), None);
    }
}

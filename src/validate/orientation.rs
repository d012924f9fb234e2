use super::stats;
use crate::source::bids::StretchTruth;
use nalgebra::UnitQuaternion;
use serde::Serialize;

/// Orientations in order of time, s.
pub(super) type Series = [(f64, UnitQuaternion<f64>)];

/// A 6-axis estimate has no heading of its own: one constant from the first this many seconds of the
/// scored stretch is removed (BROAD, Laidig et al., Data 2021, for algorithms without magnetometer).
const ALIGNING: f64 = 1.0;
/// The longest hole in the truth that is bridged, s.
const HOLE: f64 = 0.05;
/// Times this close are one moment, s.
const SAME: f64 = 1e-9;

/// How far one sensor's orientation is from the truth, RMSE in degrees.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OrientationError {
    /// The tracked point, or two of them for the orientation of the second against the first.
    pub tracked_point: String,
    pub n: usize,
    pub total_deg: f64,
    pub heading_deg: f64,
    pub inclination_deg: f64,
}

/// An estimate with the truth at its time.
#[derive(Debug, Clone, Copy)]
struct Pair {
    t: f64,
    estimate: UnitQuaternion<f64>,
    truth: UnitQuaternion<f64>,
}

impl Pair {
    /// The error in the world's axes.
    fn error(&self) -> UnitQuaternion<f64> {
        self.estimate * self.truth.inverse()
    }
}

/// Compares one sensor over the stretches named `movement`; over everything where none is named.
pub(super) fn compare(
    name: &str,
    estimate: &Series,
    truth: &Series,
    stretches: &[StretchTruth],
) -> Option<OrientationError> {
    let pairs = aligned(estimate, truth, stretches);
    let offset = first_heading(&pairs)?;
    summarize(name, pairs.iter().map(|p| offset.inverse() * p.error()))
}

/// Compares the orientation of the second sensor in the axes of the first. Each estimate has its own
/// arbitrary heading: it is removed from each, as above.
pub(super) fn compare_relative(
    name: &str,
    first: (&Series, &Series),
    second: (&Series, &Series),
    stretches: &[StretchTruth],
) -> Option<OrientationError> {
    let first = aligned(first.0, first.1, stretches);
    let second = aligned(second.0, second.1, stretches);
    let (turn_first, turn_second) = (first_heading(&first)?, first_heading(&second)?);
    let mut others = second.iter().peekable();
    let errors: Vec<UnitQuaternion<f64>> = first
        .iter()
        .filter_map(|p| {
            while others.next_if(|other| other.t < p.t - SAME).is_some() {}
            let other = others.peek().filter(|other| other.t <= p.t + SAME)?;
            let relative =
                (turn_first.inverse() * p.estimate).inverse() * (turn_second.inverse() * other.estimate);
            // In the world's axes, so that heading and inclination keep their meaning.
            let error = relative * (p.truth.inverse() * other.truth).inverse();
            Some(p.truth * error * p.truth.inverse())
        })
        .collect();
    summarize(name, errors.into_iter())
}

fn scored(t: f64, stretches: &[StretchTruth]) -> bool {
    let mut named = stretches.iter().filter(|s| s.name == "movement").peekable();
    named.peek().is_none() || named.any(|s| s.begin.0 <= t && t <= s.end.0)
}

/// The scored estimates that have a truth.
fn aligned(estimate: &Series, truth: &Series, stretches: &[StretchTruth]) -> Vec<Pair> {
    let mut truth = truth;
    let mut pairs = Vec::with_capacity(estimate.len());
    for (t, q) in estimate.iter().filter(|(t, _)| scored(*t, stretches)) {
        while let [_, (next, _), ..] = truth
            && next <= t
            && let [_, rest @ ..] = truth
        {
            truth = rest;
        }
        let actual = match truth {
            [(t0, q0), (t1, q1), ..] if t0 <= t && t1 - t0 <= HOLE => {
                q0.try_slerp(q1, (t - t0) / (t1 - t0), 1e-9).unwrap_or(*q0)
            }
            // The last sample, or the last before a hole.
            [(t0, q0), ..] if (t - t0).abs() <= SAME => *q0,
            _ => continue,
        };
        pairs.push(Pair { t: *t, estimate: *q, truth: actual });
    }
    pairs
}

/// The mean heading error of the first second, as a rotation about the vertical.
fn first_heading(pairs: &[Pair]) -> Option<UnitQuaternion<f64>> {
    let start = pairs.first()?.t;
    let (sin, cos) = pairs
        .iter()
        .take_while(|p| p.t - start <= ALIGNING)
        .map(|p| heading(&p.error()))
        .fold((0.0, 0.0), |(sin, cos), h| (sin + h.sin(), cos + h.cos()));
    Some(UnitQuaternion::from_axis_angle(&nalgebra::Vector3::z_axis(), sin.atan2(cos)))
}

/// The part of a rotation about the vertical, rad.
fn heading(q: &UnitQuaternion<f64>) -> f64 {
    super::angles::wrap(2.0 * q.k.atan2(q.w))
}

/// What remains of a rotation after its heading, rad.
fn inclination(q: &UnitQuaternion<f64>) -> f64 {
    2.0 * q.i.hypot(q.j).atan2(q.w.hypot(q.k))
}

fn summarize(name: &str, errors: impl Iterator<Item = UnitQuaternion<f64>>) -> Option<OrientationError> {
    let (mut total, mut headings, mut inclinations) = (Vec::new(), Vec::new(), Vec::new());
    for q in errors {
        total.push(q.angle().to_degrees());
        headings.push(heading(&q).to_degrees());
        inclinations.push(inclination(&q).to_degrees());
    }
    Some(OrientationError {
        tracked_point: name.to_owned(),
        n: total.len(),
        total_deg: stats::rms(&total)?,
        heading_deg: stats::rms(&headings)?,
        inclination_deg: stats::rms(&inclinations)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::SessionTime;
    use nalgebra::Vector3;

    fn turn(axis: Vector3<f64>, degrees: f64) -> UnitQuaternion<f64> {
        UnitQuaternion::new(axis * degrees.to_radians())
    }

    fn motion() -> Vec<(f64, UnitQuaternion<f64>)> {
        (0..1000)
            .map(|i| f64::from(i) / 100.0)
            .map(|t| (t, UnitQuaternion::from_euler_angles(t.sin(), (0.7 * t).cos(), 2.0 * t)))
            .collect()
    }

    fn seen(error: impl Fn(f64) -> UnitQuaternion<f64>) -> Vec<(f64, UnitQuaternion<f64>)> {
        motion().into_iter().map(|(t, q)| (t, error(t) * q)).collect()
    }

    fn close(value: f64, expected: f64) {
        assert!((value - expected).abs() < 1e-6, "{value} is not {expected}");
    }

    #[test]
    fn a_constant_heading_is_no_error() {
        let e = compare("object", &seen(|_| turn(Vector3::z(), 170.0)), &motion(), &[]).expect("scored");
        close(e.total_deg, 0.0);
        assert_eq!(e.n, 1000);
    }

    #[test]
    fn tilt_is_inclination_and_later_turning_is_heading() {
        let tilted = compare("object", &seen(|_| turn(Vector3::x(), 3.0)), &motion(), &[]).expect("scored");
        close(tilted.inclination_deg, 3.0);
        close(tilted.heading_deg, 0.0);
        let late = |t: f64| turn(Vector3::z(), if t > 2.0 { 4.0 } else { 0.0 });
        let turned = compare("object", &seen(late), &motion(), &[]).expect("scored");
        close(turned.inclination_deg, 0.0);
        close(turned.heading_deg, 4.0 * 0.799_f64.sqrt());
        close(turned.total_deg, turned.heading_deg);
    }

    #[test]
    fn only_movement_is_scored() {
        let stretch = |name: &str, begin: f64, end: f64| StretchTruth {
            name: name.to_owned(),
            begin: SessionTime(begin),
            end: SessionTime(end),
        };
        let late = |t: f64| turn(Vector3::x(), if t > 5.0 { 40.0 } else { 0.0 });
        let stretches = [stretch("movement", 1.0, 4.0), stretch("still", 5.0, 9.0)];
        let e = compare("object", &seen(late), &motion(), &stretches).expect("scored");
        close(e.total_deg, 0.0);
        assert_eq!(e.n, 301);
    }

    #[test]
    fn relative_orientation_ignores_each_sensors_own_heading() {
        let shank: Vec<_> =
            motion().into_iter().map(|(t, q)| (t, q * turn(Vector3::y(), 30.0 * t.sin()))).collect();
        let thigh_seen = seen(|_| turn(Vector3::z(), 80.0));
        let own = |angle: f64| -> Vec<_> {
            let tilt = turn(Vector3::x(), angle);
            shank.iter().map(|(t, q)| (*t, turn(Vector3::z(), -50.0) * tilt * q)).collect()
        };
        let score = |shank_seen: &Series| {
            compare_relative("knee", (&thigh_seen, &motion()), (shank_seen, &shank), &[]).expect("scored")
        };
        close(score(&own(0.0)).total_deg, 0.0);
        close(score(&own(2.0)).total_deg, 2.0);
        close(score(&own(2.0)).inclination_deg, 2.0);
    }
}

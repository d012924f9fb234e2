//! Knee bends: finding them where nobody marked them, and the knee axis with its sign from them.

use super::axes::{Principal, hinge, principal};
use crate::body::Segment;
use crate::units::Hz;
use nalgebra::Vector3;

/// Window in which thigh and shank are compared, and its step, s: shorter than one bend.
const WINDOW: f64 = 2.0;
const STEP: f64 = 0.5;
/// How closely thigh and shank turn together in a bend (correlation of their main rates): in a bend one
/// joint moves both, in gait three do. Source: own proposal; finds
/// the bends of all 14 virtual legs.
const TOGETHER: f64 = 0.85;
/// Smallest rate that counts as moving, rad/s (6 degrees per second).
const MOVING: f64 = 0.1;
/// Windows in a row that may miss (the pause between two bends).
const PAUSE: usize = 3;
/// Shortest series, s: one slow bend.
const SHORTEST: f64 = 4.0;
/// Smallest range of the knee, rad (30 degrees). Source: own proposal; a usual bend reaches 60 to 90.
const SMALLEST: f64 = 0.52;
/// The same for one segment alone (10 degrees): a knee's range is that of two.
const SMALLEST_ALONE: f64 = 0.175;
/// Largest elongation of the thigh's rates. Source: own proposal; 14 virtual legs stay below 0.04.
const ROUNDEST: f64 = 0.7;

/// Where in two rate signals (at common times) knee bends are; indices.
pub(super) fn find(thigh: &[Vector3<f64>], shank: &[Vector3<f64>], rate: Hz) -> Option<(usize, usize)> {
    let (width, step) = ((WINDOW * rate.0) as usize, (STEP * rate.0) as usize);
    let mut best: Option<(usize, usize)> = None;
    let mut series: Option<(usize, usize)> = None;
    for (i, (thigh, shank)) in thigh.windows(width).zip(shank.windows(width)).step_by(step).enumerate() {
        let from = i * step;
        if !bending(thigh, shank) {
            series = series.filter(|(_, to)| from + width <= to + PAUSE * step + width);
            continue;
        }
        let (start, _) = *series.get_or_insert((from, from + width));
        series = Some((start, from + width));
        if best.is_none_or(|(a, b)| from + width - start > b - a) {
            best = series;
        }
    }
    best.filter(|(from, to)| (to - from) as f64 >= SHORTEST * rate.0)
}

fn bending(thigh: &[Vector3<f64>], shank: &[Vector3<f64>]) -> bool {
    let (Some(t), Some(s)) = (principal(thigh), principal(shank)) else { return false };
    let pairs = || thigh.iter().zip(shank).map(|(a, b)| (a.dot(&t.axis), b.dot(&s.axis)));
    let tt: f64 = pairs().map(|(a, _)| a * a).sum();
    let ss: f64 = pairs().map(|(_, b)| b * b).sum();
    let ts: f64 = pairs().map(|(a, b)| a * b).sum();
    let least = MOVING.powi(2) * thigh.len() as f64;
    tt > least && ss > least && ts.abs() > TOGETHER * (tt * ss).sqrt()
}

/// The knee axis from bends, pointing right.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bends {
    pub(super) thigh: Principal,
    pub(super) hinge: (Vector3<f64>, Vector3<f64>),
}

/// Why bends are of no use.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum BendFault {
    /// Range of the knee, rad.
    Small(f64),
    /// Not a movement about one axis.
    Round,
}

/// Signs: in a bend thigh and shank turn against each other, and a knee only flexes.
pub(super) fn bends(thigh: &[Vector3<f64>], shank: &[Vector3<f64>], rate: Hz) -> Result<Bends, BendFault> {
    let (Some(mut t), Some(mut s)) = (principal(thigh), principal(shank)) else {
        return Err(BendFault::Small(0.0));
    };
    let together: f64 = thigh.iter().zip(shank).map(|(a, b)| a.dot(&t.axis) * b.dot(&s.axis)).sum();
    if together > 0.0 {
        s.axis = -s.axis;
    }
    let knee = thigh.iter().zip(shank).map(|(a, b)| a.dot(&t.axis) - b.dot(&s.axis));
    let flexion = excursion(knee, rate);
    if flexion < 0.0 {
        (t.axis, s.axis) = (-t.axis, -s.axis);
    }
    if flexion.abs() < SMALLEST {
        return Err(BendFault::Small(flexion.abs()));
    }
    if t.elongation > ROUNDEST {
        return Err(BendFault::Round);
    }
    Ok(Bends { thigh: t, hinge: hinge(thigh, shank, t.axis, s.axis) })
}

/// The axis from bends of one segment alone: on the way down the thigh's knee end comes forward, shank
/// and pelvis tip forward. `None` without a clear movement.
pub(super) fn lone_bend(segment: Segment, rates: &[Vector3<f64>], rate: Hz) -> Option<Principal> {
    let main = principal(rates)?;
    let turn = excursion(rates.iter().map(|w| w.dot(&main.axis)), rate);
    let right = (turn > 0.0) == (segment == Segment::Thigh);
    let axis = if right { main.axis } else { -main.axis };
    (turn.abs() > SMALLEST_ALONE && main.elongation <= ROUNDEST).then_some(Principal { axis, ..main })
}

/// The value of the running integral that is farthest from zero, rad.
fn excursion(rates: impl Iterator<Item = f64>, rate: Hz) -> f64 {
    rates
        .scan(0.0, |angle, w| {
            *angle += w * rate.interval();
            Some(*angle)
        })
        .fold(0.0, |far: f64, angle| if angle.abs() > far.abs() { angle } else { far })
}

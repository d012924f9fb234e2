//! The runner's common turn: every sensor on the body turns with the runner over a whole stride,
//! whatever its limb does within it.
//!
//! Rate at `t`: the turn about the vertical from a sensor's orientation one stride ago to its orientation now,
//! divided by the stride time, median over sensors. It refers to the middle of that stride, half a stride ago.
//!
//! The two orientations are compared, not the vertical rate summed up between them: a limb that swings and comes
//! back as it was has turned nowhere, but its vertical rate sums up to the area that its long axis goes around
//! (the geometric phase). That area changes when the hip does, by up to 5 degrees per stride, in one leg alone.

use crate::units::SessionTime;
use nalgebra::UnitQuaternion;
use std::collections::VecDeque;

/// Time between two readings, s.
const STEP: f64 = 0.02;
/// Stride time assumed until one is known, s. Source: running_curves table, 0.70 s at 3.5 m/s
/// (Fukuchi, Fukuchi & Duarte 2017).
const TYPICAL_STRIDE: f64 = 0.70;
/// Readings kept: the longest stride used (1.7 s), and as much again for looking back at its middle.
const KEPT: usize = 256;
/// Tangents of half a turn below this take the series of the arc tangent, which is good to 2e-10 rad there and
/// three times as fast.
const SMALL: f64 = 0.1;
/// Sensors on one body.
const SENSORS: usize = crate::body::Placement::COUNT;

/// Parameters of [`TurnTracker`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TurnParams {
    /// Below this rate nothing is taken off the accelerometer, rad/s. Default 5 deg/s: about the
    /// stride-to-stride noise of the rate (own measurement on virtual running).
    pub dead_band: f64,
    /// Above this rate angles are withheld, rad/s. Default 12 deg/s: heading error grows beyond the
    /// promise from there on (own measurement on virtual running).
    pub void: f64,
    /// Angles stay withheld for this long after, s. Default 3.
    pub void_after: f64,
}

impl Default for TurnParams {
    fn default() -> Self {
        Self { dead_band: 5.0_f64.to_radians(), void: 12.0_f64.to_radians(), void_after: 3.0 }
    }
}

#[derive(Debug, Clone, Copy)]
struct Reading {
    t: SessionTime,
    world_from_sensor: [Option<UnitQuaternion<f64>>; SENSORS],
    /// Integral of the rate up to here, rad.
    turned: f64,
}

#[derive(Debug, Clone)]
pub struct TurnTracker {
    params: TurnParams,
    readings: VecDeque<Reading>,
    rate: f64,
    stride: f64,
    last_hot: Option<SessionTime>,
}

impl Default for TurnTracker {
    fn default() -> Self {
        Self::new(TurnParams::default())
    }
}

impl TurnTracker {
    #[must_use]
    pub fn new(params: TurnParams) -> Self {
        Self {
            params,
            readings: VecDeque::with_capacity(KEPT + 1),
            rate: 0.0,
            stride: TYPICAL_STRIDE,
            last_hot: None,
        }
    }

    /// A stride of either leg has ended.
    pub fn stride(&mut self, seconds: f64) {
        if (0.4..1.7).contains(&seconds) {
            self.stride += 0.1 * (seconds - self.stride);
        }
    }

    /// The next reading is due at or after this time.
    #[must_use]
    pub fn due(&self, t: SessionTime) -> bool {
        self.readings.back().is_none_or(|last| t - last.t >= STEP - 1e-9)
    }

    /// One reading of each sensor's orientation.
    pub fn push(&mut self, t: SessionTime, world_from_sensor: [Option<UnitQuaternion<f64>>; SENSORS]) {
        let steps = (self.stride / STEP).round().max(1.0) as usize;
        let mut rates = [0.0; SENSORS];
        let mut known = 0;
        let (mut turned, mut since) = (0.0, STEP);
        if let Some(last) = self.readings.back() {
            turned = last.turned;
            since = (t - last.t).min(1.0);
        }
        if let Some(before) = self.readings.len().checked_sub(steps).and_then(|i| self.readings.get(i)) {
            let span = t - before.t;
            for (now, then) in world_from_sensor.iter().zip(&before.world_from_sensor) {
                if let (Some(now), Some(then), Some(slot)) = (now, then, rates.get_mut(known)) {
                    *slot = about_vertical(then, now) / span;
                    known += 1;
                }
            }
        }
        self.rate = median(&mut rates, known);
        if self.rate.abs() > self.params.void {
            self.last_hot = Some(t);
        }
        self.readings.push_back(Reading { t, world_from_sensor, turned: turned + self.rate * since });
        if self.readings.len() > KEPT {
            self.readings.pop_front();
        }
    }

    /// The rate for clearing the accelerometer: 0 inside the dead band, rad/s, left positive.
    #[must_use]
    pub fn rate_beyond_dead_band(&self) -> f64 {
        if self.rate.abs() > self.params.dead_band { self.rate } else { 0.0 }
    }

    /// Angles must be withheld at `t`.
    #[must_use]
    pub fn voids(&self, t: SessionTime) -> bool {
        self.last_hot.is_some_and(|hot| t - hot <= self.params.void_after)
    }

    /// The angle that the runner had turned at `t`, as far as it is known then; beyond, the rate
    /// continues. Only differences mean anything.
    #[must_use]
    pub fn turned_at(&self, t: SessionTime) -> f64 {
        let half = 0.5 * self.stride;
        let known_at = t + half;
        let Some(last) = self.readings.back() else { return 0.0 };
        if known_at > last.t {
            return last.turned + self.rate * (known_at - last.t);
        }
        let i = self.readings.partition_point(|r| r.t <= known_at);
        let at = |i: usize| self.readings.get(i);
        match (i.checked_sub(1).and_then(at), at(i)) {
            (Some(a), Some(b)) => a.turned + (b.turned - a.turned) * (known_at - a.t) / (b.t - a.t),
            (None, Some(first)) => first.turned,
            _ => last.turned,
        }
    }
}

/// The twist about the world's vertical of the rotation from one orientation to another, rad, to (-pi, pi].
fn about_vertical(from: &UnitQuaternion<f64>, to: &UnitQuaternion<f64>) -> f64 {
    let (a, b) = (from.as_ref(), to.as_ref());
    let z = b.k * a.w - b.w * a.k - b.i * a.j + b.j * a.i;
    let w = b.w * a.w + b.i * a.i + b.j * a.j + b.k * a.k;
    let half = z / w;
    if half.abs() < SMALL {
        let square = half * half;
        return 2.0 * half * (1.0 - square * (1.0 / 3.0 - square * (0.2 - square / 7.0)));
    }
    2.0 * libm::atan(half)
}

fn median(values: &mut [f64; SENSORS], known: usize) -> f64 {
    let Some(values) = values.get_mut(..known) else { return 0.0 };
    values.sort_by(f64::total_cmp);
    let at = |i: usize| values.get(i).copied().unwrap_or(0.0);
    match known {
        0 => 0.0,
        n if n % 2 == 1 => at(n / 2),
        n => 0.5 * (at(n / 2 - 1) + at(n / 2)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nalgebra::Vector3;
    use std::f64::consts::TAU;

    fn all(q: UnitQuaternion<f64>) -> [Option<UnitQuaternion<f64>>; SENSORS] {
        [Some(q); SENSORS]
    }

    fn heading(angle: f64) -> UnitQuaternion<f64> {
        UnitQuaternion::from_axis_angle(&Vector3::z_axis(), angle)
    }

    /// A limb that swings to the front and to the side a quarter of a stride later, as far as `side`.
    fn swing(t: f64, side: f64) -> UnitQuaternion<f64> {
        let phase = TAU * t / TYPICAL_STRIDE;
        UnitQuaternion::from_euler_angles(side * phase.cos(), 0.7 * phase.sin(), 0.0)
    }

    #[test]
    fn a_turn_is_followed_whatever_the_limb_does() {
        let mut turn = TurnTracker::default();
        let rate = 0.5;
        for k in 0..200 {
            let t = 0.02 * f64::from(k);
            turn.push(SessionTime(t), all(heading(rate * t) * swing(t, 0.1)));
        }
        assert!((turn.rate - rate).abs() < 0.01, "{}", turn.rate);
        let turned = turn.turned_at(SessionTime(3.5)) - turn.turned_at(SessionTime(2.5));
        assert!((turned - rate).abs() < 0.01, "{turned}");
    }

    #[test]
    fn a_limb_that_swings_another_way_from_one_stride_to_the_next_turns_nobody() {
        let mut turn = TurnTracker::default();
        for k in 0..400 {
            let t = 0.02 * f64::from(k);
            turn.push(SessionTime(t), all(swing(t, if t < 4.0 { 0.05 } else { 0.25 })));
        }
        assert!(turn.turned_at(SessionTime(7.5)).abs() < 0.01, "{}", turn.turned_at(SessionTime(7.5)));
    }
}

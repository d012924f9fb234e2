//! One sensor's recent past on a grid that all sensors share, so that pairs compare at common times.

use crate::event::{Doubt, Fused};
use crate::segment::link::LinkSample;
use crate::units::{Hz, SessionTime};
use nalgebra::{Quaternion, SVector, UnitQuaternion, Vector3};
use std::collections::VecDeque;

/// The grid. 40 Hz would do for the axes; the link looks up to 12 Hz and wants some room above it.
pub(super) const GRID: Hz = Hz(50.0);
/// What is kept, s: knee bends, the way to the start, and ten seconds of gait.
pub(super) const KEPT: f64 = 75.0;
/// A hole that fusion did not bridge: what was before does not continue here, s.
const HOLE: f64 = 0.3;
/// Samples of one block: half a second, long enough for a spread, short enough for an edge.
pub(super) const BLOCK: i64 = 25;

/// A moment on the grid.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    pub(super) link: LinkSample,
    /// Bias that fusion took off, rad/s: rate as the sensor gave it is `link.gyr + bias`.
    pub(super) bias: Vector3<f64>,
    /// Measured all through, and within the sensor's range.
    pub(super) sound: bool,
}

/// Quaternion, rate, acceleration, bias.
type Channels = SVector<f64, 13>;

#[derive(Debug, Clone, Default)]
pub(super) struct Track {
    kept: VecDeque<Moment>,
    /// Grid index just after the newest moment.
    end: i64,
    filling: Option<Filling>,
}

/// The moment that is being averaged: the exact mean of the line through the samples over one grid
/// step, which delays nothing at any sample rate.
#[derive(Debug, Clone, Copy)]
struct Filling {
    t: f64,
    last: Channels,
    sum: Channels,
    covered: f64,
    sound: bool,
}

impl Track {
    /// Grid index just after the newest moment.
    pub(super) fn end(&self) -> i64 {
        self.end
    }

    /// Grid index of the oldest moment.
    pub(super) fn start(&self) -> i64 {
        self.end - moments(self.kept.len())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// Returns whether a moment was finished.
    pub(super) fn push(&mut self, sample: &Fused) -> bool {
        let t = sample.t.0;
        let sound = sample.measured && sample.doubt != Some(Doubt::Saturated);
        let mut now = channels(sample);
        let Some(mut filling) = self.filling.filter(|f| t - f.t <= HOLE) else {
            self.restart(t, now, sound);
            return false;
        };
        if t <= filling.t {
            return false;
        }
        if now.fixed_rows::<4>(0).dot(&filling.last.fixed_rows::<4>(0)) < 0.0 {
            now.fixed_rows_mut::<4>(0).neg_mut();
        }
        filling.sound &= sound;
        let step = GRID.interval();
        let mut finished = false;
        loop {
            let edge = (self.end as f64 + 0.5) * step;
            if t < edge {
                break;
            }
            let at_edge = filling.last.lerp(&now, (edge - filling.t) / (t - filling.t));
            filling.advance(edge, at_edge);
            if filling.covered > 0.99 * step {
                self.keep(&filling);
                finished = true;
            }
            self.end += 1;
            filling.sum = Channels::zeros();
            filling.covered = 0.0;
            filling.sound = sound;
        }
        filling.advance(t, now);
        self.filling = Some(filling);
        finished
    }

    fn restart(&mut self, t: f64, now: Channels, sound: bool) {
        self.kept.clear();
        self.end = (t / GRID.interval() + 0.5).floor() as i64;
        self.filling = Some(Filling { t, last: now, sum: Channels::zeros(), covered: 0.0, sound });
    }

    fn keep(&mut self, filling: &Filling) {
        let most = (KEPT * GRID.0) as usize;
        if self.kept.capacity() < most {
            self.kept.reserve_exact(most);
        }
        if self.kept.len() == most {
            self.kept.pop_front();
        }
        let mean = filling.sum / filling.covered;
        let [w, i, j, k, gx, gy, gz, ax, ay, az, bx, by, bz] = mean.into();
        self.kept.push_back(Moment {
            link: LinkSample {
                world_from_sensor: UnitQuaternion::new_normalize(Quaternion::new(w, i, j, k)),
                gyr: Vector3::new(gx, gy, gz),
                acc: Vector3::new(ax, ay, az),
            },
            bias: Vector3::new(bx, by, bz),
            sound: filling.sound,
        });
    }

    /// The moments from `from` up to `to`; `None` unless all of them are kept.
    pub(super) fn window(
        &self,
        from: i64,
        to: i64,
    ) -> Option<impl ExactSizeIterator<Item = &Moment> + Clone> {
        let first = self.start();
        if from < first || to > self.end || from >= to {
            return None;
        }
        Some(self.kept.range((from - first) as usize..(to - first) as usize))
    }

    /// Share of moments that were lost or beyond the sensor's range.
    pub(super) fn unsound(&self, from: i64, to: i64) -> f64 {
        let Some(moments) = self.window(from, to) else { return 0.0 };
        let all = moments.len() as f64;
        moments.filter(|m| !m.sound).count() as f64 / all
    }
}

impl Filling {
    fn advance(&mut self, t: f64, now: Channels) {
        self.sum += (self.last + now) * (0.5 * (t - self.t));
        self.covered += t - self.t;
        self.t = t;
        self.last = now;
    }
}

fn channels(sample: &Fused) -> Channels {
    let q = sample.world_from_sensor.quaternion();
    let (g, a, b) = (&sample.gyr, &sample.acc, &sample.bias);
    Channels::from([q.w, q.i, q.j, q.k, g.x, g.y, g.z, a.x, a.y, a.z, b.x, b.y, b.z])
}

/// The first grid index that is not before `t`.
pub(super) fn grid_index(t: SessionTime) -> i64 {
    (t.0 * GRID.0).ceil() as i64
}

pub(super) fn grid_time(index: i64) -> SessionTime {
    SessionTime(index as f64 * GRID.interval())
}

/// A count of moments as a difference of grid indices.
#[expect(clippy::cast_possible_wrap, reason = "no window holds 2^63 moments")]
pub(super) fn moments(count: usize) -> i64 {
    count as i64
}

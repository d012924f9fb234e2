//! The medio-lateral axis of a shank sensor in any mounting, and which way along it is forward swing.

use super::parameters::SignalParameters;
use nalgebra::{Matrix3, Vector3};

/// Learns from the samples in which the leg moves. The direction comes from the second moment of the
/// angular rate; its sign from three habits of a leg: swings are quicker than lean, the hardest
/// jerks fall into backward rotation, and lean takes longer than swing. A sign that has been right for
/// long is not turned by a few odd steps.
#[derive(Debug, Clone, Default)]
pub(super) struct Axis {
    moment: Matrix3<f64>,
    direction: Vector3<f64>,
    turned: bool,
    moved: f64,
    travel: f64,
    speed: Vote,
    jerk: Vote,
    time: Vote,
    /// How far the sum of the votes has been above what a right sign has at least.
    trust: f64,
    /// Movement since direction and trust were last brought up to date, s.
    stale: f64,
}

/// A signed sum with the sum of its magnitudes.
#[derive(Debug, Clone, Default)]
struct Vote {
    signed: f64,
    total: f64,
}

impl Vote {
    fn add(&mut self, keep: f64, signed: f64, total: f64) {
        self.signed = self.signed * keep + signed;
        self.total = self.total * keep + total;
    }

    fn share(&self) -> f64 {
        if self.total > 0.0 { self.signed / self.total } else { 0.0 }
    }
}

/// What one sample did to the axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Heed {
    Kept,
    /// Forward was backward until now: what the leg seemed to do was wrong.
    Turned,
}

impl Axis {
    /// Learns from a sample of length `h` s; `jerk_sq` is the squared change of specific force per second.
    pub(super) fn learn(&mut self, p: &SignalParameters, gyr: &Vector3<f64>, jerk_sq: f64, h: f64) -> Heed {
        let size_sq = gyr.norm_squared();
        if size_sq <= p.moving * p.moving {
            return Heed::Kept;
        }
        self.learn_direction(p, gyr, size_sq, h);
        let w = self.project(gyr) * self.sign();
        let size = w.abs();
        let keep = 1.0 - h / p.vote_memory;
        self.travel += size * h;
        self.speed.add(keep, w * w * w * h, size * size * size * h);
        self.jerk.add(keep, -w * jerk_sq * h, size * jerk_sq * h);
        self.time.add(keep, if size > 0.5 { -h.copysign(w) } else { 0.0 }, h);
        self.stale += h;
        if self.stale >= p.update_interval {
            self.trust += (self.vote() - p.trust_from - self.trust) * (self.stale / p.trust_memory);
            self.stale = 0.0;
        }
        if self.in_doubt()
            && self.travel > p.vote_travel
            && self.vote() < p.vote_turn - p.trust_weight * self.trust.max(0.0)
        {
            self.turn();
            return Heed::Turned;
        }
        Heed::Kept
    }

    /// Each of the three is from -1 to 1.
    fn vote(&self) -> f64 {
        self.speed.share() + self.jerk.share() + self.time.share()
    }

    /// Spares the divisions while every vote agrees.
    fn in_doubt(&self) -> bool {
        self.speed.signed < 0.0 || self.jerk.signed < 0.0 || self.time.signed < 0.0
    }

    fn turn(&mut self) {
        self.turned = !self.turned;
        self.trust = 0.0;
        for vote in [&mut self.speed, &mut self.jerk, &mut self.time] {
            vote.signed = -vote.signed;
        }
    }

    fn learn_direction(&mut self, p: &SignalParameters, gyr: &Vector3<f64>, size_sq: f64, h: f64) {
        if self.moved == 0.0 {
            // The first quick rotation of a leg at rest is forward lean, which is negative.
            self.direction = -gyr / size_sq.sqrt();
        }
        let gain = h / p.axis_memory.min(self.moved + h);
        self.moved += h;
        self.moment += (gyr * gyr.transpose() - self.moment) * gain;
        if self.moved < p.axis_memory || self.stale + h >= p.update_interval {
            self.follow_moment();
        }
    }

    /// One power iteration at a time follows the leading eigenvector.
    fn follow_moment(&mut self) {
        let next = self.moment * self.direction;
        let size = next.norm();
        if size > 1e-12 {
            self.direction = next * size.recip();
        }
    }

    /// The rate about the axis before the sign is applied: continuous when the sign turns.
    pub(super) fn project(&self, gyr: &Vector3<f64>) -> f64 {
        self.direction.dot(gyr)
    }

    pub(super) fn sign(&self) -> f64 {
        if self.turned { -1.0 } else { 1.0 }
    }
}

//! The highest or lowest point of a signal so far, between its samples.

use super::signal::Tick;

/// Follows the maximum of `sign * y`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Extremum {
    sign: f64,
    value: f64,
    t: f64,
    h: f64,
    before: f64,
    after: Option<f64>,
}

impl Extremum {
    pub(super) fn highest(tick: &Tick) -> Self {
        Self::start(tick, 1.0)
    }

    pub(super) fn lowest(tick: &Tick) -> Self {
        Self::start(tick, -1.0)
    }

    fn start(tick: &Tick, sign: f64) -> Self {
        Self { sign, value: sign * tick.y, t: tick.t, h: tick.h, before: sign * tick.before, after: None }
    }

    pub(super) fn offer(&mut self, tick: &Tick) {
        if self.sign * tick.y > self.value {
            *self = Self::start(tick, self.sign);
        } else if self.after.is_none() {
            self.after = Some(self.sign * tick.y);
        }
    }

    pub(super) fn value(&self) -> f64 {
        self.sign * self.value
    }

    /// Vertex of the parabola through the extremum and its neighbours.
    pub(super) fn time(&self) -> f64 {
        let after = self.after.unwrap_or(self.value);
        let bend = 2.0 * self.value - self.before - after;
        if bend > 1e-9 { self.t + self.h * 0.5 * (after - self.before) / bend } else { self.t }
    }
}

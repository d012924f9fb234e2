//! Walk or run.

use super::signal::Tick;
use crate::event::Gait;

#[derive(Debug, Clone)]
pub(super) struct Class {
    gait: Gait,
    acc: f64,
    gyr_sq: f64,
}

impl Class {
    pub(super) fn new() -> Self {
        Self { gait: Gait::Walk, acc: 9.81, gyr_sq: 0.0 }
    }
    pub(super) fn gait(&self) -> Gait {
        self.gait
    }
    pub(super) fn tick(&mut self, tick: &Tick) {
        let e = tick.h / 0.6;
        self.acc += e * (tick.acc_sq.sqrt() - self.acc);
        self.gyr_sq += e * (tick.gyr_sq - self.gyr_sq);
        let s = self.acc / 17.0 + self.gyr_sq.sqrt() / 5.0;
        if s > 2.1 {
            self.gait = Gait::Run;
        } else if s < 1.9 {
            self.gait = Gait::Walk;
        }
    }
}

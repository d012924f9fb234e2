//! Stance of each leg: initial and terminal contact, gait class, rhythm, measures.
//!
//! ```text
//!  samples ──> signal (gaps, axis, sign, low-pass) ──Tick──> class ──Gait──┐
//!                                                    └──────────────> machine ──> Contact
//! ```
//!
//! One 6-axis sensor per shank is enough, in any mounting and without calibration.

mod axis;
mod class;
mod extremum;
mod machine;
mod parameters;
mod signal;
mod stance;

use crate::body::{PerSide, Placement, Segment, Side};
use crate::event::{Contact, Gait};
use crate::units::{Hz, SessionTime};
use axis::Heed;
use class::Class;
use machine::{Machine, Outbox};
use nalgebra::Vector3;
pub use parameters::Parameters;
use signal::{Joint, Signal, SignalCoefficients, Tick};

#[derive(Debug, Clone, Default)]
pub struct GaitTracker {
    parameters: Parameters,
    legs: PerSide<Option<Leg>>,
}

/// One shank sensor and what is known of its leg.
#[derive(Debug, Clone)]
struct Leg {
    rate: Hz,
    signal: Signal,
    class: Class,
    machine: Machine,
}

impl GaitTracker {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A sensor joins (or joins again with another rate).
    pub fn add_sensor(&mut self, placement: Placement, rate: Hz) {
        let (Segment::Shank, Some(side)) = (placement.segment(), placement.side()) else { return };
        if self.legs[side].as_ref().is_some_and(|leg| leg.rate == rate) {
            return;
        }
        self.legs[side] = (rate.0.is_finite() && rate.0 > 0.0).then(|| Leg::new(&self.parameters, rate));
    }

    /// One measured sample in session time, any mounting; appends what it decides.
    pub fn push(
        &mut self,
        placement: Placement,
        t: SessionTime,
        acc: &Vector3<f64>,
        gyr: &Vector3<f64>,
        out: &mut Vec<Contact>,
    ) {
        let (Segment::Shank, Some(side)) = (placement.segment(), placement.side()) else { return };
        if let Some(leg) = &mut self.legs[side] {
            leg.push(&self.parameters, side, t, acc, gyr, out);
        }
    }

    /// The leg's gait while it is locked to a rhythm.
    #[must_use]
    pub fn gait(&self, side: Side) -> Option<Gait> {
        self.legs[side].as_ref().filter(|leg| leg.machine.locked()).map(|leg| leg.class.gait())
    }
}

impl Leg {
    fn new(p: &Parameters, rate: Hz) -> Self {
        let coefficients = SignalCoefficients::new(&p.signal, rate);
        Self { rate, signal: Signal::new(coefficients), class: Class::new(), machine: Machine::new() }
    }

    fn push(
        &mut self,
        p: &Parameters,
        side: Side,
        now: SessionTime,
        acc: &Vector3<f64>,
        gyr: &Vector3<f64>,
        contacts: &mut Vec<Contact>,
    ) {
        let Self { signal, class, machine, .. } = self;
        let mut out = Outbox { side, now, gait: class.gait(), contacts };
        let t = now.0;
        let joint = signal.joint(t, acc, gyr);
        if joint == Joint::Broken {
            machine.lose(signal.last_time().unwrap_or(t), &mut out);
        }
        let mut each = |tick: Tick, heed: Heed| {
            class.tick(&tick);
            out.gait = class.gait();
            if heed == Heed::Turned {
                machine.lose(tick.t, &mut out);
            }
            machine.tick(p, &tick, &mut out);
        };
        match joint {
            Joint::Unusable => {}
            Joint::Steps(steps) => signal.walk(&p.signal, steps, t, acc, gyr, each),
            Joint::First | Joint::Broken => {
                let (tick, heed) = signal.start(&p.signal, t, acc, gyr);
                each(tick, heed);
            }
        }
    }
}

//! Stance of each leg: initial and terminal contact, gait class, rhythm, measures.
//!
//! ```text
//!  samples ──> signal (gaps, axis, sign, low-pass) ──Tick──> machine, one per leg ──Contact──> measure
//!                                                   mid-stance │       ▲ walk or run
//!                                                              └─> class
//! ```
//!
//! One 6-axis sensor per shank is enough, in any mounting and without calibration; a pelvis sensor sees flight.
//! The thigh is no witness: a shank that swings under a thigh at rest (dangling from a seat, in the hand) never
//! got a rhythm in our tests without it, and no data set has thighs and force plates to show a gain in time.

mod axis;
mod class;
mod extremum;
mod flight;
mod machine;
mod measure;
mod other;
mod parameters;
mod signal;
mod stance;

use crate::body::{PerPlacement, PerSide, Placement, Segment, Side};
use crate::event::{Contact, Gait};
use crate::units::{Hz, SessionTime};
use axis::Heed;
use class::Class;
use machine::{Machine, Outbox};
pub use measure::{MEASURES, Measure, RHYTHM, Strides};
use nalgebra::Vector3;
use other::Other;
pub use parameters::Parameters;
use signal::{Joint, Signal, SignalCoefficients, Tick};

#[derive(Debug, Clone)]
pub struct GaitTracker {
    parameters: Parameters,
    class: Class,
    legs: PerSide<Option<Leg>>,
}

/// One shank sensor and what is known of its leg.
#[derive(Debug, Clone)]
struct Leg {
    rate: Hz,
    signal: Signal,
    machine: Machine,
    /// When each other sensor first sent something after this one's latest sample.
    silent_since: PerPlacement<Option<f64>>,
}

impl Default for GaitTracker {
    fn default() -> Self {
        Self::new()
    }
}

impl GaitTracker {
    #[must_use]
    pub fn new() -> Self {
        Self { parameters: Parameters::default(), class: Class::new(), legs: PerSide::default() }
    }

    /// A sensor joins (or joins again with another rate).
    pub fn add_sensor(&mut self, placement: Placement, rate: Hz) {
        let (Segment::Shank, Some(side)) = (placement.segment(), placement.side()) else { return };
        if self.legs[side].as_ref().is_some_and(|leg| leg.rate == rate) {
            return;
        }
        self.legs[side] = (rate.0.is_finite() && rate.0 > 0.0).then(|| Leg::new(&self.parameters, rate));
    }

    /// One measured sample in session time, any mounting, of any sensor: those that are on no shank tell
    /// the time by which a shank's has fallen silent. Appends what it decides.
    pub fn push(
        &mut self,
        placement: Placement,
        t: SessionTime,
        acc: &Vector3<f64>,
        gyr: &Vector3<f64>,
        out: &mut Vec<Contact>,
    ) {
        for side in Side::BOTH {
            if placement != shank(side) {
                self.notice_silence(side, placement, t, out);
            }
        }
        if placement == Placement::Pelvis {
            self.class.pelvis(&self.parameters.class, t.0, acc);
        }
        let (Segment::Shank, Some(side)) = (placement.segment(), placement.side()) else { return };
        let PerSide { left, right } = &mut self.legs;
        let (leg, other) = match side {
            Side::Left => (left, right),
            Side::Right => (right, left),
        };
        if let Some(leg) = leg {
            let other = Other(other.as_ref().map(|other| (&other.signal, &other.machine)));
            let out = Outbox { side, now: t, other, class: &mut self.class, contacts: out };
            leg.push(&self.parameters, t.0, acc, gyr, out);
        }
    }

    /// Lets go of a leg whose sensor has sent nothing while another sent for long, by that one's own time:
    /// the clocks of two sensors may be far apart.
    fn notice_silence(&mut self, side: Side, by: Placement, now: SessionTime, out: &mut Vec<Contact>) {
        let Some(leg) = &mut self.legs[side] else { return };
        if !leg.machine.locked() || !now.0.is_finite() {
            return;
        }
        let since = leg.silent_since[by].get_or_insert(now.0);
        if now.0 - *since > self.parameters.rhythm.silence {
            let last = leg.signal.last_time().unwrap_or(now.0);
            let now = SessionTime(now.0.max(last));
            let mut out = Outbox { side, now, other: Other(None), class: &mut self.class, contacts: out };
            leg.machine.lose(last, &mut out);
        }
    }

    /// The leg's gait while it is locked to a rhythm.
    #[must_use]
    pub fn gait(&self, side: Side) -> Option<Gait> {
        self.legs[side].as_ref().filter(|leg| leg.machine.locked()).map(|_| self.class.gait())
    }
}

fn shank(side: Side) -> Placement {
    match side {
        Side::Left => Placement::LeftShank,
        Side::Right => Placement::RightShank,
    }
}

impl Leg {
    fn new(p: &Parameters, rate: Hz) -> Self {
        let coefficients = SignalCoefficients::new(&p.signal, rate);
        Self {
            rate,
            signal: Signal::new(coefficients),
            machine: Machine::new(),
            silent_since: PerPlacement::from_fn(|_| None),
        }
    }

    fn push(&mut self, p: &Parameters, t: f64, acc: &Vector3<f64>, gyr: &Vector3<f64>, mut out: Outbox) {
        let Self { signal, machine, silent_since, .. } = self;
        *silent_since = PerPlacement::default();
        let joint = signal.joint(t, acc, gyr);
        if joint == Joint::Broken {
            machine.lose(signal.last_time().unwrap_or(t), &mut out);
        }
        let each = |tick: Tick, heed: Heed| {
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
                if heed == Heed::Turned {
                    machine.lose(tick.t, &mut out);
                }
                machine.resume(p, &tick, &mut out);
            }
        }
    }
}

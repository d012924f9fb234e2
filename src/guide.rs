//! Leads a person through calibration and the first minutes: waits for stillness instead of sampling somebody who
//! moves, counts knee bends, and says how far the usual has come. It only marks stretches; what they give is decided
//! elsewhere.

mod learning;
mod strap;
mod tap;

pub use learning::{Learnt, Progress};
pub use tap::Taps;

use crate::body::{PerPlacement, Placement, Segment};
use crate::event::{Calibration, Event, Grade};
use crate::flag::BaselineConfig;
use crate::input::{Edge, Input, Mark, Stretch};
use crate::segment::calibration::SAME_POSE;
use crate::units::SessionTime;
use learning::Learning;
use nalgebra::Vector3;
use strap::Strap;

/// Standing as long as this is enough, s. Calibration needs 3 and leaves out the ends of longer ones.
pub const HOLD: f64 = 5.0;
/// Knee bends that are asked for; calibration wants three.
pub const BENDS: u32 = 5;
/// Bending is given up after so long, s: a mark ends by itself soon after.
const LONGEST_BENDING: f64 = 28.0;
/// A knee bend leans the thigh by at least this much from standing, and it is over when less than that is left, rad (20
/// and 8 degrees). Source: own choice; 20 is a third of the depth that is asked for.
const DOWN: f64 = 0.349;
const UP: f64 = 0.14;
/// Without a packet for this long a sensor does not count, s.
const GONE: f64 = 1.0;
/// Who has taken a step within this does not tap, s: landings look like fingers.
const STEPPED: f64 = 3.0;

/// What is to be done of a calibration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parts {
    pub still: bool,
    pub bends: bool,
}

/// How a calibration begins: who is alone walks to the place first, s.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Start {
    pub parts: Parts,
    pub delay: f64,
}

/// What a person asks of the guide.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Wish {
    Begin(Start),
    /// What was done so far of this part is enough.
    Next,
    Stop,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Step {
    Idle,
    Countdown {
        until: f64,
        parts: Parts,
    },
    Still {
        since: Option<f64>,
        then_bend: bool,
    },
    Bends {
        since: f64,
        count: u32,
        down: bool,
    },
    /// Walk or run: the rest comes from gait.
    Gait,
    Done,
}

/// For people to see.
#[derive(Debug, Clone, PartialEq)]
pub struct Status {
    /// `idle`, `countdown`, `still`, `bends`, `gait` or `done`.
    pub step: &'static str,
    /// Until the countdown is over, s.
    pub left: f64,
    /// How much each worn sensor moves: 1 is the most that still is standing. `None` where none sends.
    pub motion: PerPlacement<Option<f64>>,
    /// Standing so far, s.
    pub held: f64,
    pub bends: u32,
    /// Times that the standing was broken off by movement.
    pub moved: u32,
    pub learning: Progress,
}

#[derive(Debug)]
pub struct Guide {
    straps: Vec<Strap>,
    poses: PerPlacement<Option<Vector3<f64>>>,
    step: Step,
    moved: u32,
    now: f64,
    listens: Option<Start>,
    /// When the latest step was, s.
    stepped: f64,
    learning: Learning,
}

impl Guide {
    #[must_use]
    pub fn new(baseline: BaselineConfig, kept: bool) -> Self {
        let (straps, poses) = (Vec::new(), PerPlacement::from_fn(|_| None));
        let learning = Learning::new(baseline, kept);
        let (listens, stepped) = (None, f64::NEG_INFINITY);
        Self { straps, poses, step: Step::Idle, moved: 0, now: 0.0, listens, stepped, learning }
    }

    pub fn wish(&mut self, wish: Wish, out: &mut Vec<Mark>) {
        match (wish, self.step) {
            (Wish::Begin(Start { parts, delay }), _) if delay > 0.0 => {
                self.step = Step::Countdown { until: self.now + delay, parts };
            }
            (Wish::Begin(Start { parts, .. }), _) => self.begin(parts, out),
            (Wish::Next, Step::Bends { .. }) => self.walk(out),
            (Wish::Next, _) => {}
            (Wish::Stop, step) => {
                if matches!(step, Step::Bends { .. }) {
                    out.push(self.mark(Stretch::Functional, Edge::End));
                }
                self.step = Step::Idle;
            }
        }
    }

    /// A double tap on a worn sensor begins this; `None`: taps mean nothing.
    pub fn listen(&mut self, start: Option<Start>) {
        self.listens = start;
    }

    fn begin(&mut self, parts: Parts, out: &mut Vec<Mark>) {
        match parts {
            Parts { still: true, bends } => {
                self.moved = 0;
                self.step = Step::Still { since: None, then_bend: bends };
            }
            Parts { bends: true, .. } => self.bend(out),
            Parts { .. } => self.step = Step::Gait,
        }
    }

    /// Takes an input and the events that it caused, at the session's time; appends the marks that follow.
    pub fn push(&mut self, input: &Input, events: &[Event], now: SessionTime, out: &mut Vec<Mark>) {
        self.now = now.0;
        match input {
            Input::Sensor(info) => {
                self.straps.retain(|strap| strap.id != info.id);
                self.straps.push(Strap::new(info.id, info.placement));
            }
            Input::Packet(packet) => {
                if let Some(strap) = self.straps.iter_mut().find(|strap| strap.id == packet.sensor) {
                    let tapped = strap.packet(packet, now.0) && strap.placement.is_some();
                    self.advance(out);
                    if tapped {
                        self.tapped(out);
                    }
                }
            }
            Input::Mark(mark) => self.learning.mark(*mark),
            _ => {}
        }
        for event in events {
            self.learning.event(event);
            if matches!(event, Event::Contact(_)) {
                self.stepped = now.0;
            }
            if let Event::Calibration(calibration) = event {
                self.calibrated(calibration, out);
            }
        }
    }

    fn tapped(&mut self, out: &mut Vec<Mark>) {
        let stands = self.now - self.stepped > STEPPED;
        if let (Some(start), true, Step::Idle | Step::Done) = (self.listens, stands, self.step) {
            self.wish(Wish::Begin(start), out);
        }
    }

    fn calibrated(&mut self, calibration: &Calibration, out: &mut Vec<Mark>) {
        match self.step {
            Step::Gait => self.step = Step::Done,
            // The standing was not what it seemed: once more.
            Step::Bends { .. } if calibration.grade == Grade::Refused => {
                out.push(self.mark(Stretch::Functional, Edge::End));
                self.moved += 1;
                self.step = Step::Still { since: None, then_bend: true };
            }
            _ => {}
        }
    }

    fn advance(&mut self, out: &mut Vec<Mark>) {
        match self.step {
            Step::Countdown { until, parts } if self.now >= until => self.begin(parts, out),
            Step::Still { since: None, then_bend } if self.is_quiet() => {
                self.take_poses();
                out.push(self.mark(Stretch::Still, Edge::Begin));
                self.step = Step::Still { since: Some(self.now), then_bend };
            }
            Step::Still { since: Some(_), then_bend } if !self.is_quiet() || self.leant() > SAME_POSE => {
                self.moved += 1;
                self.step = Step::Still { since: None, then_bend };
            }
            Step::Still { since: Some(since), then_bend } if self.now - since >= HOLD => {
                out.push(self.mark(Stretch::Still, Edge::End));
                if then_bend { self.bend(out) } else { self.step = Step::Gait }
            }
            Step::Bends { since, count, down } => {
                let leant = self.leant_most();
                let rose = down && leant < UP;
                let count = count + u32::from(rose);
                let down = !rose && (down || leant > DOWN);
                self.step = Step::Bends { since, count, down };
                if count >= BENDS || self.now - since > LONGEST_BENDING {
                    self.walk(out);
                }
            }
            _ => {}
        }
    }

    fn bend(&mut self, out: &mut Vec<Mark>) {
        self.take_poses();
        out.push(self.mark(Stretch::Functional, Edge::Begin));
        self.step = Step::Bends { since: self.now, count: 0, down: false };
    }

    fn walk(&mut self, out: &mut Vec<Mark>) {
        out.push(self.mark(Stretch::Functional, Edge::End));
        self.step = Step::Gait;
    }

    fn mark(&self, stretch: Stretch, edge: Edge) -> Mark {
        Mark { stretch, edge, t: SessionTime(self.now) }
    }

    /// Worn on a leg and sending; the pelvis where no leg has one.
    fn worn(&self) -> impl Iterator<Item = (Placement, &Strap)> {
        let sending = |strap: &&Strap| self.now - strap.heard < GONE;
        let placed = self.straps.iter().filter(sending).filter_map(|s| Some((s.placement?, s)));
        let legs = placed.clone().any(|(placement, _)| placement.side().is_some());
        placed.filter(move |(placement, _)| !legs || placement.side().is_some())
    }

    fn is_quiet(&self) -> bool {
        let mut worn = self.worn().peekable();
        worn.peek().is_some() && worn.all(|(_, strap)| strap.is_quiet())
    }

    fn take_poses(&mut self) {
        let mut poses = PerPlacement::from_fn(|_| None);
        for (placement, strap) in self.worn() {
            poses[placement] = Some(strap.up());
        }
        self.poses = poses;
    }

    /// How far a sensor leans from where it was, rad.
    fn lean(&self, placement: Placement, strap: &Strap) -> Option<f64> {
        self.poses[placement].map(|pose| strap.up().angle(&pose))
    }

    fn leant(&self) -> f64 {
        self.worn().filter_map(|(placement, strap)| self.lean(placement, strap)).fold(0.0, f64::max)
    }

    /// The thighs show a knee bend best; shanks where no thigh has a sensor.
    fn leant_most(&self) -> f64 {
        let of = |segment| {
            let these = self.worn().filter(move |(placement, _)| placement.segment() == segment);
            these.filter_map(|(placement, strap)| self.lean(placement, strap)).reduce(f64::max)
        };
        of(Segment::Thigh).or_else(|| of(Segment::Shank)).unwrap_or(0.0)
    }

    #[must_use]
    pub fn status(&self) -> Status {
        let (step, held, bends) = match self.step {
            Step::Idle => ("idle", 0.0, 0),
            Step::Countdown { .. } => ("countdown", 0.0, 0),
            Step::Still { since, .. } => ("still", since.map_or(0.0, |since| self.now - since), 0),
            Step::Bends { count, .. } => ("bends", HOLD, count),
            Step::Gait => ("gait", HOLD, BENDS),
            Step::Done => ("done", HOLD, BENDS),
        };
        let mut motion = PerPlacement::from_fn(|_| None);
        for strap in self.straps.iter().filter(|strap| self.now - strap.heard < GONE) {
            if let Some(placement) = strap.placement {
                motion[placement] = Some(strap.motion());
            }
        }
        let left = match self.step {
            Step::Countdown { until, .. } => (until - self.now).max(0.0),
            _ => 0.0,
        };
        Status { step, left, motion, held, bends, moved: self.moved, learning: self.learning.progress() }
    }
}

#[cfg(test)]
mod tests;

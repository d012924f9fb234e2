//! Single-leg squat and step-down: repetitions found by themselves within a marked test, and what they say of the hip.
//!
//! ```text
//!  frames ──> trace (the last seconds) ──> cycle, one per knee ──> repetition (which leg stands, does it count)
//!                                                                        └─> result: left, right, difference
//! ```
//!
//! # What is observable
//! The test begins with a second of standing on both feet, kneecaps forward; where each segment points then is its
//! forward (`pipeline`). From there a sensor's heading drifts by its gyro bias alone. Knee flexion, pelvic drop and
//! tempo need no heading. Femur adduction takes sin(thigh flexion) of a heading error: that of the standing pose
//! (the kneecaps' direction is the zero, not the direction of travel) and of the drift. Rotation takes all of the drift, which an
//! excursion from the start of a repetition of a few seconds hardly sees. So excursions are what to compare; the peak
//! is as good as the standing pose ([`systematic`]).
//!
//! # Sources
//! Five slow repetitions per leg: Crossley et al. 2011 (Am J Sports Med 39:866; recalled, not confirmed), who rate the
//! single-leg squat by eye for pelvic drop, hip adduction and the knee over the foot. Peak hip angles of the step-down
//! go with those in running: Souza & Powers 2009 (J Orthop Sports Phys Ther 39:12), who average run, drop jump and
//! step-down: rotation 7.6 ± 7.0 degrees with, 1.2 ± 3.8 without pain. There is no norm for a sensor's excursion: none is given.

mod cycle;
mod result;
mod trace;

pub use result::{compare, systematic};

use crate::body::{PerSide, Side};
use crate::event::{Doubt, Event, Frame, Repetition, RepetitionDoubt, Test};
use crate::input::{Edge, Mark, Stretch};
use crate::units::SessionTime;
use cycle::{Bend, Cycle};
use std::collections::VecDeque;
use trace::Trace;

/// Least bending of the knee that is a repetition at all, rad: 30 degrees. Source: own choice; a knee in the stance of
/// a walk bends by 20.
const LEAST_DEPTH: f64 = 0.524;
/// Least bending that counts, rad: 45 degrees. Source: own choice below the 60 degrees that protocols ask for (recalled).
const COUNTED_DEPTH: f64 = 0.785;
/// Down and up together last longer, s. Source: own measurement: the knee of a slow walker's swing takes 0.7.
const SHORTEST: f64 = 0.9;
/// And no less to count: one repetition in two seconds is asked for (Crossley et al. 2011, recalled); this is own choice.
const SHORTEST_COUNTED: f64 = 1.2;
/// The other knee bends by less than this share of the depth: else both legs do it. Source: own choice.
const OTHER_SHARE: f64 = 0.5;
/// At the bottom the shank of a leg that stands leans forward by so much, rad: 5 to 55 degrees; a lifted knee has its
/// shank upright, a lifted heel level. Source: own choice about the 25 to 40 degrees that an ankle allows.
const LEAN: std::ops::RangeInclusive<f64> = 0.087..=0.96;
/// A foot that is off the ground is higher than the other one by more, leg lengths: 2 cm. Source: own choice; two legs
/// that bend alike differ by up to 1 cm by calibration.
const LIFTED: f64 = 0.02;
/// At the bottom of a step-down the other foot reaches lower than the standing one by more, leg lengths: 4 cm, a
/// fifth of a usual step. Source: own choice.
const REACHED: f64 = 0.05;

/// The test that a mark begins or ends, if it is about one.
#[must_use]
pub fn test_of(stretch: Stretch) -> Option<Test> {
    match stretch {
        Stretch::SingleLegSquat => Some(Test::SingleLegSquat),
        Stretch::StepDown => Some(Test::StepDown),
        Stretch::Still | Stretch::Functional | Stretch::Baseline => None,
    }
}

/// Finds repetitions while a test is marked.
#[derive(Debug, Default)]
pub struct Screener {
    /// Begins and ends that the frames have not reached yet.
    marks: VecDeque<Mark>,
    running: Option<Running>,
}

#[derive(Debug)]
struct Running {
    test: Test,
    begin: SessionTime,
    /// Of the newest frame.
    latest: SessionTime,
    trace: Trace,
    cycles: PerSide<Cycle>,
    found: Vec<Repetition>,
    /// The latest reason for which knees were not seen.
    doubt: Option<Doubt>,
}

impl Screener {
    /// Begins or ends a test at the time of the mark. A test that begins ends the one under way; marks of other
    /// stretches say nothing.
    pub fn mark(&mut self, mark: Mark) {
        if test_of(mark.stretch).is_some() {
            self.marks.push_back(mark);
        }
    }

    /// No frame will follow.
    pub fn finish(&mut self, mut each: impl FnMut(Event)) {
        if let Some(running) = self.running.take() {
            each(running.result());
        }
    }

    fn reach(&mut self, t: SessionTime, each: &mut impl FnMut(Event)) {
        while let Some(mark) = self.marks.front().copied().filter(|mark| t >= mark.t) {
            self.marks.pop_front();
            self.finish(&mut *each);
            if let (Some(test), Edge::Begin) = (test_of(mark.stretch), mark.edge) {
                self.running = Some(Running {
                    test,
                    begin: mark.t,
                    latest: mark.t,
                    trace: Trace::default(),
                    cycles: PerSide::default(),
                    found: Vec::new(),
                    doubt: None,
                });
            }
        }
    }

    /// Takes a frame of the grid; hands on the repetitions and the tests that it completes.
    pub fn frame(&mut self, frame: &Frame, mut each: impl FnMut(Event)) {
        self.reach(frame.t, &mut each);
        let Some(running) = &mut self.running else { return };
        running.latest = frame.t;
        running.trace.push(frame);
        for side in Side::BOTH {
            let Some(knee) = running.trace.knee(side) else {
                running.doubt = frame.legs[side].doubt.or(Some(Doubt::SensorLost));
                continue;
            };
            running.doubt = None;
            if let Some(bend) = running.cycles[side].push(running.trace.newest(), knee, &running.trace, side)
                && let Some(mut repetition) = running.repetition(side, bend, frame.t)
            {
                let before = running.found.iter().filter(|r| r.side == side).count();
                repetition.number = before as u32 + 1;
                running.found.push(repetition);
                each(Event::Repetition(repetition));
            }
        }
    }
}

impl Running {
    fn result(&self) -> Event {
        let between = (self.begin, self.latest);
        Event::Screening(Box::new(result::screening(self.test, between, &self.found, self.doubt)))
    }

    /// What a bend of this knee was; `None` for one of a leg that does not stand.
    fn repetition(&self, side: Side, bend: Bend, decided: SessionTime) -> Option<Repetition> {
        let Bend { start, bottom, end } = bend;
        let trace = &self.trace;
        let (at_start, at_bottom) = (trace.row(start)?, trace.row(bottom)?);
        let depth = at_bottom.knee[side]? - at_start.knee[side]?;
        let lasted = trace.row(end)?.t - at_start.t;
        if depth < LEAST_DEPTH || lasted < SHORTEST || !LEAN.contains(&at_bottom.lean[side]?) {
            return None;
        }
        let other_bends =
            trace.range(start, end, |row| row.knee[side.other()]).map_or(0.0, |(low, high)| high - low);
        if other_bends > OTHER_SHARE * depth {
            return None;
        }
        // How much higher the other foot is, leg lengths, in the mean or at the bottom.
        let foot_down = match self.test {
            Test::SingleLegSquat => {
                let lift = trace.mean(start, end, |row| row.lift(side))?;
                if lift < -LIFTED {
                    return None;
                }
                lift < LIFTED
            }
            Test::StepDown => {
                if at_bottom.lift(side)? > -REACHED {
                    return None;
                }
                false
            }
        };
        let sign = side.sign();
        let (adduction_peak, adduction_excursion) = trace.peak(start, end, |row| row.adduction[side]).unzip();
        let rotation = trace.peak(start, end, |row| row.rotation[side]);
        // The other side of the pelvis goes down: obliquity is right side down.
        let drop = trace.peak(start, end, |row| row.obliquity.map(|o| -sign * o));
        let unseen = trace.doubt(start, end, side);
        let doubt = match unseen {
            Some(doubt) => Some(RepetitionDoubt::Angles(doubt)),
            None if foot_down => Some(RepetitionDoubt::FootDown),
            None if depth < COUNTED_DEPTH => Some(RepetitionDoubt::Shallow),
            None if lasted < SHORTEST_COUNTED => Some(RepetitionDoubt::Quick),
            None => None,
        };
        Some(Repetition {
            test: self.test,
            side,
            number: 0,
            start: at_start.t,
            bottom: at_bottom.t,
            end: trace.row(end)?.t,
            decided,
            depth,
            adduction_peak,
            adduction_excursion,
            rotation_excursion: rotation.map(|(_, excursion)| excursion),
            drop_excursion: drop.map(|(_, excursion)| excursion),
            doubt,
        })
    }
}

//! The retraining course: which session is next, how the one that runs is going, what came of those before.
//!
//! Pure: days and seeds come from outside, and so does the running itself, as events.

mod blocks;
mod course;

pub use blocks::{Block, Blocks, LONGEST, RunClock, SHORTEST};
pub use course::{COURSE, EXERCISES, Exercise, RETENTION, STOP_WORDS, Step};

use crate::body::PerSide;
use crate::event::{Event, Gait, Stance};
use crate::input::Fade;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Ticks that are kept: four exercises a day for three months.
const TICKS: usize = 400;

/// One runner's course. Serialised, it is the document that is kept; a session that runs is not part of it, and is
/// run anew when the program ends under it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Programme {
    done: Vec<Done>,
    ticks: Vec<Tick>,
    #[serde(skip)]
    running: Option<Running>,
    /// The legs whose usual is known: others are not judged.
    #[serde(skip)]
    learnt: PerSide<bool>,
    /// The legs with a usual from an earlier session: a calibration does not end it.
    #[serde(skip)]
    kept: PerSide<bool>,
}

/// A session that was run to its planned time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Done {
    pub session: u8,
    /// The date, as in 2026-11-25.
    pub day: String,
    /// Of its blocks.
    pub seed: u32,
    pub legs: PerSide<Tally>,
}

/// An exercise that was done on a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tick {
    pub exercise: String,
    pub day: String,
}

/// Stances of one leg.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Tally {
    /// Compared with the leg's usual.
    pub judged: u32,
    /// Those beyond a limit.
    pub over: u32,
}

impl Tally {
    /// `None` when nothing was judged.
    #[must_use]
    pub fn share_over(&self) -> Option<f64> {
        (self.judged > 0).then(|| f64::from(self.over) / f64::from(self.judged))
    }
}

/// The session that is being run.
#[derive(Debug, Clone, PartialEq)]
pub struct Running {
    pub step: Step,
    pub fade: Fade,
    blocks: Blocks,
    clock: RunClock,
    pub legs: PerSide<Tally>,
}

impl Running {
    #[must_use]
    pub fn run_s(&self) -> f64 {
        self.clock.run_s()
    }

    /// There is feedback now.
    #[must_use]
    pub fn gives(&self) -> bool {
        self.blocks.give(self.run_s())
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ProgrammeError {
    #[error("session {0} is running; run it to its end or stop it first")]
    Runs(u8),
    #[error("no session is running; begin one first")]
    Idle,
    #[error("the course is complete; start it over to run it again")]
    Complete,
    #[error("there is no exercise {given}; there are {}", names())]
    NoExercise { given: String },
}

fn names() -> String {
    EXERCISES.map(|e| e.code).join(", ")
}

impl Programme {
    /// What is due; `None` when the course is complete.
    #[must_use]
    pub fn next(&self) -> Option<Step> {
        let last = self.done.iter().map(|d| d.session).max().unwrap_or(0);
        COURSE.iter().copied().find(|step| step.number > last)
    }

    #[must_use]
    pub fn running(&self) -> Option<&Running> {
        self.running.as_ref()
    }

    #[must_use]
    pub fn done(&self) -> &[Done] {
        &self.done
    }

    #[must_use]
    pub fn ticks(&self) -> &[Tick] {
        &self.ticks
    }

    /// Begins what is due; gives the fading that the cues shall follow.
    pub fn begin(&mut self, seed: u32) -> Result<Fade, ProgrammeError> {
        if let Some(running) = &self.running {
            return Err(ProgrammeError::Runs(running.step.number));
        }
        let step = self.next().ok_or(ProgrammeError::Complete)?;
        let fade = Fade { seed, share: step.share, minutes: step.minutes };
        self.running = Some(Running {
            step,
            fade,
            blocks: Blocks::new(&fade),
            clock: RunClock::default(),
            legs: PerSide::default(),
        });
        Ok(fade)
    }

    /// Gives the session up: it will be due again.
    pub fn stop(&mut self) -> Result<(), ProgrammeError> {
        self.running.take().map(|_| ()).ok_or(ProgrammeError::Idle)
    }

    /// From the first session on again; ticks stay.
    pub fn start_over(&mut self) -> Result<(), ProgrammeError> {
        if let Some(running) = &self.running {
            return Err(ProgrammeError::Runs(running.step.number));
        }
        self.done.clear();
        Ok(())
    }

    /// Ticks an exercise on a day, or takes the tick away.
    pub fn tick(&mut self, exercise: &str, day: &str) -> Result<(), ProgrammeError> {
        if !EXERCISES.iter().any(|known| known.code == exercise) {
            return Err(ProgrammeError::NoExercise { given: exercise.to_owned() });
        }
        let before = self.ticks.len();
        self.ticks.retain(|tick| tick.exercise != exercise || tick.day != day);
        if self.ticks.len() == before {
            self.ticks.push(Tick { exercise: exercise.to_owned(), day: day.to_owned() });
        }
        let surplus = self.ticks.len().saturating_sub(TICKS);
        self.ticks.drain(..surplus);
        Ok(())
    }

    /// Another recording session begins: no usual is known in it, and what ran has ended with the one before.
    pub fn new_source(&mut self) {
        self.running = None;
        self.learnt = PerSide::default();
        self.kept = PerSide::default();
    }

    /// Follows the run; true when it has just completed the session, which is then kept under `day`.
    pub fn follow(&mut self, event: &Event, day: impl FnOnce() -> String) -> bool {
        match event {
            Event::Baseline(baseline) if baseline.kept.is_some() => self.kept[baseline.side] = true,
            Event::Baseline(baseline) => self.learnt[baseline.side] = true,
            // Its usual is in angles of the calibration before.
            Event::Calibration(_) => self.learnt = PerSide::default(),
            Event::Stance(stance) => return self.stance(stance, day),
            _ => {}
        }
        false
    }

    fn stance(&mut self, stance: &Stance, day: impl FnOnce() -> String) -> bool {
        let Some(running) = &mut self.running else { return false };
        running.clock.step(stance);
        let known = self.learnt[stance.side] || self.kept[stance.side];
        if stance.valid && stance.gait == Gait::Run && known {
            let tally = &mut running.legs[stance.side];
            tally.judged += 1;
            tally.over += u32::from(!stance.flags.is_empty());
        }
        if running.clock.run_s() < running.step.minutes * 60.0 {
            return false;
        }
        let done =
            Done { session: running.step.number, day: day(), seed: running.fade.seed, legs: running.legs };
        self.done.push(done);
        self.running = None;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::Side;
    use crate::event::{Baseline, Flag, LegUsual, PeakSigmas, Peaks, PerQuantity, Rule, Severity};
    use crate::units::SessionTime;

    fn stance(side: Side, t: f64, over: bool) -> Event {
        let flag = Flag { rule: Rule::FemurAdduction, severity: Severity::Amber };
        Event::Stance(Stance {
            side,
            number: 1,
            gait: Gait::Run,
            ic: SessionTime(t),
            tc: SessionTime(t + 0.24),
            stride_time: Some(0.72),
            peaks: Peaks::default(),
            sigma: PeakSigmas::default(),
            valid: true,
            doubt: None,
            decided: SessionTime(t + 0.27),
            flags: if over { vec![flag] } else { Vec::new() },
        })
    }

    fn learn(programme: &mut Programme, side: Side) {
        let decided = SessionTime(0.0);
        let leg = LegUsual {
            of: PerQuantity::default(),
            contact: 0.24,
            cadence_spm: 166.0,
            grade: None,
            zero: crate::event::Zero::default(),
        };
        let baseline = Baseline { side, decided, usual: Vec::new(), cadence_spm: 166.0, leg, kept: None };
        assert!(!programme.follow(&Event::Baseline(baseline), String::new));
    }

    /// Runs for so long, right leg beyond in every fourth of its stances; true if the session was completed.
    fn run(programme: &mut Programme, from: f64, minutes: f64) -> bool {
        let mut complete = false;
        for i in 0..=(minutes * 60.0 / 0.36) as usize + 1 {
            let side = Side::BOTH[i % 2];
            let event = stance(side, from + i as f64 * 0.36, side == Side::Right && i % 8 == 1);
            complete |= programme.follow(&event, || "2026-11-25".into());
        }
        complete
    }

    #[test]
    fn the_course_is_run_session_by_session_and_ends_with_the_check() {
        let mut programme = Programme::default();
        for step in COURSE {
            assert_eq!(programme.next(), Some(step));
            let fade = programme.begin(7).unwrap();
            assert!((fade.share - step.share).abs() < 1e-12 && (fade.minutes - step.minutes).abs() < 1e-12);
            learn(&mut programme, Side::Right);
            assert!(run(&mut programme, 100.0, step.minutes), "session {}", step.number);
            assert!(programme.running().is_none());
        }
        assert_eq!(programme.next(), None);
        assert_eq!(programme.begin(1), Err(ProgrammeError::Complete));
        let first = &programme.done()[0];
        assert!((first.legs.right.share_over().unwrap() - 0.25).abs() < 0.01);
        assert_eq!(first.legs.left.share_over(), None, "a leg whose usual is not known is not judged");
        programme.start_over().unwrap();
        assert_eq!(programme.next(), Some(COURSE[0]));
    }

    #[test]
    fn a_pause_and_walking_are_no_run_time() {
        let mut programme = Programme::default();
        programme.begin(1).unwrap();
        assert!(!run(&mut programme, 0.0, 8.0));
        assert!(!run(&mut programme, 2000.0, 6.5));
        assert!((programme.running().unwrap().run_s() - 14.5 * 60.0).abs() < 2.0);
        assert!(run(&mut programme, 5000.0, 1.0));
    }

    #[test]
    fn a_session_that_is_stopped_is_due_again() {
        let mut programme = Programme::default();
        assert_eq!(programme.stop(), Err(ProgrammeError::Idle));
        programme.begin(1).unwrap();
        assert_eq!(programme.begin(1), Err(ProgrammeError::Runs(1)));
        run(&mut programme, 0.0, 10.0);
        programme.stop().unwrap();
        assert_eq!(programme.next(), Some(COURSE[0]));
    }

    #[test]
    fn ticks_toggle_and_are_kept_with_the_sessions() {
        let mut programme = Programme::default();
        programme.tick("step_down", "2026-11-25").unwrap();
        programme.tick("step_down", "2026-11-26").unwrap();
        programme.tick("step_down", "2026-11-25").unwrap();
        assert_eq!(programme.ticks().len(), 1);
        let said = programme.tick("pushups", "2026-11-25").unwrap_err().to_string();
        assert!(said.contains("pushups") && said.contains("step_down"), "{said}");
        let text = serde_json::to_string(&programme).unwrap();
        assert_eq!(serde_json::from_str::<Programme>(&text).unwrap(), programme);
    }
}

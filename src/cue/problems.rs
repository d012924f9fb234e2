//! What is wrong with the data: each thing is said once, when there is room for it.

use super::words;
use crate::body::Placement;
use crate::event::{Health, HealthCode, Words};
use crate::units::SessionTime;

/// The same words about the same sensor not before this has passed, s: a link that comes and goes is one trouble.
const AGAIN: f64 = 30.0;

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Problem {
    pub(super) code: HealthCode,
    pub(super) placement: Option<Placement>,
    pub(super) words: Words,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Problems {
    /// Those that last, and whether they need not be said any more.
    active: Vec<(Problem, bool)>,
    /// What was said about what, and when last.
    said: Vec<(Words, Option<Placement>, SessionTime)>,
}

impl Problems {
    /// Takes in what begins or ends; true when it need not be said because it just was.
    pub(super) fn note(&mut self, health: &Health) -> bool {
        let Some(words) = words::about_data(health.code) else { return false };
        let problem = Problem { code: health.code, placement: health.placement, words };
        let known = self.active.iter().any(|(other, _)| *other == problem);
        if !health.active {
            self.active.retain(|(other, _)| *other != problem);
            return false;
        }
        if known {
            return false;
        }
        // Silent and without a link are one loss to a runner.
        let same = |other: &Problem| other.words == words && other.placement == problem.placement;
        let covered = self.active.iter().any(|(other, said)| *said && same(other));
        let lately = self.said.iter().any(|&(said, placement, t)| {
            said == words && placement == problem.placement && (health.t - t).abs() < AGAIN
        });
        self.active.push((problem, covered || lately));
        lately && !covered
    }

    /// What is still to be said.
    pub(super) fn due(&self) -> Option<Problem> {
        self.active.iter().find(|(_, said)| !said).map(|(problem, _)| *problem)
    }

    /// It is being said now.
    pub(super) fn say(&mut self, problem: Problem, t: SessionTime) {
        for (other, said) in &mut self.active {
            *said |= other.words == problem.words && other.placement == problem.placement;
        }
        self.said.retain(|&(words, placement, _)| words != problem.words || placement != problem.placement);
        self.said.push((problem.words, problem.placement, t));
    }
}

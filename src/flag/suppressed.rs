//! What was withheld from judgement, and why: counted, so that it can be shown.

use crate::event::{StanceDoubt, Withheld};
use crate::units::SessionTime;
use std::collections::{BTreeMap, VecDeque};

/// Of so many it is remembered when they were: three times the widest window that can be set, so that an explanation
/// can say what was left out between the stances that it shows.
const REMEMBERED: usize = 64;

/// Why a stance did not count, neither for nor against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Suppression {
    /// The stance itself cannot be trusted.
    Doubt(StanceDoubt),
    NotRunning,
    /// Too far from the speed at which the usual was learnt.
    OffSpeed,
    /// The usual is not known yet.
    NoBaseline,
}

impl Suppression {
    /// The word in files and messages.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Doubt(doubt) => doubt.word(),
            Self::NotRunning => "not_running",
            Self::OffSpeed => "off_speed",
            Self::NoBaseline => "no_baseline",
        }
    }
}

/// Stances of one leg by the reason for which they did not count.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Suppressed {
    counts: BTreeMap<&'static str, u32>,
    latest: VecDeque<(SessionTime, &'static str)>,
}

impl Suppressed {
    /// One more, of the stance that began at `ic`.
    pub(super) fn count(&mut self, ic: SessionTime, why: Suppression) {
        *self.counts.entry(why.word()).or_default() += 1;
        if self.latest.len() == REMEMBERED {
            self.latest.pop_front();
        }
        self.latest.push_back((ic, why.word()));
    }

    /// Those from `from` on, as far back as remembered.
    pub(super) fn since(&self, from: SessionTime) -> Vec<Withheld> {
        let mut counts: BTreeMap<_, u32> = BTreeMap::new();
        for (_, word) in self.latest.iter().filter(|(ic, _)| *ic >= from) {
            *counts.entry(*word).or_default() += 1;
        }
        counts.into_iter().map(|(word, stances)| Withheld { reason: word.to_owned(), stances }).collect()
    }

    /// Word and count, in the order of the words.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u32)> + '_ {
        self.counts.iter().map(|(&word, &n)| (word, n))
    }

    #[must_use]
    pub fn total(&self) -> u32 {
        self.counts.values().sum()
    }
}

//! What was withheld from judgement, and why: counted, so that it can be shown.

use crate::event::StanceDoubt;
use std::collections::BTreeMap;

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
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Suppressed {
    counts: BTreeMap<&'static str, u32>,
}

impl Suppressed {
    pub(super) fn count(&mut self, why: Suppression) {
        *self.counts.entry(why.word()).or_default() += 1;
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

//! Cues that were not given, by reason, so that they can be shown afterwards.

/// Why a cue was not given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Why {
    Muted,
    Snoozed,
    /// The programme gives no feedback in this block.
    Faded,
    /// Something worse is being mended.
    OtherRule,
    /// Another thing was spoken of a moment ago.
    Refractory,
    /// Too few strides since the last one.
    Spacing,
    /// The alert stands for long and was cued often: it is told less often now.
    Thinned,
    /// Another cue is still being given.
    AnotherCue,
    /// It was said a moment ago.
    Repeated,
}

impl Why {
    const ALL: [Self; 9] = [
        Self::Muted,
        Self::Snoozed,
        Self::Faded,
        Self::OtherRule,
        Self::Refractory,
        Self::Spacing,
        Self::Thinned,
        Self::AnotherCue,
        Self::Repeated,
    ];

    fn word(self) -> &'static str {
        match self {
            Self::Muted => "muted",
            Self::Snoozed => "snoozed",
            Self::Faded => "faded",
            Self::OtherRule => "other_rule",
            Self::Refractory => "refractory",
            Self::Spacing => "spacing",
            Self::Thinned => "thinned",
            Self::AnotherCue => "another_cue",
            Self::Repeated => "repeated",
        }
    }
}

#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Withheld([u32; Why::ALL.len()]);

impl Withheld {
    pub(super) fn count(&mut self, why: Why) {
        if let Some(count) = self.0.get_mut(why as usize) {
            *count += 1;
        }
    }

    /// Reasons that occurred, with their counts.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&'static str, u32)> + '_ {
        Why::ALL.into_iter().map(Why::word).zip(self.0).filter(|(_, count)| *count > 0)
    }
}

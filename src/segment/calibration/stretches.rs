//! Stretches of a session: those that somebody marked, and regular gait.

use super::track::{GRID, KEPT, grid_index};
use crate::body::PerSide;
use crate::event::{Contact, ContactKind, Gait};
use crate::units::SessionTime;

/// A stretch that nobody ended ends by itself, s.
const UNENDED: f64 = 30.0;
/// Gait that is looked at, s: about nine strides of walking. Longer gives nothing more. Source: own
/// measurement on virtual running.
const GAIT: f64 = 10.0;
/// Gait that must do when it ends before that, s.
const SHORT_GAIT: f64 = 6.0;
/// Steady gait before a calibration is made from gait alone, s. A runner who then stops and stands is calibrated
/// anew. Source: own measurement on virtual running, running alone, 7 runs: the thigh's axis is off by 6.5 degrees rms
/// after 8 s and by 7.8 after 6, when one of the 7 is refused.
const GAIT_ALONE: f64 = 8.0;
/// Regular strides before it counts as gait.
const REGULAR: u32 = 3;
/// Without a stride for this long the gait is over, s: the slowest walk has one in 1.7 s.
const OVER: f64 = 2.0;

/// A marked stretch that was not looked at yet.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Marked {
    from: SessionTime,
    to: SessionTime,
}

impl Marked {
    pub(super) fn new(from: SessionTime) -> Self {
        Self { from, to: from + UNENDED }
    }

    pub(super) fn close(&mut self, to: SessionTime) {
        self.to = to;
    }

    /// Its grid indices, once everything up to its end is there, or nothing more will come.
    pub(super) fn take_if_over(marked: &mut Option<Self>, at: i64, last: bool) -> Option<(i64, i64)> {
        let over = marked.filter(|m| grid_index(m.to) <= at || last)?;
        *marked = None;
        // No more is kept than that, and a mark may give any time.
        let kept = (KEPT * GRID.0) as i64;
        Some((grid_index(over.from).max(at.saturating_sub(kept)), grid_index(over.to).min(at)))
    }
}

/// Regular gait of one leg.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Span {
    pub(super) gait: Gait,
    pub(super) from: SessionTime,
    pub(super) to: SessionTime,
    rhythm: u32,
}

impl Span {
    pub(super) fn seconds(&self) -> f64 {
        self.to - self.from
    }

    fn regular(&self) -> bool {
        self.rhythm >= REGULAR
    }
}

/// Regular gait of both legs, from their contacts.
#[derive(Debug, Clone, Default)]
pub(super) struct Gaits {
    spans: PerSide<Option<Span>>,
    /// The last that ended, of either leg.
    ended: Option<Span>,
}

impl Gaits {
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }

    pub(super) fn contact(&mut self, contact: &Contact) {
        let span = &mut self.spans[contact.side];
        match (contact.kind, span.as_mut()) {
            (ContactKind::LockLost, _) => {
                let ended = span.take();
                self.end(ended);
            }
            (ContactKind::MidSwing | ContactKind::Initial, Some(span))
                if span.gait == contact.gait && contact.t - span.to < OVER =>
            {
                span.to = contact.t;
                span.rhythm = span.rhythm.max(contact.rhythm);
            }
            (ContactKind::MidSwing | ContactKind::Initial, _) => {
                let (t, rhythm) = (contact.t, contact.rhythm);
                let ended = span.replace(Span { gait: contact.gait, from: t, to: t, rhythm });
                self.end(ended);
            }
            _ => {}
        }
    }

    /// Of several short ones the longest that is regular is remembered.
    fn end(&mut self, span: Option<Span>) {
        let longer = |span: &Span| self.ended.is_none_or(|ended| span.seconds() > ended.seconds());
        if let Some(span) = span.filter(Span::regular).filter(longer) {
            self.ended = Some(span);
        }
    }

    /// Somebody is walking or running.
    pub(super) fn going(&self, now: SessionTime) -> bool {
        let mut present = self.spans.left.iter().chain(&self.spans.right);
        present.any(|span| span.regular() && now - span.to < OVER)
    }

    /// Regular running as it goes on, of the leg that swung last.
    pub(super) fn running(&self) -> Option<Span> {
        let present = self.spans.left.into_iter().chain(self.spans.right);
        let running = present.filter(|span| span.gait == Gait::Run && span.regular());
        running.max_by(|a, b| a.to.0.total_cmp(&b.to.0))
    }

    /// Gait to calibrate from, if there is enough of it; its newest part, and only from where all
    /// sensors have samples (`since`).
    pub(super) fn enough(
        &self,
        since: SessionTime,
        now: SessionTime,
        stood: bool,
        last: bool,
    ) -> Option<Span> {
        let wanted = if stood { GAIT } else { GAIT_ALONE };
        let seen = |span: Span| Span { from: if span.from < since { since } else { span.from }, ..span };
        let present = self.spans.left.into_iter().chain(self.spans.right).filter(Span::regular).map(seen);
        let longest = present.max_by(|a, b| a.seconds().total_cmp(&b.seconds()));
        let short = |span: &Span| (stood || last) && span.seconds() >= SHORT_GAIT;
        let mut span = longest
            .filter(|span| span.seconds() >= wanted)
            .or(self.ended.map(seen).filter(short))
            .or(longest.filter(|span| (last || now - span.to > OVER) && short(span)))?;
        if span.seconds() > wanted {
            span.from = span.to + -wanted;
        }
        Some(span)
    }
}

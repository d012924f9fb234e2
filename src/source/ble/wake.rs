//! Notices that this computer was asleep, or stood still for so long that no link can have lived.

use std::time::{Duration, Instant};

/// Gone for longer, and the links are gone, too: they give up after 0.4 to 6 s without a word (the supervision timeouts
/// that Linux and phones ask for), and shorter stalls of a busy machine are survived by most.
const GONE: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub(super) struct Wake {
    slept: fn() -> Duration,
    known: Duration,
    last: Option<Instant>,
}

impl Wake {
    pub(super) fn new(slept: fn() -> Duration) -> Self {
        Self { slept, known: slept(), last: None }
    }

    /// To be asked often. For how long nothing went on, where that was too long. Some systems' clocks stand still
    /// in sleep, and others' go on: it is the time asleep that the first know, and the stall that the second see.
    pub(super) fn look(&mut self, now: Instant) -> Option<Duration> {
        let slept = (self.slept)();
        let asleep = slept.saturating_sub(std::mem::replace(&mut self.known, slept));
        let stalled =
            self.last.replace(now).map_or(Duration::ZERO, |last| now.saturating_duration_since(last));
        let gone = asleep + stalled;
        (gone > GONE).then_some(gone)
    }

    /// What the looker waited for in the meantime was no stall.
    pub(super) fn looked(&mut self, now: Instant) {
        self.last = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host_clock;
    use std::sync::atomic::{AtomicU64, Ordering};

    static SLEPT: AtomicU64 = AtomicU64::new(3);

    #[test]
    fn sleep_and_stalls_are_told_once_each() {
        let mut wake = Wake::new(|| Duration::from_secs(SLEPT.load(Ordering::Relaxed)));
        let start = host_clock::instant();
        let at = |s| start + Duration::from_secs(s);
        assert_eq!(wake.look(at(0)), None, "what was slept before is nobody's");
        assert_eq!(wake.look(at(5)), None, "a busy machine");
        SLEPT.store(63, Ordering::Relaxed);
        assert_eq!(wake.look(at(6)), Some(Duration::from_secs(61)));
        assert_eq!(wake.look(at(7)), None);
        assert_eq!(wake.look(at(27)), Some(Duration::from_secs(20)));
        wake.looked(at(60));
        assert_eq!(wake.look(at(61)), None, "an adapter that took half a minute to answer");
    }
}

//! Samples that carry no time, only a number: what arrivals say about the numbers that are missing.
//!
//! A lost sample makes all that follow late, by whole sample intervals and for good; the radio makes packets
//! late for a while. So whole intervals by which every packet of a stretch is behind the early edge are
//! samples that never came. A packet that is then too early tells that they had only been delayed.

/// Own choices, tried on simulated links (`tests/clock_numbered.rs`).
#[derive(Debug, Clone, Copy, PartialEq)]
struct Params {
    /// Share of an interval from which on late may be lost, and early was not lost. Default 0.6: more than
    /// half, so that it does not waver.
    share: f64,
    /// So improbable must it be that packets are late for so long by chance, if the stretches in which they
    /// are end at random. Default 1e-6: beyond a day of running.
    chance: f64,
    /// ... but not less than this, s: after a stall everything comes at once. Default 0.4.
    shortest: f64,
    /// ... and not more, s, default 4: a stall, or a loss while the rate was unknown, would be remembered as
    /// chance. Where single samples would take longer, they are left to the edge, which follows by itself.
    longest: f64,
    /// How long such stretches are at the beginning, s, half as long for each level, and at most. Default
    /// 0.2 and 5: fourteen times as long shows a loss.
    stretch: f64,
    longest_stretch: f64,
    /// Stretches over which their length is averaged. Default 30.
    stretches: f64,
    /// Packets from which chance is learned before anything counts as lost. Default 300.
    learning: u32,
    /// What was taken for lost may be taken back for so long, s. Default 3.
    doubt: f64,
    /// Packets that are late in a row for so many stretches of chance may be a loss that is not certain yet, default 3: by
    /// chance one stretch in twenty is as long; ...
    suspicious: f64,
    /// ... at once where they are later than so many times their usual spread. Default 4.
    plain: f64,
}

const PARAMS: Params = Params {
    share: 0.6,
    chance: 1e-6,
    shortest: 0.4,
    longest: 4.0,
    stretch: 0.2,
    longest_stretch: 5.0,
    stretches: 30.0,
    learning: 300,
    doubt: 3.0,
    suspicious: 3.0,
    plain: 4.0,
};

/// Levels of lateness, each twice the one before: packets are seldom far too late, so that a long loss is
/// plain at once where a short one takes its time.
const LEVELS: usize = 5;

#[derive(Debug, Clone)]
pub(super) struct Numbered {
    /// Between samples by their numbers, s.
    interval: f64,
    /// Samples that never came.
    pub(super) lost: u32,
    /// Of those, what may be taken back, and until when.
    doubtful: u32,
    doubtful_until: f64,
    packets: u32,
    levels: [Level; LEVELS],
}

#[derive(Debug, Clone, Copy)]
struct Level {
    /// Later than this is late, s.
    limit: f64,
    /// For how long all packets are late by chance: mean, s, and mean square.
    stretch: f64,
    stretch_squared: f64,
    late: Option<Late>,
}

/// The packets in a row that are late.
#[derive(Debug, Clone, Copy)]
struct Late {
    since: f64,
    /// The least late, s.
    lowest: f64,
}

impl Numbered {
    pub(super) fn new(interval: f64) -> Self {
        let mut factor = 1.0;
        let levels = [(); LEVELS].map(|()| {
            let level = Level::new(PARAMS.share * interval * factor, PARAMS.stretch / factor);
            factor *= 2.0;
            level
        });
        Self { interval, lost: 0, doubtful: 0, doubtful_until: f64::NEG_INFINITY, packets: 0, levels }
    }

    /// How far the lost samples move time, s.
    pub(super) fn shift(&self) -> f64 {
        f64::from(self.lost) * self.interval
    }

    /// Whether a packet before the edge may only look early, because too much was taken for lost.
    pub(super) fn doubts(&self, arrival: f64) -> bool {
        self.doubtful > 0 && arrival < self.doubtful_until
    }

    /// By how much time may be off because of a loss that is not certain yet: all packets of late have been later than
    /// this, s. `spread`: of packets above the edge, s.
    pub(super) fn suspected(&self, arrival: f64, spread: f64) -> f64 {
        let suspected = self.levels.iter().filter_map(|level| {
            let late = level.late?;
            let long = arrival - late.since > PARAMS.suspicious * level.typical();
            (long || late.lowest > PARAMS.plain * spread).then_some(late.lowest)
        });
        suspected.fold(0.0, f64::max)
    }

    /// A packet came, so far above the early edge. Returns by how much the shift has changed.
    pub(super) fn packet(&mut self, height: f64, arrival: f64) -> f64 {
        let before = self.shift();
        self.packets = self.packets.saturating_add(1);
        let mut lowest = None;
        for level in &mut self.levels {
            lowest = level.packet(height, arrival, self.interval).or(lowest);
        }
        if let Some(lowest) = lowest.filter(|_| self.packets > PARAMS.learning) {
            let lost = (lowest / self.interval).round() as u32;
            self.doubtful = if self.doubts(arrival) { self.doubtful.saturating_add(lost) } else { lost };
            self.doubtful_until = arrival + PARAMS.doubt;
            self.lost = self.lost.saturating_add(lost);
            self.levels.iter_mut().for_each(|level| level.late = None);
        }
        if height < -PARAMS.share * self.interval && self.doubts(arrival) {
            let early = ((-height / self.interval).round() as u32).min(self.doubtful);
            self.doubtful -= early;
            self.lost -= early.min(self.lost);
        }
        self.shift() - before
    }
}

impl Level {
    fn new(limit: f64, stretch: f64) -> Self {
        // The mean square is that of stretches that end at random.
        Self { limit, stretch, stretch_squared: 2.0 * stretch.powi(2), late: None }
    }

    /// How long the long stretches are, s: they end at this rate, and the many short ones say nothing of those.
    fn typical(&self) -> f64 {
        self.stretch_squared / (2.0 * self.stretch).max(f64::MIN_POSITIVE)
    }

    /// How late all packets have been for too long to be chance.
    fn packet(&mut self, height: f64, arrival: f64, interval: f64) -> Option<f64> {
        if height <= self.limit {
            if let Some(late) = self.late.take() {
                let stretch = (arrival - late.since).min(PARAMS.longest_stretch);
                self.stretch += (stretch - self.stretch) / PARAMS.stretches;
                self.stretch_squared += (stretch.powi(2) - self.stretch_squared) / PARAMS.stretches;
            }
            return None;
        }
        let certain = -PARAMS.chance.ln() * self.typical();
        let late = self.late.get_or_insert(Late { since: arrival, lowest: height });
        late.lowest = late.lowest.min(height);
        let single = self.limit < interval;
        if single && certain > PARAMS.longest {
            return None;
        }
        (arrival - late.since > certain.clamp(PARAMS.shortest, PARAMS.longest)).then_some(late.lowest)
    }
}

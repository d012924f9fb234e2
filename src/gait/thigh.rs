//! The thigh as witness: a shank that swings under a thigh at rest dangles or kicks from a seat, and steps nowhere.

/// The thigh is remembered for one to two spans, s: the longest stride that counts has 2.2 s.
const SPAN: f64 = 1.25;
/// A longer silence of the thigh's sensor may hide its swing, s: about the shortest swing.
const LONGEST_SILENCE: f64 = 0.25;
/// A thigh that turns by less than this share of the shank's swing rests. Source: own measurement: in 616 strides of 18
/// people walking, 101 on the spot and 75 of a mean cycle the thigh's peak was never under 0.34 of the shank's.
const REST_SHARE: f64 = 0.2;

/// How fast one thigh has turned lately, about any axis.
#[derive(Debug, Clone)]
pub(super) struct Thigh {
    /// Since when it has been seen all the time; then the begin of the span under way and the latest sample, s.
    since: f64,
    span_from: f64,
    latest: f64,
    /// Largest squared rates of this span and of the one before, (rad/s)².
    peak_sq: f64,
    peak_before_sq: f64,
}

impl Default for Thigh {
    fn default() -> Self {
        let never = f64::NEG_INFINITY;
        Self { since: f64::INFINITY, span_from: never, latest: never, peak_sq: 0.0, peak_before_sq: 0.0 }
    }
}

impl Thigh {
    pub(super) fn push(&mut self, t: f64, rate_sq: f64) {
        if !(t + rate_sq).is_finite() {
            return;
        }
        if (t - self.latest).abs() > LONGEST_SILENCE {
            *self = Self { since: t, span_from: t, ..Self::default() };
        }
        if t - self.span_from > SPAN {
            (self.peak_before_sq, self.peak_sq, self.span_from) = (self.peak_sq, 0.0, t);
        }
        self.latest = t;
        self.peak_sq = self.peak_sq.max(rate_sq);
    }

    /// Whether the thigh, seen all the time, rested while its shank swung with this peak, rad/s, in a stride from
    /// `from` to `to`. A thigh without a sensor, or out of sight, says nothing.
    pub(super) fn rests(&self, from: f64, to: f64, swing_peak: f64) -> bool {
        let seen = self.since < from && self.latest > 0.5 * (from + to);
        let least = REST_SHARE * swing_peak;
        seen && self.peak_sq.max(self.peak_before_sq) < least * least
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two seconds at 100 Hz, a kick of this rate in the middle.
    fn thigh(rate: f64, lost: std::ops::Range<u32>) -> Thigh {
        let mut thigh = Thigh::default();
        for i in (0..200).filter(|i| !lost.contains(i)) {
            let w = if (90..110).contains(&i) { rate } else { 0.1 };
            thigh.push(f64::from(i) / 100.0, w * w);
        }
        thigh
    }

    #[test]
    fn only_a_thigh_that_was_seen_can_rest() {
        assert!(thigh(0.4, 0..0).rests(0.7, 1.9, 5.0));
        assert!(!thigh(1.5, 0..0).rests(0.7, 1.9, 5.0), "it swung");
        assert!(!thigh(0.4, 50..100).rests(0.7, 1.9, 5.0), "it was out of sight");
        assert!(!thigh(0.4, 120..200).rests(0.7, 1.9, 5.0), "it fell silent");
        assert!(!Thigh::default().rests(0.7, 1.9, 5.0), "there is none");
    }
}

//! Counters that wrap.

/// A counter of `BITS` bits made endless. A step back by less than half its circle is one: notifications
/// out of order, or a sensor that began anew.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Unwrap<const BITS: u32> {
    newest: Option<i64>,
}

impl<const BITS: u32> Unwrap<BITS> {
    pub(super) fn next(&mut self, raw: u32) -> i64 {
        let circle = 1_i64 << BITS;
        let raw = i64::from(raw);
        let next = self.newest.map_or(raw, |newest| {
            let step = (raw - newest).rem_euclid(circle);
            newest + if step < circle / 2 { step } else { step - circle }
        });
        self.newest = Some(next);
        next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goes_on_across_the_wrap_and_back_again() {
        let mut unwrap = Unwrap::<32>::default();
        let stamps = [4_294_960_000, 8_628, 4_294_960_000, 8_628].map(|raw| unwrap.next(raw));
        assert_eq!(stamps, [4_294_960_000, 4_294_975_924, 4_294_960_000, 4_294_975_924]);
    }

    #[test]
    fn a_small_counter_goes_round_many_times() {
        let mut unwrap = Unwrap::<16>::default();
        let last = (0..200_000_u32).map(|k| unwrap.next(k & 0xffff)).last();
        assert_eq!(last, Some(199_999));
    }
}

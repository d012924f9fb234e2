//! What a stream can be set to, as Polar writes it: type, count, values.

use crate::sensor::bytes::Bytes;

const RATE: u8 = 0;
const RESOLUTION: u8 = 1;
const RANGE: u8 = 2;
const RANGE_MILLI: u8 = 3;
const CHANNELS: u8 = 4;
const FACTOR: u8 = 5;

/// The fastest that several sensors together sustain, Hz.
const FASTEST: u16 = 208;
/// The only resolution whose frames are decoded, bits.
const BITS: u16 = 16;

/// One choice of what a sensor offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Settings {
    pub(super) rate: u16,
    pub(super) range: u16,
}

impl Settings {
    /// The fastest rate and the widest range up to `widest`; `None` where the offer cannot be read.
    pub(super) fn choose(parameters: &[u8], widest: u16) -> Option<Self> {
        let mut chosen = [None; 3];
        let [rate, resolution, range] = &mut chosen;
        // A byte that says whether more follows comes first; some firmware leaves it out.
        let tail = parameters.get(1..).filter(|tail| each(tail, |_, _| {}).is_some()).unwrap_or(parameters);
        let keep = |best: &mut Option<u16>, value: u16, most: u16| {
            if value <= most {
                *best = (*best).max(Some(value));
            }
        };
        each(tail, |kind, value| {
            let value = u16::try_from(value).unwrap_or(u16::MAX);
            match kind {
                RATE => keep(rate, value, FASTEST),
                RESOLUTION => keep(resolution, value, BITS),
                RANGE => keep(range, value, widest),
                _ => {}
            }
        })?;
        let rate = rate.filter(|&rate| rate > 0)?;
        resolution.filter(|&bits| bits == BITS)?;
        Some(Self { rate, range: (*range)? })
    }

    /// The message that starts a stream.
    pub(super) fn start(self, kind: u8) -> [u8; 17] {
        let [rate_low, rate_high] = self.rate.to_le_bytes();
        let [bits_low, bits_high] = BITS.to_le_bytes();
        let [range_low, range_high] = self.range.to_le_bytes();
        [
            super::START,
            kind,
            RATE,
            1,
            rate_low,
            rate_high,
            RESOLUTION,
            1,
            bits_low,
            bits_high,
            RANGE,
            1,
            range_low,
            range_high,
            CHANNELS,
            1,
            3,
        ]
    }
}

/// The factor in the answer to a start.
pub(super) fn factor(parameters: &[u8]) -> Option<f64> {
    let of = |bytes: &[u8]| {
        let mut factor = None;
        each(bytes, |kind, value| {
            if kind == FACTOR {
                factor = Some(f64::from(f32::from_bits(value)));
            }
        })?;
        factor.filter(|factor| factor.is_finite() && *factor > 0.0)
    };
    // As above.
    parameters.get(1..).and_then(of).or_else(|| of(parameters))
}

/// Every value with its type; `None` where the bytes are not such a list.
fn each(bytes: &[u8], mut value: impl FnMut(u8, u32)) -> Option<()> {
    let mut rest = Bytes(bytes);
    while !rest.0.is_empty() {
        let [kind, count] = rest.take()?;
        for _ in 0..count {
            let next = match kind {
                RATE | RESOLUTION | RANGE => rest.u16()?.into(),
                RANGE_MILLI | FACTOR => rest.u32()?,
                CHANNELS => rest.take::<1>().map(|[n]| n.into())?,
                _ => return None,
            };
            value(kind, next);
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A gyroscope's offer from the vendor's tests.
    const OFFER: [u8; 21] = [0, 1, 0x34, 0, 1, 1, 0x10, 0, 2, 4, 0xf5, 0, 0xf4, 1, 0xe8, 3, 0xd0, 7, 4, 1, 3];

    #[test]
    fn the_widest_of_what_is_offered_with_and_without_the_leading_byte() {
        let chosen = Some(Settings { rate: 52, range: 2000 });
        assert_eq!(Settings::choose(&OFFER, 2000), chosen);
        let led: Vec<u8> = [&[0], OFFER.as_slice()].concat();
        assert_eq!(Settings::choose(&led, 2000), chosen);
        assert_eq!(Settings::choose(&OFFER, 600), Some(Settings { rate: 52, range: 500 }));
        assert_eq!(Settings::choose(&OFFER[..20], 2000), None);
    }

    #[test]
    fn a_factor_at_either_place_and_none() {
        let [a, b, c, d] = 0.07_f32.to_le_bytes();
        for bytes in [vec![0, 5, 1, a, b, c, d], vec![5, 1, a, b, c, d]] {
            assert_eq!(factor(&bytes), Some(f64::from(0.07_f32)));
        }
        assert_eq!(factor(&[0]), None);
        assert_eq!(factor(&[]), None);
    }
}

//! Frames of Polar's measurement service: a time, and readings plain or as differences.

use super::{DEGREE, MILLI_G};
use crate::sensor::Fault;
use crate::sensor::bytes::Bytes;
use crate::units::STANDARD_GRAVITY;
use nalgebra::Vector3;

/// Own choices.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Params {
    /// Readings in one frame. Default 700: 227 bytes hold 605 of one bit; differences of no bits at all
    /// would make memory out of nothing.
    most: usize,
    /// A frame's own interval may be so far from the usual one, relative; farther, and frames were lost
    /// between. Default 0.15.
    near: f64,
}

const PARAMS: Params = Params { most: 700, near: 0.15 };

/// Bit of the frame's type that says that differences follow.
const COMPRESSED: u8 = 0x80;

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quantity {
    Acceleration,
    Rate,
}

/// The frames of one stream.
#[derive(Debug)]
pub(super) struct Frames {
    interval: f64,
    factor: f64,
    /// Time of the newest reading, ns.
    newest: Option<u64>,
    readings: Vec<[i32; 3]>,
}

impl Default for Frames {
    fn default() -> Self {
        Self::new(1.0, 1.0)
    }
}

impl Frames {
    pub(super) fn new(interval: f64, factor: f64) -> Self {
        Self { interval, factor, newest: None, readings: Vec::new() }
    }

    /// Gives out a frame's readings with their times, s; how many were lost before it. `bytes` begin after
    /// the kind.
    pub(super) fn decode(
        &mut self,
        bytes: &[u8],
        quantity: Quantity,
        mut reading: impl FnMut(f64, Vector3<f64>),
    ) -> Result<u32, Fault> {
        let mut rest = Bytes(bytes);
        let short = Fault::Length { what: "a frame", len: bytes.len() + 1, wanted: 16 };
        let (Some(time), Some([kind])) = (rest.take().map(u64::from_le_bytes), rest.take()) else {
            return Err(short);
        };
        self.readings.clear();
        let floats = (quantity, kind) == (Quantity::Rate, COMPRESSED | 1);
        let (unit, read) = match (quantity, kind) {
            (Quantity::Acceleration, COMPRESSED) => (STANDARD_GRAVITY, self.differences::<2>(rest)),
            (Quantity::Acceleration, 0x81) => (MILLI_G, self.differences::<2>(rest)),
            (Quantity::Acceleration, 0..=2) => (MILLI_G, self.plain(rest, usize::from(kind) + 1)),
            (Quantity::Rate, COMPRESSED) => (DEGREE, self.differences::<2>(rest)),
            (Quantity::Rate, 0x81) => (DEGREE, self.differences::<4>(rest)),
            (_, other) => return Err(Fault::Foreign { what: "a type of frame", first: other }),
        };
        read.ok_or(short)?;
        let unit = self.factor * unit;
        let (interval, lost) = self.spacing(time);
        let last = time as f64 * 1e-9;
        let count = self.readings.len();
        for (k, counts) in self.readings.iter().enumerate() {
            let value = if floats {
                counts.map(|bits| f64::from(f32::from_bits(bits.cast_unsigned())))
            } else {
                counts.map(f64::from)
            };
            reading(last - (count - 1 - k) as f64 * interval, Vector3::from(value) * unit);
        }
        Ok(lost)
    }

    /// Readings of so many bytes per channel.
    fn plain(&mut self, bytes: Bytes, width: usize) -> Option<()> {
        let whole = bytes.0.chunks_exact(3 * width);
        if bytes.0.is_empty() || !whole.remainder().is_empty() {
            return None;
        }
        for triple in whole {
            let mut values = triple.chunks_exact(width).map(signed);
            self.readings.push([values.next()?, values.next()?, values.next()?]);
        }
        Some(())
    }

    /// A reading in full, then blocks of differences: how many bits each, how many readings, the bits.
    fn differences<const WIDTH: usize>(&mut self, mut bytes: Bytes) -> Option<()> {
        let mut newest = [0; 3];
        for channel in &mut newest {
            *channel = signed(&bytes.take::<WIDTH>()?);
        }
        self.readings.push(newest);
        while !bytes.0.is_empty() {
            let [bits, count] = bytes.take()?;
            let count = usize::from(count);
            if bits > 32 || count == 0 || self.readings.len() + count > PARAMS.most {
                return None;
            }
            let (block, rest) = bytes.0.split_at_checked((usize::from(bits) * 3 * count).div_ceil(8))?;
            bytes = Bytes(rest);
            let mut packed = Bits { bytes: block.iter(), held: 0, count: 0 };
            for _ in 0..count {
                for channel in &mut newest {
                    *channel = channel.wrapping_add(packed.signed(bits.into())?);
                }
                self.readings.push(newest);
            }
        }
        Some(())
    }

    /// The frame's own interval between readings, which its time is the last of, and what is missing
    /// before it.
    fn spacing(&mut self, time: u64) -> (f64, u32) {
        let count = self.readings.len() as f64;
        let before = self.newest.replace(time);
        let Some(span) = before.and_then(|before| time.checked_sub(before)) else {
            return (self.interval, 0);
        };
        let span = span as f64 * 1e-9;
        let own = span / count;
        if (own / self.interval - 1.0).abs() < PARAMS.near {
            return (own, 0);
        }
        (self.interval, (span / self.interval - count).round().clamp(0.0, f64::from(u32::MAX)) as u32)
    }
}

/// A number in as many bytes as there are, the sign in the last.
fn signed(bytes: &[u8]) -> i32 {
    let mut value = bytes.last().map_or(0, |&last| if last >= 0x80 { -1 } else { 0 });
    for &byte in bytes.iter().rev() {
        value = (value << 8) | i32::from(byte);
    }
    value
}

/// Numbers of any width, lowest bit first.
struct Bits<'a> {
    bytes: std::slice::Iter<'a, u8>,
    held: u64,
    count: u32,
}

impl Bits<'_> {
    /// `bits`: up to 32.
    fn signed(&mut self, bits: u32) -> Option<i32> {
        if bits == 0 {
            return Some(0);
        }
        while self.count < bits {
            self.held |= u64::from(*self.bytes.next()?) << self.count;
            self.count += 8;
        }
        let value = (self.held << (64 - bits)).cast_signed() >> (64 - bits);
        self.held >>= bits;
        self.count -= bits;
        Some(value as i32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Content of a frame: the readings in g and deg/s.
    fn decoded(quantity: Quantity, kind: u8, content: &[u8]) -> Vec<[f64; 3]> {
        let unit = if quantity == Quantity::Rate { DEGREE } else { STANDARD_GRAVITY };
        let bytes: Vec<u8> = [0; 8].into_iter().chain([kind]).chain(content.iter().copied()).collect();
        let mut out = Vec::new();
        let read =
            Frames::new(0.01, 1.0).decode(&bytes, quantity, |_, value| out.push((value / unit).into()));
        assert_eq!(read, Ok(0));
        out
    }

    fn check(got: &[[f64; 3]], wanted: &[[f64; 3]]) {
        assert_eq!(got.len(), wanted.len());
        for (got, wanted) in got.iter().flatten().zip(wanted.iter().flatten()) {
            assert!((got - wanted).abs() < 1e-6 * wanted.abs().max(1.0), "{got} {wanted}");
        }
    }

    #[test]
    fn rates_of_the_vendors_tests() {
        let raw = [0xea, 0xff, 8, 0, 13, 0, 3, 1, 0xdf, 0];
        check(&decoded(Quantity::Rate, 0x80, &raw), &[[-22.0, 8.0, 13.0], [-23.0, 11.0, 16.0]]);
        let floats = [
            0, 0, 0x80, 0x3f, 0, 0, 0x20, 0x41, 0, 0, 0xa0, 0x41, 0x1c, 1, 0, 0, 0xa0, 1, 0, 0, 8, 0xcd,
            0xcc, 0xec, 0x0d,
        ];
        let wanted = [[1.0, 10.0, 20.0], [10.0, 20.0, f64::from(1.1_f32)]];
        check(&decoded(Quantity::Rate, 0x81, &floats), &wanted);
    }

    #[test]
    fn accelerations_of_the_vendors_tests() {
        let plain = [0xf7, 0xff, 0xff, 0xff, 0xe7, 3, 0xf8, 0xff, 0xfe, 0xff, 0xe5, 3];
        let wanted = [[-0.009, -0.001, 0.999], [-0.008, -0.002, 0.997]];
        check(&decoded(Quantity::Acceleration, 1, &plain), &wanted);
        // Two of the thirty readings of its block.
        let whole_g = [0x71, 7, 0xf0, 0x6a, 0x9e, 0x8d, 10, 1, 0xbe, 0x5c, 0xbe, 0xba];
        let wanted = [[1905.0, 27376.0, -29282.0], [2095.0, 27271.0, -29367.0]];
        check(&decoded(Quantity::Acceleration, 0x80, &whole_g), &wanted);
    }

    /// From a frame that a sensor sent, which its owner made public; its block ended after two readings.
    #[test]
    fn accelerations_of_a_real_frame() {
        let content = [0xee, 2, 0x1f, 0xfe, 0x82, 0xff, 8, 2, 0x10, 0xda, 0x20, 0xd6, 0xa3, 0x0b];
        let wanted = [[0.750, -0.481, -0.126], [0.766, -0.519, -0.094], [0.724, -0.612, -0.083]];
        check(&decoded(Quantity::Acceleration, 0x81, &content), &wanted);
    }

    #[test]
    fn differences_of_the_magnetometer_of_the_vendors_tests() {
        let content = [0xe2, 0xe6, 0xfa, 0x15, 0x49, 0x0a, 6, 1, 0x7f, 0x20, 0xfc];
        let wanted = [[-6430.0, 5626.0, 2633.0], [-6431.0, 5627.0, 2635.0]];
        check(&decoded(Quantity::Rate, 0x80, &content), &wanted);
    }
}

//! Little-endian numbers from bytes that may be too few.

use nalgebra::Vector3;

/// Reads from the front; `None` once there is not enough left.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bytes<'a>(pub(super) &'a [u8]);

impl Bytes<'_> {
    pub(super) fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (first, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*first)
    }

    pub(super) fn u16(&mut self) -> Option<u16> {
        self.take().map(u16::from_le_bytes)
    }

    pub(super) fn i16(&mut self) -> Option<i16> {
        self.take().map(i16::from_le_bytes)
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        self.take().map(u32::from_le_bytes)
    }

    pub(super) fn f32(&mut self) -> Option<f64> {
        self.take().map(f32::from_le_bytes).map(f64::from)
    }

    pub(super) fn f32_3(&mut self) -> Option<[f64; 3]> {
        Some([self.f32()?, self.f32()?, self.f32()?])
    }

    /// Three counts: x, y, z.
    pub(super) fn counts(&mut self) -> Option<[i16; 3]> {
        Some([self.i16()?, self.i16()?, self.i16()?])
    }
}

pub(super) fn vector(counts: [i16; 3], per_count: f64) -> Vector3<f64> {
    Vector3::from(counts.map(f64::from)) * per_count
}

/// Text that is filled up with zeros or blanks; `None` where there is none.
pub(super) fn text(bytes: &[u8]) -> Option<String> {
    let end = bytes.iter().position(|&b| b == 0).unwrap_or(bytes.len());
    let text: String = bytes
        .get(..end)?
        .iter()
        .map(|&b| char::from(b))
        .filter(|c| c.is_ascii_graphic() || *c == ' ')
        .collect();
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

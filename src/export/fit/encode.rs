//! Bytes of a FIT file: header, definitions, data, sums. Source: Garmin FIT SDK, "FIT File Types" and protocol
//! description (little-endian; a definition precedes the first message that needs it).
//!
//! Written here and not by a crate: the one that encodes needs a newer Rust than this program.

/// Base types, as definitions name them.
const ENUM: u8 = 0x00;
const UINT8: u8 = 0x02;
const UINT16: u8 = 0x84;
const UINT32: u8 = 0x86;
pub(super) const STRING: u8 = 0x07;
pub(super) const FLOAT32: u8 = 0x88;
const BYTE: u8 = 0x0D;

/// Bytes of a text field: the longest that is written, with its end.
const TEXT_BYTES: usize = 40;
/// Protocol 2.0, the first with developer fields.
const PROTOCOL: u8 = 0x20;
/// Of the profile whose field numbers are used here.
const PROFILE: u16 = 21_158;

/// A field's value; `None`, and what does not fit, is the type's "invalid".
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Enum(u8),
    U8(Option<i64>),
    U16(Option<i64>),
    U32(Option<i64>),
    F32(Option<f64>),
    Text(String),
    Bytes(Vec<u8>),
}

impl Value {
    fn base(&self) -> u8 {
        match self {
            Self::Enum(_) => ENUM,
            Self::U8(_) => UINT8,
            Self::U16(_) => UINT16,
            Self::U32(_) => UINT32,
            Self::F32(_) => FLOAT32,
            Self::Text(_) => STRING,
            Self::Bytes(_) => BYTE,
        }
    }

    fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Enum(value) => vec![*value],
            Self::U8(value) => vec![value.and_then(|v| u8::try_from(v).ok()).unwrap_or(u8::MAX)],
            Self::U16(value) => {
                value.and_then(|v| u16::try_from(v).ok()).unwrap_or(u16::MAX).to_le_bytes().to_vec()
            }
            Self::U32(value) => {
                value.and_then(|v| u32::try_from(v).ok()).unwrap_or(u32::MAX).to_le_bytes().to_vec()
            }
            Self::F32(value) => match value {
                Some(value) => (*value as f32).to_le_bytes().to_vec(),
                None => u32::MAX.to_le_bytes().to_vec(),
            },
            Self::Text(text) => {
                // All text here is ASCII; a zero ends it.
                let mut bytes: Vec<u8> = text.bytes().filter(u8::is_ascii).take(TEXT_BYTES - 1).collect();
                bytes.resize(TEXT_BYTES, 0);
                bytes
            }
            Self::Bytes(bytes) => bytes.clone(),
        }
    }
}

type Field = (u8, Value);

pub(super) struct File {
    data: Vec<u8>,
    /// The definition in force: all messages use local number 0.
    defined: Vec<u8>,
}

impl File {
    pub(super) fn new() -> Self {
        Self { data: Vec::new(), defined: Vec::new() }
    }

    pub(super) fn message(&mut self, number: u16, fields: &[Field]) {
        self.with_developer_fields(number, fields, &[]);
    }

    /// As [`message`](Self::message), with fields that [`developer_field`](Self::developer_field) has described.
    pub(super) fn with_developer_fields(&mut self, number: u16, fields: &[Field], developer: &[Field]) {
        let mut definition = vec![if developer.is_empty() { 0x40 } else { 0x60 }, 0, 0];
        definition.extend(number.to_le_bytes());
        definition.push(fields.len() as u8);
        for (field, value) in fields {
            definition.extend([*field, value.bytes().len() as u8, value.base()]);
        }
        if !developer.is_empty() {
            definition.push(developer.len() as u8);
            for (field, value) in developer {
                definition.extend([*field, value.bytes().len() as u8, 0]);
            }
        }
        if definition != self.defined {
            self.data.extend(&definition);
            self.defined = definition;
        }
        self.data.push(0);
        for (_, value) in fields.iter().chain(developer) {
            self.data.extend(value.bytes());
        }
    }

    /// Says what developer field `number` is: it belongs to messages of kind `of`.
    pub(super) fn developer_field(&mut self, number: usize, base: u8, name: &str, units: &str, of: u16) {
        self.message(
            206,
            &[
                (0, Value::U8(Some(0))),
                (1, Value::U8(i64::try_from(number).ok())),
                (2, Value::U8(Some(i64::from(base)))),
                (3, Value::Text(name.to_owned())),
                (8, Value::Text(units.to_owned())),
                (14, Value::U16(Some(i64::from(of)))),
            ],
        );
    }

    /// The whole file, with its header and sums.
    pub(super) fn finish(self) -> Vec<u8> {
        let mut file = vec![14, PROTOCOL];
        file.extend(PROFILE.to_le_bytes());
        file.extend((self.data.len() as u32).to_le_bytes());
        file.extend(b".FIT");
        file.extend(crc(&file).to_le_bytes());
        file.extend(self.data);
        file.extend(crc(&file).to_le_bytes());
        file
    }
}

/// CRC-16 with the polynomial 0xA001 (reflected 0x8005), starting at 0.
fn crc(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc, &byte| {
        (0..8).fold(crc ^ u16::from(byte), |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0xA001 } else { crc >> 1 })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sum_is_crc_16_arc() {
        // Check value of CRC-16/ARC in the catalogue of parametrised CRC algorithms.
        assert_eq!(crc(b"123456789"), 0xBB3D);
    }

    #[test]
    fn a_definition_stands_before_the_first_message_that_needs_it() {
        let mut file = File::new();
        for value in [1, 2] {
            file.message(20, &[(4, Value::U8(Some(value))), (41, Value::U16(None))]);
        }
        let bytes = file.finish();
        assert_eq!(&bytes[8..12], b".FIT");
        let data = [0x40, 0, 0, 20, 0, 2, 4, 1, 0x02, 41, 2, 0x84, 0, 1, 255, 255, 0, 2, 255, 255];
        assert_eq!(bytes[14..bytes.len() - 2], data);
        assert_eq!(bytes[4..8], 20u32.to_le_bytes());
        // The sum of a file with its sum is zero.
        assert_eq!(crc(&bytes), 0);
    }

    #[test]
    fn what_does_not_fit_is_invalid_and_text_is_cut() {
        assert_eq!(Value::U8(Some(256)).bytes(), [255]);
        assert_eq!(Value::U32(Some(-1)).bytes(), [255; 4]);
        assert_eq!(Value::F32(None).bytes(), [255; 4]);
        let text = Value::Text("x".repeat(99)).bytes();
        assert_eq!((text.len(), text[TEXT_BYTES - 1]), (TEXT_BYTES, 0));
    }
}

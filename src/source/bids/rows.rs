use crate::source::SourceError;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

/// Lines of a table, one at a time, without loading the file.
#[derive(Debug)]
pub(super) struct Rows {
    path: PathBuf,
    reader: BufReader<File>,
    line: Vec<u8>,
    number: u64,
}

impl Rows {
    pub(super) fn open(path: &Path) -> Result<Self, SourceError> {
        let file = File::open(path).map_err(SourceError::io(path))?;
        Ok(Self {
            path: path.to_path_buf(),
            reader: BufReader::with_capacity(1 << 17, file),
            line: Vec::new(),
            number: 0,
        })
    }

    /// Moves on to the next line that is not blank; `false` at the end.
    pub(super) fn advance(&mut self) -> Result<bool, SourceError> {
        loop {
            self.line.clear();
            let read = self.reader.read_until(b'\n', &mut self.line).map_err(SourceError::io(&self.path))?;
            if read == 0 {
                return Ok(false);
            }
            self.number += 1;
            while let Some(b'\n' | b'\r') = self.line.last() {
                self.line.pop();
            }
            if !self.line.is_empty() {
                return Ok(true);
            }
        }
    }

    /// The current line, counted from 1.
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn cells(&self, separator: u8) -> impl Iterator<Item = &[u8]> {
        self.line.split(move |&byte| byte == separator)
    }
}

/// A cell of a motion file: `None` for a lost sample.
pub(super) fn number(cell: &[u8]) -> Result<Option<f64>, NotANumber> {
    if let Some(value) = plain_decimal(cell) {
        return Ok(Some(value));
    }
    if cell == b"n/a" {
        return Ok(None);
    }
    let text = std::str::from_utf8(cell).map_err(|_| NotANumber)?;
    let value: f64 = text.trim().parse().map_err(|_| NotANumber)?;
    if value.is_finite() { Ok(Some(value)) } else { Err(NotANumber) }
}

/// The powers of ten by which a short decimal is divided.
const TENS: [f64; 16] =
    [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];

/// Up to 15 digits with at most one point, as nearly every cell has; `None` for all else.
/// The digits and the power of ten are then exact doubles, and their quotient is the nearest double
/// to the text (Clinger 1990), which saves the general way's search for it.
fn plain_decimal(cell: &[u8]) -> Option<f64> {
    let (negative, digits) = match cell.split_first()? {
        (b'-', rest) => (true, rest),
        _ => (false, cell),
    };
    if digits.len() > 16 {
        return None;
    }
    let (mut mantissa, mut whole) = (0_u64, None);
    for (at, &byte) in digits.iter().enumerate() {
        let digit = byte.wrapping_sub(b'0');
        if digit <= 9 {
            mantissa = mantissa * 10 + u64::from(digit);
        } else if byte == b'.' && whole.is_none() {
            whole = Some(at);
        } else {
            return None;
        }
    }
    let (count, decimals) = match whole {
        Some(whole) => (digits.len() - 1, digits.len() - 1 - whole),
        None => (digits.len(), 0),
    };
    if !(1..=15).contains(&count) {
        return None;
    }
    let value = mantissa as f64 / TENS.get(decimals)?;
    Some(if negative { -value } else { value })
}

/// The cell is neither a finite number nor `n/a`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NotANumber;

/// A small table with a header, as text: channels, events, stance peaks.
#[derive(Debug)]
pub(super) struct Table {
    rows: Rows,
    separator: u8,
    header: Vec<String>,
    cells: Vec<String>,
}

impl Table {
    pub(super) fn open(path: &Path, separator: u8) -> Result<Self, SourceError> {
        let mut rows = Rows::open(path)?;
        if !rows.advance()? {
            return Err(SourceError::Empty { path: path.to_path_buf() });
        }
        let mut header = texts(&rows, separator);
        if let Some(first) = header.first_mut()
            && let Some(rest) = first.strip_prefix('\u{feff}')
        {
            // Spreadsheets put a byte order mark before the first name.
            *first = rest.to_owned();
        }
        Ok(Self { rows, separator, header, cells: Vec::new() })
    }

    /// Where the column stands.
    pub(super) fn column(&self, name: &'static str) -> Result<usize, SourceError> {
        self.optional(name).ok_or_else(|| SourceError::HeaderColumn {
            path: self.path().to_path_buf(),
            line: 1,
            column: name,
        })
    }

    pub(super) fn optional(&self, name: &str) -> Option<usize> {
        self.header.iter().position(|h| h == name)
    }

    pub(super) fn advance(&mut self) -> Result<bool, SourceError> {
        if !self.rows.advance()? {
            return Ok(false);
        }
        self.cells = texts(&self.rows, self.separator);
        if self.cells.len() == self.header.len() {
            Ok(true)
        } else {
            Err(SourceError::Columns {
                path: self.path().to_path_buf(),
                line: self.line(),
                found: self.cells.len(),
                expected: self.header.len(),
            })
        }
    }

    pub(super) fn text(&self, column: usize) -> &str {
        self.cells.get(column).map_or("", String::as_str)
    }

    /// The cell as a number; `None` where it says `n/a`.
    pub(super) fn number(&self, column: usize) -> Result<Option<f64>, SourceError> {
        let text = self.text(column);
        number(text.as_bytes()).map_err(|NotANumber| SourceError::Number {
            path: self.path().to_path_buf(),
            line: self.line(),
            column: self.header.get(column).cloned().unwrap_or_default(),
            text: text.to_owned(),
        })
    }

    pub(super) fn line(&self) -> u64 {
        self.rows.number()
    }

    pub(super) fn path(&self) -> &Path {
        self.rows.path()
    }
}

fn texts(rows: &Rows, separator: u8) -> Vec<String> {
    rows.cells(separator).map(|cell| String::from_utf8_lossy(cell).trim().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_finite_numbers_pass() {
        assert_eq!(number(b"-1.5e-3"), Ok(Some(-0.0015)));
        assert_eq!(number(b"n/a"), Ok(None));
        for bad in ["nan", "NaN", "inf", "-infinity", "", "1,5", "left", "1e999", "\u{fffd}"] {
            assert_eq!(number(bad.as_bytes()), Err(NotANumber), "{bad}");
        }
        assert_eq!(number(&[0xff, 0x31]), Err(NotANumber));
    }

    proptest! {
        #[test]
        fn numbers_survive_their_shortest_text(value in proptest::num::f64::NORMAL) {
            prop_assert_eq!(number(value.to_string().as_bytes()), Ok(Some(value)));
        }

        #[test]
        fn the_short_way_gives_the_same_bits(text in "-?[0-9]{0,17}\\.?[0-9]{0,17}") {
            let value = number(text.as_bytes()).ok().flatten();
            let general: Option<f64> = text.parse().ok();
            prop_assert_eq!(value.map(f64::to_bits), general.map(f64::to_bits));
        }

        #[test]
        fn no_bytes_make_it_panic(cell in proptest::collection::vec(any::<u8>(), 0..20)) {
            let _ = number(&cell);
        }
    }
}

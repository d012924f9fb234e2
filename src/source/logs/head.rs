//! A text table: lines before it, its columns, and numbers in its rows.

use super::LogError;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// Lines before the columns that are looked through; what has none by then is another kind of file.
const LONGEST_PREAMBLE: usize = 60;
/// No line of a log is longer, bytes.
const LONGEST_LINE: u64 = 64 << 10;
/// A first column by which a table of any family is known.
const FIRST_COLUMNS: [&str; 3] = ["epoc (ms)", "epoch (ms)", "PacketCounter"];

/// What stands above the rows of a file.
#[derive(Debug, Clone)]
pub(super) struct Head {
    pub(super) path: PathBuf,
    /// Lines before the columns, as they are.
    pub(super) preamble: Vec<String>,
    pub(super) columns: Vec<String>,
    delimiter: char,
    /// The first row's fields.
    first: Vec<String>,
    /// The last line lacks its end: it was cut off in the middle.
    pub(super) cut: bool,
}

impl Head {
    /// `None` for a file that is no table of ours.
    pub(super) fn read(path: &Path) -> Result<Option<Self>, LogError> {
        let io = |error| LogError::Io { path: path.to_owned(), error };
        let mut file = BufReader::new(File::open(path).map_err(io)?);
        let mut preamble = Vec::new();
        for _ in 0..LONGEST_PREAMBLE {
            let Some(line) = line(&mut file).map_err(io)? else { return Ok(None) };
            let Some(delimiter) = delimiter(&line) else {
                preamble.push(line);
                continue;
            };
            let columns = fields(&line, delimiter);
            let first = line_of(&mut file, delimiter).map_err(io)?;
            let cut = Self::last_is_cut(file.get_mut()).map_err(io)?;
            return Ok(Some(Self { path: path.to_owned(), preamble, columns, delimiter, first, cut }));
        }
        Ok(None)
    }

    /// A whole last line has an end.
    fn last_is_cut(file: &mut File) -> std::io::Result<bool> {
        let size = file.seek(SeekFrom::End(0))?;
        file.seek(SeekFrom::Start(size.saturating_sub(LONGEST_LINE)))?;
        let mut tail = Vec::new();
        file.read_to_end(&mut tail)?;
        Ok(tail.last().is_some_and(|&byte| byte != b'\n'))
    }

    /// The value of `KEY: VALUE` or `KEY:,VALUE` above the columns.
    pub(super) fn said(&self, key: &str) -> Option<&str> {
        self.preamble.iter().find_map(|line| {
            let line = line.trim_start_matches(['/', ' ', '#']);
            let rest =
                line.get(..key.len()).filter(|k| k.eq_ignore_ascii_case(key)).and(line.get(key.len()..))?;
            Some(rest.strip_prefix(':')?.trim_matches([',', ';', '\t', ' ', '"']))
        })
    }

    pub(super) fn column(&self, wanted: impl Fn(&str) -> bool) -> Option<usize> {
        self.columns.iter().position(|name| wanted(name))
    }

    /// A column by its name, which has to be there.
    pub(super) fn required(&self, name: &str, with: &'static str) -> Result<usize, LogError> {
        self.column(|c| c.eq_ignore_ascii_case(name)).ok_or_else(|| self.missing(name, with))
    }

    pub(super) fn missing(&self, name: &str, with: &'static str) -> LogError {
        let (column, found) = (name.to_owned(), self.columns.join(", "));
        LogError::Column { path: self.path.clone(), column, found, with }
    }

    /// A field of the first row.
    pub(super) fn first(&self, column: usize) -> Option<&str> {
        self.first.get(column).map(String::as_str)
    }

    pub(super) fn first_number(&self, column: usize) -> Option<f64> {
        number(self.first(column)?, self.delimiter)
    }

    /// Numbers of the given columns, row by row; an empty field or `NaN` is none.
    pub(super) fn rows<const N: usize>(
        &self,
        columns: [usize; N],
        mut each: impl FnMut([Option<f64>; N]),
    ) -> Result<(), LogError> {
        let io = |error| LogError::Io { path: self.path.clone(), error };
        let mut file = BufReader::new(File::open(&self.path).map_err(io)?);
        for _ in 0..=self.preamble.len() {
            line(&mut file).map_err(io)?;
        }
        let mut at = self.preamble.len() as u64 + 1;
        let mut next = line(&mut file).map_err(io)?;
        while let Some(text) = next {
            at += 1;
            next = line(&mut file).map_err(io)?;
            if self.cut && next.is_none() {
                // Even a complete number may lack its last digits.
                break;
            }
            if text.trim().is_empty() {
                continue;
            }
            let fields = fields(&text, self.delimiter);
            // Some programs end every row with one delimiter more.
            if fields.len() < self.columns.len() || fields.len() > self.columns.len() + 1 {
                return Err(self.odd(at, fields.len()));
            }
            let mut values = [None; N];
            for (value, column) in values.iter_mut().zip(columns) {
                let text = fields.get(column).map_or("", String::as_str);
                if !text.is_empty() && !text.eq_ignore_ascii_case("nan") {
                    *value =
                        Some(number(text, self.delimiter).ok_or_else(|| self.no_number(at, column, text))?);
                }
            }
            each(values);
        }
        Ok(())
    }

    fn odd(&self, line: u64, found: usize) -> LogError {
        let expected = self.columns.len();
        let commas = self.delimiter == ',' && found > expected;
        let hint = if commas {
            " (decimal commas in a file that is separated by commas cannot be told apart: export it with points)"
        } else {
            ""
        };
        LogError::Fields { path: self.path.clone(), line, found, expected, hint }
    }

    fn no_number(&self, line: u64, column: usize, text: &str) -> LogError {
        let column = self.columns.get(column).cloned().unwrap_or_default();
        LogError::Number { path: self.path.clone(), line, column, text: text.to_owned() }
    }
}

/// The next line without its end; `None` at the end of the file. What is no UTF-8 is no number either.
fn line(file: &mut impl BufRead) -> std::io::Result<Option<String>> {
    let mut bytes = Vec::new();
    file.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut bytes)?;
    if bytes.is_empty() {
        return Ok(None);
    }
    let text = String::from_utf8_lossy(&bytes);
    Ok(Some(text.trim_start_matches('\u{feff}').trim_end_matches(['\n', '\r']).to_owned()))
}

fn line_of(file: &mut impl BufRead, delimiter: char) -> std::io::Result<Vec<String>> {
    Ok(line(file)?.map(|text| fields(&text, delimiter)).unwrap_or_default())
}

/// What separates the columns, if this is the line of columns.
fn delimiter(line: &str) -> Option<char> {
    let begins = |name: &&str| {
        line.trim_start_matches('"').get(..name.len()).is_some_and(|s| s.eq_ignore_ascii_case(name))
    };
    let first = FIRST_COLUMNS.iter().find(|name| begins(name))?;
    let rest = line.trim_start_matches('"').get(first.len()..)?.trim_start_matches('"');
    rest.chars().next().filter(|c| [',', ';', '\t'].contains(c))
}

fn fields(line: &str, delimiter: char) -> Vec<String> {
    line.split(delimiter).map(|field| field.trim().trim_matches('"').to_owned()).collect()
}

fn number(text: &str, delimiter: char) -> Option<f64> {
    let value =
        if delimiter != ',' && text.contains(',') { text.replace(',', ".").parse() } else { text.parse() };
    value.ok().filter(|value: &f64| value.is_finite())
}

//! CSV as in RFC 4180 (lines end with CRLF, no field needs quotes): the tables of `analyze`, with units in the names
//! of their columns.

use super::alerts::AlertTable;
use super::angles::AngleTable;
use super::format::{About, ExportError, Exporter};
use super::output::Output;
use super::stances::StanceTable;
use crate::event::Event;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

struct Csv {
    folder: PathBuf,
    angles: AngleTable<Crlf<Output>>,
    stances: StanceTable,
    alerts: AlertTable,
}

pub(super) fn start(folder: &Path, _: &About) -> Result<Box<dyn Exporter>, ExportError> {
    let create = || {
        fs::create_dir_all(folder)?;
        AngleTable::new(Crlf(Output::create(&folder.join("angles.csv"))?))
    };
    let angles = create().map_err(ExportError::write(folder))?;
    Ok(Box::new(Csv {
        folder: folder.to_owned(),
        angles,
        stances: StanceTable::default(),
        alerts: AlertTable::default(),
    }))
}

impl Exporter for Csv {
    fn event(&mut self, event: &Event) -> Result<(), ExportError> {
        match event {
            Event::Frame(frame) => self.angles.push(frame).map_err(ExportError::write(&self.folder))?,
            Event::Stance(stance) => self.stances.push(stance.clone()),
            Event::Alert(alert) => self.alerts.push(*alert),
            _ => {}
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<(), ExportError> {
        let Self { folder, angles, stances, alerts } = *self;
        let write = || {
            let mut stance_file = Crlf(Output::create(&folder.join("stances.csv"))?);
            stances.write(&mut stance_file)?;
            let mut alert_file = Crlf(Output::create(&folder.join("alerts.csv"))?);
            alerts.write(&mut alert_file)?;
            Output::commit_all([angles.finish()?.0, stance_file.0, alert_file.0])
        };
        write().map_err(ExportError::write(&folder))
    }
}

/// Ends lines with CRLF where LF is written.
struct Crlf<W>(W);

impl<W: Write> Write for Crlf<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for line in bytes.split_inclusive(|&b| b == b'\n') {
            match line.strip_suffix(b"\n") {
                Some(text) => {
                    self.0.write_all(text)?;
                    self.0.write_all(b"\r\n")?;
                }
                None => self.0.write_all(line)?,
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_ends_with_crlf_however_it_is_cut() {
        for cut in 0..=8 {
            let mut out = Crlf(Vec::new());
            let (one, two) = b"a,b\n,\nc\n".split_at(cut);
            out.write_all(one).unwrap();
            out.write_all(two).unwrap();
            assert_eq!(out.0, b"a,b\r\n,\r\nc\r\n");
        }
    }
}

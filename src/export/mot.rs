//! OpenSim motion: joint angles under the names and with the signs of the model's coordinates, degrees.
//!
//! `knee_angle` is positive in flexion (Rajagopal 2016 and later models; gait2392 has it negative). Coordinates that
//! never were known (the hip and the pelvis without a sacral sensor) have no column; a row has all others.

use super::format::{About, ExportError, Exporter, Withheld};
use super::opensim::{COORDINATES, coordinates_deg};
use super::output::Output;
use super::{DEGREE_DECIMALS, SECOND_DECIMALS};
use crate::edge::decimal;
use crate::event::Event;
use std::io::Write;
use std::path::{Path, PathBuf};

type Row = (f64, [Option<f64>; COORDINATES.len()]);

struct Mot {
    path: PathBuf,
    rows: Vec<Row>,
    withheld: Withheld,
}

#[allow(clippy::unnecessary_wraps, reason = "other formats can fail here")]
pub(super) fn start(path: &Path, _: &About) -> Result<Box<dyn Exporter>, ExportError> {
    Ok(Box::new(Mot { path: path.to_owned(), rows: Vec::new(), withheld: Withheld::default() }))
}

impl Exporter for Mot {
    fn event(&mut self, event: &Event) -> Result<(), ExportError> {
        if let Event::Frame(frame) = event {
            self.withheld.frame(frame);
            let values = coordinates_deg(frame);
            if values.iter().any(Option::is_some) {
                self.rows.push((frame.t.0, values));
            }
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<(), ExportError> {
        let Self { path, rows, withheld } = *self;
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let Some(text) = text(&name, &rows) else {
            let (name, missing) = ("mot", "frames with every joint's angles");
            return Err(ExportError::Nothing { name, missing, why: withheld.why() });
        };
        let write = || {
            let mut out = Output::create(&path)?;
            out.write_all(&text)?;
            out.commit()
        };
        write().map_err(ExportError::write(&path))
    }
}

/// `None` where no row is complete.
fn text(name: &str, rows: &[Row]) -> Option<Vec<u8>> {
    let value = |row: &Row, k: usize| row.1.get(k).copied().flatten();
    let known: Vec<usize> =
        (0..COORDINATES.len()).filter(|&k| rows.iter().any(|row| value(row, k).is_some())).collect();
    let complete = |row: &&Row| known.iter().all(|&k| value(row, k).is_some());
    let table: Vec<_> = rows.iter().filter(complete).collect();
    if table.is_empty() {
        return None;
    }
    let names: Vec<_> = known.iter().filter_map(|&k| COORDINATES.get(k).copied()).collect();
    let (height, width) = (table.len(), names.len() + 1);
    let mut text = format!(
        "{name}\nversion=1\nnRows={height}\nnColumns={width}\ninDegrees=yes\nendheader\ntime\t{}\n",
        names.join("\t")
    )
    .into_bytes();
    for row in table {
        decimal::push(&mut text, row.0, SECOND_DECIMALS);
        for value in known.iter().filter_map(|&k| value(row, k)) {
            text.push(b'\t');
            decimal::push(&mut text, value, DEGREE_DECIMALS);
        }
        text.push(b'\n');
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_what_was_ever_known_and_rows_have_all_of_them() {
        let mut knees = [None; COORDINATES.len()];
        (knees[6], knees[10]) = (Some(61.25), Some(-3.0));
        let mut one_knee = knees;
        one_knee[6] = None;
        let text = text("walk", &[(1.0, knees), (1.01, one_knee), (1.02, knees)]).unwrap();
        assert_eq!(
            String::from_utf8(text).unwrap(),
            "walk\nversion=1\nnRows=2\nnColumns=3\ninDegrees=yes\nendheader\ntime\tknee_angle_r\tknee_angle_l\n\
             1.0000\t61.250\t-3.000\n1.0200\t61.250\t-3.000\n"
        );
    }
}

use super::channels::{Layout, unit};
use super::events::{self, ContactTruth, Episode, StretchTruth};
use super::files::{Files, sibling};
use super::rows::{Rows, Table, number};
use crate::body::Side;
use crate::source::SourceError;
use crate::units::SessionTime;
use nalgebra::{Quaternion, UnitQuaternion};
use std::path::Path;

/// What a recording knows of the true movement, on the recording's own time axis.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Truth {
    /// Initial and terminal contacts, by time.
    pub contacts: Vec<ContactTruth>,
    pub stretches: Vec<StretchTruth>,
    pub episodes: Vec<Episode>,
    pub angles: Vec<AngleSeries>,
    pub orientations: Vec<OrientationSeries>,
    /// Peaks of each stance, where the data set lists them.
    pub peaks: Vec<StancePeaks>,
}

/// One JNTANG channel.
#[derive(Debug, Clone, PartialEq)]
pub struct AngleSeries {
    /// `left_hip_adduction`: like the columns of angles.csv, without the unit.
    pub name: String,
    /// Time, s, and angle, rad. Samples that the file lacks are absent.
    pub samples: Vec<(f64, f64)>,
}

/// One tracked point's optical orientation.
#[derive(Debug, Clone, PartialEq)]
pub struct OrientationSeries {
    pub tracked_point: String,
    /// Time, s, and `global_from_sensor`.
    pub samples: Vec<(f64, UnitQuaternion<f64>)>,
}

/// The true peaks of one stance, rad.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StancePeaks {
    pub side: Side,
    pub ic: SessionTime,
    pub tc: SessionTime,
    pub hip_adduction: f64,
    pub hip_rotation: f64,
}

impl Truth {
    pub(crate) fn read(files: &Files) -> Result<Self, SourceError> {
        let events = events::read(files)?;
        let mut truth = Self {
            contacts: events.contacts,
            stretches: events.stretches,
            episodes: events.episodes,
            ..Self::default()
        };
        for motion in files.motions() {
            let layout = Layout::read(motion)?;
            truth.read_motion(&layout)?;
        }
        if let Some(path) = files.strides() {
            truth.peaks = read_strides(&path)?;
        }
        Ok(truth)
    }

    fn read_motion(&mut self, layout: &Layout) -> Result<(), SourceError> {
        let angles = angle_columns(layout)?;
        let orientations = orientation_columns(layout);
        if angles.is_empty() && orientations.is_empty() {
            return Ok(());
        }
        let interval = if layout.latency.is_none() { layout.rate()?.interval() } else { 0.0 };
        let mut series: Vec<AngleSeries> = angles
            .iter()
            .map(|(_, name, _)| AngleSeries { name: name.clone(), samples: Vec::new() })
            .collect();
        let mut quaternions: Vec<OrientationSeries> = orientations
            .iter()
            .map(|(point, _)| OrientationSeries { tracked_point: point.clone(), samples: Vec::new() })
            .collect();
        let mut rows = Rows::open(&layout.motion)?;
        let mut cells = Vec::with_capacity(layout.channels.len());
        let mut index = 0_u32;
        while rows.advance()? {
            read_numbers(layout, &rows, &mut cells)?;
            let at = |column: usize| cells.get(column).copied().flatten();
            let time = match layout.latency {
                Some(column) => at(column),
                None => Some(f64::from(index) * interval),
            };
            index += 1;
            let Some(t) = time else { continue };
            for ((column, _, scale), series) in angles.iter().zip(&mut series) {
                series.samples.extend(at(*column).map(|v| (t, v * scale)));
            }
            for ((_, columns), series) in orientations.iter().zip(&mut quaternions) {
                if let [Some(w), Some(x), Some(y), Some(z)] = columns.map(at) {
                    let q = UnitQuaternion::try_new(Quaternion::new(w, x, y, z), 0.5);
                    series.samples.extend(q.map(|q| (t, q)));
                }
            }
        }
        self.angles.append(&mut series);
        self.orientations.append(&mut quaternions);
        Ok(())
    }

    /// Whether there is anything to compare with.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.contacts.is_empty()
            && self.angles.is_empty()
            && self.orientations.is_empty()
            && self.peaks.is_empty()
    }
}

/// Column, name and scale of each JNTANG channel.
fn angle_columns(layout: &Layout) -> Result<Vec<(usize, String, f64)>, SourceError> {
    let mut found = Vec::new();
    for (column, channel) in layout.channels.iter().enumerate().filter(|(_, c)| c.kind == "JNTANG") {
        let scale = match channel.units.as_str() {
            "deg" | "°" => 1.0_f64.to_radians(),
            "rad" => 1.0,
            _ => return Err(unit(&sibling(&layout.motion, "channels.tsv"), channel, "deg or rad")),
        };
        found.push((column, channel.name.clone(), scale));
    }
    Ok(found)
}

/// Tracked point and the columns of w, x, y and z. A point without all four is left out.
fn orientation_columns(layout: &Layout) -> Vec<(String, [usize; 4])> {
    let mut found: Vec<(String, [usize; 4])> = Vec::new();
    let of = |point: &str, component: &str| {
        layout.channels.iter().position(|c| {
            c.kind == "ORNT" && c.tracked_point == point && c.component.eq_ignore_ascii_case(component)
        })
    };
    for channel in layout.channels.iter().filter(|c| c.kind == "ORNT") {
        let point = channel.tracked_point.as_str();
        if found.iter().any(|(p, _)| p == point) {
            continue;
        }
        if let [Some(w), Some(x), Some(y), Some(z)] =
            ["quat_w", "quat_x", "quat_y", "quat_z"].map(|component| of(point, component))
        {
            found.push((point.to_owned(), [w, x, y, z]));
        }
    }
    found
}

fn read_numbers(layout: &Layout, rows: &Rows, cells: &mut Vec<Option<f64>>) -> Result<(), SourceError> {
    cells.clear();
    for (column, cell) in rows.cells(b'\t').enumerate() {
        cells.push(number(cell).map_err(|_| SourceError::Number {
            path: layout.motion.clone(),
            line: rows.number(),
            column: layout.channels.get(column).map(|c| c.name.clone()).unwrap_or_default(),
            text: String::from_utf8_lossy(cell).into_owned(),
        })?);
    }
    if cells.len() == layout.channels.len() {
        return Ok(());
    }
    Err(SourceError::Columns {
        path: layout.motion.clone(),
        line: rows.number(),
        found: cells.len(),
        expected: layout.channels.len(),
    })
}

fn read_strides(path: &Path) -> Result<Vec<StancePeaks>, SourceError> {
    let mut table = Table::open(path, b',')?;
    let side = table.column("side")?;
    let columns = [
        table.column("ic_s")?,
        table.column("to_s")?,
        table.column("peak_add")?,
        table.column("peak_introt")?,
    ];
    let mut peaks = Vec::new();
    while table.advance()? {
        let side = match table.text(side) {
            "L" | "left" => Side::Left,
            "R" | "right" => Side::Right,
            text => {
                return Err(SourceError::Side {
                    path: path.to_path_buf(),
                    line: table.line(),
                    text: text.to_owned(),
                });
            }
        };
        let [ic, tc, add, rot] = columns.map(|c| table.number(c));
        if let (Some(ic), Some(tc), Some(add), Some(rot)) = (ic?, tc?, add?, rot?) {
            peaks.push(StancePeaks {
                side,
                ic: SessionTime(ic),
                tc: SessionTime(tc),
                hip_adduction: add.to_radians(),
                hip_rotation: rot.to_radians(),
            });
        }
    }
    Ok(peaks)
}

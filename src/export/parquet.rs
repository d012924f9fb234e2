//! Apache Parquet: the tables of `csv`, columnar and zstd-compressed, numbers in full. What is not valid is null. Units
//! stand in the names of columns, as in CSV, and once more in the file's metadata as `unit:COLUMN`.

mod table;

use super::alerts::AlertTable;
use super::format::{About, ExportError, Exporter};
use super::output::Output;
use crate::edge::{self, ANGLE_COLUMNS, PEAK_COLUMNS, SIGMA_COLUMNS};
use crate::event::{Alert, Event, Frame, Stance, StanceDoubt};
use std::fs;
use std::path::{Path, PathBuf};
use table::{Column, Table};

/// Rows of a row group: eleven minutes of angles, 12 MB in memory.
const GROUP: usize = 1 << 16;

struct Parquet {
    folder: PathBuf,
    angles: Table,
    frames: Vec<Frame>,
    stances: Vec<Stance>,
    alerts: AlertTable,
}

pub(super) fn start(folder: &Path, about: &About) -> Result<Box<dyn Exporter>, ExportError> {
    fs::create_dir_all(folder).map_err(ExportError::write(folder))?;
    let out = Output::create(&folder.join("angles.parquet")).map_err(ExportError::write(folder))?;
    Ok(Box::new(Parquet {
        folder: folder.to_owned(),
        angles: Table::create(out, &frame_columns(&[]), &about.name)?,
        frames: Vec::new(),
        stances: Vec::new(),
        alerts: AlertTable::default(),
    }))
}

impl Exporter for Parquet {
    fn event(&mut self, event: &Event) -> Result<(), ExportError> {
        match event {
            Event::Frame(frame) => {
                self.frames.push(*frame);
                if self.frames.len() == GROUP {
                    self.angles.group(frame_columns(&self.frames))?;
                    self.frames.clear();
                }
            }
            Event::Stance(stance) => self.stances.push(stance.clone()),
            Event::Alert(alert) => self.alerts.push(*alert),
            _ => {}
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<(), ExportError> {
        let Self { folder, mut angles, frames, mut stances, alerts } = *self;
        if !frames.is_empty() {
            angles.group(frame_columns(&frames))?;
        }
        super::stances::sort(&mut stances);
        let whole = |name: &str, columns: Vec<(&'static str, Column)>| {
            let out = Output::create(&folder.join(name)).map_err(ExportError::write(&folder))?;
            let mut table = Table::create(out, &columns, name)?;
            table.group(columns)?;
            table.finish()
        };
        let stances = whole("stances.parquet", stance_columns(&stances))?;
        let alerts = whole("alerts.parquet", alert_columns(&alerts.rows()))?;
        Output::commit_all([angles.finish()?, stances, alerts]).map_err(ExportError::write(&folder))
    }
}

type Columns = Vec<(&'static str, Column)>;

fn numbers<'a, T>(rows: &'a [T], of: impl Fn(&'a T) -> Option<f64>) -> Column {
    Column::Number(rows.iter().map(of).collect())
}

fn words<'a, T>(rows: &'a [T], of: impl Fn(&'a T) -> String) -> Column {
    Column::Text(rows.iter().map(of).collect())
}

fn counts<'a, T>(rows: &'a [T], of: impl Fn(&'a T) -> u32) -> Column {
    Column::Count(rows.iter().map(|row| i64::from(of(row))).collect())
}

fn frame_columns(frames: &[Frame]) -> Columns {
    let angles: Vec<_> = frames.iter().map(edge::angles_deg).collect();
    let columns = ANGLE_COLUMNS.into_iter().enumerate();
    let columns = columns.map(|(k, name)| (name, numbers(&angles, |row| row.get(k).copied().flatten())));
    [("time_s", numbers(frames, |frame| Some(frame.t.0)))].into_iter().chain(columns).collect()
}

fn stance_columns(stances: &[Stance]) -> Columns {
    let peaks: Vec<_> = stances.iter().map(|stance| edge::peaks_deg(&stance.peaks)).collect();
    let mut columns = vec![
        ("side", words(stances, |s| s.side.name().to_owned())),
        ("stance", counts(stances, |s| s.number)),
        ("gait", words(stances, |s| s.gait.name().to_owned())),
        ("ic_time_s", numbers(stances, |s| Some(s.ic.0))),
        ("tc_time_s", numbers(stances, |s| Some(s.tc.0))),
        ("contact_ms", numbers(stances, |s| Some(s.contact_time() * 1e3))),
        ("stride_ms", numbers(stances, |s| s.stride_time.map(|t| t * 1e3))),
        ("cadence_spm", numbers(stances, Stance::cadence_spm)),
    ];
    columns.extend(
        PEAK_COLUMNS
            .into_iter()
            .enumerate()
            .map(|(k, name)| (name, numbers(&peaks, |row| row.get(k).copied().flatten()))),
    );
    columns.extend([
        ("valid", Column::Truth(stances.iter().map(|s| s.valid).collect())),
        ("reason", words(stances, |s| s.doubt.map_or("", StanceDoubt::word).to_owned())),
        ("flags", words(stances, |s| edge::flag_list(&s.flags))),
    ]);
    let sigmas: Vec<_> = stances.iter().map(|stance| edge::sigmas_deg(&stance.sigma)).collect();
    columns.extend(
        SIGMA_COLUMNS
            .into_iter()
            .enumerate()
            .map(|(k, name)| (name, numbers(&sigmas, |row| row.get(k).copied().flatten()))),
    );
    columns
}

fn alert_columns(alerts: &[Alert]) -> Columns {
    vec![
        ("rule", words(alerts, |a| a.rule.name().to_owned())),
        ("side", words(alerts, |a| a.side.name().to_owned())),
        ("severity", words(alerts, |a| a.severity.name().to_owned())),
        ("onset_time_s", numbers(alerts, |a| Some(a.onset.0))),
        ("decided_time_s", numbers(alerts, |a| Some(a.decided.0))),
        ("clear_time_s", numbers(alerts, |a| a.cleared.map(|t| t.0))),
        ("value_deg", numbers(alerts, |a| Some(a.value.to_degrees()))),
        ("threshold_deg", numbers(alerts, |a| Some(a.threshold.to_degrees()))),
        ("strides", counts(alerts, |a| a.strides)),
        ("basis", words(alerts, |a| a.basis.name().to_owned())),
    ]
}

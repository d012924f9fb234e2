//! OpenSim storage of orientations, as OpenSense reads it (`IMUPlacer`, `IMUInverseKinematicsTool`).
//!
//! One quaternion `w,x,y,z` per segment and 100 Hz frame: the sensor after calibration, turned to its segment's axes
//! (X anterior, Y proximal, Z right), against a world with Z up and X in the direction of progression. So the tools take
//! `sensor_to_opensim_rotations` = -90 degrees about X, as in OpenSense's own examples, and headings agree already:
//! leave `base_imu_label` out, or give it `pelvis_imu` with `base_heading_axis` x.
//!
//! The pose to place the sensors by is a second file, `NAME_calibration.sto`: all segments as in the model's default
//! pose, since that is what our calibration has turned the sensors to.

use super::SECOND_DECIMALS;
use super::format::{About, ExportError, Exporter, Withheld};
use super::opensim;
use super::output::Output;
use crate::body::Placement;
use crate::edge::decimal;
use crate::event::{Event, Frame};
use nalgebra::{UnitQuaternion, Vector3};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Decimals of a quaternion's component: a rounding below a millionth of a degree's worth of angle.
const COMPONENT_DECIMALS: u32 = 8;
/// Frames per second.
const RATE: f64 = 100.0;

struct Sto {
    path: PathBuf,
    rows: Vec<Row>,
    withheld: Withheld,
}

struct Row {
    t: f64,
    /// In the order of [`Placement::ALL`].
    world_from_segment: [Option<UnitQuaternion<f64>>; Placement::COUNT],
}

#[allow(clippy::unnecessary_wraps, reason = "other formats can fail here")]
pub(super) fn start(path: &Path, _: &About) -> Result<Box<dyn Exporter>, ExportError> {
    Ok(Box::new(Sto { path: path.to_owned(), rows: Vec::new(), withheld: Withheld::default() }))
}

impl Exporter for Sto {
    fn event(&mut self, event: &Event) -> Result<(), ExportError> {
        if let Event::Frame(frame) = event {
            self.withheld.frame(frame);
            self.rows.extend(row(frame));
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<(), ExportError> {
        let Self { path, rows, withheld } = *self;
        // Columns are the segments that were ever there; a row has all of them, since OpenSim knows no empty field.
        let worn: Vec<usize> = (0..Placement::COUNT)
            .filter(|&k| rows.iter().any(|row| row.world_from_segment.get(k).is_some_and(Option::is_some)))
            .collect();
        let complete = |row: &Row| -> Option<(f64, Vec<UnitQuaternion<f64>>)> {
            let all = worn.iter().map(|&k| row.world_from_segment.get(k).copied().flatten());
            all.collect::<Option<Vec<_>>>().map(|all| (row.t, all))
        };
        let table: Vec<_> = rows.iter().filter_map(complete).collect();
        if table.is_empty() {
            let (name, missing) = ("sto", "frames with every segment's orientation");
            return Err(ExportError::Nothing { name, missing, why: withheld.why() });
        }
        let names: Vec<_> =
            worn.iter().filter_map(|&k| Placement::ALL.get(k)).map(|p| opensim::imu_name(*p)).collect();
        let upright = vec![(0.0, vec![world_from_gait(); names.len()])];
        let calibration = beside(&path);
        let write = || {
            let files = [(&path, &table), (&calibration, &upright)].map(|(path, table)| {
                let mut out = Output::create(path)?;
                out.write_all(&text(&names, table))?;
                io::Result::Ok(out)
            });
            let [main, calibration] = files;
            Output::commit_all([main?, calibration?])
        };
        write().map_err(ExportError::write(&path))
    }
}

/// `walk.sto` to `walk_calibration.sto`.
fn beside(path: &Path) -> PathBuf {
    let mut name = path.file_stem().unwrap_or_default().to_owned();
    name.push("_calibration.sto");
    path.with_file_name(name)
}

/// From the gait frame (Y up) to the file's world (Z up), both with X forward.
fn world_from_gait() -> UnitQuaternion<f64> {
    UnitQuaternion::from_axis_angle(&Vector3::x_axis(), std::f64::consts::FRAC_PI_2)
}

/// `None` where nothing is known.
fn row(frame: &Frame) -> Option<Row> {
    let segments = opensim::gait_from_segments(frame);
    let world_from_segment = Placement::ALL.map(|p| segments[p].map(|q| world_from_gait() * q));
    let known = world_from_segment.iter().any(Option::is_some);
    known.then_some(Row { t: frame.t.0, world_from_segment })
}

fn text(names: &[&str], table: &[(f64, Vec<UnitQuaternion<f64>>)]) -> Vec<u8> {
    let mut text = format!(
        "DataRate={RATE:.6}\nDataType=Quaternion\nversion=3\nOpenSimVersion=4.6\nendheader\ntime\t{}\n",
        names.join("\t")
    )
    .into_bytes();
    let mut before: Vec<UnitQuaternion<f64>> = Vec::new();
    for (t, all) in table {
        decimal::push(&mut text, *t, SECOND_DECIMALS);
        for (k, q) in all.iter().enumerate() {
            // A quaternion and its negative are one orientation: columns without jumps can be plotted.
            let q = match before.get(k) {
                Some(before) if before.coords.dot(&q.coords) < 0.0 => {
                    UnitQuaternion::new_unchecked(-q.into_inner())
                }
                _ => *q,
            };
            let [x, y, z, w] = q.coords.into();
            for (separator, value) in [(b'\t', w), (b',', x), (b',', y), (b',', z)] {
                text.push(separator);
                decimal::push(&mut text, value, COMPONENT_DECIMALS);
            }
            match before.get_mut(k) {
                Some(before) => *before = q,
                None => before.push(q),
            }
        }
        text.push(b'\n');
    }
    text
}

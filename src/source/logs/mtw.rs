//! Xsens MTw, as MT Manager exports: lines that begin with `//`, then columns separated by tabs; `Acc_*` in m/s² (specific
//! force), `Gyr_*` in rad/s. The station counts packets for all its sensors, so the counter (16 bits) is the clock.

use super::head::Head;
use super::{Family, LogError, Part, Track};
use crate::body::Sample;
use crate::units::{DeviceTime, Hz};
use nalgebra::Vector3;

pub(super) const FAMILY: Family =
    Family { name: "Xsens MTw", claims, read, epoch: |_| None, doubt: |_| None };

/// The counter's 16 bits.
const WRAP: f64 = 65_536.0;
const WITH: &str = "calibrated data (acceleration and rate of turn) chosen";

pub(super) fn is_mt_manager(head: &Head) -> bool {
    head.preamble.iter().any(|line| line.starts_with("//"))
}

fn claims(head: &Head) -> Option<Part> {
    let ours = head.column(|c| c == "PacketCounter").is_some() && is_mt_manager(head);
    ours.then_some(Part::Both)
}

fn read(files: &[Head]) -> Result<Track, LogError> {
    let head = files.first().ok_or(LogError::Empty { path: std::path::PathBuf::new() })?;
    let column = |name| head.required(name, WITH);
    let columns = [
        column("PacketCounter")?,
        column("Acc_X")?,
        column("Acc_Y")?,
        column("Acc_Z")?,
        column("Gyr_X")?,
        column("Gyr_Y")?,
        column("Gyr_Z")?,
    ];
    let rate = ["Update Rate", "Sample rate", "Output Rate"]
        .iter()
        .find_map(|key| head.said(key)?.trim_end_matches(['H', 'z', ' ']).replace(',', ".").parse().ok())
        .filter(|rate: &f64| *rate > 0.0)
        .ok_or_else(|| LogError::Rate { path: head.path.clone() })?;
    let (mut samples, mut turns, mut before) = (Vec::new(), 0.0, f64::NEG_INFINITY);
    head.rows(columns, |row| {
        let [Some(count), Some(ax), Some(ay), Some(az), Some(gx), Some(gy), Some(gz)] = row else { return };
        if count < before - 0.5 * WRAP {
            turns += WRAP;
        }
        before = count;
        samples.push(Sample {
            t: DeviceTime((count + turns) / rate),
            acc: Vector3::new(ax, ay, az),
            gyr: Vector3::new(gx, gy, gz),
        });
    })?;
    Ok(Track { rate: Hz(rate), samples })
}

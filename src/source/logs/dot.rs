//! Movella DOT (Xsens DOT), as its app exports: lines of `NAME:,VALUE`, then `PacketCounter`, `SampleTimeFine`
//! (microseconds on the sensor's clock, which synchronisation makes common; 32 bits), `Acc_*` in m/s², `Gyr_*` in deg/s.

use super::head::Head;
use super::{Family, LogError, Part, Track, usual_rate};
use crate::body::Sample;
use crate::units::{DeviceTime, Hz};
use nalgebra::Vector3;

pub(super) const FAMILY: Family =
    Family { name: "Movella DOT", claims, read, epoch: |_| None, doubt: |_| None };

/// The clock's 32 bits of microseconds.
const WRAP: f64 = 4_294_967_296.0;
const WITH: &str = "Acc and Gyr (custom mode 5, or rate quantities)";

/// MT Manager's tables look alike, and differ in the lines above.
fn claims(head: &Head) -> Option<Part> {
    let ours = head.column(|c| c == "PacketCounter").is_some() && !super::mtw::is_mt_manager(head);
    ours.then_some(Part::Both)
}

fn read(files: &[Head]) -> Result<Track, LogError> {
    let head = files.first().ok_or(LogError::Empty { path: std::path::PathBuf::new() })?;
    let column = |name| head.required(name, WITH);
    let columns = [
        column("SampleTimeFine")?,
        column("Acc_X")?,
        column("Acc_Y")?,
        column("Acc_Z")?,
        column("Gyr_X")?,
        column("Gyr_Y")?,
        column("Gyr_Z")?,
    ];
    let (mut samples, mut turns, mut before) = (Vec::new(), 0.0, f64::NEG_INFINITY);
    head.rows(columns, |row| {
        let [Some(us), Some(ax), Some(ay), Some(az), Some(gx), Some(gy), Some(gz)] = row else { return };
        if us < before - 0.5 * WRAP {
            turns += WRAP;
        }
        before = us;
        samples.push(Sample {
            t: DeviceTime((us + turns) * 1e-6),
            acc: Vector3::new(ax, ay, az),
            gyr: Vector3::new(gx, gy, gz).map(f64::to_radians),
        });
    })?;
    let said = head.said("OutputRate").and_then(|rate| rate.trim_end_matches(['H', 'z', ' ']).parse().ok());
    let rate = said.filter(|rate| *rate > 0.0).map(Hz);
    let rate = rate.or_else(|| usual_rate(samples.iter().map(|s| s.t.0)));
    Ok(Track { rate: rate.ok_or(LogError::Empty { path: head.path.clone() })?, samples })
}

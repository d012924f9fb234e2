//! MbientLab MetaMotion, as MetaBase writes it: accelerometer and gyroscope in a file each, with milliseconds since 1970,
//! local time, elapsed seconds and three axes whose unit stands in the column's name.
//!
//! The two are not sampled at the same moments: acceleration is read off between its samples at the gyroscope's times.

use super::head::Head;
use super::{Family, LogError, Part, Track, usual_rate};
use crate::body::Sample;
use crate::units::{DeviceTime, STANDARD_GRAVITY};
use nalgebra::Vector3;

pub(super) const FAMILY: Family = Family { name: "MetaMotion", claims, read, epoch, doubt };

/// A gap in the acceleration that is read across, in its sample intervals.
const LONGEST_GAP: f64 = 2.5;
/// Local time and epoch may differ by this much before it is said, s: they are written with milliseconds.
const CLOCK_TOLERANCE: f64 = 2.0;

fn claims(head: &Head) -> Option<Part> {
    time(head)?;
    let unit = unit(head.columns.get(axes(head)?[0])?)?;
    match unit {
        "g" | "m/s^2" | "m/s²" => Some(Part::Acceleration),
        "deg/s" | "rad/s" => Some(Part::Rate),
        // Neither: said when it is read.
        _ => Some(if head.path.to_string_lossy().to_lowercase().contains("gyro") {
            Part::Rate
        } else {
            Part::Acceleration
        }),
    }
}

/// Older versions of the program misspell `epoch`.
fn time(head: &Head) -> Option<usize> {
    head.column(|c| c == "epoc (ms)" || c == "epoch (ms)")
}

fn axes(head: &Head) -> Option<[usize; 3]> {
    let axis = |name: &str| head.column(|c| c.starts_with(name));
    Some([axis("x-axis (")?, axis("y-axis (")?, axis("z-axis (")?])
}

fn unit(column: &str) -> Option<&str> {
    column.split_once('(')?.1.strip_suffix(')')
}

fn epoch(head: &Head) -> Option<f64> {
    Some(head.first_number(time(head)?)? * 1e-3)
}

/// Local time with its zone has to be the same moment as the epoch: a phone in another zone, or one whose zone was set
/// by hand, writes it wrong.
fn doubt(head: &Head) -> Option<String> {
    let column = head.column(|c| c.starts_with("timestamp ("))?;
    let zone = unit(head.columns.get(column)?)?;
    // `2026-11-23T18.05.00.123`
    let (date, clock) = head.first(column)?.split_once('T')?;
    let clock = clock.replacen('.', ":", 2);
    let zone =
        if zone.contains(':') { zone.to_owned() } else { format!("{}:{}", zone.get(..3)?, zone.get(3..)?) };
    let said: jiff::Timestamp = format!("{date}T{clock}{zone}").parse().ok()?;
    let apart = said.as_millisecond() as f64 * 1e-3 - epoch(head)?;
    (apart.abs() > CLOCK_TOLERANCE).then(|| {
        format!(
            "{}: local time and epoch are {apart:.0} s apart, so its time zone is wrong; the epoch is used",
            head.path.display()
        )
    })
}

fn read(files: &[Head]) -> Result<Track, LogError> {
    let of = |part| files.iter().find(|head| claims(head) == Some(part));
    let (acceleration, rate) = match (of(Part::Acceleration), of(Part::Rate)) {
        (Some(acceleration), Some(rate)) => (acceleration, rate),
        (one, other) => {
            let path = one.or(other).map(|head| head.path.clone()).unwrap_or_default();
            let words = ["an accelerometer file", "gyroscope file"];
            let [has, lacks] = if one.is_some() { words } else { ["a gyroscope file", "accelerometer file"] };
            return Err(LogError::Half { path, has, lacks });
        }
    };
    let acc = vectors(acceleration, &[("g", STANDARD_GRAVITY), ("m/s^2", 1.0), ("m/s²", 1.0)], "g or m/s^2")?;
    let gyr = vectors(rate, &[("deg/s", std::f64::consts::PI / 180.0), ("rad/s", 1.0)], "deg/s or rad/s")?;
    let usual = |rows: &[(f64, Vector3<f64>)]| usual_rate(rows.iter().map(|row| row.0));
    let empty = |head: &Head| LogError::Empty { path: head.path.clone() };
    let (acc_rate, gyr_rate) =
        (usual(&acc).ok_or_else(|| empty(acceleration))?, usual(&gyr).ok_or_else(|| empty(rate))?);
    Ok(Track { rate: gyr_rate, samples: together(&acc, &gyr, LONGEST_GAP * acc_rate.interval()) })
}

fn vectors(
    head: &Head,
    units: &[(&str, f64)],
    expected: &'static str,
) -> Result<Vec<(f64, Vector3<f64>)>, LogError> {
    let with = "epoch and three axes";
    let time = time(head).ok_or_else(|| head.missing("epoch (ms)", with))?;
    let axes @ [x, y, z] = axes(head).ok_or_else(|| head.missing("x-axis (unit)", with))?;
    let column = head.columns.get(axes[0]).cloned().unwrap_or_default();
    let written = unit(&column).unwrap_or_default();
    let Some(&(_, scale)) = units.iter().find(|(unit, _)| *unit == written) else {
        return Err(LogError::Unit { path: head.path.clone(), unit: written.to_owned(), column, expected });
    };
    let mut rows = Vec::new();
    head.rows([time, x, y, z], |row| {
        // A row with a hole is a lost sample.
        if let [Some(ms), Some(x), Some(y), Some(z)] = row {
            rows.push((ms * 1e-3, scale * Vector3::new(x, y, z)));
        }
    })?;
    Ok(rows)
}

/// Acceleration at the gyroscope's times; a time that has none on both sides within `gap` is lost.
fn together(acc: &[(f64, Vector3<f64>)], gyr: &[(f64, Vector3<f64>)], gap: f64) -> Vec<Sample> {
    let mut later = acc.iter().zip(acc.iter().skip(1)).peekable();
    let mut samples = Vec::with_capacity(gyr.len());
    for &(t, gyr) in gyr {
        while later.next_if(|(_, after)| after.0 < t).is_some() {}
        if let Some(&(&(t0, a0), &(t1, a1))) = later.peek()
            && t0 <= t
            && t1 - t0 <= gap
        {
            let share = if t1 > t0 { (t - t0) / (t1 - t0) } else { 0.0 };
            samples.push(Sample { t: DeviceTime(t), acc: a0 + share * (a1 - a0), gyr });
        }
    }
    samples
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn acceleration_is_read_off_between_its_samples_and_not_across_gaps() {
        let acc: Vec<_> =
            [0.0, 0.01, 0.02, 0.10, 0.11].map(|t| (t, Vector3::new(100.0 * t, 0.0, 0.0))).into();
        let gyr: Vec<_> = [-0.001, 0.004, 0.02, 0.05, 0.104, 0.2].map(|t| (t, Vector3::y())).into();
        let samples = together(&acc, &gyr, 0.025);
        let got: Vec<_> = samples.iter().map(|s| (s.t.0, (s.acc.x * 1e6).round() / 1e6)).collect();
        assert_eq!(got, [(0.004, 0.4), (0.02, 2.0), (0.104, 10.4)]);
    }
}

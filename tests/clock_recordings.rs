//! Clocks on recorded arrivals: what the sensors measured must lie where the truth has it.

#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test may panic")]

#[expect(dead_code, reason = "each test needs a part of it")]
mod fusion_data;

use nalgebra::{Matrix3, Vector3};
use stancewatch::body::ClockKind;
use stancewatch::clock::SensorClock;
use stancewatch::units::{DeviceTime, Hz, SessionTime};
use std::path::Path;

/// One sensor's angular rate on session time as the clock gives it.
fn aligned(path: &Path) -> (Vec<f64>, Vec<Vector3<f64>>) {
    let rows = fusion_data::table(path);
    let rows: Vec<_> = rows.into_iter().filter(|r| r.iter().all(|v| v.is_finite())).collect();
    let mut intervals: Vec<f64> = rows.windows(2).map(|w| w[1][0] - w[0][0]).collect();
    intervals.sort_by(f64::total_cmp);
    let mut clock = SensorClock::new(ClockKind::Device, Hz(1.0 / intervals[intervals.len() / 2]));
    let mut times = Vec::new();
    for packet in rows.chunk_by(|a, b| (a[1] - b[1]).abs() < 1e-9) {
        clock.arrived(DeviceTime(packet[packet.len() - 1][0]), SessionTime(packet[0][1]));
        times.extend(packet.iter().map(|row| clock.align(DeviceTime(row[0])).0));
    }
    let state = clock.state();
    assert!(state.settled && state.jumps == 0, "{} {state:?}", path.display());
    (times, rows.iter().map(|r| Vector3::from_column_slice(&r[5..8])).collect())
}

/// The component of the angular rate with most motion: flexion, on every leg segment.
fn main_component(rates: &[Vector3<f64>]) -> Vec<f64> {
    let spread: Matrix3<f64> = rates.iter().map(|w| w * w.transpose()).sum();
    let eigen = spread.symmetric_eigen();
    let axis = eigen.eigenvectors.column(eigen.eigenvalues.imax()).into_owned();
    rates.iter().map(|w| w.dot(&axis)).collect()
}

fn at(times: &[f64], values: &[f64], t: f64) -> f64 {
    let after = times.partition_point(|s| *s <= t).clamp(1, times.len() - 1);
    let share = (t - times[after - 1]) / (times[after] - times[after - 1]);
    values[after - 1] + share.clamp(0.0, 1.0) * (values[after] - values[after - 1])
}

/// How much later than `truth` the signal is between two times, s: where they correlate best.
fn lag(times: &[f64], signal: &[f64], truth: &[(f64, f64)], from: f64, to: f64) -> f64 {
    let correlation = |lag: f64| {
        let pairs = truth.iter().filter(|(t, _)| (from..to).contains(t));
        pairs.map(|(t, v)| v * at(times, signal, t + lag)).sum::<f64>().abs()
    };
    let step = 0.004;
    let best = (-15..=15)
        .max_by(|a, b| correlation(f64::from(*a) * step).total_cmp(&correlation(f64::from(*b) * step)));
    let middle = f64::from(best.unwrap()) * step;
    let [a, b, c] = [middle - step, middle, middle + step].map(correlation);
    middle + 0.5 * step * (a - c) / (a - 2.0 * b + c)
}

type Flexion = fn(&[f64]) -> f64;

/// Flexion of thigh and shank in the truth's columns: femur, and femur less knee.
const FLEXION: [(&str, Flexion); 4] = [
    ("LeftThigh", |row| row[7]),
    ("LeftShank", |row| row[7] - row[4]),
    ("RightThigh", |row| row[16]),
    ("RightShank", |row| row[16] - row[13]),
];

#[test]
fn virtual_runners_sensors_agree_with_the_truth_and_each_other() {
    let Some(root) = fusion_data::root() else { return };
    for truth_path in fusion_data::find(&root.join("virtual_running"), "_tracksys-omc_motion.tsv") {
        let name = truth_path.to_str().unwrap();
        let truth = fusion_data::table(&truth_path);
        let end = truth[truth.len() - 1][0];
        for (from, to) in [(30.0, 60.0), (end - 60.0, end - 5.0)] {
            let lags = FLEXION.map(|(sensor, flexion)| {
                let (times, rates) = aligned(name.replace("omc", sensor).as_ref());
                let rate: Vec<(f64, f64)> = truth
                    .windows(2)
                    .map(|w| (0.5 * (w[0][0] + w[1][0]), flexion(&w[1]) - flexion(&w[0])))
                    .filter(|(_, rate)| rate.is_finite())
                    .collect();
                lag(&times, &main_component(&rates), &rate, from, to)
            });
            let (low, high) =
                lags.into_iter().fold((f64::MAX, f64::MIN), |(l, h), lag| (l.min(lag), h.max(lag)));
            println!("{} {from:.0} s: {:.1?} ms", &name[name.rfind('/').unwrap()..], lags.map(|l| l * 1e3));
            // This one's packets, 30 ms each, keep step with 15 ms slots: nobody can see where in a slot.
            let locked = name.contains("rotOver200");
            assert!(high - low < if locked { 0.015 } else { 0.006 }, "{name} {from}: {lags:?}");
        }
    }
}

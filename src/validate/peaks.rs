use super::contacts::pair;
use super::stats;
use crate::body::Side;
use crate::event::{ContactKind, Peaks, Stance};
use crate::source::bids::{AngleSeries, Truth};
use serde::Serialize;

/// How far the peaks of one leg's stances are from the truth, degrees.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PeakError {
    pub side: Side,
    /// `hip_adduction`, `hip_rotation`, `femur_adduction` or `femur_rotation`.
    pub peak: &'static str,
    pub n: usize,
    pub mean_deg: f64,
    pub sd_deg: f64,
    /// Estimate against truth over the stances.
    pub correlation: Option<f64>,
}

/// Name of a peak, the estimate, and the part of stance in which it is looked for. Rotation leaves
/// out the ends as `Peaks` does.
type Quantity = (&'static str, fn(&Peaks) -> Option<f64>, (f64, f64));

const QUANTITIES: [Quantity; 4] = [
    ("hip_adduction", |p| p.hip_adduction, (0.0, 1.0)),
    ("hip_rotation", |p| p.hip_rotation, (0.15, 0.75)),
    ("femur_adduction", |p| p.femur_adduction, (0.0, 1.0)),
    ("femur_rotation", |p| p.femur_rotation, (0.15, 0.75)),
];

/// Compares the valid stances from `from` on with the truth's own stances.
pub(super) fn compare(stances: &[Stance], truth: &Truth, from: f64) -> Vec<PeakError> {
    let mut rows = Vec::new();
    for side in Side::BOTH {
        let actual = windows(truth, side);
        let starts: Vec<f64> = actual.iter().map(|w| w.0).collect();
        let judged: Vec<&Stance> =
            stances.iter().filter(|s| s.side == side && s.valid && s.ic.0 >= from).collect();
        let matches = pair(&starts, &judged.iter().map(|s| s.ic.0).collect::<Vec<_>>());
        for (name, estimate, part) in QUANTITIES {
            let series = truth.angles.iter().find(|a| a.name == format!("{}_{name}", side.name()));
            let pairs: Vec<(f64, f64)> = actual
                .iter()
                .zip(&matches)
                .filter_map(|(window, matched)| {
                    let value = estimate(&judged.get((*matched)?)?.peaks)?;
                    let actual = match series {
                        Some(series) => peak(series, *window, part),
                        None => listed(truth, side, window.0, name),
                    };
                    Some((value.to_degrees(), actual?.to_degrees()))
                })
                .collect();
            rows.extend(row(side, name, &pairs));
        }
    }
    rows
}

fn row(side: Side, peak: &'static str, pairs: &[(f64, f64)]) -> Option<PeakError> {
    let errors: Vec<f64> = pairs.iter().map(|(estimate, actual)| estimate - actual).collect();
    Some(PeakError {
        side,
        peak,
        n: errors.len(),
        mean_deg: stats::mean(&errors)?,
        sd_deg: stats::sd(&errors)?,
        correlation: stats::correlation(pairs),
    })
}

/// The true stances of a leg, from contact to contact; from the list of peaks where no contacts are listed.
fn windows(truth: &Truth, side: Side) -> Vec<(f64, f64)> {
    let mut contacts = truth.contacts.iter().filter(|c| c.side == side).peekable();
    let mut windows = Vec::new();
    while let Some(contact) = contacts.next() {
        if let Some(next) = contacts.peek()
            && contact.kind == ContactKind::Initial
            && next.kind == ContactKind::Terminal
        {
            windows.push((contact.t.0, next.t.0));
        }
    }
    if windows.is_empty() {
        windows.extend(truth.peaks.iter().filter(|p| p.side == side).map(|p| (p.ic.0, p.tc.0)));
    }
    windows
}

/// The largest value of a series within part of a stance.
fn peak(series: &AngleSeries, (ic, tc): (f64, f64), (from, to): (f64, f64)) -> Option<f64> {
    let (begin, end) = (ic + from * (tc - ic), ic + to * (tc - ic));
    let first = series.samples.partition_point(|(t, _)| *t < begin);
    series.samples.get(first..)?.iter().take_while(|(t, _)| *t <= end).map(|(_, v)| *v).max_by(f64::total_cmp)
}

/// What the data set lists for the stance.
fn listed(truth: &Truth, side: Side, ic: f64, name: &str) -> Option<f64> {
    let row = truth.peaks.iter().find(|p| p.side == side && (p.ic.0 - ic).abs() < 0.01)?;
    match name {
        "hip_adduction" => Some(row.hip_adduction),
        "hip_rotation" => Some(row.hip_rotation),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Gait;
    use crate::source::bids::StancePeaks;
    use crate::units::SessionTime;

    fn stance(ic: f64, hip_adduction: f64, hip_rotation: f64, valid: bool) -> Stance {
        Stance {
            side: Side::Right,
            number: 1,
            gait: Gait::Run,
            ic: SessionTime(ic),
            tc: SessionTime(ic + 0.2),
            stride_time: None,
            peaks: Peaks {
                hip_adduction: Some(hip_adduction.to_radians()),
                hip_rotation: Some(hip_rotation.to_radians()),
                ..Peaks::default()
            },
            valid,
            doubt: None,
            decided: SessionTime(ic + 0.3),
            flags: Vec::new(),
        }
    }

    fn truth() -> Truth {
        let peaks = [1.0, 2.0, 3.0].map(|ic| StancePeaks {
            side: Side::Right,
            ic: SessionTime(ic),
            tc: SessionTime(ic + 0.2),
            hip_adduction: 10.0_f64.to_radians(),
            hip_rotation: 5.0_f64.to_radians(),
        });
        Truth { peaks: peaks.to_vec(), ..Truth::default() }
    }

    #[test]
    fn mean_and_spread_of_the_peak_error_over_valid_stances() {
        let stances =
            [stance(1.01, 11.0, 5.0, true), stance(2.0, 13.0, 5.0, true), stance(3.0, 99.0, 5.0, false)];
        let rows = compare(&stances, &truth(), 0.0);
        let row = rows.iter().find(|r| r.peak == "hip_adduction").expect("scored");
        assert_eq!((row.side, row.n), (Side::Right, 2));
        assert!((row.mean_deg - 2.0).abs() < 1e-9 && (row.sd_deg - 1.0).abs() < 1e-9);
        assert_eq!(rows.len(), 2);
    }

    #[test]
    fn a_series_is_searched_in_the_same_part_of_stance_as_ours() {
        let mut truth = truth();
        // A spike of 50 degrees right after contact counts for adduction, not for rotation.
        let samples = |i: u32| (f64::from(i) / 100.0, if i == 101 { 50.0_f64 } else { 4.0 }.to_radians());
        for name in ["right_hip_adduction", "right_hip_rotation"] {
            let samples = (0..400).map(samples).collect();
            truth.angles.push(AngleSeries { name: name.to_owned(), samples });
        }
        let rows = compare(&[stance(1.0, 50.0, 4.0, true)], &truth, 0.0);
        assert!(rows.iter().all(|r| r.mean_deg.abs() < 1e-9), "{rows:?}");
    }
}

use super::contacts::pair;
use super::stats;
use crate::body::Side;
use crate::event::{ContactKind, PeakSigmas, Peaks, Stance};
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
    /// What the stances' own standard deviations say of it: their root mean square.
    pub sigma_deg: Option<f64>,
    /// SD of error over own standard deviation, the leg's mean error removed: 1 where stances know how sure they are.
    pub error_per_sigma: Option<f64>,
    /// Estimate against truth over the stances.
    pub correlation: Option<f64>,
}

/// A peak as a stance has it, and how sure it is. Its name says where the truth shows it.
#[derive(Clone, Copy)]
struct Quantity(&'static str, fn(&Peaks) -> Option<f64>, fn(&PeakSigmas) -> Option<f64>);

const QUANTITIES: [Quantity; 7] = [
    Quantity("hip_adduction", |p| p.hip_adduction, |s| s.hip_adduction),
    Quantity("hip_rotation", |p| p.hip_rotation, |s| s.hip_rotation),
    Quantity("hip_rotation_excursion", |p| p.hip_rotation_excursion, |s| s.hip_rotation_excursion),
    Quantity("femur_adduction", |p| p.femur_adduction, |s| s.femur_adduction),
    Quantity("femur_rotation", |p| p.femur_rotation, |s| s.femur_rotation),
    Quantity("femur_rotation_excursion", |p| p.femur_rotation_excursion, |s| s.femur_rotation_excursion),
    Quantity(PELVIC_DROP, |p| p.pelvic_drop, |s| s.pelvic_drop),
];

const PELVIC_DROP: &str = "pelvic_drop";
/// Less the angle at initial contact.
const EXCURSION: &str = "_excursion";

/// Compares the valid stances from `from` on with the truth's own stances.
pub(super) fn compare(stances: &[Stance], truth: &Truth, from: f64) -> Vec<PeakError> {
    let mut rows = Vec::new();
    for side in Side::BOTH {
        let actual = windows(truth, side);
        let starts: Vec<f64> = actual.iter().map(|w| w.0).collect();
        let judged: Vec<&Stance> =
            stances.iter().filter(|s| s.side == side && s.valid && s.ic.0 >= from).collect();
        let matches = pair(&starts, &judged.iter().map(|s| s.ic.0).collect::<Vec<_>>());
        for quantity in QUANTITIES {
            let Quantity(name, estimate, sigma) = quantity;
            let compared: Vec<Compared> = actual
                .iter()
                .zip(&matches)
                .filter_map(|(window, matched)| {
                    let stance = judged.get((*matched)?)?;
                    Some(Compared {
                        estimate: estimate(&stance.peaks)?.to_degrees(),
                        actual: quantity.actual(truth, side, *window)?.to_degrees(),
                        sigma: sigma(&stance.sigma).map(f64::to_degrees),
                    })
                })
                .collect();
            rows.extend(row(side, name, &compared));
        }
    }
    rows
}

impl Quantity {
    /// What it truly was in the stance, rad.
    fn actual(self, truth: &Truth, side: Side, window: (f64, f64)) -> Option<f64> {
        let angle = self.0.trim_end_matches(EXCURSION);
        let (angle, sign) = if angle == PELVIC_DROP {
            // The other side drops while the pelvis goes up on this one.
            ("pelvis_obliquity".to_owned(), -side.sign())
        } else {
            (format!("{}_{angle}", side.name()), 1.0)
        };
        // Rotation leaves out the ends of stance, as `Peaks` does.
        let part = if angle.ends_with("rotation") { (0.15, 0.75) } else { (0.0, 1.0) };
        match truth.angles.iter().find(|a| a.name == angle) {
            Some(series) if self.0.ends_with(EXCURSION) => {
                Some(peak(series, window, part, sign)? - at_contact(series, window)?)
            }
            Some(series) => peak(series, window, part, sign),
            None => listed(truth, side, window.0, self.0),
        }
    }
}

/// A stance against the truth, degrees.
struct Compared {
    estimate: f64,
    actual: f64,
    sigma: Option<f64>,
}

fn row(side: Side, peak: &'static str, compared: &[Compared]) -> Option<PeakError> {
    let errors: Vec<f64> = compared.iter().map(|c| c.estimate - c.actual).collect();
    let pairs: Vec<(f64, f64)> = compared.iter().map(|c| (c.estimate, c.actual)).collect();
    let mean = stats::mean(&errors)?;
    let sigmas: Vec<f64> = compared.iter().filter_map(|c| c.sigma).collect();
    let per_sigma: Vec<f64> =
        compared.iter().zip(&errors).filter_map(|(c, error)| Some((error - mean) / c.sigma?)).collect();
    Some(PeakError {
        side,
        peak,
        n: errors.len(),
        mean_deg: mean,
        sd_deg: stats::sd(&errors)?,
        sigma_deg: stats::rms(&sigmas),
        error_per_sigma: stats::rms(&per_sigma),
        correlation: stats::correlation(&pairs),
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

/// The largest value of a series, or of its opposite, within part of a stance.
fn peak(series: &AngleSeries, (ic, tc): (f64, f64), (from, to): (f64, f64), sign: f64) -> Option<f64> {
    let (begin, end) = (ic + from * (tc - ic), ic + to * (tc - ic));
    let first = series.samples.partition_point(|(t, _)| *t < begin);
    let within = series.samples.get(first..)?.iter().take_while(|(t, _)| *t <= end);
    within.map(|(_, v)| sign * v).max_by(f64::total_cmp)
}

fn at_contact(series: &AngleSeries, (ic, tc): (f64, f64)) -> Option<f64> {
    let first = series.samples.partition_point(|(t, _)| *t < ic);
    series.samples.get(first).filter(|(t, _)| *t <= tc).map(|(_, v)| *v)
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
            sigma: PeakSigmas { hip_adduction: Some(0.5_f64.to_radians()), ..PeakSigmas::default() },
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
        // Each is a degree from the mean of both and says half a degree of itself.
        assert!((row.sigma_deg.expect("told") - 0.5).abs() < 1e-9);
        assert!((row.error_per_sigma.expect("told") - 2.0).abs() < 1e-9);
    }

    #[test]
    fn an_excursion_counts_from_contact_and_a_drop_is_the_other_sides() {
        let series = |name: &str, value: fn(f64) -> f64| AngleSeries {
            name: name.to_owned(),
            samples: (0..400).map(|i| f64::from(i) / 100.0).map(|t| (t, value(t).to_radians())).collect(),
        };
        let truth = Truth {
            angles: vec![
                series("right_femur_rotation", |t| 2.0 + 20.0 * (t - 1.0)),
                series("pelvis_obliquity", |t| if t < 1.1 { -3.0 } else { 1.0 }),
            ],
            ..truth()
        };
        let mut stance = stance(1.0, 0.0, 0.0, true);
        stance.peaks = Peaks {
            femur_rotation_excursion: Some(3.0_f64.to_radians()),
            pelvic_drop: Some(3.0_f64.to_radians()),
            ..Peaks::default()
        };
        let rows = compare(&[stance], &truth, 0.0);
        assert_eq!(rows.len(), 2, "{rows:?}");
        assert!(rows.iter().all(|r| r.mean_deg.abs() < 1e-9), "{rows:?}");
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

use super::RecordingReport;
use super::alerts::{self, AlertSummary};
use super::contacts::ContactError;
use super::stats;
use super::timing::{self, Timed, Timing};
use crate::body::Side;
use serde::Serialize;
use std::collections::BTreeMap;

/// Over all recordings and legs of a data set.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Summary {
    pub angles: Vec<AngleSummary>,
    pub peaks: Vec<PeakSummary>,
    pub contacts: Vec<ContactSummary>,
    /// Each leg by itself.
    pub contacts_by_side: Vec<SideSummary>,
    /// The same people less those that were named: where a reference is doubted.
    pub contacts_without: Option<Without>,
    pub orientations: Vec<OrientationSummary>,
    pub alerts: Option<AlertSummary>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AngleSummary {
    /// Without the side.
    pub angle: String,
    pub legs: usize,
    pub valid_pct: Option<f64>,
    pub rmse_deg: Option<f64>,
    pub rmse_offset_free_deg: Option<f64>,
    pub worst_rmse_offset_free_deg: Option<f64>,
    /// The largest of any leg, without its sign.
    pub worst_drift_deg: Option<f64>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PeakSummary {
    pub peak: &'static str,
    pub legs: usize,
    pub stances: usize,
    pub sd_deg: Option<f64>,
    pub worst_sd_deg: Option<f64>,
    /// What the stances' own standard deviations say: mean over legs.
    pub sigma_deg: Option<f64>,
    /// Error over own standard deviation, each leg's mean error removed: SD over all stances, and the least and the most
    /// of a leg.
    pub error_per_sigma: Option<f64>,
    pub least_error_per_sigma: Option<f64>,
    pub most_error_per_sigma: Option<f64>,
    pub mean_abs_deg: Option<f64>,
}

/// Both legs together.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ContactSummary {
    pub kind: &'static str,
    pub gait: String,
    #[serde(flatten)]
    pub timing: Timing,
    /// Mean absolute error, ms, with the constant of each person taken from the others only, the clocks'
    /// constants removed; `None` with one person.
    pub mae_left_out_ms: Option<f64>,
}

/// One leg over all recordings.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SideSummary {
    pub side: Side,
    #[serde(flatten)]
    pub contact: ContactSummary,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Without {
    pub people: Vec<String>,
    pub contacts: Vec<ContactSummary>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OrientationSummary {
    pub tracked_point: String,
    pub recordings: usize,
    pub total_deg: Option<f64>,
    pub worst_total_deg: Option<f64>,
    pub heading_deg: Option<f64>,
    pub inclination_deg: Option<f64>,
}

impl Summary {
    /// `without`: people without whom the contacts are summed up once more.
    pub(super) fn of(reports: &[RecordingReport], without: &[String]) -> Self {
        let by_side = Side::BOTH.into_iter().flat_map(|side| {
            let of_side = contacts(reports, |_, c| c.side == side);
            of_side.into_iter().map(move |contact| SideSummary { side, contact })
        });
        Self {
            angles: angles(reports),
            peaks: peaks(reports),
            contacts: contacts(reports, |_, _| true),
            contacts_by_side: by_side.collect(),
            contacts_without: (!without.is_empty()).then(|| Without {
                people: without.to_vec(),
                contacts: contacts(reports, |name, _| !without.iter().any(|w| w == person(name))),
            }),
            orientations: orientations(reports),
            alerts: alerts::summary(reports.iter().filter_map(|r| r.alerts.as_ref())),
        }
    }
}

/// Rows that share a key, in order of the key.
fn group<'a, T, K: Ord>(
    rows: impl Iterator<Item = &'a T>,
    key: impl Fn(&'a T) -> K,
) -> BTreeMap<K, Vec<&'a T>> {
    let mut groups: BTreeMap<K, Vec<&T>> = BTreeMap::new();
    for row in rows {
        groups.entry(key(row)).or_default().push(row);
    }
    groups
}

fn values<T>(rows: &[&T], value: impl Fn(&T) -> Option<f64>) -> Vec<f64> {
    rows.iter().filter_map(|r| value(r)).collect()
}

fn largest(values: &[f64]) -> Option<f64> {
    values.iter().map(|v| v.abs()).max_by(f64::total_cmp)
}

fn without_side(name: &str) -> &str {
    name.strip_prefix("left_").or_else(|| name.strip_prefix("right_")).unwrap_or(name)
}

fn angles(reports: &[RecordingReport]) -> Vec<AngleSummary> {
    group(reports.iter().flat_map(|r| &r.angles), |a| without_side(&a.angle))
        .into_iter()
        .map(|(angle, rows)| {
            let free = values(&rows, |r| r.rmse_offset_free_deg);
            AngleSummary {
                angle: angle.to_owned(),
                legs: rows.len(),
                valid_pct: stats::mean(&values(&rows, |r| Some(r.valid_pct))),
                rmse_deg: stats::mean(&values(&rows, |r| r.rmse_deg)),
                rmse_offset_free_deg: stats::mean(&free),
                worst_rmse_offset_free_deg: largest(&free),
                worst_drift_deg: largest(&values(&rows, |r| r.drift_deg)),
            }
        })
        .collect()
}

fn peaks(reports: &[RecordingReport]) -> Vec<PeakSummary> {
    group(reports.iter().flat_map(|r| &r.peaks), |p| p.peak)
        .into_iter()
        .map(|(peak, rows)| {
            let sds = values(&rows, |r| Some(r.sd_deg));
            let per_sigma = values(&rows, |r| r.error_per_sigma);
            let (stances, squares) = rows
                .iter()
                .filter_map(|r| Some((r.n as f64, r.error_per_sigma?)))
                .fold((0.0, 0.0), |(stances, sum), (n, z)| (stances + n, sum + n * z * z));
            PeakSummary {
                peak,
                legs: rows.len(),
                stances: rows.iter().map(|r| r.n).sum(),
                sd_deg: stats::mean(&sds),
                worst_sd_deg: largest(&sds),
                sigma_deg: stats::mean(&values(&rows, |r| r.sigma_deg)),
                error_per_sigma: (stances > 0.0).then(|| (squares / stances).sqrt()),
                least_error_per_sigma: per_sigma.iter().copied().min_by(f64::total_cmp),
                most_error_per_sigma: per_sigma.iter().copied().max_by(f64::total_cmp),
                mean_abs_deg: stats::mean(&values(&rows, |r| Some(r.mean_deg.abs()))),
            }
        })
        .collect()
}

/// Those of the recording with that name that are `wanted`.
fn contacts(
    reports: &[RecordingReport],
    wanted: impl Fn(&str, &ContactError) -> bool,
) -> Vec<ContactSummary> {
    let mut groups: BTreeMap<(&'static str, &str), BTreeMap<&str, Timed>> = BTreeMap::new();
    for report in reports {
        for contact in report.contacts.iter().filter(|c| wanted(&report.name, c)) {
            let people = groups.entry((contact.kind, contact.gait.as_str())).or_default();
            people.entry(person(&report.name)).or_default().add(&contact.timed);
        }
    }
    groups
        .into_iter()
        .map(|((kind, gait), people)| {
            let people: Vec<Timed> = people.into_values().collect();
            let mut all = Timed::default();
            for one in &people {
                all.add(one);
            }
            ContactSummary {
                kind,
                gait: gait.to_owned(),
                timing: all.timing(),
                mae_left_out_ms: timing::left_out_mae_ms(&people),
            }
        })
        .collect()
}

/// Recordings of Motion-BIDS begin with the person.
pub(super) fn person(recording: &str) -> &str {
    recording.split('_').next().unwrap_or(recording)
}

fn orientations(reports: &[RecordingReport]) -> Vec<OrientationSummary> {
    group(reports.iter().flat_map(|r| &r.orientations), |o| o.tracked_point.as_str())
        .into_iter()
        .map(|(point, rows)| {
            let totals = values(&rows, |r| Some(r.total_deg));
            OrientationSummary {
                tracked_point: point.to_owned(),
                recordings: rows.len(),
                total_deg: stats::mean(&totals),
                worst_total_deg: largest(&totals),
                heading_deg: stats::mean(&values(&rows, |r| Some(r.heading_deg))),
                inclination_deg: stats::mean(&values(&rows, |r| Some(r.inclination_deg))),
            }
        })
        .collect()
}

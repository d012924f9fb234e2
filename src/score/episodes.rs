//! Faults that were found, and at what price: the curve over the limits.

use super::plan::Kind;
use super::session::Session;
use crate::event::{Alert, Event, Rule};
use crate::flag::{Change, ConfigError, FlagConfig};
use crate::source::synthetic::EpisodeKind;
use serde::Serialize;
use std::collections::BTreeMap;

/// A fault has to be found within so many stances of its leg.
const WITHIN: usize = 8;
/// A verdict follows its stance by less than this, s.
const DECISION_S: f64 = 0.4;
/// Limits of adduction on the curve: amber, degrees.
const LIMITS: [f64; 6] = [1.0, 1.5, 2.0, 2.5, 3.0, 4.0];

/// One episode.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found {
    kind: EpisodeKind,
    degrees: f64,
    pelvis: bool,
    /// Stances of the leg from the first with the fault to the alert.
    strides: Option<usize>,
    /// A rule that named the other leg meanwhile.
    wrong_leg: Option<&'static str>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EpisodeScore {
    /// `adduction` (of the hip) or `rotation`.
    pub kind: &'static str,
    pub degrees: f64,
    /// With a sacral sensor; without one only the femur's share of a hip adduction is seen, 0.55 of it.
    pub pelvis: bool,
    pub episodes: u32,
    pub found: u32,
    pub found_percent: f64,
    /// Median, stances of the leg.
    pub strides: Option<usize>,
    /// Episodes in which an alert that began in them named the other leg.
    pub wrong_leg: u32,
    /// Of these, by rule.
    pub wrong_rules: BTreeMap<&'static str, u32>,
}

/// Hit rate against false alerts for one limit of adduction, its red 2 degrees above.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RocPoint {
    pub pelvis: bool,
    pub amber_deg: f64,
    pub found_3_percent: f64,
    pub found_5_percent: f64,
    /// Adduction alerts per hour and leg in clean running.
    pub false_per_hour: f64,
}

#[derive(Debug, Clone)]
pub(super) struct RocCount {
    pelvis: bool,
    amber_deg: f64,
    found: Vec<Found>,
    false_alerts: u32,
    leg_hours: f64,
}

/// Each episode of a session, by the alerts given.
pub(super) fn found(session: &Session, alerts: &[Alert]) -> Vec<Found> {
    let of = |e: &crate::source::synthetic::Episode| {
        let start = session.from + e.start_s;
        let faulty = || session.stances.iter().filter(|s| s.side == e.side && s.ic >= start);
        let end = faulty().nth(WITHIN - 1).map_or(f64::NEG_INFINITY, |s| s.tc + DECISION_S);
        let meant = |rule| match e.kind {
            EpisodeKind::Adduction => matches!(rule, Rule::HipAdduction | Rule::FemurAdduction),
            EpisodeKind::Rotation => rule == Rule::MedialRotation,
        };
        let hit = alerts
            .iter()
            .filter(|a| a.side == e.side && meant(a.rule) && (start..end).contains(&a.decided.0))
            .map(|a| a.decided.0)
            .reduce(f64::min);
        let over = start + e.duration_s + e.ramp_s;
        Found {
            kind: e.kind,
            degrees: e.degrees,
            pelvis: session.plan.runner.pelvis_sensor,
            strides: hit.map(|t| faulty().filter(|s| s.decided <= t).count()),
            wrong_leg: alerts
                .iter()
                .find(|a| a.side != e.side && a.onset.0 >= start && a.decided.0 < over)
                .map(|a| a.rule.name()),
        }
    };
    session.plan.runner.episodes.iter().map(of).collect()
}

pub(super) fn sum<'a>(found: impl Iterator<Item = &'a Found>) -> Vec<EpisodeScore> {
    let found: Vec<&Found> = found.collect();
    let mut rows = Vec::new();
    for pelvis in [true, false] {
        for (kind, degrees) in
            [(EpisodeKind::Adduction, 5.0), (EpisodeKind::Adduction, 3.0), (EpisodeKind::Rotation, 8.0)]
        {
            let mine: Vec<&&Found> = found
                .iter()
                .filter(|f| (f.kind, f.pelvis) == (kind, pelvis) && (f.degrees - degrees).abs() < 1e-9)
                .collect();
            let mut strides: Vec<usize> = mine.iter().filter_map(|f| f.strides).collect();
            strides.sort_unstable();
            let mut wrong_rules = BTreeMap::new();
            for rule in mine.iter().filter_map(|f| f.wrong_leg) {
                *wrong_rules.entry(rule).or_default() += 1;
            }
            rows.push(EpisodeScore {
                kind: match kind {
                    EpisodeKind::Adduction => "adduction",
                    EpisodeKind::Rotation => "rotation",
                },
                degrees,
                pelvis,
                episodes: mine.len() as u32,
                found: strides.len() as u32,
                found_percent: percent(strides.len(), mine.len()),
                strides: strides.get(strides.len() / 2).copied(),
                wrong_leg: wrong_rules.values().sum(),
                wrong_rules,
            });
        }
    }
    rows.retain(|row| row.episodes > 0);
    rows
}

/// What the product promises for an episode, percent found.
pub(super) fn target_percent(kind: &str, degrees: f64) -> f64 {
    match kind {
        "adduction" if degrees < 4.0 => 80.0,
        "adduction" => 95.0,
        _ => 90.0,
    }
}

fn percent(part: usize, of: usize) -> f64 {
    100.0 * part as f64 / of.max(1) as f64
}

/// The session judged again with every limit of the curve.
pub(super) fn roc(session: &Session, config: &FlagConfig) -> Result<Vec<RocCount>, ConfigError> {
    let mut counts = Vec::new();
    for amber_deg in LIMITS {
        let limit = |change: Change| Change { amber_deg, red_deg: amber_deg + 2.0, ..change };
        let mut config = FlagConfig {
            hip_adduction: limit(config.hip_adduction),
            femur_adduction: limit(config.femur_adduction),
            ..config.clone()
        };
        // The limit itself is on the axis, not the spread of the leg.
        config.decision.amber_sd = 1.0;
        config.decision.red_sd = 1.0;
        let raised: Vec<Alert> = session
            .story
            .judge(&config, None)?
            .into_iter()
            .filter_map(|event| match event {
                Event::Alert(a) if a.cleared.is_none() && is_adduction(a.rule) => Some(a),
                _ => None,
            })
            .collect();
        let clean = session.plan.kind == Kind::Clean;
        let mut numbers: Vec<u32> = raised.iter().map(|a| a.number).collect();
        numbers.sort_unstable();
        numbers.dedup();
        counts.push(RocCount {
            pelvis: session.plan.runner.pelvis_sensor,
            amber_deg,
            found: found(session, &raised),
            false_alerts: if clean { numbers.len() as u32 } else { 0 },
            leg_hours: if clean { session.judged_hours() } else { 0.0 },
        });
    }
    Ok(counts)
}

fn is_adduction(rule: Rule) -> bool {
    matches!(rule, Rule::HipAdduction | Rule::FemurAdduction)
}

pub(super) fn curve<'a>(counts: impl Iterator<Item = &'a RocCount>) -> Vec<RocPoint> {
    let counts: Vec<&RocCount> = counts.collect();
    let mut points = Vec::new();
    for pelvis in [true, false] {
        for amber_deg in LIMITS {
            let mine =
                || counts.iter().filter(|c| c.pelvis == pelvis && (c.amber_deg - amber_deg).abs() < 1e-9);
            let hits = |degrees: f64| {
                let of = mine()
                    .flat_map(|c| &c.found)
                    .filter(|f| f.kind == EpisodeKind::Adduction && (f.degrees - degrees).abs() < 1e-9);
                let (hits, all) = of.fold((0, 0), |(h, n), f| (h + usize::from(f.strides.is_some()), n + 1));
                percent(hits, all)
            };
            let hours: f64 = mine().map(|c| c.leg_hours).sum();
            let alerts: u32 = mine().map(|c| c.false_alerts).sum();
            points.push(RocPoint {
                pelvis,
                amber_deg,
                found_3_percent: hits(3.0),
                found_5_percent: hits(5.0),
                false_per_hour: if hours > 0.0 { f64::from(alerts) / hours } else { 0.0 },
            });
        }
    }
    points
}

//! Alerts against the faults that a data set says it has.

use crate::body::Side;
use crate::event::{Alert, Rule};
use crate::source::bids::{Episode, Truth};
use serde::Serialize;

/// An alert may follow its fault by this and still belong to it, s: the last count and its decision.
const AFTER: f64 = 5.0;
/// A fault of one stride is a decoy: nothing lasting, and no alert is wanted. Longest, s.
const DECOY: f64 = 1.0;

/// One episode.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EpisodeReport {
    /// As the data set has it: `episode_adduction`, `episode_rotation`.
    pub kind: String,
    /// As the data set has it, such as `5:step`: degrees and shape.
    pub value: String,
    pub side: Side,
    pub begin_s: f64,
    pub end_s: f64,
    /// A single stride that must raise nothing.
    pub decoy: bool,
    /// The rule that found it first.
    pub rule: Option<Rule>,
    /// From its begin to that alert, s.
    pub delay_s: Option<f64>,
    /// The same in stances of the leg; `None` where the data set lists no stances.
    pub delay_strides: Option<usize>,
}

/// An alert that no episode explains.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct FalseAlert {
    pub rule: Rule,
    pub side: Side,
    pub decided_s: f64,
    pub value_deg: f64,
    pub threshold_deg: f64,
    /// An episode of the other leg ran.
    pub other_leg: bool,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct AlertReport {
    pub episodes: Vec<EpisodeReport>,
    pub false_alerts: Vec<FalseAlert>,
}

/// Over all recordings whose truth is known stance by stance.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AlertSummary {
    /// Without the decoys.
    pub episodes: usize,
    pub found: usize,
    pub found_pct: Option<f64>,
    pub decoys: usize,
    pub false_alerts: usize,
    /// Of these, while an episode of the other leg ran.
    pub other_leg: usize,
    /// Median over those found.
    pub delay_strides: Option<usize>,
}

/// `None` where the data set says nothing about faults: there an alert is neither right nor wrong.
pub(super) fn compare(alerts: &[Alert], truth: &Truth) -> Option<AlertReport> {
    if truth.peaks.is_empty() && truth.episodes.is_empty() {
        return None;
    }
    let episodes = truth.episodes.iter().map(|e| episode(e, alerts, truth)).collect();
    let running =
        |a: &Alert, e: &Episode| (e.begin.0..e.end.0 + AFTER).contains(&a.decided.0) && !is_decoy(e);
    let explained = |a: &Alert| truth.episodes.iter().any(|e| e.side == a.side && running(a, e));
    let false_alerts = alerts
        .iter()
        .filter(|a| !explained(a))
        .map(|a| FalseAlert {
            rule: a.rule,
            side: a.side,
            decided_s: a.decided.0,
            value_deg: a.value.to_degrees(),
            threshold_deg: a.threshold.to_degrees(),
            other_leg: truth.episodes.iter().any(|e| e.side != a.side && running(a, e)),
        })
        .collect();
    Some(AlertReport { episodes, false_alerts })
}

fn is_decoy(episode: &Episode) -> bool {
    episode.end - episode.begin < DECOY
}

fn episode(e: &Episode, alerts: &[Alert], truth: &Truth) -> EpisodeReport {
    let (begin, end) = (e.begin.0, e.end.0);
    let first = alerts
        .iter()
        .filter(|a| a.side == e.side && finds(&e.name, a.rule))
        .filter(|a| (begin..end + AFTER).contains(&a.decided.0))
        .min_by(|a, b| a.decided.0.total_cmp(&b.decided.0));
    let strides = first.filter(|_| !truth.peaks.is_empty()).map(|a| {
        let of_leg = truth.peaks.iter().filter(|p| p.side == e.side);
        of_leg.filter(|p| p.ic.0 >= begin && p.tc.0 <= a.decided.0).count()
    });
    EpisodeReport {
        kind: e.name.clone(),
        value: e.value.clone(),
        side: e.side,
        begin_s: begin,
        end_s: end,
        decoy: is_decoy(e),
        rule: first.map(|a| a.rule),
        delay_s: first.map(|a| a.decided.0 - begin),
        delay_strides: strides,
    }
}

/// Whether an alert of a rule names that fault. A slow one is also found as a trend.
fn finds(episode: &str, rule: Rule) -> bool {
    match episode {
        "episode_adduction" => matches!(
            rule,
            Rule::HipAdduction | Rule::FemurAdduction | Rule::PelvicDrop | Rule::Asymmetry | Rule::Fatigue
        ),
        "episode_rotation" => rule == Rule::MedialRotation,
        _ => false,
    }
}

/// `None` when no recording has faults listed.
pub(super) fn summary<'a>(reports: impl Iterator<Item = &'a AlertReport>) -> Option<AlertSummary> {
    let reports: Vec<_> = reports.collect();
    let episodes = || reports.iter().flat_map(|r| &r.episodes).filter(|e| !e.decoy);
    let false_alerts = || reports.iter().flat_map(|r| &r.false_alerts);
    let (all, found) = (episodes().count(), episodes().filter(|e| e.rule.is_some()).count());
    let mut strides: Vec<usize> = episodes().filter_map(|e| e.delay_strides).collect();
    strides.sort_unstable();
    (!reports.is_empty()).then(|| AlertSummary {
        episodes: all,
        found,
        found_pct: (all > 0).then(|| 100.0 * found as f64 / all as f64),
        decoys: reports.iter().flat_map(|r| &r.episodes).filter(|e| e.decoy).count(),
        false_alerts: false_alerts().count(),
        other_leg: false_alerts().filter(|a| a.other_leg).count(),
        delay_strides: strides.get(strides.len() / 2).copied(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Basis, Severity};
    use crate::source::bids::StancePeaks;
    use crate::units::SessionTime;

    fn alert(rule: Rule, side: Side, decided: f64) -> Alert {
        Alert {
            number: 1,
            rule,
            side,
            severity: Severity::Amber,
            onset: SessionTime(decided - 3.0),
            decided: SessionTime(decided),
            cleared: None,
            value: 0.2,
            threshold: 0.1,
            strides: 4,
            basis: Basis::Baseline,
        }
    }

    fn truth() -> Truth {
        let episode = |name: &str, side, begin: f64, end: f64| Episode {
            name: name.to_owned(),
            side,
            begin: SessionTime(begin),
            end: SessionTime(end),
            value: "5:step".to_owned(),
        };
        let stance = |k: u32| StancePeaks {
            side: Side::Left,
            ic: SessionTime(f64::from(k)),
            tc: SessionTime(f64::from(k) + 0.3),
            hip_adduction: 0.2,
            hip_rotation: 0.1,
        };
        Truth {
            episodes: vec![
                episode("episode_adduction", Side::Left, 100.0, 120.0),
                episode("episode_rotation", Side::Right, 150.0, 170.0),
                episode("episode_adduction", Side::Left, 200.0, 200.2),
            ],
            peaks: (0..250).map(stance).collect(),
            ..Truth::default()
        }
    }

    #[test]
    fn a_fault_is_found_by_its_rule_on_its_leg_and_counted_in_strides() {
        let alerts =
            [alert(Rule::FemurAdduction, Side::Left, 105.4), alert(Rule::HipAdduction, Side::Right, 160.0)];
        let report = compare(&alerts, &truth()).unwrap();
        assert_eq!(
            (report.episodes[0].rule, report.episodes[0].delay_strides),
            (Some(Rule::FemurAdduction), Some(6))
        );
        // A rotation is not found by adduction, but such an alert is not called false either.
        assert_eq!(report.episodes[1].rule, None);
        assert!(report.false_alerts.is_empty());
        let summary = summary([&report].into_iter()).unwrap();
        assert_eq!((summary.episodes, summary.found, summary.decoys), (2, 1, 1));
    }

    #[test]
    fn an_alert_on_the_other_leg_outside_or_on_a_decoy_is_false() {
        let alerts = [
            alert(Rule::HipAdduction, Side::Right, 110.0),
            alert(Rule::HipAdduction, Side::Left, 50.0),
            alert(Rule::HipAdduction, Side::Left, 201.0),
        ];
        let report = compare(&alerts, &truth()).unwrap();
        let other: Vec<bool> = report.false_alerts.iter().map(|a| a.other_leg).collect();
        assert_eq!(other, [true, false, false]);
        assert!(report.episodes[2].decoy);
    }

    #[test]
    fn a_data_set_without_faults_or_stances_is_not_scored() {
        assert_eq!(compare(&[alert(Rule::HipAdduction, Side::Left, 50.0)], &Truth::default()), None);
    }
}

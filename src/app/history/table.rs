//! What is kept, as text for a terminal.

use crate::body::Side;
use crate::review::Review;
use crate::store::{Runner, Session, TrendPoint};
use std::fmt::Write;

fn columns(head: &[&str], rows: &[Vec<String>]) -> String {
    let width = |place: usize| {
        let cells = rows.iter().filter_map(|row| row.get(place)).map(|cell| cell.chars().count());
        cells.chain(head.get(place).map(|h| h.chars().count())).max().unwrap_or(0)
    };
    let widths: Vec<_> = (0..head.len()).map(width).collect();
    let mut out = String::new();
    let head: Vec<_> = head.iter().map(|&h| h.to_owned()).collect();
    for row in std::iter::once(&head).chain(rows) {
        let cells = row.iter().zip(&widths).map(|(cell, &width)| format!("{cell:width$}"));
        let line = cells.collect::<Vec<_>>().join("  ");
        let _ = writeln!(out, "{}", line.trim_end());
    }
    out
}

/// Minutes and seconds.
fn clock(seconds: f64) -> String {
    let all = seconds.max(0.0) as u64;
    format!("{}:{:02}", all / 60, all % 60)
}

fn or_dash(text: Option<&str>) -> String {
    // A line of a table stays a line.
    text.map_or("-".to_owned(), |text| text.split_whitespace().collect::<Vec<_>>().join(" "))
}

pub(super) fn sessions(sessions: &[Session]) -> String {
    let rows: Vec<_> = sessions
        .iter()
        .map(|s| {
            let state = match (s.end_s, s.complete) {
                (None, _) => "runs, or was cut short".to_owned(),
                (_, false) => "not all of it".to_owned(),
                _ => s.duration_s().map_or_else(|| "-".to_owned(), clock),
            };
            vec![
                s.id.clone(),
                s.runner_name.clone(),
                state,
                s.stances.to_string(),
                s.alerts.to_string(),
                s.pain.map_or("-".to_owned(), |pain| pain.to_string()),
                or_dash(s.shoes.as_deref()),
                or_dash(s.surface.as_deref()),
                or_dash(s.notes.as_deref()).chars().take(40).collect(),
            ]
        })
        .collect();
    columns(&["id", "runner", "min:s", "stances", "alerts", "pain", "shoes", "surface", "note"], &rows)
}

pub(super) fn runners(runners: &[Runner]) -> String {
    let rows: Vec<_> = runners
        .iter()
        .map(|r| {
            vec![
                r.id.to_string(),
                r.pseudonym.clone(),
                or_dash(r.name.as_deref()),
                r.sessions.to_string(),
                if r.deleted.is_some() {
                    "deleted"
                } else if r.current {
                    "runs now"
                } else {
                    ""
                }
                .to_owned(),
                or_dash(r.consent.as_deref()),
            ]
        })
        .collect();
    columns(&["id", "pseudonym", "name", "sessions", "", "consent"], &rows)
}

fn figure(value: Option<f64>) -> String {
    value.map_or("-".to_owned(), |v| format!("{v:.1}"))
}

pub(super) fn review(review: &Review) -> String {
    let mut out = sessions(std::slice::from_ref(&review.session));
    let rows: Vec<_> = review
        .quantities
        .iter()
        .map(|q| {
            let mut row = vec![q.quantity.plain.to_owned(), q.quantity.unit.to_owned()];
            for side in Side::BOTH {
                let leg = q.leg(side);
                row.push(format!("{} +- {}", figure(leg.mean), figure(leg.sd)));
                row.push(leg.usual.map_or("-".to_owned(), |u| format!("{:.1} +- {:.1}", u.mean, u.sd)));
                row.push(leg.trend.map_or("-".to_owned(), |t| {
                    format!("{:+.1} ({:+.1}..{:+.1})", t.per_10_min, t.low, t.high)
                }));
            }
            row.push(q.difference.map_or("-".to_owned(), |d| format!("{d:+.1}")));
            row
        })
        .collect();
    let head = ["", "unit", "left", "usual", "per 10 min", "right", "usual", "per 10 min", "left - right"];
    let _ = write!(out, "\n{}", columns(&head, &rows));
    let grade = review.grade_reason.as_deref().unwrap_or("there was no calibration");
    let _ = writeln!(out, "\ncalibration: {} {grade}", review.grade.as_deref().unwrap_or("-"));
    for (reason, stances) in &review.withheld {
        let _ = writeln!(out, "not judged: {stances} stances, {reason}");
    }
    out
}

pub(super) fn trends(points: &[TrendPoint]) -> String {
    let rows: Vec<_> = points
        .iter()
        .map(|p| {
            vec![
                p.session.clone(),
                p.side.clone(),
                p.stances.to_string(),
                figure(p.hip_adduction_deg),
                figure(p.femur_adduction_deg),
                figure(p.medial_rotation_deg),
                figure(p.pelvic_drop_deg),
                figure(p.knee_valgus_deg),
                figure(p.contact_ms),
                figure(p.cadence_spm),
                p.pain.map_or("-".to_owned(), |pain| pain.to_string()),
            ]
        })
        .collect();
    let head = [
        "session",
        "side",
        "stances",
        "hip add",
        "femur add",
        "turns in",
        "hip drop",
        "valgus",
        "ground ms",
        "steps/min",
        "pain",
    ];
    columns(&head, &rows)
}

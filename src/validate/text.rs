use super::{RecordingReport, Report};
use std::fmt::Write;

/// A table with its heading, as plain cells: the terminal and the page lay it out in their own way.
pub(super) struct Table {
    pub(super) title: &'static str,
    pub(super) head: Vec<&'static str>,
    pub(super) rows: Vec<Vec<String>>,
}

const ABSENT: &str = "-";

fn cell(value: impl Into<Option<f64>>, decimals: usize) -> String {
    let Some(value) = value.into() else { return ABSENT.to_owned() };
    let text = format!("{value:.decimals$}");
    // "-0.0" says nothing that "0.0" does not.
    match text.strip_prefix('-') {
        Some(digits) if digits.bytes().all(|b| matches!(b, b'0' | b'.')) => digits.to_owned(),
        _ => text,
    }
}

/// The tables over the whole data set; those without rows are left out.
pub(super) fn summary_tables(report: &Report) -> Vec<Table> {
    let s = &report.summary;
    let angles = s.angles.iter().map(|a| {
        vec![
            a.angle.clone(),
            a.legs.to_string(),
            cell(a.valid_pct, 0),
            cell(a.rmse_deg, 2),
            cell(a.rmse_offset_free_deg, 2),
            cell(a.worst_rmse_offset_free_deg, 2),
            cell(a.worst_drift_deg, 2),
        ]
    });
    let peaks = s.peaks.iter().map(|p| {
        vec![
            p.peak.to_owned(),
            p.legs.to_string(),
            p.stances.to_string(),
            cell(p.sd_deg, 2),
            cell(p.worst_sd_deg, 2),
            cell(p.mean_abs_deg, 2),
        ]
    });
    let contacts = s.contacts.iter().map(|c| {
        vec![
            format!("{} {}", c.kind, c.gait),
            c.listed.to_string(),
            cell(c.found_pct, 1),
            c.missed.to_string(),
            c.false_events.to_string(),
            cell(c.bias_ms, 1),
            cell(c.sd_ms, 1),
            cell(c.mae_ms, 1),
            cell(c.mae_clock_free_ms, 1),
            cell(c.p95_ms, 1),
            cell(c.latency_median_ms, 0),
            cell(c.latency_p95_ms, 0),
        ]
    });
    let orientations = s.orientations.iter().map(|o| {
        vec![
            o.tracked_point.clone(),
            o.recordings.to_string(),
            cell(o.total_deg, 2),
            cell(o.worst_total_deg, 2),
            cell(o.heading_deg, 2),
            cell(o.inclination_deg, 2),
        ]
    });
    let tables = vec![
        Table {
            title: "Angles, degrees: mean over legs",
            head: vec!["angle", "legs", "valid %", "RMSE", "offset-free", "worst leg", "worst drift"],
            rows: angles.collect(),
        },
        Table {
            title: "Peaks within stance, degrees: mean over legs",
            head: vec!["peak", "legs", "stances", "SD", "worst leg", "mean error"],
            rows: peaks.collect(),
        },
        Table {
            title: "Contacts, ms: all legs together",
            head: CONTACT_HEAD.to_vec(),
            rows: contacts.collect(),
        },
        Table {
            title: "Orientation, RMSE in degrees, one heading constant removed: mean over recordings",
            head: vec!["sensor", "recordings", "total", "worst", "heading", "inclination"],
            rows: orientations.collect(),
        },
    ];
    tables.into_iter().filter(|t| !t.rows.is_empty()).collect()
}

const CONTACT_HEAD: [&str; 12] = [
    "contact",
    "listed",
    "found %",
    "missed",
    "false",
    "bias",
    "SD",
    "MAE",
    "clock-free",
    "p95",
    "latency",
    "p95",
];

/// The tables of one recording.
pub(super) fn recording_tables(r: &RecordingReport) -> Vec<Table> {
    let angles = r.angles.iter().map(|a| {
        vec![
            a.angle.clone(),
            a.n.to_string(),
            cell(a.valid_pct, 0),
            cell(a.rmse_deg, 2),
            cell(a.rmse_offset_free_deg, 2),
            cell(a.offset_deg, 2),
            cell(a.correlation, 3),
            cell(a.drift_deg, 2),
            cell(a.drift_deg_per_min, 2),
            a.drift_over.to_owned(),
        ]
    });
    let peaks = r.peaks.iter().map(|p| {
        vec![
            format!("{} {}", p.side, p.peak),
            p.n.to_string(),
            cell(p.mean_deg, 2),
            cell(p.sd_deg, 2),
            cell(p.correlation, 3),
        ]
    });
    let contacts = r.contacts.iter().map(|c| {
        vec![
            format!("{} {} {}", c.side, c.kind, c.gait),
            c.listed.to_string(),
            cell(100.0 * c.found as f64 / c.listed.max(1) as f64, 1),
            c.missed.to_string(),
            c.false_events.to_string(),
            cell(c.bias_ms, 1),
            cell(c.sd_ms, 1),
            cell(c.mae_ms, 1),
            cell(c.mae_clock_free_ms, 1),
            cell(c.p95_ms, 1),
            cell(c.latency_median_ms, 0),
            cell(c.latency_p95_ms, 0),
        ]
    });
    let orientations = r.orientations.iter().map(|o| {
        vec![
            o.tracked_point.clone(),
            o.n.to_string(),
            cell(o.total_deg, 2),
            cell(o.heading_deg, 2),
            cell(o.inclination_deg, 2),
        ]
    });
    let tables = vec![
        Table {
            title: "Angles, degrees",
            head: vec![
                "angle",
                "n",
                "valid %",
                "RMSE",
                "offset-free",
                "offset",
                "corr.",
                "drift",
                "per min",
                "over",
            ],
            rows: angles.collect(),
        },
        Table {
            title: "Peaks within stance, degrees",
            head: vec!["peak", "stances", "mean error", "SD", "corr."],
            rows: peaks.collect(),
        },
        Table { title: "Contacts, ms", head: CONTACT_HEAD.to_vec(), rows: contacts.collect() },
        Table {
            title: "Orientation, RMSE in degrees",
            head: vec!["sensor", "n", "total", "heading", "inclination"],
            rows: orientations.collect(),
        },
    ];
    tables.into_iter().filter(|t| !t.rows.is_empty()).collect()
}

/// What a reader must know about one recording, a line each.
pub(super) fn facts(r: &RecordingReport) -> Vec<String> {
    let mut facts = vec![format!(
        "{} stances, {} valid; angles and peaks scored from {:.1} s on",
        r.stances, r.valid_stances, r.scored_from_s
    )];
    if let Some(c) = &r.calibration {
        facts.push(format!("calibration {:?}: {}", c.grade, c.reason));
    }
    if let Some(constant) = r.clock_constant_ms {
        facts.push(format!(
            "only arrivals tie the clocks: \"clock-free\" is without {} ms",
            cell(constant, 1)
        ));
    }
    if r.angles.is_empty() && r.contacts.is_empty() && r.orientations.is_empty() {
        facts.push("nothing to compare with".to_owned());
    }
    facts.extend(r.health.iter().cloned());
    facts
}

/// The report for a terminal. The many recordings of a large data set are in the JSON and on the page.
pub(super) fn write(report: &Report) -> String {
    let mut out = format!("{}: {} recordings\n", report.data_set, report.recordings.len());
    for table in summary_tables(report) {
        lay_out(&mut out, &table);
    }
    if report.recordings.len() <= DETAILED {
        for r in &report.recordings {
            let _ = write!(out, "\n{}\n", r.name);
            for fact in facts(r) {
                let _ = writeln!(out, "  {fact}");
            }
            for table in recording_tables(r) {
                lay_out(&mut out, &table);
            }
        }
    }
    for failed in &report.failed {
        let _ = write!(out, "\n{} failed: {}\n", failed.name, failed.error);
    }
    out
}

/// Up to this many recordings are listed one by one on a terminal.
const DETAILED: usize = 12;

fn lay_out(out: &mut String, table: &Table) {
    let mut widths: Vec<usize> = table.head.iter().map(|h| h.len()).collect();
    for row in &table.rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.len());
        }
    }
    let _ = write!(out, "\n{}\n", table.title);
    let head: Vec<String> = table.head.iter().map(|h| (*h).to_owned()).collect();
    for row in std::iter::once(&head).chain(&table.rows) {
        for (at, (cell, width)) in row.iter().zip(&widths).enumerate() {
            // Names to the left, numbers to the right.
            let _ = if at == 0 { write!(out, "  {cell:width$}") } else { write!(out, "  {cell:>width$}") };
        }
        out.push('\n');
    }
}

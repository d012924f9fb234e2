use super::alerts::{AlertReport, AlertSummary, EpisodeReport, FalseAlert};
use super::timing::Timing;
use super::{ContactSummary, RecordingReport, Report};
use crate::event::Rule;
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
            cell(p.sigma_deg, 2),
            cell(p.error_per_sigma, 2),
            cell(p.least_error_per_sigma, 2),
            cell(p.most_error_per_sigma, 2),
            cell(p.mean_abs_deg, 2),
        ]
    });
    let contacts = s.contacts.iter().map(|c| contact_cells("", c));
    let by_side = s.contacts_by_side.iter().map(|c| contact_cells(&format!("{} ", c.side), &c.contact));
    let without = s.contacts_without.iter().flat_map(|w| {
        let people = w.people.join(", ");
        w.contacts.iter().map(move |c| contact_cells(&format!("without {people}: "), c))
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
            head: vec![
                "peak",
                "legs",
                "stances",
                "SD",
                "worst leg",
                "own sigma",
                "error / sigma",
                "least leg",
                "most",
                "mean, no sign",
            ],
            rows: peaks.collect(),
        },
        Table {
            title: "Contacts, ms: all legs together",
            head: CONTACT_HEAD.into_iter().chain(["left out"]).collect(),
            rows: contacts.chain(without).collect(),
        },
        Table {
            title: "Contacts, ms: each leg by itself",
            head: CONTACT_HEAD.into_iter().chain(["left out"]).collect(),
            rows: by_side.collect(),
        },
        Table {
            title: "Alerts: episodes of a fault that the data set lists",
            head: vec!["episodes", "found", "%", "strides", "decoys", "false alerts", "of these other leg"],
            rows: alert_summary(s.alerts.as_ref()),
        },
        Table {
            title: "Orientation, RMSE in degrees, one heading constant removed: mean over recordings",
            head: vec!["sensor", "recordings", "total", "worst", "heading", "inclination"],
            rows: orientations.collect(),
        },
    ];
    tables.into_iter().filter(|t| !t.rows.is_empty()).collect()
}

fn alert_summary(summary: Option<&AlertSummary>) -> Vec<Vec<String>> {
    let row = |a: &AlertSummary| {
        vec![
            a.episodes.to_string(),
            a.found.to_string(),
            cell(a.found_pct, 0),
            count(a.delay_strides),
            a.decoys.to_string(),
            a.false_alerts.to_string(),
            a.other_leg.to_string(),
        ]
    };
    summary.map(row).into_iter().collect()
}

fn alert_rows(report: &AlertReport) -> Vec<Vec<String>> {
    let episode = |e: &EpisodeReport| {
        let missed = if e.decoy { "none, as wanted" } else { "missed" };
        vec![
            e.side.to_string(),
            e.kind.clone(),
            e.value.clone(),
            cell(e.begin_s, 1),
            cell(e.end_s, 1),
            e.rule.map_or(missed, Rule::name).to_owned(),
            cell(e.delay_s, 1),
            count(e.delay_strides),
        ]
    };
    let false_alert = |a: &FalseAlert| {
        vec![
            a.side.to_string(),
            if a.other_leg { "false: other leg" } else { "false" }.to_owned(),
            format!("{:.1} over {:.1}", a.value_deg, a.threshold_deg),
            cell(a.decided_s, 1),
            ABSENT.to_owned(),
            a.rule.name().to_owned(),
            ABSENT.to_owned(),
            ABSENT.to_owned(),
        ]
    };
    report.episodes.iter().map(episode).chain(report.false_alerts.iter().map(false_alert)).collect()
}

fn count(n: Option<usize>) -> String {
    n.map_or_else(|| ABSENT.to_owned(), |n| n.to_string())
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

fn contact_cells(before: &str, c: &ContactSummary) -> Vec<String> {
    let mut row = timing_cells(format!("{before}{} {}", c.kind, c.gait), &c.timing);
    row.push(cell(c.mae_left_out_ms, 1));
    row
}

fn timing_cells(name: String, t: &Timing) -> Vec<String> {
    vec![
        name,
        t.listed.to_string(),
        cell(t.found_pct, 1),
        t.missed.to_string(),
        t.false_events.to_string(),
        cell(t.bias_ms, 1),
        cell(t.sd_ms, 1),
        cell(t.mae_ms, 1),
        cell(t.mae_clock_free_ms, 1),
        cell(t.p95_ms, 1),
        cell(t.latency_median_ms, 0),
        cell(t.latency_p95_ms, 0),
    ]
}

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
            cell(p.sigma_deg, 2),
            cell(p.error_per_sigma, 2),
            cell(p.correlation, 3),
        ]
    });
    let contacts =
        r.contacts.iter().map(|c| timing_cells(format!("{} {} {}", c.side, c.kind, c.gait), &c.timing));
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
            head: vec!["peak", "stances", "mean error", "SD", "own sigma", "error / sigma", "corr."],
            rows: peaks.collect(),
        },
        Table { title: "Contacts, ms", head: CONTACT_HEAD.to_vec(), rows: contacts.collect() },
        Table {
            title: "Alerts: episodes of a fault, and alerts that none explains",
            head: vec!["side", "what", "value", "from s", "to s", "alert", "after s", "strides"],
            rows: r.alerts.as_ref().map_or_else(Vec::new, alert_rows),
        },
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
            "only arrivals tie the clocks: \"clock-free\" is without {} ms, angles without {} ms",
            cell(constant, 1),
            cell(r.angle_lag_ms.unwrap_or(0.0), 1)
        ));
    } else if let Some(lag) = r.angle_lag_ms {
        facts.push(format!("the laboratory's clock is its own: angles without {} ms", cell(lag, 1)));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::Side;
    use crate::validate::timing::Timed;
    use crate::validate::{AngleError, CalibrationReport, ContactError, Failed, PeakError, Plot, Summary};

    fn report() -> Report {
        let angle = AngleError {
            angle: "left_hip_adduction".to_owned(),
            n: 9000,
            valid_pct: 97.6,
            rmse_deg: Some(4.126),
            rmse_offset_free_deg: Some(0.871),
            offset_deg: Some(-0.001),
            correlation: Some(0.9876),
            drift_deg: None,
            drift_deg_per_min: None,
            drift_over: "third",
        };
        let peak = PeakError {
            side: Side::Left,
            peak: "hip_adduction",
            n: 240,
            mean_deg: 3.5,
            sd_deg: 0.4,
            sigma_deg: Some(0.5),
            error_per_sigma: Some(0.8),
            correlation: None,
        };
        let mut timed = Timed {
            listed: 4,
            errors: vec![0.001, 0.002, 0.003],
            latencies: vec![0.022, 0.0234, 0.032],
            ..Timed::default()
        };
        timed.free_of(0.002);
        let contact = ContactError {
            side: Side::Left,
            kind: "initial",
            gait: "run".to_owned(),
            timing: timed.timing(),
            timed,
        };
        let recording = RecordingReport {
            name: "sub-1_task-<run>".to_owned(),
            scored_from_s: 60.0,
            stances: 250,
            valid_stances: 240,
            calibration: Some(CalibrationReport {
                grade: crate::event::Grade::B,
                reason: "Good enough.".to_owned(),
            }),
            angles: vec![angle],
            peaks: vec![peak],
            contacts: vec![contact],
            clock_constant_ms: Some(2.0),
            angle_lag_ms: Some(1.5),
            orientations: Vec::new(),
            alerts: None,
            health: vec!["Left thigh lost samples: move the phone closer.".to_owned()],
            plots: vec![Plot {
                title: "left_hip_adduction".to_owned(),
                points: vec![(80.0, 1.0, 2.0), (80.02, 3.0, -1.5)],
            }],
        };
        let recordings = vec![recording];
        Report {
            version: "0",
            data_set: "tiny".to_owned(),
            summary: Summary::of(&recordings, &["sub-2".to_owned()]),
            recordings,
            failed: vec![Failed { name: "sub-2".to_owned(), error: "no such file".to_owned() }],
        }
    }

    #[test]
    fn a_terminal_gets_every_table_and_every_failure() {
        let text = report().text();
        for line in [
            "tiny: 1 recordings",
            "  angle          legs  valid %  RMSE  offset-free  worst leg  worst drift",
            "  hip_adduction     1       98  4.13         0.87       0.87            -",
            "  initial run                      4     75.0       1      0   2.0  0.8  2.0         0.7  2.9       21   29         -",
            "  without sub-2: initial run       4     75.0       1      0   2.0  0.8  2.0         0.7  2.9       21   29         -",
            "  left initial run       4     75.0       1      0   2.0  0.8  2.0         0.7  2.9       21   29         -",
            "  250 stances, 240 valid; angles and peaks scored from 60.0 s on",
            "  calibration B: Good enough.",
            "  only arrivals tie the clocks: \"clock-free\" is without 2.0 ms, angles without 1.5 ms",
            "  Left thigh lost samples: move the phone closer.",
            "  left_hip_adduction  9000       98  4.13         0.87    0.00  0.988      -        -  third",
            "  left hip_adduction      240        3.50  0.40       0.50           0.80      -",
            "  hip_adduction     1      240  0.40       0.40       0.50           0.80       0.80  0.80           3.50",
            "sub-2 failed: no such file",
        ] {
            assert!(text.lines().any(|l| l == line), "`{line}` is not in\n{text}");
        }
    }

    #[test]
    fn json_has_the_same_figures_under_names_with_units() {
        let json: serde_json::Value =
            serde_json::from_str(&report().json().expect("writes")).expect("is JSON");
        let angle = &json["recordings"][0]["angles"][0];
        assert_eq!(angle["rmse_offset_free_deg"], 0.871);
        assert!(angle["drift_deg"].is_null());
        assert_eq!(json["recordings"][0]["contacts"][0]["false"], 0);
        assert_eq!(json["recordings"][0]["calibration"]["grade"], "B");
        assert_eq!(json["summary"]["contacts"][0]["found_pct"], 75.0);
        let left = &json["summary"]["contacts_by_side"][0];
        assert_eq!((&left["side"], &left["missed"]), (&"left".into(), &1.into()));
        assert_eq!(json["summary"]["contacts_without"]["people"][0], "sub-2");
    }

    #[test]
    fn the_page_stands_alone_and_escapes_names() {
        let html = report().html();
        assert!(html.contains("sub-1_task-&lt;run&gt;") && !html.contains("task-<run>"));
        assert!(!html.contains("http") && !html.contains("<script") && !html.contains("<link"));
        // The estimate rises from 1 to 3 degrees between -2 and 3.
        assert!(html.contains("<polyline class=\"left\" points=\"0.0,44.0 300.0,0.0 \"/>"), "{html}");
        assert!(html.contains("<polyline class=\"truth\" points=\"0.0,22.0 300.0,99.0 \"/>"), "{html}");
    }

    #[test]
    fn figures_have_names_that_end_in_their_unit() {
        let figures = report().figures();
        let is = |name: &str, value: f64| (figures[name] - value).abs() < 1e-12;
        assert!(is("summary/angle/hip_adduction/rmse_offset_free_deg", 0.871));
        assert!(is("sub-1_task-<run>/peak/left_hip_adduction/sd_deg", 0.4));
        assert!(is("failed_count", 1.0));
        assert!(
            figures.keys().all(|k| ["_deg", "_ms", "_pct", "_count"].iter().any(|unit| k.ends_with(unit)))
        );
    }
}

use super::Report;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{fmt, fs, io};

/// Figures of an earlier run, and how much worse a later one may be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Baseline {
    #[serde(default)]
    pub tolerance: Tolerance,
    pub figures: BTreeMap<String, f64>,
}

/// A figure is worse when it is beyond the stored one by more than the share and the constant of its
/// unit together. The defaults leave room for rounding on another machine, not for a change that
/// anyone would see (own choice).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Tolerance {
    /// Share of the stored figure; default 0.05.
    pub relative: f64,
    /// Degrees; default 0.05.
    pub deg: f64,
    /// Milliseconds; default 0.5.
    pub ms: f64,
    /// Percent points, without the share above; default 0.5.
    pub pct: f64,
}

impl Default for Tolerance {
    fn default() -> Self {
        Self { relative: 0.05, deg: 0.05, ms: 0.5, pct: 0.5 }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum BaselineError {
    #[error("{}: {error}; check that the folder is there and that you may read and write it", .path.display())]
    Io { path: PathBuf, error: io::Error },
    #[error("{}: {error}; write the file anew with --write", .path.display())]
    Json { path: PathBuf, error: serde_json::Error },
}

/// A figure that got worse.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Worse {
    pub figure: String,
    pub before: f64,
    /// `None`: there is no such figure any more.
    pub now: Option<f64>,
}

impl fmt::Display for Worse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.now {
            Some(now) => write!(f, "{}: {:.3}, was {:.3}", self.figure, now, self.before),
            None => write!(f, "{}: gone, was {:.3}", self.figure, self.before),
        }
    }
}

impl Baseline {
    pub fn read(path: &Path) -> Result<Self, BaselineError> {
        let text = fs::read_to_string(path)
            .map_err(|error| BaselineError::Io { path: path.to_path_buf(), error })?;
        serde_json::from_str(&text).map_err(|error| BaselineError::Json { path: path.to_path_buf(), error })
    }

    pub fn write(&self, path: &Path) -> Result<(), BaselineError> {
        let mut text = serde_json::to_string_pretty(self)
            .map_err(|error| BaselineError::Json { path: path.to_path_buf(), error })?;
        text.push('\n');
        fs::write(path, text).map_err(|error| BaselineError::Io { path: path.to_path_buf(), error })
    }

    /// The figures that got worse, by name.
    #[must_use]
    pub fn worse(&self, report: &Report) -> Vec<Worse> {
        let now = report.figures();
        self.figures
            .iter()
            .filter_map(|(figure, before)| {
                let value = now.get(figure).copied();
                let worse = value.is_none_or(|value| self.tolerance.exceeded(figure, *before, value));
                worse.then(|| Worse { figure: figure.clone(), before: *before, now: value })
            })
            .collect()
    }
}

impl Tolerance {
    fn exceeded(&self, figure: &str, before: f64, now: f64) -> bool {
        let share = self.relative * before.abs();
        let by = if figure.ends_with("found_pct") || figure.ends_with("valid_pct") {
            return before - now > self.pct;
        } else if figure.ends_with("_deg") {
            share + self.deg
        } else if figure.ends_with("_ms") {
            share + self.ms
        } else {
            share
        };
        now - before > by
    }
}

impl Report {
    /// The figures of this run, to be held against later ones.
    #[must_use]
    pub fn baseline(&self) -> Baseline {
        Baseline { tolerance: Tolerance::default(), figures: self.figures() }
    }

    /// Every figure that can get worse, by a name that ends in its unit.
    #[must_use]
    pub fn figures(&self) -> BTreeMap<String, f64> {
        let mut figures = BTreeMap::new();
        let mut put = |name: String, value: Option<f64>| {
            if let Some(value) = value.filter(|v| v.is_finite()) {
                figures.insert(name, value);
            }
        };
        for a in &self.summary.angles {
            let name = |figure: &str| format!("summary/angle/{}/{figure}", a.angle);
            put(name("valid_pct"), a.valid_pct);
            put(name("rmse_offset_free_deg"), a.rmse_offset_free_deg);
            put(name("worst_rmse_offset_free_deg"), a.worst_rmse_offset_free_deg);
            put(name("worst_drift_deg"), a.worst_drift_deg);
        }
        for p in &self.summary.peaks {
            put(format!("summary/peak/{}/sd_deg", p.peak), p.sd_deg);
            put(format!("summary/peak/{}/worst_sd_deg", p.peak), p.worst_sd_deg);
        }
        for c in &self.summary.contacts {
            let name = |figure: &str| format!("summary/contact/{}/{}/{figure}", c.kind, c.gait);
            let t = &c.timing;
            put(name("found_pct"), Some(t.found_pct));
            put(name("false_count"), Some(t.false_events as f64));
            put(name("sd_ms"), t.sd_ms);
            put(name("mae_ms"), t.mae_ms);
            put(name("mae_left_out_ms"), c.mae_left_out_ms);
            put(name("p95_ms"), t.p95_ms);
            put(name("latency_median_ms"), t.latency_median_ms);
        }
        for o in &self.summary.orientations {
            put(format!("summary/orientation/{}/total_deg", o.tracked_point), o.total_deg);
            put(format!("summary/orientation/{}/worst_total_deg", o.tracked_point), o.worst_total_deg);
        }
        if let Some(a) = &self.summary.alerts {
            put("summary/alerts/found_pct".to_owned(), a.found_pct);
            put("summary/alerts/false_count".to_owned(), Some(a.false_alerts as f64));
            put("summary/alerts/other_leg_count".to_owned(), Some(a.other_leg as f64));
        }
        for r in &self.recordings {
            for a in &r.angles {
                put(format!("{}/angle/{}/rmse_offset_free_deg", r.name, a.angle), a.rmse_offset_free_deg);
                put(format!("{}/angle/{}/valid_pct", r.name, a.angle), Some(a.valid_pct));
            }
            for p in &r.peaks {
                put(format!("{}/peak/{}_{}/sd_deg", r.name, p.side, p.peak), Some(p.sd_deg));
            }
            for o in &r.orientations {
                put(format!("{}/orientation/{}/total_deg", r.name, o.tracked_point), Some(o.total_deg));
            }
        }
        put("failed_count".to_owned(), Some(self.failed.len() as f64));
        figures
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::{Failed, Summary};

    fn report() -> Report {
        Report {
            version: "0",
            data_set: "x".to_owned(),
            summary: Summary::default(),
            recordings: Vec::new(),
            failed: Vec::new(),
        }
    }

    #[test]
    fn worse_is_beyond_the_tolerance_in_the_bad_direction() {
        let t = Tolerance::default();
        assert!(!t.exceeded("a/rmse_offset_free_deg", 1.0, 1.09));
        assert!(t.exceeded("a/rmse_offset_free_deg", 1.0, 1.11));
        assert!(!t.exceeded("a/rmse_offset_free_deg", 1.0, 0.1));
        assert!(t.exceeded("a/valid_pct", 99.0, 98.0));
        assert!(!t.exceeded("a/found_pct", 98.0, 99.9));
        assert!(t.exceeded("a/mae_ms", 5.0, 5.8));
        assert!(t.exceeded("a/false_count", 0.0, 1.0));
    }

    #[test]
    fn a_figure_that_is_gone_is_worse() {
        let figures = BTreeMap::from([("summary/angle/x/valid_pct".to_owned(), 99.0)]);
        let worse = Baseline { tolerance: Tolerance::default(), figures }.worse(&report());
        assert_eq!(worse[0].to_string(), "summary/angle/x/valid_pct: gone, was 99.000");
    }

    #[test]
    fn a_run_is_not_worse_than_itself_and_survives_the_file() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("baseline.json");
        let mut report = report();
        report.baseline().write(&path).expect("written");
        let baseline = Baseline::read(&path).expect("read");
        assert_eq!(baseline, report.baseline());
        assert!(baseline.worse(&report).is_empty());
        report.failed.push(Failed { name: "a".to_owned(), error: "b".to_owned() });
        assert_eq!(baseline.worse(&report)[0].figure, "failed_count");
    }

    #[test]
    fn a_broken_file_names_the_remedy() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("baseline.json");
        fs::write(&path, "{\"figures\": []}").expect("written");
        let error = Baseline::read(&path).expect_err("broken").to_string();
        assert!(error.ends_with("write the file anew with --write"), "{error}");
    }
}

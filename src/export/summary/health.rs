//! What was wrong with the data, one entry per kind and sensor.

use super::rounded;
use crate::body::Placement;
use crate::event::{Health, HealthCode};
use serde::Serialize;

#[derive(Debug, Default)]
pub(super) struct HealthLog {
    /// In the order in which each was first said.
    entries: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    code: HealthCode,
    placement: Option<Placement>,
    times: u64,
    first: f64,
    seconds: f64,
    since: Option<f64>,
    message: String,
}

#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Row {
    code: HealthCode,
    placement: Option<&'static str>,
    times: u64,
    first_time_s: f64,
    /// How long it lasted in all.
    seconds: f64,
    at_end: bool,
    /// As it was first said.
    message: String,
}

impl HealthLog {
    pub(super) fn push(&mut self, health: &Health) {
        let known = |e: &&mut Entry| e.code == health.code && e.placement == health.placement;
        match (self.entries.iter_mut().find(known), health.active) {
            (Some(entry), true) => entry.begin(health.t.0),
            (Some(entry), false) => entry.end(health.t.0),
            (None, true) => self.entries.push(Entry {
                code: health.code,
                placement: health.placement,
                times: 1,
                first: health.t.0,
                seconds: 0.0,
                since: Some(health.t.0),
                message: health.message.clone(),
            }),
            (None, false) => {}
        }
    }

    /// `end` is the newest session time.
    pub(super) fn rows(&self, end: Option<f64>) -> Vec<Row> {
        self.entries.iter().map(|entry| entry.row(end)).collect()
    }
}

impl Entry {
    fn begin(&mut self, t: f64) {
        if self.since.is_none() {
            self.times += 1;
            self.since = Some(t);
        }
    }

    fn end(&mut self, t: f64) {
        if let Some(since) = self.since.take() {
            self.seconds += t - since;
        }
    }

    fn row(&self, end: Option<f64>) -> Row {
        let open = self.since.zip(end).map_or(0.0, |(since, end)| (end - since).max(0.0));
        Row {
            code: self.code,
            placement: self.placement.map(Placement::name),
            times: self.times,
            first_time_s: rounded(self.first),
            seconds: rounded(self.seconds + open),
            at_end: self.since.is_some(),
            message: self.message.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::SessionTime;

    fn health(t: f64, active: bool) -> Health {
        Health {
            t: SessionTime(t),
            code: HealthCode::SensorLossy,
            placement: Some(Placement::LeftShank),
            active,
            message: format!("said at {t}"),
        }
    }

    #[test]
    fn what_comes_and_goes_is_one_entry() {
        let mut log = HealthLog::default();
        for (t, active) in [(1.0, false), (2.0, true), (3.5, false), (7.0, true), (8.0, true)] {
            log.push(&health(t, active));
        }
        let expected = Row {
            code: HealthCode::SensorLossy,
            placement: Some("left_shank"),
            times: 2,
            first_time_s: 2.0,
            seconds: 4.5,
            at_end: true,
            message: "said at 2".into(),
        };
        assert_eq!(log.rows(Some(10.0)), [expected]);
    }
}

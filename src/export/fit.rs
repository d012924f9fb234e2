//! FIT activity (Garmin FIT protocol 2.0): a record per second with cadence, stance time and balance as watches write
//! them, and peaks of the stances of that second as developer fields; a lap begins with every alert.
//!
//! Cadence is strides per minute there (`cadence` plus `fractional_cadence`), stance time is of both legs, and balance is
//! the left leg's share of both. A developer field that never had a value is left out; a second without a stance is
//! a record without values.

mod encode;

use super::format::{About, ExportError, Exporter};
use super::output::Output;
use crate::body::Side;
use crate::edge::{PEAK_COLUMNS, peaks_deg};
use crate::event::{Alert, Event, Stance};
use encode::{File, Value};
use std::io::Write;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// FIT counts seconds from 1989-12-31T00:00:00Z.
const EPOCH_UNIX_S: i64 = 631_065_600;

struct Fit {
    path: PathBuf,
    start: jiff::Timestamp,
    /// Seconds by which local time is ahead of UTC, where the start says so.
    offset_s: i64,
    first: Option<f64>,
    last: f64,
    stances: Vec<Stance>,
    alerts: Vec<Alert>,
}

pub(super) fn start(path: &Path, about: &About) -> Result<Box<dyn Exporter>, ExportError> {
    let started = about.started.as_deref().ok_or(ExportError::NoStart("fit"))?;
    let start = started.parse().map_err(|_| ExportError::Started(started.to_owned()))?;
    Ok(Box::new(Fit {
        path: path.to_owned(),
        start,
        offset_s: offset_s(started, start),
        first: None,
        last: 0.0,
        stances: Vec::new(),
        alerts: Vec::new(),
    }))
}

/// The wall clock in the text less UTC.
fn offset_s(started: &str, start: jiff::Timestamp) -> i64 {
    let wall = started.get(..19).and_then(|text| text.parse::<jiff::civil::DateTime>().ok());
    let wall = wall.and_then(|wall| wall.to_zoned(jiff::tz::TimeZone::UTC).ok());
    wall.map_or(0, |wall| wall.timestamp().as_second() - start.as_second())
}

impl Exporter for Fit {
    fn event(&mut self, event: &Event) -> Result<(), ExportError> {
        match event {
            Event::Frame(frame) => {
                self.first.get_or_insert(frame.t.0);
                self.last = frame.t.0;
            }
            Event::Stance(stance) => self.stances.push(stance.clone()),
            // As it is raised, not as it rises or clears.
            Event::Alert(alert) if self.alerts.iter().all(|known| known.number != alert.number) => {
                self.alerts.push(*alert);
            }
            _ => {}
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<(), ExportError> {
        let mut this = self;
        let Some(first) = this.first else {
            let (name, missing) = ("fit", "samples");
            return Err(ExportError::Nothing { name, missing, why: String::new() });
        };
        // A stance belongs to the second in which it ended.
        this.stances.sort_by(|a, b| a.tc.0.total_cmp(&b.tc.0));
        let bytes = this.activity(first.floor() as i64..this.last.floor() as i64 + 1);
        let write = || {
            let mut out = Output::create(&this.path)?;
            out.write_all(&bytes)?;
            out.commit()
        };
        write().map_err(ExportError::write(&this.path))
    }
}

/// What is said of a stretch of stances.
struct Measures {
    strides_per_minute: Option<f64>,
    most_strides_per_minute: Option<f64>,
    stance_ms: Option<f64>,
    left_percent: Option<f64>,
    strides: u32,
}

impl Measures {
    fn of(stances: &[Stance]) -> Self {
        let rates = || stances.iter().filter_map(Stance::cadence_spm).map(|steps| 0.5 * steps);
        let contact = |side| mean(stances.iter().filter(|s| s.side == side).map(|s| s.contact_time() * 1e3));
        let legs = [contact(Side::Left), contact(Side::Right)];
        let balance = |[left, right]: [f64; 2]| 100.0 * left / (left + right);
        Self {
            strides_per_minute: mean(rates()),
            most_strides_per_minute: rates().reduce(f64::max),
            // Of the legs, so that one with more stances does not weigh more.
            stance_ms: mean(legs.into_iter().flatten()),
            left_percent: legs[0].zip(legs[1]).map(|(left, right)| balance([left, right])),
            strides: (stances.len() / 2) as u32,
        }
    }
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (n, sum) = values.fold((0u32, 0.0), |(n, sum), value| (n + 1, sum + value));
    (n > 0).then(|| sum / f64::from(n))
}

/// Whole strides per minute, and the rest in 1/128.
fn cadence(rate: Option<f64>) -> (Value, Value) {
    let parts = rate.map(|rate| (rate * 128.0).round() as i64).filter(|parts| (0..254 * 128).contains(parts));
    (Value::U8(parts.map(|p| p / 128)), Value::U8(parts.map(|p| p % 128)))
}

fn scaled(value: Option<f64>, scale: f64) -> Option<i64> {
    value.map(|value| (value * scale).round() as i64)
}

impl Fit {
    fn time(&self, second: i64) -> Value {
        Value::U32(Some(self.start.as_second() + second - EPOCH_UNIX_S))
    }

    fn between(&self, seconds: &Range<i64>) -> &[Stance] {
        let at = |t: i64| self.stances.partition_point(|stance| stance.tc.0 < t as f64);
        self.stances.get(at(seconds.start)..at(seconds.end)).unwrap_or_default()
    }

    /// Side and place in [`PEAK_COLUMNS`] of every peak that was ever there.
    fn peaks(&self) -> Vec<(Side, usize)> {
        let all = Side::BOTH.into_iter().flat_map(|side| (0..PEAK_COLUMNS.len()).map(move |k| (side, k)));
        all.filter(|&(side, k)| peak(&self.stances, side, k).is_some()).collect()
    }

    fn activity(&self, seconds: Range<i64>) -> Vec<u8> {
        let mut file = File::new();
        let peaks = self.peaks();
        file.message(0, &[(0, Value::Enum(4)), (1, Value::U16(Some(255))), (4, self.time(seconds.start))]);
        Self::describe(&mut file, &peaks);
        file.message(21, &[(253, self.time(seconds.start)), (0, Value::Enum(0)), (1, Value::Enum(0))]);
        let laps = self.laps(&seconds);
        for second in seconds.clone() {
            self.record(&mut file, second, &peaks);
            for (number, (lap, alert)) in
                laps.iter().enumerate().filter(|(_, (lap, _))| lap.end == second + 1)
            {
                let last = lap.end == seconds.end;
                self.lap(&mut file, number, lap, alert.as_ref(), last);
            }
        }
        file.message(21, &[(253, self.time(seconds.end)), (0, Value::Enum(0)), (1, Value::Enum(4))]);
        self.session(&mut file, &seconds, laps.len());
        let length = Value::U32(Some((seconds.end - seconds.start) * 1000));
        let local = self.start.as_second() + self.offset_s + seconds.end - EPOCH_UNIX_S;
        file.message(
            34,
            &[
                (253, self.time(seconds.end)),
                (0, length),
                (1, Value::U16(Some(1))),
                (2, Value::Enum(0)),
                (3, Value::Enum(26)),
                (4, Value::Enum(1)),
                (5, Value::U32(Some(local))),
            ],
        );
        file.finish()
    }

    /// What the developer fields mean: a number per peak, and what a lap begins with.
    fn describe(file: &mut File, peaks: &[(Side, usize)]) {
        // Ours, made up once; a reader tells developers apart by it.
        const APPLICATION: [u8; 16] = *b"stancewatch-fit1";
        file.message(
            207,
            &[(1, Value::Bytes(APPLICATION.to_vec())), (3, Value::U8(Some(0))), (4, Value::U32(Some(1)))],
        );
        for (number, &(side, k)) in peaks.iter().enumerate() {
            let name = PEAK_COLUMNS.get(k).map_or("", |name| name.trim_end_matches("_deg"));
            file.developer_field(number, encode::FLOAT32, &format!("{side}_{name}"), "deg", 20);
        }
        file.developer_field(peaks.len(), encode::STRING, "alert", "", 19);
    }

    fn record(&self, file: &mut File, second: i64, peaks: &[(Side, usize)]) {
        let stances = self.between(&(second..second + 1));
        let measures = Measures::of(stances);
        let (whole, fraction) = cadence(measures.strides_per_minute);
        let fields = [
            (253, self.time(second)),
            (4, whole),
            (53, fraction),
            (41, Value::U16(scaled(measures.stance_ms, 10.0))),
            (84, Value::U16(scaled(measures.left_percent, 100.0))),
            (42, Value::Enum(1)),
        ];
        let values: Vec<_> = (0u8..)
            .zip(peaks)
            .map(|(number, &(side, k))| (number, Value::F32(peak(stances, side, k))))
            .collect();
        file.with_developer_fields(20, &fields, &values);
    }

    /// Laps end where the next alert was decided; each with the alert that it begins with.
    fn laps(&self, seconds: &Range<i64>) -> Vec<(Range<i64>, Option<Alert>)> {
        let mut laps: Vec<(Range<i64>, Option<Alert>)> = vec![(seconds.clone(), None)];
        for alert in &self.alerts {
            let at = alert.decided.0.floor() as i64;
            // Two alerts of one second are one lap.
            if let Some((open, _)) = laps.last_mut()
                && open.start < at
                && at < open.end
            {
                open.end = at;
                laps.push((at..seconds.end, Some(*alert)));
            }
        }
        laps
    }

    fn lap(&self, file: &mut File, number: usize, lap: &Range<i64>, alert: Option<&Alert>, last: bool) {
        let measures = Measures::of(self.between(lap));
        let (whole, fraction) = cadence(measures.strides_per_minute);
        let (most, most_fraction) = cadence(measures.most_strides_per_minute);
        let length = Value::U32(Some((lap.end - lap.start) * 1000));
        let trigger = if last { 7 } else { 0 };
        let fields = [
            (254, Value::U16(i64::try_from(number).ok())),
            (253, self.time(lap.end)),
            (0, Value::Enum(9)),
            (1, Value::Enum(1)),
            (2, self.time(lap.start)),
            (7, length.clone()),
            (8, length),
            (10, Value::U32(Some(i64::from(measures.strides)))),
            (17, whole),
            (80, fraction),
            (18, most),
            (81, most_fraction),
            (79, Value::U16(scaled(measures.stance_ms, 10.0))),
            (119, Value::U16(scaled(measures.left_percent, 100.0))),
            (24, Value::Enum(trigger)),
            (25, Value::Enum(1)),
        ];
        let said = alert.map_or_else(String::new, |alert| {
            format!("{} {}: {}", alert.side, alert.rule.name(), alert.severity.name())
        });
        let developer = self.peaks().len() as u8;
        file.with_developer_fields(19, &fields, &[(developer, Value::Text(said))]);
    }

    fn session(&self, file: &mut File, seconds: &Range<i64>, laps: usize) {
        let measures = Measures::of(self.between(seconds));
        let (whole, fraction) = cadence(measures.strides_per_minute);
        let (most, most_fraction) = cadence(measures.most_strides_per_minute);
        let length = Value::U32(Some((seconds.end - seconds.start) * 1000));
        file.message(
            18,
            &[
                (254, Value::U16(Some(0))),
                (253, self.time(seconds.end)),
                (0, Value::Enum(8)),
                (1, Value::Enum(1)),
                (2, self.time(seconds.start)),
                (5, Value::Enum(1)),
                (6, Value::Enum(0)),
                (7, length.clone()),
                (8, length),
                (10, Value::U32(Some(i64::from(measures.strides)))),
                (18, whole),
                (92, fraction),
                (19, most),
                (93, most_fraction),
                (91, Value::U16(scaled(measures.stance_ms, 10.0))),
                (133, Value::U16(scaled(measures.left_percent, 100.0))),
                (25, Value::U16(Some(0))),
                (26, Value::U16(i64::try_from(laps).ok())),
            ],
        );
    }
}

/// Mean over the valid stances of one leg.
fn peak(stances: &[Stance], side: Side, k: usize) -> Option<f64> {
    let of_leg = stances.iter().filter(|stance| stance.side == side && stance.valid);
    mean(of_leg.filter_map(|stance| peaks_deg(&stance.peaks).get(k).copied().flatten()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cadence_is_strides_per_minute_with_128ths() {
        assert_eq!(cadence(Some(85.25)), (Value::U8(Some(85)), Value::U8(Some(32))));
        assert_eq!(cadence(None), (Value::U8(None), Value::U8(None)));
        assert_eq!(cadence(Some(300.0)), (Value::U8(None), Value::U8(None)));
    }

    #[test]
    fn local_time_is_what_the_start_says() {
        for (text, offset) in [
            ("2026-11-23T18:05:00+01:00", 3600),
            ("2026-11-23T18:05:00Z", 0),
            ("2026-11-23T18:05:00-03:30", -12_600),
        ] {
            assert_eq!(offset_s(text, text.parse().unwrap()), offset);
        }
    }
}

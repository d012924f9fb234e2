use super::files::sibling;
use super::rows::{Rows, Table};
use crate::body::{ClockKind, Placement};
use crate::source::SourceError;
use crate::units::{Hz, STANDARD_GRAVITY};
use serde::Deserialize;
use std::fs;
use std::path::{Path, PathBuf};

/// One row of a channels.tsv: one column of the motion file.
#[derive(Debug, Clone)]
pub(super) struct Channel {
    pub(super) line: u64,
    pub(super) name: String,
    pub(super) kind: String,
    pub(super) component: String,
    pub(super) tracked_point: String,
    pub(super) units: String,
}

/// What the columns of one motion file are.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    pub(super) motion: PathBuf,
    pub(super) channels: Vec<Channel>,
    pub(super) latency: Option<usize>,
    /// The host's arrival time.
    pub(super) arrival: Option<usize>,
    pub(super) sensors: Vec<SensorColumns>,
}

/// Where one sensor's six readings stand.
#[derive(Debug, Clone)]
pub(super) struct SensorColumns {
    pub(super) tracked_point: String,
    pub(super) placement: Option<Placement>,
    /// Acceleration x, y, z, then angular rate x, y, z.
    pub(super) axes: [Axis; 6],
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Axis {
    pub(super) column: usize,
    /// Multiplies the file's number into SI.
    pub(super) scale: f64,
}

const AXES: [(&str, &str, &str); 6] = [
    ("ACCEL", "x", "ACCEL x"),
    ("ACCEL", "y", "ACCEL y"),
    ("ACCEL", "z", "ACCEL z"),
    ("GYRO", "x", "GYRO x"),
    ("GYRO", "y", "GYRO y"),
    ("GYRO", "z", "GYRO z"),
];

impl Layout {
    pub(super) fn read(motion: &Path) -> Result<Self, SourceError> {
        let path = sibling(motion, "channels.tsv");
        if !path.is_file() {
            return Err(SourceError::ChannelsMissing { path });
        }
        let channels = read_channels(&path)?;
        let latency = channels.iter().position(|c| c.kind == "LATENCY");
        let arrival = channels.iter().position(|c| c.kind == "MISC" && c.name == "arrival");
        for column in [latency, arrival].into_iter().flatten() {
            if let Some(c) = channels.get(column)
                && !matches!(c.units.as_str(), "s" | "n/a")
            {
                return Err(unit(&path, c, "s"));
            }
        }
        let sensors = sensors(&path, &channels)?;
        Ok(Self { motion: motion.to_path_buf(), channels, latency, arrival, sensors })
    }

    /// What the time stamps mean. Without the host's arrival times nothing could tie another clock to the session.
    pub(super) fn clock(&self) -> Result<ClockKind, SourceError> {
        if self.arrival.is_none() {
            return Ok(ClockKind::Session);
        }
        let sidecar = read_sidecar(&sibling(&self.motion, "motion.json"))?;
        Ok(sidecar.clock.unwrap_or(ClockKind::Device))
    }

    /// Nominal samples per second: from the motion.json, else from the time stamps.
    pub(super) fn rate(&self) -> Result<Hz, SourceError> {
        let path = sibling(&self.motion, "motion.json");
        let sidecar = read_sidecar(&path)?;
        let stated = sidecar.sampling_frequency.as_ref().and_then(serde_json::Value::as_f64);
        if let Some(rate) = stated.filter(|r| r.is_finite() && *r > 0.0) {
            return Ok(Hz(rate));
        }
        if let Some(column) = self.latency
            && let Some(step) = median_step(&self.motion, column)?
        {
            return Ok(Hz(1.0 / step));
        }
        let found = sidecar.sampling_frequency.map_or_else(|| "none given".to_owned(), |v| v.to_string());
        Err(SourceError::RateMissing { path, found })
    }
}

#[derive(Debug, Default, Deserialize)]
struct Sidecar {
    #[serde(rename = "SamplingFrequency")]
    sampling_frequency: Option<serde_json::Value>,
    /// Our own field, which the format leaves room for: it has no word for samples that are numbered, not timed.
    #[serde(rename = "LatencyClock")]
    clock: Option<ClockKind>,
}

/// A missing sidecar is one without fields: the time stamps may do.
fn read_sidecar(path: &Path) -> Result<Sidecar, SourceError> {
    if !path.is_file() {
        return Ok(Sidecar::default());
    }
    let text = fs::read_to_string(path).map_err(SourceError::io(path))?;
    serde_json::from_str(&text).map_err(|error| SourceError::Json {
        path: path.to_path_buf(),
        line: error.line(),
        error,
    })
}

/// The middle step of the first time stamps, s. A thousand tell the rate; the rest is not read.
fn median_step(motion: &Path, column: usize) -> Result<Option<f64>, SourceError> {
    let mut rows = Rows::open(motion)?;
    let mut steps = Vec::with_capacity(1000);
    let mut before = None;
    while steps.len() < 1000 && rows.advance()? {
        // What is wrong with a number is said when the samples are read.
        let now = rows.cells(b'\t').nth(column).and_then(|c| super::rows::number(c).ok().flatten());
        if let (Some(before), Some(now)) = (before, now)
            && now > before
        {
            steps.push(now - before);
        }
        before = now;
    }
    steps.sort_by(f64::total_cmp);
    Ok(steps.get(steps.len() / 2).copied())
}

fn read_channels(path: &Path) -> Result<Vec<Channel>, SourceError> {
    let mut table = Table::open(path, b'\t')?;
    let [name, component, kind, point, units] = [
        table.column("name")?,
        table.column("component")?,
        table.column("type")?,
        table.column("tracked_point")?,
        table.column("units")?,
    ];
    let mut channels = Vec::new();
    while table.advance()? {
        channels.push(Channel {
            line: table.line(),
            name: table.text(name).to_owned(),
            kind: table.text(kind).to_owned(),
            component: table.text(component).to_owned(),
            tracked_point: table.text(point).to_owned(),
            units: table.text(units).to_owned(),
        });
    }
    Ok(channels)
}

/// The sensors among the channels, in order of placement; those on other parts come last.
fn sensors(path: &Path, channels: &[Channel]) -> Result<Vec<SensorColumns>, SourceError> {
    let mut points: Vec<&str> = Vec::new();
    for channel in channels.iter().filter(|c| c.kind == "ACCEL" || c.kind == "GYRO") {
        if !points.contains(&channel.tracked_point.as_str()) {
            points.push(&channel.tracked_point);
        }
    }
    let mut found = Vec::new();
    for point in points {
        let placement = Placement::from_name(point);
        match columns(path, channels, point) {
            Ok(axes) => found.push(SensorColumns { tracked_point: point.to_owned(), placement, axes }),
            // An ignored part may be tracked by fewer channels than we need.
            Err(SourceError::ChannelMissing { .. }) if placement.is_none() => {}
            Err(error) => return Err(error),
        }
    }
    found.sort_by_key(|s| placement_order(s.placement));
    Ok(found)
}

/// Ties in time go by placement; sensors elsewhere come last.
pub(super) fn placement_order(placement: Option<Placement>) -> usize {
    placement.map_or(Placement::COUNT, Placement::index)
}

fn columns(path: &Path, channels: &[Channel], point: &str) -> Result<[Axis; 6], SourceError> {
    let mut axes = [Axis { column: 0, scale: 1.0 }; 6];
    for (axis, (kind, component, words)) in axes.iter_mut().zip(AXES) {
        let mut matching = channels.iter().enumerate().filter(|(_, c)| {
            c.tracked_point == point && c.kind == kind && c.component.eq_ignore_ascii_case(component)
        });
        let Some((column, channel)) = matching.next() else {
            return Err(SourceError::ChannelMissing {
                path: path.to_path_buf(),
                line: channels.iter().find(|c| c.tracked_point == point).map_or(1, |c| c.line),
                tracked_point: point.to_owned(),
                missing: words,
            });
        };
        if let Some((_, again)) = matching.next() {
            return Err(SourceError::ChannelTwice {
                path: path.to_path_buf(),
                line: again.line,
                channel: again.name.clone(),
                tracked_point: point.to_owned(),
                kind,
                component,
            });
        }
        *axis = Axis { column, scale: scale(path, channel)? };
    }
    Ok(axes)
}

fn scale(path: &Path, channel: &Channel) -> Result<f64, SourceError> {
    match (channel.kind.as_str(), channel.units.as_str()) {
        ("ACCEL", "m/s^2" | "m/s²") | ("GYRO", "rad/s") => Ok(1.0),
        ("ACCEL", "g") => Ok(STANDARD_GRAVITY),
        ("GYRO", "deg/s" | "°/s") => Ok(1.0_f64.to_radians()),
        ("ACCEL", _) => Err(unit(path, channel, "m/s^2 or g")),
        _ => Err(unit(path, channel, "rad/s or deg/s")),
    }
}

pub(super) fn unit(path: &Path, channel: &Channel, expected: &'static str) -> SourceError {
    SourceError::Unit {
        path: path.to_path_buf(),
        line: channel.line,
        channel: channel.name.clone(),
        unit: channel.units.clone(),
        expected,
    }
}

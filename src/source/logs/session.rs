use super::head::Head;
use super::place::{self, Places};
use super::{FAMILIES, Family, LogError, Part, Track};
use crate::body::{ClockKind, Packet, Placement, Sample, SensorId, SensorInfo};
use crate::input::Input;
use crate::units::DeviceTime;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The logs of one folder.
#[derive(Debug, Clone)]
pub struct LogRecording {
    folder: PathBuf,
    sensors: Vec<Sensor>,
    /// Seconds since 1970 at session time 0, where the logs know.
    epoch: Option<f64>,
}

#[derive(Debug, Clone)]
struct Sensor {
    name: String,
    family: &'static Family,
    placement: Option<Placement>,
    files: Vec<Head>,
}

/// Files and folders in a folder, by name.
pub(super) fn entries(folder: &Path) -> Result<Vec<PathBuf>, LogError> {
    let list = || fs::read_dir(folder)?.map(|entry| entry.map(|e| e.path())).collect::<Result<Vec<_>, _>>();
    let mut entries = list().map_err(|error| LogError::Io { path: folder.to_owned(), error })?;
    entries.sort();
    Ok(entries)
}

/// `None` where no file of the folder is a log.
pub(super) fn in_folder(folder: &Path, given: &Places) -> Result<Option<LogRecording>, LogError> {
    let mut logs: Vec<(Head, &'static Family, Part)> = Vec::new();
    for path in entries(folder)? {
        let table = path.extension().and_then(|e| e.to_str()).is_some_and(|e| ["csv", "txt"].contains(&e));
        if !table || !path.is_file() {
            continue;
        }
        let Some(head) = Head::read(&path)? else { continue };
        let family = FAMILIES.iter().find_map(|family| Some((family, (family.claims)(&head)?)));
        logs.extend(family.map(|(family, part)| (head, family, part)));
    }
    if logs.is_empty() {
        return Ok(None);
    }
    let written;
    let places = if given.is_empty() {
        written = Places::beside(folder)?;
        &written
    } else {
        given
    };
    let names: Vec<_> = logs.iter().map(|(head, ..)| name(&head.path)).collect();
    places.check(&names)?;
    let sensors = sensors(logs, places);
    if sensors.iter().all(|sensor| sensor.placement.is_none()) {
        let example = names.first().cloned().unwrap_or_default();
        return Err(LogError::NoPlaces { folder: folder.to_owned(), files: names.join(", "), example });
    }
    no_place_twice(folder, &sensors)?;
    let first =
        |sensor: &Sensor| sensor.files.iter().map(|head| (sensor.family.epoch)(head)).collect::<Vec<_>>();
    let epochs: Option<Vec<f64>> = sensors.iter().flat_map(first).collect();
    let epoch = epochs.and_then(|epochs| epochs.into_iter().reduce(f64::min));
    Ok(Some(LogRecording { folder: folder.to_owned(), sensors, epoch }))
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Files of one sensor share its place, or else their name but for what they measure.
fn sensors(logs: Vec<(Head, &'static Family, Part)>, places: &Places) -> Vec<Sensor> {
    let mut by_key: BTreeMap<(usize, String), Sensor> = BTreeMap::new();
    for (head, family, part) in logs {
        let file = name(&head.path);
        let placement =
            places.of(&file).or_else(|| if places.is_empty() { place::in_name(&file) } else { None });
        let key = if part == Part::Both { file.clone() } else { without_quantity(&file) };
        let order = placement.map_or(usize::MAX, Placement::index);
        let sensor = by_key.entry((order, key.clone())).or_insert_with(|| Sensor {
            name: key,
            family,
            placement,
            files: Vec::new(),
        });
        sensor.files.push(head);
    }
    by_key.into_values().collect()
}

/// `Thigh_Accelerometer_100.000Hz_1.5.0.csv` and `Thigh_Gyroscope_...` are of one sensor.
fn without_quantity(file: &str) -> String {
    let lower = file.to_ascii_lowercase();
    let at = ["accelerometer", "gyroscope", "acc", "gyr"].iter().find_map(|word| lower.find(word));
    at.and_then(|at| file.get(..at)).unwrap_or(file).trim_end_matches(['_', '-', ' ', '.']).to_owned()
}

fn no_place_twice(folder: &Path, sensors: &[Sensor]) -> Result<(), LogError> {
    let placed: Vec<_> = sensors.iter().filter_map(|s| Some((s.placement?, s))).collect();
    let twice = placed.iter().zip(placed.iter().skip(1)).find(|((a, _), (b, _))| a == b);
    twice.map_or(Ok(()), |((place, first), (_, second))| {
        Err(LogError::SamePlace {
            folder: folder.to_owned(),
            first: first.name.clone(),
            second: second.name.clone(),
            place: place.name(),
        })
    })
}

impl LogRecording {
    /// The folder's name.
    #[must_use]
    pub fn name(&self) -> String {
        let folder = std::path::absolute(&self.folder).unwrap_or_else(|_| self.folder.clone());
        folder.file_name().map_or_else(|| "recording".to_owned(), |n| n.to_string_lossy().into_owned())
    }

    #[must_use]
    pub fn path(&self) -> &Path {
        &self.folder
    }

    /// Every log, and what says where the sensors were worn.
    pub(in crate::source) fn files(&self) -> Vec<PathBuf> {
        let logs = self.sensors.iter().flat_map(|s| s.files.iter().map(|head| head.path.clone()));
        logs.chain(Some(self.folder.join(super::PLACEMENTS)).filter(|path| path.is_file())).collect()
    }

    #[must_use]
    pub fn started(&self) -> Option<String> {
        let microseconds = (self.epoch? * 1e6).round() as i64;
        jiff::Timestamp::from_microsecond(microseconds).ok().map(|start| start.to_string())
    }

    /// What was left out, or seems wrong, in one sentence.
    #[must_use]
    pub fn warning(&self) -> Option<String> {
        let files = || self.sensors.iter().flat_map(|s| s.files.iter().map(move |head| (s.family, head)));
        let cut = files().filter(|(_, head)| head.cut);
        let cut =
            cut.map(|(_, head)| format!("{}: its last line is cut off and left out", head.path.display()));
        let doubts = files().filter_map(|(family, head)| (family.doubt)(head));
        let all: Vec<_> = cut.chain(doubts).collect();
        (!all.is_empty()).then(|| all.join("; "))
    }

    /// Sensors, then their samples by time, then the end. Everything is read here: a fault anywhere is told before the
    /// first sample is used.
    pub fn inputs(&self) -> Result<impl Iterator<Item = Input> + Send + use<>, LogError> {
        let mut tracks: Vec<Track> = Vec::new();
        for sensor in &self.sensors {
            let track = (sensor.family.read)(&sensor.files)?;
            if track.samples.is_empty() {
                let path = sensor.files.first().map(|head| head.path.clone()).unwrap_or_default();
                return Err(LogError::Empty { path });
            }
            tracks.push(track);
        }
        self.require_common_time(&tracks)?;
        let starts = tracks.iter().filter_map(|track| track.samples.first()).map(|sample| sample.t.0);
        let zero = self.epoch.or_else(|| starts.reduce(f64::min)).unwrap_or(0.0);
        let sensors: Vec<_> = (0u16..)
            .zip(self.sensors.iter().zip(&tracks))
            .map(|(id, (sensor, track))| SensorInfo {
                id: SensorId(id),
                name: format!("{} {}", sensor.family.name, sensor.name),
                placement: sensor.placement,
                rate: track.rate,
                clock: ClockKind::Session,
            })
            .collect();
        let samples =
            Merge { tracks: tracks.into_iter().map(|t| t.samples.into_iter().peekable()).collect(), zero };
        Ok(sensors.into_iter().map(Input::Sensor).chain(samples).chain([Input::End]))
    }

    /// Sensors that were never on at the same time were recorded by clocks that do not agree.
    fn require_common_time(&self, tracks: &[Track]) -> Result<(), LogError> {
        let spans: Vec<_> = self
            .sensors
            .iter()
            .zip(tracks)
            .filter_map(|(sensor, t)| Some((sensor, t.samples.first()?.t.0, t.samples.last()?.t.0)))
            .collect();
        let Some(latest) = spans.iter().max_by(|a, b| a.1.total_cmp(&b.1)) else { return Ok(()) };
        let Some(over) = spans.iter().find(|span| span.2 < latest.1) else { return Ok(()) };
        let remedy = if self.epoch.is_some() {
            "the clock of one phone or computer was wrong: correct its epoch column, or import the sensors apart"
        } else {
            "synchronise the sensors before they record, or import them apart"
        };
        Err(LogError::Apart {
            folder: self.folder.clone(),
            first: over.0.name.clone(),
            second: latest.0.name.clone(),
            apart: latest.1 - over.1,
            remedy,
        })
    }
}

struct Merge {
    tracks: Vec<std::iter::Peekable<std::vec::IntoIter<Sample>>>,
    zero: f64,
}

impl Iterator for Merge {
    type Item = Input;

    fn next(&mut self) -> Option<Input> {
        let next =
            (0u16..).zip(&mut self.tracks).filter_map(|(id, track)| Some((track.peek()?.t.0, id, track)));
        let (_, id, track) = next.min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)))?;
        let sample = track.next()?;
        let sample = Sample { t: DeviceTime(sample.t.0 - self.zero), ..sample };
        Some(Input::Packet(Packet { sensor: SensorId(id), arrival: None, samples: vec![sample] }))
    }
}

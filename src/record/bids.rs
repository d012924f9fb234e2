//! Writes Motion-BIDS data sets (BIDS 1.10, "Motion"): per tracking system a `*_motion.tsv` without header, its
//! `*_channels.tsv` and `*_motion.json`; per recording an `*_events.tsv`.
//!
//! Each sensor is a tracking system of its own. Where it has its own clock, `LATENCY` is that clock and the `MISC`
//! channel `arrival` the host's; our own sidecar field `LatencyClock` says `device`, or `arrival` where samples have a
//! number at the nominal rate instead of a time. Numbers are written in full, so that reading gives the same bits back. A lost
//! sample is a row that is not there.

use crate::body::{ClockKind, Packet, SensorId, SensorInfo, Side};
use crate::event::{Angles, Frame};
use crate::input::{Edge, Input, Mark, Stretch};
use crate::units::{Hz, SessionTime};
use serde_json::{Map, Value, json};
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use thiserror::Error;

#[derive(Debug, Error)]
pub enum BidsWriteError {
    #[error("cannot write {path}: {source}; choose another folder or free some space")]
    Write { path: PathBuf, source: io::Error },
    #[error("{entity} {value:?} cannot be part of a Motion-BIDS file name: use letters and digits only")]
    Name { entity: &'static str, value: String },
    #[error("a packet of sensor {0} comes before the sensor is announced: write the sensor first")]
    UnknownSensor(u16),
}

/// A row of `*_events.tsv`.
#[derive(Debug, Clone, PartialEq)]
pub struct EventRow {
    pub onset: SessionTime,
    /// Seconds; 0 for a moment.
    pub duration: f64,
    pub trial_type: String,
    pub side: Option<Side>,
    pub value: Option<String>,
}

/// What `dataset_description.json` says.
#[derive(Debug, Clone, PartialEq)]
pub struct Description<'a> {
    pub name: &'a str,
    pub license: &'a str,
    pub authors: &'a [&'a str],
    /// What wrote it, with its version.
    pub generator: &'a str,
}

/// Creates the folder and `dataset_description.json`. A data set that is there already gains recordings.
pub fn create_dataset(root: &Path, about: &Description<'_>) -> Result<(), BidsWriteError> {
    describe(root, about, "raw")
}

/// The same for what was computed from a data set: it lies in a folder of its `derivatives`.
pub fn create_derivative(root: &Path, about: &Description<'_>) -> Result<(), BidsWriteError> {
    describe(root, about, "derivative")
}

fn describe(root: &Path, about: &Description<'_>, kind: &str) -> Result<(), BidsWriteError> {
    make_dir(root)?;
    let description = json!({
        "Name": about.name,
        "BIDSVersion": "1.10.0",
        "DatasetType": kind,
        "License": about.license,
        "Authors": about.authors,
        "GeneratedBy": [{"Name": about.generator}],
    });
    write_json(&root.join("dataset_description.json"), &description)
}

/// One recording of one subject, written as it comes.
pub struct BidsRecording {
    stem: PathBuf,
    task: String,
    sensors: Vec<(SensorInfo, SensorFile)>,
    angles: Option<Table>,
    open_marks: Vec<Mark>,
    events: Vec<EventRow>,
}

impl BidsRecording {
    /// `subject` and `task` become part of the file names: letters and digits.
    pub fn create(root: &Path, subject: &str, task: &str) -> Result<Self, BidsWriteError> {
        for (entity, value) in [("subject", subject), ("task", task)] {
            if value.is_empty() || !value.chars().all(|c| c.is_ascii_alphanumeric()) {
                return Err(BidsWriteError::Name { entity, value: value.into() });
            }
        }
        let folder = root.join(format!("sub-{subject}")).join("motion");
        make_dir(&folder)?;
        Ok(Self {
            stem: folder.join(format!("sub-{subject}_task-{task}")),
            task: task.into(),
            sensors: Vec::new(),
            angles: None,
            open_marks: Vec::new(),
            events: Vec::new(),
        })
    }

    /// Takes a whole session: sensors, packets and marks.
    pub fn input(&mut self, input: &Input) -> Result<(), BidsWriteError> {
        match input {
            Input::Sensor(info) => self.sensor(info),
            Input::Packet(packet) => self.packet(packet),
            Input::Mark(mark) => {
                self.mark(*mark);
                Ok(())
            }
            Input::Link(_) | Input::Order(_) | Input::Moment(_) | Input::End => Ok(()),
        }
    }

    fn sensor(&mut self, info: &SensorInfo) -> Result<(), BidsWriteError> {
        // A sensor announced anew goes on in its file.
        if self.sensors.iter().all(|(known, _)| known.id != info.id) {
            let file = SensorFile::create(&self.stem, &self.task, info, &self.taken_names())?;
            self.sensors.push((info.clone(), file));
        }
        Ok(())
    }

    fn taken_names(&self) -> Vec<String> {
        self.sensors.iter().map(|(_, file)| file.table.system.clone()).collect()
    }

    fn packet(&mut self, packet: &Packet) -> Result<(), BidsWriteError> {
        let SensorId(number) = packet.sensor;
        let (_, file) = self
            .sensors
            .iter_mut()
            .find(|(info, _)| info.id == packet.sensor)
            .ok_or(BidsWriteError::UnknownSensor(number))?;
        file.write(packet)
    }

    fn mark(&mut self, mark: Mark) {
        match mark.edge {
            Edge::Begin => self.open_marks.push(mark),
            Edge::End => {
                let begun = self.open_marks.iter().rposition(|m| m.stretch == mark.stretch);
                if let Some(begin) = begun.map(|k| self.open_marks.remove(k)) {
                    self.events.push(EventRow {
                        onset: begin.t,
                        duration: mark.t - begin.t,
                        trial_type: stretch_word(mark.stretch).into(),
                        side: None,
                        value: None,
                    });
                }
            }
        }
    }

    pub fn event(&mut self, row: EventRow) {
        self.events.push(row);
    }

    /// Joint angles on a regular grid, degrees; all of a recording under the name of one tracking system.
    pub fn angles(&mut self, system: &str, rate: Hz, frame: &Frame) -> Result<(), BidsWriteError> {
        if self.angles.is_none() {
            let mut table = Table::create(&self.stem, &self.task, system, rate)?;
            for (name, point) in angle_columns() {
                table.column(&name, "n/a", "JNTANG", &point, "deg", "isb");
            }
            self.angles = Some(table);
        }
        let Some(table) = &mut self.angles else { return Ok(()) };
        table.row(frame.t.0, |out| write_angles(out, frame))
    }

    /// Writes what stands beside the samples. Without this call a recording has samples only.
    pub fn finish(mut self) -> Result<(), BidsWriteError> {
        for (_, file) in self.sensors {
            file.table.finish()?;
        }
        if let Some(table) = self.angles {
            table.finish()?;
        }
        if self.events.is_empty() {
            return Ok(());
        }
        // Stable: rows of one moment keep the order in which they were given.
        self.events.sort_by(|a, b| a.onset.0.total_cmp(&b.onset.0));
        let path = with_end(&self.stem, "_events.tsv");
        let mut text = b"onset\tduration\ttrial_type\tside\tvalue\n".to_vec();
        let written = self.events.iter().try_for_each(|row| {
            let side = row.side.map_or("n/a", Side::name);
            let value = row.value.as_deref().unwrap_or("n/a");
            writeln!(text, "{:.4}\t{:.4}\t{}\t{side}\t{value}", row.onset.0, row.duration, row.trial_type)
        });
        written.and_then(|()| fs::write(&path, text)).map_err(|source| BidsWriteError::Write { path, source })
    }
}

/// `*_motion.tsv` with its two companions.
struct Table {
    stem: PathBuf,
    task: String,
    system: String,
    rate: Hz,
    /// What `latency` is, where it is not session time.
    clock: Option<ClockKind>,
    path: PathBuf,
    out: BufWriter<File>,
    channels: Vec<String>,
    /// Channel types with their counts, in order of first use.
    kinds: Vec<(&'static str, u32)>,
    points: Vec<String>,
    first: Option<f64>,
    last: f64,
}

impl Table {
    fn create(stem: &Path, task: &str, system: &str, rate: Hz) -> Result<Self, BidsWriteError> {
        let path = with_end(stem, &format!("_tracksys-{system}_motion.tsv"));
        let file =
            File::create(&path).map_err(|source| BidsWriteError::Write { path: path.clone(), source })?;
        let mut table = Self {
            stem: stem.into(),
            task: task.into(),
            system: system.into(),
            rate,
            clock: None,
            path,
            out: BufWriter::new(file),
            channels: Vec::new(),
            kinds: Vec::new(),
            points: Vec::new(),
            first: None,
            last: 0.0,
        };
        table.column("latency", "n/a", "LATENCY", "n/a", "s", "n/a");
        Ok(table)
    }

    fn column(
        &mut self,
        name: &str,
        component: &str,
        kind: &'static str,
        point: &str,
        units: &str,
        frame: &str,
    ) {
        self.channels.push(format!("{name}\t{component}\t{kind}\t{point}\t{units}\t{frame}\n"));
        match self.kinds.iter_mut().find(|(k, _)| *k == kind) {
            Some((_, count)) => *count += 1,
            None => self.kinds.push((kind, 1)),
        }
        if point != "n/a" && !self.points.iter().any(|p| p == point) {
            self.points.push(point.into());
        }
    }

    /// One line: the time, then what `rest` writes, each value after its own tab.
    fn row(
        &mut self,
        t: f64,
        rest: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
    ) -> Result<(), BidsWriteError> {
        self.first.get_or_insert(t);
        self.last = t;
        let out = &mut self.out;
        let written = write!(out, "{t}").and_then(|()| rest(out)).and_then(|()| out.write_all(b"\n"));
        written.map_err(|source| BidsWriteError::Write { path: self.path.clone(), source })
    }

    fn finish(mut self) -> Result<(), BidsWriteError> {
        self.out.flush().map_err(|source| BidsWriteError::Write { path: self.path.clone(), source })?;
        let path = with_end(&self.stem, &format!("_tracksys-{}_channels.tsv", self.system));
        let text = format!(
            "name\tcomponent\ttype\ttracked_point\tunits\treference_frame\n{}",
            self.channels.concat()
        );
        fs::write(&path, text).map_err(|source| BidsWriteError::Write { path, source })?;
        write_json(
            &with_end(&self.stem, &format!("_tracksys-{}_channels.json", self.system)),
            &reference_frames(),
        )?;
        let mut about = Map::new();
        about.insert("TaskName".into(), self.task.into());
        about.insert("SamplingFrequency".into(), json!(self.rate.0));
        if let Some(clock) = self.clock {
            about.insert("LatencyClock".into(), json!(clock));
        }
        about.insert("TrackingSystemName".into(), self.system.clone().into());
        about.insert("MotionChannelCount".into(), self.channels.len().into());
        about.insert("TrackedPointsCount".into(), self.points.len().into());
        about.insert("RecordingDuration".into(), json!(self.first.map_or(0.0, |first| self.last - first)));
        for (kind, count) in &self.kinds {
            about.insert(format!("{kind}ChannelCount"), (*count).into());
        }
        write_json(
            &with_end(&self.stem, &format!("_tracksys-{}_motion.json", self.system)),
            &Value::Object(about),
        )
    }
}

/// What the words under `reference_frame` mean.
fn reference_frames() -> Value {
    json!({"reference_frame": {
        "Description": "Axes in which the channel is given.",
        "Levels": {
            "sensor": {
                "Description": "The sensor's own axes, as it happens to be strapped on.",
                "RotationRule": "right-hand",
            },
            "isb": {
                "Description": "Axes of the segments (Wu et al. 2002): X anterior, Y superior, Z to the right; angles in the order flexion (Z), adduction (X), rotation (Y).",
                "SpatialAxes": "ASR",
                "RotationOrder": "ZXY",
                "RotationRule": "right-hand",
            },
        },
    }})
}

struct SensorFile {
    table: Table,
    own_clock: bool,
}

impl SensorFile {
    fn create(stem: &Path, task: &str, info: &SensorInfo, taken: &[String]) -> Result<Self, BidsWriteError> {
        let point = info.placement.map_or_else(|| snake(&info.name), |p| p.name().into());
        let mut system = camel(&point);
        if taken.contains(&system) {
            system += &info.id.0.to_string();
        }
        let mut table = Table::create(stem, task, &system, info.rate)?;
        let own_clock = info.clock != ClockKind::Session;
        if own_clock {
            table.clock = Some(info.clock);
            table.column("arrival", "n/a", "MISC", "n/a", "s", "n/a");
        }
        for (quantity, kind, units) in [("acc", "ACCEL", "m/s^2"), ("gyr", "GYRO", "rad/s")] {
            for axis in ["x", "y", "z"] {
                table.column(&format!("{point}_{quantity}_{axis}"), axis, kind, &point, units, "sensor");
            }
        }
        Ok(Self { table, own_clock })
    }

    fn write(&mut self, packet: &Packet) -> Result<(), BidsWriteError> {
        let own_clock = self.own_clock;
        for sample in &packet.samples {
            self.table.row(sample.t.0, |out| {
                match packet.arrival {
                    _ if !own_clock => {}
                    Some(arrival) => write!(out, "\t{}", arrival.0)?,
                    None => out.write_all(b"\tn/a")?,
                }
                sample.acc.iter().chain(&sample.gyr).try_for_each(|x| write!(out, "\t{x}"))
            })?;
        }
        Ok(())
    }
}

/// Names and tracked points of the angle channels, in the order of [`write_angles`].
fn angle_columns() -> impl Iterator<Item = (String, String)> {
    let joints = |side: Side| {
        ["hip", "knee", "femur"].into_iter().flat_map(move |joint| {
            ["flexion", "adduction", "rotation"]
                .map(|angle| (format!("{side}_{joint}_{angle}"), format!("{side}_{joint}")))
        })
    };
    let pelvis = ["obliquity", "tilt", "rotation"].map(|angle| (format!("pelvis_{angle}"), "pelvis".into()));
    Side::BOTH.into_iter().flat_map(joints).chain(pelvis)
}

fn write_angles(out: &mut impl Write, frame: &Frame) -> io::Result<()> {
    let mut degrees = |x: Option<f64>| match x {
        Some(rad) => write!(out, "\t{:.3}", rad.to_degrees()),
        None => out.write_all(b"\tn/a"),
    };
    for side in Side::BOTH {
        let leg = &frame.legs[side];
        for joint in [leg.hip, leg.knee, leg.femur] {
            for angle in [|a: Angles| a.flexion, |a: Angles| a.adduction, |a: Angles| a.rotation] {
                degrees(joint.map(angle))?;
            }
        }
    }
    degrees(frame.pelvis.map(|p| p.obliquity))?;
    degrees(frame.pelvis.map(|p| p.tilt))?;
    degrees(frame.pelvis.map(|p| p.rotation))
}

fn stretch_word(stretch: Stretch) -> &'static str {
    match stretch {
        Stretch::Still => "still",
        Stretch::Functional => "functional",
        Stretch::Baseline => "baseline",
        Stretch::SingleLegSquat => "single_leg_squat",
        Stretch::StepDown => "step_down",
    }
}

/// `left_thigh` to `LeftThigh`: entities of BIDS names have letters and digits only.
fn camel(name: &str) -> String {
    let words = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|w| !w.is_empty());
    let joined: String = words
        .map(|word| {
            let mut letters = word.chars();
            letters
                .next()
                .map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + letters.as_str())
        })
        .collect();
    if joined.is_empty() { "Sensor".into() } else { joined }
}

/// A free name as a tracked point: lower case, no blanks.
fn snake(name: &str) -> String {
    name.to_ascii_lowercase().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect()
}

fn with_end(stem: &Path, end: &str) -> PathBuf {
    let mut name = stem.as_os_str().to_owned();
    name.push(end);
    name.into()
}

fn make_dir(path: &Path) -> Result<(), BidsWriteError> {
    fs::create_dir_all(path).map_err(|source| BidsWriteError::Write { path: path.into(), source })
}

/// Readable by people, with a newline at the end.
pub(crate) fn write_json(path: &Path, value: &Value) -> Result<(), BidsWriteError> {
    fs::write(path, format!("{value:#}\n"))
        .map_err(|source| BidsWriteError::Write { path: path.into(), source })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::{Placement, Sample};
    use crate::event::LegAngles;
    use crate::units::DeviceTime;
    use nalgebra::Vector3;

    fn info(id: u16, name: &str, placement: Option<Placement>, clock: ClockKind) -> SensorInfo {
        SensorInfo { id: SensorId(id), name: name.into(), placement, rate: Hz(100.0), clock }
    }

    #[test]
    fn a_recording_has_every_file_and_its_numbers_in_full() {
        let dir = tempfile::tempdir().unwrap();
        let about = Description { name: "n", license: "l", authors: &["a"], generator: "g" };
        create_dataset(dir.path(), &about).unwrap();
        let mut rec = BidsRecording::create(dir.path(), "01", "run").unwrap();
        let left = info(0, "x", Some(Placement::LeftThigh), ClockKind::Device);
        let odd = info(1, "Chest strap #2", None, ClockKind::Session);
        rec.input(&Input::Sensor(left.clone())).unwrap();
        rec.input(&Input::Sensor(odd)).unwrap();
        rec.input(&Input::Sensor(left)).unwrap();
        let sample = Sample {
            t: DeviceTime(0.1 + 0.2),
            acc: Vector3::new(1.0, -2.5, 1e-7),
            gyr: Vector3::new(0.1, 0.0, 3.0),
        };
        for (id, arrival) in [(0, Some(SessionTime(0.5))), (1, Some(SessionTime(0.6))), (0, None)] {
            rec.input(&Input::Packet(Packet { sensor: SensorId(id), arrival, samples: vec![sample] }))
                .unwrap();
        }
        for (edge, t) in [(Edge::Begin, 1.0), (Edge::End, 8.0)] {
            rec.input(&Input::Mark(Mark { stretch: Stretch::Still, edge, t: SessionTime(t) })).unwrap();
        }
        rec.event(EventRow {
            onset: SessionTime(0.25),
            duration: 0.0,
            trial_type: "initial_contact".into(),
            side: Some(Side::Left),
            value: Some("run".into()),
        });
        let frame =
            Frame { t: SessionTime(0.0), legs: crate::body::PerSide::<LegAngles>::default(), pelvis: None };
        rec.angles("omc", Hz(100.0), &frame).unwrap();
        rec.finish().unwrap();

        let motion = dir.path().join("sub-01/motion");
        let read = |name: &str| fs::read_to_string(motion.join(name)).unwrap();
        assert_eq!(
            read("sub-01_task-run_tracksys-LeftThigh_motion.tsv"),
            "0.30000000000000004\t0.5\t1\t-2.5\t0.0000001\t0.1\t0\t3\n\
             0.30000000000000004\tn/a\t1\t-2.5\t0.0000001\t0.1\t0\t3\n"
        );
        assert!(
            read("sub-01_task-run_tracksys-ChestStrap2_motion.tsv")
                .starts_with("0.30000000000000004\t1\t-2.5")
        );
        let channels = read("sub-01_task-run_tracksys-LeftThigh_channels.tsv");
        assert_eq!(channels.lines().count(), 9);
        assert!(channels.contains("left_thigh_acc_x\tx\tACCEL\tleft_thigh\tm/s^2\tsensor\n"));
        let about: Value = serde_json::from_str(&read("sub-01_task-run_tracksys-omc_motion.json")).unwrap();
        assert_eq!(about["JNTANGChannelCount"], 21);
        assert_eq!(about["SamplingFrequency"], 100.0);
        assert_eq!(
            read("sub-01_task-run_events.tsv"),
            "onset\tduration\ttrial_type\tside\tvalue\n0.2500\t0.0000\tinitial_contact\tleft\trun\n\
             1.0000\t7.0000\tstill\tn/a\tn/a\n"
        );
    }

    #[test]
    fn names_that_cannot_be_file_names_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let error = BidsRecording::create(dir.path(), "a/b", "run").err().unwrap();
        assert!(error.to_string().contains("letters and digits"), "{error}");
    }

    #[test]
    fn a_packet_of_an_unknown_sensor_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let mut rec = BidsRecording::create(dir.path(), "a", "b").unwrap();
        let packet = Packet { sensor: SensorId(7), arrival: None, samples: vec![] };
        assert!(rec.input(&Input::Packet(packet)).unwrap_err().to_string().contains("sensor 7"));
    }
}

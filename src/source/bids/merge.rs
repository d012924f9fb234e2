use super::channels::{Layout, placement_order};
use super::events;
use super::files::Files;
use super::track::Track;
use crate::body::{ClockKind, SensorId, SensorInfo};
use crate::input::{Input, Mark};
use crate::source::SourceError;
use crate::units::Hz;
use std::collections::VecDeque;

/// A motion file with sensors, before its samples are read.
struct Plan {
    layout: Layout,
    rate: Hz,
    clock: ClockKind,
    /// Identity and order among ties of each sensor of the layout.
    sensors: Vec<(SensorId, usize)>,
}

/// The sensors of a recording, in the order in which they are announced: by placement.
fn sensors(files: &Files) -> Result<Vec<SensorInfo>, SourceError> {
    Ok(plan(files)?.1)
}

/// An error when no sensor is on a leg.
pub(crate) fn require_leg(files: &Files) -> Result<(), SourceError> {
    let sensors = sensors(files)?;
    if sensors.iter().any(|s| s.placement.is_some_and(|p| p.side().is_some())) {
        return Ok(());
    }
    let names: Vec<&str> = sensors.iter().map(|s| s.name.as_str()).collect();
    let found = if names.is_empty() {
        "it has no ACCEL and GYRO channels".to_owned()
    } else {
        format!("it has {}", names.join(", "))
    };
    Err(SourceError::NoLegSensors { path: files.path().to_path_buf(), found })
}

/// The recording as a session: sensors, then packets and marks by time, then the end.
pub(crate) fn inputs(files: &Files) -> Result<Merge, SourceError> {
    let (plans, infos) = plan(files)?;
    let tracks = plans
        .into_iter()
        .map(|p| Track::open(p.layout, p.rate, p.sensors.into_iter()))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Merge { announcements: infos.into(), marks: events::marks(files)?.into(), tracks, done: false })
}

fn plan(files: &Files) -> Result<(Vec<Plan>, Vec<SensorInfo>), SourceError> {
    let mut plans = Vec::new();
    for motion in files.motions() {
        let layout = Layout::read(motion)?;
        if !layout.sensors.is_empty() {
            let (rate, clock) = (layout.rate()?, layout.clock()?);
            plans.push(Plan { layout, rate, clock, sensors: Vec::new() });
        }
    }
    // (placement, file, sensor within the file): the announcement order, the same on every run.
    let mut places: Vec<(usize, usize, usize)> = Vec::new();
    for (file, plan) in plans.iter().enumerate() {
        for (sensor, columns) in plan.layout.sensors.iter().enumerate() {
            places.push((placement_order(columns.placement), file, sensor));
        }
    }
    places.sort_unstable();
    let mut infos = Vec::new();
    for (order, (_, file, sensor)) in places.into_iter().enumerate() {
        let Some(plan) = plans.get_mut(file) else { continue };
        let Some(columns) = plan.layout.sensors.get(sensor) else { continue };
        let id = SensorId(order as u16);
        infos.push(SensorInfo {
            id,
            name: columns.tracked_point.clone(),
            placement: columns.placement,
            rate: plan.rate,
            clock: plan.clock,
        });
        // A layout keeps its sensors by placement, and so does this list: ids land in its order.
        plan.sensors.push((id, order));
    }
    Ok((plans, infos))
}

/// Sensors, then packets and marks by time, then the end.
#[derive(Debug)]
pub(crate) struct Merge {
    announcements: VecDeque<SensorInfo>,
    marks: VecDeque<Mark>,
    tracks: Vec<Track>,
    done: bool,
}

impl Merge {
    fn step(&mut self) -> Result<Input, SourceError> {
        if let Some(info) = self.announcements.pop_front() {
            return Ok(Input::Sensor(info));
        }
        let first = self
            .tracks
            .iter_mut()
            .filter_map(|track| track.peek().map(|r| (r.key, r.order)).map(|at| (at, track)))
            .min_by(|(a, _), (b, _)| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let key = first.as_ref().map(|((key, _), _)| *key);
        // A mark comes before what has its time: a command reaches the host before the next packet.
        if let Some(mark) = self.marks.front()
            && key.is_none_or(|key| mark.t.0 <= key)
            && let Some(mark) = self.marks.pop_front()
        {
            return Ok(Input::Mark(mark));
        }
        if let Some((_, track)) = first
            && let Some(ready) = track.pop()?
        {
            return Ok(Input::Packet(ready.packet));
        }
        self.done = true;
        Ok(Input::End)
    }
}

impl Iterator for Merge {
    type Item = Result<Input, SourceError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let step = self.step();
        // After an error nothing more can be read in order.
        self.done |= step.is_err();
        Some(step)
    }
}

//! Sensors that are given another place while they stream: what was said of the wrong place ends, and what was
//! calibrated there counts no more.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use stancewatch::body::{Placement, SensorInfo, Side};
use stancewatch::event::{Event, Grade, Health, HealthCode};
use stancewatch::input::Input;
use stancewatch::pipeline::{Pipeline, PipelineConfig};
use stancewatch::source::ble::roster::Swap;
use stancewatch::source::synthetic::{Runner, RunnerConfig};
use stancewatch::units::{DeviceTime, SessionTime};

/// Long enough that fusion takes what follows for another start, s.
const PAUSE: f64 = 20.0;

#[derive(Debug, Default)]
struct Said {
    grades: Vec<Grade>,
    health: Vec<Health>,
    valid: [usize; 2],
}

impl Said {
    fn take(&mut self, events: &[Event]) {
        for event in events {
            match event {
                Event::Calibration(calibration) => self.grades.push(calibration.grade),
                Event::Health(health) => self.health.push(health.clone()),
                Event::Stance(stance) if stance.valid => self.valid[stance.side.index()] += 1,
                _ => {}
            }
        }
    }

    fn claims(&self) -> Vec<(Option<Placement>, bool)> {
        let claims = self.health.iter().filter(|health| health.code == HealthCode::DuplicatePlacement);
        claims.map(|health| (health.placement, health.active)).collect()
    }
}

fn session() -> Vec<Input> {
    let config = RunnerConfig {
        seed: 13,
        individuality: 0.5,
        running_s: 20.0,
        end_still_s: 1.0,
        ..RunnerConfig::default()
    };
    Runner::new(&config).unwrap().collect()
}

fn sensors(inputs: &[Input]) -> Vec<SensorInfo> {
    inputs
        .iter()
        .filter_map(|input| if let Input::Sensor(info) = input { Some(info.clone()) } else { None })
        .collect()
}

/// The samples again, later.
fn later(inputs: &[Input], by: f64) -> impl Iterator<Item = Input> {
    inputs.iter().filter(|input| matches!(input, Input::Packet(_) | Input::End)).cloned().map(
        move |mut input| {
            if let Input::Packet(packet) = &mut input {
                packet.arrival = packet.arrival.map(|t| SessionTime(t.0 + by));
                packet.samples.iter_mut().for_each(|sample| sample.t = DeviceTime(sample.t.0 + by));
            }
            input
        },
    )
}

#[test]
fn exchanged_shanks_are_right_after_a_swap_and_a_new_calibration() {
    let session = session();
    let length = session
        .iter()
        .filter_map(|input| if let Input::Packet(packet) = input { packet.arrival } else { None })
        .fold(0.0, |last: f64, t| last.max(t.0));
    let wrong = |mut info: SensorInfo| {
        info.placement = info.placement.map(|place| Swap::Shanks.of(place));
        info
    };
    let mut pipeline = Pipeline::new(&PipelineConfig::default()).unwrap();
    let mut said = Said::default();
    for info in sensors(&session) {
        said.take(pipeline.push(&Input::Sensor(wrong(info))));
    }
    for input in later(&session, 0.0).filter(|input| *input != Input::End) {
        said.take(pipeline.push(&input));
    }
    assert_eq!(said.grades.last(), Some(&Grade::Refused));
    assert_eq!(said.valid, [0, 0]);

    // As the link layer announces it: those that have moved, one after the other.
    for info in sensors(&session).into_iter().filter(|info| wrong(info.clone()) != *info) {
        said.take(pipeline.push(&Input::Sensor(info)));
    }
    let (claimed, ended): (Vec<_>, Vec<_>) = said.claims().into_iter().partition(|(_, active)| *active);
    assert_eq!(claimed.len(), ended.len(), "no place is claimed by two in the end: {:?}", said.claims());

    for input in later(&session, length + PAUSE) {
        said.take(pipeline.push(&input));
    }
    assert!(said.grades.last().is_some_and(|grade| *grade != Grade::Refused), "{:?}", said.grades);
    assert!(said.valid.iter().all(|valid| *valid > 10), "{:?}", said.valid);
}

#[test]
fn a_sensor_that_takes_the_place_of_another_takes_over_nothing_of_its_calibration() {
    let session = session();
    let mut pipeline = Pipeline::new(&PipelineConfig::default()).unwrap();
    let mut said = Said::default();
    for input in session.iter().filter(|input| **input != Input::End) {
        said.take(pipeline.push(input));
    }
    assert!(said.valid.iter().all(|valid| *valid > 10), "{:?}", said.valid);
    let before = said.valid;
    // A spare sensor for the left shank, which nobody has calibrated: here, the pelvis one.
    let mut spare =
        sensors(&session).into_iter().find(|info| info.placement == Some(Placement::Pelvis)).unwrap();
    spare.placement = Some(Placement::LeftShank);
    said.take(pipeline.push(&Input::Sensor(spare)));
    assert_eq!(said.claims(), [(Some(Placement::LeftShank), true)]);
    // The run goes on without another standing.
    let running = later(&session, PAUSE + 100.0).filter(|input| match input {
        Input::Packet(packet) => packet.arrival.is_some_and(|t| t.0 > PAUSE + 100.0 + 35.0),
        _ => true,
    });
    for input in running {
        said.take(pipeline.push(&input));
    }
    assert_eq!(said.valid[Side::Left.index()], before[Side::Left.index()], "{:?}", said.valid);
}

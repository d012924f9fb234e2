//! What the pipeline says about the data themselves.
#![allow(clippy::unwrap_used)]

use stancewatch::body::{Placement, SensorId};
use stancewatch::event::{CueKind, Event, Health, HealthCode};
use stancewatch::input::{Input, Link, Report, Trouble};
use stancewatch::pipeline::{Pipeline, PipelineConfig};
use stancewatch::source::synthetic::{Runner, RunnerConfig};
use stancewatch::units::SessionTime;

/// A short session whose samples of one sensor are changed, and what was said of that sensor.
fn said_of(placement: Placement, change: impl Fn(&mut stancewatch::body::Sample, f64)) -> Vec<Health> {
    let config = RunnerConfig { running_s: 20.0, walk_s: 5.0, ..RunnerConfig::default() };
    let mut pipeline = Pipeline::new(&PipelineConfig::default()).unwrap();
    let mut sensor: Option<SensorId> = None;
    let mut said = Vec::new();
    for mut input in Runner::new(&config).unwrap() {
        match &mut input {
            Input::Sensor(info) if info.placement == Some(placement) => sensor = Some(info.id),
            Input::Packet(packet) if Some(packet.sensor) == sensor => {
                let now = packet.arrival.unwrap().0;
                packet.samples.iter_mut().for_each(|sample| change(sample, now));
            }
            _ => {}
        }
        said.extend(pipeline.push(&input).iter().filter_map(|event| match event {
            Event::Health(health) if health.placement == Some(placement) => Some(health.clone()),
            _ => None,
        }));
    }
    said
}

fn codes(said: &[Health]) -> Vec<HealthCode> {
    said.iter().filter(|h| h.active).map(|h| h.code).collect()
}

#[test]
fn nothing_is_said_of_a_sensor_that_is_well() {
    assert_eq!(codes(&said_of(Placement::LeftShank, |_, _| {})), []);
}

#[test]
fn a_sensor_that_restarts_in_mid_run_is_named_with_its_clock() {
    let said = said_of(Placement::LeftShank, |sample, now| {
        if now > 40.0 {
            sample.t.0 -= 30.0;
        }
    });
    assert!(codes(&said).contains(&HealthCode::ClockJumped), "{said:?}");
    assert!(said[0].message.contains("left shank"), "{}", said[0].message);
}

#[test]
fn a_sensor_at_the_end_of_its_range_is_named_with_the_remedy() {
    let said = said_of(Placement::RightShank, |sample, _| {
        // A range of 250 degrees per second: every swing is cut off.
        let end = 250.0_f64.to_radians();
        sample.gyr = sample.gyr.map(|w| w.clamp(-end, end));
    });
    assert!(codes(&said).contains(&HealthCode::Saturated), "{said:?}");
    assert!(said.iter().any(|h| h.message.contains("1000 degrees per second")), "{said:?}");
}

fn link(sensor: Option<SensorId>, t: f64, report: Report) -> Input {
    Input::Link(Link { sensor, t: SessionTime(t), report })
}

#[test]
fn what_a_link_says_is_said_of_its_sensor_and_time_goes_on_while_all_are_quiet() {
    let mut pipeline = Pipeline::new(&PipelineConfig::default()).unwrap();
    let mut first = None;
    let config = RunnerConfig { running_s: 5.0, walk_s: 5.0, ..RunnerConfig::default() };
    for input in Runner::new(&config).unwrap().take(600) {
        if let Input::Sensor(info) = &input {
            first = first.or(Some((info.id, info.placement)));
        }
        pipeline.push(&input);
    }
    let (sensor, placement) = first.unwrap();
    pipeline.push(&link(Some(sensor), 4.0, Report::Battery { percent: 12.0 }));
    let lost = Report::Trouble { trouble: Trouble::Lost, active: true, message: "it is lost".into() };
    let told: Vec<_> = pipeline.push(&link(Some(sensor), 4.0, lost)).to_vec();
    assert!(
        matches!(told.as_slice(), [Event::Health(h), Event::Cue(cue)]
            if h.code == HealthCode::LinkLost && h.placement == placement && h.active
            && cue.kind == CueKind::Data { code: h.code, placement }),
        "{told:?}"
    );
    let before = pipeline.now().unwrap();
    assert!(pipeline.sensors().all(|s| s.online));
    // A clock that is broken moves the session by little.
    pipeline.push(&link(None, 1e12, Report::Quiet));
    assert!(pipeline.now().unwrap() - before <= 5.0);
    pipeline.push(&link(None, f64::NAN, Report::Quiet));
    let sensors: Vec<_> = pipeline.sensors().collect();
    assert!(sensors.iter().all(|s| !s.online), "a page that says online would lie: {sensors:?}");
    assert_eq!(sensors.iter().find(|s| s.placement == placement).unwrap().battery, Some(12.0));
}

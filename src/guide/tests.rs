use super::*;
use crate::body::{ClockKind, Packet, Sample, SensorId, SensorInfo, Side};
use crate::event::{Contact, ContactKind, Gait};
use crate::units::{DeviceTime, Hz};

/// A thigh and a shank of the left leg at 100 Hz.
struct Person {
    guide: Guide,
    t: f64,
    marks: Vec<(Stretch, Edge)>,
    /// When the shank's sensor is tapped.
    taps: Vec<f64>,
}

impl Person {
    fn new() -> Self {
        let mut guide = Guide::new(BaselineConfig::default(), false);
        for (id, placement) in [(0, Placement::LeftThigh), (1, Placement::LeftShank)] {
            let info = SensorInfo {
                id: SensorId(id),
                name: placement.name().into(),
                placement: Some(placement),
                rate: Hz(100.0),
                clock: ClockKind::Session,
            };
            guide.push(&Input::Sensor(info), &[], SessionTime(0.0), &mut Vec::new());
        }
        Self { guide, t: 0.0, marks: Vec::new(), taps: Vec::new() }
    }

    fn ask(&mut self, wish: Wish) {
        let mut marks = Vec::new();
        self.guide.wish(wish, &mut marks);
        self.marks.extend(marks.iter().map(|m| (m.stretch, m.edge)));
    }

    /// The thigh leans by `lean` rad at a time after the begin of this, for so long.
    fn moves(&mut self, seconds: f64, lean: impl Fn(f64) -> f64) {
        for i in 0..(seconds * 100.0) as usize {
            self.t += 0.01;
            let t = i as f64 / 100.0;
            for id in [0, 1] {
                let lean = if id == 0 { lean(t) } else { 0.0 };
                let hit = id == 1 && self.taps.iter().any(|tap| (self.t - tap).abs() < 0.015);
                let sample = Sample {
                    t: DeviceTime(self.t),
                    acc: if hit { 4.0 } else { 1.0 } * 9.81 * Vector3::new(lean.sin(), lean.cos(), 0.0),
                    gyr: Vector3::zeros(),
                };
                let packet = Packet { sensor: SensorId(id), arrival: None, samples: vec![sample] };
                let mut marks = Vec::new();
                self.guide.push(&Input::Packet(packet), &[], SessionTime(self.t), &mut marks);
                self.marks.extend(marks.iter().map(|m| (m.stretch, m.edge)));
            }
        }
    }
}

fn start(delay: f64) -> Start {
    Start { parts: Parts { still: true, bends: true }, delay }
}

fn now(still: bool, bends: bool) -> Wish {
    Wish::Begin(Start { parts: Parts { still, bends }, delay: 0.0 })
}

fn bend(t: f64) -> f64 {
    0.4 * (1.0 - (t * std::f64::consts::TAU / 3.0).cos())
}

#[test]
fn who_moves_is_waited_for_and_the_standing_counts_from_when_it_is_quiet() {
    let mut person = Person::new();
    person.ask(now(true, true));
    person.moves(6.0, |t| 0.3 * (t * 6.0).sin());
    assert_eq!((person.guide.status().step, person.marks.len()), ("still", 0), "{:?}", person.guide.status());
    person.moves(3.0, |_| 0.0);
    assert!(person.guide.status().held > 1.0);
    person.moves(0.5, |t| 0.3 * (t * 6.0).sin());
    assert_eq!(person.guide.status().moved, 1);
    person.moves(7.0, |_| 0.0);
    assert_eq!(person.guide.status().step, "bends");
    let still: Vec<_> = person.marks.iter().filter(|(s, _)| *s == Stretch::Still).map(|(_, e)| *e).collect();
    assert_eq!(still, [Edge::Begin, Edge::Begin, Edge::End]);
}

#[test]
fn the_standing_is_asked_for_when_the_countdown_is_over() {
    let mut person = Person::new();
    person.moves(1.0, |_| 0.0);
    person.ask(Wish::Begin(start(5.0)));
    person.moves(3.0, |_| 0.0);
    let status = person.guide.status();
    assert_eq!((status.step, status.held, person.marks.len()), ("countdown", 0.0, 0));
    assert!((status.left - 2.0).abs() < 0.05, "{status:?}");
    person.ask(Wish::Stop);
    person.moves(3.0, |_| 0.0);
    assert_eq!(person.guide.status().step, "idle");
    person.ask(Wish::Begin(start(2.0)));
    person.moves(2.5, |_| 0.0);
    assert_eq!(person.guide.status().step, "still");
}

#[test]
fn two_taps_on_a_worn_sensor_begin_it_where_taps_are_listened_to() {
    let mut person = Person::new();
    person.taps = vec![1.0, 1.3, 5.0, 5.3];
    person.moves(3.0, |_| 0.0);
    assert_eq!(person.guide.status().step, "idle", "nobody listens");
    person.guide.listen(Some(start(3.0)));
    person.moves(4.0, |_| 0.0);
    assert_eq!(person.guide.status().step, "countdown");
}

#[test]
fn who_steps_does_not_tap() {
    let mut person = Person::new();
    person.taps = vec![2.0, 2.3];
    person.guide.listen(Some(start(3.0)));
    person.moves(1.5, |_| 0.0);
    let contact = Contact {
        side: Side::Left,
        kind: ContactKind::Initial,
        t: SessionTime(1.4),
        decided: SessionTime(1.5),
        gait: Gait::Walk,
        rhythm: 0,
        sigma: 0.01,
    };
    person.guide.push(&Input::End, &[Event::Contact(contact)], SessionTime(1.5), &mut Vec::new());
    person.moves(3.0, |_| 0.0);
    assert_eq!(person.guide.status().step, "idle");
}

#[test]
fn five_bends_are_counted_and_then_it_is_time_to_walk() {
    let mut person = Person::new();
    person.moves(1.0, |_| 0.0);
    person.ask(now(false, true));
    person.moves(6.0, bend);
    assert_eq!((person.guide.status().step, person.guide.status().bends), ("bends", 2));
    person.moves(9.3, bend);
    assert_eq!(person.guide.status().step, "gait");
    assert_eq!(person.marks, [(Stretch::Functional, Edge::Begin), (Stretch::Functional, Edge::End)]);
}

#[test]
fn bending_ends_when_it_is_told_to_or_takes_too_long() {
    for told in [true, false] {
        let mut person = Person::new();
        person.moves(1.0, |_| 0.0);
        person.ask(now(false, true));
        person.moves(if told { 4.0 } else { 30.0 }, |_| 0.0);
        if told {
            person.ask(Wish::Next);
        }
        assert_eq!(person.guide.status().step, "gait", "{told}");
        assert_eq!(person.marks.last(), Some(&(Stretch::Functional, Edge::End)));
    }
}

#[test]
fn without_a_sensor_nothing_is_still() {
    let mut guide = Guide::new(BaselineConfig::default(), false);
    let mut marks = Vec::new();
    guide.wish(now(true, false), &mut marks);
    guide.push(&Input::End, &[], SessionTime(60.0), &mut marks);
    assert_eq!((guide.status().step, guide.status().held, marks.len()), ("still", 0.0, 0));
}

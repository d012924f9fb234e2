//! Cues of a whole run through the pipeline: soon enough, the same in a replay, and without influence on verdicts.

#![expect(clippy::unwrap_used, reason = "helpers of tests: a panic is the failure")]

use stancewatch::body::Side;
use stancewatch::event::{Cue, CueKind, Event};
use stancewatch::input::{CueSettings, Fade, Input, Order, Wish};
use stancewatch::pipeline::{Pipeline, PipelineConfig};
use stancewatch::source::synthetic::{Episode, EpisodeKind, Runner, RunnerConfig};
use stancewatch::units::SessionTime;
use std::sync::OnceLock;

/// A run with a fault on either leg.
fn inputs() -> &'static [Input] {
    static INPUTS: OnceLock<Vec<Input>> = OnceLock::new();
    INPUTS.get_or_init(|| {
        let episode = |side, kind, degrees, start_s| Episode {
            side,
            kind,
            degrees,
            start_s,
            duration_s: 30.0,
            ramp_s: 1.0,
        };
        let config = RunnerConfig {
            seed: 20,
            individuality: 0.5,
            running_s: 165.0,
            episodes: vec![
                episode(Side::Right, EpisodeKind::Adduction, 8.0, 72.0),
                episode(Side::Left, EpisodeKind::Rotation, 11.0, 120.0),
            ],
            ..RunnerConfig::default()
        };
        Runner::new(&config).unwrap().collect()
    })
}

fn time(input: &Input) -> Option<f64> {
    if let Input::Packet(packet) = input { packet.arrival.map(|t| t.0) } else { None }
}

/// The run with what somebody wanted in it.
fn with_orders(orders: &[(f64, Wish)]) -> Vec<Input> {
    let mut due = orders.iter().peekable();
    let mut all = Vec::new();
    for input in inputs() {
        while let Some((t, wish)) = due.next_if(|(t, _)| time(input).is_some_and(|now| now >= *t)) {
            all.push(Input::Order(Order { t: SessionTime(*t), wish: *wish }));
        }
        all.push(input.clone());
    }
    all
}

fn events(inputs: &[Input]) -> Vec<Event> {
    let mut pipeline = Pipeline::new(&PipelineConfig::default()).unwrap();
    inputs.iter().flat_map(|input| pipeline.push(input).to_vec()).collect()
}

fn cues(events: &[Event]) -> Vec<Cue> {
    events.iter().filter_map(|e| if let Event::Cue(cue) = e { Some(*cue) } else { None }).collect()
}

#[test]
fn a_cue_is_decided_within_a_fifth_of_a_second_of_terminal_contact_on_the_right_leg() {
    let cues = cues(&events(inputs()));
    let mut waits = Vec::new();
    for cue in &cues {
        if let CueKind::Gait { tc, .. } = cue.kind {
            waits.push((cue.t - tc) * 1e3);
        }
    }
    waits.sort_by(f64::total_cmp);
    assert!(waits.len() >= 8, "{} cues: this test shows nothing", waits.len());
    let at = |share: f64| waits[((waits.len() - 1) as f64 * share) as usize];
    println!(
        "decided after terminal contact, ms: n {}, median {:.0}, p90 {:.0}, worst {:.0}",
        waits.len(),
        at(0.5),
        at(0.9),
        at(1.0)
    );
    // What is left of 250 ms is for a packet to fill (40 ms), the radio and the sound.
    assert!(at(1.0) < 100.0, "{waits:?}");
    let first = cues.iter().find(|cue| matches!(cue.kind, CueKind::Gait { .. })).unwrap();
    assert!(matches!(first.kind, CueKind::Gait { side: Side::Right, .. }), "{first:?}");
    assert!(cues.iter().any(|cue| matches!(cue.kind, CueKind::AllClear { side: Side::Right })));
    assert!(cues.iter().any(|cue| matches!(cue.kind, CueKind::Gait { side: Side::Left, .. })));
}

#[test]
fn what_people_want_is_replayed_and_changes_nothing_but_cues() {
    let muted = CueSettings { muted: true, ..CueSettings::default() };
    let live = with_orders(&[
        (20.0, Wish::Metronome { percent: Some(7.5) }),
        (60.0, Wish::Fade { fade: Some(Fade { seed: 4, share: 0.5, minutes: 4.0 }) }),
        (112.0, Wish::Settings(muted)),
        (116.0, Wish::Settings(CueSettings::default())),
        (160.0, Wish::Snooze { seconds: 5.0 }),
        (166.0, Wish::Fade { fade: None }),
    ]);
    let recorded: Vec<Input> = live
        .iter()
        .map(|input| serde_json::from_str(&serde_json::to_string(input).unwrap()).unwrap())
        .collect();
    let (live, replayed) = (events(&live), events(&recorded));
    assert_eq!(live.len(), replayed.len());
    assert!(live.iter().zip(&replayed).all(|(a, b)| a == b));
    assert!(cues(&live).iter().any(|cue| matches!(cue.kind, CueKind::Metronome { spm: Some(_) })));
    for cue in cues(&live) {
        let heard = !matches!(cue.kind, CueKind::Metronome { .. });
        assert!(!heard || !(112.1..116.0).contains(&cue.t.0), "muted: {cue:?}");
        assert!(!heard || !(160.1..164.9).contains(&cue.t.0), "snoozed: {cue:?}");
    }
    let verdicts = |events: Vec<Event>| -> Vec<Event> {
        events.into_iter().filter(|event| !matches!(event, Event::Cue(_))).collect()
    };
    let plain = events(inputs());
    assert_ne!(cues(&plain), cues(&live));
    assert!(verdicts(plain) == verdicts(live), "a wish about cues changed a verdict");
}

//! From raw samples of synthetic runners to alerts: a small score (the large one is `stancewatch score`), and stances
//! that are judged again.

use stancewatch::body::Side;
use stancewatch::event::{Alert, Event, Evidence, HealthCode, Rule};
use stancewatch::flag::{FlagConfig, Story};
use stancewatch::pipeline::{Pipeline, PipelineConfig};
use stancewatch::score::{self, Options};
use stancewatch::source::synthetic::{Episode, EpisodeKind, Runner, RunnerConfig};
use std::num::NonZeroUsize;

/// A run of two minutes and a half with one fault.
fn faulty() -> RunnerConfig {
    let episode = Episode {
        side: Side::Left,
        kind: EpisodeKind::Adduction,
        degrees: 6.0,
        start_s: 100.0,
        duration_s: 25.0,
        ramp_s: 0.5,
    };
    RunnerConfig { seed: 11, running_s: 150.0, episodes: vec![episode], ..RunnerConfig::default() }
}

fn alerts(events: &[Event]) -> Vec<Alert> {
    events.iter().filter_map(|e| if let Event::Alert(a) = e { Some(*a) } else { None }).collect()
}

#[test]
fn recorded_stances_judged_again_give_the_same_alerts_and_other_limits_give_others() {
    let mut pipeline = Pipeline::new(&PipelineConfig::default()).unwrap();
    let (mut story, mut said) = (Story::default(), Vec::new());
    for input in Runner::new(&faulty()).unwrap() {
        story.input(&input);
        for event in pipeline.push(&input) {
            story.event(event);
            said.extend(
                matches!(event, Event::Alert(_) | Event::Evidence(_) | Event::Baseline(_))
                    .then(|| event.clone()),
            );
        }
    }
    let mut again = story.judge(&FlagConfig::default(), None).unwrap();
    again.retain(|e| matches!(e, Event::Alert(_) | Event::Evidence(_) | Event::Baseline(_)));
    assert_eq!(said, again);
    let raised = alerts(&said);
    assert!(!raised.is_empty() && raised.iter().all(|a| a.side == Side::Left), "{raised:?}");

    // Every alert is explained at once by stances that are there.
    for (i, event) in said.iter().enumerate() {
        let Event::Alert(a) = event else { continue };
        if a.cleared.is_some() {
            continue;
        }
        let Some(Event::Evidence(e)) = said.get(i + 1) else { unreachable!("{:?}", said.get(i + 1)) };
        let Evidence { number, rule, side, severity, decided, strides, .. } = e.as_ref();
        assert_eq!(
            (*number, *rule, *side, *severity, *decided),
            (a.number, a.rule, a.side, a.severity, a.decided)
        );
        let beyond = strides.iter().filter(|s| s.beyond).count();
        assert_eq!(beyond, a.strides as usize, "{e:?}");
        assert!(strides.iter().all(|s| !s.beyond || s.value > s.limit));
    }

    let mut wide = FlagConfig::default();
    for change in
        [&mut wide.hip_adduction, &mut wide.femur_adduction, &mut wide.pelvic_drop, &mut wide.knee_valgus]
    {
        change.amber_deg = 20.0;
        change.red_deg = 30.0;
    }
    wide.asymmetry.amber_deg = 20.0;
    wide.asymmetry.red_deg = 30.0;
    assert!(alerts(&story.judge(&wide, None).unwrap()).is_empty());
}

#[test]
fn a_small_score_finds_faults_on_their_leg_is_quiet_otherwise_and_in_time() {
    let one = Options { runs: 1, jobs: NonZeroUsize::new(3).unwrap() };
    let score = score::run(&one, &PipelineConfig::default()).unwrap();
    println!("{}", score.text());
    for e in &score.episodes {
        assert!(e.episodes >= 5, "{e:?}");
        assert_eq!(e.wrong_leg, 0, "{e:?}");
    }
    let five = score.episodes.iter().find(|e| e.kind == "adduction" && e.degrees > 4.0).unwrap();
    assert!(five.found + 1 >= five.episodes, "{five:?}");
    assert!(score.disturbed.iter().all(|d| d.happened > 0 && d.alerts == 0), "{:?}", score.disturbed);
    assert!(
        score.timing.stances > 1000 && score.timing.before_next_contact_percent >= 99.9,
        "{:?}",
        score.timing
    );
    assert!(score.timing.within_250_ms_percent >= 99.9, "{:?}", score.timing);
    // A score that nobody could reach on clean running would say so.
    assert!(score.clean.iter().map(|c| c.leg_hours).sum::<f64>() > 0.2);
}

#[test]
fn a_rule_that_the_sensors_cannot_give_is_told_once_they_are_known() {
    let flags = FlagConfig { rules: Some(vec![Rule::PelvicDrop]), ..FlagConfig::default() };
    let mut pipeline = Pipeline::new(&PipelineConfig { flags, ..PipelineConfig::default() }).unwrap();
    let runner = RunnerConfig { pelvis_sensor: false, running_s: 8.0, ..RunnerConfig::default() };
    let mut told = Vec::new();
    for input in Runner::new(&runner).unwrap() {
        let events = pipeline.push(&input).iter();
        told.extend(events.filter_map(|e| if let Event::Health(h) = e { Some(h.clone()) } else { None }));
    }
    told.retain(|h| h.code == HealthCode::RuleNotMeasured);
    assert!(told.len() == 1 && told.iter().all(|h| h.message.contains("pelvic_drop")), "{told:?}");
}

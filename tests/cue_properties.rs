//! What must hold for the cues of any run, whatever people want and sensors do.

#![expect(clippy::indexing_slicing, reason = "helpers of tests: a panic is the failure")]

use proptest::prelude::*;
use stancewatch::body::{PerSide, Placement, Side};
use stancewatch::cue::Cuer;
use stancewatch::event::{
    Against, Alert, Baseline, Basis, Cue, CueKind, Event, Evidence, Flag, Gait, Health, HealthCode, LegUsual,
    PeakSigmas, Peaks, PerQuantity, Quantity, Rule, Severity, Stance, Words, Zero,
};
use stancewatch::input::{CueSettings, Fade, Wish};
use stancewatch::units::SessionTime;

const STEP: f64 = 0.36;
/// Least time between two cues, s.
const APART: f64 = 1.5;

/// A run that is written down stance by stance: events as the flag stage gives them.
struct Run {
    cuer: Cuer,
    t: f64,
    steps: u32,
    alerts: u32,
    standing: PerSide<[Option<Alert>; 7]>,
    cues: Vec<Cue>,
    /// Steps done when each cue was given.
    at_step: Vec<u32>,
}

impl Run {
    fn new() -> Self {
        Self {
            cuer: Cuer::new(),
            t: 60.0,
            steps: 0,
            alerts: 0,
            standing: PerSide::default(),
            cues: Vec::new(),
            at_step: Vec::new(),
        }
    }

    fn follow(&mut self, events: &[Event]) -> Vec<Cue> {
        let mut out = Vec::new();
        self.cuer.follow(SessionTime(self.t), events, &mut out);
        self.keep(out)
    }

    fn want(&mut self, wish: Wish) -> Vec<Cue> {
        let mut out = Vec::new();
        self.cuer.order(SessionTime(self.t), &wish, &mut out);
        self.keep(out)
    }

    fn keep(&mut self, out: Vec<Cue>) -> Vec<Cue> {
        self.cues.extend(&out);
        self.at_step.extend(out.iter().map(|_| self.steps));
        out
    }

    fn side(&self) -> Side {
        Side::BOTH[self.steps as usize % 2]
    }

    /// The next stance, of the other leg than the one before. `beyond`: with the severity; alerts stand while their
    /// rule is in it.
    fn stance(&mut self, beyond: &[(Rule, Severity)]) -> Vec<Cue> {
        let side = self.side();
        self.steps += 1;
        self.t += STEP;
        let decided = SessionTime(self.t);
        let tc = decided + -0.03;
        let peaks = Peaks { femur_adduction: Some(0.3), hip_adduction: Some(0.3), ..Peaks::default() };
        let flags = beyond.iter().map(|&(rule, severity)| Flag { rule, severity }).collect();
        let mut events = vec![Event::Stance(Stance {
            side,
            number: self.steps / 2 + 1,
            gait: Gait::Run,
            ic: tc + -0.24,
            tc,
            stride_time: Some(2.0 * STEP),
            peaks,
            sigma: PeakSigmas::default(),
            valid: true,
            doubt: None,
            decided,
            flags,
        })];
        for rule in [Rule::HipAdduction, Rule::FemurAdduction, Rule::MedialRotation, Rule::PelvicDrop] {
            let severity = beyond.iter().find(|(beyond, _)| *beyond == rule).map(|(_, severity)| *severity);
            let slot = &mut self.standing[side][rule as usize];
            match (severity, *slot) {
                (Some(severity), standing) if standing.is_none_or(|a| a.severity < severity) => {
                    self.alerts += u32::from(standing.is_none());
                    let number = standing.map_or(self.alerts, |a| a.number);
                    let alert = Alert {
                        number,
                        rule,
                        side,
                        severity,
                        onset: decided,
                        decided,
                        cleared: None,
                        value: 0.3,
                        threshold: 0.25,
                        strides: 4,
                        basis: Basis::Baseline,
                    };
                    *slot = Some(alert);
                    events.extend([Event::Alert(alert), Event::Evidence(Box::new(evidence(&alert)))]);
                }
                (None, Some(alert)) => {
                    *slot = None;
                    events.push(Event::Alert(Alert { cleared: Some(decided), ..alert }));
                }
                _ => {}
            }
        }
        self.follow(&events)
    }

    /// A stance within its limits while what stands goes on standing: one good one ends no alert.
    fn unbeyond(&mut self) -> Vec<Cue> {
        let standing = std::mem::take(&mut self.standing);
        let cues = self.stance(&[]);
        self.standing = standing;
        cues
    }

    fn health(&mut self, code: HealthCode, placement: Option<Placement>, active: bool) -> Vec<Cue> {
        let t = SessionTime(self.t);
        self.follow(&[Event::Health(Health { t, code, placement, active, message: String::new() })])
    }

    fn withheld(&self, reason: &str) -> u32 {
        self.cuer.status().withheld.iter().find(|(word, _)| *word == reason).map_or(0, |(_, n)| *n)
    }
}

fn evidence(alert: &Alert) -> Evidence {
    Evidence {
        number: alert.number,
        rule: alert.rule,
        side: alert.side,
        severity: alert.severity,
        decided: alert.decided,
        quantity: Quantity::FemurAdduction,
        against: Against::Today,
        kept: None,
        usual: None,
        strides: Vec::new(),
        estimate: None,
        withheld: Vec::new(),
    }
}

const ADDUCTION: &[(Rule, Severity)] = &[(Rule::FemurAdduction, Severity::Amber)];
const BAD_ROTATION: &[(Rule, Severity)] = &[(Rule::MedialRotation, Severity::Red)];

fn is_gait(cue: &Cue) -> bool {
    matches!(cue.kind, CueKind::Gait { .. })
}

fn is_heard(cue: &Cue) -> bool {
    !matches!(cue.kind, CueKind::Metronome { .. })
}

#[derive(Debug, Clone)]
enum Do {
    Stance(Vec<(Rule, Severity)>),
    Wait(f64),
    Mute(bool),
    Snooze(f64),
    Spacing(u32),
    Health(HealthCode, Option<Placement>, bool),
    Metronome(Option<f64>),
}

fn anything() -> impl Strategy<Value = Do> {
    let rule = prop::sample::select(vec![
        Rule::HipAdduction,
        Rule::FemurAdduction,
        Rule::MedialRotation,
        Rule::PelvicDrop,
    ]);
    let severity = prop::sample::select(vec![Severity::Amber, Severity::Red]);
    let code = prop::sample::select(vec![
        HealthCode::SensorSilent,
        HealthCode::LinkLost,
        HealthCode::StrapSlipped,
        HealthCode::RadioDown,
        HealthCode::SensorLossy,
    ]);
    let place = prop::option::of(prop::sample::select(Placement::ALL.to_vec()));
    prop_oneof![
        30 => prop::collection::vec((rule, severity), 0..3).prop_map(Do::Stance),
        3 => (0.0..3.0).prop_map(Do::Wait),
        1 => any::<bool>().prop_map(Do::Mute),
        1 => (0.0..20.0).prop_map(Do::Snooze),
        1 => (2_u32..6).prop_map(Do::Spacing),
        3 => (code, place, any::<bool>()).prop_map(|(code, place, on)| Do::Health(code, place, on)),
        1 => prop::option::of(5.0..10.0).prop_map(Do::Metronome),
    ]
}

proptest! {
    #[test]
    fn one_at_a_time_spaced_and_never_while_muted_or_snoozed(script in prop::collection::vec(anything(), 1..300)) {
        let mut run = Run::new();
        let mut settings = CueSettings::default();
        let mut snoozed_until = 0.0;
        for step in script {
            let spacing = settings.spacing_strides;
            let cues = match &step {
                Do::Stance(beyond) => run.stance(beyond),
                Do::Wait(s) => {
                    run.t += s;
                    run.follow(&[])
                }
                Do::Mute(muted) => {
                    settings.muted = *muted;
                    run.want(Wish::Settings(settings))
                }
                Do::Snooze(seconds) => {
                    snoozed_until = if *seconds > 0.0 { run.t + seconds } else { 0.0 };
                    run.want(Wish::Snooze { seconds: *seconds })
                }
                Do::Spacing(strides) => {
                    settings.spacing_strides = *strides;
                    run.want(Wish::Settings(settings))
                }
                Do::Health(code, place, active) => run.health(*code, *place, *active),
                Do::Metronome(percent) => run.want(Wish::Metronome { percent: *percent }),
            };
            for cue in cues.iter().filter(|cue| is_heard(cue)) {
                prop_assert!(!settings.muted, "muted: {cue:?}");
                prop_assert!(run.t >= snoozed_until, "snoozed: {cue:?}");
                prop_assert!((0.0..=1.0).contains(&cue.strength));
                let of_a_stance = matches!(&step, Do::Stance(beyond) if !beyond.is_empty());
                prop_assert!(!is_gait(cue) || of_a_stance, "{step:?} gave {cue:?}");
            }
            let gait: Vec<_> = run.cues.iter().zip(&run.at_step).filter(|(cue, _)| is_gait(cue)).collect();
            if let [.., (_, before), (now, at)] = gait[..]
                && cues.contains(now)
            {
                prop_assert!(at - before >= 2 * spacing, "{before} and {at} with {spacing}");
            }
        }
        let heard: Vec<_> = run.cues.iter().filter(|cue| is_heard(cue)).collect();
        for pair in heard.windows(2) {
            prop_assert!(pair[1].t - pair[0].t >= APART - 1e-9, "{pair:?}");
        }
        let numbers: Vec<_> = run.cues.iter().map(|cue| cue.number).collect();
        prop_assert_eq!(numbers, (1..=run.cues.len() as u32).collect::<Vec<_>>());
    }

    /// However it falls: cues about one alert come ever less often, and a new alert is told at once.
    #[test]
    fn one_alert_is_told_ever_less_often(spacing in 2_u32..8, stances in 20_usize..400, beyond in 0.5_f64..1.0, seed in any::<u64>()) {
        let mut run = Run::new();
        run.want(Wish::Settings(CueSettings { spacing_strides: spacing, ..CueSettings::default() }));
        let mut dice = seed | 1;
        run.stance(&[]);
        run.stance(ADDUCTION);
        for _ in 0..stances {
            dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            run.stance(&[]);
            if f64::from((dice >> 40) as u32) / f64::from(1_u32 << 24) < beyond {
                run.stance(ADDUCTION);
            } else {
                run.unbeyond();
            }
        }
        let strides: Vec<_> = waits(&run).iter().map(|steps| steps / 2).collect();
        for (n, wait) in strides.iter().enumerate() {
            let least = spacing << ((n as u32 + 1) / 4).min(3);
            prop_assert!(*wait >= least, "cue {n}: {strides:?}");
        }
        for _ in 0..8 {
            run.stance(&[]);
        }
        let before = run.cues.len();
        run.stance(&[]);
        for _ in 0..spacing {
            run.stance(ADDUCTION);
            run.stance(&[]);
        }
        prop_assert!(run.cues.len() > before, "a new alert waits no longer than the spacing");
    }

    /// A sensor loss, a slipped strap or a dead radio never becomes a gait cue.
    #[test]
    fn trouble_with_the_data_is_never_a_gait_cue(
        codes in prop::collection::vec((0..Placement::COUNT, any::<bool>(), 0_usize..4), 1..60)
    ) {
        let mut run = Run::new();
        for (place, active, code) in codes {
            let code = [HealthCode::SensorSilent, HealthCode::LinkLost, HealthCode::StrapSlipped, HealthCode::BadData][code];
            run.t += 0.5;
            run.health(code, Some(Placement::ALL[place]), active);
        }
        let data_only = run.cues.iter().all(|cue| matches!(cue.kind, CueKind::Data { .. }));
        prop_assert!(data_only, "{:?}", run.cues);
    }
}

/// A run in words: what was said, and when it was step by step.
fn said(run: &Run) -> Vec<String> {
    let word = |cue: &Cue| match cue.kind {
        CueKind::Gait { side, .. } => format!("{side} {}", cue.words.code()),
        CueKind::AllClear { side } => format!("{side} all clear"),
        CueKind::Data { placement, .. } => {
            format!("data {} {}", cue.words.code(), placement.map_or("", Placement::name))
        }
        CueKind::Metronome { spm } => format!("metronome {spm:?}"),
    };
    run.cues.iter().zip(&run.at_step).map(|(cue, step)| format!("{step}: {}", word(cue))).collect()
}

#[test]
fn a_leg_that_falls_in_and_is_mended() {
    let mut run = Run::new();
    // Steps of the left leg are odd, of the right even.
    for _ in 0..21 {
        run.stance(&[]);
        run.stance(ADDUCTION);
    }
    for _ in 0..4 {
        run.stance(&[]);
    }
    assert_eq!(
        said(&run),
        [
            "2: right knees_apart",
            "8: right knees_apart",
            "14: right knees_apart",
            "20: right knees_apart",
            "32: right quicker_lighter_steps",
            "44: right all clear",
        ]
    );
    assert_eq!((run.withheld("spacing"), run.withheld("thinned")), (10, 6));
}

/// Steps between cues about one alert that stands for long.
fn waits(run: &Run) -> Vec<u32> {
    run.at_step.windows(2).map(|pair| pair[1] - pair[0]).collect()
}

#[test]
fn an_alert_that_goes_on_is_cued_less_and_less_and_one_that_grows_worse_as_at_first() {
    let mut run = Run::new();
    for _ in 0..150 {
        run.stance(&[]);
        run.stance(ADDUCTION);
    }
    assert_eq!(waits(&run), [6, 6, 6, 12, 12, 12, 12, 24, 24, 24, 24, 48, 48]);
    assert!(run.withheld("thinned") > 50);
    let before = run.cues.len();
    for _ in 0..40 {
        run.stance(&[]);
        run.stance(&[(Rule::FemurAdduction, Severity::Red)]);
    }
    assert_eq!(waits(&run)[before..before + 3], [6, 6, 6]);
}

#[test]
fn the_worse_of_two_legs_goes_first_and_the_other_waits() {
    let mut run = Run::new();
    for _ in 0..12 {
        run.stance(BAD_ROTATION);
        run.stance(ADDUCTION);
    }
    let sides: Vec<_> = said(&run).iter().map(|said| said.split(' ').nth(1).unwrap().to_owned()).collect();
    assert_eq!(sides, ["left"; 4]);
    assert_eq!(run.withheld("other_rule"), 12);
    // The left leg comes good: the right one is next, after a pause.
    let before = run.cues.len();
    let t = run.cues.last().unwrap().t;
    for _ in 0..20 {
        run.stance(&[]);
        run.stance(ADDUCTION);
    }
    let next = run.cues[before];
    assert!(
        matches!(next.kind, CueKind::Gait { side: Side::Right, rule: Rule::FemurAdduction, .. }),
        "{next:?}"
    );
    assert!((10.0..12.0).contains(&(next.t - t)), "{}", next.t - t);
    assert!(run.withheld("refractory") > 0);
}

#[test]
fn a_trend_is_told_once_and_holds_nothing_else_up() {
    let mut run = Run::new();
    let alert = Alert {
        number: 900,
        rule: Rule::Asymmetry,
        side: Side::Left,
        severity: Severity::Red,
        onset: SessionTime(run.t),
        decided: SessionTime(run.t),
        cleared: None,
        value: 0.1,
        threshold: 0.08,
        strides: 20,
        basis: Basis::Baseline,
    };
    run.follow(&[Event::Alert(alert)]);
    for _ in 0..6 {
        run.stance(&[]);
        run.stance(ADDUCTION);
    }
    assert_eq!(said(&run), ["2: right knees_apart", "8: right knees_apart"]);
}

#[test]
fn hip_and_femur_are_one_thing_to_mend() {
    let mut run = Run::new();
    let both: &[(Rule, Severity)] =
        &[(Rule::HipAdduction, Severity::Amber), (Rule::FemurAdduction, Severity::Red)];
    for i in 0..12 {
        run.stance(&[]);
        run.stance(if i < 6 { both } else { ADDUCTION });
    }
    assert_eq!(run.cues.iter().filter(|cue| cue.words == Words::KneesApart).count(), 4);
    assert_eq!(run.withheld("refractory") + run.withheld("other_rule"), 0);
}

#[test]
fn a_red_stance_is_stronger_than_an_amber_one() {
    let strength = |severity| {
        let mut run = Run::new();
        run.stance(&[(Rule::FemurAdduction, severity)])[0].strength
    };
    assert!((strength(Severity::Amber) - 0.358).abs() < 0.001);
    assert!((strength(Severity::Red) - 0.858).abs() < 0.001);
}

#[test]
fn an_alert_that_ends_for_want_of_evidence_is_not_praised() {
    let mut run = Run::new();
    run.stance(&[]);
    run.stance(ADDUCTION);
    assert_eq!(run.cues.len(), 1);
    let alert = run.standing.right[Rule::FemurAdduction as usize].unwrap();
    let decided = SessionTime(run.t);
    run.t += 12.0;
    run.follow(&[Event::Alert(Alert { cleared: Some(decided), ..alert })]);
    run.standing = PerSide::default();
    run.stance(&[]);
    assert_eq!(run.cues.len(), 1);
}

#[test]
fn a_lost_sensor_is_said_once_however_often_its_link_breaks() {
    let mut run = Run::new();
    let shank = Some(Placement::LeftShank);
    run.health(HealthCode::SensorSilent, shank, true);
    run.t += 2.0;
    run.health(HealthCode::LinkLost, shank, true);
    for _ in 0..4 {
        run.t += 3.0;
        run.health(HealthCode::SensorSilent, shank, false);
        run.health(HealthCode::LinkLost, shank, false);
        run.t += 3.0;
        run.health(HealthCode::SensorSilent, shank, true);
    }
    assert_eq!(said(&run), ["0: data sensor_lost left_shank"]);
    assert_eq!(run.withheld("repeated"), 4);
    run.t += 60.0;
    run.health(HealthCode::SensorSilent, shank, false);
    run.health(HealthCode::SensorSilent, shank, true);
    assert_eq!(run.cues.len(), 2, "a minute later it is another loss");
}

#[test]
fn a_loss_in_a_snooze_is_said_after_it() {
    let mut run = Run::new();
    run.want(Wish::Snooze { seconds: 10.0 });
    run.health(HealthCode::SensorSilent, Some(Placement::RightThigh), true);
    run.t += 9.9;
    assert!(run.follow(&[]).is_empty());
    run.t += 0.2;
    assert_eq!(run.follow(&[]).len(), 1);
}

#[test]
fn a_data_cue_waits_until_a_gait_cue_is_over() {
    let mut run = Run::new();
    run.stance(&[]);
    run.stance(ADDUCTION);
    run.t += 0.1;
    assert!(run.health(HealthCode::RadioDown, None, true).is_empty());
    run.t += 1.0;
    assert!(run.follow(&[]).is_empty());
    run.t += 0.5;
    assert_eq!(run.follow(&[])[0].words, Words::RadioDown);
}

#[test]
fn a_tenth_of_the_last_session_has_feedback() {
    for seed in 0..20 {
        let mut run = Run::new();
        run.want(Wish::Fade { fade: Some(Fade { seed, share: 0.1, minutes: 30.0 }) });
        let steps = (30.0 * 60.0 / STEP) as u32;
        for _ in 0..steps / 2 {
            run.stance(&[]);
            run.stance(ADDUCTION);
        }
        let share = 1.0 - f64::from(run.withheld("faded")) / f64::from(steps / 2);
        assert!((share - 0.1).abs() < 0.03, "seed {seed}: {share}");
        assert!(run.cues.len() > 60, "seed {seed}: {} cues", run.cues.len());
    }
}

#[test]
fn the_metronome_beats_over_the_runners_own_cadence_and_is_silent_when_muted() {
    let mut run = Run::new();
    assert!(run.want(Wish::Metronome { percent: Some(5.0) }).is_empty(), "no cadence is known yet");
    let baseline = |side, cadence_spm| {
        Event::Baseline(Baseline {
            side,
            decided: SessionTime(60.0),
            usual: Vec::new(),
            cadence_spm,
            leg: LegUsual {
                of: PerQuantity::default(),
                contact: 0.24,
                cadence_spm,
                grade: None,
                zero: Zero::Standing,
            },
            kept: None,
        })
    };
    run.follow(&[baseline(Side::Left, 160.0), baseline(Side::Right, 164.0)]);
    run.want(Wish::Metronome { percent: Some(20.0) });
    run.want(Wish::Settings(CueSettings { muted: true, ..CueSettings::default() }));
    run.want(Wish::Settings(CueSettings::default()));
    run.want(Wish::Metronome { percent: None });
    assert_eq!(
        said(&run),
        ["168.0", "170.1", "-", "170.1", "-"].map(|spm| match spm {
            "-" => "0: metronome None".to_owned(),
            spm => format!("0: metronome Some({spm})"),
        })
    );
    assert_eq!(run.cues.iter().filter(|cue| is_gait(cue)).count(), 0);
}

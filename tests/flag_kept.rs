//! A usual that outlives its session: judged against from the first stride, ripened, refused, and never drifting.

#![expect(clippy::unwrap_used, reason = "helpers of tests: a panic is the failure")]

use rand::SeedableRng;
use rand_distr::{Distribution, StandardNormal};
use rand_pcg::Pcg64;
use stancewatch::body::{PerSide, Side};
use stancewatch::event::{
    Against, Alert, Baseline, Event, Gait, Grade, HealthCode, KeptNote, LegUsual, PeakSigmas, Peaks,
    PerQuantity, Rule, Stance, Usual, Zero,
};
use stancewatch::flag::{FlagConfig, Flagger, KeptBaseline, RIPE, ripen};
use stancewatch::pipeline::{Pipeline, PipelineConfig};
use stancewatch::units::SessionTime;

const STRIDE: f64 = 0.72;

fn note(date: &str) -> KeptNote {
    KeptNote { runner: String::new(), date: date.to_owned(), surface: "treadmill".to_owned() }
}

/// One session whose usual of femur adduction is `degrees` on both legs.
fn session(degrees: f64, date: &str) -> KeptBaseline {
    let usual = Usual { mean: degrees.to_radians(), sd: 0.9_f64.to_radians(), stances: 60 };
    let leg = LegUsual {
        of: PerQuantity { femur_adduction: Some(usual), ..PerQuantity::default() },
        contact: 0.24,
        cadence_spm: 120.0 / STRIDE,
        grade: Some(Grade::A),
        zero: Zero::Standing,
    };
    let legs = PerSide { left: Some(leg), right: Some(leg) };
    KeptBaseline { note: note(date), sessions: 1, legs, first: legs }
}

fn zeroed(mut kept: KeptBaseline, zero: Zero) -> KeptBaseline {
    for legs in [&mut kept.legs, &mut kept.first] {
        for leg in [&mut legs.left, &mut legs.right].into_iter().flatten() {
            leg.zero = zero;
        }
    }
    kept
}

#[test]
fn a_usual_that_was_kept_before_zeros_were_told_apart_stands_on_standing() {
    let kept = session(10.0, "2026-05-01");
    let mut old = serde_json::to_value(&kept).unwrap();
    for part in ["legs", "first"] {
        for side in ["left", "right"] {
            old[part][side].as_object_mut().unwrap().remove("zero").unwrap();
        }
    }
    assert_eq!(serde_json::from_value::<KeptBaseline>(old).unwrap(), kept);
}

#[test]
fn a_day_without_the_sacral_sensor_is_compared_in_the_zero_of_the_kept_usual() {
    let joints = Zero::Joints { less: 2.6_f64.to_radians() };
    let kept = zeroed(session(10.0, "2026-05-01"), joints);
    // Standing as the zero reads 2.6 degrees more of the same running: a mean of 12.6 is 10 in what is kept.
    let ripened = ripen(&kept, &session(12.6, "2026-05-08")).unwrap();
    assert!((mean(&ripened) - 10.0).abs() < 1e-9, "{}", mean(&ripened));
    assert_eq!(ripened.legs.left.unwrap().zero, joints);
    let other_way =
        ripen(&session(12.6, "2026-05-01"), &zeroed(session(10.0, "2026-05-08"), joints)).unwrap();
    assert!((mean(&other_way) - 12.6).abs() < 1e-9, "{}", mean(&other_way));
    // Two that both rest on joints are compared as they are, whatever each took off.
    let more = Zero::Joints { less: 4.0_f64.to_radians() };
    let same = ripen(&kept, &zeroed(session(10.2, "2026-05-08"), more)).unwrap();
    assert!((mean(&same) - 10.1).abs() < 1e-9, "{}", mean(&same));
}

fn mean(kept: &KeptBaseline) -> f64 {
    kept.legs.right.unwrap().of.femur_adduction.unwrap().mean.to_degrees()
}

struct Runner {
    rng: Pcg64,
    t: f64,
    number: u32,
    contact: f64,
}

impl Runner {
    fn new(seed: u64) -> Self {
        Self { rng: Pcg64::seed_from_u64(seed), t: 0.0, number: 0, contact: 0.24 }
    }

    fn normal(&mut self) -> f64 {
        StandardNormal.sample(&mut self.rng)
    }

    fn stride(&mut self, adduction: PerSide<f64>) -> [Stance; 2] {
        self.t += STRIDE;
        self.number += 1;
        Side::BOTH.map(|side| {
            let ic = self.t + side.index() as f64 * STRIDE / 2.0;
            Stance {
                side,
                number: self.number,
                gait: Gait::Run,
                ic: SessionTime(ic),
                tc: SessionTime(ic + self.contact),
                stride_time: Some(STRIDE),
                peaks: Peaks {
                    femur_adduction: Some((adduction[side] + 0.9 * self.normal()).to_radians()),
                    ..Peaks::default()
                },
                sigma: PeakSigmas::default(),
                valid: true,
                doubt: None,
                decided: SessionTime(ic + self.contact + 0.03),
                flags: Vec::new(),
            }
        })
    }
}

fn watching(kept: &KeptBaseline) -> Flagger {
    let mut flagger = Flagger::new();
    flagger.keep(kept);
    flagger.calibrated(PerSide::from_fn(|_| (Grade::A, Zero::Standing)));
    flagger
}

fn run(flagger: &mut Flagger, runner: &mut Runner, strides: u32, adduction: PerSide<f64>) -> Vec<Event> {
    let mut out = Vec::new();
    for _ in 0..strides {
        for mut stance in runner.stride(adduction) {
            flagger.judge(&mut stance, &mut out);
        }
    }
    out
}

fn raised(events: &[Event]) -> Vec<Alert> {
    let alerts = events.iter().filter_map(|e| if let Event::Alert(a) = e { Some(*a) } else { None });
    alerts.filter(|a| a.cleared.is_none()).collect()
}

fn both(degrees: f64) -> PerSide<f64> {
    PerSide { left: degrees, right: degrees }
}

#[test]
fn a_fault_that_is_there_from_the_first_stride_is_found_against_the_kept_usual() {
    let kept = session(10.0, "2026-03-01");
    let mut flagger = watching(&kept);
    let events = run(&mut flagger, &mut Runner::new(1), 8, PerSide { left: 10.0, right: 18.0 });
    // What it is judged against is said first, with its date.
    let told = events.iter().find_map(|e| if let Event::Baseline(b) = e { b.kept.clone() } else { None });
    assert_eq!(told.unwrap().date, "2026-03-01");
    let alerts = raised(&events);
    assert!(
        !alerts.is_empty() && alerts.iter().all(|a| (a.rule, a.side) == (Rule::FemurAdduction, Side::Right))
    );
    let evidence =
        events.iter().find_map(|e| if let Event::Evidence(e) = e { Some(e) } else { None }).unwrap();
    assert_eq!((evidence.against, evidence.number), (Against::Kept, alerts.first().unwrap().number));
    assert_eq!(evidence.kept.as_ref().unwrap().date, "2026-03-01");
    assert!(evidence.strides.iter().filter(|s| s.beyond).count() >= 4);
}

#[test]
fn learning_today_does_not_hide_what_the_kept_usual_shows() {
    let kept = session(10.0, "d");
    let (mut flagger, mut runner) = (watching(&kept), Runner::new(2));
    // All of today is 8 degrees over the kept usual: today's usual forms there, the alert stands.
    let events = run(&mut flagger, &mut runner, 200, both(18.0));
    assert!(events.iter().any(|e| matches!(e, Event::Baseline(b) if b.kept.is_none())));
    let cleared = events.iter().any(|e| matches!(e, Event::Alert(a) if a.cleared.is_some()));
    assert!(!raised(&events).is_empty() && !cleared);
}

#[test]
fn once_today_is_known_a_change_within_today_is_found_as_fine_as_without_a_kept_usual() {
    let kept = session(10.0, "d");
    let (mut flagger, mut runner) = (watching(&kept), Runner::new(3));
    assert!(raised(&run(&mut flagger, &mut runner, 120, both(10.0))).is_empty());
    let events = run(&mut flagger, &mut runner, 12, PerSide { left: 13.5, right: 10.0 });
    assert!(raised(&events).iter().all(|a| a.side == Side::Left) && !raised(&events).is_empty());
    assert!(events.iter().any(|e| matches!(e, Event::Evidence(e) if e.against == Against::Today)));
}

/// The figure in `Decision::kept_sd`: sessions whose zero has moved by 2 degrees (SD) and nothing else.
#[test]
fn a_new_calibration_alone_seldom_alerts() {
    let sessions = 400;
    let mut alarmed = 0;
    for seed in 0..sessions {
        let mut runner = Runner::new(1000 + seed);
        let zero = PerSide { left: 2.0 * runner.normal(), right: 2.0 * runner.normal() };
        let mut flagger = watching(&session(10.0, "d"));
        let shifted = PerSide { left: 10.0 + zero.left, right: 10.0 + zero.right };
        let events = run(&mut flagger, &mut runner, 300, shifted);
        alarmed += u32::from(raised(&events).iter().any(|a| a.rule == Rule::FemurAdduction));
    }
    println!("{alarmed} of {sessions} clean sessions alert by their zero alone");
    assert!(alarmed <= 16, "{alarmed} of {sessions}");
}

#[test]
fn another_runner_on_the_same_sensors_is_told_in_words() {
    let kept = session(10.0, "2026-03-01");
    let mut flagger = watching(&kept);
    let events = run(&mut flagger, &mut Runner::new(4), 120, both(-1.0));
    let told: Vec<_> = events
        .iter()
        .filter_map(|e| if let Event::Health(h) = e { Some(h) } else { None })
        .filter(|h| h.code == HealthCode::UsualDiffers)
        .collect();
    let [health] = told.as_slice() else { panic!("{told:?}") };
    assert!(
        health.message.contains("2026-03-01") && health.message.contains("another runner"),
        "{}",
        health.message
    );
    // The same runner on another day is not.
    let same = run(&mut watching(&kept), &mut Runner::new(5), 120, both(12.0));
    assert!(!same.iter().any(|e| matches!(e, Event::Health(_))));
}

#[test]
fn another_speed_than_that_of_the_kept_usual_is_counted_and_not_judged() {
    let (mut flagger, mut runner) = (watching(&session(10.0, "d")), Runner::new(6));
    runner.contact = 0.17;
    assert!(raised(&run(&mut flagger, &mut runner, 20, both(16.0))).is_empty());
    assert!(flagger.suppressed(Side::Left).iter().any(|(word, n)| word == "off_speed" && n == 20));
}

#[test]
fn a_session_is_kept_from_what_it_said_and_not_from_the_kept_one_that_it_repeated() {
    let kept = session(10.0, "old");
    let events = run(&mut watching(&kept), &mut Runner::new(7), 120, both(11.0));
    let baselines: Vec<&Baseline> =
        events.iter().filter_map(|e| if let Event::Baseline(b) = e { Some(b) } else { None }).collect();
    assert_eq!(baselines.len(), 4);
    let today = KeptBaseline::of_session(note("new"), baselines).unwrap();
    assert!((mean(&today) - 11.0).abs() < 0.5 && today.sessions == 1 && today.note.date == "new");
    let repeated = events.iter().filter_map(|e| match e {
        Event::Baseline(b) if b.kept.is_some() => Some(b),
        _ => None,
    });
    assert_eq!(KeptBaseline::of_session(note("new"), repeated), None);
}

#[test]
fn sessions_make_it_stabler_until_it_is_ripe() {
    let mut kept = session(10.0, "0");
    for (day, degrees) in [11.0, 9.5, 10.5, 9.0].into_iter().enumerate() {
        kept = ripen(&kept, &session(degrees, &day.to_string())).unwrap();
    }
    assert!((mean(&kept) - 10.0).abs() < 1e-9 && kept.sessions == RIPE && kept.note.date == "3");
    // Ripe: another session is compared, and changes nothing.
    let later = ripen(&kept, &session(11.5, "later")).unwrap();
    assert_eq!(later, kept);
}

#[test]
fn a_session_beyond_the_smallest_detectable_change_is_refused_with_both_figures() {
    let told = ripen(&session(10.0, "2026-03-01"), &session(14.5, "now")).unwrap_err().to_string();
    assert!(told.contains("femur adduction") && told.contains("4.5 degrees since 2026-03-01"), "{told}");
    assert!(told.contains("3.9 is the most"), "{told}");
}

#[test]
fn a_fault_that_creeps_in_over_a_hundred_sessions_never_becomes_the_usual() {
    let mut kept = session(10.0, "0");
    let mut today = 10.0;
    for _ in 0..100 {
        today += 0.7;
        if let Ok(ripened) = ripen(&kept, &session(today, "d")) {
            kept = ripened;
        }
    }
    assert!(mean(&kept) < 10.0 + 3.92, "{}", mean(&kept));
    let events = run(&mut watching(&kept), &mut Runner::new(8), 10, both(today));
    assert!(!raised(&events).is_empty());
}

#[test]
fn what_does_not_belong_together_is_refused_in_words() {
    let kept = session(10.0, "d");
    let mut road = session(10.0, "d");
    road.note.surface = "road".to_owned();
    assert!(ripen(&kept, &road).unwrap_err().to_string().contains("one for each surface"));
    let mut other = session(10.0, "d");
    other.note.runner = "B".to_owned();
    assert!(ripen(&kept, &other).unwrap_err().to_string().contains("one for each runner"));
    let mut poor = session(10.0, "d");
    poor.legs.left.as_mut().unwrap().grade = Some(Grade::C);
    assert!(ripen(&kept, &poor).unwrap_err().to_string().contains("calibrate"));
    let mut fast = session(10.0, "d");
    fast.legs.left.as_mut().unwrap().contact = 0.2;
    assert!(ripen(&kept, &fast).unwrap_err().to_string().contains("200 instead of 240 ms"));
    let half = |side: Side| {
        let mut half = session(10.0, "d");
        half.legs[side] = None;
        half
    };
    assert!(ripen(&half(Side::Left), &half(Side::Right)).is_err());
}

#[test]
fn a_kept_usual_of_three_stances_is_refused_before_the_run() {
    let mut kept = session(10.0, "2026-03-01");
    kept.legs.left.as_mut().unwrap().of.femur_adduction.as_mut().unwrap().stances = 3;
    let config = PipelineConfig { usual: Some(kept), ..PipelineConfig::default() };
    let told = Pipeline::new(&config).unwrap_err().to_string();
    assert!(told.contains("2026-03-01") && told.contains("15 stances"), "{told}");
}

#[test]
fn it_survives_json_to_the_bit_and_old_settings_still_read() {
    let config = PipelineConfig { usual: Some(session(10.1234, "d")), flags: FlagConfig::default() };
    let text = serde_json::to_string(&config).unwrap();
    assert_eq!(serde_json::from_str::<PipelineConfig>(&text).unwrap(), config);
    let old =
        r#"{"flags":{"hip_adduction_absolute":{"amber_deg":16.0,"red_deg":20.0,"standing_zero_deg":4.5}}}"#;
    let read: PipelineConfig = serde_json::from_str(old).unwrap();
    assert_eq!(read.flags.hip_adduction_level(), (20.5, 24.5));
    assert!(!serde_json::to_string(&PipelineConfig::default()).unwrap().contains("usual"));
}

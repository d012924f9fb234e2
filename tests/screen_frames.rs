//! The screener alone, on legs drawn by hand: what is a repetition, what is none, and what does not count.

#![expect(clippy::panic, reason = "a test may fail loudly")]

use stancewatch::body::{PerSide, Side};
use stancewatch::event::{
    Angles, Doubt, Event, Frame, LegAngles, PelvisAngles, Repetition, RepetitionDoubt, Screening, Test,
};
use stancewatch::input::{Edge, Mark, Stretch};
use stancewatch::screen::Screener;
use stancewatch::units::SessionTime;

/// Flexion of thigh and knee, deg, of the left and the right leg.
type Pose = [(f64, f64); 2];

fn frame(t: f64, pose: Pose, doubt: Option<Doubt>) -> Frame {
    let leg = |(thigh, knee): (f64, f64)| {
        let angles = |flexion: f64| Angles { flexion: flexion.to_radians(), adduction: 0.1, rotation: 0.0 };
        let seen = |flexion| doubt.is_none().then(|| angles(flexion));
        LegAngles { hip: None, femur: seen(thigh), knee: seen(knee), valgus: None, doubt }
    };
    let [left, right] = pose;
    let pelvis = Some(PelvisAngles { obliquity: 0.0, tilt: 0.2, rotation: 0.0 });
    Frame { t: SessionTime(t), legs: PerSide { left: leg(left), right: leg(right) }, pelvis }
}

fn mark(stretch: Stretch, edge: Edge, t: f64) -> Mark {
    Mark { stretch, edge, t: SessionTime(t) }
}

/// A whole test of these poses at 100 Hz; angles are withheld where `lost` says so.
fn screened(
    stretch: Stretch,
    seconds: f64,
    pose: impl Fn(f64) -> Pose,
    lost: impl Fn(f64) -> bool,
) -> (Vec<Repetition>, Vec<Screening>) {
    let mut screener = Screener::default();
    let (mut repetitions, mut tests) = (Vec::new(), Vec::new());
    let mut keep = |event: Event| match event {
        Event::Repetition(r) => repetitions.push(r),
        Event::Screening(s) => tests.push(*s),
        other => panic!("{other:?}"),
    };
    screener.mark(mark(stretch, Edge::Begin, 0.5));
    screener.mark(mark(stretch, Edge::End, seconds - 0.5));
    for k in 0..(seconds * 100.0) as u32 {
        let t = f64::from(k) * 0.01;
        screener.frame(&frame(t, pose(t), lost(t).then_some(Doubt::Gap)), &mut keep);
    }
    screener.finish(&mut keep);
    assert_eq!(tests.len(), 1);
    (repetitions, tests)
}

const BOTH: [Stretch; 2] = [Stretch::SingleLegSquat, Stretch::StepDown];
const ONE_LEG: Stretch = Stretch::SingleLegSquat;

/// 0 to 1 and back within `lasts` s from `from` on, with smooth ends.
fn hump(t: f64, from: f64, lasts: f64) -> f64 {
    let x = ((t - from) / lasts).clamp(0.0, 1.0);
    0.5 - 0.5 * (std::f64::consts::TAU * x).cos()
}

/// Every 4 s from 2 s on.
fn humps(t: f64, lasts: f64) -> f64 {
    if t < 2.0 { 0.0 } else { hump((t - 2.0) % 4.0, 0.0, lasts) }
}

fn squat(depth: f64, share: f64) -> (f64, f64) {
    (0.6 * depth * share, 3.0 + depth * share)
}

#[test]
fn what_is_no_repetition_of_a_leg_that_stands() {
    type Motion = (&'static str, fn(f64) -> Pose);
    let still = (0.0, 3.0);
    let never = |_: f64| false;
    let motions: [Motion; 8] = [
        ("quiet standing", |_| [(0.0, 3.0), (1.0, 4.0)]),
        ("sitting down and standing up", |t| {
            let s = humps(t, 3.0);
            [(85.0 * s, 3.0 + 87.0 * s), (83.0 * s, 3.0 + 88.0 * s)]
        }),
        ("knee bends on both legs", |t| [squat(70.0, humps(t, 3.0)), squat(64.0, humps(t, 3.0))]),
        ("heel to the buttock", |t| [(0.0, 3.0 + 95.0 * humps(t, 2.5)), (0.0, 3.0)]),
        ("lifting the knee", |t| [(60.0 * humps(t, 2.5), 3.0 + 58.0 * humps(t, 2.5)), (0.0, 3.0)]),
        ("slow walking", |t| {
            // Swing bends the knee by 60 degrees within 0.7 s, loading by 18.
            let leg = |t: f64| {
                let t = t.rem_euclid(1.4);
                let thigh = 22.0 * (std::f64::consts::TAU * t / 1.4).cos();
                (thigh, 4.0 + 60.0 * hump(t, 0.7, 0.7) + 18.0 * hump(t, 0.0, 0.35))
            };
            [leg(t), leg(t + 0.7)]
        }),
        ("a squat that is held", |t| [squat(60.0, (t - 2.0).clamp(0.0, 1.0)), (5.0, 80.0)]),
        ("a foot that is held up and let down", |t| {
            let up = (t - 2.0).clamp(0.0, 1.0) * (22.0 - t).clamp(0.0, 1.0);
            [(0.0, 3.0), (5.0 * up, 3.0 + 75.0 * up)]
        }),
    ];
    for stretch in BOTH {
        for (name, pose) in motions {
            let (found, tests) = screened(stretch, 26.0, pose, never);
            assert_eq!(found, [], "{name}, {stretch:?}");
            assert!(tests[0].reason.is_some(), "{name}");
        }
    }
    // The same machinery does find one.
    let (found, _) = screened(ONE_LEG, 26.0, |t| [squat(60.0, humps(t, 3.0)), (5.0, 80.0)], never);
    assert_eq!(found.len(), 6);
    let (found, _) = screened(Stretch::StepDown, 26.0, |t| [still, squat(60.0, humps(t, 3.0))], never);
    assert!(found.len() == 6 && found.iter().all(|r| r.side == Side::Right && r.test == Test::StepDown));
}

#[test]
fn the_times_and_the_depth_are_those_of_the_knee() {
    let (found, tests) = screened(ONE_LEG, 20.0, |t| [(5.0, 80.0), squat(60.0, humps(t, 3.0))], |_| false);
    assert_eq!(found.len(), 4);
    for (k, r) in found.iter().enumerate() {
        let start = 2.0 + 4.0 * k as f64;
        assert_eq!((r.number, r.doubt), (k as u32 + 1, None));
        assert!((r.start.0 - start).abs() < 0.3 && (r.end.0 - start - 3.0).abs() < 0.3, "{r:?}");
        assert!((r.bottom.0 - start - 1.5).abs() < 0.02, "{r:?}");
        assert!((r.depth.to_degrees() - 60.0).abs() < 2.0, "{r:?}");
        assert!(r.decided.0 - r.end.0 < 0.25);
    }
    assert_eq!((tests[0].legs.left.repetitions, tests[0].legs.right.valid), (0, 4));
    assert_eq!(tests[0].left_less_right, []);
}

/// Down again as soon as the leg is straight, ten times.
#[test]
fn repetitions_without_a_rest_between_are_told_apart() {
    let bounce = |t: f64| if t < 2.0 { 0.0 } else { hump((t - 2.0) % 2.0, 0.0, 2.0) };
    let (found, _) = screened(ONE_LEG, 22.9, |t| [squat(65.0, bounce(t)), (5.0, 80.0)], |_| false);
    // The last one has no end before the test has.
    assert!((9..=10).contains(&found.len()), "{}", found.len());
    assert!(found.windows(2).all(|w| w[0].end.0 <= w[1].start.0 + 0.2 && w[1].bottom - w[0].bottom > 1.9));
}

#[test]
fn what_does_not_count_says_why() {
    let free = (5.0, 80.0);
    let doubt = |pose: fn(f64) -> Pose, lost: fn(f64) -> bool| {
        let (found, tests) = screened(ONE_LEG, 5.9, pose, lost);
        assert_eq!((found.len(), tests[0].legs.left.valid), (1, 0), "{found:?}");
        found[0].doubt
    };
    let toe_down = doubt(
        |t| [squat(60.0, humps(t, 3.0)), (45.0 * humps(t, 3.0), 3.0 + 28.0 * humps(t, 3.0))],
        |_| false,
    );
    assert!(matches!(toe_down, Some(RepetitionDoubt::FootDown)), "{toe_down:?}");
    assert_eq!(
        doubt(|t| [squat(38.0, humps(t, 3.0)), (5.0, 80.0)], |_| false),
        Some(RepetitionDoubt::Shallow)
    );
    assert_eq!(doubt(|t| [squat(60.0, humps(t, 1.1)), (5.0, 80.0)], |_| false), Some(RepetitionDoubt::Quick));
    assert_eq!(
        doubt(|t| [squat(60.0, humps(t, 3.0)), (5.0, 80.0)], |t| (3.0..3.1).contains(&t)),
        Some(RepetitionDoubt::Angles(Doubt::Gap))
    );
    // Without any frame of the knee there is nothing to tell, and the reason is given.
    let (found, tests) = screened(ONE_LEG, 8.0, |t| [squat(60.0, humps(t, 3.0)), free], |_| true);
    assert_eq!(found, []);
    assert!(tests[0].reason.as_deref().is_some_and(|r| r.contains("gap")));
}

#[test]
fn a_test_that_begins_ends_the_one_before_and_other_marks_say_nothing() {
    let mut screener = Screener::default();
    let mut tests = Vec::new();
    for (stretch, edge, t) in [
        (Stretch::Baseline, Edge::Begin, 0.5),
        (Stretch::SingleLegSquat, Edge::Begin, 1.0),
        (Stretch::Baseline, Edge::End, 1.5),
        (Stretch::StepDown, Edge::Begin, 2.0),
        (Stretch::StepDown, Edge::End, 3.0),
        (Stretch::StepDown, Edge::End, 3.5),
    ] {
        screener.mark(mark(stretch, edge, t));
    }
    for k in 0..500 {
        let frame = frame(f64::from(k) * 0.01, [(0.0, 3.0); 2], None);
        screener.frame(&frame, |event| {
            if let Event::Screening(s) = event {
                tests.push((s.test, s.begin.0, s.end.0));
            }
        });
    }
    screener.finish(|event| panic!("nothing is under way: {event:?}"));
    assert_eq!(tests, [(Test::SingleLegSquat, 1.0, 1.99), (Test::StepDown, 2.0, 2.99)]);
}

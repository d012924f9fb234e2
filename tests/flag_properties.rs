//! What must hold for any stream of stances.

#![expect(clippy::indexing_slicing, reason = "helpers of tests: a panic is the failure")]

use proptest::prelude::*;
use stancewatch::body::{PerSide, Side};
use stancewatch::event::{
    Alert, Doubt, Event, Gait, Grade, PeakSigmas, Peaks, Severity, Stance, StanceDoubt, Zero,
};
use stancewatch::flag::Flagger;
use stancewatch::units::SessionTime;

const STRIDE: f64 = 0.72;

fn stance(side: Side, number: u32, t: f64, adduction_deg: f64) -> Stance {
    Stance {
        side,
        number,
        gait: Gait::Run,
        ic: SessionTime(t),
        tc: SessionTime(t + 0.24),
        stride_time: Some(STRIDE),
        peaks: Peaks {
            hip_adduction: Some((adduction_deg + 3.0).to_radians()),
            femur_adduction: Some(adduction_deg.to_radians()),
            femur_rotation: Some(0.05),
            femur_rotation_excursion: Some(0.06),
            ..Peaks::default()
        },
        sigma: PeakSigmas::default(),
        valid: true,
        doubt: None,
        decided: SessionTime(t + 0.27),
        flags: Vec::new(),
    }
}

/// A stream that lets the usual form (11 degrees, alternating by 0.8) and goes on with `changes`, left and
/// right in turn.
fn stream(changes: &[f64]) -> Vec<Stance> {
    let learning = (0..190).map(|i| if i / 2 % 2 == 0 { 0.8 } else { -0.8 });
    let place = |(i, change): (usize, f64)| {
        let t = i as f64 * STRIDE / 2.0;
        stance(Side::BOTH[i % 2], i as u32 / 2 + 1, t, 11.0 + change)
    };
    learning.chain(changes.iter().copied()).enumerate().map(place).collect()
}

fn run(stances: impl IntoIterator<Item = Stance>) -> (Vec<Alert>, Vec<Stance>) {
    let mut flagger = Flagger::new();
    flagger.calibrated(PerSide::from_fn(|_| (Grade::A, Zero::Standing)));
    let mut events = Vec::new();
    let judged = stances
        .into_iter()
        .map(|mut s| {
            flagger.judge(&mut s, &mut events);
            s
        })
        .collect();
    let alerts = events.into_iter().filter_map(|e| if let Event::Alert(a) = e { Some(a) } else { None });
    (alerts.collect(), judged)
}

/// Without what a swap of the legs must change: numbers follow the order, times the phase.
fn essence(alerts: &[Alert], swap: bool) -> Vec<String> {
    let side = |s: Side| if swap { s.other() } else { s };
    let mut rows: Vec<_> = alerts
        .iter()
        .map(|a| {
            let Alert { rule, severity, onset, decided, cleared, value, threshold, strides, .. } = a;
            format!(
                "{rule:?} {:?} {severity:?} {onset:?} {decided:?} {cleared:?} {value} {threshold} {strides}",
                side(a.side)
            )
        })
        .collect();
    rows.sort();
    rows
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn changes_within_the_hysteresis_never_chatter(
        level in -3.0..8.0_f64,
        noise in prop::collection::vec((-0.7..0.7_f64, 1..12_usize), 40..80),
    ) {
        // Runs of one value, the worst that noise of this size can do to a count.
        let changes: Vec<f64> =
            noise.iter().flat_map(|(n, strides)| vec![level + n; 2 * strides]).collect();
        let (alerts, _) = run(stream(&changes));
        for side in Side::BOTH {
            for spec in &stancewatch::flag::RULES {
                let mine = alerts.iter().filter(|a| a.side == side && a.rule == spec.rule);
                let raised = mine.filter(|a| a.cleared.is_none() && a.severity == Severity::Amber).count();
                prop_assert!(raised <= 1, "{:?} raised {raised} times", spec.rule);
            }
        }
    }

    #[test]
    fn doubtful_stances_change_no_alert(
        changes in prop::collection::vec(-3.0..9.0_f64, 40..200),
        doubtful in prop::collection::vec(any::<bool>(), 200),
        value in -60.0..60.0_f64,
    ) {
        let all = stream(&changes);
        let is_doubtful = |s: &Stance| s.number > 95 && doubtful[(s.number as usize * 2 + s.side.index()) % 200];
        // Ten seconds without evidence end alerts, and a doubtful stance tells that the time has passed:
        // kept apart from this property by leaving every third stride alone.
        let is_doubtful = |s: &Stance| is_doubtful(s) && !s.number.is_multiple_of(3);
        let without: Vec<_> = all.iter().filter(|s| !is_doubtful(s)).cloned().collect();
        let with = all.iter().cloned().map(|mut s| {
            if is_doubtful(&s) {
                s.valid = false;
                s.doubt = Some(StanceDoubt::Angles(Doubt::Gap));
                s.peaks.femur_adduction = Some(value);
            }
            s
        });
        let (a, judged) = run(with);
        let (b, _) = run(without);
        prop_assert_eq!(a, b);
        prop_assert!(judged.iter().filter(|s| !s.valid).all(|s| s.flags.is_empty()));
    }

    #[test]
    fn a_mirrored_runner_gives_mirrored_alerts(changes in prop::collection::vec(-3.0..9.0_f64, 40..300)) {
        let all = stream(&changes);
        let mirrored = all.iter().cloned().map(|s| Stance { side: s.side.other(), ..s });
        let (a, _) = run(all.clone());
        let (b, _) = run(mirrored);
        prop_assert_eq!(essence(&a, false), essence(&b, true));
    }

    #[test]
    fn an_alert_is_whole_and_its_story_consistent(changes in prop::collection::vec(-3.0..9.0_f64, 40..300)) {
        let (alerts, _) = run(stream(&changes));
        let mut last = 0;
        for (i, a) in alerts.iter().enumerate() {
            prop_assert!(a.value > a.threshold && a.value.is_finite() && a.strides > 0);
            prop_assert!(a.onset <= a.decided && a.cleared.is_none_or(|c| c >= a.decided));
            let earlier = alerts.iter().take(i).rfind(|b| b.number == a.number);
            match earlier {
                None => {
                    prop_assert!(a.cleared.is_none() && a.number == last + 1);
                    last = a.number;
                }
                Some(b) => {
                    prop_assert!(b.cleared.is_none() && b.onset == a.onset && (b.rule, b.side) == (a.rule, a.side));
                    prop_assert!(a.cleared.is_some() || a.severity > b.severity);
                }
            }
        }
    }

    #[test]
    fn no_numbers_and_absurd_ones_never_panic_nor_reach_an_alert(
        rows in prop::collection::vec((any::<f64>(), any::<f64>(), any::<f64>(), any::<f64>()), 0..200),
    ) {
        let mut stances = stream(&[]);
        for (i, (value, contact, stride, jump)) in rows.into_iter().enumerate() {
            let t = 68.4 + i as f64 * STRIDE / 2.0;
            let mut s = stance(Side::BOTH[i % 2], 100 + i as u32, t, 11.0);
            s.peaks.femur_adduction = Some(value);
            s.peaks.hip_adduction = Some(-value);
            s.tc = SessionTime(t + contact);
            s.stride_time = Some(stride);
            if jump > 1e300 {
                s.ic = SessionTime(jump);
            }
            stances.push(s);
        }
        let (alerts, _) = run(stances);
        prop_assert!(alerts.iter().all(|a| a.value.is_finite() && a.threshold.is_finite()));
    }
}

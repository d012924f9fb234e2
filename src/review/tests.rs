use super::trend::of as trend_of;
use super::*;

fn line(minutes: f64, per_10_min: f64, noise: f64) -> Vec<(f64, f64)> {
    (0..(minutes * 60.0 / 0.7) as u32)
        .map(|n| {
            let t = 0.7 * f64::from(n);
            (t, 10.0 + per_10_min * t / 600.0 + noise * (f64::from(n) * 12.9898).sin())
        })
        .collect()
}

#[test]
fn a_steady_rise_is_found_with_an_interval_that_holds_it() {
    let trend = trend_of(&line(20.0, 1.5, 1.0)).unwrap();
    assert!((trend.per_10_min - 1.5).abs() < 0.2, "{trend:?}");
    assert!(trend.low < 1.5 && trend.high > 1.5 && trend.low > 0.5, "{trend:?}");
}

#[test]
fn no_rise_is_told_apart_from_a_rise() {
    let trend = trend_of(&line(20.0, 0.0, 1.0)).unwrap();
    assert!(trend.low < 0.0 && trend.high > 0.0, "{trend:?}");
}

#[test]
fn a_few_minutes_have_no_trend() {
    assert_eq!(trend_of(&line(5.0, 3.0, 0.1)), None);
    assert_eq!(trend_of(&[]), None);
}

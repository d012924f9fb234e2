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

#[test]
fn figures_are_over_what_counts_and_agree_with_the_trend_of_the_runner() {
    let folder = tempfile::tempdir().unwrap();
    let conn = rusqlite::Connection::open(folder.path().join(crate::store::FILE)).unwrap();
    conn.execute_batch(include_str!("../../fixtures/store/v1.sql")).unwrap();
    let id = "2026-11-02T18-00-00";
    for n in 2..=20 {
        let (gait, valid, adduction) = match n {
            18 => ("walk", 1, 99.0),
            19 => ("run", 0, 99.0),
            20 => ("run", 1, 99.0),
            _ => ("run", 1, 10.0 + f64::from(n % 3)),
        };
        conn.execute(
            "INSERT INTO stances VALUES (?1,'left',?2,?3,?4,?4 + 0.25,250,700,171.4,NULL,NULL,NULL,?5,3,NULL,12,?6,?7,'')",
            rusqlite::params![id, n, gait, 100.0 + f64::from(n), adduction, valid, if valid == 1 { "" } else { "turning" }],
        )
        .unwrap();
    }
    conn.execute("INSERT INTO exclusions VALUES (?, 'left', 20)", [id]).unwrap();
    drop(conn);
    let store = Store::open(folder.path()).unwrap();
    let review = of(&store, "2026").unwrap();
    let adduction = review.quantity("femur_adduction").unwrap();
    assert_eq!(review.counts.left, Counts { stances: 20, counted: 17, excluded: 1 });
    assert_eq!(review.withheld, BTreeMap::from([("turning".to_owned(), 1)]));
    assert_eq!(adduction.left.stances, 17);
    let points = store.trends(1).unwrap();
    let left = points.iter().find(|p| p.side == "left").unwrap();
    assert!((left.femur_adduction_deg.unwrap() - adduction.left.mean.unwrap()).abs() < 1e-9);
    assert_eq!(left.stances, 17);
    // The only stance on the right is excluded.
    assert_eq!((adduction.right.mean, adduction.difference), (None, None));
    assert_eq!(review.quantity("pelvic_drop").map(|q| q.left.stances), None, "no sensor on the sacrum");
}

use super::Plot;
use super::stats;
use crate::body::Side;
use crate::event::{Angles, Frame};
use crate::source::bids::AngleSeries;
use serde::Serialize;
use std::f64::consts::{PI, TAU};

/// Scoring starts this long after the first frame, s: filters and clocks have settled by then, and the
/// published figures of the chain start there too.
const SETTLING: f64 = 60.0;
/// A recording shorter than this is scored whole, s: too little would be left.
const SHORT: f64 = 120.0;
/// The longest hole in the truth that is bridged, s.
const HOLE: f64 = 0.05;
/// Times this close are one moment, s.
const SAME: f64 = 1e-9;
/// Drift is taken between the means of stretches this long at both ends, s; of thirds where the
/// recording is shorter than two of them.
const DRIFT_STRETCH: f64 = 120.0;
/// What a plot shows, s.
const PLOT: f64 = 3.0;
/// A plot has every so many-th frame: 50 a second are smooth to the eye and keep the page small.
const PLOT_STEP: usize = 2;

/// The lag is looked for on every so many-th frame, on so many of them, and to both sides in so many steps.
const LAG_STEP: usize = 3;
const LAG_FRAMES: usize = 2000;
const LAG_STEPS: i32 = 8;

/// How far one angle is from the truth, degrees.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AngleError {
    /// Like the column of angles.csv, without the unit.
    pub angle: String,
    /// Frames compared.
    pub n: usize,
    /// Share of the frames with truth that were valid.
    pub valid_pct: f64,
    pub rmse_deg: Option<f64>,
    /// After one constant is removed.
    pub rmse_offset_free_deg: Option<f64>,
    /// That constant: estimate minus truth.
    pub offset_deg: Option<f64>,
    pub correlation: Option<f64>,
    /// Mean error of the last stretch minus that of the first.
    pub drift_deg: Option<f64>,
    pub drift_deg_per_min: Option<f64>,
    /// What the stretches are: `2 min` or `third`.
    pub drift_over: &'static str,
}

/// The stretch that is scored, s.
pub(super) fn scored_from(frames: &[Frame]) -> f64 {
    let (Some(first), Some(last)) = (frames.first(), frames.last()) else { return 0.0 };
    if last.t - first.t >= SHORT { first.t.0 + SETTLING } else { first.t.0 }
}

/// How far our session time is behind the truth's, s: the one constant at which the knees' flexion, the
/// fastest angle, fits best. `None` where no knee can tell.
pub(super) fn lag(frames: &[Frame], truth: &[AngleSeries]) -> Option<f64> {
    let from = scored_from(frames);
    let knees: Vec<_> = truth
        .iter()
        .filter(|series| series.name.ends_with("knee_flexion"))
        .filter_map(|series| Some((series, Angle::from_name(&series.name)?)))
        .filter(|(_, angle)| frames.iter().any(|frame| angle.of(frame).is_some()))
        .collect();
    let misfit = |lag: f64| {
        let mut squares = 0.0;
        for (series, angle) in &knees {
            let mut cursor = Cursor::new(&series.samples);
            let scored = frames.iter().filter(|f| f.t.0 >= from).step_by(LAG_STEP).take(LAG_FRAMES);
            let errors: Vec<f64> =
                scored.filter_map(|f| Some(wrap(angle.of(f)? - cursor.at(f.t.0 - lag)?))).collect();
            squares += stats::sd(&errors).unwrap_or(0.0).powi(2);
        }
        squares
    };
    let best = |around: f64, step: f64| {
        (-LAG_STEPS..=LAG_STEPS)
            .map(|k| around + f64::from(k) * step)
            .min_by(|a, b| misfit(*a).total_cmp(&misfit(*b)))
            .unwrap_or(around)
    };
    (!knees.is_empty()).then(|| best(best(0.0, 0.006), 0.000_75))
}

/// Compares each angle of the truth that we estimate; `lag` is taken off our times.
pub(super) fn compare(frames: &[Frame], truth: &[AngleSeries], lag: f64) -> (Vec<AngleError>, Vec<Plot>) {
    let from = scored_from(frames);
    let scored = || frames.iter().filter(|f| f.t.0 >= from);
    let mut errors = Vec::new();
    let mut plots = Vec::new();
    for series in truth {
        let Some(angle) = Angle::from_name(&series.name) else { continue };
        let mut cursor = Cursor::new(&series.samples);
        let mut with_truth = 0_usize;
        let mut points = Vec::new();
        for frame in scored() {
            let Some(actual) = cursor.at(frame.t.0 - lag) else { continue };
            with_truth += 1;
            if let Some(value) = angle.of(frame) {
                points.push((frame.t.0, value, actual));
            }
        }
        if with_truth == 0 {
            continue;
        }
        errors.push(error(&series.name, with_truth, &points));
        plots.extend(plot(&series.name, &points));
    }
    (errors, plots)
}

fn error(name: &str, with_truth: usize, points: &[(f64, f64, f64)]) -> AngleError {
    let timed: Vec<(f64, f64)> = points.iter().map(|(t, v, a)| (*t, wrap(v - a).to_degrees())).collect();
    let errors: Vec<f64> = timed.iter().map(|(_, e)| *e).collect();
    let pairs: Vec<(f64, f64)> = points.iter().map(|(_, v, a)| (*v, *a)).collect();
    let (drift, over) = drift(&timed);
    AngleError {
        angle: name.to_owned(),
        n: errors.len(),
        valid_pct: 100.0 * errors.len() as f64 / with_truth as f64,
        rmse_deg: stats::rms(&errors),
        rmse_offset_free_deg: stats::sd(&errors),
        offset_deg: stats::mean(&errors),
        correlation: stats::correlation(&pairs),
        drift_deg: drift.map(|(d, _)| d),
        drift_deg_per_min: drift.map(|(d, seconds)| d / (seconds / 60.0)),
        drift_over: over,
    }
}

/// Mean error at the end minus that at the beginning, with the time between the two middles.
fn drift(timed: &[(f64, f64)]) -> (Option<(f64, f64)>, &'static str) {
    let (Some((first, _)), Some((last, _))) = (timed.first(), timed.last()) else { return (None, "third") };
    let length = last - first;
    let (stretch, over) =
        if length >= 2.0 * DRIFT_STRETCH { (DRIFT_STRETCH, "2 min") } else { (length / 3.0, "third") };
    let mean = |keep: &dyn Fn(f64) -> bool| {
        stats::mean(&timed.iter().filter(|(t, _)| keep(*t)).map(|(_, e)| *e).collect::<Vec<_>>())
    };
    let early = mean(&|t| t <= first + stretch);
    let late = mean(&|t| t >= last - stretch);
    let between = length - stretch;
    let drift = early.zip(late).filter(|_| between > 0.0).map(|(early, late)| (late - early, between));
    (drift, over)
}

fn plot(name: &str, points: &[(f64, f64, f64)]) -> Option<Plot> {
    let middle = points.get(points.len() / 2)?.0;
    let window = points.iter().filter(|(t, ..)| (t - middle).abs() <= PLOT / 2.0);
    let points = window.step_by(PLOT_STEP).map(|(t, v, a)| (*t, v.to_degrees(), a.to_degrees())).collect();
    Some(Plot { title: name.to_owned(), points })
}

pub(super) fn wrap(angle: f64) -> f64 {
    (angle + PI).rem_euclid(TAU) - PI
}

/// One of the angles of a frame.
#[derive(Debug, Clone, Copy)]
enum Angle {
    Leg(Side, fn(&Frame, Side) -> Option<Angles>, fn(Angles) -> f64),
    Pelvis(fn(&Frame) -> Option<f64>),
}

impl Angle {
    /// The angle that is named like a column of angles.csv without its unit; `None` for another name.
    fn from_name(name: &str) -> Option<Self> {
        match name {
            "pelvis_obliquity" => return Some(Self::Pelvis(|f| f.pelvis.map(|p| p.obliquity))),
            "pelvis_tilt" => return Some(Self::Pelvis(|f| f.pelvis.map(|p| p.tilt))),
            "pelvis_rotation" => return Some(Self::Pelvis(|f| f.pelvis.map(|p| p.rotation))),
            _ => {}
        }
        let (side, rest) = name.split_once('_')?;
        let side = Side::BOTH.into_iter().find(|s| s.name() == side)?;
        let (joint, axis) = rest.split_once('_')?;
        let joint: fn(&Frame, Side) -> Option<Angles> = match joint {
            "hip" => |f, side| f.legs[side].hip,
            "femur" => |f, side| f.legs[side].femur,
            "knee" => |f, side| f.legs[side].knee,
            _ => return None,
        };
        let axis: fn(Angles) -> f64 = match axis {
            "flexion" => |a| a.flexion,
            "adduction" => |a| a.adduction,
            "rotation" => |a| a.rotation,
            _ => return None,
        };
        Some(Self::Leg(side, joint, axis))
    }

    fn of(self, frame: &Frame) -> Option<f64> {
        match self {
            Self::Leg(side, joint, axis) => joint(frame, side).map(axis),
            Self::Pelvis(angle) => angle(frame),
        }
    }
}

/// Reads a series at ever later times, between its samples.
struct Cursor<'a> {
    samples: &'a [(f64, f64)],
}

impl<'a> Cursor<'a> {
    fn new(samples: &'a [(f64, f64)]) -> Self {
        Self { samples }
    }

    /// The value at `t`; `None` outside the series and in its holes.
    fn at(&mut self, t: f64) -> Option<f64> {
        while let [_, (next, _), ..] = self.samples
            && *next <= t
            && let [_, rest @ ..] = self.samples
        {
            self.samples = rest;
        }
        match self.samples {
            [(t0, v0), (t1, v1), ..] if *t0 <= t && t1 - t0 <= HOLE => {
                Some(v0 + wrap(v1 - v0) * (t - t0) / (t1 - t0))
            }
            // The last sample, or the last before a hole.
            [(t0, v0), ..] if (t - t0).abs() <= SAME => Some(*v0),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::PerSide;
    use crate::event::LegAngles;
    use crate::units::SessionTime;

    /// Frames at 100 Hz with a left hip adduction of `value(t)` degrees; `None` is invalid.
    fn frames(seconds: f64, value: impl Fn(f64) -> Option<f64>) -> Vec<Frame> {
        (0..(seconds * 100.0) as u32)
            .map(|i| {
                let t = f64::from(i) / 100.0;
                let hip = value(t).map(|v| Angles { flexion: 0.0, adduction: v.to_radians(), rotation: 0.0 });
                let left = LegAngles { hip, ..LegAngles::default() };
                Frame { t: SessionTime(t), legs: PerSide { left, right: LegAngles::default() }, pelvis: None }
            })
            .collect()
    }

    /// Truth at another rate and phase than the frames.
    fn truth(seconds: f64, value: impl Fn(f64) -> f64) -> Vec<AngleSeries> {
        let samples = (0..(seconds * 240.0) as u32)
            .map(|i| f64::from(i) / 240.0 - 0.001)
            .map(|t| (t, value(t).to_radians()))
            .collect();
        vec![AngleSeries { name: "left_hip_adduction".to_owned(), samples }]
    }

    fn swing(t: f64) -> f64 {
        10.0 * (t * 9.0).sin()
    }

    fn close(value: f64, expected: f64) {
        assert!((value - expected).abs() < 0.01, "{value} is not {expected}");
    }

    #[test]
    fn a_constant_is_an_offset_and_no_error_without_it() {
        let (errors, plots) = compare(&frames(200.0, |t| Some(swing(t) + 3.0)), &truth(300.0, swing), 0.0);
        let e = &errors[0];
        close(e.offset_deg.expect("valid"), 3.0);
        close(e.rmse_deg.expect("valid"), 3.0);
        close(e.rmse_offset_free_deg.expect("valid"), 0.0);
        close(e.correlation.expect("varies"), 1.0);
        close(e.drift_deg.expect("long enough"), 0.0);
        assert_eq!((e.n, e.drift_over), (14000, "third"));
        close(e.valid_pct, 100.0);
        assert_eq!(plots[0].points.len(), 151);
    }

    #[test]
    fn the_first_minute_is_not_scored_unless_nothing_else_is_left() {
        let late = |t: f64| Some(if t < 60.0 { 99.0 } else { swing(t) });
        close(compare(&frames(121.0, late), &truth(200.0, swing), 0.0).0[0].rmse_deg.expect("valid"), 0.0);
        assert!(compare(&frames(100.0, late), &truth(200.0, swing), 0.0).0[0].rmse_deg > Some(10.0));
    }

    #[test]
    fn drift_is_the_last_two_minutes_against_the_first_two() {
        let ramp = |t: f64| Some(swing(t) + (t - 60.0) / 60.0);
        let e = &compare(&frames(660.0, ramp), &truth(700.0, swing), 0.0).0[0];
        close(e.drift_deg.expect("long enough"), 8.0);
        close(e.drift_deg_per_min.expect("long enough"), 1.0);
        assert_eq!(e.drift_over, "2 min");
    }

    #[test]
    fn invalid_frames_count_against_the_valid_share_only() {
        let half = |t: f64| (t.fract() < 0.5).then(|| swing(t));
        let e = &compare(&frames(200.0, half), &truth(200.0, swing), 0.0).0[0];
        close(e.valid_pct, 50.0);
        close(e.rmse_deg.expect("valid"), 0.0);
    }

    #[test]
    fn holes_in_the_truth_are_not_scored() {
        let mut truth = truth(100.0, swing);
        truth[0].samples.retain(|(t, _)| *t < 20.0 || *t > 90.0);
        let e = &compare(&frames(100.0, |t| Some(swing(t))), &truth, 0.0).0[0];
        assert!((2998..=3001).contains(&e.n), "{}", e.n);
        close(e.rmse_deg.expect("valid"), 0.0);
    }

    #[test]
    fn angles_are_compared_around_the_circle() {
        let near = |t: f64| Some(if t.fract() < 0.5 { 179.0 } else { -179.0 });
        let e = &compare(&frames(50.0, near), &truth(50.0, |_| 180.0), 0.0).0[0];
        close(e.rmse_deg.expect("valid"), 1.0);
    }

    #[test]
    fn every_column_of_angles_is_known_and_nothing_else() {
        for name in ["left_hip_flexion", "right_femur_rotation", "left_knee_adduction", "pelvis_tilt"] {
            assert!(Angle::from_name(name).is_some(), "{name}");
        }
        for name in ["left_ankle_flexion", "hip_flexion", "middle_hip_flexion", "left_hip"] {
            assert!(Angle::from_name(name).is_none(), "{name}");
        }
    }
}

//! The knee's axis to the right in both sensors of a leg, from every movement that shows it.

use super::axes::{LARGEST_SIGMA, Relative, along, calm_rates, hinge, principal, relative};
use super::bends::{BendFault, Bends, bends, lone_bend};
use super::solve::Evidence;
use super::step::out_of_step;
use super::track::GRID;
use super::verdict::GOOD;
use crate::body::{Placement, Segment, Side};
use crate::event::Gait;
use crate::segment::link::LinkSample;
use nalgebra::{Rotation3, Vector3};

/// An axis to the right in sensor axes, and how much it counts in the mean.
#[derive(Debug, Clone, Copy)]
pub(super) struct Source {
    pub(super) axis: Vector3<f64>,
    pub(super) weight: f64,
}

/// Axes of one segment with what else is known of them.
#[derive(Debug, Clone, Default)]
pub(super) struct Sources {
    pub(super) axes: Vec<Source>,
    /// Not averaged (too far off in running), but far from the mean only if something is wrong.
    pub(super) check: Option<Vector3<f64>>,
    pub(super) from_bends: bool,
    /// Of the bends.
    pub(super) elongation: Option<f64>,
    /// The axes come from running alone.
    pub(super) from_running: bool,
    /// The segment's neighbour has no sensor to compare with.
    pub(super) alone: bool,
}

impl Sources {
    fn add(&mut self, weight: f64, axis: Vector3<f64>) {
        self.axes.push(Source { axis, weight });
    }
}

#[derive(Debug, Clone, Default)]
pub(super) struct Knee {
    pub(super) thigh: Sources,
    pub(super) shank: Sources,
    /// Why bends that were asked for are not used.
    pub(super) fault: Option<Fault>,
}

/// What was wrong with the movements of a leg.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Fault {
    NoBends,
    /// Range of the knee, rad.
    SmallBends(f64),
    RoundBends,
    /// Bends and gait do not agree about which way is right.
    Contradiction,
    /// Time that one sensor of the leg gained on the other within the gait, s.
    OutOfStep(f64),
    /// Thigh and shank of this leg have changed places.
    Reversed,
    /// A thigh and the other leg's shank belong together.
    Crossed,
    /// The left leg hangs on the right of the pelvis.
    Exchanged,
    /// Thigh and shank do not move as a knee lets them.
    Strangers,
}

// Weights of the axes in the mean, by what the movement allows. Source: own measurement on virtual
// running, 14 legs: axial error rms of thigh and shank in degrees: hinge of bends 2.3 and 4.2, main axis
// of bends 6.7 and 10.1; walking: relative rate 3.9 and 3.7, hinge 3.4 and 2.6; running: relative rate
// 9.9 and 3.9, hinge 16 and 3.8, main axis 8.6 and 3.4. What a running knee does fast is not all flexion: by
// where it has been instead of how fast it turned the thigh's is off by 5 (the means of 12 legs by -1 and -9).
// The thigh's main axis of bends stays in because on real landings it was better than the hinge.
const HINGE: f64 = 2.0;
const OTHER: f64 = 1.0;
/// A knee that is this much less straight with one choice of axes than with the other has them so, rad (10 degrees).
/// Source: own measurement: 15 to 64 degrees in walking, running and landing of 39 people, and right in all of them.
const CLEAR: f64 = 0.175;
/// No knee is straighter than it is on average, or than in standing, by more than this, rad (50 degrees). Source: own
/// measurement, same people: at most 43; a leg whose clocks leap 57 and 63.
const MOST_BENT: f64 = 0.873;

pub(super) fn knee(evidence: &Evidence, side: Side) -> Knee {
    let (thigh, shank) = (Placement::thigh(side), Placement::shank(side));
    let (bt, bs) = (&evidence.bends[thigh], &evidence.bends[shank]);
    let (gt, gs) = (&evidence.gait[thigh], &evidence.gait[shank]);
    let both = |a: &[LinkSample], b: &[LinkSample]| !a.is_empty() && a.len() == b.len();
    if !both(gt, gs) {
        return Knee {
            thigh: lone(Segment::Thigh, bt, gt, evidence.kind),
            shank: lone(Segment::Shank, bs, gs, evidence.kind),
            fault: None,
        };
    }
    let bent =
        if both(bt, bs) { Some(bends(&calm_rates(bt, GRID), &calm_rates(bs, GRID), GRID)) } else { None };
    let stood = evidence.poses[thigh].zip(evidence.poses[shank]).map(|(t, s)| (t.up, s.up));
    let gait = gait_axes(gt, gs, stood.as_ref());
    let mut fault = match &bent {
        Some(Ok(_)) => None,
        Some(Err(BendFault::Small(range))) => Some(Fault::SmallBends(*range)),
        Some(Err(BendFault::Round)) => Some(Fault::RoundBends),
        None => Some(Fault::NoBends),
    };
    let mut bent = bent.and_then(Result::ok);
    let sure = bent.as_ref().zip(gait.as_ref());
    if sure.is_some_and(|(b, g)| b.hinge.0.dot(&g.main.0) < 0.0 || b.hinge.1.dot(&g.main.1) < 0.0) {
        fault = Some(Fault::Contradiction);
        bent = None;
    }
    let unsure = bent.is_none() && gait.as_ref().is_some_and(|gait| gait.unsure);
    let drift = out_of_step(&calm_rates(gt, GRID), &calm_rates(gs, GRID));
    // What nobody asked for is not missed.
    fault = fault.filter(|fault| evidence.bends_asked || *fault == Fault::Contradiction);
    fault = unsure.then_some(Fault::Strangers).or(fault);
    fault = drift.map(Fault::OutOfStep).or(fault);
    Knee { fault, ..combine(bent.as_ref(), gait.as_ref(), evidence.kind) }
}

/// The knee's axis in gait. All point right.
struct GaitAxes {
    main: (Vector3<f64>, Vector3<f64>),
    relative: (Vector3<f64>, Vector3<f64>),
    hinge: (Vector3<f64>, Vector3<f64>),
    /// In the thigh alone.
    bent: Vector3<f64>,
    /// Any of them may point left.
    unsure: bool,
}

/// The fastest motion of a shank is its forward swing, and a knee only flexes: that decides which way the thigh's axis
/// points, and where standing shows the straight knee (`stood`: what was up in both sensors) the shank's as well. In
/// movement too small for that both point the same way in the world that the link makes common, if that is sure.
fn gait_axes(
    thigh: &[LinkSample],
    shank: &[LinkSample],
    stood: Option<&(Vector3<f64>, Vector3<f64>)>,
) -> Option<GaitAxes> {
    let rates = (calm_rates(thigh, GRID), calm_rates(shank, GRID));
    let Relative { link, a, b, bent_a } = relative(thigh, shank, GRID)?;
    let t = principal(&rates.0)?.axis;
    let s = forward_swing(&rates.1)?;
    let turn = Rotation3::from_axis_angle(&Vector3::z_axis(), link.heading);
    let mean = |samples: &[LinkSample], axis: Vector3<f64>| -> Vector3<f64> {
        samples.iter().map(|sample| sample.world_from_sensor * axis).sum()
    };
    let same_way = mean(thigh, t).xy().dot(&(turn * mean(shank, s)).xy()) > 0.0;
    let (up_t, up_s) = stood.copied().unwrap_or_else(|| (mean_up(thigh), mean_up(shank)));
    let ahead: (Vec<f64>, Vec<f64>) = (pitch(thigh, &up_t, &t).collect(), pitch(shank, &up_s, &s).collect());
    let [as_is, other] = [1.0, -1.0].map(|sign| {
        let flexion = ahead.0.iter().zip(&ahead.1).map(|(t, s)| sign * t - s).collect();
        Flexed::new(flexion, stood.is_some())
    });
    let clear = (as_is.least - other.least).abs() > CLEAR && as_is.least.max(other.least) > -MOST_BENT;
    let kept = if clear { as_is.least > other.least } else { same_way };
    let (sign, both) = if kept { (1.0, as_is.sign) } else { (-1.0, other.sign) };
    let (t, s) = (t * sign * both, s * both);
    Some(GaitAxes {
        main: (t, s),
        relative: (along(a.axis, &t), along(b.axis, &s)),
        hinge: hinge(&rates.0, &rates.1, t, s),
        bent: along(bent_a.axis, &t),
        unsure: !clear && link.variance > LARGEST_SIGMA.powi(2),
    })
}

/// A knee with one choice of axes.
struct Flexed {
    /// Its least flexion, but for one moment in twenty, rad.
    least: f64,
    /// -1 where both axes have to point the other way for it to flex.
    sign: f64,
}

impl Flexed {
    /// `flexion` against standing where somebody `stood`, against its mean otherwise: then it has no sign.
    fn new(mut flexion: Vec<f64>, stood: bool) -> Self {
        let sign = if stood && flexion.iter().sum::<f64>() < 0.0 { -1.0 } else { 1.0 };
        for angle in &mut flexion {
            *angle *= sign;
        }
        flexion.sort_by(f64::total_cmp);
        Self { least: flexion.get(flexion.len() / 20).copied().unwrap_or_default(), sign }
    }
}

fn mean_up(samples: &[LinkSample]) -> Vector3<f64> {
    samples.iter().map(|s| s.world_from_sensor.inverse() * Vector3::z()).sum()
}

/// How far the lower end of a segment is ahead of its upper end, rad: gravity tells.
fn pitch(samples: &[LinkSample], up: &Vector3<f64>, right: &Vector3<f64>) -> impl Iterator<Item = f64> {
    let ahead = up.cross(right).normalize();
    samples.iter().map(move |s| (s.world_from_sensor * ahead).z.clamp(-1.0, 1.0).asin())
}

/// The same on average.
pub(super) fn lean(samples: &[LinkSample], up: &Vector3<f64>, right: &Vector3<f64>) -> f64 {
    pitch(samples, up, right).sum::<f64>() / samples.len() as f64
}

/// Main axis of the rates, with the fastest motion positive.
fn forward_swing(rates: &[Vector3<f64>]) -> Option<Vector3<f64>> {
    let axis = principal(rates)?.axis;
    let skew: f64 = rates.iter().map(|w| w.dot(&axis).powi(3)).sum();
    Some(if skew < 0.0 { -axis } else { axis })
}

fn combine(bends: Option<&Bends>, gait: Option<&GaitAxes>, kind: Option<Gait>) -> Knee {
    let mut knee = Knee::default();
    let walking = kind == Some(Gait::Walk);
    if let Some(bends) = bends {
        knee.thigh.add(HINGE, bends.hinge.0);
        knee.thigh.add(OTHER, bends.thigh.axis);
        knee.shank.add(OTHER, bends.hinge.1);
        for sources in [&mut knee.thigh, &mut knee.shank] {
            sources.from_bends = true;
            sources.elongation = Some(bends.thigh.elongation);
        }
    }
    let Some(gait) = gait else { return knee };
    if kind.is_none() && bends.is_none() {
        // Other movement turns each segment every way; the knee itself still turns about its axis, and the hinge counts
        // where it says the same. Source: own measurement on real landings, eleven windows: adduction and rotation of the
        // knee are off by 1.45 and 3.24 degrees with the relative axis alone, 1.39 and 3.10 so, 1.56 and 3.31 with the
        // hinge always (off by up to 20 in eight of them), 1.9 and 4.0 with the main axis and the hinge.
        knee.thigh.add(OTHER, gait.relative.0);
        if gait.hinge.0.angle(&gait.relative.0) < GOOD {
            knee.thigh.add(HINGE, gait.hinge.0);
        }
        knee.thigh.check = Some(gait.main.0);
        knee.shank.add(OTHER, gait.relative.1);
        knee.shank.check = Some(gait.main.1);
        return knee;
    }
    knee.shank.add(OTHER, gait.relative.1);
    if walking {
        knee.thigh.add(OTHER, gait.relative.0);
        knee.shank.add(OTHER, gait.hinge.1);
    } else {
        knee.shank.add(OTHER, gait.main.1);
        knee.thigh.check = Some(gait.relative.0);
    }
    if bends.is_none() {
        knee.thigh.axes.clear();
        if walking {
            knee.thigh.add(OTHER, gait.relative.0);
            knee.thigh.add(OTHER, gait.hinge.0);
        } else {
            knee.thigh.add(OTHER, gait.bent);
        }
        knee.thigh.from_running = !walking;
        knee.shank.from_running = !walking;
    }
    knee
}

/// A segment whose neighbour has no sensor.
fn lone(segment: Segment, bends: &[LinkSample], gait: &[LinkSample], kind: Option<Gait>) -> Sources {
    let mut sources = Sources { alone: true, ..Sources::default() };
    let gait = if gait.is_empty() { None } else { forward_swing(&calm_rates(gait, GRID)) };
    let bend = if bends.is_empty() { None } else { lone_bend(segment, &calm_rates(bends, GRID), GRID) };
    // A thigh's forward swing is hardly faster than its way back: bends know better. A shank's is.
    let gait = match &bend {
        Some(bend) if segment == Segment::Thigh => gait.map(|gait| along(gait, &bend.axis)),
        _ => gait,
    };
    if let Some(bend) = bend.filter(|b| gait.is_none_or(|g| g.dot(&b.axis) > 0.0)) {
        sources.add(OTHER, bend.axis);
        sources.from_bends = true;
        sources.elongation = Some(bend.elongation);
    }
    if let Some(gait) = gait {
        sources.add(OTHER, gait);
        sources.from_running = !sources.from_bends && kind != Some(Gait::Walk);
    }
    sources
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Everything points right but the thigh's hinge, which is off by so much, degrees.
    fn axes(hinge_off: f64) -> GaitAxes {
        let right = Vector3::z();
        let hinge = Rotation3::from_axis_angle(&Vector3::y_axis(), hinge_off.to_radians()) * right;
        GaitAxes {
            main: (right, right),
            relative: (right, right),
            hinge: (hinge, right),
            bent: right,
            unsure: false,
        }
    }

    #[test]
    fn without_gait_the_hinge_counts_where_it_agrees() {
        let thigh = |off| combine(None, Some(&axes(off)), None).thigh.axes;
        assert_eq!(thigh(4.0).iter().map(|source| source.weight).collect::<Vec<_>>(), [OTHER, HINGE]);
        assert_eq!(thigh(15.0).len(), 1);
    }

    #[test]
    fn running_alone_takes_the_thigh_from_where_the_knee_has_been() {
        let knee = combine(None, Some(&axes(4.0)), Some(Gait::Run));
        assert_eq!(knee.thigh.axes.len(), 1);
        assert!(knee.thigh.from_running && knee.shank.from_running);
    }

    /// A knee that flexes by 6 to 63 degrees, most while the thigh swings forward, with the thigh taken either way.
    #[test]
    fn the_knee_that_bends_backwards_is_the_wrong_one() {
        let angles = |sign: f64| -> Vec<f64> {
            (0..200)
                .map(|i| f64::from(i) * 0.1)
                .map(|t| {
                    let thigh = 0.5 * t.cos();
                    let knee = 0.6 - 0.5 * t.sin();
                    sign * thigh - (thigh - knee)
                })
                .collect()
        };
        for stood in [true, false] {
            let [right, wrong] = [1.0, -1.0].map(|sign| Flexed::new(angles(sign), stood));
            assert!(right.least > wrong.least + CLEAR, "{} {}", right.least, wrong.least);
            assert!(right.sign > 0.0);
        }
        let reversed = angles(1.0).into_iter().map(|angle| -angle).collect();
        assert!(Flexed::new(reversed, true).sign < 0.0);
    }
}

//! The knee alone: what standing and lively movement of any kind give while nobody has walked or run yet.
//!
//! Standing gives the long axes, and the knee's own rotation the axis to the right. What only gait gives is the
//! direction of progression, and with it femur and hip. Thigh against shank needs no more than the heading of the
//! shank's world in the thigh's: standing tells it once, as both axes to the right are level and parallel then, and
//! the acceleration link keeps it from there on. Own measurement on real landings, one leg, 40 s: knee adduction and
//! rotation 1.4 and 3.9 degrees with standing alone, 1.0 and 3.2 with the link.

use super::axes::LARGEST_SIGMA;
use super::knee::lean;
use super::solve::{Evidence, solve};
use super::track::{BLOCK, GRID, Track, grid_time};
use super::verdict;
use crate::body::{PerPlacement, PerSide, Placement, Side};
use crate::event::{Calibration, Grade};
use crate::segment::link::{LeverArms, Link, LinkSample, Search, link};
use crate::segment::progression::wrap;
use crate::units::SessionTime;
use nalgebra::Vector3;

/// Movement that is looked at, grid steps (10 s): one landing and what follows it.
const MOVEMENT: i64 = 20 * BLOCK;
/// A try that gave nothing is repeated after so many grid steps (5 s).
const RETRY: i64 = 10 * BLOCK;
/// The link is asked for the heading after so many grid steps (6 s), which makes its answers independent.
const BATCH: i64 = 12 * BLOCK;
/// Least rate of thigh and of shank in that time, root mean square, rad/s. Source: own measurement: landings 1.6 and
/// 2.1, slow knee bends 0.5, in which the link finds nothing.
const LIVELY: f64 = 1.0;
/// Least mean flexion against standing, rad (10 degrees): a knee only flexes, which tells left from right.
const BENT: f64 = 0.175;
/// Standard deviation of the heading by standing, rad (3 degrees), and by how much both sensors drift apart in a second,
/// rad (1.4 degrees: four times that of nine calm linkage trials, as landings shake a gyroscope). Source: own measurement,
/// the axial error of a segment, and real landings calibrated from 6 to 20 s of movement: knee rotation 3.1 to 3.9 degrees
/// RMSE against 3.3 to 3.8 with 0.7 and 3.6 with 0.35, knee adduction 1.0 to 1.3 against 1.2 to 1.5.
const STANDING: f64 = 0.0524;
const WANDER: f64 = 0.0244;
/// Standing and link that are farther apart, rad (20 degrees), are not of the same movement.
const APART: f64 = 0.35;

/// What the knee angles of legs come from that nothing else is known of.
#[derive(Debug, Clone, PartialEq)]
pub struct Knees {
    /// Of thighs and shanks only, at most grade C.
    pub calibration: Calibration,
    /// Turning the shank's world by this about the vertical lays it on the thigh's, rad.
    pub headings: PerSide<Option<f64>>,
}

/// Finds them and keeps the headings.
#[derive(Debug, Clone, Default)]
pub(super) struct KneeFinder {
    found: Option<Calibration>,
    ties: PerSide<Option<Tie>>,
    /// Grid index of the last look.
    looked: i64,
}

/// The shank's world in the thigh's.
#[derive(Debug, Clone, Copy)]
struct Tie {
    arms: LeverArms,
    heading: f64,
    variance: f64,
}

/// Lively enough for a first look.
pub(super) fn lively(tracks: &PerPlacement<Track>, from: i64, to: i64) -> bool {
    let rate = |placement| {
        let window = tracks[placement].window(from, to)?;
        let count = window.len() as f64;
        Some(window.map(|m| m.link.gyr.norm_squared()).sum::<f64>() / count)
    };
    let lively = |placement| rate(placement).is_some_and(|square| square > LIVELY * LIVELY);
    Side::BOTH.into_iter().any(|side| lively(Placement::thigh(side)) && lively(Placement::shank(side)))
}

impl KneeFinder {
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }

    /// The movement to look at, if it is time to: from where to where.
    pub(super) fn due(&self, at: i64) -> Option<(i64, i64)> {
        // Without a moment left out: a hole between two looks would not be seen.
        let (wait, from) = if self.found.is_some() { (BATCH, self.looked) } else { (RETRY, at - MOVEMENT) };
        (at - self.looked >= wait).then_some((from, at))
    }

    /// Something was found before; what is due is the heading alone.
    pub(super) fn found(&self) -> bool {
        self.found.is_some()
    }

    /// What this movement says; without any heading where what was known is lost, `None` where nothing was.
    /// `stood`: nothing was lost of the leg since standing.
    pub(super) fn look(
        &mut self,
        evidence: &Evidence,
        stood: PerSide<bool>,
        at: i64,
        now: SessionTime,
    ) -> Option<Knees> {
        let since = grid_time(at) - grid_time(std::mem::replace(&mut self.looked, at));
        let known = self.found.is_some();
        if known {
            for side in Side::BOTH {
                self.ties[side] = self.ties[side].and_then(|tie| tie.after(evidence, side, since));
            }
        } else {
            let mut calibration = solve(evidence, now);
            for side in Side::BOTH {
                self.ties[side] = Tie::first(evidence, &calibration, side, stood[side]);
                if self.ties[side].is_none() {
                    calibration.segments[Placement::thigh(side)] = None;
                    calibration.segments[Placement::shank(side)] = None;
                }
            }
            calibration.segments[Placement::Pelvis] = None;
            self.found = Some(verdict::overall(calibration.segments, now));
        }
        let headings = PerSide::from_fn(|side| self.ties[side].map(|tie| tie.heading));
        let any = Side::BOTH.into_iter().any(|side| headings[side].is_some());
        let calibration = if any { self.found.clone() } else { self.found.take().filter(|_| known) };
        calibration.map(|calibration| Knees { calibration, headings })
    }
}

impl Tie {
    fn first(evidence: &Evidence, calibration: &Calibration, side: Side, stood: bool) -> Option<Self> {
        let [thigh, shank] = [Placement::thigh(side), Placement::shank(side)];
        let frame = |placement: Placement| {
            let segment = calibration.segments[placement].as_ref()?;
            (segment.quality.grade < Grade::Refused).then_some(segment.sensor_from_segment)
        };
        let (of_thigh, of_shank) = (frame(thigh)?, frame(shank)?);
        let (stood_thigh, stood_shank) = (evidence.poses[thigh]?, evidence.poses[shank]?);
        let samples = |placement| -> &[LinkSample] { &evidence.gait[placement] };
        let right = |frame| -> Vector3<f64> { frame * Vector3::z() };
        let flexion = lean(samples(thigh), &stood_thigh.up, &right(of_thigh))
            - lean(samples(shank), &stood_shank.up, &right(of_shank));
        if flexion < BENT {
            return None;
        }
        let seen = link(samples(thigh), samples(shank), GRID, Search::Anywhere)
            .filter(|link| link.variance < LARGEST_SIGMA.powi(2))?;
        let Link { heading, variance, lever_arms: arms, .. } = seen;
        if !stood {
            return Some(Self { arms, heading, variance });
        }
        let towards = |v: Vector3<f64>| libm::atan2(v.y, v.x);
        let standing = towards(stood_thigh.world_from_sensor * right(of_thigh))
            - towards(stood_shank.world_from_sensor * right(of_shank));
        let tie = Self { arms, heading: wrap(standing), variance: STANDING * STANDING };
        (wrap(heading - standing).abs() < APART).then(|| tie.with(heading, variance))
    }

    /// With another batch, so many seconds after the last; `None` after a hole, over which a sensor may have turned to anywhere.
    fn after(self, evidence: &Evidence, side: Side, since: f64) -> Option<Self> {
        let [thigh, shank] = [Placement::thigh(side), Placement::shank(side)];
        let (a, b) = (&evidence.gait[thigh], &evidence.gait[shank]);
        if a.is_empty() || b.is_empty() {
            return None;
        }
        let tie = Self { variance: self.variance + WANDER * WANDER * since, ..self };
        let seen = link(a, b, GRID, Search::With(self.arms));
        Some(seen.map_or(tie, |seen| tie.with(seen.heading, seen.variance)))
    }

    /// A Kalman step.
    fn with(self, heading: f64, variance: f64) -> Self {
        let gain = self.variance / (self.variance + variance);
        Self {
            heading: wrap(self.heading + gain * wrap(heading - self.heading)),
            variance: self.variance * (1.0 - gain),
            ..self
        }
    }
}

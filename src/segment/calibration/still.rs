//! Standing still: where it is in the recent past, and what it tells.

use super::track::{BLOCK, Moment, Track};
use crate::body::PerPlacement;
use crate::segment::link::LinkSample;
use nalgebra::{UnitQuaternion, Vector3};
use std::collections::VecDeque;

/// Spread of the angular rate within half a second of quiet standing, rad/s (8 degrees per second):
/// shifting one's weight passes, a step or a bend does not. Source: own measurement on two real people
/// (standing 0.4 to 7.7, leg movements above 8.3 within the second).
pub const QUIET_GYR: f64 = 0.14;
/// Spread of the acceleration within the same, m/s². Source: same (standing up to 0.55).
pub const QUIET_ACC: f64 = 0.6;
/// How far a segment may lean from its mean over the stretch, rad (3 degrees): beyond it stands differently.
pub const SAME_POSE: f64 = 0.052;
/// How far a segment may lean in standing from its mean over gait, rad (60 degrees): a shank leans 32 on
/// average in running (own measurement on virtual running, 14 legs), a thigh more with the knees high.
const UPRIGHT: f64 = 1.047;
/// Stands that are kept.
const MOST_STANDS: usize = 4;
/// Shortest stretch, blocks of half a second: 3 s.
const SHORTEST: i64 = 6;
/// From this many blocks on the first and the last are left out: settling and setting off.
const TRIM_FROM: i64 = 9;

/// One sensor in quiet standing.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pose {
    /// Mean specific force in sensor axes, m/s²: up.
    pub(super) up: Vector3<f64>,
    /// Mean raw angular rate, rad/s.
    pub(super) zero: Vector3<f64>,
    /// Spread of the angular rate, rad/s.
    pub(super) unrest: f64,
    pub(super) world_from_sensor: UnitQuaternion<f64>,
}

#[derive(Debug, Clone, Copy)]
struct Block {
    gyr: Vector3<f64>,
    acc: Vector3<f64>,
    gyr_variance: f64,
    acc_variance: f64,
}

impl Block {
    fn of<'a>(moments: impl ExactSizeIterator<Item = &'a Moment> + Clone) -> Self {
        let n = moments.len() as f64;
        let rate = |m: &Moment| m.link.gyr + m.bias;
        let gyr = moments.clone().map(rate).sum::<Vector3<f64>>() / n;
        let acc = moments.clone().map(|m| m.link.acc).sum::<Vector3<f64>>() / n;
        Self {
            gyr,
            acc,
            gyr_variance: moments.clone().map(|m| (rate(m) - gyr).norm_squared()).sum::<f64>() / n,
            acc_variance: moments.map(|m| (m.link.acc - acc).norm_squared()).sum::<f64>() / n,
        }
    }

    fn quiet(&self) -> bool {
        self.gyr_variance < QUIET_GYR.powi(2) && self.acc_variance < QUIET_ACC.powi(2)
    }
}

/// Every one of `tracks` is quiet in the block that begins at `from`; `false` without any.
pub(super) fn quiet<'a>(tracks: impl Iterator<Item = &'a Track> + Clone, from: i64) -> bool {
    tracks.clone().next().is_some()
        && tracks.map(|t| t.window(from, from + BLOCK).map(Block::of)).all(|b| b.is_some_and(|b| b.quiet()))
}

/// The longest stretch of whole blocks in `from..to` in which all of `tracks` are quiet; grid indices.
pub(super) fn longest_quiet<'a>(
    tracks: &(impl Iterator<Item = &'a Track> + Clone),
    from: i64,
    to: i64,
) -> Option<(i64, i64)> {
    let mut best: Option<(i64, i64)> = None;
    let mut start = from;
    let mut means: [Vector3<f64>; crate::body::Placement::COUNT] = Default::default();
    let mut at = from;
    while to.saturating_sub(at) >= BLOCK {
        let fresh = at == start;
        let quiet = tracks.clone().zip(&mut means).all(|(track, mean)| {
            let Some(block) = track.window(at, at + BLOCK).map(Block::of) else { return false };
            let same = fresh || block.acc.angle(mean) < SAME_POSE;
            *mean = if fresh { block.acc } else { *mean + block.acc };
            block.quiet() && same
        });
        at += BLOCK;
        if !quiet {
            // A new stretch may begin with the block that ended this one.
            start = if fresh { at } else { at - BLOCK };
            at = start;
        } else if best.is_none_or(|(from, to)| at - start > to - from) {
            best = Some((start, at));
        }
    }
    best.filter(|(from, to)| to - from >= SHORTEST * BLOCK)
}

/// What each sensor shows in the stretch.
pub(super) fn poses(tracks: &PerPlacement<Track>, from: i64, to: i64) -> PerPlacement<Option<Pose>> {
    let trim = if (to - from) >= TRIM_FROM * BLOCK { BLOCK } else { 0 };
    PerPlacement::from_fn(|placement| pose(&tracks[placement], from + trim, to - trim))
}

fn pose(track: &Track, from: i64, to: i64) -> Option<Pose> {
    let whole = Block::of(track.window(from, to)?);
    let blocks = (to - from) / BLOCK;
    let unrest = (0..blocks)
        .filter_map(|i| Some(Block::of(track.window(from + i * BLOCK, from + (i + 1) * BLOCK)?).gyr_variance))
        .sum::<f64>()
        / blocks as f64;
    let last = track.window(to - 1, to)?.next()?;
    whole.acc.try_normalize(1.0)?;
    Some(Pose {
        up: whole.acc,
        zero: whole.gyr,
        unrest: unrest.sqrt(),
        world_from_sensor: last.link.world_from_sensor,
    })
}

/// A stretch of standing, grid indices.
#[derive(Debug, Clone)]
pub(super) struct Stand {
    pub(super) poses: PerPlacement<Option<Pose>>,
    /// Somebody told the runner how to stand.
    pub(super) instructed: bool,
    pub(super) from: i64,
    pub(super) to: i64,
}

/// The last few. Which of them was standing upright, and which a leg held up or sensors lying on a table,
/// only the gait that follows can tell.
#[derive(Debug, Clone, Default)]
pub(super) struct Stands(VecDeque<Stand>);

impl Stands {
    pub(super) fn forget(&mut self) {
        self.0.clear();
    }

    pub(super) fn newest(&self) -> Option<&Stand> {
        self.0.back()
    }

    /// One of them had ended by then.
    pub(super) fn any_before(&self, at: i64) -> bool {
        self.0.iter().any(|stand| stand.to <= at)
    }

    /// A marked stand covers what begins here.
    pub(super) fn marked_over(&self, from: i64) -> bool {
        self.0.iter().any(|stand| stand.instructed && from < stand.to)
    }

    /// The same stretch seen for longer takes the place of its beginning.
    pub(super) fn add(&mut self, stand: Stand) {
        if self.0.back().is_some_and(|last| !last.instructed && stand.from < last.to) {
            self.0.pop_back();
        }
        if self.0.len() == MOST_STANDS
            && let Some(oldest) = self.0.iter().position(|stand| !stand.instructed)
        {
            self.0.remove(oldest);
        }
        self.0.push_back(stand);
    }

    /// The longest that fits this gait; a marked one before all others. One that was marked in sitting
    /// does not fit.
    pub(super) fn best(&self, gait: &PerPlacement<Vec<LinkSample>>) -> Option<&Stand> {
        let fits = |stand: &Stand| {
            stand.poses.iter().filter(|(p, _)| p.side().is_some()).all(|(p, pose)| {
                let up: Vector3<f64> =
                    gait[p].iter().map(|s| s.world_from_sensor.inverse() * Vector3::z()).sum();
                pose.is_none_or(|pose| gait[p].is_empty() || pose.up.angle(&up) < UPRIGHT)
            })
        };
        let upright = self.0.iter().filter(|stand| fits(stand));
        upright.max_by_key(|stand| (stand.instructed, stand.to - stand.from))
    }
}

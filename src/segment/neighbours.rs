//! Neighbours must agree about the direction of progression: the joint between two segments tells how their worlds lie
//! to each other, whatever the runner's way of swinging makes of each one's own reading.
//!
//! A reading of the direction of progression is off by 1.6 to 2.5 degrees per segment, always the same way in one
//! runner, and an adduction takes over that error times the sine of the flexion. The acceleration link is off as well,
//! by about what it says of itself, but by other causes; so the best of both is their weighted mean over all segments at
//! once. Source: own measurement on virtual running, 12 legs: adduction of the knee is off by 1.29 instead of 1.49
//! degrees, of the femur by 0.70 instead of 0.75, of the hip by 0.84 instead of 0.91.

use super::progression::wrap;
use crate::body::{PerPlacement, Placement, Segment};
use crate::event::Gait;
use nalgebra::{SMatrix, SVector};
use std::f64::consts::PI;

const DEGREE: f64 = PI / 180.0;
/// Standard deviation over runners of what a segment reads, rad. Source: own measurement on virtual running, 12 legs of 5
/// runners.
const PELVIS: f64 = 1.6 * DEGREE;
const THIGH: f64 = 1.8 * DEGREE;
const SHANK: f64 = 2.5 * DEGREE;
/// A hip is off by more than its answers say: their variance counts so many times. Source: own measurement, same legs:
/// the mean answer of a hip is off by 12 degrees where it says 9.5, that of a knee by 2 where it says 3.3.
const HIP: f64 = 1.5;
/// Least weight of a new answer in the mean of a joint's answers. Source: own measurement, same legs: the stance peak of
/// hip rotation scatters by 0.55 degrees with 0.05 and 0.1, 0.56 with 0.3 and 0.60 with the newest answer alone.
const NEW: f64 = 0.1;
/// Answers that are farther off, rad (20 degrees), are not of the same movement.
const APART: f64 = 0.35;

/// By how much the readings of all segments are off.
#[derive(Debug, Clone, Default)]
pub struct Neighbours {
    /// By the lower of the two at a joint.
    joints: PerPlacement<Option<Apart>>,
}

/// By how much the lower neighbour's reading is ahead of the upper one's, counter-clockwise.
#[derive(Debug, Clone, Copy)]
struct Apart {
    /// rad.
    angle: f64,
    /// rad².
    variance: f64,
    answers: u32,
    /// Walking and running are swung differently, and what is known of one says little of the other.
    gait: Gait,
}

impl Neighbours {
    /// What the joint above this segment says: `angle` has to be added to what the upper segment reads less what this one
    /// does, rad; `variance`, rad², by the link's own account.
    pub fn say(&mut self, lower: Placement, gait: Gait, angle: f64, variance: f64) {
        let angle = wrap(angle);
        if angle.abs() > APART {
            return;
        }
        let joint = &mut self.joints[lower];
        let known = joint.filter(|joint| joint.gait == gait);
        let Apart { angle: a, variance: v, answers, .. } =
            known.unwrap_or(Apart { angle, variance, answers: 0, gait });
        let answers = answers.saturating_add(1);
        // Answers share their error: it does not shrink with their number.
        let share = NEW.max(1.0 / f64::from(answers));
        let mean = |old: f64, new: f64| old + share * (new - old);
        *joint = Some(Apart { angle: mean(a, angle), variance: mean(v, variance), answers, gait });
    }

    /// The segment is calibrated anew.
    pub fn forget(&mut self, placement: Placement) {
        for (lower, joint) in self.joints.iter_mut() {
            if lower == placement || lower.above() == Some(placement) {
                *joint = None;
            }
        }
    }

    /// What has to be added to what each segment reads, rad: least squares over segments and joints.
    #[must_use]
    #[expect(clippy::indexing_slicing, reason = "index() is below COUNT by construction")]
    pub fn corrections(&self) -> PerPlacement<f64> {
        let mut normal = SMatrix::<f64, { Placement::COUNT }, { Placement::COUNT }>::zeros();
        let mut right = SVector::<f64, { Placement::COUNT }>::zeros();
        for placement in Placement::ALL {
            let i = placement.index();
            normal[(i, i)] += sigma(placement.segment()).powi(-2);
        }
        for (lower, joint) in self.joints.iter() {
            let Some((Apart { angle, variance, .. }, upper)) = joint.zip(lower.above()) else { continue };
            let times = if upper == Placement::Pelvis { HIP } else { 1.0 };
            let (i, j, weight) = (upper.index(), lower.index(), (times * variance).recip());
            normal[(i, i)] += weight;
            normal[(j, j)] += weight;
            normal[(i, j)] -= weight;
            normal[(j, i)] -= weight;
            right[i] += weight * angle;
            right[j] -= weight * angle;
        }
        // Positive definite by its diagonal, whatever the joints say; a variance of nought is no answer.
        let solved = normal.cholesky().map(|c| c.solve(&right)).unwrap_or_default();
        PerPlacement::from_fn(|placement| solved[placement.index()])
    }
}

fn sigma(segment: Segment) -> f64 {
    match segment {
        Segment::Pelvis => PELVIS,
        Segment::Thigh => THIGH,
        Segment::Shank => SHANK,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn degrees(corrections: &PerPlacement<f64>, placement: Placement) -> f64 {
        corrections[placement].to_degrees()
    }

    #[test]
    fn neighbours_share_what_a_joint_says_by_how_sure_each_is() {
        let mut neighbours = Neighbours::default();
        neighbours.say(Placement::LeftShank, Gait::Run, 6.0 * DEGREE, (2.5 * DEGREE).powi(2));
        let off = neighbours.corrections();
        let (thigh, shank) = (degrees(&off, Placement::LeftThigh), degrees(&off, Placement::LeftShank));
        // Of 6 degrees, the joint, the thigh and the shank bear 2.5², 1.8² and 2.5² parts.
        let whole = 2.5 * 2.5 + 1.8 * 1.8 + 2.5 * 2.5;
        assert!((thigh - 6.0 * 1.8 * 1.8 / whole).abs() < 1e-9, "{thigh}");
        assert!((shank + 6.0 * 2.5 * 2.5 / whole).abs() < 1e-9, "{shank}");
        for other in [Placement::Pelvis, Placement::RightThigh, Placement::RightShank] {
            assert!(off[other].abs() < 1e-12, "{off:?}");
        }
    }

    #[test]
    fn a_thigh_that_both_its_neighbours_contradict_is_what_moves() {
        let mut neighbours = Neighbours::default();
        neighbours.say(Placement::LeftThigh, Gait::Run, -4.0 * DEGREE, DEGREE.powi(2));
        neighbours.say(Placement::LeftShank, Gait::Run, 4.0 * DEGREE, DEGREE.powi(2));
        let off = neighbours.corrections();
        assert!(degrees(&off, Placement::LeftThigh) > 1.9, "{off:?}");
        assert!(degrees(&off, Placement::Pelvis).abs() < 1.3 && degrees(&off, Placement::LeftShank) > -1.8);
    }

    #[test]
    fn running_begins_with_its_own_answer() {
        let mut neighbours = Neighbours::default();
        for _ in 0..5 {
            neighbours.say(Placement::LeftShank, Gait::Walk, 0.0, DEGREE.powi(2));
        }
        neighbours.say(Placement::LeftShank, Gait::Run, 8.0 * DEGREE, DEGREE.powi(2));
        let fresh = {
            let mut neighbours = Neighbours::default();
            neighbours.say(Placement::LeftShank, Gait::Run, 8.0 * DEGREE, DEGREE.powi(2));
            neighbours.corrections()
        };
        let off = neighbours.corrections()[Placement::LeftShank] - fresh[Placement::LeftShank];
        assert!(off.abs() < 1e-12, "{off}");
    }

    #[test]
    fn an_answer_of_another_movement_and_what_is_forgotten_move_nothing() {
        let mut neighbours = Neighbours::default();
        neighbours.say(Placement::RightThigh, Gait::Run, 1.2, DEGREE.powi(2));
        assert!(neighbours.corrections()[Placement::RightThigh].abs() < 1e-12);
        neighbours.say(Placement::RightThigh, Gait::Run, 0.1, DEGREE.powi(2));
        neighbours.say(Placement::RightShank, Gait::Run, 0.1, DEGREE.powi(2));
        assert!(neighbours.corrections()[Placement::Pelvis] > 0.0);
        neighbours.forget(Placement::RightThigh);
        assert!(neighbours.corrections().iter().all(|(_, off)| off.abs() < 1e-12));
    }
}

//! Forward while the runner stands: where each segment points in a second of standing still on both feet.
//!
//! There is no progression to tell it. Each sensor's world has its own heading, so each segment is its own witness: its
//! medio-lateral axis, a quarter turn from forward, is level in standing. What a segment is turned by then is its zero.

use crate::body::{PerPlacement, Placement};
use crate::input::{Edge, Mark};
use crate::segment::progression::wrap;
use crate::units::SessionTime;
use nalgebra::{UnitQuaternion, Vector2, Vector3};
use std::collections::VecDeque;
use std::f64::consts::FRAC_PI_2;

/// Standing still for so long, s. Source: own choice; sway averages out over a second to a fraction of a degree.
const STILL: f64 = 1.0;
/// And nothing turns by more, rad: 2 degrees. Source: own choice, above the sway of standing (1 degree).
const SWAY: f64 = 0.035;

/// Cosine of the largest lean of a thigh or shank in standing on both feet: 15 degrees. Source: own choice; a leg
/// that is held up, or ready to step down, leans by more, and standing legs by less than 10.
const UPRIGHT: f64 = 0.966;

/// Looks for the standing from its begin on; once found, it stands until it ends.
#[derive(Debug, Default)]
pub(super) struct Standing {
    /// Begins and ends that the grid has not reached yet.
    marks: VecDeque<Mark>,
    looking: Option<Look>,
    headings: Option<PerPlacement<Option<f64>>>,
}

#[derive(Debug, Default)]
struct Look {
    since: Option<SessionTime>,
    first: PerPlacement<Option<UnitQuaternion<f64>>>,
    /// Sum of the level medio-lateral axes since then.
    right: PerPlacement<Vector2<f64>>,
}

impl Standing {
    /// A test begins, and with it standing; or it ends.
    pub(super) fn mark(&mut self, mark: Mark) {
        self.marks.push_back(mark);
    }

    /// Forward is to be taken from standing at this moment, known or not.
    pub(super) fn running(&mut self, t: SessionTime) -> bool {
        while let Some(mark) = self.marks.front().copied().filter(|mark| t >= mark.t) {
            self.marks.pop_front();
            self.headings = None;
            self.looking = (mark.edge == Edge::Begin).then(Look::default);
        }
        self.looking.is_some() || self.headings.is_some()
    }

    /// Where this segment's forward is in its sensor's world, rad; `None` while unknown.
    pub(super) fn heading(&self, placement: Placement) -> Option<f64> {
        self.headings.as_ref().and_then(|headings| headings[placement])
    }

    /// All segments at one moment; `None` where there is no sensor or no calibration.
    pub(super) fn look(
        &mut self,
        t: SessionTime,
        world_from_segment: &PerPlacement<Option<UnitQuaternion<f64>>>,
    ) {
        let Some(look) = &mut self.looking else { return };
        let moved = world_from_segment.iter().any(|(placement, now)| match (now, &look.first[placement]) {
            (Some(now), Some(first)) => now.angle_to(first) > SWAY,
            (None, None) => false,
            _ => true,
        });
        let on_both_feet = world_from_segment.iter().all(|(placement, orientation)| {
            let up = |orientation: &UnitQuaternion<f64>| (orientation * Vector3::y()).z > UPRIGHT;
            placement == Placement::Pelvis || orientation.as_ref().is_none_or(up)
        });
        if moved || !on_both_feet || look.since.is_none() {
            *look = Look { since: Some(t), first: *world_from_segment, ..Look::default() };
        }
        for (placement, orientation) in world_from_segment.iter() {
            if let Some(orientation) = orientation {
                look.right[placement] += (orientation * Vector3::z()).xy();
            }
        }
        let seen = world_from_segment.iter().any(|(_, orientation)| orientation.is_some());
        if seen && look.since.is_some_and(|since| t - since >= STILL) {
            let heading = |placement| {
                let right: Vector2<f64> = look.right[placement];
                (right.norm() > 0.0).then(|| wrap(libm::atan2(right.y, right.x) + FRAC_PI_2))
            };
            self.headings = Some(PerPlacement::from_fn(heading));
            self.looking = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::Stretch;
    use nalgebra::{Matrix3, Rotation3};

    /// X forward along `heading`, Y up, Z to the right.
    fn upright(heading: f64) -> UnitQuaternion<f64> {
        let (s, c) = heading.sin_cos();
        let m = Matrix3::new(c, 0.0, s, s, 0.0, -c, 0.0, 1.0, 0.0);
        UnitQuaternion::from_rotation_matrix(&Rotation3::from_matrix_unchecked(m))
    }

    fn segments(heading: f64) -> PerPlacement<Option<UnitQuaternion<f64>>> {
        PerPlacement::from_fn(|p| (p != Placement::Pelvis).then(|| upright(heading + 0.5 * p.index() as f64)))
    }

    #[test]
    fn a_second_of_standing_gives_each_segment_its_own_forward() {
        let mut standing = Standing::default();
        let mark = |edge, t| Mark { stretch: Stretch::StepDown, edge, t: SessionTime(t) };
        standing.mark(mark(Edge::Begin, 0.2));
        standing.mark(mark(Edge::End, 2.9));
        assert!(!standing.running(SessionTime(0.1)));
        for k in 0..300 {
            let t = SessionTime(f64::from(k) * 0.01);
            assert_eq!(standing.running(t), (20..290).contains(&k));
            // Turns until 1.5 s.
            standing.look(t, &segments(2.0 + 0.5 * (1.5 - t.0).max(0.0)));
            let found = standing.heading(Placement::LeftThigh).is_some();
            assert!(found == (250..290).contains(&k) || (240..250).contains(&k), "{k}");
            if k == 280 {
                expect_own_forward(&standing);
            }
        }
    }

    fn expect_own_forward(standing: &Standing) {
        for placement in [Placement::LeftThigh, Placement::RightShank] {
            let expected = wrap(2.0 + 0.5 * placement.index() as f64);
            let got = standing.heading(placement).expect("stood");
            assert!(wrap(got - expected).abs() < 0.01, "{placement}: {got} is not {expected}");
        }
        assert_eq!(standing.heading(Placement::Pelvis), None);
    }
}

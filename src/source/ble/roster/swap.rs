//! Places that were given the wrong way round.

use crate::body::{Placement, Segment, Side};
use serde::{Deserialize, Serialize};

/// What people strap on the wrong way round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Swap {
    /// Left and right, thigh and shank.
    Legs,
    /// Left and right thigh.
    Thighs,
    /// Left and right shank.
    Shanks,
    /// Thigh and shank of the left leg.
    LeftLeg,
    /// Thigh and shank of the right leg.
    RightLeg,
}

impl Swap {
    pub const ALL: [Self; 5] = [Self::Legs, Self::Thighs, Self::Shanks, Self::LeftLeg, Self::RightLeg];

    /// The word for it on the command line and in the API.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Legs => "legs",
            Self::Thighs => "thighs",
            Self::Shanks => "shanks",
            Self::LeftLeg => "left_leg",
            Self::RightLeg => "right_leg",
        }
    }

    /// Where a sensor is that was said to be at `placement`. Twice is as before.
    #[must_use]
    pub fn of(self, placement: Placement) -> Placement {
        let across = matches!(
            (self, placement.segment()),
            (Self::Legs, Segment::Thigh | Segment::Shank)
                | (Self::Thighs, Segment::Thigh)
                | (Self::Shanks, Segment::Shank)
        );
        let along = matches!(
            (self, placement.side()),
            (Self::LeftLeg, Some(Side::Left)) | (Self::RightLeg, Some(Side::Right))
        );
        match (placement.side(), placement.segment()) {
            (Some(side), Segment::Thigh) if across => Placement::thigh(side.other()),
            (Some(side), Segment::Shank) if across => Placement::shank(side.other()),
            (Some(side), Segment::Thigh) if along => Placement::shank(side),
            (Some(side), Segment::Shank) if along => Placement::thigh(side),
            _ => placement,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_exchanged_twice_is_as_before_and_nobody_shares_a_place() {
        for swap in Swap::ALL {
            let mut places = Placement::ALL.map(|place| swap.of(place));
            assert_eq!(places.map(|place| swap.of(place)), Placement::ALL, "{swap:?}");
            assert_eq!(swap.of(Placement::Pelvis), Placement::Pelvis);
            places.sort();
            assert_eq!(places, Placement::ALL, "{swap:?}");
        }
        assert_eq!(Swap::Legs.of(Placement::LeftShank), Placement::RightShank);
        assert_eq!(Swap::Shanks.of(Placement::LeftThigh), Placement::LeftThigh);
        assert_eq!(Swap::RightLeg.of(Placement::RightShank), Placement::RightThigh);
    }
}

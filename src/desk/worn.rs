//! Which sensors people wear: sets that the program can use. What is worn beyond the chosen one is used, too.

use crate::body::Placement::{self, LeftShank, LeftThigh, RightShank, RightThigh};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WornSet {
    /// Steps only: no angle, and no verdict.
    Shanks,
    LeftLeg,
    RightLeg,
    /// Thighs and shanks.
    Legs,
    /// And the sacrum, for the hip itself.
    LegsAndPelvis,
}

impl WornSet {
    pub const ALL: [Self; 5] = [Self::RightLeg, Self::LeftLeg, Self::Shanks, Self::Legs, Self::LegsAndPelvis];

    #[must_use]
    pub fn places(self) -> &'static [Placement] {
        match self {
            Self::Shanks => &[LeftShank, RightShank],
            Self::LeftLeg => &[LeftThigh, LeftShank],
            Self::RightLeg => &[RightThigh, RightShank],
            Self::Legs => &[LeftThigh, RightThigh, LeftShank, RightShank],
            Self::LegsAndPelvis => &Placement::ALL,
        }
    }

    /// The set that shows most with so many sensors; `None` where they are too few for any angle.
    #[must_use]
    pub fn suggested(sensors: usize) -> Option<Self> {
        match sensors {
            0 | 1 => None,
            2 | 3 => Some(Self::RightLeg),
            4 => Some(Self::Legs),
            _ => Some(Self::LegsAndPelvis),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_suggested_can_be_worn_with_the_sensors_there_are() {
        for sensors in 0..=6 {
            if let Some(set) = WornSet::suggested(sensors) {
                assert!(set.places().len() <= sensors, "{set:?} with {sensors}");
            }
        }
        assert_eq!(WornSet::suggested(1), None, "one sensor sees no angle of a joint");
        assert_eq!(WornSet::suggested(4), Some(WornSet::Legs));
    }
}

//! What a screening test says: single-leg squat or step-down, repetition by repetition. Angles in rad.

use super::Doubt;
use crate::body::{PerSide, Side};
use crate::units::SessionTime;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Test {
    /// Standing on one leg, the other foot held off the ground.
    SingleLegSquat,
    /// Standing on a step on one leg, the other foot reaches for the ground.
    StepDown,
}

impl Test {
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::SingleLegSquat => "single_leg_squat",
            Self::StepDown => "step_down",
        }
    }
}

/// Why a repetition does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RepetitionDoubt {
    /// The knee bent too little.
    Shallow,
    /// Down and up faster than anyone controls it.
    Quick,
    /// The other foot was not held off the ground.
    FootDown,
    /// Angles were withheld in it.
    Angles(Doubt),
}

impl RepetitionDoubt {
    /// The word in files and messages.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Shallow => "shallow",
            Self::Quick => "quick",
            Self::FootDown => "foot_down",
            Self::Angles(doubt) => doubt.word(),
        }
    }
}

/// One repetition of the leg that stands. Excursions count from the start of the repetition.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Repetition {
    pub test: Test,
    /// The leg that stands.
    pub side: Side,
    /// Counts from 1 per leg within a test.
    pub number: u32,
    pub start: SessionTime,
    /// The knee is bent most.
    pub bottom: SessionTime,
    pub end: SessionTime,
    /// The newest frame that the decision needed.
    pub decided: SessionTime,
    /// Knee flexion from start to bottom, rad.
    pub depth: f64,
    /// Femur adduction at its largest, against gravity and where the knee pointed in standing, rad.
    pub adduction_peak: Option<f64>,
    pub adduction_excursion: Option<f64>,
    /// Medial rotation of the femur, rad.
    pub rotation_excursion: Option<f64>,
    /// The other side of the pelvis drops, rad; only with a sacral sensor.
    pub drop_excursion: Option<f64>,
    /// `None`: it counts.
    pub doubt: Option<RepetitionDoubt>,
}

/// What is compared between legs and between tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScreenQuantity {
    Depth,
    AdductionPeak,
    AdductionExcursion,
    RotationExcursion,
    DropExcursion,
    /// Time from start to bottom, s.
    Down,
    /// Time from bottom to end, s.
    Up,
}

impl ScreenQuantity {
    pub const ALL: [Self; 7] = [
        Self::Depth,
        Self::AdductionPeak,
        Self::AdductionExcursion,
        Self::RotationExcursion,
        Self::DropExcursion,
        Self::Down,
        Self::Up,
    ];

    /// With the unit that files give it in.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Depth => "depth_deg",
            Self::AdductionPeak => "adduction_peak_deg",
            Self::AdductionExcursion => "adduction_excursion_deg",
            Self::RotationExcursion => "rotation_excursion_deg",
            Self::DropExcursion => "drop_excursion_deg",
            Self::Down => "down_s",
            Self::Up => "up_s",
        }
    }

    /// rad, or s for a time.
    #[must_use]
    pub fn of(self, repetition: &Repetition) -> Option<f64> {
        let Repetition { start, bottom, end, .. } = *repetition;
        match self {
            Self::Depth => Some(repetition.depth),
            Self::AdductionPeak => repetition.adduction_peak,
            Self::AdductionExcursion => repetition.adduction_excursion,
            Self::RotationExcursion => repetition.rotation_excursion,
            Self::DropExcursion => repetition.drop_excursion,
            Self::Down => Some(bottom - start),
            Self::Up => Some(end - bottom),
        }
    }

    /// From our units to those of [`name`](Self::name).
    #[must_use]
    pub fn at_the_edge(self, value: f64) -> f64 {
        if matches!(self, Self::Down | Self::Up) { value } else { value.to_degrees() }
    }
}

/// Over the repetitions of one leg that count.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    pub quantity: ScreenQuantity,
    pub mean: f64,
    /// From repetition to repetition; `None` with fewer than two.
    pub sd: Option<f64>,
    pub n: u32,
}

/// A difference of two means.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    pub quantity: ScreenQuantity,
    pub value: f64,
    /// One standard deviation by the scatter of the repetitions alone.
    pub sigma: f64,
    /// What the sensors may add to it whatever the number of repetitions, one standard deviation.
    pub systematic: f64,
}

impl Difference {
    /// The smallest difference that means something: less is what repetitions and sensors together give by chance 19
    /// times in 20 (1.96 standard deviations; Weir 2005).
    #[must_use]
    pub fn smallest(&self) -> f64 {
        1.96 * self.sigma.hypot(self.systematic)
    }
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct LegScreening {
    pub repetitions: u32,
    /// Those that count.
    pub valid: u32,
    pub figures: Vec<Figure>,
}

/// A finished test.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Screening {
    pub test: Test,
    pub begin: SessionTime,
    pub end: SessionTime,
    pub legs: PerSide<LegScreening>,
    /// Left less right, where both legs have two repetitions that count.
    pub left_less_right: Vec<Difference>,
    /// Why there is nothing to see; `None` when there is.
    pub reason: Option<String>,
}

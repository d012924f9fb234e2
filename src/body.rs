//! The body and what is strapped to it: sides, segments, placements, sensors and their samples.

use crate::units::{DeviceTime, Hz, SessionTime};
use nalgebra::Vector3;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A side of the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    Left,
    Right,
}

impl Side {
    /// Both sides, left first, as in every file we write.
    pub const BOTH: [Self; 2] = [Self::Left, Self::Right];

    /// +1 on the right, -1 on the left: turns angles about X and Y, which mirror between the legs,
    /// into clinical angles that are positive for the same movement on both (ISB; Wu et al. 2002).
    #[must_use]
    pub fn sign(self) -> f64 {
        match self {
            Self::Left => -1.0,
            Self::Right => 1.0,
        }
    }

    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Left => Self::Right,
            Self::Right => Self::Left,
        }
    }

    /// 0 for left, 1 for right.
    #[must_use]
    pub fn index(self) -> usize {
        self as usize
    }

    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Left => "left",
            Self::Right => "right",
        }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A rigid body segment that can carry a sensor. ISB axes: X anterior, Y proximal, Z to the subject's right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Segment {
    Pelvis,
    Thigh,
    Shank,
}

/// Where on the body a sensor is worn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Placement {
    Pelvis,
    LeftThigh,
    RightThigh,
    LeftShank,
    RightShank,
}

impl Placement {
    pub const COUNT: usize = 5;
    pub const ALL: [Self; Self::COUNT] =
        [Self::Pelvis, Self::LeftThigh, Self::RightThigh, Self::LeftShank, Self::RightShank];

    #[must_use]
    pub fn thigh(side: Side) -> Self {
        match side {
            Side::Left => Self::LeftThigh,
            Side::Right => Self::RightThigh,
        }
    }

    #[must_use]
    pub fn shank(side: Side) -> Self {
        match side {
            Side::Left => Self::LeftShank,
            Side::Right => Self::RightShank,
        }
    }

    #[must_use]
    pub fn segment(self) -> Segment {
        match self {
            Self::Pelvis => Segment::Pelvis,
            Self::LeftThigh | Self::RightThigh => Segment::Thigh,
            Self::LeftShank | Self::RightShank => Segment::Shank,
        }
    }

    /// The leg that the sensor is on; `None` for the pelvis.
    #[must_use]
    pub fn side(self) -> Option<Side> {
        match self {
            Self::Pelvis => None,
            Self::LeftThigh | Self::LeftShank => Some(Side::Left),
            Self::RightThigh | Self::RightShank => Some(Side::Right),
        }
    }

    /// The segment at the upper side of its joint; `None` for the pelvis.
    #[must_use]
    pub fn above(self) -> Option<Self> {
        match self {
            Self::Pelvis => None,
            Self::LeftThigh | Self::RightThigh => Some(Self::Pelvis),
            Self::LeftShank => Some(Self::LeftThigh),
            Self::RightShank => Some(Self::RightThigh),
        }
    }

    /// 0 to 4, in the order of [`Placement::ALL`].
    #[must_use]
    pub fn index(self) -> usize {
        self as usize
    }

    /// The name in files and messages (`tracked_point` of Motion-BIDS).
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pelvis => "pelvis",
            Self::LeftThigh => "left_thigh",
            Self::RightThigh => "right_thigh",
            Self::LeftShank => "left_shank",
            Self::RightShank => "right_shank",
        }
    }

    /// The placement with this [`name`](Self::name); `None` for any other word.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|p| p.name() == name)
    }
}

impl fmt::Display for Placement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One value per [`Placement`], addressed by it.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct PerPlacement<T>([T; Placement::COUNT]);

impl<T> PerPlacement<T> {
    pub fn from_fn(f: impl FnMut(Placement) -> T) -> Self {
        Self(Placement::ALL.map(f))
    }

    pub fn iter(&self) -> impl Iterator<Item = (Placement, &T)> {
        Placement::ALL.into_iter().zip(&self.0)
    }

    pub fn iter_mut(&mut self) -> impl Iterator<Item = (Placement, &mut T)> {
        Placement::ALL.into_iter().zip(&mut self.0)
    }
}

impl<T> std::ops::Index<Placement> for PerPlacement<T> {
    type Output = T;
    #[expect(clippy::indexing_slicing, reason = "index() is below COUNT by construction")]
    fn index(&self, placement: Placement) -> &T {
        &self.0[placement.index()]
    }
}

impl<T> std::ops::IndexMut<Placement> for PerPlacement<T> {
    #[expect(clippy::indexing_slicing, reason = "index() is below COUNT by construction")]
    fn index_mut(&mut self, placement: Placement) -> &mut T {
        &mut self.0[placement.index()]
    }
}

/// One value per [`Side`], addressed by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PerSide<T> {
    pub left: T,
    pub right: T,
}

impl<T> PerSide<T> {
    pub fn from_fn(mut f: impl FnMut(Side) -> T) -> Self {
        Self { left: f(Side::Left), right: f(Side::Right) }
    }
}

impl<T> std::ops::Index<Side> for PerSide<T> {
    type Output = T;
    fn index(&self, side: Side) -> &T {
        match side {
            Side::Left => &self.left,
            Side::Right => &self.right,
        }
    }
}

impl<T> std::ops::IndexMut<Side> for PerSide<T> {
    fn index_mut(&mut self, side: Side) -> &mut T {
        match side {
            Side::Left => &mut self.left,
            Side::Right => &mut self.right,
        }
    }
}

/// A sensor within one session: its place in the list of sensors announced so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SensorId(pub u16);

/// What a source knows of a sensor before its first sample.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SensorInfo {
    pub id: SensorId,
    /// As a person would recognise it: a device name, or the recording's tracked point.
    pub name: String,
    /// `None`: recorded, and otherwise ignored.
    pub placement: Option<Placement>,
    /// Nominal.
    pub rate: Hz,
    pub clock: ClockKind,
}

/// What a sensor's time stamps mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClockKind {
    /// They are session time already (sensors sampled together, or aligned by the recorder).
    Session,
    /// They are the sensor's own clock; only the arrival of packets ties it to the session.
    Device,
    /// The sensor stamps nothing: its samples are numbered as they come, at the nominal rate. Arrivals tell the
    /// true rate, and by coming late that samples were lost.
    Arrival,
}

/// One reading of a 6-axis sensor, in the sensor's own axes. A lost sample is absent, never a filler.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    pub t: DeviceTime,
    /// Specific force, m/s² (at rest it points up and measures 1 g).
    pub acc: Vector3<f64>,
    /// Angular rate, rad/s.
    pub gyr: Vector3<f64>,
}

/// Samples of one sensor that arrived together, oldest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Packet {
    pub sensor: SensorId,
    /// When the host had the packet, on the session clock; `None` where the recording does not say.
    pub arrival: Option<SessionTime>,
    pub samples: Vec<Sample>,
}

//! A strap that has slipped. The knee is nearly a hinge: how the shank lies across the thigh, on average over
//! a stride, hardly changes while a runner runs on. A sensor that turns on its segment changes it for good,
//! and a thigh that really turns takes its shank along.

use crate::body::{PerSide, Placement, Side};
use crate::event::{Frame, Gait, LegAngles};

/// Strides that make the usual, and those whose median is held against it: fewer than it takes to raise an alert.
const USUAL: usize = 20;
const RECENT: usize = 5;
/// The newest of them, which tell what has turned and by how much: noticed when most of the recent have changed.
const NEWEST: usize = 3;
/// Fewest frames of a stride with all angles, and the share of them that must have some.
const FEWEST: u32 = 30;
const WHOLE: f64 = 0.9;
/// How far the recent may be from the usual, rad (8 degrees). Source: own measurement, virtual running with turns,
/// losses, extra adduction and rotation: at most 4.8, 99 % below 3.4.
const LIMIT: f64 = 0.14;

/// A strap that seems to have slipped.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Slip {
    pub placement: Placement,
    /// By about so much, rad.
    pub by: f64,
}

/// Watches both legs from a calibration on.
#[derive(Debug, Clone, Default)]
pub struct SlipWatch {
    legs: PerSide<Leg>,
}

#[derive(Debug, Clone, Default)]
struct Leg {
    stride: Sum,
    walk: Habit,
    run: Habit,
}

/// Stride means, rad: knee adduction and rotation, femur rotation.
type Means = [f64; 3];

#[derive(Debug, Clone, Default)]
struct Sum {
    total: Means,
    seen: u32,
    all: u32,
}

/// What is usual at one gait, and the last strides.
#[derive(Debug, Clone, Default)]
struct Habit {
    usual: [Means; USUAL],
    recent: [Means; RECENT],
    newest: [Means; NEWEST],
    strides: usize,
}

impl SlipWatch {
    /// A new calibration: nothing is usual yet.
    pub fn calibrated(&mut self) {
        *self = Self::default();
    }

    pub fn frame(&mut self, frame: &Frame) {
        for side in Side::BOTH {
            self.legs[side].stride.add(&frame.legs[side]);
        }
    }

    /// A stride of this leg has ended.
    pub fn stride(&mut self, side: Side, gait: Gait) -> Option<Slip> {
        let leg = &mut self.legs[side];
        let means = std::mem::take(&mut leg.stride).means()?;
        let habit = match gait {
            Gait::Walk => &mut leg.walk,
            Gait::Run => &mut leg.run,
        };
        habit.push(means);
        let [adduction, rotation, _] = habit.change(habit.recent)?;
        let far = adduction.hypot(rotation);
        let [adduction, rotation, femur] = habit.change(habit.newest)?;
        let by = adduction.hypot(rotation);
        // The knee tells that one of two has turned; the one whose own rotation has changed has.
        let placement = if femur.abs() > 0.5 * by { Placement::thigh(side) } else { Placement::shank(side) };
        (far > LIMIT).then_some(Slip { placement, by })
    }
}

impl Sum {
    fn add(&mut self, leg: &LegAngles) {
        self.all = self.all.saturating_add(1);
        let (Some(knee), Some(femur)) = (leg.knee, leg.femur) else { return };
        for (sum, value) in self.total.iter_mut().zip([knee.adduction, knee.rotation, femur.rotation]) {
            *sum += value;
        }
        self.seen += 1;
    }

    fn means(&self) -> Option<Means> {
        let n = f64::from(self.seen);
        (self.seen >= FEWEST && n >= WHOLE * f64::from(self.all)).then(|| self.total.map(|total| total / n))
    }
}

impl Habit {
    fn push(&mut self, means: Means) {
        let n = self.strides;
        self.strides += 1;
        if let Some(slot) = self.usual.get_mut(n) {
            *slot = means;
        }
        if let Some(slot) = self.recent.get_mut(n % RECENT) {
            *slot = means;
        }
        if let Some(slot) = self.newest.get_mut(n % NEWEST) {
            *slot = means;
        }
    }

    /// How far these strides are from the usual, once there are enough.
    fn change<const N: usize>(&self, strides: [Means; N]) -> Option<Means> {
        (self.strides >= USUAL + RECENT).then(|| {
            let [a, b, c] = median(&strides);
            let [x, y, z] = median(&self.usual);
            [a - x, b - y, c - z]
        })
    }
}

/// Of each quantity by itself.
fn median<const N: usize>(strides: &[Means; N]) -> Means {
    [0, 1, 2].map(|which| {
        let mut values = strides.map(|means: Means| means.get(which).copied().unwrap_or_default());
        values.sort_unstable_by(f64::total_cmp);
        values.get(N / 2).copied().unwrap_or_default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Angles;
    use crate::units::SessionTime;

    /// Strides of the right leg with these stride means, degrees; the first slip that is seen, and when.
    fn watch(means: impl Fn(usize) -> Means) -> Option<(usize, Slip)> {
        let mut watch = SlipWatch::default();
        (0..200).find_map(|stride| {
            let [adduction, rotation, femur] = means(stride).map(f64::to_radians);
            for k in 0..70 {
                let swing = f64::from(k) / 70.0 * std::f64::consts::TAU;
                let knee = Angles { flexion: 0.8, adduction: adduction + 0.05 * swing.sin(), rotation };
                let femur = Angles { flexion: 0.2, adduction: 0.1, rotation: femur };
                let leg = LegAngles { knee: Some(knee), femur: Some(femur), ..LegAngles::default() };
                let legs = PerSide { right: leg, ..PerSide::default() };
                watch.frame(&Frame { t: SessionTime(f64::from(k)), legs, pelvis: None });
            }
            Some((stride, watch.stride(Side::Right, Gait::Run)?))
        })
    }

    #[test]
    fn the_sensor_whose_segment_alone_turns_has_slipped() {
        let after = |stride: usize, by: f64| if stride < 60 { 0.0 } else { by };
        let (stride, slip) = watch(|s| [0.0, after(s, -12.0), after(s, 12.0)]).unwrap();
        assert_eq!(slip.placement, Placement::RightThigh);
        assert!((slip.by.to_degrees() - 12.0).abs() < 0.1 && (60..70).contains(&stride), "{stride} {slip:?}");
        let (_, slip) = watch(|s| [after(s, 3.0), after(s, 12.0), 0.0]).unwrap();
        assert_eq!(slip.placement, Placement::RightShank);
    }

    #[test]
    fn a_leg_that_turns_in_as_a_whole_is_no_slip() {
        assert_eq!(watch(|s| [0.0, 0.0, if s < 60 { 0.0 } else { 12.0 }]), None);
    }

    #[test]
    fn a_few_odd_strides_are_no_slip() {
        assert_eq!(watch(|s| [0.0, if s % 30 < 2 { 25.0 } else { 0.0 }, 0.0]), None);
    }
}

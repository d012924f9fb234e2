//! The angles of one leg over its strides, each stride brought to the same length so that strides can
//! be laid over each other.

use crate::event::LegAngles;
use serde::Serialize;
use std::collections::VecDeque;

/// Points per finished stride: every 2 % from initial contact to the next.
const POINTS: usize = 51;
/// Frames kept, 3 s of the 100 Hz grid: the longest stride plus what contacts are decided late.
const RING: usize = 300;
/// Strides shown over each other.
const KEPT: usize = 20;
/// Longer is a pause, not a stride, s.
const LONGEST: f64 = 2.0;
/// Two frames farther apart than this are not joined by a line, s.
const JOINED: f64 = 0.05;

/// One quantity per [`Quantity`] at one moment, degrees.
type Values = [Option<f32>; 3];

#[derive(Debug, Clone, Copy)]
struct Point {
    t: f64,
    values: Values,
}

/// Curves of one stride or of the part of it that has been run; degrees, `null` where not valid.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub(super) struct Stride {
    /// Initial contact that it begins with.
    pub ic_time_s: f64,
    pub adduction_deg: Vec<Option<f32>>,
    /// From its value at initial contact: the level itself depends on how the sensor sits.
    pub rotation_deg: Vec<Option<f32>>,
    pub knee_flexion_deg: Vec<Option<f32>>,
}

/// The stride that is being run: values from initial contact on, one every `step_s`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Running {
    pub step_s: f64,
    #[serde(flatten)]
    pub stride: Stride,
}

#[derive(Debug, Default)]
pub(super) struct Strides {
    ring: VecDeque<Point>,
    ic: Option<f64>,
    /// A stride whose frames are not all there yet.
    due: Option<(f64, f64)>,
    done: VecDeque<Stride>,
}

impl Strides {
    /// An initial contact: the stride before it is complete.
    pub(super) fn initial_contact(&mut self, t: f64) {
        if let Some(ic) = self.ic.filter(|ic| t > *ic && t - ic < LONGEST) {
            self.due = Some((ic, t));
        }
        self.ic = Some(t);
    }

    /// The rhythm is lost: what runs now is no stride.
    pub(super) fn lock_lost(&mut self) {
        self.ic = None;
        self.due = None;
    }

    /// One frame; the stride that it completes.
    pub(super) fn frame(&mut self, t: f64, leg: &LegAngles) -> Option<&Stride> {
        if self.ring.len() == RING {
            self.ring.pop_front();
        }
        self.ring.push_back(Point { t, values: values(leg) });
        let (from, to) = self.due.filter(|(_, to)| t >= *to)?;
        self.due = None;
        if self.done.len() == KEPT {
            self.done.pop_front();
        }
        let step = (to - from) / (POINTS - 1) as f64;
        let times = (0..POINTS).map(|k| from + step * k as f64);
        let stride = self.at(from, times);
        self.done.push_back(stride);
        self.done.back()
    }

    pub(super) fn done(&self) -> impl Iterator<Item = &Stride> {
        self.done.iter()
    }

    /// The stride that is being run, at 50 Hz; `None` while there is none.
    pub(super) fn running(&self) -> Option<Running> {
        const STEP: f64 = 0.02;
        let ic = self.ic?;
        let newest = self.ring.back()?.t;
        let count = ((newest - ic) / STEP).floor();
        if !(0.0..LONGEST / STEP).contains(&count) {
            return None;
        }
        let times = (0..=count as usize).map(|k| ic + STEP * k as f64);
        Some(Running { step_s: STEP, stride: self.at(ic, times) })
    }

    fn at(&self, ic: f64, times: impl Iterator<Item = f64>) -> Stride {
        let mut stride = Stride { ic_time_s: ic, ..Stride::default() };
        let [_, at_contact, _] = self.value(ic);
        for [adduction, rotation, knee] in times.map(|t| self.value(t)) {
            stride.adduction_deg.push(rounded(adduction));
            stride.rotation_deg.push(rounded(rotation.zip(at_contact).map(|(now, then)| now - then)));
            stride.knee_flexion_deg.push(rounded(knee));
        }
        stride
    }

    /// Between the two frames around `t`.
    fn value(&self, t: f64) -> Values {
        let after = self.ring.partition_point(|p| p.t < t);
        let Some(b) = self.ring.get(after) else { return Values::default() };
        if b.t <= t {
            return b.values;
        }
        let Some(a) = after.checked_sub(1).and_then(|i| self.ring.get(i)) else { return Values::default() };
        if b.t - a.t > JOINED {
            return Values::default();
        }
        let share = ((t - a.t) / (b.t - a.t)) as f32;
        let mut out = Values::default();
        for (out, (a, b)) in out.iter_mut().zip(a.values.iter().zip(b.values)) {
            *out = a.zip(b).map(|(a, b)| a + (b - a) * share);
        }
        out
    }
}

/// The hip where there is a sacral sensor, else the femur against gravity.
fn values(leg: &LegAngles) -> Values {
    let thigh = leg.hip.or(leg.femur);
    [thigh.map(|a| a.adduction), thigh.map(|a| a.rotation), leg.knee.map(|a| a.flexion)]
        .map(|angle| angle.map(|a| a.to_degrees() as f32))
}

/// A hundredth of a degree is far below what the sensors can tell; it halves the message.
fn rounded(value: Option<f32>) -> Option<f32> {
    value.map(|v| (v * 100.0).round() / 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Angles;

    fn leg(t: f64) -> LegAngles {
        let angles = Angles { flexion: 0.0, adduction: (10.0 * t).to_radians(), rotation: t.to_radians() };
        LegAngles { femur: Some(angles), ..LegAngles::default() }
    }

    fn fed(seconds: f64, skip: impl Fn(f64) -> bool, contacts: &[f64]) -> Strides {
        let mut strides = Strides::default();
        let mut contacts = contacts.iter().peekable();
        for k in 0..(seconds * 100.0) as u32 {
            let t = f64::from(k) / 100.0;
            // Contacts are known a moment later than they happen.
            while contacts.next_if(|c| t >= **c + 0.03).is_some_and(|c| {
                strides.initial_contact(*c);
                true
            }) {}
            if !skip(t) {
                strides.frame(t, &leg(t));
            }
        }
        strides
    }

    #[test]
    fn a_stride_runs_from_contact_to_contact() {
        let strides = fed(2.0, |_| false, &[0.305, 1.005]);
        let stride = strides.done().next().unwrap();
        assert_eq!(strides.done().count(), 1);
        assert_eq!(stride.adduction_deg.len(), POINTS);
        assert!((stride.adduction_deg[0].unwrap() - 3.05).abs() < 0.02);
        assert!((stride.adduction_deg[POINTS - 1].unwrap() - 10.05).abs() < 0.02);
        assert_eq!(stride.rotation_deg[0], Some(0.0), "rotation counts from contact");
        assert!((stride.rotation_deg[POINTS - 1].unwrap() - 0.7).abs() < 0.02);
        assert!(stride.knee_flexion_deg.iter().all(Option::is_none), "no shank sensor, no knee");
    }

    #[test]
    fn a_gap_stays_a_gap() {
        let strides = fed(2.0, |t| (0.5..0.7).contains(&t), &[0.3, 1.0]);
        let stride = strides.done().next().unwrap();
        assert_eq!(stride.adduction_deg[20], None);
        assert!(stride.adduction_deg[0].is_some() && stride.adduction_deg[50].is_some());
    }

    #[test]
    fn a_pause_is_no_stride() {
        let strides = fed(4.0, |_| false, &[0.3, 3.0]);
        assert_eq!(strides.done().count(), 0);
        assert!(strides.running().is_some());
    }
}

//! Legs made from a few key points per stride: enough to know which events must come, and when.

use crate::track::Track;
use nalgebra::{UnitQuaternion, Vector3};
use stancewatch::body::Placement;

/// One stride from the end of swing: (s, rad/s) of the shank about its medio-lateral axis, forward
/// swing positive, joined by half cosines; impact; load in mid-stance.
pub(crate) struct Stride {
    keys: &'static [(f64, f64)],
    impact: f64,
    stance: f64,
    load: f64,
}

/// Read off the mean of recorded walks at 1.1 s a stride.
pub(crate) const WALK: Stride = Stride {
    keys: &[
        (0.0, 0.0),
        (0.05, -2.8),
        (0.12, -1.8),
        (0.30, -0.7),
        (0.50, -0.9),
        (0.69, -3.8),
        (0.80, 0.0),
        (0.93, 6.3),
        (1.10, 0.0),
    ],
    impact: 12.0,
    stance: 0.70,
    load: 10.0,
};

/// Read off the mean of recorded runs at 0.69 s a stride.
pub(crate) const RUN: Stride = Stride {
    keys: &[(0.0, 0.0), (0.07, -7.6), (0.24, -0.2), (0.34, -6.7), (0.45, 0.0), (0.58, 10.3), (0.69, 0.0)],
    impact: 40.0,
    stance: 0.27,
    load: 21.0,
};

/// A slow jog: two dips after landing, a hump that rises above zero, 1.5 g in mid-stance.
pub(crate) const JOG: Stride = Stride {
    keys: &[
        (0.0, 0.0),
        (0.04, -3.3),
        (0.06, -2.7),
        (0.10, -6.2),
        (0.33, 0.4),
        (0.50, -4.6),
        (0.60, 0.0),
        (0.74, 8.1),
        (0.84, 0.0),
    ],
    impact: 40.0,
    stance: 0.38,
    load: 15.0,
};

impl Stride {
    pub(crate) fn time(&self) -> f64 {
        self.keys[self.keys.len() - 1].0
    }

    fn rate(&self, t: f64) -> f64 {
        let after = self.keys.iter().position(|k| k.0 > t).unwrap_or(self.keys.len() - 1).max(1);
        let ((t0, w0), (t1, w1)) = (self.keys[after - 1], self.keys[after]);
        let share = 0.5 - 0.5 * (std::f64::consts::PI * (t - t0) / (t1 - t0)).cos();
        w0 + share * (w1 - w0)
    }

    fn force(&self, t: f64) -> f64 {
        // Sharp rise, slow fall.
        let impact = if (0.04..0.10).contains(&t) { self.impact * (0.10 - t) / 0.06 } else { 0.0 };
        impact + if t < self.stance { self.load } else { 10.5 }
    }
}

/// A leg that stands for `still` s, makes `strides` of one kind and stands for 2 s, in some mounting.
pub(crate) fn leg(placement: Placement, rate: f64, still: f64, stride: &Stride, strides: u32) -> Track {
    let mounting = UnitQuaternion::from_euler_angles(0.7, -1.9, 2.4);
    let until = still + f64::from(strides) * stride.time();
    let count = ((until + 2.0) * rate) as usize;
    let samples = (0..count).map(|i| {
        let t = i as f64 / rate;
        let (w, force) = if t > still && t < until {
            let phase = (t - still) % stride.time();
            (stride.rate(phase), stride.force(phase))
        } else {
            (0.0, 9.81)
        };
        (t, mounting * Vector3::new(0.0, force, 0.0), mounting * Vector3::new(0.05 * w, 0.02 * w, w))
    });
    Track { placement, rate, samples: samples.collect() }
}

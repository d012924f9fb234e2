//! What a sensor would have measured during a gap: the same part of an earlier stride where the motion
//! repeats itself, a straight line where it does not.

use super::{Reading, Timed};
use crate::units::Hz;
use nalgebra::Vector3;

/// How alike two readings must be, and for how long. All own measurement on virtual running with
/// losses of 0.3 to 1.9 s, where it brought the knee flexion error from 31 to 2.6 degrees.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Params {
    /// Compared before the gap, s. Default 0.35.
    before: f64,
    /// The shortest distance back in time, s: less than a stride is no repetition. Default 0.55.
    nearest: f64,
    /// How far beyond the gap's own length to look for the best match, s. Default 1.25: the slowest
    /// stride of a run with room to spare.
    reach: f64,
    /// Accelerations that count as one, m/s². Default 8.
    acc_scale: f64,
    /// Angular rates that count as one, rad/s. Default 3.
    gyr_scale: f64,
    /// Largest mean squared difference as a share of the signal's variance. Default 0.5.
    unlike: f64,
    /// The variance is that of the last so many seconds. Default 2.
    variance_window: f64,
    /// Angular rate below which nothing repeats (standing, sitting), rad/s. Default 0.5.
    still: f64,
    /// It is looked at over the last so many seconds. Default 1.
    still_window: f64,
    /// The longest gap in motion that a straight line may fill, s. Default 0.5: own measurement on
    /// virtual running, 120 gaps each: a line leaves 20 degrees of total error over 0.3 s, 40 over
    /// 0.5 s, 60 over 0.8 s; levelling anew 30 to 40 always, and half the inclination error.
    longest_line: f64,
    /// A repeated stride is shifted to meet what was measured at both edges of the gap; the shift has faded so far
    /// inside it, s. Default 0.1: own measurement on virtual running with 2 % of packets lost: knee flexion 0.98 degrees
    /// with it, 1.37 without, 1.41 with straight lines over gaps up to 0.06 s; 0.06 and 0.2 are equal.
    fade: f64,
}

const PARAMS: Params = Params {
    before: 0.35,
    nearest: 0.55,
    reach: 1.25,
    acc_scale: 8.0,
    gyr_scale: 3.0,
    unlike: 0.5,
    variance_window: 2.0,
    still: 0.5,
    still_window: 1.0,
    longest_line: 0.5,
    fade: 0.1,
};

/// What goes into a gap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fill {
    /// What was measured so many samples earlier.
    Stride(usize),
    Line,
    /// Nobody knows: the sensor moved, long enough to be anywhere, and not as before.
    Nothing,
}

/// How a repeated stride is shifted to meet what was measured at both edges of the gap.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seam {
    from: Reading,
    to: Reading,
    missing: usize,
    /// Samples.
    fade: f64,
}

impl Seam {
    /// `repeated` and `measured`: just before the gap of `missing` samples and just after.
    pub(super) fn new(repeated: [&Reading; 2], measured: [&Reading; 2], missing: usize, rate: Hz) -> Self {
        let less = |a: &Reading, b: &Reading| Reading { acc: a.acc - b.acc, gyr: a.gyr - b.gyr };
        let ([before, after], [last, first]) = (repeated, measured);
        let fade = (PARAMS.fade * rate.0).min((missing + 1) as f64);
        Self { from: less(last, before), to: less(first, after), missing, fade }
    }

    /// The `k`th of the missing samples.
    pub(super) fn shift(&self, repeated: &Reading, k: usize) -> Reading {
        let share = |distance: usize| (1.0 - distance as f64 / self.fade).max(0.0);
        let (from, to) = (share(k), share(self.missing + 1 - k));
        Reading {
            acc: repeated.acc + self.from.acc * from + self.to.acc * to,
            gyr: repeated.gyr + self.from.gyr * from + self.to.gyr * to,
        }
    }
}

/// What to put into the gap of `missing` samples between `history` (oldest first) and `after`.
pub(super) fn fill(history: &[Reading], missing: usize, after: &[Timed], rate: Hz) -> Fill {
    let (_, gyr) = variances(latest(history, (PARAMS.still_window * rate.0) as usize));
    if gyr.sqrt() < PARAMS.still {
        return Fill::Line;
    }
    let line_will_do = missing as f64 <= PARAMS.longest_line * rate.0;
    match earlier_stride(history, missing, after, rate) {
        Some(lag) => Fill::Stride(lag),
        None if line_will_do => Fill::Line,
        None => Fill::Nothing,
    }
}

/// How many samples back the motion was as it is around the gap; `None` where it never was.
fn earlier_stride(history: &[Reading], missing: usize, after: &[Timed], rate: Hz) -> Option<usize> {
    let samples = |seconds: f64| (seconds * rate.0) as usize;
    let gap = history.len();
    let before = history.get(gap.checked_sub(samples(PARAMS.before).max(1))?..)?;

    let nearest = (missing + after.len()).max(samples(PARAMS.nearest));
    let furthest = missing + after.len() + samples(PARAMS.reach);
    let (lag, difference) = (nearest..furthest)
        .map_while(|lag| {
            let start = gap.checked_sub(before.len() + lag)?;
            let earlier = history.get(start..)?;
            let resumed = history.get(gap + missing - lag..)?;
            let before = mean_difference(before.iter(), earlier);
            Some((lag, 0.5 * (before + mean_difference(after.iter().map(|sample| &sample.reading), resumed))))
        })
        .min_by(|a, b| a.1.total_cmp(&b.1))?;

    let (acc, gyr) = variances(latest(history, samples(PARAMS.variance_window)));
    let variance = 0.5 * (acc / PARAMS.acc_scale.powi(2) + gyr / PARAMS.gyr_scale.powi(2));
    (difference < PARAMS.unlike * variance).then_some(lag)
}

/// The `k`th of `missing` samples on a straight line between the edges of a gap.
pub(super) fn on_line(from: &Reading, to: &Reading, k: usize, missing: usize) -> Reading {
    let share = k as f64 / (missing + 1) as f64;
    Reading { acc: from.acc.lerp(&to.acc, share), gyr: from.gyr.lerp(&to.gyr, share) }
}

fn latest(history: &[Reading], samples: usize) -> &[Reading] {
    history.get(history.len().saturating_sub(samples)..).unwrap_or(history)
}

/// Mean squared difference per channel, in scales, over as many readings as `these` has.
fn mean_difference<'a>(these: impl ExactSizeIterator<Item = &'a Reading>, those: &[Reading]) -> f64 {
    let channels = 6 * these.len().max(1);
    let sum: f64 = these
        .zip(those)
        .map(|(a, b)| {
            (a.acc - b.acc).norm_squared() / PARAMS.acc_scale.powi(2)
                + (a.gyr - b.gyr).norm_squared() / PARAMS.gyr_scale.powi(2)
        })
        .sum();
    sum / channels as f64
}

/// Of the accelerometer and the gyroscope, mean over their axes.
fn variances(readings: &[Reading]) -> (f64, f64) {
    let n = readings.len().max(1) as f64;
    let mean_acc = readings.iter().map(|r| r.acc).sum::<Vector3<f64>>() / n;
    let mean_gyr = readings.iter().map(|r| r.gyr).sum::<Vector3<f64>>() / n;
    let acc: f64 = readings.iter().map(|r| (r.acc - mean_acc).norm_squared()).sum();
    let gyr: f64 = readings.iter().map(|r| (r.gyr - mean_gyr).norm_squared()).sum();
    (acc / (3.0 * n), gyr / (3.0 * n))
}

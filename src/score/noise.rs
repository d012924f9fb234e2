//! How much clean stances scatter and wander, so that a score can be held against real runners.

use super::session::Session;
use crate::body::Side;
use crate::event::{Gait, Quantity};
use serde::Serialize;

/// Stances left out at the start: what is judged comes later.
const SKIP: usize = 60;

#[derive(Debug, Clone, Copy)]
pub(super) struct LegNoise {
    quantity: Quantity,
    /// Of single stances.
    sd: f64,
    /// Of medians of five.
    wander: f64,
}

/// Means over legs, degrees.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NoiseScore {
    pub quantity: Quantity,
    pub legs: usize,
    /// SD of the stances of a leg.
    pub stride_sd_deg: f64,
    /// SD of their running medians of five.
    pub wander_sd_deg: f64,
    /// The same of real runners: scatter (RBDS, Fukuchi 2017, own computation, 52 legs), wander (own measurement on
    /// virtual running, changes of speed and turns included); `null` where unknown.
    pub real_stride_sd_deg: Option<f64>,
    pub real_wander_sd_deg: Option<f64>,
}

const REAL: [(Quantity, Option<f64>, Option<f64>); 5] = [
    (Quantity::HipAdduction, Some(0.9), Some(0.8)),
    (Quantity::FemurAdduction, None, Some(0.6)),
    (Quantity::RotationExcursion, None, None),
    (Quantity::RotationLevel, Some(0.9), Some(1.45)),
    (Quantity::PelvicDrop, None, None),
];

pub(super) fn measure(session: &Session) -> Vec<LegNoise> {
    let mut rows = Vec::new();
    for side in Side::BOTH {
        let mine =
            || session.stances.iter().filter(|s| s.side == side && s.valid && s.gait == Gait::Run).skip(SKIP);
        for (quantity, ..) in REAL {
            let values: Vec<f64> = mine().filter_map(|s| quantity.read(&s.peaks)).collect();
            let medians: Vec<f64> = values.windows(5).filter_map(middle).collect();
            rows.extend(sd(&values).zip(sd(&medians)).map(|(sd, wander)| LegNoise { quantity, sd, wander }));
        }
    }
    rows
}

pub(super) fn sum<'a>(rows: impl Iterator<Item = &'a LegNoise>) -> Vec<NoiseScore> {
    let rows: Vec<&LegNoise> = rows.collect();
    let of = |(quantity, real_stride_sd_deg, real_wander_sd_deg): (Quantity, Option<f64>, Option<f64>)| {
        let mine = || rows.iter().filter(move |r| r.quantity == quantity);
        let legs = mine().count();
        let mean = |of: fn(&LegNoise) -> f64| mine().map(|r| of(r)).sum::<f64>().to_degrees() / legs as f64;
        (legs > 0).then(|| NoiseScore {
            quantity,
            legs,
            stride_sd_deg: mean(|r| r.sd),
            wander_sd_deg: mean(|r| r.wander),
            real_stride_sd_deg,
            real_wander_sd_deg,
        })
    };
    REAL.into_iter().filter_map(of).collect()
}

fn middle(five: &[f64]) -> Option<f64> {
    let mut five = five.to_vec();
    five.sort_by(f64::total_cmp);
    five.get(five.len() / 2).copied()
}

fn sd(values: &[f64]) -> Option<f64> {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|v| (v - mean).powi(2)).sum();
    (values.len() >= 30).then(|| (squares / (n - 1.0)).sqrt())
}

//! How a quantity changes over a session.

use serde::Serialize;

/// Stances are averaged over so long, s: neighbours are alike, and taking each for itself would promise too
/// much (about the memory of clean running's wander; own measurement on virtual running, as in the fatigue rule).
const BLOCK_S: f64 = 30.0;
/// Stances that make a block.
const BLOCK_LEAST: usize = 10;
/// Blocks below which no line is drawn: six minutes.
const LEAST_BLOCKS: usize = 12;
/// Student's t, 97.5 %, for the fewest blocks; a little wide for more.
const T_QUANTILE: f64 = 2.2;
const TEN_MINUTES: f64 = 600.0;

/// A straight line through the session, per ten minutes, with its 95 % interval. Speed is not allowed for.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Trend {
    pub per_10_min: f64,
    pub low: f64,
    pub high: f64,
}

/// Of (time, value) in order of time; `None` where there is too little for a line.
pub(super) fn of(points: &[(f64, f64)]) -> Option<Trend> {
    let blocks = blocks(points);
    let n = blocks.len() as f64;
    if blocks.len() < LEAST_BLOCKS {
        return None;
    }
    let (t_mean, v_mean) = (mean(blocks.iter().map(|b| b.0), n), mean(blocks.iter().map(|b| b.1), n));
    let spread: f64 = blocks.iter().map(|b| (b.0 - t_mean).powi(2)).sum();
    let slope = blocks.iter().map(|b| (b.0 - t_mean) * (b.1 - v_mean)).sum::<f64>() / spread;
    let rest: f64 = blocks.iter().map(|b| (b.1 - v_mean - slope * (b.0 - t_mean)).powi(2)).sum();
    // Ordinary least squares: SE of a slope (any textbook, e.g. Draper & Smith 1998, ch. 1).
    let se = (rest / (n - 2.0) / spread).sqrt();
    let [per_10_min, low, high] =
        [slope, slope - T_QUANTILE * se, slope + T_QUANTILE * se].map(|s| s * TEN_MINUTES);
    per_10_min.is_finite().then_some(Trend { per_10_min, low, high })
}

fn mean(values: impl Iterator<Item = f64>, n: f64) -> f64 {
    values.sum::<f64>() / n
}

/// Means of time and value per block.
fn blocks(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let Some(&(start, _)) = points.first() else { return Vec::new() };
    let number = |t: f64| ((t - start) / BLOCK_S).floor() as i64;
    points
        .chunk_by(|a, b| number(a.0) == number(b.0))
        .filter(|block| block.len() >= BLOCK_LEAST)
        .map(|block| {
            let n = block.len() as f64;
            (mean(block.iter().map(|p| p.0), n), mean(block.iter().map(|p| p.1), n))
        })
        .collect()
}

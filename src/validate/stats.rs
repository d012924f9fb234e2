//! Plain statistics over finite numbers; `None` where there are too few.

pub(super) fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// Spread about the mean, of the values at hand (divided by n): with a mean error removed this is the
/// offset-free RMSE.
pub(super) fn sd(values: &[f64]) -> Option<f64> {
    let mean = mean(values)?;
    rms_of(values.iter().map(|v| v - mean))
}

pub(super) fn rms(values: &[f64]) -> Option<f64> {
    rms_of(values.iter().copied())
}

fn rms_of(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (n, sum) = values.fold((0_u32, 0.0), |(n, sum), v| (n + 1, sum + v * v));
    (n > 0).then(|| (sum / f64::from(n)).sqrt())
}

pub(super) fn mean_abs(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().map(|v| v.abs()).sum::<f64>() / values.len() as f64)
}

/// The value below which `share` (0 to 1) of the values lie, between the two nearest ranks.
pub(super) fn quantile(values: &[f64], share: f64) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = share * sorted.len().checked_sub(1)? as f64;
    let (below, above) = (sorted.get(at.floor() as usize)?, sorted.get(at.ceil() as usize)?);
    Some(below + (above - below) * at.fract())
}

/// Pearson's correlation; `None` where one of the two does not vary.
pub(super) fn correlation(pairs: &[(f64, f64)]) -> Option<f64> {
    let n = pairs.len() as f64;
    let (sa, sb) = pairs.iter().fold((0.0, 0.0), |(sa, sb), (a, b)| (sa + a, sb + b));
    let (ma, mb) = (sa / n, sb / n);
    let (aa, bb, ab) = pairs.iter().fold((0.0, 0.0, 0.0), |(aa, bb, ab), (a, b)| {
        let (a, b) = (a - ma, b - mb);
        (aa + a * a, bb + b * b, ab + a * b)
    });
    (aa > 0.0 && bb > 0.0).then(|| ab / (aa * bb).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_of_a_known_list() {
        let v = [1.0, -1.0, 3.0, 5.0];
        assert_eq!(mean(&v), Some(2.0));
        assert_eq!(sd(&v), Some(5.0_f64.sqrt()));
        assert_eq!(rms(&v), Some(3.0));
        assert_eq!(mean_abs(&v), Some(2.5));
        assert_eq!(quantile(&v, 0.5), Some(2.0));
        assert_eq!(quantile(&v, 1.0), Some(5.0));
        assert_eq!(correlation(&[(0.0, 1.0), (1.0, -1.0), (2.0, -3.0)]), Some(-1.0));
    }

    #[test]
    fn nothing_comes_of_nothing() {
        assert_eq!(mean(&[]), None);
        assert_eq!(sd(&[]), None);
        assert_eq!(quantile(&[], 0.5), None);
        assert_eq!(correlation(&[(1.0, 1.0), (1.0, 2.0)]), None);
    }
}

//! Mean and spread of one measure, in one pass.

use super::rounded;
use serde::Serialize;

#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Spread {
    n: u64,
    mean: f64,
    /// Sum of squared distances from the mean (Welford 1962), which stays exact where sums of squares do not.
    squares: f64,
    min: f64,
    max: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(super) struct Row {
    n: u64,
    mean: f64,
    /// Of the sample (n - 1); absent for a single value.
    #[serde(skip_serializing_if = "Option::is_none")]
    sd: Option<f64>,
    min: f64,
    max: f64,
}

impl Spread {
    /// A value that is not a number is left out.
    pub(super) fn push(&mut self, value: f64) {
        if !value.is_finite() {
            return;
        }
        if self.n == 0 {
            (self.min, self.max) = (value, value);
        }
        self.n += 1;
        let off = value - self.mean;
        self.mean += off / self.n as f64;
        self.squares += off * (value - self.mean);
        self.min = self.min.min(value);
        self.max = self.max.max(value);
    }

    /// `None` without values.
    pub(super) fn row(&self) -> Option<Row> {
        let sd = (self.n > 1).then(|| rounded((self.squares / (self.n - 1) as f64).sqrt()));
        (self.n > 0).then(|| Row {
            n: self.n,
            mean: rounded(self.mean),
            sd,
            min: rounded(self.min),
            max: rounded(self.max),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mean_and_spread_of_a_few_values() {
        let mut spread = Spread::default();
        for value in [2.0, 4.0, f64::NAN, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0] {
            spread.push(value);
        }
        // Squared distances sum to 32 over 8 values.
        let sd = Some(2.1381);
        assert_eq!(spread.row(), Some(Row { n: 8, mean: 5.0, sd, min: 2.0, max: 9.0 }));
    }

    #[test]
    fn one_value_has_no_spread_and_none_has_no_row() {
        let mut spread = Spread::default();
        assert_eq!(spread.row(), None);
        spread.push(-3.0);
        assert_eq!(spread.row(), Some(Row { n: 1, mean: -3.0, sd: None, min: -3.0, max: -3.0 }));
    }
}

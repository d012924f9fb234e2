//! From peaks within stance to a decision: baseline, rules, N of M strides, hysteresis, refractory time.

use crate::event::{Event, Grade, Stance};
use crate::input::Mark;

#[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct FlagConfig {}

#[derive(Debug, Clone, Default)]
pub struct Flagger {}

impl Flagger {
    #[must_use]
    pub fn new(_: &FlagConfig) -> Self {
        Self::default()
    }

    /// A calibration came in: what absolute limits may be used, and a new baseline is due.
    pub fn calibrated(&mut self, grade: Grade) {
        let _ = grade;
        todo!()
    }

    pub fn mark(&mut self, mark: Mark) {
        let _ = mark;
        todo!()
    }

    /// Judges one stance (stances come in order of their terminal contact): fills its `flags` and
    /// appends alerts raised or cleared, and the baseline when it forms.
    pub fn judge(&mut self, stance: &mut Stance, out: &mut Vec<Event>) {
        let _ = (stance, out);
        todo!()
    }
}

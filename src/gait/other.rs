//! What one leg can tell of the other's strides.

use super::machine::Machine;
use super::parameters::RhythmParameters;
use super::signal::Signal;

/// The other leg as it stands when this one decides; `None` where it has no sensor.
pub(super) struct Other<'a>(pub(super) Option<(&'a Signal, &'a Machine)>);

impl Other<'_> {
    /// Whether the other leg, seen all the time, did not touch down about half way through this stride
    /// of this one: hopping, kicking or a wrong sign, no gait. A leg that was out of sight says nothing.
    pub(super) fn contradicts(&self, r: &RhythmParameters, from: f64, to: f64) -> bool {
        let Some((signal, machine)) = self.0 else { return false };
        let stride = to - from;
        let phase = (machine.t_ic() - from) / stride;
        if phase > 0.0 && phase < 1.0 {
            return phase < r.paired_from || phase > r.paired_until;
        }
        // Its samples may come later than this leg's, and its contact would be known by now.
        let known_until = from + r.paired_until * stride;
        phase <= 0.0 && signal.seen_since() < from && signal.last_time().is_some_and(|t| t > known_until)
    }
}

//! One knee's cycle: straight, bending, straightening.

use super::trace::Trace;
use crate::body::Side;

/// A knee that bends by so much beyond its straightest has begun; one that straightens by so much from its most bent
/// has turned, rad: 8 degrees. Source: own choice, above the sway of a leg that balances.
const TURN: f64 = 0.14;
/// A knee rests while it moves by less than this, rad: 1 degree within the time below, 5 degrees a second.
const RESTS: f64 = 0.0175;
/// Frames over which it is looked at: 0.2 s.
const REST_FRAMES: usize = 20;
/// The cycle is over where the knee rests within this share of the depth of its start; higher up it pauses half way.
const RETURNED: f64 = 0.4;
/// No repetition is longer, frames: 10 s.
const LONGEST: usize = 1000;

/// Rows at which the knee began to bend, was bent most and was straight again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bend {
    pub(super) start: usize,
    pub(super) bottom: usize,
    pub(super) end: usize,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Cycle {
    Straight { least: f64 },
    Bending { begun: usize, most: f64, bottom: usize },
    Straightening { start: usize, first: f64, bottom: usize, most: f64, least: f64, least_at: usize },
}

impl Default for Cycle {
    fn default() -> Self {
        Self::Straight { least: f64::INFINITY }
    }
}

impl Cycle {
    /// Takes the knee flexion of row `at`, rad; the bend that it completes, if any.
    pub(super) fn push(&mut self, at: usize, knee: f64, trace: &Trace, side: Side) -> Option<Bend> {
        match *self {
            Self::Straight { ref mut least } => {
                *least = least.min(knee);
                if knee > *least + TURN {
                    *self = Self::Bending { begun: at, most: knee, bottom: at };
                }
                None
            }
            Self::Bending { begun, .. } if at - begun > LONGEST => {
                *self = Self::Straight { least: knee };
                None
            }
            Self::Bending { ref mut most, ref mut bottom, .. } => {
                if knee > *most {
                    (*most, *bottom) = (knee, at);
                } else if knee < *most - TURN {
                    let (most, bottom) = (*most, *bottom);
                    let start = start(trace, side, bottom);
                    let first = trace.row(start).and_then(|row| row.knee[side]).unwrap_or(knee);
                    *self = Self::Straightening { start, first, bottom, most, least: knee, least_at: at };
                }
                None
            }
            Self::Straightening { start, first, bottom, most, ref mut least, ref mut least_at } => {
                if knee < *least {
                    (*least, *least_at) = (knee, at);
                }
                let (least, least_at) = (*least, *least_at);
                let returned = least < first + RETURNED * (most - first);
                let end = if knee > least + TURN {
                    // Bends again without a rest.
                    *self = Self::Bending { begun: at, most: knee, bottom: at };
                    least_at
                } else if at - bottom > LONGEST {
                    *self = Self::Straight { least: knee };
                    return None;
                } else if returned && rests(trace, side, at) {
                    *self = Self::Straight { least: knee };
                    at.saturating_sub(REST_FRAMES)
                } else {
                    return None;
                };
                (returned && end > bottom).then_some(Bend { start, bottom, end })
            }
        }
    }
}

/// Whether the knee has rested up to this row.
fn rests(trace: &Trace, side: Side, at: usize) -> bool {
    let knee = |at: usize| trace.row(at).and_then(|row| row.knee[side]);
    let Some((now, then)) = knee(at).zip(at.checked_sub(REST_FRAMES).and_then(knee)) else { return false };
    (now - then).abs() < RESTS
}

/// Goes back from the bottom, out of the rest that may be there, to where the knee began to bend.
fn start(trace: &Trace, side: Side, bottom: usize) -> usize {
    let knee = |at: usize| trace.row(at).and_then(|row| row.knee[side]);
    let Some(most) = knee(bottom) else { return bottom };
    let mut at = bottom;
    let mut begun = false;
    while let Some(oldest) = at.checked_sub(REST_FRAMES).filter(|oldest| trace.row(*oldest).is_some()) {
        // Frames that were not seen are passed over: the repetition will not count, but it was one.
        begun |= knee(at).is_some_and(|now| now < most - TURN);
        let rests = knee(at).zip(knee(oldest)).is_some_and(|(now, before)| now - before < RESTS);
        if (begun && rests) || bottom - at >= LONGEST {
            break;
        }
        at -= 1;
    }
    at
}

//! Heading of progression of one sensor, drift-free: an alpha-beta filter over strides that follows
//! the sensor's own yaw drift and the runner's turns.
//!
//! What is observable: the direction in which the leg swings, once per stride, to about 2 degrees
//! absolute and 0.4 degrees over 15 strides, in every sensor's own frame; it hardly moves with rotation
//! of the limb about its long axis (1 to 2 of 10 degrees), so a lasting change of rotation is seen,
//! not absorbed. Figures: own measurement on virtual running, 12 legs.

use super::progression::{Evidence, wrap};
use super::turn::TurnTracker;
use crate::units::SessionTime;

/// Parameters of [`Heading`]; all defaults are own measurements on virtual running (a table of gains
/// from 0.02 to 0.5: the error of the stance peak is flat from 0.2 on).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HeadingParams {
    /// Share of the innovation taken per stride. Default 0.2.
    pub gain: f64,
    /// Share of the innovation rate that goes into the drift rate, per stride. Default 0.01.
    pub drift_gain: f64,
    /// Least share in the strides after a turn. Default 0.35.
    pub boost_gain: f64,
    /// Strides with that share. Default 4.
    pub boost_strides: u32,
    /// A stride that turns by more than this calls for it, rad. Default 4 degrees.
    pub boost_turn: f64,
    /// Innovations beyond this are outliers, rad, unless four come in a row. Default 12 degrees.
    pub gate: f64,
    /// Strides before angles are shown. Default 8.
    pub settle_strides: u32,
    /// Readings of one stride that differ by more than this are no evidence to rely on, rad. Default 10 degrees.
    pub max_spread: f64,
    /// A mean innovation above this voids the angles, rad. Default 4 degrees.
    pub max_innovation: f64,
}

impl Default for HeadingParams {
    fn default() -> Self {
        Self {
            gain: 0.2,
            drift_gain: 0.01,
            boost_gain: 0.35,
            boost_strides: 4,
            boost_turn: 4.0_f64.to_radians(),
            gate: 12.0_f64.to_radians(),
            settle_strides: 8,
            max_spread: 10.0_f64.to_radians(),
            max_innovation: 4.0_f64.to_radians(),
        }
    }
}

impl HeadingParams {
    /// For evidence twice per stride, each time of a whole one: the same reach in time. Of two half steps
    /// with gain g' the sum is one with g where (1 - g')² = 1 - g; a drift shows half as much in half the time.
    #[must_use]
    pub fn twice_per_stride() -> Self {
        let whole = Self::default();
        let half = |gain: f64| 1.0 - (1.0 - gain).sqrt();
        Self {
            gain: half(whole.gain),
            drift_gain: 0.25 * whole.drift_gain,
            boost_gain: half(whole.boost_gain),
            boost_strides: 2 * whole.boost_strides,
            boost_turn: 0.5 * whole.boost_turn,
            settle_strides: 2 * whole.settle_strides,
            ..whole
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct State {
    /// At `mid`, rad.
    heading: f64,
    /// Drift, rad/s.
    rate: f64,
    /// The middle of the last stride used.
    mid: SessionTime,
    /// The runner's turn at `mid`, rad.
    turned: f64,
    strides: u32,
    /// Mean absolute innovation, rad.
    innovation: f64,
    /// Spread of the last stride's readings, rad.
    spread: f64,
    boost: u32,
    outliers: u32,
}

#[derive(Debug, Clone, Default)]
pub struct Heading {
    params: HeadingParams,
    state: Option<State>,
}

impl Heading {
    #[must_use]
    pub fn new(params: HeadingParams) -> Self {
        Self { params, state: None }
    }

    /// Forgets everything: a new calibration, or a pause long enough for the sensor to have drifted off.
    pub fn reset(&mut self) {
        self.state = None;
    }

    /// Takes in one finished stride; `None` for a stride without evidence.
    pub fn stride(&mut self, evidence: Option<Evidence>, mid: SessionTime, turn: &TurnTracker) {
        let p = &self.params;
        let Some(s) = &mut self.state else {
            if let Some(Evidence { heading, spread }) = evidence {
                self.state = Some(State {
                    heading,
                    rate: 0.0,
                    mid,
                    turned: turn.turned_at(mid),
                    strides: 1,
                    innovation: p.max_innovation,
                    spread,
                    boost: 0,
                    outliers: 0,
                });
            }
            return;
        };
        let Some(Evidence { heading, spread }) = evidence else {
            s.innovation += 0.3_f64.to_radians();
            return;
        };
        let dt = mid - s.mid;
        let turned = turn.turned_at(mid);
        let turn_since = turned - s.turned;
        let predicted = s.heading + s.rate * dt + turn_since;
        let innovation = wrap(heading - predicted);
        s.innovation = 0.9 * s.innovation + 0.1 * innovation.abs();
        s.strides += 1;
        s.boost = if turn_since.abs() > p.boost_turn { p.boost_strides } else { s.boost.saturating_sub(1) };
        let mut gain = p.gain.max(1.0 / f64::from(s.strides));
        if s.boost > 0 {
            gain = gain.max(p.boost_gain);
        }
        if innovation.abs() > p.gate && s.strides > p.settle_strides && s.boost == 0 {
            s.outliers += 1;
            // Four in a row are no outliers: anchor anew.
            gain *= if s.outliers < 4 { 0.25 } else { 4.0 };
        } else {
            s.outliers = 0;
        }
        s.heading = predicted + gain.min(1.0) * innovation;
        if s.strides > p.settle_strides + 2 && s.boost == 0 && s.outliers == 0 {
            s.rate += p.drift_gain * innovation / dt.max(0.3);
        }
        s.mid = mid;
        s.turned = turned;
        s.spread = spread;
    }

    /// The heading at `t`, rad; `None` before the first stride.
    #[must_use]
    pub fn at(&self, t: SessionTime, turned_now: f64) -> Option<f64> {
        let s = self.state.as_ref()?;
        Some(s.heading + s.rate * (t - s.mid).clamp(-2.0, 2.0) + turned_now - s.turned)
    }

    /// Mean absolute surprise of the last strides, rad; `None` before the first stride.
    #[must_use]
    pub fn innovation(&self) -> Option<f64> {
        self.state.as_ref().map(|s| s.innovation)
    }

    /// Good enough for angles.
    #[must_use]
    pub fn settled(&self) -> bool {
        self.state.as_ref().is_some_and(|s| {
            s.strides >= self.params.settle_strides
                && s.spread <= self.params.max_spread
                && s.innovation <= self.params.max_innovation
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(heading: &mut Heading, strides: usize, truth: impl Fn(f64) -> f64) -> f64 {
        let turn = TurnTracker::default();
        let mut mid = 0.0;
        for k in 0..strides {
            mid = 0.7 * k as f64;
            let evidence = Evidence { heading: truth(mid), spread: 0.01 };
            heading.stride(Some(evidence), SessionTime(mid), &turn);
        }
        wrap(heading.at(SessionTime(mid), 0.0).unwrap() - truth(mid)).abs().to_degrees()
    }

    #[test]
    fn a_steady_drift_is_followed_without_lag() {
        let mut heading = Heading::default();
        let error = run(&mut heading, 400, |t| (20.0 / 60.0 * t).to_radians());
        assert!(error < 0.1, "{error}");
        assert!(heading.settled());
    }

    #[test]
    fn one_wild_stride_moves_it_by_a_twentieth() {
        let mut heading = Heading::default();
        run(&mut heading, 30, |_| 0.0);
        let turn = TurnTracker::default();
        heading.stride(Some(Evidence { heading: 0.5, spread: 0.0 }), SessionTime(21.0), &turn);
        assert!(heading.at(SessionTime(21.0), 0.0).unwrap() < 0.03);
    }

    #[test]
    fn a_lasting_jump_is_anchored_anew() {
        let mut heading = Heading::default();
        let error = run(&mut heading, 60, |t| if t < 21.0 { 0.0 } else { 1.0 });
        assert!(error < 1.5, "{error}");
    }

    #[test]
    fn nothing_is_settled_before_eight_strides() {
        let mut heading = Heading::default();
        run(&mut heading, 7, |_| 0.2);
        assert!(!heading.settled());
    }
}

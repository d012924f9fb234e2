//! Which sensor is which, from how it moves: the one that was tapped twice, the one in the hand, and the segment
//! that a walking sensor is on. Left and right cannot be told from movement alone.

use crate::body::{Sample, Segment};
use crate::guide::Taps;

/// Time constant of the mean turn rate, s: a few steps.
const SMOOTH: f64 = 3.0;
/// A double tap is shown for so long, s.
const SHOWN: f64 = 4.0;

/// Mean turn rate, rad/s, from which a set of sensors counts as walking: half of what the slowest shank shows
/// (own measurement on virtual walking: 1.6 to 2.4 on shanks, 0.8 to 1.2 on thighs, 0.2 to 0.5 on the pelvis).
const WALKING: f64 = 0.9;
/// Neighbouring groups differ at least by this factor, or nothing is suggested.
const CLEAR: f64 = 1.2;

/// Mean turn rate of a sensor that somebody moves on purpose, rad/s: a slow wave of the hand. Own choice.
const WAVED: f64 = 0.5;
/// ... and the others turn less than this share of it: breathing and weight shifts of who wears them.
const STILL: f64 = 0.25;

/// One sensor's movement.
#[derive(Debug, Clone, Default)]
pub struct Motion {
    turn: f64,
    last: Option<f64>,
    taps: Taps,
}

impl Motion {
    pub fn push(&mut self, sample: &Sample) {
        let t = sample.t.0;
        let step = self.last.map_or(0.0, |last| (t - last).clamp(0.0, SMOOTH));
        self.last = Some(t);
        self.turn += (sample.gyr.norm() - self.turn) * (step / SMOOTH).min(1.0);
        self.taps.push(t, &sample.acc);
    }

    /// Mean turn rate over the last seconds, rad/s.
    #[must_use]
    pub fn turn(&self) -> f64 {
        self.turn
    }

    /// It was tapped twice a moment ago.
    #[must_use]
    pub fn tapped_twice(&self) -> bool {
        self.taps.doubled().zip(self.last).is_some_and(|(tap, now)| now - tap < SHOWN)
    }
}

/// Which of several sensors moves while all others are still, from their mean turn rates (rad/s).
#[must_use]
pub fn alone(turns: &[f64]) -> Option<usize> {
    let (one, turn) = turns.iter().copied().enumerate().max_by(|a, b| a.1.total_cmp(&b.1))?;
    let others = turns.iter().enumerate().filter(|(other, _)| *other != one);
    let still = others.map(|(_, turn)| *turn).fold(0.0, f64::max) < STILL * turn;
    (turn > WAVED && still).then_some(one)
}

/// The segment of each of four or five sensors whose wearer walks, from their mean turn rates (rad/s): shanks turn
/// fastest, then thighs, the pelvis least. `None` where this is not clear.
#[must_use]
pub fn segments(turns: &[f64]) -> Option<Vec<Segment>> {
    let order: &[Segment] = match turns.len() {
        4 => &[Segment::Shank, Segment::Shank, Segment::Thigh, Segment::Thigh],
        5 => &[Segment::Shank, Segment::Shank, Segment::Thigh, Segment::Thigh, Segment::Pelvis],
        _ => return None,
    };
    let mut ranked: Vec<(usize, f64)> = turns.iter().copied().enumerate().collect();
    ranked.sort_by(|a, b| b.1.total_cmp(&a.1));
    let walking = ranked.first().is_some_and(|(_, turn)| *turn > WALKING);
    let clear = ranked
        .iter()
        .zip(ranked.iter().skip(1))
        .zip(order.iter().zip(order.iter().skip(1)))
        .all(|((a, b), (above, below))| above == below || a.1 > b.1 * CLEAR);
    if !(walking && clear) {
        return None;
    }
    let mut found: Vec<(usize, Segment)> =
        ranked.iter().map(|(i, _)| *i).zip(order.iter().copied()).collect();
    found.sort_by_key(|(i, _)| *i);
    Some(found.into_iter().map(|(_, segment)| segment).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::Input;
    use crate::source::synthetic::{Runner, RunnerConfig};
    use crate::units::{DeviceTime, STANDARD_GRAVITY};
    use nalgebra::Vector3;

    fn taps(at: &[f64], until: f64) -> Motion {
        let mut motion = Motion::default();
        for i in 0..(until * 100.0) as usize {
            let t = i as f64 / 100.0;
            let hit = at.iter().any(|tap| (t - tap).abs() < 0.015);
            let acc = Vector3::new(0.0, 0.0, if hit { 40.0 } else { STANDARD_GRAVITY });
            motion.push(&Sample { t: DeviceTime(t), acc, gyr: Vector3::zeros() });
        }
        motion
    }

    #[test]
    fn two_taps_and_silence_are_a_double_tap() {
        assert!(taps(&[2.0, 2.3], 4.0).tapped_twice());
        assert!(!taps(&[2.0, 2.3], 9.0).tapped_twice(), "it is shown for a moment only");
    }

    #[test]
    fn one_tap_three_taps_and_shaking_are_none() {
        assert!(!taps(&[2.0], 4.0).tapped_twice());
        assert!(!taps(&[2.0, 2.3, 2.6], 4.0).tapped_twice());
        assert!(!taps(&[1.0, 1.3, 1.6, 1.9, 2.2, 2.5], 4.0).tapped_twice());
    }

    #[test]
    fn tapping_works_again_after_it_has_worked_once() {
        assert!(taps(&[2.0, 2.3, 9.0, 9.4], 11.0).tapped_twice());
    }

    #[test]
    fn walking_tells_shanks_thighs_and_pelvis_apart() {
        for seed in 1..=6 {
            let config = RunnerConfig { seed, running_s: 30.0, ..RunnerConfig::default() };
            let mut motions = vec![Motion::default(); 5];
            let mut places = [None; 5];
            let mut seen = 0;
            for input in Runner::new(&config).unwrap() {
                match input {
                    Input::Sensor(info) => places[usize::from(info.id.0)] = info.placement,
                    Input::Packet(packet) => {
                        let motion = &mut motions[usize::from(packet.sensor.0)];
                        packet.samples.iter().for_each(|sample| motion.push(sample));
                        let turns: Vec<_> = motions.iter().map(Motion::turn).collect();
                        let Some(found) = segments(&turns) else { continue };
                        seen += 1;
                        // Whenever it dares to say: right.
                        if packet.arrival.is_some_and(|t| t.0 > 20.0) {
                            let truth: Vec<_> = places.iter().map(|p| p.unwrap().segment()).collect();
                            assert_eq!(found, truth, "seed {seed}: {turns:?} at {:?}", packet.arrival);
                        }
                    }
                    _ => {}
                }
            }
            assert!(seen > 500, "seed {seed}: said {seen} times only");
        }
    }

    #[test]
    fn the_one_that_moves_alone_is_meant() {
        assert_eq!(alone(&[0.1, 1.4, 0.05, 0.2]), Some(1));
        assert_eq!(alone(&[2.0]), Some(0));
        for nobody in [&[][..], &[0.1, 0.0], &[1.0, 0.9, 0.1], &[2.0, 1.8, 1.1, 1.0, 0.4]] {
            assert_eq!(alone(nobody), None, "{nobody:?}");
        }
    }

    #[test]
    fn standing_says_nothing() {
        assert_eq!(segments(&[0.01, 0.02, 0.01, 0.03, 0.01]), None);
        assert_eq!(segments(&[2.0, 1.0, 0.9]), None);
    }
}

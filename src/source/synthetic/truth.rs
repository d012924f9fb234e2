//! What the synthetic runner really did, on the session axis.

use super::config::{Episode, RunnerConfig, SynthError};
use super::motion::{Moment, Motion};
use super::squat::TrueRepetition;
use crate::body::{PerSide, Side};
use crate::event::{Frame, Gait};
use crate::units::SessionTime;
use std::collections::VecDeque;

/// Truth is told on this grid, Hz.
pub const TRUTH_RATE: f64 = 100.0;

/// One true fact; each comes when its time has been reached.
#[derive(Debug, Clone, PartialEq)]
pub enum Fact {
    /// All angles, 100 times a second. Anatomical: standing is not zero.
    Frame(Frame),
    Contact(TrueContact),
    /// A whole stance in running, at its end.
    Stance(TrueStance),
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TrueContact {
    pub side: Side,
    /// Initial contact; else terminal.
    pub initial: bool,
    pub t: SessionTime,
    /// `None` while changing between standing, walking and running.
    pub gait: Option<Gait>,
}

/// A running stance with its peaks over all of stance, rad.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TrueStance {
    pub side: Side,
    /// Counts from 0 per leg.
    pub number: u32,
    pub ic: SessionTime,
    pub tc: SessionTime,
    /// m/s.
    pub speed: f64,
    pub adduction: TrueCurve,
    pub rotation: TrueCurve,
}

/// One hip angle over one stance, rad.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TrueCurve {
    pub peak: f64,
    pub peak_t: SessionTime,
    pub at_ic: f64,
    pub mean: f64,
    /// The peak as it would have been without the injected fault.
    pub peak_without: f64,
}

impl TrueCurve {
    /// What the fault added to the peak.
    #[must_use]
    pub fn injected(&self) -> f64 {
        self.peak - self.peak_without
    }
}

/// The stream of truth. The same configuration gives the same motion as the [`Runner`](super::Runner).
pub struct Truth {
    motion: Motion,
    /// Grid index of the next frame.
    next: u64,
    before: Option<PerSide<Place>>,
    /// Initial contact of the stance that a leg is in.
    stance: PerSide<Option<(f64, Option<Gait>)>>,
    numbers: PerSide<u32>,
    queue: VecDeque<Fact>,
}

/// Where a leg is in its cycle: unwrapped phase, and phase less the contact share.
#[derive(Debug, Clone, Copy, Default)]
struct Place {
    phase: f64,
    past: f64,
}

impl Truth {
    pub fn new(config: &RunnerConfig) -> Result<Self, SynthError> {
        config.validate()?;
        Ok(Self {
            motion: Motion::new(config)?,
            next: 0,
            before: None,
            stance: PerSide::default(),
            numbers: PerSide::default(),
            queue: VecDeque::new(),
        })
    }

    /// Marks of the session, in order.
    #[must_use]
    pub fn marks(&self) -> Vec<crate::input::Mark> {
        self.motion.script.marks()
    }

    /// Episodes with the session time of their start.
    #[must_use]
    pub fn episodes(&self) -> Vec<(Episode, SessionTime)> {
        self.motion.script.episodes().collect()
    }

    /// The repetitions of the screening test, in order.
    #[must_use]
    pub fn repetitions(&self) -> Vec<TrueRepetition> {
        self.motion.script.repetitions().collect()
    }

    /// When running has begun: the zero of episodes and disturbances.
    #[must_use]
    pub fn running_from(&self) -> SessionTime {
        SessionTime(self.motion.script.run_from())
    }

    fn advance(&mut self) {
        let t = self.next as f64 / TRUTH_RATE;
        if t > self.motion.script.end {
            return;
        }
        self.next += 1;
        self.motion.reach(t);
        let m = self.motion.moment(t);
        let now = PerSide::from_fn(|side| self.place(&m, side));
        if let Some(before) = self.before.replace(now) {
            for side in Side::BOTH {
                self.contacts(side, t, before[side], now[side]);
            }
        }
        self.queue.push_back(Fact::Frame(self.motion.frame(&m)));
    }

    fn place(&self, m: &Moment, side: Side) -> Place {
        let phase = self.motion.leg_phase(m, side);
        Place { phase, past: phase - self.motion.duty(m, side) }
    }

    fn contacts(&mut self, side: Side, t: f64, before: Place, now: Place) {
        if now.past.floor() > before.past.floor()
            && let Some((ic, gait)) = self.stance[side].take()
        {
            let tc = self.crossing(t, now.past.floor(), |p| p.past, side);
            self.tell(side, false, tc, gait);
            if gait == Some(Gait::Run) {
                self.stance(side, ic, tc);
            }
        }
        if now.phase.floor() > before.phase.floor() {
            let ic = self.crossing(t, now.phase.floor(), |p| p.phase, side);
            let share = self.motion.moment(ic).share;
            // A first step hardly leaves the ground.
            if share.moving > 0.4 {
                let gait = match share.running {
                    _ if share.moving < 0.99 => None,
                    r if r > 0.99 => Some(Gait::Run),
                    r if r < 0.01 => Some(Gait::Walk),
                    _ => None,
                };
                self.stance[side] = Some((ic, gait));
                self.tell(side, true, ic, gait);
            }
        }
    }

    fn tell(&mut self, side: Side, initial: bool, t: f64, gait: Option<Gait>) {
        self.queue.push_back(Fact::Contact(TrueContact { side, initial, t: SessionTime(t), gait }));
    }

    /// When the leg passed `level`, within the grid step that ends at `t`.
    fn crossing(&self, t: f64, level: f64, of: impl Fn(Place) -> f64, side: Side) -> f64 {
        let (mut low, mut high) = (t - 1.0 / TRUTH_RATE, t);
        for _ in 0..24 {
            let middle = f64::midpoint(low, high);
            if of(self.place(&self.motion.moment(middle), side)) < level {
                low = middle;
            } else {
                high = middle;
            }
        }
        high
    }

    fn stance(&mut self, side: Side, ic: f64, tc: f64) {
        /// Points over a stance: 4 ms apart or closer.
        const POINTS: u32 = 64;
        let mut curves = [Tally::default(), Tally::default()];
        for k in 0..=POINTS {
            let t = ic + (tc - ic) * f64::from(k) / f64::from(POINTS);
            let m = self.motion.moment(t);
            let [_, adduction, rotation, ..] = self.motion.leg_angles(&m, side);
            let (extra_adduction, extra_rotation) = Motion::fault(&m, side);
            let [a, r] = &mut curves;
            a.see(t, adduction, extra_adduction);
            r.see(t, rotation, extra_rotation);
        }
        let [adduction, rotation] = curves.map(Tally::curve);
        self.queue.push_back(Fact::Stance(TrueStance {
            side,
            number: self.numbers[side],
            ic: SessionTime(ic),
            tc: SessionTime(tc),
            speed: self.motion.script.speed(ic),
            adduction,
            rotation,
        }));
        self.numbers[side] += 1;
    }
}

impl Iterator for Truth {
    type Item = Fact;

    fn next(&mut self) -> Option<Fact> {
        if self.queue.is_empty() {
            self.advance();
        }
        self.queue.pop_front()
    }
}

#[derive(Default)]
struct Tally {
    first: Option<f64>,
    peak: Option<(f64, f64)>,
    peak_without: Option<f64>,
    sum: f64,
    count: f64,
}

impl Tally {
    fn see(&mut self, t: f64, value: f64, extra: f64) {
        self.first.get_or_insert(value);
        if self.peak.is_none_or(|(_, peak)| value > peak) {
            self.peak = Some((t, value));
        }
        let without = value - extra;
        self.peak_without = Some(self.peak_without.map_or(without, |p| p.max(without)));
        self.sum += value;
        self.count += 1.0;
    }

    fn curve(self) -> TrueCurve {
        let (peak_t, peak) = self.peak.unwrap_or_default();
        TrueCurve {
            peak,
            peak_t: SessionTime(peak_t),
            at_ic: self.first.unwrap_or_default(),
            mean: self.sum / self.count.max(1.0),
            peak_without: self.peak_without.unwrap_or_default(),
        }
    }
}

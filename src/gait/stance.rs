//! The end of one stance: watched for, given provisionally, then confirmed or taken back.

use super::machine::Usual;
use super::parameters::Parameters;
use super::signal::Tick;
use crate::event::Gait;

/// A stance under way. `top` is the plateau (walking) or hump (running) of the rate, `trough` its lowest
/// point after that.
#[derive(Debug, Clone)]
pub(super) struct StanceWatch {
    t_ic: f64,
    /// Of the swing before.
    peak: f64,
    /// Before this time the rate may still ring with the impact.
    rings_until: f64,
    lowest: f64,
    top: f64,
    trough: f64,
    t_trough: f64,
}

impl StanceWatch {
    pub(super) fn new(t_ic: f64, rings_until: f64, lowest: f64, peak: f64) -> Self {
        Self { t_ic, peak, rings_until, lowest, top: lowest, trough: 0.0, t_trough: t_ic }
    }

    /// The end of contact, when this tick shows it.
    pub(super) fn tick(
        &mut self,
        p: &Parameters,
        tick: &Tick,
        gait: Gait,
        usual: &Usual,
        swing_from: f64,
        t_up: f64,
    ) -> Option<Ending> {
        let stood = tick.t - self.t_ic;
        let walk_from = p.walk_stance.shortest.max(p.walk_stance.shortest_of_usual * usual.walk_stance);
        let run_from = p
            .run_stance
            .shortest
            .max(p.run_stance.shortest_of_usual * usual.run_stance)
            .max(self.rings_until - self.t_ic);
        let deep = self.follow(p, tick, gait, stood, usual.push_off, run_from);
        let by_run_rules = gait == Gait::Run && stood < p.run_stance.longest;
        let ended = if by_run_rules && stood > run_from {
            self.hump_passed(p, tick)
        } else if !by_run_rules && deep && stood > walk_from {
            self.trough_left(p, tick)
        } else {
            None
        };
        ended.or_else(|| match gait {
            Gait::Walk => self.guess_walk(p, tick, stood, walk_from),
            Gait::Run => self.guess_run(p, tick, swing_from, t_up),
        })
    }

    /// Follows plateau and trough; true once a push-off is under way.
    fn follow(
        &mut self,
        p: &Parameters,
        tick: &Tick,
        gait: Gait,
        stood: f64,
        usual_depth: f64,
        run_from: f64,
    ) -> bool {
        let w = &p.walk_stance;
        let need = w.depth.max(w.depth_of_swing * self.peak).max(w.depth_of_usual * usual_depth);
        // Before the updates: a rate that jumps past the plateau in one sample must not undo the trough.
        let deep = self.trough < -need && self.trough < self.top - 0.4 * need;
        self.lowest = self.lowest.min(tick.y);
        let walk = gait == Gait::Walk;
        if !deep && (tick.y > self.top || (walk && stood < w.ripple)) {
            self.top = tick.y;
            self.trough = tick.y;
        } else if !walk && (tick.y > self.top || stood < run_from) {
            self.top = tick.y;
        }
        self.deepen(tick);
        deep
    }

    fn deepen(&mut self, tick: &Tick) {
        if tick.y <= self.trough {
            self.trough = tick.y;
            self.t_trough = tick.t;
        }
    }

    fn hump_passed(&self, p: &Parameters, tick: &Tick) -> Option<Ending> {
        let r = &p.run_stance;
        let level = self.top - r.drop;
        let is_hump = self.top > -r.hump * self.peak && self.top - self.lowest > r.hump_rise * self.peak;
        (is_hump && tick.y < level).then(|| self.ending(tick, tick.crossing(level) + r.lag, 0.008, false))
    }

    fn trough_left(&self, p: &Parameters, tick: &Tick) -> Option<Ending> {
        let w = &p.walk_stance;
        let level = w.level * self.trough;
        let crossed = tick.crossing(level);
        let lag = w.lag - w.lag_of_rise * (crossed - self.t_trough);
        (tick.y > level).then(|| self.ending(tick, crossed + lag, 0.016, false))
    }

    /// Walking: the rate turns forward and no end of contact was seen.
    fn guess_walk(&self, p: &Parameters, tick: &Tick, stood: f64, walk_from: f64) -> Option<Ending> {
        let w = &p.walk_stance;
        let turns = tick.before <= 0.0 && tick.y > 0.0 && self.trough < -w.depth && stood > 0.8 * walk_from;
        turns.then(|| self.ending(tick, tick.crossing(0.0) + w.fallback_lag, 0.040, true))
    }

    /// Running: the swing has begun and no end of contact was seen. Not sooner, as the hump of a jog
    /// may rise above zero.
    fn guess_run(&self, p: &Parameters, tick: &Tick, swing_from: f64, t_up: f64) -> Option<Ending> {
        let t = t_up + p.run_stance.fallback_lag;
        let begun = tick.y > swing_from && t - self.t_ic > p.run_stance.shortest;
        begun.then(|| self.ending(tick, t, 0.040, true))
    }

    fn ending(&self, tick: &Tick, t: f64, sigma: f64, guessed: bool) -> Ending {
        Ending { t, sigma, guessed, stance: self.clone(), lowest_since: tick.y }
    }
}

/// A terminal contact that the swing has still to confirm.
#[derive(Debug, Clone)]
pub(super) struct Ending {
    pub(super) t: f64,
    pub(super) sigma: f64,
    /// Not seen, only counted back from the swing: not for judging.
    pub(super) guessed: bool,
    stance: StanceWatch,
    lowest_since: f64,
}

pub(super) enum Verdict {
    Open,
    Confirmed,
    Retracted(StanceWatch),
}

impl Ending {
    pub(super) fn trough(&self) -> f64 {
        self.stance.trough
    }

    pub(super) fn tick(&mut self, p: &Parameters, tick: &Tick, swing_from: f64, gait: Gait) -> Verdict {
        self.lowest_since = self.lowest_since.min(tick.y);
        let since = tick.t - self.t;
        let stance = &self.stance;
        let back = match gait {
            Gait::Walk => {
                (tick.y < 1.03 * stance.trough - 0.05 && since < p.walk_stance.doubt)
                    || (tick.y < 0.3 * stance.trough && since > 0.25)
            }
            Gait::Run => {
                self.lowest_since > -p.run_stance.hump * stance.peak
                    && tick.y > stance.top - 0.3 * p.run_stance.drop
                    && tick.y <= swing_from
                    && since < p.run_stance.doubt
            }
        };
        if back {
            let mut stance = self.stance.clone();
            if gait == Gait::Run {
                stance.top = tick.y;
                stance.trough = tick.y;
            } else {
                stance.deepen(tick);
            }
            Verdict::Retracted(stance)
        } else if tick.y > swing_from {
            Verdict::Confirmed
        } else {
            Verdict::Open
        }
    }
}

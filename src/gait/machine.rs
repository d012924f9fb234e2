//! One leg's cycle: idle, swing, landing, stance, preswing. Says what it decides as it decides it.

use super::class::{Class, Midstance};
use super::extremum::Extremum;
use super::other::Other;
use super::parameters::Parameters;
use super::signal::Tick;
use super::stance::{Ending, StanceWatch, Verdict};
use crate::body::Side;
use crate::event::{Contact, ContactKind, Gait};
use crate::units::SessionTime;

/// Where decisions go, with what they have in common.
pub(super) struct Outbox<'a> {
    pub(super) side: Side,
    /// The newest sample.
    pub(super) now: SessionTime,
    pub(super) other: Other<'a>,
    pub(super) class: &'a mut Class,
    pub(super) contacts: &'a mut Vec<Contact>,
}

impl Outbox<'_> {
    fn say(&mut self, kind: ContactKind, t: f64, rhythm: u32, sigma: f64) {
        self.contacts.push(Contact {
            side: self.side,
            kind,
            t: SessionTime(t),
            decided: self.now,
            gait: self.class.gait(),
            rhythm,
            sigma,
        });
    }
}

#[derive(Debug, Clone, Default)]
enum State {
    #[default]
    Idle,
    Swing(Extremum),
    Landing(Landing),
    Stance(StanceWatch),
    /// Contact has ended, its swing is awaited.
    Preswing(Ending),
}

/// The swing is over, contact is awaited.
#[derive(Debug, Clone)]
struct Landing {
    t_zero: f64,
    swing: f64,
    lowest: Extremum,
}

/// What this leg usually does; 0 where not known yet.
#[derive(Debug, Clone, Default)]
pub(super) struct Usual {
    pub(super) swing_peak: f64,
    pub(super) push_off: f64,
    pub(super) walk_stance: f64,
    pub(super) run_stance: f64,
}

/// Moves a usual value towards a new one; the first is taken as it is.
fn follow(usual: &mut f64, value: f64, gain: f64) {
    *usual = if *usual == 0.0 { value } else { *usual + gain * (value - *usual) };
}

const JERKS: usize = 64;

/// The latest jerks: an impact may come before the landing is known to have begun.
#[derive(Debug, Clone)]
struct Jerks {
    times: [f64; JERKS],
    sizes_sq: [f64; JERKS],
    next: usize,
}

impl Default for Jerks {
    fn default() -> Self {
        Self { times: [f64::NEG_INFINITY; JERKS], sizes_sq: [0.0; JERKS], next: 0 }
    }
}

impl Jerks {
    fn keep(&mut self, tick: &Tick) {
        if let (Some(t), Some(size_sq)) = (self.times.get_mut(self.next), self.sizes_sq.get_mut(self.next)) {
            (*t, *size_sq) = (tick.t_jerk, tick.jerk_sq);
        }
        self.next = (self.next + 1) % JERKS;
    }

    /// When the impact was that came within so long of a moment: the mean time of its jerks, each by the cube of its size.
    /// Several peaks of one impact are alike in size, and which of them is the highest is chance.
    fn impact(&self, around: f64, within: f64) -> Option<f64> {
        let (mut sum, mut weights) = (0.0, 0.0);
        for (t, size_sq) in
            self.times.iter().zip(&self.sizes_sq).filter(|(t, _)| (**t - around).abs() < within)
        {
            let weight = size_sq * size_sq.sqrt();
            sum += weight * (t - around);
            weights += weight;
        }
        (weights > 0.0).then(|| around + sum / weights)
    }
}

#[derive(Debug, Clone)]
pub(super) struct Machine {
    state: State,
    usual: Usual,
    /// Of the latest swing.
    peak: f64,
    t_up: f64,
    angle: f64,
    /// Of the latest swing that was seen from its begin, s; 0 before.
    swing: f64,
    /// A gap has cut the begin off the swing under way.
    cut: bool,
    jerks: Jerks,
    t_ic: f64,
    t_tc: f64,
    t_event: f64,
    midstance: Midstance,
    rhythm: u32,
    stride: f64,
    locked: bool,
}

impl Machine {
    pub(super) fn new() -> Self {
        Self {
            state: State::Idle,
            usual: Usual::default(),
            peak: 0.0,
            t_up: f64::NEG_INFINITY,
            angle: 0.0,
            swing: 0.0,
            cut: false,
            jerks: Jerks::default(),
            t_ic: f64::NEG_INFINITY,
            t_tc: f64::NEG_INFINITY,
            t_event: f64::NEG_INFINITY,
            midstance: Midstance::default(),
            rhythm: 0,
            stride: 0.0,
            locked: false,
        }
    }

    /// The latest initial contact.
    pub(super) fn t_ic(&self) -> f64 {
        self.t_ic
    }

    /// A stride has begun and not been lost.
    pub(super) fn locked(&self) -> bool {
        self.locked
    }

    /// Forgets the stride under way; `t` is when it was last known.
    pub(super) fn lose(&mut self, t: f64, out: &mut Outbox) {
        self.state = State::Idle;
        self.rhythm = 0;
        self.midstance.cancel();
        if self.locked {
            self.locked = false;
            out.say(ContactKind::LockLost, t, 0, 0.0);
        }
    }

    /// The first tick after a gap. One that turns forward as fast as this leg's swings do lies in a swing, and the
    /// landing still to come is seen whole.
    pub(super) fn resume(&mut self, p: &Parameters, tick: &Tick, out: &mut Outbox) {
        self.tick(p, tick, out);
        self.cut = self.usual.swing_peak > 0.0 && tick.y > p.swing.cut_share * self.usual.swing_peak;
        // When the rate last turned forward is not known any more.
        (self.t_up, self.angle) = (tick.t, 0.0);
    }

    pub(super) fn tick(&mut self, p: &Parameters, tick: &Tick, out: &mut Outbox) {
        if tick.y > 0.0 || matches!(self.state, State::Landing(_)) || tick.before > 0.0 {
            self.jerks.keep(tick);
        }
        if tick.t - self.t_event > p.rhythm.forget && self.t_event.is_finite() {
            self.usual = Usual::default();
            self.t_event = f64::NEG_INFINITY;
            self.lose(tick.t, out);
        }
        if tick.before <= 0.0 && tick.y > 0.0 {
            self.t_up = tick.crossing(0.0);
            self.angle = 0.0;
            self.cut = false;
        }
        self.angle += tick.y.max(0.0) * tick.h;
        if let Some(score) = self.midstance.tick(&p.class, tick) {
            out.class.learn(&p.class, out.side, tick.t, score);
        }
        let swing_from = p.swing.floor.max(p.swing.share * self.usual.swing_peak);
        // In place: most ticks leave the state as it is.
        match &mut self.state {
            State::Idle => self.idle(p, tick, swing_from, out),
            State::Swing(peak) => {
                peak.offer(tick);
                let peak = *peak;
                self.swing(p, tick, peak, out);
            }
            State::Landing(landing) => {
                landing.lowest.offer(tick);
                let landing = landing.clone();
                self.touch(p, tick, landing, out);
            }
            State::Stance(watch) => {
                let ended = watch.tick(p, tick, out.class.gait(), &self.usual, swing_from, self.t_up);
                self.stand(p, tick, swing_from, ended, out);
            }
            State::Preswing(ending) => match ending.tick(p, tick, swing_from, out.class.gait()) {
                Verdict::Open if tick.t - ending.t <= p.rhythm.preswing => {}
                verdict => {
                    let ending = ending.clone();
                    self.leave(p, tick, &ending, verdict, out);
                }
            },
        }
    }

    fn idle(&mut self, p: &Parameters, tick: &Tick, swing_from: f64, out: &mut Outbox) {
        if tick.y > swing_from {
            self.state = State::Swing(Extremum::highest(tick));
        } else if self.locked && tick.t - self.t_event > p.rhythm.longest {
            self.lose(tick.t, out);
        }
    }

    fn swing(&mut self, p: &Parameters, tick: &Tick, peak: Extremum, out: &mut Outbox) {
        if tick.y > 0.0 {
            if tick.t - self.t_up > p.swing.longest {
                self.state = State::Idle;
                self.cut = false;
            }
            return;
        }
        let t_zero = tick.crossing(0.0);
        let seen = t_zero - self.t_up;
        let whole = self.angle >= p.swing.angle && seen >= p.swing.shortest;
        if !(whole || self.cut) || t_zero - self.t_ic <= p.swing.least_stride {
            self.state = State::Idle;
            return;
        }
        let crested = !self.cut || peak.time() > self.t_up + tick.h;
        if crested {
            self.peak = peak.value();
            out.say(ContactKind::MidSwing, peak.time(), self.rhythm, tick.h);
        } else {
            // The middle of this swing lies in the gap: no stride is known to end there.
            self.peak = self.usual.swing_peak.max(peak.value());
        }
        if !self.cut {
            self.swing = seen;
        }
        let swing = self.swing;
        self.midstance.expect(&p.class, t_zero, swing);
        let landing = Landing { t_zero, swing, lowest: Extremum::lowest(tick) };
        // At 50 Hz one step may lead from swing to beyond the level of contact.
        self.touch(p, tick, landing, out);
    }

    fn touch(&mut self, p: &Parameters, tick: &Tick, landing: Landing, out: &mut Outbox) {
        let Some((t_ic, sigma)) = self.initial_contact(p, tick, &landing, out.class.gait()) else {
            self.state = State::Landing(landing);
            return;
        };
        let told = self.count_stride(p, t_ic, &out.other);
        follow(&mut self.usual.swing_peak, self.peak, p.swing.gain);
        self.t_ic = t_ic;
        self.t_event = tick.t;
        self.locked = true;
        out.say(ContactKind::Initial, t_ic, told, sigma);
        let rings_until = landing.t_zero + p.run_stance.after_swing * landing.swing;
        self.state = State::Stance(StanceWatch::new(t_ic, rings_until, landing.lowest.value(), self.peak));
    }

    /// When contact began and one standard deviation of it, once known.
    fn initial_contact(
        &self,
        p: &Parameters,
        tick: &Tick,
        landing: &Landing,
        gait: Gait,
    ) -> Option<(f64, f64)> {
        let l = &p.landing;
        let risen = tick.y > landing.lowest.value() + l.rise.max(l.rise_share * self.peak);
        let waited = tick.t - landing.t_zero;
        match gait {
            Gait::Run => {
                let level = -l.run_level * self.peak;
                if tick.y < level {
                    Some((tick.crossing(level) + l.run_lag, 0.006))
                } else {
                    (risen || waited > l.run_wait).then_some((landing.t_zero + l.run_after_zero, 0.010))
                }
            }
            Gait::Walk if risen => {
                let t_lowest = landing.lowest.time();
                let impact = self.jerks.impact(t_lowest, l.walk_jerk);
                Some((impact.map_or(t_lowest, |t| t + l.walk_lag), 0.018))
            }
            Gait::Walk => (waited > l.walk_wait).then_some((landing.t_zero + l.walk_after_zero, 0.025)),
        }
    }

    /// Counts the stride that ends here, and says how many regular ones there are. One that does not
    /// alternate with the other leg's counts, but is told as short of a rhythm: it is not to be judged.
    fn count_stride(&mut self, p: &Parameters, t_ic: f64, other: &Other) -> u32 {
        let r = &p.rhythm;
        let stride = t_ic - self.t_ic;
        let whole = stride > r.shortest && stride < r.longest && self.t_tc > self.t_ic;
        if whole && (self.rhythm < 2 || (stride / self.stride - 1.0).abs() < r.regular) {
            self.rhythm += 1;
            self.stride = if self.rhythm == 2 { stride } else { self.stride + 0.3 * (stride - self.stride) };
        } else {
            self.rhythm = 1;
        }
        if other.contradicts(r, self.t_ic, t_ic) { self.rhythm.min(r.unpaired) } else { self.rhythm }
    }

    fn stand(
        &mut self,
        p: &Parameters,
        tick: &Tick,
        swing_from: f64,
        ended: Option<Ending>,
        out: &mut Outbox,
    ) {
        let stood = tick.t - self.t_ic;
        if stood > p.rhythm.stand {
            self.lose(tick.t, out);
        } else if let Some(ending) = ended {
            self.t_tc = ending.t;
            self.t_event = tick.t;
            let rhythm = self.rhythm_at(p, &ending, out.class.gait());
            out.say(ContactKind::Terminal, ending.t, rhythm, ending.sigma);
            self.state = State::Preswing(ending);
        } else if tick.y > swing_from && stood > 0.22 && tick.t - self.t_up > 0.06 {
            self.state = State::Swing(Extremum::highest(tick));
        }
    }

    /// A stance whose end was not seen, or that no run has, is not for judging.
    fn rhythm_at(&self, p: &Parameters, ending: &Ending, gait: Gait) -> u32 {
        let no_run = gait == Gait::Run && ending.t - self.t_ic > p.run_stance.longest;
        if ending.guessed || no_run { 0 } else { self.rhythm }
    }

    /// The swing has confirmed or refuted the terminal contact, or never came.
    fn leave(&mut self, p: &Parameters, tick: &Tick, ending: &Ending, verdict: Verdict, out: &mut Outbox) {
        match verdict {
            Verdict::Open => self.lose(tick.t, out),
            Verdict::Retracted(watch) => {
                out.say(ContactKind::TerminalRetracted, ending.t, self.rhythm, ending.sigma);
                self.t_tc = f64::NEG_INFINITY;
                self.state = State::Stance(watch);
            }
            Verdict::Confirmed => {
                let rhythm = self.rhythm_at(p, ending, out.class.gait());
                out.say(ContactKind::TerminalConfirmed, ending.t, rhythm, ending.sigma);
                self.learn_stance(ending, out.class.gait());
                self.state = State::Swing(Extremum::highest(tick));
            }
        }
    }

    fn learn_stance(&mut self, ending: &Ending, gait: Gait) {
        let contact = ending.t - self.t_ic;
        match gait {
            Gait::Walk => {
                follow(&mut self.usual.push_off, -ending.trough(), 0.25);
                follow(&mut self.usual.walk_stance, contact, 0.25);
            }
            // Slow to shorten: a guard time that follows false short stances down lets more through.
            Gait::Run => {
                let gain = if contact > self.usual.run_stance { 0.25 } else { 0.1 };
                follow(&mut self.usual.run_stance, contact, gain);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jerks(peaks: &[(f64, f64)]) -> Jerks {
        let mut jerks = Jerks::default();
        for (t_jerk, size) in peaks {
            let jerk_sq = size * size;
            jerks.keep(&Tick {
                t: *t_jerk,
                h: 0.01,
                jerk_sq,
                y: 0.0,
                before: 0.0,
                t_jerk: *t_jerk,
                acc_sq: 0.0,
            });
        }
        jerks
    }

    #[test]
    fn an_impact_of_two_peaks_lies_between_them_and_nearer_to_the_sharper() {
        let alike = jerks(&[(0.98, 50.0), (1.02, 50.0), (1.2, 900.0)]);
        assert!((alike.impact(1.0, 0.06).unwrap() - 1.0).abs() < 1e-9);
        let sharper = jerks(&[(0.98, 100.0), (1.02, 50.0)]);
        // Weights 8 to 1.
        assert!((sharper.impact(1.0, 0.06).unwrap() - (1.0 - 0.02 * 7.0 / 9.0)).abs() < 1e-9);
        assert_eq!(jerks(&[]).impact(1.0, 0.06), None);
    }
}

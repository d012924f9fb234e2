//! From verdicts to cues: at most one at a time, about one thing at a time, never while muted.
//!
//! A stance beyond its limit, while an alert stands, gives a cue at its decision, 20 to 40 ms after terminal contact.
//! What a person wants comes as [`Wish`]es, so that a replay cues as the session did.

mod pace;
mod problems;
mod stance;
mod withheld;
mod words;

use crate::body::{PerSide, Side};
use crate::event::{Alert, Baseline, Cue, CueKind, Event, Quantity, Rule, Stance, Words};
use crate::flag::RuleSpec;
use crate::input::{CueSettings, Fade, Wish};
use crate::programme::{Blocks, RunClock};
use crate::units::SessionTime;
use pace::Pace;
use problems::Problems;
use stance::Candidate;
use withheld::{Why, Withheld};

/// Least time from the start of one cue to the next, s: six words take about that long, knocks less.
const APART: f64 = 1.5;

/// An alert that stands; one per rule and leg at most.
#[derive(Debug, Clone, Copy)]
struct Stands {
    alert: Alert,
    /// What it was raised on, once that is told.
    quantity: Option<Quantity>,
    /// Cues that it was given since it rose to its severity.
    cued: u32,
}

/// How the cues stand, for people.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CueStatus {
    pub snoozed_until: Option<SessionTime>,
    /// Feedback now, where the programme fades it; `None` where it does not.
    pub feedback: Option<bool>,
    pub metronome_percent: Option<f64>,
    /// What it beats; `None` while it is silent.
    pub metronome_spm: Option<f64>,
    pub given: u32,
    /// Cues that were not given, by reason.
    pub withheld: Vec<(&'static str, u32)>,
}

#[derive(Debug, Clone, Default)]
pub struct Cuer {
    settings: CueSettings,
    snoozed_until: Option<SessionTime>,
    fading: Option<(Blocks, RunClock)>,
    standing: Vec<Stands>,
    candidate: Option<Candidate>,
    /// The thing that is being mended, its last cue, and how many there were.
    topic: Option<(Words, SessionTime, u32)>,
    /// Alerts that were cued: only what was blamed is praised.
    cued: PerSide<bool>,
    pace: Pace,
    problems: Problems,
    metronome: Metronome,
    last: Option<SessionTime>,
    number: u32,
    withheld: Withheld,
}

impl Cuer {
    #[must_use]
    pub fn new() -> Self {
        Self { standing: Vec::with_capacity(16), ..Self::default() }
    }

    #[must_use]
    pub fn status(&self) -> CueStatus {
        CueStatus {
            snoozed_until: self.snoozed_until,
            feedback: self.fading.as_ref().map(|(blocks, clock)| blocks.give(clock.run_s())),
            metronome_percent: self.metronome.percent,
            metronome_spm: self.metronome.beats,
            given: self.number,
            withheld: self.withheld.iter().collect(),
        }
    }

    /// A person wants something, from `now` on. One that makes no sense changes nothing: it was refused before.
    pub fn order(&mut self, now: SessionTime, wish: &Wish, out: &mut Vec<Cue>) {
        if wish.check().is_err() {
            return;
        }
        match *wish {
            Wish::Settings(settings) => self.settings = settings,
            Wish::Snooze { seconds } => self.snoozed_until = (seconds > 0.0).then_some(now + seconds),
            Wish::Metronome { percent } => self.metronome.percent = percent,
            Wish::Fade { fade } => self.fade(fade),
        }
        self.beat(now, out);
    }

    fn fade(&mut self, fade: Option<Fade>) {
        self.fading = fade.map(|fade| (Blocks::new(&fade), RunClock::default()));
    }

    /// Follows what one input has brought, up to `now`.
    pub fn follow(&mut self, now: SessionTime, events: &[Event], out: &mut Vec<Cue>) {
        // A clock that jumped back cannot have a snooze without end.
        if self.snoozed_until.is_some_and(|until| now >= until || until - now > 3600.0) {
            self.snoozed_until = None;
        }
        for event in events {
            match event {
                Event::Stance(stance) => {
                    self.decide(out);
                    self.take(stance);
                }
                Event::Alert(alert) => self.alert(alert),
                Event::Evidence(evidence) => {
                    let raised = self.standing.iter_mut().find(|s| s.alert.number == evidence.number);
                    if let Some(stands) = raised {
                        stands.quantity = Some(evidence.quantity);
                    }
                }
                Event::Health(health) => {
                    if self.problems.note(health) {
                        self.withheld.count(Why::Repeated);
                    }
                }
                Event::Baseline(baseline) => {
                    self.metronome.learn(baseline);
                    self.beat(now, out);
                }
                Event::Frame(_)
                | Event::Contact(_)
                | Event::Stride(_)
                | Event::Calibration(_)
                | Event::Repetition(_)
                | Event::Screening(_)
                | Event::Cue(_) => {}
            }
        }
        self.decide(out);
        self.say_problems(now, out);
    }

    fn take(&mut self, stance: &Stance) {
        if let Some((_, clock)) = &mut self.fading {
            clock.step(stance);
        }
        self.pace.step(stance.side);
        self.candidate = Some(Candidate::new(stance));
    }

    fn alert(&mut self, alert: &Alert) {
        let known = self.standing.iter().position(|stands| stands.alert.number == alert.number);
        let known = known.map(|at| self.standing.swap_remove(at));
        let trend = RuleSpec::of(alert.rule).quantities.is_empty();
        match alert.cleared {
            None => {
                // One that grows worse is news, and is told as such.
                let same = known.filter(|stands| stands.alert.severity == alert.severity);
                let cued = same.map_or(0, |stands| stands.cued);
                self.standing.push(Stands { alert: *alert, quantity: None, cued });
                if let Some(candidate) = self.candidate.as_mut().filter(|_| trend) {
                    candidate.trend = Some(alert.number);
                }
            }
            // One that ends because its evidence grew old was not mended.
            Some(cleared) => {
                if let Some(candidate) = self.candidate.as_mut().filter(|c| c.decided == cleared) {
                    candidate.cleared = Some(alert.side);
                }
            }
        }
    }

    /// Whether the last stance is worth a cue, now that all is known that it raised.
    fn decide(&mut self, out: &mut Vec<Cue>) {
        let Some(candidate) = self.candidate.take() else { return };
        if let Some(stands) = candidate.alert(&self.standing) {
            match self.against(&stands, candidate.decided) {
                Some(why) => self.withheld.count(why),
                None => self.cue(&candidate, &stands, out),
            }
        } else if let Some(side) = candidate.cleared {
            self.praise(side, candidate.decided, out);
        }
        for side in Side::BOTH {
            self.cued[side] &= self.standing.iter().any(|stands| stands.alert.side == side);
        }
    }

    /// Why this alert may not be cued at `t`.
    fn against(&self, stands: &Stands, t: SessionTime) -> Option<Why> {
        let alert = &stands.alert;
        let topic = words::topic(alert.rule);
        let other = self.topic.is_some_and(|(mended, last, _)| {
            mended != topic && (t - last).abs() < self.settings.refractory_s
        });
        self.hushed(t).or_else(|| {
            if self.is_faded() {
                Some(Why::Faded)
            } else if self.worst(alert) != Some(topic) {
                Some(Why::OtherRule)
            } else if other {
                Some(Why::Refractory)
            } else if !self.pace.allows(self.settings.spacing_strides) {
                Some(Why::Spacing)
            } else if self.fading.is_none()
                && !self.pace.allows(pace::thinned(self.settings.spacing_strides, stands.cued))
            {
                // In a session of the course it is the course that says how much feedback there is.
                Some(Why::Thinned)
            } else {
                self.is_busy(t).then_some(Why::AnotherCue)
            }
        })
    }

    /// What a runner should mend first: the worst that stands on either leg; of equals, what is being mended. A trend
    /// that was told before cannot be told again by a stance, and holds nothing else up.
    fn worst(&self, now: &Alert) -> Option<Words> {
        let mended = self.topic.map(|(topic, ..)| topic);
        let rank = |rule: Rule| (Some(words::topic(rule)) == mended, words::priority(rule));
        let tellable = |a: &&Alert| a.number == now.number || !RuleSpec::of(a.rule).quantities.is_empty();
        let alerts = self.standing.iter().map(|stands| &stands.alert).filter(tellable);
        let worst = alerts.max_by_key(|a| (a.severity, rank(a.rule)))?;
        Some(words::topic(worst.rule))
    }

    fn hushed(&self, t: SessionTime) -> Option<Why> {
        if self.settings.muted {
            Some(Why::Muted)
        } else {
            self.snoozed_until.is_some_and(|until| t < until).then_some(Why::Snoozed)
        }
    }

    fn is_faded(&self) -> bool {
        self.fading.as_ref().is_some_and(|(blocks, clock)| !blocks.give(clock.run_s()))
    }

    /// Another cue is still being given. A clock that jumped back far is no reason to be silent.
    fn is_busy(&self, t: SessionTime) -> bool {
        self.last.is_some_and(|last| (t - last).abs() < APART)
    }

    fn cue(&mut self, candidate: &Candidate, stands: &Stands, out: &mut Vec<Cue>) {
        let alert = &stands.alert;
        let topic = words::topic(alert.rule);
        let said = self.topic.filter(|(mended, ..)| *mended == topic).map_or(0, |(.., said)| said);
        self.topic = Some((topic, candidate.decided, said + 1));
        self.cued[alert.side] = true;
        self.pace.cued(candidate.side);
        if let Some(stands) = self.standing.iter_mut().find(|s| s.alert.number == alert.number) {
            stands.cued += 1;
        }
        let kind = CueKind::Gait {
            rule: alert.rule,
            side: alert.side,
            severity: alert.severity,
            alert: alert.number,
            tc: candidate.tc,
        };
        self.say(candidate.decided, kind, words::of(alert.rule, said), candidate.strength(stands), out);
    }

    fn praise(&mut self, side: Side, t: SessionTime, out: &mut Vec<Cue>) {
        let all_well = self.standing.is_empty() && self.cued[side];
        if !all_well || !self.settings.all_clear {
            return;
        }
        self.topic = None;
        let busy = || self.is_busy(t).then_some(Why::AnotherCue);
        match self.hushed(t).or_else(|| self.is_faded().then_some(Why::Faded)).or_else(busy) {
            Some(why) => self.withheld.count(why),
            None => self.say(t, CueKind::AllClear { side }, Words::AllClear, 0.0, out),
        }
    }

    /// What is wrong with the data waits until there is room, and while muted or snoozed until that is over.
    fn say_problems(&mut self, now: SessionTime, out: &mut Vec<Cue>) {
        let Some(problem) = self.problems.due() else { return };
        if self.hushed(now).is_some() || self.is_busy(now) {
            return;
        }
        self.problems.say(problem, now);
        let kind = CueKind::Data { code: problem.code, placement: problem.placement };
        self.say(now, kind, problem.words, 0.0, out);
    }

    /// Starts, changes or stops the metronome, where it shall beat otherwise than it does.
    fn beat(&mut self, now: SessionTime, out: &mut Vec<Cue>) {
        let beats = self.metronome.due().filter(|_| !self.settings.muted);
        if beats != self.metronome.beats {
            self.metronome.beats = beats;
            let words = if beats.is_some() { Words::Metronome } else { Words::MetronomeOff };
            self.push(now, CueKind::Metronome { spm: beats }, words, 0.0, out);
        }
    }

    fn say(&mut self, t: SessionTime, kind: CueKind, words: Words, strength: f64, out: &mut Vec<Cue>) {
        self.last = Some(t);
        self.push(t, kind, words, strength, out);
    }

    fn push(&mut self, t: SessionTime, kind: CueKind, words: Words, strength: f64, out: &mut Vec<Cue>) {
        self.number += 1;
        out.push(Cue { number: self.number, t, kind, words, strength, channels: self.settings.channels });
    }
}

#[derive(Debug, Clone, Copy, Default)]
struct Metronome {
    percent: Option<f64>,
    /// Each leg's own cadence, steps per minute.
    usual: PerSide<Option<f64>>,
    /// What it beats now.
    beats: Option<f64>,
}

impl Metronome {
    fn learn(&mut self, baseline: &Baseline) {
        self.usual[baseline.side] = Some(baseline.cadence_spm).filter(|spm| spm.is_finite());
    }

    /// Steps per minute to a tenth, where it is wanted and the runner's own cadence is known.
    fn due(&self) -> Option<f64> {
        let own = match (self.usual.left, self.usual.right) {
            (Some(left), Some(right)) => 0.5 * (left + right),
            (left, right) => left.or(right)?,
        };
        Some((own * (1.0 + self.percent? / 100.0) * 10.0).round() / 10.0)
    }
}

//! From peaks within stance to a decision: baseline, rules, N of M strides, hysteresis, refractory time.
//!
//! A stance is compared with the runner's own usual, and with an absolute limit where a pelvis sensor and
//! a good calibration allow it. Four of the last five beyond raise an alert, and so does a small step up that stays
//! for seven; doubt never counts, neither for nor against.

mod asymmetry;
mod baseline;
mod config;
mod decision;
mod evidence;
mod fatigue;
mod kept;
mod leg;
mod limits;
mod resemblance;
mod rules;
mod standing;
mod story;
mod suppressed;
mod zero;

pub use crate::event::Quantity;
pub use config::{
    Absolute, AsymmetryConfig, BaselineConfig, Change, ConfigError, Decision, FatigueConfig, FlagConfig, Sex,
};
pub use kept::{KeptBaseline, RIPE, RipenError, ripen};
pub use rules::{RULES, RuleSpec};
pub use story::Story;
pub(crate) use story::legs;
pub use suppressed::{Suppressed, Suppression};

use crate::body::{PerSide, Side};
use crate::event::{
    Against, Alert, Baseline, Event, Flag, Gait, Grade, Health, HealthCode, KeptNote, LegUsual, PerQuantity,
    Rule, Severity, Stance, StanceDoubt, Usual, Zero,
};
use crate::input::{Edge, Mark, Stretch};
use crate::units::SessionTime;
use asymmetry::Asymmetry;
use baseline::{Row, Unsteady};
use decision::{Raised, Verdict};
use fatigue::{Fatigue, Point};
use leg::{Kept, Leg};
use standing::{Standing, settle};

#[derive(Debug, Clone, Default)]
pub struct Flagger {
    config: FlagConfig,
    legs: PerSide<Leg>,
    /// Of the usual that earlier sessions have left.
    note: KeptNote,
    asymmetry: Asymmetry,
    /// Alerts so far.
    raised: u32,
    /// A marked baseline stretch is running.
    marked: bool,
    /// The usual was dropped: what stands on it ends with the next stance.
    stale: bool,
}

impl Flagger {
    /// With the default limits.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// With a coach's limits, if they make sense.
    pub fn with_config(config: FlagConfig) -> Result<Self, ConfigError> {
        config.check()?;
        Ok(Self { config, ..Self::default() })
    }

    /// Judges against what earlier sessions have left as well, from the first stride.
    pub fn keep(&mut self, kept: &KeptBaseline) {
        self.note = kept.note.clone();
        for side in Side::BOTH {
            let of = |usual| Kept { usual, sessions: kept.sessions, told: false };
            self.legs[side].kept = kept.legs[side].map(of);
        }
    }

    #[must_use]
    pub fn config(&self) -> &FlagConfig {
        &self.config
    }

    /// Stances that were withheld from judgement so far, by reason.
    #[must_use]
    pub fn suppressed(&self, side: Side) -> &Suppressed {
        &self.legs[side].suppressed
    }

    /// What a leg is judged against at its present speed: rule, amber and red, rad. For people to see; a
    /// stance is judged with its own speed.
    pub fn limits(&self, side: Side) -> impl Iterator<Item = (Rule, f64, f64)> + '_ {
        let leg = &self.legs[side];
        let speeds = leg.speeds(None, &self.config.decision);
        RULES.iter().filter(|spec| self.config.watches(spec.rule)).filter_map(move |spec| {
            let &quantity = spec.quantities.first()?;
            let limits =
                limits::limits(&self.config, quantity, leg.usuals(quantity, speeds), leg.grade, leg.zero)?;
            Some((spec.rule, limits.amber, limits.red))
        })
    }

    /// The leg's usual is known, from this session or from earlier ones.
    #[must_use]
    pub fn has_baseline(&self, side: Side) -> bool {
        self.legs[side].usual.is_some() || self.legs[side].kept.is_some()
    }

    /// A calibration came in: what absolute limits may be used, and a new baseline is due, since the old
    /// one is in angles of the old calibration.
    pub fn calibrated(&mut self, legs: PerSide<(Grade, Zero)>) {
        self.stale = true;
        for side in Side::BOTH {
            let leg = &mut self.legs[side];
            let (grade, zero) = legs[side];
            leg.grade = Some(grade);
            leg.zero = zero;
            leg.usual = None;
            leg.gatherer.restart();
        }
    }

    /// A marked baseline stretch takes the place of what was learnt without it.
    pub fn mark(&mut self, mark: Mark) {
        if mark.stretch != Stretch::Baseline {
            return;
        }
        let begins = mark.edge == Edge::Begin;
        self.stale |= begins;
        for side in Side::BOTH {
            let leg = &mut self.legs[side];
            leg.stretch_over = self.marked && !begins;
            if begins {
                leg.gatherer.restart();
                leg.usual = None;
            }
        }
        self.marked = begins;
    }

    /// Judges one stance (stances come in order of their terminal contact): fills its `flags` and
    /// appends alerts raised or cleared, and the baseline when it forms.
    pub fn judge(&mut self, stance: &mut Stance, out: &mut Vec<Event>) {
        stance.flags.clear();
        let now = if std::mem::take(&mut self.stale) { None } else { Some(stance.ic) };
        self.drop_evidence(now, out);
        if let Some(why) = withheld(stance) {
            self.legs[stance.side].suppressed.count(stance.ic, why);
            return;
        }
        let side = stance.side;
        let leg = &mut self.legs[side];
        leg.ran += stance.stride_time.unwrap_or(0.0);
        leg.note_contact(stance.contact_time());
        self.tell_of_kept(side, stance.decided, out);
        if let Some(faster) = self.judge_against_limits(stance) {
            self.legs[side].judged = Some(stance.ic);
            self.judge_trends(stance, faster);
        }
        // Asymmetry may change on either side with either leg's stance.
        for side in Side::BOTH {
            self.settle(side, stance, out);
        }
        self.learn(stance, out);
    }

    /// Fills the flags and lets each watched quantity step. How much faster than at today's usual the runner is; `None`
    /// where there is none or it does not compare.
    fn judge_against_limits(&mut self, stance: &mut Stance) -> Option<f64> {
        let leg = &mut self.legs[stance.side];
        let speeds = leg.speeds(stance.cadence_spm(), &self.config.decision);
        if leg.is_off_speed(speeds) {
            leg.suppressed.count(stance.ic, Suppression::OffSpeed);
        }
        let mut judged = false;
        for spec in RULES.iter().filter(|spec| self.config.watches(spec.rule)) {
            let mut worst: Option<Severity> = None;
            for &quantity in spec.quantities {
                let Some(value) = quantity.read(&stance.peaks) else { continue };
                let usuals = leg.usuals(quantity, speeds);
                let Some(limits) = limits::limits(&self.config, quantity, usuals, leg.grade, leg.zero) else {
                    continue;
                };
                let plausible =
                    quantity != Quantity::RotationLevel || leg.turns_under_load(&stance.peaks, speeds);
                let verdict = Verdict { number: stance.number, ic: stance.ic, value, limits, plausible };
                worst = worst.max(verdict.severity());
                leg.watches[quantity].step(verdict, &self.config.decision);
                judged = true;
            }
            stance.flags.extend(worst.map(|severity| Flag { rule: spec.rule, severity }));
        }
        if !judged && leg.usual.is_none() && leg.kept.is_none() {
            leg.suppressed.count(stance.ic, Suppression::NoBaseline);
        }
        speeds.today
    }

    /// The adduction that rules over many stances read, hip or femur, with both legs' usual of it.
    fn trend_quantity(&self) -> Option<(Quantity, PerSide<Usual>)> {
        let usual = |side: Side, q| self.legs[side].usual.as_ref()?.of[q];
        let both = |q| Some((q, PerSide { left: usual(Side::Left, q)?, right: usual(Side::Right, q)? }));
        both(Quantity::HipAdduction).or_else(|| both(Quantity::FemurAdduction))
    }

    /// Lets the rules step that look at many stances at once. They read hip adduction where both legs have
    /// a usual of it, else femur adduction.
    fn judge_trends(&mut self, stance: &Stance, faster: f64) {
        let Some((quantity, usual)) = self.trend_quantity() else { return };
        let Some(value) = quantity.read(&stance.peaks) else { return };
        let (side, config) = (stance.side, &self.config);
        if config.watches(Rule::Asymmetry) {
            let point = (stance.number, stance.ic, value);
            self.asymmetry.step(side, point, &usual, &config.asymmetry, &config.decision);
        }
        if config.watches(Rule::Fatigue) {
            let expected = config.change(quantity).speed_slope_deg.to_radians() * faster;
            let point = Point { ic: stance.ic, faster, change: value - usual[side].mean - expected };
            self.legs[side].fatigue.step(&point, &config.fatigue, &config.decision);
        }
    }

    /// What stands for a rule on a leg, whatever it looks at.
    fn says(&self, spec: &RuleSpec, side: Side) -> Option<Raised> {
        let leg = &self.legs[side];
        match spec.rule {
            Rule::Asymmetry => self.asymmetry.raised(side),
            Rule::Fatigue => leg.fatigue.raised(),
            _ => {
                let raised = spec.quantities.iter().filter_map(|&q| leg.watches[q].raised().copied());
                raised.max_by_key(|r| r.severity)
            }
        }
    }

    /// Brings the alerts of one leg in line with what the rules say after a stance.
    fn settle(&mut self, side: Side, stance: &Stance, out: &mut Vec<Event>) {
        for (slot, spec) in RULES.iter().enumerate() {
            let says = self.says(spec, side);
            let looked = self.looked(spec, side, stance.ic);
            let Some(standing) = self.legs[side].standing.get_mut(slot) else { continue };
            if let Some(standing) = standing.as_mut().filter(|_| looked) {
                standing.evidence = stance.decided;
            }
            let raised = settle(standing, says, &mut self.raised, (spec.rule, side), stance.decided, out);
            if let Some(raised) = raised {
                let trend = self.trend_quantity().map_or(Quantity::FemurAdduction, |(q, _)| q);
                let known = (&self.legs[side], &mut self.asymmetry, trend);
                let mut evidence = evidence::gather(spec, side, raised, stance.decided, known, &self.config);
                evidence.kept = (evidence.against == Against::Kept).then(|| self.note.clone());
                out.push(Event::Evidence(Box::new(evidence)));
            }
        }
    }

    /// Whether a rule could use the stance that began at `ic`.
    fn looked(&self, spec: &RuleSpec, side: Side, ic: SessionTime) -> bool {
        let leg = &self.legs[side];
        if spec.quantities.is_empty() {
            return leg.judged == Some(ic);
        }
        spec.quantities.iter().any(|&q| leg.watches[q].newest() == Some(ic))
    }

    /// Ends what stands on evidence that is too old at `now`, at the time of that evidence; all of it for
    /// `None`. Call it when time passes without stances; `judge` does so itself.
    pub fn drop_evidence(&mut self, now: Option<SessionTime>, out: &mut Vec<Event>) {
        let gap = self.config.decision.evidence_gap_s;
        if now.is_none_or(|now| self.asymmetry.is_stale(now, gap)) {
            self.asymmetry.reset();
        }
        for side in Side::BOTH {
            let leg = &mut self.legs[side];
            for watch in Quantity::ALL {
                let watch = &mut leg.watches[watch];
                if now.is_none_or(|now| watch.is_stale(now, gap)) {
                    watch.reset();
                }
            }
            if now.is_none_or(|now| leg.judged.is_some_and(|last| (now - last).abs() > gap)) {
                leg.fatigue.pause();
            }
            for (slot, spec) in RULES.iter().enumerate() {
                if self.says(spec, side).is_some() {
                    continue;
                }
                let over = self.legs[side].standing.get_mut(slot).and_then(Option::take);
                if let Some(Standing { alert, evidence }) = over {
                    out.push(Event::Alert(Alert { cleared: Some(evidence), ..alert }));
                }
            }
        }
    }

    /// Says once per leg that it is judged against a kept usual, and of when that is.
    fn tell_of_kept(&mut self, side: Side, t: SessionTime, out: &mut Vec<Event>) {
        if let Some(kept) = self.legs[side].kept.as_mut().filter(|kept| !kept.told) {
            kept.told = true;
            out.push(Event::Baseline(announce(side, t, &kept.usual, Some(self.note.clone()))));
        }
    }

    /// Says when today does not resemble the kept usual at all, as soon as both legs are known.
    fn compare_with_kept(&self, t: SessionTime, out: &mut Vec<Event>) {
        let legs = Side::BOTH.into_iter().filter_map(|side| {
            let Leg { usual, kept, .. } = &self.legs[side];
            Some((side, usual.as_ref()?, kept.as_ref()?))
        });
        if Side::BOTH.into_iter().all(|side| self.legs[side].usual.is_some())
            && let Some(message) = resemblance::doubt(legs, &self.note)
        {
            let (code, active) = (HealthCode::UsualDiffers, true);
            out.push(Event::Health(Health { t, code, placement: None, active, message }));
        }
    }

    /// Feeds the usual while there is none.
    fn learn(&mut self, stance: &Stance, out: &mut Vec<Event>) {
        let config = &self.config.baseline;
        let leg = &mut self.legs[stance.side];
        let (Some(cadence), None) = (stance.cadence_spm(), &leg.usual) else { return };
        if !self.marked && !leg.stretch_over && leg.ran < config.warm_up_s {
            return;
        }
        let side = stance.side;
        let formed = if std::mem::take(&mut leg.stretch_over) {
            Some(leg.gatherer.finish(config))
        } else {
            let values = PerQuantity::from_fn(|q| q.read(&stance.peaks));
            leg.gatherer.push(Row { values, contact: stance.contact_time(), cadence }, config)
        };
        match formed {
            None => {}
            Some(Ok(usual)) => {
                let usual = LegUsual { grade: leg.grade, zero: leg.zero, ..usual };
                leg.usual = Some(usual);
                leg.gatherer.restart();
                leg.fatigue = Fatigue::default();
                self.asymmetry.reset();
                if std::mem::take(&mut leg.unsteady) {
                    let message = format!("the usual of the {side} leg is known now");
                    out.push(unsteady(stance.decided, false, message));
                }
                out.push(Event::Baseline(announce(side, stance.decided, &usual, None)));
                self.compare_with_kept(stance.decided, out);
            }
            Some(Err(why)) => {
                let hopeless = matches!(why, Unsteady::Few(..)) || leg.gatherer.complains(config);
                if hopeless && !leg.unsteady {
                    leg.unsteady = true;
                    let message = format!(
                        "the usual of the {side} leg cannot be learnt from this running: {why}; run {} strides \
                         straight on at one easy speed",
                        config.stances
                    );
                    out.push(unsteady(stance.decided, true, message));
                }
            }
        }
    }
}

/// Why a stance is not judged at all.
fn withheld(stance: &Stance) -> Option<Suppression> {
    if stance.gait != Gait::Run {
        return Some(Suppression::NotRunning);
    }
    // Wider than any running; keeps a broken clock out of means and logarithms.
    let plausible = stance.ic.0.is_finite()
        && (0.02..2.0).contains(&stance.contact_time())
        && stance.stride_time.is_none_or(|s| (0.2..4.0).contains(&s));
    (!stance.valid || !plausible).then(|| Suppression::Doubt(stance.doubt.unwrap_or(StanceDoubt::NoRhythm)))
}

fn unsteady(t: SessionTime, active: bool, message: String) -> Event {
    Event::Health(Health { t, code: HealthCode::BaselineUnsteady, placement: None, active, message })
}

/// The usual as the world hears it: one row per rule, by the rule's first quantity.
fn announce(side: Side, decided: SessionTime, usual: &LegUsual, kept: Option<KeptNote>) -> Baseline {
    let rows = RULES.iter().filter_map(|spec| {
        let first = spec.quantities.first()?;
        Some((spec.rule, usual.of[*first]?))
    });
    Baseline { side, decided, usual: rows.collect(), cadence_spm: usual.cadence_spm, leg: *usual, kept }
}

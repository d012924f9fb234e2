//! How good the limits are: the whole pipeline over many synthetic runners with known episodes.
//!
//! Three kinds of sessions of ten minutes, each with another runner, speed and set of sensors: with episodes of a fault,
//! clean, and disturbed by what is not the gait's fault. Every session goes from raw samples through
//! [`Pipeline::push`](crate::pipeline::Pipeline::push); only the curve over the limits judges the measured stances again
//! ([`Story`](crate::flag::Story)). The same number of runs gives the same score on any number of threads.
//!
//! A synthetic runner is more regular than a person: the figures are upper bounds of what people will see. How much
//! stances scatter and wander is measured and printed beside them.

mod episodes;
mod noise;
mod plan;
mod session;
mod text;
mod timing;

pub use episodes::{EpisodeScore, RocPoint};
pub use noise::NoiseScore;
pub use timing::TimingScore;

use crate::flag::ConfigError;
use crate::pipeline::PipelineConfig;
use crate::source::synthetic::SynthError;
use plan::{Kind, Plan};
use serde::Serialize;
use session::Session;
use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Sessions of each kind.
    pub runs: u32,
    /// Sessions worked at the same time.
    pub jobs: NonZeroUsize,
}

#[derive(Debug, thiserror::Error)]
pub enum ScoreError {
    #[error(transparent)]
    Runner(#[from] SynthError),
    #[error(transparent)]
    Config(#[from] ConfigError),
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Score {
    pub version: &'static str,
    /// Sessions of each kind.
    pub sessions: u32,
    pub episodes: Vec<EpisodeScore>,
    pub clean: Vec<CleanScore>,
    pub disturbed: Vec<DisturbedScore>,
    pub timing: TimingScore,
    pub noise: Vec<NoiseScore>,
    pub roc: Vec<RocPoint>,
    /// Targets that this score misses, in words.
    pub missed: Vec<String>,
}

/// Alerts while nothing is wrong, for one range of speeds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CleanScore {
    pub from_mps: f64,
    pub to_mps: f64,
    /// Time in which stances were judged, both legs together.
    pub leg_hours: f64,
    pub alerts: u32,
    pub per_hour_and_leg: f64,
    /// By rule.
    pub rules: BTreeMap<&'static str, u32>,
}

/// Alerts after something that is not the gait's fault.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DisturbedScore {
    pub kind: &'static str,
    pub happened: u32,
    pub alerts: u32,
    pub rules: BTreeMap<&'static str, u32>,
}

/// Speed ranges of clean running, m/s.
const BANDS: [(f64, f64); 3] = [(2.2, 3.0), (3.0, 3.75), (3.75, 4.5)];

/// Plays all sessions and scores them.
pub fn run(options: &Options, config: &PipelineConfig) -> Result<Score, ScoreError> {
    let plans: Vec<Plan> =
        Kind::ALL.into_iter().flat_map(|kind| (0..options.runs).map(move |n| Plan::new(kind, n))).collect();
    let next = AtomicU32::new(0);
    let done = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..options.jobs.get().min(plans.len()) {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed) as usize;
                    let Some(plan) = plans.get(at) else { return };
                    let played = Session::play(plan, config).and_then(|s| Scored::of(&s, config));
                    // A poisoned list still holds every result that was put into it.
                    done.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push((at, played));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    done.sort_by_key(|(at, _)| *at);
    let scored = done.into_iter().map(|(_, s)| s).collect::<Result<Vec<_>, _>>()?;
    Ok(Score::of(options.runs, &scored))
}

/// What one session adds to the score.
struct Scored {
    plan: Plan,
    leg_hours: f64,
    /// Of a session without a fault, by rule.
    alerts: BTreeMap<&'static str, u32>,
    found: Vec<episodes::Found>,
    roc: Vec<episodes::RocCount>,
    disturbed: Vec<session::Disturbed>,
    timing: Vec<timing::Delay>,
    noise: Vec<noise::LegNoise>,
}

impl Scored {
    fn of(session: &Session, config: &PipelineConfig) -> Result<Self, ScoreError> {
        let plan = &session.plan;
        let clean = plan.kind == Kind::Clean;
        let mut alerts = BTreeMap::new();
        for alert in session.alerts.iter().filter(|_| clean) {
            *alerts.entry(alert.rule.name()).or_default() += 1;
        }
        Ok(Self {
            leg_hours: session.judged_hours(),
            alerts,
            found: episodes::found(session, &session.alerts),
            roc: if plan.kind == Kind::Disturbed {
                Vec::new()
            } else {
                episodes::roc(session, &config.flags)?
            },
            disturbed: session.disturbed(),
            timing: if clean { timing::delays(session) } else { Vec::new() },
            noise: if clean { noise::measure(session) } else { Vec::new() },
            plan: plan.clone(),
        })
    }
}

impl Score {
    fn of(sessions: u32, scored: &[Scored]) -> Self {
        let clean = || scored.iter().filter(|s| s.plan.kind == Kind::Clean);
        let mut score = Self {
            version: env!("CARGO_PKG_VERSION"),
            sessions,
            episodes: episodes::sum(scored.iter().flat_map(|s| &s.found)),
            clean: BANDS.iter().map(|&band| clean_score(band, clean())).collect(),
            disturbed: disturbed_scores(scored),
            timing: TimingScore::of(clean().flat_map(|s| &s.timing)),
            noise: noise::sum(clean().flat_map(|s| &s.noise)),
            roc: episodes::curve(scored.iter().flat_map(|s| &s.roc)),
            missed: Vec::new(),
        };
        score.missed = score.misses();
        score
    }

    /// The targets of the product, and what stands against them.
    fn misses(&self) -> Vec<String> {
        let mut missed = Vec::new();
        for e in self.episodes.iter().filter(|e| e.pelvis || e.kind == "rotation") {
            let wanted = episodes::target_percent(e.kind, e.degrees);
            if e.found_percent < wanted {
                missed.push(format!(
                    "{} +{} degrees: {:.1} percent found, {wanted:.0} wanted",
                    e.kind, e.degrees, e.found_percent
                ));
            }
        }
        let wrong: u32 = self.episodes.iter().map(|e| e.wrong_leg).sum();
        if wrong > 0 {
            missed.push(format!("the other leg was named in {wrong} episodes, never wanted"));
        }
        for c in self.clean.iter().filter(|c| c.per_hour_and_leg > 1.0) {
            missed.push(format!(
                "clean running at {} to {} m/s: {:.2} alerts per hour and leg, 1 wanted",
                c.from_mps, c.to_mps, c.per_hour_and_leg
            ));
        }
        for d in self.disturbed.iter().filter(|d| d.alerts > 0) {
            missed.push(format!("{}: {} alerts after {}, none wanted", d.kind, d.alerts, d.happened));
        }
        missed.extend(self.timing.misses());
        missed
    }

    /// For a terminal.
    #[must_use]
    pub fn text(&self) -> String {
        text::write(self)
    }
}

fn clean_score<'a>((from, to): (f64, f64), sessions: impl Iterator<Item = &'a Scored>) -> CleanScore {
    let mut score = CleanScore {
        from_mps: from,
        to_mps: to,
        leg_hours: 0.0,
        alerts: 0,
        per_hour_and_leg: 0.0,
        rules: BTreeMap::new(),
    };
    for s in sessions.filter(|s| (from..to).contains(&s.plan.runner.speed_mps)) {
        score.leg_hours += s.leg_hours;
        for (rule, n) in &s.alerts {
            score.alerts += n;
            *score.rules.entry(rule).or_default() += n;
        }
    }
    if score.leg_hours > 0.0 {
        score.per_hour_and_leg = f64::from(score.alerts) / score.leg_hours;
    }
    score
}

fn disturbed_scores(scored: &[Scored]) -> Vec<DisturbedScore> {
    let mut kinds: BTreeMap<&'static str, DisturbedScore> = BTreeMap::new();
    for d in scored.iter().flat_map(|s| &s.disturbed) {
        let row = kinds.entry(d.kind).or_insert_with(|| DisturbedScore {
            kind: d.kind,
            happened: 0,
            alerts: 0,
            rules: BTreeMap::new(),
        });
        row.happened += 1;
        for rule in &d.alerts {
            row.alerts += 1;
            *row.rules.entry(rule).or_default() += 1;
        }
    }
    kinds.into_values().collect()
}

//! One session through the pipeline, and what came of it.

use super::ScoreError;
use super::plan::{Kind, Plan};
use crate::body::Side;
use crate::event::{Alert, Event, Gait, Peaks};
use crate::flag::Story;
use crate::input::Input;
use crate::pipeline::{Pipeline, PipelineConfig};
use crate::source::synthetic::{Disturbance, Runner, Truth};

/// What comes of a disturbance comes within this after its end, s: a turn voids three seconds, and is read to 0.1
/// degree again after another five (own simulation, 380 turns).
const AFTERWARDS_S: f64 = 10.0;

pub(super) struct Session {
    pub(super) plan: Plan,
    /// Session time at which running begins, s: the zero of episodes and disturbances.
    pub(super) from: f64,
    /// As raised; what became of them later does not matter here.
    pub(super) alerts: Vec<Alert>,
    pub(super) stances: Vec<Seen>,
    pub(super) story: Story,
}

/// A stance with when it was known.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen {
    pub(super) side: Side,
    pub(super) gait: Gait,
    pub(super) ic: f64,
    pub(super) tc: f64,
    pub(super) valid: bool,
    pub(super) peaks: Peaks,
    /// Newest sample that was needed.
    pub(super) decided: f64,
    /// When the host had the packet that brought it.
    pub(super) arrived: f64,
}

/// Something that was not the gait's fault, and the rules that alerted after it.
pub(super) struct Disturbed {
    pub(super) kind: &'static str,
    pub(super) alerts: Vec<&'static str>,
}

impl Session {
    pub(super) fn play(plan: &Plan, config: &PipelineConfig) -> Result<Self, ScoreError> {
        let mut session = Self {
            plan: plan.clone(),
            from: Truth::new(&plan.runner)?.running_from().0,
            alerts: Vec::new(),
            stances: Vec::new(),
            story: Story::default(),
        };
        let mut pipeline = Pipeline::new(config)?;
        let mut arrived = 0.0;
        for input in Runner::new(&plan.runner)? {
            if let Input::Packet(packet) = &input {
                arrived = packet.arrival.map_or(arrived, |a| a.0);
            }
            session.story.input(&input);
            for event in pipeline.push(&input) {
                session.story.event(event);
                session.see(event, arrived);
            }
        }
        Ok(session)
    }

    fn see(&mut self, event: &Event, arrived: f64) {
        match event {
            Event::Alert(alert)
                if alert.cleared.is_none() && self.alerts.iter().all(|a| a.number != alert.number) =>
            {
                self.alerts.push(*alert);
            }
            Event::Stance(s) => self.stances.push(Seen {
                side: s.side,
                gait: s.gait,
                ic: s.ic.0,
                tc: s.tc.0,
                valid: s.valid,
                peaks: s.peaks,
                decided: s.decided.0,
                arrived,
            }),
            _ => {}
        }
    }

    /// Valid running stances after the usual was learnt, as hours of one leg.
    pub(super) fn judged_hours(&self) -> f64 {
        let mut seconds = 0.0;
        for side in Side::BOTH {
            let mut before: Option<f64> = None;
            for s in self.stances.iter().filter(|s| s.side == side && s.valid && s.gait == Gait::Run) {
                seconds += before.map_or(0.0, |b| s.ic - b).min(2.0);
                before = Some(s.ic);
            }
        }
        seconds / 3600.0
    }

    /// Each disturbance with the alerts that may come of it: those that began after it and were given until a while
    /// after its end. All others are chance, which the clean sessions count per hour.
    pub(super) fn disturbed(&self) -> Vec<Disturbed> {
        if self.plan.kind != Kind::Disturbed {
            return Vec::new();
        }
        let of = |disturbance: &Disturbance| {
            let (begin, end) = span(disturbance);
            let mine =
                |a: &&Alert| a.onset.0 >= self.from + begin && a.decided.0 <= self.from + end + AFTERWARDS_S;
            let alerts = self.alerts.iter().filter(mine).map(|a| a.rule.name()).collect();
            Disturbed { kind: kind(disturbance), alerts }
        };
        self.plan.runner.disturbances.iter().map(of).collect()
    }
}

/// From when to when, s of running.
fn span(disturbance: &Disturbance) -> (f64, f64) {
    match *disturbance {
        Disturbance::Turn { after_s, duration_s, .. }
        | Disturbance::Stop { after_s, duration_s }
        | Disturbance::SensorLost { after_s, duration_s, .. } => (after_s, after_s + duration_s),
        // It stays.
        Disturbance::StrapSlip { after_s, .. } => (after_s, f64::INFINITY),
    }
}

fn kind(disturbance: &Disturbance) -> &'static str {
    match disturbance {
        Disturbance::Turn { .. } => "turn",
        Disturbance::Stop { .. } => "stop",
        Disturbance::SensorLost { .. } => "sensor lost",
        Disturbance::StrapSlip { .. } => "strap slipped",
    }
}

//! One session through the pipeline, and what came of it.

use super::ScoreError;
use super::plan::{Kind, Plan};
use crate::body::Side;
use crate::event::{Alert, Event, Gait, Peaks, Rule};
use crate::flag::Story;
use crate::input::Input;
use crate::pipeline::{Pipeline, PipelineConfig};
use crate::source::synthetic::{Disturbance, Runner, Truth};

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

    /// Each disturbance with the alerts from its beginning to that of the next.
    pub(super) fn disturbed(&self) -> Vec<Disturbed> {
        if self.plan.kind != Kind::Disturbed {
            return Vec::new();
        }
        let list = &self.plan.runner.disturbances;
        let begin = |d: &Disturbance| self.from + after(d);
        let mut rows: Vec<Disturbed> =
            list.iter().map(|d| Disturbed { kind: kind(d), alerts: Vec::new() }).collect();
        for alert in &self.alerts {
            let at = list.partition_point(|d| begin(d) <= alert.decided.0);
            if let Some(row) = at.checked_sub(1).and_then(|at| rows.get_mut(at)) {
                row.alerts.push(Rule::name(alert.rule));
            }
        }
        rows
    }
}

fn after(disturbance: &Disturbance) -> f64 {
    match *disturbance {
        Disturbance::Turn { after_s, .. }
        | Disturbance::Stop { after_s, .. }
        | Disturbance::SensorLost { after_s, .. }
        | Disturbance::StrapSlip { after_s, .. } => after_s,
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

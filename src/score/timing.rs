//! How soon a stance is judged: against its terminal contact, and against the leg's next initial contact.

use super::session::Session;
use crate::body::Side;
use crate::event::Gait;
use serde::Serialize;

/// A cue has to start within this of terminal contact, ms.
const CUE_MS: f64 = 250.0;
const IN_TIME_PERCENT: f64 = 99.9;

#[derive(Debug, Clone, Copy)]
pub(super) struct Delay {
    /// From terminal contact to the newest sample that was needed, s.
    decided: f64,
    /// From terminal contact until the host had it, s.
    arrived: f64,
    /// The host had it before the leg's next initial contact.
    in_time: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TimingScore {
    pub stances: usize,
    /// Verdicts that were out before the leg's next initial contact.
    pub before_next_contact_percent: f64,
    /// Verdicts (and so cues) within 250 ms of terminal contact.
    pub within_250_ms_percent: f64,
    /// Newest sample needed, after terminal contact.
    pub decided_ms: Spread,
    /// The packet with it at the host (simulated radio: four samples per packet, every 15 ms), after terminal contact.
    pub arrived_ms: Spread,
}

#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Spread {
    pub median: f64,
    pub p95: f64,
    pub p99: f64,
    pub p999: f64,
    pub most: f64,
}

/// Of all valid running stances that another of the leg follows.
pub(super) fn delays(session: &Session) -> Vec<Delay> {
    let mut delays = Vec::new();
    for side in Side::BOTH {
        let mine: Vec<_> = session.stances.iter().filter(|s| s.side == side).collect();
        for (now, next) in mine.iter().zip(mine.iter().skip(1)) {
            if now.valid && now.gait == Gait::Run {
                delays.push(Delay {
                    decided: now.decided - now.tc,
                    arrived: now.arrived - now.tc,
                    in_time: now.arrived < next.ic,
                });
            }
        }
    }
    delays
}

impl TimingScore {
    pub(super) fn of<'a>(delays: impl Iterator<Item = &'a Delay>) -> Self {
        let delays: Vec<&Delay> = delays.collect();
        let share = |of: &dyn Fn(&Delay) -> bool| {
            100.0 * delays.iter().filter(|d| of(d)).count() as f64 / delays.len().max(1) as f64
        };
        Self {
            stances: delays.len(),
            before_next_contact_percent: share(&|d| d.in_time),
            within_250_ms_percent: share(&|d| d.arrived * 1e3 <= CUE_MS),
            decided_ms: Spread::of(delays.iter().map(|d| d.decided * 1e3).collect()),
            arrived_ms: Spread::of(delays.iter().map(|d| d.arrived * 1e3).collect()),
        }
    }

    pub(super) fn misses(&self) -> Vec<String> {
        let rows = [
            ("verdicts before the leg's next contact", self.before_next_contact_percent),
            ("verdicts within 250 ms of terminal contact", self.within_250_ms_percent),
        ];
        let missed = rows.into_iter().filter(|(_, percent)| *percent < IN_TIME_PERCENT);
        missed.map(|(what, p)| format!("{what}: {p:.2} percent, {IN_TIME_PERCENT} wanted")).collect()
    }
}

impl Spread {
    fn of(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        let at = |share: f64| {
            let last = values.len().saturating_sub(1);
            values.get((share * last as f64).round() as usize).copied().unwrap_or(0.0)
        };
        Self { median: at(0.5), p95: at(0.95), p99: at(0.99), p999: at(0.999), most: at(1.0) }
    }
}

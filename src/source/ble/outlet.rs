//! Where the links of one runner's session put their inputs, and its clock.

use super::radio::NoRadio;
use crate::body::SensorId;
use crate::input::{Input, Link, Report, Trouble};
use crate::units::SessionTime;
use std::sync::atomic::{AtomicBool, AtomicU16, AtomicU64, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

#[derive(Debug, Clone)]
pub(super) struct Outlet {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    /// `None`: the session is over, whoever still holds on to it.
    inputs: Mutex<Option<Sender<anyhow::Result<Input>>>>,
    /// The first sample of the session, session time 0, and how long this computer had been asleep until then.
    began: OnceLock<(Instant, Duration)>,
    /// Session time goes on while this computer sleeps, as the sensors' clocks do.
    slept: fn() -> Duration,
    /// When samples came last, ms of session time.
    newest: AtomicU64,
    sensors: AtomicU16,
    /// This session knows that there is no radio.
    down: AtomicBool,
}

/// Nothing from any sensor for this long, s: time goes on all the same, and the page must see it. Longer than the
/// fades that a radio makes up for.
const QUIET: f64 = 2.0;

impl Outlet {
    pub(super) fn new(inputs: Sender<anyhow::Result<Input>>, slept: fn() -> Duration) -> Self {
        let (began, newest, sensors, down) = Default::default();
        let inputs = Mutex::new(Some(inputs));
        Self { shared: Arc::new(Shared { inputs, began, slept, newest, sensors, down }) }
    }

    /// Nothing more comes.
    pub(super) fn close(&self) {
        *self.shared.inputs.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    pub(super) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }

    pub(super) fn sensor(&self) -> SensorId {
        SensorId(self.shared.sensors.fetch_add(1, Ordering::Relaxed))
    }

    /// Session time of a moment at which samples came: the first one begins the session.
    pub(super) fn arrival(&self, at: Instant) -> SessionTime {
        let began = *self.shared.began.get_or_init(|| (at, (self.shared.slept)()));
        let since = self.since(began, at);
        self.shared.newest.fetch_max(u64::try_from(since.as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
        SessionTime(since.as_secs_f64())
    }

    /// Says that time has gone on where nothing else does.
    pub(super) fn tell_quiet(&self, at: Instant) {
        let newest = self.shared.newest.load(Ordering::Relaxed) as f64 * 1e-3;
        let t = self.time(at);
        if t.0 - newest > QUIET {
            self.put(Input::Link(Link { sensor: None, t: t + -QUIET, report: Report::Quiet }));
        }
    }

    /// Session time of any other moment; 0 while the session has not begun.
    pub(super) fn time(&self, at: Instant) -> SessionTime {
        let began = self.shared.began.get();
        SessionTime(began.map_or(0.0, |began| self.since(*began, at).as_secs_f64()))
    }

    fn since(&self, (began, before): (Instant, Duration), at: Instant) -> Duration {
        // Two tasks may begin at once: what came before the beginning is at it, not before it.
        at.saturating_duration_since(began) + (self.shared.slept)().saturating_sub(before)
    }

    pub(super) fn put(&self, input: Input) {
        if let Some(inputs) = &*self.shared.inputs.lock().unwrap_or_else(PoisonError::into_inner) {
            // `err`: the session is over, and nobody wants to know.
            inputs.send(Ok(input)).ok();
        }
    }

    /// A gap for all sensors of this session.
    pub(super) fn gap(&self, at: Instant, message: &str) {
        self.shared.down.store(true, Ordering::Relaxed);
        self.trouble(None, at, Trouble::Radio, true, message);
    }

    /// How the radio is, where that is news to this session.
    pub(super) fn radio(&self, at: Instant, state: Result<(), NoRadio>) {
        let down = self.shared.down.swap(state.is_err(), Ordering::Relaxed);
        match (down, state) {
            (false, Err(reason)) => self.trouble(None, at, Trouble::Radio, true, reason.to_string()),
            (true, Ok(())) => self.trouble(None, at, Trouble::Radio, false, "Bluetooth is back"),
            _ => {}
        }
    }

    pub(super) fn report(&self, sensor: Option<SensorId>, at: Instant, report: Report) {
        self.put(Input::Link(Link { sensor, t: self.time(at), report }));
    }

    pub(super) fn trouble(
        &self,
        sensor: Option<SensorId>,
        at: Instant,
        trouble: Trouble,
        active: bool,
        message: impl Into<String>,
    ) {
        self.report(sensor, at, Report::Trouble { trouble, active, message: message.into() });
    }
}

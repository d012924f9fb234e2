//! Between the pipeline's thread and the page.

use super::cues::Channel;
use super::haptics;
use super::metrics::{Exposition, Latency};
use super::programme::RunningView;
use super::state::{Cursor, Due, News, State};
use super::view::{Limit, LimitView, SourceKind, SourceLabel};
use crate::body::Side;
use crate::cue::CueStatus;
use crate::desk::{Desk, Step};
use crate::event::{Event, Phase, SensorStatus, Words};
use crate::guide::{Parts, Start, Status, Wish};
use crate::host_clock;
use crate::input::{Edge, Mark, Moment, Stretch};
use crate::out::{Outlet, Outlets};
use crate::source::ble::Remote;
use crate::store::{RunnerId, Store, StoreError};
use crate::team::{Spool, Teller, Who};
use crate::units::SessionTime;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Instant;
use tokio::sync::watch;

/// Where the sessions of this program go.
#[derive(Debug, Clone)]
pub enum Kept {
    /// Into the store: under this runner, or under whoever is the current one when a session begins. `None` where
    /// the sessions that are played are none of a runner's (demo, replay).
    In { store: Store, sessions: Option<Under> },
    /// Nowhere, and why.
    Nowhere(String),
}

/// Whose sessions they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Under {
    Current,
    Runner(RunnerId),
}

impl Kept {
    /// Whose session it is that begins now; `None` where none is kept.
    pub fn owner(&self) -> Result<Option<RunnerId>, StoreError> {
        match self {
            Self::In { sessions: Some(Under::Runner(id)), .. } => Ok(Some(*id)),
            Self::In { store, sessions: Some(Under::Current) } => {
                store.current_runner(None).map(|r| Some(r.id))
            }
            Self::In { sessions: None, .. } | Self::Nowhere(_) => Ok(None),
        }
    }
}

/// What people want to happen now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// A session; without one the sensors rest.
    pub running: bool,
    /// The demonstration in its place.
    pub demo: bool,
    /// Rises with every change: the session of an older number shall end.
    pub number: u64,
}

impl Default for Wanted {
    /// As a program begins.
    fn default() -> Self {
        Self { running: true, demo: false, number: 0 }
    }
}

/// What the page knows, written by the pipeline's thread and read by clients. A call holds a lock for
/// as long as it takes to copy a few values, never across a wait: no client can hold the pipeline up.
#[derive(Debug, Clone)]
pub struct Hub {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    latency: Latency,
    /// Number of the newest message: wakes clients at once when there is one.
    newest: watch::Sender<u64>,
    /// To the sensors, where the session has any.
    remote: OnceLock<Remote>,
    /// Marks that a person has asked for and the session has not taken yet.
    marks: Mutex<Vec<(Stretch, Edge)>>,
    /// The same for moments, which are on the session's clock already.
    moments: Mutex<Vec<Moment>>,
    /// What was asked of the guide, for the session of this number.
    guiding: Mutex<Vec<(u64, Wish)>>,
    wanted: watch::Sender<Wanted>,
    /// What people want of cues and programme.
    desk: Desk,
    /// Where sessions are kept.
    kept: OnceLock<Kept>,
    /// Tells boards, where the daemon tells any.
    teller: OnceLock<Teller>,
    /// Other programs that take part.
    outlets: OnceLock<Outlets>,
}

impl Default for Hub {
    fn default() -> Self {
        Self::with_desk(Desk::default())
    }
}

impl Hub {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// What people want is remembered from here.
    #[must_use]
    pub fn with_desk(desk: Desk) -> Self {
        let shared = Shared {
            state: Mutex::default(),
            latency: Latency::default(),
            newest: watch::Sender::new(0),
            remote: OnceLock::new(),
            desk,
            kept: OnceLock::new(),
            teller: OnceLock::new(),
            outlets: OnceLock::new(),
            marks: Mutex::default(),
            moments: Mutex::default(),
            guiding: Mutex::default(),
            wanted: watch::Sender::new(Wanted::default()),
        };
        let hub = Self { shared: Arc::new(shared) };
        hub.cue_settings();
        hub
    }

    #[must_use]
    pub fn desk(&self) -> &Desk {
        &self.shared.desk
    }

    /// The session has real sensors, and this is how to reach them.
    pub fn attach(&self, remote: Remote) {
        // A program has one radio: the first stays.
        self.shared.remote.set(remote).ok();
        self.expect_sensors();
    }

    /// Sessions are kept from here on, or this is why they are not.
    pub fn keep(&self, kept: Kept) {
        self.shared.kept.set(kept).ok();
        self.follow_owner();
    }

    #[must_use]
    pub fn kept(&self) -> Option<&Kept> {
        self.shared.kept.get()
    }

    /// Whether there shall be a session, and which.
    #[must_use]
    pub fn wanted(&self) -> watch::Receiver<Wanted> {
        self.shared.wanted.subscribe()
    }

    /// Whether anybody acts on what is wanted: a session that was started with its program ends with it.
    pub(super) fn has_sessions(&self) -> bool {
        self.shared.wanted.receiver_count() > 0
    }

    pub(super) fn want_session(&self, running: bool, demo: bool) {
        self.shared.wanted.send_if_modified(|wanted| {
            let changed = (wanted.running, wanted.demo) != (running, demo);
            *wanted = Wanted { running, demo, number: wanted.number + u64::from(changed) };
            changed
        });
    }

    /// The session ends, and another begins.
    pub(super) fn begin_anew(&self) {
        self.shared.wanted.send_modify(|w| *w = Wanted { running: true, demo: false, number: w.number + 1 });
    }

    /// Somebody may have chosen another runner. Before the first step the session begins anew as theirs; one that is
    /// under way stays whose it is. Whether it began anew.
    pub(super) fn follow_owner(&self) -> bool {
        let Some(kept @ Kept::In { store, .. }) = self.kept() else { return false };
        if self.state().is_under_way() {
            return false;
        }
        let begun = self.state().playing();
        let owner = kept.owner().inspect_err(|error| tracing::error!("{error}")).ok().flatten();
        let moved = owner.map(|owner| self.desk().course_of(store, owner));
        let moved = matches!(moved, Some(Ok(true)));
        if moved && begun {
            self.begin_anew();
        }
        moved && begun
    }

    /// Boards hear of this runner from now on.
    pub(super) fn tell_team(&self, spool: &Spool, who: &Who) {
        self.shared.teller.set(Teller::new(spool.clone(), who.clone())).ok();
    }

    pub(super) fn teller(&self) -> Option<&Teller> {
        self.shared.teller.get()
    }

    /// What is published goes out there as well from now on.
    pub fn send_out(&self, outlets: Outlets) {
        self.shared.outlets.set(outlets).ok();
    }

    /// A packet that came at this moment brings the session to this time.
    pub fn packet(&self, t: SessionTime, at: Instant) {
        for outlet in self.outlets() {
            outlet.clock(t, at);
        }
    }

    fn outlets(&self) -> &[Arc<dyn Outlet>] {
        self.shared.outlets.get().map_or(&[], Vec::as_slice)
    }

    pub(super) fn remote(&self) -> Option<&Remote> {
        self.shared.remote.get()
    }

    /// A stretch is to begin or end now.
    pub(super) fn want_mark(&self, stretch: Stretch, edge: Edge) {
        self.marks().push((stretch, edge));
    }

    /// What has been asked for since the last call; whoever plays the session gives it the time.
    #[must_use]
    pub fn take_marks(&self) -> Vec<(Stretch, Edge)> {
        std::mem::take(&mut *self.marks())
    }

    /// A person has marked a moment; the recording shall have it.
    pub(super) fn note_moment(&self, moment: Moment) {
        self.moments().push(moment);
    }

    #[must_use]
    pub fn take_moments(&self) -> Vec<Moment> {
        std::mem::take(&mut *self.moments())
    }

    fn moments(&self) -> MutexGuard<'_, Vec<Moment>> {
        self.shared.moments.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// For the session that is wanted now.
    pub(super) fn guide(&self, wish: Wish) {
        let number = self.shared.wanted.borrow().number;
        self.guiding().push((number, wish));
    }

    /// What was asked of the guide of this session; what was meant for an older one is dropped.
    #[must_use]
    pub fn take_guiding(&self, session: u64) -> Vec<Wish> {
        let mut guiding = self.guiding();
        let mine = guiding.iter().filter(|(number, _)| *number == session).map(|(_, wish)| *wish).collect();
        guiding.retain(|(number, _)| *number > session);
        mine
    }

    fn guiding(&self) -> MutexGuard<'_, Vec<(u64, Wish)>> {
        self.shared.guiding.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What two taps on a worn sensor begin: a calibration, while somebody looks at that step. Who has been here before
    /// only stands.
    #[must_use]
    pub fn taps_begin(&self) -> Option<Start> {
        let setup = self.desk().setup();
        let state = self.state();
        let asked =
            setup.step == Step::Calibrate && state.source().is_some_and(|s| s.kind == SourceKind::Sensors);
        let bends = !setup.finished || state.calibration().is_some();
        asked.then_some(Start { parts: Parts { still: true, bends }, delay: setup.delay_s.into() })
    }

    /// How far the guide has led.
    pub fn guided(&self, status: Status) {
        self.change(|state| state.guided(status));
    }

    fn marks(&self) -> MutexGuard<'_, Vec<(Stretch, Edge)>> {
        self.shared.marks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A test has begun or ended by a mark.
    pub fn marked(&self, mark: &Mark) {
        self.change(|state| state.marked(mark));
    }

    /// One event of the pipeline. Frames are only the latest to clients; all else is numbered.
    pub fn publish(&self, event: &Event) {
        self.change(|state| state.event(event));
        self.shared.desk.follow(event);
        if let Some(teller) = self.teller() {
            teller.event(event);
        }
        for outlet in self.outlets() {
            outlet.event(event);
        }
        if let (Event::Cue(cue), Some(remote)) = (event, self.remote()) {
            haptics::play(remote, cue);
        }
    }

    /// The session clock, where no frame has moved it.
    pub fn clock(&self, now: SessionTime) {
        self.change(|state| state.clock(now.0));
    }

    /// What the runner has to do next.
    pub fn phase(&self, phase: Phase) {
        self.change(|state| state.phase(phase));
    }

    /// How the sensors do; replaces what was said before.
    pub fn sensors(&self, sensors: Vec<SensorStatus>) {
        self.expect_sensors();
        self.change(|state| state.sensors(sensors));
    }

    /// The levels that stances are judged against; replaces what was said before.
    pub fn limits(&self, limits: &[Limit]) {
        let limits: Vec<_> = limits.iter().copied().map(LimitView::from).collect();
        self.change(|state| state.limits(limits));
    }

    /// How the cues stand; replaces what was said before.
    pub fn cues(&self, status: CueStatus) {
        self.change(|state| state.cue_status(status));
        self.programme();
    }

    /// The settings of the cues, as they are kept.
    pub(super) fn cue_settings(&self) {
        let settings = self.desk().settings();
        self.change(|state| state.cue_settings(settings));
    }

    /// How the session of the course goes that is being run.
    pub(super) fn programme(&self) {
        let running = self.desk().running(RunningView::of);
        self.change(|state| state.programme(running));
    }

    pub(super) fn test_cue(&self, channel: Channel) {
        self.change(|state| state.test_cue(channel));
    }

    /// A coach says something to the runner.
    pub(super) fn coach_cue(&self, words: Words, side: Option<Side>, unix_ms: i64) {
        self.change(|state| state.coach_cue(words, side, unix_ms));
    }

    /// Where the recording goes and how much is written.
    pub fn recording(&self, path: &str, bytes: u64) {
        self.change(|state| state.recording(path.to_owned(), bytes));
    }

    /// Samples received and lost since the last call.
    pub fn samples(&self, received: u64, lost: u64) {
        self.change(|state| state.samples(received, lost));
    }

    /// Another source begins with its own pipeline and clock: the page starts over.
    pub fn segment(&self, label: SourceLabel) {
        self.change(|state| state.segment(label));
        // No message tells of it, and clients shall not wait for one.
        self.shared.newest.send_modify(|_| {});
    }

    /// Where sensors are to be: as somebody has chosen, else wherever one has a place. A runner that is played brings its
    /// own.
    pub(super) fn expect_sensors(&self) {
        let Some(remote) = self.remote() else { return };
        let chosen = self.desk().setup().set.map(|set| set.places().to_vec());
        let expected = chosen.unwrap_or_else(|| remote.places());
        self.change(|state| state.expect_sensors(expected));
    }

    /// The source has nothing more.
    pub fn ended(&self) {
        self.change(State::ended);
        if let Some(teller) = self.teller() {
            teller.ended();
        }
    }

    /// Time from a packet's arrival to the end of its decision.
    pub fn decision_seconds(&self, seconds: f64) {
        self.shared.latency.observe(seconds);
    }

    fn change(&self, with: impl FnOnce(&mut State)) {
        let mut state = self.state();
        let before = state.seq();
        with(&mut state);
        let after = state.seq();
        drop(state);
        if after != before {
            self.shared.newest.send_replace(after);
        }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        // Whoever panicked, showing what is there beats showing nothing.
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn wake(&self) -> watch::Receiver<u64> {
        self.shared.newest.subscribe()
    }

    /// Live streams that are open.
    #[must_use]
    pub fn clients(&self) -> usize {
        self.shared.newest.receiver_count()
    }

    /// What a client does not have yet. In one look, so that the state never knows more than the messages
    /// that are sent before it.
    pub(super) fn update(&self, cursor: &mut Cursor, due: Due) -> (News, Option<Arc<str>>) {
        let mut state = self.state();
        (state.news(cursor), state.now(cursor, due, host_clock::instant()))
    }

    pub(super) fn metrics(&self) -> String {
        let mut out = Exposition::default();
        self.state().write_metrics(&mut out);
        out.latency(&self.shared.latency);
        out.into_text()
    }
}

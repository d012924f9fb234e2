//! A source played through the pipeline, live: paced, published to the page, recorded.
//!
//! Three threads: the feeder paces the source, this one owns the pipeline, the keeper writes the
//! recording. Queues between them are bounded and block: nothing is dropped.

use crate::body::Side;
use crate::cli::Speed;
use crate::edge::private;
use crate::event::{Event, Health, HealthCode};
use crate::export::summary::configuration_sha256;
use crate::guide::Guide;
use crate::host_clock;
use crate::input::{Input, Mark, Order, Wish};
use crate::pipeline::{Pipeline, PipelineConfig};
use crate::record::mcap::{RecordError, Recorder, SessionMeta};
use crate::serve::{Hub, Kept, Limit, SourceKind, SourceLabel};
use crate::store::{Log, NewSession, RunnerId};
use crate::units::SessionTime;
use anyhow::Context;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::{self, Scope, ScopedJoinHandle};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// Inputs between feeder and pipeline: a quarter of a second of five sensors.
const QUEUE: usize = 128;
/// Notes between pipeline and keeper: half a minute of five sensors, for a disk that stalls.
const KEEPER_QUEUE: usize = 16_384;
/// The keeper closes its chunk this often, so that a kill costs at most the last second.
const FLUSH: Duration = Duration::from_millis(500);
/// Notes held back at most before a recording begins.
const HELD: usize = 4096;
/// The page hears of sensors this often.
const STATUS: Duration = Duration::from_millis(250);

/// Inputs of a session in order, with what goes wrong while reading them.
pub type Inputs = Box<dyn Iterator<Item = anyhow::Result<Input>> + Send>;

/// One source, and how the page speaks of it.
pub struct Play {
    pub label: SourceLabel,
    pub inputs: Inputs,
    pub config: PipelineConfig,
    /// Where to record, if at all.
    pub recording: Option<PathBuf>,
    /// Whose session it is, where it is kept.
    pub runner: Option<RunnerId>,
}

/// A session that can begin: its settings make sense and its recording is open.
pub struct Ready {
    label: SourceLabel,
    inputs: Inputs,
    pipeline: Pipeline,
    recording: Option<(PathBuf, Tape)>,
    runner: Option<RunnerId>,
    settings_sha256: String,
    guide: Guide,
}

/// A recording that is open, or one that waits for what there is to record.
enum Tape {
    Open(Box<Recorder>),
    Later { config: String, title: String },
}

impl Tape {
    fn open(self, path: &Path) -> Result<Recorder, RecordError> {
        match self {
            Self::Open(recorder) => Ok(*recorder),
            Self::Later { config, title } => Recorder::create(path, &meta(config, title)),
        }
    }
}

impl Play {
    /// Opens what the session needs, so that what hinders it is said before the page promises anything.
    pub fn ready(self) -> anyhow::Result<Ready> {
        let pipeline = Pipeline::new(&self.config)?;
        let recorder = self.recording.as_deref().map(|path| tape(path, &self)).transpose()?;
        let settings =
            serde_json::to_value(&self.config).context("the settings cannot be written as JSON")?;
        Ok(Ready {
            settings_sha256: configuration_sha256(&settings),
            guide: Guide::new(self.config.flags.baseline, self.config.usual.is_some()),
            label: self.label,
            inputs: self.inputs,
            pipeline,
            recording: self.recording.zip(recorder),
            runner: self.runner,
        })
    }
}

impl Ready {
    /// That of its recording; without one, of no other session that is kept.
    fn session_id(&self, kept: Option<&Kept>) -> String {
        if let Some(name) = self.recording.as_ref().and_then(|(path, _)| path.file_stem()) {
            return name.to_string_lossy().into_owned();
        }
        let name = session_name();
        match kept {
            // What hinders the store here, it says again when the session is to be kept.
            Some(Kept::In { store, .. }) => store.unused_session(&name).unwrap_or(name),
            _ => name,
        }
    }
}

/// How a session went that was played to its end.
#[derive(Debug)]
pub struct Played {
    /// What stopped the recording, if anything did.
    pub recording_lost: Option<anyhow::Error>,
}

/// Plays a source to its end or until `stop`.
pub fn play(ready: Ready, speed: Speed, hub: &Hub, stop: &CancellationToken) -> anyhow::Result<Played> {
    let session = ready.session_id(hub.kept());
    let mut log = log_of(&ready, hub, &session);
    if let (Some(Kept::In { store, .. }), Some(runner)) = (hub.kept(), ready.runner)
        && let Err(error) = hub.desk().course_of(store, runner)
    {
        tracing::error!("{error}");
    }
    let Ready { label, inputs, mut pipeline, recording, guide, .. } = ready;
    let number = hub.wanted().borrow().number;
    hub.segment(label);
    hub.begins(&session);
    if let Some(Kept::Nowhere(why)) = hub.kept() {
        hub.publish(&store_failed(SessionTime(0.0), why.clone()));
    }
    thread::scope(|scope| {
        let keeper = recording.map(|(path, tape)| Keeper::start(scope, path, tape, hub));
        let (to_pipeline, from_feeder) = sync_channel(QUEUE);
        let feeder = scope.spawn(move || feed(inputs, speed, stop, &to_pipeline));
        let (keeper_of, marks) = (keeper.as_ref(), Vec::new());
        Listener { pipeline: &mut pipeline, hub, keeper: keeper_of, log: log.as_mut(), guide, marks, number }
            .listen(&from_feeder);
        let recording_lost = keeper.and_then(|keeper| keeper.finish().err());
        if let Some(Err(error)) = log.map(|log| log.finish(pipeline.now())) {
            tracing::error!("{error}");
            hub.publish(&store_failed(pipeline.now().unwrap_or(SessionTime(0.0)), error.to_string()));
        }
        feeder.join().map_err(|_| anyhow::anyhow!("the source stopped working; start again"))??;
        hub.ended();
        Ok(Played { recording_lost })
    })
}

/// Where the session is kept beside its recording, if it is.
fn log_of(ready: &Ready, hub: &Hub, session: &str) -> Option<Log> {
    let (Some(Kept::In { store, .. }), Some(runner)) = (hub.kept(), ready.runner) else { return None };
    let recording = ready.recording.as_ref().and_then(|(path, _)| path.file_name());
    let recording = recording.map(|name| name.to_string_lossy().into_owned());
    let source = if ready.label.kind == SourceKind::Sensors { "sensors" } else { "synthetic" };
    Some(store.log(NewSession {
        id: session.to_owned(),
        runner,
        source: source.to_owned(),
        recording,
        started: None,
        settings_sha256: ready.settings_sha256.clone(),
        program_version: env!("CARGO_PKG_VERSION").to_owned(),
    }))
}

/// A session's id and the name of its recording: when it began, without what a file name may not have.
#[must_use]
pub fn session_name() -> String {
    let now = host_clock::wall_time();
    now.get(..19).unwrap_or(&now).replace(':', "-")
}

fn store_failed(t: SessionTime, message: String) -> Event {
    Event::Health(Health { t, code: HealthCode::StoreFailed, placement: None, active: true, message })
}

fn meta(config: String, label: String) -> SessionMeta {
    SessionMeta {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        config,
        started: host_clock::wall_time(),
        label,
    }
}

fn tape(path: &Path, play: &Play) -> anyhow::Result<Tape> {
    let config = serde_json::to_string(&play.config).context("the settings cannot be written as JSON")?;
    let title = play.label.title.clone();
    if let Some(folder) = path.parent() {
        private::folder(folder).with_context(|| {
            format!(
                "cannot create {}; choose a folder that you may write to with --data-dir",
                folder.display()
            )
        })?;
    }
    if play.label.kind == SourceKind::Sensors {
        // Session time begins with the first sample, and a file without one would only mislead. That it could be
        // written is known now.
        if let Some(folder) = path.parent() {
            tempfile::tempfile_in(folder).with_context(|| {
                format!("cannot write to {}; choose another folder with --data-dir", folder.display())
            })?;
        }
        return Ok(Tape::Later { config, title });
    }
    Ok(Tape::Open(Box::new(Recorder::create(path, &meta(config, title))?)))
}

/// Owns the pipeline until the feeder has nothing more.
struct Listener<'a, 'scope> {
    pipeline: &'a mut Pipeline,
    hub: &'a Hub,
    keeper: Option<&'a Keeper<'scope>>,
    log: Option<&'a mut Log>,
    guide: Guide,
    /// What the guide has marked and nobody has heard of yet.
    marks: Vec<Mark>,
    /// Of the session, among those that were wanted.
    number: u64,
}

impl Listener<'_, '_> {
    fn listen(&mut self, inputs: &Receiver<(Input, Instant)>) {
        let mut told = host_clock::instant();
        let mut counted = (0, 0);
        if let Some(wish) = self.hub.desk().begin() {
            self.order(wish, told);
        }
        for (input, since) in inputs {
            for wish in self.hub.desk().take_wishes() {
                self.order(wish, since);
            }
            for (stretch, edge) in self.hub.take_marks() {
                self.take(Input::Mark(Mark { stretch, edge, t: self.now() }), since);
            }
            for wish in self.hub.take_guiding(self.number) {
                self.guide.wish(wish, &mut self.marks);
                self.mark_guided(since);
            }
            for moment in self.hub.take_moments() {
                self.take(Input::Moment(moment), since);
            }
            let now = self.take(input, since);
            self.mark_guided(since);
            if now - told >= STATUS {
                told = now;
                self.guide.listen(self.hub.taps_begin());
                self.hub.guided(self.guide.status());
                counted = tell(self.pipeline, self.hub, counted);
                if let Some(message) = self.log.as_mut().and_then(|log| log.trouble()) {
                    self.hub.publish(&store_failed(self.now(), message));
                }
            }
        }
        tell(self.pipeline, self.hub, counted);
        self.hub.guided(self.guide.status());
    }

    /// Marks what the guide has found, each on its own: what it marks, it hears of, too.
    fn mark_guided(&mut self, since: Instant) {
        while !self.marks.is_empty() {
            for mark in std::mem::take(&mut self.marks) {
                self.take(Input::Mark(mark), since);
            }
        }
    }

    /// Passes one input on to all who want it; when that was done.
    fn take(&mut self, input: Input, since: Instant) -> Instant {
        let before = self.now();
        if let Input::Packet(packet) = &input {
            let came = packet.arrival.or(packet.samples.last().map(|sample| SessionTime(sample.t.0)));
            if let Some(t) = came {
                self.hub.packet(t, since);
            }
        }
        let events = self.pipeline.push(&input);
        if let Input::Mark(mark) = &input {
            self.hub.marked(mark);
        }
        for event in events {
            self.hub.publish(event);
        }
        self.guide.push(&input, events, before, &mut self.marks);
        let now = host_clock::instant();
        if matches!(input, Input::Packet(_)) {
            self.hub.decision_seconds((now - since).as_secs_f64());
        }
        if let Some(log) = &mut self.log {
            log.input(&input);
            for event in events {
                log.event(event);
            }
        }
        if let Some(keeper) = self.keeper {
            keeper.keep(Note { input, events: events.to_vec() });
        }
        now
    }

    fn order(&mut self, wish: Wish, since: Instant) {
        self.take(Input::Order(Order { t: self.now(), wish }), since);
    }

    fn now(&self) -> SessionTime {
        self.pipeline.now().unwrap_or(SessionTime(0.0))
    }
}

/// Tells the page how the session stands; gives the samples counted so far.
fn tell(pipeline: &Pipeline, hub: &Hub, before: (u64, u64)) -> (u64, u64) {
    if let Some(now) = pipeline.now() {
        hub.clock(now);
    }
    hub.phase(pipeline.phase());
    hub.sensors(pipeline.sensors().collect());
    hub.limits(&limits(pipeline));
    hub.cues(pipeline.cues());
    let counts = pipeline.samples();
    hub.samples(counts.0 - before.0, counts.1 - before.1);
    counts
}

fn limits(pipeline: &Pipeline) -> Vec<Limit> {
    let of = |side| pipeline.limits(side).map(move |(rule, amber, red)| Limit { side, rule, amber, red });
    Side::BOTH.into_iter().flat_map(of).collect()
}

/// Paces the source: an input is due when its session time has passed, at the given speed.
fn feed(
    inputs: Inputs,
    speed: Speed,
    stop: &CancellationToken,
    out: &SyncSender<(Input, Instant)>,
) -> anyhow::Result<()> {
    let mut start: Option<(Instant, SessionTime)> = None;
    let mut ended = false;
    for input in inputs {
        let input = input?;
        if let (Speed::Times(times), Some(t)) = (speed, session_time(&input)) {
            let (began, first) = *start.get_or_insert_with(|| (host_clock::instant(), t));
            sleep_until(began + Duration::from_secs_f64(((t - first) / times).max(0.0)), stop);
        }
        if stop.is_cancelled() {
            break;
        }
        ended = input == Input::End;
        if out.send((input, host_clock::instant())).is_err() {
            return Ok(());
        }
    }
    if !ended {
        // The session ends here, whatever the source would still have had; `err` is a pipeline that is gone.
        out.send((Input::End, host_clock::instant())).ok();
    }
    Ok(())
}

fn sleep_until(due: Instant, stop: &CancellationToken) {
    while !stop.is_cancelled() {
        let left = due.saturating_duration_since(host_clock::instant());
        if left.is_zero() {
            return;
        }
        // In slices, so that a stop is heard in time.
        thread::sleep(left.min(Duration::from_millis(50)));
    }
}

fn session_time(input: &Input) -> Option<SessionTime> {
    match input {
        Input::Packet(packet) => packet.arrival.or(packet.samples.last().map(|s| SessionTime(s.t.0))),
        Input::Mark(mark) => Some(mark.t),
        Input::Link(link) => Some(link.t),
        Input::Order(order) => Some(order.t),
        Input::Moment(moment) => Some(moment.t),
        Input::Sensor(_) | Input::End => None,
    }
}

/// What one push took in and gave out.
struct Note {
    input: Input,
    events: Vec<Event>,
}

/// Writes the recording on its own thread.
struct Keeper<'scope> {
    notes: SyncSender<Note>,
    thread: ScopedJoinHandle<'scope, Result<(), RecordError>>,
}

impl<'scope> Keeper<'scope> {
    fn start<'env>(scope: &'scope Scope<'scope, 'env>, path: PathBuf, tape: Tape, hub: &Hub) -> Self {
        let (notes, queue) = sync_channel(KEEPER_QUEUE);
        let hub = hub.clone();
        let thread = scope.spawn(move || write(tape, &path, &queue, &hub));
        Self { notes, thread }
    }

    /// Blocks while the queue is full: a recording drops nothing.
    fn keep(&self, note: Note) {
        // `err`: the writer has said on the page why it stopped.
        self.notes.send(note).ok();
    }

    fn finish(self) -> anyhow::Result<()> {
        drop(self.notes);
        Ok(self
            .thread
            .join()
            .map_err(|_| anyhow::anyhow!("the recording stopped working; start again"))??)
    }
}

/// Writes until the session ends; what stops it before is said on the page.
fn write(tape: Tape, path: &Path, notes: &Receiver<Note>, hub: &Hub) -> Result<(), RecordError> {
    let mut t = SessionTime(0.0);
    let held = match tape {
        Tape::Open(_) => Vec::new(),
        Tape::Later { .. } => match hold(notes) {
            Some(held) => held,
            None => return Ok(()),
        },
    };
    let written = tape.open(path).and_then(|recorder| keep_all(recorder, &held, path, notes, hub, &mut t));
    if let Err(error) = &written {
        tracing::error!("{error}");
        hub.publish(&Event::Health(Health {
            t,
            code: HealthCode::RecordingFailed,
            placement: None,
            active: true,
            message: error.to_string(),
        }));
    }
    written
}

/// Holds notes back until there is a sample to record; `None` when there never was.
fn hold(notes: &Receiver<Note>) -> Option<Vec<Note>> {
    let mut held = Vec::new();
    for note in notes {
        let sampled = matches!(note.input, Input::Packet(_));
        held.push(note);
        // A sensor that talks for long without one is worth recording, too.
        if sampled || held.len() == HELD {
            return Some(held);
        }
    }
    None
}

fn keep_all(
    mut recorder: Recorder,
    held: &[Note],
    path: &Path,
    notes: &Receiver<Note>,
    hub: &Hub,
    newest: &mut SessionTime,
) -> Result<(), RecordError> {
    let mut flushed = host_clock::instant();
    held.iter().try_for_each(|note| keep(&mut recorder, note))?;
    loop {
        match notes.recv_timeout(FLUSH) {
            Ok(note) => {
                *newest = session_time(&note.input).unwrap_or(*newest);
                keep(&mut recorder, &note)?;
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return recorder.finish(),
        }
        let now = host_clock::instant();
        if now - flushed >= FLUSH {
            flushed = now;
            recorder.flush()?;
            let bytes = std::fs::metadata(path).map_or(0, |m| m.len());
            hub.recording(&path.display().to_string(), bytes);
        }
    }
}

/// The raw input first: it is what cannot be made again.
fn keep(recorder: &mut Recorder, note: &Note) -> Result<(), RecordError> {
    recorder.input(&note.input)?;
    note.events.iter().try_for_each(|event| recorder.event(event))
}

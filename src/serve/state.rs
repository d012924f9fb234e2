//! What the page knows: the latest of everything that changes often, bounded lists of what must not
//! be missed, and the numbered messages that tell clients about them.

use super::alerts::AlertDetail;
use super::cues::{Channel, CueView, CuesNow};
use super::curves::{Running, Stride, Strides};
use super::light::{Evidence, LastStance, Light};
use super::metrics::{Exposition, label};
use super::programme::RunningView;
use super::screening::ScreeningView;
use super::view::{
    AlertView, BaselineView, CalibrationView, HealthView, LegNow, LimitView, MeasureView, RecordingView,
    SensorView, SourceKind, SourceLabel, StanceView, legs_now, obliquity_now, phase_word,
};
use crate::body::{PerSide, Placement, Side};
use crate::cue::CueStatus;
use crate::edge;
use crate::event::{
    self, Alert, Contact, ContactKind, Cue, Event, Frame, Health, Phase, SensorStatus, Stance, Test, Words,
};
use crate::gait::MEASURES;
use crate::guide::Status;
use crate::input::{CueSettings, Edge, Mark};
use serde::Serialize;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Stances shown per leg.
const STANCES: usize = 40;
/// Alerts listed; a run with more has other problems, and the recording has all of them.
const ALERTS: usize = 200;
/// Cues listed.
const CUES: usize = 50;
/// Notes about the data that are over and still listed.
const NOTES: usize = 50;
/// Messages that a client may be behind before it gets a snapshot instead.
const LOG: usize = 256;
/// A state this young is sent to the next client, too: shorter than a client's pace, so that nobody gets one twice.
const SHARED: Duration = Duration::from_millis(40);

/// A message with a number; numbers have no gaps.
#[derive(Serialize)]
struct Message<'a> {
    seq: u64,
    #[serde(flatten)]
    body: &'a Body<'a>,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Body<'a> {
    Stance {
        stance: &'a StanceView,
    },
    Stride {
        side: Side,
        stride: &'a Stride,
    },
    Alert {
        alert: &'a AlertView,
    },
    Health {
        health: &'a HealthView,
    },
    Baseline {
        baseline: &'a BaselineView,
    },
    Calibration {
        calibration: &'a CalibrationView,
    },
    Limits {
        limits: &'a [LimitView],
    },
    ScreeningBegins {
        test: Test,
    },
    Repetition {
        repetition: &'a serde_json::Value,
    },
    Screening {
        screening: &'a serde_json::Value,
    },
    Cue {
        cue: &'a CueView,
    },
    CueSettings {
        cue_settings: &'a CueSettings,
    },
    /// Somebody wants to know how a channel comes out.
    CueTest {
        channel: Channel,
    },
    /// A coach says something.
    CoachCue {
        words: Words,
        side: Option<Side>,
        unix_ms: i64,
    },
}

/// What changes with every frame; sent at the client's pace.
#[derive(Serialize)]
struct Now {
    #[serde(rename = "type")]
    kind: &'static str,
    /// The newest numbered message at this moment.
    seq: u64,
    #[serde(flatten)]
    fields: NowFields,
}

#[derive(Serialize)]
struct NowFields {
    time_s: Option<f64>,
    started_s: Option<f64>,
    phase: &'static str,
    ended: bool,
    /// Stances of both legs since the session began, and those of them that were judged.
    found: u64,
    judged: u64,
    lights: PerSide<Light>,
    /// Stances of the session that were not judged, by reason.
    withheld: PerSide<BTreeMap<&'static str, u32>>,
    legs: PerSide<LegNow>,
    /// Right side of the pelvis down, degrees; null without a sensor there.
    obliquity_deg: Option<f64>,
    running: PerSide<Option<Running>>,
    sensors: Vec<SensorView>,
    /// Places that have, or are to have, a sensor; none before anyone has said where.
    worn: Vec<Placement>,
    recording: Option<RecordingView>,
    cueing: CuesNow,
    programme: Option<RunningView>,
}

/// Everything that a client needs to begin with.
#[derive(Serialize)]
pub(super) struct Snapshot {
    #[serde(rename = "type")]
    kind: &'static str,
    seq: u64,
    #[serde(flatten)]
    now: NowFields,
    source: Option<SourceLabel>,
    stances: PerSide<Vec<StanceView>>,
    strides: PerSide<Vec<Stride>>,
    alerts: Vec<AlertView>,
    health: Vec<HealthView>,
    baselines: Vec<BaselineView>,
    limits: Vec<LimitView>,
    calibration: Option<CalibrationView>,
    screening: ScreeningView,
    cues: Vec<CueView>,
    cue_settings: CueSettings,
}

#[derive(Debug, Default)]
struct Counts {
    samples: u64,
    lost: u64,
    stances: u64,
    alerts: u64,
    withheld: BTreeMap<&'static str, u64>,
}

#[derive(Debug)]
pub(super) struct State {
    /// Number of the newest message.
    seq: u64,
    /// Rises when a new source begins: what clients hold is of the one before.
    source_number: u64,
    log: VecDeque<Arc<str>>,
    /// Rises with every change that `Now` shows.
    version: u64,
    /// The latest `Now` that was made: it costs more than all else that a client asks for.
    made: Option<Made>,
    counts: Counts,
    cue_settings: CueSettings,
    programme: Option<RunningView>,
    /// Where real sensors are to be.
    expected: Vec<Placement>,
    session: Session,
}

/// A state as it went out.
#[derive(Debug)]
struct Made {
    at: Instant,
    seq: u64,
    version: u64,
    text: Arc<str>,
}

/// All that ends with the source.
#[derive(Debug)]
struct Session {
    started: Option<f64>,
    clock: Option<f64>,
    phase: Phase,
    ended: bool,
    found: u64,
    judged: u64,
    withheld: PerSide<BTreeMap<&'static str, u32>>,
    source: Option<SourceLabel>,
    sensors: Vec<SensorStatus>,
    recording: Option<RecordingView>,
    frame: Option<Frame>,
    curves: PerSide<Strides>,
    /// The latest stride of each leg while it is in a rhythm.
    measured: PerSide<Option<event::Stride>>,
    last: PerSide<Option<LastStance>>,
    stances: PerSide<VecDeque<StanceView>>,
    standing: Vec<Alert>,
    alerts: VecDeque<AlertView>,
    evidence: VecDeque<event::Evidence>,
    health: VecDeque<HealthView>,
    baselines: Vec<(Side, BaselineView)>,
    limits: Vec<LimitView>,
    calibration: Option<CalibrationView>,
    screening: ScreeningView,
    cues: VecDeque<CueView>,
    cue_status: CueStatus,
    guide: Option<Status>,
}

impl Default for Session {
    fn default() -> Self {
        Self {
            started: None,
            clock: None,
            phase: Phase::WaitingForSensors,
            ended: false,
            found: 0,
            judged: 0,
            withheld: PerSide::default(),
            source: None,
            sensors: Vec::new(),
            recording: None,
            frame: None,
            curves: PerSide::default(),
            measured: PerSide::default(),
            last: PerSide::default(),
            stances: PerSide::default(),
            standing: Vec::new(),
            alerts: VecDeque::new(),
            evidence: VecDeque::new(),
            health: VecDeque::new(),
            baselines: Vec::new(),
            limits: Vec::new(),
            calibration: None,
            screening: ScreeningView::default(),
            cues: VecDeque::new(),
            cue_status: CueStatus::default(),
            guide: None,
        }
    }
}

impl Default for State {
    fn default() -> Self {
        Self {
            seq: 0,
            source_number: 1,
            log: VecDeque::with_capacity(LOG),
            version: 0,
            made: None,
            counts: Counts::default(),
            cue_settings: CueSettings::default(),
            programme: None,
            expected: Vec::new(),
            session: Session::default(),
        }
    }
}

/// How far a client is: nothing yet, by default.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Cursor {
    seq: u64,
    source_number: u64,
    version: u64,
}

/// Whether a client shall have the latest state now.
#[derive(Debug, Clone, Copy)]
pub(super) enum Due {
    No,
    IfChanged,
    Anyway,
}

/// What a client does not have yet.
pub(super) enum News {
    Snapshot(Box<Snapshot>),
    Messages(Vec<Arc<str>>),
}

impl State {
    pub(super) fn event(&mut self, event: &Event) {
        match event {
            Event::Frame(frame) => self.frame(frame),
            Event::Contact(contact) => self.contact(contact),
            Event::Stance(stance) => self.stance(stance),
            Event::Stride(stride) => self.session.measured[stride.side] = Some(*stride),
            Event::Alert(alert) => self.alert(alert),
            Event::Health(health) => self.health(health),
            Event::Evidence(evidence) => self.evidence(evidence),
            Event::Calibration(calibration) => {
                let calibration = CalibrationView::from(calibration.as_ref());
                self.say(&Body::Calibration { calibration: &calibration });
                self.session.calibration = Some(calibration);
            }
            Event::Repetition(repetition) => {
                let message = edge::screening::repetition(repetition);
                self.say(&Body::Repetition { repetition: &message });
                self.session.screening.repetitions.push(message);
            }
            Event::Screening(test) => {
                let message = self.session.screening.result(test);
                self.say(&Body::Screening { screening: &message });
            }
            Event::Baseline(baseline) => {
                let view = BaselineView::from(baseline);
                self.say(&Body::Baseline { baseline: &view });
                // A kept usual stays beside the one of today.
                let kept = baseline.kept.is_some();
                self.session
                    .baselines
                    .retain(|(side, view)| *side != baseline.side || view.is_kept() != kept);
                self.session.baselines.push((baseline.side, view));
            }
            Event::Cue(cue) => self.cue(cue),
        }
    }

    pub(super) fn clock(&mut self, t: f64) {
        self.version += 1;
        self.session.started.get_or_insert(t);
        self.session.clock = Some(self.session.clock.map_or(t, |now| now.max(t)));
    }

    pub(super) fn phase(&mut self, phase: Phase) {
        self.version += u64::from(self.session.phase != phase);
        self.session.phase = phase;
    }

    pub(super) fn ended(&mut self) {
        self.version += 1;
        self.session.ended = true;
    }

    pub(super) fn sensors(&mut self, sensors: Vec<SensorStatus>) {
        self.version += 1;
        self.session.sensors = sensors;
    }

    pub(super) fn expect_sensors(&mut self, expected: Vec<Placement>) {
        self.version += u64::from(self.expected != expected);
        self.expected = expected;
    }

    /// Places that have, or are to have, a sensor.
    pub(super) fn worn(&self) -> Vec<Placement> {
        let own = self.session.source.as_ref().is_some_and(|source| source.kind != SourceKind::Sensors);
        let has = |at| self.session.sensors.iter().any(|sensor| sensor.placement == Some(at));
        Placement::ALL.into_iter().filter(|at| has(*at) || (!own && self.expected.contains(at))).collect()
    }

    pub(super) fn recording(&mut self, path: String, bytes: u64) {
        self.version += 1;
        self.session.recording = Some(RecordingView { path, bytes });
    }

    pub(super) fn samples(&mut self, received: u64, lost: u64) {
        self.counts.samples += received;
        self.counts.lost += lost;
    }

    pub(super) fn limits(&mut self, limits: Vec<LimitView>) {
        if self.session.limits != limits {
            self.say(&Body::Limits { limits: &limits });
            self.session.limits = limits;
        }
    }

    pub(super) fn cue_status(&mut self, status: CueStatus) {
        self.version += u64::from(self.session.cue_status != status);
        self.session.cue_status = status;
    }

    pub(super) fn cue_settings(&mut self, settings: CueSettings) {
        if self.cue_settings != settings {
            self.say(&Body::CueSettings { cue_settings: &settings });
            self.cue_settings = settings;
        }
    }

    pub(super) fn coach_cue(&mut self, words: Words, side: Option<Side>, unix_ms: i64) {
        self.say(&Body::CoachCue { words, side, unix_ms });
    }

    pub(super) fn test_cue(&mut self, channel: Channel) {
        self.say(&Body::CueTest { channel });
    }

    pub(super) fn programme(&mut self, running: Option<RunningView>) {
        self.version += u64::from(self.programme != running);
        self.programme = running;
    }

    pub(super) fn segment(&mut self, label: SourceLabel) {
        self.source_number += 1;
        self.version += 1;
        self.made = None;
        self.session = Session { source: Some(label), ..Session::default() };
    }

    fn frame(&mut self, frame: &Frame) {
        self.clock(frame.t.0);
        self.session.frame = Some(*frame);
        for side in Side::BOTH {
            let finished = self.session.curves[side].frame(frame.t.0, &frame.legs[side]).cloned();
            if let Some(stride) = finished {
                self.say(&Body::Stride { side, stride: &stride });
            }
        }
    }

    fn contact(&mut self, contact: &Contact) {
        let curves = &mut self.session.curves[contact.side];
        match contact.kind {
            ContactKind::Initial => curves.initial_contact(contact.t.0),
            ContactKind::LockLost => {
                curves.lock_lost();
                self.session.measured[contact.side] = None;
            }
            _ => {}
        }
    }

    fn stance(&mut self, stance: &Stance) {
        self.counts.stances += 1;
        self.session.found += 1;
        self.session.judged += u64::from(stance.valid);
        if let Some(doubt) = stance.doubt.filter(|_| !stance.valid) {
            *self.counts.withheld.entry(doubt.word()).or_default() += 1;
            *self.session.withheld[stance.side].entry(doubt.word()).or_default() += 1;
        }
        self.clock(stance.decided.0);
        self.session.last[stance.side] = Some(LastStance {
            decided: stance.decided.0,
            gait: stance.gait,
            doubt: stance.doubt,
            valid: stance.valid,
        });
        let view = StanceView::from(stance);
        self.say(&Body::Stance { stance: &view });
        keep(&mut self.session.stances[stance.side], view, STANCES);
    }

    fn alert(&mut self, alert: &Alert) {
        let view = AlertView::from(alert);
        self.say(&Body::Alert { alert: &view });
        self.session.standing.retain(|a| a.number != alert.number);
        if alert.cleared.is_none() {
            self.session.standing.push(*alert);
        }
        if let Some(listed) = self.session.alerts.iter_mut().find(|a| a.number == alert.number) {
            *listed = view;
        } else {
            self.counts.alerts += 1;
            keep(&mut self.session.alerts, view, ALERTS);
        }
    }

    /// That of the highest severity stays.
    fn evidence(&mut self, evidence: &event::Evidence) {
        self.session.evidence.retain(|known| known.number != evidence.number);
        keep(&mut self.session.evidence, evidence.clone(), ALERTS);
    }

    fn cue(&mut self, cue: &Cue) {
        let view = CueView::from(cue);
        self.say(&Body::Cue { cue: &view });
        keep(&mut self.session.cues, view, CUES);
    }

    fn health(&mut self, health: &Health) {
        let view = HealthView::from(health);
        self.say(&Body::Health { health: &view });
        self.session
            .health
            .retain(|h| !(h.active && h.code == health.code && h.placement == health.placement));
        keep(&mut self.session.health, view, NOTES);
    }

    fn say(&mut self, body: &Body<'_>) {
        self.seq += 1;
        self.version += 1;
        let message = Message { seq: self.seq, body };
        let text = serde_json::to_string(&message).unwrap_or_default();
        keep(&mut self.log, text.into(), LOG);
    }

    pub(super) fn seq(&self) -> u64 {
        self.seq
    }

    /// What came after `cursor`, which moves on; a client that is too far behind, or holds another
    /// source, starts over.
    pub(super) fn news(&self, cursor: &mut Cursor) -> News {
        let behind = (self.seq - cursor.seq.min(self.seq)) as usize;
        if cursor.source_number != self.source_number || behind > self.log.len() {
            *cursor = Cursor { seq: self.seq, source_number: self.source_number, version: self.version };
            return News::Snapshot(Box::new(self.snapshot()));
        }
        cursor.seq = self.seq;
        News::Messages(self.log.iter().skip(self.log.len() - behind).cloned().collect())
    }

    /// The latest state, when it is due `at` this moment.
    pub(super) fn now(&mut self, cursor: &mut Cursor, due: Due, at: Instant) -> Option<Arc<str>> {
        let send = match due {
            Due::No => false,
            Due::IfChanged => cursor.version != self.version,
            Due::Anyway => true,
        };
        if !send {
            return None;
        }
        // Whoever has heard a message must not see the state before it.
        let young = |made: &Made| made.seq == self.seq && at.saturating_duration_since(made.at) < SHARED;
        if !self.made.as_ref().is_some_and(young) {
            let now = Now { kind: "state", seq: self.seq, fields: self.fields() };
            let text = serde_json::to_string(&now).unwrap_or_default().into();
            self.made = Some(Made { at, seq: self.seq, version: self.version, text });
        }
        let made = self.made.as_ref()?;
        cursor.version = made.version;
        Some(Arc::clone(&made.text))
    }

    fn fields(&self) -> NowFields {
        let session = &self.session;
        NowFields {
            time_s: session.clock,
            started_s: session.started,
            phase: self.phase_word(),
            ended: session.ended,
            found: session.found,
            judged: session.judged,
            lights: PerSide::from_fn(|side| self.light(side)),
            withheld: session.withheld.clone(),
            legs: legs_now(session.frame.as_ref()),
            obliquity_deg: obliquity_now(session.frame.as_ref()),
            running: PerSide::from_fn(|side| session.curves[side].running()),
            sensors: self.sensor_views(),
            worn: self.worn(),
            recording: session.recording.clone(),
            cueing: CuesNow::new(&self.cue_settings, &session.cue_status),
            programme: self.programme.clone(),
        }
    }

    pub(super) fn light(&self, side: Side) -> Light {
        let session = &self.session;
        Evidence {
            side,
            now: session.clock,
            phase: session.phase,
            ended: session.ended,
            sensors: &session.sensors,
            worn: &self.worn(),
            last: session.last[side],
            doubt: session.frame.and_then(|f| f.legs[side].doubt),
            standing: &session.standing,
        }
        .light()
    }

    fn snapshot(&self) -> Snapshot {
        let session = &self.session;
        Snapshot {
            kind: "snapshot",
            seq: self.seq,
            now: self.fields(),
            source: session.source.clone(),
            stances: PerSide::from_fn(|side| session.stances[side].iter().cloned().collect()),
            strides: PerSide::from_fn(|side| session.curves[side].done().cloned().collect()),
            alerts: self.alert_views(),
            health: self.health_views(),
            baselines: session.baselines.iter().map(|(_, view)| view.clone()).collect(),
            limits: session.limits.clone(),
            calibration: session.calibration.clone(),
            screening: session.screening.clone(),
            cues: session.cues.iter().copied().collect(),
            cue_settings: self.cue_settings,
        }
    }

    pub(super) fn screening(&self) -> &ScreeningView {
        &self.session.screening
    }

    /// A session is under way.
    pub(super) fn playing(&self) -> bool {
        self.session.clock.is_some() && !self.session.ended
    }

    pub(super) fn guided(&mut self, status: Status) {
        self.session.guide = Some(status);
    }

    pub(super) fn guide(&self) -> Option<&Status> {
        self.session.guide.as_ref()
    }

    pub(super) fn source(&self) -> Option<&SourceLabel> {
        self.session.source.as_ref()
    }

    pub(super) fn calibration(&self) -> Option<&CalibrationView> {
        self.session.calibration.as_ref()
    }

    pub(super) fn has_ended(&self) -> bool {
        self.session.ended
    }

    /// Steps have been taken, and it has not ended.
    pub(super) fn is_under_way(&self) -> bool {
        self.session.found > 0 && !self.session.ended
    }

    pub(super) fn marked(&mut self, mark: &Mark) {
        if let (Some(test), Edge::Begin) = (crate::screen::test_of(mark.stretch), mark.edge) {
            self.say(&Body::ScreeningBegins { test });
            self.session.screening.begin(test);
        }
    }

    pub(super) fn sensor_views(&self) -> Vec<SensorView> {
        self.session.sensors.iter().map(SensorView::from).collect()
    }

    pub(super) fn alert_views(&self) -> Vec<AlertView> {
        self.session.alerts.iter().copied().collect()
    }

    /// One of the listed alerts with what it was raised on.
    pub(super) fn alert_detail(&self, number: u32) -> Option<AlertDetail> {
        let alert = self.session.alerts.iter().find(|a| a.number == number)?;
        let evidence = self.session.evidence.iter().find(|e| e.number == number)?;
        Some(AlertDetail::new(*alert, evidence))
    }

    pub(super) fn health_views(&self) -> Vec<HealthView> {
        self.session.health.iter().cloned().collect()
    }

    pub(super) fn cues(&self, settings: &CueSettings) -> (CuesNow, Vec<CueView>) {
        let now = CuesNow::new(settings, &self.session.cue_status);
        (now, self.session.cues.iter().copied().collect())
    }

    pub(super) fn measure_views(&self) -> Vec<MeasureView> {
        let latest = &self.session.measured;
        MEASURES.iter().map(|measure| MeasureView::new(measure, latest)).collect()
    }

    /// Without thigh and shank of one leg there are steps, and nothing to calibrate or to judge.
    pub(super) fn phase_word(&self) -> &'static str {
        let worn = self.worn();
        let has = |at| worn.contains(&at);
        let steps = Side::BOTH.into_iter().any(|side| has(Placement::shank(side)));
        let angles =
            Side::BOTH.into_iter().any(|side| has(Placement::thigh(side)) && has(Placement::shank(side)));
        match self.session.phase {
            Phase::WaitingForSensors => phase_word(Phase::WaitingForSensors),
            _ if steps && !angles => "steps_only",
            phase => phase_word(phase),
        }
    }

    pub(super) fn sensor_statuses(&self) -> &[SensorStatus] {
        &self.session.sensors
    }

    /// Of the latest stride of either leg, while that leg is in a rhythm, steps per minute.
    pub(super) fn cadence_spm(&self) -> Option<f64> {
        let strides = Side::BOTH.into_iter().filter_map(|side| self.session.measured[side]);
        let latest = strides.max_by(|a, b| a.next_ic.0.total_cmp(&b.next_ic.0))?;
        Some((1200.0 / (latest.next_ic - latest.ic)).round() / 10.0)
    }

    pub(super) fn time(&self) -> Option<f64> {
        self.session.clock
    }

    pub(super) fn write_metrics(&self, out: &mut Exposition) {
        let counts = &self.counts;
        let mut one = |name: &str, help: &str, value: u64| out.family(name, "counter", help, [("", value)]);
        one("stancewatch_samples_total", "Samples received from all sensors.", counts.samples);
        one("stancewatch_samples_lost_total", "Samples that should have come and did not.", counts.lost);
        one("stancewatch_stances_total", "Stances found, judged or not.", counts.stances);
        one("stancewatch_alerts_total", "Alerts raised.", counts.alerts);
        let withheld = counts.withheld.iter().map(|(reason, n)| (label("reason", reason), n));
        let help = "Stances that were not judged, by reason.";
        out.family("stancewatch_stances_withheld_total", "counter", help, withheld);
        let sensors = &self.session.sensors;
        let named = |s: &SensorStatus| label("sensor", &s.name);
        let help = "Whether samples came within the last second.";
        let online = sensors.iter().map(|s| (named(s), u8::from(s.online)));
        out.family("stancewatch_sensor_online", "gauge", help, online);
        let help = "Measured sample rate.";
        let rates = sensors.iter().map(|s| (named(s), s.rate_hz));
        out.family("stancewatch_sensor_rate_hertz", "gauge", help, rates);
        let help = "Share of samples lost since the start.";
        let losses = sensors.iter().map(|s| (named(s), s.loss));
        out.family("stancewatch_sensor_loss_ratio", "gauge", help, losses);
    }
}

fn keep<T>(list: &mut VecDeque<T>, item: T, most: usize) {
    if list.len() == most {
        list.pop_front();
    }
    list.push_back(item);
}

//! Sans-I/O: push(Input) -> Events. The only place where the stages meet.
//!
//! Live, replay and batch call the same [`Pipeline::push`]; the same inputs in the same order give the
//! same events to the bit. Nothing is allocated per sample once buffers have grown to their size.

mod forward;
mod frames;
mod line;
mod sigma;
mod stances;
mod standing;
mod ties;

use crate::body::{Packet, PerPlacement, Placement, SensorId, SensorInfo, Side};
use crate::cue::{CueStatus, Cuer};
use crate::event::{
    Calibration, Contact, ContactKind, Cue, Doubt, Event, Fused, Grade, Health, HealthCode, Phase, Rule,
    SensorStatus, Stance, StanceDoubt,
};
use crate::flag::{self, ConfigError, FlagConfig, Flagger, KeptBaseline};
use crate::gait::{GaitTracker, Strides};
use crate::health::HealthMonitor;
use crate::input::{Input, Link, Mark, Order, Report, Trouble};
use crate::screen::{self, Screener};
use crate::segment::calibration::{Calibrator, Knees, Step};
use crate::segment::slip::{Slip, SlipWatch};
use crate::units::SessionTime;
use frames::FrameStage;
use line::Line;
use serde::{Deserialize, Serialize};
use stances::StanceStage;
use std::ops::RangeInclusive;
use ties::Ties;

/// Sensor states are looked at this often, s of session time.
const HEALTH_INTERVAL: f64 = 0.5;

/// Sample rates that a worn sensor can have, Hz: below, a stance has two samples; no family that we know of goes
/// beyond a third of the upper end, and memory for the last seconds grows with it.
const RATES: RangeInclusive<f64> = 10.0..=5000.0;

/// A session that is not calibrated after this long is told what is missing, s: the guided procedure
/// takes about 30 s, and calibration from gait alone needs 8 s of it.
const CALIBRATION_PATIENCE: f64 = 60.0;

/// So many stances on the spot are no accident: about three seconds.
const SPOT_STANCES: u32 = 8;
/// A quiet stretch is told several times a second: more than this in one step, s, is a broken recording, and would
/// make as many frames.
const QUIET_STEP: f64 = 5.0;

/// Everything that changes the pipeline's results. Recorded with a session, so that its replay is equal.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PipelineConfig {
    pub flags: FlagConfig,
    /// What earlier sessions of this runner left: judged against from the first stride.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usual: Option<KeptBaseline>,
}

#[derive(Debug)]
pub struct Pipeline {
    lines: PerPlacement<Option<Line>>,
    /// Sensors that are worn nowhere that we know of: counted, otherwise ignored.
    strangers: Vec<SensorInfo>,
    gait: GaitTracker,
    strides: Strides,
    calibrator: Calibrator,
    frames: FrameStage,
    slips: SlipWatch,
    ties: Ties,
    stances: StanceStage,
    screener: Screener,
    flagger: Flagger,
    cuer: Cuer,
    health: HealthMonitor,
    now: Option<SessionTime>,
    began: Option<SessionTime>,
    next_health: f64,
    progress: Progress,
    /// Stances on the spot since the last that went somewhere.
    on_the_spot: u32,
    events: Vec<Event>,
    scratch: Scratch,
}

/// How far the session has come, for the runner.
#[derive(Debug, Clone, Copy, Default)]
struct Progress {
    stood_still: bool,
    calibrated: bool,
    baseline: bool,
}

/// Buffers that keep their size between pushes.
#[derive(Debug, Default)]
struct Scratch {
    fused: Vec<Fused>,
    contacts: Vec<Contact>,
    steps: Vec<Step>,
    health: Vec<Health>,
    cues: Vec<Cue>,
}

impl Pipeline {
    /// With these settings, if they make sense.
    pub fn new(config: &PipelineConfig) -> Result<Self, ConfigError> {
        let mut flagger = Flagger::with_config(config.flags.clone())?;
        if let Some(kept) = &config.usual {
            kept.check()?;
            flagger.keep(kept);
        }
        Ok(Self {
            lines: PerPlacement::from_fn(|_| None),
            strangers: Vec::new(),
            gait: GaitTracker::new(),
            strides: Strides::default(),
            calibrator: Calibrator::new(),
            frames: FrameStage::new(),
            slips: SlipWatch::default(),
            ties: Ties::default(),
            stances: StanceStage::new(),
            screener: Screener::default(),
            flagger,
            cuer: Cuer::new(),
            health: HealthMonitor::new(),
            now: None,
            began: None,
            next_health: f64::NEG_INFINITY,
            progress: Progress { baseline: config.usual.is_some(), ..Progress::default() },
            on_the_spot: 0,
            events: Vec::new(),
            scratch: Scratch::default(),
        })
    }

    /// Feeds one input; gives the events that it caused, in the order in which they were known. They
    /// stand until the next push.
    pub fn push(&mut self, input: &Input) -> &[Event] {
        self.events.clear();
        match input {
            Input::Sensor(info) => self.sensor(info),
            Input::Packet(packet) => self.packet(packet),
            Input::Mark(mark) => self.mark(*mark),
            Input::Link(link) => self.link(link),
            Input::Order(order) => self.order(order),
            Input::Moment(_) => {}
            Input::End => self.end(),
        }
        self.cue();
        &self.events
    }

    /// The newest session time seen.
    #[must_use]
    pub fn now(&self) -> Option<SessionTime> {
        self.now
    }

    /// What each leg is judged against now: rule, amber and red, rad.
    pub fn limits(&self, side: Side) -> impl Iterator<Item = (Rule, f64, f64)> + '_ {
        self.flagger.limits(side)
    }

    /// How the cues stand.
    #[must_use]
    pub fn cues(&self) -> CueStatus {
        self.cuer.status()
    }

    /// How each sensor does, worn ones first, in the order of [`Placement::ALL`].
    pub fn sensors(&self) -> impl Iterator<Item = SensorStatus> {
        let now = self.now.unwrap_or(SessionTime(0.0));
        let worn = self.lines.iter().filter_map(move |(_, line)| line.as_ref().map(|line| line.status(now)));
        worn.chain(self.strangers.iter().map(stranger_status))
    }

    /// Samples received and lost so far, over all worn sensors.
    #[must_use]
    pub fn samples(&self) -> (u64, u64) {
        let counts = self.lines.iter().filter_map(|(_, line)| line.as_ref()).map(|line| line.counts);
        counts.fold((0, 0), |(received, lost), c| (received + c.samples, lost + c.lost))
    }

    /// What the runner has to do next.
    #[must_use]
    pub fn phase(&self) -> Phase {
        let now = self.now.unwrap_or(SessionTime(0.0));
        let leg_online = self.lines.iter().any(|(placement, line)| {
            placement != Placement::Pelvis && line.as_ref().is_some_and(|l| l.online(now))
        });
        match self.progress {
            _ if !leg_online => Phase::WaitingForSensors,
            Progress { calibrated: true, baseline: true, .. } => Phase::Watching,
            Progress { calibrated: true, .. } => Phase::LearningUsual,
            Progress { stood_still: true, .. } => Phase::Move,
            _ => Phase::StandStill,
        }
    }

    fn sensor(&mut self, info: &SensorInfo) {
        let usable = RATES.contains(&info.rate.0);
        self.say(HealthCode::BadData, info.placement, info.placement.is_some() && !usable, || {
            format!(
                "{} states {} samples per second and is ignored; give a rate from {} to {}",
                info.name,
                info.rate.0,
                RATES.start(),
                RATES.end()
            )
        });
        self.leave(info);
        let Some(placement) = info.placement.filter(|_| usable) else {
            self.strangers.push(info.clone());
            return;
        };
        let other = self.lines[placement].as_ref().map(|line| &line.info).filter(|other| other.id != info.id);
        let other = other.cloned();
        self.say(HealthCode::DuplicatePlacement, Some(placement), other.is_some(), || {
            format!(
                "two sensors claim the {}; {} is used and the other ignored: give it another place",
                crate::health::words(placement),
                info.name
            )
        });
        if let Some(other) = other {
            self.uncalibrate(placement);
            self.strangers.push(other);
        }
        self.gait.add_sensor(placement, info.rate);
        self.lines[placement] = Some(Line::new(info.clone()));
    }

    /// A sensor is announced: wherever else it was before, it is not any more.
    fn leave(&mut self, info: &SensorInfo) {
        if let Some(known) = self.strangers.iter().position(|known| known.id == info.id) {
            // It had lost its place to another one, and no longer claims it.
            let claimed =
                self.strangers.swap_remove(known).placement.filter(|from| Some(*from) != info.placement);
            if let Some(from) = claimed {
                self.say(HealthCode::DuplicatePlacement, Some(from), false, || {
                    format!("the {} has one sensor again", crate::health::words(from))
                });
            }
        }
        if let Some(from) = self.placement_of(info.id).filter(|from| Some(*from) != info.placement) {
            self.lines[from] = None;
            self.uncalibrate(from);
            info.placement.into_iter().for_each(|to| self.uncalibrate(to));
        }
    }

    /// Another sensor is there now, mounted another way: what was found for the one before means nothing.
    fn uncalibrate(&mut self, placement: Placement) {
        for side in Side::BOTH.into_iter().filter(|side| placement.side().is_none_or(|of| of == *side)) {
            self.frames.slipped(side);
            self.calibrator.slipped(side);
        }
    }

    fn packet(&mut self, packet: &Packet) {
        let Some(placement) = self.placement_of(packet.sensor) else { return };
        let Some(line) = &mut self.lines[placement] else { return };
        line.arrived(packet);
        for sample in &packet.samples {
            let Some(line) = &mut self.lines[placement] else { return };
            let Some(t) = line.accept(sample) else { continue };
            line.fuse(t, sample, &mut self.scratch.fused);
            self.gait.push(placement, t, &sample.acc, &sample.gyr, &mut self.scratch.contacts);
            self.now = Some(self.now.map_or(t, |now| if t > now { t } else { now }));
            self.settle(placement);
            self.advance(false);
        }
        self.look_after_sensors();
    }

    fn link(&mut self, link: &Link) {
        let placement = link.sensor.and_then(|sensor| self.placement_of(sensor));
        match &link.report {
            Report::Battery { percent } => {
                if let Some(line) = placement.and_then(|placement| self.lines[placement].as_mut()) {
                    line.battery = Some(*percent);
                }
            }
            Report::Trouble { trouble, active, message } => {
                let code = match trouble {
                    Trouble::Radio => HealthCode::RadioDown,
                    Trouble::Lost => HealthCode::LinkLost,
                    Trouble::Unusable => HealthCode::SensorUnusable,
                    Trouble::Garbage => HealthCode::Garbled,
                    Trouble::Claim => HealthCode::DuplicatePlacement,
                    Trouble::BatteryLow => HealthCode::BatteryLow,
                };
                // While nothing is sent, only the link knows what time it is.
                let before = self.now.unwrap_or(SessionTime(0.0));
                let now = if link.t.0.is_finite() && link.t > before { link.t } else { before };
                let out = &mut self.scratch.health;
                self.health.set(now, code, placement, *active, out, || message.clone());
                self.events.extend(self.scratch.health.drain(..).map(Event::Health));
            }
            Report::Quiet if link.t.0.is_finite() => {
                self.now = self.now.map(|now| now + (link.t - now).clamp(0.0, QUIET_STEP));
                self.advance(false);
                self.look_after_sensors();
            }
            Report::Quiet | Report::Bytes { .. } => {}
        }
    }

    fn placement_of(&self, sensor: SensorId) -> Option<Placement> {
        self.lines
            .iter()
            .find(|(_, line)| line.as_ref().is_some_and(|line| line.info.id == sensor))
            .map(|(placement, _)| placement)
    }

    fn mark(&mut self, mark: Mark) {
        self.calibrator.mark(mark);
        self.flagger.mark(mark);
        if screen::test_of(mark.stretch).is_some() {
            self.frames.screening(mark);
            self.screener.mark(mark);
        }
    }

    fn order(&mut self, order: &Order) {
        let now = self.now.unwrap_or(SessionTime(0.0));
        self.cuer.order(now, &order.wish, &mut self.scratch.cues);
    }

    /// What all that was said means to the runner's ear.
    fn cue(&mut self) {
        let now = self.now.unwrap_or(SessionTime(0.0));
        self.cuer.follow(now, &self.events, &mut self.scratch.cues);
        self.events.extend(self.scratch.cues.drain(..).map(Event::Cue));
    }

    fn end(&mut self) {
        for placement in Placement::ALL {
            if let Some(line) = &mut self.lines[placement] {
                line.finish(&mut self.scratch.fused);
            }
            self.settle(placement);
        }
        self.calibrator.finish(&mut self.scratch.steps);
        self.take_steps();
        self.advance(true);
        self.screener.finish(|event| self.events.push(event));
        self.miss_calibration(true);
        // Told only when nothing better can follow: a calibration in the midst of setting up would end it.
        let knees = self.frames.knees_alone().cloned();
        self.events.extend(knees.map(|calibration| Event::Calibration(Box::new(calibration))));
    }

    /// Passes on what one sensor's sample has brought: to calibration, and contacts to whom they concern.
    fn settle(&mut self, placement: Placement) {
        for fused in self.scratch.fused.drain(..) {
            self.calibrator.push(placement, &fused, &mut self.scratch.steps);
        }
        let mut slip = None;
        for contact in self.scratch.contacts.drain(..) {
            self.calibrator.contact(&contact);
            self.stances.contact(&contact);
            match contact.kind {
                ContactKind::MidSwing => {
                    self.frames.mid_swing(&self.lines, contact.side, contact.t);
                    let Self { ties, lines, frames, .. } = self;
                    ties.stride(lines, contact.side, contact.t, |lower, answer| {
                        frames.joint(lower, contact.gait, answer);
                    });
                    slip = slip.or(self.slips.stride(contact.side, contact.gait));
                }
                ContactKind::LockLost => self.flagger.drop_evidence(Some(contact.decided), &mut self.events),
                _ => {}
            }
            self.events.push(Event::Contact(contact));
            self.events.extend(self.strides.push(&contact).map(Event::Stride));
        }
        if let Some(slip) = slip {
            self.slipped(slip);
        }
        self.take_steps();
    }

    /// What was measured with that leg from now on means nothing until it is calibrated again.
    fn slipped(&mut self, slip: Slip) {
        let Some(side) = slip.placement.side() else { return };
        self.frames.slipped(side);
        self.calibrator.slipped(side);
        self.say(HealthCode::StrapSlipped, Some(slip.placement), true, || {
            format!(
                "the {} sensor seems to have turned on its strap by about {:.0} degrees, and the {side} leg is not judged; tighten it, stand still for five seconds and run on",
                crate::health::words(slip.placement),
                slip.by.to_degrees()
            )
        });
    }

    /// Acts on what calibration has found.
    fn take_steps(&mut self) {
        if self.scratch.steps.is_empty() {
            return;
        }
        let mut steps = std::mem::take(&mut self.scratch.steps);
        for step in steps.drain(..) {
            match step {
                Step::GyroZero { placement, zero } => {
                    self.progress.stood_still = true;
                    if let Some(line) = &mut self.lines[placement] {
                        line.fusion.set_gyro_zero(zero);
                    }
                }
                Step::Done(calibration) => self.calibrated(calibration),
                Step::Knees(knees) => self.knees(*knees),
            }
        }
        self.scratch.steps = steps;
    }

    /// What is missing is another thing from now on.
    fn knees(&mut self, knees: Knees) {
        if self.frames.knees_alone().is_none() {
            self.miss_calibration(false);
        }
        self.frames.knees(knees);
    }

    fn calibrated(&mut self, calibration: Box<Calibration>) {
        self.progress.calibrated = true;
        self.miss_calibration(false);
        let refused = calibration.grade == Grade::Refused;
        self.say(HealthCode::CalibrationRefused, None, refused, || calibration.reason.clone());
        for (placement, segment) in calibration.segments.iter() {
            if segment.as_ref().is_some_and(|s| s.quality.grade < Grade::Refused) {
                self.say(HealthCode::StrapSlipped, Some(placement), false, || {
                    format!("the {} is calibrated again", crate::health::words(placement))
                });
            }
        }
        let worn: Vec<_> = self.lines.iter().filter(|(_, line)| line.is_some()).map(|(at, _)| at).collect();
        let unmeasured = self.flagger.config().check_sensors(&worn).err();
        self.say(HealthCode::RuleNotMeasured, None, unmeasured.is_some(), || {
            unmeasured
                .as_ref()
                .map_or_else(|| "every rule that is asked for is measured".into(), ToString::to_string)
        });
        self.slips.calibrated();
        self.frames.calibrated(&self.lines, &calibration);
        self.flagger.calibrated(flag::legs(&calibration));
        self.events.push(Event::Calibration(calibration));
    }

    /// Moves the grid, completes stances and judges them.
    fn advance(&mut self, last: bool) {
        let Some(now) = self.now else { return };
        let Self { frames, lines, slips, stances, screener, events, .. } = self;
        frames.advance(lines, now, last, |frame, lean| {
            stances.frame(&frame, lean);
            slips.frame(&frame);
            screener.frame(&frame, |event| events.push(event));
            events.push(Event::Frame(frame));
        });
        while let Some(stance) = self.next_stance(last) {
            self.judge(stance);
        }
    }

    fn next_stance(&mut self, last: bool) -> Option<Stance> {
        let (frames, lines) = (&self.frames, &self.lines);
        self.stances.next(last, |side, ic, tc| frames.basis(lines, side, ic, tc))
    }

    fn judge(&mut self, mut stance: Stance) {
        self.look_at_progression(&stance);
        let slot = self.events.len();
        self.flagger.judge(&mut stance, &mut self.events);
        self.progress.baseline |= self.events.iter().skip(slot).any(|e| matches!(e, Event::Baseline(_)));
        self.events.insert(slot, Event::Stance(stance));
    }

    fn look_at_progression(&mut self, stance: &Stance) {
        if stance.doubt == Some(StanceDoubt::Angles(Doubt::NoProgression)) {
            self.on_the_spot = self.on_the_spot.saturating_add(1);
        } else if stance.valid {
            self.on_the_spot = 0;
        }
        self.say(HealthCode::NoProgression, None, self.on_the_spot >= SPOT_STANCES, || {
            "you run on the spot, where forward is not defined and nothing is judged; run ahead, over ground or on a treadmill".into()
        });
    }

    fn look_after_sensors(&mut self) {
        let Some(now) = self.now else { return };
        if now.0 < self.next_health {
            return;
        }
        self.next_health = now.0 + HEALTH_INTERVAL;
        for (placement, line) in self.lines.iter() {
            let Some(line) = line else { continue };
            self.health.sensor(now, &line.nameless_status(now), &mut self.scratch.health);
            let (placement, bad) = (Some(placement), line.counts.many_bad());
            self.health.set(now, HealthCode::BadData, placement, bad, &mut self.scratch.health, || {
                format!(
                    "{} sends values or times that cannot be, and they are left out; check its units and restart it",
                    line.info.name
                )
            });
        }
        self.look_after_signals(now);
        let began = *self.began.get_or_insert(now);
        if now - began > CALIBRATION_PATIENCE {
            self.miss_calibration(true);
        }
        self.events.extend(self.scratch.health.drain(..).map(Event::Health));
    }

    /// What only the stages know of a sensor's signal.
    fn look_after_signals(&mut self, now: SessionTime) {
        for (placement, line) in self.lines.iter() {
            let Some(line) = line else { continue };
            let (place, out) = (Some(placement), &mut self.scratch.health);
            let saturated = line.track.doubt() == Some(Doubt::Saturated);
            self.health.set(now, HealthCode::Saturated, place, saturated, out, || {
                let words = crate::health::words(placement);
                format!("the {words} sensor runs into the end of its range; set it to at least 16 g and 1000 degrees per second")
            });
            let jumps = line.clock.state().jumps;
            self.health.set(now, HealthCode::ClockJumped, place, jumps > 0, out, || {
                let words = crate::health::words(placement);
                format!(
                    "the clock of the {words} sensor has jumped; if it happens again, restart that sensor"
                )
            });
        }
    }

    /// Says that there is no calibration, where `due` and true.
    fn miss_calibration(&mut self, due: bool) {
        let knees = self.frames.knees_alone().is_some();
        self.say(HealthCode::CalibrationMissing, None, due && !self.progress.calibrated, || {
            if knees {
                "only the knees are calibrated, and nothing is judged: walk or run for ten seconds for the hips as well".into()
            } else {
                "not calibrated: stand still for five seconds, bend the knees slowly three times, then walk or run".into()
            }
        });
    }

    fn say(
        &mut self,
        code: HealthCode,
        placement: Option<Placement>,
        wrong: bool,
        message: impl FnOnce() -> String,
    ) {
        let now = self.now.unwrap_or(SessionTime(0.0));
        self.health.set(now, code, placement, wrong, &mut self.scratch.health, message);
        self.events.extend(self.scratch.health.drain(..).map(Event::Health));
    }
}

fn stranger_status(info: &SensorInfo) -> SensorStatus {
    SensorStatus {
        name: info.name.clone(),
        placement: None,
        online: false,
        last_sample: None,
        rate_hz: 0.0,
        nominal_rate_hz: info.rate.0,
        loss: 0.0,
        jitter: None,
        clock_sigma: None,
        battery: None,
    }
}

//! The 100 Hz grid on which all sensors meet: segment orientations and headings to angles.

use super::forward::Forward;
use super::line::Line;
use super::sigma::{Basis, Segment};
use super::standing::Standing;
use crate::body::{PerPlacement, PerSide, Placement, Side};
use crate::event::{
    Angles, Calibration, Doubt, Frame, Gait, Grade, LegAngles, PelvisAngles, SegmentCalibration,
};
use crate::fusion::Turn;
use crate::input::Mark;
use crate::joint::{self, GaitFromSegment};
use crate::segment::calibration::Knees;
use crate::segment::heading::{Heading, HeadingParams};
use crate::segment::progression::{self, Evidence};
use crate::segment::tie::Answer;
use crate::segment::track::Pose;
use crate::segment::turn::TurnTracker;
use crate::units::SessionTime;
use nalgebra::{UnitQuaternion, Vector2, Vector3};
use std::collections::VecDeque;

/// Time between frames, s (contract: 100 Hz).
const STEP: f64 = 0.01;
/// The grid waits this long for a late sensor, s: a bridged gap needs up to 0.24 s, a slow link
/// about 0.1 s more.
const WAIT: f64 = 0.35;
/// Over a longer time without any sample the grid does not go on, s: there is nothing to say every 10 ms of
/// an hour's break, and a clock that leaps by years would never be caught up with.
const LONGEST_PAUSE: f64 = 60.0;
/// Strides longer than this are pauses, s; a pause of more than the second lets a heading drift off.
const LONGEST_STRIDE: f64 = 1.7;
const FORGET_HEADING: f64 = 10.0;
/// Ends of strides that a late sensor may owe.
const MOST_ENDS: usize = 8;
/// Strides of four seconds, the pelvis's twice as many: what a track holds.
const PAST: usize = 16;
/// Running speed while none is measured, m/s: the middle of recreational running; an error of 20 %
/// changes the stance peak by 0.03 degrees (own measurement on virtual running).
const TYPICAL_SPEED: f64 = 2.9;

/// A calibration that turns a segment by less than this, rad (8 degrees), knows the same wearing better: its heading
/// goes on.
const REFINED: f64 = 0.14;

/// So far back a turn is felt in the inclination, s: twice the time constant of fusion's levelling.
const TURN_FELT: f64 = 4.0;

#[derive(Debug)]
pub(crate) struct FrameStage {
    /// Number of the next frame; its time is this many steps.
    next: Option<i64>,
    calibration: Option<Calibration>,
    /// While there is no calibration.
    knees: Option<Knees>,
    limbs: PerPlacement<Limb>,
    forward: Forward,
    turn: TurnTracker,
    /// Forward in a screening test.
    standing: Standing,
    /// Kept the grid from going on last time, and is asked first the next time.
    slowest: Placement,
    /// Ends of strides that wait in all limbs together.
    waiting: usize,
}

/// What the grid keeps per placement.
#[derive(Debug, Default)]
struct Limb {
    heading: Heading,
    /// Where the current stride began; the pelvis has one with each leg, a thigh or shank with its own.
    since: PerSide<Option<SessionTime>>,
    /// The end of the last stride: who does not stride has no direction of progression, and the heading drifts.
    strode: Option<SessionTime>,
    /// Ends of strides that the track has not reached yet.
    ends: VecDeque<(Side, SessionTime)>,
    /// The last strides, begin and end, as far back as the track goes: a new calibration reads them again.
    past: VecDeque<(SessionTime, SessionTime)>,
}

impl Limb {
    fn new(placement: Placement) -> Self {
        let heading = if placement == Placement::Pelvis {
            Heading::new(HeadingParams::twice_per_stride())
        } else {
            Heading::default()
        };
        Self { heading, ..Self::default() }
    }
}

/// One placement at one moment: its orientation in the gait frame, or why there is none.
#[derive(Clone, Copy)]
enum View {
    Trusted(GaitFromSegment),
    Withheld(Doubt),
}

impl Default for View {
    fn default() -> Self {
        Self::Withheld(Doubt::SensorLost)
    }
}

impl View {
    /// `doubt`: of the heading.
    fn of(pose: &Pose, segment: &SegmentCalibration, doubt: Option<Doubt>, heading: Option<f64>) -> Self {
        match (pose.doubt.or(segment.quality.doubt).or(doubt), heading) {
            (Some(doubt), _) => Self::Withheld(doubt),
            (None, None) => Self::Withheld(Doubt::HeadingUnsettled),
            (None, Some(heading)) => {
                let world_from_segment = pose.world_from_sensor * segment.sensor_from_segment;
                Self::Trusted(joint::gait_from_segment(&world_from_segment, heading))
            }
        }
    }

    fn orientation(&self) -> Option<&GaitFromSegment> {
        match self {
            Self::Trusted(orientation) => Some(orientation),
            Self::Withheld(_) => None,
        }
    }

    fn doubt(&self) -> Option<Doubt> {
        match self {
            Self::Trusted(_) => None,
            Self::Withheld(doubt) => Some(*doubt),
        }
    }
}

impl FrameStage {
    pub(crate) fn new() -> Self {
        Self {
            next: None,
            calibration: None,
            knees: None,
            limbs: PerPlacement::from_fn(Limb::new),
            forward: Forward::default(),
            turn: TurnTracker::default(),
            standing: Standing::default(),
            slowest: Placement::Pelvis,
            waiting: 0,
        }
    }

    pub(crate) fn calibrated(&mut self, lines: &PerPlacement<Option<Line>>, calibration: &Calibration) {
        let before = self.calibration.as_ref();
        for (placement, limb) in self.limbs.iter_mut() {
            let (old, new) =
                (before.and_then(|c| c.segments[placement].as_ref()), &calibration.segments[placement]);
            let refined = old.zip(new.as_ref()).is_some_and(|(old, new)| {
                old.sensor_from_segment.angle_to(&new.sensor_from_segment) < REFINED
            });
            if refined {
                continue;
            }
            limb.heading.reset();
            self.forward.forget(placement);
            let (Some(line), Some(segment)) = (&lines[placement], &calibration.segments[placement]) else {
                continue;
            };
            let past = std::mem::take(&mut limb.past);
            for (begin, end) in past.iter().copied().filter(|(begin, _)| line.track.oldest() <= Some(*begin))
            {
                limb.stride(placement, line, begin, end, &segment.sensor_from_segment, &self.turn);
            }
            limb.past = past;
        }
        self.calibration = Some(calibration.clone());
        self.knees = None;
    }

    /// These angles are all that can be told; a calibration that gave nothing is forgotten.
    pub(crate) fn knees(&mut self, knees: Knees) {
        let gave = |calibration: &Calibration| calibration.segments.iter().any(|(_, s)| s.is_some());
        self.calibration = self.calibration.take().filter(gave);
        self.knees = Some(knees);
    }

    /// The calibration of the knees, if it is all there is.
    pub(crate) fn knees_alone(&self) -> Option<&Calibration> {
        self.knees.as_ref().map(|knees| &knees.calibration).filter(|_| self.calibration.is_none())
    }

    /// A strap of this leg has slipped: nothing of it holds until the next calibration.
    pub(crate) fn slipped(&mut self, side: Side) {
        if let Some(knees) = &mut self.knees {
            knees.headings[side] = None;
        }
        let Some(calibration) = &mut self.calibration else { return };
        for placement in [Placement::thigh(side), Placement::shank(side)] {
            if let Some(segment) = &mut calibration.segments[placement] {
                segment.quality.doubt = Some(Doubt::StrapSlipped);
            }
        }
    }

    /// From this mark on forward is where the segments point in standing, for a test on the spot; or it is no more.
    pub(crate) fn screening(&mut self, mark: Mark) {
        self.standing.mark(mark);
    }

    /// The forward swing of a leg was fastest at `t`: a stride of its segments ends and the next begins.
    pub(crate) fn mid_swing(&mut self, lines: &PerPlacement<Option<Line>>, side: Side, t: SessionTime) {
        for placement in [Placement::thigh(side), Placement::shank(side), Placement::Pelvis] {
            self.end_stride(lines, placement, side, t);
        }
    }

    /// The joint above this segment was asked.
    pub(crate) fn joint(&mut self, lower: Placement, gait: Gait, answer: &Answer) {
        self.forward.answered(lower, gait, answer);
    }

    fn end_stride(
        &mut self,
        lines: &PerPlacement<Option<Line>>,
        placement: Placement,
        side: Side,
        t: SessionTime,
    ) {
        if lines[placement].is_none() {
            return;
        }
        let limb = &mut self.limbs[placement];
        limb.ends.push_back((side, t));
        self.waiting += 1;
        if limb.ends.len() > MOST_ENDS {
            // The sensor is silent: what it has to say later is no stride that began back then.
            limb.ends.pop_front();
            limb.since = PerSide::default();
            self.waiting -= 1;
        }
    }

    /// Moves the grid as far as the sensors allow and hands each frame on.
    pub(crate) fn advance(
        &mut self,
        lines: &mut PerPlacement<Option<Line>>,
        now: SessionTime,
        last: bool,
        mut emit: impl FnMut(Frame, PerSide<Option<f64>>),
    ) {
        self.finish_strides(lines, now);
        // The grid begins with the first sample of any sensor.
        let mut next = *self.next.get_or_insert((now.0 / STEP).ceil() as i64);
        if next as f64 * STEP > now.0 {
            return;
        }
        let Some(horizon) = self.horizon(lines, SessionTime(next as f64 * STEP), now, last) else { return };
        if horizon - next as f64 * STEP > LONGEST_PAUSE {
            next = (horizon / STEP).ceil() as i64;
        }
        while next as f64 * STEP <= horizon {
            let t = SessionTime(next as f64 * STEP);
            let (frame, lean) = self.frame(lines, t, now);
            emit(frame, lean);
            next += 1;
        }
        self.next = Some(next);
    }

    /// How far the grid can go on, s; `None` where not even to `next`.
    fn horizon(
        &mut self,
        lines: &PerPlacement<Option<Line>>,
        next: SessionTime,
        now: SessionTime,
        last: bool,
    ) -> Option<f64> {
        let waited = now.0 - if last { 0.0 } else { WAIT };
        let reach = |line: &Line| line.track.newest().map_or(waited, |newest| newest.0.max(waited));
        if lines[self.slowest].as_ref().is_some_and(|line| reach(line) < next.0) {
            return None;
        }
        let mut horizon = now.0;
        for (placement, line) in lines.iter() {
            let reach = line.as_ref().map_or(f64::INFINITY, reach);
            if reach < horizon {
                (horizon, self.slowest) = (reach, placement);
            }
        }
        (horizon >= next.0).then_some(horizon)
    }

    fn finish_strides(&mut self, lines: &PerPlacement<Option<Line>>, now: SessionTime) {
        if self.waiting == 0 {
            return;
        }
        let calibration = self.calibration.as_ref();
        for (placement, limb) in self.limbs.iter_mut() {
            let Some(line) = &lines[placement] else { continue };
            let reached = |(_, end): &(Side, SessionTime)| line.track.newest() >= Some(*end);
            while let Some((side, end)) = limb.ends.front().copied().filter(reached) {
                limb.ends.pop_front();
                self.waiting -= 1;
                let segment = calibration.and_then(|c| c.segments[placement].as_ref());
                let begin = limb.since[side].replace(end);
                limb.strode = Some(end);
                let Some(begin) = begin else { continue };
                if limb.past.len() == PAST {
                    limb.past.pop_front();
                }
                limb.past.push_back((begin, end));
                let Some(segment) = segment else { continue };
                if end - begin <= LONGEST_STRIDE {
                    self.turn.stride(end - begin);
                }
                let settled = limb.heading.settled();
                limb.stride(placement, line, begin, end, &segment.sensor_from_segment, &self.turn);
                self.forward.stride(placement, settled);
            }
        }
        let (limbs, turn) = (&self.limbs, &self.turn);
        self.forward.hear(now, |placement, at| {
            let heading = &limbs[placement].heading;
            heading.at(at, turn.turned_at(at)).filter(|_| heading.settled())
        });
    }

    /// All angles, and how far each foot is ahead of its hip, in leg lengths: gravity tells, no heading is
    /// needed.
    fn frame(
        &mut self,
        lines: &mut PerPlacement<Option<Line>>,
        t: SessionTime,
        now: SessionTime,
    ) -> (Frame, PerSide<Option<f64>>) {
        let mut poses: PerPlacement<Option<Pose>> = PerPlacement::default();
        for (placement, line) in lines.iter_mut() {
            if let Some(line) = line {
                poses[placement] = line.track.pose(t);
            }
        }
        if self.turn.due(t) {
            let mut orientations = [None; Placement::COUNT];
            for (orientation, (_, pose)) in orientations.iter_mut().zip(poses.iter()) {
                *orientation = pose.as_ref().map(|pose| pose.world_from_sensor);
            }
            self.turn.push(t, orientations);
            self.clear_centripetal(lines, t);
        }
        let Some(calibration) = &self.calibration else {
            return (self.knee_angles(t, &poses), PerSide::default());
        };
        let standing = self.standing.running(t);
        if standing {
            let orientation = |placement| {
                let (pose, segment): (&Pose, _) =
                    (poses[placement].as_ref()?, calibration.segments[placement].as_ref()?);
                Some(pose.world_from_sensor * segment.sensor_from_segment)
            };
            self.standing.look(t, &PerPlacement::from_fn(orientation));
        }
        let turning = self.turn.voids(t).then_some(Doubt::Turning);
        let turned = self.turn.turned_at(t);
        let mut views: PerPlacement<View> = PerPlacement::default();
        for (placement, line) in lines.iter() {
            let (limb, segment) = (&self.limbs[placement], calibration.segments[placement].as_ref());
            views[placement] = match (&poses[placement], line, segment) {
                (None, Some(line), _) if line.online(now) => View::Withheld(Doubt::Gap),
                (_, None, _) | (None, Some(_), _) => View::Withheld(Doubt::SensorLost),
                (Some(_), _, None) if calibration.grade == Grade::Refused => {
                    View::Withheld(Doubt::CalibrationRefused)
                }
                (Some(_), _, None) => View::Withheld(Doubt::Uncalibrated),
                (Some(pose), _, Some(segment)) if standing => {
                    View::of(pose, segment, None, self.standing.heading(placement))
                }
                (Some(pose), _, Some(segment)) => {
                    limb.view(pose, segment, t, turned, turning, self.forward.corrected(placement))
                }
            };
        }
        let segment_lean = |placement| {
            let (pose, segment) = (poses[placement].as_ref()?, calibration.segments[placement].as_ref()?);
            let ahead = pose.world_from_sensor * (segment.sensor_from_segment * Vector3::x());
            segment.quality.doubt.is_none().then_some(ahead.z)
        };
        // Thigh and shank are about equally long: together they are the way from hip to ankle.
        let lean = |side| {
            Some(0.5 * (segment_lean(Placement::thigh(side))? + segment_lean(Placement::shank(side))?))
        };
        let lean = PerSide { left: lean(Side::Left), right: lean(Side::Right) };
        let pelvis = views[Placement::Pelvis].orientation();
        let frame = Frame {
            t,
            legs: PerSide {
                left: leg(Side::Left, pelvis, &views[Placement::LeftThigh], &views[Placement::LeftShank]),
                right: leg(Side::Right, pelvis, &views[Placement::RightThigh], &views[Placement::RightShank]),
            },
            pelvis: pelvis.map(joint::pelvis),
        };
        (frame, lean)
    }

    /// The knees, where there is nothing else.
    fn knee_angles(&self, t: SessionTime, poses: &PerPlacement<Option<Pose>>) -> Frame {
        let mut frame = without_angles(t, Doubt::Uncalibrated);
        let Some(Knees { calibration, headings }) = &self.knees else { return frame };
        let segment = |placement, heading| {
            let (pose, segment): (&Pose, _) =
                (poses[placement].as_ref()?, calibration.segments[placement].as_ref()?);
            let world_from_segment = pose.world_from_sensor * segment.sensor_from_segment;
            pose.doubt.is_none().then(|| joint::gait_from_segment(&world_from_segment, heading))
        };
        for side in Side::BOTH {
            frame.legs[side].knee = headings[side].and_then(|shank_in_thigh| {
                let thigh = segment(Placement::thigh(side), 0.0)?;
                Some(joint::knee(&thigh, &segment(Placement::shank(side), -shank_in_thigh)?, side))
            });
        }
        frame
    }

    /// What the peaks of a stance rest on; the grid has passed it.
    pub(super) fn basis(
        &self,
        lines: &PerPlacement<Option<Line>>,
        side: Side,
        ic: SessionTime,
        tc: SessionTime,
    ) -> Basis {
        let of = |placement| {
            let segment = self.calibration.as_ref()?.segments[placement].as_ref()?;
            let stance = lines[placement].as_ref()?.track.between(ic, tc);
            Some(Segment {
                made_up: stance.map(|point| point.made_up).fold(0.0, f64::max),
                surprise: self.limbs[placement].heading.innovation()?,
                axial: segment.sigma_axial,
                frontal: segment.sigma_frontal,
            })
        };
        let turned = self.turn.turned_at(tc) - self.turn.turned_at(tc + -TURN_FELT);
        Basis {
            pelvis: of(Placement::Pelvis),
            thigh: of(Placement::thigh(side)),
            turning: turned.abs() / TURN_FELT,
        }
    }

    /// Tells each sensor's fusion what of the accelerometer is the turn's.
    fn clear_centripetal(&self, lines: &mut PerPlacement<Option<Line>>, t: SessionTime) {
        let rate = self.turn.rate_beyond_dead_band();
        let turned = self.turn.turned_at(t);
        for (placement, line) in lines.iter_mut() {
            let Some(line) = line else { continue };
            let heading = self.limbs[placement].heading.at(t, turned).filter(|_| rate != 0.0);
            line.fusion.set_turn(heading.map(|heading| Turn {
                rate,
                left_in_world: Vector2::new(-heading.sin(), heading.cos()),
                speed: TYPICAL_SPEED,
            }));
        }
    }
}

impl Limb {
    fn view(
        &self,
        pose: &Pose,
        segment: &SegmentCalibration,
        t: SessionTime,
        turned: f64,
        turning: Option<Doubt>,
        corrected: f64,
    ) -> View {
        let progresses = self.strode.is_some_and(|end| t - end <= LONGEST_STRIDE);
        let unsettled = (!(progresses && self.heading.settled())).then_some(Doubt::HeadingUnsettled);
        let heading = self.heading.at(t, turned).map(|heading| heading + corrected);
        View::of(pose, segment, turning.or(unsettled), heading)
    }

    fn stride(
        &mut self,
        placement: Placement,
        line: &Line,
        begin: SessionTime,
        end: SessionTime,
        sensor_from_segment: &UnitQuaternion<f64>,
        turn: &TurnTracker,
    ) {
        let length = end - begin;
        if length > FORGET_HEADING {
            self.heading.reset();
        }
        let evidence: Option<Evidence> = (length <= LONGEST_STRIDE)
            .then(|| line.track.between(begin, end))
            .and_then(|samples| progression::evidence(placement.segment(), samples, sensor_from_segment));
        self.heading.stride(evidence, begin + 0.5 * length, turn);
    }
}

fn leg(side: Side, pelvis: Option<&GaitFromSegment>, thigh: &View, shank: &View) -> LegAngles {
    let doubt = thigh.doubt();
    let (thigh, shank) = (thigh.orientation(), shank.orientation());
    let femur: Option<Angles> = thigh.map(|thigh| joint::femur(thigh, side));
    LegAngles {
        hip: thigh.zip(pelvis).map(|(thigh, pelvis)| joint::hip(pelvis, thigh, side)),
        femur,
        knee: thigh.zip(shank).map(|(thigh, shank)| joint::knee(thigh, shank, side)),
        valgus: femur.zip(shank).map(|(femur, shank)| joint::valgus(femur.adduction, shank, side)),
        doubt,
    }
}

fn without_angles(t: SessionTime, doubt: Doubt) -> Frame {
    let leg = LegAngles { doubt: Some(doubt), ..LegAngles::default() };
    Frame { t, legs: PerSide { left: leg, right: leg }, pelvis: None::<PelvisAngles> }
}

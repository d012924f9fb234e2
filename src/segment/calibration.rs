//! Sensor-to-segment calibration from standing still, knee bends and gait.
//!
//! Nobody needs to say how a sensor is strapped on: standing gives the long axis (with a sacral sensor running betters the
//! femur's), movement about the knee the axis to the right, and the movement itself decides which way is right.

mod axes;
mod bends;
mod knee;
mod knees;
mod long;
mod pelvis;
mod places;
mod solve;
mod step;
mod still;
mod stretches;
mod track;
mod verdict;

pub use knees::Knees;
pub use still::{QUIET_ACC, QUIET_GYR, SAME_POSE};

use crate::body::{PerPlacement, PerSide, Placement, Side};
use crate::event::{Calibration, Contact, Fused, Gait, Grade, SegmentCalibration};
use crate::input::{Edge, Mark, Stretch};
use crate::segment::link::LinkSample;
use crate::units::SessionTime;
use knees::{KneeFinder, lively};
use long::refine;
use nalgebra::Vector3;
use solve::{Evidence, solve};
use still::{Stand, Stands, longest_quiet, poses};
use stretches::{Gaits, Marked};
use track::{BLOCK, GRID, KEPT, Track, grid_index, grid_time, moments};

/// What the calibrator has to say after a sample.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Mean raw angular rate of quiet standing, for [`Fusion::set_gyro_zero`](crate::fusion::Fusion::set_gyro_zero).
    GyroZero {
        placement: Placement,
        zero: Vector3<f64>,
    },
    Done(Box<Calibration>),
    /// The knees alone, while there is no calibration, and again as their heading moves: not an end of calibrating.
    Knees(Box<Knees>),
}

/// A sensor that is this far behind the others is not waited for, s: longer than the longest gap that
/// fusion bridges.
const BEHIND: f64 = 2.5;
/// Quiet standing tells the gyroscopes' zero after so many blocks of half a second, without waiting for
/// its end.
const ZERO_AFTER: i64 = 10;
/// Running that the long axes are looked for in, s. Source: own measurement on virtual running, 12 legs: knee adduction is off
/// by 1.48 to 1.51 degrees with 8 to 20 s.
const RUNNING: f64 = 12.0;
/// Who has run for so long is left with the axes from standing, s: the usual is being learnt in them.
const TOO_LATE: f64 = 30.0;
/// After a refused calibration the next one waits, s.
const RETRY: f64 = 30.0;

/// What a calibrator still waits for.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
enum Awaits {
    #[default]
    Evidence,
    /// Calibrated; the thighs' long axes come from standing alone, and running will tell more.
    Running,
    /// Until a new stand or mark.
    Nothing,
}

/// Collects standing, knee bends and gait in whatever order and completeness they come, and computes
/// when there is enough. A new marked standing or bending begins a fresh attempt; a stand that nobody
/// marked does so only after a poor calibration.
#[derive(Debug, Clone, Default)]
pub struct Calibrator {
    tracks: PerPlacement<Track>,
    /// Grid index up to which everything was looked at, in whole blocks.
    looked: Option<i64>,
    gaits: Gaits,
    still_mark: Option<Marked>,
    bends_mark: Option<Marked>,
    /// Where the present quiet stretch began.
    quiet_since: Option<i64>,
    /// The present quiet stretch has told the gyroscopes' zero.
    zero_told: bool,
    /// What the next calibration will be made from.
    evidence: Evidence,
    stands: Stands,
    /// Somebody asked for this calibration: it is reported even if it is worse than the last.
    asked: bool,
    /// Grade of the last calibration.
    last: Option<Grade>,
    /// What holds of it until something better comes.
    holding: PerPlacement<Option<SegmentCalibration>>,
    awaits: Awaits,
    not_before: Option<SessionTime>,
    knees: KneeFinder,
}

impl Calibrator {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The edge of a stretch that somebody marked.
    pub fn mark(&mut self, mark: Mark) {
        let marked = match mark.stretch {
            Stretch::Still => &mut self.still_mark,
            Stretch::Functional => &mut self.bends_mark,
            Stretch::Baseline | Stretch::SingleLegSquat | Stretch::StepDown => return,
        };
        match (mark.edge, marked.as_mut()) {
            (Edge::Begin, _) => {
                *marked = Some(Marked::new(mark.t));
                self.begin_attempt(mark.stretch);
            }
            (Edge::End, Some(marked)) => marked.close(mark.t),
            (Edge::End, None) => {}
        }
    }

    /// New standing makes everything new; new bends keep the standing.
    fn begin_attempt(&mut self, stretch: Stretch) {
        // Each part replaces its own kind; bends from before count unless the gait to come contradicts them.
        match stretch {
            Stretch::Still => self.stands.forget(),
            _ => self.evidence.bends = PerPlacement::default(),
        }
        self.holding = PerPlacement::default();
        self.knees.forget();
        self.asked = true;
        self.awaits = Awaits::Evidence;
        self.not_before = None;
        self.gaits.forget();
    }

    /// A strap of this leg has slipped: what was known of it does not hold, and the next standing counts.
    pub fn slipped(&mut self, side: Side) {
        for placement in [Placement::thigh(side), Placement::shank(side)] {
            self.holding[placement] = None;
        }
        self.evidence = Evidence::default();
        self.stands.forget();
        self.gaits.forget();
        self.knees.forget();
        self.last = Some(Grade::Refused);
        self.awaits = Awaits::Nothing;
    }

    /// A moment of gait, as the gait stage decides it.
    pub fn contact(&mut self, contact: &Contact) {
        self.gaits.contact(contact);
    }

    /// One fused sample; appends what follows from it.
    pub fn push(&mut self, placement: Placement, sample: &Fused, out: &mut Vec<Step>) {
        if (self.at_rest() && self.awaits == Awaits::Nothing) || !self.tracks[placement].push(sample) {
            return;
        }
        let end = self.tracks[placement].end();
        let looked = *self.looked.get_or_insert(end.div_euclid(BLOCK) * BLOCK);
        if end < looked + BLOCK {
            return;
        }
        let front = self.front();
        // What is no longer kept cannot be looked at: after a leap in time this starts anew.
        let mut at = looked.max((front - (KEPT * GRID.0) as i64).div_euclid(BLOCK) * BLOCK);
        while at + BLOCK <= front {
            at += BLOCK;
            self.look(at, false, out);
        }
        self.looked = Some(at);
    }

    /// Nothing follows: uses what there is.
    pub fn finish(&mut self, out: &mut Vec<Step>) {
        self.look(self.front(), true, out);
    }

    /// Up to where all sensors that still send have sent.
    fn front(&self) -> i64 {
        let ends = || self.tracks.iter().filter(|(_, t)| !t.is_empty()).map(|(_, t)| t.end());
        let newest = ends().max().unwrap_or(0);
        ends().filter(|end| *end > newest - (BEHIND * GRID.0) as i64).min().unwrap_or(0)
    }

    /// The sensors that count for standing still and that reach up to `at`: those on legs, or the
    /// sacral one if there is no other.
    fn present(&self, at: i64) -> impl Iterator<Item = &Track> + Clone {
        let here = move |p: Placement| !self.tracks[p].is_empty() && self.tracks[p].end() >= at;
        let legs = Placement::ALL.into_iter().any(|p| p.side().is_some() && here(p));
        Placement::ALL
            .into_iter()
            .filter(move |p| here(*p) && (!legs || p.side().is_some()))
            .map(|p| &self.tracks[p])
    }

    fn look(&mut self, at: i64, last: bool, out: &mut Vec<Step>) {
        self.look_for_marked_still(at, last, out);
        self.look_for_quiet(at, last, out);
        self.look_for_marked_bends(at, last);
        self.look_for_gait(at, last, out);
        self.look_for_running(at, out);
        self.look_for_knees(at, out);
    }

    fn look_for_marked_still(&mut self, at: i64, last: bool, out: &mut Vec<Step>) {
        let Some((from, to)) = Marked::take_if_over(&mut self.still_mark, at, last) else { return };
        let found = longest_quiet(&self.present(to), from, to);
        if let Some((from, to)) = found {
            self.stand(from, to, true);
            self.tell_zero(out);
        } else {
            self.last = Some(Grade::Refused);
            out.push(Step::Done(Box::new(verdict::refused_standing(grid_time(at)))));
        }
    }

    fn look_for_quiet(&mut self, at: i64, last: bool, out: &mut Vec<Step>) {
        let quiet = still::quiet(self.present(at), at - BLOCK);
        if quiet && !last {
            let since = *self.quiet_since.get_or_insert(at - BLOCK);
            if !self.zero_told && at - since >= ZERO_AFTER * BLOCK {
                self.quiet_stretch(since, at, out);
            }
        } else if let Some(since) = self.quiet_since.take() {
            self.quiet_stretch(since, if quiet { at } else { at - BLOCK }, out);
            self.zero_told = false;
        }
    }

    fn finished(&self) -> bool {
        self.awaits != Awaits::Evidence
    }

    /// Calibrated well, and nobody asks for more: the past need not be kept until somebody does.
    fn at_rest(&self) -> bool {
        let good = self.finished() && self.last.is_some_and(|grade| grade < Grade::C);
        good && self.still_mark.is_none() && self.bends_mark.is_none()
    }

    /// Quiet that nobody marked.
    fn quiet_stretch(&mut self, from: i64, to: i64, out: &mut Vec<Step>) {
        if self.at_rest() || self.still_mark.is_some() {
            return;
        }
        let Some((from, to)) = longest_quiet(&self.present(to), from, to) else { return };
        if self.stands.marked_over(from) {
            return;
        }
        if self.finished() {
            self.evidence = Evidence::default();
            self.stands.forget();
            self.awaits = Awaits::Evidence;
        }
        self.stand(from, to, false);
        if !self.zero_told {
            self.tell_zero(out);
        }
    }

    fn stand(&mut self, from: i64, to: i64, instructed: bool) {
        self.stands.add(Stand { poses: poses(&self.tracks, from, to), instructed, from, to });
        self.gaits.forget();
    }

    fn tell_zero(&mut self, out: &mut Vec<Step>) {
        self.zero_told = true;
        let Some(stand) = self.stands.newest() else { return };
        let zeros = stand.poses.iter().filter_map(|(p, pose)| Some((p, pose.as_ref()?.zero)));
        out.extend(zeros.map(|(placement, zero)| Step::GyroZero { placement, zero }));
    }

    fn look_for_marked_bends(&mut self, at: i64, last: bool) {
        let Some((from, to)) = Marked::take_if_over(&mut self.bends_mark, at, last) else { return };
        self.evidence.bends_asked = true;
        for side in Side::BOTH {
            // Without any bend in it the stretch is taken as it is, for the verdict to say why.
            let (from, to) = self.find_bends(side, from, to).unwrap_or((from, to));
            let bends = self.bends(side, from, to);
            self.evidence.keep_bends(bends);
        }
    }

    /// What moves in them.
    fn bends(&self, side: Side, from: i64, to: i64) -> [(Placement, Vec<LinkSample>); 3] {
        [Placement::thigh(side), Placement::shank(side), Placement::Pelvis]
            .map(|placement| (placement, self.window(placement, from, to)))
    }

    /// Where this leg bends its knee within a stretch.
    fn find_bends(&self, side: Side, from: i64, to: i64) -> Option<(i64, i64)> {
        let rates = |placement| axes::calm_rates(&self.window(placement, from, to), GRID);
        let (start, end) = bends::find(&rates(Placement::thigh(side)), &rates(Placement::shank(side)), GRID)?;
        Some((from + moments(start), from + moments(end)))
    }

    /// Empty unless all of it is kept.
    fn window(&self, placement: Placement, from: i64, to: i64) -> Vec<LinkSample> {
        let window = self.tracks[placement].window(from, to);
        window.map(|moments| moments.map(|m| m.link).collect()).unwrap_or_default()
    }

    fn look_for_gait(&mut self, at: i64, last: bool, out: &mut Vec<Step>) {
        let now = grid_time(at);
        let open = self.still_mark.is_some() || self.bends_mark.is_some();
        if self.finished() || open || self.not_before.is_some_and(|t| now < t) {
            return;
        }
        let stood = self.stands.newest().is_some();
        let since = grid_time(self.present(at).map(Track::start).max().unwrap_or(at));
        let Some(span) = self.gaits.enough(since, now, stood, last) else { return };
        self.gaits.forget();
        // A leg may be ahead of what the slowest sensor has sent.
        self.evidence = self.collect(Some(span.gait), grid_index(span.from), grid_index(span.to).min(at));
        if self.evidence.gait.iter().all(|(_, gait)| gait.is_empty()) {
            return;
        }
        let mut calibration = solve(&self.evidence, now);
        let ran = span.gait == Gait::Run;
        if stood && ran {
            refine(&mut calibration.segments, &self.evidence.poses, &self.evidence.gait);
        }
        let better = stood && !ran && self.evidence.has(Placement::Pelvis);
        self.report(calibration, if better { Awaits::Running } else { Awaits::Nothing }, out);
    }

    fn report(&mut self, mut calibration: Calibration, then: Awaits, out: &mut Vec<Step>) {
        let grade_of =
            |s: &Option<SegmentCalibration>| s.as_ref().map_or(Grade::Refused, |s| s.quality.grade);
        let mut better = false;
        for (placement, old) in self.holding.iter_mut() {
            let new = &mut calibration.segments[placement];
            better |= grade_of(new) < grade_of(old);
            if old.is_some() && grade_of(old) <= grade_of(new) {
                *new = old.take();
            }
        }
        let calibration = verdict::overall(calibration.segments, calibration.decided);
        let grade = calibration.grade;
        // More of the same gait may still do better.
        self.awaits = if grade < Grade::Refused { then } else { Awaits::Evidence };
        self.not_before = (!self.finished()).then(|| calibration.decided + RETRY);
        self.holding = calibration.segments.clone();
        if self.asked || self.last.is_none() || better {
            self.asked = false;
            self.last = Some(grade);
            out.push(Step::Done(Box::new(calibration)));
        }
    }

    /// The first running after a calibration from walking shows where the thighs' joints are.
    fn look_for_running(&mut self, at: i64, out: &mut Vec<Step>) {
        if self.awaits != Awaits::Running {
            return;
        }
        let Some(running) = self.gaits.running() else { return };
        let starts =
            self.tracks.iter().filter(|(_, track)| !track.is_empty()).map(|(_, track)| track.start());
        let since = grid_time(starts.max().unwrap_or(at));
        if running.seconds() > TOO_LATE {
            self.awaits = Awaits::Nothing;
            return;
        }
        if running.to.0 - running.from.0.max(since.0) < RUNNING {
            return;
        }
        self.awaits = Awaits::Nothing;
        let (from, to) = (grid_index(running.to + -RUNNING), grid_index(running.to).min(at));
        let running = PerPlacement::from_fn(|placement| self.window(placement, from, to));
        if refine(&mut self.holding, &self.evidence.poses, &running) {
            let calibration = verdict::overall(self.holding.clone(), grid_time(at));
            out.push(Step::Done(Box::new(calibration)));
        }
    }

    /// Lively movement that is no gait, while there is nothing better.
    fn look_for_knees(&mut self, at: i64, out: &mut Vec<Step>) {
        let open = self.still_mark.is_some() || self.bends_mark.is_some();
        let nothing = self.last.is_none_or(|grade| grade == Grade::Refused)
            && self.holding.iter().all(|(_, segment)| segment.is_none());
        if self.finished() || open || !nothing || self.gaits.going(grid_time(at)) {
            return;
        }
        let Some((from, to)) = self.knees.due(at) else { return };
        let ready = self.stands.any_before(from) && lively(&self.tracks, from, to);
        if self.knees.found() || ready {
            let evidence = self.collect(None, from, to);
            let until = self.stands.best(&evidence.gait).map(|stand| stand.to);
            let whole = |placement| until.is_some_and(|until| self.tracks[placement].start() <= until);
            let stood =
                PerSide::from_fn(|side| whole(Placement::thigh(side)) && whole(Placement::shank(side)));
            let knees = self.knees.look(&evidence, stood, at, grid_time(at));
            out.extend(knees.map(|knees| Step::Knees(Box::new(knees))));
        }
    }

    /// What there is, with the movement of this stretch: of no `kind`, if it is no gait.
    fn collect(&self, kind: Option<Gait>, from: i64, to: i64) -> Evidence {
        let gait = PerPlacement::from_fn(|placement| self.window(placement, from, to));
        let stand = self.stands.best(&gait);
        let mut evidence = Evidence {
            poses: stand.map(|stand| stand.poses).unwrap_or_default(),
            instructed: stand.is_some_and(|stand| stand.instructed),
            bends: self.evidence.bends.clone(),
            bends_asked: self.evidence.bends_asked,
            unsound: PerPlacement::from_fn(|placement| self.tracks[placement].unsound(from, to)),
            gait,
            kind,
        };
        if let Some(stand) = stand.filter(|_| !evidence.bends_asked) {
            for side in Side::BOTH {
                if let Some((from, to)) = self.find_bends(side, stand.to, from) {
                    evidence.keep_bends(self.bends(side, from, to));
                }
            }
        }
        evidence
    }
}

//! How good a calibration is, and the sentence for the runner.

use super::knee::{Fault, Sources};
use super::solve::{Evidence, Frame};
use crate::body::{PerPlacement, Placement, Side};
use crate::event::{Calibration, Doubt, Exchange, Grade, SegmentCalibration, SegmentGrade, Zero};
use crate::units::SessionTime;

/// Largest disagreement of grade A and of grade B, rad (8 and 15 degrees). Source: own measurement on
/// virtual running (0.1 to 13) and on a recording with sensors out of step (from 150).
pub(super) const GOOD: f64 = 0.1396;
pub(super) const USABLE: f64 = 0.2618;
/// Spread of the angular rate in standing for grade A, rad/s (1.5 degrees per second). Source: own
/// proposal; quiet people 0.4 to 1.4.
const CALM: f64 = 0.0262;
/// Largest elongation of knee bends for grade A. Source: own proposal; 14 virtual thighs below 0.04.
const STRAIGHT: f64 = 0.5;
/// An axis that is not averaged may be this far off, rad (35 degrees): in running the worst of 14 was 17.
const FAR_OFF: f64 = 0.61;
/// Axes so far apart are not those of one knee, rad (60 degrees).
pub(super) const ANOTHER_LEG: f64 = 1.047;
/// Shares of lost or clipped moments: above the first not grade A, above the second refused. Source: own
/// proposal.
const SOME_LOST: f64 = 0.02;
const TOO_MANY_LOST: f64 = 0.25;

// Uncertainties of a frame, rad. Source: own measurement on virtual running, 14 legs, and (frontal) own
// assumption: nobody has measured how well runners follow the instruction for their feet.
/// About the long axis at best (3 degrees); half the disagreement where that is more.
const AXIAL: f64 = 0.0524;
/// About the long axis from gait alone (6).
const AXIAL_GAIT: f64 = 0.1047;
/// Frontal plane, standing as instructed (2), as one likes (4), not at all (2.5).
const FRONTAL_INSTRUCTED: f64 = 0.0349;
const FRONTAL_FREE: f64 = 0.0698;
const FRONTAL_GAIT: f64 = 0.0436;

/// What the grade of one segment follows from.
pub(super) struct Part<'a> {
    pub(super) placement: Placement,
    pub(super) evidence: &'a Evidence,
    pub(super) sources: &'a Sources,
    pub(super) frame: Frame,
    /// How far the axis that is only checked is from the mean, rad.
    pub(super) check: Option<f64>,
    pub(super) fault: Option<Fault>,
}

/// The grade of a segment: every shortcoming allows a highest grade and has its sentence; the worst counts.
pub(super) fn grade(part: &Part) -> SegmentCalibration {
    let (grade, reason) = shortcomings(part)
        .into_iter()
        .flatten()
        .max_by_key(|(grade, _)| *grade)
        .unwrap_or_else(|| (Grade::A, format!("The {} is calibrated well.", name(part.placement))));
    let pose = part.evidence.poses[part.placement];
    let half = part.frame.disagreement.unwrap_or(0.0) / 2.0;
    let sigma_axial = half.max(if grade >= Grade::C { AXIAL_GAIT } else { AXIAL });
    let sigma_frontal = match pose {
        None => FRONTAL_GAIT,
        Some(_) if part.evidence.instructed => FRONTAL_INSTRUCTED,
        Some(_) => FRONTAL_FREE,
    };
    SegmentCalibration {
        sensor_from_segment: part.frame.sensor_from_segment,
        sigma_axial,
        sigma_frontal,
        zero: Zero::Standing,
        quality: SegmentGrade {
            grade,
            disagreement: part.frame.disagreement,
            doubt: doubt(grade, part.fault),
            reason,
            exchange: part.fault.and_then(exchange),
        },
    }
}

/// Why the angles of a segment are withheld.
fn doubt(grade: Grade, fault: Option<Fault>) -> Option<Doubt> {
    (grade == Grade::Refused).then_some(match fault {
        Some(Fault::OutOfStep(_)) => Doubt::OutOfStep,
        _ => Doubt::CalibrationRefused,
    })
}

fn exchange(fault: Fault) -> Option<Exchange> {
    match fault {
        Fault::Reversed => Some(Exchange::ThighAndShank),
        Fault::Crossed => Some(Exchange::LeftAndRight),
        Fault::Exchanged => Some(Exchange::Legs),
        _ => None,
    }
}

/// In order of importance where grades are equal: the last of the worst is said.
fn shortcomings(part: &Part) -> [Option<(Grade, String)>; 14] {
    let name = name(part.placement);
    let pose = part.evidence.poses[part.placement];
    let apart = part.frame.disagreement;
    let unsound = part.evidence.unsound[part.placement];
    let restless = pose.filter(|pose| pose.unrest >= CALM);
    let round = part.sources.elongation.filter(|e| *e > STRAIGHT);
    let (mut mild, mut severe) = (None, None);
    if let Some(fault) = part.fault {
        let grade = fault_grade(fault);
        let said = (grade, fault_sentence(fault, part.placement.side()));
        *(if grade == Grade::Refused { &mut severe } else { &mut mild }) = Some(said);
    }
    // Of two axes nobody knows which is wrong, but their mean is less than either: on 12 synthetic runners
    // without bends 12 to 25 degrees apart, the mean 2 to 9 off.
    let two = part.sources.axes.len() == 2;
    // Without standing only changes are judged, which an axis that is off by so much still shows.
    let lenient = part.sources.from_running || pose.is_none() || two;
    let most = if lenient { FAR_OFF } else { USABLE };
    let lost = |grade| {
        (
            grade,
            format!(
                "The {name} sensor lost or clipped {:.0} percent of its samples: check its battery, its distance and its range, then calibrate again.",
                unsound * 100.0
            ),
        )
    };
    let disagree = |grade, apart: f64, verb: &str| {
        (
            grade,
            format!(
                "The movements of the {name} disagree by {:.0} degrees about its axis: {verb} the strap, then stand still, bend the knees and walk again.",
                apart.to_degrees()
            ),
        )
    };
    [
        restless.map(|_| {
            (Grade::B, "You moved a little while standing: stand quietly for five seconds for a better calibration.".into())
        }),
        round.map(|_| {
            (Grade::B, "The knee bends went sideways: repeat three slow bends with the kneecaps forward.".into())
        }),
        part.sources.alone.then(|| {
            (Grade::B, format!("The {name} has no sensor on the neighbouring segment to compare with: add one for a better calibration."))
        }),
        mild.or_else(|| {
            (!part.sources.from_bends && pose.is_some()).then(|| {
                (Grade::B, "There were no knee bends: bend the knees slowly three times after standing for a better calibration.".into())
            })
        }),
        (unsound > SOME_LOST).then(|| lost(Grade::B)),
        apart.filter(|a| *a > GOOD).map(|a| disagree(Grade::B, a, "tighten")),
        part.frame.outvoted.map(|off| {
            (Grade::B, format!("One movement of the {name} was {:.0} degrees off the others and does not count: tighten the strap, then bend the knees and walk again.", off.to_degrees()))
        }),
        apart.filter(|a| *a > USABLE && two).map(|a| disagree(Grade::C, a, "tighten")),
        (apart.is_none() || part.sources.from_running).then(|| {
            (Grade::C, format!("The {name} is calibrated from one kind of movement only: stand still, bend the knees three times and walk ten seconds for more than changes."))
        }),
        pose.is_none().then(|| {
            (Grade::C, "Calibrated from gait alone, so only changes are judged: stand still for five seconds, then bend the knees three times.".into())
        }),
        part.evidence.kind.is_none().then(|| {
            (Grade::C, "Only the knee is calibrated, so nothing is judged: walk or run for ten seconds for the hip as well.".into())
        }),
        (unsound > TOO_MANY_LOST).then(|| lost(Grade::Refused)),
        apart
            .filter(|a| *a > most)
            .or(part.check.filter(|a| *a > FAR_OFF))
            .map(|a| if a > ANOTHER_LEG { (Grade::Refused, no_knee(&name)) } else { disagree(Grade::Refused, a, "check") }),
        // The cause before its effects.
        severe,
    ]
}

/// What a fault of the whole body makes of a segment that is otherwise well.
pub(super) fn refuse(segment: &mut SegmentCalibration, fault: Fault) {
    let quality = &mut segment.quality;
    *quality = SegmentGrade {
        grade: Grade::Refused,
        disagreement: quality.disagreement,
        doubt: doubt(Grade::Refused, Some(fault)),
        reason: fault_sentence(fault, None),
        exchange: exchange(fault),
    };
}

/// Both axes of a knee come from both of its sensors: if one is refused, so is the other.
pub(super) fn as_one_leg(segments: &mut PerPlacement<Option<SegmentCalibration>>, side: Side) {
    let (thigh, shank) = (Placement::thigh(side), Placement::shank(side));
    for (from, to) in [(thigh, shank), (shank, thigh)] {
        let refused =
            segments[from].as_ref().map(|s| &s.quality).filter(|q| q.grade == Grade::Refused).cloned();
        if let (Some(refused), Some(other)) = (refused, segments[to].as_mut())
            && other.quality.grade != Grade::Refused
        {
            other.quality = SegmentGrade { disagreement: other.quality.disagreement, ..refused };
        }
    }
}

fn no_knee(name: &str) -> String {
    format!(
        "The {name} sensor and its neighbour do not move like one leg: see that each is on its own segment and restart both, then calibrate again."
    )
}

fn fault_grade(fault: Fault) -> Grade {
    match fault {
        Fault::OutOfStep(_) | Fault::Reversed | Fault::Crossed | Fault::Exchanged | Fault::Strangers => {
            Grade::Refused
        }
        Fault::NoBends | Fault::SmallBends(_) | Fault::RoundBends | Fault::Contradiction => Grade::B,
    }
}

fn fault_sentence(fault: Fault, side: Option<Side>) -> String {
    let side = side.map_or("same", Side::name);
    match fault {
        Fault::NoBends => "No knee bends were seen: bend the knees slowly three times after standing.".into(),
        Fault::SmallBends(range) => format!(
            "The knee bends reached only {:.0} degrees: go down to about 60, three times.",
            range.to_degrees()
        ),
        Fault::RoundBends => {
            "The knee bends were not about one axis: repeat three slow bends with the kneecaps forward."
                .into()
        }
        Fault::OutOfStep(drift) => format!(
            "The sensors of the leg drifted {:.0} ms apart in time within a few strides: restart both, then calibrate again.",
            drift.abs() * 1000.0
        ),
        Fault::Reversed => format!(
            "The sensors called {side} thigh and {side} shank seem swapped: exchange the two or their names, then calibrate again."
        ),
        Fault::Crossed => "The left and right shank sensors seem swapped, or those of the thighs: exchange the two or their names, then calibrate again.".into(),
        Fault::Exchanged => "The sensors of the left and the right leg seem swapped: exchange the legs or their names, then calibrate again.".into(),
        Fault::Strangers => no_knee(&format!("{side} thigh")),
        Fault::Contradiction => {
            "Knee bends and gait disagree about which way is forward: repeat three slow knee bends.".into()
        }
    }
}

fn name(placement: Placement) -> String {
    placement.name().replace('_', " ")
}

/// Clocks that drift apart make nonsense of the other leg's axes as well: the cause before its effects.
fn weight(quality: &SegmentGrade) -> (Grade, bool) {
    (quality.grade, quality.doubt == Some(Doubt::OutOfStep))
}

/// The legs decide, the worst of their segments; the pelvis only where it is alone.
pub(super) fn overall(
    segments: PerPlacement<Option<SegmentCalibration>>,
    decided: SessionTime,
) -> Calibration {
    let of = |legs: bool| {
        segments
            .iter()
            .filter(|(p, _)| p.side().is_some() == legs)
            .filter_map(|(_, s)| s.as_ref())
            .map(|s| &s.quality)
            .reduce(|worst, q| if weight(q) > weight(worst) { q } else { worst })
    };
    let (grade, reason) = match of(true).or(of(false)) {
        Some(worst) if worst.grade == Grade::A => (Grade::A, "The calibration is good.".into()),
        Some(worst) => (worst.grade, worst.reason.clone()),
        None => (
            Grade::Refused,
            "No sensor showed a movement to calibrate from: check that the sensors send, then stand still, bend the knees and walk.".into(),
        ),
    };
    Calibration { decided, grade, segments, reason }
}

pub(super) fn refused_standing(decided: SessionTime) -> Calibration {
    Calibration {
        decided,
        grade: Grade::Refused,
        segments: PerPlacement::default(),
        reason: "You moved during the standing part: stand still for five seconds, feet under the hips, kneecaps forward.".into(),
    }
}

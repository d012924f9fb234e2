//! What the flag stage knows of one leg.

use super::baseline::{Gatherer, median};
use super::config::Decision;
use super::decision::Watch;
use super::fatigue::Fatigue;
use super::limits::{self, Compared};
use super::rules::RULES;
use super::standing::Standing;
use super::suppressed::Suppressed;
use super::zero;
use crate::event::{Against, Grade, LegUsual, Peaks, PerQuantity, Quantity, Zero};
use crate::units::SessionTime;

/// Stances whose contact time is averaged before it says how fast the runner is.
const SPEED_STANCES: usize = 5;

#[derive(Debug, Clone, Default)]
pub(super) struct Leg {
    /// Of its calibration.
    pub(super) grade: Option<Grade>,
    pub(super) zero: Zero,
    pub(super) gatherer: Gatherer,
    /// Learnt in this session, with this calibration.
    pub(super) usual: Option<LegUsual>,
    pub(super) kept: Option<Kept>,
    /// Running so far, s.
    pub(super) ran: f64,
    pub(super) unsteady: bool,
    contacts: [Option<f64>; SPEED_STANCES],
    stances: usize,
    /// Initial contact of the last stance that could be compared with the usual.
    pub(super) judged: Option<SessionTime>,
    pub(super) watches: PerQuantity<Watch>,
    pub(super) fatigue: Fatigue,
    pub(super) standing: [Option<Standing>; RULES.len()],
    /// A marked stretch has ended and its usual is still to be formed.
    pub(super) stretch_over: bool,
    pub(super) suppressed: Suppressed,
}

/// What earlier sessions have left.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kept {
    pub(super) usual: LegUsual,
    pub(super) sessions: u32,
    /// The session was told of it.
    pub(super) told: bool,
}

/// How fast the runner is against each usual that there is; `None` where it does not compare.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Speeds {
    pub(super) today: Option<f64>,
    pub(super) kept: Option<f64>,
}

impl Leg {
    pub(super) fn note_contact(&mut self, contact: f64) {
        let at = self.stances % SPEED_STANCES;
        if let Some(slot) = self.contacts.get_mut(at) {
            *slot = Some(contact);
        }
        self.stances += 1;
    }

    /// Median contact time of the last few stances, s.
    fn contact_now(&self) -> Option<f64> {
        let mut known = [0.0; SPEED_STANCES];
        let mut n = 0;
        for (slot, contact) in known.iter_mut().zip(self.contacts.iter().flatten()) {
            *slot = *contact;
            n += 1;
        }
        median(known.get_mut(..n)?)
    }

    pub(super) fn speeds(&self, cadence: Option<f64>, decision: &Decision) -> Speeds {
        let now = self.contact_now();
        let of = |usual: &LegUsual| limits::speed(usual, now.unwrap_or(usual.contact), cadence, decision);
        Speeds {
            today: self.usual.as_ref().and_then(of),
            kept: self.kept.as_ref().and_then(|kept| of(&kept.usual)),
        }
    }

    /// There is a usual, and none compares at these speeds.
    pub(super) fn is_off_speed(&self, speeds: Speeds) -> bool {
        (self.usual.is_some() || self.kept.is_some()) && speeds.today.is_none() && speeds.kept.is_none()
    }

    /// Whether the femur turns in more than usual between contact and mid-stance. A strap that turns on its limb shifts
    /// rotation at contact as much as later, a femur that gives way does so under load: an extra rotation raises the
    /// excursion by 0.55 of it, 4 to 9 of its SDs (own measurement on virtual running, 92 strides in 3 episodes), a slip
    /// not at all. What is the same from contact on is left to the watch over straps.
    pub(super) fn turns_under_load(&self, peaks: &Peaks, speeds: Speeds) -> bool {
        let usual = self.usuals(Quantity::RotationExcursion, speeds).next().map(|compared| compared.usual);
        let excursion = Quantity::RotationExcursion.read(peaks);
        usual.zip(excursion).is_none_or(|(usual, excursion)| excursion > usual.mean + usual.sd)
    }

    /// The usuals of a quantity that compare at these speeds.
    pub(super) fn usuals(&self, quantity: Quantity, speeds: Speeds) -> impl Iterator<Item = Compared> {
        let today = self.usual.as_ref().zip(speeds.today).and_then(|(leg, faster)| {
            let usual = leg.of[quantity]?;
            Some(Compared { usual, faster, zero: 0.0, against: Against::Today })
        });
        let kept = self.kept.as_ref().zip(speeds.kept).and_then(|(kept, faster)| {
            let usual = zero::seen_from(quantity, kept.usual.of[quantity]?, kept.usual.zero, self.zero);
            let zero = zero::between(quantity, kept.sessions, kept.usual.grade, self.grade);
            Some(Compared { usual, faster, zero, against: Against::Kept })
        });
        today.into_iter().chain(kept)
    }
}

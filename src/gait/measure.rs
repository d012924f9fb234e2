//! What a stride says about a runner, as numbers with names.

use crate::body::{PerSide, Side};
use crate::event::{Contact, ContactKind, Gait};

/// One stride of one leg: from an initial contact to the leg's next.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stride {
    pub side: Side,
    pub gait: Gait,
    /// Initial contact, terminal contact and the next initial contact, s of session time.
    pub ic: f64,
    pub tc: f64,
    pub next_ic: f64,
    /// The other leg's initial contact within this stride.
    pub other_ic: Option<f64>,
    /// Contact time of the other leg's latest stance, s.
    pub other_contact: Option<f64>,
}

/// A measure of a stride. A row of [`MEASURES`] is all it takes to add one.
#[derive(Debug)]
pub struct Measure {
    pub name: &'static str,
    /// Of what [`of`](Self::of) gives.
    pub unit: &'static str,
    pub definition: &'static str,
    pub source: &'static str,
    /// The value of a stride; `None` where it has no meaning or is not known.
    pub of: fn(&Stride) -> Option<f64>,
}

pub const MEASURES: &[Measure] = &[
    Measure {
        name: "contact_time",
        unit: "ms",
        definition: "initial contact to terminal contact of one foot",
        source: "Novacheck 1998, Gait & Posture 7:77 (stance phase)",
        of: |s| Some(1e3 * contact(s)),
    },
    Measure {
        name: "swing_time",
        unit: "ms",
        definition: "terminal contact to the next initial contact of the same foot",
        source: "Novacheck 1998, Gait & Posture 7:77 (swing phase)",
        of: |s| Some(1e3 * (s.next_ic - s.tc)),
    },
    Measure {
        name: "stride_time",
        unit: "ms",
        definition: "initial contact to the next initial contact of the same foot",
        source: "Novacheck 1998, Gait & Posture 7:77 (gait cycle)",
        of: |s| Some(1e3 * stride(s)),
    },
    Measure {
        name: "cadence",
        unit: "steps/min",
        definition: "two steps per stride time",
        source: "Novacheck 1998, Gait & Posture 7:77",
        of: |s| Some(120.0 / stride(s)),
    },
    Measure {
        name: "duty_factor",
        unit: "%",
        definition: "contact time as a share of stride time; above 50 % both feet touch together",
        source: "Alexander 1989, Physiol Rev 69:1199",
        of: |s| Some(100.0 * contact(s) / stride(s)),
    },
    Measure {
        name: "flight_time",
        unit: "ms",
        definition: "running: terminal contact to the other foot's initial contact; with one leg measured, \
                     half the stride time less the contact time",
        source: "Novacheck 1998, Gait & Posture 7:77 (float phase)",
        of: |s| {
            let until = s.other_ic.map_or(0.5 * stride(s) - contact(s), |other| other - s.tc);
            (s.gait == Gait::Run).then_some(1e3 * until.max(0.0))
        },
    },
    Measure {
        name: "contact_asymmetry",
        unit: "%",
        definition: "contact time right less left, as a share of their mean",
        source: "Robinson et al. 1987, J Manipulative Physiol Ther 10:172 (symmetry index, signed)",
        of: |s| {
            let other = s.other_contact?;
            Some(s.side.sign() * 100.0 * (contact(s) - other) / (0.5 * (contact(s) + other)))
        },
    },
];

fn contact(s: &Stride) -> f64 {
    s.tc - s.ic
}

fn stride(s: &Stride) -> f64 {
    s.next_ic - s.ic
}

/// Puts strides together from the contacts of both legs, in the order in which they were decided.
#[derive(Debug, Clone, Default)]
pub struct Strides {
    legs: PerSide<Open>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Open {
    ic: Option<f64>,
    tc: Option<f64>,
    /// Of the latest whole stance.
    contact: Option<f64>,
}

impl Strides {
    /// The stride that this contact completes.
    pub fn push(&mut self, contact: &Contact) -> Option<Stride> {
        let Contact { side, kind, gait, .. } = *contact;
        let t = contact.t.0;
        let other = self.legs[side.other()];
        let leg = &mut self.legs[side];
        match kind {
            ContactKind::MidSwing => {}
            ContactKind::Terminal | ContactKind::TerminalConfirmed => {
                leg.tc = Some(t);
                leg.contact = leg.ic.map(|ic| t - ic);
            }
            ContactKind::TerminalRetracted => (leg.tc, leg.contact) = (None, None),
            ContactKind::LockLost => *leg = Open::default(),
            ContactKind::Initial => {
                let (ic, tc) = (leg.ic.replace(t), leg.tc.take());
                let (ic, tc) = (ic?, tc?);
                return Some(Stride {
                    side,
                    gait,
                    ic,
                    tc,
                    next_ic: t,
                    other_ic: other.ic.filter(|other| (ic..t).contains(other)),
                    other_contact: other.contact,
                });
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::SessionTime;

    fn contact(side: Side, kind: ContactKind, gait: Gait, t: f64) -> Contact {
        let t = SessionTime(t);
        Contact { side, kind, t, decided: t, gait, rhythm: 3, sigma: 0.0 }
    }

    fn values(gait: Gait, both: bool) -> Vec<(&'static str, Option<f64>)> {
        let mut all =
            vec![(Side::Right, ContactKind::Initial, 1.0), (Side::Right, ContactKind::Terminal, 1.25)];
        if both {
            all.push((Side::Left, ContactKind::Initial, 1.35));
            all.push((Side::Left, ContactKind::Terminal, 1.55));
        }
        all.push((Side::Right, ContactKind::Initial, 1.70));
        let mut strides = Strides::default();
        let done: Vec<Stride> =
            all.into_iter().filter_map(|(s, k, t)| strides.push(&contact(s, k, gait, t))).collect();
        assert_eq!(done.len(), 1);
        MEASURES.iter().map(|m| (m.name, (m.of)(&done[0]).map(f64::round))).collect()
    }

    #[test]
    fn a_stride_of_two_legs_gives_every_measure() {
        let expected = [
            ("contact_time", 250.0),
            ("swing_time", 450.0),
            ("stride_time", 700.0),
            ("cadence", 171.0),
            ("duty_factor", 36.0),
            ("flight_time", 100.0),
            ("contact_asymmetry", 22.0),
        ];
        assert_eq!(values(Gait::Run, true), expected.map(|(n, v)| (n, Some(v))));
    }

    #[test]
    fn one_leg_has_flight_but_no_asymmetry_and_walking_has_no_flight() {
        assert_eq!(
            values(Gait::Run, false)[5..],
            [("flight_time", Some(100.0)), ("contact_asymmetry", None)]
        );
        assert_eq!(values(Gait::Walk, true)[5], ("flight_time", None));
    }

    #[test]
    fn no_stride_spans_a_lost_lock() {
        let mut strides = Strides::default();
        for (kind, t) in [
            (ContactKind::Initial, 1.0),
            (ContactKind::Terminal, 1.25),
            (ContactKind::LockLost, 1.4),
            (ContactKind::Initial, 1.7),
        ] {
            assert_eq!(strides.push(&contact(Side::Left, kind, Gait::Run, t)), None);
        }
    }
}

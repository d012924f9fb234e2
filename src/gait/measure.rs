//! What a stride says about a runner, as numbers with names.

use crate::body::PerSide;
use crate::event::{Contact, ContactKind, Gait, Stride};
use crate::units::SessionTime;

/// A measure of a stride. A row of [`MEASURES`] is all it takes to add one.
#[derive(Debug)]
pub struct Measure {
    /// In files and messages; ends in its unit.
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
        name: "contact_time_ms",
        unit: "ms",
        definition: "initial contact to terminal contact of one foot",
        source: "Novacheck 1998, Gait & Posture 7:77 (stance phase)",
        of: |s| Some(1e3 * contact(s)),
    },
    Measure {
        name: "swing_time_ms",
        unit: "ms",
        definition: "terminal contact to the next initial contact of the same foot",
        source: "Novacheck 1998, Gait & Posture 7:77 (swing phase)",
        of: |s| Some(1e3 * (s.next_ic - s.tc)),
    },
    Measure {
        name: "stride_time_ms",
        unit: "ms",
        definition: "initial contact to the next initial contact of the same foot",
        source: "Novacheck 1998, Gait & Posture 7:77 (gait cycle)",
        of: |s| Some(1e3 * stride(s)),
    },
    Measure {
        name: "cadence_spm",
        unit: "steps per minute",
        definition: "two steps per stride time",
        source: "Novacheck 1998, Gait & Posture 7:77",
        of: |s| Some(120.0 / stride(s)),
    },
    Measure {
        name: "duty_factor_pct",
        unit: "%",
        definition: "contact time as a share of stride time; above 50 % both feet touch together",
        source: "Alexander 1989, Physiol Rev 69:1199",
        of: |s| Some(100.0 * contact(s) / stride(s)),
    },
    Measure {
        name: "flight_time_ms",
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
        name: "contact_asymmetry_pct",
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

/// Regular strides before a stance is judged and a stride measured. With three, no drop landing or knee bend
/// was taken for a stance (own measurement).
pub const RHYTHM: u32 = 3;

/// Puts strides together from the contacts of both legs, in the order in which they were decided. Only those
/// within a rhythm whose terminal contact was seen: a mean must not be made of starts, stops and guesses.
#[derive(Debug, Clone, Default)]
pub struct Strides {
    legs: PerSide<Open>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Open {
    ic: Option<SessionTime>,
    tc: Option<(SessionTime, Gait)>,
    /// Of the latest whole stance, s.
    contact: Option<f64>,
}

impl Strides {
    /// The stride that this contact completes.
    pub fn push(&mut self, contact: &Contact) -> Option<Stride> {
        let Contact { side, kind, t, .. } = *contact;
        let other = self.legs[side.other()];
        let leg = &mut self.legs[side];
        match kind {
            ContactKind::MidSwing => {}
            ContactKind::Terminal | ContactKind::TerminalConfirmed => {
                leg.tc = (contact.rhythm > 0).then_some((t, contact.gait));
                leg.contact = leg.ic.filter(|_| leg.tc.is_some()).map(|ic| t - ic);
            }
            ContactKind::TerminalRetracted => (leg.tc, leg.contact) = (None, None),
            ContactKind::LockLost => *leg = Open::default(),
            ContactKind::Initial => {
                let (ic, tc) = (leg.ic.replace(t), leg.tc.take());
                let (ic, (tc, gait)) = (ic?, tc?);
                return (contact.rhythm >= RHYTHM).then_some(Stride {
                    side,
                    gait,
                    ic,
                    tc,
                    next_ic: t,
                    other_ic: other.ic.filter(|other| (ic..t).contains(other)),
                    other_contact: other.contact,
                    decided: contact.decided,
                });
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::Side;

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
            ("contact_time_ms", 250.0),
            ("swing_time_ms", 450.0),
            ("stride_time_ms", 700.0),
            ("cadence_spm", 171.0),
            ("duty_factor_pct", 36.0),
            ("flight_time_ms", 100.0),
            ("contact_asymmetry_pct", 22.0),
        ];
        assert_eq!(values(Gait::Run, true), expected.map(|(n, v)| (n, Some(v))));
    }

    #[test]
    fn one_leg_has_flight_but_no_asymmetry_and_walking_has_no_flight() {
        assert_eq!(
            values(Gait::Run, false)[5..],
            [("flight_time_ms", Some(100.0)), ("contact_asymmetry_pct", None)]
        );
        assert_eq!(values(Gait::Walk, true)[5], ("flight_time_ms", None));
    }

    #[test]
    fn a_stride_out_of_rhythm_or_with_a_guessed_end_is_not_measured() {
        for (end, next) in [(0, 3), (3, 2)] {
            let mut strides = Strides::default();
            let all = [
                (ContactKind::Initial, 3, 1.0),
                (ContactKind::Terminal, end, 1.25),
                (ContactKind::Initial, next, 1.7),
            ];
            for (kind, rhythm, t) in all {
                let contact = Contact { rhythm, ..contact(Side::Left, kind, Gait::Run, t) };
                assert_eq!(strides.push(&contact), None, "{end} {next}");
            }
        }
    }

    #[test]
    fn names_end_in_the_unit_and_every_measure_says_where_it_is_from() {
        for m in MEASURES {
            let suffix = match m.unit {
                "ms" => "_ms",
                "%" => "_pct",
                _ => "_spm",
            };
            assert!(m.name.ends_with(suffix), "{}", m.name);
            assert!(!m.definition.is_empty() && !m.source.is_empty(), "{}", m.name);
        }
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

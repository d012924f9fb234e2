//! The rules as a table: what each reads, in the field's words and in plain ones, and on whose word.

use crate::event::{Quantity, Rule};

/// A rule as people meet it.
#[derive(Debug, Clone, Copy)]
pub struct RuleSpec {
    pub rule: Rule,
    /// What the runner and the coach read.
    pub plain: &'static str,
    /// The term of the field.
    pub term: &'static str,
    /// Per stance; empty for a rule that looks at many stances at once.
    pub quantities: &'static [Quantity],
    /// Without a pelvis sensor the rule is silent.
    pub needs_pelvis: bool,
    /// How it is measured.
    pub definition: &'static str,
    /// What healthy runners show.
    pub norm: &'static str,
    /// The default limits and how they came about.
    pub limits: &'static str,
    /// "What does this mean?" on the page.
    pub explanation: &'static str,
    /// Where the limits come from.
    pub source: &'static str,
}

/// Every rule, in the order in which files and pages list them.
pub const RULES: [RuleSpec; 7] = [
    RuleSpec {
        rule: Rule::HipAdduction,
        plain: "thigh falls in",
        term: "peak hip adduction in stance",
        quantities: &[Quantity::HipAdduction],
        needs_pelvis: true,
        definition: "Largest angle of the thigh against the pelvis in the frontal plane (ISB joint convention) between initial and terminal contact, quiet standing being zero. The largest sample of the whole stance, not a percentile of its middle: its error scatters by 0.4 degrees, impacts included (own measurement on virtual running).",
        norm: "Peak 9.4 +- 2.8 degrees at 2.5 m/s, 11.3 +- 3.0 at 3.5, 12.5 +- 3.2 at 4.5, and 4.5 more when standing is zero (26 runners, 25 of them men); women about 4 more than men (13.3 +- 4.2 against 9.6 +- 3.4 at 4 m/s).",
        limits: "Against the usual: amber 2, red 4 degrees, not within 2.2 SDs, so that a change of 3 (5) is found within 8 strides. Level, with a good or usable calibration: amber 17.5 for women, 13 for men, 16 where the sex is not given; red 20, 16.5, 20; plus 4.5 since standing is zero, less what running has moved that zero by once it has shown the hip and the knee.",
        explanation: "While the foot is loaded the thigh tips inward under the pelvis further than usual, or \
                      further than in most healthy runners. Runners with pain around the kneecap do this more \
                      often. Knees a little apart, or quicker and shorter steps, reduce it.",
        source: "Level: Noehren 2011 and Willy 2012 (20 degrees to enter a retraining trial). Change: spread \
                 between strides 0.9 degrees (RBDS, Fukuchi 2017, own computation, 52 legs).",
    },
    RuleSpec {
        rule: Rule::FemurAdduction,
        plain: "thigh falls in",
        term: "peak femur adduction in stance",
        quantities: &[Quantity::FemurAdduction],
        needs_pelvis: false,
        definition: "Largest inward lean of the thigh against gravity and the direction of running between initial and terminal contact.",
        norm: "No level: without a pelvis sensor there is no hip angle. Strides of one leg scatter by 0.9 degrees.",
        limits: "Against the usual: amber 2, red 4 degrees, not within 2.2 SDs. No level.",
        explanation: "While the foot is loaded the thigh leans inward against the vertical more than this runner's \
                      usual. Without a sensor on the pelvis only the change can be judged: about half of a hip \
                      adduction shows in the thigh, the other half in the pelvis.",
        source: "Change only: spread between strides 0.9 degrees (RBDS, Fukuchi 2017, own computation); error of a \
                 median of five 0.6 degrees (own measurement on virtual running, 12 legs).",
    },
    RuleSpec {
        rule: Rule::MedialRotation,
        plain: "thigh turns in",
        term: "medial (internal) rotation of the femur in stance",
        quantities: &[Quantity::RotationExcursion, Quantity::RotationLevel],
        needs_pelvis: false,
        definition: "Two readings of the femur's axial rotation between 15 and 75 percent of stance, where impact and push-off do not reach: its rise since initial contact, and its largest value against the usual.",
        norm: "Rise since contact 3.4 +- 2.5 degrees at 2.5 m/s. The level differs by 5 degrees between healthy legs and is no measure.",
        limits: "Against the usual: rise since contact amber 2.5, red 5 degrees; value amber 4, red 8, and only in stances whose rise is over the usual by one SD too, since a strap that turns shifts the value alone. Never a level.",
        explanation: "The kneecap turns inward while the foot is loaded, more than this runner's usual. The zero of \
                      rotation depends on how the sensor sits, so only the change is judged, never the level.",
        source: "Souza and Powers 2009: 8 degrees between runners with and without pain. Error of a median of five \
                 2 degrees (own measurement on virtual running, 12 legs).",
    },
    RuleSpec {
        rule: Rule::PelvicDrop,
        plain: "hip drops",
        term: "peak contralateral pelvic drop in stance",
        quantities: &[Quantity::PelvicDrop],
        needs_pelvis: true,
        definition: "Largest lowering of the other side of the pelvis against the horizontal in stance.",
        norm: "5.0 +- 2.0 degrees at 2.5 m/s, 6.1 +- 2.3 at 3.5, 7.0 +- 2.5 at 4.5.",
        limits: "Against the usual: amber 2, red 3.5 degrees, the least that four of five strides can tell. No level: healthy runners reach every one that was proposed.",
        explanation: "The other side of the pelvis sinks more than usual while this leg carries the runner. In \
                      injured runners it is the measure that differs most.",
        source: "Bramah 2018: 80 percent higher odds of being injured per degree. Norm: RBDS (Fukuchi 2017), own computation, 52 legs.",
    },
    RuleSpec {
        rule: Rule::KneeValgus,
        plain: "knee dives in",
        term: "dynamic knee valgus in stance (femur adduction plus shank abduction)",
        quantities: &[Quantity::KneeValgus],
        needs_pelvis: false,
        definition: "Largest sum in stance of the thigh's inward and the shank's outward lean against gravity.",
        norm: "No norm for sensors.",
        limits: "Against the usual: amber 3.2, red 6 degrees.",
        explanation: "The knee moves inward between hip and foot more than this runner's usual: the thigh leans in \
                      and the shank leans out at the same time.",
        source: "Our choice, one degree above the limit for the femur alone because two segments add their error; \
                 no trial has tested a limit for sensors.",
    },
    RuleSpec {
        rule: Rule::Asymmetry,
        plain: "one side falls in more",
        term: "left-right difference of peak adduction, against its baseline",
        quantities: &[],
        needs_pelvis: false,
        definition: "Median change of peak adduction from the usual over 20 stances, one leg less the other. Hip adduction where both legs have it, else the femur's.",
        norm: "Left and right differ by 3.1 +- 2.3 degrees in healthy runners, which is why the change of the difference is judged.",
        limits: "Amber 3, red 5 degrees of change, of which the lower end of the 95 percent interval must be beyond.",
        explanation: "The difference between the legs has changed from this runner's usual; the side named is the \
                      one that is now higher than it used to be against the other. Healthy runners differ by \
                      3 degrees between their legs, so the difference itself is no fault.",
        source: "Left-right difference 3.1 +- 2.3 degrees at 3.5 m/s (RBDS, Fukuchi 2017, own computation, 26 runners).",
    },
    RuleSpec {
        rule: Rule::Fatigue,
        plain: "falls in more as the run goes on",
        term: "trend of peak adduction over the run, speed allowed for",
        quantities: &[],
        needs_pelvis: false,
        definition: "Rise of peak adduction over the run by least squares on time and speed together, in blocks of half a minute; neighbours that resemble each other count less.",
        norm: "Clean running wanders by 0.5 to 0.8 degrees.",
        limits: "Amber 2, red 4 degrees, of which the lower end of the 95 percent interval must be beyond, after 10 minutes at the earliest.",
        explanation: "Over the run the thigh has come to fall in further, at the same speed. Tired hip muscles do \
                      this. Raised only when the rise is certain, not when it is merely seen.",
        source: "Dierks 2008: weak abductors go with more adduction at the end of a run. Least rise 2 degrees: \
                 above the slow wander of clean running, 0.8 degrees (own measurement on virtual running).",
    },
];

impl RuleSpec {
    /// The row of a rule.
    #[must_use]
    pub fn of(rule: Rule) -> &'static Self {
        let [hip, femur, rotation, drop, valgus, asymmetry, fatigue] = &RULES;
        match rule {
            Rule::HipAdduction => hip,
            Rule::FemurAdduction => femur,
            Rule::MedialRotation => rotation,
            Rule::PelvicDrop => drop,
            Rule::KneeValgus => valgus,
            Rule::Asymmetry => asymmetry,
            Rule::Fatigue => fatigue,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_finds_its_own_row() {
        for spec in &RULES {
            assert_eq!(RuleSpec::of(spec.rule).rule, spec.rule);
            assert_eq!(RULES.iter().filter(|s| s.rule == spec.rule).count(), 1);
        }
    }
}

//! What an alert was raised on, in full: so that nobody has to believe it.

use super::asymmetry::Asymmetry;
use super::config::FlagConfig;
use super::decision::{Raised, Verdict};
use super::leg::Leg;
use super::rules::RuleSpec;
use crate::body::Side;
use crate::event::{Against, Evidence, EvidenceStride, Quantity, Rule, Severity};
use crate::units::SessionTime;

/// For the alert that a rule has just raised on a leg; `trend` is what the rules over many stances read.
pub(super) fn gather(
    spec: &RuleSpec,
    side: Side,
    (number, severity): (u32, Severity),
    decided: SessionTime,
    (leg, asymmetry, trend): (&Leg, &mut Asymmetry, Quantity),
    config: &FlagConfig,
) -> Evidence {
    let mut evidence = Evidence {
        number,
        rule: spec.rule,
        side,
        severity,
        decided,
        quantity: trend,
        against: Against::Today,
        kept: None,
        usual: leg.usual.and_then(|usual| usual.of[trend]),
        strides: Vec::new(),
        estimate: None,
        withheld: Vec::new(),
    };
    match spec.rule {
        Rule::Asymmetry => {
            let limit = match severity {
                Severity::Amber => config.asymmetry.amber_deg,
                Severity::Red => config.asymmetry.red_deg,
            };
            evidence.strides = asymmetry.strides(side, limit.to_radians());
            evidence.estimate = asymmetry.estimate();
        }
        Rule::Fatigue => evidence.estimate = leg.fatigue.estimate(),
        _ => {
            // The one that speaks: as `Flagger::says` chooses it.
            let raised = spec.quantities.iter().filter_map(|&q| Some((q, leg.watches[q].raised()?)));
            if let Some((quantity, Raised { against, .. })) = raised.max_by_key(|(_, r)| r.severity) {
                evidence.quantity = quantity;
                evidence.against = *against;
                let window = || leg.watches[quantity].window();
                evidence.usual = window().last().and_then(|newest| newest.limits.usual);
                evidence.strides = window().map(|v| stride(v, side, severity)).collect();
            }
        }
    }
    if let Some(first) = evidence.strides.first() {
        evidence.withheld = leg.suppressed.since(first.ic);
    }
    evidence
}

fn stride(verdict: &Verdict, side: Side, severity: Severity) -> EvidenceStride {
    EvidenceStride {
        side,
        number: verdict.number,
        ic: verdict.ic,
        value: verdict.value,
        limit: verdict.limits.at(severity),
        beyond: verdict.severity() >= Some(severity),
    }
}

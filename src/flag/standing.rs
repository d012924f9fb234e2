//! Alerts that stand, one per leg and rule, and how they change.

use super::decision::Raised;
use crate::body::Side;
use crate::event::{Alert, Event, Rule, Severity};
use crate::units::SessionTime;

/// An alert that stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Standing {
    pub(super) alert: Alert,
    /// Decision of the last stance that its rule could judge.
    pub(super) evidence: SessionTime,
}

/// Raises, raises further, or clears one alert so that it says what `says` says. The alert's number and level when it
/// has raised.
pub(super) fn settle(
    standing: &mut Option<Standing>,
    says: Option<Raised>,
    numbers: &mut u32,
    (rule, side): (Rule, Side),
    decided: SessionTime,
    out: &mut Vec<Event>,
) -> Option<(u32, Severity)> {
    let Some(Raised { severity, onset, value, threshold, strides, against }) = says else {
        if let Some(Standing { alert, .. }) = standing.take() {
            out.push(Event::Alert(Alert { cleared: Some(decided), ..alert }));
        }
        return None;
    };
    if standing.is_some_and(|s| severity <= s.alert.severity) {
        return None;
    }
    let (number, onset) = if let Some(Standing { alert, .. }) = standing {
        (alert.number, alert.onset)
    } else {
        *numbers += 1;
        (*numbers, onset)
    };
    let alert = Alert {
        number,
        rule,
        side,
        severity,
        onset,
        decided,
        cleared: None,
        value,
        threshold,
        strides,
        basis: against.basis(),
    };
    *standing = Some(Standing { alert, evidence: decided });
    out.push(Event::Alert(alert));
    Some((number, severity))
}

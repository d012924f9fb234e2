use super::stats;
use super::timing::{Timed, Timing};
use crate::body::Side;
use crate::event::{Contact, ContactKind};
use crate::source::bids::ContactTruth;
use serde::Serialize;
use std::collections::BTreeSet;

/// An estimate this near to an event of the truth is that event, s. Source: the usual window in
/// re-tests of detectors, and the one that the data sets' notes ask for.
const WINDOW: f64 = 0.1;
/// Two listed events of one leg and kind are neighbours when they are at most this many of the leg's
/// median intervals apart: an estimate between them that matches none is false. Further apart, the
/// truth has a hole (the runner was off the plates) and says nothing.
const NEIGHBOURS: f64 = 1.7;

/// No leg touches down or lifts off twice within this time (sprinters' strides take 0.4 s): a reference that says so has
/// crossed its force level more than once at one contact, s. The first counts.
const REPEATED: f64 = 0.25;

/// How well one kind of event of one leg is found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ContactError {
    pub side: Side,
    /// `initial` or `terminal`.
    pub kind: &'static str,
    /// `run`, `walk`, or what else the truth says; `any` where it says nothing.
    pub gait: String,
    #[serde(flatten)]
    pub timing: Timing,
    #[serde(skip)]
    pub(super) timed: Timed,
}

/// A contact as it finally stood, with the time of its first decision.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Estimate {
    t: f64,
    decided: f64,
}

/// The final contacts of one leg and kind: a confirmation moves the provisional terminal contact, a
/// retraction takes it away.
fn final_contacts(contacts: &[Contact], side: Side, kind: ContactKind) -> Vec<Estimate> {
    let mut found: Vec<Estimate> = Vec::new();
    let mut provisional = false;
    for c in contacts.iter().filter(|c| c.side == side) {
        let estimate = Estimate { t: c.t.0, decided: c.decided.0 };
        match c.kind {
            ContactKind::Initial if kind == ContactKind::Initial => found.push(estimate),
            ContactKind::Terminal if kind == ContactKind::Terminal => {
                found.push(estimate);
                provisional = true;
            }
            ContactKind::TerminalConfirmed if kind == ContactKind::Terminal => {
                match found.last_mut().filter(|_| provisional) {
                    Some(last) => last.t = estimate.t,
                    None => found.push(estimate),
                }
                provisional = false;
            }
            ContactKind::TerminalRetracted if kind == ContactKind::Terminal && provisional => {
                found.pop();
                provisional = false;
            }
            _ => {}
        }
    }
    found
}

/// Compares the contacts of both legs. Gives the errors and, where `tied_by_arrivals`, the constant
/// between the clocks, s.
pub(super) fn compare(
    contacts: &[Contact],
    truth: &[ContactTruth],
    tied_by_arrivals: bool,
) -> (Vec<ContactError>, Option<f64>) {
    let mut rows = Vec::new();
    for side in Side::BOTH {
        for kind in [ContactKind::Initial, ContactKind::Terminal] {
            let mut listed: Vec<&ContactTruth> =
                truth.iter().filter(|c| c.side == side && c.kind == kind).collect();
            listed.dedup_by(|next, first| next.t.0 - first.t.0 < REPEATED);
            if !listed.is_empty() {
                rows.extend(compare_kind(&final_contacts(contacts, side, kind), &listed));
            }
        }
    }
    let all: Vec<f64> = rows.iter().flat_map(|r| &r.timed.errors).copied().collect();
    // The median: a few mistaken matches must not move every event.
    let constant = tied_by_arrivals.then(|| stats::quantile(&all, 0.5)).flatten();
    for row in &mut rows {
        if let Some(constant) = constant {
            row.timed.free_of(constant);
        }
        row.timing = row.timed.timing();
    }
    (rows, constant)
}

/// One row per gait that the truth names.
fn compare_kind(estimates: &[Estimate], listed: &[&ContactTruth]) -> Vec<ContactError> {
    let times: Vec<f64> = listed.iter().map(|c| c.t.0).collect();
    let estimated: Vec<f64> = estimates.iter().map(|e| e.t).collect();
    let matches = pair(&times, &estimated);
    let taken: BTreeSet<usize> = matches.iter().flatten().copied().collect();
    let mut false_at = vec![0_usize; listed.len()];
    for (at, time) in estimated.iter().enumerate() {
        if !taken.contains(&at)
            && let Some(slot) = neighbour_before(&times, *time).and_then(|i| false_at.get_mut(i))
        {
            *slot += 1;
        }
    }
    let gait = |c: &ContactTruth| c.gait.clone().unwrap_or_else(|| "any".to_owned());
    let gaits: BTreeSet<String> = listed.iter().map(|c| gait(c)).collect();
    gaits
        .into_iter()
        .filter_map(|name| {
            let rows = listed.iter().zip(&matches).zip(&false_at).filter(|((c, _), _)| gait(c) == name);
            let mut timed = Timed::default();
            for ((c, matched), false_here) in rows {
                timed.listed += 1;
                timed.false_events += false_here;
                if let Some(e) = matched.and_then(|at| estimates.get(at)) {
                    timed.errors.push(e.t - c.t.0);
                    timed.latencies.push(e.decided - c.t.0);
                }
            }
            let first = listed.first()?;
            let kind = if first.kind == ContactKind::Initial { "initial" } else { "terminal" };
            Some(ContactError { side: first.side, kind, gait: name, timing: timed.timing(), timed })
        })
        .collect()
}

/// For each listed time the estimate that it is paired with: nearest pairs first, each used once.
pub(super) fn pair(listed: &[f64], estimated: &[f64]) -> Vec<Option<usize>> {
    let mut candidates: Vec<(f64, usize, usize)> = Vec::new();
    for (i, a) in listed.iter().enumerate() {
        for (j, b) in estimated.iter().enumerate() {
            if (a - b).abs() <= WINDOW {
                candidates.push(((a - b).abs(), i, j));
            }
        }
    }
    candidates.sort_by(|a, b| a.0.total_cmp(&b.0).then((a.1, a.2).cmp(&(b.1, b.2))));
    let mut matches = vec![None; listed.len()];
    let mut taken = BTreeSet::new();
    for (_, i, j) in candidates {
        if let Some(slot) = matches.get_mut(i)
            && slot.is_none()
            && taken.insert(j)
        {
            *slot = Some(j);
        }
    }
    matches
}

/// The listed event before `time`, when the next one is its neighbour.
fn neighbour_before(listed: &[f64], time: f64) -> Option<usize> {
    let intervals: Vec<f64> = listed.iter().zip(listed.iter().skip(1)).map(|(a, b)| b - a).collect();
    let median = stats::quantile(&intervals, 0.5)?;
    let next = listed.partition_point(|t| *t < time);
    let before = next.checked_sub(1)?;
    (*intervals.get(before)? <= NEIGHBOURS * median).then_some(before)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Gait;
    use crate::units::SessionTime;

    fn contact(kind: ContactKind, t: f64, decided: f64) -> Contact {
        Contact {
            side: Side::Left,
            kind,
            t: SessionTime(t),
            decided: SessionTime(decided),
            gait: Gait::Run,
            rhythm: 3,
            sigma: 0.005,
        }
    }

    fn listed(kind: ContactKind, times: &[f64]) -> Vec<ContactTruth> {
        times
            .iter()
            .map(|t| ContactTruth { side: Side::Left, kind, t: SessionTime(*t), gait: None })
            .collect()
    }

    fn initials(times: &[f64]) -> Vec<Contact> {
        times.iter().map(|t| contact(ContactKind::Initial, *t, *t + 0.03)).collect()
    }

    #[test]
    fn found_missed_and_false_are_counted() {
        let truth = listed(ContactKind::Initial, &[1.0, 1.7, 2.4, 3.1, 3.8]);
        let (rows, constant) = compare(&initials(&[1.01, 1.71, 2.0, 2.41, 3.81]), &truth, false);
        let r = &rows[0].timing;
        assert_eq!((r.listed, r.found, r.missed, r.false_events), (5, 4, 1, 1));
        assert!((r.bias_ms.expect("found") - 10.0).abs() < 1e-6);
        assert!((r.latency_median_ms.expect("found") - 40.0).abs() < 1e-6);
        assert_eq!((constant, r.mae_clock_free_ms), (None, None));
    }

    #[test]
    fn estimates_where_the_truth_says_nothing_are_not_false() {
        // One cycle over the plates, then a hole, then another.
        let truth = listed(ContactKind::Initial, &[5.0, 6.0, 7.0, 15.0, 16.0]);
        let estimates = [1.0, 2.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 15.0, 16.0, 17.0];
        assert_eq!(compare(&initials(&estimates), &truth, false).0[0].timing.false_events, 0);
        let single = listed(ContactKind::Initial, &[5.0]);
        assert_eq!(compare(&initials(&[4.0, 5.0, 6.0]), &single, false).0[0].timing.false_events, 0);
    }

    #[test]
    fn a_doubled_contact_is_one_found_and_one_false() {
        let truth = listed(ContactKind::Initial, &[1.0, 1.7, 2.4]);
        let r = &compare(&initials(&[1.0, 1.69, 1.75, 2.4]), &truth, false).0[0];
        assert_eq!((r.timing.found, r.timing.false_events), (3, 1));
        assert!((r.timing.bias_ms.expect("found") + 10.0 / 3.0).abs() < 1e-6, "the nearer one is the match");
    }

    #[test]
    fn a_contact_that_the_truth_repeats_is_listed_once() {
        let truth = listed(ContactKind::Initial, &[1.0, 1.02, 1.11, 1.7, 2.4]);
        let r = &compare(&initials(&[1.01, 1.71, 2.41]), &truth, false).0[0].timing;
        assert_eq!((r.listed, r.found, r.missed), (3, 3, 0));
    }

    #[test]
    fn a_confirmation_moves_the_time_and_keeps_the_first_decision() {
        let estimates = [
            contact(ContactKind::Terminal, 1.20, 1.25),
            contact(ContactKind::TerminalConfirmed, 1.21, 1.50),
            contact(ContactKind::Terminal, 1.60, 1.62),
            contact(ContactKind::TerminalRetracted, 1.60, 1.64),
            contact(ContactKind::TerminalConfirmed, 1.90, 2.10),
        ];
        let truth = listed(ContactKind::Terminal, &[1.2, 1.9]);
        let r = &compare(&estimates, &truth, false).0[0];
        assert_eq!((r.timing.found, r.timing.false_events, r.kind), (2, 0, "terminal"));
        assert!((r.timing.bias_ms.expect("found") - 5.0).abs() < 1e-6);
        assert!((r.timing.latency_median_ms.expect("found") - 125.0).abs() < 1e-6);
    }

    #[test]
    fn one_constant_for_the_recording_is_removed_where_arrivals_tie_the_clocks() {
        let mut truth = listed(ContactKind::Initial, &[1.0, 2.0, 3.0]);
        truth.extend(listed(ContactKind::Terminal, &[1.3, 2.3, 3.3]));
        let mut estimates = initials(&[1.01, 2.01, 3.01]);
        estimates.extend([1.33, 2.33, 3.33].map(|t| contact(ContactKind::Terminal, t, t)));
        let (rows, constant) = compare(&estimates, &truth, true);
        assert!((constant.expect("tied") - 0.02).abs() < 1e-9);
        for row in &rows {
            assert!((row.timing.mae_clock_free_ms.expect("tied") - 10.0).abs() < 1e-6, "{row:?}");
        }
        // Decided 40 and 30 ms after the event, on a clock that is 20 ms ahead.
        let latencies: Vec<f64> = rows.iter().filter_map(|r| r.timing.latency_median_ms).collect();
        assert!((latencies[0] - 20.0).abs() < 1e-6 && (latencies[1] - 10.0).abs() < 1e-6, "{latencies:?}");
    }

    #[test]
    fn gaits_are_scored_apart() {
        let mut truth = listed(ContactKind::Initial, &[1.0, 2.0, 3.0, 3.7]);
        for (c, gait) in truth.iter_mut().zip(["walk", "walk", "run", "run"]) {
            c.gait = Some(gait.to_owned());
        }
        let (rows, _) = compare(&initials(&[1.0, 2.0, 3.0]), &truth, false);
        let counts: Vec<_> =
            rows.iter().map(|r| (r.gait.as_str(), r.timing.found, r.timing.missed)).collect();
        assert_eq!(counts, [("run", 1, 1), ("walk", 2, 0)]);
    }
}

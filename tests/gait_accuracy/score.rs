//! Runs a recording through the tracker and compares what it says with the truth.

use crate::data::{Recording, Track, Truth, What};
use stancewatch::body::Side;
use stancewatch::event::{Contact, ContactKind, Gait};
use stancewatch::gait::GaitTracker;
use stancewatch::units::{Hz, SessionTime};
use std::fmt;

/// All contacts that the tracker gives, samples of all tracks in order of time.
pub(crate) fn contacts(tracks: &[Track]) -> Vec<Contact> {
    let mut tracker = GaitTracker::new();
    for track in tracks {
        tracker.add_sensor(track.placement, Hz(track.rate));
    }
    let mut order: Vec<(f64, usize, usize)> = Vec::new();
    for (which, track) in tracks.iter().enumerate() {
        order.extend(track.samples.iter().enumerate().map(|(i, s)| (s.0, which, i)));
    }
    order.sort_by(|a, b| a.partial_cmp(b).unwrap());
    let mut out = Vec::new();
    for (_, which, i) in order {
        let (t, acc, gyr) = &tracks[which].samples[i];
        tracker.push(tracks[which].placement, SessionTime(*t), acc, gyr, &mut out);
    }
    out
}

/// One contact of a foot with the ground as it stands in the end.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    pub(crate) side: Side,
    pub(crate) gait: Gait,
    pub(crate) ic: f64,
    pub(crate) ic_decided: f64,
    pub(crate) tc: Option<f64>,
    pub(crate) tc_gait: Gait,
    pub(crate) tc_decided: f64,
    pub(crate) retracted: u32,
    pub(crate) guessed: bool,
}

pub(crate) fn steps(contacts: &[Contact]) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for c in contacts {
        if c.kind == ContactKind::Initial {
            steps.push(Step {
                side: c.side,
                gait: c.gait,
                ic: c.t.0,
                ic_decided: c.decided.0,
                tc: None,
                tc_gait: c.gait,
                tc_decided: 0.0,
                retracted: 0,
                guessed: false,
            });
            continue;
        }
        let Some(step) = steps.iter_mut().rev().find(|s| s.side == c.side) else { continue };
        match c.kind {
            ContactKind::Terminal => {
                step.tc = Some(c.t.0);
                step.tc_decided = c.decided.0;
                step.tc_gait = c.gait;
                step.guessed = c.rhythm == 0;
            }
            ContactKind::TerminalConfirmed => step.tc = Some(c.t.0),
            ContactKind::TerminalRetracted => {
                step.tc = None;
                step.retracted += 1;
            }
            _ => {}
        }
    }
    steps
}

#[derive(Default, Clone)]
pub(crate) struct Errors {
    pub(crate) truths: usize,
    pub(crate) extra: usize,
    /// Seconds, estimate less truth.
    pub(crate) of_time: Vec<f64>,
    pub(crate) latencies: Vec<f64>,
}

pub(crate) fn percentile(values: &[f64], share: f64) -> f64 {
    let mut v: Vec<f64> = values.to_vec();
    v.sort_by(f64::total_cmp);
    if v.is_empty() { f64::NAN } else { v[((v.len() - 1) as f64 * share).round() as usize] }
}

pub(crate) fn mean(v: &[f64]) -> f64 {
    v.iter().sum::<f64>() / v.len() as f64
}

pub(crate) fn spread(v: &[f64]) -> f64 {
    let m = mean(v);
    (v.iter().map(|x| (x - m).powi(2)).sum::<f64>() / v.len() as f64).sqrt()
}

impl Errors {
    pub(crate) fn found(&self) -> f64 {
        self.of_time.len() as f64 / self.truths as f64
    }

    pub(crate) fn mae_ms(&self) -> f64 {
        1e3 * mean(&self.of_time.iter().map(|e| e.abs()).collect::<Vec<_>>())
    }

    pub(crate) fn latency_ms(&self) -> f64 {
        1e3 * percentile(&self.latencies, 0.5)
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.truths += other.truths;
        self.extra += other.extra;
        self.of_time.extend(&other.of_time);
        self.latencies.extend(&other.latencies);
    }

    pub(crate) fn shift(&mut self, by: f64) {
        self.of_time.iter_mut().chain(&mut self.latencies).for_each(|e| *e -= by);
    }
}

/// Mean absolute error, ms, when each person's constant error is taken from the others'.
pub(crate) fn left_out_mae_ms(people: &[Errors]) -> f64 {
    let mut all = Errors::default();
    for (i, one) in people.iter().enumerate() {
        let others = people.iter().enumerate().filter(|(j, _)| *j != i).map(|(_, e)| mean(&e.of_time));
        let mut one = one.clone();
        one.shift(mean(&others.collect::<Vec<_>>()));
        all.add(&one);
    }
    all.mae_ms()
}

impl fmt::Display for Errors {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let size: Vec<f64> = self.of_time.iter().map(|e| e.abs()).collect();
        write!(
            f,
            "found {:5}/{:5} = {:5.1} %  extra {:3}  bias {:6.1}  sd {:5.1}  mae {:5.1}  p95 {:5.1}  latency {:3.0} / {:3.0} ms",
            self.of_time.len(),
            self.truths,
            100.0 * self.found(),
            self.extra,
            1e3 * mean(&self.of_time),
            1e3 * spread(&self.of_time),
            self.mae_ms(),
            1e3 * percentile(&size, 0.95),
            1e3 * percentile(&self.latencies, 0.5),
            1e3 * percentile(&self.latencies, 0.95),
        )
    }
}

/// Matches truth with what was found, nearest first in time, within `reach` s.
pub(crate) fn compare(truth: &[&Truth], steps: &[Step], reach: f64) -> Errors {
    let mut errors = Errors { truths: truth.len(), ..Errors::default() };
    for one in truth {
        let of = |s: &Step| match one.what {
            What::Initial => Some((s.ic, s.ic_decided)),
            What::Terminal => s.tc.map(|t| (t, s.tc_decided)),
        };
        let near = steps
            .iter()
            .filter(|s| s.side == one.side)
            .filter_map(of)
            .min_by(|a, b| (a.0 - one.t).abs().total_cmp(&(b.0 - one.t).abs()));
        if let Some((t, decided)) = near.filter(|n| (n.0 - one.t).abs() < reach) {
            errors.of_time.push(t - one.t);
            errors.latencies.push(decided - one.t);
        }
    }
    errors
}

/// Initial and terminal contact of one recording, of the truths with this note (all where `None`).
pub(crate) fn judge(recording: &Recording, steps: &[Step], note: Option<&str>, reach: f64) -> [Errors; 2] {
    [What::Initial, What::Terminal].map(|what| {
        let truth: Vec<&Truth> =
            recording.truth.iter().filter(|t| t.what == what && note.is_none_or(|n| t.note == n)).collect();
        compare(&truth, steps, reach)
    })
}

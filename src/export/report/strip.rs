//! The drawings of the report: the run as a strip, and left against right.

use super::{Words, clock, escape};
use crate::body::Side;
use crate::review::Review;
use crate::store::StanceRow;
use std::fmt::Write;

const WIDTH: f64 = 700.0;
/// Room for words to the left of the lanes.
const LEFT: f64 = 52.0;
const LANE: f64 = 62.0;
const GAP: f64 = 14.0;
/// Points of a curve: more would be closer than a printer's line.
const POINTS: usize = 140;
/// Marks with their words at most; all have their line.
const MARK_WORDS: usize = 8;

type Read = fn(&StanceRow) -> Option<f64>;

/// Adduction of each leg over time, its usual behind it, alerts below, marks across.
pub(super) fn draw(out: &mut String, review: &Review, stances: &[StanceRow], words: &Words) {
    let (from, to) = review.session.range();
    let to = if to.is_finite() { to } else { stances.last().map_or(from + 1.0, |s| s.tc_time_s) };
    let with_pelvis = review.quantity("hip_adduction").is_some();
    let (name, of): (_, Read) = if with_pelvis {
        ("hip_adduction", |s| s.peak_hip_adduction_deg)
    } else {
        ("femur_adduction", |s| s.peak_femur_adduction_deg)
    };
    let x = |t: f64| LEFT + (t - from) / (to - from).max(1e-9) * (WIDTH - LEFT - 8.0);
    let curves = Side::BOTH.map(|side| (side, curve(side, stances, of, review.gait, (from, to))));
    let values = || curves.iter().flat_map(|(_, points)| points.iter().map(|p| p.1));
    let bands = || {
        let quantity = review.quantity(name);
        Side::BOTH.into_iter().filter_map(move |side| quantity.and_then(|q| q.leg(side).usual))
    };
    let low = values().chain(bands().map(|b| b.mean - b.sd)).fold(f64::INFINITY, f64::min).floor() - 1.0;
    let high = values().chain(bands().map(|b| b.mean + b.sd)).fold(f64::NEG_INFINITY, f64::max).ceil() + 1.0;
    if !(low.is_finite() && high.is_finite()) {
        let _ = write!(out, "<p>{}</p>", words.word("run.nothing"));
        return;
    }
    let height = 2.0 * (LANE + GAP) + 20.0;
    let _ = write!(
        out,
        "<svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"{}\">",
        words.word("run.drawing")
    );
    for (lane, (side, points)) in curves.iter().enumerate() {
        let top = lane as f64 * (LANE + GAP) + 4.0;
        let y = |value: f64| top + LANE * (high - value) / (high - low);
        if let Some(usual) = review.quantity(name).and_then(|q| q.leg(*side).usual) {
            let (upper, lower) = (y(usual.mean + usual.sd), y(usual.mean - usual.sd));
            let _ = write!(
                out,
                "<rect class=\"band\" x=\"{LEFT}\" y=\"{upper:.1}\" width=\"{:.1}\" height=\"{:.1}\"/>",
                WIDTH - LEFT - 8.0,
                lower - upper
            );
        }
        let _ = write!(
            out,
            "<text x=\"0\" y=\"{:.1}\">{}</text><text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{high:.0}\u{b0}</text>\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{low:.0}\u{b0}</text>\
             <line class=\"axis\" x1=\"{LEFT}\" x2=\"{LEFT}\" y1=\"{top}\" y2=\"{:.1}\"/>",
            top + LANE / 2.0 + 4.0,
            super::side_word(side.name(), words),
            LEFT - 4.0,
            top + 9.0,
            LEFT - 4.0,
            top + LANE,
            top + LANE
        );
        let path: Vec<_> = points.iter().map(|(t, v)| format!("{:.1},{:.1}", x(*t), y(*v))).collect();
        let _ = write!(out, "<polyline class=\"curve\" points=\"{}\"/>", path.join(" "));
        for alert in review.alerts.iter().filter(|a| a.side == side.name()) {
            let (begin, end) = (x(alert.onset_time_s), x(alert.clear_time_s.unwrap_or(to).min(to)));
            let class = if alert.severity == "red" { "alert red" } else { "alert" };
            let _ = write!(
                out,
                "<rect class=\"{class}\" x=\"{begin:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"5\"/>",
                top + LANE + 3.0,
                (end - begin).max(3.0)
            );
        }
    }
    let bottom = 2.0 * (LANE + GAP) + 2.0;
    for minute in ticks(to - from) {
        let at = x(from + minute * 60.0);
        let _ = write!(
            out,
            "<line class=\"tick\" x1=\"{at:.1}\" x2=\"{at:.1}\" y1=\"4\" y2=\"{bottom}\"/>\
             <text x=\"{at:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
            bottom + 13.0,
            clock(minute * 60.0)
        );
    }
    for (place, mark) in review.marks.iter().enumerate() {
        let at = x(mark.time_s);
        let _ = write!(out, "<line class=\"mark\" x1=\"{at:.1}\" x2=\"{at:.1}\" y1=\"4\" y2=\"{bottom}\"/>");
        if place < MARK_WORDS {
            let word: String = mark.label.chars().take(18).collect();
            let _ = write!(out, "<text x=\"{:.1}\" y=\"12\">{}</text>", at + 2.0, escape(&word));
        }
    }
    let _ = write!(out, "</svg><p class=\"small\">{}</p>", words.word("run.more"));
}

/// Means over equal stretches of time; a stretch without a stance that counts leaves none.
fn curve(
    side: Side,
    stances: &[StanceRow],
    of: Read,
    gait: Option<&str>,
    (from, to): (f64, f64),
) -> Vec<(f64, f64)> {
    let mut sums = vec![(0.0, 0.0, 0.0); POINTS];
    let counts =
        |s: &&StanceRow| s.side == side.name() && s.valid && !s.excluded && gait == Some(s.gait.as_str());
    for stance in stances.iter().filter(counts) {
        let place = ((stance.ic_time_s - from) / (to - from) * POINTS as f64).floor();
        // A time before the crop casts to 0, so that it is asked for.
        let slot = sums.get_mut(place as usize).filter(|_| place >= 0.0);
        if let Some((slot, value)) = slot.zip(of(stance)) {
            *slot = (slot.0 + 1.0, slot.1 + stance.ic_time_s, slot.2 + value);
        }
    }
    sums.into_iter().filter(|s| s.0 > 0.0).map(|(n, t, v)| (t / n, v / n)).collect()
}

/// Full minutes, at most about ten of them.
fn ticks(seconds: f64) -> impl Iterator<Item = f64> {
    let minutes = seconds / 60.0;
    let step =
        [1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0].into_iter().find(|s| minutes / s <= 10.0).unwrap_or(120.0);
    (0..=(minutes / step) as u32).map(move |n| f64::from(n) * step)
}

/// A line per angle: L and R on one scale with their spread.
pub(super) fn sides(out: &mut String, review: &Review, words: &Words) {
    const WIDTH: f64 = 330.0;
    const ROW: f64 = 26.0;
    /// Room for the longest name of a rule.
    const NAMES: f64 = 172.0;
    let shown = super::told_once(review);
    let rows: Vec<_> =
        review.quantities.iter().filter(|q| q.quantity.unit == "deg" && shown(q.quantity.name)).collect();
    let ends = rows
        .iter()
        .flat_map(|q| Side::BOTH.map(|side| q.leg(side)))
        .filter_map(|leg| leg.mean.map(|mean| (mean - leg.sd.unwrap_or(0.0), mean + leg.sd.unwrap_or(0.0))));
    let (low, high) = ends.fold((0.0f64, 0.0f64), |(l, h), (a, b)| (l.min(a), h.max(b)));
    let x = |value: f64| NAMES + (value - low) / (high - low).max(1e-9) * (WIDTH - NAMES - 22.0);
    let height = rows.len() as f64 * ROW + 14.0;
    let _ = write!(
        out,
        "<svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"{3}\">\
         <line class=\"tick\" x1=\"{0:.1}\" x2=\"{0:.1}\" y1=\"0\" y2=\"{1:.1}\"/>\
         <text x=\"{0:.1}\" y=\"{2:.1}\" text-anchor=\"middle\">0\u{b0}</text>",
        x(0.0),
        height - 12.0,
        height - 2.0,
        words.word("sides.drawing")
    );
    for (place, q) in rows.iter().enumerate() {
        let y = place as f64 * ROW + 13.0;
        let plain = escape(&words.said(q.quantity.plain));
        let _ = write!(out, "<text x=\"0\" y=\"{:.1}\">{plain}</text>", y + 4.0);
        for (side, dy, word) in [(Side::Left, -5.0, "sides.left"), (Side::Right, 6.0, "sides.right")] {
            let leg = q.leg(side);
            let Some(mean) = leg.mean else { continue };
            let sd = leg.sd.unwrap_or(0.0);
            let at = y + dy;
            let _ = write!(
                out,
                "<line class=\"axis\" x1=\"{:.1}\" x2=\"{:.1}\" y1=\"{at:.1}\" y2=\"{at:.1}\"/>",
                x(mean - sd),
                x(mean + sd)
            );
            let _ = write!(
                out,
                "<text x=\"{:.1}\" y=\"{:.1}\">{}</text>",
                x(mean + sd) + 3.0,
                at + 4.0,
                words.word(word)
            );
        }
    }
    out.push_str("</svg>");
}

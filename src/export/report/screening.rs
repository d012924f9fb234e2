//! The screening tests of a session on its report, each held against the one of its kind before.

use super::{NOTHING, Words, digits, escape, section, signed};
use crate::body::Side;
use crate::event::{LegScreening, ScreenQuantity, Test};
use crate::screen;
use crate::store::{ScreeningRow, Session};
use std::fmt::Write;

/// What is told of a leg; how long it took is for the page.
const TOLD: [ScreenQuantity; 5] = [
    ScreenQuantity::Depth,
    ScreenQuantity::AdductionPeak,
    ScreenQuantity::AdductionExcursion,
    ScreenQuantity::RotationExcursion,
    ScreenQuantity::DropExcursion,
];

/// `tests` are the runner's, oldest first; of this session the last of each kind is told.
pub(super) fn draw(out: &mut String, session: &Session, tests: &[ScreeningRow], words: &Words) {
    for kind in [Test::SingleLegSquat, Test::StepDown] {
        let known = || tests.iter().filter(|t| t.screening.test == kind && t.screening.reason.is_none());
        let Some(now) = known().rfind(|test| test.session == session.id) else { continue };
        let earlier = |test: &&ScreeningRow| (&test.started, &test.session) < (&session.started, &session.id);
        let before = known().rfind(earlier);
        let name = words.of_page("screening", kind.name());
        let title = before.map_or(name.clone(), |before| {
            words.fill("screening", &[("test", &name), ("date", &words.date(&before.started))])
        });
        section(out, &title);
        table(out, now, before, words);
        out.push_str("</section>\n");
    }
}

fn table(out: &mut String, now: &ScreeningRow, before: Option<&ScreeningRow>, words: &Words) {
    out.push_str("<table><thead><tr><td></td>");
    for side in ["left", "right"] {
        let _ = write!(out, "<th>{}</th>", words.word(side));
        if before.is_some() {
            for word in ["screening.before", "screening.change"] {
                let _ = write!(out, "<th>{}</th>", words.word(word));
            }
        }
    }
    out.push_str("</tr></thead><tbody>");
    let changes = before.map(|before| screen::compare(&before.screening, &now.screening));
    let told = |q| Side::BOTH.iter().any(|&side| mean(&now.screening.legs[side], q).is_some());
    for quantity in TOLD.into_iter().filter(|&q| told(q)) {
        let name = words.of_page("screening", quantity.name());
        let _ = write!(out, "<tr><th>{}</th>", escape(&name));
        let written = |value: Option<f64>| {
            value.map_or(NOTHING.to_owned(), |v| format!("{}\u{b0}", words.decimal(v, digits("\u{b0}"))))
        };
        for side in Side::BOTH {
            let _ = write!(out, "<td><b>{}</b></td>", written(mean(&now.screening.legs[side], quantity)));
            let (Some(before), Some(changes)) = (before, &changes) else { continue };
            let change = changes[side].iter().find(|change| change.quantity == quantity);
            let change = change.map_or(NOTHING.to_owned(), |change| {
                let noise = if change.value.abs() < change.smallest() { " \u{2248}" } else { "" };
                format!("{}\u{b0}{noise}", signed(quantity.at_the_edge(change.value), 1, words))
            });
            let was = written(mean(&before.screening.legs[side], quantity));
            let _ = write!(out, "<td class=\"usual\">{was}</td><td>{change}</td>");
        }
        out.push_str("</tr>");
    }
    out.push_str("</tbody></table>");
    if before.is_some() {
        let _ = write!(out, "<p class=\"small\">{}</p>", words.word("screening.more"));
    }
}

/// As it is read, degrees.
fn mean(leg: &LegScreening, quantity: ScreenQuantity) -> Option<f64> {
    let figure = leg.figures.iter().find(|figure| figure.quantity == quantity)?;
    Some(quantity.at_the_edge(figure.mean))
}

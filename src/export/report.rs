//! A session on one A4 page that prints well in black and white: no script, nothing from elsewhere, every text
//! of a person escaped. It says what was measured and how far to trust it; never a diagnosis, never a risk.

mod screening;
mod strip;
mod style;
mod words;

pub use style::policy;
pub use words::{LANGUAGES, Words};

use crate::body::Side;
use crate::review::{Leg, NOISE_DEG, Review, Reviewed, quantities};
use crate::store::{ScreeningRow, StanceRow};
use std::fmt::Write;
use style::STYLE;

/// Alerts, marks and characters of notes beyond these would need a second page; how many there are is said.
const ALERTS: usize = 7;
const NOTE: usize = 420;
/// Where there is no figure.
const NOTHING: &str = "\u{2013}";

/// The whole page; `tests` are the screening tests of this runner, oldest first.
#[must_use]
pub fn page(review: &Review, stances: &[StanceRow], tests: &[ScreeningRow], words: &Words) -> String {
    let mut out = String::new();
    let session = &review.session;
    let title = format!("{}, {}", words.said(review.runner.shown()), words.date(&session.started));
    let _ = write!(
        out,
        "<!doctype html>\n<html lang=\"{}\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <title>{}</title><style>{STYLE}</style></head><body><main>\n",
        words.language,
        escape(&title)
    );
    head(&mut out, review, words);
    numbers(&mut out, review, words);
    section(&mut out, words.word("run"));
    strip::draw(&mut out, review, stances, words);
    alerts(&mut out, review, words);
    out.push_str("</section>\n<div class=\"two\">");
    sides(&mut out, review, words);
    changes(&mut out, review, words);
    out.push_str("</div>\n");
    screening::draw(&mut out, session, tests, words);
    notes(&mut out, review, words);
    limits(&mut out, review, words);
    out.push_str("</main></body></html>\n");
    out
}

/// Text as HTML shows it, whatever it holds.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(c),
        }
    }
    out
}

/// Minutes and seconds.
fn clock(seconds: f64) -> String {
    let all = seconds.max(0.0) as u64;
    format!("{}:{:02}", all / 60, all % 60)
}

fn section(out: &mut String, title: &str) {
    let _ = write!(out, "<section><h2>{}</h2>", escape(title));
}

fn head(out: &mut String, review: &Review, words: &Words) {
    let session = &review.session;
    let when = words.date(&session.started);
    let _ = write!(out, "<header><h1>{}</h1><p>{when}", escape(&words.said(review.runner.shown())));
    if let Some(duration) = session.duration_s() {
        let _ = write!(out, ", {} min", clock(duration));
    }
    let counted = review.counts.left.counted + review.counts.right.counted;
    let all = review.counts.left.stances + review.counts.right.stances;
    let gait = words.word(if review.gait == Some("walk") { "gait.walk" } else { "gait.run" });
    let counts = [("counted", &*counted.to_string()), ("all", &*all.to_string()), ("gait", gait)];
    let _ = write!(out, ", {}</p></header>\n<dl class=\"facts\">", words.fill("counts", &counts));
    let placed = session.sensors.iter().filter_map(|worn| worn.placement);
    let placed: Vec<_> = placed.map(|place| words.of_page("placement", place.name())).collect();
    let sensors = if placed.is_empty() { words.word("sensors.none").to_owned() } else { placed.join(", ") };
    let sensors = match session.source.as_str() {
        "synthetic" => words.fill("synthetic", &[("sensors", &sensors)]),
        _ => sensors,
    };
    fact(out, words.word("sensors"), &sensors);
    let grade = match &review.grade {
        None => words.word("grade.none").to_owned(),
        Some(grade) => words.of_page("grade", grade),
    };
    let reason = words.said(review.grade_reason.as_deref().unwrap_or_default());
    fact(out, words.word("calibration"), &format!("{grade}. {reason}"));
    let nothing = words.word("says.nothing");
    let pain = session.pain.map(|pain| words.fill("says.pain", &[("pain", &pain.to_string())]));
    let said = [("pain", &pain), ("shoes", &session.shoes), ("surface", &session.surface)];
    let said = said.map(|(what, text)| (what, text.as_deref().unwrap_or(nothing)));
    fact(out, words.word("says"), &words.fill("says.all", &said));
    out.push_str("</dl>\n");
}

fn fact(out: &mut String, name: &str, text: &str) {
    let _ = write!(out, "<div><dt>{name}</dt><dd>{}</dd></div>", escape(text));
}

/// The four numbers, and what they are judged against.
fn numbers(out: &mut String, review: &Review, words: &Words) {
    section(out, words.word("peaks"));
    let [left, right, usual, difference] =
        ["left", "right", "usual", "difference"].map(|key| words.word(key));
    let _ = write!(
        out,
        "<table><thead><tr><td></td><th class=\"l\">{left}</th><th>{usual}</th><th class=\"r\">{right}</th>\
         <th>{usual}</th><th>{difference}</th></tr></thead><tbody>"
    );
    let adduction =
        if review.quantity("hip_adduction").is_some() { "hip_adduction" } else { "femur_adduction" };
    for name in [adduction, "medial_rotation", "pelvic_drop", "knee_valgus", "contact_time", "cadence"] {
        if let Some(q) = review.quantity(name) {
            row(out, q, words);
            continue;
        }
        let plain = quantities().iter().find(|q| q.name == name).map_or(name, |q| q.plain);
        let why = words.word(if name == "pelvic_drop" { "needs_sacrum" } else { "not_judged" });
        let plain = escape(&words.said(plain));
        let _ = write!(out, "<tr class=\"none\"><th>{plain}</th><td colspan=\"5\">{why}</td></tr>");
    }
    out.push_str("</tbody></table></section>\n");
}

fn row(out: &mut String, q: &Reviewed, words: &Words) {
    let unit = sign(q.quantity.unit);
    let [plain, term] = [q.quantity.plain, q.quantity.term].map(|text| escape(&words.said(text)));
    let _ = write!(out, "<tr><th>{plain} <small>{term}</small></th>");
    for side in Side::BOTH {
        let leg = q.leg(side);
        let (mean, usual) = (with_spread(leg, unit, words), usual(leg, unit, words));
        let _ = write!(out, "<td>{mean}</td><td class=\"usual\">{usual}</td>");
    }
    let difference = q.difference.map(|d| format!("{}{unit}", signed(d, digits(unit), words)));
    let _ = write!(out, "<td>{}</td></tr>", difference.as_deref().unwrap_or(NOTHING));
}

/// What stands behind a number, for a unit by its name.
fn sign(unit: &str) -> &'static str {
    match unit {
        "deg" => "\u{b0}",
        "ms" => " ms",
        _ => "",
    }
}

fn digits(unit: &str) -> usize {
    usize::from(unit == "\u{b0}")
}

fn with_spread(leg: &Leg, unit: &str, words: &Words) -> String {
    let written = |value| words.decimal(value, digits(unit));
    match (leg.mean, leg.sd) {
        (Some(mean), Some(sd)) => format!("<b>{}{unit}</b> \u{b1} {}", written(mean), written(sd)),
        (Some(mean), None) => format!("<b>{}{unit}</b>", written(mean)),
        _ => NOTHING.to_owned(),
    }
}

fn usual(leg: &Leg, unit: &str, words: &Words) -> String {
    let written = |value| words.decimal(value, 1);
    leg.usual.map_or(NOTHING.to_owned(), |u| format!("{}{unit} \u{b1} {}", written(u.mean), written(u.sd)))
}

fn signed(value: f64, digits: usize, words: &Words) -> String {
    let text = words.decimal(value, digits);
    let rises = value > 0.0 && text.chars().any(|c| ('1'..='9').contains(&c));
    if rises { format!("+{text}") } else { text }
}

/// In a sentence.
fn side_word(side: &str, words: &Words) -> String {
    words.of_page("side", side).to_lowercase()
}

fn alerts(out: &mut String, review: &Review, words: &Words) {
    if review.alerts.is_empty() {
        let _ = write!(out, "<p>{}</p>", words.word("alerts.none"));
        return;
    }
    let from = review.session.range().0;
    out.push_str("<ul class=\"alerts\">");
    for a in review.alerts.iter().take(ALERTS) {
        let until = a.clear_time_s.map_or_else(
            || words.word("alerts.end").to_owned(),
            |t| words.fill("alerts.until", &[("time", &clock(t - from))]),
        );
        let (shape, level) =
            if a.severity == "red" { ("\u{25a0}", "too_far") } else { ("\u{25b2}", "watch") };
        let degrees = |value| format!("{}\u{b0}", words.decimal(value, 1));
        let text = words.fill(
            "alerts.one",
            &[
                ("level", &format!("{shape} {}", words.of_page("sign", level))),
                ("side", &side_word(&a.side, words)),
                ("rule", &words.of_page("rule", &a.rule)),
                ("value", &degrees(a.value_deg)),
                ("limit", &degrees(a.threshold_deg)),
                ("from", &clock(a.onset_time_s - from)),
                ("until", &until),
            ],
        );
        let _ = write!(out, "<li>{}</li>", escape(&text));
    }
    if let Some(more) = review.alerts.len().checked_sub(ALERTS).filter(|&more| more > 0) {
        let _ = write!(out, "<li>{}</li>", words.fill("alerts.more", &[("n", &more.to_string())]));
    }
    out.push_str("</ul>");
}

/// Left against right, drawn on one scale, and the trends that are there.
fn sides(out: &mut String, review: &Review, words: &Words) {
    section(out, words.word("sides"));
    strip::sides(out, review, words);
    let mut told = false;
    let shown = told_once(review);
    for q in review.quantities.iter().filter(|q| q.quantity.unit == "deg" && shown(q.quantity.name)) {
        for side in Side::BOTH {
            let Some(t) = q.leg(side).trend.filter(|t| t.low > 0.0 || t.high < 0.0) else { continue };
            told = true;
            let text = words.fill(
                "trend",
                &[
                    ("side", &*words.of_page("side", side.name())),
                    ("what", &*words.said(q.quantity.plain)),
                    ("rise", &*format!("{}\u{b0}", signed(t.per_10_min, 1, words))),
                    ("low", &*signed(t.low, 1, words)),
                    ("high", &*signed(t.high, 1, words)),
                ],
            );
            let _ = write!(out, "<p>{}</p>", escape(&text));
        }
    }
    let long = review.quantities.iter().any(|q| q.left.trend.or(q.right.trend).is_some());
    let (class, more) = match (told, long) {
        (true, _) => (" class=\"small\"", "trend.more"),
        (false, true) => ("", "trend.none"),
        (false, false) => ("", "trend.short"),
    };
    let _ = write!(out, "<p{class}>{}</p></section>", words.word(more));
}

fn changes(out: &mut String, review: &Review, words: &Words) {
    section(out, words.word("since"));
    let Some(before) = &review.before else {
        let _ = write!(out, "<p>{}</p></section>", words.word("since.first"));
        return;
    };
    let against = words.fill("since.against", &[("date", &words.date(&before.a.started))]);
    let _ = write!(out, "<p>{against}</p><table class=\"changes\"><tbody>");
    let shown = told_once(review);
    for q in before.quantities.iter().filter(|q| shown(q.quantity.name)) {
        let unit = sign(q.quantity.unit);
        let _ = write!(out, "<tr><th>{}</th>", escape(&words.said(q.quantity.plain)));
        for side in Side::BOTH {
            let change = &q.legs[side];
            let text = change.change.map_or(NOTHING.to_owned(), |c| {
                let noise = if change.within_noise == Some(true) { " \u{2248}" } else { "" };
                format!("{}{unit}{noise}", signed(c, digits(unit), words))
            });
            let _ = write!(out, "<td>{}: {text}</td>", side_word(side.name(), words));
        }
        out.push_str("</tr>");
    }
    out.push_str("</tbody></table></section>");
}

/// With a sensor on the sacrum the hip's adduction is told; the femur's would say the same twice.
fn told_once(review: &Review) -> impl Fn(&str) -> bool {
    let with_hip = review.quantity("hip_adduction").is_some();
    move |name| !(with_hip && name == "femur_adduction")
}

fn notes(out: &mut String, review: &Review, words: &Words) {
    section(out, words.word("notes"));
    let note = review.session.notes.as_deref().unwrap_or_default();
    let short: String = note.chars().take(NOTE).collect();
    let more = if short.len() < note.len() { " \u{2026}" } else { "" };
    if !short.is_empty() {
        let _ = write!(out, "<p class=\"note\">{}{more}</p>", escape(&short));
    }
    out.push_str("<p class=\"lines\"></p></section>\n");
}

fn limits(out: &mut String, review: &Review, words: &Words) {
    let session = &review.session;
    out.push_str("<footer><p>");
    if let Some(text) = withheld(review, words) {
        let _ = write!(out, "{} ", escape(&text));
    }
    if !session.complete {
        let _ = write!(out, "{} ", words.word("cut"));
    }
    let noise = format!("{}\u{b0}", words.decimal(NOISE_DEG, 0));
    let settings = session.settings_sha256.get(..8).unwrap_or_default();
    let made = [("id", &*session.id), ("version", &*session.program_version), ("settings", settings)];
    let _ = write!(
        out,
        "{}</p><p>{}</p></footer>",
        words.fill("limits", &[("noise", &noise)]),
        escape(&words.fill("made", &made))
    );
}

/// How many stances were not judged, and why, the most frequent first.
fn withheld(review: &Review, words: &Words) -> Option<String> {
    let n: u32 = review.withheld.values().sum();
    let mut reasons: Vec<_> = review.withheld.iter().collect();
    reasons.sort_by_key(|(_, n)| std::cmp::Reverse(**n));
    let reason = |(reason, n): (&String, &u32)| {
        // What to do about it comes after the first sentence, and is too late here.
        let text = words.of_page("reason", reason);
        format!("{n}: {}", text.split(['.', ':']).next().unwrap_or_default())
    };
    let reasons: Vec<_> = reasons.into_iter().map(reason).collect();
    (n > 0).then(|| words.fill("withheld", &[("n", &n.to_string()), ("reasons", &reasons.join("; "))]))
}

#[cfg(test)]
mod tests;

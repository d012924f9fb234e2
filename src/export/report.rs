//! A session on one A4 page that prints well in black and white: no script, nothing from elsewhere, every text
//! of a person escaped. It says what was measured and how far to trust it; never a diagnosis, never a risk.

mod strip;
mod style;

use crate::body::Side;
use crate::review::{Leg, NOISE_DEG, Review, Reviewed};
use crate::store::StanceRow;
use sha2::{Digest, Sha256};
use std::fmt::Write;
use style::STYLE;

/// Alerts, marks and characters of notes beyond these would need a second page; how many there are is said.
const ALERTS: usize = 7;
const NOTE: usize = 420;

/// The whole page.
#[must_use]
pub fn page(review: &Review, stances: &[StanceRow]) -> String {
    let mut out = String::new();
    let session = &review.session;
    let title = format!("{}, {}", review.runner.shown(), date(&session.started));
    let _ = write!(
        out,
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <title>{}</title><style>{STYLE}</style></head><body><main>\n",
        escape(&title)
    );
    head(&mut out, review);
    numbers(&mut out, review);
    out.push_str("<section><h2>The run</h2>");
    strip::draw(&mut out, review, stances);
    alerts(&mut out, review);
    out.push_str("</section>\n<div class=\"two\">");
    sides(&mut out, review);
    changes(&mut out, review);
    out.push_str("</div>\n");
    notes(&mut out, review);
    limits(&mut out, review);
    out.push_str("</main></body></html>\n");
    out
}

/// What a browser may do with the page when it is served: show it with its own style, and nothing else.
#[must_use]
pub fn policy() -> String {
    let hash = base64(&Sha256::digest(STYLE.as_bytes()));
    format!(
        "default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
}

fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let bits = chunk.iter().fold(0u32, |bits, &b| bits << 8 | u32::from(b)) << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let sign =
                ALPHABET.get((bits >> (18 - 6 * place) & 63) as usize).filter(|_| place <= chunk.len());
            out.push(sign.map_or('=', |&sign| char::from(sign)));
        }
    }
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

/// `2026-11-25 18:05` of an RFC 3339 date.
fn date(started: &str) -> String {
    started.get(..16).unwrap_or(started).replace('T', " ")
}

/// Minutes and seconds.
fn clock(seconds: f64) -> String {
    let all = seconds.max(0.0) as u64;
    format!("{}:{:02}", all / 60, all % 60)
}

fn head(out: &mut String, review: &Review) {
    let session = &review.session;
    let _ = write!(out, "<header><h1>{}</h1><p>{}", escape(review.runner.shown()), date(&session.started));
    if let Some(duration) = session.duration_s() {
        let _ = write!(out, ", {} min", clock(duration));
    }
    let counted = review.counts.left.counted + review.counts.right.counted;
    let all = review.counts.left.stances + review.counts.right.stances;
    let what = if review.gait == Some("walk") { "walking" } else { "running" };
    let _ = write!(out, ", {counted} of {all} stances count ({what})</p></header>\n<dl class=\"facts\">");
    let sensors: Vec<_> = session
        .sensors
        .iter()
        .filter_map(|worn| worn.placement)
        .map(|p| p.name().replace('_', " "))
        .collect();
    let sensors = if sensors.is_empty() { "not known".to_owned() } else { sensors.join(", ") };
    let source = if session.source == "synthetic" { "synthetic runner, not a person: " } else { "" };
    fact(out, "Sensors", &format!("{source}{sensors}"));
    let grade = match review.grade.as_deref() {
        None => "none",
        Some("change_only") => "changes only",
        Some(grade) => grade,
    };
    fact(out, "Calibration", &format!("{grade}. {}", review.grade_reason.as_deref().unwrap_or_default()));
    let pain = session.pain.map_or("not said".to_owned(), |pain| format!("{pain} of 10"));
    let tag = |text: &Option<String>| text.clone().unwrap_or_else(|| "not said".to_owned());
    let said = format!("pain {pain}; shoes: {}; surface: {}", tag(&session.shoes), tag(&session.surface));
    fact(out, "Runner says", &said);
    out.push_str("</dl>\n");
}

fn fact(out: &mut String, name: &str, text: &str) {
    let _ = write!(out, "<div><dt>{name}</dt><dd>{}</dd></div>", escape(text));
}

/// The four numbers, and what they are judged against.
fn numbers(out: &mut String, review: &Review) {
    out.push_str(
        "<section><h2>Peaks in stance: mean and spread between strides</h2><table><thead><tr><td></td>\
         <th class=\"l\">Left</th><th>usual</th><th class=\"r\">Right</th><th>usual</th><th>left \u{2212} right</th></tr>\
         </thead><tbody>",
    );
    let adduction =
        if review.quantity("hip_adduction").is_some() { "hip_adduction" } else { "femur_adduction" };
    for name in [adduction, "medial_rotation", "pelvic_drop", "knee_valgus", "contact_time", "cadence"] {
        match review.quantity(name) {
            Some(q) => row(out, q),
            None if name == "pelvic_drop" => out.push_str(
                "<tr class=\"none\"><th>hip drops</th><td colspan=\"5\">needs a sensor on the sacrum</td></tr>",
            ),
            None => {
                let _ = write!(
                    out,
                    "<tr class=\"none\"><th>{}</th><td colspan=\"5\">not judged in this session</td></tr>",
                    name.replace('_', " ")
                );
            }
        }
    }
    out.push_str("</tbody></table></section>\n");
}

fn row(out: &mut String, q: &Reviewed) {
    let unit = unit(q);
    let _ =
        write!(out, "<tr><th>{} <small>{}</small></th>", escape(q.quantity.plain), escape(q.quantity.term));
    for side in Side::BOTH {
        let leg = q.leg(side);
        let _ =
            write!(out, "<td>{}</td><td class=\"usual\">{}</td>", with_spread(leg, unit), usual(leg, unit));
    }
    let difference =
        q.difference.map_or("\u{2013}".to_owned(), |d| format!("{}{unit}", signed(d, digits(unit))));
    let _ = write!(out, "<td>{difference}</td></tr>");
}

fn unit(q: &Reviewed) -> &'static str {
    match q.quantity.unit {
        "deg" => "\u{b0}",
        "ms" => " ms",
        _ => "",
    }
}

fn digits(unit: &str) -> usize {
    usize::from(unit == "\u{b0}")
}

fn with_spread(leg: &Leg, unit: &str) -> String {
    let digits = digits(unit);
    match (leg.mean, leg.sd) {
        (Some(mean), Some(sd)) => format!("<b>{}{unit}</b> \u{b1} {sd:.digits$}", plain(mean, digits)),
        (Some(mean), None) => format!("<b>{}{unit}</b>", plain(mean, digits)),
        _ => "\u{2013}".to_owned(),
    }
}

fn usual(leg: &Leg, unit: &str) -> String {
    leg.usual.map_or("\u{2013}".to_owned(), |u| format!("{}{unit} \u{b1} {:.1}", plain(u.mean, 1), u.sd))
}

fn plain(value: f64, digits: usize) -> String {
    format!("{:.digits$}", whole(value, digits)).replace('-', "\u{2212}")
}

fn signed(value: f64, digits: usize) -> String {
    let value = whole(value, digits);
    let plus = if value > 0.0 { "+" } else { "" };
    format!("{plus}{value:.digits$}").replace('-', "\u{2212}")
}

/// Rounded, and never "-0".
#[expect(clippy::cast_possible_wrap, reason = "no figure is shown with 2^31 digits")]
fn whole(value: f64, digits: usize) -> f64 {
    let scale = 10f64.powi(digits as i32);
    (value * scale).round() / scale + 0.0
}

fn alerts(out: &mut String, review: &Review) {
    if review.alerts.is_empty() {
        out.push_str("<p>No alerts.</p>");
        return;
    }
    let from = review.session.range().0;
    out.push_str("<ul class=\"alerts\">");
    for a in review.alerts.iter().take(ALERTS) {
        let rule =
            crate::flag::RULES.iter().find(|r| r.rule.name() == a.rule).map_or(a.rule.as_str(), |r| r.plain);
        let until = a.clear_time_s.map_or("to the end".to_owned(), |t| format!("to {}", clock(t - from)));
        let level = if a.severity == "red" { "\u{25a0} too far" } else { "\u{25b2} watch" };
        let _ = write!(
            out,
            "<li>{level}, {}, {}: {:.1}\u{b0} over {:.1}\u{b0}, {} {until}</li>",
            escape(&a.side),
            escape(rule),
            a.value_deg,
            a.threshold_deg,
            clock(a.onset_time_s - from)
        );
    }
    if let Some(more) = review.alerts.len().checked_sub(ALERTS).filter(|&more| more > 0) {
        let _ = write!(out, "<li>and {more} more</li>");
    }
    out.push_str("</ul>");
}

/// Left against right, drawn on one scale, and the trends that are there.
fn sides(out: &mut String, review: &Review) {
    out.push_str("<section><h2>Left against right</h2>");
    strip::sides(out, review);
    let mut told = false;
    let shown = told_once(review);
    for q in review.quantities.iter().filter(|q| q.quantity.unit == "deg" && shown(q.quantity.name)) {
        for side in Side::BOTH {
            if let Some(t) = q.leg(side).trend.filter(|t| t.low > 0.0 || t.high < 0.0) {
                told = true;
                let _ = write!(
                    out,
                    "<p>{side}, {}: {}\u{b0} per 10 min ({} to {})</p>",
                    escape(q.quantity.plain),
                    signed(t.per_10_min, 1),
                    signed(t.low, 1),
                    signed(t.high, 1)
                );
            }
        }
    }
    let long = review.quantities.iter().any(|q| q.left.trend.or(q.right.trend).is_some());
    match (told, long) {
        (true, _) => {
            out.push_str("<p class=\"small\">Trends with 95 % interval; speed is not allowed for.</p>");
        }
        (false, true) => out.push_str("<p>No trend over the session is certain.</p>"),
        (false, false) => out.push_str("<p>Too short for a trend (it takes six minutes).</p>"),
    }
    out.push_str("</section>");
}

fn changes(out: &mut String, review: &Review) {
    out.push_str("<section><h2>Since last time</h2>");
    let Some(before) = &review.before else {
        out.push_str("<p>This is the first session that is kept of this runner.</p></section>");
        return;
    };
    let _ = write!(
        out,
        "<p>Against {} (\u{2248}: within the noise):</p><table class=\"changes\"><tbody>",
        date(&before.a.started)
    );
    let shown = told_once(review);
    for q in before.quantities.iter().filter(|q| shown(q.quantity.name)) {
        let unit = if q.quantity.unit == "deg" { "\u{b0}" } else { "" };
        let _ = write!(out, "<tr><th>{}</th>", escape(q.quantity.plain));
        for side in Side::BOTH {
            let change = &q.legs[side];
            let text = change.change.map_or("\u{2013}".to_owned(), |c| {
                let noise = if change.within_noise == Some(true) { " \u{2248}" } else { "" };
                format!("{}{unit}{noise}", signed(c, digits(unit)))
            });
            let _ = write!(out, "<td>{}: {text}</td>", side.name());
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

fn notes(out: &mut String, review: &Review) {
    out.push_str("<section><h2>Notes</h2>");
    let note = review.session.notes.as_deref().unwrap_or_default();
    let short: String = note.chars().take(NOTE).collect();
    let more = if short.len() < note.len() { " \u{2026}" } else { "" };
    if !short.is_empty() {
        let _ = write!(out, "<p class=\"note\">{}{more}</p>", escape(&short));
    }
    out.push_str("<p class=\"lines\"></p></section>\n");
}

fn limits(out: &mut String, review: &Review) {
    let withheld: u32 = review.withheld.values().sum();
    let reasons: Vec<_> =
        review.withheld.iter().map(|(reason, n)| format!("{n} {}", reason.replace('_', " "))).collect();
    let session = &review.session;
    out.push_str("<footer><p>");
    if withheld > 0 {
        let _ = write!(out, "Not judged: {withheld} stances ({}). ", escape(&reasons.join(", ")));
    }
    if !session.complete {
        out.push_str("The session is not all here: it was cut short. ");
    }
    let _ = write!(
        out,
        "Sensors on skin read hip rotation with several degrees of offset; its level is not comparable between days \
         without a fresh calibration. A change of less than about {NOISE_DEG:.0}\u{b0} in adduction is within the noise \
         of a few strides. This is feedback for training, not a diagnosis. Pain? Stop.</p>\
         <p>Session {}, stancewatch {}, settings {}.</p></footer>",
        escape(&session.id),
        escape(&session.program_version),
        escape(session.settings_sha256.get(..8).unwrap_or_default())
    );
}

#[cfg(test)]
mod tests;

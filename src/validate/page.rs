use super::text::{Table, facts, recording_tables, summary_tables};
use super::{Plot, Report};
use std::fmt::Write;

const WIDTH: f64 = 300.0;
const HEIGHT: f64 = 110.0;
/// Room for the scale to the left of the curves.
const MARGIN: f64 = 32.0;

/// Left is blue and right is purple, as everywhere in the product; the truth is grey and wider.
const STYLE: &str = "\
:root{color-scheme:light dark;--ink:#1b1b1b;--paper:#fff;--quiet:#666;--line:#ddd;--truth:#999;--left:#0072B2;--right:#8E4585}\
@media(prefers-color-scheme:dark){:root{--ink:#eee;--paper:#161616;--quiet:#aaa;--line:#383838;--truth:#888;--left:#56B4E9;--right:#D48AC0}}\
body{font:16px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:70rem;margin:2rem auto;padding:0 1rem}\
table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:.9rem;margin:.5rem 0 1.5rem}\
.wide{overflow-x:auto}th,td{padding:.2rem .7rem;text-align:right;border-bottom:1px solid var(--line)}\
th{font-weight:600}th:first-child,td:first-child{text-align:left}caption{text-align:left;font-weight:600;padding:.4rem 0}\
.plots{display:grid;grid-template-columns:repeat(auto-fill,minmax(18rem,1fr));gap:1rem}figure{margin:0}\
figcaption{font-size:.9rem}svg{width:100%;height:auto;background:none}\
polyline{fill:none;stroke-width:1.5}.truth{stroke:var(--truth);stroke-width:4}.left{stroke:var(--left)}\
.right{stroke:var(--right)}.middle{stroke:var(--ink)}text{font-size:11px;fill:var(--quiet)}p{color:var(--quiet)}";

pub(super) fn write(report: &Report) -> String {
    let mut out = String::new();
    let name = escape(&report.data_set);
    let _ = write!(
        out,
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <title>{name}: estimate against truth</title><style>{STYLE}</style></head><body>\n\
         <h1>{name}: estimate against truth</h1>\n\
         <p>{} recordings, stancewatch {}. In the drawings the wide grey line is the truth and the thin line \
         the estimate, as it is, without any constant removed.</p>\n",
        report.recordings.len(),
        report.version
    );
    for table in summary_tables(report) {
        write_table(&mut out, &table);
    }
    for failed in &report.failed {
        let _ = writeln!(out, "<p>{} failed: {}</p>", escape(&failed.name), escape(&failed.error));
    }
    for r in &report.recordings {
        let _ = writeln!(out, "<details><summary>{}</summary>", escape(&r.name));
        for fact in facts(r) {
            let _ = writeln!(out, "<p>{}</p>", escape(&fact));
        }
        for table in recording_tables(r) {
            write_table(&mut out, &table);
        }
        out.push_str("<div class=\"plots\">\n");
        for plot in &r.plots {
            write_plot(&mut out, plot);
        }
        out.push_str("</div></details>\n");
    }
    out.push_str("</body></html>\n");
    out
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn write_table(out: &mut String, table: &Table) {
    let _ = write!(out, "<div class=\"wide\"><table><caption>{}</caption><tr>", escape(table.title));
    for head in &table.head {
        let _ = write!(out, "<th scope=\"col\">{head}</th>");
    }
    out.push_str("</tr>\n");
    for row in &table.rows {
        out.push_str("<tr>");
        for cell in row {
            let _ = write!(out, "<td>{}</td>", escape(cell));
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</table></div>\n");
}

fn write_plot(out: &mut String, plot: &Plot) {
    let values = || plot.points.iter().flat_map(|(_, e, a)| [*e, *a]);
    let (Some((begin, ..)), Some((end, ..))) = (plot.points.first(), plot.points.last()) else { return };
    let low = values().fold(f64::INFINITY, f64::min).floor();
    let high = values().fold(f64::NEG_INFINITY, f64::max).ceil().max(low + 1.0);
    let title = escape(&plot.title.replace('_', " "));
    let _ = write!(
        out,
        "<figure><figcaption>{title}, {begin:.1} to {end:.1} s</figcaption>\
         <svg viewBox=\"-{MARGIN} -2 {} {}\" role=\"img\" aria-label=\"{title}: estimate over truth\">\
         <text x=\"-{MARGIN}\" y=\"10\">{high:.0}°</text><text x=\"-{MARGIN}\" y=\"{HEIGHT}\">{low:.0}°</text>",
        WIDTH + MARGIN,
        HEIGHT + 4.0
    );
    let side = match plot.title.split_once('_') {
        Some(("left", _)) => "left",
        Some(("right", _)) => "right",
        _ => "middle",
    };
    for (class, pick) in [("truth", 1), (side, 0)] {
        let _ = write!(out, "<polyline class=\"{class}\" points=\"");
        for (t, estimate, actual) in &plot.points {
            let value = if pick == 1 { actual } else { estimate };
            let x = WIDTH * (t - begin) / (end - begin).max(f64::MIN_POSITIVE);
            let y = HEIGHT * (high - value) / (high - low);
            let _ = write!(out, "{x:.1},{y:.1} ");
        }
        out.push_str("\"/>");
    }
    out.push_str("</svg></figure>\n");
}

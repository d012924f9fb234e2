use super::Score;
use super::timing::Spread;
use std::collections::BTreeMap;
use std::fmt::Write as _;

pub(super) fn write(score: &Score) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    tables(score, &mut out).ok();
    out
}

fn tables(score: &Score, out: &mut String) -> std::fmt::Result {
    writeln!(
        out,
        "{} sessions of each kind, ten minutes each, raw samples to alerts; synthetic runners, 2.2 to 4.5 m/s\n",
        score.sessions
    )?;
    writeln!(out, "episode          sensors  episodes  found within 8 strides  median  other leg named")?;
    for e in &score.episodes {
        writeln!(
            out,
            "{:9} +{:.0} deg {:>9} {:9} {:>15} {:5.1} % {:>7} {:16}   {}",
            e.kind,
            e.degrees,
            if e.pelvis { "five" } else { "four" },
            e.episodes,
            e.found,
            e.found_percent,
            e.strides.map_or_else(|| "-".to_owned(), |s| s.to_string()),
            e.wrong_leg,
            rules(&e.wrong_rules)
        )?;
    }
    writeln!(out, "\nclean running    leg hours  alerts  per hour and leg")?;
    for c in &score.clean {
        writeln!(
            out,
            "{:.2} to {:.2} m/s {:10.1} {:7} {:11.2}   {}",
            c.from_mps,
            c.to_mps,
            c.leg_hours,
            c.alerts,
            c.per_hour_and_leg,
            rules(&c.rules)
        )?;
    }
    writeln!(out, "\nno fault of the gait  happened  alerts")?;
    for d in &score.disturbed {
        writeln!(out, "{:21} {:8} {:7}   {}", d.kind, d.happened, d.alerts, rules(&d.rules))?;
    }
    let t = &score.timing;
    writeln!(
        out,
        "\nafter terminal contact, ms  median    95 %    99 %  99.9 %    most   ({} stances)",
        t.stances
    )?;
    for (what, s) in [("newest sample needed", &t.decided_ms), ("at the host, verdict out", &t.arrived_ms)] {
        let Spread { median, p95, p99, p999, most } = s;
        writeln!(out, "{what:26} {median:7.0} {p95:7.0} {p99:7.0} {p999:7.0} {most:7.0}")?;
    }
    writeln!(
        out,
        "before the leg's next contact {:.2} %, within 250 ms {:.2} %",
        t.before_next_contact_percent, t.within_250_ms_percent
    )?;
    writeln!(out, "\nclean stances, degrees  legs  scatter (real)  median of five wanders (real)")?;
    for n in &score.noise {
        let real = |v: Option<f64>| v.map_or_else(|| "  - ".to_owned(), |v| format!("{v:4.2}"));
        writeln!(
            out,
            "{:23} {:4} {:8.2} ({}) {:14.2} ({})",
            n.quantity.words(),
            n.legs,
            n.stride_sd_deg,
            real(n.real_stride_sd_deg),
            n.wander_sd_deg,
            real(n.real_wander_sd_deg)
        )?;
    }
    writeln!(out, "\nlimit of adduction  sensors  +3 deg found  +5 deg found  false per hour and leg")?;
    for p in &score.roc {
        let sensors = if p.pelvis { "five" } else { "four" };
        writeln!(
            out,
            "{:14.1} deg {sensors:>8} {:11.1} % {:11.1} % {:15.2}",
            p.amber_deg, p.found_3_percent, p.found_5_percent, p.false_per_hour
        )?;
    }
    match score.missed.as_slice() {
        [] => writeln!(out, "\nevery target is met"),
        missed => {
            writeln!(out, "\ntargets missed:")?;
            missed.iter().try_for_each(|m| writeln!(out, "  {m}"))
        }
    }
}

fn rules(rules: &BTreeMap<&'static str, u32>) -> String {
    let words: Vec<_> = rules.iter().map(|(rule, n)| format!("{rule} {n}")).collect();
    words.join(", ")
}

//! Sensors as text for a terminal.

use crate::source::ble::board::{Card, Overview};
use crate::source::ble::roster::{Roster, Worn};
use std::fmt::Write;

const HEAD: [&str; 7] = ["model", "name", "signal", "battery", "rate", "placement", "note"];

pub(super) fn of(overview: &Overview) -> String {
    let mut rows = vec![HEAD.map(str::to_owned)];
    rows.extend(overview.sensors.iter().map(row));
    let mut text = aligned(&rows);
    if let Some(capacity) = &overview.capacity {
        writeln!(text, "{capacity}").ok();
    }
    text
}

fn row(card: &Card) -> [String; 7] {
    let none = || "-".to_owned();
    let rate = card.rate_hz.or(card.family.map(|family| family.capabilities.rate.0));
    [
        card.model.to_owned(),
        card.name.clone(),
        card.signal_dbm.map_or_else(none, |dbm| format!("{dbm} dBm")),
        // Only a connected sensor tells.
        card.battery_percent.map_or_else(none, |percent| format!("{percent:.0} %")),
        rate.map_or_else(none, |hz| format!("{hz:.0} Hz")),
        card.placement.map_or_else(none, |place| place.name().to_owned()),
        card.reason.clone().unwrap_or_else(|| able(card)),
    ]
}

fn able(card: &Card) -> String {
    match (card.can_identify, card.can_vibrate) {
        (true, true) => "can show itself and vibrate".to_owned(),
        (true, false) => "can show itself".to_owned(),
        (false, true) => "can vibrate".to_owned(),
        (false, false) => "move it to see which one it is".to_owned(),
    }
}

/// Runners are named where there are any.
pub(super) fn of_roster(roster: &Roster, json: bool) -> anyhow::Result<String> {
    let worn: Vec<_> = roster.worn().collect();
    if json {
        return Ok(format!("{}\n", serde_json::to_string_pretty(&worn)?));
    }
    let none = |worn: &Worn<'_>| worn.runner.is_none();
    if worn.iter().all(none) {
        let rows = worn.iter().map(|worn| [worn.serial, worn.placement.name()]);
        return Ok(aligned(&headed(["serial", "placement"], rows)));
    }
    let rows = worn.iter().map(|worn| [worn.serial, worn.placement.name(), worn.runner.unwrap_or("-")]);
    Ok(aligned(&headed(["serial", "placement", "runner"], rows)))
}

fn headed<'a, const N: usize>(head: [&str; N], rows: impl Iterator<Item = [&'a str; N]>) -> Vec<[String; N]> {
    std::iter::once(head.map(str::to_owned)).chain(rows.map(|row| row.map(str::to_owned))).collect()
}

fn aligned<const N: usize>(rows: &[[String; N]]) -> String {
    let mut widths = [0; N];
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (width, cell) in widths.iter().zip(row) {
            write!(line, "{cell:width$}  ").ok();
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

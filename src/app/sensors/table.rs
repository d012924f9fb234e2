//! Sensors as text for a terminal.

use crate::body::Placement;
use crate::source::ble::board::{Card, Overview};
use crate::source::ble::roster::Roster;
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

pub(super) fn of_roster(roster: &Roster, json: bool) -> anyhow::Result<String> {
    let placed: Vec<(&str, Placement)> = roster.placed().collect();
    if json {
        let rows: Vec<_> = placed
            .iter()
            .map(|(serial, placement)| serde_json::json!({ "serial": serial, "placement": placement }))
            .collect();
        return Ok(format!("{}\n", serde_json::to_string_pretty(&rows)?));
    }
    let mut rows = vec![["serial", "placement"].map(str::to_owned)];
    rows.extend(placed.iter().map(|(serial, placement)| [(*serial).to_owned(), placement.name().to_owned()]));
    Ok(aligned(&rows))
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

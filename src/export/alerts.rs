//! `alerts.csv`: a row per alert in its final state, in order of decision.

use super::{DEGREE_DECIMALS, SECOND_DECIMALS};
use crate::edge::decimal;
use crate::event::Alert;
use std::collections::BTreeMap;
use std::io::{self, Write};

#[derive(Debug, Default)]
pub struct AlertTable {
    by_number: BTreeMap<u32, Alert>,
}

impl AlertTable {
    /// An alert as raised, risen or cleared. The row keeps onset and decision of the raise; value, limit and
    /// strides are those of the highest severity reached, so that they belong together.
    pub fn push(&mut self, alert: Alert) {
        let row = self.by_number.entry(alert.number).or_insert(alert);
        if alert.severity > row.severity {
            *row = Alert { onset: row.onset, decided: row.decided, ..alert };
        }
        row.cleared = alert.cleared;
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.by_number.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_number.is_empty()
    }

    /// In order of decision.
    #[must_use]
    pub fn rows(&self) -> Vec<Alert> {
        let mut rows: Vec<_> = self.by_number.values().copied().collect();
        rows.sort_by(|a, b| a.decided.0.total_cmp(&b.decided.0).then_with(|| a.number.cmp(&b.number)));
        rows
    }

    pub fn write(&self, out: &mut impl Write) -> io::Result<()> {
        out.write_all(
            b"rule,side,severity,onset_time_s,decided_time_s,clear_time_s,value_deg,threshold_deg,strides,basis\n",
        )?;
        let mut line = Vec::new();
        for alert in self.rows() {
            line.clear();
            row(&alert, &mut line);
            out.write_all(&line)?;
        }
        Ok(())
    }
}

fn row(alert: &Alert, line: &mut Vec<u8>) {
    for word in [alert.rule.name(), alert.side.name(), alert.severity.name()] {
        line.extend_from_slice(word.as_bytes());
        line.push(b',');
    }
    decimal::push(line, alert.onset.0, SECOND_DECIMALS);
    line.push(b',');
    decimal::push(line, alert.decided.0, SECOND_DECIMALS);
    line.push(b',');
    if let Some(cleared) = alert.cleared {
        decimal::push(line, cleared.0, SECOND_DECIMALS);
    }
    line.push(b',');
    decimal::push(line, alert.value.to_degrees(), DEGREE_DECIMALS);
    line.push(b',');
    decimal::push(line, alert.threshold.to_degrees(), DEGREE_DECIMALS);
    line.push(b',');
    decimal::push(line, f64::from(alert.strides), 0);
    line.push(b',');
    line.extend_from_slice(alert.basis.name().as_bytes());
    line.push(b'\n');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::Side;
    use crate::event::{Basis, Rule, Severity};
    use crate::units::SessionTime;

    fn alert(number: u32, decided: f64) -> Alert {
        Alert {
            number,
            rule: Rule::FemurAdduction,
            side: Side::Left,
            severity: Severity::Amber,
            onset: SessionTime(decided - 4.0),
            decided: SessionTime(decided),
            cleared: None,
            value: 11f64.to_radians(),
            threshold: 10f64.to_radians(),
            strides: 6,
            basis: Basis::Baseline,
        }
    }

    fn rows(alerts: &[Alert]) -> Vec<String> {
        let mut table = AlertTable::default();
        for alert in alerts {
            table.push(*alert);
        }
        let mut out = Vec::new();
        table.write(&mut out).unwrap();
        String::from_utf8(out).unwrap().lines().map(str::to_owned).collect()
    }

    #[test]
    fn an_alert_that_rises_and_clears_is_one_row() {
        let raised = alert(1, 20.0);
        let risen = Alert {
            severity: Severity::Red,
            decided: SessionTime(30.0),
            value: 14f64.to_radians(),
            threshold: 13f64.to_radians(),
            ..raised
        };
        let cleared = Alert { cleared: Some(SessionTime(40.5)), ..raised };
        assert_eq!(
            rows(&[raised, risen, cleared]),
            [
                "rule,side,severity,onset_time_s,decided_time_s,clear_time_s,value_deg,threshold_deg,strides,basis",
                "femur_adduction,left,red,16.0000,20.0000,40.5000,14.000,13.000,6,baseline",
            ]
        );
    }

    #[test]
    fn while_an_alert_stands_its_clearing_is_empty() {
        assert_eq!(
            rows(&[alert(1, 20.0)])[1],
            "femur_adduction,left,amber,16.0000,20.0000,,11.000,10.000,6,baseline"
        );
    }

    #[test]
    fn rows_are_in_order_of_decision() {
        let rows = rows(&[alert(1, 20.0), alert(2, 10.0), alert(3, 20.0)]);
        let times: Vec<_> = rows.iter().skip(1).filter_map(|row| row.split(',').nth(4)).collect();
        assert_eq!(times, ["10.0000", "20.0000", "20.0000"]);
    }
}

//! `stances.csv`: a row per stance, in order of initial contact.

use super::{COARSE_DECIMALS, DEGREE_DECIMALS, SECOND_DECIMALS, side_order};
use crate::edge::{self, PEAK_COLUMNS, SIGMA_COLUMNS, decimal};
use crate::event::{Stance, StanceDoubt};
use std::io::{self, Write};

#[derive(Debug, Default)]
pub struct StanceTable {
    rows: Vec<Stance>,
}

impl StanceTable {
    pub fn push(&mut self, stance: Stance) {
        self.rows.push(stance);
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub fn write(mut self, out: &mut impl Write) -> io::Result<()> {
        sort(&mut self.rows);
        out.write_all(b"side,stance,gait,ic_time_s,tc_time_s,contact_ms,stride_ms,cadence_spm")?;
        for column in PEAK_COLUMNS {
            write!(out, ",{column}")?;
        }
        out.write_all(b",valid,reason,flags")?;
        for column in SIGMA_COLUMNS {
            write!(out, ",{column}")?;
        }
        out.write_all(b"\n")?;
        let mut line = Vec::new();
        for stance in &self.rows {
            line.clear();
            row(stance, &mut line);
            out.write_all(&line)?;
        }
        Ok(())
    }
}

/// By initial contact: stances come in order of terminal contact, and walking legs overlap.
pub(super) fn sort(stances: &mut [Stance]) {
    stances
        .sort_by(|a, b| a.ic.0.total_cmp(&b.ic.0).then_with(|| side_order(a.side).cmp(&side_order(b.side))));
}

fn row(stance: &Stance, line: &mut Vec<u8>) {
    line.extend_from_slice(stance.side.name().as_bytes());
    line.push(b',');
    decimal::push(line, f64::from(stance.number), 0);
    line.push(b',');
    line.extend_from_slice(stance.gait.name().as_bytes());
    number(line, Some(stance.ic.0), SECOND_DECIMALS);
    number(line, Some(stance.tc.0), SECOND_DECIMALS);
    number(line, Some(stance.contact_time() * 1e3), COARSE_DECIMALS);
    number(line, stance.stride_time.map(|s| s * 1e3), COARSE_DECIMALS);
    number(line, stance.cadence_spm(), COARSE_DECIMALS);
    for peak in edge::peaks_deg(&stance.peaks) {
        number(line, peak, DEGREE_DECIMALS);
    }
    line.extend_from_slice(if stance.valid { b",true," } else { b",false," });
    line.extend_from_slice(stance.doubt.map_or("", StanceDoubt::word).as_bytes());
    line.push(b',');
    line.extend_from_slice(edge::flag_list(&stance.flags).as_bytes());
    for sigma in edge::sigmas_deg(&stance.sigma) {
        number(line, sigma, DEGREE_DECIMALS);
    }
    line.push(b'\n');
}

fn number(line: &mut Vec<u8>, value: Option<f64>, decimals: u32) {
    line.push(b',');
    if let Some(value) = value {
        decimal::push(line, value, decimals);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::Side;
    use crate::event::{Doubt, Flag, Gait, PeakSigmas, Peaks, Rule, Severity};
    use crate::units::SessionTime;

    fn stance(side: Side, number: u32, ic: f64) -> Stance {
        Stance {
            side,
            number,
            gait: Gait::Walk,
            ic: SessionTime(ic),
            tc: SessionTime(ic + 0.6),
            stride_time: None,
            peaks: Peaks::default(),
            sigma: PeakSigmas::default(),
            valid: false,
            doubt: Some(StanceDoubt::NoRhythm),
            decided: SessionTime(ic + 1.0),
            flags: Vec::new(),
        }
    }

    fn written(stances: &[Stance]) -> String {
        let mut table = StanceTable::default();
        for stance in stances {
            table.push(stance.clone());
        }
        let mut out = Vec::new();
        table.write(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_row_holds_every_column_of_the_contract() {
        let degrees = |d: f64| Some(d.to_radians());
        let run = Stance {
            gait: Gait::Run,
            tc: SessionTime(10.25),
            stride_time: Some(0.7),
            peaks: Peaks {
                hip_adduction: degrees(1.0),
                hip_rotation: degrees(2.0),
                hip_rotation_excursion: degrees(3.0),
                femur_adduction: degrees(4.0),
                femur_rotation: degrees(99.0),
                femur_rotation_excursion: degrees(5.0),
                pelvic_drop: degrees(6.0),
                knee_valgus: degrees(-7.0),
            },
            sigma: PeakSigmas {
                hip_adduction: degrees(0.1),
                hip_rotation: degrees(0.2),
                hip_rotation_excursion: degrees(0.3),
                femur_adduction: degrees(0.4),
                femur_rotation: degrees(99.0),
                femur_rotation_excursion: degrees(0.5),
                pelvic_drop: degrees(0.6),
            },
            valid: true,
            doubt: None,
            flags: vec![
                Flag { rule: Rule::FemurAdduction, severity: Severity::Red },
                Flag { rule: Rule::KneeValgus, severity: Severity::Amber },
            ],
            ..stance(Side::Right, 12, 10.0)
        };
        assert_eq!(
            written(&[run]),
            "side,stance,gait,ic_time_s,tc_time_s,contact_ms,stride_ms,cadence_spm,\
             peak_hip_adduction_deg,peak_hip_rotation_deg,hip_rotation_excursion_deg,\
             peak_femur_adduction_deg,femur_rotation_excursion_deg,peak_pelvic_drop_deg,\
             peak_knee_valgus_deg,valid,reason,flags,peak_hip_adduction_sigma_deg,\
             peak_hip_rotation_sigma_deg,hip_rotation_excursion_sigma_deg,peak_femur_adduction_sigma_deg,\
             femur_rotation_excursion_sigma_deg,peak_pelvic_drop_sigma_deg\n\
             right,12,run,10.0000,10.2500,250.0,700.0,171.4,1.000,2.000,3.000,4.000,5.000,6.000,-7.000,\
             true,,femur_adduction:red;knee_valgus:amber,0.100,0.200,0.300,0.400,0.500,0.600\n"
        );
    }

    #[test]
    fn rows_are_in_order_of_initial_contact_left_first() {
        let gap = Stance {
            doubt: Some(StanceDoubt::Angles(Doubt::Gap)),
            tc: SessionTime(0.4),
            ..stance(Side::Left, 1, 0.5)
        };
        let text = written(&[stance(Side::Right, 2, 0.5), gap, stance(Side::Right, 1, -0.2)]);
        let rows: Vec<_> = text.lines().skip(1).collect();
        assert_eq!(
            rows,
            [
                "right,1,walk,-0.2000,0.4000,600.0,,,,,,,,,,false,no_rhythm,,,,,,,",
                "left,1,walk,0.5000,0.4000,-100.0,,,,,,,,,,false,gap,,,,,,,",
                "right,2,walk,0.5000,1.1000,600.0,,,,,,,,,,false,no_rhythm,,,,,,,",
            ]
        );
    }
}

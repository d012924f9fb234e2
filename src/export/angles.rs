//! `angles.csv`: all angles at 100 Hz. The only large file, so it is written as it comes.

use super::{DEGREE_DECIMALS, SECOND_DECIMALS};
use crate::edge::{self, ANGLE_COLUMNS, decimal};
use crate::event::Frame;
use std::io::{self, Write};

/// Bytes gathered before a write.
const BATCH_BYTES: usize = 64 << 10;
/// No row is longer: 22 fields of at most some 20 characters.
const LONGEST_ROW: usize = 512;

#[derive(Debug)]
pub struct AngleTable<W: Write> {
    out: W,
    batch: Vec<u8>,
}

impl<W: Write> AngleTable<W> {
    pub fn new(out: W) -> io::Result<Self> {
        let mut batch = Vec::with_capacity(BATCH_BYTES + LONGEST_ROW);
        batch.extend_from_slice(b"time_s");
        for column in ANGLE_COLUMNS {
            batch.push(b',');
            batch.extend_from_slice(column.as_bytes());
        }
        batch.push(b'\n');
        Ok(Self { out, batch })
    }

    pub fn push(&mut self, frame: &Frame) -> io::Result<()> {
        decimal::push(&mut self.batch, frame.t.0, SECOND_DECIMALS);
        for value in edge::angles_deg(frame) {
            self.batch.push(b',');
            if let Some(value) = value {
                decimal::push(&mut self.batch, value, DEGREE_DECIMALS);
            }
        }
        self.batch.push(b'\n');
        if self.batch.len() >= BATCH_BYTES {
            self.out.write_all(&self.batch)?;
            self.batch.clear();
        }
        Ok(())
    }

    pub fn finish(mut self) -> io::Result<W> {
        self.out.write_all(&self.batch)?;
        Ok(self.out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::{PerSide, Side};
    use crate::event::{Angles, LegAngles, PelvisAngles};
    use crate::units::SessionTime;

    const HEADER: &str = "time_s,\
        left_hip_flexion_deg,left_hip_adduction_deg,left_hip_rotation_deg,\
        left_femur_flexion_deg,left_femur_adduction_deg,left_femur_rotation_deg,\
        left_knee_flexion_deg,left_knee_adduction_deg,left_knee_rotation_deg,\
        right_hip_flexion_deg,right_hip_adduction_deg,right_hip_rotation_deg,\
        right_femur_flexion_deg,right_femur_adduction_deg,right_femur_rotation_deg,\
        right_knee_flexion_deg,right_knee_adduction_deg,right_knee_rotation_deg,\
        pelvis_obliquity_deg,pelvis_tilt_deg,pelvis_rotation_deg";

    fn written(frames: &[Frame]) -> String {
        let mut table = AngleTable::new(Vec::new()).unwrap();
        for frame in frames {
            table.push(frame).unwrap();
        }
        String::from_utf8(table.finish().unwrap()).unwrap()
    }

    fn frame(t: f64) -> Frame {
        Frame { t: SessionTime(t), legs: PerSide::default(), pelvis: None }
    }

    #[test]
    fn what_is_not_valid_is_an_empty_field() {
        let mut one = frame(-0.01);
        let angles = Angles { flexion: 0.5f64.to_radians(), adduction: -1e-9, rotation: f64::NAN };
        one.legs[Side::Right] = LegAngles { femur: Some(angles), ..LegAngles::default() };
        one.pelvis = Some(PelvisAngles { obliquity: 0.0, tilt: 0.1, rotation: -0.1 });
        let rows = "-0.0100,,,,,,,,,,,,,0.500,0.000,,,,,0.000,5.730,-5.730\n";
        assert_eq!(written(&[one]), format!("{HEADER}\n{rows}"));
    }

    #[test]
    fn every_frame_of_a_long_session_is_a_row() {
        let frames: Vec<_> = (0..5000).map(|i| frame(f64::from(i) * 0.01)).collect();
        let text = written(&frames);
        assert_eq!(text.lines().count(), 5001);
        assert!(text.ends_with("\n49.9900,,,,,,,,,,,,,,,,,,,,,\n"));
        assert!(text.lines().all(|line| line.split(',').count() == 22));
    }
}

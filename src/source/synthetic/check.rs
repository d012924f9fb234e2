//! What the model can carry, number by number.

use super::config::{Disturbance, RadioConfig, RunnerConfig, SensorConfig, SynthError};
use crate::body::Side;

impl RunnerConfig {
    /// Every number within what the model can carry.
    pub fn validate(&self) -> Result<(), SynthError> {
        word("subject", &self.subject)?;
        word("task", &self.task)?;
        within("rate_hz", self.rate_hz, 20.0, 1000.0, "Hz")?;
        within("restless_s", self.restless_s, 0.0, 600.0, "s")?;
        within("still_s", self.still_s, 0.0, 600.0, "s")?;
        within("knee_bends", f64::from(self.knee_bends), 0.0, 50.0, "bends")?;
        within("knee_bend_s", self.knee_bend_s, 1.0, 20.0, "s")?;
        within("walk_s", self.walk_s, 0.0, 36_000.0, "s")?;
        within("running_s", self.running_s, 0.0, 360_000.0, "s")?;
        within("end_still_s", self.end_still_s, 0.0, 600.0, "s")?;
        if let Some(s) = &self.screening {
            within("screening.repetitions", f64::from(s.repetitions), 1.0, 50.0, "repetitions")?;
            within("screening.repetition_s", s.repetition_s, 1.0, 20.0, "s")?;
            within("screening.depth_deg", s.depth_deg, 5.0, 110.0, "deg")?;
            for side in Side::BOTH {
                let (fault, field) = (s.fault[side], |name| format!("screening.fault.{side}.{name}"));
                within(field("adduction_deg"), fault.adduction_deg, -25.0, 25.0, "deg")?;
                within(field("rotation_deg"), fault.rotation_deg, -25.0, 25.0, "deg")?;
                within(field("drop_deg"), fault.drop_deg, -15.0, 15.0, "deg")?;
            }
        }
        within("walking_speed_mps", self.walking_speed_mps, 0.5, 2.0, "m/s")?;
        within("speed_mps", self.speed_mps, SPEED.0, SPEED.1, "m/s")?;
        for (k, change) in self.speed_changes.iter().enumerate() {
            within(format!("speed_changes[{k}].after_s"), change.after_s, 0.0, AGE, "s")?;
            within(format!("speed_changes[{k}].speed_mps"), change.speed_mps, SPEED.0, SPEED.1, "m/s")?;
        }
        within("individuality", self.individuality, 0.0, 2.0, "(1 is a real spread)")?;
        within("variation", self.variation, 0.0, 3.0, "(1 is a real spread)")?;
        within("standing_abduction_deg", self.standing_abduction_deg, -10.0, 15.0, "deg")?;
        for side in Side::BOTH {
            within(
                format!("habit.{side}.adduction_deg"),
                self.habit[side].adduction_deg,
                -15.0,
                15.0,
                "deg",
            )?;
            within(format!("habit.{side}.rotation_deg"), self.habit[side].rotation_deg, -20.0, 20.0, "deg")?;
        }
        for (k, e) in self.episodes.iter().enumerate() {
            within(format!("episodes[{k}].degrees"), e.degrees, -20.0, 20.0, "deg")?;
            within(format!("episodes[{k}].start_s"), e.start_s, 0.0, self.running(), "s, within the run")?;
            within(format!("episodes[{k}].duration_s"), e.duration_s, 0.0, AGE, "s")?;
            within(format!("episodes[{k}].ramp_s"), e.ramp_s, 0.0, AGE, "s")?;
        }
        for (k, d) in self.disturbances.iter().enumerate() {
            d.validate(k, self.running())?;
        }
        self.sensors.validate()?;
        within("clock.offset_s", self.clock.offset_s, 0.0, 1e6, "s")?;
        within("clock.drift_ppm", self.clock.drift_ppm, 0.0, 500.0, "ppm")?;
        self.radio.validate()
    }

    /// Running time, s; the longest a configuration may name when endless.
    #[must_use]
    pub fn running(&self) -> f64 {
        if self.endless { AGE } else { self.running_s }
    }
}

/// The table ends at 2.5 and 4.5 m/s; the parabola through it holds a little beyond.
const SPEED: (f64, f64) = (2.0, 5.0);
/// Longer than anyone runs, s.
const AGE: f64 = 1e9;

impl Disturbance {
    fn validate(&self, k: usize, running: f64) -> Result<(), SynthError> {
        let field = |name: &str| format!("disturbances[{k}].{name}");
        let (after, duration, degrees) = match *self {
            Self::Turn { after_s, duration_s, degrees } => {
                within(field("duration_s"), duration_s, 0.5, 600.0, "s")?;
                (after_s, duration_s, degrees)
            }
            Self::Stop { after_s, duration_s } => {
                within(field("duration_s"), duration_s, 4.0, 3600.0, "s")?;
                (after_s, duration_s, 0.0)
            }
            Self::SensorLost { after_s, duration_s, .. } => (after_s, duration_s, 0.0),
            Self::StrapSlip { after_s, degrees, .. } => (after_s, 0.0, degrees),
        };
        within(field("after_s"), after, 0.0, running, "s, within the run")?;
        within(field("duration_s"), duration, 0.0, AGE, "s")?;
        within(field("degrees"), degrees, -720.0, 720.0, "deg")
    }
}

impl SensorConfig {
    fn validate(&self) -> Result<(), SynthError> {
        within("sensors.acc_noise", self.acc_noise, 0.0, 5.0, "m/s²")?;
        within("sensors.gyr_noise_dps", self.gyr_noise_dps, 0.0, 50.0, "deg/s")?;
        within("sensors.acc_bias", self.acc_bias, 0.0, 2.0, "m/s²")?;
        within("sensors.gyr_bias_dps", self.gyr_bias_dps, 0.0, 20.0, "deg/s")?;
        within("sensors.scale_error", self.scale_error, 0.0, 0.1, "(a share)")?;
        within("sensors.acc_range_g", self.acc_range_g, 0.0, 1000.0, "g (0: no limit)")?;
        within("sensors.gyr_range_dps", self.gyr_range_dps, 0.0, 10_000.0, "deg/s (0: no limit)")?;
        within("sensors.impact", self.impact, 0.0, 5.0, "(1 is a real shock)")?;
        within("sensors.skin", self.skin, 0.0, 3.0, "(1 is real skin)")
    }
}

impl RadioConfig {
    fn validate(&self) -> Result<(), SynthError> {
        within("radio.samples_per_packet", f64::from(self.samples_per_packet), 1.0, 50.0, "samples")?;
        within("radio.interval_ms", self.interval_ms, 0.0, 1000.0, "ms")?;
        within("radio.latency_ms", self.latency_ms, 0.0, 1000.0, "ms")?;
        within("radio.jitter_ms", self.jitter_ms, 0.0, 200.0, "ms")?;
        within("radio.loss", self.loss, 0.0, 0.9, "(a share)")?;
        within("radio.bursts_per_min", self.bursts_per_min, 0.0, 30.0, "per minute")?;
        within("radio.burst_s", self.burst_s, 0.0, 60.0, "s")
    }
}

fn within(
    field: impl Into<String>,
    value: f64,
    low: f64,
    high: f64,
    unit: &'static str,
) -> Result<(), SynthError> {
    // A NaN lies in no range.
    if (low..=high).contains(&value) {
        Ok(())
    } else {
        Err(SynthError::OutOfRange { field: field.into(), value, low, high, unit })
    }
}

fn word(field: &'static str, value: &str) -> Result<(), SynthError> {
    if !value.is_empty() && value.chars().all(|c| c.is_ascii_alphanumeric()) {
        Ok(())
    } else {
        Err(SynthError::Name { field, value: value.into() })
    }
}

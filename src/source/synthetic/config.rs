//! What a synthetic runner is told. Degrees, milliseconds and Hz here, since people write this by hand.

use crate::body::{PerSide, Placement, Side};
use crate::event::Test;
use serde::{Deserialize, Serialize};
use thiserror::Error;

#[derive(Debug, Error)]
pub enum SynthError {
    #[error("{field} of the synthetic runner is {value}: choose {low} to {high} {unit}")]
    OutOfRange { field: String, value: f64, low: f64, high: f64, unit: &'static str },
    #[error("{field} of the synthetic runner is {value:?}: use letters and digits only")]
    Name { field: &'static str, value: String },
    #[error("the built-in table of running curves cannot be read ({0}): build the program again")]
    Table(String),
}

/// A runner and a session. Every run of the same configuration gives the same bits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RunnerConfig {
    /// Chooses the person, the stride-to-stride variation, the mounting, the sensor errors and the radio.
    pub seed: u64,
    /// Name of the person in files: letters and digits. Default `synth`.
    pub subject: String,
    /// Name of the session in files: letters and digits. Default `run`.
    pub task: String,
    /// A fifth sensor on the sacrum. Default true.
    pub pelvis_sensor: bool,
    /// Places that have no sensor. Default none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub without: Vec<Placement>,
    /// Samples per second of every sensor. Default 100.
    pub rate_hz: f64,
    /// Marks for standing and knee bends in the stream, as a guided calibration gives them. Default true.
    pub marks: bool,

    /// Moves about before standing still, whole s. Default 0: stands as told.
    pub restless_s: f64,
    /// Standing still at the start, s. Default 7.
    pub still_s: f64,
    /// Knee bends after it. Default 5.
    pub knee_bends: u32,
    /// Length of one knee bend, s. Default 3.
    pub knee_bend_s: f64,
    /// Walking before the run, s; 0 runs at once. Default 12.
    pub walk_s: f64,
    /// Running, s, counted from the end of the change from walking. Default 180.
    pub running_s: f64,
    /// Runs for ever; `running_s` is then ignored. Default false.
    pub endless: bool,
    /// Standing at the end, s. Default 4.
    pub end_still_s: f64,
    /// A screening test after the run, before the standing at the end. Default none.
    pub screening: Option<ScreeningConfig>,

    /// Walking speed, m/s. Default 1.35.
    pub walking_speed_mps: f64,
    /// Running speed at the start, m/s. Default 2.8.
    pub speed_mps: f64,
    /// Later speeds.
    pub speed_changes: Vec<SpeedChange>,

    /// Scale of what sets this person apart from the mean runner (1: the spread between 52 legs). Default 1.
    pub individuality: f64,
    /// Scale of the variation from stride to stride (1: the spread within a leg). Default 1.
    pub variation: f64,
    /// How far the thighs are spread in standing, deg. Default 2: told to put the feet under the hips
    /// (a proposal; 4.3 +- 1.4 in self-chosen stance, own measurement on 14 legs).
    pub standing_abduction_deg: f64,
    /// Added to this leg's hip in every running stance.
    pub habit: PerSide<Habit>,
    /// Stretches of extra adduction or rotation.
    pub episodes: Vec<Episode>,
    /// Things that are not the gait's fault.
    pub disturbances: Vec<Disturbance>,

    pub sensors: SensorConfig,
    pub clock: ClockConfig,
    pub radio: RadioConfig,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpeedChange {
    /// Seconds after running starts.
    pub after_s: f64,
    pub speed_mps: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Habit {
    pub adduction_deg: f64,
    pub rotation_deg: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EpisodeKind {
    /// Hip adduction: partly the femur, partly the pelvis dropping on the other side.
    Adduction,
    /// Medial rotation of the femur.
    Rotation,
}

impl EpisodeKind {
    /// The event name in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Adduction => "episode_adduction",
            Self::Rotation => "episode_rotation",
        }
    }
}

/// A stretch with a fault. A slow drift (fatigue) is an episode with a long ramp.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Episode {
    pub side: Side,
    pub kind: EpisodeKind,
    /// Added to the peak of the hip angle in stance.
    pub degrees: f64,
    /// Seconds after running starts.
    pub start_s: f64,
    pub duration_s: f64,
    /// Time to grow at the start and to fade after the end, s; at least 0.2, motion has no steps. Default 1.
    #[serde(default = "one")]
    pub ramp_s: f64,
}

fn one() -> f64 {
    1.0
}

/// Single-leg squats or step-downs, left leg first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ScreeningConfig {
    pub test: Test,
    /// Per leg. Default 5.
    pub repetitions: u32,
    /// Down and up together, s. Default 3.
    pub repetition_s: f64,
    /// Knee flexion at the bottom beyond standing, deg. Default 65.
    pub depth_deg: f64,
    /// What is added at the bottom.
    pub fault: PerSide<ScreeningFault>,
}

impl Default for ScreeningConfig {
    fn default() -> Self {
        Self {
            test: Test::SingleLegSquat,
            repetitions: 5,
            repetition_s: 3.0,
            depth_deg: 65.0,
            fault: PerSide::default(),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ScreeningFault {
    /// Of the femur, deg.
    pub adduction_deg: f64,
    /// Of the femur, medially, deg.
    pub rotation_deg: f64,
    /// Of the pelvis, on the other side, deg.
    pub drop_deg: f64,
}

/// Something that happens to the run or the sensors; must never look like gait. Times count from the
/// start of running.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Disturbance {
    /// To the left positive.
    Turn { after_s: f64, duration_s: f64, degrees: f64 },
    /// Stands still, then runs on.
    Stop { after_s: f64, duration_s: f64 },
    /// Nothing of this sensor arrives.
    SensorLost { placement: Placement, after_s: f64, duration_s: f64 },
    /// The strap turns about the limb and stays there.
    StrapSlip { placement: Placement, after_s: f64, degrees: f64 },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SensorConfig {
    /// Any orientation on the strap; else the sensor's axes are the segment's. Default true.
    pub random_mounting: bool,
    /// Standard deviation per sample, m/s². Default 0.03 (about 0.3 mg/sqrt(Hz) at 100 Hz, consumer class).
    pub acc_noise: f64,
    /// Standard deviation per sample, deg/s. Default 0.1 (about 0.01 deg/s/sqrt(Hz), consumer class).
    pub gyr_noise_dps: f64,
    /// Spread of the constant error, m/s². Default 0.05.
    pub acc_bias: f64,
    /// Spread of the constant error, deg/s. Default 0.5.
    pub gyr_bias_dps: f64,
    /// Spread of the scale error, share. Default 0.005.
    pub scale_error: f64,
    /// Range and resolution (16 bit), g; 0 for no limit. Default 16.
    pub acc_range_g: f64,
    /// Range and resolution (16 bit), deg/s; 0 for no limit. Default 2000.
    pub gyr_range_dps: f64,
    /// Scale of impact shock and soft-tissue shake. Default 1.
    pub impact: f64,
    /// Scale of skin sliding over bone. Default 1.
    pub skin: f64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ClockConfig {
    /// Sensors stamp with session time, as if sampled together. Default false: each has its own clock.
    pub shared: bool,
    /// Largest start of a sensor's clock against the session, s. Default 60.
    pub offset_s: f64,
    /// Spread of the drift, parts per million. Default 20.
    pub drift_ppm: f64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RadioConfig {
    /// Default 4.
    pub samples_per_packet: u32,
    /// Connection interval; packets arrive on its beat. 0: no beat. Default 15.
    pub interval_ms: f64,
    /// Shortest way from the last sample to the host. Default 8.
    pub latency_ms: f64,
    /// Mean of the random extra delay. Default 4.
    pub jitter_ms: f64,
    /// Share of packets that never arrive. Default 0.001.
    pub loss: f64,
    /// Radio shadows per minute and sensor. Default 0.
    pub bursts_per_min: f64,
    /// Longest radio shadow, s; the shortest is a tenth of it. Default 1.
    pub burst_s: f64,
}

impl Default for RunnerConfig {
    fn default() -> Self {
        Self {
            seed: 1,
            subject: "synth".into(),
            task: "run".into(),
            pelvis_sensor: true,
            without: Vec::new(),
            rate_hz: 100.0,
            marks: true,
            restless_s: 0.0,
            still_s: 7.0,
            knee_bends: 5,
            knee_bend_s: 3.0,
            walk_s: 12.0,
            running_s: 180.0,
            endless: false,
            end_still_s: 4.0,
            screening: None,
            walking_speed_mps: 1.35,
            speed_mps: 2.8,
            speed_changes: Vec::new(),
            individuality: 1.0,
            variation: 1.0,
            standing_abduction_deg: 2.0,
            habit: PerSide::default(),
            episodes: Vec::new(),
            disturbances: Vec::new(),
            sensors: SensorConfig::default(),
            clock: ClockConfig::default(),
            radio: RadioConfig::default(),
        }
    }
}

impl Default for SensorConfig {
    fn default() -> Self {
        Self {
            random_mounting: true,
            acc_noise: 0.03,
            gyr_noise_dps: 0.1,
            acc_bias: 0.05,
            gyr_bias_dps: 0.5,
            scale_error: 0.005,
            acc_range_g: 16.0,
            gyr_range_dps: 2000.0,
            impact: 1.0,
            skin: 1.0,
        }
    }
}

impl SensorConfig {
    /// Bodies without skin and sensors without error, mounted along the segment axes.
    #[must_use]
    pub fn ideal() -> Self {
        Self {
            random_mounting: false,
            acc_noise: 0.0,
            gyr_noise_dps: 0.0,
            acc_bias: 0.0,
            gyr_bias_dps: 0.0,
            scale_error: 0.0,
            acc_range_g: 0.0,
            gyr_range_dps: 0.0,
            impact: 0.0,
            skin: 0.0,
        }
    }
}

impl Default for ClockConfig {
    fn default() -> Self {
        Self { shared: false, offset_s: 60.0, drift_ppm: 20.0 }
    }
}

impl Default for RadioConfig {
    fn default() -> Self {
        Self {
            samples_per_packet: 4,
            interval_ms: 15.0,
            latency_ms: 8.0,
            jitter_ms: 4.0,
            loss: 0.001,
            bursts_per_min: 0.0,
            burst_s: 1.0,
        }
    }
}

/// About four minutes for the demonstration: the right hip falls in by 7 degrees, later the left femur
/// turns in by 10.
#[must_use]
pub fn demo_config() -> RunnerConfig {
    let episode = |side, kind, degrees, start_s| Episode {
        side,
        kind,
        degrees,
        start_s,
        duration_s: 35.0,
        ramp_s: 2.0,
    };
    RunnerConfig {
        seed: 20,
        subject: "demo".into(),
        task: "demo".into(),
        running_s: 200.0,
        individuality: 0.5,
        episodes: vec![
            episode(Side::Right, EpisodeKind::Adduction, 7.0, 75.0),
            episode(Side::Left, EpisodeKind::Rotation, 10.0, 130.0),
        ],
        ..RunnerConfig::default()
    }
}

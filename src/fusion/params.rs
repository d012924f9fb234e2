//! What the numbers of this room are and where they come from.

/// What the filter believes of a sensor and how much loss it bears. "Measured" below: own measurement
/// on virtual running, 12 legs, against its exact truth.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Params {
    /// Time constant of the accelerometer correction (VQF's tau_acc), s. Default 2: measured, 1.5 to
    /// 3 are equal on a treadmill, 2 is better after turns and gaps.
    pub tau_acc: f64,
    /// Time in which the bias may wander by 0.1 degrees per second (VQF's bias forgetting time), s.
    /// Default 300: measured; the filter's own 100 lets running shake the estimate.
    pub bias_forgetting: f64,
    /// One standard deviation of the bias left by a gyro zero, rad/s. Default 0.1 degrees per second.
    pub bias_sigma: f64,
    /// Largest bias that may be left, rad/s. Default 3 degrees per second.
    pub bias_clip: f64,
    /// Once a gyro zero is set, limits of the bias, of its surprises and of its variance hold in every direction alike.
    /// `false`, and before: for
    /// each axis by itself, as published; then the result depends on how the sensor lies on the limb.
    /// Default true: own measurement on the synthetic runner, angles differ by up to 0.33 degrees between
    /// mountings without it, by less than 0.001 with it.
    pub isotropic: bool,
    /// Before a gyro zero is set: as `bias_sigma`. Default 1 degree per second, what sensors are sold with.
    pub bias_sigma_unknown: f64,
    /// Before a gyro zero is set: as `bias_clip`. Default 4 degrees per second.
    pub bias_clip_unknown: f64,
    /// The orientation is doubted for so long from the first sample, s. Default 3. From standing it is
    /// right by then; started in mid-run its inclination is off by 1.5 degrees then, 0.5 after 6 s
    /// (own measurement on virtual running, 24 sensors).
    pub settle: f64,
    /// A step between time stamps longer than this many nominal intervals is a gap. Default 1.5.
    pub gap: f64,
    /// A gap waits for so much signal after it, to be matched with earlier strides, s. Default 0.08: own measurement on
    /// virtual running with 2 % of packets lost, where 0.08 to 0.2 are equal.
    pub after: f64,
    /// The longest gap that is bridged, s; after a longer one the filter levels anew. Default 2: 4 s of
    /// history hold its whole search, and longer losses than 1.9 s have not been measured.
    pub longest_gap: f64,
    /// History kept for bridging, s. Default 4.
    pub history: f64,
    /// Gaps longer than this put the orientation in doubt, s. Default 0.12: measured.
    pub doubted_gap: f64,
    /// ... for so long where an earlier stride filled the gap, s. Default 3: measured.
    pub stride_doubt: f64,
    /// ... for so long where a straight line did, or where it levelled anew, s. Default 6: measured.
    pub line_doubt: f64,
}

impl Default for Params {
    fn default() -> Self {
        Self {
            tau_acc: 2.0,
            bias_forgetting: 300.0,
            bias_sigma: 0.1_f64.to_radians(),
            bias_clip: 3.0_f64.to_radians(),
            isotropic: true,
            bias_sigma_unknown: 1.0_f64.to_radians(),
            bias_clip_unknown: 4.0_f64.to_radians(),
            settle: 3.0,
            gap: 1.5,
            after: 0.08,
            longest_gap: 2.0,
            history: 4.0,
            doubted_gap: 0.12,
            stride_doubt: 3.0,
            line_doubt: 6.0,
        }
    }
}

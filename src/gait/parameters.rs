//! What the detector assumes, in one place. "Own measurement" is the error table of this stage's
//! accuracy test: walking on force plates (six people), running as virtual sensors on the recorded
//! motion of real runners, one real treadmill jog.

/// Times in s, rates in rad/s, factors without unit. Rates are of the shank about its medio-lateral
/// axis, positive while the foot swings forward.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameters {
    pub signal: SignalParameters,
    pub class: ClassParameters,
    pub swing: SwingParameters,
    pub landing: LandingParameters,
    pub walk_stance: WalkStanceParameters,
    pub run_stance: RunStanceParameters,
    pub rhythm: RhythmParameters,
}

/// From raw samples to the filtered medio-lateral rate.
#[derive(Debug, Clone, PartialEq)]
pub struct SignalParameters {
    /// Corner of the low-pass, Hz. Default 28: 15 Hz costs 5 ms of spread in walking (own measurement).
    pub corner: f64,
    /// Upper bound of the corner as a share of the sampling rate. Default 0.49: keeps the bilinear
    /// transform clear of its singularity at 0.5, and hardly filters 50 Hz, where landings are too few
    /// samples to smooth (own measurement, force plates).
    pub corner_share: f64,
    /// The longest gap that is bridged by a straight line, s. Default 0.10: a third of the shortest
    /// stance and half of the shortest swing (own measurement: costs at most 1 ms at 2 % loss).
    pub bridge: f64,
    /// Rotation that counts as moving, rad/s. Default 1: above sway, below the slowest swing.
    pub moving: f64,
    /// Memory of the axis, s of movement. Default 6: about six strides.
    pub axis_memory: f64,
    /// Memory of the sign, s of movement. Default 2: 6 holds on to a wrong sign for 8 s of running on the
    /// spot, 1.5 loses steps in walking (own measurement).
    pub vote_memory: f64,
    /// Rotation to see before the sign may be doubted, rad. Default 1.
    pub vote_travel: f64,
    /// Sum of the three votes (each -1 to 1) below which the sign is turned. Default -0.25.
    pub vote_turn: f64,
    /// Sum from which a sign earns trust. Default 0.4: settled walking and running keep above 0.9, legs that
    /// only move about stay below 0.5 (own measurement, all recordings).
    pub trust_from: f64,
    /// Memory of trust, s of movement. Default 8: longer than an odd spell of running on the spot.
    pub trust_memory: f64,
    /// How often trust, and once settled the axis, are brought up to date, s of movement. Default 0.08.
    pub update_interval: f64,
    /// How much lower the sum must be to turn a sign, per unit of trust. Default 1.
    pub trust_weight: f64,
    /// Samples per second that the axis is learnt from, Hz; of faster sensors only every so many. Default 50.
    pub learning_rate: f64,
}

/// Walk or run.
#[derive(Debug, Clone, PartialEq)]
pub struct ClassParameters {
    /// Mid-stance begins this share of the swing time after the end of swing. Default 0.6: impact has faded.
    pub from: f64,
    /// And ends at this share. Default 1.2: before terminal contact in running.
    pub until: f64,
    /// Speed of lean in mid-stance that weighs as much as 1 g of load, rad/s. Default 8.
    pub lean: f64,
    /// Score above which a step was run. Default 0.62 (own measurement: slowest jog 0.78 and more, other
    /// running 1.2 and more).
    pub run_above: f64,
    /// Score below which a step was walked. Default 0.50 (ditto: brisk walk at most 0.45).
    pub walk_below: f64,
    /// How long a step of the other leg counts, or one that the pelvis saw, s. Default 1.5.
    pub fresh: f64,
    pub flight: FlightParameters,
}

/// Flight, where a pelvis sensor is worn.
#[derive(Debug, Clone, PartialEq)]
pub struct FlightParameters {
    /// Corner of the low-pass, Hz. Default 8: keeps the step, drops the shake.
    pub corner: f64,
    /// A longer gap may hide a flight, s. Default 0.05: half of a short one.
    pub bridge: f64,
    /// Least time to have been seen, s. Default 0.25: nearly a step of a sprinter.
    pub shortest: f64,
    /// Least load of a step that speaks neither for walking nor for running, g. Default 0.4 (own measurement:
    /// running 0.05 to 0.33, virtual and real; running on the spot with flight 0.2 to 0.3, without 0.5;
    /// walking 0.65 to 0.8).
    pub load: f64,
    /// Score per g. Default 4: a clear flight outweighs a shank that does not lean, as on the spot.
    pub weight: f64,
}

/// When a forward rotation is a swing.
#[derive(Debug, Clone, PartialEq)]
pub struct SwingParameters {
    /// Smallest rate that starts a swing, rad/s. Default 1.2 (own measurement; Salarian et al. 2004 use 0.9).
    pub floor: f64,
    /// The same as a share of the leg's usual swing peak. Default 0.35.
    pub share: f64,
    /// Least forward rotation, rad. Default 0.30: half of a short step's.
    pub angle: f64,
    /// Shortest, s. Default 0.10.
    pub shortest: f64,
    /// Longest, s. Default 1.3.
    pub longest: f64,
    /// After a gap: a rate beyond this share of the leg's usual swing peak lies in a swing. Default 0.5: no stance
    /// of a leg at its usual pace turns forward that fast.
    pub cut_share: f64,
    /// Least time from one initial contact to the end of the next swing, s. Default 0.38: strides of
    /// sprinters last 0.42 s and more.
    pub least_stride: f64,
    /// Gain of the usual swing peak per stride. Default 0.25.
    pub gain: f64,
}

/// Initial contact, after the rate has fallen through zero at the end of swing.
#[derive(Debug, Clone, PartialEq)]
pub struct LandingParameters {
    /// Rise above the minimum that proves it, rad/s. Default 0.15, and not below
    /// [`rise_share`](Self::rise_share) of the swing peak.
    pub rise: f64,
    /// Default 0.04.
    pub rise_share: f64,
    /// Running: contact is where the rate falls below this share of the swing peak, negated. Default
    /// 0.35: a jog may land in two dips of which only the second reaches 0.4, which scatters by 40 ms
    /// (own measurement, treadmill jog; impact and minimum are no better and are known later).
    pub run_level: f64,
    /// Running: from that crossing to contact, s. Default 0.0025 (own measurement, virtual running).
    pub run_lag: f64,
    /// Running: contact after the zero crossing where the level is not reached, s. Default 0.024 (ditto).
    pub run_after_zero: f64,
    /// Running: how long the level is waited for, s. Default 0.12.
    pub run_wait: f64,
    /// Walking: contact is the impact within this time of the minimum, s. Default 0.06 (own measurement, force plates:
    /// half way between the minimum and the sharpest jerk is off by 1 to 2 ms more, at 50 and 60 Hz most).
    pub walk_jerk: f64,
    /// From that impact to initial contact, s. Default -0.003 (ditto).
    pub walk_lag: f64,
    /// Walking: how long the minimum is waited for, s. Default 0.15.
    pub walk_wait: f64,
    /// Walking: contact after the zero crossing where no minimum comes, s. Default 0.045 (own measurement).
    pub walk_after_zero: f64,
}

/// Terminal contact in walking: the rate rises out of the push-off trough.
#[derive(Debug, Clone, PartialEq)]
pub struct WalkStanceParameters {
    /// Least depth of a push-off, rad/s. Default 0.5.
    pub depth: f64,
    /// The same as a share of the swing peak. Default 0.12.
    pub depth_of_swing: f64,
    /// The same as a share of the leg's usual push-off depth. Default 0.4.
    pub depth_of_usual: f64,
    /// Contact ends at this share of the trough. Default 0.5 (0.7 doubles the spread; own measurement).
    pub level: f64,
    /// From that crossing to terminal contact, s. Default -0.0215 (own measurement, force plates).
    pub lag: f64,
    /// And this share of the time from the trough to the crossing, earlier: slow push-offs outlast contact for longer.
    /// Default 0.1 (ditto).
    pub lag_of_rise: f64,
    /// Shortest stance, s. Default 0.28.
    pub shortest: f64,
    /// The same as a share of the leg's usual. Default 0.55.
    pub shortest_of_usual: f64,
    /// Ripple after contact is no plateau for this long, s. Default 0.2.
    pub ripple: f64,
    /// Terminal contact before the upward zero crossing where nothing else showed it, s. Default -0.058
    /// (own measurement; poor).
    pub fallback_lag: f64,
    /// A terminal contact is taken back within this time, s, when the trough deepens again. Default 0.4.
    pub doubt: f64,
}

/// Terminal contact in running: the rate falls from its hump in late stance.
#[derive(Debug, Clone, PartialEq)]
pub struct RunStanceParameters {
    /// Fall from the hump that ends contact, rad/s. Default 1.5: a fixed fall is right at any speed, a share
    /// of the swing peak comes late in fast running (own measurement, virtual running).
    pub drop: f64,
    /// From that crossing to terminal contact, s. Default -0.008 (ditto).
    pub lag: f64,
    /// The hump rises above this share of the swing peak, negated. Default 0.3.
    pub hump: f64,
    /// The hump rises above the stance minimum by this share of the swing peak. Default 0.25.
    pub hump_rise: f64,
    /// Shortest stance, s. Default 0.10: sprinters' (Weyand et al. 2000).
    pub shortest: f64,
    /// The same as a share of the leg's usual. Default 0.6.
    pub shortest_of_usual: f64,
    /// Least time from the end of swing, as a share of the swing's own. Default 0.75: in a jog the shank
    /// rings for half a swing after impact, and no stance found was over before 0.85 (own measurement).
    pub after_swing: f64,
    /// Longest stance judged by the rules of running, s. Default 0.45: jogging at walking speed has 0.36.
    pub longest: f64,
    /// Terminal contact before the upward zero crossing where nothing else showed it, s. Default -0.16
    /// (own measurement; poor).
    pub fallback_lag: f64,
    /// A terminal contact is taken back within this time, s, when the rate climbs back to the hump. Default 0.15.
    pub doubt: f64,
}

/// When strides make a rhythm.
#[derive(Debug, Clone, PartialEq)]
pub struct RhythmParameters {
    /// Shortest stride, s. Default 0.42.
    pub shortest: f64,
    /// Longest stride, s. Default 2.2.
    pub longest: f64,
    /// Largest difference from the usual stride, as a share of it. Default 0.4.
    pub regular: f64,
    /// Longest stance, s. Default 1.8: a longer one is standing (own measurement: the slowest walk on
    /// force plates has 1.46 at most).
    pub stand: f64,
    /// Longest wait for the swing after terminal contact, s. Default 0.7.
    pub preswing: f64,
    /// Part of a stride in which the other leg touches down. Default 0.3 to 0.7: in steady running at 0.47
    /// to 0.52 (own measurement, virtual running).
    pub paired_from: f64,
    /// See [`paired_from`](Self::paired_from).
    pub paired_until: f64,
    /// Regular strides told at most where the other leg does not alternate. Default 2: one less than is
    /// judged.
    pub unpaired: u32,
    /// A sensor that sends nothing for this long while others do has lost its lock, s. Default 1: when a
    /// sensor counts as offline; longer than any batch of the families that we know of.
    pub silence: f64,
    /// Without events for this long, s, the leg's usual values are forgotten. Default 3.
    pub forget: f64,
}

impl Default for Parameters {
    fn default() -> Self {
        Self {
            signal: SignalParameters {
                corner: 28.0,
                corner_share: 0.49,
                bridge: 0.10,
                moving: 1.0,
                axis_memory: 6.0,
                vote_memory: 2.0,
                vote_travel: 1.0,
                vote_turn: -0.25,
                trust_from: 0.4,
                trust_memory: 8.0,
                update_interval: 0.08,
                trust_weight: 1.0,
                learning_rate: 50.0,
            },
            class: ClassParameters {
                from: 0.6,
                until: 1.2,
                lean: 8.0,
                run_above: 0.62,
                walk_below: 0.50,
                fresh: 1.5,
                flight: FlightParameters {
                    corner: 8.0,
                    bridge: 0.05,
                    shortest: 0.25,
                    load: 0.4,
                    weight: 4.0,
                },
            },
            swing: SwingParameters {
                floor: 1.2,
                share: 0.35,
                angle: 0.30,
                shortest: 0.10,
                longest: 1.3,
                cut_share: 0.5,
                least_stride: 0.38,
                gain: 0.25,
            },
            landing: LandingParameters {
                rise: 0.15,
                rise_share: 0.04,
                run_level: 0.35,
                run_lag: 0.0025,
                run_after_zero: 0.024,
                run_wait: 0.12,
                walk_jerk: 0.06,
                walk_lag: -0.003,
                walk_wait: 0.15,
                walk_after_zero: 0.045,
            },
            walk_stance: WalkStanceParameters {
                depth: 0.5,
                depth_of_swing: 0.12,
                depth_of_usual: 0.4,
                level: 0.5,
                lag: -0.0215,
                lag_of_rise: 0.1,
                shortest: 0.28,
                shortest_of_usual: 0.55,
                ripple: 0.2,
                fallback_lag: -0.058,
                doubt: 0.4,
            },
            run_stance: RunStanceParameters {
                drop: 1.5,
                lag: -0.008,
                hump: 0.3,
                hump_rise: 0.25,
                shortest: 0.10,
                shortest_of_usual: 0.6,
                after_swing: 0.75,
                longest: 0.45,
                fallback_lag: -0.16,
                doubt: 0.15,
            },
            rhythm: RhythmParameters {
                shortest: 0.42,
                longest: 2.2,
                regular: 0.4,
                stand: 1.8,
                preswing: 0.7,
                paired_from: 0.3,
                paired_until: 0.7,
                unpaired: 2,
                silence: 1.0,
                forget: 3.0,
            },
        }
    }
}

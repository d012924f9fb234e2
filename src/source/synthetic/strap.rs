//! One sensor on its strap: what it feels, how it errs, what its clock and its radio make of it.

use super::config::{RunnerConfig, SensorConfig};
use super::motion::{Body, Landing, Motion};
use super::wander::{normal, stream};
use crate::body::{Packet, Placement, Sample, Segment, SensorId};
use crate::units::{DeviceTime, STANDARD_GRAVITY, SessionTime};
use nalgebra::{Matrix3, Quaternion, Rotation3, UnitQuaternion, Vector3};
use rand::Rng;
use rand_pcg::Pcg64Mcg;
use std::f64::consts::TAU;

/// Half the step of the differences, s: exact to 0.1 % at 12 Hz, where the motion ends.
const H: f64 = 1e-3;

/// Peak of the shock at landing along the segment at 3 m/s, m/s²: shank, thigh, pelvis.
/// Source: set to give the per-stride peaks at 100 Hz of own measurement on virtual running (shank 35 to 95,
/// thigh 31 to 51, pelvis 27 to 36 m/s² in all).
const SHOCK: [f64; 3] = [44.0, 12.0, 8.0];
/// From landing to the peak of the shock, s. Source: own choice (tibial shock peaks 10 to 25 ms after contact in
/// heel strikers), shank, thigh, pelvis.
const SHOCK_RISE: [f64; 3] = [0.014, 0.020, 0.035];
/// Shake of soft tissue after landing: size at 3 m/s, rad; frequency, Hz; fading, s. Source: own choice; leg tissue
/// rings at 10 to 25 Hz and is damped within 0.1 s (range of Wakeling & Nigg 2001).
const SHAKE: [(f64, f64, f64); 3] = [(0.010, 22.0, 0.030), (0.020, 13.0, 0.050), (0.006, 11.0, 0.050)];
/// The same as sliding, m. Source: own choice, of the order of a millimetre.
const SLIDE: [f64; 3] = [0.0003, 0.0008, 0.0003];
/// Share of axial rotation that skin does not follow. Source: own measurement on virtual running, whose skin model
/// takes 5 to 25 %.
const SKIN_AXIAL: f64 = 0.12;
/// Tilt of the sensor per knee flexion by the muscle below. Source: own choice.
const SKIN_FLEXION: f64 = 0.03;

pub(super) struct Strap {
    pub(super) id: SensorId,
    pub(super) placement: Placement,
    lever: Vector3<f64>,
    /// Soft tissue shakes about this axis, segment frame.
    shake_axis: Vector3<f64>,
    sensor_from_segment: Matrix3<f64>,
    sensors: SensorConfig,
    acc_error: Error,
    gyr_error: Error,
    noise: Pcg64Mcg,
    clock: Clock,
    link: Link,
}

/// A constant and a proportional error per axis.
struct Error {
    bias: Vector3<f64>,
    scale: Vector3<f64>,
    noise: f64,
    range: f64,
}

/// Sample `k` is taken at `start + k * tick` of the session and stamped `epoch + k / rate`.
struct Clock {
    start: f64,
    tick: f64,
    epoch: f64,
    rate: f64,
}

/// Packets on their way.
struct Link {
    radio: super::config::RadioConfig,
    rng: Pcg64Mcg,
    beat: f64,
    shadow_to: f64,
    /// The next packet's first sample.
    next: u64,
    last_arrival: f64,
    /// Decided but not yet made: first sample and arrival.
    waiting: Option<(u64, f64)>,
}

impl Strap {
    pub(super) fn new(config: &RunnerConfig, id: SensorId, placement: Placement) -> Self {
        let mut rng = stream(config.seed, 100 + placement.index() as u64);
        let sensors = config.sensors.clone();
        let side = placement.side().map_or(0.0, crate::body::Side::sign);
        let about = |rng: &mut Pcg64Mcg, spread: f64| spread * rng.random_range(-1.0..1.0);
        let lever = match placement.segment() {
            Segment::Pelvis => Vector3::new(-0.10, 0.04 + about(&mut rng, 0.01), about(&mut rng, 0.005)),
            Segment::Thigh => Vector3::new(0.03, -0.24 + about(&mut rng, 0.04), side * 0.06),
            Segment::Shank => {
                Vector3::new(0.03, -0.20 + about(&mut rng, 0.05), side * (0.02 + about(&mut rng, 0.01)))
            }
        };
        let any = UnitQuaternion::from_quaternion(Quaternion::new(
            normal(&mut rng) + 1e-6,
            normal(&mut rng),
            normal(&mut rng),
            normal(&mut rng),
        ));
        let three = |rng: &mut Pcg64Mcg, sd: f64| Vector3::from_fn(|_, _| sd * normal(rng));
        let shake_axis = Vector3::new(0.4 * normal(&mut rng), 0.6 * normal(&mut rng), 1.0)
            .try_normalize(1e-9)
            .unwrap_or(Vector3::z());
        let acc_error = Error {
            bias: three(&mut rng, sensors.acc_bias),
            scale: three(&mut rng, sensors.scale_error).add_scalar(1.0),
            noise: sensors.acc_noise,
            range: sensors.acc_range_g * STANDARD_GRAVITY,
        };
        let gyr_error = Error {
            bias: three(&mut rng, sensors.gyr_bias_dps.to_radians()),
            scale: three(&mut rng, sensors.scale_error).add_scalar(1.0),
            noise: sensors.gyr_noise_dps.to_radians(),
            range: sensors.gyr_range_dps.to_radians(),
        };
        let mounting = if sensors.random_mounting { any } else { UnitQuaternion::identity() };
        Self {
            id,
            placement,
            lever,
            shake_axis,
            sensor_from_segment: *mounting.to_rotation_matrix().matrix(),
            sensors,
            acc_error,
            gyr_error,
            noise: stream(config.seed, 200 + placement.index() as u64),
            clock: Clock::new(config, &mut rng),
            link: Link::new(config, stream(config.seed, 300 + placement.index() as u64)),
        }
    }

    /// When the next packet reaches the host; `None` when no more comes.
    pub(super) fn next_arrival(&mut self, motion: &Motion) -> Option<f64> {
        let (clock, placement) = (&self.clock, self.placement);
        self.link.next_arrival(clock, motion.script.end, |t| motion.script.lost(placement, t))
    }

    /// The packet that [`next_arrival`](Self::next_arrival) spoke of.
    pub(super) fn take(&mut self, motion: &mut Motion) -> Option<Packet> {
        let (first, arrival) = self.link.waiting.take()?;
        let count = u64::from(self.link.radio.samples_per_packet);
        let mut samples = Vec::with_capacity(count as usize);
        for k in first..first + count {
            let t = self.clock.taken(k);
            motion.reach(t);
            samples.push(self.sample(motion, k, t));
        }
        Some(Packet { sensor: self.id, arrival: Some(SessionTime(arrival)), samples })
    }

    fn sample(&mut self, motion: &Motion, k: u64, t: f64) -> Sample {
        let (acc, gyr) = self.feel(motion, t);
        let acc = self.acc_error.apply(self.sensor_from_segment * acc, &mut self.noise, 1e5);
        let gyr = self.gyr_error.apply(self.sensor_from_segment * gyr, &mut self.noise, 1e6);
        Sample { t: DeviceTime(self.clock.stamp(k)), acc, gyr }
    }

    /// Specific force and angular rate without error, along the segment's axes (as the strap lies now).
    fn feel(&self, motion: &Motion, t: f64) -> (Vector3<f64>, Vector3<f64>) {
        let [before, now, after] = [t - H, t, t + H].map(|t| self.pose(motion, t));
        let acc = (after.origin - 2.0 * now.origin + before.origin) / (H * H) + motion.way_acceleration(t);
        let mut force = now.world_from_segment.tr_mul(&(acc + Vector3::z() * STANDARD_GRAVITY));
        let m = motion.moment(t);
        force += self.shock(self.landings(motion, &m));
        let turned = before.world_from_segment.tr_mul(&after.world_from_segment);
        // By quaternion: the rotation matrix's own angle is no number where rounding carries its trace past 3.
        let turned = UnitQuaternion::from_rotation_matrix(&Rotation3::from_matrix_unchecked(turned));
        (force, turned.scaled_axis() / (2.0 * H))
    }

    /// The sensor's case in the world, its axes still along the segment as far as skin allows.
    fn pose(&self, motion: &Motion, t: f64) -> Body {
        let m = motion.moment(t);
        let bone = motion.body(&m, self.placement);
        let mut turn = Vector3::zeros();
        if self.sensors.skin > 0.0 {
            let (axial, flexion) = motion.skin_pull(&m, self.placement);
            let side = self.placement.side().map_or(1.0, crate::body::Side::sign);
            turn.y -= self.sensors.skin * SKIN_AXIAL * side * axial;
            turn.z -= self.sensors.skin * SKIN_FLEXION * flexion;
        }
        turn.y += motion.script.slip(self.placement, t);
        let mut lever = self.lever;
        if self.sensors.impact > 0.0 {
            let (size, frequency, fade) = pick(SHAKE, self.placement);
            for landing in self.landings(motion, &m).into_iter().flatten() {
                let ring = self.sensors.impact * landing.strength * ring(landing.since, frequency, fade);
                turn += self.shake_axis * (size * ring);
                lever += Vector3::new(0.6, 1.0, 0.5) * (pick(SLIDE, self.placement) * ring);
            }
        }
        let origin = bone.point(&lever);
        if turn == Vector3::zeros() {
            return Body { world_from_segment: bone.world_from_segment, origin };
        }
        let case = Rotation3::from_scaled_axis(turn);
        Body { world_from_segment: bone.world_from_segment * case.matrix(), origin }
    }

    /// Landings that this segment feels: its own leg's, at the pelvis both.
    fn landings(&self, motion: &Motion, m: &super::motion::Moment) -> [Option<Landing>; 2] {
        use crate::body::Side;
        match self.placement.side() {
            Some(side) => [motion.landing(m, side), None],
            None => [motion.landing(m, Side::Left), motion.landing(m, Side::Right)],
        }
    }

    /// A single rounded push up the limb, with a part forwards (braking).
    fn shock(&self, landings: [Option<Landing>; 2]) -> Vector3<f64> {
        let (peak, rise) = (pick(SHOCK, self.placement), pick(SHOCK_RISE, self.placement));
        let sum: f64 = landings
            .into_iter()
            .flatten()
            .map(|landing| {
                let x = landing.since / rise;
                // Rises with the square, one at x = 1, gone by x = 5.
                landing.strength * x * x * (2.0 * (1.0 - x)).exp()
            })
            .sum();
        Vector3::new(-0.35, 1.0, 0.1) * (self.sensors.impact * peak * sum)
    }
}

/// A damped oscillation with a soft start.
fn ring(since: f64, frequency: f64, fade: f64) -> f64 {
    super::script::step(since / 0.012) * (-since / fade).exp() * (TAU * frequency * since).sin()
}

/// Shank, thigh, pelvis.
fn pick<T: Copy>([shank, thigh, pelvis]: [T; 3], placement: Placement) -> T {
    match placement.segment() {
        Segment::Shank => shank,
        Segment::Thigh => thigh,
        Segment::Pelvis => pelvis,
    }
}

impl Error {
    /// `grid`: decimals of the unit that a value is rounded to, so that a file can hold it exactly.
    fn apply(&self, x: Vector3<f64>, noise: &mut Pcg64Mcg, grid: f64) -> Vector3<f64> {
        let mut y = x.component_mul(&self.scale) + self.bias;
        if self.noise > 0.0 {
            y += Vector3::from_fn(|_, _| self.noise * normal(noise));
        }
        if self.range > 0.0 {
            let lsb = self.range / 32_768.0;
            y = y.map(|v| {
                let count = (v / lsb).round().clamp(-32_768.0, 32_767.0);
                (count * lsb * grid).round() / grid
            });
        }
        y
    }
}

impl Clock {
    fn new(config: &RunnerConfig, rng: &mut Pcg64Mcg) -> Self {
        let rate = config.rate_hz;
        let drift = config.clock.drift_ppm * 1e-6 * normal(rng);
        // A sensor starts within a sample of session begin or up to a fifth of a second late.
        let late = rng.random_range(0.0..0.2);
        let epoch = (rng.random_range(0.0..=config.clock.offset_s) * 1e3).round() / 1e3;
        if config.clock.shared {
            return Self { start: 0.0, tick: 1.0 / rate, epoch: 0.0, rate };
        }
        Self { start: late, tick: (1.0 + drift) / rate, epoch, rate }
    }

    fn taken(&self, k: u64) -> f64 {
        self.start + k as f64 * self.tick
    }

    fn stamp(&self, k: u64) -> f64 {
        ((self.epoch + k as f64 / self.rate) * 1e6).round() / 1e6
    }
}

impl Link {
    fn new(config: &RunnerConfig, mut rng: Pcg64Mcg) -> Self {
        let radio = config.radio.clone();
        let beat = rng.random_range(0.0..=1.0) * radio.interval_ms * 1e-3;
        Self {
            radio,
            rng,
            beat,
            shadow_to: f64::NEG_INFINITY,
            next: 0,
            last_arrival: f64::NEG_INFINITY,
            waiting: None,
        }
    }

    fn next_arrival(&mut self, clock: &Clock, end: f64, lost: impl Fn(f64) -> bool) -> Option<f64> {
        while self.waiting.is_none() {
            let first = self.next;
            let sent = clock.taken(first + u64::from(self.radio.samples_per_packet) - 1);
            if sent > end {
                return None;
            }
            self.next += u64::from(self.radio.samples_per_packet);
            let arrival = self.travel(sent);
            // Every draw is made for every packet, so that a setting changes only its own effect.
            let shadowed = self.shadowed(sent, clock.tick * f64::from(self.radio.samples_per_packet));
            let dropped = self.rng.random::<f64>() < self.radio.loss;
            if !(shadowed || dropped || lost(sent)) {
                self.last_arrival = arrival;
                self.waiting = Some((first, arrival));
            }
        }
        self.waiting.map(|w| w.1)
    }

    fn travel(&mut self, sent: f64) -> f64 {
        /// A packet is sent again until it gets through; after half a second we count it as arrived.
        const LONGEST: f64 = 0.5;
        let wait = -self.radio.jitter_ms * 1e-3 * (1.0 - self.rng.random::<f64>()).ln();
        let mut arrival = sent + self.radio.latency_ms * 1e-3 + wait.min(LONGEST);
        let interval = self.radio.interval_ms * 1e-3;
        if interval > 0.0 {
            arrival = self.beat + ((arrival - self.beat) / interval).ceil() * interval;
        }
        let rounded = (arrival * 1e5).round() / 1e5;
        rounded.max(self.last_arrival + 1e-5)
    }

    fn shadowed(&mut self, sent: f64, lasts: f64) -> bool {
        let starts = self.rng.random::<f64>() < self.radio.bursts_per_min / 60.0 * lasts;
        let length = self.radio.burst_s * self.rng.random_range(0.1..=1.0);
        if starts && sent > self.shadow_to {
            self.shadow_to = sent + length;
        }
        sent <= self.shadow_to
    }
}

//! The body in motion: joint angles, segment orientations and positions at any moment.
//!
//! `G` is the frame of progression (X forward, Y up, Z to the right); the world is ENU with the runner
//! facing east at the start.

use super::config::{RunnerConfig, SynthError};
use super::curves::{Curves, LEG, Mix, PELVIS, WALK_DUTY, Walk};
use super::person::Person;
use super::script::{Script, Share};
use super::squat::{Squat, SquatScript};
use super::wander::{PhaseTrack, Wander, stream};
use crate::body::{PerSide, Placement, Segment, Side};
use crate::event::{Angles, Frame, LegAngles, PelvisAngles};
use crate::units::SessionTime;
use nalgebra::{Matrix3, Vector3};
use std::f64::consts::{PI, TAU};

/// How far ahead the random part is laid out, s: beyond any difference step.
const AHEAD_S: f64 = 0.3;

/// Standard deviation within a leg, deg. Source: 52 legs of RBDS (Fukuchi, Fukuchi & Duarte 2017): hip flexion 1.1,
/// adduction 0.8 (here femur 0.7 and pelvis 0.4), rotation 1.0, knee flexion 1.9; the rest own choice.
const STRIDE_LEG_SD: [f64; LEG] = [1.1, 0.7, 0.9, 1.9, 0.8, 0.9];
const STRIDE_PELVIS_SD: [f64; PELVIS] = [0.6, 0.4, 0.8];
/// Stride frequency and contact fraction, share. Source: own measurement on virtual running (5 ms of 0.71 s; 3 ms
/// of 0.23 s at constant speed).
const STRIDE_FREQUENCY_SD: f64 = 0.008;
const STRIDE_DUTY_SD: f64 = 0.013;
/// Strength of a landing, share. Source: own measurement on virtual running (shank peaks 66 +- 8 m/s²).
const LANDING_SD: f64 = 0.12;
/// Sway in standing against the variation in running. Source: own choice.
const SWAY: f64 = 0.06;

/// Places in the vector of random functions.
const FREQUENCY: usize = 0;
const PELVIS_FROM: usize = 1;
const DUTY_FROM: usize = 4;
const LANDING_FROM: usize = 6;
const LEG_FROM: usize = 8;
const RANDOM: usize = LEG_FROM + 2 * LEG;

/// Share of a hip adduction fault that is the femur's; the pelvis drops by the rest. Source: own measurement on
/// virtual running: the femur carries 40 to 60 % of a change in hip adduction.
const FEMUR_SHARE: f64 = 0.55;
/// A fault grows and fades within the stride: full in mid-stance, this sharply (von Mises), which leaves 0.4 of it at
/// initial contact and next to nothing in swing. Source: own choice; hip control fails under load.
const FAULT_SHARPNESS: f64 = 2.0;
/// Centre of the fault as a share of stance. Source: the mean curves' peak of adduction.
const FAULT_CENTRE: f64 = 0.45;

/// Pelvis tilt, thigh flexion and knee flexion at the bottom of a knee bend, deg. Source: own choice (a half squat).
const BEND_TILT: f64 = 18.0;
pub(super) const BEND_THIGH: f64 = 45.0;
pub(super) const BEND_KNEE: f64 = 72.0;

/// Pelvis tilt at the bottom of a squat on one leg, deg; the thigh's share of its knee flexion; how much the femur of
/// a leg that stands alone comes in, deg. Source: own choice (the foot comes under the middle of the body).
const SQUAT_TILT: f64 = 15.0;
pub(super) const SQUAT_THIGH: f64 = 0.6;
const ONE_LEG_ADDUCTION: f64 = 4.0;

/// Half the distance between the hip centres; thigh and shank length, m. Source: own choice for 1.75 m
/// (Winter 2009: thigh 0.245, shank 0.246 of stature).
const HIP_HALF: f64 = 0.085;
pub(super) const THIGH: f64 = 0.43;
pub(super) const SHANK: f64 = 0.43;

/// A walker's landing against a runner's at 3 m/s. Source: own choice.
const WALK_LANDING: f64 = 0.3;

pub(super) struct Motion {
    pub(super) script: Script,
    person: Person,
    curves: &'static Curves,
    walk: Walk,
    random: Wander<RANDOM>,
    phase: PhaseTrack,
    variation: f64,
}

/// Everything that all segments share at one moment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    t: f64,
    pub(super) share: Share,
    /// Right leg's phase in strides, unwrapped, and its rate, Hz.
    pub(super) phase: f64,
    rate: f64,
    pub(super) speed: f64,
    mix: Mix,
    random: [f64; RANDOM],
    /// Faults in force now: hip adduction and rotation, rad.
    fault: PerSide<(f64, f64)>,
}

/// A rigid body: its orientation in the world and the place of its proximal joint against the
/// uniformly moving runner, m.
#[derive(Debug, Clone, Copy)]
pub(super) struct Body {
    pub(super) world_from_segment: Matrix3<f64>,
    pub(super) origin: Vector3<f64>,
}

impl Body {
    pub(super) fn point(&self, in_segment: &Vector3<f64>) -> Vector3<f64> {
        self.origin + self.world_from_segment * in_segment
    }
}

/// How a leg landed last.
#[derive(Debug, Clone, Copy)]
pub(super) struct Landing {
    /// Since initial contact, s.
    pub(super) since: f64,
    /// 1 at 3 m/s.
    pub(super) strength: f64,
}

fn about_x(a: f64) -> Matrix3<f64> {
    let (s, c) = a.sin_cos();
    Matrix3::new(1.0, 0.0, 0.0, 0.0, c, -s, 0.0, s, c)
}

fn about_y(a: f64) -> Matrix3<f64> {
    let (s, c) = a.sin_cos();
    Matrix3::new(c, 0.0, s, 0.0, 1.0, 0.0, -s, 0.0, c)
}

fn about_z(a: f64) -> Matrix3<f64> {
    let (s, c) = a.sin_cos();
    Matrix3::new(c, -s, 0.0, s, c, 0.0, 0.0, 0.0, 1.0)
}

/// ISB joint rotation (Grood & Suntay 1983): flexion, then adduction, then rotation.
fn joint(side: Side, flexion: f64, adduction: f64, rotation: f64) -> Matrix3<f64> {
    about_z(flexion) * about_x(side.sign() * adduction) * about_y(side.sign() * rotation)
}

/// The angles that [`joint`] was made from.
fn angles_of(side: Side, m: &Matrix3<f64>) -> Angles {
    Angles {
        flexion: (-m[(0, 1)]).atan2(m[(1, 1)]),
        adduction: side.sign() * m[(2, 1)].clamp(-1.0, 1.0).asin(),
        rotation: side.sign() * (-m[(2, 0)]).atan2(m[(2, 2)]),
    }
}

/// Bends a phase so that contact ends at `duty` of the stride instead of `table`, smoothly.
fn bend_phase(phase: f64, duty: f64, table: f64) -> f64 {
    let at = |p: f64| (PI * p).sin().powi(2);
    phase + (table - duty) / at(duty) * at(phase)
}

impl Motion {
    pub(super) fn new(config: &RunnerConfig) -> Result<Self, SynthError> {
        Ok(Self {
            script: Script::new(config),
            person: Person::new(config),
            curves: Curves::running()?,
            walk: Walk::new(),
            random: Wander::new(stream(config.seed, 2)),
            phase: PhaseTrack::new(),
            variation: config.variation,
        })
    }

    /// Lays the random part out up to `t`. Asking later for a time long before `t` is too late.
    pub(super) fn reach(&mut self, t: f64) {
        let Self { script, person, random, phase, variation, .. } = self;
        phase.reach(t + AHEAD_S, |at| {
            random.reach(at);
            let share = script.share(at);
            let walking = walking_frequency(script);
            let running = 1.0 / (person.stride * script.running_stride(at));
            let varied = 1.0 + *variation * STRIDE_FREQUENCY_SD * random.at(at)[FREQUENCY];
            share.moving * (walking + share.running * (running - walking)) * varied
        });
        random.reach(t + AHEAD_S);
    }

    pub(super) fn moment(&self, t: f64) -> Moment {
        let (phase, rate) = self.phase.at(t);
        let speed = self.script.running_speed(t);
        let mut m = Moment {
            t,
            share: self.script.share(t),
            phase,
            rate,
            speed,
            mix: Mix::of(speed),
            random: self.random.at(t).map(|x| x * self.variation),
            fault: PerSide::default(),
        };
        for side in Side::BOTH {
            let (adduction, rotation) = self.script.fault(side, t);
            if adduction != 0.0 || rotation != 0.0 {
                let gate = m.share.moving * m.share.running * self.fault_gate(&m, side);
                m.fault[side] = (gate * adduction, gate * rotation);
            }
        }
        m
    }

    fn fault_gate(&self, m: &Moment, side: Side) -> f64 {
        let from_centre = self.leg_phase(m, side) - FAULT_CENTRE * self.running_duty(m, side);
        (FAULT_SHARPNESS * ((TAU * from_centre).cos() - 1.0)).exp()
    }

    /// A leg's phase, unwrapped: whole at its initial contacts.
    pub(super) fn leg_phase(&self, m: &Moment, side: Side) -> f64 {
        match side {
            Side::Right => m.phase,
            Side::Left => m.phase + 0.5 + self.person.lead,
        }
    }

    fn running_duty(&self, m: &Moment, side: Side) -> f64 {
        let varied = 1.0 + STRIDE_DUTY_SD * m.random.get(DUTY_FROM + side.index()).unwrap_or(&0.0);
        (m.mix.duty() * self.person.duty[side] * varied).clamp(0.26, 0.46)
    }

    pub(super) fn mean_running_duty(&self, m: &Moment) -> f64 {
        f64::midpoint(self.running_duty(m, Side::Left), self.running_duty(m, Side::Right))
    }

    /// Stride time in running without the variation, s.
    pub(super) fn steady_stride(&self, m: &Moment) -> f64 {
        self.person.stride * m.mix.stride_time()
    }

    /// Share of the stride on the ground.
    pub(super) fn duty(&self, m: &Moment, side: Side) -> f64 {
        WALK_DUTY + m.share.running * (self.running_duty(m, side) - WALK_DUTY)
    }

    /// Tilt forward, right side down, right side forward, rad.
    pub(super) fn pelvis_angles(&self, m: &Moment) -> [f64; PELVIS] {
        let Share { moving, running, bend, squat } = m.share;
        let [tilt0, drop0, turn0] = self.person.standing_pelvis;
        let mut gait = [0.0; PELVIS];
        if moving * running > 0.0 {
            let duty = self.mean_running_duty(m);
            let bent = bend_phase(m.phase.rem_euclid(1.0), duty, m.mix.duty());
            add(&mut gait, running, &self.curves.pelvis(bent, m.mix));
        }
        if moving * (1.0 - running) > 0.0 {
            add(&mut gait, 1.0 - running, &self.walk.pelvis(m.phase));
        }
        let sway = sway(m);
        let [tilt, far_down, forward] = gait;
        let mut random = [0.0; PELVIS];
        for ((out, x), sd) in random.iter_mut().zip(m.random.iter().skip(PELVIS_FROM)).zip(STRIDE_PELVIS_SD) {
            *out = x * sway * sd.to_radians();
        }
        let lowered: f64 = Side::BOTH.iter().map(|s| s.sign() * (1.0 - FEMUR_SHARE) * m.fault[*s].0).sum();
        let lowered = lowered + self.squat_drop(&squat);
        let bend = bend + (squat.depth.left + squat.depth.right) * SQUAT_TILT / BEND_TILT;
        [
            tilt0 + moving * (self.person.tilt + tilt - tilt0) + bend * BEND_TILT.to_radians() + random[0],
            // The table has the far side down in the right leg's stride: the left one.
            drop0 + moving * (self.person.drop - far_down - drop0) + random[1] - lowered,
            turn0 + moving * (forward - turn0) + random[2],
        ]
    }

    /// Hip flexion, adduction, medial rotation; knee flexion, varus, internal rotation, rad.
    pub(super) fn leg_angles(&self, m: &Moment, side: Side) -> [f64; LEG] {
        let Share { moving, running, bend, squat } = m.share;
        let mut out = self.person.standing_leg[side];
        if moving > 0.0 {
            let phase = self.leg_phase(m, side);
            let mut gait = self.person.leg[side];
            if running > 0.0 {
                let bent = bend_phase(phase.rem_euclid(1.0), self.running_duty(m, side), m.mix.duty());
                add(&mut gait, running, &self.curves.leg(bent, m.mix));
            }
            if running < 1.0 {
                add(&mut gait, 1.0 - running, &self.walk.leg(phase));
            }
            for (angle, target) in out.iter_mut().zip(gait) {
                *angle += moving * (target - *angle);
            }
        }
        let bottom = [(BEND_TILT + BEND_THIGH).to_radians(), 0.0, 0.0, BEND_KNEE.to_radians(), 0.0, 0.0];
        add(&mut out, bend, &bottom);
        add(&mut out, bend, &self.person.bend_leg[side]);
        self.add_squat(&mut out, &squat, side);
        let sway = sway(m);
        let own = m.random.iter().skip(LEG_FROM + side.index() * LEG);
        for ((angle, x), sd) in out.iter_mut().zip(own).zip(STRIDE_LEG_SD) {
            *angle += x * sway * sd.to_radians();
        }
        let (extra_adduction, extra_rotation) = Self::fault(m, side);
        // A pelvis that drops takes the hip angle with it: the random part is the femur's.
        let lean = m.random[PELVIS_FROM + 1] * sway * STRIDE_PELVIS_SD[1].to_radians();
        let [flexion, adduction, rotation, rest @ ..] = out;
        let adduction = adduction + extra_adduction - side.sign() * lean;
        let rotation = rotation + extra_rotation;
        let [knee, varus, tibia] = rest;
        [flexion, adduction, rotation, knee, varus, tibia]
    }

    /// A segment in the world.
    pub(super) fn body(&self, m: &Moment, placement: Placement) -> Body {
        let world_from_g = self.world_from_g(m.t);
        let [tilt, obliquity, turn] = self.pelvis_angles(m);
        let pelvis = about_y(turn) * about_x(obliquity) * about_z(-tilt);
        let root = self.pelvis_place(m);
        let Some(side) = placement.side() else {
            return Body { world_from_segment: world_from_g * pelvis, origin: world_from_g * root };
        };
        let [hf, ha, hr, kf, ka, kr] = self.leg_angles(m, side);
        let thigh = pelvis * joint(side, hf, ha, hr);
        let hip = root + pelvis * Vector3::new(0.0, 0.0, side.sign() * HIP_HALF);
        if placement.segment() == Segment::Thigh {
            return Body { world_from_segment: world_from_g * thigh, origin: world_from_g * hip };
        }
        let shank = thigh * joint(side, -kf, ka, kr);
        let knee = hip - thigh.column(1) * THIGH;
        Body { world_from_segment: world_from_g * shank, origin: world_from_g * knee }
    }

    fn world_from_g(&self, t: f64) -> Matrix3<f64> {
        let (s, c) = self.script.heading(t).sin_cos();
        Matrix3::new(c, 0.0, s, s, 0.0, -c, 0.0, 1.0, 0.0)
    }

    /// Acceleration of the way itself: speeding up, and towards the inside of a turn; world, m/s².
    pub(super) fn way_acceleration(&self, t: f64) -> Vector3<f64> {
        const H: f64 = 1e-3;
        let ahead = (self.script.speed(t + H) - self.script.speed(t - H)) / (2.0 * H);
        let inward =
            self.script.speed(t) * (self.script.heading(t + H) - self.script.heading(t - H)) / (2.0 * H);
        self.world_from_g(t) * Vector3::new(ahead, 0.0, -inward)
    }

    /// The last landing of a leg; nothing while standing.
    pub(super) fn landing(&self, m: &Moment, side: Side) -> Option<Landing> {
        let Share { moving, running, .. } = m.share;
        if moving <= 0.0 || m.rate <= 0.05 {
            return None;
        }
        let since = self.leg_phase(m, side).rem_euclid(1.0) / m.rate;
        let gait = WALK_LANDING + running * (m.speed / 3.0 - WALK_LANDING);
        let varied = 1.0 + LANDING_SD * m.random.get(LANDING_FROM + side.index()).unwrap_or(&0.0);
        Some(Landing { since, strength: moving * gait * varied.max(0.2) })
    }

    /// Hip rotation against standing: what pulls at the skin, rad.
    pub(super) fn skin_pull(&self, m: &Moment, placement: Placement) -> (f64, f64) {
        let Some(side) = placement.side() else { return (0.0, 0.0) };
        let now = self.leg_angles(m, side);
        let rest = self.person.standing_leg[side];
        match placement.segment() {
            Segment::Thigh => (now[2] - rest[2], now[3] - rest[3]),
            _ => (now[5] - rest[5], now[3] - rest[3]),
        }
    }

    /// All true angles.
    pub(super) fn frame(&self, m: &Moment) -> Frame {
        let [tilt, obliquity, rotation] = self.pelvis_angles(m);
        let pelvis = about_y(rotation) * about_x(obliquity) * about_z(-tilt);
        let legs = PerSide::from_fn(|side| {
            let [hf, ha, hr, kf, ka, kr] = self.leg_angles(m, side);
            let thigh = pelvis * joint(side, hf, ha, hr);
            let shank = thigh * joint(side, -kf, ka, kr);
            let femur = angles_of(side, &thigh);
            // Shank abduction against gravity is the fall of its long axis to the outside.
            let shank_abduction = -angles_of(side, &shank).adduction;
            LegAngles {
                hip: Some(Angles { flexion: hf, adduction: ha, rotation: hr }),
                femur: Some(femur),
                knee: Some(Angles { flexion: kf, adduction: ka, rotation: kr }),
                valgus: Some(femur.adduction + shank_abduction),
                doubt: None,
            }
        });
        Frame { t: SessionTime(m.t), legs, pelvis: Some(PelvisAngles { obliquity, tilt, rotation }) }
    }

    /// What the faults of both sides add to a hip's adduction and rotation now, rad.
    pub(super) fn fault(m: &Moment, side: Side) -> (f64, f64) {
        let (adduction, rotation) = m.fault[side];
        // The far side's fault lowers the pelvis on this side.
        (adduction - (1.0 - FEMUR_SHARE) * m.fault[side.other()].0, rotation)
    }
}

fn add<const N: usize>(sum: &mut [f64; N], by: f64, values: &[f64; N]) {
    for (s, v) in sum.iter_mut().zip(values) {
        *s += by * v;
    }
}

/// The screening test: what it adds to the pelvis and to a leg.
impl Motion {
    /// How far the pelvis goes down on the left, rad.
    fn squat_drop(&self, squat: &Squat) -> f64 {
        let Some(SquatScript { config, .. }) = &self.script.squats else { return 0.0 };
        Side::BOTH.iter().map(|s| s.sign() * squat.depth[*s] * config.fault[*s].drop_deg.to_radians()).sum()
    }

    fn add_squat(&self, out: &mut [f64; LEG], squat: &Squat, side: Side) {
        let Some(script) = &self.script.squats else { return };
        let config = &script.config;
        let fault = config.fault[side];
        // Two thirds of a knee bend are the thigh's. The femur keeps its own place while the pelvis drops.
        let bottom = [
            SQUAT_TILT + SQUAT_THIGH * config.depth_deg,
            fault.adduction_deg + fault.drop_deg,
            fault.rotation_deg,
            config.depth_deg,
            0.0,
            0.0,
        ];
        add(out, squat.depth[side], &bottom.map(f64::to_radians));
        add(out, squat.stands[side], &[0.0, ONE_LEG_ADDUCTION, 0.0, 0.0, 0.0, 0.0].map(f64::to_radians));
        let other = side.other();
        let (hip, knee) = script.free_leg();
        add(out, squat.stands[other], &[hip, 0.0, 0.0, knee, 0.0, 0.0].map(f64::to_radians));
        let follows = [SQUAT_TILT, -config.fault[other].drop_deg, 0.0, 0.0, 0.0, 0.0];
        add(out, squat.depth[other], &follows.map(f64::to_radians));
    }
}

/// Scale of the random part: full in gait, a trace in standing, more again in a bend.
fn sway(m: &Moment) -> f64 {
    let squat = m.share.squat.depth;
    SWAY + (1.0 - SWAY) * (m.share.moving + 0.5 * (m.share.bend + squat.left + squat.right)).min(1.0)
}

/// Strides per second of walking. Source: Winter 1991 (stride time 1.08 s at natural speed), in step with
/// the square root of speed.
fn walking_frequency(script: &Script) -> f64 {
    (script.walking_speed() / 1.35).sqrt() / 1.08
}

#[cfg(test)]
mod tests {
    use super::*;

    fn motion(config: &RunnerConfig) -> Motion {
        Motion::new(config).unwrap()
    }

    #[test]
    fn angles_come_back_from_segment_orientations() {
        let mut motion = motion(&RunnerConfig::default());
        for k in 0..6000 {
            let t = f64::from(k) * 0.01;
            motion.reach(t);
            let m = motion.moment(t);
            let frame = motion.frame(&m);
            let pelvis = motion.body(&m, Placement::Pelvis).world_from_segment;
            for side in Side::BOTH {
                let thigh = motion.body(&m, Placement::thigh(side)).world_from_segment;
                let shank = motion.body(&m, Placement::shank(side)).world_from_segment;
                let hip = angles_of(side, &(pelvis.transpose() * thigh));
                let knee = angles_of(side, &(thigh.transpose() * shank));
                let truth = frame.legs[side];
                let (h, n) = (truth.hip.unwrap(), truth.knee.unwrap());
                for (a, b) in [
                    (hip.flexion, h.flexion),
                    (hip.adduction, h.adduction),
                    (hip.rotation, h.rotation),
                    (-knee.flexion, n.flexion),
                    (knee.adduction, n.adduction),
                    (knee.rotation, n.rotation),
                ] {
                    assert!((a - b).abs() < 1e-9, "{t} {side}: {a} {b}");
                }
            }
            // Right side down positive: the pelvis' right-pointing axis falls.
            let obliquity = frame.pelvis.unwrap().obliquity;
            assert!((pelvis[(2, 2)] + obliquity.sin()).abs() < 1e-9);
        }
    }

    #[test]
    fn the_way_of_the_pelvis_has_no_steps() {
        let config = RunnerConfig { walk_s: 5.0, ..RunnerConfig::default() };
        let mut motion = motion(&config);
        let mut last: Option<(Vector3<f64>, Vector3<f64>)> = None;
        for k in 0..60_000 {
            let t = f64::from(k) * 1e-3;
            motion.reach(t);
            let at = motion.body(&motion.moment(t), Placement::RightShank).origin;
            if let Some((before, velocity)) = last {
                let now = at - before;
                assert!((now - velocity).norm() < 150.0 * 1e-6, "{t}: {}", (now - velocity).norm() * 1e6);
                last = Some((at, now));
            } else {
                last = Some((at, Vector3::zeros()));
            }
        }
    }
}

//! The gyroscope's bias: a Kalman filter with the low-passed rate at rest as its measurement, and the
//! steady part of the inclination correction in motion.

use super::low_pass::{self, LowPass};
use crate::fusion::Params;
use crate::units::Hz;
use nalgebra::{Matrix3, Vector3};

/// Standard deviation of the converged estimate in motion and at rest, rad/s (paper, table 2).
const SIGMA_MOTION: f64 = 0.1 * DEGREE;
const SIGMA_REST: f64 = 0.03 * DEGREE;
/// Weight of the made-up zero about the vertical, which motion cannot show (paper, table 2).
const VERTICAL_FORGETTING: f64 = 0.0001;
/// In motion, after the first `EVERY`, the filter takes a step this often only, s: its signals are low-passed
/// over seconds and the bias changes over minutes. Own measurement on ten BROAD trials: the attitude differs from the
/// published filter's by 0.001 degrees at most.
const STEP: f64 = 0.04;
const EVERY: f64 = 20.0;
/// The bias wanders by this much in the forgetting time, rad/s (paper, section 3.4).
const WANDER: f64 = 0.1 * DEGREE;

const DEGREE: f64 = std::f64::consts::PI / 180.0;

#[derive(Debug, Clone, Copy)]
pub(super) struct Coefficients {
    low_pass: low_pass::Coefficients,
    /// Largest bias and largest surprise, rad/s.
    clip: f64,
    /// Variance at first, rad²/s².
    first: f64,
    /// For a step at every sample, and for one at every `step`th.
    every: Noise,
    sparse: Noise,
    step: u32,
    /// Samples of the time in which every sample counts.
    begin: u32,
    isotropic: bool,
}

/// Variances, rad²/s².
#[derive(Debug, Clone, Copy)]
struct Noise {
    /// By how much the estimate's grows from step to step.
    growth: f64,
    /// Of a measurement: in motion, about the vertical in motion, at rest.
    motion: f64,
    vertical: f64,
    rest: f64,
}

impl Noise {
    fn new(interval: f64, params: &Params) -> Self {
        let growth = WANDER * WANDER * interval / params.bias_forgetting;
        // The measurement noise with which the variance converges to the wanted one.
        let noise = |sigma: f64| sigma.powi(4) / growth + sigma.powi(2);
        let motion = noise(SIGMA_MOTION);
        Self { growth, motion, vertical: motion / VERTICAL_FORGETTING, rest: noise(SIGMA_REST) }
    }
}

impl Coefficients {
    pub(super) fn new(rate: Hz, params: &Params, sigma: f64, clip: f64) -> Self {
        let step = (STEP * rate.0).round().max(1.0);
        Self {
            low_pass: low_pass::Coefficients::new(rate, params.tau_acc),
            clip,
            first: sigma * sigma,
            every: Noise::new(rate.interval(), params),
            sparse: Noise::new(step * rate.interval(), params),
            step: step as u32,
            begin: (EVERY * rate.0) as u32,
            isotropic: params.isotropic,
        }
    }
}

#[derive(Debug, Clone)]
pub(super) struct Bias {
    estimate: Vector3<f64>,
    /// Symmetric, by rows, rad²/s².
    covariance: [Vector3<f64>; 3],
    /// Low-passed world_from_sensor, by rows, and the estimate turned by it (x and y).
    rotation: LowPass<9>,
    in_world: LowPass<2>,
    /// Samples since the start, no further than it matters, and since the last step.
    age: u32,
    since: u32,
}

impl Bias {
    pub(super) fn new(c: &Coefficients) -> Self {
        Self {
            estimate: Vector3::zeros(),
            covariance: variance(c),
            rotation: LowPass::new(),
            in_world: LowPass::new(),
            age: 0,
            since: 0,
        }
    }

    pub(super) fn estimate(&self) -> &Vector3<f64> {
        &self.estimate
    }

    /// Zero, and as uncertain as at first.
    pub(super) fn restart(&mut self, c: &Coefficients) {
        self.estimate = Vector3::zeros();
        self.covariance = variance(c);
        self.in_world.clear();
        self.age = 0;
    }

    /// What motion has shown so far refers to an attitude that no longer holds.
    pub(super) fn forget_motion(&mut self) {
        self.rotation = LowPass::new();
        self.in_world = LowPass::new();
        self.age = 0;
    }

    /// `corrected`: rate of the inclination correction about the world's x and y, rad/s. `at_rest`: the
    /// gyroscope's mean rate, where the sensor lies still.
    pub(super) fn update(
        &mut self,
        c: &Coefficients,
        world_from_sensor: &Matrix3<f64>,
        corrected: [f64; 2],
        at_rest: Option<&Vector3<f64>>,
    ) {
        let m = world_from_sensor;
        let b = self.estimate;
        let in_world = [m.m11 * b.x + m.m12 * b.y + m.m13 * b.z, m.m21 * b.x + m.m22 * b.y + m.m23 * b.z];
        let [r11, r12, r13, r21, r22, r23, r31, r32, r33] =
            self.rotation.push(&c.low_pass, [m.m11, m.m12, m.m13, m.m21, m.m22, m.m23, m.m31, m.m32, m.m33]);
        let [x, y] = self.in_world.push(&c.low_pass, in_world);
        let Some(noise) = self.due(c, at_rest.is_some()) else { return };
        let rows = match at_rest {
            Some(mean) => [
                Row::new(Vector3::x(), mean.x, noise.rest),
                Row::new(Vector3::y(), mean.y, noise.rest),
                Row::new(Vector3::z(), mean.z, noise.rest),
            ],
            None => [
                Row::new(Vector3::new(r11, r12, r13), corrected[0] + x, noise.motion),
                Row::new(Vector3::new(r21, r22, r23), corrected[1] + y, noise.motion),
                Row::new(Vector3::new(r31, r32, r33), 0.0, noise.vertical),
            ],
        };
        self.grow(c, noise.growth);
        self.measure(c, &rows, at_rest.is_some());
    }

    /// What to expect of the step that is due with this sample, if one is.
    fn due<'a>(&mut self, c: &'a Coefficients, at_rest: bool) -> Option<&'a Noise> {
        self.since += 1;
        if at_rest || self.age < c.begin {
            self.age += u32::from(self.age < c.begin);
            self.since = 0;
            return Some(&c.every);
        }
        if self.since < c.step {
            return None;
        }
        self.since = 0;
        Some(&c.sparse)
    }

    fn grow(&mut self, c: &Coefficients, growth: f64) {
        let [x, y, z] = &mut self.covariance;
        if c.isotropic {
            // The nearer to the first variance the slower, so that no axis has a limit of its own.
            let kept = 1.0 - growth / c.first;
            (*x, *y, *z) = (*x * kept, *y * kept, *z * kept);
            x.x += growth;
            y.y += growth;
            z.z += growth;
            return;
        }
        for variance in [&mut x.x, &mut y.y, &mut z.z] {
            if *variance < c.first {
                *variance += growth;
            }
        }
    }

    /// Takes in three measurements of independent noise at once; surprises are clipped, as published.
    fn measure(&mut self, limits: &Coefficients, [a, b, c]: &[Row; 3], at_rest: bool) {
        let [px, py, pz] = &self.covariance;
        // What each row sees of the covariance: the columns of P R^T.
        let seen = |row: &Row| Vector3::new(px.dot(&row.axis), py.dot(&row.axis), pz.dot(&row.axis));
        let (sa, sb, sc) = (seen(a), seen(b), seen(c));
        // R P R^T + W, symmetric.
        let (aa, bb, cc) =
            (a.axis.dot(&sa) + a.variance, b.axis.dot(&sb) + b.variance, c.axis.dot(&sc) + c.variance);
        let (ab, ac, bc) = (a.axis.dot(&sb), a.axis.dot(&sc), b.axis.dot(&sc));
        // Its inverse by cofactors; positive definite, as the noise is.
        let (caa, cab, cac) = (bb * cc - bc * bc, ac * bc - ab * cc, ab * bc - ac * bb);
        let scale = (aa * caa + ab * cab + ac * cac).recip();
        let (cbb, cbc, ccc) = (aa * cc - ac * ac, ab * ac - aa * bc, aa * bb - ab * ab);
        let (ga, gb, gc) = (
            (sa * caa + sb * cab + sc * cac) * scale,
            (sa * cab + sb * cbb + sc * cbc) * scale,
            (sa * cac + sb * cbc + sc * ccc) * scale,
        );
        let surprise = |row: &Row| row.value - row.axis.dot(&self.estimate);
        let surprise = limits.clipped([surprise(a), surprise(b), surprise(c)], at_rest);
        let [ea, eb, ec] = surprise;
        self.estimate = limits.limited(self.estimate + ga * ea + gb * eb + gc * ec);
        let [px, py, pz] = &mut self.covariance;
        *px -= sa * ga.x + sb * gb.x + sc * gc.x;
        *py -= sa * ga.y + sb * gb.y + sc * gc.y;
        *pz -= sa * ga.z + sb * gb.z + sc * gc.z;
    }
}

impl Coefficients {
    /// Motion shows the two horizontal components together, and the vertical is made up; rest shows all three.
    fn clipped(&self, surprises: [f64; 3], at_rest: bool) -> [f64; 3] {
        let clip = self.clip;
        let [x, y, z] = surprises;
        if !self.isotropic {
            return surprises.map(|surprise| surprise.clamp(-clip, clip));
        }
        if at_rest {
            return within(clip, Vector3::new(x, y, z)).into();
        }
        let level = within(clip, Vector3::new(x, y, 0.0));
        [level.x, level.y, z.clamp(-clip, clip)]
    }

    fn limited(&self, bias: Vector3<f64>) -> Vector3<f64> {
        let clip = self.clip;
        if self.isotropic { within(clip, bias) } else { bias.map(|b| b.clamp(-clip, clip)) }
    }
}

/// As it is, or shortened to this length.
fn within(length: f64, vector: Vector3<f64>) -> Vector3<f64> {
    let square = vector.norm_squared();
    if square > length * length { vector * (length / square.sqrt()) } else { vector }
}

/// One component of the bias, measured.
struct Row {
    /// In sensor axes; low-passed, so shorter than 1 in motion.
    axis: Vector3<f64>,
    value: f64,
    variance: f64,
}

impl Row {
    fn new(axis: Vector3<f64>, value: f64, variance: f64) -> Self {
        Self { axis, value, variance }
    }
}

fn variance(c: &Coefficients) -> [Vector3<f64>; 3] {
    [Vector3::x() * c.first, Vector3::y() * c.first, Vector3::z() * c.first]
}

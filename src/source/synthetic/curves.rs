//! Mean joint curves of real runners and of a walker, as smooth periodic functions of stride phase.

use super::config::SynthError;
use std::sync::LazyLock;

/// Pelvis tilt (anterior +), contralateral drop, own side forward.
pub(super) const PELVIS: usize = 3;
/// Hip flexion, adduction, medial rotation; knee flexion, varus, internal rotation.
pub(super) const LEG: usize = 6;
const CHANNELS: usize = PELVIS + LEG;

/// Speeds of the table, m/s.
const SPEEDS: [f64; 3] = [2.5, 3.5, 4.5];
/// Stride time at those speeds, s. Source: 52 legs of RBDS (Fukuchi, Fukuchi & Duarte 2017), own computation.
const STRIDE_S: [f64; 3] = [0.745, 0.703, 0.655];
/// Share of the stride on the ground at those speeds. Source: as above.
const DUTY: [f64; 3] = [0.363, 0.319, 0.296];

/// Share of the walking stride on the ground. Source: Winter 1991, normal cadence, rounded.
pub(super) const WALK_DUTY: f64 = 0.62;

/// A walker's angles at every tenth of the stride, degrees, channels as in the running table. Shapes after
/// Winter (1991, The Biomechanics and Motor Control of Human Gait), rounded; a model, not data.
const WALK: [[f64; 10]; CHANNELS] = [
    [11.0, 10.5, 10.3, 11.0, 11.6, 11.0, 10.5, 10.3, 11.0, 11.6],
    [0.5, 4.0, 3.6, 1.5, 0.3, -0.5, -4.0, -3.6, -1.5, -0.3],
    [4.5, 3.6, 1.4, -1.4, -3.6, -4.5, -3.6, -1.4, 1.4, 3.6],
    [31.0, 28.0, 20.0, 10.0, 1.0, -6.0, -5.0, 9.0, 25.0, 32.0],
    [0.5, 5.0, 5.0, 3.5, 2.0, 0.0, -5.0, -4.5, -2.5, -1.0],
    [1.0, 3.0, 3.5, 3.0, 2.0, -1.0, -3.0, -2.0, 0.0, 1.0],
    [5.0, 16.0, 17.0, 10.0, 6.0, 11.0, 34.0, 60.0, 50.0, 17.0],
    [0.5, 1.5, 1.5, 1.0, 0.5, 0.0, 0.5, 2.5, 2.0, 0.5],
    [-4.0, 0.0, 1.0, 1.0, 0.0, -2.0, -4.0, -3.0, -4.0, -5.0],
];

static RUN: LazyLock<Result<Curves, String>> =
    LazyLock::new(|| parse(include_str!("../../../fixtures/reference/running_curves.csv")));

/// A periodic cubic spline through equally spaced values; phase 1 is phase 0 again.
#[derive(Debug, Clone)]
pub(super) struct Periodic(Vec<[f64; 4]>);

impl Periodic {
    pub(super) fn through(values: &[f64]) -> Self {
        let n = values.len();
        let next = |v: &[f64]| v.iter().copied().cycle().skip(1).take(n).collect::<Vec<_>>();
        let prev =
            |v: &[f64]| v.iter().copied().cycle().skip(n.saturating_sub(1)).take(n).collect::<Vec<_>>();
        let ahead = next(values);
        let bend: Vec<f64> =
            values.iter().zip(&ahead).zip(prev(values)).map(|((y, a), b)| 6.0 * (a - 2.0 * y + b)).collect();
        // Second derivatives solve m[i-1] + 4 m[i] + m[i+1] = bend; Jacobi halves the error each time.
        let mut m = vec![0.0; n];
        for _ in 0..55 {
            m = bend.iter().zip(next(&m)).zip(prev(&m)).map(|((r, a), b)| (r - a - b) / 4.0).collect();
        }
        let pieces = values.iter().zip(&ahead).zip(m.iter().zip(next(&m)));
        Self(
            pieces
                .map(|((y0, y1), (m0, m1))| [*y0, y1 - y0 - (2.0 * m0 + m1) / 6.0, m0 / 2.0, (m1 - m0) / 6.0])
                .collect(),
        )
    }

    pub(super) fn at(&self, phase: f64) -> f64 {
        let x = phase.rem_euclid(1.0) * self.0.len() as f64;
        // rem_euclid may round up to 1.
        let i = (x as usize).min(self.0.len() - 1);
        let u = x - i as f64;
        self.0.get(i).map_or(0.0, |[a, b, c, d]| a + u * (b + u * (c + u * d)))
    }
}

/// The running table: per channel one spline per speed, rad.
#[derive(Debug)]
pub(super) struct Curves(Vec<[Periodic; 3]>);

/// How much of each table speed makes up one speed: the parabola through the three.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mix([f64; 3]);

impl Mix {
    pub(super) fn of(speed: f64) -> Self {
        let [a, b, c] = SPEEDS.map(|s| speed - s);
        Self([b * c / 2.0, -a * c, a * b / 2.0])
    }

    fn dot(self, values: [f64; 3]) -> f64 {
        self.0.iter().zip(values).map(|(w, v)| w * v).sum()
    }

    pub(super) fn stride_time(self) -> f64 {
        self.dot(STRIDE_S)
    }

    pub(super) fn duty(self) -> f64 {
        self.dot(DUTY)
    }
}

impl Curves {
    pub(super) fn running() -> Result<&'static Self, SynthError> {
        RUN.as_ref().map_err(|why| SynthError::Table(why.clone()))
    }

    pub(super) fn pelvis(&self, phase: f64, mix: Mix) -> [f64; PELVIS] {
        self.read::<PELVIS>(0, phase, mix)
    }

    pub(super) fn leg(&self, phase: f64, mix: Mix) -> [f64; LEG] {
        self.read::<LEG>(PELVIS, phase, mix)
    }

    fn read<const N: usize>(&self, first: usize, phase: f64, mix: Mix) -> [f64; N] {
        let mut out = [0.0; N];
        for (value, [a, b, c]) in out.iter_mut().zip(self.0.iter().skip(first)) {
            *value = mix.dot([a.at(phase), b.at(phase), c.at(phase)]);
        }
        out
    }
}

/// The walking model, rad.
#[derive(Debug)]
pub(super) struct Walk(Vec<Periodic>);

impl Walk {
    pub(super) fn new() -> Self {
        Self(WALK.iter().map(|c| Periodic::through(&c.map(f64::to_radians))).collect())
    }

    pub(super) fn pelvis(&self, phase: f64) -> [f64; PELVIS] {
        self.read::<PELVIS>(0, phase)
    }

    pub(super) fn leg(&self, phase: f64) -> [f64; LEG] {
        self.read::<LEG>(PELVIS, phase)
    }

    fn read<const N: usize>(&self, first: usize, phase: f64) -> [f64; N] {
        let mut out = [0.0; N];
        for (value, curve) in out.iter_mut().zip(self.0.iter().skip(first)) {
            *value = curve.at(phase);
        }
        out
    }
}

/// Columns: speed, percent, then mean and SD per channel. Rows by speed, then percent 0 to 100.
fn parse(csv: &str) -> Result<Curves, String> {
    let mut raw: Vec<[Vec<f64>; 3]> = (0..CHANNELS).map(|_| Default::default()).collect();
    for (number, line) in csv.lines().enumerate().skip(1) {
        let cells: Result<Vec<f64>, _> = line.split(',').map(|cell| cell.trim().parse::<f64>()).collect();
        let cells = cells.map_err(|e| format!("line {}: {e}", number + 1))?;
        let [speed, percent, angles @ ..] = cells.as_slice() else {
            return Err(format!("line {} is too short", number + 1));
        };
        let Some(k) = SPEEDS.iter().position(|s| (s - speed).abs() < 1e-9) else {
            return Err(format!("line {} has speed {speed}", number + 1));
        };
        if *percent > 99.5 {
            continue;
        }
        for (channel, mean) in raw.iter_mut().zip(angles.iter().step_by(2)) {
            if let Some(column) = channel.get_mut(k) {
                column.push(mean.to_radians());
            }
        }
    }
    if raw.iter().flatten().any(|column| column.len() != 100) {
        return Err("each curve needs 100 values per speed".into());
    }
    Ok(Curves(
        raw.iter()
            .map(|c| [0, 1, 2].map(|k| Periodic::through(c.get(k).map_or(&[], Vec::as_slice))))
            .collect(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_periodic_spline_meets_its_knots_and_joins_smoothly() {
        let y: Vec<f64> = (0..10).map(|i| (f64::from(i) * 0.628).sin() + 0.3 * f64::from(i % 3)).collect();
        let s = Periodic::through(&y);
        for (i, v) in y.iter().enumerate() {
            assert!((s.at(i as f64 / 10.0) - v).abs() < 1e-12);
        }
        let slope = |p: f64| (s.at(p + 1e-6) - s.at(p - 1e-6)) / 2e-6;
        assert!((slope(1.0 - 1e-5) - slope(1e-5)).abs() < 0.05);
        assert!((s.at(0.0) - s.at(1.0)).abs() < 1e-12);
    }

    #[test]
    fn the_table_reads_its_own_values_at_its_speeds() {
        let c = Curves::running().unwrap();
        let leg = c.leg(0.10, Mix::of(3.5));
        assert!((leg[1].to_degrees() - 10.44).abs() < 1e-6, "{}", leg[1].to_degrees());
        assert!((c.pelvis(0.10, Mix::of(2.5))[1].to_degrees() - 3.91).abs() < 1e-6);
        assert!((Mix::of(4.5).stride_time() - 0.655).abs() < 1e-12);
    }

    #[test]
    fn a_broken_table_is_an_error_with_its_line() {
        assert!(parse("head\n2.5,0,x").unwrap_err().contains("line 2"));
        assert!(parse("head\n2.5,0,1,1").is_err());
    }
}

//! Recordings for the calibration tests: read from the data folder, fused, and played in order of time.
#![allow(dead_code, reason = "each test uses its part")]

use nalgebra::{Quaternion, UnitQuaternion, Vector3};
use stancewatch::body::{PerPlacement, Placement, Side};
use stancewatch::event::{Calibration, Contact, ContactKind, Fused, Gait};
use stancewatch::input::{Edge, Mark, Stretch};
use stancewatch::segment::calibration::{Calibrator, Step};
use stancewatch::units::SessionTime;
use std::path::{Path, PathBuf};

/// Where the recordings are; a test without them says so and ends.
pub(crate) fn data_folder() -> Option<PathBuf> {
    let folder = std::env::var_os("STANCEWATCH_DATA").map(PathBuf::from).filter(|f| f.is_dir());
    if folder.is_none() {
        eprintln!("not run: STANCEWATCH_DATA names no folder with the recordings");
    }
    folder
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Raw {
    pub(crate) t: f64,
    pub(crate) acc: Vector3<f64>,
    pub(crate) gyr: Vector3<f64>,
}

pub(crate) fn table(path: &Path) -> Vec<Vec<f64>> {
    let text = std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    text.lines().map(|line| line.split('\t').map(|cell| cell.parse().unwrap_or(f64::NAN)).collect()).collect()
}

pub(crate) fn motion_file(folder: &Path, needle: &str) -> PathBuf {
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    files.sort();
    let found = files.into_iter().find(|p| p.file_name().unwrap().to_str().unwrap().ends_with(needle));
    found.unwrap_or_else(|| panic!("{}: no {needle}", folder.display()))
}

const TRACKS: [&str; 5] = ["Pelvis", "LeftThigh", "RightThigh", "LeftShank", "RightShank"];

/// One file per sensor. With an arrival column its own clock is moved by the quickest packet.
pub(crate) fn separate(folder: &Path, arrival: bool, until: f64) -> PerPlacement<Vec<Raw>> {
    PerPlacement::from_fn(|p| {
        let rows = table(&motion_file(folder, &format!("tracksys-{}_motion.tsv", TRACKS[p.index()])));
        let first = if arrival { 2 } else { 1 };
        let quickest =
            rows.iter().map(|r| r[1] - r[0]).filter(|d| d.is_finite()).fold(f64::INFINITY, f64::min);
        let offset = if arrival { quickest } else { 0.0 };
        rows.iter().filter_map(|r| raw(r[0] + offset, &r[first..])).take_while(|r| r.t < until).collect()
    })
}

/// All sensors in one file, in the order of [`Placement::ALL`] as given.
pub(crate) fn together(path: &Path, order: &[Placement]) -> PerPlacement<Vec<Raw>> {
    let rows = table(path);
    let mut sensors = PerPlacement::<Vec<Raw>>::default();
    for (i, p) in order.iter().enumerate() {
        sensors[*p] = rows.iter().filter_map(|r| raw(r[0], &r[1 + 6 * i..])).collect();
    }
    sensors
}

fn raw(t: f64, six: &[f64]) -> Option<Raw> {
    let (acc, gyr) = (Vector3::from_column_slice(&six[..3]), Vector3::from_column_slice(&six[3..6]));
    (acc.iter().chain(gyr.iter()).all(|x| x.is_finite())).then_some(Raw { t, acc, gyr })
}

/// Orientation of one sensor, straight from the filter; lost samples are a straight line.
pub(crate) struct Fuse {
    filter: vqf_rs::VQF,
    zero: Vector3<f64>,
    last: Option<Raw>,
    interval: f64,
}

impl Fuse {
    pub(crate) fn new(samples: &[Raw]) -> Self {
        let n = samples.len() - 1;
        let mut steps: Vec<f64> = samples.windows(2).map(|w| w[1].t - w[0].t).collect();
        steps.sort_by(f64::total_cmp);
        let interval = steps[n / 2];
        let params = vqf_rs::Params {
            tau_acc: 2.0,
            bias_forgetting_time: 300.0,
            bias_sigma_init: 1.0,
            bias_clip: 4.0,
            ..Default::default()
        };
        let filter = vqf_rs::VQF::new(interval, None, None, Some(params));
        Self { filter, zero: Vector3::zeros(), last: None, interval }
    }

    pub(crate) fn set_zero(&mut self, zero: Vector3<f64>) {
        self.zero = zero;
        self.filter.set_bias_estimate([0.0; 3], Some(0.1_f64.to_radians()));
    }

    pub(crate) fn push(&mut self, raw: &Raw, out: &mut Vec<Fused>) {
        if let Some(last) = self.last {
            let lost = ((raw.t - last.t) / self.interval).round() as i64 - 1;
            for i in 1..=lost.max(0) {
                let share = i as f64 / (lost + 1) as f64;
                let between = Raw {
                    t: last.t + share * (raw.t - last.t),
                    acc: last.acc.lerp(&raw.acc, share),
                    gyr: last.gyr.lerp(&raw.gyr, share),
                };
                out.push(self.step(&between, false));
            }
        }
        out.push(self.step(raw, true));
        self.last = Some(*raw);
    }

    fn step(&mut self, raw: &Raw, measured: bool) -> Fused {
        self.filter.update((raw.gyr - self.zero).into(), raw.acc.into(), None);
        let q = self.filter.quat_6d();
        let bias = self.zero + Vector3::from(self.filter.bias_estimate().0);
        Fused {
            t: SessionTime(raw.t),
            world_from_sensor: UnitQuaternion::new_normalize(Quaternion::new(q.0, q.1, q.2, q.3)),
            gyr: raw.gyr - bias,
            bias,
            acc: raw.acc,
            measured,
            doubt: None,
        }
    }
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Note {
    Mark(Mark),
    Contact(Contact),
}

impl Note {
    pub(crate) fn tell(&self, calibrator: &mut Calibrator) {
        match self {
            Self::Mark(mark) => calibrator.mark(*mark),
            Self::Contact(contact) => calibrator.contact(contact),
        }
    }

    pub(crate) fn t(&self) -> f64 {
        match self {
            Self::Mark(mark) => mark.t.0,
            Self::Contact(contact) => contact.decided.0,
        }
    }
}

pub(crate) fn marks(stretch: Stretch, from: f64, to: f64) -> [Note; 2] {
    [(Edge::Begin, from), (Edge::End, to)]
        .map(|(edge, t)| Note::Mark(Mark { stretch, edge, t: SessionTime(t) }))
}

/// Initial contacts as the gait stage would give them, at these times of one side.
pub(crate) fn contacts(side: Side, times: &[f64], gait: impl Fn(f64) -> Gait) -> Vec<Note> {
    let mut rhythm = 0;
    let mut last = f64::NEG_INFINITY;
    times
        .iter()
        .map(|&t| {
            rhythm = if t - last < 1.7 { rhythm + 1 } else { 0 };
            last = t;
            Note::Contact(Contact {
                side,
                kind: ContactKind::Initial,
                t: SessionTime(t),
                decided: SessionTime(t + 0.1),
                gait: gait(t),
                rhythm,
                sigma: 0.01,
            })
        })
        .collect()
}

/// Everything that came out of a session.
pub(crate) struct Played {
    pub(crate) steps: Vec<Step>,
    pub(crate) fused: PerPlacement<Vec<Fused>>,
}

impl Played {
    pub(crate) fn calibrations(&self) -> Vec<&Calibration> {
        self.steps
            .iter()
            .filter_map(|s| match s {
                Step::Done(c) => Some(&**c),
                Step::GyroZero { .. } | Step::Knees(_) => None,
            })
            .collect()
    }
}

/// Plays a session through filter and calibrator; gyroscope zeros go back to the filter as in the pipeline.
pub(crate) fn play(sensors: &PerPlacement<Vec<Raw>>, mut notes: Vec<Note>) -> Played {
    notes.sort_by(|a, b| a.t().total_cmp(&b.t()));
    let mut notes = notes.into_iter().peekable();
    let mut fuses = PerPlacement::from_fn(|p| (!sensors[p].is_empty()).then(|| Fuse::new(&sensors[p])));
    let mut order: Vec<(f64, Placement, usize)> =
        sensors.iter().flat_map(|(p, raws)| raws.iter().enumerate().map(move |(i, r)| (r.t, p, i))).collect();
    order.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut calibrator = Calibrator::new();
    let mut played = Played { steps: Vec::new(), fused: PerPlacement::default() };
    let mut fresh = Vec::new();
    for (t, p, i) in order {
        while let Some(note) = notes.next_if(|n| n.t() <= t) {
            note.tell(&mut calibrator);
        }
        fresh.clear();
        fuses[p].as_mut().unwrap().push(&sensors[p][i], &mut fresh);
        for sample in &fresh {
            let before = played.steps.len();
            calibrator.push(p, sample, &mut played.steps);
            played.fused[p].push(*sample);
            for step in &played.steps[before..] {
                if let Step::GyroZero { placement, zero } = step {
                    fuses[*placement].as_mut().unwrap().set_zero(*zero);
                }
            }
        }
    }
    calibrator.finish(&mut played.steps);
    played
}

/// Mid-swings of a shank: peaks of its main rate, forward positive.
pub(crate) fn mid_swings(shank: &[Raw], gait: Gait, side: Side) -> Vec<Note> {
    let scatter: nalgebra::Matrix3<f64> = shank.iter().map(|r| r.gyr * r.gyr.transpose()).sum();
    let eigen = nalgebra::SymmetricEigen::new(scatter);
    let axis = eigen.eigenvectors.column(eigen.eigenvalues.imax()).into_owned();
    let mut rates: Vec<f64> = shank.iter().map(|r| r.gyr.dot(&axis)).collect();
    if rates.iter().map(|w| w.powi(3)).sum::<f64>() < 0.0 {
        for w in &mut rates {
            *w = -*w;
        }
    }
    let mut sorted = rates.clone();
    sorted.sort_by(f64::total_cmp);
    let least = 0.45 * sorted[sorted.len() * 99 / 100];
    let mut times: Vec<f64> = Vec::new();
    for (i, w) in rates.iter().enumerate().skip(10).take(rates.len().saturating_sub(20)) {
        let t = shank[i].t;
        let top = rates[i - 10..=i + 10].iter().all(|other| other <= w);
        if top && *w > least && times.last().is_none_or(|last| t - last > 0.35) {
            times.push(t);
        }
    }
    contacts(side, &times, |_| gait)
}

//! Recordings and their contact truth from an unpacked Motion-BIDS folder, and ways to make them worse.

pub(crate) use crate::track::Track;
use nalgebra::{Unit, UnitQuaternion, Vector3};
use rand::{Rng, SeedableRng};
use rand_distr::{Distribution, StandardNormal};
use rand_pcg::Pcg64Mcg;
use stancewatch::body::{Placement, Side};
use stancewatch::units::STANDARD_GRAVITY;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum What {
    Initial,
    Terminal,
}

#[derive(Clone)]
pub(crate) struct Truth {
    pub(crate) t: f64,
    pub(crate) side: Side,
    pub(crate) what: What,
    /// `run`, `walk`, `transition`, or empty.
    pub(crate) note: String,
}

#[derive(Clone)]
pub(crate) struct Recording {
    pub(crate) name: String,
    pub(crate) subject: String,
    pub(crate) tracks: Vec<Track>,
    pub(crate) truth: Vec<Truth>,
}

fn table(path: &Path) -> Vec<Vec<String>> {
    let text = fs::read_to_string(path).unwrap();
    text.lines().map(|l| l.split('\t').map(str::to_owned).collect()).collect()
}

/// Every recording of a data set whose motion file names contain `part`, by name; shanks and pelvis,
/// as nothing else is used.
pub(crate) fn recordings(set: &Path, part: &str) -> Vec<Recording> {
    let mut files: Vec<PathBuf> = Vec::new();
    for subject in fs::read_dir(set).unwrap() {
        let motion = subject.unwrap().path().join("motion");
        if motion.is_dir() && motion.to_string_lossy().contains("sub-") {
            files.extend(fs::read_dir(motion).unwrap().map(|f| f.unwrap().path()));
        }
    }
    files.sort();
    let mut by_name: BTreeMap<String, Recording> = BTreeMap::new();
    for file in &files {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let Some(stem) = name.strip_suffix("_motion.tsv") else { continue };
        if !stem.contains(part) || stem.contains("tracksys-omc") {
            continue;
        }
        let whole: Vec<&str> = stem.split('_').filter(|w| !w.starts_with("tracksys-")).collect();
        let whole = whole.join("_");
        let recording = by_name.entry(whole.clone()).or_insert_with(|| Recording {
            subject: whole.split('_').next().unwrap().to_owned(),
            truth: truth(&file.with_file_name(format!("{whole}_events.tsv"))),
            tracks: Vec::new(),
            name: whole,
        });
        for track in tracks(file) {
            if !recording.tracks.iter().any(|t| t.placement == track.placement) {
                recording.tracks.push(track);
            }
        }
    }
    by_name.into_values().collect()
}

fn tracks(file: &Path) -> Vec<Track> {
    let sibling = |end: &str| PathBuf::from(file.to_string_lossy().replace("motion.tsv", end));
    let facts: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(sibling("motion.json")).unwrap()).unwrap();
    let rate = facts["SamplingFrequency"].as_f64().unwrap();
    let channels = table(&sibling("channels.tsv"));
    let channels = &channels[1..];
    let time = channels.iter().position(|c| c[2] == "LATENCY").unwrap();
    let arrival = channels.iter().position(|c| c[0] == "arrival");
    let wanted = [Placement::LeftShank, Placement::RightShank, Placement::Pelvis];
    let columns: Vec<_> = wanted
        .into_iter()
        .filter_map(|placement| {
            let of = |kind: &str| -> Option<([usize; 3], String)> {
                let mut found = [0; 3];
                let mut unit = String::new();
                for (slot, axis) in found.iter_mut().zip(["x", "y", "z"]) {
                    *slot = channels
                        .iter()
                        .position(|c| c[2] == kind && c[3] == placement.name() && c[1] == axis)?;
                    unit.clone_from(&channels[*slot][4]);
                }
                Some((found, unit))
            };
            let (acc, acc_unit) = of("ACCEL")?;
            let (gyr, gyr_unit) = of("GYRO")?;
            let acc_scale = if acc_unit == "g" { STANDARD_GRAVITY } else { 1.0 };
            let gyr_scale = if gyr_unit.starts_with("deg") { 1f64.to_radians() } else { 1.0 };
            Some((placement, acc, gyr, acc_scale, gyr_scale))
        })
        .collect();
    if columns.is_empty() {
        return Vec::new();
    }
    let rows: Vec<Vec<f64>> = fs::read_to_string(file)
        .unwrap()
        .lines()
        .map(|l| l.split('\t').map(|v| v.parse().unwrap_or(f64::NAN)).collect())
        .collect();
    let to_host = arrival.map_or((0.0, 1.0), |a| host_clock(&rows, time, a));
    columns
        .into_iter()
        .map(|(placement, acc, gyr, acc_scale, gyr_scale)| Track {
            placement,
            rate,
            samples: rows
                .iter()
                .map(|r| {
                    let at = |c: [usize; 3]| Vector3::new(r[c[0]], r[c[1]], r[c[2]]);
                    (to_host.0 + to_host.1 * r[time], at(acc) * acc_scale, at(gyr) * gyr_scale)
                })
                .filter(|(_, a, g)| (a.sum() + g.sum()).is_finite())
                .collect(),
        })
        .collect()
}

/// Offset and slope from a sensor's clock to the host's: a line through the earliest arrivals.
fn host_clock(rows: &[Vec<f64>], time: usize, arrival: usize) -> (f64, f64) {
    let mut earliest: BTreeMap<i64, (f64, f64)> = BTreeMap::new();
    for r in rows.iter().filter(|r| r[arrival].is_finite()) {
        let delay = r[arrival] - r[time];
        let best = earliest.entry((r[time] / 10.0) as i64).or_insert((r[time], delay));
        if delay < best.1 {
            *best = (r[time], delay);
        }
    }
    let n = earliest.len() as f64;
    let mean = earliest.values().fold((0.0, 0.0), |m, p| (m.0 + p.0 / n, m.1 + p.1 / n));
    let (xx, xy) = earliest
        .values()
        .fold((1e-9, 0.0), |s, p| (s.0 + (p.0 - mean.0).powi(2), s.1 + (p.0 - mean.0) * (p.1 - mean.1)));
    let slope = xy / xx;
    (mean.1 - slope * mean.0, 1.0 + slope)
}

fn truth(path: &Path) -> Vec<Truth> {
    if !path.exists() {
        return Vec::new();
    }
    let rows = table(path);
    rows[1..]
        .iter()
        .filter_map(|r| {
            let what = match r[2].as_str() {
                "initial_contact" => What::Initial,
                "terminal_contact" => What::Terminal,
                _ => return None,
            };
            let side = if r[3] == "left" { Side::Left } else { Side::Right };
            Some(Truth { t: r[0].parse().unwrap(), side, what, note: r.get(4).cloned().unwrap_or_default() })
        })
        .collect()
}

/// What is done to a recording before it is judged.
#[derive(Clone, Copy)]
pub(crate) struct Variant {
    pub(crate) name: &'static str,
    pub(crate) turned: bool,
    pub(crate) rate: Option<f64>,
    /// Share of packets lost, and samples in a packet.
    pub(crate) loss: Option<(f64, usize)>,
}

pub(crate) const AS_IS: Variant = Variant { name: "as recorded", turned: false, rate: None, loss: None };
pub(crate) const VARIANTS: [Variant; 5] = [
    Variant { name: "turned at random", turned: true, ..AS_IS },
    Variant { name: "60 Hz", rate: Some(60.0), ..AS_IS },
    Variant { name: "50 Hz", rate: Some(50.0), ..AS_IS },
    Variant { name: "2 % lost in fours", loss: Some((0.02, 4)), ..AS_IS },
    Variant { name: "50 Hz, 2 % lost in twos", rate: Some(50.0), loss: Some((0.02, 2)), ..AS_IS },
];

impl Variant {
    /// How much later a decision may come than at 100 Hz, ms: one sample of a slower sensor.
    pub(crate) fn allowance_ms(&self) -> f64 {
        self.rate.map_or(0.0, |rate| 1e3 / rate)
    }

    pub(crate) fn apply(&self, recording: &Recording, seed: u64) -> Recording {
        let mut random = Pcg64Mcg::seed_from_u64(seed);
        let mut changed = recording.clone();
        for track in &mut changed.tracks {
            if let Some(rate) = self.rate.filter(|r| *r < track.rate * 0.99) {
                resample(track, rate);
            }
            if self.turned {
                let [a, b, c, d] = [(); 4].map(|()| StandardNormal.sample(&mut random));
                let turn: UnitQuaternion<f64> = Unit::new_normalize(nalgebra::Quaternion::new(a, b, c, d));
                for (_, acc, gyr) in &mut track.samples {
                    *acc = turn * *acc;
                    *gyr = turn * *gyr;
                }
            }
            if let Some((share, packet)) = self.loss {
                let chunks = track.samples.chunks(packet);
                track.samples =
                    chunks.filter(|_| random.random::<f64>() >= share).flatten().copied().collect();
            }
        }
        changed
    }
}

fn resample(track: &mut Track, rate: f64) {
    let mut out = Vec::new();
    let Some(first) = track.samples.first() else { return };
    let mut next = first.0;
    for pair in track.samples.windows(2) {
        let ((t0, a0, g0), (t1, a1, g1)) = (pair[0], pair[1]);
        while next <= t1 {
            if t1 - t0 < 2.5 / track.rate {
                let share = (next - t0) / (t1 - t0);
                out.push((next, a0.lerp(&a1, share), g0.lerp(&g1, share)));
            }
            next += 1.0 / rate;
        }
    }
    track.samples = out;
    track.rate = rate;
}

//! Relative orientation of two linked segments from dynamics alone, against optical truth; needs the
//! data folder.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_wrap,
    reason = "a test that panics has failed, which is its purpose"
)]

mod calibration_support;

use calibration_support::*;
use nalgebra::{Quaternion, UnitQuaternion, Vector3};
use stancewatch::body::Placement::{LeftShank, LeftThigh};
use stancewatch::event::Fused;
use stancewatch::segment::link::{LinkSample, Search, link};
use stancewatch::units::Hz;
use std::f64::consts::{PI, TAU};
use std::path::Path;

const RATE: Hz = Hz(50.0);
/// Batch and step, samples; what the lever arms come from.
const BATCH: usize = 500;
const STEP: usize = 50;
const HISTORY: usize = 1800;
/// Random walk of the relative heading, rad² per s.
const WALK: f64 = 3.73e-5;

fn wrap(angle: f64) -> f64 {
    (angle + PI).rem_euclid(TAU) - PI
}

fn fused(raws: &[Raw]) -> Vec<Fused> {
    let mut fuse = Fuse::new(raws);
    let mut out = Vec::new();
    for raw in raws {
        fuse.push(raw, &mut out);
    }
    out
}

fn samples(fused: &[Fused]) -> Vec<LinkSample> {
    let sample = |f: &Fused| LinkSample { world_from_sensor: f.world_from_sensor, gyr: f.gyr, acc: f.acc };
    fused.iter().map(sample).collect()
}

/// Heading with its variance, from batches that slide; lever arms from all that is recent.
#[derive(Default)]
struct Heading(Option<(f64, f64)>);

impl Heading {
    fn update(&mut self, a: &[LinkSample], b: &[LinkSample]) {
        let recent = a.len().saturating_sub(HISTORY)..;
        let batch = a.len() - BATCH..;
        let found = link(&a[recent.clone()], &b[recent], RATE, Search::Anywhere)
            .and_then(|all| link(&a[batch.clone()], &b[batch], RATE, Search::With(all.lever_arms)));
        let Some(found) = found else { return };
        self.0 = Some(self.0.map_or((found.heading, found.variance), |(heading, variance)| {
            let variance = variance + WALK * STEP as f64 / RATE.0;
            let gain = variance / (variance + found.variance);
            (heading + gain * wrap(found.heading - heading), variance * (1.0 - gain))
        }));
    }
}

/// Total RMS of the relative orientation over the trial, degrees.
fn trial(folder: &Path, task: &str) -> f64 {
    let file = motion_file(folder, &format!("{task}_tracksys-imu_motion.tsv"));
    let sensors = together(&file, &[LeftThigh, LeftShank]);
    let truth = table(&motion_file(folder, &format!("{task}_tracksys-omcq_motion.tsv")));
    let (a, b) = (samples(&fused(&sensors[LeftThigh])), samples(&fused(&sensors[LeftShank])));
    let mut heading = Heading::default();
    let (mut square, mut count) = (0.0, 0);
    for end in (BATCH..a.len() - STEP).step_by(STEP) {
        heading.update(&a[..end], &b[..end]);
        let Some((heading, _)) = heading.0 else { continue };
        let turn = UnitQuaternion::from_axis_angle(&Vector3::z_axis(), heading);
        for i in (end..end + STEP).filter(|i| truth[*i].iter().all(|v| v.is_finite())) {
            let q = |r: &[f64]| UnitQuaternion::new_normalize(Quaternion::new(r[0], r[1], r[2], r[3]));
            let expected = q(&truth[i][1..5]).inverse() * q(&truth[i][5..9]);
            let found = a[i].world_from_sensor.inverse() * turn * b[i].world_from_sensor;
            square += found.angle_to(&expected).to_degrees().powi(2);
            count += 1;
        }
    }
    (square / f64::from(count)).sqrt()
}

#[test]
fn linked_segments_show_their_relative_orientation() {
    let Some(data) = data_folder() else { return };
    let mut found = Vec::new();
    for subject in ["sub-01", "sub-02", "sub-03", "sub-04", "sub-05", "sub-07"] {
        let folder = data.join("linked_segments").join(subject).join("motion");
        for task in ["joint1D", "joint2D", "joint3D"] {
            let name = format!("{task}_tracksys-imu_motion.tsv");
            let exists = std::fs::read_dir(&folder)
                .unwrap()
                .any(|e| e.unwrap().file_name().to_str().unwrap().ends_with(&name));
            if exists {
                let rms = trial(&folder, task);
                eprintln!("{subject} {task} {rms:.2}");
                found.push(rms);
            }
        }
    }
    let mean = found.iter().sum::<f64>() / found.len() as f64;
    let worst = found.iter().copied().fold(0.0, f64::max);
    eprintln!("mean {mean:.2} worst {worst:.2} of {}", found.len());
    assert!(mean <= 2.5 && worst <= 6.0);
}

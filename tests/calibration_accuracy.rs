//! Calibration against the truth of recordings; needs the data folder.

mod calibration_support;

use calibration_support::*;
use nalgebra::{Matrix3, Rotation3, UnitQuaternion, Vector3};
use stancewatch::body::{PerPlacement, Placement, Side};
use stancewatch::event::{Fused, Gait};
use stancewatch::input::Stretch;
use std::path::{Path, PathBuf};

const SUBJECTS: [&str; 7] = ["sub-d0", "sub-d1", "sub-d2", "sub-d3", "sub-d4", "sub-d5", "sub-d6"];

fn virtual_folder(data: &Path, subject: &str) -> PathBuf {
    data.join("virtual_running").join(subject).join("motion")
}

/// Contacts from the truth, and when running begins.
fn virtual_contacts(folder: &Path) -> (Vec<Note>, f64) {
    let path = std::fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().path())
        .find(|p| p.to_str().unwrap().ends_with("_events.tsv"))
        .unwrap();
    let text = std::fs::read_to_string(path).unwrap();
    let mut times: [Vec<f64>; 2] = Default::default();
    for line in text.lines().filter(|l| l.contains("initial_contact")) {
        let cells: Vec<_> = line.split('\t').collect();
        let side = usize::from(cells[3] == "right");
        times[side].push(cells[0].parse().unwrap());
    }
    for t in &mut times {
        t.sort_by(f64::total_cmp);
    }
    let run = times[1].windows(2).find(|w| w[1] - w[0] > 1.5).map_or(38.0, |w| w[1]);
    let gait = |t| if t < run { Gait::Walk } else { Gait::Run };
    let mut notes = contacts(Side::Left, &times[0], gait);
    notes.extend(contacts(Side::Right, &times[1], gait));
    (notes, run)
}

/// Femur and shank of one leg in the gait frame (X forward, Y up, Z right), from the truth's angles.
fn true_segments(row: &[f64], side: Side) -> (Matrix3<f64>, Matrix3<f64>) {
    let s = side.sign();
    let at = 1 + 9 * side.index();
    let angle = |i: usize| row[at + i].to_radians();
    let femur = z(angle(6)) * x(s * angle(7)) * y(s * angle(8));
    (femur, femur * z(-angle(3)) * x(s * angle(4)) * y(s * angle(5)))
}

fn z(a: f64) -> Matrix3<f64> {
    *Rotation3::from_axis_angle(&Vector3::z_axis(), a).matrix()
}
fn x(a: f64) -> Matrix3<f64> {
    *Rotation3::from_axis_angle(&Vector3::x_axis(), a).matrix()
}
fn y(a: f64) -> Matrix3<f64> {
    *Rotation3::from_axis_angle(&Vector3::y_axis(), a).matrix()
}

/// The mounting that explains the true orientations best, over `from..to`: heading scanned, mounting fitted.
fn true_mounting(
    fused: &[Fused],
    truth: &[Vec<f64>],
    segment: impl Fn(&[f64]) -> Matrix3<f64>,
    from: f64,
    to: f64,
) -> Rotation3<f64> {
    let pairs: Vec<_> = fused
        .iter()
        .filter(|f| f.t.0 > from && f.t.0 < to)
        .step_by(5)
        .map(|f| {
            let row = &truth[(f.t.0 * 100.0).round() as usize];
            let r = f.world_from_sensor.to_rotation_matrix();
            (*r.matrix(), segment(row))
        })
        .collect();
    // Gait frame to ENU: X forward to east, Y up to z, Z right to south.
    let enu = Matrix3::new(1.0, 0.0, 0.0, 0.0, 0.0, -1.0, 0.0, 1.0, 0.0);
    let mut best = (f64::NEG_INFINITY, Rotation3::identity());
    for i in 0..720 {
        let heading = z(f64::from(i).to_radians() * 0.5);
        let sum: Matrix3<f64> = pairs.iter().map(|(r, g)| r.transpose() * heading * enu * g).sum();
        let svd = sum.svd(true, true);
        let (u, v) = (svd.u.unwrap(), svd.v_t.unwrap());
        let d = Matrix3::from_diagonal(&Vector3::new(1.0, 1.0, (u * v).determinant()));
        let b = u * d * v;
        let score = (b.transpose() * sum).trace();
        if score > best.0 {
            best = (score, Rotation3::from_matrix_unchecked(b));
        }
    }
    best.1
}

/// Axial and frontal error of a frame against the true mounting, degrees.
fn errors(found: &UnitQuaternion<f64>, truth: &Rotation3<f64>) -> (f64, f64) {
    let d = truth.inverse() * found.to_rotation_matrix();
    let m = d.matrix();
    ((-m[(2, 0)]).atan2(m[(2, 2)]).to_degrees(), m[(2, 1)].asin().to_degrees())
}

#[test]
fn explore() {
    let Some(data) = data_folder() else { return };
    for subject in SUBJECTS {
        let folder = virtual_folder(&data, subject);
        let sensors = separate(&folder, true, 70.0);
        let (mut notes, run) = virtual_contacts(&folder);
        let mode = std::env::var("MODE").unwrap_or_default();
        if mode.contains('s') {
            notes.extend(marks(Stretch::Still, 0.0, 7.0));
            notes.extend(marks(Stretch::Functional, 7.0, 25.0));
        }
        if mode.contains('r') {
            notes.retain(|n| !matches!(n, Note::Contact(c) if c.gait == Gait::Walk));
        }
        let played = play(&sensors, notes);
        let truth = table(&motion_file(&folder, "tracksys-omc_motion.tsv"));
        eprintln!("== {subject} run at {run:.1}");
        for side in Side::BOTH {
            let mut b = PerPlacement::<Option<Rotation3<f64>>>::default();
            for p in [Placement::thigh(side), Placement::shank(side)] {
                let pick = |row: &[f64]| {
                    let (t, s) = true_segments(row, side);
                    if p == Placement::thigh(side) { t } else { s }
                };
                let m = true_mounting(&played.fused[p], &truth, pick, run + 2.0, run + 17.0);
                b[p] = Some(m);
                let zz = m.matrix().column(2).into_owned();
                let xx = m.matrix().column(0).into_owned();
                eprintln!(
                    "TRUE {p} z {:.6} {:.6} {:.6} x {:.6} {:.6} {:.6}",
                    zz.x, zz.y, zz.z, xx.x, xx.y, xx.z
                );
                for c in played.calibrations() {
                    if let Some(s) = &c.segments[p] {
                        let (axial, frontal) = errors(&s.sensor_from_segment, &m);
                        eprintln!(
                            "ERR {subject} {p} at {:.1} {:?} axial {axial:.1} frontal {frontal:.1} disagreement {:.1} {}",
                            c.decided.0,
                            s.quality.grade,
                            s.quality.disagreement.unwrap_or(0.0).to_degrees(),
                            s.quality.reason
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn explore_real() {
    let Some(data) = data_folder() else { return };
    let folder = data.join("opensense_walk/sub-01/motion");
    let sensors = separate(&folder, false, 1e9);
    let mut notes = Vec::new();
    for side in Side::BOTH {
        notes.extend(mid_swings(&sensors[Placement::shank(side)], Gait::Walk, side));
    }
    eprintln!("== opensense {} contacts", notes.len());
    show(&play(&sensors, notes));
    let file = data.join("running_on_the_spot/sub-01/motion/sub-01_task-onthespot_tracksys-imu_motion.tsv");
    use Placement::*;
    let sensors = together(&file, &[Pelvis, LeftThigh, LeftShank, RightThigh, RightShank]);
    for marked in [true, false] {
        let mut notes = Vec::new();
        for side in Side::BOTH {
            let shank = &sensors[Placement::shank(side)];
            let from = shank.partition_point(|r| r.t < 50.0);
            notes.extend(mid_swings(&shank[from..], Gait::Run, side));
        }
        if marked {
            notes.extend(marks(Stretch::Still, 18.0, 36.0));
        }
        eprintln!("== spot {} notes", notes.len());
        show(&play(&sensors, notes));
    }
}

fn show(played: &Played) {
    for step in &played.steps {
        match step {
            stancewatch::segment::calibration::Step::GyroZero { placement, zero } => {
                eprintln!("ZERO {placement} {:.2?}", (zero * 57.3).as_slice())
            }
            stancewatch::segment::calibration::Step::Done(c) => {
                eprintln!("DONE at {:.1} {:?} {}", c.decided.0, c.grade, c.reason);
                for (p, s) in c.segments.iter() {
                    if let Some(s) = s {
                        eprintln!(
                            "   {p} {:?} {:.1?} axial {:.1} frontal {:.1} {}",
                            s.quality.grade,
                            s.quality.disagreement.map(f64::to_degrees),
                            s.sigma_axial.to_degrees(),
                            s.sigma_frontal.to_degrees(),
                            s.quality.reason
                        );
                    }
                }
            }
        }
    }
}

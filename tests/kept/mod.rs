//! A store with two sessions of one runner, behind a page.
#![allow(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "a test fails by panicking, in its helpers, too"
)]

use nalgebra::Vector3;
use stancewatch::body::{Packet, PerPlacement, PerSide, Sample, SensorId, Side};
use stancewatch::event::{
    Alert, Baseline, Basis, Calibration, Event, Figure, Gait, Grade, LegScreening, LegUsual, PeakSigmas,
    Peaks, PerQuantity, Rule, ScreenQuantity, Screening, Severity, Stance, Test, Usual, Zero,
};
use stancewatch::input::Input;
use stancewatch::serve::{self, Hub};
use stancewatch::store::{NewSession, RunnerId, Store};
use stancewatch::units::{DeviceTime, SessionTime};

/// The first of the two.
pub(crate) const ID: &str = "2026-11-20T10-00-00";

pub(crate) struct Kept {
    pub(crate) hub: Hub,
    _folder: tempfile::TempDir,
}

impl Kept {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let runner = store.current_runner(None).unwrap().id;
        for id in [ID, "2026-11-22T10-00-00"] {
            session(&store, runner, id);
        }
        let hub = Hub::new();
        hub.keep(serve::Kept::In { store, sessions: Some(serve::Under::Current) });
        Self { hub, _folder: folder }
    }
}

/// Five squats on each leg; the right thigh falls in by so much.
fn screening(right_deg: f64) -> Screening {
    let leg = |degrees: f64| {
        let quantity = ScreenQuantity::AdductionExcursion;
        let figure = Figure { quantity, mean: degrees.to_radians(), sd: Some(0.01), n: 5 };
        LegScreening { repetitions: 5, valid: 5, figures: vec![figure] }
    };
    Screening {
        test: Test::SingleLegSquat,
        begin: SessionTime(540.0),
        end: SessionTime(590.0),
        legs: PerSide { left: leg(3.0), right: leg(right_deg) },
        left_less_right: Vec::new(),
        reason: None,
    }
}

pub(crate) fn new_session(runner: RunnerId, id: &str) -> NewSession {
    NewSession {
        id: id.to_owned(),
        runner,
        source: "sensors".to_owned(),
        recording: None,
        started: Some(format!("{}T10:00:00+01:00", id.get(..10).unwrap())),
        settings_sha256: "00".repeat(32),
        program_version: "0.1.0".to_owned(),
    }
}

pub(crate) fn packet() -> Input {
    let sample = Sample { t: DeviceTime(0.0), acc: Vector3::y(), gyr: Vector3::zeros() };
    Input::Packet(Packet { sensor: SensorId(0), arrival: None, samples: vec![sample] })
}

/// Ten minutes; the right thigh falls in by 1.5 degrees more at the end.
pub(crate) fn session(store: &Store, runner: RunnerId, id: &str) {
    let mut log = store.log_anew(new_session(runner, id)).unwrap();
    log.input(&packet());
    log.event(&Event::Calibration(Box::new(Calibration {
        decided: SessionTime(5.0),
        grade: Grade::A,
        segments: PerPlacement::from_fn(|_| None),
        reason: "Good.".to_owned(),
    })));
    for side in Side::BOTH {
        let usual = Usual { mean: 10f64.to_radians(), sd: 0.9f64.to_radians(), stances: 60 };
        log.event(&Event::Baseline(Baseline {
            side,
            decided: SessionTime(60.0),
            usual: vec![(Rule::FemurAdduction, usual)],
            cadence_spm: 171.4,
            leg: LegUsual {
                of: PerQuantity::default(),
                contact: 0.25,
                cadence_spm: 171.4,
                grade: None,
                zero: Zero::Standing,
            },
            kept: None,
        }));
    }
    for number in 1..=850 {
        for side in Side::BOTH {
            let n = f64::from(number);
            let rise = if side == Side::Right { 1.5 * n / 850.0 } else { 0.0 };
            log.event(&Event::Stance(Stance {
                side,
                number,
                gait: Gait::Run,
                ic: SessionTime(0.7 * n + if side == Side::Right { 0.35 } else { 0.0 }),
                tc: SessionTime(0.7 * n + 0.25),
                stride_time: Some(0.7),
                peaks: Peaks {
                    femur_adduction: Some((10.0 + rise + 0.8 * (n * 12.9898).sin()).to_radians()),
                    femur_rotation_excursion: Some((3.0 + (n * 78.233).sin()).to_radians()),
                    knee_valgus: Some((11.0 + rise).to_radians()),
                    ..Peaks::default()
                },
                sigma: PeakSigmas::default(),
                valid: true,
                doubt: None,
                decided: SessionTime(0.7 * n + 0.3),
                flags: Vec::new(),
            }));
        }
    }
    log.event(&Event::Alert(Alert {
        number: 1,
        rule: Rule::FemurAdduction,
        side: Side::Right,
        severity: Severity::Amber,
        onset: SessionTime(500.0),
        decided: SessionTime(502.0),
        cleared: None,
        value: 13.5f64.to_radians(),
        threshold: 13f64.to_radians(),
        strides: 4,
        basis: Basis::Baseline,
    }));
    log.event(&Event::Screening(Box::new(screening(if id == ID { 12.0 } else { 4.0 }))));
    log.finish(Some(SessionTime(600.0))).unwrap();
}

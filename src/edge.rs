//! Where values leave the program: the columns that files and recordings share, in degrees.

use crate::body::Side;
use crate::event::{Angles, Flag, Frame, LegAngles, PeakSigmas, Peaks};

pub mod decimal;
pub mod private;
pub mod screening;

/// Angles of one moment, in the order in which every file names them.
pub const ANGLE_COLUMNS: [&str; 21] = [
    "left_hip_flexion_deg",
    "left_hip_adduction_deg",
    "left_hip_rotation_deg",
    "left_femur_flexion_deg",
    "left_femur_adduction_deg",
    "left_femur_rotation_deg",
    "left_knee_flexion_deg",
    "left_knee_adduction_deg",
    "left_knee_rotation_deg",
    "right_hip_flexion_deg",
    "right_hip_adduction_deg",
    "right_hip_rotation_deg",
    "right_femur_flexion_deg",
    "right_femur_adduction_deg",
    "right_femur_rotation_deg",
    "right_knee_flexion_deg",
    "right_knee_adduction_deg",
    "right_knee_rotation_deg",
    "pelvis_obliquity_deg",
    "pelvis_tilt_deg",
    "pelvis_rotation_deg",
];

/// The values under [`ANGLE_COLUMNS`], degrees; `None` where not valid.
#[must_use]
pub fn angles_deg(frame: &Frame) -> [Option<f64>; 21] {
    let [a, b, c, d, e, f, g, h, i] = leg_deg(&frame.legs[Side::Left]);
    let [j, k, l, m, n, o, p, q, r] = leg_deg(&frame.legs[Side::Right]);
    let [s, t, u] = triple(frame.pelvis.map(|pelvis| [pelvis.obliquity, pelvis.tilt, pelvis.rotation]));
    [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u]
}

fn leg_deg(leg: &LegAngles) -> [Option<f64>; 9] {
    let parts = |angles: Option<Angles>| triple(angles.map(|a| [a.flexion, a.adduction, a.rotation]));
    let [a, b, c] = parts(leg.hip);
    let [d, e, f] = parts(leg.femur);
    let [g, h, i] = parts(leg.knee);
    [a, b, c, d, e, f, g, h, i]
}

fn triple(radians: Option<[f64; 3]>) -> [Option<f64>; 3] {
    radians.map_or([None; 3], |values| values.map(|v| Some(v.to_degrees())))
}

/// Peaks of one stance, in the order in which every file names them.
pub const PEAK_COLUMNS: [&str; 7] = [
    "peak_hip_adduction_deg",
    "peak_hip_rotation_deg",
    "hip_rotation_excursion_deg",
    "peak_femur_adduction_deg",
    "femur_rotation_excursion_deg",
    "peak_pelvic_drop_deg",
    "peak_knee_valgus_deg",
];

/// The values under [`PEAK_COLUMNS`], degrees; `None` where not valid.
#[must_use]
pub fn peaks_deg(peaks: &Peaks) -> [Option<f64>; 7] {
    [
        peaks.hip_adduction,
        peaks.hip_rotation,
        peaks.hip_rotation_excursion,
        peaks.femur_adduction,
        peaks.femur_rotation_excursion,
        peaks.pelvic_drop,
        peaks.knee_valgus,
    ]
    .map(|peak| peak.map(f64::to_degrees))
}

/// One standard deviation of each peak that has one, in the order in which every file names them. Of valgus there is no
/// truth to hold one against.
pub const SIGMA_COLUMNS: [&str; 6] = [
    "peak_hip_adduction_sigma_deg",
    "peak_hip_rotation_sigma_deg",
    "hip_rotation_excursion_sigma_deg",
    "peak_femur_adduction_sigma_deg",
    "femur_rotation_excursion_sigma_deg",
    "peak_pelvic_drop_sigma_deg",
];

/// The values under [`SIGMA_COLUMNS`], degrees; `None` where there is no peak.
#[must_use]
pub fn sigmas_deg(sigma: &PeakSigmas) -> [Option<f64>; 6] {
    [
        sigma.hip_adduction,
        sigma.hip_rotation,
        sigma.hip_rotation_excursion,
        sigma.femur_adduction,
        sigma.femur_rotation_excursion,
        sigma.pelvic_drop,
    ]
    .map(|sigma| sigma.map(f64::to_degrees))
}

/// `RULE:amber;RULE:red`; empty without flags.
#[must_use]
pub fn flag_list(flags: &[Flag]) -> String {
    let mut list = String::new();
    for flag in flags {
        if !list.is_empty() {
            list.push(';');
        }
        list.push_str(flag.rule.name());
        list.push(':');
        list.push_str(flag.severity.name());
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::PerSide;
    use crate::event::{PelvisAngles, Rule, Severity};
    use crate::units::SessionTime;

    #[test]
    fn every_angle_stands_under_its_own_column() {
        let angles = |at: f64| {
            Some(Angles {
                flexion: at.to_radians(),
                adduction: (at + 1.0).to_radians(),
                rotation: (at + 2.0).to_radians(),
            })
        };
        let leg = |at: f64| LegAngles {
            hip: angles(at),
            femur: angles(at + 3.0),
            knee: angles(at + 6.0),
            valgus: Some(1.0),
            doubt: None,
        };
        let frame = Frame {
            t: SessionTime(0.0),
            legs: PerSide { left: leg(0.0), right: leg(9.0) },
            pelvis: Some(PelvisAngles {
                obliquity: 18f64.to_radians(),
                tilt: 19f64.to_radians(),
                rotation: 20f64.to_radians(),
            }),
        };
        for (place, value) in angles_deg(&frame).into_iter().enumerate() {
            assert!((value.unwrap() - place as f64).abs() < 1e-12, "{} is {value:?}", ANGLE_COLUMNS[place]);
        }
    }

    #[test]
    fn an_angle_that_is_not_valid_is_none() {
        let frame = Frame { t: SessionTime(0.0), legs: PerSide::default(), pelvis: None };
        assert_eq!(angles_deg(&frame), [None; 21]);
    }

    #[test]
    fn flags_are_listed_with_their_level() {
        let flags = [
            Flag { rule: Rule::FemurAdduction, severity: Severity::Amber },
            Flag { rule: Rule::MedialRotation, severity: Severity::Red },
        ];
        assert_eq!(flag_list(&flags), "femur_adduction:amber;medial_rotation:red");
        assert_eq!(flag_list(&[]), "");
    }
}

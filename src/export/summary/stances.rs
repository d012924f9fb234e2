//! The stances of one leg: counts, and means and spreads by gait, since walking and running never mix.

use super::spread::Spread;
use crate::edge::{self, PEAK_COLUMNS};
use crate::event::{Gait, Stance, StanceDoubt, Stride};
use crate::gait::MEASURES;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// In the order of [`GaitStances::times`].
const TIME_MEASURES: [&str; 3] = ["contact_ms", "stride_ms", "cadence_spm"];

#[derive(Debug, Default)]
pub(super) struct LegStances {
    walk: GaitStances,
    run: GaitStances,
    doubts: BTreeMap<&'static str, u64>,
}

#[derive(Debug, Default)]
struct GaitStances {
    all: u64,
    valid: u64,
    /// Over every stance within a rhythm: they need no angles.
    times: [Spread; TIME_MEASURES.len()],
    /// Over valid stances.
    peaks: [Spread; PEAK_COLUMNS.len()],
    strides: u64,
    /// Over every stride within a rhythm, in the order of [`MEASURES`].
    of_strides: [Spread; MEASURES.len()],
}

impl LegStances {
    pub(super) fn push(&mut self, stance: &Stance) {
        if let Some(doubt) = stance.doubt {
            *self.doubts.entry(doubt.word()).or_default() += 1;
        }
        match stance.gait {
            Gait::Walk => self.walk.push(stance),
            Gait::Run => self.run.push(stance),
        }
    }

    pub(super) fn stride(&mut self, stride: &Stride) {
        match stride.gait {
            Gait::Walk => self.walk.stride(stride),
            Gait::Run => self.run.stride(stride),
        }
    }

    pub(super) fn all(&self) -> u64 {
        self.walk.all + self.run.all
    }

    pub(super) fn valid(&self) -> u64 {
        self.walk.valid + self.run.valid
    }

    pub(super) fn walk(&self) -> u64 {
        self.walk.all
    }

    pub(super) fn run(&self) -> u64 {
        self.run.all
    }

    pub(super) fn doubts(&self) -> &BTreeMap<&'static str, u64> {
        &self.doubts
    }

    pub(super) fn row(&self) -> Value {
        json!({
            "stances": self.all(),
            "valid": self.valid(),
            "walk": self.walk.row(),
            "run": self.run.row(),
        })
    }
}

impl GaitStances {
    fn push(&mut self, stance: &Stance) {
        self.all += 1;
        if stance.doubt != Some(StanceDoubt::NoRhythm) {
            let values = [
                Some(stance.contact_time() * 1e3),
                stance.stride_time.map(|s| s * 1e3),
                stance.cadence_spm(),
            ];
            push_each(&mut self.times, values);
        }
        if stance.valid {
            self.valid += 1;
            push_each(&mut self.peaks, edge::peaks_deg(&stance.peaks));
        }
    }

    fn stride(&mut self, stride: &Stride) {
        self.strides += 1;
        for (spread, measure) in self.of_strides.iter_mut().zip(MEASURES) {
            if let Some(value) = (measure.of)(stride) {
                spread.push(value);
            }
        }
    }

    /// `null` when the leg never went this gait.
    fn row(&self) -> Value {
        if self.all == 0 {
            return Value::Null;
        }
        let names = TIME_MEASURES.into_iter().chain(PEAK_COLUMNS);
        let measures: Map<_, _> = names
            .zip(self.times.iter().chain(&self.peaks))
            .map(|(name, spread)| (name.to_owned(), json!(spread.row())))
            .collect();
        // What has no meaning in this gait, such as flight in walking, is absent.
        let of_strides: Map<_, _> = MEASURES
            .iter()
            .zip(&self.of_strides)
            .filter_map(|(measure, spread)| Some((measure.name.to_owned(), json!(spread.row()?))))
            .collect();
        json!({
            "stances": self.all,
            "valid": self.valid,
            "measures": measures,
            "strides": { "n": self.strides, "measures": of_strides },
        })
    }
}

fn push_each<const N: usize>(spreads: &mut [Spread; N], values: [Option<f64>; N]) {
    for (spread, value) in spreads.iter_mut().zip(values) {
        if let Some(value) = value {
            spread.push(value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::Side;
    use crate::event::{Doubt, PeakSigmas, Peaks};
    use crate::units::SessionTime;

    fn stance(gait: Gait, adduction_deg: f64, doubt: Option<StanceDoubt>) -> Stance {
        Stance {
            side: Side::Left,
            number: 1,
            gait,
            ic: SessionTime(1.0),
            tc: SessionTime(1.25),
            stride_time: Some(0.75),
            peaks: Peaks { femur_adduction: Some(adduction_deg.to_radians()), ..Peaks::default() },
            sigma: PeakSigmas::default(),
            valid: doubt.is_none(),
            doubt,
            decided: SessionTime(2.0),
            flags: Vec::new(),
        }
    }

    #[test]
    fn gaits_never_mix_and_what_is_not_valid_counts_for_times_only() {
        let mut leg = LegStances::default();
        leg.push(&stance(Gait::Run, 8.0, None));
        leg.push(&stance(Gait::Run, 10.0, None));
        leg.push(&stance(Gait::Run, 50.0, Some(StanceDoubt::Angles(Doubt::Gap))));
        leg.push(&stance(Gait::Run, 60.0, Some(StanceDoubt::NoRhythm)));
        let row = leg.row();
        assert_eq!(row["walk"], Value::Null);
        let measures = &row["run"]["measures"];
        assert_eq!(measures["peak_femur_adduction_deg"]["mean"], 9.0);
        assert_eq!(measures["contact_ms"]["n"], 3);
        assert_eq!(measures["cadence_spm"]["mean"], 160.0);
        assert_eq!(measures["peak_hip_adduction_deg"], Value::Null);
        assert_eq!(row["run"]["strides"]["n"], 0);
        assert_eq!((leg.all(), leg.valid(), leg.run(), leg.walk()), (4, 2, 4, 0));
        assert_eq!(leg.doubts()["gap"], 1);
    }

    #[test]
    fn flight_is_a_measure_of_running_strides_only() {
        let mut leg = LegStances::default();
        for gait in [Gait::Walk, Gait::Run] {
            leg.push(&stance(gait, 8.0, None));
            leg.stride(&Stride {
                side: Side::Left,
                gait,
                ic: SessionTime(1.0),
                tc: SessionTime(1.25),
                next_ic: SessionTime(1.7),
                other_ic: Some(SessionTime(1.35)),
                other_contact: None,
                decided: SessionTime(1.72),
            });
        }
        let row = leg.row();
        let of = |gait: &str| row[gait]["strides"]["measures"].clone();
        assert_eq!(of("run")["flight_time_ms"]["mean"], 100.0);
        assert_eq!(of("walk")["flight_time_ms"], Value::Null);
        assert_eq!(of("walk")["swing_time_ms"]["mean"], 450.0);
        assert_eq!(of("run")["contact_asymmetry_pct"], Value::Null);
    }
}

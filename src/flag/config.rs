//! What a coach may set, in degrees and seconds, checked before the run.

use super::rules::RuleSpec;
use crate::body::Placement;
use crate::event::{Quantity, Rule};
use serde::{Deserialize, Serialize};

/// All settings of the flag stage. The defaults are the ones we stand behind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FlagConfig {
    /// The rules to watch; `None` watches all that the sensors can give.
    pub rules: Option<Vec<Rule>>,
    pub hip_adduction: Change,
    pub femur_adduction: Change,
    pub rotation_excursion: Change,
    pub rotation_level: Change,
    pub pelvic_drop: Change,
    pub knee_valgus: Change,
    /// The runner's, for levels that differ between women and men. Default unknown.
    pub sex: Sex,
    /// Used with a pelvis sensor and calibration grade A or B.
    pub hip_adduction_absolute: Absolute,
    pub decision: Decision,
    pub baseline: BaselineConfig,
    pub asymmetry: AsymmetryConfig,
    pub fatigue: FatigueConfig,
}

/// Limits of one quantity as change from the runner's usual.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// A stance more than this over the usual counts as amber, degrees.
    pub amber_deg: f64,
    /// ... as red, degrees.
    pub red_deg: f64,
    /// How much the quantity rises, in healthy runners, while contact time falls by one natural
    /// logarithm, degrees: running faster is no fault. Only ever widens a limit.
    pub speed_slope_deg: f64,
}

/// Whose norms hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sex {
    #[default]
    Unknown,
    Female,
    Male,
}

impl Sex {
    /// Amber and red level of peak hip adduction, degrees, anatomical. Amber: healthy mean plus one SD (women 13.3 +-
    /// 4.2, men 9.6 +- 3.4 at 4 m/s; sex-difference study 2020, 15 and 16 runners). Red: for women the 20 that the
    /// trials of Noehren 2011 and Willy 2012 asked for, for men mean plus two SDs. Unknown: between the ambers, and the
    /// trials' red. Two samples of healthy men differ by 3.4 between laboratories, so these are coarse.
    #[must_use]
    pub fn hip_adduction_level(self) -> (f64, f64) {
        match self {
            Self::Female => (17.5, 20.0),
            Self::Male => (13.0, 16.5),
            Self::Unknown => (16.0, 20.0),
        }
    }
}

/// Limits of one quantity as a level in anatomical angles.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Absolute {
    /// `false` judges change only. Default true.
    pub used: bool,
    /// Degrees; `None` is that of the runner's sex.
    pub amber_deg: Option<f64>,
    /// Degrees; `None` is that of the runner's sex.
    pub red_deg: Option<f64>,
    /// What angles read more when quiet standing is their zero, degrees; where running has bettered that zero, less by what
    /// it was moved ([`Zero::Joints`](crate::event::Zero)). Source: RBDS, own computation, 52 legs: 4.5 at every speed.
    pub standing_zero_deg: f64,
}

impl Default for Absolute {
    fn default() -> Self {
        Self { used: true, amber_deg: None, red_deg: None, standing_zero_deg: 4.5 }
    }
}

/// From stances to an alert.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Decision {
    /// Stances beyond a limit that raise an alert ... Default 4, our rule: see the measured rates in
    /// `tests/flag_scenarios.rs`.
    pub enough: usize,
    /// ... among so many last judged ones. Default 5.
    pub of: usize,
    /// By how much their mean must be over the limit besides, degrees. Default 0.6: with limits of 2.0
    /// it finds more changes of 3 degrees at fewer false alerts than any limit on the count alone (own
    /// simulation, `tests/flag_scenarios.rs`).
    pub mean_margin_deg: f64,
    /// A small fault that sets in and stays: the mean of so many last judged stances over the limit raises an alert
    /// as well, when none of them speaks for clearing and they have risen by nearly as much over the 14 before them. 0 is
    /// off. Default 7: of hip adductions of 3 degrees 85 percent are found within 8 strides instead of 62, at 0.1 false
    /// alerts per hour and leg (own simulation, 240 episodes and 10 hours of clean running).
    pub steady: usize,
    /// An alert clears when at most this many of the last `of` are over the limit less the
    /// hysteresis. Default 1.
    pub clears_at: usize,
    /// Degrees; never more than three quarters of the amber change. Default 1.5, over the 0.9 between strides
    /// (RBDS, own computation).
    pub hysteresis_deg: f64,
    /// Judged stances after a clear in which the same rule stays quiet. Default 3: the least spacing of
    /// cues that a runner can use.
    pub refractory: u32,
    /// A stance is never beyond within this many SDs of the usual, whatever the change in degrees: amber.
    /// Default 2.2: a scatter of 0.9 then
    /// gives 2.0 degrees.
    pub amber_sd: f64,
    /// The same for red. Default 4.
    pub red_sd: f64,
    /// A limit over a kept usual is wider by so many SDs of what a new calibration moves the zero. Default 1.5: with the
    /// change that has to be exceeded besides, about one clean session in 50 is beyond by its zero alone (own
    /// simulation, `tests/flag_kept.rs`).
    pub kept_sd: f64,
    /// Without a judged stance for so long, s, a standing alert is over and the count starts again.
    /// Default 10: a turn voids 3 to 6 s and must not end an alert.
    pub evidence_gap_s: f64,
    /// Change of cadence from the baseline beyond which a stance is not compared with it (natural
    /// logarithm). Default 0.1: a step from 2.5 to 4.5 m/s is 0.13 (RBDS, own computation).
    pub cadence_band: f64,
    /// The same for contact time. Default 0.27: 2.5 against 3.5 m/s is 0.19, against 4.5 0.33.
    pub contact_band: f64,
}

/// How the runner's usual is learnt.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BaselineConfig {
    /// Running before the first stance counts, s. Default 20: two minutes would be better for a runner, but a
    /// session of five minutes must be watched too; a marked baseline has no warm-up.
    pub warm_up_s: f64,
    /// Steady valid running stances per leg. Default 60: the mean is then good to 0.9/sqrt(60) = 0.1
    /// degrees; more only waits.
    pub stances: usize,
    /// Coefficient of variation of cadence that still is steady. Default 0.04, our rule.
    pub cadence_cv: f64,
    /// The same for contact time, which tells a change of speed that cadence hides. Default 0.07: twice the
    /// 8 ms in 240 by which it is measured (own measurement on virtual running, 12 legs).
    pub contact_cv: f64,
    /// Adduction may shift by so much between the first and the second half, degrees. Default 2.2, our rule:
    /// about the change that is a fault later.
    pub drift_deg: f64,
}

/// Left against right.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AsymmetryConfig {
    /// Change of the left-right difference that must be certain (two SDs under the measured one), degrees.
    /// Default 3: the difference between the legs of a healthy runner (3.1 +- 2.3; RBDS, own computation).
    pub amber_deg: f64,
    /// Default 5.
    pub red_deg: f64,
    /// Stances per leg in the running median. Default 20.
    pub stances: usize,
}

/// The trend over the run.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FatigueConfig {
    /// Rise since the start that must be certain (lower end of the 95 % interval), degrees. Default 2.
    pub amber_deg: f64,
    /// Default 4.
    pub red_deg: f64,
    /// No verdict before so much running, s. Default 600: a slope over less mirrors the wander of clean
    /// running.
    pub least_s: f64,
}

impl Default for FlagConfig {
    fn default() -> Self {
        // Speed slopes: RBDS, own computation, 2.5 to 4.5 m/s, contact time 270 to 194 ms (0.33): adduction
        // +3.1, pelvic drop +2.0, rotation excursion +0.2, rotation -0.5 degrees.
        let add = 9.4;
        Self {
            rules: None,
            // A change of 3 (5) is to be found while strides scatter by 0.9, so the limit of one stance lies a
            // degree lower: within 8 strides that finds 9 of 10 changes of 3; a limit of 3 itself finds 4.
            hip_adduction: Change { amber_deg: 2.0, red_deg: 4.0, speed_slope_deg: add },
            femur_adduction: Change { amber_deg: 2.0, red_deg: 4.0, speed_slope_deg: add },
            // An extra rotation of 8 raises the excursion by 4.4 and is read as 0.75 to 1 of that; strides scatter by
            // 0.9 (own measurement on virtual running): 4, as first proposed, would find few of them.
            rotation_excursion: Change { amber_deg: 2.5, red_deg: 5.0, speed_slope_deg: 0.6 },
            // Wander of clean running 1.2 to 1.7, a part of it speed and turns: two and a half to three SDs, and only
            // together with the excursion.
            rotation_level: Change { amber_deg: 4.0, red_deg: 8.0, speed_slope_deg: 0.0 },
            // Bramah 2018: +1 degree is +80 % odds; 2.0 is the least that 4 of 5 can tell at 0.9.
            pelvic_drop: Change { amber_deg: 2.0, red_deg: 3.5, speed_slope_deg: 6.0 },
            knee_valgus: Change { amber_deg: 3.2, red_deg: 6.0, speed_slope_deg: add },
            sex: Sex::Unknown,
            hip_adduction_absolute: Absolute::default(),
            decision: Decision::default(),
            baseline: BaselineConfig::default(),
            asymmetry: AsymmetryConfig::default(),
            fatigue: FatigueConfig::default(),
        }
    }
}

impl Default for Decision {
    fn default() -> Self {
        Self {
            enough: 4,
            of: 5,
            mean_margin_deg: 0.6,
            steady: 7,
            clears_at: 1,
            hysteresis_deg: 1.5,
            refractory: 3,
            amber_sd: 2.2,
            red_sd: 4.0,
            kept_sd: 1.5,
            evidence_gap_s: 10.0,
            cadence_band: 0.1,
            contact_band: 0.27,
        }
    }
}

impl Default for BaselineConfig {
    fn default() -> Self {
        Self { warm_up_s: 20.0, stances: 60, cadence_cv: 0.04, contact_cv: 0.07, drift_deg: 2.2 }
    }
}

impl Default for AsymmetryConfig {
    fn default() -> Self {
        Self { amber_deg: 3.0, red_deg: 5.0, stances: 20 }
    }
}

impl Default for FatigueConfig {
    fn default() -> Self {
        Self { amber_deg: 2.0, red_deg: 4.0, least_s: 600.0 }
    }
}

/// A setting that cannot work.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ConfigError {
    #[error(
        "{what}: amber limit {amber} and red limit {red} degrees contradict each other; give 0 < amber < red"
    )]
    Limits { what: &'static str, amber: f64, red: f64 },
    #[error("baseline.stances is {given}: a usual from so few means nothing; give 30 to 200")]
    BaselineSize { given: usize },
    #[error(
        "decision: {enough} of {of} stances to raise and at most {clears_at} to clear contradict each other; give clears_at < enough <= of <= 20"
    )]
    Count { enough: usize, of: usize, clears_at: usize },
    #[error("decision.steady is {given}; give 0 (off) or {of} (decision.of) to 20")]
    Steady { given: usize, of: usize },
    #[error("{what} is {given}; give {wanted}")]
    Value { what: &'static str, given: f64, wanted: &'static str },
    #[error("asymmetry.stances is {given}; give 5 to 100")]
    AsymmetrySize { given: usize },
    #[error(
        "the kept usual {date:?} makes no sense: it needs at least one leg, one session, {least} stances per value and a contact time and cadence of running; mark a new baseline and keep that"
    )]
    KeptUsual { date: String, least: u32 },
    #[error("rule {rule} is asked for, but {}; add the sensor or drop the rule", missing(*needs_pelvis))]
    NotMeasured { rule: &'static str, needs_pelvis: bool },
}

fn missing(needs_pelvis: bool) -> &'static str {
    if needs_pelvis {
        "no sensor is on the pelvis"
    } else {
        "the sensors on a thigh and its shank are missing"
    }
}

impl FlagConfig {
    /// Everything that can be checked without the sensors.
    pub fn check(&self) -> Result<(), ConfigError> {
        for (what, amber, red) in [
            ("hip_adduction", self.hip_adduction.amber_deg, self.hip_adduction.red_deg),
            ("femur_adduction", self.femur_adduction.amber_deg, self.femur_adduction.red_deg),
            ("rotation_excursion", self.rotation_excursion.amber_deg, self.rotation_excursion.red_deg),
            ("rotation_level", self.rotation_level.amber_deg, self.rotation_level.red_deg),
            ("pelvic_drop", self.pelvic_drop.amber_deg, self.pelvic_drop.red_deg),
            ("knee_valgus", self.knee_valgus.amber_deg, self.knee_valgus.red_deg),
            ("asymmetry", self.asymmetry.amber_deg, self.asymmetry.red_deg),
            ("fatigue", self.fatigue.amber_deg, self.fatigue.red_deg),
        ] {
            limits(what, amber, red)?;
        }
        let zero = self.hip_adduction_absolute.standing_zero_deg;
        within("hip_adduction_absolute.standing_zero_deg", zero, -10.0, 10.0, "-10 to 10")?;
        let (amber, red) = self.hip_adduction_level();
        limits("hip_adduction_absolute", amber - zero, red - zero)?;
        for change in [
            self.hip_adduction,
            self.femur_adduction,
            self.rotation_excursion,
            self.rotation_level,
            self.pelvic_drop,
            self.knee_valgus,
        ] {
            within("speed_slope_deg", change.speed_slope_deg, 0.0, 30.0, "0 to 30")?;
        }
        let Decision { enough, of, clears_at, steady, .. } = self.decision;
        if clears_at >= enough || enough > of || of > 20 {
            return Err(ConfigError::Count { enough, of, clears_at });
        }
        if steady != 0 && !(of..=20).contains(&steady) {
            return Err(ConfigError::Steady { given: steady, of });
        }
        if !(30..=200).contains(&self.baseline.stances) {
            return Err(ConfigError::BaselineSize { given: self.baseline.stances });
        }
        if !(5..=100).contains(&self.asymmetry.stances) {
            return Err(ConfigError::AsymmetrySize { given: self.asymmetry.stances });
        }
        self.check_values()
    }

    fn check_values(&self) -> Result<(), ConfigError> {
        let (d, b) = (&self.decision, &self.baseline);
        within("decision.hysteresis_deg", d.hysteresis_deg, 0.0, 10.0, "0 to 10")?;
        within("decision.mean_margin_deg", d.mean_margin_deg, 0.0, 5.0, "0 to 5")?;
        within("decision.amber_sd", d.amber_sd, 1.0, 10.0, "1 to 10")?;
        within("decision.red_sd", d.red_sd, d.amber_sd, 20.0, "amber_sd to 20")?;
        within("decision.kept_sd", d.kept_sd, 0.0, 5.0, "0 to 5")?;
        within("decision.evidence_gap_s", d.evidence_gap_s, 2.0, 120.0, "2 to 120")?;
        within("decision.cadence_band", d.cadence_band, 0.01, 1.0, "0.01 to 1")?;
        within("decision.contact_band", d.contact_band, 0.01, 1.0, "0.01 to 1")?;
        within("baseline.warm_up_s", b.warm_up_s, 0.0, 1800.0, "0 to 1800")?;
        within("baseline.cadence_cv", b.cadence_cv, 0.005, 0.2, "0.005 to 0.2")?;
        within("baseline.contact_cv", b.contact_cv, 0.005, 0.5, "0.005 to 0.5")?;
        within("baseline.drift_deg", b.drift_deg, 0.5, 20.0, "0.5 to 20")?;
        within("fatigue.least_s", self.fatigue.least_s, 300.0, 7200.0, "300 to 7200")
    }

    /// Whether every rule asked for by name can be measured with sensors at `placements`.
    pub fn check_sensors(&self, placements: &[Placement]) -> Result<(), ConfigError> {
        let pelvis = placements.contains(&Placement::Pelvis);
        let leg = crate::body::Side::BOTH.into_iter().any(|side| {
            placements.contains(&Placement::thigh(side)) && placements.contains(&Placement::shank(side))
        });
        for &rule in self.rules.iter().flatten() {
            let needs_pelvis = RuleSpec::of(rule).needs_pelvis;
            if !leg || (needs_pelvis && !pelvis) {
                return Err(ConfigError::NotMeasured {
                    rule: rule.name(),
                    needs_pelvis: needs_pelvis && leg,
                });
            }
        }
        Ok(())
    }

    /// The limits of a quantity.
    pub(super) fn change(&self, quantity: Quantity) -> Change {
        match quantity {
            Quantity::HipAdduction => self.hip_adduction,
            Quantity::FemurAdduction => self.femur_adduction,
            Quantity::RotationExcursion => self.rotation_excursion,
            Quantity::RotationLevel => self.rotation_level,
            Quantity::PelvicDrop => self.pelvic_drop,
            Quantity::KneeValgus => self.knee_valgus,
        }
    }

    /// Amber and red level of peak hip adduction as the sensors read it, standing being zero, degrees.
    #[must_use]
    pub fn hip_adduction_level(&self) -> (f64, f64) {
        let a = &self.hip_adduction_absolute;
        let (amber, red) = self.sex.hip_adduction_level();
        (a.amber_deg.unwrap_or(amber) + a.standing_zero_deg, a.red_deg.unwrap_or(red) + a.standing_zero_deg)
    }

    /// The rule is to be watched.
    #[must_use]
    pub fn watches(&self, rule: Rule) -> bool {
        self.rules.as_ref().is_none_or(|rules| rules.contains(&rule))
    }
}

fn limits(what: &'static str, amber: f64, red: f64) -> Result<(), ConfigError> {
    if amber > 0.0 && amber < red && red <= 90.0 {
        Ok(())
    } else {
        Err(ConfigError::Limits { what, amber, red })
    }
}

fn within(
    what: &'static str,
    given: f64,
    low: f64,
    high: f64,
    wanted: &'static str,
) -> Result<(), ConfigError> {
    if (low..=high).contains(&given) { Ok(()) } else { Err(ConfigError::Value { what, given, wanted }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_stand() {
        FlagConfig::default().check().unwrap();
    }

    #[test]
    fn an_amber_limit_above_the_red_one_is_refused_with_both_values() {
        let mut c = FlagConfig::default();
        c.femur_adduction.amber_deg = 6.0;
        let text = c.check().unwrap_err().to_string();
        assert!(text.contains("femur_adduction") && text.contains('6') && text.contains('4'), "{text}");
        c.femur_adduction.amber_deg = f64::NAN;
        c.check().unwrap_err();
    }

    #[test]
    fn a_baseline_of_three_stances_is_refused() {
        let mut c = FlagConfig::default();
        c.baseline.stances = 3;
        assert_eq!(c.check(), Err(ConfigError::BaselineSize { given: 3 }));
    }

    #[test]
    fn five_of_four_is_refused() {
        let mut c = FlagConfig::default();
        c.decision.of = 3;
        assert_eq!(c.check(), Err(ConfigError::Count { enough: 4, of: 3, clears_at: 1 }));
    }

    #[test]
    fn a_mean_over_fewer_than_are_counted_is_refused() {
        let mut c = FlagConfig::default();
        c.decision.of = 12;
        assert_eq!(c.check(), Err(ConfigError::Steady { given: 7, of: 12 }));
        c.decision.steady = 0;
        c.check().unwrap();
    }

    #[test]
    fn a_rule_without_its_sensor_is_refused_by_name() {
        let c = FlagConfig { rules: Some(vec![Rule::PelvicDrop]), ..FlagConfig::default() };
        let legs = [Placement::LeftThigh, Placement::LeftShank];
        let text = c.check_sensors(&legs).unwrap_err().to_string();
        assert!(text.contains("pelvic_drop") && text.contains("pelvis"), "{text}");
        c.check_sensors(&[Placement::LeftThigh, Placement::LeftShank, Placement::Pelvis]).unwrap();
    }

    #[test]
    fn an_unknown_setting_is_told() {
        let text = toml::from_str::<FlagConfig>("hysterisis = 1").unwrap_err().to_string();
        assert!(text.contains("hysterisis"), "{text}");
    }
}

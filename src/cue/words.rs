//! What to say about which rule, and which rule first.

use crate::event::{HealthCode, Rule, Words};

/// Cues with the first words before the second ones are tried, and so on in turn. Our rule.
const BEFORE_OTHER_WORDS: u32 = 4;

/// What a runner is asked to do about a rule; `said` cues about it have been given before.
///
/// Sources: "knees apart, kneecaps forward" are the words of the retraining trials (Noehren 2011, Willy 2012); quicker
/// steps lower hip adduction (Heiderscheit 2011, step rate +10 %). Level hips, even steps and ease off are ours.
pub(super) fn of(rule: Rule, said: u32) -> Words {
    match (rule, said / BEFORE_OTHER_WORDS % 2) {
        (Rule::HipAdduction | Rule::FemurAdduction | Rule::KneeValgus, 0) => Words::KneesApart,
        (Rule::HipAdduction | Rule::FemurAdduction | Rule::KneeValgus, _) => Words::QuickerLighterSteps,
        (Rule::MedialRotation, _) => Words::KneecapsForward,
        (Rule::PelvicDrop, _) => Words::LevelHips,
        (Rule::Asymmetry, _) => Words::EvenSteps,
        (Rule::Fatigue, _) => Words::EaseOff,
    }
}

/// Rules with the same first words are one thing to mend.
pub(super) fn topic(rule: Rule) -> Words {
    of(rule, 0)
}

/// Which rule first when severities are equal: higher comes first. The evidence is strongest for adduction, weakest
/// for rotation (Neal 2019, Neal 2016, Noehren 2013); trends can wait for a stance that shows them.
pub(super) fn priority(rule: Rule) -> u8 {
    match rule {
        Rule::HipAdduction => 6,
        Rule::FemurAdduction => 5,
        Rule::PelvicDrop => 4,
        Rule::KneeValgus => 3,
        Rule::MedialRotation => 2,
        Rule::Fatigue => 1,
        Rule::Asymmetry => 0,
    }
}

/// What is said about the data; `None`: nothing that a runner has to hear while running.
pub(super) fn about_data(code: HealthCode) -> Option<Words> {
    match code {
        HealthCode::SensorSilent | HealthCode::LinkLost => Some(Words::SensorLost),
        HealthCode::SensorUnusable => Some(Words::SensorUnusable),
        HealthCode::StrapSlipped => Some(Words::StrapSlipped),
        HealthCode::BatteryLow => Some(Words::BatteryLow),
        HealthCode::RadioDown => Some(Words::RadioDown),
        HealthCode::CalibrationRefused => Some(Words::CalibrateAgain),
        _ => None,
    }
}

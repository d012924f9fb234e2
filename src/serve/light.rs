//! One sign per leg. It is never "good" because nothing is known.

use crate::body::{Placement, Side};
use crate::event::{Alert, Doubt, Gait, Phase, Rule, SensorStatus, Severity, StanceDoubt};
use serde::Serialize;

/// Without a step for this long nothing is said about the leg, s: about three strides of slow running
/// (0.75 s each at 2.5 m/s; Fukuchi, Fukuchi & Duarte 2017, 26 runners, own computation).
const RECENT: f64 = 2.5;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Sign {
    Good,
    Watch,
    TooFar,
    NotSure,
    Lost,
}

impl Sign {
    /// The word in messages.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Watch => "watch",
            Self::TooFar => "too_far",
            Self::NotSure => "not_sure",
            Self::Lost => "lost",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(super) struct Light {
    pub sign: Sign,
    /// One word for what withholds the verdict.
    pub reason: Option<&'static str>,
    /// The rule that the leg is beyond.
    pub rule: Option<Rule>,
    pub since_s: Option<f64>,
}

/// The leg's newest stance, as far as the sign depends on it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct LastStance {
    pub decided: f64,
    pub gait: Gait,
    pub doubt: Option<StanceDoubt>,
    pub valid: bool,
}

pub(super) struct Evidence<'a> {
    pub side: Side,
    pub now: Option<f64>,
    pub phase: Phase,
    pub ended: bool,
    pub sensors: &'a [SensorStatus],
    /// Places that have, or are to have, a sensor.
    pub worn: &'a [Placement],
    pub last: Option<LastStance>,
    /// Why the leg's angles are missing now.
    pub doubt: Option<Doubt>,
    pub standing: &'a [Alert],
}

impl Evidence<'_> {
    pub(super) fn light(&self) -> Light {
        if self.ended {
            return grey(Sign::NotSure, "ended");
        }
        if let Some(reason) = self.lost() {
            return grey(Sign::Lost, reason);
        }
        if let Some(reason) = self.unseen().or_else(|| self.withheld()) {
            return grey(Sign::NotSure, reason);
        }
        let worst = self
            .standing
            .iter()
            .filter(|a| a.side == self.side)
            .max_by(|a, b| a.severity.cmp(&b.severity).then(b.onset.0.total_cmp(&a.onset.0)));
        match worst {
            Some(alert) => Light {
                sign: match alert.severity {
                    Severity::Amber => Sign::Watch,
                    Severity::Red => Sign::TooFar,
                },
                reason: None,
                rule: Some(alert.rule),
                since_s: Some(alert.onset.0),
            },
            None if self.phase == Phase::LearningUsual => grey(Sign::NotSure, "learning_usual"),
            None => Light { sign: Sign::Good, reason: None, rule: None, since_s: None },
        }
    }

    fn lost(&self) -> Option<&'static str> {
        let silent = |placement| self.sensors.iter().any(|s| s.placement == Some(placement) && !s.online);
        if silent(Placement::thigh(self.side)) {
            Some("thigh_sensor_lost")
        } else if silent(Placement::shank(self.side)) {
            Some("shank_sensor_lost")
        } else {
            None
        }
    }

    /// Nobody said that this leg is measured, or not all of it.
    fn unseen(&self) -> Option<&'static str> {
        if self.worn.iter().all(|at| at.side().is_none()) {
            return None;
        }
        let worn = |at| self.worn.contains(&at);
        match (worn(Placement::thigh(self.side)), worn(Placement::shank(self.side))) {
            (true, true) => None,
            (false, true) => Some("no_thigh_sensor"),
            (true, false) => Some("no_shank_sensor"),
            (false, false) => Some("not_worn"),
        }
    }

    fn withheld(&self) -> Option<&'static str> {
        match self.phase {
            Phase::WaitingForSensors => return Some("waiting_for_sensors"),
            Phase::StandStill => return Some("stand_still"),
            Phase::Move => return Some("calibrating"),
            Phase::LearningUsual | Phase::Watching => {}
        }
        let recent = self.last.filter(|last| self.now.is_some_and(|now| now - last.decided < RECENT));
        match recent {
            None => Some(self.doubt.map_or("no_steps", Doubt::word)),
            Some(last) if !last.valid => Some(last.doubt.map_or("no_steps", StanceDoubt::word)),
            Some(last) if last.gait == Gait::Walk => Some("walking"),
            Some(_) => None,
        }
    }
}

fn grey(sign: Sign, reason: &'static str) -> Light {
    Light { sign, reason: Some(reason), rule: None, since_s: None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Basis;
    use crate::units::SessionTime;

    fn sensor(placement: Placement, online: bool) -> SensorStatus {
        SensorStatus {
            name: placement.name().into(),
            placement: Some(placement),
            online,
            last_sample: None,
            rate_hz: 100.0,
            nominal_rate_hz: 100.0,
            loss: 0.0,
            jitter: None,
            clock_sigma: None,
            battery: None,
        }
    }

    fn alert(side: Side, severity: Severity) -> Alert {
        Alert {
            number: 1,
            rule: Rule::FemurAdduction,
            side,
            severity,
            onset: SessionTime(40.0),
            decided: SessionTime(42.0),
            cleared: None,
            value: 0.3,
            threshold: 0.2,
            strides: 4,
            basis: Basis::Baseline,
        }
    }

    const RUNNING: LastStance = LastStance { decided: 59.5, gait: Gait::Run, doubt: None, valid: true };

    fn evidence<'a>(sensors: &'a [SensorStatus], standing: &'a [Alert]) -> Evidence<'a> {
        Evidence {
            side: Side::Right,
            now: Some(60.0),
            phase: Phase::Watching,
            ended: false,
            sensors,
            worn: &[],
            last: Some(RUNNING),
            doubt: None,
            standing,
        }
    }

    #[test]
    fn good_needs_a_recent_judged_stance() {
        assert_eq!(evidence(&[], &[]).light().sign, Sign::Good);
        assert_eq!(Evidence { last: None, ..evidence(&[], &[]) }.light().reason, Some("no_steps"));
        let old = Some(LastStance { decided: 55.0, ..RUNNING });
        assert_eq!(Evidence { last: old, ..evidence(&[], &[]) }.light().sign, Sign::NotSure);
        let turning =
            Some(LastStance { valid: false, doubt: Some(StanceDoubt::Angles(Doubt::Turning)), ..RUNNING });
        assert_eq!(Evidence { last: turning, ..evidence(&[], &[]) }.light().reason, Some("turning"));
        let walking = Some(LastStance { gait: Gait::Walk, ..RUNNING });
        assert_eq!(Evidence { last: walking, ..evidence(&[], &[]) }.light().reason, Some("walking"));
        let learning = Evidence { phase: Phase::LearningUsual, ..evidence(&[], &[]) };
        assert_eq!(learning.light().reason, Some("learning_usual"));
    }

    #[test]
    fn a_lost_sensor_greys_its_own_leg_even_over_an_alert() {
        let sensors = [sensor(Placement::RightThigh, true), sensor(Placement::RightShank, false)];
        let standing = [alert(Side::Right, Severity::Red)];
        let lit = evidence(&sensors, &standing);
        assert_eq!(lit.light().sign, Sign::Lost);
        assert_eq!(lit.light().reason, Some("shank_sensor_lost"));
        assert_eq!(Evidence { side: Side::Left, ..evidence(&sensors, &standing) }.light().sign, Sign::Good);
    }

    #[test]
    fn a_leg_that_is_not_measured_is_no_lost_one() {
        use Placement::{LeftShank, LeftThigh, Pelvis, RightShank, RightThigh};
        let seen = |worn: &[Placement]| Evidence { worn, ..evidence(&[], &[]) }.light();
        assert_eq!(
            (seen(&[LeftThigh, LeftShank]).sign, seen(&[LeftShank]).reason),
            (Sign::NotSure, Some("not_worn"))
        );
        assert_eq!(seen(&[LeftShank, RightShank]).reason, Some("no_thigh_sensor"));
        assert_eq!(seen(&[RightThigh]).reason, Some("no_shank_sensor"));
        // Nobody has said yet what goes on the legs.
        assert_eq!(seen(&[Pelvis]).sign, Sign::Good);
        assert_eq!(seen(&[RightThigh, RightShank]).sign, Sign::Good);
        let silent = [sensor(RightThigh, false)];
        let lost = Evidence { worn: &[RightThigh], ..evidence(&silent, &[]) }.light();
        assert_eq!(lost.reason, Some("thigh_sensor_lost"));
    }

    #[test]
    fn the_most_severe_alert_of_the_leg_is_shown() {
        let standing = [
            alert(Side::Right, Severity::Amber),
            alert(Side::Right, Severity::Red),
            alert(Side::Left, Severity::Red),
        ];
        let lit = evidence(&[], &standing).light();
        assert_eq!((lit.sign, lit.rule), (Sign::TooFar, Some(Rule::FemurAdduction)));
        assert_eq!(evidence(&[], &standing[..1]).light().sign, Sign::Watch);
        assert_eq!(evidence(&[], &standing[2..]).light().sign, Sign::Good);
    }
}

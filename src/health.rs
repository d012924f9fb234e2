//! What is wrong with the data, for whom, and the remedy. Never about the gait.

use crate::body::Placement;
use crate::event::{Health, HealthCode, SensorStatus};
use crate::units::SessionTime;

/// More than this share of samples lost over the session so far is worth a word: at 2 % the figures
/// still hold (own measurement), at 5 % inclination errors double (own measurement on BROAD).
const LOSSY: f64 = 0.05;
/// A clock that is not settled by then has a reason, s; and the standard deviation above which it is
/// not, s: two such sensors may disagree by a sample at 100 Hz.
const CLOCK_PATIENCE: f64 = 30.0;
const CLOCK_LOOSE: f64 = 0.008;

/// Keeps what is wrong at the moment and tells changes.
#[derive(Debug, Default)]
pub struct HealthMonitor {
    active: Vec<(HealthCode, Option<Placement>)>,
}

impl HealthMonitor {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Compares one sensor's state with what was last said about it.
    pub fn sensor(&mut self, now: SessionTime, status: &SensorStatus, out: &mut Vec<Health>) {
        let Some(placement) = status.placement else { return };
        let silent = status.last_sample.is_some() && !status.online;
        self.set(now, HealthCode::SensorSilent, Some(placement), silent, out, || {
            let without = match placement {
                Placement::Pelvis => ": hip angles end and femur angles go on",
                _ => "",
            };
            format!(
                "the {} sensor sends nothing{without}; check that it is on, charged and within reach",
                words(placement)
            )
        });
        let lossy = status.loss > LOSSY;
        self.set(now, HealthCode::SensorLossy, Some(placement), lossy, out, || {
            format!(
                "the {} sensor has lost {:.0} % of its samples; bring the computer nearer or use fewer sensors",
                words(placement),
                status.loss * 100.0
            )
        });
        let unsettled = now.0 > CLOCK_PATIENCE && status.clock_sigma.is_some_and(|sigma| sigma > CLOCK_LOOSE);
        self.set(now, HealthCode::ClockUnsettled, Some(placement), unsettled, out, || {
            format!("the clock of the {} sensor does not settle; restart that sensor", words(placement))
        });
    }

    /// Something is wrong from now on, or over.
    pub fn set(
        &mut self,
        now: SessionTime,
        code: HealthCode,
        placement: Option<Placement>,
        wrong: bool,
        out: &mut Vec<Health>,
        message: impl FnOnce() -> String,
    ) {
        let known = self.active.iter().position(|known| *known == (code, placement));
        match (known, wrong) {
            (None, true) => self.active.push((code, placement)),
            (Some(i), false) => {
                self.active.swap_remove(i);
            }
            _ => return,
        }
        out.push(Health { t: now, code, placement, active: wrong, message: message() });
    }
}

/// A placement in a sentence.
#[must_use]
pub fn words(placement: Placement) -> &'static str {
    match placement {
        Placement::Pelvis => "pelvis",
        Placement::LeftThigh => "left thigh",
        Placement::RightThigh => "right thigh",
        Placement::LeftShank => "left shank",
        Placement::RightShank => "right shank",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(online: bool, loss: f64) -> SensorStatus {
        SensorStatus {
            name: "s".into(),
            placement: Some(Placement::LeftThigh),
            online,
            last_sample: Some(SessionTime(3.0)),
            rate_hz: 100.0,
            nominal_rate_hz: 100.0,
            loss,
            jitter: None,
            clock_sigma: None,
            battery: None,
        }
    }

    #[test]
    fn each_change_is_told_once() {
        let mut monitor = HealthMonitor::new();
        let mut out = Vec::new();
        for (t, online) in [(1.0, true), (5.0, false), (5.5, false), (6.0, true), (6.5, true)] {
            monitor.sensor(SessionTime(t), &status(online, 0.0), &mut out);
        }
        let told: Vec<_> = out.iter().map(|h| (h.t.0, h.code, h.active)).collect();
        assert_eq!(told, [(5.0, HealthCode::SensorSilent, true), (6.0, HealthCode::SensorSilent, false)]);
    }

    #[test]
    fn loss_is_told_with_its_figure() {
        let mut monitor = HealthMonitor::new();
        let mut out = Vec::new();
        monitor.sensor(SessionTime(9.0), &status(true, 0.12), &mut out);
        assert!(out[0].message.contains("12 %"), "{}", out[0].message);
    }
}

//! A made-up runner for the page: events that a pipeline could have sent.

use stancewatch::body::{PerPlacement, PerSide, Placement, Side};
use stancewatch::event::{
    Against, Alert, Angles, Baseline, Basis, Calibration, Contact, ContactKind, Event, Evidence,
    EvidenceStride, Flag, Frame, Gait, Grade, LegAngles, LegUsual, PeakSigmas, Peaks, PerQuantity, Phase,
    Quantity, Rule, SensorStatus, Severity, Stance, Usual, Withheld, Zero,
};
use stancewatch::serve::{Hub, Limit, SourceKind, SourceLabel};
use stancewatch::units::SessionTime;
use std::f64::consts::{PI, TAU};

const STRIDE: f64 = 0.70;
const CONTACT: f64 = 0.235;

pub(crate) struct Runner {
    hub: Hub,
    pub(crate) t: f64,
    next_ic: PerSide<f64>,
    number: PerSide<u32>,
    beyond: u32,
    alert: Option<Alert>,
    learnt: bool,
}

impl Runner {
    pub(crate) fn new(hub: Hub) -> Self {
        hub.segment(SourceLabel {
            kind: SourceKind::Synthetic,
            title: "A simulated runner at 3 m/s".into(),
            text:
                "Not a person. From 0:30 on the right thigh falls in by 6° more; see the right light change."
                    .into(),
        });
        Self {
            hub,
            t: 0.0,
            next_ic: PerSide { left: 6.0, right: 6.35 },
            number: PerSide::default(),
            beyond: 0,
            alert: None,
            learnt: false,
        }
    }

    fn excess(&self, side: Side) -> f64 {
        if side == Side::Right && (30.0..80.0).contains(&self.t) {
            ((self.t - 30.0) / 4.0).min(1.0) * 6.3
        } else {
            0.0
        }
    }

    fn wobble(&self, side: Side) -> f64 {
        let n = f64::from(self.number[side]);
        0.8 * (n * 12.9898 + 7.0 * side.sign()).sin() + 0.4 * (n * 78.233).sin()
    }

    fn angle(&self, side: Side, t: f64) -> (f64, f64, f64) {
        let share = ((t - self.next_ic[side]) / STRIDE).rem_euclid(1.0);
        let stance = (share / 0.34).min(1.0);
        let add = 5.0 + (6.0 + self.excess(side) + self.wobble(side)) * (PI * stance).sin()
            - 4.0 * (PI * ((share - 0.34) / 0.66).max(0.0)).sin();
        let rot = 2.0 + 3.5 * (PI * stance).sin() - 2.0 * (TAU * share).sin();
        let knee = 15.0
            + 25.0 * (PI * stance).sin().max(0.0) * f64::from(share < 0.34)
            + 80.0 * (PI * ((share - 0.34) / 0.66).max(0.0)).sin();
        (add, rot, knee)
    }

    pub(crate) fn sensors(&self, lost: Option<Placement>) -> Vec<SensorStatus> {
        Placement::ALL
            .into_iter()
            .skip(1)
            .enumerate()
            .map(|(i, p)| SensorStatus {
                name: format!("SIM-{:04X}", 0x4A10 + 37 * i),
                placement: Some(p),
                online: lost != Some(p),
                last_sample: Some(SessionTime(self.t)),
                rate_hz: if lost == Some(p) { 0.0 } else { 99.8 },
                nominal_rate_hz: 100.0,
                loss: 0.003 * i as f64,
                jitter: Some(0.006 + 0.002 * i as f64),
                clock_sigma: Some(0.0012),
                battery: Some(91.0 - 17.0 * i as f64),
            })
            .collect()
    }

    /// 10 ms of the run.
    pub(crate) fn step(&mut self) {
        self.t += 0.01;
        let t = self.t;
        let calibrated = t > 5.0;
        let legs = PerSide::from_fn(|side| {
            if !calibrated {
                return LegAngles {
                    doubt: Some(stancewatch::event::Doubt::Uncalibrated),
                    ..LegAngles::default()
                };
            }
            let (add, rot, knee) = self.angle(side, t);
            LegAngles {
                hip: None,
                femur: Some(Angles { flexion: 0.2, adduction: add.to_radians(), rotation: rot.to_radians() }),
                knee: Some(Angles { flexion: knee.to_radians(), adduction: 0.0, rotation: 0.0 }),
                valgus: Some((add + 2.0).to_radians()),
                doubt: None,
            }
        });
        self.hub.publish(&Event::Frame(Frame { t: SessionTime(t), legs, pelvis: None }));
        self.hub.phase(match t {
            _ if t < 0.5 => Phase::WaitingForSensors,
            _ if t < 3.0 => Phase::StandStill,
            _ if t < 5.0 => Phase::Move,
            _ if t < 18.0 => Phase::LearningUsual,
            _ => Phase::Watching,
        });
        if ((t * 100.0).round() as u64).is_multiple_of(50) {
            self.hub.sensors(self.sensors((85.0..95.0).contains(&t).then_some(Placement::LeftShank)));
            self.hub.recording("session.mcap", (t * 21_000.0) as u64);
        }
        self.hub.decision_seconds(80e-6);
        self.hub.samples(4, u64::from(((t * 100.0).round() as u64).is_multiple_of(97)));
        if (t - 5.0).abs() < 0.005 {
            self.hub.publish(&Event::Calibration(Box::new(Calibration {
                decided: SessionTime(t),
                grade: Grade::A,
                segments: PerPlacement::from_fn(|_| None),
                reason: "Left thigh moved 2 degrees.".into(),
            })));
        }
        if !self.learnt && t > 18.0 {
            self.learnt = true;
            self.learn();
        }
        for side in Side::BOTH {
            if t >= self.next_ic[side] + CONTACT + 0.02 {
                self.stance(side);
            }
        }
    }

    fn learn(&mut self) {
        let usual = |mean: f64, sd: f64| Usual { mean: mean.to_radians(), sd: sd.to_radians(), stances: 60 };
        let mut limits = Vec::new();
        for side in Side::BOTH {
            self.hub.publish(&Event::Baseline(Baseline {
                side,
                decided: SessionTime(self.t),
                usual: vec![
                    (Rule::FemurAdduction, usual(11.0, 0.9)),
                    (Rule::MedialRotation, usual(3.3, 1.1)),
                ],
                cadence_spm: 171.4,
                leg: LegUsual {
                    of: PerQuantity { femur_adduction: Some(usual(11.0, 0.9)), ..PerQuantity::default() },
                    contact: CONTACT,
                    cadence_spm: 171.4,
                    grade: Some(Grade::A),
                    zero: Zero::Standing,
                },
                kept: None,
            }));
            for (rule, mean, amber, red) in
                [(Rule::FemurAdduction, 11.0_f64, 3.0_f64, 5.0_f64), (Rule::MedialRotation, 3.3, 4.0, 8.0)]
            {
                limits.push(Limit {
                    side,
                    rule,
                    amber: (mean + amber).to_radians(),
                    red: (mean + red).to_radians(),
                });
            }
        }
        self.hub.limits(&limits);
    }

    fn stance(&mut self, side: Side) {
        let ic = self.next_ic[side];
        let contact = |kind, t| {
            Event::Contact(Contact {
                side,
                kind,
                t: SessionTime(t),
                decided: SessionTime(self.t),
                gait: Gait::Run,
                rhythm: 5,
                sigma: 0.004,
            })
        };
        self.hub.publish(&contact(ContactKind::Initial, ic));
        self.hub.publish(&contact(ContactKind::Terminal, ic + CONTACT));
        let number = self.number[side] + 1;
        let peak = 11.0 + self.excess(side) + self.wobble(side);
        let turning = (60.0..62.0).contains(&self.t);
        let valid = number > 2 && !turning;
        let severity = match peak {
            _ if !self.learnt || !valid => None,
            p if p > 16.0 => Some(Severity::Red),
            p if p > 14.0 => Some(Severity::Amber),
            _ => None,
        };
        self.hub.publish(&Event::Stance(Stance {
            side,
            number,
            gait: Gait::Run,
            ic: SessionTime(ic),
            tc: SessionTime(ic + CONTACT + 0.004 * side.sign()),
            stride_time: (number > 1).then_some(STRIDE),
            peaks: Peaks {
                femur_adduction: Some(peak.to_radians()),
                femur_rotation_excursion: Some((3.3 + self.wobble(side)).to_radians()),
                ..Peaks::default()
            },
            sigma: PeakSigmas::default(),
            valid,
            doubt: (!valid).then_some(if turning {
                stancewatch::event::StanceDoubt::Angles(stancewatch::event::Doubt::Turning)
            } else {
                stancewatch::event::StanceDoubt::NoRhythm
            }),
            decided: SessionTime(self.t),
            flags: severity
                .map(|severity| Flag { rule: Rule::FemurAdduction, severity })
                .into_iter()
                .collect(),
        }));
        self.number[side] = number;
        self.next_ic[side] = ic + STRIDE;
        if side == Side::Right && valid {
            self.decide(severity, ic, peak);
        }
    }

    fn decide(&mut self, severity: Option<Severity>, ic: f64, peak: f64) {
        self.beyond = if severity.is_some() { self.beyond + 1 } else { 0 };
        let Some(severity) = severity else {
            if let Some(alert) = self.alert.take() {
                self.hub.publish(&Event::Alert(Alert { cleared: Some(SessionTime(self.t)), ..alert }));
            }
            return;
        };
        let raise = match self.alert {
            None => self.beyond >= 4,
            Some(alert) => severity > alert.severity,
        };
        if raise {
            let alert = Alert {
                number: 1,
                rule: Rule::FemurAdduction,
                side: Side::Right,
                severity,
                onset: self.alert.map_or(SessionTime(ic - 3.0 * STRIDE), |a| a.onset),
                decided: SessionTime(self.t),
                cleared: None,
                value: peak.to_radians(),
                threshold: 14.0_f64.to_radians(),
                strides: 4,
                basis: Basis::Baseline,
            };
            self.alert = Some(alert);
            self.hub.publish(&Event::Alert(alert));
            self.hub.publish(&Event::Evidence(Box::new(self.evidence(&alert, ic))));
        }
    }

    /// Four strides that led to the alert, and one that was not judged.
    fn evidence(&self, alert: &Alert, ic: f64) -> Evidence {
        let stride = |back: u32| EvidenceStride {
            side: alert.side,
            number: self.number[alert.side] - back,
            ic: SessionTime(ic - f64::from(back) * STRIDE),
            value: alert.value,
            limit: alert.threshold,
            beyond: true,
        };
        Evidence {
            number: alert.number,
            rule: alert.rule,
            side: alert.side,
            severity: alert.severity,
            decided: alert.decided,
            quantity: Quantity::FemurAdduction,
            against: Against::Today,
            kept: None,
            usual: None,
            strides: (0..4).rev().map(stride).collect(),
            estimate: None,
            withheld: vec![Withheld { reason: "turning".to_owned(), stances: 1 }],
        }
    }
}

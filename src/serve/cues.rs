//! Cues over the API: what was given and withheld, and what a person wants of them.

use super::{Served, haptics};
use crate::body::{Placement, Side};
use crate::cue::CueStatus;
use crate::desk::DeskError;
use crate::event::HealthCode;
use crate::event::{Cue, CueKind, Rule, Words};
use crate::input::{Channels, CueSettings, Wish};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Why something cannot be done, in a sentence.
pub(super) type Refused = (StatusCode, String);

/// A cue as it goes over the wire; what a kind does not have is null.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(super) struct CueView {
    number: u32,
    time_s: f64,
    kind: &'static str,
    words: Words,
    strength: f64,
    channels: Channels,
    rule: Option<Rule>,
    side: Option<Side>,
    severity: Option<&'static str>,
    alert: Option<u32>,
    tc_time_s: Option<f64>,
    code: Option<HealthCode>,
    placement: Option<Placement>,
    spm: Option<f64>,
}

impl From<&Cue> for CueView {
    fn from(cue: &Cue) -> Self {
        let plain = Self {
            number: cue.number,
            time_s: cue.t.0,
            kind: "",
            words: cue.words,
            strength: (cue.strength * 100.0).round() / 100.0,
            channels: cue.channels,
            rule: None,
            side: None,
            severity: None,
            alert: None,
            tc_time_s: None,
            code: None,
            placement: None,
            spm: None,
        };
        match cue.kind {
            CueKind::Gait { rule, side, severity, alert, tc } => Self {
                kind: "gait",
                rule: Some(rule),
                side: Some(side),
                severity: Some(severity.name()),
                alert: Some(alert),
                tc_time_s: Some(tc.0),
                ..plain
            },
            CueKind::Data { code, placement } => Self { kind: "data", code: Some(code), placement, ..plain },
            CueKind::AllClear { side } => Self { kind: "all_clear", side: Some(side), ..plain },
            CueKind::Metronome { spm } => Self { kind: "metronome", spm, ..plain },
        }
    }
}

/// How the cues stand; sent with every state.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct CuesNow {
    pub muted: bool,
    pub snoozed_until_s: Option<f64>,
    /// Feedback now, where the programme fades it.
    pub feedback: Option<bool>,
    pub metronome_percent: Option<f64>,
    pub metronome_spm: Option<f64>,
    pub given: u32,
    pub withheld: BTreeMap<&'static str, u32>,
}

impl CuesNow {
    pub(super) fn new(settings: &CueSettings, status: &CueStatus) -> Self {
        Self {
            muted: settings.muted,
            snoozed_until_s: status.snoozed_until.map(|t| t.0),
            feedback: status.feedback,
            metronome_percent: status.metronome_percent,
            metronome_spm: status.metronome_spm,
            given: status.given,
            withheld: status.withheld.iter().copied().collect(),
        }
    }
}

#[derive(Serialize)]
pub(super) struct Report {
    settings: CueSettings,
    #[serde(flatten)]
    now: CuesNow,
    /// The last ones, oldest first.
    cues: Vec<CueView>,
}

pub(super) async fn report(State(served): State<Served>) -> Json<Report> {
    Json(of(&served))
}

fn of(served: &Served) -> Report {
    let settings = served.hub.desk().settings();
    let (now, cues) = served.hub.state().cues(&settings);
    Report { settings, now, cues }
}

/// Where a cue can come out, by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Channel {
    Tone,
    Voice,
    Phone,
    Sensor,
    Screen,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Asked {
    Settings(CueSettings),
    Mute(bool),
    SnoozeMinutes(f64),
    MetronomePercent(Option<f64>),
    Test(Channel),
}

pub(super) async fn ask(
    State(served): State<Served>,
    Json(asked): Json<Asked>,
) -> Result<Json<Report>, Refused> {
    let desk = served.hub.desk();
    match asked {
        Asked::Settings(settings) => desk.want(Wish::Settings(settings)),
        Asked::Mute(muted) => desk.want(Wish::Settings(CueSettings { muted, ..desk.settings() })),
        Asked::SnoozeMinutes(minutes) => desk.want(Wish::Snooze { seconds: minutes * 60.0 }),
        Asked::MetronomePercent(percent) => desk.want(Wish::Metronome { percent }),
        Asked::Test(Channel::Sensor) => {
            test_sensors(&served)?;
            Ok(())
        }
        Asked::Test(channel) => {
            served.hub.test_cue(channel);
            Ok(())
        }
    }
    .map_err(|error| refused(&error))?;
    served.hub.cue_settings();
    Ok(Json(of(&served)))
}

fn test_sensors(served: &Served) -> Result<(), Refused> {
    let none = |sentence: String| (StatusCode::CONFLICT, sentence);
    let remote = served
        .hub
        .remote()
        .ok_or_else(|| none("this session has no sensors: start `stancewatch run`".to_owned()))?;
    match haptics::test(remote).map_err(|refusal| none(refusal.to_string()))? {
        0 => Err(none(
            "no connected sensor can vibrate or light up: connect one that can, or use another channel"
                .to_owned(),
        )),
        _ => Ok(()),
    }
}

pub(super) fn refused(error: &DeskError) -> Refused {
    let status = match error {
        DeskError::Order(_) => StatusCode::UNPROCESSABLE_ENTITY,
        DeskError::Programme(_) | DeskError::Moved { .. } => StatusCode::CONFLICT,
        DeskError::Kept(_) | DeskError::Store(_) => StatusCode::INTERNAL_SERVER_ERROR,
    };
    (status, error.to_string())
}

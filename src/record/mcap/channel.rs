//! The channels of a recording and the JSON schema of each.

use super::FORMAT;
use crate::edge::{ANGLE_COLUMNS, PEAK_COLUMNS, SIGMA_COLUMNS};
use crate::event::ScreenQuantity;
use crate::gait::MEASURES;
use ::mcap::{McapResult, Writer};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::io::{Seek, Write};

/// A channel of a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topic {
    /// Everything that the pipeline was given, exact to the bit.
    Input,
    Angles,
    Contact,
    Stance,
    Alert,
    Calibration,
    Health,
    Baseline,
    /// Bytes from and to sensors, as they were on the air.
    Bytes,
    Stride,
    /// What each alert was raised on.
    Evidence,
    Cue,
    Repetition,
    Screening,
}

impl Topic {
    pub const ALL: [Self; 14] = [
        Self::Input,
        Self::Angles,
        Self::Contact,
        Self::Stance,
        Self::Alert,
        Self::Calibration,
        Self::Health,
        Self::Baseline,
        Self::Bytes,
        Self::Stride,
        Self::Evidence,
        Self::Cue,
        Self::Repetition,
        Self::Screening,
    ];

    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::Angles => "angles",
            Self::Contact => "contact",
            Self::Stance => "stance",
            Self::Alert => "alert",
            Self::Calibration => "calibration",
            Self::Health => "health",
            Self::Baseline => "baseline",
            Self::Bytes => "bytes",
            Self::Stride => "stride",
            Self::Evidence => "evidence",
            Self::Cue => "cue",
            Self::Repetition => "repetition",
            Self::Screening => "screening",
        }
    }

    pub(super) fn index(self) -> usize {
        self as usize
    }

    /// Adds the channel and its schema to a file; its number there.
    pub(super) fn declare<W: Write + Seek>(self, writer: &mut Writer<W>) -> McapResult<u16> {
        let schema = self.schema().to_string();
        let name = format!("stancewatch.{}", self.name());
        let schema_id = writer.add_schema(&name, "jsonschema", schema.as_bytes())?;
        let metadata = BTreeMap::from([("format".to_owned(), FORMAT.to_owned())]);
        writer.add_channel(schema_id, self.name(), "json", &metadata)
    }

    /// Plain types only (no unions): viewers derive their message layout from it. Absent fields are not valid then.
    fn schema(self) -> Value {
        match self {
            Self::Input => input_schema(),
            Self::Bytes => object([
                ("sensor", integer()),
                ("t", number()),
                ("report", object([("way", string()), ("characteristic", string()), ("hex", string())])),
            ]),
            Self::Angles => {
                object([("time_s", number())].into_iter().chain(ANGLE_COLUMNS.map(|c| (c, number()))))
            }
            Self::Contact => object([
                ("side", string()),
                ("kind", string()),
                ("time_s", number()),
                ("decided_time_s", number()),
                ("gait", string()),
                ("rhythm", integer()),
                ("sigma_ms", number()),
            ]),
            Self::Stance => {
                let plain = [
                    ("side", string()),
                    ("stance", integer()),
                    ("gait", string()),
                    ("ic_time_s", number()),
                    ("tc_time_s", number()),
                    ("contact_ms", number()),
                    ("stride_ms", number()),
                    ("cadence_spm", number()),
                    ("valid", json!({ "type": "boolean" })),
                    ("reason", string()),
                    ("decided_time_s", number()),
                    ("flags", string()),
                ];
                let degrees = PEAK_COLUMNS.into_iter().chain(SIGMA_COLUMNS);
                object(plain.into_iter().chain(degrees.map(|c| (c, number()))))
            }
            Self::Stride => {
                let plain = [
                    ("side", string()),
                    ("gait", string()),
                    ("ic_time_s", number()),
                    ("tc_time_s", number()),
                    ("next_ic_time_s", number()),
                    ("decided_time_s", number()),
                ];
                object(plain.into_iter().chain(MEASURES.iter().map(|m| (m.name, number()))))
            }
            Self::Repetition => {
                let plain = [
                    ("test", string()),
                    ("side", string()),
                    ("repetition", integer()),
                    ("start_time_s", number()),
                    ("bottom_time_s", number()),
                    ("end_time_s", number()),
                    ("decided_time_s", number()),
                    ("valid", json!({ "type": "boolean" })),
                    ("reason", string()),
                ];
                object(plain.into_iter().chain(ScreenQuantity::ALL.map(|q| (q.name(), number()))))
            }
            Self::Screening => object([
                ("test", string()),
                ("begin_time_s", number()),
                ("end_time_s", number()),
                ("left", json!({ "type": "object" })),
                ("right", json!({ "type": "object" })),
                ("left_less_right", json!({ "type": "object" })),
                ("reason", string()),
            ]),
            Self::Alert => object([
                ("number", integer()),
                ("rule", string()),
                ("side", string()),
                ("severity", string()),
                ("onset_time_s", number()),
                ("decided_time_s", number()),
                ("clear_time_s", number()),
                ("value_deg", number()),
                ("threshold_deg", number()),
                ("strides", integer()),
                ("basis", string()),
            ]),
            Self::Evidence => {
                let stride = object([
                    ("side", string()),
                    ("stance", integer()),
                    ("ic_time_s", number()),
                    ("value_deg", number()),
                    ("limit_deg", number()),
                    ("beyond", json!({ "type": "boolean" })),
                ]);
                let withheld = object([("reason", string()), ("stances", integer())]);
                object([
                    ("number", integer()),
                    ("rule", string()),
                    ("side", string()),
                    ("severity", string()),
                    ("decided_time_s", number()),
                    ("quantity", string()),
                    ("against", string()),
                    ("kept_date", string()),
                    ("kept_surface", string()),
                    ("usual_mean_deg", number()),
                    ("usual_sd_deg", number()),
                    ("usual_stances", integer()),
                    ("strides", list(&stride)),
                    ("estimate_deg", number()),
                    ("estimate_low_deg", number()),
                    ("estimate_high_deg", number()),
                    ("withheld", list(&withheld)),
                ])
            }
            Self::Cue => object([
                ("number", integer()),
                ("time_s", number()),
                ("kind", string()),
                ("words", string()),
                ("strength", number()),
                ("channels", string()),
                ("rule", string()),
                ("side", string()),
                ("severity", string()),
                ("alert", integer()),
                ("tc_time_s", number()),
                ("code", string()),
                ("placement", string()),
                ("spm", number()),
            ]),
            Self::Calibration => object([
                ("decided_time_s", number()),
                ("grade", string()),
                ("reason", string()),
                ("segments", json!({ "type": "object" })),
            ]),
            Self::Health => object([
                ("time_s", number()),
                ("code", string()),
                ("placement", string()),
                ("active", json!({ "type": "boolean" })),
                ("message", string()),
            ]),
            Self::Baseline => {
                let usual = object([
                    ("rule", string()),
                    ("mean_deg", number()),
                    ("sd_deg", number()),
                    ("stances", integer()),
                ]);
                object([
                    ("side", string()),
                    ("decided_time_s", number()),
                    ("cadence_spm", number()),
                    ("contact_ms", number()),
                    ("kept_date", string()),
                    ("usual", list(&usual)),
                ])
            }
        }
    }
}

fn input_schema() -> Value {
    let sample = object([("t", number()), ("acc", list(&number())), ("gyr", list(&number()))]);
    object([
        ("input", string()),
        // A sensor.
        ("id", integer()),
        ("name", string()),
        ("placement", string()),
        ("rate", number()),
        ("clock", string()),
        // A packet.
        ("sensor", integer()),
        ("arrival", number()),
        ("samples", list(&sample)),
        // A mark.
        ("stretch", string()),
        ("edge", string()),
        ("t", number()),
        // What a link says besides samples; its bytes have a channel of their own.
        ("report", json!({ "type": "object" })),
        // What a person wants of the cues.
        ("wish", json!({ "type": "object" })),
        // A moment that a person marked.
        ("label", string()),
    ])
}

fn object<'a>(fields: impl IntoIterator<Item = (&'a str, Value)>) -> Value {
    let properties: Map<_, _> = fields.into_iter().map(|(name, schema)| (name.to_owned(), schema)).collect();
    json!({ "type": "object", "properties": properties })
}

fn list(items: &Value) -> Value {
    json!({ "type": "array", "items": items })
}

fn number() -> Value {
    json!({ "type": "number" })
}

fn integer() -> Value {
    json!({ "type": "integer" })
}

fn string() -> Value {
    json!({ "type": "string" })
}

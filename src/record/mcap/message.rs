//! An event as the JSON that viewers plot: seconds, degrees and words. What is not valid is absent.

use super::channel::Topic;
use crate::edge::{self, ANGLE_COLUMNS, PEAK_COLUMNS, SIGMA_COLUMNS, decimal};
use crate::event::{Cue, CueKind, Estimate, Event, Evidence, EvidenceStride, Frame, Stance, Stride, Usual};
use crate::gait::MEASURES;
use crate::units::SessionTime;
use serde_json::{Map, Value, json};

/// Decimals of an angle in the 100 Hz channel: a thousandth of a degree is far below any sensor's noise.
const ANGLE_DECIMALS: u32 = 3;
/// Decimals of a time: a tenth of a millisecond.
const TIME_DECIMALS: u32 = 4;

/// Appends the message of `event`; says on which topic and at what session time it belongs.
pub(super) fn write(event: &Event, out: &mut Vec<u8>) -> serde_json::Result<(Topic, SessionTime)> {
    let (topic, t, message) = match event {
        Event::Frame(frame) => {
            write_frame(frame, out);
            return Ok((Topic::Angles, frame.t));
        }
        Event::Contact(c) => (
            Topic::Contact,
            c.decided,
            json!({
                "side": c.side, "kind": c.kind, "time_s": c.t.0, "decided_time_s": c.decided.0,
                "gait": c.gait, "rhythm": c.rhythm, "sigma_ms": c.sigma * 1e3,
            }),
        ),
        Event::Stance(stance) => (Topic::Stance, stance.decided, stance_message(stance)),
        Event::Stride(stride) => (Topic::Stride, stride.decided, stride_message(stride)),
        Event::Alert(a) => (
            Topic::Alert,
            a.cleared.unwrap_or(a.decided),
            json!({
                "number": a.number, "rule": a.rule, "side": a.side, "severity": a.severity,
                "onset_time_s": a.onset.0, "decided_time_s": a.decided.0,
                "clear_time_s": a.cleared.map(|t| t.0), "value_deg": a.value.to_degrees(),
                "threshold_deg": a.threshold.to_degrees(), "strides": a.strides, "basis": a.basis,
            }),
        ),
        Event::Evidence(e) => (Topic::Evidence, e.decided, evidence_message(e)),
        Event::Calibration(c) => {
            let segments: Map<_, _> = c
                .segments
                .iter()
                .filter_map(|(placement, segment)| segment.as_ref().map(|s| (placement, s)))
                .map(|(placement, s)| {
                    let q = s.sensor_from_segment;
                    let segment = json!({
                        "grade": s.quality.grade, "reason": s.quality.reason,
                        "disagreement_deg": s.quality.disagreement.map(f64::to_degrees),
                        "sigma_axial_deg": s.sigma_axial.to_degrees(),
                        "sigma_frontal_deg": s.sigma_frontal.to_degrees(),
                        "adduction_less_deg": s.zero.less_deg(),
                        "sensor_from_segment": { "w": q.w, "x": q.i, "y": q.j, "z": q.k },
                    });
                    (placement.name().to_owned(), present(segment))
                })
                .collect();
            let message = json!({
                "decided_time_s": c.decided.0, "grade": c.grade, "reason": c.reason, "segments": segments,
            });
            (Topic::Calibration, c.decided, message)
        }
        Event::Health(h) => (
            Topic::Health,
            h.t,
            json!({
                "time_s": h.t.0, "code": h.code, "placement": h.placement, "active": h.active,
                "message": h.message,
            }),
        ),
        Event::Repetition(r) => (Topic::Repetition, r.decided, edge::screening::repetition(r)),
        Event::Screening(s) => (Topic::Screening, s.end, edge::screening::screening(s)),
        Event::Baseline(b) => {
            let usual: Vec<_> = b
                .usual
                .iter()
                .map(|(rule, usual)| {
                    json!({
                        "rule": rule, "mean_deg": usual.mean.to_degrees(), "sd_deg": usual.sd.to_degrees(),
                        "stances": usual.stances,
                    })
                })
                .collect();
            let message = json!({
                "side": b.side, "decided_time_s": b.decided.0, "cadence_spm": b.cadence_spm,
                "contact_ms": b.leg.contact * 1e3, "kept_date": b.kept.as_ref().map(|k| &k.date), "usual": usual,
            });
            (Topic::Baseline, b.decided, message)
        }
        Event::Cue(cue) => (Topic::Cue, cue.t, cue_message(cue)),
    };
    serde_json::to_writer(out, &present(message))?;
    Ok((topic, t))
}

/// Viewers plot an absent field as a gap, but know no field that is sometimes null.
fn present(mut message: Value) -> Value {
    if let Value::Object(fields) = &mut message {
        fields.retain(|_, value| !value.is_null());
    }
    message
}

fn evidence_message(e: &Evidence) -> Value {
    let stride = |s: &EvidenceStride| {
        json!({
            "side": s.side, "stance": s.number, "ic_time_s": s.ic.0, "value_deg": s.value.to_degrees(),
            "limit_deg": s.limit.to_degrees(), "beyond": s.beyond,
        })
    };
    let usual = |of: fn(Usual) -> f64| e.usual.map(|u| of(u).to_degrees());
    let estimate = |of: fn(Estimate) -> f64| e.estimate.map(|e| of(e).to_degrees());
    json!({
        "number": e.number, "rule": e.rule, "side": e.side, "severity": e.severity,
        "decided_time_s": e.decided.0, "quantity": e.quantity, "against": e.against,
        "kept_date": e.kept.as_ref().map(|k| &k.date), "kept_surface": e.kept.as_ref().map(|k| &k.surface),
        "usual_mean_deg": usual(|u| u.mean), "usual_sd_deg": usual(|u| u.sd),
        "usual_stances": e.usual.map(|u| u.stances),
        "strides": e.strides.iter().map(stride).collect::<Vec<_>>(),
        "estimate_deg": estimate(|e| e.value), "estimate_low_deg": estimate(|e| e.low),
        "estimate_high_deg": estimate(|e| e.high), "withheld": e.withheld,
    })
}

fn stance_message(stance: &Stance) -> Value {
    let mut message = json!({
        "side": stance.side, "stance": stance.number, "gait": stance.gait,
        "ic_time_s": stance.ic.0, "tc_time_s": stance.tc.0, "contact_ms": stance.contact_time() * 1e3,
        "stride_ms": stance.stride_time.map(|s| s * 1e3), "cadence_spm": stance.cadence_spm(),
        "valid": stance.valid, "reason": stance.doubt.map(crate::event::StanceDoubt::word),
        "decided_time_s": stance.decided.0, "flags": edge::flag_list(&stance.flags),
    });
    if let Value::Object(fields) = &mut message {
        let peaks = PEAK_COLUMNS.into_iter().zip(edge::peaks_deg(&stance.peaks));
        let sigmas = SIGMA_COLUMNS.into_iter().zip(edge::sigmas_deg(&stance.sigma));
        for (column, degrees) in peaks.chain(sigmas) {
            fields.insert(column.to_owned(), json!(degrees));
        }
    }
    message
}

fn cue_message(cue: &Cue) -> Value {
    let c = cue.channels;
    let on = [
        ("tone", c.tone),
        ("voice", c.voice),
        ("phone", c.phone),
        ("sensor", c.sensor),
        ("screen", c.screen),
    ];
    let channels: Vec<_> = on.iter().filter(|(_, on)| *on).map(|(name, _)| *name).collect();
    let mut message = json!({
        "number": cue.number, "time_s": cue.t.0, "words": cue.words, "strength": cue.strength,
        "channels": channels.join(";"),
    });
    let kind = match cue.kind {
        CueKind::Gait { rule, side, severity, alert, tc } => json!({
            "kind": "gait", "rule": rule, "side": side, "severity": severity, "alert": alert, "tc_time_s": tc.0,
        }),
        CueKind::Data { code, placement } => json!({ "kind": "data", "code": code, "placement": placement }),
        CueKind::AllClear { side } => json!({ "kind": "all_clear", "side": side }),
        CueKind::Metronome { spm } => json!({ "kind": "metronome", "spm": spm }),
    };
    if let (Value::Object(fields), Value::Object(kind)) = (&mut message, kind) {
        fields.extend(kind);
    }
    message
}

fn stride_message(stride: &Stride) -> Value {
    let mut message = json!({
        "side": stride.side, "gait": stride.gait, "ic_time_s": stride.ic.0, "tc_time_s": stride.tc.0,
        "next_ic_time_s": stride.next_ic.0, "decided_time_s": stride.decided.0,
    });
    if let Value::Object(fields) = &mut message {
        fields.extend(MEASURES.iter().map(|m| (m.name.to_owned(), json!((m.of)(stride)))));
    }
    message
}

fn write_frame(frame: &Frame, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"time_s\":");
    if frame.t.0.is_finite() {
        decimal::push(out, frame.t.0, TIME_DECIMALS);
    } else {
        out.extend_from_slice(b"null");
    }
    for (column, value) in ANGLE_COLUMNS.into_iter().zip(edge::angles_deg(frame)) {
        if let Some(value) = value.filter(|v| v.is_finite()) {
            out.extend_from_slice(b",\"");
            out.extend_from_slice(column.as_bytes());
            out.extend_from_slice(b"\":");
            decimal::push(out, value, ANGLE_DECIMALS);
        }
    }
    out.push(b'}');
}

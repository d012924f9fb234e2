//! Screening tests as programs and people read them: degrees, and units in the names.

use crate::event::{Difference, LegScreening, Repetition, RepetitionDoubt, ScreenQuantity, Screening};
use serde_json::{Map, Value, json};

/// One repetition; `null` where an angle was not valid.
#[must_use]
pub fn repetition(r: &Repetition) -> Value {
    let mut message = json!({
        "test": r.test, "side": r.side, "repetition": r.number, "start_time_s": r.start.0,
        "bottom_time_s": r.bottom.0, "end_time_s": r.end.0, "decided_time_s": r.decided.0,
        "valid": r.doubt.is_none(), "reason": r.doubt.map(RepetitionDoubt::word),
    });
    if let Value::Object(fields) = &mut message {
        let value = |q: ScreenQuantity| q.of(r).map(|v| q.at_the_edge(v));
        fields.extend(ScreenQuantity::ALL.map(|q| (q.name().to_owned(), json!(value(q)))));
    }
    message
}

/// A finished test.
#[must_use]
pub fn screening(s: &Screening) -> Value {
    json!({
        "test": s.test, "begin_time_s": s.begin.0, "end_time_s": s.end.0,
        "left": leg(&s.legs.left), "right": leg(&s.legs.right),
        "left_less_right": differences(&s.left_less_right), "reason": s.reason,
    })
}

fn leg(leg: &LegScreening) -> Value {
    let figures: Map<String, Value> = leg
        .figures
        .iter()
        .map(|f| {
            let edge = |v| f.quantity.at_the_edge(v);
            let figure = json!({ "mean": edge(f.mean), "sd": f.sd.map(edge), "n": f.n });
            (f.quantity.name().to_owned(), figure)
        })
        .collect();
    json!({ "repetitions": leg.repetitions, "valid": leg.valid, "figures": figures })
}

/// By quantity: the difference, one standard deviation by the scatter of repetitions, what the sensors may add, and the
/// smallest difference that means something.
#[must_use]
pub fn differences(differences: &[Difference]) -> Value {
    let row = |d: &Difference| {
        let edge = |v| d.quantity.at_the_edge(v);
        let row = json!({ "value": edge(d.value), "sigma": edge(d.sigma), "systematic": edge(d.systematic), "smallest": edge(d.smallest()) });
        (d.quantity.name().to_owned(), row)
    };
    Value::Object(differences.iter().map(row).collect())
}

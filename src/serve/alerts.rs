//! One alert with all that it stands on, and the rules with their limits: nobody has to believe a lamp.

use super::Served;
use super::view::{AlertView, KeptView, degrees};
use crate::body::Side;
use crate::event::{Against, Estimate, Evidence, EvidenceStride, Quantity, Rule, Usual, Withheld};
use crate::flag::{RULES, RuleSpec};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Serialize;

/// A rule in words.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(super) struct RuleView {
    rule: Rule,
    plain: &'static str,
    term: &'static str,
    definition: &'static str,
    norm: &'static str,
    limits: &'static str,
    explanation: &'static str,
    source: &'static str,
    needs_pelvis: bool,
}

impl From<&RuleSpec> for RuleView {
    fn from(spec: &RuleSpec) -> Self {
        Self {
            rule: spec.rule,
            plain: spec.plain,
            term: spec.term,
            definition: spec.definition,
            norm: spec.norm,
            limits: spec.limits,
            explanation: spec.explanation,
            source: spec.source,
            needs_pelvis: spec.needs_pelvis,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct AlertDetail {
    alert: AlertView,
    rule: RuleView,
    quantity: Quantity,
    against: Against,
    kept: Option<KeptView>,
    usual: Option<UsualView>,
    strides: Vec<StrideView>,
    estimate: Option<EstimateView>,
    withheld: Vec<Withheld>,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
struct UsualView {
    mean_deg: f64,
    sd_deg: f64,
    stances: u32,
}

impl From<Usual> for UsualView {
    fn from(usual: Usual) -> Self {
        Self { mean_deg: degrees(usual.mean), sd_deg: degrees(usual.sd), stances: usual.stances }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
struct StrideView {
    side: Side,
    stance: u32,
    ic_time_s: f64,
    value_deg: f64,
    limit_deg: f64,
    beyond: bool,
}

impl From<&EvidenceStride> for StrideView {
    fn from(s: &EvidenceStride) -> Self {
        Self {
            side: s.side,
            stance: s.number,
            ic_time_s: s.ic.0,
            value_deg: degrees(s.value),
            limit_deg: degrees(s.limit),
            beyond: s.beyond,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[expect(clippy::struct_field_names, reason = "names in JSON end in their unit")]
struct EstimateView {
    value_deg: f64,
    low_deg: f64,
    high_deg: f64,
}

impl From<Estimate> for EstimateView {
    fn from(e: Estimate) -> Self {
        Self { value_deg: degrees(e.value), low_deg: degrees(e.low), high_deg: degrees(e.high) }
    }
}

impl AlertDetail {
    pub(super) fn new(alert: AlertView, evidence: &Evidence) -> Self {
        Self {
            rule: RuleSpec::of(alert.rule).into(),
            alert,
            quantity: evidence.quantity,
            against: evidence.against,
            kept: evidence.kept.as_ref().map(KeptView::from),
            usual: evidence.usual.map(UsualView::from),
            strides: evidence.strides.iter().map(StrideView::from).collect(),
            estimate: evidence.estimate.map(EstimateView::from),
            withheld: evidence.withheld.clone(),
        }
    }
}

/// `id` is the alert's number. One that is not listed any more is in the recording.
pub(super) async fn detail(
    State(served): State<Served>,
    Path(id): Path<String>,
) -> Result<Json<AlertDetail>, (StatusCode, String)> {
    let found = id.parse().ok().and_then(|number| served.hub.state().alert_detail(number));
    found.map(Json).ok_or_else(|| {
        (
            StatusCode::NOT_FOUND,
            format!("this session has no alert {id}: /api/v1/alerts lists those that it has"),
        )
    })
}

pub(super) async fn rules() -> Json<Vec<RuleView>> {
    Json(RULES.iter().map(RuleView::from).collect())
}

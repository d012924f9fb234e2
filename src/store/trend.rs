//! How a runner's figures go from session to session.

use super::{RunnerId, Store, StoreError};
use serde::Serialize;

/// The means of one leg in one session, over the stances that count (as in the session's review).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TrendPoint {
    pub session: String,
    pub started: String,
    pub side: String,
    pub gait: String,
    pub stances: u32,
    pub hip_adduction_deg: Option<f64>,
    pub femur_adduction_deg: Option<f64>,
    pub medial_rotation_deg: Option<f64>,
    pub pelvic_drop_deg: Option<f64>,
    pub knee_valgus_deg: Option<f64>,
    pub contact_ms: Option<f64>,
    pub cadence_spm: Option<f64>,
    pub pain: Option<u8>,
    pub shoes: Option<String>,
    pub surface: Option<String>,
    pub alerts: u32,
}

impl Store {
    /// Oldest session first, left before right.
    pub fn trends(&self, runner: RunnerId) -> Result<Vec<TrendPoint>, StoreError> {
        self.ask(move |conn| {
            let mut found = conn.prepare_cached(
                "WITH counted AS (
                     SELECT s.id, s.started, s.pain, s.shoes, s.surface, x.* FROM sessions s
                     JOIN stances x ON x.session = s.id
                     WHERE s.runner = ? AND s.deleted IS NULL AND x.valid
                       AND x.ic_time_s BETWEEN coalesce(s.crop_from_s, s.begin_s)
                           AND coalesce(s.crop_to_s, s.end_s, 1e300)
                       AND NOT EXISTS (SELECT 1 FROM exclusions e WHERE e.session = s.id
                           AND e.side = x.side AND e.stance = x.stance)
                 )
                 SELECT id, started, side, gait, count(*), avg(peak_hip_adduction_deg),
                     avg(peak_femur_adduction_deg), avg(femur_rotation_excursion_deg),
                     avg(peak_pelvic_drop_deg), avg(peak_knee_valgus_deg), avg(contact_ms), avg(cadence_spm),
                     pain, shoes, surface, (SELECT count(*) FROM alerts a WHERE a.session = id)
                 FROM counted c
                 WHERE gait = 'run' OR NOT EXISTS (SELECT 1 FROM counted r WHERE r.id = c.id AND r.gait = 'run')
                 GROUP BY id, side ORDER BY started, id, side",
            )?;
            let rows = found.query_map([runner], |r| {
                Ok(TrendPoint {
                    session: r.get(0)?,
                    started: r.get(1)?,
                    side: r.get(2)?,
                    gait: r.get(3)?,
                    stances: r.get(4)?,
                    hip_adduction_deg: r.get(5)?,
                    femur_adduction_deg: r.get(6)?,
                    medial_rotation_deg: r.get(7)?,
                    pelvic_drop_deg: r.get(8)?,
                    knee_valgus_deg: r.get(9)?,
                    contact_ms: r.get(10)?,
                    cadence_spm: r.get(11)?,
                    pain: r.get(12)?,
                    shoes: r.get(13)?,
                    surface: r.get(14)?,
                    alerts: r.get(15)?,
                })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }
}

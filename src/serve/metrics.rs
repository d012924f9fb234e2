//! Counters and the latency histogram, as Prometheus reads them.

use std::fmt::{Display, Write};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Upper edges, s. Dense around the promise of 1 ms between a packet and its decision.
const EDGES: [f64; 13] =
    [10e-6, 25e-6, 50e-6, 100e-6, 250e-6, 500e-6, 1e-3, 2.5e-3, 5e-3, 10e-3, 25e-3, 100e-3, 1.0];

/// Packet in to decision out. Written by the pipeline's thread without a lock.
#[derive(Debug, Default)]
pub(super) struct Latency {
    /// Observations up to each edge and above the one before; the last slot is beyond all edges.
    slots: [AtomicU64; EDGES.len() + 1],
    nanoseconds: AtomicU64,
}

impl Latency {
    pub(super) fn observe(&self, seconds: f64) {
        let slot = EDGES.partition_point(|edge| *edge < seconds);
        if let Some(slot) = self.slots.get(slot) {
            slot.fetch_add(1, Relaxed);
        }
        self.nanoseconds.fetch_add((seconds * 1e9) as u64, Relaxed);
    }
}

/// Text in the exposition format, version 0.0.4.
#[derive(Debug, Default)]
pub(super) struct Exposition {
    text: String,
}

impl Exposition {
    /// A family with one value per label set; `labels` is what stands between the braces.
    pub(super) fn family<L: AsRef<str>, V: Display>(
        &mut self,
        name: &str,
        kind: &str,
        help: &str,
        values: impl IntoIterator<Item = (L, V)>,
    ) {
        self.head(name, kind, help);
        for (labels, value) in values {
            let labels = labels.as_ref();
            let braced = if labels.is_empty() { String::new() } else { format!("{{{labels}}}") };
            self.line(&format!("{name}{braced} {value}"));
        }
    }

    pub(super) fn latency(&mut self, latency: &Latency) {
        const NAME: &str = "stancewatch_decision_seconds";
        self.head(NAME, "histogram", "From a packet's arrival to the end of its decision.");
        let mut total = 0;
        for (slot, edge) in
            latency.slots.iter().zip(EDGES.iter().map(ToString::to_string).chain(["+Inf".to_owned()]))
        {
            total += slot.load(Relaxed);
            self.line(&format!("{NAME}_bucket{{le=\"{edge}\"}} {total}"));
        }
        self.line(&format!("{NAME}_sum {}", latency.nanoseconds.load(Relaxed) as f64 / 1e9));
        self.line(&format!("{NAME}_count {total}"));
    }

    pub(super) fn into_text(self) -> String {
        self.text
    }

    fn head(&mut self, name: &str, kind: &str, help: &str) {
        self.line(&format!("# HELP {name} {help}"));
        self.line(&format!("# TYPE {name} {kind}"));
    }

    fn line(&mut self, line: &str) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.text, "{line}");
    }
}

/// A label's value with what the format reserves escaped.
pub(super) fn label(name: &str, value: &str) -> String {
    let value = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    format!("{name}=\"{value}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_cumulative_and_their_edges_belong_to_them() {
        let latency = Latency::default();
        for seconds in [10e-6, 11e-6, 0.0005, 0.0011, 7.0] {
            latency.observe(seconds);
        }
        let mut text = Exposition::default();
        text.latency(&latency);
        let text = text.into_text();
        for line in [
            "_bucket{le=\"0.00001\"} 1",
            "_bucket{le=\"0.001\"} 3",
            "_bucket{le=\"0.0025\"} 4",
            "_bucket{le=\"1\"} 4",
            "_bucket{le=\"+Inf\"} 5",
            "_count 5",
        ] {
            assert!(text.contains(&format!("stancewatch_decision_seconds{line}\n")), "{line} in\n{text}");
        }
    }

    #[test]
    fn a_sensor_may_have_any_name() {
        assert_eq!(label("sensor", "my \"left\\one\"\n"), r#"sensor="my \"left\\one\"\n""#);
    }
}

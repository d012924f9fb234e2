//! What stance detection costs per sample of a shank, in the steady run of one leg, and per sample of any
//! other sensor, which only tells the time.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use nalgebra::Vector3;
use stancewatch::body::Placement;
use stancewatch::gait::GaitTracker;
use stancewatch::units::{Hz, SessionTime};
use std::f64::consts::TAU;
use std::hint::black_box;

const SAMPLES: u32 = 10_000;
const RATE: f64 = 100.0;

/// Strides of 0.7 s: a swing, a landing with its impact, a push-off.
fn samples() -> Vec<(Vector3<f64>, Vector3<f64>)> {
    (0..SAMPLES)
        .map(|i| {
            let phase = f64::from(i % 70) / 70.0;
            let swing = 10.0 * (TAU * phase).sin() - 4.0 * (2.0 * TAU * phase).cos();
            let impact = if phase > 0.62 && phase < 0.68 { 40.0 } else { 0.0 };
            let load = if phase > 0.6 { 21.0 } else { 10.0 };
            (Vector3::new(0.0, load + impact, 1.0), Vector3::new(0.3 * swing, 0.1, swing))
        })
        .collect()
}

fn gait(c: &mut Criterion) {
    let samples = samples();
    let mut group = c.benchmark_group("gait");
    group.throughput(Throughput::Elements(u64::from(SAMPLES)));
    for (name, placement) in [("shank", Placement::LeftShank), ("thigh", Placement::LeftThigh)] {
        group.bench_function(name, |b| {
            let mut tracker = GaitTracker::new();
            tracker.add_sensor(Placement::LeftShank, Hz(RATE));
            let mut out = Vec::new();
            let mut n = 0_u64;
            b.iter(|| {
                out.clear();
                for (acc, gyr) in &samples {
                    n += 1;
                    let t = SessionTime(n as f64 / RATE);
                    tracker.push(placement, t, acc, gyr, &mut out);
                }
                black_box(&out);
            });
        });
    }
    group.finish();
}

criterion_group!(benches, gait);
criterion_main!(benches);

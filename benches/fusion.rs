//! What gap handling and doubt cost on top of the bare filter, one sensor, no gaps.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use nalgebra::Vector3;
use stancewatch::fusion::Fusion;
use stancewatch::units::{Hz, SessionTime};
use std::hint::black_box;
use vqf_rs::VQF;

const SAMPLES: usize = 10_000;

fn samples() -> Vec<(Vector3<f64>, Vector3<f64>)> {
    (0..SAMPLES)
        .map(|i| {
            let phase = i as f64 / 70.0 * std::f64::consts::TAU;
            let acc = Vector3::new(9.0 * phase.sin(), 9.81 + 20.0 * (2.0 * phase).cos(), 5.0 * phase.cos());
            let gyr = Vector3::new(0.6 * (2.0 * phase).sin(), 0.4 * phase.cos(), 6.0 * (phase + 0.3).sin());
            (acc, gyr)
        })
        .collect()
}

fn fusion(c: &mut Criterion) {
    let samples = samples();
    let mut group = c.benchmark_group("fusion");
    group.throughput(Throughput::Elements(SAMPLES as u64));
    let params = vqf_rs::Params { tau_acc: 2.0, ..vqf_rs::Params::default() };
    group.bench_function("vqf-rs", |b| {
        let mut vqf = VQF::new(0.01, None, None, Some(params));
        b.iter(|| {
            for (acc, gyr) in &samples {
                vqf.update((*gyr).into(), (*acc).into(), None);
                black_box(vqf.quat_6d().0);
            }
        });
    });
    group.bench_function("Fusion::push", |b| {
        let mut fusion = Fusion::new(Hz(100.0));
        let mut out = Vec::new();
        let mut n = 0_u64;
        b.iter(|| {
            for (acc, gyr) in &samples {
                out.clear();
                fusion.push(SessionTime(n as f64 * 0.01), *acc, *gyr, &mut out);
                black_box(&out);
                n += 1;
            }
        });
    });
    group.finish();
}

criterion_group!(benches, fusion);
criterion_main!(benches);

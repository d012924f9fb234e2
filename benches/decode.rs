//! What a driver costs: one run through a hundred notifications of a running stream, after the beginning of
//! its family's conversation. Criterion's throughput is in samples; the least that it may be is a million
//! per second.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use serde_json::{Map, Value};
use stancewatch::sensor::{DRIVERS, Driver, Family, News, Reply, Uuid};
use std::hint::black_box;
use std::path::Path;

const NOTIFICATIONS: u32 = 100;

/// A driver that has come to its stream, and the characteristic that data come from.
fn streaming(family: &Family, data: &str) -> (Box<dyn Driver>, Uuid) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/drivers").join(family.key);
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap_or_default();
    let names: Map<String, Value> = serde_json::from_str(&read("characteristics.json")).unwrap_or_default();
    let uuid = |name: &str| names.get(name).and_then(Value::as_str).and_then(|text| text.parse().ok());
    let mut driver = (family.driver)();
    let mut out = Reply::default();
    let start = if family.key == "metamotion" { "fused_bmi160.jsonl" } else { "start.jsonl" };
    for line in read(start).lines() {
        let line: Map<String, Value> = serde_json::from_str(line).unwrap_or_default();
        let text = |key: &str| line.get(key).and_then(Value::as_str);
        if text("link").is_some() {
            driver.connected(&mut out);
        } else if let (Some(from), Some(bytes)) = (text("from").and_then(uuid), text("bytes")) {
            let bytes: Vec<u8> = bytes.split(' ').filter_map(|b| u8::from_str_radix(b, 16).ok()).collect();
            driver.received(from, &bytes, &mut out);
        }
        if out.news.iter().any(|news| matches!(news, News::Streaming(_))) {
            break;
        }
    }
    (driver, uuid(data).unwrap_or_default())
}

/// Six counts as a leg in motion gives them.
fn counts(k: u32) -> [i16; 6] {
    let phase = f64::from(k) / 70.0 * std::f64::consts::TAU;
    [0.0, 0.4, 0.9, 1.7, 2.2, 3.1].map(|shift: f64| (8000.0 * (phase + shift).sin()) as i16)
}

fn bytes(counts: &[i16]) -> impl Iterator<Item = u8> {
    counts.iter().flat_map(|count| count.to_le_bytes())
}

/// The notification of this number, and how many samples it makes.
fn notification(key: &str, n: u32) -> (Vec<u8>, u32) {
    match key {
        "open" => {
            let mut batch = ((n * 10) as u16).to_le_bytes().to_vec();
            batch.extend((n * 100_000).to_le_bytes());
            batch.extend(10_000_u16.to_le_bytes());
            (0..10).for_each(|k| batch.extend(bytes(&counts(n * 10 + k))));
            (batch, 10)
        }
        "metamotion" => {
            let mut reading = vec![9, 3, 2];
            reading.extend((n * 6827 / 1000).to_le_bytes());
            reading.extend(bytes(&counts(n)));
            (reading, 1)
        }
        "dot" => {
            let mut payload = (n * 16_667).to_le_bytes().to_vec();
            payload.extend(counts(n).iter().flat_map(|&count| (f32::from(count) / 300.0).to_le_bytes()));
            payload.resize(40, 0);
            (payload, 1)
        }
        "witmotion" => {
            let frame =
                |k: u32| [0x55, 0x61].into_iter().chain(bytes(&counts(k))).chain([0; 6]).collect::<Vec<u8>>();
            ((0..10).flat_map(|k| frame(n * 10 + k)).collect(), 10)
        }
        // Both kinds in turn; a pair of frames makes 36 samples. Differences of 16 bits.
        "polar" => {
            let (kind, layout, which) = if n % 2 == 0 { (5, 0x80, 3..6) } else { (2, 0x81, 0..3) };
            let time = 819_000_000_000_000_000 + u64::from(n / 2 + 1) * 36 * 1_000_000_000 / 208;
            let mut frame = vec![kind];
            frame.extend(time.to_le_bytes());
            frame.push(layout);
            frame.extend(bytes(counts(n).get(which).unwrap_or_default()));
            frame.extend([16, 35]);
            (1..36).for_each(|k: i16| frame.extend(bytes(&[k % 5, -(k % 3), k % 7 - 3])));
            (frame, 18)
        }
        _ => {
            let mut payload = (i64::from(n) * 40_000_000).to_le_bytes().to_vec();
            (0..8).for_each(|k| payload.extend(bytes(&counts(n * 8 + k))));
            payload.resize(115, 0);
            let checked: Vec<u8> = [0x31, 0x02].into_iter().chain(payload).collect();
            let mut notification = vec![0xff, 0x02];
            notification.extend(crc32fast::hash(&checked).to_le_bytes());
            notification.push(115);
            notification.extend(checked);
            (notification, 8)
        }
    }
}

fn decode(c: &mut Criterion) {
    let mut group = c.benchmark_group("decode, samples of 100 notifications");
    for family in DRIVERS {
        let data = match family.key {
            "dot" => "payload",
            "metamotion" | "capture2go" => "notify",
            _ => "data",
        };
        let (mut driver, from) = streaming(family, data);
        let stream: Vec<(Vec<u8>, u32)> = (0..NOTIFICATIONS).map(|n| notification(family.key, n)).collect();
        let samples: u32 = stream.iter().map(|(_, samples)| samples).sum();
        let mut out = Reply::default();
        let mut run = || {
            let mut decoded = 0;
            for (bytes, _) in &stream {
                out.clear();
                driver.received(from, bytes, &mut out);
                decoded += out.samples.len();
                black_box(&out);
            }
            decoded
        };
        let decoded = run();
        assert!(decoded as f64 > 0.97 * f64::from(samples), "{}: {decoded} of {samples} samples", family.key);
        group.throughput(Throughput::Elements(samples.into()));
        group.bench_function(family.key, |b| b.iter(&mut run));
    }
    group.finish();
}

criterion_group!(benches, decode);
criterion_main!(benches);

//! What the whole pipeline costs, each figure also as a ratio to the bare `vqf-rs` updates of the same
//! samples in the same run: ratios hold on any machine, times on none. Rounds of both alternate, and the
//! fastest of each count: what else the machine does only ever adds. (Criterion has no ratios within a run, hence no Criterion here.)
//!
//! `cargo bench --bench pipeline`
#![allow(clippy::indexing_slicing, clippy::unwrap_used, clippy::disallowed_methods)]

use stancewatch::analyze::{self, Found, Options};
use stancewatch::body::SensorId;
use stancewatch::input::Input;
use stancewatch::pipeline::{Pipeline, PipelineConfig};
use stancewatch::simulate::write_dataset;
use stancewatch::source::synthetic::{Runner, RunnerConfig};
use std::collections::HashMap;
use std::hint::black_box;
use std::time::Instant;
use vqf_rs::VQF;

const ROUNDS: usize = 15;
const RATE: f64 = 100.0;

fn main() {
    pipeline_per_sample();
    live_path();
    analyze_an_hour();
}

/// Four sensors at 100 Hz, three minutes of running after calibration.
fn pipeline_per_sample() {
    let (before, running) = split(&session(4.0, false), 80.0);
    let samples = samples(&running);
    let (mut fusion, mut whole) = (f64::INFINITY, f64::INFINITY);
    for _ in 0..ROUNDS {
        fusion = fusion.min(timed(|| bare_fusion(&running)));
        let mut pipeline = Pipeline::new(&PipelineConfig::default()).unwrap();
        for input in &before {
            pipeline.push(input);
        }
        whole = whole.min(timed(|| {
            for input in &running {
                black_box(pipeline.push(black_box(input)));
            }
        }));
    }
    let each = |time: f64| time / samples as f64 * 1e9;
    println!("fusion update alone, per sensor sample      {:8.0} ns", each(fusion));
    println!("whole pipeline, per sensor sample           {:8.0} ns", each(whole));
    println!("whole pipeline / fusion alone               {:8.2}   (limit 2.0)", whole / fusion);
}

/// Five sensors at 100 Hz: time from a packet handed in to its decision out.
fn live_path() {
    let (before, running) = split(&session(10.0, true), 80.0);
    let mut pipeline = Pipeline::new(&PipelineConfig::default()).unwrap();
    for input in &before {
        pipeline.push(input);
    }
    let mut times: Vec<f64> = running
        .iter()
        .map(|input| {
            timed(|| {
                black_box(pipeline.push(black_box(input)).len());
            })
        })
        .collect();
    times.sort_by(f64::total_cmp);
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize] * 1e6;
    println!(
        "packet in to decision out, five sensors     {:8.1} us median, {:.1} us p99, {:.1} us worst   (limit 1000 us p99)",
        at(0.5),
        at(0.99),
        at(1.0)
    );
}

/// An hour of four sensors, from the files of a data set to the four files of `analyze`.
fn analyze_an_hour() {
    let folder = tempfile::tempdir().unwrap();
    let (data, out) = (folder.path().join("data"), folder.path().join("out"));
    write_dataset(&config(60.0, false), &data).unwrap();
    let hour = session(60.0, false);
    let fusion = timed(|| bare_fusion(&hour));
    let samples = samples(&hour);
    drop(hour);
    let whole = timed(|| {
        let report =
            analyze::run(vec![Found::at(&data)], &out, &Options::new(PipelineConfig::default(), None));
        assert_eq!(report.failure(), None);
    });
    println!("analyze an hour of four sensors             {whole:8.2} s for {samples} samples   (limit 3 s)");
    println!("analyze / fusion alone                      {:8.2}", whole / fusion);
}

fn config(minutes: f64, pelvis: bool) -> RunnerConfig {
    RunnerConfig {
        running_s: minutes * 60.0,
        rate_hz: RATE,
        pelvis_sensor: pelvis,
        ..RunnerConfig::default()
    }
}

fn session(minutes: f64, pelvis: bool) -> Vec<Input> {
    Runner::new(&config(minutes, pelvis)).unwrap().collect()
}

/// What comes before and after a moment of the session.
fn split(inputs: &[Input], at: f64) -> (Vec<Input>, Vec<Input>) {
    let late = |input: &Input| matches!(input, Input::Packet(p) if p.arrival.is_some_and(|t| t.0 > at));
    let middle = inputs.iter().position(late).unwrap();
    (inputs[..middle].to_vec(), inputs[middle..].to_vec())
}

fn samples(inputs: &[Input]) -> usize {
    inputs.iter().map(|i| if let Input::Packet(p) = i { p.samples.len() } else { 0 }).sum()
}

/// The published filter alone, on the same samples.
fn bare_fusion(inputs: &[Input]) {
    let mut filters: HashMap<SensorId, VQF> = HashMap::new();
    for input in inputs {
        let Input::Packet(packet) = input else { continue };
        let filter = filters.entry(packet.sensor).or_insert_with(|| VQF::new(1.0 / RATE, None, None, None));
        for sample in &packet.samples {
            filter.update(sample.gyr.into(), sample.acc.into(), None);
            black_box(filter.quat_6d());
        }
    }
}

fn timed(work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    start.elapsed().as_secs_f64()
}

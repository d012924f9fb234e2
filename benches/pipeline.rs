//! What the whole pipeline costs per sensor sample, against the bare fusion update in the same run;
//! and the live path from a packet to the end of its decision.
//!
//! Ratios, not times, are what is kept: they hold on any machine.
#![allow(clippy::unwrap_used)]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use stancewatch::body::Placement;
use stancewatch::input::Input;
use stancewatch::pipeline::{Pipeline, PipelineConfig};
use stancewatch::source::synthetic::{Runner, RunnerConfig};
use std::hint::black_box;

/// A run of `minutes` with sensors at `rate` Hz, without the pelvis where four sensors are asked for.
fn run(minutes: f64, pelvis: bool) -> Vec<Input> {
    let config = RunnerConfig { running_minutes: minutes, ..RunnerConfig::default() };
    let inputs = Runner::new(config).unwrap();
    let mut dropped = None;
    inputs
        .filter(|input| match input {
            Input::Sensor(info) if !pelvis && info.placement == Some(Placement::Pelvis) => {
                dropped = Some(info.id);
                false
            }
            Input::Packet(packet) => Some(packet.sensor) != dropped,
            _ => true,
        })
        .collect()
}

fn samples(inputs: &[Input]) -> u64 {
    inputs.iter().map(|i| if let Input::Packet(p) = i { p.samples.len() as u64 } else { 0 }).sum()
}

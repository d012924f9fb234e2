//! How many runners one process carries: raw samples of four sensors at 100 Hz each, through a pipeline per runner, all
//! at once, as a board that gets raw data would have them.
//!
//! `cargo run --release --example thousand_runners [RUNNERS] [SECONDS]` prints the real-time factor and the memory
//! per runner. The data of a few synthetic runners are shared, each runner a little later in time than the one before.

use anyhow::{Context, Result};
use stancewatch::input::Input;
use stancewatch::pipeline::{Pipeline, PipelineConfig};
use stancewatch::source::synthetic::{Runner, RunnerConfig};
use std::num::NonZeroUsize;

/// Distinct runners whose data the others share.
const DISTINCT: u64 = 8;
/// Inputs of one runner before the next one's turn: about a second of four sensors.
const TURN: usize = 400;

/// Resident memory of this process, MiB.
fn resident_mib() -> Result<f64> {
    let status =
        std::fs::read_to_string("/proc/self/status").context("memory is read from /proc, on Linux only")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<f64>()? / 1024.0)
}

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1).map(|text| text.parse::<f64>());
    let runners = arguments.next().transpose()?.unwrap_or(1000.0) as usize;
    let seconds = arguments.next().transpose()?.unwrap_or(120.0);
    let mut data = Vec::new();
    for seed in 0..DISTINCT {
        let config =
            RunnerConfig { seed, pelvis_sensor: false, running_s: seconds, ..RunnerConfig::default() };
        data.push(Runner::new(&config)?.collect::<Vec<Input>>());
    }
    let length = |inputs: &[Input]| -> f64 {
        let t = |input: &Input| match input {
            Input::Packet(packet) => packet.samples.last().map(|sample| sample.t.0),
            _ => None,
        };
        let last = inputs.iter().filter_map(t).fold(f64::NEG_INFINITY, f64::max);
        last - inputs.iter().find_map(t).unwrap_or(last)
    };
    let session_s: f64 =
        (0..runners).filter_map(|k| data.get(k % data.len())).map(|inputs| length(inputs)).sum();
    let before = resident_mib()?;
    let mut pipelines =
        (0..runners).map(|_| Pipeline::new(&PipelineConfig::default())).collect::<Result<Vec<_>, _>>()?;
    let threads = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let begun = stancewatch::host_clock::instant();
    let share = runners.div_ceil(threads);
    let events: usize = std::thread::scope(|scope| {
        let workers: Vec<_> = pipelines
            .chunks_mut(share)
            .enumerate()
            .map(|(part, mine)| {
                let data = &data;
                scope.spawn(move || {
                    let mut events = 0;
                    let turns = data.iter().map(Vec::len).max().unwrap_or(0).div_ceil(TURN);
                    for turn in 0..turns {
                        for (k, pipeline) in mine.iter_mut().enumerate() {
                            let Some(inputs) = data.get((part * share + k) % data.len()) else { continue };
                            let now = inputs.iter().skip(turn * TURN).take(TURN);
                            events += now.map(|input| pipeline.push(input).len()).sum::<usize>();
                        }
                    }
                    events
                })
            })
            .collect();
        workers.into_iter().map(|worker| worker.join().unwrap_or(0)).sum()
    });
    let took = begun.elapsed().as_secs_f64();
    let mean_s = session_s / runners as f64;
    println!(
        "{runners} runners of {mean_s:.0} s on {threads} threads: {took:.1} s, {:.1} times real time, {:.0} KiB per runner, {events} events",
        mean_s / took,
        (resident_mib()? - before) * 1024.0 / runners as f64
    );
    Ok(())
}

//! In the steady state the pipeline allocates nothing per sample, and its memory does not grow.
//!
//! One test, in a file of its own: the counting allocator sees every thread of the process.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, in its helpers, too"
)]

use stancewatch::event::Event;
use stancewatch::input::Input;
use stancewatch::pipeline::{Pipeline, PipelineConfig};
use stancewatch::source::synthetic::{Runner, RunnerConfig};

#[global_allocator]
static ALLOCATOR: dhat::Alloc = dhat::Alloc;

/// Written when the test fails: which lines allocate. For the viewer at
/// <https://nnethercote.github.io/dh_view/dh_view.html>.
const PROFILE: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/no_allocation.json");

/// Calibration, the runner's usual and every buffer's growth are over by then, s.
const WARM: f64 = 120.0;
const MEASURED: f64 = 60.0;
/// A stance may carry a list of flags, and a few things happen once in a while.
const PER_STANCE: u64 = 1;
/// Nothing that is kept may add up: less than a byte per sample, bytes.
const GROWTH: usize = 4096;

#[derive(Debug, Default)]
struct Seen {
    samples: u64,
    stances: u64,
    valid: u64,
    frames: u64,
}

fn push(pipeline: &mut Pipeline, inputs: &[Input]) -> Seen {
    let mut seen = Seen::default();
    for input in inputs {
        if let Input::Packet(packet) = input {
            seen.samples += packet.samples.len() as u64;
        }
        for event in pipeline.push(input) {
            seen.stances += u64::from(matches!(event, Event::Stance(_)));
            seen.valid += u64::from(matches!(event, Event::Stance(stance) if stance.valid));
            seen.frames += u64::from(matches!(event, Event::Frame(_)));
        }
    }
    seen
}

fn arrives_before(input: &Input, t: f64) -> bool {
    match input {
        Input::Packet(packet) => packet.arrival.is_none_or(|arrival| arrival.0 < t),
        Input::Mark(mark) => mark.t.0 < t,
        Input::Moment(moment) => moment.t.0 < t,
        Input::Order(order) => order.t.0 < t,
        Input::Sensor(_) | Input::Link(_) => true,
        Input::End => false,
    }
}

#[test]
fn a_minute_of_running_allocates_nothing_per_sample_and_keeps_nothing() {
    // A person whose calibration is good, so that every stage works.
    let config = RunnerConfig { seed: 13, running_s: WARM + MEASURED, ..RunnerConfig::default() };
    let inputs: Vec<_> = Runner::new(&config).unwrap().collect();
    let (warm, rest) = inputs.split_at(inputs.iter().take_while(|i| arrives_before(i, WARM)).count());
    let measured = rest.iter().take_while(|i| arrives_before(i, WARM + MEASURED)).count();
    let measured = &rest[..measured];

    let mut pipeline = Pipeline::new(&PipelineConfig::default()).unwrap();
    let _profiler = dhat::Profiler::builder().testing().file_name(PROFILE).build();
    assert!(push(&mut pipeline, warm).stances > 100, "the pipeline is not warm");

    let before = dhat::HeapStats::get();
    let seen = push(&mut pipeline, measured);
    let after = dhat::HeapStats::get();

    assert!(seen.samples > 29_000 && seen.valid > 150 && seen.frames > 5900, "{seen:?}");
    let allocations = after.total_blocks - before.total_blocks;
    println!("{allocations} allocations, {} -> {} bytes, {seen:?}", before.curr_bytes, after.curr_bytes);
    dhat::assert!(
        allocations <= PER_STANCE * seen.stances,
        "{allocations} allocations for {seen:?}: something allocates per sample or several times per stance"
    );
    dhat::assert!(
        after.curr_bytes <= before.curr_bytes + GROWTH,
        "{} bytes became {}: something grows",
        before.curr_bytes,
        after.curr_bytes
    );
}

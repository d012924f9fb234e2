//! Clocks over simulated radio links with known truth: sensors on one body must agree.

#![expect(clippy::indexing_slicing, reason = "a test may panic")]

use proptest::prelude::*;
use rand::Rng as _;
use rand::SeedableRng as _;
use rand_pcg::Pcg64Mcg;
use stancewatch::body::ClockKind;
use stancewatch::clock::SensorClock;
use stancewatch::units::{DeviceTime, Hz, SessionTime};

/// A sensor with its own crystal behind a radio that only sends in its slots.
#[derive(Debug, Clone, Copy)]
struct Link {
    rate: f64,
    samples_per_packet: u32,
    /// Connection interval, s.
    slot: f64,
    /// Device seconds that pass in one session second, less one.
    drift: f64,
    offset: f64,
    /// Share of slots that are lost to interference; the packets wait for the next.
    lost: f64,
    /// The radio is silent for up to a second about so often, s; then everything comes at once.
    stall_every: f64,
}

/// A packet: device time of its newest sample, true session time of it, arrival.
struct Arrived {
    newest: f64,
    truth: f64,
    arrival: f64,
}

fn packets(link: &Link, seconds: f64, seed: u64) -> Vec<Arrived> {
    let mut rng = Pcg64Mcg::seed_from_u64(seed);
    let period = f64::from(link.samples_per_packet) / link.rate;
    let phase = rng.random::<f64>() * link.slot;
    let slots_lost: Vec<bool> =
        (0..(seconds / link.slot) as usize + 2000).map(|_| rng.random::<f64>() < link.lost).collect();
    let mut free_from = 0.0_f64;
    let mut out = Vec::new();
    for k in 1..(seconds / period) as u32 {
        let newest = link.offset + f64::from(k) * period;
        let truth = (newest - link.offset) / (1.0 + link.drift);
        if rng.random::<f64>() < period / link.stall_every {
            free_from = free_from.max(truth + rng.random::<f64>());
        }
        // 2 ms in the sensor, then the next slot that is not lost, then the host's scheduler.
        let ready = (truth + 0.002).max(free_from);
        let mut slot = ((ready - phase) / link.slot).ceil().max(0.0) as usize;
        while slots_lost[slot] {
            slot += 1;
        }
        free_from = phase + slot as f64 * link.slot - 1e-9;
        let host = -(1.0 - rng.random::<f64>()).ln() * 0.001;
        out.push(Arrived { newest, truth, arrival: free_from + host });
    }
    out
}

/// Session time of every packet's newest sample less the truth, with the truth.
fn errors(clock: &mut SensorClock, link: &Link, packets: &[Arrived]) -> Vec<(f64, f64)> {
    let interval = 1.0 / link.rate;
    let mut last = f64::NEG_INFINITY;
    packets
        .iter()
        .map(|p| {
            clock.arrived(DeviceTime(p.newest), SessionTime(p.arrival));
            let mut t = 0.0;
            for back in (0..link.samples_per_packet).rev() {
                t = clock.align(DeviceTime(p.newest - f64::from(back) * interval)).0;
                let step = t - last;
                assert!(last < 0.0 || (step > 0.97 * interval && step < 1.03 * interval), "step {step}");
                last = t;
            }
            (p.truth, t - p.truth)
        })
        .collect()
}

/// The largest part of a slot that packets of ten seconds never fall into, s.
fn locked(link: &Link) -> f64 {
    let period = f64::from(link.samples_per_packet) / link.rate;
    let mut phases: Vec<f64> =
        (0..(10.0 / period) as u32).map(|k| (f64::from(k) * period) % link.slot).collect();
    phases.push(link.slot);
    phases.sort_by(f64::total_cmp);
    phases.windows(2).map(|w| w[1] - w[0]).fold(0.0, f64::max)
}

fn links(seed: u64) -> Vec<Link> {
    let mut rng = Pcg64Mcg::seed_from_u64(1000 + seed);
    std::iter::repeat_with(|| Link {
        rate: [60.0, 100.0, 104.0, 120.0, 200.0][rng.random_range(0..5)],
        samples_per_packet: rng.random_range(1..6),
        slot: [0.015, 0.0225, 0.03, 0.03625, 0.04875][rng.random_range(0..5)],
        drift: rng.random_range(-50e-6..50e-6),
        offset: rng.random_range(-1e4..1e4),
        lost: rng.random_range(0.0..0.15),
        stall_every: rng.random_range(10.0..60.0),
    })
    .filter(|l| locked(l) < 0.003)
    .take(5)
    .collect()
}

/// Largest disagreement between sensors in each second, s.
fn disagreement(links: &[Link], seconds: usize, seed: u64) -> Vec<f64> {
    let mut bands = vec![(f64::INFINITY, f64::NEG_INFINITY); seconds];
    for (k, link) in (0..).zip(links) {
        let mut clock = SensorClock::new(ClockKind::Device, Hz(link.rate));
        for (t, error) in errors(&mut clock, link, &packets(link, seconds as f64, seed * 10 + k)) {
            let (low, high) = &mut bands[(t as usize).min(seconds - 1)];
            *low = low.min(error);
            *high = high.max(error);
        }
        let state = clock.state();
        assert!(state.settled, "{link:?} {state:?}");
        assert_eq!(state.jumps, 0, "{link:?}");
        assert!((state.drift_ppm - link.drift * 1e6).abs() < 10.0, "{link:?} {state:?}");
    }
    bands.into_iter().filter(|b| b.1 >= b.0).map(|(low, high)| high - low).collect()
}

#[test]
fn sensors_on_one_body_agree_to_five_milliseconds_from_the_first_half_minute_on() {
    for seed in 0..12 {
        let worst = disagreement(&links(seed), 400, seed).into_iter().skip(30).fold(0.0, f64::max);
        assert!(worst < 0.005, "body {seed}: {worst} s");
    }
}

const PLAIN: Link = Link {
    rate: 100.0,
    samples_per_packet: 3,
    slot: 0.03625,
    drift: 30e-6,
    offset: 777.0,
    lost: 0.05,
    stall_every: 1e9,
};

#[test]
fn the_state_says_how_far_off_it_may_be() {
    let mut clock = SensorClock::new(ClockKind::Device, Hz(PLAIN.rate));
    assert!(!clock.state().settled);
    let all = packets(&PLAIN, 60.0, 1);
    let found = errors(&mut clock, &PLAIN, &all);
    let state = clock.state();
    let (truth, error) = found[found.len() - 1];
    // 2 ms are the link's own shortest delay, which nobody can see.
    assert!((error - 0.002).abs() < 3.0 * state.sigma, "{error} {state:?}");
    assert!((state.offset - (truth + error - all[all.len() - 1].newest)).abs() < 1e-9);
    assert!(state.jitter > 0.005 && state.jitter < 0.03, "{state:?}");
}

#[test]
fn a_reboot_is_counted_and_time_goes_on() {
    let mut clock = SensorClock::new(ClockKind::Device, Hz(PLAIN.rate));
    errors(&mut clock, &PLAIN, &packets(&PLAIN, 60.0, 1));
    let mut last = clock.align(DeviceTime(PLAIN.offset + 59.9));
    let mut worst = 0.0_f64;
    // Two seconds later the device counts from zero.
    for p in packets(&Link { offset: 0.0, ..PLAIN }, 60.0, 2) {
        clock.arrived(DeviceTime(p.newest), SessionTime(p.arrival + 62.0));
        let t = clock.align(DeviceTime(p.newest));
        assert!(t >= last);
        last = t;
        if p.truth > 30.0 {
            worst = worst.max((t.0 - 62.0 - p.truth - 0.002).abs());
        }
    }
    assert_eq!(clock.state().jumps, 1);
    assert!(worst < 0.005, "{worst}");
}

#[test]
fn a_clock_set_back_by_half_a_second_is_noticed() {
    let mut clock = SensorClock::new(ClockKind::Device, Hz(PLAIN.rate));
    for p in packets(&PLAIN, 90.0, 1) {
        let back = if p.truth > 45.0 { 0.5 } else { 0.0 };
        clock.arrived(DeviceTime(p.newest - back), SessionTime(p.arrival));
        clock.align(DeviceTime(p.newest - back));
    }
    assert_eq!(clock.state().jumps, 1);
    assert!((clock.state().offset + PLAIN.offset - 0.5).abs() < 0.007, "{:?}", clock.state());
}

#[test]
fn session_stamps_pass_through_and_never_go_back() {
    let mut clock = SensorClock::new(ClockKind::Session, Hz(100.0));
    assert!(clock.state().settled);
    for (t, expected) in [(1.0, 1.0), (2.5, 2.5), (2.0, 2.5), (f64::NAN, f64::NAN), (2.6, 2.6)] {
        let got = clock.align(DeviceTime(t)).0;
        assert!((got - expected).abs() < 1e-12 || (got.is_nan() && expected.is_nan()));
    }
}

proptest! {
    #[test]
    fn no_stamps_can_break_it(
        kind in prop::sample::select(vec![ClockKind::Device, ClockKind::Arrival]),
        stamps in prop::collection::vec((any::<f64>(), any::<f64>(), 0.0..1e3), 1..200),
    ) {
        let mut clock = SensorClock::new(kind, Hz(100.0));
        let mut last = f64::NEG_INFINITY;
        for (wild, arrival, tame) in stamps {
            clock.arrived(DeviceTime(wild), SessionTime(arrival));
            clock.arrived(DeviceTime(tame), SessionTime(tame + 5.0));
            for t in [wild, tame] {
                let t = clock.align(DeviceTime(t)).0;
                if t.is_finite() {
                    prop_assert!(t >= last);
                    last = t;
                }
            }
        }
        prop_assert!(clock.align(DeviceTime(1.0)).0.is_finite());
    }
}

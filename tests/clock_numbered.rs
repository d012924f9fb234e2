//! Sensors without a clock: samples are numbered at a nominal rate that is not the true one, and some never
//! come. Held against the truth over simulated links.

use rand::Rng as _;
use rand::SeedableRng as _;
use rand_pcg::Pcg64Mcg;
use stancewatch::body::ClockKind;
use stancewatch::clock::{ClockState, SensorClock};
use stancewatch::units::{DeviceTime, Hz, SessionTime};

const NOMINAL: f64 = 100.0;

#[derive(Debug, Clone, Copy)]
struct Link {
    nominal: f64,
    /// True samples per nominal one, less one.
    off: f64,
    /// Change of the same per second: a chip that warms up.
    warming: f64,
    /// Largest delay of a packet, s; packets keep their order.
    jitter: f64,
    /// A stretch of up to so many samples is lost about every ten seconds.
    losses: u32,
    /// The radio holds everything back for up to a second about so often, s.
    stall_every: f64,
}

const PLAIN: Link =
    Link { nominal: NOMINAL, off: 0.0, warming: 0.0, jitter: 0.03, losses: 0, stall_every: 1e9 };

/// What went on: time of each sample that came with how far off the clock put it, the times of losses and
/// stalls, how many samples were lost, and the clock's own state at the end.
struct Told {
    errors: Vec<(f64, f64)>,
    /// Share of the time from half a minute on at which the error was beyond three standard deviations.
    beyond: f64,
    disturbed: Vec<f64>,
    lost: u32,
    state: ClockState,
}

fn tell(link: Link, seconds: f64, seed: u64) -> Told {
    let mut rng = Pcg64Mcg::seed_from_u64(seed);
    let mut clock = SensorClock::new(ClockKind::Arrival, Hz(link.nominal));
    let mut told =
        Told { errors: Vec::new(), beyond: 0.0, disturbed: Vec::new(), lost: 0, state: clock.state() };
    let (mut truth, mut number, mut free) = (3.0, 0_u32, 0.0_f64);
    let mut last = f64::NEG_INFINITY;
    let (mut beyond, mut all) = (0, 0);
    while truth < seconds {
        truth += 1.0 / (link.nominal * (1.0 + link.off + link.warming * truth));
        let interval = 1.0 / link.nominal;
        if link.losses > 0 && rng.random::<f64>() < interval / 10.0 {
            let lost = rng.random_range(1..=link.losses);
            truth += f64::from(lost) * interval / (1.0 + link.off);
            told.lost += lost;
            told.disturbed.push(truth);
        }
        if rng.random::<f64>() < interval / link.stall_every {
            free = free.max(truth + rng.random::<f64>());
            told.disturbed.push(truth);
        }
        free = (truth + rng.random::<f64>() * link.jitter).max(free);
        let t = DeviceTime(f64::from(number) * interval);
        number += 1;
        clock.arrived(t, SessionTime(free));
        let t = clock.align(t).0;
        assert!(t >= last, "time went back");
        last = t;
        told.errors.push((truth, t - truth));
        if truth > 33.0 {
            all += 1;
            beyond += u32::from((t - truth).abs() > 3.0 * clock.state().sigma);
        }
    }
    told.beyond = f64::from(beyond) / f64::from(all.max(1));
    told.state = clock.state();
    told
}

impl Told {
    /// The largest error from half a minute on and four seconds after anything happened, s.
    fn worst(&self) -> f64 {
        let calm = |t: f64| !self.disturbed.iter().any(|at| t > at - 0.1 && t < at + 4.0);
        let late = self.errors.iter().filter(|(t, _)| *t > 33.0 && calm(*t));
        late.map(|(_, error)| error.abs()).fold(0.0, f64::max)
    }
}

#[test]
fn a_rate_two_percent_off_is_known_to_five_milliseconds_within_half_a_minute() {
    for (seed, off) in (0..).zip([-0.02, -0.01, -0.002, 0.0, 0.003, 0.012, 0.02]) {
        for nominal in [60.0, 100.0, 200.0] {
            let told = tell(Link { nominal, off, ..PLAIN }, 180.0, seed);
            assert!(told.worst() < 0.005, "{off} at {nominal}: {}", told.worst());
            assert!(told.state.settled, "{:?}", told.state);
            // One sample of 5 ms is within the scatter of 30 ms.
            let lost = u32::from(nominal > 100.0);
            assert!(told.state.lost <= lost && told.state.jumps == 0, "{off} at {nominal}: {:?}", told.state);
            assert!((told.state.drift_ppm * 1e-6 - off).abs() < 1e-3, "{off}: {:?}", told.state);
        }
    }
}

#[test]
fn a_rate_that_wanders_is_followed() {
    let told = tell(Link { off: -0.01, warming: 2e-5, ..PLAIN }, 400.0, 1);
    assert!(told.worst() < 0.005, "{}", told.worst());
}

#[test]
fn samples_that_never_came_are_counted_and_time_stays_true() {
    for seed in 0..12 {
        let off = [-0.02, -0.004, 0.0, 0.015][seed as usize % 4];
        let told = tell(Link { off, losses: 40, ..PLAIN }, 200.0, 100 + seed);
        assert!(told.worst() < 0.005, "{seed}: {}", told.worst());
        let missed = (f64::from(told.lost) - f64::from(told.state.lost)).abs();
        // What is lost before the rate is known cannot be told from a slower sensor.
        assert!(missed <= 45.0, "{seed}: {} lost, {} noticed", told.lost, told.state.lost);
    }
}

/// Until a loss is certain, time is off by it: between one and ten percent of the time, and the clock has to say so.
#[test]
fn while_a_loss_is_not_certain_the_clock_says_how_far_off_it_may_be() {
    // The rarer and plainer the losses, the better: at 200 Hz a sample is a fraction of the jitter.
    for (nominal, jitter, losses, most) in [
        (60.0, 0.03, 1, 0.02),
        (100.0, 0.015, 40, 0.02),
        (100.0, 0.03, 40, 0.03),
        (200.0, 0.015, 1, 0.02),
        (200.0, 0.015, 40, 0.02),
        (200.0, 0.03, 40, 0.12),
    ] {
        let beyond: f64 = (0..6)
            .map(|seed| {
                let off = [-0.02, -0.004, 0.0, 0.015][seed as usize % 4];
                tell(Link { nominal, off, jitter, losses, ..PLAIN }, 150.0, 400 + seed).beyond / 6.0
            })
            .sum();
        assert!(beyond < most, "{nominal} Hz, {jitter} s, {losses}: {beyond}");
    }
}

#[test]
fn a_single_lost_sample_is_noticed() {
    for seed in 0..6 {
        let told = tell(Link { off: 0.01, losses: 1, jitter: 0.015, ..PLAIN }, 120.0, 200 + seed);
        assert!(told.worst() < 0.005, "{seed}: {}", told.worst());
        assert!(
            told.state.lost + 2 >= told.lost && told.state.lost <= told.lost,
            "{seed}: {} {}",
            told.lost,
            told.state.lost
        );
    }
}

#[test]
fn a_stall_after_which_everything_comes_is_no_loss() {
    for seed in 0..6 {
        let told = tell(Link { off: -0.015, stall_every: 15.0, ..PLAIN }, 200.0, 300 + seed);
        assert!(told.worst() < 0.005, "{seed}: {}", told.worst());
        assert_eq!(told.state.lost, 0, "{seed}");
    }
}

#[test]
fn a_new_link_numbers_from_zero_and_the_rate_is_still_known() {
    let mut clock = SensorClock::new(ClockKind::Arrival, Hz(NOMINAL));
    let mut rng = Pcg64Mcg::seed_from_u64(7);
    let mut worst = 0.0_f64;
    for (from, link) in [(0.0, 0), (64.0, 1)] {
        for number in 0..6000_u32 {
            let truth = from + f64::from(number) / (NOMINAL * 0.985);
            let t = DeviceTime(f64::from(number) / NOMINAL);
            clock.arrived(t, SessionTime(truth + 0.01 * rng.random::<f64>()));
            let error = clock.align(t).0 - truth;
            // From one second of the second link on, long before a slope can be seen.
            if link == 1 && number > 100 {
                worst = worst.max(error.abs());
            }
        }
    }
    assert!(worst < 0.005, "{worst}");
    assert_eq!(clock.state().jumps, 0);
}

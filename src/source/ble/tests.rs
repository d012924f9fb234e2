use super::board::LinkState;
use super::central::Central;
use super::radio::{NoRadio, RadioEvent};
use super::remote::{Command, Remote};
use super::roster::{Roster, Swap};
use super::simulated::{Simulated, peer};
use super::timing::Timing;
use crate::body::Placement;
use crate::host_clock;
use crate::input::{Input, Report, Trouble};
use crate::sensor::Pulse;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

/// Short, and still long against a busy machine's hiccups.
const TIMING: Timing = Timing {
    tick: Duration::from_millis(20),
    connect: Duration::from_millis(300),
    setup: Duration::from_millis(1500),
    silence: Duration::from_millis(700),
    stop: Duration::from_millis(300),
    unusable: Duration::from_millis(300),
    pause: Duration::from_millis(20),
    longest_pause: Duration::from_millis(100),
    search: Duration::from_secs(60),
    slept: || Duration::ZERO,
};

const PATIENCE: Duration = Duration::from_secs(20);

struct Bench {
    radio: Simulated,
    remote: Remote,
    inputs: Receiver<anyhow::Result<Input>>,
    stop: CancellationToken,
    running: JoinHandle<Central<Simulated>>,
    seen: Seen,
    _folder: TempDir,
}

/// What came in so far.
#[derive(Debug, Default)]
struct Seen {
    samples: BTreeMap<u16, Vec<f64>>,
    names: BTreeMap<u16, (String, Option<Placement>)>,
    announced: usize,
    troubles: Vec<(Option<u16>, Trouble, bool, String)>,
    out_of_order: bool,
    unannounced: bool,
    batteries: usize,
    quiet: usize,
    /// Session time of the newest packet.
    newest: f64,
}

impl Seen {
    fn take(&mut self, input: Input) {
        match input {
            Input::Sensor(info) => {
                self.announced += 1;
                self.names.insert(info.id.0, (info.name, info.placement));
            }
            Input::Packet(packet) => {
                self.newest = packet.arrival.map_or(self.newest, |t| t.0.max(self.newest));
                self.unannounced |= !self.names.contains_key(&packet.sensor.0);
                let times = self.samples.entry(packet.sensor.0).or_default();
                for sample in packet.samples {
                    self.out_of_order |= times.last().is_some_and(|last| sample.t.0 <= *last);
                    times.push(sample.t.0);
                }
            }
            Input::Link(link) => match link.report {
                Report::Trouble { trouble, active, message } => {
                    self.troubles.push((link.sensor.map(|s| s.0), trouble, active, message));
                }
                Report::Battery { .. } => self.batteries += 1,
                Report::Quiet => self.quiet += 1,
                Report::Bytes { .. } => {}
            },
            Input::Mark(_) | Input::Moment(_) | Input::Order(_) | Input::End => {}
        }
    }

    fn samples_of(&self, serial: &str) -> usize {
        let id = self.names.iter().find(|(_, (name, _))| name.ends_with(serial)).map(|(id, _)| *id);
        id.and_then(|id| self.samples.get(&id)).map_or(0, Vec::len)
    }

    fn told(&self, trouble: Trouble, active: bool) -> bool {
        self.troubles.iter().any(|(_, t, a, _)| (*t, *a) == (trouble, active))
    }
}

impl Bench {
    fn start(serials: &[&str], places: &[(&str, Placement)]) -> Self {
        Self::start_with(TIMING, serials, places)
    }

    fn start_with(timing: Timing, serials: &[&str], places: &[(&str, Placement)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut roster = Roster::open(folder.path()).unwrap();
        for (serial, placement) in places {
            roster.assign(serial, "open profile", None, Some(*placement)).unwrap();
        }
        let (radio, events) = Simulated::new(serials);
        let central = Central::new(radio.clone(), events, roster, timing);
        let remote = central.remote();
        let (running, inputs, stop) = run(central);
        Self { radio, remote, inputs, stop, running, seen: Seen::default(), _folder: folder }
    }

    fn read(&mut self) {
        while let Ok(input) = self.inputs.try_recv() {
            self.seen.take(input.unwrap());
        }
    }

    async fn until(&mut self, what: &str, mut so: impl FnMut(&Self) -> bool) {
        let start = host_clock::instant();
        loop {
            self.read();
            if so(self) {
                return;
            }
            assert!(
                host_clock::instant() - start < PATIENCE,
                "waited in vain for {what}: {:?}",
                self.seen.troubles
            );
            sleep(Duration::from_millis(10)).await;
        }
    }

    async fn all_send(&mut self, serials: &[&str]) {
        for serial in serials {
            let before = self.seen.samples_of(serial);
            self.until(serial, |b| b.seen.samples_of(serial) > before + 20).await;
        }
    }

    fn state_of(&self, id: &str) -> Option<LinkState> {
        self.remote.overview().sensors.iter().find(|card| card.id == id).map(|card| card.link)
    }

    async fn end(mut self) -> (Seen, Central<Simulated>) {
        self.stop.cancel();
        let central = self.running.await.unwrap();
        while let Ok(input) = self.inputs.recv() {
            self.seen.take(input.unwrap());
        }
        (self.seen, central)
    }
}

type Running = (JoinHandle<Central<Simulated>>, Receiver<anyhow::Result<Input>>, CancellationToken);

fn run(mut central: Central<Simulated>) -> Running {
    let (sender, inputs) = channel();
    let stop = CancellationToken::new();
    let token = stop.clone();
    let running = tokio::spawn(async move {
        central.run(sender, &token).await;
        central
    });
    (running, inputs, stop)
}

const FIVE: [&str; 5] = ["S1", "S2", "S3", "S4", "S5"];

fn five_places() -> Vec<(&'static str, Placement)> {
    FIVE.into_iter().zip(Placement::ALL).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_sensors_stream_everything_in_order() {
    let mut bench = Bench::start(&FIVE, &five_places());
    bench.all_send(&FIVE).await;
    bench.until("a second", |b| b.seen.samples_of("S5") > 100).await;
    let radio = bench.radio.clone();
    let (seen, _) = bench.end().await;
    assert!(!seen.out_of_order && !seen.unannounced);
    assert_eq!(seen.announced, 5, "each is announced once");
    for (n, serial) in FIVE.into_iter().enumerate() {
        let sent = radio.change(n + 1, |sensor| sensor.sent).unwrap();
        assert_eq!(seen.samples_of(serial) as u64, sent, "{serial}");
        assert_eq!(radio.change(n + 1, |sensor| sensor.connects), Some(1), "{serial}");
    }
    let placed: Vec<_> = seen.names.values().map(|(name, place)| (name.clone(), *place)).collect();
    for (serial, place) in five_places() {
        assert!(placed.contains(&(format!("Open {serial}"), Some(place))), "{placed:?}");
    }
    assert!(seen.troubles.is_empty(), "{:?}", seen.troubles);
    assert!(!radio.collided(), "one connect at a time");
    // Read, notified and asked for: it has not changed.
    assert_eq!(seen.batteries, 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dropped_link_heals_and_the_others_do_not_notice() {
    let mut bench = Bench::start(&FIVE, &five_places());
    bench.all_send(&FIVE).await;
    bench.radio.cut(2);
    bench.until("the loss", |b| b.seen.told(Trouble::Lost, true)).await;
    bench.until("the return", |b| b.seen.told(Trouble::Lost, false)).await;
    bench.all_send(&FIVE).await;
    let card = bench.remote.overview().sensors.into_iter().find(|c| c.id == "S2").unwrap();
    assert_eq!((card.reconnects, card.link), (1, LinkState::Streaming));
    assert!(card.last_reconnect_s.unwrap() < 3.0, "{card:?}");
    let radio = bench.radio.clone();
    let (seen, _) = bench.end().await;
    assert_eq!(seen.troubles.len(), 2, "{:?}", seen.troubles);
    assert!(seen.troubles[0].3.contains("left thigh"), "{:?}", seen.troubles);
    for n in [1, 3, 4, 5] {
        assert_eq!(radio.change(n, |s| s.connects), Some(1));
        assert_eq!(seen.samples_of(FIVE[n - 1]) as u64, radio.change(n, |s| s.sent).unwrap());
    }
    assert_eq!(seen.announced, 5, "the same sensor goes on: calibration and clock are kept");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_connects_to_a_sensor_that_is_away() {
    let mut bench = Bench::start(&["S1", "S2"], &[]);
    bench.all_send(&["S1", "S2"]).await;
    bench.radio.change(1, |sensor| sensor.away = true);
    bench.radio.cut(1);
    bench.until("the loss", |b| b.seen.told(Trouble::Lost, true)).await;
    bench.all_send(&["S2"]).await;
    assert_eq!(bench.radio.change(1, |s| s.connects), Some(1));
    bench.radio.change(1, |sensor| sensor.away = false);
    bench.all_send(&["S1"]).await;
    assert!(bench.seen.told(Trouble::Lost, false));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_silent_sensor_is_noticed_although_it_is_connected() {
    let mut bench = Bench::start(&["S1", "S2"], &[]);
    bench.all_send(&["S1", "S2"]).await;
    bench.radio.change(1, |sensor| sensor.silent = true);
    bench.until("the silence", |b| b.seen.told(Trouble::Lost, true)).await;
    bench.until("a new link", |b| b.radio.change(1, |s| s.connects > 1) == Some(true)).await;
    bench.radio.change(1, |sensor| sensor.silent = false);
    bench.all_send(&["S1", "S2"]).await;
    assert!(bench.seen.told(Trouble::Lost, false));
    assert_eq!(bench.radio.change(2, |s| s.connects), Some(1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nonsense_is_said_and_is_over_when_it_is_over() {
    let mut bench = Bench::start(&["S1", "S2"], &[]);
    bench.all_send(&["S1", "S2"]).await;
    bench.radio.change(1, |sensor| sensor.garbage = true);
    bench.until("the nonsense", |b| b.seen.told(Trouble::Garbage, true)).await;
    bench.all_send(&["S2"]).await;
    bench.radio.change(1, |sensor| sensor.garbage = false);
    bench.until("sense", |b| b.seen.told(Trouble::Garbage, false)).await;
    bench.all_send(&["S1", "S2"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connect_that_hangs_is_given_up_and_does_not_hold_the_others() {
    let mut bench = Bench::start(&["S1", "S2"], &[]);
    bench.radio.change(1, |sensor| sensor.hangs = true);
    bench.until("S2", |b| b.seen.samples_of("S2") > 20).await;
    bench.until("another try", |b| b.radio.change(1, |s| s.connects > 2) == Some(true)).await;
    let card = bench.remote.overview().sensors.into_iter().find(|c| c.name == "Open S1").unwrap();
    assert!(!card.reason.unwrap().contains("in progress"), "disconnected before the next try");
    bench.radio.change(1, |sensor| sensor.hangs = false);
    bench.all_send(&["S1", "S2"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_adapter_that_is_switched_off_and_on_resumes_the_session() {
    let mut bench = Bench::start(&["S1", "S2"], &[]);
    bench.all_send(&["S1", "S2"]).await;
    bench.radio.adapter(Err(NoRadio::Off));
    bench.until("the reason", |b| b.seen.told(Trouble::Radio, true)).await;
    assert!(bench.remote.overview().reason.unwrap().contains("switched off"));
    bench.until("time to go on", |b| b.seen.quiet > 0).await;
    bench.radio.adapter(Ok(()));
    bench.all_send(&["S1", "S2"]).await;
    assert!(bench.seen.told(Trouble::Radio, false));
    assert_eq!(bench.remote.overview().reason, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_of_an_old_link_does_not_end_the_new_one() {
    let mut bench = Bench::start(&["S1"], &[]);
    bench.all_send(&["S1"]).await;
    bench.radio.say(RadioEvent::Down(peer(1)));
    bench.all_send(&["S1"]).await;
    assert!(!bench.seen.told(Trouble::Lost, true));
    assert_eq!(bench.radio.change(1, |s| s.connects), Some(1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stranger_is_left_to_others_until_it_is_given_a_place() {
    let mut bench = Bench::start(&["S1", "S2"], &[("S1", Placement::LeftShank)]);
    bench.all_send(&["S1"]).await;
    // S1 alone is expected here, so nobody looks any further; a lost link makes us look.
    bench.radio.cut(1);
    bench.until("a look at S2", |b| b.radio.change(2, |s| s.connects > 0) == Some(true)).await;
    bench.until("its release", |b| b.state_of("S2") == Some(LinkState::InReach)).await;
    assert_eq!(bench.seen.samples_of("S2"), 0);
    bench.remote.command("S2", Command::Place(Some(Placement::RightShank))).unwrap();
    bench.all_send(&["S1", "S2"]).await;
    assert_eq!(bench.seen.names.values().filter(|(_, p)| *p == Some(Placement::RightShank)).count(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_sensors_with_one_serial_the_second_is_left_out() {
    let mut bench = Bench::start(&["S1", "S1"], &[("S1", Placement::LeftShank)]);
    bench.until("the claim", |b| b.seen.told(Trouble::Claim, true)).await;
    bench.all_send(&["S1"]).await;
    assert_eq!(bench.seen.samples.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_place_is_given_while_it_streams_and_a_sensor_shows_itself() {
    let mut bench = Bench::start(&["S1"], &[]);
    bench.all_send(&["S1"]).await;
    bench.remote.command("S1", Command::Identify).unwrap();
    bench.remote.command("S1", Command::Place(Some(Placement::Pelvis))).unwrap();
    bench.until("the place", |b| b.seen.names.values().any(|(_, p)| *p == Some(Placement::Pelvis))).await;
    bench.until("the light", |b| b.radio.change(1, |s| s.asked_to_identify) == Some(1)).await;
    assert!(bench.remote.command("S9", Command::Identify).unwrap_err().to_string().contains("no sensor S9"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn starts_and_stops_twenty_times() {
    let mut bench = Bench::start(&["S1", "S2"], &[]);
    for round in 0..20 {
        bench.all_send(&["S1", "S2"]).await;
        // The session before this one.
        let last_used = bench.remote.overview().sensors.into_iter().filter(|card| card.last_used.is_some());
        assert_eq!(last_used.count(), if round == 0 { 0 } else { 2 }, "{round}");
        bench.stop.cancel();
        let central = bench.running.await.unwrap();
        let (running, inputs, stop) = run(central);
        let seen = Seen::default();
        assert_eq!(bench.radio.change(1, |s| s.connects), Some(round + 1));
        bench = Bench { inputs, stop, running, seen, ..bench };
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn looking_around_lists_without_connecting() {
    let (radio, events) = Simulated::new(&["S1", "S2"]);
    let folder = tempfile::tempdir().unwrap();
    let mut central = Central::new(radio.clone(), events, Roster::open(folder.path()).unwrap(), TIMING);
    let overview = central.look_around(Duration::from_millis(300)).await;
    assert_eq!((overview.sensors.len(), overview.reason), (2, None));
    assert_eq!(radio.change(1, |s| s.connects), Some(0));
    radio.adapter(Err(NoRadio::NoAdapter));
    let overview = central.look_around(Duration::from_millis(300)).await;
    assert!(overview.reason.unwrap().contains("no Bluetooth adapter"));
}

static SLEPT: AtomicU64 = AtomicU64::new(7);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_computer_that_was_asleep_makes_all_links_again_and_time_has_gone_on() {
    let timing = Timing { slept: || Duration::from_secs(SLEPT.load(Ordering::Relaxed)), ..TIMING };
    let mut bench = Bench::start_with(timing, &["S1", "S2"], &[]);
    bench.all_send(&["S1", "S2"]).await;
    assert!(bench.seen.newest < 60.0, "what was slept before the session is no part of it");
    // The system holds the links to be up, and nothing comes over them.
    for n in [1, 2] {
        bench.radio.change(n, |sensor| sensor.silent = true);
    }
    SLEPT.fetch_add(3600, Ordering::Relaxed);
    bench
        .until("the gap to be told", |b| {
            b.seen.told(Trouble::Radio, true) && b.radio.change(2, |s| s.connects > 1) == Some(true)
        })
        .await;
    for n in [1, 2] {
        bench.radio.change(n, |sensor| sensor.silent = false);
    }
    bench.all_send(&["S1", "S2"]).await;
    assert!(bench.seen.newest > 3600.0, "{}", bench.seen.newest);
    let losses: Vec<_> = bench.seen.troubles.iter().filter(|t| t.1 == Trouble::Lost && t.2).collect();
    assert_eq!(losses.len(), 2, "{losses:?}");
    assert!(losses.iter().all(|loss| loss.3.contains("asleep")), "{losses:?}");
    assert!(bench.seen.told(Trouble::Radio, false) && bench.seen.told(Trouble::Lost, false));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_impostor_is_said_and_left_alone_and_the_others_do_not_notice() {
    let mut bench = Bench::start(&["S1", "S2"], &[]);
    bench.radio.change(1, |sensor| sensor.impostor = true);
    bench.until("the reason", |b| b.state_of("Open S1") == Some(LinkState::Unusable)).await;
    bench.until("S2", |b| b.seen.samples_of("S2") > 100).await;
    let card = bench.remote.overview().sensors.into_iter().find(|c| c.name == "Open S1").unwrap();
    assert!(card.reason.unwrap().contains("cannot be used"));
    let early = bench.radio.change(1, |s| s.connects).unwrap();
    bench.until("time to pass", |b| b.seen.samples_of("S2") > 400).await;
    let late = bench.radio.change(1, |s| s.connects).unwrap() - early;
    assert!(late <= 3, "tried {late} times in three seconds: each takes the radio from the others");
    assert_eq!((bench.seen.samples.len(), bench.radio.change(2, |s| s.connects)), (1, Some(1)));
    // Somebody has put the right firmware on it.
    bench.radio.change(1, |sensor| sensor.impostor = false);
    bench.all_send(&["S1"]).await;
    assert!(bench.seen.told(Trouble::Unusable, false));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_that_ends_with_an_empty_battery_says_charge_it() {
    let mut bench = Bench::start(&["S1"], &[]);
    bench.radio.change(1, |sensor| sensor.battery = 4);
    bench.all_send(&["S1"]).await;
    bench.until("the warning", |b| b.seen.told(Trouble::BatteryLow, true)).await;
    bench.radio.change(1, |sensor| sensor.away = true);
    bench.radio.cut(1);
    bench.until("the loss", |b| b.seen.told(Trouble::Lost, true)).await;
    let lost = bench.seen.troubles.iter().find(|t| t.1 == Trouble::Lost).unwrap();
    assert!(lost.3.contains("4 % left: charge it"), "{lost:?}");
    bench.radio.change(1, |sensor| (sensor.away, sensor.battery) = (false, 100));
    bench.all_send(&["S1"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn places_given_the_wrong_way_round_are_exchanged_while_it_streams() {
    let mut bench = Bench::start(&FIVE, &five_places());
    bench.all_send(&FIVE).await;
    bench.remote.swap(Swap::Legs).unwrap();
    let mirrored = |b: &Bench| {
        five_places().iter().all(|(serial, place)| {
            b.seen
                .names
                .values()
                .any(|(name, now)| name.ends_with(serial) && *now == Some(Swap::Legs.of(*place)))
        })
    };
    bench.until("the other places", mirrored).await;
    bench.all_send(&FIVE).await;
    assert!(bench.seen.troubles.is_empty(), "{:?}", bench.seen.troubles);
    assert_eq!(bench.radio.change(1, |s| s.connects), Some(1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cue_reaches_the_sensor_at_a_place() {
    let mut bench = Bench::start(&FIVE, &five_places());
    bench.all_send(&FIVE).await;
    let pulse = Pulse { seconds: 0.25, strength: 1.0 };
    bench.remote.vibrate_at(Placement::LeftThigh, pulse).unwrap();
    let n =
        FIVE.iter().zip(1..).find(|(s, _)| five_places().contains(&(**s, Placement::LeftThigh))).unwrap().1;
    bench
        .until("the vibration", |b| b.radio.change(n, |s| s.vibrated.clone()) == Some(vec![3, 250, 0, 255]))
        .await;
    let bench = Bench::start(&["S1"], &[]);
    assert!(
        bench
            .remote
            .vibrate_at(Placement::Pelvis, pulse)
            .unwrap_err()
            .to_string()
            .contains("no sensor pelvis")
    );
}

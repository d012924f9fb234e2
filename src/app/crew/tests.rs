use super::*;
use crate::app::sensors::Alone;
use crate::body::Placement::{self, LeftShank, LeftThigh, RightShank, RightThigh};
use crate::body::Side;
use crate::event::Event;
use crate::host_clock;
use crate::pipeline::{Pipeline, PipelineConfig};
use crate::serve::Site;
use crate::source::ble::simulated::Simulated;
use crate::source::mcap;
use crate::source::synthetic::{Episode, EpisodeKind, Runner, RunnerConfig};
use crate::store::{RECORDINGS, Store};
use crate::units::STANDARD_GRAVITY;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use serde_json::Value;
use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::task::yield_now;
use tokio::time::sleep;
use tower::ServiceExt;

const PATIENCE: Duration = Duration::from_secs(120);
const HERON: [(&str, Placement); 4] =
    [("H1", LeftThigh), ("H2", RightThigh), ("H3", LeftShank), ("H4", RightShank)];
const OTTER: [(&str, Placement); 2] = [("O1", RightThigh), ("O2", RightShank)];

/// Courses are played faster than time: silence is no sign of anything.
fn timing() -> Timing {
    let hour = Duration::from_secs(3600);
    Timing { tick: Duration::from_millis(20), setup: hour, silence: hour, ..Timing::default() }
}

fn config(folder: &Path) -> Config {
    let pipeline = PipelineConfig::default();
    Config { port: 0, data_dir: folder.to_owned(), nats: crate::team::Nats::default(), pipeline }
}

/// What sensors of the open profile would send of this runner, in counts, by place, all from the same time on.
fn courses(config: &RunnerConfig) -> BTreeMap<Placement, VecDeque<[i16; 6]>> {
    let mut places = BTreeMap::new();
    let mut courses = BTreeMap::<_, VecDeque<_>>::new();
    let mut begin = f64::NEG_INFINITY;
    for input in Runner::new(config).unwrap() {
        match input {
            Input::Sensor(info) => {
                places.insert(info.id, info.placement.unwrap());
            }
            Input::Packet(packet) => {
                let course = courses.entry(places[&packet.sensor]).or_default();
                if course.is_empty() {
                    begin = begin.max(packet.samples[0].t.0);
                }
                for sample in packet.samples {
                    let acc = sample.acc * (2048.0 / STANDARD_GRAVITY);
                    let gyr = sample.gyr / 0.001_065;
                    let counts = [acc.x, acc.y, acc.z, gyr.x, gyr.y, gyr.z].map(|v| v.round() as i16);
                    course.push_back((sample.t.0, counts));
                }
            }
            _ => {}
        }
    }
    let from_begin = |course: VecDeque<(f64, _)>| {
        course.into_iter().filter(|(t, _)| *t > begin - 0.005).map(|(_, counts)| counts).collect()
    };
    courses.into_iter().map(|(place, course)| (place, from_begin(course))).collect()
}

fn body(seed: u64, episodes: Vec<Episode>) -> BTreeMap<Placement, VecDeque<[i16; 6]>> {
    let mut config =
        RunnerConfig { seed, running_s: 140.0, individuality: 0.5, episodes, ..RunnerConfig::default() };
    (config.radio.loss, config.clock.shared, config.pelvis_sensor) = (0.0, true, false);
    courses(&config)
}

fn heron() -> BTreeMap<Placement, VecDeque<[i16; 6]>> {
    let (side, kind) = (Side::Right, EpisodeKind::Adduction);
    body(3, vec![Episode { side, kind, degrees: 10.0, start_s: 100.0, duration_s: 50.0, ramp_s: 2.0 }])
}

/// From the `first`th sensor on they are worn by this body. How long its course is, s.
fn wear(
    radio: &Simulated,
    first: usize,
    sensors: &[(&str, Placement)],
    mut body: BTreeMap<Placement, VecDeque<[i16; 6]>>,
) -> f64 {
    let seconds = body[&sensors[0].1].len() as f64 / 100.0;
    for (n, (_, place)) in (first..).zip(sensors) {
        radio.change(n, |sensor| sensor.course = body.remove(place));
    }
    seconds
}

fn roster(folder: &Path) -> Roster {
    let mut roster = Roster::open(folder).unwrap();
    for (runner, sensors) in [("Heron", &HERON[..]), ("Otter", &OTTER[..])] {
        for (serial, place) in sensors {
            roster.assign(serial, "", Some(runner), Some(*place)).unwrap();
        }
    }
    roster
}

async fn until(what: &str, mut so: impl AsyncFnMut() -> bool) {
    let start = host_clock::instant();
    while !so().await {
        assert!(host_clock::instant() - start < PATIENCE, "waited in vain for {what}");
        sleep(Duration::from_millis(20)).await;
    }
}

async fn ask(site: &Site, method: &str, path: &str, body: &str) -> (StatusCode, Value) {
    let request = Request::builder().method(method).uri(path);
    let request = request.header("host", "localhost").header("content-type", "application/json");
    let request = request.body(Body::from(body.to_owned())).unwrap();
    let answer = site.clone().router().oneshot(request).await.unwrap();
    let status = answer.status();
    let bytes = to_bytes(answer.into_body(), usize::MAX).await.unwrap();
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

async fn get(site: &Site, path: &str) -> Value {
    ask(site, "GET", path, "").await.1
}

/// Sensors follow their courses up to here, s. All tasks share one thread and take turns, so that no link is left
/// behind by more than a step: a second of its own time would count as silence.
async fn follow(radio: &Simulated, end: f64) {
    while radio.follow(1) < end {
        yield_now().await;
    }
}

/// The session has come this far.
async fn reached(site: &Site, api: &str, t: f64) -> bool {
    get(site, &format!("{api}/health")).await["time_s"].as_f64().is_some_and(|now| now >= t)
}

fn recording(folder: &Path, ending: &str) -> PathBuf {
    let files = std::fs::read_dir(folder.join(RECORDINGS)).unwrap().map(|file| file.unwrap().path());
    let mut files = files.filter(|path| path.display().to_string().ends_with(ending));
    let one = files.next().unwrap();
    assert_eq!(files.next(), None);
    one
}

/// What each sensor sent, by its name, to the bit; its own clock aside, which began when it was switched on.
fn packets(path: &Path) -> BTreeMap<String, Vec<String>> {
    let (mut names, mut packets) = (BTreeMap::new(), BTreeMap::<_, Vec<_>>::new());
    for input in mcap::open(path).unwrap().inputs().unwrap() {
        match input.unwrap() {
            Input::Sensor(info) => {
                names.insert(info.id, info.name);
            }
            Input::Packet(p) => {
                let measured: Vec<_> = p.samples.iter().map(|s| (s.acc, s.gyr)).collect();
                let packet = format!("{:?} {measured:?}", p.arrival);
                packets.entry(names[&p.sensor].clone()).or_default().push(packet);
            }
            _ => {}
        }
    }
    packets
}

/// The recording plays to the stances and alerts that were kept of the session.
fn plays_to_the_same(store: &Store, path: &Path) -> usize {
    let id = path.file_stem().unwrap().to_string_lossy().into_owned();
    let mut pipeline = Pipeline::new(&PipelineConfig::default()).unwrap();
    // Kept to a tenth of a millisecond.
    let kept_as = |t: f64| (t * 1e4).round() as i64;
    let (mut contacts, mut onsets) = (Vec::new(), BTreeMap::new());
    for input in mcap::open(path).unwrap().inputs().unwrap() {
        for event in pipeline.push(&input.unwrap()) {
            match event {
                Event::Stance(stance) => contacts.push(kept_as(stance.ic.0)),
                Event::Alert(alert) => {
                    onsets.insert(alert.number, kept_as(alert.onset.0));
                }
                _ => {}
            }
        }
    }
    let kept = store.stances(&id).unwrap();
    contacts.sort_unstable();
    assert_eq!(kept.iter().map(|stance| kept_as(stance.ic_time_s)).collect::<Vec<_>>(), contacts, "{id}");
    let alerts = store.alerts(&id).unwrap();
    assert_eq!(
        alerts.iter().map(|a| (a.number, kept_as(a.onset_time_s))).collect::<BTreeMap<_, _>>(),
        onsets,
        "{id}"
    );
    kept.len()
}

#[tokio::test]
async fn two_runners_share_a_radio_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let (config, roster) = (config(folder.path()), roster(folder.path()));
    let (radio, events) = Simulated::new(&["H1", "H2", "H3", "H4", "O1", "O2"]);
    let seconds = wear(&radio, 1, &HERON, heron());
    wear(&radio, 5, &OTTER, body(4, Vec::new()));
    let stop = CancellationToken::new();
    // A failed test ends the sessions, too, or the runtime would wait for them.
    let _ends = stop.clone().drop_guard();
    let names = ["Heron", "Otter"].map(str::to_owned);
    let runners = runners(&config, crew(&names).unwrap(), true).unwrap();
    let places = runners.iter().map(|(place, _)| place.clone()).collect();
    let site = Site::new(places, stop.clone());
    let playing =
        tokio::spawn(play(Central::new(radio.clone(), events, roster, timing()), runners, stop.clone()));
    until("all sensors", async || radio.streaming() == 6).await;
    follow(&radio, 70.0).await;
    radio.change(5, |sensor| sensor.away = true);
    radio.cut(5);
    follow(&radio, 80.0).await;
    radio.change(5, |sensor| sensor.away = false);
    until("it to come back", async || radio.streaming() == 6).await;
    follow(&radio, seconds).await;
    for api in ["/r/heron/api/v1", "/r/otter/api/v1"] {
        until("the end of the run", async || reached(&site, api, seconds - 1.0).await).await;
    }
    let alerts = get(&site, "/r/heron/api/v1/alerts").await;
    assert!(!alerts.as_array().unwrap().is_empty());
    assert!(alerts.as_array().unwrap().iter().all(|alert| alert["side"] == "right"), "{alerts:#}");
    assert_eq!(get(&site, "/r/otter/api/v1/alerts").await, serde_json::json!([]));
    let codes = |health: Value| {
        let checks = health["checks"].as_array().unwrap().clone();
        checks.iter().map(|check| check["code"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let (heron, otter) = (
        codes(get(&site, "/r/heron/api/v1/health").await),
        codes(get(&site, "/r/otter/api/v1/health").await),
    );
    assert!(otter.iter().any(|code| code.contains("lost")), "{otter:?}");
    assert!(!heron.iter().any(|code| code.contains("lost")), "{heron:?}");
    stop.cancel();
    playing.await.unwrap().unwrap();

    let store = Store::open(folder.path()).unwrap();
    let (hers, others) = (recording(folder.path(), "_heron.mcap"), recording(folder.path(), "_otter.mcap"));
    assert!(plays_to_the_same(&store, &hers) > 200);
    plays_to_the_same(&store, &others);
    for (name, path, sensors) in [("Heron", &hers, 4), ("Otter", &others, 2)] {
        assert_eq!(packets(path).len(), sensors, "{name}");
        let runner = store.runner(name).unwrap().id;
        assert_eq!(store.sessions(Some(runner)).unwrap().len(), 1, "{name}");
    }
    let (hers, alone) = (packets(&hers), alone().await);
    assert_eq!(hers.keys().collect::<Vec<_>>(), alone.keys().collect::<Vec<_>>());
    for (name, packets) in &hers {
        // How many of the last second were still heard is chance.
        let whole = (seconds - 1.5) / 0.02;
        let both = || packets.iter().zip(&alone[name]);
        assert!(both().count() as f64 > whole, "{name}");
        let other = both().find(|(crew, alone)| crew != alone);
        assert_eq!(other, None, "a daemon of one runner hears something else of {name}");
    }
}

/// What a daemon with this runner alone hears.
async fn alone() -> BTreeMap<String, Vec<String>> {
    let folder = tempfile::tempdir().unwrap();
    let (config, roster) = (config(folder.path()), roster(folder.path()));
    let (radio, events) = Simulated::new(&HERON.map(|(serial, _)| serial));
    let seconds = wear(&radio, 1, &HERON, heron());
    let stop = CancellationToken::new();
    // A failed test ends the sessions, too, or the runtime would wait for them.
    let _ends = stop.clone().drop_guard();
    let kept = keep::begin(&config, Some("Heron"), Plays::Sensors);
    let whose = Whose { config, kept: kept.clone(), record: true, of: None };
    let central = Central::new(radio.clone(), events, roster, timing());
    let place = Place::alone(crate::serve::Hub::new());
    let site = Site::new(vec![place.clone()], stop.clone());
    let playing = tokio::spawn(sessions(Alone { central, kept }, whose, place.hub, stop.clone()));
    until("all sensors", async || radio.streaming() == 4).await;
    follow(&radio, seconds).await;
    until("the end of the run", async || reached(&site, "/api/v1", seconds - 1.0).await).await;
    stop.cancel();
    playing.await.unwrap().unwrap();
    packets(&recording(folder.path(), ".mcap"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_free_sensor_is_taken_on_one_page_and_named_on_the_other() {
    let folder = tempfile::tempdir().unwrap();
    let (config, roster) = (config(folder.path()), Roster::open(folder.path()).unwrap());
    let (radio, events) = Simulated::new(&["S1", "S2"]);
    let stop = CancellationToken::new();
    // A failed test ends the sessions, too, or the runtime would wait for them.
    let _ends = stop.clone().drop_guard();
    let names = ["Heron", "Otter"].map(str::to_owned);
    let runners = runners(&config, crew(&names).unwrap(), false).unwrap();
    let places = runners.iter().map(|(place, _)| place.clone()).collect();
    let site = Site::new(places, stop.clone());
    let playing = tokio::spawn(play(
        Central::new(radio.clone(), events, roster, Timing::default()),
        runners,
        stop.clone(),
    ));
    until("both sensors", async || radio.streaming() == 2).await;
    let (taken, said) =
        ask(&site, "POST", "/r/heron/api/v1/sensors/S1/placement", r#"{"placement": "left_thigh"}"#).await;
    assert_eq!(taken, StatusCode::NO_CONTENT, "{said}");
    until("its samples", async || {
        let sensors = get(&site, "/r/heron/api/v1/sensors").await;
        sensors.as_array().unwrap().iter().any(|s| s["placement"] == "left_thigh" && s["online"] == true)
    })
    .await;
    let others = get(&site, "/r/otter/api/v1/sensors").await;
    let card = others.as_array().unwrap().iter().find(|s| s["link"]["id"] == "S1").unwrap();
    assert_eq!((&card["placement"], &card["link"]["worn_by"]), (&Value::Null, &"Heron".into()));
    assert_eq!(card["link"]["reason"], "Heron wears it: left thigh");
    let (refused, said) =
        ask(&site, "POST", "/r/otter/api/v1/sensors/S1/placement", r#"{"placement": "pelvis"}"#).await;
    assert_eq!(refused, StatusCode::CONFLICT);
    assert!(said.as_str().unwrap().contains("Heron's"), "{said}");
    assert_eq!(
        ask(&site, "POST", "/r/heron/api/v1/session", r#"{"running": false}"#).await.0,
        StatusCode::NO_CONTENT
    );
    until("one to rest", async || radio.streaming() == 1).await;
    let (taken, _) =
        ask(&site, "POST", "/r/otter/api/v1/sensors/S2/placement", r#"{"placement": "left_thigh"}"#).await;
    assert_eq!(taken, StatusCode::NO_CONTENT, "the same place of another runner");
    assert_eq!(
        ask(&site, "POST", "/r/heron/api/v1/session", r#"{"running": true}"#).await.0,
        StatusCode::NO_CONTENT
    );
    until("both again", async || radio.streaming() == 2).await;
    radio.adapter(Err(crate::source::ble::radio::NoRadio::Off));
    for api in ["/r/heron/api/v1", "/r/otter/api/v1"] {
        until("the reason", async || {
            let health = get(&site, &format!("{api}/health")).await;
            health["checks"]
                .as_array()
                .unwrap()
                .iter()
                .any(|check| check["message"].to_string().contains("switched off"))
        })
        .await;
    }
    stop.cancel();
    playing.await.unwrap().unwrap();
}

#[test]
fn two_runners_of_one_address_are_refused() {
    let said = crew(&["Heron", "heron"].map(str::to_owned)).unwrap_err().to_string();
    assert!(said.contains("/r/heron/"), "{said}");
}

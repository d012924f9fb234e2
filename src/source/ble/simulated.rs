//! A radio that does not exist, with sensors of the open profile on it, for tests: links drop, sensors vanish, fall
//! silent, restart and talk nonsense as told.

use super::radio::{NoRadio, Notified, Peer, Radio, RadioError, RadioEvent, Sighting};
use crate::host_clock;
use crate::sensor::{Advertisement, Operation, Uuid};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::{MissedTickBehavior, interval};

const SERVICE: Uuid = Uuid::from_u128(0x2e02_0001_72db_46d4_b7ca_0b36_ff29_a792);
const DESCRIPTION: Uuid = Uuid::from_u128(0x2e02_0002_72db_46d4_b7ca_0b36_ff29_a792);
const CONTROL: Uuid = Uuid::from_u128(0x2e02_0003_72db_46d4_b7ca_0b36_ff29_a792);
const DATA: Uuid = Uuid::from_u128(0x2e02_0004_72db_46d4_b7ca_0b36_ff29_a792);
const BATTERY: Uuid = Uuid::from_u128(0x0000_2a19_0000_1000_8000_0080_5f9b_34fb);

/// Two samples every 20 ms.
const STEP: Duration = Duration::from_millis(20);
const PER_STEP: u16 = 2;

#[derive(Debug, Clone)]
pub(crate) struct Simulated {
    inner: Arc<Mutex<Inner>>,
    events: UnboundedSender<RadioEvent>,
}

#[derive(Debug)]
struct Inner {
    adapter: Result<(), NoRadio>,
    scanning: bool,
    connecting: usize,
    /// Two connects at once, ever: BlueZ would have aborted one.
    collided: bool,
    /// When courses began, and how many steps of them are over.
    course: Option<(Instant, u32)>,
    sensors: BTreeMap<Peer, Sensor>,
}

#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fault of its own")]
pub(crate) struct Sensor {
    pub(super) serial: String,
    pub(crate) away: bool,
    pub(super) silent: bool,
    pub(super) garbage: bool,
    /// Connecting never comes to an end, and neither does the system's trying.
    pub(super) hangs: bool,
    /// The system is still trying to connect.
    trying: bool,
    up: bool,
    subscribed: bool,
    streaming: bool,
    sequence: u16,
    micros: u32,
    pub(super) sent: u64,
    pub(super) connects: u32,
    pub(super) asked_to_identify: u32,
    /// The last command to vibrate.
    pub(super) vibrated: Vec<u8>,
    /// Advertises what it is not.
    pub(super) impostor: bool,
    /// Percent; 0 is 87.
    pub(super) battery: u8,
    sink: Option<UnboundedSender<Notified>>,
    /// What it measures, in counts, as all [`follow`](Simulated::follow) theirs; standing still without.
    pub(crate) course: Option<VecDeque<[i16; 6]>>,
}

impl Simulated {
    pub(crate) fn new(serials: &[&str]) -> (Self, UnboundedReceiver<RadioEvent>) {
        let (events, receiver) = unbounded_channel();
        let sensors = serials
            .iter()
            .zip(1..)
            .map(|(serial, n)| (peer(n), Sensor { serial: (*serial).to_owned(), ..Sensor::default() }))
            .collect();
        let inner =
            Inner { adapter: Ok(()), scanning: false, connecting: 0, collided: false, course: None, sensors };
        let radio = Self { inner: Arc::new(Mutex::new(inner)), events };
        tokio::spawn(radio.clone().live());
        (radio, receiver)
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn collided(&self) -> bool {
        self.lock().collided
    }

    pub(crate) fn change<T>(&self, n: usize, with: impl FnOnce(&mut Sensor) -> T) -> Option<T> {
        self.lock().sensors.get_mut(&peer(n)).map(with)
    }

    /// Sensors follow their courses this many steps farther, all at once: on a time of their own, that goes as fast as
    /// this is called. Gives how far they are, s.
    pub(crate) fn follow(&self, more: u32) -> f64 {
        let mut inner = self.lock();
        let Inner { course, sensors, .. } = &mut *inner;
        let (began, steps) = course.get_or_insert_with(|| (host_clock::instant(), 0));
        for _ in 0..more {
            let at = *began + STEP * *steps;
            *steps += 1;
            sensors.values_mut().filter(|sensor| sensor.course.is_some()).for_each(|sensor| sensor.step(at));
        }
        (STEP * *steps).as_secs_f64()
    }

    /// Those that send.
    pub(crate) fn streaming(&self) -> usize {
        self.lock().sensors.values().filter(|sensor| sensor.up && sensor.streaming).count()
    }

    /// The link ends; the sensor goes on advertising unless it is away.
    pub(crate) fn cut(&self, n: usize) {
        let was_up = self.change(n, |sensor| {
            sensor.subscribed = false;
            sensor.streaming = false;
            std::mem::take(&mut sensor.up)
        });
        if was_up == Some(true) {
            self.say(RadioEvent::Down(peer(n)));
        }
    }

    pub(super) fn say(&self, event: RadioEvent) {
        self.events.send(event).ok();
    }

    pub(crate) fn adapter(&self, state: Result<(), NoRadio>) {
        let mut inner = self.lock();
        inner.adapter = state;
        inner.scanning = false;
        let all: Vec<_> = inner.sensors.keys().cloned().collect();
        for sensor in inner.sensors.values_mut() {
            (sensor.up, sensor.subscribed, sensor.streaming) = (false, false, false);
        }
        drop(inner);
        for peer in all {
            self.say(RadioEvent::Down(peer));
        }
        self.say(RadioEvent::Changed);
    }

    async fn live(self) {
        let mut steps = interval(STEP);
        steps.set_missed_tick_behavior(MissedTickBehavior::Burst);
        loop {
            steps.tick().await;
            let mut inner = self.lock();
            let scanning = inner.scanning;
            for (peer, sensor) in &mut inner.sensors {
                if scanning && !sensor.away && !sensor.up {
                    let advertisement = Advertisement {
                        name: Some(format!("Open {}", sensor.serial)),
                        services: vec![SERVICE],
                        manufacturer_data: Vec::new(),
                    };
                    self.say(RadioEvent::Sighted(Sighting {
                        peer: peer.clone(),
                        advertisement,
                        rssi: Some(-50),
                    }));
                }
                if sensor.course.is_none() {
                    sensor.step(host_clock::instant());
                }
            }
        }
    }
}

pub(super) fn peer(n: usize) -> Peer {
    Peer(format!("sim{n}"))
}

impl Sensor {
    fn step(&mut self, at: Instant) {
        self.micros = self.micros.wrapping_add(20_000);
        let still = || [[0, 0, 2048, 0, 0, 0]; PER_STEP as usize];
        let counts: [[i16; 6]; PER_STEP as usize] = match &mut self.course {
            None => still(),
            Some(course) => match (course.pop_front(), course.pop_front()) {
                (Some(one), Some(other)) => [one, other],
                _ => return,
            },
        };
        if !(self.up && self.subscribed && self.streaming) || self.silent {
            return;
        }
        if self.garbage {
            self.notify(at, DATA, vec![1, 2, 3]);
            return;
        }
        let mut bytes = self.sequence.to_le_bytes().to_vec();
        bytes.extend(self.micros.to_le_bytes());
        bytes.extend(10_000_u16.to_le_bytes());
        for count in counts.as_flattened() {
            bytes.extend(count.to_le_bytes());
        }
        self.sequence = self.sequence.wrapping_add(PER_STEP);
        self.sent += u64::from(PER_STEP);
        self.notify(at, DATA, bytes);
    }

    fn notify(&self, at: Instant, from: Uuid, bytes: Vec<u8>) {
        if let Some(sink) = &self.sink {
            sink.send(Notified { from, bytes, at }).ok();
        }
    }

    fn description(&self) -> Vec<u8> {
        if self.impostor {
            return b"hello, I am a lamp".to_vec();
        }
        let mut bytes = vec![1, 0, 0, 0];
        for number in [100.0_f32, 9.806_65 / 2048.0, 156.906_4, 0.001_065, 34.906_6] {
            bytes.extend(number.to_le_bytes());
        }
        for text in [self.serial.as_str(), "1.0"] {
            let mut field = text.as_bytes().to_vec();
            field.resize(12, 0);
            bytes.extend(field);
        }
        bytes
    }

    fn write(&mut self, bytes: &[u8]) {
        match bytes.first() {
            Some(0) => self.streaming = false,
            Some(1) => self.streaming = true,
            Some(2) => self.asked_to_identify += 1,
            Some(3) => self.vibrated = bytes.to_vec(),
            _ => {}
        }
    }
}

impl Radio for Simulated {
    async fn state(&self) -> Result<(), NoRadio> {
        self.lock().adapter
    }

    async fn scan(&self, on: bool) -> Result<(), RadioError> {
        let mut inner = self.lock();
        inner.adapter?;
        inner.scanning = on;
        Ok(())
    }

    async fn connect(&self, peer: &Peer) -> Result<(), RadioError> {
        let hangs = {
            let mut inner = self.lock();
            inner.adapter?;
            inner.connecting += 1;
            inner.collided |= inner.connecting > 1;
            let sensor = inner.sensors.get_mut(peer).ok_or_else(|| RadioError::Gone("unknown".to_owned()))?;
            sensor.connects += 1;
            if sensor.trying {
                inner.connecting -= 1;
                return Err(RadioError::Refused("operation already in progress".to_owned()));
            }
            sensor.trying = true;
            sensor.hangs || sensor.away
        };
        if hangs {
            std::future::pending::<()>().await;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
        let mut inner = self.lock();
        inner.connecting -= 1;
        if let Some(sensor) = inner.sensors.get_mut(peer) {
            sensor.trying = false;
            sensor.up = true;
        }
        Ok(())
    }

    async fn discover(&self, _peer: &Peer) -> Result<u16, RadioError> {
        Ok(247)
    }

    async fn disconnect(&self, peer: &Peer) {
        let mut inner = self.lock();
        let Some(sensor) = inner.sensors.get_mut(peer) else { return };
        (sensor.up, sensor.subscribed, sensor.streaming) = (false, false, false);
        if std::mem::take(&mut sensor.trying) {
            inner.connecting -= 1;
        }
        drop(inner);
        self.say(RadioEvent::Down(peer.clone()));
    }

    async fn is_up(&self, peer: &Peer) -> bool {
        self.lock().sensors.get(peer).is_some_and(|sensor| sensor.up)
    }

    async fn listen(&self, peer: &Peer) -> Result<UnboundedReceiver<Notified>, RadioError> {
        let (sender, receiver) = unbounded_channel();
        if let Some(sensor) = self.lock().sensors.get_mut(peer) {
            sensor.sink = Some(sender);
        }
        Ok(receiver)
    }

    async fn perform(&self, peer: &Peer, operation: &Operation) -> Result<Option<Vec<u8>>, RadioError> {
        tokio::time::sleep(Duration::from_millis(2)).await;
        let mut inner = self.lock();
        let sensor = inner.sensors.get_mut(peer).filter(|sensor| sensor.up);
        let sensor = sensor.ok_or_else(|| RadioError::Gone("not connected".to_owned()))?;
        match operation {
            Operation::Subscribe(DATA) => sensor.subscribed = true,
            Operation::Unsubscribe(DATA) => sensor.subscribed = false,
            Operation::Write { to: CONTROL, bytes, .. } => sensor.write(bytes),
            Operation::Read(from) => {
                let value = match *from {
                    DESCRIPTION => sensor.description(),
                    BATTERY => vec![if sensor.battery == 0 { 87 } else { sensor.battery }],
                    _ => return Err(RadioError::Refused("no such characteristic".to_owned())),
                };
                // As BlueZ does.
                sensor.notify(host_clock::instant(), *from, value.clone());
                return Ok(Some(value));
            }
            _ => {}
        }
        Ok(None)
    }
}

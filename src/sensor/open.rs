//! The open profile: our own GATT service for sensors that people build themselves. Every byte is in
//! `docs/open-profile.md`, which is enough to write firmware from; this driver holds to it.

use super::bytes::{Bytes, text, vector};
use super::gatt::{self, BATTERY};
use super::patience::Patience;
use super::unwrap::Unwrap;
use super::{
    Advertisement, Capabilities, Driver, Facts, Family, Fault, Identify, News, Obstacle, Operation, Reply,
    Request, Stream, Uuid,
};
use crate::body::{ClockKind, Sample};
use crate::units::{DeviceTime, Hz, STANDARD_GRAVITY};

pub(super) const FAMILY: Family = Family {
    key: "open",
    model: "open profile",
    capabilities: Capabilities {
        rate: Hz(100.0),
        acc_range: 16.0 * STANDARD_GRAVITY,
        gyr_range: 2000.0 * std::f64::consts::PI / 180.0,
        clock: ClockKind::Device,
        batch: 0.05,
        identify: Some(Identify::Led),
        haptics: true,
        battery: true,
        min_mtu: 23,
    },
    recognise,
    driver: || Box::new(Patience::<Open>::default()),
};

const SERVICE: Uuid = Uuid::from_u128(0x2e02_0001_72db_46d4_b7ca_0b36_ff29_a792);
const DESCRIPTION: Uuid = Uuid::from_u128(0x2e02_0002_72db_46d4_b7ca_0b36_ff29_a792);
const CONTROL: Uuid = Uuid::from_u128(0x2e02_0003_72db_46d4_b7ca_0b36_ff29_a792);
const DATA: Uuid = Uuid::from_u128(0x2e02_0004_72db_46d4_b7ca_0b36_ff29_a792);

const VERSION: u8 = 1;
/// Bytes of a batch before its samples.
const HEADER: usize = 8;
/// Bytes of a sample.
const SAMPLE: usize = 12;

/// Samples that may come twice, at most. Own choice.
const REPEATED: i64 = 256;

const STOP: u8 = 0;
const START: u8 = 1;
const IDENTIFY: u8 = 2;
const VIBRATE: u8 = 3;
/// How long a sensor shows which one it is, s.
const IDENTIFY_SECONDS: u8 = 3;

fn recognise(advertisement: &Advertisement) -> bool {
    advertisement.offers(SERVICE)
}

#[derive(Debug, Default)]
struct Open {
    /// What the sensor described itself as, since the link came up.
    scales: Option<Scales>,
    sequence: Unwrap<16>,
    clock: Unwrap<32>,
    /// The sample counter that comes next, if none is lost.
    next: Option<i64>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Scales {
    interval: f64,
    acc_per_count: f64,
    acc_range: f64,
    gyr_per_count: f64,
    gyr_range: f64,
}

impl Driver for Open {
    fn connected(&mut self, out: &mut Reply) {
        self.scales = None;
        self.next = None;
        out.write(CONTROL, &[STOP]);
        out.read(DESCRIPTION);
    }

    fn received(&mut self, from: Uuid, bytes: &[u8], out: &mut Reply) {
        match from {
            DATA => self.batch(bytes, out),
            DESCRIPTION => self.described(bytes, out),
            BATTERY => gatt::battery(bytes, out),
            _ => {}
        }
    }

    fn refused(&mut self, operation: &Operation, out: &mut Reply) {
        let remedy = "check its firmware against docs/open-profile.md";
        match operation {
            Operation::Read(DESCRIPTION) => {
                out.news.push(News::Unusable(Obstacle::Missing { what: "description", remedy }));
            }
            Operation::Subscribe(DATA) => {
                out.news.push(News::Unusable(Obstacle::Missing { what: "data characteristic", remedy }));
            }
            Operation::Write { to: CONTROL, bytes, .. } => match bytes.first() {
                Some(&START) => {
                    out.news.push(News::Unusable(Obstacle::Refused { what: "start measuring", remedy }));
                }
                Some(&IDENTIFY) => out.bad(Fault::Refused { what: "identify itself" }),
                Some(&VIBRATE) => out.bad(Fault::Refused { what: "vibrate" }),
                _ => {}
            },
            _ => {}
        }
    }

    fn ask(&mut self, request: Request, out: &mut Reply) {
        match request {
            Request::Identify => out.write(CONTROL, &[IDENTIFY, IDENTIFY_SECONDS]),
            Request::Vibrate(pulse) => {
                let [low, high] = ((pulse.seconds * 1000.0) as u16).to_le_bytes();
                out.write(CONTROL, &[VIBRATE, low, high, (pulse.strength * 255.0).round() as u8]);
            }
            Request::Stop => {
                out.write(CONTROL, &[STOP]);
                out.unsubscribe(DATA);
            }
            Request::Battery => out.read(BATTERY),
        }
    }
}

impl Open {
    fn described(&mut self, bytes: &[u8], out: &mut Reply) {
        let Some(&version) = bytes.first() else {
            out.bad(Fault::Length { what: "the description", len: 0, wanted: 48 });
            return;
        };
        if version != VERSION {
            out.news.push(News::Unusable(Obstacle::Unknown {
                what: "the version of its open profile",
                found: version.to_string(),
                remedy: "update its firmware, or this program",
            }));
            return;
        }
        let Some((scales, facts)) = description(bytes) else {
            out.bad(Fault::Length { what: "the description", len: bytes.len(), wanted: 48 });
            return;
        };
        if let Some(obstacle) = scales.obstacle() {
            out.news.push(News::Unusable(obstacle));
            return;
        }
        self.scales = Some(scales);
        out.news.push(News::Facts(facts));
        out.news.push(News::Streaming(Stream {
            rate: Hz(1.0 / scales.interval),
            clock: ClockKind::Device,
            acc_range: scales.acc_range,
            gyr_range: scales.gyr_range,
        }));
        out.subscribe(DATA);
        out.write(CONTROL, &[START]);
        out.subscribe(BATTERY);
        out.read(BATTERY);
    }

    fn batch(&mut self, bytes: &[u8], out: &mut Reply) {
        // Left streaming by another program: it has been told to stop.
        let Some(scales) = self.scales else { return };
        let mut rest = Bytes(bytes);
        let (Some(sequence), Some(time), Some(interval)) = (rest.u16(), rest.u32(), rest.u16()) else {
            out.bad(Fault::Length { what: "a batch", len: bytes.len(), wanted: HEADER + SAMPLE });
            return;
        };
        let samples = rest.0.len() / SAMPLE;
        if samples == 0 || rest.0.len() % SAMPLE != 0 {
            let wanted = HEADER + SAMPLE * samples.max(1);
            out.bad(Fault::Length { what: "a batch", len: bytes.len(), wanted });
            return;
        }
        let interval = f64::from(interval) * 1e-6;
        if (interval / scales.interval - 1.0).abs() > 0.2 {
            out.bad(Fault::Implausible { what: "the interval between samples, s", value: interval });
            return;
        }
        let first = self.sequence.next(sequence.into());
        match self.next {
            // Farther back than the radio repeats is a sensor that counts anew.
            Some(next) if first < next && next - first <= REPEATED => {
                out.bad(Fault::Implausible {
                    what: "a sample that came before, number",
                    value: first as f64,
                });
                return;
            }
            Some(next) if first > next => out.news.push(News::Lost((first - next) as u32)),
            _ => {}
        }
        self.next = Some(first + i64::from(samples as u32));
        let start = self.clock.next(time) as f64 * 1e-6;
        let mut saturated = false;
        for k in 0..samples {
            let (Some(acc), Some(gyr)) = (rest.counts(), rest.counts()) else { return };
            let sample = Sample {
                t: DeviceTime(start + k as f64 * interval),
                acc: vector(acc, scales.acc_per_count),
                gyr: vector(gyr, scales.gyr_per_count),
            };
            saturated |= sample.acc.amax() >= END * scales.acc_range;
            saturated |= sample.gyr.amax() >= END * scales.gyr_range;
            out.samples.push(sample);
        }
        if saturated {
            out.news.push(News::Saturated);
        }
    }
}

/// Values from here on, as a share of the range, are its end: chips round their scales.
const END: f64 = 0.999;

impl Scales {
    fn obstacle(&self) -> Option<Obstacle> {
        let numbers = [self.interval, self.acc_per_count, self.acc_range, self.gyr_per_count, self.gyr_range];
        if let Some(wrong) = numbers.iter().find(|x| !x.is_finite() || **x <= 0.0) {
            return Some(Obstacle::Unknown {
                what: "a number in its description",
                found: wrong.to_string(),
                remedy: "check its firmware against docs/open-profile.md",
            });
        }
        let acc = self.acc_range / STANDARD_GRAVITY;
        let gyr = self.gyr_range.to_degrees();
        // What is declared in floats of 32 bits is not held to the last digit.
        if acc < 15.9 {
            return Some(Obstacle::Range { what: "accelerometer", found: acc, needed: 16.0, unit: "g" });
        }
        (gyr < 995.0).then_some(Obstacle::Range {
            what: "gyroscope",
            found: gyr,
            needed: 1000.0,
            unit: "deg/s",
        })
    }
}

fn description(bytes: &[u8]) -> Option<(Scales, Facts)> {
    let mut rest = Bytes(bytes);
    let [_version, _abilities, ..] = rest.take::<4>()?;
    let rate = rest.f32()?;
    let scales = Scales {
        interval: 1.0 / rate,
        acc_per_count: rest.f32()?,
        acc_range: rest.f32()?,
        gyr_per_count: rest.f32()?,
        gyr_range: rest.f32()?,
    };
    let facts =
        Facts { serial: text(&rest.take::<12>()?), firmware: text(&rest.take::<12>()?), hardware: None };
    Some((scales, facts))
}

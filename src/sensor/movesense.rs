//! Movesense (HR2, HR+, MD, Flash) with firmware that speaks the GATT SensorData protocol, 104 Hz.
//!
//! Sources: the vendor's protocol page and sample firmware, and public captures of a Flash. The protocol
//! cannot set the ranges, and what they are by default is not published: they are asked for, and a sensor
//! that does not reach what running needs, or does not say, is not used. Grade C, unconfirmed on hardware:
//! the layout of that answer (g in one byte, deg/s in two), and eight samples to a message.

use super::bytes::{Bytes, text};
use super::gatt;
use super::patience::Patience;
use super::steps::Steps;
use super::unwrap::Unwrap;
use super::{
    Advertisement, Capabilities, Driver, Facts, Family, Fault, News, Obstacle, Operation, Reply, Request,
    Stream, Uuid,
};
use crate::body::{ClockKind, Sample};
use crate::units::{DeviceTime, Hz, STANDARD_GRAVITY};
use nalgebra::Vector3;

pub(super) const FAMILY: Family = Family {
    key: "movesense",
    model: "Movesense",
    capabilities: Capabilities {
        rate: RATE,
        acc_range: NEEDED_G * STANDARD_GRAVITY,
        gyr_range: 2000.0 * DEGREE,
        clock: ClockKind::Device,
        batch: 0.08,
        identify: None,
        haptics: false,
        battery: true,
        min_mtu: 161,
    },
    recognise,
    driver: || Box::new(Patience::<Movesense>::default()),
};

const COMMAND: Uuid = Uuid::from_u128(0x3480_0001_7185_4d5d_b431_630e_7050_e8f0);
const NOTIFY: Uuid = Uuid::from_u128(0x3480_0002_7185_4d5d_b431_630e_7050_e8f0);

const RATE: Hz = Hz(104.0);
const DEGREE: f64 = std::f64::consts::PI / 180.0;
const NEEDED_G: f64 = 16.0;
const NEEDED_DPS: f64 = 1000.0;
/// Ranges that the chip has.
const G: [u8; 4] = [2, 4, 8, 16];
const DPS: [u16; 5] = [125, 245, 500, 1000, 2000];
/// Values from here on, as a share of the range, are its end: they have been calibrated since.
const END: f64 = 0.995;

const SAMPLES: usize = 8;
/// Bytes of a whole message after its two of head: time, accelerations, rates.
const MESSAGE: usize = 4 + SAMPLES * 24;

const HELLO: u8 = 0;
const SUBSCRIBE: u8 = 1;
const UNSUBSCRIBE: u8 = 2;
const GET: u8 = 4;

/// Which answer belongs to which question: our own numbers.
const STREAM: u8 = 0x63;
const WHO: u8 = 0x07;
const ACC_CONFIG: u8 = 0x0a;
const GYR_CONFIG: u8 = 0x0b;
const BATTERY: u8 = 0x05;

const OK: u16 = 200;
const BUSY: u16 = 429;

fn recognise(advertisement: &Advertisement) -> bool {
    advertisement.named("Movesense ")
}

#[derive(Debug)]
struct Movesense {
    /// ± m/s², ± rad/s, once known.
    acc_range: Option<f64>,
    gyr_range: Option<f64>,
    streaming: bool,
    clock: Unwrap<32>,
    steps: Steps,
    /// The first part of a message.
    part: [u8; MESSAGE],
    len: usize,
}

impl Default for Movesense {
    fn default() -> Self {
        Self {
            acc_range: None,
            gyr_range: None,
            streaming: false,
            clock: Unwrap::default(),
            steps: Steps::new(SAMPLES as f64 * RATE.interval()),
            part: [0; MESSAGE],
            len: 0,
        }
    }
}

impl Driver for Movesense {
    fn connected(&mut self, out: &mut Reply) {
        (self.acc_range, self.gyr_range) = (None, None);
        self.streaming = false;
        self.len = 0;
        out.subscribe(NOTIFY);
        // At most two at a time: its pool of requests runs dry, and only a restart fills it.
        out.write(COMMAND, &[UNSUBSCRIBE, STREAM]);
        out.write(COMMAND, &[HELLO, WHO]);
    }

    fn received(&mut self, from: Uuid, bytes: &[u8], out: &mut Reply) {
        if from != NOTIFY {
            return;
        }
        match bytes {
            [1, WHO, answer @ ..] => self.hello(answer, out),
            [1, reference, low, high, data @ ..] => {
                self.answered(*reference, u16::from_le_bytes([*low, *high]), data, out);
            }
            [kind @ (2 | 3), STREAM, data @ ..] => self.data(*kind, data, out),
            [2 | 3, ..] => {}
            [first, ..] => out.bad(Fault::Foreign { what: "a message", first: *first }),
            [] => out.bad(Fault::Length { what: "a message", len: 0, wanted: 2 }),
        }
    }

    fn refused(&mut self, operation: &Operation, out: &mut Reply) {
        match operation {
            Operation::Subscribe(NOTIFY) => out.news.push(News::Unusable(Obstacle::Missing {
                what: "SensorData service",
                remedy: "load firmware with the GATT SensorData protocol with the Movesense Showcase app",
            })),
            Operation::Write { to: COMMAND, .. } => out.bad(Fault::Refused { what: "take a command" }),
            _ => {}
        }
    }

    fn ask(&mut self, request: Request, out: &mut Reply) {
        match request {
            Request::Battery => get(BATTERY, "/System/Energy/Level", out),
            Request::Stop => {
                self.streaming = false;
                out.write(COMMAND, &[UNSUBSCRIBE, STREAM]);
                out.unsubscribe(NOTIFY);
            }
            Request::Identify => out.bad(Fault::Refused { what: "identify itself" }),
            Request::Vibrate(_) => out.bad(Fault::Refused { what: "vibrate" }),
        }
    }
}

fn get(reference: u8, path: &str, out: &mut Reply) {
    ask(GET, reference, path, out);
}

fn ask(command: u8, reference: u8, path: &str, out: &mut Reply) {
    let mut bytes = vec![command, reference];
    bytes.extend(path.bytes());
    bytes.push(0);
    out.write(COMMAND, &bytes);
}

impl Movesense {
    /// Version of the protocol; serial number, product, address, name and version of its program.
    fn hello(&mut self, answer: &[u8], out: &mut Reply) {
        let mut texts = answer.get(1..).unwrap_or_default().split(|&byte| byte == 0).map(text);
        let serial = texts.next().flatten();
        let hardware = texts.next().flatten();
        let firmware = texts.nth(2).flatten();
        out.news.push(News::Facts(Facts { serial, firmware, hardware }));
        if !self.streaming {
            get(ACC_CONFIG, "/Meas/Acc/Config", out);
        }
    }

    fn answered(&mut self, reference: u8, status: u16, data: &[u8], out: &mut Reply) {
        let mut rest = Bytes(data);
        match (reference, status) {
            (_, BUSY) => out.news.push(News::Unusable(Obstacle::Refused {
                what: "answer, too many requests being open",
                remedy: "take its battery out and put it back",
            })),
            (BATTERY, OK) => match data {
                [percent, ..] => gatt::charge(*percent, out),
                [] => out.bad(Fault::Length { what: "the battery's charge", len: 0, wanted: 1 }),
            },
            (ACC_CONFIG, OK) => {
                let range = rest.take().map(|[g]| g).filter(|g| G.contains(g)).map(f64::from);
                if let Some(range) = ACCELEROMETER.wide_enough(range, out) {
                    self.acc_range = Some(range * STANDARD_GRAVITY);
                    get(GYR_CONFIG, "/Meas/Gyro/Config", out);
                }
            }
            (GYR_CONFIG, OK) => {
                let range = rest.u16().filter(|dps| DPS.contains(dps)).map(f64::from);
                if let Some(range) = GYROSCOPE.wide_enough(range, out) {
                    self.gyr_range = Some(range * DEGREE);
                    ask(SUBSCRIBE, STREAM, "/Meas/IMU6/104", out);
                }
            }
            (ACC_CONFIG, _) => _ = ACCELEROMETER.wide_enough(None, out),
            (GYR_CONFIG, _) => _ = GYROSCOPE.wide_enough(None, out),
            (STREAM, OK) => self.started(out),
            // Its answer to the end of a stream that there was none of.
            (STREAM, _) if self.gyr_range.is_none() => {}
            (STREAM, status) => out.news.push(News::Unusable(Obstacle::Unknown {
                what: "the reason for which it does not start",
                found: format!("status {status}"),
                remedy: "take its battery out and put it back",
            })),
            _ => {}
        }
    }

    /// The same answer ends a stream; that one comes before the ranges are known.
    fn started(&mut self, out: &mut Reply) {
        let (Some(acc_range), Some(gyr_range), false) = (self.acc_range, self.gyr_range, self.streaming)
        else {
            return;
        };
        self.streaming = true;
        out.news.push(News::Streaming(Stream { rate: RATE, clock: ClockKind::Device, acc_range, gyr_range }));
        get(BATTERY, "/System/Energy/Level", out);
    }

    /// A message, or its second part where the link's MTU does not hold it.
    fn data(&mut self, kind: u8, data: &[u8], out: &mut Reply) {
        if !self.streaming {
            return;
        }
        let begun = if kind == 2 { 0 } else { self.len };
        let unfinished = kind == 2 && self.len > 0;
        let end = begun + data.len();
        self.len = 0;
        if unfinished || (kind == 3 && begun == 0) || end > MESSAGE {
            out.bad(Fault::Length { what: "a message in parts", len: end, wanted: MESSAGE });
        }
        if kind == 3 && begun == 0 {
            return;
        }
        let Some(part) = self.part.get_mut(begun..end) else { return };
        part.copy_from_slice(data);
        if end < MESSAGE {
            self.len = end;
            return;
        }
        let message = self.part;
        self.message(&message, out);
    }

    fn message(&mut self, message: &[u8; MESSAGE], out: &mut Reply) {
        let mut accelerations = Bytes(message);
        let Some(stamp) = accelerations.u32() else { return };
        let start = self.steps.at(self.clock.next(stamp) as f64 * 1e-3);
        let mut rates = Bytes(accelerations.0.get(SAMPLES * 12..).unwrap_or_default());
        let ends = [self.acc_range, self.gyr_range].map(|range| END * range.unwrap_or(f64::INFINITY));
        let mut saturated = false;
        for k in 0..SAMPLES {
            let (Some(acc), Some(gyr)) = (accelerations.f32_3(), rates.f32_3()) else { return };
            let sample = Sample {
                t: DeviceTime(start + k as f64 * RATE.interval()),
                acc: Vector3::from(acc),
                gyr: Vector3::from(gyr.map(f64::to_radians)),
            };
            saturated |= sample.acc.amax() >= ends[0] || sample.gyr.amax() >= ends[1];
            out.samples.push(sample);
        }
        if saturated {
            out.news.push(News::Saturated);
        }
    }
}

/// A range that is asked for.
struct Asked {
    what: &'static str,
    answer: &'static str,
    needed: f64,
    unit: &'static str,
}

const ACCELEROMETER: Asked = Asked {
    what: "accelerometer",
    answer: "answer about the range of its accelerometer",
    needed: NEEDED_G,
    unit: "g",
};
const GYROSCOPE: Asked = Asked {
    what: "gyroscope",
    answer: "answer about the range of its gyroscope",
    needed: NEEDED_DPS,
    unit: "deg/s",
};

impl Asked {
    /// The range, where it is known and wide enough.
    fn wide_enough(&self, range: Option<f64>, out: &mut Reply) -> Option<f64> {
        let obstacle = match range {
            Some(range) if range >= self.needed => return Some(range),
            Some(found) => Obstacle::Range { what: self.what, found, needed: self.needed, unit: self.unit },
            None => {
                let remedy = "update its firmware, or use a sensor of another family";
                Obstacle::Missing { what: self.answer, remedy }
            }
        };
        out.news.push(News::Unusable(obstacle));
        None
    }
}

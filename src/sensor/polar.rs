//! Polar Verity Sense in SDK mode, 208 Hz, over Polar's measurement service. The vendor names 208 Hz as its
//! fastest with several sensors; four at 416 Hz have been seen to lose most of their packets.
//!
//! Sources: the vendor's public SDK with its documentation and tests, and an independent implementation.
//! A notification is sent when it is full: 0.15 to 0.3 s of running. Grade C, unconfirmed on hardware: the
//! start messages at 208 Hz in SDK mode (their form is a captured one's with other numbers).

mod frame;
mod setting;

use super::gatt;
use super::pair::Pair;
use super::patience::Patience;
use super::{
    Advertisement, Capabilities, Driver, Facts, Family, Fault, News, Obstacle, Operation, Reply, Request,
    Stream, Uuid,
};
use crate::body::ClockKind;
use crate::units::{Hz, STANDARD_GRAVITY};
use frame::{Frames, Quantity};
use nalgebra::Vector3;
use setting::Settings;

pub(super) const FAMILY: Family = Family {
    key: "polar",
    model: "Polar Verity Sense",
    capabilities: Capabilities {
        rate: Hz(208.0),
        acc_range: 16.0 * STANDARD_GRAVITY,
        gyr_range: 2000.0 * DEGREE,
        clock: ClockKind::Device,
        batch: 0.3,
        identify: None,
        haptics: false,
        battery: true,
        min_mtu: 235,
    },
    recognise,
    driver: || Box::new(Patience::<Polar>::default()),
};

const CONTROL: Uuid = Uuid::from_u128(0xfb00_5c81_02e7_f387_1cad_8acd_2d8d_f0c8);
const DATA: Uuid = Uuid::from_u128(0xfb00_5c82_02e7_f387_1cad_8acd_2d8d_f0c8);

const DEGREE: f64 = std::f64::consts::PI / 180.0;
/// Thousandths of a g, m/s².
const MILLI_G: f64 = STANDARD_GRAVITY * 1e-3;
/// Values from here on, as a share of the range, are its end: a count is 0.05 % of it.
const END: f64 = 0.995;

const ACC: u8 = 2;
const GYRO: u8 = 5;
const SDK_MODE: u8 = 9;

const START: u8 = 2;
const STOP: u8 = 3;
const SDK_SETTINGS: u8 = 4;
const ANSWER: u8 = 0xf0;
const FEATURES: u8 = 0x0f;
const STOPPED: u8 = 0x01;

const ALREADY: u8 = 6;
const MTU_TOO_SMALL: u8 = 0x0a;
const IN_CHARGER: u8 = 0x0d;

/// The H10 of the same maker has no gyroscope, and is left alone.
fn recognise(advertisement: &Advertisement) -> bool {
    advertisement.named("Polar Sense") || advertisement.named("Polar Verity Sense")
}

#[derive(Debug, Default)]
struct Polar {
    facts: Facts,
    acc: Kind,
    gyr: Kind,
    /// Both have been asked to start since the link came up.
    started: bool,
    told: bool,
    pair: Pair,
}

/// One of the two streams.
#[derive(Debug, Default)]
struct Kind {
    settings: Option<Settings>,
    running: bool,
    frames: Frames,
}

impl Driver for Polar {
    fn connected(&mut self, out: &mut Reply) {
        *self = Self { facts: std::mem::take(&mut self.facts), ..Self::default() };
        out.subscribe(CONTROL);
        out.subscribe(DATA);
        gatt::read_facts(out);
        out.subscribe(gatt::BATTERY);
        out.read(gatt::BATTERY);
        out.read(CONTROL);
    }

    fn received(&mut self, from: Uuid, bytes: &[u8], out: &mut Reply) {
        match from {
            DATA => self.data(bytes, out),
            CONTROL => self.control(bytes, out),
            gatt::BATTERY => gatt::battery(bytes, out),
            _ => gatt::fact(from, bytes, &mut self.facts, out),
        }
    }

    fn refused(&mut self, operation: &Operation, out: &mut Reply) {
        match operation {
            Operation::Subscribe(CONTROL | DATA) | Operation::Read(CONTROL) => {
                out.news.push(News::Unusable(Obstacle::Missing {
                    what: "measurement service",
                    remedy: "update its firmware with the Polar app, and on Windows pair it first",
                }));
            }
            Operation::Write { to: CONTROL, bytes, .. } if bytes.first() == Some(&START) => {
                out.bad(Fault::Refused { what: "start a stream" });
            }
            _ => {}
        }
    }

    fn ask(&mut self, request: Request, out: &mut Reply) {
        match request {
            Request::Battery => out.read(gatt::BATTERY),
            Request::Stop => {
                self.started = false;
                for kind in [ACC, GYRO, SDK_MODE] {
                    out.write(CONTROL, &[STOP, kind]);
                }
                out.unsubscribe(DATA);
                out.unsubscribe(CONTROL);
            }
            Request::Identify => out.bad(Fault::Refused { what: "identify itself" }),
            Request::Vibrate(_) => out.bad(Fault::Refused { what: "vibrate" }),
        }
    }
}

impl Polar {
    fn control(&mut self, bytes: &[u8], out: &mut Reply) {
        match bytes {
            [FEATURES, streams, more, ..] => features(*streams, *more, out),
            [ANSWER, operation, kind, error, parameters @ ..] => {
                self.answered(*operation, *kind, *error, parameters, out);
            }
            [STOPPED, kinds @ ..] => self.stopped(kinds, out),
            [first, ..] => out.bad(Fault::Foreign { what: "an answer", first: *first }),
            [] => out.bad(Fault::Length { what: "an answer", len: 0, wanted: 4 }),
        }
    }

    fn answered(&mut self, operation: u8, kind: u8, error: u8, parameters: &[u8], out: &mut Reply) {
        match (operation, kind, error) {
            (START, SDK_MODE, 0 | ALREADY) => {
                out.write(CONTROL, &[SDK_SETTINGS, ACC]);
                out.write(CONTROL, &[SDK_SETTINGS, GYRO]);
            }
            (SDK_SETTINGS, ACC | GYRO, 0) => self.offered(kind, parameters, out),
            (START, ACC | GYRO, 0) => {
                let factor = setting::factor(parameters).unwrap_or(1.0);
                self.running(kind, factor, out);
            }
            (STOP, ..) => {}
            (START | SDK_SETTINGS, _, IN_CHARGER) => out.news.push(News::Unusable(Obstacle::Refused {
                what: "measure in its charger",
                remedy: "take it out of the charger",
            })),
            (START | SDK_SETTINGS, _, MTU_TOO_SMALL) => out.news.push(News::Unusable(Obstacle::Refused {
                what: "measure over so small an MTU",
                remedy: "use a Bluetooth adapter of version 4.2 or later",
            })),
            (START | SDK_SETTINGS, ..) => out.news.push(News::Unusable(Obstacle::Unknown {
                what: "the reason for which it does not start",
                found: format!("error {error}"),
                remedy: "switch it off and on, and update its firmware with the Polar app",
            })),
            _ => out.bad(Fault::Foreign { what: "an answer to an operation", first: operation }),
        }
    }

    fn offered(&mut self, kind: u8, parameters: &[u8], out: &mut Reply) {
        // Ranges in g and deg/s, the least that running takes.
        let (widest, least) = if kind == ACC { (16, 16) } else { (2000, 1000) };
        match Settings::choose(parameters, widest) {
            Some(settings) if settings.range >= least => {
                self.kind(kind).settings = Some(settings);
            }
            Some(settings) => {
                out.news.push(News::Unusable(Obstacle::Range {
                    what: if kind == ACC { "accelerometer" } else { "gyroscope" },
                    found: f64::from(settings.range),
                    needed: f64::from(least),
                    unit: if kind == ACC { "g" } else { "deg/s" },
                }));
                return;
            }
            None => {
                out.bad(Fault::Length { what: "its settings", len: parameters.len(), wanted: 15 });
                return;
            }
        }
        if let (Some(acc), Some(gyr), false) = (self.acc.settings, self.gyr.settings, self.started) {
            self.started = true;
            out.write(CONTROL, &acc.start(ACC));
            out.write(CONTROL, &gyr.start(GYRO));
        }
    }

    fn running(&mut self, kind: u8, factor: f64, out: &mut Reply) {
        let Some(settings) = self.kind(kind).settings else { return };
        let kind = self.kind(kind);
        kind.running = true;
        kind.frames = Frames::new(1.0 / f64::from(settings.rate), factor);
        if let (true, true, false) = (self.acc.running, self.gyr.running, self.told) {
            self.told = true;
            out.news.push(News::Streaming(Stream {
                rate: Hz(self.acc.rate()),
                clock: ClockKind::Device,
                acc_range: self.acc.range() * STANDARD_GRAVITY,
                gyr_range: self.gyr.range() * DEGREE,
            }));
        }
    }

    /// It ends streams by itself when put on its charger or to sleep.
    fn stopped(&mut self, kinds: &[u8], out: &mut Reply) {
        for kind in [ACC, GYRO] {
            if self.started && kinds.contains(&kind) {
                let started = self.kind(kind).settings.map(|settings| settings.start(kind));
                self.kind(kind).running = false;
                if let Some(start) = started {
                    out.write(CONTROL, &start);
                }
            }
        }
    }

    fn kind(&mut self, kind: u8) -> &mut Kind {
        if kind == ACC { &mut self.acc } else { &mut self.gyr }
    }

    fn data(&mut self, bytes: &[u8], out: &mut Reply) {
        let interval = 1.0 / self.acc.rate();
        let pair = &mut self.pair;
        let mut most = 0.0_f64;
        let decoded = match bytes {
            [ACC, rest @ ..] if self.acc.running => {
                let end = END * self.acc.range() * STANDARD_GRAVITY;
                self.acc.frames.decode(rest, Quantity::Acceleration, |t, value: Vector3<f64>| {
                    most = most.max(value.amax() / end);
                    pair.acc(t, value);
                })
            }
            [GYRO, rest @ ..] if self.gyr.running => {
                let end = END * self.gyr.range() * DEGREE;
                self.gyr.frames.decode(rest, Quantity::Rate, |t, value: Vector3<f64>| {
                    most = most.max(value.amax() / end);
                    pair.gyr(t, value);
                })
            }
            // Left running by another program: told to stop.
            [ACC | GYRO, ..] => return,
            [first, ..] => Err(Fault::Foreign { what: "a frame", first: *first }),
            [] => Err(Fault::Length { what: "a frame", len: 0, wanted: 10 }),
        };
        match decoded {
            Ok(0) => {}
            Ok(lost) => out.news.push(News::Lost(lost)),
            Err(fault) => out.bad(fault),
        }
        if most >= 1.0 {
            out.news.push(News::Saturated);
        }
        self.pair.complete(interval, &mut out.samples);
    }
}

/// What it can measure; then stop, and start its SDK mode.
fn features(streams: u8, more: u8, out: &mut Reply) {
    let both = 1 << ACC | 1 << GYRO;
    if streams & both != both {
        let remedy = "use a Verity Sense: other models have no gyroscope";
        out.news.push(News::Unusable(Obstacle::Missing { what: "gyroscope", remedy }));
    } else if more & 0x02 == 0 {
        let remedy = "update its firmware with the Polar app: without it the range ends at 8 g";
        out.news.push(News::Unusable(Obstacle::Missing { what: "SDK mode", remedy }));
    } else {
        // Another program may have left both streams running, and settings only change at rest.
        out.write(CONTROL, &[STOP, ACC]);
        out.write(CONTROL, &[STOP, GYRO]);
        out.write(CONTROL, &[START, SDK_MODE]);
    }
}

impl Kind {
    fn rate(&self) -> f64 {
        self.settings.map_or(208.0, |settings| f64::from(settings.rate))
    }

    fn range(&self) -> f64 {
        self.settings.map_or(f64::INFINITY, |settings| f64::from(settings.range))
    }
}

//! SensorStim Capture2Go, 200 Hz, eight samples to a package, each package with a checksum.
//!
//! Source: the maker's public protocol document and SDK (MIT), both of one hand; nothing is confirmed on
//! hardware by us. Grade C: which kind of write it takes. Its wireless synchronisation is not used: each
//! sensor's clock is aligned by arrivals, as every other's. The gyroscope's bias is already removed.

mod package;

use super::bytes::{Bytes, text, vector};
use super::gatt;
use super::patience::Patience;
use super::{
    Advertisement, Capabilities, Driver, Facts, Family, Fault, News, Obstacle, Operation, Reply, Request,
    Stream, Uuid,
};
use crate::body::{ClockKind, Sample};
use crate::units::{DeviceTime, Hz};
use package::Packages;

pub(super) const FAMILY: Family = Family {
    key: "capture2go",
    model: "SensorStim Capture2Go",
    capabilities: Capabilities {
        rate: RATE,
        acc_range: ACC_RANGE,
        gyr_range: GYR_RANGE,
        clock: ClockKind::Device,
        batch: 0.04,
        identify: None,
        haptics: false,
        battery: true,
        // Packages go on across notifications, but the maker's firmware wants room for a whole one.
        min_mtu: 247,
    },
    recognise,
    driver: || Box::new(Patience::<Capture2Go>::default()),
};

const SERVICE: Uuid = Uuid::from_u128(0x8003_0001_e629_4c98_9324_aa7f_c0c6_6de7);
const COMMAND: Uuid = Uuid::from_u128(0x8003_0002_e629_4c98_9324_aa7f_c0c6_6de7);
const NOTIFY: Uuid = Uuid::from_u128(0x8003_0003_e629_4c98_9324_aa7f_c0c6_6de7);

const RATE: Hz = Hz(200.0);
/// The maker's g is 9.81.
const ACC_RANGE: f64 = 16.0 * 9.81;
const GYR_RANGE: f64 = 2000.0 * std::f64::consts::PI / 180.0;
const FULL_SCALE: f64 = 32_768.0;
/// Samples in a package.
const SAMPLES: usize = 8;

const GET_INFO: u16 = 0x0070;
const INFO: u16 = 0x0071;
const SET_MODE: u16 = 0x0120;
const MODE: u16 = 0x0122;
const START: u16 = 0x0150;
const STARTED: u16 = 0x0151;
const STOP: u16 = 0x0152;
const CLEAR: u16 = 0x0158;
const GET_STATUS: u16 = 0x0200;
const STATUS: u16 = 0x0201;
/// Six axes at 200 Hz, packed.
const DATA: u16 = 0x0231;

/// Between two reports of the battery, s. Own choice.
const STATUS_EVERY: u8 = 30;

const GYR_CLIPPED: u8 = 0x02;
const ACC_CLIPPED: u8 = 0x04;
/// Bit of the battery's charge that says that it is being charged.
const CHARGING: u8 = 0x80;

fn recognise(advertisement: &Advertisement) -> bool {
    let named = advertisement.named("IMU_") && advertisement.name.as_ref().is_some_and(|n| n.len() == 10);
    advertisement.offers(SERVICE) || named
}

#[derive(Debug, Default)]
struct Capture2Go {
    phase: Phase,
    packages: Packages,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Phase {
    #[default]
    Idle,
    Asked,
    Configured,
    Streaming,
}

impl Driver for Capture2Go {
    fn connected(&mut self, out: &mut Reply) {
        self.phase = Phase::Asked;
        self.packages.clear();
        out.subscribe(NOTIFY);
        // It may be streaming for another program, and what waits in its buffer is of the past.
        command(CLEAR, &[], out);
        command(GET_INFO, &[], out);
    }

    fn received(&mut self, from: Uuid, bytes: &[u8], out: &mut Reply) {
        if from != NOTIFY {
            return;
        }
        let Some((&first, rest)) = bytes.split_first() else {
            out.bad(Fault::Length { what: "a notification", len: 0, wanted: 1 });
            return;
        };
        // So many packages of its live view come first; they are of one piece and not part of the stream.
        let live = usize::from(u8::MAX - first);
        let mut packages = std::mem::take(&mut self.packages);
        let damaged = packages.receive(live, rest, |header, payload| self.package(header, payload, out));
        self.packages = packages;
        if damaged {
            out.bad(Fault::Checksum { what: "a package" });
        }
    }

    fn refused(&mut self, operation: &Operation, out: &mut Reply) {
        match operation {
            Operation::Subscribe(NOTIFY) => out.news.push(News::Unusable(Obstacle::Missing {
                what: "data characteristic",
                remedy: "update its firmware with the maker's program",
            })),
            Operation::Write { to: COMMAND, bytes, response: true } => {
                out.operations.push(Operation::Write { to: COMMAND, bytes: bytes.clone(), response: false });
            }
            Operation::Write { to: COMMAND, .. } => out.bad(Fault::Refused { what: "take a command" }),
            _ => {}
        }
    }

    fn ask(&mut self, request: Request, out: &mut Reply) {
        match request {
            Request::Battery => command(GET_STATUS, &[], out),
            Request::Stop => {
                self.phase = Phase::Idle;
                command(STOP, &[], out);
                out.unsubscribe(NOTIFY);
            }
            Request::Identify => out.bad(Fault::Refused { what: "identify itself" }),
            Request::Vibrate(_) => out.bad(Fault::Refused { what: "vibrate" }),
        }
    }
}

fn command(header: u16, payload: &[u8], out: &mut Reply) {
    out.write(COMMAND, &package::package(header, payload));
}

/// Six axes packed at 200 Hz, nothing else, no synchronisation.
fn mode() -> [u8; 30] {
    let mut mode = [0; 30];
    // Ten: the rate of full packed packages. Fourteen: seconds between status. Twenty-nine: no magnetometer.
    for (place, value) in [(10, 1), (14, STATUS_EVERY), (29, 1)] {
        if let Some(byte) = mode.get_mut(place) {
            *byte = value;
        }
    }
    mode
}

impl Capture2Go {
    fn package(&mut self, header: u16, payload: &[u8], out: &mut Reply) {
        match header {
            DATA => self.data(payload, out),
            INFO => {
                match facts(payload) {
                    Some(facts) => out.news.push(News::Facts(facts)),
                    None => out.bad(Fault::Length {
                        what: "the device information",
                        len: payload.len(),
                        wanted: 47,
                    }),
                }
                if self.phase == Phase::Asked {
                    self.phase = Phase::Configured;
                    command(SET_MODE, &mode(), out);
                }
            }
            MODE if self.phase == Phase::Configured => {
                if payload != mode() {
                    out.news.push(News::Unusable(Obstacle::Refused {
                        what: "take six axes at 200 Hz",
                        remedy: "update its firmware with the maker's program",
                    }));
                    return;
                }
                command(START, &[], out);
                command(GET_STATUS, &[], out);
            }
            STARTED if self.phase == Phase::Configured => {
                self.phase = Phase::Streaming;
                out.news.push(News::Streaming(Stream {
                    rate: RATE,
                    clock: ClockKind::Device,
                    acc_range: ACC_RANGE,
                    gyr_range: GYR_RANGE,
                }));
            }
            STATUS => match payload {
                [.., percent, _free] if payload.len() == 19 => gatt::charge(percent & !CHARGING, out),
                _ => out.bad(Fault::Length { what: "the status", len: payload.len(), wanted: 19 }),
            },
            // Whole, and of another kind: answers to nobody's question do no harm.
            _ => {}
        }
    }

    fn data(&mut self, payload: &[u8], out: &mut Reply) {
        if self.phase != Phase::Streaming {
            return;
        }
        let Some(data) = Data::read(payload) else {
            out.bad(Fault::Length { what: "a package of samples", len: payload.len(), wanted: 115 });
            return;
        };
        for (k, (gyr, acc)) in data.gyr.into_iter().zip(data.acc).enumerate() {
            out.samples.push(Sample {
                t: DeviceTime(data.start + k as f64 * RATE.interval()),
                acc: vector(acc, ACC_RANGE / FULL_SCALE),
                gyr: vector(gyr, GYR_RANGE / FULL_SCALE),
            });
        }
        if data.flags & (GYR_CLIPPED | ACC_CLIPPED) != 0 {
            out.news.push(News::Saturated);
        }
    }
}

/// The payload of a package of samples.
struct Data {
    /// Time of the first sample, s.
    start: f64,
    gyr: [[i16; 3]; SAMPLES],
    acc: [[i16; 3]; SAMPLES],
    flags: u8,
}

impl Data {
    fn read(payload: &[u8]) -> Option<Self> {
        let mut rest = Bytes(payload);
        let start = i64::from_le_bytes(rest.take()?) as f64 * 1e-9;
        let [mut gyr, mut acc] = [[[0; 3]; SAMPLES]; 2];
        for counts in gyr.iter_mut().chain(&mut acc) {
            *counts = rest.counts()?;
        }
        let _orientation: [u8; 10] = rest.take()?;
        let [flags] = rest.take()?;
        rest.0.is_empty().then_some(Self { start, gyr, acc, flags })
    }
}

fn facts(payload: &[u8]) -> Option<Facts> {
    let mut rest = Bytes(payload);
    let _protocol: [u8; 2] = rest.take()?;
    Some(Facts {
        serial: text(&rest.take::<6>()?),
        hardware: text(&rest.take::<8>()?),
        firmware: text(&rest.take::<8>()?),
    })
}

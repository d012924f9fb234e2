//! WitMotion BLE 5 sensors (WT901BLE67, WT901BLECL5.0, BWT901BLE5.0, WT9011DCL), 200 Hz.
//!
//! Sources: the vendor's data sheets, its published sample programs, and an independent Python client. No
//! time, no counter, no checksum: samples are numbered as they come. Nothing on the radio tells two of them
//! apart but the address. Grade C, unconfirmed on hardware: that the bandwidth register (shared by the
//! maker's wired sensors) works over Bluetooth, and the battery's curve between its ends. The ranges are
//! fixed in what is known of the Bluetooth models: ±16 g and ±2000 deg/s.

use super::bytes::{Bytes, vector};
use super::patience::Patience;
use super::{
    Advertisement, Capabilities, Driver, Family, Fault, News, Obstacle, Operation, Reply, Request, Stream,
    Uuid,
};
use crate::body::{ClockKind, Sample};
use crate::units::{DeviceTime, Hz, STANDARD_GRAVITY};

pub(super) const FAMILY: Family = Family {
    key: "witmotion",
    model: "WitMotion BLE 5",
    capabilities: Capabilities {
        rate: Hz(200.0),
        acc_range: ACC_RANGE,
        gyr_range: GYR_RANGE,
        clock: ClockKind::Arrival,
        batch: 0.0,
        identify: None,
        haptics: false,
        battery: true,
        min_mtu: 23,
    },
    recognise,
    driver: || Box::new(Patience::<WitMotion>::default()),
};

/// The maker's tail of identifiers is not the Bluetooth SIG's: 9A where that has 9B. Some firmware may have
/// the SIG's.
const fn wit(number: u16, tail: u128) -> Uuid {
    Uuid::from_u128(0x0000_0000_0000_1000_8000_0080_5f00_34fb | ((number as u128) << 96) | (tail << 16))
}

const MAKERS: u128 = 0x9a;
const STANDARD: u128 = 0x9b;
const SERVICE: Uuid = wit(0xffe5, MAKERS);

const ACC_RANGE: f64 = 16.0 * STANDARD_GRAVITY;
const GYR_RANGE: f64 = 2000.0 * std::f64::consts::PI / 180.0;
const FULL_SCALE: f64 = 32_768.0;

const UNLOCK: [u8; 5] = [0xff, 0xaa, 0x69, 0x88, 0xb5];
const RATE_REGISTER: u8 = 0x03;
const RATE_200: u8 = 0x0b;
const BANDWIDTH_REGISTER: u8 = 0x1f;
/// 94 Hz: what 200 samples per second can carry. The factory's is far too narrow for impacts.
const BANDWIDTH_94: u8 = 0x02;
const BATTERY_REGISTER: u8 = 0x64;
/// Between commands, s: the vendor's own programs leave 0.1 to 0.15.
const BETWEEN: f64 = 0.15;

/// Frames that may come before the answer about the rate: five seconds of the fastest. Own choice.
const UNANSWERED: u32 = 1000;

const FRAME: usize = 20;
const HEADER: u8 = 0x55;
const STREAM: u8 = 0x61;
const REGISTERS: u8 = 0x71;

fn recognise(advertisement: &Advertisement) -> bool {
    advertisement.offers(SERVICE) || advertisement.named("WT9") || advertisement.named("BWT9")
}

#[derive(Debug)]
struct WitMotion {
    tail: u128,
    rate: Option<Hz>,
    unanswered: u32,
    /// Samples since the start.
    numbered: u64,
    /// A frame that has begun.
    frame: [u8; FRAME],
    len: usize,
}

impl Default for WitMotion {
    fn default() -> Self {
        Self { tail: MAKERS, rate: None, unanswered: 0, numbered: 0, frame: [0; FRAME], len: 0 }
    }
}

impl Driver for WitMotion {
    fn connected(&mut self, out: &mut Reply) {
        *self = Self { tail: self.tail, ..Self::default() };
        // It streams at once, at whatever rate it was left with: samples count from the answer about it.
        out.subscribe(self.data());
        self.command(UNLOCK, out);
        self.set(BANDWIDTH_REGISTER, BANDWIDTH_94, out);
        self.set(RATE_REGISTER, RATE_200, out);
        self.ask_register(RATE_REGISTER, out);
        self.ask_register(BATTERY_REGISTER, out);
    }

    fn received(&mut self, from: Uuid, bytes: &[u8], out: &mut Reply) {
        if from != self.data() {
            return;
        }
        let mut foreign = None;
        let mut saturated = false;
        for &byte in bytes {
            if let Some(slot) = self.frame.get_mut(self.len) {
                *slot = byte;
                self.len += 1;
            }
            foreign = foreign.or(self.resynchronise());
            if self.len == FRAME {
                self.len = 0;
                let frame = self.frame;
                saturated |= self.frame(&frame, out);
            }
        }
        if let Some(first) = foreign {
            out.bad(Fault::Foreign { what: "a frame", first });
        }
        if saturated {
            out.news.push(News::Saturated);
        }
    }

    fn refused(&mut self, operation: &Operation, out: &mut Reply) {
        match operation {
            Operation::Subscribe(data) if *data == wit(0xffe4, MAKERS) => {
                self.tail = STANDARD;
                self.connected(out);
            }
            Operation::Subscribe(_) => out.news.push(News::Unusable(Obstacle::Missing {
                what: "data characteristic",
                remedy: "it is another maker's device, or a WitMotion for serial Bluetooth: use a BLE 5 model",
            })),
            _ => {}
        }
    }

    fn ask(&mut self, request: Request, out: &mut Reply) {
        match request {
            Request::Battery => self.ask_register(BATTERY_REGISTER, out),
            Request::Stop => out.unsubscribe(self.data()),
            Request::Identify => out.bad(Fault::Refused { what: "identify itself" }),
            Request::Vibrate(_) => out.bad(Fault::Refused { what: "vibrate" }),
        }
    }
}

impl WitMotion {
    fn data(&self) -> Uuid {
        wit(0xffe4, self.tail)
    }

    /// Commands are not acknowledged beyond the radio.
    fn command(&self, bytes: [u8; 5], out: &mut Reply) {
        out.write(wit(0xffe9, self.tail), &bytes);
        out.operations.push(Operation::Wait(BETWEEN));
    }

    fn set(&self, register: u8, value: u8, out: &mut Reply) {
        self.command([0xff, 0xaa, register, value, 0], out);
    }

    fn ask_register(&self, register: u8, out: &mut Reply) {
        self.command([0xff, 0xaa, 0x27, register, 0], out);
    }

    /// Drops what cannot begin a frame; the first of it.
    fn resynchronise(&mut self) -> Option<u8> {
        let [first, kind, ..] = self.frame;
        match self.len {
            1 if first != HEADER => {
                self.len = 0;
                Some(first)
            }
            2 if kind != STREAM && kind != REGISTERS => {
                // What is no kind may be the header of the next.
                self.len = usize::from(kind == HEADER);
                Some(first)
            }
            _ => None,
        }
    }

    /// Whether a value is at the end of the range.
    fn frame(&mut self, frame: &[u8; FRAME], out: &mut Reply) -> bool {
        let mut rest = Bytes(frame);
        let Some([_, kind]) = rest.take() else { return false };
        if kind == REGISTERS {
            if let (Some(register), Some(value)) = (rest.u16(), rest.u16()) {
                self.register(register, value, out);
            }
            return false;
        }
        let (Some(acc), Some(gyr)) = (rest.counts(), rest.counts()) else { return false };
        let Some(rate) = self.rate else {
            self.unanswered += 1;
            if self.unanswered == UNANSWERED {
                out.news.push(News::Unusable(Obstacle::Missing {
                    what: "answer about its rate",
                    remedy: "update its firmware, and set 200 Hz with the maker's program",
                }));
            }
            return false;
        };
        out.samples.push(Sample {
            t: DeviceTime(self.numbered as f64 * rate.interval()),
            acc: vector(acc, ACC_RANGE / FULL_SCALE),
            gyr: vector(gyr, GYR_RANGE / FULL_SCALE),
        });
        self.numbered += 1;
        [acc, gyr].iter().flatten().any(|&count| count == i16::MAX || count <= -i16::MAX)
    }

    fn register(&mut self, register: u16, value: u16, out: &mut Reply) {
        if register == u16::from(BATTERY_REGISTER) {
            // 3.40 V is empty and 3.99 V full, by the vendor's table.
            let volts = f64::from(value) / 100.0;
            out.news.push(News::Battery(((volts - 3.40) / (3.99 - 3.40)).clamp(0.0, 1.0)));
        } else if register == u16::from(RATE_REGISTER) {
            let Some(rate) = rate(value) else {
                out.news.push(News::Unusable(Obstacle::Refused {
                    what: "stream at 200 Hz",
                    remedy: "set its rate with the maker's program, and save it",
                }));
                return;
            };
            if self.rate != Some(rate) {
                self.rate = Some(rate);
                self.numbered = 0;
                out.news.push(News::Streaming(Stream {
                    rate,
                    clock: ClockKind::Arrival,
                    acc_range: ACC_RANGE,
                    gyr_range: GYR_RANGE,
                }));
            }
        }
    }
}

/// The rate that a code stands for; slower ones are of no use, and 0A belongs to another family.
fn rate(code: u16) -> Option<Hz> {
    match code {
        0x08 => Some(Hz(50.0)),
        0x09 => Some(Hz(100.0)),
        0x0b => Some(Hz(200.0)),
        _ => None,
    }
}

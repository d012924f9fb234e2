//! Movella (Xsens) DOT. Streams at most 60 Hz, from 800 Hz inside by strap-down integration: contacts are
//! as fine as that.
//!
//!
//! Its own synchronisation is not used, and ended where it was left on. It takes 14 s without links before a session,
//! outlives them, makes later starts fail when it is forgotten, and users lose more samples with it (xsens_dot_server
//! issues 13 and 30, GlobalPose issue 5). Each sensor's clock is aligned by arrivals, as every other's.
//!
//! Sources: the vendor's BLE services specification (XD0506P), its example server, and an independent ESP32
//! client. Grade C, unconfirmed on hardware: that identify is obeyed while measuring, and the serial number
//! printed as hexadecimal.

use super::bytes::Bytes;
use super::gatt;
use super::patience::Patience;
use super::unwrap::Unwrap;
use super::{
    Advertisement, Capabilities, Driver, Facts, Family, Fault, Identify, News, Obstacle, Operation, Reply,
    Request, Stream, Uuid,
};
use crate::body::{ClockKind, Sample};
use crate::units::{DeviceTime, Hz, STANDARD_GRAVITY};
use nalgebra::Vector3;

pub(super) const FAMILY: Family = Family {
    key: "dot",
    model: "Movella DOT",
    capabilities: Capabilities {
        rate: RATE,
        acc_range: ACC_RANGE,
        gyr_range: GYR_RANGE,
        clock: ClockKind::Device,
        batch: 0.03,
        identify: Some(Identify::Led),
        haptics: false,
        battery: true,
        min_mtu: 43,
    },
    recognise,
    driver: || Box::new(Patience::<Dot>::default()),
};

const fn dot(number: u16) -> Uuid {
    Uuid::from_u128(0x1517_0000_4947_11e9_8646_d663_bd87_3d93 | ((number as u128) << 96))
}

const DEVICE_INFO: Uuid = dot(0x1001);
const DEVICE_CONTROL: Uuid = dot(0x1002);
const MEASUREMENT: Uuid = dot(0x2001);
const MEDIUM_PAYLOAD: Uuid = dot(0x2003);
const BATTERY: Uuid = dot(0x3001);
const MESSAGE: Uuid = dot(0x7001);
const MESSAGE_ANSWER: Uuid = dot(0x7003);

const RATE: Hz = Hz(60.0);
const ACC_RANGE: f64 = 16.0 * STANDARD_GRAVITY;
const GYR_RANGE: f64 = 2000.0 * std::f64::consts::PI / 180.0;
/// Values from here on, as a share of the range, are its end: they have been calibrated since.
const END: f64 = 0.995;

/// Acceleration with gravity and angular rate.
const RATE_QUANTITIES: u8 = 0x15;
const SYNCHRONISED: [u8; 5] = [0x02, 0x02, 0x51, 0x04, 0xa7];
const ASK_SYNCHRONISED: [u8; 4] = [0x02, 0x01, 0x08, 0xf5];
const STOP_SYNCHRONISATION: [u8; 4] = [0x02, 0x01, 0x02, 0xfb];
/// After a stop and after the end of a synchronisation, s. Own choice.
const SETTLE: f64 = 0.5;

/// Movella's number with the Bluetooth SIG.
const COMPANY: u16 = 0x0886;

fn recognise(advertisement: &Advertisement) -> bool {
    let by_company = || advertisement.manufacturer_data.iter().any(|(company, _)| *company == COMPANY);
    match &advertisement.name {
        Some(_) => advertisement.named("Movella DOT") || advertisement.named("Xsens DOT"),
        None => by_company(),
    }
}

#[derive(Debug, Default)]
struct Dot {
    phase: Phase,
    synchronised: bool,
    clock: Unwrap<32>,
    /// The newest time that came, µs.
    newest: Option<i64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Phase {
    #[default]
    Idle,
    /// Asked whether it measures for someone.
    Asked,
    /// Cleaned up and asked for the battery, whose answer says that the others have come.
    Cleaned,
    Streaming,
}

impl Driver for Dot {
    fn connected(&mut self, out: &mut Reply) {
        self.phase = Phase::Asked;
        self.synchronised = false;
        out.read(DEVICE_INFO);
        out.read(MEASUREMENT);
    }

    fn received(&mut self, from: Uuid, bytes: &[u8], out: &mut Reply) {
        match from {
            MEDIUM_PAYLOAD => self.payload(bytes, out),
            BATTERY => {
                gatt::battery(bytes, out);
                if self.phase == Phase::Cleaned {
                    self.start(out);
                }
            }
            MEASUREMENT if self.phase == Phase::Asked => match bytes {
                [_, running, mode, ..] => self.clean_up((*running == 1).then_some(*mode), out),
                _ => self.clean_up(Some(RATE_QUANTITIES), out),
            },
            MESSAGE_ANSWER => self.synchronised = bytes == SYNCHRONISED,
            DEVICE_INFO => match facts(bytes) {
                Some(facts) => out.news.push(News::Facts(facts)),
                None => {
                    out.bad(Fault::Length { what: "the device information", len: bytes.len(), wanted: 34 });
                }
            },
            _ => {}
        }
    }

    fn refused(&mut self, operation: &Operation, out: &mut Reply) {
        match operation {
            Operation::Read(MEASUREMENT) if self.phase == Phase::Asked => {
                self.clean_up(Some(RATE_QUANTITIES), out);
            }
            Operation::Read(BATTERY) if self.phase == Phase::Cleaned => self.start(out),
            Operation::Subscribe(MEDIUM_PAYLOAD) => out.news.push(News::Unusable(Obstacle::Missing {
                what: "measurement service",
                remedy: "update its firmware with the Movella DOT app",
            })),
            Operation::Write { to: MEASUREMENT, bytes, .. } if bytes.get(1) == Some(&1) => {
                out.news.push(News::Unusable(Obstacle::Refused {
                    what: "start measuring",
                    remedy: "end its recording or synchronisation with the Movella DOT app, or switch it off and on",
                }));
            }
            Operation::Write { to: DEVICE_CONTROL, bytes, .. } => {
                let rate = bytes.first() == Some(&RATE_BIT);
                out.bad(Fault::Refused { what: if rate { "measure at 60 Hz" } else { "identify itself" } });
            }
            _ => {}
        }
    }

    fn ask(&mut self, request: Request, out: &mut Reply) {
        match request {
            Request::Identify => out.write(DEVICE_CONTROL, &control(IDENTIFY_BIT)),
            Request::Battery => out.read(BATTERY),
            Request::Stop => {
                self.phase = Phase::Idle;
                out.write(MEASUREMENT, &[1, 0, RATE_QUANTITIES]);
                out.unsubscribe(MEDIUM_PAYLOAD);
            }
            Request::Vibrate(_) => out.bad(Fault::Refused { what: "vibrate" }),
        }
    }
}

const IDENTIFY_BIT: u8 = 0x01;
const RATE_BIT: u8 = 0x10;

/// Device control in which only the fields of `apply` count.
fn control(apply: u8) -> [u8; 32] {
    let mut fields = [0; 32];
    let [mask, identify, ..] = &mut fields;
    *mask = apply;
    *identify = apply & IDENTIFY_BIT;
    if let Some([low, high]) = fields.get_mut(24..26)
        && apply & RATE_BIT != 0
    {
        [*low, *high] = (RATE.0 as u16).to_le_bytes();
    }
    fields
}

impl Dot {
    /// A measurement outlives its link, and a synchronisation that was left makes starts fail.
    fn clean_up(&mut self, running: Option<u8>, out: &mut Reply) {
        self.phase = Phase::Cleaned;
        if let Some(mode) = running {
            out.write(MEASUREMENT, &[1, 0, mode]);
            out.operations.push(Operation::Wait(SETTLE));
        }
        out.subscribe(MESSAGE_ANSWER);
        out.write(MESSAGE, &ASK_SYNCHRONISED);
        out.subscribe(BATTERY);
        out.read(BATTERY);
    }

    fn start(&mut self, out: &mut Reply) {
        self.phase = Phase::Streaming;
        if self.synchronised {
            out.write(MESSAGE, &STOP_SYNCHRONISATION);
            out.operations.push(Operation::Wait(SETTLE));
        }
        out.write(DEVICE_CONTROL, &control(RATE_BIT));
        // Before the start, or the first samples are lost.
        out.subscribe(MEDIUM_PAYLOAD);
        out.write(MEASUREMENT, &[1, 1, RATE_QUANTITIES]);
        out.news.push(News::Streaming(Stream {
            rate: RATE,
            clock: ClockKind::Device,
            acc_range: ACC_RANGE,
            gyr_range: GYR_RANGE,
        }));
    }

    fn payload(&mut self, bytes: &[u8], out: &mut Reply) {
        if self.phase != Phase::Streaming {
            return;
        }
        // The characteristic may be sent in its full length, its tail unused.
        let mut rest = Bytes(bytes);
        let (Some(stamp), Some(acc), Some(gyr)) = (rest.u32(), rest.f32_3(), rest.f32_3()) else {
            out.bad(Fault::Length { what: "a sample", len: bytes.len(), wanted: 28 });
            return;
        };
        let t = self.clock.next(stamp);
        if self.newest == Some(t) {
            out.bad(Fault::Implausible { what: "a sample that came before, µs", value: t as f64 });
            return;
        }
        self.newest = Some(t);
        let sample = Sample {
            t: DeviceTime(t as f64 * 1e-6),
            acc: Vector3::from(acc),
            gyr: Vector3::from(gyr.map(f64::to_radians)),
        };
        if sample.acc.amax() >= END * ACC_RANGE || sample.gyr.amax() >= END * GYR_RANGE {
            out.news.push(News::Saturated);
        }
        out.samples.push(sample);
    }
}

fn facts(bytes: &[u8]) -> Option<Facts> {
    let mut rest = Bytes(bytes);
    let _address: [u8; 6] = rest.take()?;
    let [major, minor, patch] = rest.take()?;
    let _built_and_soft_device: [u8; 11] = rest.take()?;
    let serial = u64::from_le_bytes(rest.take()?);
    Some(Facts {
        serial: Some(format!("{serial:X}")),
        firmware: Some(format!("{major}.{minor}.{patch}")),
        hardware: super::bytes::text(&rest.take::<6>()?),
    })
}

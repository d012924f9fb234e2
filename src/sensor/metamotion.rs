//! MbientLab MetaMotion (MMRL, MMR, MMC, MMS), 100 Hz.
//!
//! Sources: the vendor's protocol reference and the tests of its C++ SDK. Plain streams carry neither time
//! nor counter, so the sensor's own processor is made to put both readings and its tick into one message.
//! Unconfirmed on hardware (grade C): re-pointing the tick step to the fuser, and register 4 as the fuser's
//! second source on a BMI270. Where nothing comes of it, the next start takes a tick for each reading, and
//! the one after that plain streams, whose time is that of their arrival.

use super::bytes::{Bytes, vector};
use super::gatt;
use super::pair::Pair;
use super::patience::Patience;
use super::steps::Steps;
use super::unwrap::Unwrap;
use super::{
    Advertisement, Capabilities, Driver, Facts, Family, Fault, Identify, News, Obstacle, Operation, Reply,
    Request, Stream, Uuid,
};
use crate::body::{ClockKind, Sample};
use crate::units::{DeviceTime, Hz, STANDARD_GRAVITY};
use nalgebra::Vector3;

pub(super) const FAMILY: Family = Family {
    key: "metamotion",
    model: "MbientLab MetaMotion",
    capabilities: Capabilities {
        rate: RATE,
        acc_range: ACC_RANGE,
        gyr_range: GYR_RANGE,
        clock: ClockKind::Device,
        batch: 0.0,
        identify: Some(Identify::Led),
        haptics: false,
        battery: true,
        min_mtu: 23,
    },
    recognise,
    driver: || Box::new(Patience::<MetaMotion>::default()),
};

const SERVICE: Uuid = Uuid::from_u128(0x326a_9000_85cb_9195_d9dd_464c_fbba_e75a);
const COMMAND: Uuid = Uuid::from_u128(0x326a_9001_85cb_9195_d9dd_464c_fbba_e75a);
const NOTIFY: Uuid = Uuid::from_u128(0x326a_9006_85cb_9195_d9dd_464c_fbba_e75a);

const RATE: Hz = Hz(100.0);
const ACC_RANGE: f64 = 16.0 * STANDARD_GRAVITY;
const GYR_RANGE: f64 = 2000.0 * DEGREE;
const DEGREE: f64 = std::f64::consts::PI / 180.0;
/// At ±16 g, m/s².
const ACC_PER_COUNT: f64 = STANDARD_GRAVITY / 2048.0;
/// At ±2000 deg/s, rad/s.
const GYR_PER_COUNT: f64 = DEGREE / 16.4;
/// Of the sensor's clock, s.
const TICK: f64 = 48.0 / 32_768.0;

const ACC: u8 = 0x03;
const PROCESSOR: u8 = 0x09;
const LOGGING: u8 = 0x0b;
const SETTINGS: u8 = 0x11;
const GYRO: u8 = 0x13;
/// Bit of a register that asks for its value.
const READ: u8 = 0x80;

/// Ends whatever any program has left running, and takes down what it built. Streams outlive a link.
const CLEAN_UP: [&[u8]; 11] = [
    &[ACC, 0x01, 0x00],
    &[ACC, 0x02, 0x00, 0x01],
    &[ACC, 0x04, 0x00],
    &[GYRO, 0x01, 0x00],
    &[GYRO, 0x02, 0x00, 0x01],
    &[GYRO, 0x05, 0x00],
    &[GYRO, 0x04, 0x00],
    &[0x19, 0x01, 0x00],
    &[0x19, 0x03, 0x00, 0x7f],
    &[PROCESSOR, 0x08],
    &[0x0a, 0x05],
];

fn recognise(advertisement: &Advertisement) -> bool {
    advertisement.offers(SERVICE) || advertisement.named("MetaWear")
}

#[derive(Debug, Default)]
struct MetaMotion {
    mode: Mode,
    phase: Phase,
    modules: Modules,
    facts: Facts,
    ticks: Unwrap<32>,
    acc: Timed,
    gyr: Timed,
    pair: Pair,
    /// The newest rate of a plain stream.
    rate: Option<Vector3<f64>>,
    /// Samples numbered since the start, where they have no time.
    numbered: u64,
}

/// How samples get their time, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Mode {
    /// Both readings and the tick in one message.
    #[default]
    Fused,
    /// A tick for each reading.
    Split,
    /// No time.
    Plain,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Phase {
    #[default]
    Idle,
    /// Modules have been asked what they are.
    Asked,
    /// Processors are being created: so many have been.
    Building { first: u8, created: u8 },
    Streaming {
        /// The processors that messages come from: the fused one, or acceleration and rate.
        from: [u8; 2],
        proven: bool,
    },
    /// Told to stop, or of no use.
    Stopped,
}

#[derive(Debug, Clone, Copy, Default)]
struct Modules {
    /// Which chip each reading comes from, as the module numbers them.
    acc: Option<u8>,
    gyr: Option<u8>,
    /// Revision of the data processor.
    processor: Option<u8>,
}

/// Coarse stamps made even.
#[derive(Debug)]
struct Timed(Steps);

impl Default for Timed {
    fn default() -> Self {
        Self(Steps::new(RATE.interval()))
    }
}

impl Driver for MetaMotion {
    fn connected(&mut self, out: &mut Reply) {
        if matches!(self.phase, Phase::Building { .. } | Phase::Streaming { proven: false, .. }) {
            self.mode = match self.mode {
                Mode::Fused => Mode::Split,
                Mode::Split => Mode::Plain,
                Mode::Plain => Mode::Fused,
            };
        }
        self.phase = Phase::Asked;
        self.modules = Modules::default();
        self.pair.clear();
        self.rate = None;
        self.numbered = 0;
        out.subscribe(NOTIFY);
        for command in CLEAN_UP {
            send(command, out);
        }
        gatt::read_facts(out);
        for module in [ACC, GYRO, PROCESSOR] {
            send(&[module, READ], out);
        }
        send(&[SETTINGS, 0x0c | READ], out);
        // Answers come in order: this one says that the modules have all answered.
        send(&[LOGGING, 0x04 | READ], out);
    }

    fn received(&mut self, from: Uuid, bytes: &[u8], out: &mut Reply) {
        if from != NOTIFY {
            gatt::fact(from, bytes, &mut self.facts, out);
            return;
        }
        match bytes {
            [PROCESSOR, 0x03, data @ ..] => self.processed(data, out),
            [ACC, 0x04, data @ ..] => self.plain_acc(data, out),
            [GYRO, 0x04 | 0x05, data @ ..] => self.plain_gyr(data, out),
            [module @ (ACC | GYRO | PROCESSOR), READ, answer @ ..] => self.module(*module, answer),
            [LOGGING, 0x84, ..] if self.phase == Phase::Asked => self.configure(out),
            [PROCESSOR, 0x02, id] => self.created(*id, out),
            [SETTINGS, 0x8c, percent, ..] => gatt::charge(*percent, out),
            // Buttons, temperature and what else another program may have asked for.
            [0x01..=0x1f | 0xfe, _, ..] => {}
            [first, ..] => out.bad(Fault::Foreign { what: "a message", first: *first }),
            [] => out.bad(Fault::Length { what: "a message", len: 0, wanted: 2 }),
        }
    }

    fn refused(&mut self, operation: &Operation, out: &mut Reply) {
        match operation {
            Operation::Subscribe(NOTIFY) => self.give_up(
                Obstacle::Missing { what: "MetaWear service", remedy: "update its firmware with MetaBase" },
                out,
            ),
            Operation::Write { to: COMMAND, .. } => out.bad(Fault::Refused { what: "take a command" }),
            _ => {}
        }
    }

    fn ask(&mut self, request: Request, out: &mut Reply) {
        match request {
            Request::Identify => {
                send(&[0x02, 0x02, 0x01], out);
                // Green, bright, half of each second, five times.
                send(&[2, 3, 0, 2, 31, 0, 0, 0, 0xf4, 0x01, 0, 0, 0xe8, 0x03, 0, 0, 5], out);
                send(&[0x02, 0x01, 0x01], out);
            }
            Request::Battery => send(&[SETTINGS, 0x0c | READ], out),
            Request::Stop => {
                self.phase = Phase::Stopped;
                for command in CLEAN_UP {
                    send(command, out);
                }
                out.unsubscribe(NOTIFY);
            }
            Request::Vibrate(_) => out.bad(Fault::Refused { what: "vibrate" }),
        }
    }
}

/// Commands are not acknowledged by the sensor; success is seen as data.
fn send(command: &[u8], out: &mut Reply) {
    out.operations.push(Operation::Write { to: COMMAND, bytes: command.to_vec(), response: false });
}

impl MetaMotion {
    fn give_up(&mut self, obstacle: Obstacle, out: &mut Reply) {
        self.phase = Phase::Stopped;
        out.news.push(News::Unusable(obstacle));
    }

    /// A module that is absent answers with nothing.
    fn module(&mut self, module: u8, answer: &[u8]) {
        let [implementation, revision, ..] = answer else { return };
        match module {
            ACC => self.modules.acc = Some(*implementation),
            GYRO => self.modules.gyr = Some(*implementation),
            _ => self.modules.processor = Some(*revision),
        }
    }

    fn configure(&mut self, out: &mut Reply) {
        let (Some(acc), Some(gyr)) = (self.modules.acc, self.modules.gyr) else {
            let remedy = "it is a board without one: use a MetaMotion";
            self.give_up(Obstacle::Missing { what: "accelerometer with gyroscope", remedy }, out);
            return;
        };
        // 100 Hz at ±16 g, by chip: BMI160 or BMI270.
        let acc_config = match acc {
            1 => [ACC, 0x03, 0x28, 0x0c],
            4 => [ACC, 0x03, 0xa8, 0x03],
            _ => return self.unknown_chip("its accelerometer's chip", acc, out),
        };
        if gyr > 1 {
            return self.unknown_chip("its gyroscope's chip", gyr, out);
        }
        send(&acc_config, out);
        send(&[GYRO, 0x03, 0x28, 0x00], out);
        if self.mode == Mode::Fused && self.modules.processor.is_none_or(|revision| revision < 1) {
            self.mode = Mode::Split;
        }
        if self.modules.processor.is_none() {
            self.mode = Mode::Plain;
        }
        self.phase = Phase::Building { first: 0, created: 0 };
        match self.mode {
            // The rate is kept until the acceleration of the same moment comes.
            Mode::Fused => send(&[PROCESSOR, 0x02, GYRO, self.gyro_data(), 0xff, 0xa0, 0x0f, 0x05], out),
            Mode::Split => send(&[PROCESSOR, 0x02, ACC, 0x04, 0xff, 0xa0, 0x11, 0x31, 0x03], out),
            Mode::Plain => {
                send(&[ACC, 0x04, 0x01], out);
                send(&[GYRO, self.gyro_data(), 0x01], out);
                self.start([0, 0], out);
            }
        }
    }

    fn unknown_chip(&mut self, what: &'static str, number: u8, out: &mut Reply) {
        let remedy = "update this program, and tell its authors of the model";
        self.give_up(Obstacle::Unknown { what, found: format!("number {number}"), remedy }, out);
    }

    /// The register of rates: 5 on a BMI160, 4 on a BMI270.
    fn gyro_data(&self) -> u8 {
        if self.modules.gyr == Some(0) { 0x05 } else { 0x04 }
    }

    /// A processor was created; the next one takes its output.
    fn created(&mut self, id: u8, out: &mut Reply) {
        let Phase::Building { first, created } = self.phase else { return };
        match (self.mode, created) {
            (Mode::Fused, 0) => {
                let mut fuser = [0; 20];
                let head = [PROCESSOR, 0x02, ACC, 0x04, 0xff, 0xa0, 0x1b, 0x01, id];
                for (to, from) in fuser.iter_mut().zip(head) {
                    *to = from;
                }
                send(&fuser, out);
            }
            (Mode::Fused, 1) => send(&[PROCESSOR, 0x02, PROCESSOR, 0x03, id, 0x60, 0x11, 0x31, 0x03], out),
            (Mode::Split, 0) => {
                send(&[PROCESSOR, 0x02, GYRO, self.gyro_data(), 0xff, 0xa0, 0x11, 0x31, 0x03], out);
            }
            (Mode::Fused, _) => return self.notified([id, id], out),
            (Mode::Split, _) => return self.notified([first, id], out),
            (Mode::Plain, _) => return,
        }
        let first = if created == 0 { id } else { first };
        self.phase = Phase::Building { first, created: created + 1 };
    }

    fn notified(&mut self, from: [u8; 2], out: &mut Reply) {
        let [first, second] = from;
        send(&[PROCESSOR, 0x03, 0x01], out);
        send(&[PROCESSOR, 0x07, first, 0x01], out);
        if second != first {
            send(&[PROCESSOR, 0x07, second, 0x01], out);
        }
        self.start(from, out);
    }

    fn start(&mut self, from: [u8; 2], out: &mut Reply) {
        for module in [ACC, GYRO] {
            send(&[module, 0x02, 0x01, 0x00], out);
        }
        for module in [ACC, GYRO] {
            send(&[module, 0x01, 0x01], out);
        }
        self.phase = Phase::Streaming { from, proven: false };
        out.news.push(News::Streaming(Stream {
            rate: RATE,
            clock: if self.mode == Mode::Plain { ClockKind::Arrival } else { ClockKind::Device },
            acc_range: ACC_RANGE,
            gyr_range: GYR_RANGE,
        }));
    }

    /// From one of the processors: its number, the tick, one or both readings.
    fn processed(&mut self, data: &[u8], out: &mut Reply) {
        let Phase::Streaming { from: [first, second], .. } = self.phase else { return };
        let mut rest = Bytes(data);
        let (Some([id]), Some(tick), Some(one)) = (rest.take(), rest.u32(), rest.counts()) else {
            out.bad(Fault::Length { what: "a timed reading", len: data.len() + 2, wanted: 13 });
            return;
        };
        let stamp = |ticks: &mut Unwrap<32>| ticks.next(tick) as f64 * TICK;
        match (self.mode, rest.counts()) {
            (Mode::Fused, Some(gyr)) if id == first => {
                let t = self.acc.0.at(stamp(&mut self.ticks));
                saturation(&[one, gyr], out);
                out.samples.push(sample(t, one, vector(gyr, GYR_PER_COUNT)));
            }
            (Mode::Fused, None) if id == first => {
                out.bad(Fault::Length { what: "a timed reading", len: data.len() + 2, wanted: 19 });
                return;
            }
            (Mode::Split, None) if id == first => {
                let t = self.acc.0.at(stamp(&mut self.ticks));
                saturation(&[one], out);
                self.pair.acc(t, vector(one, ACC_PER_COUNT));
            }
            (Mode::Split, None) if id == second => {
                let t = self.gyr.0.at(stamp(&mut self.ticks));
                saturation(&[one], out);
                self.pair.gyr(t, vector(one, GYR_PER_COUNT));
            }
            _ => {
                out.bad(Fault::Foreign { what: "a reading of a processor that is not ours", first: id });
                return;
            }
        }
        if self.mode == Mode::Split {
            self.pair.complete(RATE.interval(), &mut out.samples);
        }
        self.prove();
    }

    fn prove(&mut self) {
        if let Phase::Streaming { proven, .. } = &mut self.phase {
            *proven = true;
        }
    }

    fn plain_acc(&mut self, data: &[u8], out: &mut Reply) {
        let Some(acc) = self.plain(data, out) else { return };
        // The two come in turn; a rate that is two samples old stands for none.
        let Some(gyr) = self.rate.take() else {
            self.numbered += 1;
            return;
        };
        out.samples.push(sample(self.numbered as f64 * RATE.interval(), acc, gyr));
        self.numbered += 1;
        self.prove();
    }

    fn plain_gyr(&mut self, data: &[u8], out: &mut Reply) {
        if let Some(gyr) = self.plain(data, out) {
            self.rate = Some(vector(gyr, GYR_PER_COUNT));
        }
    }

    fn plain(&self, data: &[u8], out: &mut Reply) -> Option<[i16; 3]> {
        if self.mode != Mode::Plain || !matches!(self.phase, Phase::Streaming { .. }) {
            return None;
        }
        let counts = Bytes(data).counts();
        match counts {
            Some(counts) => saturation(&[counts], out),
            None => out.bad(Fault::Length { what: "a reading", len: data.len() + 2, wanted: 8 }),
        }
        counts
    }
}

fn sample(t: f64, acc: [i16; 3], gyr: Vector3<f64>) -> Sample {
    Sample { t: DeviceTime(t), acc: vector(acc, ACC_PER_COUNT), gyr }
}

/// The chips' ranges end with their numbers.
fn saturation(readings: &[[i16; 3]], out: &mut Reply) {
    if readings.iter().flatten().any(|&count| count == i16::MAX || count <= -i16::MAX) {
        out.news.push(News::Saturated);
    }
}

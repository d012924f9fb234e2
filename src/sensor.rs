//! Sensors, as a conversation: what the radio should do goes out, bytes come in, samples and news go on.
//! No driver performs anything itself, waits for anything or knows what time it is; the link layer does
//! the operations in order and tells the driver what came of them.
//!
//! A family is one file here, one line in [`DRIVERS`] and one folder of conversations in
//! `fixtures/drivers`. Facts that its documentation grades C were inferred and are unconfirmed on
//! hardware.

mod bytes;
mod fault;
mod gatt;
mod pair;
mod patience;
mod steps;
mod unwrap;

mod capture2go;
mod dot;
mod metamotion;
mod movesense;
mod open;
mod polar;
mod witmotion;

pub use fault::{Fault, Obstacle};

use crate::body::{ClockKind, Sample};
use crate::units::Hz;
use std::fmt::Debug;
pub use uuid::Uuid;

/// Every family that we can talk to. The first that recognises an advertisement has the sensor.
pub const DRIVERS: &[Family] = &[
    open::FAMILY,
    metamotion::FAMILY,
    dot::FAMILY,
    witmotion::FAMILY,
    polar::FAMILY,
    capture2go::FAMILY,
    movesense::FAMILY,
];

/// What a sensor says of itself before anyone connects. Radio stacks give it in parts: any may be missing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Advertisement {
    pub name: Option<String>,
    pub services: Vec<Uuid>,
    /// Company and what it says.
    pub manufacturer_data: Vec<(u16, Vec<u8>)>,
}

impl Advertisement {
    fn named(&self, beginning: &str) -> bool {
        self.name.as_deref().is_some_and(|name| name.starts_with(beginning))
    }

    fn offers(&self, service: Uuid) -> bool {
        self.services.contains(&service)
    }
}

/// Sensors that one driver speaks with.
#[derive(Debug, Clone, Copy)]
pub struct Family {
    /// In settings and files: lower case, one word.
    pub key: &'static str,
    /// As on the box.
    pub model: &'static str,
    pub capabilities: Capabilities,
    pub recognise: fn(&Advertisement) -> bool,
    pub driver: fn() -> Box<dyn Driver>,
}

impl Family {
    /// The family of a sensor, from what it advertises.
    #[must_use]
    pub fn of(advertisement: &Advertisement) -> Option<&'static Self> {
        DRIVERS.iter().find(|family| (family.recognise)(advertisement))
    }
}

/// What a family can do as our driver sets it up. A sensor may say otherwise: [`News::Streaming`] counts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Capabilities {
    pub rate: Hz,
    /// ± m/s².
    pub acc_range: f64,
    /// ± rad/s.
    pub gyr_range: f64,
    pub clock: ClockKind,
    /// How long a sample may wait in the sensor for its notification to fill, s: what an alert is late by.
    pub batch: f64,
    /// How a sensor shows which one it is.
    pub identify: Option<Identify>,
    /// It can vibrate on the runner's skin. Only home-built sensors of the open profile do: none of the makers'
    /// protocols that we know has a motor ([`Request::Vibrate`] is refused there).
    pub haptics: bool,
    pub battery: bool,
    /// The smallest ATT MTU at which notifications arrive whole, bytes. 23 is what every link has.
    pub min_mtu: u16,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Identify {
    Led,
    Vibration,
}

/// What the radio shall do, one after the other, in order. Characteristics are found by their identifier in
/// whatever service has them.
#[derive(Debug, Clone, PartialEq)]
pub enum Operation {
    Subscribe(Uuid),
    Unsubscribe(Uuid),
    /// The value comes back through [`Driver::received`].
    Read(Uuid),
    Write {
        to: Uuid,
        bytes: Vec<u8>,
        /// Wait for the sensor's acknowledgement. Where the characteristic only takes the other kind, the
        /// link uses that.
        response: bool,
    },
    /// Let the sensor be for so many seconds.
    Wait(f64),
}

/// What the person or the program wants of a sensor.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Request {
    /// Show which one you are, for a few seconds.
    Identify,
    Vibrate(Pulse),
    /// Stop measuring and leave nothing running: the link is about to be closed.
    Stop,
    /// Say how full the battery is, through [`News::Battery`].
    Battery,
}

/// One vibration.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pulse {
    pub seconds: f64,
    /// 0 to 1, of the strongest that the sensor can.
    pub strength: f64,
}

/// The pure half of a link to one sensor. Whatever the calls and bytes, in whatever order: no panic, work
/// and memory bounded by the length of the bytes.
pub trait Driver: Send + Debug {
    /// The link is up, for the first time or again: stop what runs, clean up, configure, start.
    fn connected(&mut self, out: &mut Reply);
    /// A notification, or the value of a [`Operation::Read`].
    fn received(&mut self, from: Uuid, bytes: &[u8], out: &mut Reply);
    /// An operation failed while the link stayed up: the sensor refused it, or has no such characteristic.
    /// Those after it are performed all the same.
    fn refused(&mut self, operation: &Operation, out: &mut Reply);
    fn ask(&mut self, request: Request, out: &mut Reply);
}

/// What a driver answers with. The caller owns it, clears it and hands it in again: nothing is allocated
/// per sample once it has grown.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Reply {
    /// To be appended to those that are still to be performed.
    pub operations: Vec<Operation>,
    /// Oldest first.
    pub samples: Vec<Sample>,
    pub news: Vec<News>,
}

impl Reply {
    pub fn clear(&mut self) {
        self.operations.clear();
        self.samples.clear();
        self.news.clear();
    }

    fn subscribe(&mut self, to: Uuid) {
        self.operations.push(Operation::Subscribe(to));
    }

    fn unsubscribe(&mut self, from: Uuid) {
        self.operations.push(Operation::Unsubscribe(from));
    }

    fn read(&mut self, from: Uuid) {
        self.operations.push(Operation::Read(from));
    }

    /// With the sensor's acknowledgement.
    fn write(&mut self, to: Uuid, bytes: &[u8]) {
        self.operations.push(Operation::Write { to, bytes: bytes.to_vec(), response: true });
    }

    fn bad(&mut self, fault: Fault) {
        self.news.push(News::Bad(fault));
    }
}

#[derive(Debug, Clone, PartialEq)]
pub enum News {
    /// What the sensor says of itself; comes again when more is known.
    Facts(Facts),
    /// Samples follow, of this kind. Comes again when it changes.
    Streaming(Stream),
    /// How full the battery is, 0 to 1.
    Battery(f64),
    /// A sample of this reply is at the end of the sensor's range.
    Saturated,
    /// The sensor's own counter says that so many samples never came.
    Lost(u32),
    /// One message was of no use. The sensor goes on.
    Bad(Fault),
    /// The sensor cannot be used as it is. What to do about it is in the words.
    Unusable(Obstacle),
}

/// What is known of one sensor.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facts {
    /// By this a sensor is known again: never by its address, which computers see differently.
    pub serial: Option<String>,
    pub firmware: Option<String>,
    pub hardware: Option<String>,
}

/// What the samples of one sensor are, as it is set up now.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stream {
    pub rate: Hz,
    pub clock: ClockKind,
    /// ± m/s².
    pub acc_range: f64,
    /// ± rad/s.
    pub gyr_range: f64,
}

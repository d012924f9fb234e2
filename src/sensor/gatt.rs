//! What the Bluetooth SIG has assigned and sensors of many makers have: battery and device information.

use super::{Facts, Fault, News, Reply, Uuid};

/// A characteristic or service with a number of 16 bits.
pub(super) const fn assigned(number: u16) -> Uuid {
    Uuid::from_u128(((number as u128) << 96) | 0x0000_0000_0000_1000_8000_0080_5f9b_34fb)
}

pub(super) const BATTERY: Uuid = assigned(0x2a19);
const SERIAL: Uuid = assigned(0x2a25);
const FIRMWARE: Uuid = assigned(0x2a26);
const HARDWARE: Uuid = assigned(0x2a27);

pub(super) fn read_facts(out: &mut Reply) {
    for text in [SERIAL, FIRMWARE, HARDWARE] {
        out.read(text);
    }
}

/// A value of the device information service; what is known so far is told again.
pub(super) fn fact(from: Uuid, bytes: &[u8], facts: &mut Facts, out: &mut Reply) {
    let value = super::bytes::text(bytes);
    match from {
        SERIAL => facts.serial = value,
        FIRMWARE => facts.firmware = value,
        HARDWARE => facts.hardware = value,
        _ => return,
    }
    out.news.push(News::Facts(facts.clone()));
}

pub(super) fn battery(bytes: &[u8], out: &mut Reply) {
    match bytes {
        [percent, ..] => charge(*percent, out),
        [] => out.bad(Fault::Length { what: "the battery's charge", len: 0, wanted: 1 }),
    }
}

/// The battery's charge in percent.
pub(super) fn charge(percent: u8, out: &mut Reply) {
    if percent <= 100 {
        out.news.push(News::Battery(f64::from(percent) / 100.0));
    } else {
        out.bad(Fault::Implausible { what: "the battery's charge, %", value: f64::from(percent) });
    }
}

//! What is said to a MetaMotion: module, register, what to do.

use super::COMMAND;
use crate::sensor::{Operation, Reply};

pub(super) const ACC: u8 = 0x03;
pub(super) const PROCESSOR: u8 = 0x09;
pub(super) const LOGGING: u8 = 0x0b;
pub(super) const SETTINGS: u8 = 0x11;
pub(super) const GYRO: u8 = 0x13;
/// Bit of a register that asks for its value.
pub(super) const READ: u8 = 0x80;

/// Ends whatever any program has left running, and takes down what it built. Streams outlive a link.
pub(super) const CLEAN_UP: [&[u8]; 11] = [
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

/// Shows which one it is: green, bright, half of each second, five times.
pub(super) const BLINK: [&[u8]; 3] = [
    &[0x02, 0x02, 0x01],
    &[2, 3, 0, 2, 31, 0, 0, 0, 0xf4, 0x01, 0, 0, 0xe8, 0x03, 0, 0, 5],
    &[0x02, 0x01, 0x01],
];

/// Commands are not acknowledged by the sensor; success is seen as data.
pub(super) fn send(command: &[u8], out: &mut Reply) {
    out.operations.push(Operation::Write { to: COMMAND, bytes: command.to_vec(), response: false });
}

/// A processor that keeps a module's newest reading.
pub(super) fn buffer_of(module: u8, data: u8) -> [u8; 8] {
    [PROCESSOR, 0x02, module, data, 0xff, 0xa0, 0x0f, 0x05]
}

/// A processor that puts the kept reading of a buffer behind each acceleration.
pub(super) fn fuse_with(buffer: u8) -> [u8; 20] {
    [PROCESSOR, 0x02, ACC, 0x04, 0xff, 0xa0, 0x1b, 0x01, buffer, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
}

/// A processor that puts the tick before each reading of a module, ...
pub(super) fn tick_of(module: u8, data: u8) -> [u8; 9] {
    [PROCESSOR, 0x02, module, data, 0xff, 0xa0, 0x11, 0x31, 0x03]
}

/// ... or before what another processor puts out.
pub(super) fn tick_of_processor(id: u8) -> [u8; 9] {
    [PROCESSOR, 0x02, PROCESSOR, 0x03, id, 0x60, 0x11, 0x31, 0x03]
}

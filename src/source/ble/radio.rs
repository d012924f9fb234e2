//! What the link layer needs of a radio, and why it cannot have it.

use crate::sensor::{Advertisement, Operation, Uuid};
use serde::Serialize;
use std::fmt;
use std::future::Future;
use std::time::Instant;
use thiserror::Error;
use tokio::sync::mpsc::UnboundedReceiver;

/// One sensor as this computer's radio names it: an address on Linux and Windows, a number of this computer's own
/// on macOS. Good while the program runs, never kept.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Peer(pub String);

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Heard now: something in reach that advertises, so it is awake and not connected to anyone.
#[derive(Debug, Clone, PartialEq)]
pub struct Sighting {
    pub peer: Peer,
    pub advertisement: Advertisement,
    /// Signal, dBm. `None`: remembered by the system, not heard.
    pub rssi: Option<i16>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum RadioEvent {
    Sighted(Sighting),
    /// The link to it has ended.
    Down(Peer),
    /// The adapter was switched on or off, plugged in or pulled out, or its service restarted.
    Changed,
}

/// Bytes that a sensor sent, with the moment at which this program had them.
#[derive(Debug, Clone, PartialEq)]
pub struct Notified {
    pub from: Uuid,
    pub bytes: Vec<u8>,
    pub at: Instant,
}

/// Why there is no Bluetooth, with the remedy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NoRadio {
    #[error(
        "this computer has no Bluetooth adapter: plug in a Bluetooth LE dongle, or switch the built-in one on in the firmware settings"
    )]
    NoAdapter,
    #[error(
        "Bluetooth is switched off: switch it on in the system settings (on Linux also `bluetoothctl power on`, or `rfkill unblock bluetooth`)"
    )]
    Off,
    #[error(
        "the Bluetooth service is not running: start it (on Linux `sudo systemctl start bluetooth`; it comes with the package bluez)"
    )]
    NoService,
    #[error(
        "this program may not use Bluetooth: allow it (on macOS under Privacy & Security, Bluetooth, for the terminal; on Linux add yourself to the group `bluetooth` and log in again)"
    )]
    NotAllowed,
}

/// What one operation on the radio came to, where it did not succeed.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum RadioError {
    #[error(transparent)]
    None(#[from] NoRadio),
    /// The link is gone, or never came up.
    #[error("the link is gone ({0})")]
    Gone(String),
    #[error("no answer within {0:.0} s")]
    TimedOut(f64),
    /// The sensor, or the system for it, refused; the link stays up.
    #[error("refused ({0})")]
    Refused(String),
}

/// The seam: above it everything runs on a simulated radio as well.
pub trait Radio: Clone + Send + Sync + 'static {
    /// Is there an adapter, and is it on? Finds it anew where it was replaced.
    fn state(&self) -> impl Future<Output = Result<(), NoRadio>> + Send;
    fn scan(&self, on: bool) -> impl Future<Output = Result<(), RadioError>> + Send;
    /// Takes as long as the system takes: the caller sets the limit, and then calls [`disconnect`](Self::disconnect).
    fn connect(&self, peer: &Peer) -> impl Future<Output = Result<(), RadioError>> + Send;
    /// Finds out what a connected sensor has; the link's MTU.
    fn discover(&self, peer: &Peer) -> impl Future<Output = Result<u16, RadioError>> + Send;
    fn disconnect(&self, peer: &Peer) -> impl Future<Output = ()> + Send;
    /// Does the system hold the link to be up?
    fn is_up(&self, peer: &Peer) -> impl Future<Output = bool> + Send;
    /// What it sends from now on, across links; an earlier receiver for it ends.
    fn listen(
        &self,
        peer: &Peer,
    ) -> impl Future<Output = Result<UnboundedReceiver<Notified>, RadioError>> + Send;
    /// Performs an operation; the value of a read. Waits are the caller's.
    fn perform(
        &self,
        peer: &Peer,
        operation: &Operation,
    ) -> impl Future<Output = Result<Option<Vec<u8>>, RadioError>> + Send;
}

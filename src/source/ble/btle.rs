//! The real radio: btleplug, with what BlueZ, D-Bus and the other systems need to be reliable.
//!
//! - One adapter-wide event stream is opened before any other and drained for the life of the program. D-Bus takes
//!   the rules of btleplug's streams for equal, and dropping one removes the newest: another sensor falls silent
//!   unless the oldest rule, which covers all, stays (measured with dbus-daemon 1.14 and btleplug 0.13.5).
//! - A sensor's notification stream is opened once, before it is subscribed to, and outlasts lost links. One task
//!   does nothing but empty it: macOS and Windows keep 16 notifications and drop the rest without a word.
//! - Handles outlast an adapter that is off and a Bluetooth service that restarts; an adapter that was replaced
//!   is found anew.

use super::radio::{NoRadio, Notified, Peer, Radio, RadioError, RadioEvent, Sighting};
use crate::host_clock;
use crate::sensor::{Advertisement, Operation, Uuid};
use btleplug::Error;
use btleplug::api::{
    Central as _, CentralEvent, CentralState, Characteristic, Manager as _, Peripheral as _, ScanFilter,
    WriteType,
};
use btleplug::platform::{Adapter, Manager, Peripheral, PeripheralId};
use futures::StreamExt;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// The system is asked this often whether the adapter is still there and on.
const LOOK: Duration = Duration::from_secs(1);

#[derive(Debug, Clone)]
pub struct BtleRadio {
    events: UnboundedSender<RadioEvent>,
    system: Arc<tokio::sync::Mutex<System>>,
    peers: Arc<Mutex<Peers>>,
}

#[derive(Debug, Default)]
struct System {
    manager: Option<Manager>,
    adapter: Option<Adapter>,
    /// It was fine then.
    fine: Option<Instant>,
}

#[derive(Debug, Default)]
struct Peers {
    known: BTreeMap<Peer, Known>,
}

#[derive(Debug)]
struct Known {
    handle: Peripheral,
    advertisement: Advertisement,
    /// Where the drained notifications go; `None` before anyone listened.
    sink: Option<Sink>,
}

type Sink = Arc<Mutex<UnboundedSender<Notified>>>;

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl BtleRadio {
    /// To be opened once per program. Without Bluetooth it opens as well, and says so when asked.
    #[must_use]
    pub fn open() -> (Self, UnboundedReceiver<RadioEvent>) {
        let (events, receiver) = unbounded_channel();
        (Self { events, system: Arc::default(), peers: Arc::default() }, receiver)
    }

    /// The adapter's name and address-free description, for `doctor`.
    pub async fn adapter(&self) -> Option<String> {
        let system = self.system.lock().await;
        match &system.adapter {
            Some(adapter) => adapter.adapter_info().await.ok(),
            None => None,
        }
    }

    fn handle(&self, peer: &Peer) -> Result<Peripheral, RadioError> {
        lock(&self.peers)
            .known
            .get(peer)
            .map(|known| known.handle.clone())
            .ok_or_else(|| RadioError::Gone("it was never heard".to_owned()))
    }

    /// Connects to the system's Bluetooth and to its first adapter, where that has not been done.
    async fn find(&self, system: &mut System) -> Result<Adapter, NoRadio> {
        if let Some(adapter) = &system.adapter {
            return Ok(adapter.clone());
        }
        let manager = if let Some(manager) = &system.manager {
            manager.clone()
        } else {
            let manager = Manager::new().await.map_err(|error| no_service(&error))?;
            system.manager.insert(manager).clone()
        };
        let adapters = manager.adapters().await.map_err(|error| no_service(&error))?;
        let adapter = adapters.into_iter().next().ok_or(NoRadio::NoAdapter)?;
        let events = adapter.events().await.map_err(|error| no_service(&error))?;
        tokio::spawn(pump(adapter.clone(), events, self.events.clone(), self.peers.clone()));
        Ok(system.adapter.insert(adapter).clone())
    }
}

fn no_service(error: &Error) -> NoRadio {
    tracing::debug!("Bluetooth: {error}");
    match error {
        Error::PermissionDenied => NoRadio::NotAllowed,
        Error::NoAdapterAvailable => NoRadio::NoAdapter,
        error if error.to_string().contains("AccessDenied") => NoRadio::NotAllowed,
        _ => NoRadio::NoService,
    }
}

/// Passes on what the adapter says, for ever.
async fn pump(
    adapter: Adapter,
    mut stream: impl futures::Stream<Item = CentralEvent> + Unpin + Send,
    events: UnboundedSender<RadioEvent>,
    peers: Arc<Mutex<Peers>>,
) {
    while let Some(event) = stream.next().await {
        let event = match event {
            CentralEvent::DeviceDiscovered(id)
            | CentralEvent::DeviceUpdated(id)
            | CentralEvent::ServicesAdvertisement { id, .. }
            | CentralEvent::ManufacturerDataAdvertisement { id, .. } => sight(&adapter, &id, &peers).await,
            // The most frequent by far, and nothing new but the signal.
            CentralEvent::RssiUpdate { id, rssi } => {
                let peer = Peer(id.to_string());
                let known = lock(&peers).known.get(&peer).map(|known| known.advertisement.clone());
                match known {
                    Some(advertisement) => {
                        Some(RadioEvent::Sighted(Sighting { peer, advertisement, rssi: Some(rssi) }))
                    }
                    None => sight(&adapter, &id, &peers).await,
                }
            }
            CentralEvent::DeviceDisconnected(id) => Some(RadioEvent::Down(Peer(id.to_string()))),
            CentralEvent::StateUpdate(_) => Some(RadioEvent::Changed),
            _ => None,
        };
        if let Some(event) = event
            && events.send(event).is_err()
        {
            // Nobody listens any more; the stream is drained all the same, see above.
            tracing::trace!("a radio event without a listener");
        }
    }
}

async fn sight(adapter: &Adapter, id: &PeripheralId, peers: &Mutex<Peers>) -> Option<RadioEvent> {
    let peer = Peer(id.to_string());
    let known = lock(peers).known.get(&peer).map(|known| known.handle.clone());
    let handle = match known {
        Some(handle) => handle,
        None => adapter.peripheral(id).await.ok()?,
    };
    let properties = handle.properties().await.ok()??;
    let advertisement = Advertisement {
        name: properties.local_name.or(properties.advertisement_name),
        services: properties.services,
        manufacturer_data: properties.manufacturer_data.into_iter().collect(),
    };
    let mut peers = lock(peers);
    let entry = peers.known.entry(peer.clone());
    let known =
        entry.or_insert_with(|| Known { handle, advertisement: Advertisement::default(), sink: None });
    known.advertisement = advertisement.clone();
    Some(RadioEvent::Sighted(Sighting { peer, advertisement, rssi: properties.rssi }))
}

fn error(error: &Error) -> RadioError {
    let text = error.to_string();
    match error {
        Error::PermissionDenied => RadioError::None(NoRadio::NotAllowed),
        Error::NotConnected | Error::DeviceNotFound => RadioError::Gone(text),
        Error::TimedOut(after) => RadioError::TimedOut(after.as_secs_f64()),
        _ if ["NotConnected", "Not connected", "UnknownObject", "doesn't exist"]
            .iter()
            .any(|w| text.contains(w)) =>
        {
            RadioError::Gone(text)
        }
        _ => RadioError::Refused(text),
    }
}

fn characteristic(handle: &Peripheral, uuid: Uuid) -> Result<Characteristic, RadioError> {
    handle
        .characteristics()
        .into_iter()
        .find(|characteristic| characteristic.uuid == uuid)
        .ok_or_else(|| RadioError::Refused(format!("it has no characteristic {uuid}")))
}

impl Radio for BtleRadio {
    async fn state(&self) -> Result<(), NoRadio> {
        let mut system = self.system.lock().await;
        let now = host_clock::instant();
        if system.fine.is_some_and(|fine| now.saturating_duration_since(fine) < LOOK) {
            return Ok(());
        }
        system.fine = None;
        let adapter = self.find(&mut system).await?;
        match adapter.adapter_state().await.map_err(|error| no_service(&error))? {
            CentralState::PoweredOn => {
                system.fine = Some(now);
                Ok(())
            }
            CentralState::PoweredOff => {
                // Off, pulled out, or its service gone: they look alike from the adapter.
                let Some(manager) = &system.manager else { return Err(NoRadio::NoService) };
                let all = manager.adapters().await.map_err(|error| no_service(&error))?;
                if adapter.adapter_info().await.is_err() {
                    system.adapter = None;
                }
                Err(if all.is_empty() { NoRadio::NoAdapter } else { NoRadio::Off })
            }
            // Only macOS does not know, when it has not been allowed or is about to ask.
            CentralState::Unknown => Err(NoRadio::NotAllowed),
        }
    }

    async fn scan(&self, on: bool) -> Result<(), RadioError> {
        let adapter = self.find(&mut *self.system.lock().await).await?;
        let done =
            if on { adapter.start_scan(ScanFilter::default()).await } else { adapter.stop_scan().await };
        done.map_err(|e| error(&e))
    }

    async fn connect(&self, peer: &Peer) -> Result<(), RadioError> {
        self.handle(peer)?.connect().await.map_err(|e| error(&e))
    }

    async fn discover(&self, peer: &Peer) -> Result<u16, RadioError> {
        let handle = self.handle(peer)?;
        handle.discover_services().await.map_err(|e| error(&e))?;
        Ok(handle.mtu())
    }

    async fn disconnect(&self, peer: &Peer) {
        if let Ok(handle) = self.handle(peer) {
            // What cannot be disconnected is not connected.
            handle.disconnect().await.ok();
        }
    }

    async fn is_up(&self, peer: &Peer) -> bool {
        match self.handle(peer) {
            Ok(handle) => handle.is_connected().await.unwrap_or(false),
            Err(_) => false,
        }
    }

    async fn listen(&self, peer: &Peer) -> Result<UnboundedReceiver<Notified>, RadioError> {
        let handle = self.handle(peer)?;
        let (sender, receiver) = unbounded_channel();
        let sink = lock(&self.peers).known.get(peer).and_then(|known| known.sink.clone());
        if let Some(sink) = sink {
            *lock(&sink) = sender;
            return Ok(receiver);
        }
        let stream = handle.notifications().await.map_err(|e| error(&e))?;
        let sink = Arc::new(Mutex::new(sender));
        if let Some(known) = lock(&self.peers).known.get_mut(peer) {
            known.sink = Some(sink.clone());
        }
        let (peer, peers) = (peer.clone(), self.peers.clone());
        tokio::spawn(async move {
            let mut stream = stream;
            while let Some(notification) = stream.next().await {
                let at = host_clock::instant();
                let notified = Notified { from: notification.uuid, bytes: notification.value, at };
                // `err`: nobody listens at the moment.
                lock(&sink).send(notified).ok();
            }
            // The system has closed it: the next one who listens opens another.
            if let Some(known) = lock(&peers).known.get_mut(&peer) {
                known.sink = None;
            }
        });
        Ok(receiver)
    }

    async fn perform(&self, peer: &Peer, operation: &Operation) -> Result<Option<Vec<u8>>, RadioError> {
        let handle = self.handle(peer)?;
        let done = match operation {
            Operation::Subscribe(uuid) => {
                handle.subscribe(&characteristic(&handle, *uuid)?).await.map(|()| None)
            }
            Operation::Unsubscribe(uuid) => {
                handle.unsubscribe(&characteristic(&handle, *uuid)?).await.map(|()| None)
            }
            Operation::Read(uuid) => handle.read(&characteristic(&handle, *uuid)?).await.map(Some),
            Operation::Write { to, bytes, response } => {
                let kind = if *response { WriteType::WithResponse } else { WriteType::WithoutResponse };
                handle.write(&characteristic(&handle, *to)?, bytes, kind).await.map(|()| None)
            }
            Operation::Wait(_) => Ok(None),
        };
        done.map_err(|e| error(&e))
    }
}

//! One adapter, one thing at a time: scanning and connecting take turns, and one sensor is connected at a time.
//! Parallel connects and a scan meanwhile abort each other on BlueZ (bleak threads 1858 and 1673; own measurement).

use super::radio::{Peer, Radio, RadioError};
use crate::host_clock;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;
use tokio::time::timeout;

/// A scan begins anew after this. btleplug asks BlueZ for Bluetooth of both kinds, and Linux then listens for LE during
/// 5.12 s and is deaf to it for as long (`DISCOV_INTERLEAVED_TIMEOUT` of the kernel): it never gets there.
const ANEW: Duration = Duration::from_millis(4500);

/// Longest that a sensor may take to tell what it has. BlueZ gives up after 30 s; it remembers sensors that it has
/// seen, and the first time takes a second or two on a real radio (own estimate from the number of round trips).
const DISCOVERY: Duration = Duration::from_secs(20);
/// BlueZ takes 2 s to disconnect (own measurement); nobody else is connected meanwhile.
const GOODBYE: Duration = Duration::from_secs(5);

#[derive(Debug, Clone)]
pub(super) struct Air<R> {
    radio: R,
    /// Since when it scans.
    scanning: Arc<Mutex<Option<Instant>>>,
}

impl<R: Radio> Air<R> {
    pub(super) fn new(radio: R) -> Self {
        Self { radio, scanning: Arc::default() }
    }

    /// Scans or does not. While a sensor is being connected this changes nothing: ask again soon.
    pub(super) async fn scan(&self, wanted: bool) -> Result<(), RadioError> {
        let Ok(mut scanning) = self.scanning.try_lock() else { return Ok(()) };
        let now = host_clock::instant();
        let stale = scanning.is_some_and(|since| now.saturating_duration_since(since) > ANEW);
        if scanning.is_some() && (stale || !wanted) {
            self.radio.scan(false).await?;
            *scanning = None;
        }
        if scanning.is_none() && wanted {
            self.radio.scan(true).await?;
            *scanning = Some(now);
        }
        Ok(())
    }

    /// The adapter was off or is another one: whatever it was doing, it does no more.
    pub(super) async fn forget(&self) {
        *self.scanning.lock().await = None;
    }

    pub(super) async fn connect(&self, peer: &Peer, limit: Duration) -> Result<u16, RadioError> {
        let mut scanning = self.scanning.lock().await;
        if scanning.take().is_some() {
            // What does not stop was not running: connecting is what matters.
            self.radio.scan(false).await.ok();
        }
        let connected = match within(limit, self.radio.connect(peer)).await {
            // The link is up: what takes time from here on is the sensor telling what it has.
            Ok(()) => within(DISCOVERY, self.radio.discover(peer)).await,
            Err(error) => Err(error),
        };
        if connected.is_err() {
            // The system goes on trying otherwise, and refuses the next attempt as already in progress.
            timeout(GOODBYE, self.radio.disconnect(peer)).await.ok();
        }
        connected
    }
}

async fn within<T>(
    limit: Duration,
    work: impl Future<Output = Result<T, RadioError>>,
) -> Result<T, RadioError> {
    timeout(limit, work).await.unwrap_or(Err(RadioError::TimedOut(limit.as_secs_f64())))
}

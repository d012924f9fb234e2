//! What a driver has asked for and is still to be done, one after the other.

use super::radio::{Peer, Radio, RadioError};
use crate::sensor::{Operation, Uuid};
use futures::future::BoxFuture;
use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// Longest that a sensor may take for one operation: the longest that ATT itself allows is 30 s
/// (Bluetooth Core 5.4, vol. 3, part F, 3.3.3), and no sensor that we know of needs a tenth of it.
const OPERATION: Duration = Duration::from_secs(8);
/// A longer wait than any family asks for; a driver with a bug must not hold a link for ever.
const LONGEST_WAIT: f64 = 10.0;

pub(super) type Done = (Operation, Result<Option<Vec<u8>>, RadioError>);

pub(super) struct Script<R> {
    radio: R,
    peer: Peer,
    queue: VecDeque<Operation>,
    current: Option<BoxFuture<'static, Done>>,
    subscribed: BTreeSet<Uuid>,
    /// Being read, or just read: BlueZ gives the value of a read among the notifications, too.
    echo: Option<(Uuid, Option<Vec<u8>>)>,
}

impl<R: Radio> Script<R> {
    pub(super) fn new(radio: R, peer: Peer) -> Self {
        Self { radio, peer, queue: VecDeque::new(), current: None, subscribed: BTreeSet::new(), echo: None }
    }

    pub(super) fn push(&mut self, operations: impl IntoIterator<Item = Operation>) {
        self.queue.extend(operations);
    }

    pub(super) fn is_idle(&self) -> bool {
        self.queue.is_empty() && self.current.is_none()
    }

    /// The next result; waits for ever when there is nothing to do. May be dropped and called again.
    pub(super) async fn next(&mut self) -> Done {
        loop {
            if let Some(current) = &mut self.current {
                let done = current.as_mut().await;
                self.current = None;
                self.after(&done);
                return done;
            }
            match self.queue.pop_front() {
                Some(operation) => self.start(operation),
                None => std::future::pending().await,
            }
        }
    }

    fn start(&mut self, operation: Operation) {
        if let Operation::Read(uuid) = &operation {
            self.echo = Some((*uuid, None));
        }
        if let Operation::Subscribe(uuid) = &operation {
            // From here on: the first notification can be faster than the answer.
            self.subscribed.insert(*uuid);
        }
        let (radio, peer) = (self.radio.clone(), self.peer.clone());
        self.current = Some(Box::pin(async move {
            if let Operation::Wait(seconds) = operation {
                sleep(Duration::from_secs_f64(seconds.clamp(0.0, LONGEST_WAIT))).await;
                return (operation, Ok(None));
            }
            let done = timeout(OPERATION, radio.perform(&peer, &operation)).await;
            let done = done.unwrap_or_else(|_| Err(RadioError::TimedOut(OPERATION.as_secs_f64())));
            (operation, done)
        }));
    }

    fn after(&mut self, (operation, result): &Done) {
        match (operation, result) {
            (Operation::Read(uuid), Ok(Some(value))) => {
                // An echo that came first was taken already.
                if let Some((read, None)) = &self.echo
                    && read == uuid
                {
                    self.echo = Some((*uuid, Some(value.clone())));
                }
            }
            (Operation::Read(_), _) => self.echo = None,
            (Operation::Unsubscribe(uuid), _) => {
                self.subscribed.remove(uuid);
            }
            _ => {}
        }
    }

    /// Whether these bytes are a notification, and not the echo of a read.
    pub(super) fn is_notification(&mut self, from: Uuid, bytes: &[u8]) -> bool {
        if !self.subscribed.contains(&from) {
            return false;
        }
        let echoed = matches!(&self.echo, Some((read, Some(value))) if *read == from && value == bytes);
        if echoed {
            self.echo = None;
        }
        !echoed
    }
}

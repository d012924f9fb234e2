//! Who is who, and where, for all links.

use super::radio::Peer;
use super::roster::Roster;
use crate::body::Placement;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Who is who, and where.
#[derive(Debug)]
pub(super) struct Registry(Mutex<Names>);

#[derive(Debug)]
pub(super) struct Names {
    pub(super) roster: Roster,
    /// Who has claimed a serial in this session.
    pub(super) claims: BTreeMap<String, Peer>,
    /// Connected once and found to have no place here.
    pub(super) released: BTreeSet<Peer>,
    /// Without a place, and still to be held: a person is about to place it.
    pub(super) wanted: BTreeSet<Peer>,
}

impl Registry {
    pub(super) fn new(roster: Roster) -> Self {
        let (claims, released, wanted) = Default::default();
        Self(Mutex::new(Names { roster, claims, released, wanted }))
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Names> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The place of the sensor that says so; an error when another one has said so before.
    pub(super) fn claim(&self, id: &str, peer: &Peer) -> Result<Option<Placement>, ()> {
        let mut names = self.lock();
        if names.claims.get(id).is_some_and(|other| other != peer) {
            return Err(());
        }
        names.claims.insert(id.to_owned(), peer.clone());
        Ok(names.roster.placement(id))
    }

    pub(super) fn is_assigned(&self) -> bool {
        self.lock().roster.is_assigned()
    }

    pub(super) fn is_wanted(&self, peer: &Peer) -> bool {
        self.lock().wanted.contains(peer)
    }

    pub(super) fn release(&self, peer: &Peer) {
        self.lock().released.insert(peer.clone());
    }
}

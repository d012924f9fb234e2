//! Who is who, and where, and whose session hears it, for all links.

use super::outlet::Outlet;
use super::radio::Peer;
use super::roster::{Roster, same};
use crate::body::Placement;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Who is who, and where.
#[derive(Debug)]
pub(super) struct Registry(Mutex<Names>);

#[derive(Debug)]
pub(super) struct Names {
    pub(super) roster: Roster,
    /// The runners of this daemon.
    pub(super) crew: Vec<Member>,
    /// Who has claimed a serial in this session.
    pub(super) claims: BTreeMap<String, Peer>,
    /// Connected once and found to have no place here.
    pub(super) released: BTreeSet<Peer>,
    /// Without a place, and still to be held: a person is about to place it.
    pub(super) wanted: BTreeSet<Peer>,
}

#[derive(Debug, Default)]
pub(super) struct Member {
    /// `None`: the only one, with the sensors that are nobody's in particular.
    pub(super) runner: Option<String>,
    /// Hears the sensors while there is a session.
    pub(super) session: Option<Outlet>,
}

/// Whose a sensor is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Owner {
    Nobody,
    /// One of the crew.
    Member(usize),
    /// Somebody whom this daemon does not serve now.
    Absent(String),
}

impl Names {
    pub(super) fn owner(&self, id: &str) -> Owner {
        let Some(worn) = self.roster.place(id) else { return Owner::Nobody };
        let member = self.crew.iter().position(|one| same(one.runner.as_deref(), worn.runner));
        match (member, worn.runner) {
            (Some(member), _) => Owner::Member(member),
            (None, Some(runner)) => Owner::Absent(runner.to_owned()),
            (None, None) => Owner::Nobody,
        }
    }

    /// How many sensors this runner has; `None` while nobody has set any up.
    fn count(&self, member: &Member) -> Option<usize> {
        Some(self.roster.of(member.runner.as_deref()).count()).filter(|count| *count > 0)
    }

    fn running(&self) -> impl Iterator<Item = &Member> {
        self.crew.iter().filter(|member| member.session.is_some())
    }

    /// Everybody who has a session has sensors: those of others are left alone.
    fn is_assigned(&self) -> bool {
        self.running().all(|member| self.count(member).is_some())
    }

    /// How many sensors the sessions that there are would have.
    pub(super) fn expected(&self) -> usize {
        self.running().map(|member| self.count(member).unwrap_or(Placement::COUNT)).sum()
    }

    pub(super) fn sessions(&self) -> Vec<Outlet> {
        self.running().filter_map(|member| member.session.clone()).collect()
    }
}

impl Registry {
    pub(super) fn new(roster: Roster) -> Self {
        let (claims, released, wanted) = Default::default();
        Self(Mutex::new(Names { roster, crew: vec![Member::default()], claims, released, wanted }))
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Names> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The sensor says that it is this one; an error when another one has said so before.
    pub(super) fn claim(&self, id: &str, peer: &Peer) -> Result<(), ()> {
        let mut names = self.lock();
        if names.claims.get(id).is_some_and(|other| other != peer) {
            return Err(());
        }
        names.claims.insert(id.to_owned(), peer.clone());
        Ok(())
    }

    /// Where it is worn, and which session hears it. Where one runs alone, what is nobody's is heard, too.
    pub(super) fn place(&self, id: &str) -> (Option<Placement>, Option<Outlet>) {
        let names = self.lock();
        let placement = names.roster.place(id).map(|worn| worn.placement);
        match (names.owner(id), names.crew.as_slice()) {
            (Owner::Member(one), crew) => (placement, crew.get(one).and_then(|m| m.session.clone())),
            (_, [alone]) => (None, alone.session.clone()),
            _ => (None, None),
        }
    }

    /// Of the session that hears every sensor, whosever it may be: the only runner's.
    pub(super) fn only_outlet(&self) -> Option<Outlet> {
        match self.lock().crew.as_slice() {
            [alone] => alone.session.clone(),
            _ => None,
        }
    }

    pub(super) fn is_assigned(&self) -> bool {
        self.lock().is_assigned()
    }

    pub(super) fn is_wanted(&self, peer: &Peer) -> bool {
        self.lock().wanted.contains(peer)
    }

    pub(super) fn release(&self, peer: &Peer) {
        self.lock().released.insert(peer.clone());
    }
}

//! The replicated state of one shard: what is true now. One door in: [`State::apply`].
mod closed;
mod derived;
mod due;
mod requests;
mod restore;
mod sweeps;
mod tenant;
#[cfg(test)]
mod tests;

pub use closed::{Closed, Stub};
pub(crate) use derived::Derived;
pub(crate) use due::{Due, DueKey, Dues};
pub use requests::{First, Requests};
pub use restore::Orphan;
pub(crate) use sweeps::Sweeps;
pub use tenant::Tenant;

use crate::{ids::*, record::*};
use alloc::{collections::BTreeMap, sync::Arc};

/// The state of one shard. Equal states answer alike for ever; a restored one equals the one that wrote it.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct State {
    pub(crate) now_ms: u64,
    pub(crate) index: u64,
    pub(crate) shard: Arc<ShardRecord>,
    pub(crate) placements: BTreeMap<TenantId, Arc<Placement>>,
    pub(crate) nodes: BTreeMap<u64, Arc<Node>>,
    pub(crate) tenants: BTreeMap<TenantId, Tenant>,
    pub(crate) due: Due,
    pub(crate) sweeps: Sweeps,
}

impl State {
    /// An empty shard.
    pub fn new() -> Self {
        Self::default()
    }

    /// Log time of the last applied entry, milliseconds.
    pub fn now_ms(&self) -> u64 {
        self.now_ms
    }

    /// Index of the last applied entry.
    pub fn index(&self) -> u64 {
        self.index
    }

    /// The shard's own counters.
    pub fn shard(&self) -> &ShardRecord {
        &self.shard
    }

    /// A tenant this shard owns.
    pub fn tenant(&self, id: &str) -> Option<&Tenant> {
        self.tenants.get(id)
    }

    /// Tenants this shard owns, in name order.
    pub fn tenants(&self) -> impl Iterator<Item = &Tenant> {
        self.tenants.values()
    }

    /// Shard 0: where a tenant lives.
    pub fn placement(&self, id: &str) -> Option<&Arc<Placement>> {
        self.placements.get(id)
    }

    /// Shard 0: where tenants live, in name order.
    pub fn placements(&self) -> impl Iterator<Item = &Arc<Placement>> {
        self.placements.values()
    }

    /// Shard 0: machines, by raft id.
    pub fn nodes(&self) -> impl Iterator<Item = &Arc<Node>> {
        self.nodes.values()
    }

    /// When the next deadline is due, log time. The leader writes `Advance` then.
    pub fn next_due_ms(&self) -> Option<u64> {
        self.due.first().map(|(at_ms, _)| at_ms)
    }

    /// The record under a key, if it is in memory.
    pub fn record(&self, key: &RecordKey) -> Option<Record> {
        use RecordKey as K;
        let tenant = |id: &TenantId| self.tenants.get(id);
        match key {
            K::Tenant(t) => tenant(t).map(|t| Record::Tenant(t.record.clone())),
            K::Agent(t, id) => tenant(t)?.agents.get(id).cloned().map(Record::Agent),
            K::Team(t, id) => tenant(t)?.teams.get(id).cloned().map(Record::Team),
            K::Profile(t, id) => tenant(t)?.profiles.get(id).cloned().map(Record::Profile),
            K::Queue(t, id) => tenant(t)?.queues.get(id).cloned().map(Record::Queue),
            K::Policy(t, id) => tenant(t)?.policies.get(id).cloned().map(Record::Policy),
            K::Connector(t, id) => tenant(t)?.connectors.get(id).cloned().map(Record::Connector),
            K::Session(t, id) => tenant(t)?.sessions.get(id).cloned().map(Record::Session),
            K::Customer(t, id) => tenant(t)?.customers.get(id).cloned().map(Record::Customer),
            K::Conversation(t, id) => tenant(t)?.conversations.get(id).cloned().map(Record::Conversation),
            K::Interaction(t, id) => tenant(t)?.interactions.get(id).cloned().map(Record::Interaction),
            K::Closed(..) => None,
            K::Placement(t) => self.placements.get(t).cloned().map(Record::Placement),
            K::Node(raft_id) => self.nodes.get(raft_id).cloned().map(Record::Node),
            K::EventMark(t, number) => tenant(t)?.event_marks.get(number).cloned().map(Record::EventMark),
            K::Shard => Some(Record::Shard(self.shard.clone())),
            K::Adjustment(t, id) => tenant(t)?.adjustments.get(id).cloned().map(Record::Adjustment),
            K::Schedule(t, id) => tenant(t)?.schedules.get(id).cloned().map(Record::Schedule),
        }
    }
}

//! Tenants' settings, and shard 0's nodes and map.
use crate::ids::*;
use alloc::string::String;

/// Settings and counters of a tenant, in the shard that owns it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TenantRecord {
    /// Its name.
    pub id: TenantId,
    /// For people to read.
    pub display_name: String,
    /// Closed interactions are kept this long.
    pub closed_retention_ms: u64,
    /// And at most this many bytes of them.
    pub closed_retention_bytes: u64,
    /// Events are kept this long.
    pub event_retention_ms: u64,
    /// And at most this many bytes of them.
    pub event_retention_bytes: u64,
    /// The next event's number; the first is 1.
    pub next_event: u64,
    /// The oldest event kept.
    pub first_event: u64,
    /// First event of the stretch that is being written (see [`EventMark`]).
    pub stretch_first: u64,
    /// Log time of that event; 0 while the stretch is empty.
    pub stretch_ms: u64,
    /// Approximate bytes of the stretch so far.
    pub stretch_bytes: u64,
    /// Created, log time.
    pub created_ms: u64,
    /// Being deleted: refuses everything.
    pub deleted: bool,
    /// The etag.
    pub version: u64,
}

/// A finished stretch of a tenant's events: retention drops whole stretches.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EventMark {
    /// Whose.
    pub tenant: TenantId,
    /// First event of the stretch; it ends where the next one begins.
    pub number: u64,
    /// Log time of the first event.
    pub at_ms: u64,
    /// Approximate bytes of the stretch.
    pub bytes: u64,
}

/// Shard 0: where a tenant lives.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Placement {
    /// The tenant.
    pub tenant: TenantId,
    /// Its shard.
    pub shard: u32,
    /// The map's version when it was placed.
    pub map_version: u64,
    /// For people to read; copied to the owner.
    pub display_name: String,
    /// Created, log time.
    pub created_ms: u64,
}

/// A machine's part in the cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NodeRole {
    /// Receives, does not vote.
    Learner,
    /// Votes.
    Voter,
    /// Gone; its raft id is never used again.
    Removed,
}

/// Shard 0: a machine under one storage.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Node {
    /// The operator's name for it.
    pub id: NodeId,
    /// Its disk.
    pub storage: Uid,
    /// Its raft id, never reused.
    pub raft_id: u64,
    /// Where peers reach it, `host:port`.
    pub peer_address: String,
    /// Where clients reach it, `host:port`.
    pub client_address: String,
    /// Its part.
    pub role: NodeRole,
    /// Newest cluster version it can run.
    pub version: u32,
    /// An operator wants it to lead nothing.
    pub draining: bool,
}

/// Counters of the shard itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ShardRecord {
    /// Replicated gate for new behaviour in apply.
    pub cluster_version: u32,
    /// Version of the tenant map (shard 0).
    pub map_version: u64,
    /// Next raft id to give (shard 0).
    pub next_raft_id: u64,
    /// Index of the last state hash that was compared.
    pub hash_index: u64,
    /// That hash.
    pub hash: u64,
}

//! What is asked of tenants, nodes and the shard itself.
use super::Etag;
use crate::{ids::*, record::*};
use alloc::string::String;

/// See [`Body::CreateTenant`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateTenant {
    /// Its name.
    pub id: TenantId,
    /// For people to read.
    pub display_name: String,
    /// Chosen by the leader.
    pub shard: u32,
}

/// See [`Body::AdoptTenant`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdoptTenant {
    /// Its name.
    pub id: TenantId,
    /// For people to read.
    pub display_name: String,
}

/// See [`Body::UpdateTenant`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpdateTenant {
    /// Expected version.
    pub etag: Etag,
    /// For people to read.
    pub display_name: Option<String>,
    /// See [`TenantRecord`].
    pub closed_retention_ms: Option<u64>,
    /// See [`TenantRecord`].
    pub closed_retention_bytes: Option<u64>,
    /// See [`TenantRecord`].
    pub event_retention_ms: Option<u64>,
    /// See [`TenantRecord`].
    pub event_retention_bytes: Option<u64>,
}

/// Only a tenant without open interactions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeleteTenant {
    /// Expected version.
    pub etag: Etag,
}

/// The same node and storage again gets the same raft id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisterNode {
    /// Its name.
    pub id: NodeId,
    /// Its disk.
    pub storage: Uid,
    /// Given at bootstrap; otherwise the next free one.
    pub raft_id: Option<u64>,
    /// `host:port`.
    pub peer_address: String,
    /// `host:port`.
    pub client_address: String,
    /// Newest cluster version it can run.
    pub version: u32,
    /// VOTER at bootstrap, LEARNER otherwise.
    pub role: NodeRole,
}

/// See [`Body::UpdateNode`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpdateNode {
    /// Which.
    pub raft_id: u64,
    /// Its part.
    pub role: Option<NodeRole>,
    /// `host:port`.
    pub peer_address: Option<String>,
    /// `host:port`.
    pub client_address: Option<String>,
    /// Newest cluster version it can run.
    pub version: Option<u32>,
    /// It shall lead nothing, or may again. Refused if no other voter may lead.
    pub draining: Option<bool>,
}

impl UpdateNode {
    /// Changes nothing yet.
    pub fn of(raft_id: u64) -> Self {
        Self { raft_id, role: None, peer_address: None, client_address: None, version: None, draining: None }
    }
}

/// See [`Body::SetClusterVersion`]; never lowers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetClusterVersion {
    /// The gate.
    pub version: u32,
}

/// See [`Body::LeaderStarted`]; the first command of its entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaderStarted {
    /// The leader's raft id, for the record.
    pub raft_id: u64,
    /// Its term.
    pub term: u64,
}

/// See [`Body::Advance`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advance {}

/// See [`Body::CompareHash`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompareHash {
    /// At which applied index.
    pub index: u64,
    /// The hash there.
    pub hash: u64,
}

//! Tenants and nodes.
use crate::wire::api::{
    form::etag,
    name::{node_name, tenant_name},
    value::{duration, some_time},
};
use kindred_domain::record::{Node, NodeRole, TenantRecord};
use kindred_proto::v1::{self, node::Role};

/// A tenant's settings, in the shard it lives in.
pub fn tenant(record: &TenantRecord, shard: u32) -> v1::Tenant {
    v1::Tenant {
        name: tenant_name(&record.id),
        etag: etag(record.version),
        display_name: record.display_name.clone(),
        closed_retention: Some(duration(record.closed_retention_ms)),
        closed_retention_bytes: record.closed_retention_bytes,
        event_retention: Some(duration(record.event_retention_ms)),
        event_retention_bytes: record.event_retention_bytes,
        shard,
        create_time: some_time(record.created_ms),
        first_event: record.first_event,
        next_event: record.next_event,
    }
}

/// A node as shard 0 knows it.
pub fn node(record: &Node) -> v1::Node {
    let role = match record.role {
        NodeRole::Learner => Role::Learner,
        NodeRole::Voter => Role::Voter,
        NodeRole::Removed => Role::Removed,
    };
    v1::Node {
        name: node_name(&record.id),
        storage_id: record.storage.to_string(),
        raft_id: record.raft_id,
        peer_address: record.peer_address.clone(),
        client_address: record.client_address.clone(),
        role: role.into(),
        version: record.version,
        draining: record.draining,
        last_heard_time: None,
    }
}

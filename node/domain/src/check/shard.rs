//! The shard's own: the tenant map, nodes, and names that agree.
use super::Report;
use crate::{record::NodeRole, state::State};
use alloc::{collections::BTreeSet, format};

pub(super) fn check(state: &State, report: &mut Report<'_>) {
    for (id, place) in &state.placements {
        report.expect(
            place.tenant == *id && place.map_version <= state.shard.map_version,
            "placement",
            format!("placements/{id}"),
            format!("{} of {}", place.map_version, state.shard.map_version),
        );
    }
    let mut disks = BTreeSet::new();
    for (raft_id, node) in &state.nodes {
        let subject = format!("nodes/{}", node.id);
        report.expect(
            node.raft_id == *raft_id && *raft_id < state.shard.next_raft_id,
            "raft_id",
            &subject,
            format!("{raft_id}, next {}", state.shard.next_raft_id),
        );
        report.expect(disks.insert(node.storage), "storage", &subject, node.storage);
        let gone = node.role == NodeRole::Removed;
        report.expect(
            gone || node.version >= state.shard.cluster_version,
            "cluster_version",
            &subject,
            format!("{} of {}", node.version, state.shard.cluster_version),
        );
    }
    for (id, tenant) in &state.tenants {
        report.expect(tenant.record.id == *id, "own_name", format!("tenants/{id}"), "stored under another name");
    }
    for (_, tenant, key) in state.due.iter() {
        report.expect(
            state.tenants.contains_key(tenant),
            "due",
            format!("{key:?}"),
            format!("of tenant {tenant}, who is not here"),
        );
    }
}

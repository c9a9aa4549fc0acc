//! The cluster as this node sees it.
use super::{desk::Call, failure::Failure};
use crate::{
    consensus::{core::Role, gateway::ReadMode, ports::ShardId, shared::Shared},
    wire::api::{name::node_name, tells, value::some_time},
};
use kindred_domain::{State, record::NodeRole};
use kindred_proto::v1::{self, shard_status};
use std::sync::atomic::Ordering;

/// Nodes, shards, leaders and progress.
pub async fn cluster(call: &Call, mode: ReadMode) -> Result<v1::GetClusterStatusResponse, Failure> {
    let look = |state: &State| {
        let present = state.nodes().filter(|node| node.role != NodeRole::Removed);
        (present.cloned().collect::<Vec<_>>(), state.shard().cluster_version)
    };
    let (at, (mut nodes, cluster_version)) = call.read(mode, look).await?;
    nodes.sort_by(|one, other| one.id.cmp(&other.id));
    let gateway = call.desk().gateway();
    let shared = gateway.shared();
    let own = |raft_id: u64| raft_id == shared.raft_id && call.desk().is_draining();
    let status = v1::ClusterStatus {
        cluster_id: shared.cluster_id.clone(),
        node: node_name(&shared.node),
        cluster_version,
        nodes: nodes.iter().map(|node| v1::Node { draining: own(node.raft_id), ..tells::node(node) }).collect(),
        shards: (0..gateway.shards()).filter_map(|id| shard(call, id)).collect(),
        program_version: env!("CARGO_PKG_VERSION").to_owned(),
    };
    Ok(v1::GetClusterStatusResponse { header: call.header(at, false), status: Some(status) })
}

fn name(shared: &Shared, raft_id: u64) -> String {
    shared.address(raft_id).map(|address| node_name(&address.node)).unwrap_or_default()
}

/// One shard.
pub fn shard(call: &Call, id: ShardId) -> Option<v1::ShardStatus> {
    let shared = call.desk().gateway().shared();
    let door = shared.door(id)?;
    let (standing, members, progress) = (door.standing(), door.membership(), &door.progress);
    let role = match standing.role {
        Role::Leader => shard_status::Role::Leader,
        _ if members.learners.contains(&shared.raft_id) => shard_status::Role::Learner,
        Role::Follower => shard_status::Role::Follower,
        Role::Candidate | Role::PreCandidate => shard_status::Role::Candidate,
    };
    let matched = if standing.role == Role::Leader { door.matched() } else { Vec::new() };
    let replicas = matched.into_iter().map(|(raft_id, match_index)| v1::ReplicaProgress {
        node: name(shared, raft_id),
        match_index,
        voter: members.voters.contains(&raft_id),
        active: true,
        receiving_snapshot: false,
    });
    let applied_index = progress.applied.load(Ordering::Acquire);
    Some(v1::ShardStatus {
        shard: id,
        role: role.into(),
        leader: standing.leader.map(|leader| name(shared, leader)).unwrap_or_default(),
        term: standing.term,
        commit_index: progress.committed.load(Ordering::Acquire),
        applied_index,
        first_index: progress.truncated.load(Ordering::Acquire) + 1,
        last_index: progress.last_index.load(Ordering::Acquire),
        log_time: some_time(progress.applied_log_ms.load(Ordering::Acquire)),
        replicas: replicas.collect(),
        state_hash: progress.state_hash.load(Ordering::Acquire),
        state_hash_index: applied_index,
    })
}

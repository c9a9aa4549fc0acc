//! The cluster as this node sees it.
use super::{desk::Call, failure::Failure};
use crate::{
    consensus::{core::Role, gateway::ReadMode, ports::ShardId, shared::Shared},
    wire::api::{
        name::node_name,
        tells,
        value::{some_time, time},
    },
};
use kindred_domain::{
    State,
    record::{Node, NodeRole},
};
use kindred_proto::v1::{self, shard_status};
use std::{collections::BTreeSet, sync::atomic::Ordering, time::SystemTime};

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
    let mut shards = Vec::new();
    for id in 0..gateway.shards() {
        shards.extend(shard(call, id).await?);
    }
    let heard: BTreeSet<&str> =
        shards.iter().flat_map(|shard| &shard.replicas).filter(|r| r.active).map(|r| r.node.as_str()).collect();
    let now_ms = SystemTime::UNIX_EPOCH.elapsed().map_or(0, |now| now.as_millis() as u64);
    let node = |node: &Node| {
        let told = tells::node(node);
        let last_heard_time = heard.contains(told.name.as_str()).then(|| time(now_ms));
        v1::Node { last_heard_time, ..told }
    };
    let nodes = nodes.iter().map(|record| node(record)).collect();
    let status = v1::ClusterStatus {
        cluster_id: shared.cluster_id.clone(),
        node: node_name(&shared.node),
        cluster_version,
        nodes,
        shards,
        program_version: env!("CARGO_PKG_VERSION").to_owned(),
    };
    Ok(v1::GetClusterStatusResponse { header: call.header(at, false), status: Some(status) })
}

fn name(shared: &Shared, raft_id: u64) -> String {
    shared.address(raft_id).map(|address| node_name(&address.node)).unwrap_or_default()
}

/// One shard; `None` if there is no such.
pub async fn shard(call: &Call, id: ShardId) -> Result<Option<v1::ShardStatus>, Failure> {
    // What was last compared stands in the state itself: a replica that did not agree answers nothing any more.
    let compared = |state: &State| (state.shard().hash, state.shard().hash_index);
    let (_, (state_hash, state_hash_index)) =
        call.desk().gateway().read(id, ReadMode::Stale, call.deadline, compared).await?;
    let shared = call.desk().gateway().shared();
    let Some(door) = shared.door(id) else { return Ok(None) };
    let (standing, members, progress) = (door.standing(), door.membership(), &door.progress);
    let role = match standing.role {
        Role::Leader => shard_status::Role::Leader,
        _ if members.learners.contains(&shared.raft_id) => shard_status::Role::Learner,
        Role::Follower => shard_status::Role::Follower,
        Role::Candidate | Role::PreCandidate => shard_status::Role::Candidate,
    };
    let followers = if standing.role == Role::Leader { door.peers() } else { Vec::new() };
    let replicas = followers.into_iter().map(|other| v1::ReplicaProgress {
        node: name(shared, other.raft_id),
        match_index: other.matched,
        voter: members.voters.contains(&other.raft_id),
        active: other.active,
        receiving_snapshot: other.receiving_snapshot,
    });
    Ok(Some(v1::ShardStatus {
        shard: id,
        role: role.into(),
        leader: standing.leader.map(|leader| name(shared, leader)).unwrap_or_default(),
        term: standing.term,
        commit_index: progress.committed.load(Ordering::Acquire),
        applied_index: progress.applied.load(Ordering::Acquire),
        first_index: progress.truncated.load(Ordering::Acquire) + 1,
        last_index: progress.last_index.load(Ordering::Acquire),
        log_time: some_time(progress.applied_log_ms.load(Ordering::Acquire)),
        replicas: replicas.collect(),
        state_hash,
        state_hash_index,
    }))
}

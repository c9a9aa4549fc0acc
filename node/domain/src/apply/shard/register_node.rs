//! `RegisterNode`: shard 0 gives a machine under one storage its raft id, never used before or after. The same node and
//! storage again gets the same one; the same node with another disk is a new member, and learns before it votes.
use crate::{
    apply::ctx::{Out, check_limit},
    command::RegisterNode,
    limits,
    record::{Node, NodeRole, RecordKey},
    rejection::{Kind, Rejection},
    reply::Reply,
    state::State,
};
use alloc::{format, string::ToString, sync::Arc};

pub(super) fn apply(state: &mut State, out: &mut Out, command: &RegisterNode) -> Result<Reply, Rejection> {
    check_version(state, command.version)?;
    let known = state.nodes.values().find(|node| node.storage == command.storage).cloned();
    match known {
        Some(known) => again(state, out, command, known),
        None => add(state, out, command),
    }
}

/// A node must be able to run what the cluster already runs.
pub(super) fn check_version(state: &State, version: u32) -> Result<(), Rejection> {
    let gate = state.shard.cluster_version;
    if version < gate {
        return Err(Rejection::InvalidField {
            field: "node.version".to_string(),
            problem: format!("the cluster runs version {gate} already"),
        });
    }
    Ok(())
}

fn again(state: &mut State, out: &mut Out, command: &RegisterNode, known: Arc<Node>) -> Result<Reply, Rejection> {
    if known.id != command.id {
        return Err(Rejection::InvalidField {
            field: "node.storage".to_string(),
            problem: format!("this storage belongs to node {}", known.id),
        });
    }
    if known.role == NodeRole::Removed {
        return Err(Rejection::WrongState {
            kind: Kind::Node,
            id: command.id.to_string(),
            state: "REMOVED".to_string(),
            verb: "register".to_string(),
        });
    }
    let mut node = Arc::unwrap_or_clone(known);
    node.peer_address.clone_from(&command.peer_address);
    node.client_address.clone_from(&command.client_address);
    node.version = command.version;
    Ok(Reply::Node(put(state, out, node)))
}

fn add(state: &mut State, out: &mut Out, command: &RegisterNode) -> Result<Reply, Rejection> {
    let present = |node: &&Arc<Node>| node.role != NodeRole::Removed;
    let count = state.nodes.values().filter(present).count();
    check_limit("nodes", count, limits::NODES_MAX)?;
    // Removed ones are kept, so that neither their raft ids nor their disks come back.
    check_limit("nodes_ever", state.nodes.len(), limits::NODES_EVER_MAX)?;
    let next = state.shard.next_raft_id.max(1);
    let raft_id = command.raft_id.unwrap_or(next);
    if let Some(owner) = state.nodes.get(&raft_id) {
        return Err(Rejection::InvalidField {
            field: "node.raft_id".to_string(),
            problem: format!("it was given to node {}", owner.id),
        });
    }
    Arc::make_mut(&mut state.shard).next_raft_id = next.max(raft_id.saturating_add(1));
    out.dirty.insert(RecordKey::Shard);
    let node = Node {
        id: command.id.clone(),
        storage: command.storage,
        raft_id,
        peer_address: command.peer_address.clone(),
        client_address: command.client_address.clone(),
        role: match command.raft_id {
            Some(_) => command.role,
            None => NodeRole::Learner,
        },
        version: command.version,
        // Whatever an operator wanted of another disk of this name: it does not bind this one.
        draining: false,
    };
    Ok(Reply::Node(put(state, out, node)))
}

/// Writes a node.
pub(super) fn put(state: &mut State, out: &mut Out, node: Node) -> Arc<Node> {
    let node = Arc::new(node);
    out.dirty.insert(RecordKey::Node(node.raft_id));
    state.nodes.insert(node.raft_id, node.clone());
    node
}

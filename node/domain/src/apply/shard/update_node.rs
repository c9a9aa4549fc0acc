//! `UpdateNode`: a machine's part, addresses, version or drain changed. REMOVED is for ever, somebody always votes, and
//! a drain leaves somebody who may lead.
use super::register_node::{check_version, put};
use crate::{
    apply::ctx::Out,
    command::UpdateNode,
    record::{Node, NodeRole},
    rejection::{Kind, Rejection},
    reply::Reply,
    state::State,
};
use alloc::string::{String, ToString};

pub(super) fn apply(state: &mut State, out: &mut Out, command: &UpdateNode) -> Result<Reply, Rejection> {
    let Some(node) = state.nodes.get(&command.raft_id) else {
        return Err(Rejection::NotFound { kind: Kind::Node, id: command.raft_id.to_string(), field: String::new() });
    };
    if node.role == NodeRole::Removed {
        return Err(Rejection::WrongState {
            kind: Kind::Node,
            id: node.id.to_string(),
            state: "REMOVED".to_string(),
            verb: "update".to_string(),
        });
    }
    if let Some(role) = command.role {
        check_voters(state, node, role)?;
    }
    if command.draining == Some(true) && !node.draining {
        check_others(state, node)?;
    }
    let mut node = Node::clone(node);
    if let Some(version) = command.version {
        check_version(state, version)?;
        node.version = version;
    }
    node.role = command.role.unwrap_or(node.role);
    node.draining = command.draining.unwrap_or(node.draining);
    if let Some(peer_address) = &command.peer_address {
        node.peer_address.clone_from(peer_address);
    }
    if let Some(client_address) = &command.client_address {
        node.client_address.clone_from(client_address);
    }
    Ok(Reply::Node(put(state, out, node)))
}

/// Decided here and not by whoever asks: two operators may each see another voter, and remove both.
fn check_voters(state: &State, node: &Node, role: NodeRole) -> Result<(), Rejection> {
    let voters = state.nodes.values().filter(|other| other.role == NodeRole::Voter).count();
    if node.role == NodeRole::Voter && role != NodeRole::Voter && voters == 1 {
        return Err(Rejection::WrongState {
            kind: Kind::Node,
            id: node.id.to_string(),
            state: "LAST_VOTER".to_string(),
            verb: "update".to_string(),
        });
    }
    Ok(())
}

/// Decided here for the same reason: two operators may each drain one of the last two.
fn check_others(state: &State, node: &Node) -> Result<(), Rejection> {
    let may_lead = |other: &Node| other.role == NodeRole::Voter && !other.draining;
    if state.nodes.values().any(|other| other.raft_id != node.raft_id && may_lead(other)) {
        return Ok(());
    }
    Err(Rejection::WrongState {
        kind: Kind::Node,
        id: node.id.to_string(),
        state: "LAST_TO_LEAD".to_string(),
        verb: "drain".to_string(),
    })
}

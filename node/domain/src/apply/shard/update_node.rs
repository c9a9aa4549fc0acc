//! `UpdateNode`: a machine's part, addresses or version changed. REMOVED is for ever.
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
    let mut node = Node::clone(node);
    if let Some(version) = command.version {
        check_version(state, version)?;
        node.version = version;
    }
    node.role = command.role.unwrap_or(node.role);
    if let Some(peer_address) = &command.peer_address {
        node.peer_address.clone_from(peer_address);
    }
    if let Some(client_address) = &command.client_address {
        node.client_address.clone_from(client_address);
    }
    Ok(Reply::Node(put(state, out, node)))
}

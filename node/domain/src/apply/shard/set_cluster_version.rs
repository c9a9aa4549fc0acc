//! `SetClusterVersion`: raises the gate for new behaviour in apply, once every node can run it; never lowers it.
use crate::{
    apply::ctx::Out,
    command::SetClusterVersion,
    record::{NodeRole, RecordKey},
    rejection::Rejection,
    reply::Reply,
    state::State,
};
use alloc::{format, string::ToString, sync::Arc};

pub(super) fn apply(state: &mut State, out: &mut Out, command: &SetClusterVersion) -> Result<Reply, Rejection> {
    let refuse = |problem| Err(Rejection::InvalidField { field: "version".to_string(), problem });
    let gate = state.shard.cluster_version;
    if command.version < gate {
        return refuse(format!("the cluster runs version {gate} already"));
    }
    let mut present = state.nodes.values().filter(|n| n.role != NodeRole::Removed);
    if let Some(behind) = present.find(|node| node.version < command.version) {
        let (id, version) = (&behind.id, behind.version);
        return refuse(format!("node {id} runs at most version {version}"));
    }
    if command.version > gate {
        Arc::make_mut(&mut state.shard).cluster_version = command.version;
        out.dirty.insert(RecordKey::Shard);
    }
    Ok(Reply::Done)
}

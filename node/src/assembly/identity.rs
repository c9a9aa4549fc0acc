//! Which part a disk plays in a cluster, decided from what it says of itself and what others say of it (decision 12), and
//! both sides of being let in. Asks nobody and waits for nothing: `founding` does that, the simulation in its own time.
use crate::{
    consensus::{
        ports::StoreRef,
        runtime,
        shared::{Address, Shared},
    },
    ops::config::Member,
    peer::nodes_of,
    storage::{Founding, Identity},
};
use kindred_domain::{
    command::RegisterNode,
    ids::{NodeId, Uid},
    record::{Node, NodeRole},
};
use kindred_proto::peer::v1::{JoinRequest, JoinResponse, PeerNode};
use std::collections::BTreeMap;

/// What is known of the cluster before any state is read.
pub struct Origin {
    /// How many shards.
    pub shards: u32,
    /// Members by raft id, as far as known.
    pub members: BTreeMap<u64, Member>,
    /// This disk was there when the cluster began.
    pub founder: bool,
}

/// What a disk is to do.
pub enum Part {
    /// It knows who it is, and goes on.
    Known(Origin),
    /// It asks to be let in as a learner.
    Joins,
    /// It founds under this raft id, unless another founder knows another disk under it: see [`is_taken`].
    Founds(u64),
}

/// Every founder counts alike: raft ids from 1 in order of names.
pub fn founders(mut members: Vec<Member>) -> BTreeMap<u64, Member> {
    members.sort_by(|a, b| a.id.cmp(&b.id));
    (1..).zip(members).collect()
}

/// The part of a node's disk; no founders: it joins a cluster that is there.
pub fn part(store: &StoreRef, founders: &BTreeMap<u64, Member>, node: &str) -> anyhow::Result<Part> {
    let raft_id = store.identity().raft_id;
    let own = founders.iter().find(|(_, member)| member.id == node).map(|(raft_id, _)| *raft_id);
    if raft_id == 0 {
        anyhow::ensure!(founders.is_empty() || own.is_some(), "this node is not among the founders");
        return Ok(own.map_or(Part::Joins, Part::Founds));
    }
    let founder = own == Some(raft_id);
    // A learner stopped before its first snapshot of shard 0 knows nobody: it asks again, which changes nothing.
    if !founder && store.load(0)?.is_none_or(|loaded| loaded.applied.index == 0) {
        return Ok(Part::Joins);
    }
    // Under a founder's name, but not on its disk: that founder is gone.
    let there = founders.iter().filter(|(_, member)| founder || member.id != node);
    let members = there.map(|(raft_id, member)| (*raft_id, member.clone())).collect();
    Ok(Part::Known(Origin { shards: store.shards().len() as u32, members, founder }))
}

/// Whether another disk is known under a founder's raft id: then this disk is an empty or foreign one, and founding with
/// it would be a second history. Who cannot be reached says nothing.
pub fn is_taken<'a>(storage: u128, own: u64, mut known: impl Iterator<Item = &'a PeerNode>) -> bool {
    known.any(|node| node.raft_id == own && !node.storage_id.is_empty() && node.storage_id != storage.to_be_bytes()[..])
}

/// Founds, all founders as voters.
pub fn found(store: &StoreRef, shards: u32, members: BTreeMap<u64, Member>, raft_id: u64) -> anyhow::Result<Origin> {
    let voters: Vec<u64> = members.keys().copied().collect();
    create_shards(store, shards, &runtime::founding(&voters))?;
    store.set_raft_id(raft_id)?;
    tracing::info!(raft_id, ?voters, shards, "founded");
    Ok(Origin { shards, members, founder: true })
}

/// Shards that exist already were made by a start that was cut off.
fn create_shards(store: &StoreRef, shards: u32, founding: &Founding) -> anyhow::Result<()> {
    let existing = store.shards();
    for shard in (0..shards).filter(|shard| !existing.contains(shard)) {
        store.create_shard(shard, founding)?;
    }
    Ok(())
}

/// A machine asks to be let in.
pub fn application(identity: &Identity, (peer, client): (&str, &str), version: u32) -> JoinRequest {
    JoinRequest {
        cluster_id: identity.cluster_id.clone(),
        node_id: identity.node_id.clone(),
        storage_id: bytes::Bytes::copy_from_slice(&identity.storage.to_be_bytes()),
        peer_address: peer.to_owned(),
        client_address: client.to_owned(),
        version,
    }
}

/// What shard 0 is told of a machine that asks to be let in; `None` if it does not say on which disk.
pub fn registration(request: JoinRequest) -> Option<RegisterNode> {
    let storage = <[u8; 16]>::try_from(&request.storage_id[..]).ok()?;
    Some(RegisterNode {
        id: NodeId::from(request.node_id),
        storage: Uid(u128::from_be_bytes(storage)),
        raft_id: None,
        peer_address: request.peer_address,
        client_address: request.client_address,
        version: request.version,
        role: NodeRole::Learner,
    })
}

/// What shard 0 is told by every node of itself: a founder keeps its raft id, others get the next one.
pub fn declaration(identity: &Identity, (peer, client): (String, String), founder: bool, version: u32) -> RegisterNode {
    RegisterNode {
        id: NodeId::from(identity.node_id.as_str()),
        storage: Uid(identity.storage),
        raft_id: founder.then_some(identity.raft_id),
        peer_address: peer,
        client_address: client,
        version,
        role: if founder { NodeRole::Voter } else { NodeRole::Learner },
    }
}

/// The answer to a machine that shard 0 has registered.
pub fn welcome(shared: &Shared, shards: u32, node: &Node) -> JoinResponse {
    JoinResponse {
        refusal: None,
        cluster_id: shared.cluster_id.clone(),
        raft_id: node.raft_id,
        nodes: nodes_of(shared),
        shards,
    }
}

/// A disk takes the raft id that it was given, and waits for snapshots.
pub fn joined(store: &StoreRef, answer: JoinResponse) -> anyhow::Result<Origin> {
    create_shards(store, answer.shards, &Founding::default())?;
    store.set_raft_id(answer.raft_id)?;
    tracing::info!(raft_id = answer.raft_id, shards = answer.shards, "joined as a learner");
    let member = |node: PeerNode| {
        (node.raft_id, Member { id: node.node_id, peer: node.peer_address, client: node.client_address })
    };
    Ok(Origin { shards: answer.shards, members: answer.nodes.into_iter().map(member).collect(), founder: false })
}

/// What shard 0 knows of members is newer than what the configuration, or the answer to a join, says.
pub fn note_members(shared: &Shared, members: &BTreeMap<u64, Member>) {
    for (raft_id, member) in members.iter().filter(|(raft_id, _)| shared.address(**raft_id).is_none()) {
        let address = Address {
            node: NodeId::from(member.id.as_str()),
            storage: None,
            peer: member.peer.clone(),
            client: member.client.clone(),
            role: NodeRole::Voter,
        };
        shared.set_address(*raft_id, address);
    }
}

#[cfg(test)]
mod tests;

//! Where a node's identity comes from: it founds a cluster with the others, or joins one.
use crate::{
    consensus::{core::Boot, ports::StoreRef, runtime::encode_members},
    ops::config::{Config, Member},
    peer,
    storage::{Founding, HardState, Position},
};
use anyhow::Context as _;
use kindred_proto::peer::v1::JoinRequest;
use std::{collections::BTreeMap, time::Duration};

/// What is known of the cluster before any state is read.
pub struct Origin {
    /// How many shards.
    pub shards: u32,
    /// Members by raft id, as far as known.
    pub members: BTreeMap<u64, Member>,
}

/// Wait between tries to join.
const JOIN_RETRY_MS: u64 = 500;

/// Gives an empty disk its identity; a disk that has one keeps it.
pub async fn settle(
    config: &Config,
    store: &StoreRef,
    own_peer: &str,
    own_client: &str,
    version: u32,
) -> anyhow::Result<Origin> {
    let founders = founders(config, own_peer, own_client);
    if store.identity().raft_id > 0 {
        return Ok(Origin { shards: store.shards().len() as u32, members: founders });
    }
    if config.cluster.join.is_empty() {
        return found(config, store, founders);
    }
    join(config, store, own_peer, own_client, version).await
}

/// Every founder counts alike: raft ids from 1 in order of names.
fn founders(config: &Config, own_peer: &str, own_client: &str) -> BTreeMap<u64, Member> {
    if !config.cluster.join.is_empty() {
        return BTreeMap::new();
    }
    let mut members = config.cluster.initial.clone();
    if members.is_empty() {
        members.push(Member { id: config.node.id.clone(), peer: own_peer.to_owned(), client: own_client.to_owned() });
    }
    members.sort_by(|a, b| a.id.cmp(&b.id));
    (1..).zip(members).collect()
}

fn found(config: &Config, store: &StoreRef, members: BTreeMap<u64, Member>) -> anyhow::Result<Origin> {
    let own = members.iter().find(|(_, member)| member.id == config.node.id);
    let (raft_id, _) = own.context("this node is not among the founders")?;
    let voters: Vec<u64> = members.keys().copied().collect();
    let boot = Boot::founding(&voters);
    let founding = Founding {
        hard_state: HardState {
            term: boot.hard_state.term,
            vote: boot.hard_state.vote,
            commit: boot.hard_state.commit,
        },
        members: encode_members(&boot.membership).into(),
        position: Position { term: boot.truncated.term, index: boot.truncated.index },
    };
    create_shards(store, config.cluster.shards, &founding)?;
    store.set_raft_id(*raft_id)?;
    tracing::info!(raft_id, ?voters, shards = config.cluster.shards, "founded");
    Ok(Origin { shards: config.cluster.shards, members })
}

/// Shards that exist already were made by a start that was cut off.
fn create_shards(store: &StoreRef, shards: u32, founding: &Founding) -> anyhow::Result<()> {
    let existing = store.shards();
    for shard in (0..shards).filter(|shard| !existing.contains(shard)) {
        store.create_shard(shard, founding)?;
    }
    Ok(())
}

async fn join(
    config: &Config,
    store: &StoreRef,
    own_peer: &str,
    own_client: &str,
    version: u32,
) -> anyhow::Result<Origin> {
    let request = JoinRequest {
        cluster_id: store.identity().cluster_id,
        node_id: config.node.id.clone(),
        storage_id: bytes::Bytes::copy_from_slice(&store.identity().storage.to_be_bytes()),
        peer_address: own_peer.to_owned(),
        client_address: own_client.to_owned(),
        version,
    };
    loop {
        for address in &config.cluster.join {
            match peer::join(address, &config.cluster.peer_token, request.clone()).await {
                Ok(answer) => {
                    create_shards(store, answer.shards, &Founding::default())?;
                    store.set_raft_id(answer.raft_id)?;
                    tracing::info!(raft_id = answer.raft_id, shards = answer.shards, "joined as a learner");
                    let member = |n: kindred_proto::peer::v1::PeerNode| {
                        (n.raft_id, Member { id: n.node_id, peer: n.peer_address, client: n.client_address })
                    };
                    return Ok(Origin {
                        shards: answer.shards,
                        members: answer.nodes.into_iter().map(member).collect(),
                    });
                }
                Err(error) => tracing::warn!(%address, %error, "not joined yet"),
            }
        }
        tokio::time::sleep(Duration::from_millis(JOIN_RETRY_MS)).await;
    }
}

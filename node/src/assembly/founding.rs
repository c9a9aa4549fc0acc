//! Where a node's identity comes from: it founds a cluster with the others, or joins one.
use crate::{
    consensus::{ports::StoreRef, runtime},
    ops::config::{Config, Member},
    peer,
    storage::Founding,
};
use anyhow::Context as _;
use kindred_proto::peer::v1::{JoinRequest, JoinResponse};
use std::{collections::BTreeMap, time::Duration};

/// What is known of the cluster before any state is read.
pub struct Origin {
    /// How many shards.
    pub shards: u32,
    /// Members by raft id, as far as known.
    pub members: BTreeMap<u64, Member>,
    /// This disk was there when the cluster began.
    pub founder: bool,
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
    let raft_id = store.identity().raft_id;
    let own = founders.iter().find(|(_, member)| member.id == config.node.id).map(|(raft_id, _)| *raft_id);
    let applicant = Applicant { config, store, own_peer, own_client, version };
    if raft_id > 0 {
        let founder = own == Some(raft_id);
        // A learner stopped before its first snapshot of shard 0 knows nobody: it asks again, which changes nothing.
        if !founder && store.load(0)?.is_none_or(|loaded| loaded.applied.index == 0) {
            return applicant.join(&addresses(config, &founders)).await;
        }
        // Under a founder's name, but not on its disk: that founder is gone.
        let members = founders.into_iter().filter(|(_, member)| founder || member.id != config.node.id).collect();
        return Ok(Origin { shards: store.shards().len() as u32, members, founder });
    }
    if !config.cluster.join.is_empty() {
        return applicant.join(&config.cluster.join).await;
    }
    let own = own.context("this node is not among the founders")?;
    if taken(config, store, &founders, own).await {
        tracing::warn!(
            own,
            "this raft id belongs to a disk that is not here: joining as a learner instead of founding"
        );
        return applicant.join(&addresses(config, &founders)).await;
    }
    found(config, store, founders, own)
}

/// Through whom a node joins: as configured, or through the other founders.
fn addresses(config: &Config, founders: &BTreeMap<u64, Member>) -> Vec<String> {
    if !config.cluster.join.is_empty() {
        return config.cluster.join.clone();
    }
    founders.values().filter(|member| member.id != config.node.id).map(|member| member.peer.clone()).collect()
}

/// Whether some other founder knows another disk under this node's raft id: then this disk is an empty or foreign one,
/// and founding with it would be a second history. Who cannot be reached says nothing (see decision 12).
async fn taken(config: &Config, store: &StoreRef, founders: &BTreeMap<u64, Member>, own: u64) -> bool {
    let storage = store.identity().storage.to_be_bytes();
    let others = founders.iter().filter(|(raft_id, _)| **raft_id != own);
    let asked = others.map(|(_, member)| peer::status(&member.peer, &config.cluster.peer_token));
    let answers = futures::future::join_all(asked).await;
    let known = answers.iter().flatten().flat_map(|answer| &answer.nodes).filter(|node| node.raft_id == own);
    known.into_iter().any(|node| !node.storage_id.is_empty() && node.storage_id != storage[..])
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

fn found(config: &Config, store: &StoreRef, members: BTreeMap<u64, Member>, raft_id: u64) -> anyhow::Result<Origin> {
    let voters: Vec<u64> = members.keys().copied().collect();
    create_shards(store, config.cluster.shards, &runtime::founding(&voters))?;
    store.set_raft_id(raft_id)?;
    tracing::info!(raft_id, ?voters, shards = config.cluster.shards, "founded");
    Ok(Origin { shards: config.cluster.shards, members, founder: true })
}

/// Shards that exist already were made by a start that was cut off.
fn create_shards(store: &StoreRef, shards: u32, founding: &Founding) -> anyhow::Result<()> {
    let existing = store.shards();
    for shard in (0..shards).filter(|shard| !existing.contains(shard)) {
        store.create_shard(shard, founding)?;
    }
    Ok(())
}

/// A machine that asks to be let in.
struct Applicant<'a> {
    config: &'a Config,
    store: &'a StoreRef,
    own_peer: &'a str,
    own_client: &'a str,
    version: u32,
}

impl Applicant<'_> {
    /// Asks until somebody lets it in.
    async fn join(&self, addresses: &[String]) -> anyhow::Result<Origin> {
        let identity = self.store.identity();
        let request = JoinRequest {
            cluster_id: identity.cluster_id,
            node_id: self.config.node.id.clone(),
            storage_id: bytes::Bytes::copy_from_slice(&identity.storage.to_be_bytes()),
            peer_address: self.own_peer.to_owned(),
            client_address: self.own_client.to_owned(),
            version: self.version,
        };
        loop {
            for address in addresses {
                match peer::join(address, &self.config.cluster.peer_token, request.clone()).await {
                    Ok(answer) => return self.joined(answer),
                    Err(error) => tracing::warn!(%address, %error, "not joined yet"),
                }
            }
            tokio::time::sleep(Duration::from_millis(JOIN_RETRY_MS)).await;
        }
    }

    fn joined(&self, answer: JoinResponse) -> anyhow::Result<Origin> {
        create_shards(self.store, answer.shards, &Founding::default())?;
        self.store.set_raft_id(answer.raft_id)?;
        tracing::info!(raft_id = answer.raft_id, shards = answer.shards, "joined as a learner");
        let member = |node: kindred_proto::peer::v1::PeerNode| {
            (node.raft_id, Member { id: node.node_id, peer: node.peer_address, client: node.client_address })
        };
        Ok(Origin { shards: answer.shards, members: answer.nodes.into_iter().map(member).collect(), founder: false })
    }
}

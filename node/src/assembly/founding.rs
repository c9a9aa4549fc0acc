//! Where a node's identity comes from: it founds a cluster with the others, or joins one. Asks and waits; what is decided
//! from the answers is in `identity`.
use super::identity::{self, Origin, Part};
use crate::{
    consensus::ports::StoreRef,
    ops::config::{Config, Member},
    peer,
};
use std::{collections::BTreeMap, time::Duration};

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
    let applicant = Applicant { config, store, own: (own_peer, own_client), version };
    match identity::part(store, &founders, &config.node.id)? {
        Part::Known(origin) => Ok(origin),
        Part::Joins => applicant.join(&addresses(config, &founders)).await,
        Part::Founds(own) if taken(config, store, &founders, own).await => {
            tracing::warn!(
                own,
                "this raft id belongs to a disk that is not here: joining as a learner instead of founding"
            );
            applicant.join(&addresses(config, &founders)).await
        }
        Part::Founds(own) => identity::found(store, config.cluster.shards, founders, own),
    }
}

/// Through whom a node joins: as configured, or through the other founders.
fn addresses(config: &Config, founders: &BTreeMap<u64, Member>) -> Vec<String> {
    if !config.cluster.join.is_empty() {
        return config.cluster.join.clone();
    }
    founders.values().filter(|member| member.id != config.node.id).map(|member| member.peer.clone()).collect()
}

/// Whether some other founder knows another disk under this node's raft id.
async fn taken(config: &Config, store: &StoreRef, founders: &BTreeMap<u64, Member>, own: u64) -> bool {
    let others = founders.iter().filter(|(raft_id, _)| **raft_id != own);
    let asked = others.map(|(_, member)| peer::status(&member.peer, &config.cluster.peer_token));
    let answers = futures::future::join_all(asked).await;
    identity::is_taken(store.identity().storage, own, answers.iter().flatten().flat_map(|answer| &answer.nodes))
}

/// The founders as configured: this node alone if nobody is named, nobody if it joins a cluster.
fn founders(config: &Config, own_peer: &str, own_client: &str) -> BTreeMap<u64, Member> {
    if !config.cluster.join.is_empty() {
        return BTreeMap::new();
    }
    let mut members = config.cluster.initial.clone();
    if members.is_empty() {
        members.push(Member { id: config.node.id.clone(), peer: own_peer.to_owned(), client: own_client.to_owned() });
    }
    identity::founders(members)
}

/// A machine that asks to be let in.
struct Applicant<'a> {
    config: &'a Config,
    store: &'a StoreRef,
    own: (&'a str, &'a str),
    version: u32,
}

impl Applicant<'_> {
    /// Asks until somebody lets it in.
    async fn join(&self, addresses: &[String]) -> anyhow::Result<Origin> {
        let request = identity::application(&self.store.identity(), self.own, self.version);
        loop {
            for address in addresses {
                match peer::join(address, &self.config.cluster.peer_token, request.clone()).await {
                    Ok(answer) => return identity::joined(self.store, answer),
                    Err(error) => tracing::warn!(%address, %error, "not joined yet"),
                }
            }
            tokio::time::sleep(Duration::from_millis(JOIN_RETRY_MS)).await;
        }
    }
}

//! Puts the rooms of a node together, in order, and takes them apart again. The only room that knows everyone.
mod founding;
mod keeper;
mod seed;
mod servers;
mod steward;
mod tenants;

pub use seed::seed;
pub use steward::shard_for;
pub use tenants::Tenants;

use crate::{
    actors,
    consensus::{
        core::PeerProgress,
        gateway::Gateway,
        ports::StoreRef,
        runtime::{self, OnFault, Runtime, Start},
        shared::{Address, Control, Shared},
    },
    ops::config::{Config, Member},
    peer::{Links, Own},
    storage::{Options, Store, Who},
};
use anyhow::Context as _;
use kindred_domain::ids::NodeId;
use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{sync::watch, task::JoinSet};

/// The newest cluster version this program can run.
pub const CLUSTER_VERSION: u32 = 1;
/// Handing leadership over takes at most this; then the node stops anyway and an election follows.
const DRAIN_MS: u64 = 2_000;
/// One voter is given so long to take a shard over before the next is asked.
const HAND_OVER_MS: u64 = 150;
/// Calls under way may finish for so long after leadership is handed over.
const GRACE_MS: u64 = 500;

/// A running node.
pub struct Node {
    /// Where clients reach it.
    pub client: SocketAddr,
    /// Where peers reach it.
    pub peer: SocketAddr,
    /// Health and metrics.
    pub ops: SocketAddr,
    /// The door to its shards.
    pub gateway: Gateway,
    runtime: Runtime,
    tasks: JoinSet<()>,
    stop: watch::Sender<bool>,
}

/// Opens the disk, founds or joins, starts threads and servers. Resolves once it serves (not: once there is a leader).
pub async fn start(config: Config, on_fault: OnFault) -> anyhow::Result<Node> {
    // Before the store: it takes its handles when it is opened, and handles taken without a recorder stay mute.
    let prometheus = servers::recorder()?;
    let bound = servers::Bound::bind(&config.listen).await?;
    let store = open(&config)?;
    let own_peer = config.listen.advertise_peer.clone().unwrap_or_else(|| bound.peer_address().to_string());
    let own_client = config.listen.advertise_client.clone().unwrap_or_else(|| bound.client_address().to_string());
    let origin = founding::settle(&config, &store, &own_peer, &own_client, CLUSTER_VERSION).await?;
    let identity = store.identity();
    let prepared = runtime::prepare(Start {
        store: store.clone(),
        raft_id: identity.raft_id,
        cluster_id: identity.cluster_id.clone(),
        node: NodeId::from(config.node.id.as_str()),
        shards: origin.shards,
        version: CLUSTER_VERSION,
        trust_log: config.node.trust_log,
        on_fault: on_fault.clone(),
    })?;
    let shared = prepared.shared.clone();
    note_members(&shared, &origin.members);
    let own = Own {
        cluster_id: identity.cluster_id.clone(),
        raft_id: identity.raft_id,
        storage: identity.storage,
        token: config.cluster.peer_token.clone(),
    };
    let links = Links::new(own, shared.clone(), store.clone(), tokio::runtime::Handle::current());
    let gateway = prepared.gateway.clone();
    gateway.set_forwarder(links.clone());
    let floor = actors::Floor::start(gateway.clone(), origin.shards)?;
    let runtime = prepared.run(links, floor)?;

    let (stop, stopping) = watch::channel(false);
    let mut tasks = JoinSet::new();
    let tenants = Tenants::new(gateway.clone());
    let steward = steward::Steward::new(
        &config,
        &store,
        gateway.clone(),
        tenants.clone(),
        (own_peer, own_client.clone()),
        origin.founder,
    );
    steward.spawn(&mut tasks, stopping.clone());
    keeper::spawn(&config, &store, &gateway, on_fault)?;
    let (client, peer, ops) = bound.addresses();
    bound.serve(
        &mut tasks,
        servers::Parts {
            config: config.clone(),
            prometheus,
            gateway: gateway.clone(),
            store,
            tenants,
            admission: steward::admission(gateway.clone(), origin.shards),
            client_address: own_client,
            stopping,
        },
    )?;
    Ok(Node { client, peer, ops, gateway, runtime, tasks, stop })
}

/// What shard 0 knows of members is newer than what the configuration, or the answer to a join, says.
fn note_members(shared: &Shared, members: &BTreeMap<u64, Member>) {
    for (raft_id, member) in members.iter().filter(|(raft_id, _)| shared.address(**raft_id).is_none()) {
        let address = Address {
            node: NodeId::from(member.id.as_str()),
            storage: None,
            peer: member.peer.clone(),
            client: member.client.clone(),
            role: kindred_domain::record::NodeRole::Voter,
        };
        shared.set_address(*raft_id, address);
    }
}

fn open(config: &Config) -> anyhow::Result<StoreRef> {
    let who = Who { cluster_id: config.cluster.name.clone(), node_id: config.node.id.clone() };
    let options = Options { log_archive: config.node.log_archive.clone(), ..Options::default() };
    let store = Store::open(&config.node.data_dir, &who, &options)
        .with_context(|| format!("{}", config.node.data_dir.display()))?;
    Ok(Arc::new(store))
}

impl Node {
    /// Whether a thread of consensus has ended.
    pub fn is_broken(&self) -> bool {
        self.runtime.is_broken()
    }

    /// Hands leadership over, lets calls finish, stops. The order matters: whoever is served last is served by a leader.
    pub async fn shut_down(mut self) {
        self.drain().await;
        self.gateway.shared().stop_serving();
        // The servers end their streams; nobody listening is nobody to tell.
        let _ = self.stop.send(true);
        let all = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(Duration::from_millis(GRACE_MS), all).await.is_err() {
            tracing::debug!("streams still open at the end of grace");
        }
    }

    /// Hands every shard led here to the voter that is furthest.
    pub async fn drain(&self) {
        drain(&self.gateway).await;
    }
}

/// Hands every shard led here to a voter that can lead it, and waits until somebody else does. One that does not take
/// over within [`HAND_OVER_MS`] is not asked again: it may be stuck, and proposals wait meanwhile.
pub async fn drain(gateway: &Gateway) {
    let until = Instant::now() + Duration::from_millis(DRAIN_MS);
    let mut tried = BTreeSet::new();
    while Instant::now() < until {
        let led: Vec<u32> = (0..gateway.shards()).filter(|shard| gateway.leads(*shard)).collect();
        if led.is_empty() {
            break;
        }
        for shard in led {
            if let Some(to) = hand_over(gateway, shard, |to| !tried.contains(&(shard, to))).await {
                tried.insert((shard, to));
            }
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // A call that comes now is answered with the new leader's address, not with "nobody".
    let leaderless = || (0..gateway.shards()).any(|s| gateway.standing(s).is_some_and(|s| s.leader.is_none()));
    while Instant::now() < until && leaderless() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Asks the best of those who may be asked to take a shard over, and waits a little for it; who was asked.
async fn hand_over(gateway: &Gateway, shard: u32, may: impl Fn(u64) -> bool) -> Option<u64> {
    let door = gateway.shared().door(shard)?;
    let to = successor(&door.peers(), &door.membership().voters, may)?;
    if let Err(error) = gateway.control(shard, Control::Transfer(to), Duration::from_millis(HAND_OVER_MS)).await {
        tracing::warn!(shard, to, %error, "leadership not handed over");
    }
    let until = Instant::now() + Duration::from_millis(HAND_OVER_MS);
    while gateway.leads(shard) && Instant::now() < until {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    Some(to)
}

/// The voter that would take over soonest: heard lately, before one that is not; its log in step; the longest.
fn successor(peers: &[PeerProgress], voters: &[u64], may: impl Fn(u64) -> bool) -> Option<u64> {
    let able = peers.iter().filter(|peer| voters.contains(&peer.raft_id) && may(peer.raft_id));
    able.max_by_key(|peer| (peer.active, peer.replicating, peer.matched)).map(|peer| peer.raft_id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dead_voter_is_the_last_to_be_asked() {
        let peer = |raft_id, matched, active| PeerProgress { raft_id, matched, active, replicating: active };
        // In an idle cluster all match alike, and the dead one has the highest id.
        let peers = [peer(2, 10, true), peer(3, 9, true), peer(4, 10, true), peer(5, 10, false)];
        assert_eq!(successor(&peers, &[1, 2, 3, 5], |_| true), Some(2));
        assert_eq!(successor(&peers, &[1, 2, 3, 5], |to| to != 2), Some(3));
        assert_eq!(successor(&peers, &[1, 5], |_| true), Some(5));
        assert_eq!(successor(&peers, &[1], |_| true), None);
    }
}
